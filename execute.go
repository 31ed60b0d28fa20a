package govtpm

import (
	"context"
	"encoding/binary"

	"govtpm/tpm2"
	"govtpm/tpm2/wire"
)

// headerSize is the size of tag, size and code (Part 1, 15.3).
const headerSize = 10

// Execute runs one TPM command in a locality. Every fault of the command is answered by a response, as is every command to
// a TPM that is off. An error means that the storage cannot be had: nothing was executed and no response may leave.
func (t *TPM) Execute(ctx context.Context, locality uint8, cmd []byte) ([]byte, error) {
	return t.ExecuteOver(ctx, nil, locality, cmd)
}

// ExecuteOver is Execute for a command that came through a secure channel, which is the caller's to establish; nil is none, as is
// one whose Names are longer than any. The TPM takes the caller's word for it, as for the locality, when a policy of
// TPM2_PolicyTransportSPDM asks (Part 3, 23.25).
func (t *TPM) ExecuteOver(ctx context.Context, channel *tpm2.SecureChannel, locality uint8, cmd []byte) ([]byte, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.engine == nil {
		return failureResponse(), nil
	}
	if err := t.takeLock(t.lock.retries); err != nil {
		return nil, err
	}
	t.arrived = false
	if len(cmd) >= headerSize {
		t.lastCommand = binary.BigEndian.Uint32(cmd[6:])
	}
	return t.run(ctx, channel, locality, cmd), nil
}

// run executes a command such that Cancel can end it.
func (t *TPM) run(ctx context.Context, channel *tpm2.SecureChannel, locality uint8, cmd []byte) []byte {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	t.setCancel(cancel)
	defer t.setCancel(nil)
	rsp := t.engine.ExecuteOver(ctx, channel, locality, cmd)
	t.logFailure()
	t.watchCountdowns()
	return rsp
}

// logFailure tells once why the engine is in failure mode.
func (t *TPM) logFailure() {
	if t.failed {
		return
	}
	if err := t.engine.Failure(); err != nil {
		t.failed = true
		t.opts.Log("the TPM is in failure mode: %v", err)
	}
}

func (t *TPM) setCancel(c context.CancelFunc) {
	t.cancelMu.Lock()
	t.cancel = c
	t.cancelMu.Unlock()
}

// Cancel asks a running Execute to give up. It does not wait, and does nothing if no command runs.
func (t *TPM) Cancel() error {
	t.cancelMu.Lock()
	defer t.cancelMu.Unlock()
	if t.cancel != nil {
		t.cancel()
	}
	return nil
}

// failureResponse is the answer of a TPM that is off: TPM_RC_FAILURE. Clients take the version of the TPM from its tag.
func failureResponse() []byte {
	b := make([]byte, headerSize)
	binary.BigEndian.PutUint16(b, uint16(wire.STNoSessions))
	binary.BigEndian.PutUint32(b[2:], headerSize)
	binary.BigEndian.PutUint32(b[6:], uint32(wire.RCFailure))
	return b
}

// autoShutdown gives the TPM the TPM2_Shutdown that its client forgot, so that no failure of authorization is counted for
// it (Part 1, 17.8.6): with STATE, or else with CLEAR. A storage that was given up belongs to somebody else: then the TPM
// stops without, and so does one that arrived here and was neither used nor reset (Shutdown).
func (t *TPM) autoShutdown(ctx context.Context) {
	if t.opts.DisableAutoShutdown || !t.lock.held || t.arrived || t.lastCommand == uint32(wire.CCShutdown) {
		return
	}
	t.lastCommand = uint32(wire.CCShutdown)
	for _, kind := range []wire.SU{wire.SUState, wire.SUClear} {
		cmd := shutdownCommand(kind)
		rsp := t.run(context.WithoutCancel(ctx), nil, 0, cmd)
		t.opts.OwnCommand(cmd, rsp)
		switch rc := wire.RC(binary.BigEndian.Uint32(rsp[6:])); rc {
		case wire.RCSuccess, wire.RCInitialize:
			return
		default:
			t.opts.Log("TPM2_Shutdown(%v): %v", kind, rc)
		}
	}
}

// shutdownCommand is TPM2_Shutdown without sessions (Part 3, 9.4).
func shutdownCommand(kind wire.SU) []byte {
	var w wire.Writer
	w.Uint16(uint16(wire.STNoSessions))
	w.Uint32(headerSize + 2)
	w.Uint32(uint32(wire.CCShutdown))
	w.Uint16(uint16(kind))
	return w.Bytes()
}
