package control

import "fmt"

// Command is the number that begins a control message. It is one more than the
// number of the corresponding ioctl.
type Command uint32

// The commands, in the order of their numbers.
const (
	CmdGetCapability       Command = 0x01
	CmdInit                Command = 0x02
	CmdShutdown            Command = 0x03
	CmdGetTPMEstablished   Command = 0x04
	CmdSetLocality         Command = 0x05
	CmdHashStart           Command = 0x06
	CmdHashData            Command = 0x07
	CmdHashEnd             Command = 0x08
	CmdCancelTPMCmd        Command = 0x09
	CmdStoreVolatile       Command = 0x0a
	CmdResetTPMEstablished Command = 0x0b
	CmdGetStateBlob        Command = 0x0c
	CmdSetStateBlob        Command = 0x0d
	CmdStop                Command = 0x0e
	CmdGetConfig           Command = 0x0f
	CmdSetDataFD           Command = 0x10
	CmdSetBufferSize       Command = 0x11
	CmdGetInfo             Command = 0x12
	CmdLockStorage         Command = 0x13
)

// String gives the name without its CMD_ or PTM_ prefix.
func (c Command) String() string {
	if s := c.spec(); s != nil {
		return s.name
	}
	return fmt.Sprintf("command 0x%x", uint32(c))
}

// Known tells whether c is a command of the protocol.
func (c Command) Known() bool { return c.spec() != nil }

// need says in which state of the TPM a command is carried out.
type need uint8

const (
	anyState    need = iota
	needRunning      // the TPM must be powered
	needStopped      // the TPM must be off
)

// extra says what bytes that arrive together with a message, behind the end of
// its body, mean.
type extra uint8

const (
	refuseExtra extra = iota // they make the message malformed
	ignoreExtra              // they are dropped
	padExtra                 // up to three bytes of padding follow a one-byte body
)

// spec is what is fixed about a command. The table drives reading, state checks
// and the ioctl encoding.
type spec struct {
	cmd   Command
	name  string
	body  int  // bytes of the fixed part of the request behind the command
	data  bool // the last word of the fixed part is the length of data that follow
	extra extra
	need  need
	cap   Capability // what GET_CAPABILITY says when the command is there
	// arg is the size of the ioctl's structure, read tells that the kernel
	// only copies it out (_IOR) instead of both ways (_IOWR).
	arg  int
	read bool
	// answerStalled makes a body that does not come in time a malformed
	// message, not the end of the connection.
	answerStalled bool
}

var specs = [...]spec{
	{CmdGetCapability, "GET_CAPABILITY", 0, false, ignoreExtra, anyState, 0, 8, true, false},
	{CmdInit, "INIT", 4, false, refuseExtra, anyState, CapInit, 4, false, false},
	{CmdShutdown, "SHUTDOWN", 0, false, refuseExtra, anyState, CapShutdown, 4, true, false},
	{CmdGetTPMEstablished, "GET_TPMESTABLISHED", 0, false, refuseExtra, needRunning, CapGetTPMEstablished, 8, true, false},
	{CmdSetLocality, "SET_LOCALITY", 1, false, padExtra, anyState, CapSetLocality, 4, false, false},
	{CmdHashStart, "HASH_START", 0, false, refuseExtra, needRunning, CapHashing, 4, true, false},
	{CmdHashData, "HASH_DATA", 4, true, ignoreExtra, needRunning, CapHashing, 4100, false, false},
	{CmdHashEnd, "HASH_END", 0, false, refuseExtra, needRunning, CapHashing, 4, true, false},
	{CmdCancelTPMCmd, "CANCEL_TPM_CMD", 0, false, refuseExtra, needRunning, CapCancelTPMCmd, 4, true, false},
	{CmdStoreVolatile, "STORE_VOLATILE", 0, false, refuseExtra, needRunning, CapStoreVolatile, 4, true, false},
	{CmdResetTPMEstablished, "RESET_TPMESTABLISHED", 1, false, padExtra, needRunning, CapResetTPMEstablished, 4, false, false},
	{CmdGetStateBlob, "GET_STATEBLOB", 12, false, ignoreExtra, needRunning, CapGetStateBlob, 3088, false, false},
	{CmdSetStateBlob, "SET_STATEBLOB", 12, true, ignoreExtra, needStopped, CapSetStateBlob, 3084, false, false},
	{CmdStop, "STOP", 0, false, refuseExtra, anyState, CapStop, 4, true, false},
	{CmdGetConfig, "GET_CONFIG", 0, false, refuseExtra, anyState, CapGetConfig, 8, true, false},
	{CmdSetDataFD, "SET_DATAFD", 0, false, ignoreExtra, anyState, CapSetDataFD, 4, true, false},
	{CmdSetBufferSize, "SET_BUFFERSIZE", 4, false, ignoreExtra, anyState, CapSetBufferSize, 16, false, true},
	{CmdGetInfo, "GET_INFO", 16, false, ignoreExtra, anyState, CapGetInfo, 3088, false, true},
	{CmdLockStorage, "LOCK_STORAGE", 4, false, ignoreExtra, anyState, CapLockStorage, 4, false, true},
}

