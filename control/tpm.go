package control

import "context"

// TPM is what the control channel and the data channel need of a TPM. Only
// basic types appear, so that a TPM need not know this package.
//
// All methods are safe for concurrent use. They wait for each other, except
// Running and Cancel, which return at once. An error may have a method
// TPMResult() uint32 with the code for the client ([ResultOf]); without it the
// client reads [Fail].
type TPM interface {
	// Init powers the TPM on, or resets it if it runs: load or manufacture
	// the permanent state, resume volatile state if there is some, and then
	// delete that if deleteVolatile is set. On an error the TPM is off.
	// If the TPM runs it is stopped first as by Stop.
	Init(ctx context.Context, deleteVolatile bool) error

	// Stop powers the TPM off, any number of times. A running TPM 2.0 that
	// did not get TPM2_Shutdown as its last command gives it to itself first
	// (unless this is disabled, or the storage was handed over).
	Stop(ctx context.Context) error

	// Shutdown is Stop because the process is to end. A TPM that a migration
	// brought here and nobody has used gets no TPM2_Shutdown then: the
	// migration has failed, and the state is still the other host's.
	Shutdown(ctx context.Context) error

	// Running tells whether the TPM is powered.
	Running() bool

	// Execute runs one TPM command in a locality. A TPM that is off, and a
	// command with a wrong size in its header, are answered like any other
	// fault, by a response. An error is fatal (the storage cannot be had):
	// no response may leave and the process has to end.
	Execute(ctx context.Context, locality uint8, cmd []byte) (rsp []byte, err error)

	// Cancel asks a running Execute to give up.
	Cancel() error

	// Established reads the tpmEstablished bit, ResetEstablished clears it
	// on behalf of a locality (3 or 4, else BadLocality).
	Established() (bool, error)
	ResetEstablished(locality uint8) error

	// HashStart, HashData and HashEnd are the hash sequence of a dynamic
	// launch, or of the H-CRTM before Startup (Part 1, 31).
	HashStart() error
	HashData(data []byte) error
	HashEnd() error

	// StoreVolatile writes the volatile state into the storage.
	StoreVolatile() error

	// StateBlob fetches one kind of state as it leaves the host; decrypted
	// asks for it without the layer of the file key. encrypted tells that
	// this layer is on. For volatile state the running TPM's is taken, and
	// none is left in the storage. State that does not exist is error Retry,
	// an unknown kind Fail.
	StateBlob(kind uint32, decrypted bool) (data []byte, encrypted bool, err error)

	// SetStateBlob hands over one kind of state for the next Init; empty
	// data record that there is none. It takes the storage's lock, if that
	// is not held: failing in this is error IOError, with a method
	// Fatal() bool that returns true, for the process has to end.
	SetStateBlob(kind uint32, encrypted bool, data []byte) error

	// LockStorage takes the lock of the storage, trying retries times more
	// at intervals of 10 ms; UnlockStorage gives it up until Init, Execute,
	// SetStateBlob or LockStorage takes it again.
	LockStorage(retries uint32) error
	UnlockStorage() error

	// SetBufferSize sets the size of commands and responses to the nearest
	// possible one; 0 only asks. It is not called on a running TPM but with 0.
	SetBufferSize(size uint32) (current, min, max uint32, err error)

	// Info describes the TPM as one line of JSON with the members that flags
	// select (InfoSpecification and so on).
	Info(flags uint64) ([]byte, error)
}

// Flags of GET_INFO and --print-info.
const (
	InfoSpecification     uint64 = 0x01
	InfoAttributes        uint64 = 0x02
	InfoFeatures          uint64 = 0x04
	InfoRuntimeAlgorithms uint64 = 0x08
	InfoRuntimeCommands   uint64 = 0x10
	InfoActiveProfile     uint64 = 0x20
	InfoAvailableProfiles uint64 = 0x40
	InfoRuntimeAttributes uint64 = 0x80
)
