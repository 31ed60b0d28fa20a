package govtpm

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"govtpm/store"
	"govtpm/tpm2"
	"govtpm/tpm2/nvstate"
)

// Init powers the TPM on: it loads the permanent state, or makes a new TPM if there is none, and resumes volatile state if
// there is some, which is then deleted from the storage if deleteVolatile is set. A TPM that runs is stopped first, as by Stop. On an
// error the TPM is off, and no state that was there is lost.
func (t *TPM) Init(ctx context.Context, deleteVolatile bool) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.arrived = false
	t.powerOff(ctx)
	if t.closed {
		return withResult(errClosed, resultFail)
	}
	if !t.lock.deferred {
		if err := t.takeLock(t.lock.retries); err != nil {
			return err
		}
	}
	engine, err := t.powerOn(deleteVolatile)
	if err != nil {
		return err
	}
	t.arrived = t.opts.Incoming && t.incoming.volatile.given
	t.incoming.clear()
	t.opts.Profile, t.opts.Seeds = "", nil // a profile is for the first power-on
	t.engine, t.profile, t.failed, t.expired = engine, engine.Profile(), false, 0
	if !t.lock.held {
		t.rememberLeft()
	}
	t.running.Store(true)
	t.watchCountdowns()
	return nil
}

// Stop powers the TPM off, any number of times, as a reset of its machine does. A running TPM whose last command was not TPM2_Shutdown
// is given one first, unless that was disabled or the storage was given up.
func (t *TPM) Stop(ctx context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.arrived = false // a machine that is reset runs here
	t.powerOff(ctx)
	return nil
}

// Shutdown powers the TPM off because its process is to end. It does what Stop does, but gives no TPM2_Shutdown to a TPM that a
// migration brought and nobody has used: the migration has failed, and where the TPM came from it goes on.
func (t *TPM) Shutdown(ctx context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.powerOff(ctx)
	return nil
}

// powerOff ends a power cycle.
func (t *TPM) powerOff(ctx context.Context) {
	if t.engine == nil {
		return
	}
	t.autoShutdown(ctx)
	t.established = t.engine.Established()
	t.engine.Wipe()
	t.engine = nil
	t.watchCountdowns()
	t.running.Store(false)
}

// powerOn makes an engine of the state there is.
func (t *TPM) powerOn(deleteVolatile bool) (*tpm2.TPM, error) {
	volatile, err := t.stateFor(store.Volatile)
	if err != nil && !errors.Is(err, store.ErrNotExist) {
		return nil, withResult(fmt.Errorf("loading volatile state: %w", err), resultFailure)
	}
	defer clear(volatile)
	engine, err := t.permanentEngine(volatile != nil)
	if err != nil {
		return nil, err
	}
	if err = t.bringUp(engine, volatile); err == nil {
		err = t.settleStorage(deleteVolatile)
	}
	if err != nil {
		engine.Wipe()
		return nil, err
	}
	return engine, nil
}

// bringUp powers an engine on and lets it go on with volatile state if there is some.
func (t *TPM) bringUp(engine *tpm2.TPM, volatile []byte) error {
	if err := engine.Init(); err != nil {
		return withResult(fmt.Errorf("powering on: %w", err), resultFailure)
	}
	engine.SetBufferSize(int(t.bufferSize))
	if t.established {
		engine.SetEstablished()
	}
	if volatile == nil {
		return nil
	}
	if err := engine.RestoreVolatile(volatile); err != nil {
		err = fmt.Errorf("resuming volatile state: %w", advised(err, ", or move the volatile state away: the TPM then starts as after a loss of power"))
		return withResult(err, resultFailure)
	}
	return nil
}

// settleStorage writes permanent state that was handed over, and deletes volatile state that is used up.
func (t *TPM) settleStorage(deleteVolatile bool) error {
	if in := t.incoming.permanent; in.given && in.data != nil {
		if err := t.replacePermanent(in.data); err != nil {
			return withResult(fmt.Errorf("storing the state handed over: %w", err), resultFailure)
		}
	}
	if t.lock.held && (deleteVolatile || t.incoming.volatile.given) {
		if err := t.store.Delete(store.Volatile); err != nil {
			return storeError("deleting volatile state", err)
		}
	}
	return nil
}

