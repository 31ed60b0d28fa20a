// Package controltest has a TPM for tests of the channels: it keeps the rules
// of control.TPM, executes nothing, and remembers what it was asked to do.
// Start at [TPM].
package controltest

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"govtpm/control"
)

// OrdinalEcho is the code of a command that TPM answers with the locality it
// was executed in and the command itself; see Echo.
const OrdinalEcho = 0x20000fff

// TPM is a TPM 2.0 that executes nothing. The zero value is ready, and off.
type TPM struct {
	Fail map[string]error // by method: what to return instead of doing it

	running atomic.Bool

	mu          sync.Mutex
	block       chan struct{}
	calls       []string
	established bool
	hashing     bool
	hashed      []byte
	state       map[uint32][]byte
	locked      bool
	bufferSize  uint32
	canceled    chan struct{}
}

// The limits of the buffer size.
const (
	MinBuffer = 0xb50
	MaxBuffer = 0x1000
)

// begin records a call and returns the error that was ordered for it.
func (t *TPM) begin(name string, args ...any) error {
	t.calls = append(t.calls, fmt.Sprint(append([]any{name}, args...)...))
	return t.Fail[name]
}

// Calls returns what was called since the last time, one string per call.
func (t *TPM) Calls() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	calls := t.calls
	t.calls = nil
	return calls
}

// Order makes a method return err from now on, instead of doing anything; nil
// takes that back.
func (t *TPM) Order(method string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.Fail == nil {
		t.Fail = make(map[string]error)
	}
	t.Fail[method] = err
}

// Hold makes every Execute wait until block is closed or Cancel is called.
func (t *TPM) Hold(block chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.block = block
}

// Hashed returns the data of the last hash sequence.
func (t *TPM) Hashed() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.hashed)
}

// State returns a state blob, SetState replaces it.
func (t *TPM) State(kind control.StateKind) []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.state[uint32(kind)]
}

// SetState replaces a state blob.
func (t *TPM) SetState(kind control.StateKind, data []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.setState(uint32(kind), data)
}

func (t *TPM) setState(kind uint32, data []byte) {
	if t.state == nil {
		t.state = make(map[uint32][]byte)
	}
	t.state[kind] = slices.Clone(data)
}

// Locked tells whether the storage is locked.
func (t *TPM) Locked() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.locked
}

// Init powers the TPM on.
func (t *TPM) Init(_ context.Context, deleteVolatile bool) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.running.Store(false)
	if err := t.begin("Init", " ", deleteVolatile); err != nil {
		return err
	}
	t.locked = true
	if deleteVolatile {
		delete(t.state, uint32(control.StateVolatile))
	}
	t.running.Store(true)
	return nil
}

// Stop powers the TPM off.
func (t *TPM) Stop(context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.running.Store(false)
	return t.begin("Stop")
}

// Shutdown powers the TPM off.
func (t *TPM) Shutdown(context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.running.Store(false)
	return t.begin("Shutdown")
}

// Running tells whether the TPM is on.
func (t *TPM) Running() bool { return t.running.Load() }

// Response is a TPM 2.0 response without sessions.
func Response(rc uint32, body ...byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, 0x8001)
	b = binary.BigEndian.AppendUint32(b, uint32(10+len(body)))
	b = binary.BigEndian.AppendUint32(b, rc)
	return append(b, body...)
}

// Command is a TPM 2.0 command without sessions.
func Command(code uint32, body ...byte) []byte { return Response(code, body...) }

// Echo is a command whose response repeats it behind the locality.
func Echo(data ...byte) []byte { return Command(OrdinalEcho, data...) }

// EchoResponse is the response to Echo(data...).
func EchoResponse(locality uint8, data ...byte) []byte {
	return Response(0, append([]byte{locality}, Echo(data...)...)...)
}

