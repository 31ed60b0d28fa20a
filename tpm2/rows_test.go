package tpm2

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"govtpm/internal/crypto/drbg"
	"govtpm/tpm2/wire"
)

// What every command of the command table has to stand: a call that succeeds, with its response read, and calls that fail, each with the
// exact code and without a trace. The rows of the commands are in rows_*_test.go, a file for some chapters of Part 3; the faults that
// follow from the command table alone are in rows_generic_test.go.

// A commandRow is what the tests know of one command.
type commandRow struct {
	code wire.CC
	// good makes on a fresh TPM what the command needs, and the command that succeeds there, with a check of what it answers and does.
	good func(b *testTPM) (*testCommand, func(r *testResponse))
	// faults are those that Part 3 tells of this command, and what the types of its handles bring with them.
	faults []rowFault
	// plain is for a command whose action has no faults of its own: why.
	plain   string
	before  bool      // runs before TPM2_Startup
	judged  *rowJudge // compares with libtpms
	newAuth string    // that the command gives to what authorizes it
	never   wire.RC   // for a command that can only fail on this platform: what the good command gives
}

// A rowFault is a change to the good command, or to the TPM that it meets, and the code it gives then.
type rowFault struct {
	name   string
	change rowChange
	want   wire.RC
}

// A rowChange spoils the good command or the TPM that it meets.
type rowChange func(b *testTPM, c *rowCommand)

// A rowCommand is a good command taken apart.
type rowCommand struct {
	code    wire.CC
	handles []wire.Handle
	auths   []testAuth
	parts   [][]byte // the parameters, one by one
}

// takeApart splits the parameters of a good command after the fields of its row.
func (b *testTPM) takeApart(c *testCommand) *rowCommand {
	b.t.Helper()
	x := &rowCommand{code: c.code, handles: slices.Clone(c.handles), auths: slices.Clone(c.auths)}
	all := bytes.Clone(c.params.Bytes())
	r := wire.NewReader(all, b.limits)
	for _, f := range b.lookup(c.code).run.new().fields() {
		start := len(all) - r.Len()
		f.into.Unmarshal(r)
		if rc := r.Err(); rc != wire.RCSuccess {
			b.t.Fatalf("%v: the good command's %s: %v", c.code, f.name, rc)
		}
		x.parts = append(x.parts, all[start:len(all)-r.Len():len(all)-r.Len()])
	}
	if r.Len() != 0 {
		b.t.Fatalf("%v: the good command has %d bytes too many", c.code, r.Len())
	}
	return x
}

// command puts the command together.
func (c *rowCommand) command() *testCommand {
	x := newCommand(c.code, c.handles...)
	x.auths = c.auths
	return x.raw(bytes.Join(c.parts, nil))
}

func (c *rowCommand) bytes() []byte { return c.command().bytes() }

// set replaces parameter n, counted from 1.
func (c *rowCommand) set(n int, v ...wire.Marshaler) {
	var w wire.Writer
	for _, m := range v {
		m.Marshal(&w)
	}
	c.parts[n-1] = w.Bytes()
}

// rawBytes are bytes of a command as they are.
type rawBytes []byte

func (p rawBytes) Marshal(w *wire.Writer) { w.Raw(p) }

func p8(v uint8) rawBytes   { return rawBytes{v} }
func p16(v uint16) rawBytes { return binary.BigEndian.AppendUint16(nil, v) }
func p32(v uint32) rawBytes { return binary.BigEndian.AppendUint32(nil, v) }
func p64(v uint64) rawBytes { return binary.BigEndian.AppendUint64(nil, v) }
func p2b(p []byte) rawBytes { return sizedBytes(p) }

// withParam replaces parameter n.
func withParam(n int, v ...wire.Marshaler) rowChange {
	return func(_ *testTPM, c *rowCommand) { c.set(n, v...) }
}

// withHandle replaces handle n.
func withHandle(n int, h wire.Handle) rowChange {
	return func(_ *testTPM, c *rowCommand) { c.handles[n-1] = h }
}

// withKey replaces handle n by a key that is put into a slot for it; the authorization, if the handle has one, is that of the key.
func withKey(n int, key func() *object) rowChange {
	return func(b *testTPM, c *rowCommand) {
		old := c.handles[n-1]
		if _, ok := b.freeSlot(); !ok && old.Type() == wire.HTTransient {
			b.flushKey(old)
		}
		h := b.addKey(key())
		c.handles[n-1] = h
		if i := b.authIndex(c.code, n); i >= 0 {
			c.auths[i] = testAuth{handle: wire.RSPW, hmac: []byte(keyAuth)}
		}
	}
}