// replacePermanent stores a state in place of whatever there is, readable or not: who hands a state over means it.
func (t *TPM) replacePermanent(state []byte) error {
	err := t.store.Save(store.Permanent, state)
	if !errors.Is(err, store.ErrUnreadable) {
		return err
	}
	if err := t.store.Delete(store.Permanent); err != nil {
		return err
	}
	return t.store.Save(store.Permanent, state)
}

// stateFor is a copy of the state that was handed over, or else of the stored one.
func (t *TPM) stateFor(k store.Kind) ([]byte, error) {
	if in := t.incoming.of(k); in.given {
		if in.data == nil {
			return nil, store.ErrNotExist
		}
		return bytes.Clone(in.data), nil
	}
	return t.store.Load(k)
}

// environment is the engine's.
func (t *TPM) environment() tpm2.Environment {
	return tpm2.Environment{
		Entropy: t.opts.Entropy, Clock: t.opts.Clock, Storage: permanentStorage{t}, PhysicalPresence: t.opts.PhysicalPresence,
		Countdown: t.countdownExpired, Components: t.opts.Components, ChannelKeys: t.opts.ChannelKeys,
	}
}

// permanentEngine makes an engine of the permanent state, or a new TPM if there is none at all. If the stored state cannot
// be loaded, the one before it is tried.
func (t *TPM) permanentEngine(hasVolatile bool) (*tpm2.TPM, error) {
	engine, err := t.loadEngine()
	switch {
	case err == nil && t.opts.Profile != "":
		engine.Wipe()
		return nil, withResult(errors.New("a profile cannot be applied to a TPM that exists; leave it out, or choose another place for the state of a new TPM"), resultFail)
	case err == nil:
		return engine, nil
	case errors.Is(err, store.ErrNotExist) && hasVolatile:
		return nil, withResult(errors.New("there is volatile state but no permanent state"), resultFailure)
	case errors.Is(err, store.ErrNotExist):
		return t.newEngine()
	}
	if r, ok := t.store.(store.Rewinder); ok && !t.incoming.permanent.given {
		if engine, backupErr := t.loadBackup(r); backupErr == nil {
			t.opts.Log("%v; going on with the backup", err)
			return engine, nil
		}
	}
	return nil, withResult(err, resultFailure)
}

// loadEngine makes an engine of the permanent state; the error is ErrNotExist if and only if there is none.
func (t *TPM) loadEngine() (*tpm2.TPM, error) {
	state, err := t.stateFor(store.Permanent)
	if err != nil {
		return nil, fmt.Errorf("loading permanent state: %w", err)
	}
	defer clear(state)
	engine, err := tpm2.Load(t.environment(), state)
	if err != nil {
		return nil, fmt.Errorf("decoding permanent state: %w", advised(err, ""))
	}
	return engine, nil
}

// advised adds to an error in a state what to do.
func advised(err error, more string) error {
	if fault := (*nvstate.Error)(nil); errors.As(err, &fault) {
		return fmt.Errorf("%w; %s%s", err, fault.Advice(), more)
	}
	return err
}

// loadBackup exchanges the permanent state with the one before it, and takes that back if it is no better.
func (t *TPM) loadBackup(r store.Rewinder) (*tpm2.TPM, error) {
	if err := r.SwapBackup(); err != nil {
		return nil, err
	}
	engine, err := t.loadEngine()
	if err != nil {
		err = errors.Join(err, r.SwapBackup())
	}
	return engine, err
}

// newEngine makes a new TPM. Its state is saved when it is powered on.
func (t *TPM) newEngine() (*tpm2.TPM, error) {
	profile, err := parseProfile(t.opts.Profile)
	if err != nil {
		return nil, withResult(err, resultFail)
	}
	for _, name := range tpm2.IgnoredMembers(t.opts.Profile) {
		t.opts.Log("the profile's member %q is ignored: it is none that profiles have", name)
	}
	engine, err := tpm2.Manufacture(t.environment(), tpm2.Options{Profile: profile, Seeds: t.opts.Seeds})
	return engine, withResult(err, resultFailure)
}