// Execute answers Echo, TPM2_Startup and TPM2_Shutdown, and everything else
// with TPM_RC_COMMAND_CODE.
func (t *TPM) Execute(ctx context.Context, locality uint8, cmd []byte) ([]byte, error) {
	t.mu.Lock()
	err := t.begin("Execute")
	block := t.block
	t.canceled = make(chan struct{})
	canceled := t.canceled
	t.mu.Unlock()
	if err != nil {
		return nil, err
	}
	if block != nil {
		select {
		case <-block:
		case <-canceled:
			return Response(0x909), nil // TPM_RC_CANCELED
		case <-ctx.Done():
			return Response(0x909), nil
		}
	}
	switch {
	case !t.Running():
		return Response(0x101), nil // TPM_RC_FAILURE
	case len(cmd) < 10 || binary.BigEndian.Uint32(cmd[2:]) != uint32(len(cmd)):
		return Response(0x142), nil // TPM_RC_COMMAND_SIZE
	}
	switch binary.BigEndian.Uint32(cmd[6:]) {
	case 0x144, 0x145: // TPM2_Startup, TPM2_Shutdown
		return Response(0), nil
	case OrdinalEcho:
		return Response(0, append([]byte{locality}, cmd...)...), nil
	}
	return Response(0x143), nil // TPM_RC_COMMAND_CODE
}

// Cancel ends a blocked Execute.
func (t *TPM) Cancel() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.canceled != nil {
		close(t.canceled)
		t.canceled = nil
	}
	return t.begin("Cancel")
}

// Established reads the bit that HashStart sets.
func (t *TPM) Established() (bool, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.established, t.begin("Established")
}

// ResetEstablished clears the bit for localities 3 and 4.
func (t *TPM) ResetEstablished(locality uint8) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.begin("ResetEstablished", " ", locality); err != nil {
		return err
	}
	if locality < 3 {
		return control.BadLocality
	}
	t.established = false
	return nil
}

// HashStart begins a sequence.
func (t *TPM) HashStart() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.established, t.hashing, t.hashed = true, true, nil
	return t.begin("HashStart")
}

// HashData adds to the sequence.
func (t *TPM) HashData(data []byte) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.hashing {
		return control.SHAThread
	}
	t.hashed = append(t.hashed, data...)
	return t.Fail["HashData"]
}

// HashEnd ends the sequence.
func (t *TPM) HashEnd() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.hashing {
		return control.SHAThread
	}
	t.hashing = false
	return t.begin("HashEnd")
}

// StoreVolatile makes volatile state.
func (t *TPM) StoreVolatile() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.setState(uint32(control.StateVolatile), []byte("volatile"))
	return t.begin("StoreVolatile")
}

// StateBlob returns what SetStateBlob or SetState gave. "Encrypted" state gets
// a letter E in front.
func (t *TPM) StateBlob(kind uint32, decrypted bool) ([]byte, bool, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.begin("StateBlob", " ", kind, " ", decrypted); err != nil {
		return nil, false, err
	}
	data, ok := t.state[kind]
	if !ok {
		return nil, false, control.Retry
	}
	if decrypted {
		return slices.Clone(data), false, nil
	}
	return append([]byte{'E'}, data...), true, nil
}

// SetStateBlob keeps data.
func (t *TPM) SetStateBlob(kind uint32, encrypted bool, data []byte) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.begin("SetStateBlob", " ", kind, " ", encrypted, " ", len(data)); err != nil {
		return err
	}
	if t.running.Load() {
		return control.InvalidPostinit
	}
	t.locked = true
	t.setState(kind, data)
	return nil
}

// LockStorage sets what Locked reads.
func (t *TPM) LockStorage(retries uint32) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.begin("LockStorage", " ", retries); err != nil {
		return err
	}
	t.locked = true
	return nil
}

// UnlockStorage clears what Locked reads.
func (t *TPM) UnlockStorage() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.locked = false
	return t.begin("UnlockStorage")
}

// SetBufferSize clamps size to MinBuffer and MaxBuffer.
func (t *TPM) SetBufferSize(size uint32) (current, minimum, maximum uint32, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if size != 0 {
		t.bufferSize = min(max(size, MinBuffer), MaxBuffer)
	}
	current = t.bufferSize
	if current == 0 {
		current = MaxBuffer
	}
	return current, MinBuffer, MaxBuffer, t.begin("SetBufferSize", " ", size)
}

// Info returns an object that names the flags, or {} for none. Flag bit 63 makes
// it longer than one response.
func (t *TPM) Info(flags uint64) ([]byte, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.begin("Info", " ", flags); err != nil || flags == 0 {
		return []byte("{}"), err
	}
	text := fmt.Appendf(nil, `{"Flags":%d`, flags)
	if flags>>63 != 0 {
		text = append(text, `,"Padding":"`...)
		for range 2 * control.InfoSize {
			text = append(text, 'x')
		}
		text = append(text, '"')
	}
	return append(text, '}'), nil
}