// authorizedBy replaces handle n by an entity with an empty authValue.
func authorizedBy(n int, h wire.Handle) rowChange {
	return func(b *testTPM, c *rowCommand) {
		c.handles[n-1] = h
		c.auths[b.authIndex(c.code, n)] = testAuth{handle: wire.RSPW}
	}
}

// authIndex is the session that authorizes handle n, -1 for none.
func (b *testTPM) authIndex(cc wire.CC, n int) int {
	row, i := b.lookup(cc), -1
	if row.role(n-1) == roleNone {
		return -1
	}
	for j := range n {
		if row.role(j) != roleNone {
			i++
		}
	}
	return i
}

// when changes the TPM only.
func when(change func(b *testTPM)) rowChange {
	return func(b *testTPM, _ *rowCommand) { change(b) }
}

// both makes two faults, or more.
func both(changes ...rowChange) rowChange {
	return func(b *testTPM, c *rowCommand) {
		for _, change := range changes {
			change(b, c)
		}
	}
}

// newRowTPM is a TPM with every command that the engine has an action for. What the first use of something notes down is noted already: an
// algorithm that was tested, an entity under dictionary attack protection that was used.
//
// With a judge it is of the profile whose state libtpms loads everywhere.
func newRowTPM(t *testing.T, judge *rowJudge) *testTPM {
	t.Helper()
	p, err := rowProfile()
	if judge != nil {
		p, err = NullProfile(), nil
	}
	if err != nil {
		t.Fatal(err)
	}
	b := newTestTPMWith(t, Options{Seeds: vectorSeeds(), Profile: p}).startup(wire.SUClear)
	b.judge = judge
	b.testedAll()
	if err := b.checkLockedOut(false); err != nil {
		t.Fatal(err)
	}
	b.settle()
	return b
}

// rowProfile is a profile with every command that the engine has an action for, the algorithms of libtpms, and HKDF, without which some
// commands only fail.
var rowProfile = sync.OnceValues(func() (*Profile, error) { return ParseProfile(extendedJSON(extensionCommands(), ",hkdf")) })

// testedAll makes all algorithms pass for tested.
func (b *testTPM) testedAll() {
	for _, alg := range wire.Everything().Algs.List() {
		b.volatile.selfTest.done = b.volatile.selfTest.done.With(alg)
	}
}

// trace is everything that the TPM keeps, but for its generator: a command that fails may have drawn from it.
func (b *testTPM) trace() []byte {
	b.t.Helper()
	live, kept := b.volatile.rand, b.orderly.drbg
	b.volatile.rand = drbg.New([]byte("trace"))
	defer func() { b.volatile.rand, b.orderly.drbg = live, kept }()
	var all []byte
	for _, state := range []func() ([]byte, error){b.VolatileState, b.PermanentState} {
		part, err := state()
		if err != nil {
			b.t.Fatal(err)
		}
		all = append(all, part...)
	}
	return fmt.Appendf(all, "%d", b.storage.saves)
}

// failedAuth takes back what a failed authorization counts (Part 3, 5.6), after a check that it did.
func (b *testTPM) failedAuth(before persistentData, timers orderlyData, saves int) {
	b.t.Helper()
	p := &b.persistent
	counted := p.failedTries == before.failedTries+1 && p.lockoutAuthEnabled == before.lockoutAuthEnabled
	disabled := p.failedTries == before.failedTries && before.lockoutAuthEnabled && !p.lockoutAuthEnabled
	if !counted && !disabled {
		b.t.Errorf("a failed authorization counted %d and left lockoutAuth enabled: %v", p.failedTries-before.failedTries, p.lockoutAuthEnabled)
	}
	p.failedTries, p.lockoutAuthEnabled = before.failedTries, before.lockoutAuthEnabled
	b.orderly.selfHealTimer, b.orderly.lockoutTimer = timers.selfHealTimer, timers.lockoutTimer
	b.storage.saves = saves
}

