package tpm2

import (
	"context"
	"sync"

	"govtpm/tpm2/wire"
)

// firstCommand is the lowest command code of Part 2, 6.5.2 (TPM2_NV_UndefineSpaceSpecial).
const firstCommand = 0x11F

// A command is one row of the command table: everything that dispatch, GetCapability, auditing, tracing and
// documentation need to know of a command.
type command struct {
	code    wire.CC
	clause  string // of Part 3
	handles []handleSpec
	flags   commandFlags
	pp      ppRule
	run     handler // zero for a command that this engine does not have
}

// A handleSpec describes a handle of the handle area: its name in Part 3, what it may be, and the authorization role.
type handleSpec struct {
	name string
	kind wire.HandleInterface
	role authRole
}

// authRole is the authorization role of a handle (Part 1, 16.2).
type authRole uint8

const (
	roleNone authRole = iota
	roleUser
	roleAdmin
	roleDup
)

// commandFlags are properties of a command; see also TPMA_CC (Part 2, 8.9).
type commandFlags uint16

const (
	flagNV            commandFlags = 1 << iota // may write NV
	flagExtensive                              // may flush many objects
	flagFlushed                                // flushes an object of its handle area
	flagRHandle                                // returns a handle
	flagDecrypt                                // first parameter may be encrypted
	flagEncrypt                                // first response parameter may be encrypted
	flagNoSession                              // no sessions allowed
	flagTrial                                  // policy session may be a trial session
	flagNotRO                                  // refused in read-only mode
	flagVendor                                 // vendor command
	flagOnlyTemporary                          // in read-only mode only for an index that does not outlast a TPM Reset; the index is handle 2
	flagByProfile                              // not in the set of libtpms: only offered where the profile names it
)

// ppRule says how physical presence applies to a command (Part 3, 26.2).
type ppRule uint8

const (
	ppNever    ppRule = iota
	ppOptional        // TPM2_PP_Commands may require it
	ppRequired        // always
)

// attributes returns the command's TPMA_CC (Part 2, 8.9).
func (c *command) attributes() wire.TPMACC {
	a := uint32(c.code)&0xFFFF | uint32(len(c.handles))<<25
	for _, f := range []struct {
		flag commandFlags
		bit  uint
	}{{flagNV, 22}, {flagExtensive, 23}, {flagFlushed, 24}, {flagRHandle, 28}, {flagVendor, 29}} {
		if c.flags&f.flag != 0 {
			a |= 1 << f.bit
		}
	}
	return wire.TPMACC(a)
}

// role returns the role of handle i, roleNone where there is none.
func (c *command) role(i int) authRole {
	if i < len(c.handles) {
		return c.handles[i].role
	}
	return roleNone
}

// A field is one parameter: its name in Part 3 and where it is decoded into.
type field struct {
	name string
	into interface{ Unmarshal(*wire.Reader) }
}

// parameters is the parameter block of a command, in the order of its table in Part 3.
type parameters interface{ fields() []field }

// noParameters is the block of commands that have none.
type noParameters struct{}

func (*noParameters) fields() []field { return nil }

// A handler makes a command's parameter block and runs its action.
type handler struct {
	new func() parameters
	act func(*TPM, *call, parameters) error
}

// with ties an action to its parameter block.
//
// An action checks in the order of Part 3, computes into locals and commits last; it appends the response parameters
// to call.out. It returns a wire.RC, with position, for every fault of the caller's making; any other error is an internal fault and
// puts the TPM into failure mode.
func with[P any, PP interface {
	*P
	parameters
}](action func(*TPM, *call, PP) error) handler {
	return handler{
		new: func() parameters { return PP(new(P)) },
		act: func(t *TPM, c *call, p parameters) error { return action(t, c, p.(PP)) },
	}
}

// described is for a command that this engine knows by its parameters only.
func described[P any, PP interface {
	*P
	parameters
}]() handler {
	return handler{new: func() parameters { return PP(new(P)) }}
}

// bare ties an action without parameters.
func bare(action func(*TPM, *call) error) handler {
	return handler{
		new: func() parameters { return new(noParameters) },
		act: func(t *TPM, c *call, _ parameters) error { return action(t, c) },
	}
}

// A call is one command on its way through dispatch.
type call struct {
	ctx     context.Context // cancelled when the caller asks to cancel
	cmd     *command
	tag     wire.ST
	handles []wire.Handle
	objects [maxHandleNum]*object // the objects that the handles name, nil for other kinds

	sessions       []sessionUse
	decryptSession int // index into sessions, -1 when none
	encryptSession int
	auditSession   int

	params []byte // parameter area, decrypted in place after the cpHashes are taken
	cpHash map[wire.Alg][]byte
	rpHash map[wire.Alg][]byte

	outHandle wire.Handle // for commands with flagRHandle
	out       wire.Writer // response parameters
	skipAudit bool        // SetCommandCodeAuditStatus that changed the algorithm (Part 3, 21.2)

	short [128]byte // room for the response parameters of most commands
}

// cancelled reports whether the caller asked to cancel the command.
func (c *call) cancelled() bool { return c.ctx.Err() != nil }

// decode reads the parameter area into the fields of p; a fault is numbered with the parameter's position
// (Part 3, 5.8), and bytes left over are RCSize. Then the algorithms of the command are tested, if they were not.
func (t *TPM) decode(c *call, p parameters) error {
	r := wire.NewReader(c.params, t.limits)
	for i, f := range p.fields() {
		f.into.Unmarshal(r)
		if rc := r.Err(); rc != wire.RCSuccess {
			return rc.Parameter(i + 1)
		}
	}
	if r.Len() != 0 {
		return wire.RCSize
	}
	return t.testBeforeUse(c, r.Algs())
}

// commandTable returns the rows of every command that the engine knows, chapter by chapter of Part 3.
func commandTable() []command {
	var all []command
	for _, chapter := range [][]command{
		startupCommands(), testingCommands(), sessionCommands(), objectCommands(), duplicationCommands(),
		asymmetricCommands(), symmetricCommands(), randomCommands(), sequenceCommands(), attestationCommands(),
		ephemeralCommands(), signingCommands(), auditCommands(), pcrCommands(), policyCommands(),
		hierarchyCommands(), lockoutCommands(), managementCommands(), fieldUpgradeCommands(), contextCommands(),
		clockCommands(), capabilityCommands(), nvCommands(), attachedCommands(), countdownCommands(),
	} {
		all = append(all, chapter...)
	}
	return all
}

// sharedCommands is the table that all TPMs read.
var sharedCommands = sync.OnceValue(commandTable)

// enabledCommands are the rows that a profile allows, indexed by code - firstCommand; nil where there is none.
func enabledCommands(p *Profile) []*command {
	enabled := make([]*command, lastCommand-firstCommand+1)
	table := sharedCommands()
	for i := range table {
		row := &table[i]
		if row.run.act != nil && p.hasCommand(row) {
			enabled[uint32(row.code)-firstCommand] = row
		}
	}
	return enabled
}

// lookup returns the row of cc, nil if the TPM does not have the command.
func (t *TPM) lookup(cc wire.CC) *command {
	i := uint32(cc) - firstCommand
	if i >= uint32(len(t.commands)) {
		return nil
	}
	return t.commands[i]
}