// spec returns the row of c, nil for an unknown command.
func (c Command) spec() *spec {
	if c == 0 || int64(c) > int64(len(specs)) {
		return nil
	}
	return &specs[c-1]
}

// Capability is the mask that GET_CAPABILITY answers.
type Capability uint32

// The capability bits.
const (
	CapInit                Capability = 1 << 0
	CapShutdown            Capability = 1 << 1
	CapGetTPMEstablished   Capability = 1 << 2
	CapSetLocality         Capability = 1 << 3
	CapHashing             Capability = 1 << 4
	CapCancelTPMCmd        Capability = 1 << 5
	CapStoreVolatile       Capability = 1 << 6
	CapResetTPMEstablished Capability = 1 << 7
	CapGetStateBlob        Capability = 1 << 8
	CapSetStateBlob        Capability = 1 << 9
	CapStop                Capability = 1 << 10
	CapGetConfig           Capability = 1 << 11
	CapSetDataFD           Capability = 1 << 12
	CapSetBufferSize       Capability = 1 << 13
	CapGetInfo             Capability = 1 << 14
	CapSendCommandHeader   Capability = 1 << 15
	CapLockStorage         Capability = 1 << 16
)

// Masks as swtpm announces them: a socket or character device server with a
// TPM 1.2, the same with a TPM 2.0, and a CUSE device of either version.
const (
	CapsSocket12 Capability = 0x17fff
	CapsSocket20 Capability = 0x1ffff
	CapsCUSE     Capability = 0x16fff
)

// StateKind names one of the blobs that together are the state of a TPM.
type StateKind uint32

// The kinds of state.
const (
	StatePermanent StateKind = 1
	StateVolatile  StateKind = 2
	StateSave      StateKind = 3 // what TPM_SaveState wrote; TPM 1.2 only
)

// String gives the word by which swtpm_ioctl calls the kind.
func (k StateKind) String() string {
	switch k {
	case StatePermanent:
		return "permanent"
	case StateVolatile:
		return "volatile"
	case StateSave:
		return "savestate"
	}
	return fmt.Sprintf("state type %d", uint32(k))
}

// Flags of the messages.
const (
	InitDeleteVolatile uint32 = 1 // INIT: delete the volatile state once resumed

	StateDecrypted uint32 = 1 // GET_STATEBLOB request: take the file key's layer off
	StateEncrypted uint32 = 2 // GET response and SET request: the file key's layer is on

	ConfigFileKey      uint32 = 1 // GET_CONFIG: state files are encrypted
	ConfigMigrationKey uint32 = 2 // GET_CONFIG: blobs are encrypted
)

// Sizes of the protocol.
const (
	StateBlobSize = 3072       // largest piece of state in an ioctl
	InfoSize      = 3072       // largest piece of information in a response
	HashDataSize  = 4096       // largest piece of data in a HASH_DATA ioctl
	MaxStateBlob  = 512 * 1024 // largest blob that SET_STATEBLOB takes
)