// fails runs a command that has to fail with a code and leave no trace, but for the count of a failed authorization.
func (b *testTPM) fails(name string, cmd []byte, want wire.RC) {
	b.t.Helper()
	before, persistent, timers, saves := b.trace(), b.persistent, b.orderly, b.storage.saves
	b.judge.compare(b, name, cmd, want)
	r := b.runBytes(cmd)
	if r.rc != want {
		b.t.Errorf("%s: %v (%#x), want %v (%#x) (failure: %v)", name, r.rc, uint32(r.rc), want, uint32(want), b.Failure())
		return
	}
	if r.tag != wire.STNoSessions || len(r.body) != 0 {
		b.t.Errorf("%s: response to a failed command: tag %v, body %x", name, r.tag, r.body)
	}
	if want.Base() == wire.RCAuthFail && want.IsFormatOne() {
		if _, n := want.Position(); n != 0 {
			b.failedAuth(persistent, timers, saves)
		}
	}
	if after := b.trace(); !bytes.Equal(before, after) {
		b.t.Errorf("%s: the command failed and left a trace", name)
	}
}

// newRow makes the TPM of a row and its good command.
func (row *commandRow) newRow(t *testing.T) (b *testTPM, c *rowCommand, check func(*testResponse)) {
	t.Helper()
	b = newRowTPM(t, row.judged)
	if row.before {
		b.shutdown(wire.SUState)
		b.powerCycle()
		b.testedAll()
	}
	cmd, check := row.good(b)
	b.settle()
	return b, b.takeApart(cmd), check
}

// faultClass is what a response code complains of.
func faultClass(rc wire.RC) string {
	switch {
	case rc >= wire.RCReferenceH0 && rc <= wire.RCReferenceH0+6:
		return "handle"
	case rc >= wire.RCReferenceS0 && rc <= wire.RCReferenceS0+6, rc == wire.RCAuthMissing, rc == wire.RCAuthContext, rc == wire.RCAuthType,
		rc == wire.RCAuthUnavailable, rc == wire.RCLockout, rc == wire.RCExclusive:
		return "session"
	case rc == wire.RCBadTag, rc == wire.RCValue, rc == wire.RCCommandSize, rc == wire.RCInsufficient, rc == wire.RCSize:
		return "format"
	case rc == wire.RCInitialize, rc == wire.RCFailure:
		return "mode"
	}
	if !rc.IsFormatOne() {
		return "state"
	}
	kind, n := rc.Position()
	if n == 0 {
		return "state"
	}
	return kind
}

// rowCounts tells how many calls of a command were tried, by the class of what they got.
type rowCounts map[string]int

func (n rowCounts) String() string {
	var parts []string
	for _, class := range []string{"good", "format", "mode", "handle", "session", "parameter", "state"} {
		parts = append(parts, fmt.Sprintf("%s %d", class, n[class]))
	}
	return strings.Join(parts, ", ")
}

// commandRows are the rows of all commands, by code.
func commandRows(t *testing.T) map[wire.CC]*commandRow {
	t.Helper()
	all := make(map[wire.CC]*commandRow)
	for _, chapter := range [][]commandRow{
		startupRows(), sessionRows(), objectRows(), duplicationRows(), asymmetricRows(), symmetricRows(), sequenceRows(), attestationRows(),
		signingRows(), pcrRows(), policyRows(), hierarchyRows(), contextRows(), capabilityRows(), nvRows(),
		attachedRows(), countdownRows(), controlRows(),
	} {
		for i := range chapter {
			row := &chapter[i]
			if all[row.code] != nil {
				t.Errorf("%v has two rows of tests", row.code)
			}
			all[row.code] = row
		}
	}
	return all
}

// withoutAction are the commands of the table that this engine does not run, and why.
func withoutAction() map[wire.CC]string {
	const firmware = "the firmware is the program: whoever runs it brings in another"
	return map[wire.CC]string{
		wire.CCFieldUpgradeStart: firmware, wire.CCFieldUpgradeData: firmware, wire.CCFirmwareRead: firmware,
	}
}

