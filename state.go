package govtpm

import (
	"errors"
	"fmt"

	"govtpm/store"
	"govtpm/store/envelope"
	"govtpm/tpm2"
)

// StoreVolatile writes the volatile state into the storage.
func (t *TPM) StoreVolatile() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	state, err := t.volatileState()
	if err != nil {
		return err
	}
	defer clear(state)
	if err := t.takeLock(t.lock.retries); err != nil {
		return err
	}
	return storeError("storing volatile state", t.store.Save(store.Volatile, state))
}

// volatileState is the volatile state of the running TPM.
func (t *TPM) volatileState() ([]byte, error) {
	if t.engine == nil {
		return nil, withResult(errOff, resultBadOrdinal)
	}
	state, err := t.engine.VolatileState()
	return state, withResult(err, resultFail)
}

// StateBlob fetches one kind of state (store.Kind) as it leaves the host: under the migration key if there is one, and
// under the file key, as encrypted tells, unless decrypted asks for it without. Volatile state is the running TPM's, and
// none is left in the storage.
func (t *TPM) StateBlob(kind uint32, decrypted bool) (data []byte, encrypted bool, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return nil, false, withResult(errClosed, resultFail)
	}
	state, err := t.leavingState(kind)
	if err != nil {
		return nil, false, err
	}
	defer clear(state)
	data, encrypted, err = t.opts.Keys.Export(state, decrypted, t.opts.Entropy)
	return data, encrypted, storeError("sealing state", err)
}

func (t *TPM) leavingState(kind uint32) ([]byte, error) {
	k := store.Kind(kind)
	switch {
	case kind == uint32(store.SaveState):
		return nil, withResult(fmt.Errorf("TPM 2.0 has no saved state beside the permanent: %w", store.ErrNotExist), resultRetry)
	case kind != uint32(store.Permanent) && kind != uint32(store.Volatile):
		return nil, withResult(store.ErrKind, resultFail)
	case k == store.Volatile && t.engine != nil:
		state, err := t.volatileState()
		if err == nil && t.lock.held {
			err = storeError("deleting volatile state", t.store.Delete(store.Volatile))
		}
		if err != nil {
			clear(state)
			return nil, err
		}
		return state, nil
	}
	state, err := t.store.Load(k)
	return state, storeError("loading state", err)
}

// SetStateBlob hands over one kind of state, in place of the stored one, to the next Init that succeeds; empty data record
// that there is none. The permanent state comes first. A state that the TPM cannot load is refused, and what was handed over
// before is dropped. The data stay the caller's, who wipes them.
func (t *TPM) SetStateBlob(kind uint32, encrypted bool, data []byte) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.engine != nil {
		return withResult(errRunning, resultInvalidPostinit)
	}
	if err := t.takeLock(t.lock.retries); err != nil {
		return &resultError{err: err, code: resultIOError, fatal: true}
	}
	state, err := t.opts.Keys.Import(data, encrypted)
	switch {
	case errors.Is(err, envelope.ErrEmpty):
		state = nil
	case err != nil:
		return storeError("opening state", err)
	}
	if err := t.acceptState(kind, state); err != nil {
		clear(state)
		t.incoming.clear()
		return err
	}
	t.incoming.set(store.Kind(kind), state)
	return nil
}

// acceptState checks whether the TPM could be started with a state; nil is the absence of it.
func (t *TPM) acceptState(kind uint32, state []byte) error {
	switch {
	case kind == uint32(store.SaveState) && state == nil:
		return nil
	case kind == uint32(store.SaveState):
		return withResult(errors.New("TPM 2.0 has no saved state beside the permanent"), resultBadType)
	case kind != uint32(store.Permanent) && kind != uint32(store.Volatile):
		return withResult(store.ErrKind, resultFail)
	case state == nil:
		return nil
	case kind == uint32(store.Permanent):
		trial, err := tpm2.Load(t.trialEnvironment(), state)
		if err == nil {
			trial.Wipe()
		}
		return stateError("checking permanent state", err)
	}
	return t.acceptVolatile(state)
}

// acceptVolatile checks volatile state on the permanent state that it goes with.
func (t *TPM) acceptVolatile(state []byte) error {
	permanent, err := t.stateFor(store.Permanent)
	if err != nil {
		return storeError("loading the permanent state that the volatile goes with", err)
	}
	defer clear(permanent)
	trial, err := tpm2.Load(t.trialEnvironment(), permanent)
	if err != nil {
		return stateError("checking permanent state", err)
	}
	defer trial.Wipe()
	if err = trial.Init(); err == nil {
		err = trial.RestoreVolatile(state)
	}
	return stateError("checking volatile state", err)
}

// nowhere is the storage of a TPM on trial.
type nowhere struct{}

// SavePermanent implements tpm2.Storage.
func (nowhere) SavePermanent([]byte) error { return nil }

// LoadPermanent implements tpm2.Storage.
func (nowhere) LoadPermanent() ([]byte, error) { return nil, nil }

func (t *TPM) trialEnvironment() tpm2.Environment {
	env := t.environment()
	env.Storage = nowhere{}
	return env
}