// TestCommandRows walks the command table. A command with an action has a row here, succeeds, and fails with each class of fault that it can
// have; one without is named with its reason, and the TPM says that it does not have it.
func TestCommandRows(t *testing.T) {
	rows, absent := commandRows(t), withoutAction()
	var mu sync.Mutex
	counts := make(map[wire.CC]rowCounts)
	t.Run("command", func(t *testing.T) {
		for _, cmd := range commandTable() {
			row, reason := rows[cmd.code], absent[cmd.code]
			delete(rows, cmd.code)
			delete(absent, cmd.code)
			t.Run(cmd.code.String(), func(t *testing.T) {
				t.Parallel()
				if cmd.run.act == nil {
					if reason == "" || row != nil {
						t.Fatalf("no action: reason %q, row of tests %v", reason, row != nil)
					}
					b := newRowTPM(t, nil)
					b.fails("no action", newCommand(cmd.code).bytes(), wire.RCCommandCode)
					return
				}
				if row == nil || reason != "" {
					t.Fatalf("an action: row of tests %v, reason for having none %q", row != nil, reason)
				}
				n := row.test(t, &cmd)
				mu.Lock()
				defer mu.Unlock()
				counts[cmd.code] = n
			})
		}
	})
	for cc := range rows {
		t.Errorf("%v: a row of tests for no command", cc)
	}
	for cc := range absent {
		t.Errorf("%v: a reason for no command", cc)
	}
	for _, cmd := range commandTable() {
		if n := counts[cmd.code]; n != nil {
			t.Logf("%-32v %v", cmd.code, n)
		}
	}
}

// test runs a row.
func (row *commandRow) test(t *testing.T, cmd *command) rowCounts {
	n := make(rowCounts)
	row.succeeds(t, cmd, n)
	for _, f := range row.faults {
		b, c, _ := row.newRow(t)
		f.change(b, c)
		b.settle()
		b.fails(f.name, c.bytes(), f.want)
		n[faultClass(f.want)]++
	}
	if len(row.faults) == 0 && row.plain == "" {
		t.Error("no faults, and no reason for having none")
	}
	row.generic(t, cmd, n)
	for class, need := range map[string]bool{
		"good": row.never == 0, "format": true, "mode": true, "handle": len(cmd.handles) != 0, "session": true,
		"parameter": cmd.run.new != nil && hasFalsifiable(cmd),
	} {
		if need && n[class] == 0 {
			t.Errorf("not one call of class %q", class)
		}
	}
	return n
}

// succeeds runs the good command: as it is; and, where sessions are allowed, with HMAC, with its first parameter and response parameter
// encrypted as far as the command has such.
func (row *commandRow) succeeds(t *testing.T, cmd *command, n rowCounts) {
	b, c, check := row.newRow(t)
	if row.never != 0 {
		b.fails("the best call", c.bytes(), row.never)
		n[faultClass(row.never)]++
		return
	}
	saves := b.storage.saves
	r := b.must(c.command())
	if b.storage.saves != saves && cmd.flags&flagNV == 0 {
		t.Error("writes NV, and its attributes do not tell")
	}
	check(r)
	n["good"]++
	if cmd.flags&flagNoSession != 0 {
		return
	}
	for _, sym := range []wire.TPMTSymDef{{Algorithm: wire.AlgNull}, {Algorithm: wire.AlgAES, KeyBits: 128, Mode: wire.AlgCFB}, {Algorithm: wire.AlgXOR, Hash: wire.AlgSHA256}} {
		b, c, check := row.newRow(t)
		if _, free := b.volatile.sessions.free(); free == 0 {
			continue
		}
		s := b.startSession(wire.SEHMAC, wire.AlgSHA256, wire.RHNull, nil, sym)
		if sym.Algorithm != wire.AlgNull {
			if cmd.flags&flagDecrypt != 0 {
				s.attributes |= wire.SessionDecrypt
			}
			if cmd.flags&flagEncrypt != 0 {
				s.attributes |= wire.SessionEncrypt
			}
		}
		var auth []byte
		if last := len(c.auths) - 1; last >= 0 && c.auths[last].handle == wire.RSPW {
			auth = c.auths[last].hmac
			c.auths = c.auths[:last]
		} else if sym.Algorithm == wire.AlgNull {
			s.attributes |= wire.SessionAudit
		}
		if row.newAuth != "" {
			s.newAuth = []byte(row.newAuth)
		}
		if s.attributes == wire.SessionContinue && len(c.auths) == len(authorized(cmd)) {
			continue // nothing that the session would be for
		}
		r := s.run(c.command(), bytes.TrimRight(auth, "\x00"))
		b.want(wire.RCSuccess, r)
		if r.rc == wire.RCSuccess {
			check(r)
		}
		n["good"]++
	}
}

// authorized are the handles of a command that need authorization.
func authorized(cmd *command) (list []int) {
	for i := range cmd.handles {
		if cmd.role(i) != roleNone {
			list = append(list, i)
		}
	}
	return list
}
