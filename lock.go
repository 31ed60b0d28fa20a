package govtpm

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"govtpm/store"
	"govtpm/tpm2/nvstate"
)

// lockRetries is how often the lock is tried, 10 ms apart, once the storage changed hands: the other side may need a moment.
const lockRetries = 300

// storageLock is what the TPM knows of the lock of its storage.
type storageLock struct {
	held     bool
	deferred bool // not to be taken by Init: another host owns the state still
	retries  int  // for taking it without being told how often to try
	// left is the permanent state that the running TPM goes on from, as it was when the storage was left to others; nil: it
	// was not.
	left *leftState
}

// leftState is the content of a permanent state, or why it is not known.
type leftState struct {
	content [sha256.Size]byte
	err     error
}

func (l *storageLock) init(incoming bool) {
	if incoming {
		l.deferred, l.retries = true, lockRetries
	}
}

// takeLock makes this TPM the owner of its storage.
func (t *TPM) takeLock(retries int) error {
	if t.closed {
		return errClosed
	}
	if t.lock.held {
		return nil
	}
	switch err := t.waitForLock(retries); {
	case errors.Is(err, store.ErrNotExist): // the directory is missing; TPM_RETRY would say that there is no state
		return withResult(fmt.Errorf("locking the storage: %w", err), resultFail)
	case err != nil:
		return storeError("locking the storage", err)
	}
	if err := t.checkLeft(); err != nil {
		return storeError("locking the storage", errors.Join(err, t.store.Unlock()))
	}
	t.lock.held, t.lock.deferred, t.lock.left = true, false, nil
	t.watchCountdowns()
	return nil
}

// rememberLeft notes what the storage holds while a running TPM leaves it to others.
func (t *TPM) rememberLeft() {
	var left leftState
	left.content, left.err = t.storedContent()
	t.lock.left = &left
}

// checkLeft refuses to go on with a running TPM if another one changed the state meanwhile: what its client was promised
// would be overwritten. A TPM that took over and changed nothing, because the migration failed, is no reason; nor is a
// state that was taken away. What could not be read when it was given up counts as changed.
func (t *TPM) checkLeft() error {
	if t.engine == nil || t.lock.left == nil {
		return nil
	}
	content, err := t.storedContent()
	switch left := t.lock.left; {
	case errors.Is(err, store.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("%w (%w)", store.ErrChanged, err)
	case left.err != nil:
		return fmt.Errorf("%w (as must be assumed: it could not be read then: %w)", store.ErrChanged, left.err)
	case content != left.content:
		return store.ErrChanged
	}
	return nil
}

func (t *TPM) storedContent() ([sha256.Size]byte, error) {
	state, err := t.store.Load(store.Permanent)
	if err != nil {
		return [sha256.Size]byte{}, err
	}
	defer clear(state)
	return nvstate.Content(state)
}

// lockPause is the time between two tries.
const lockPause = 10 * time.Millisecond

// waitForLock tries to lock the storage retries times more, unless the TPM is interrupted.
func (t *TPM) waitForLock(retries int) error {
	for ; ; retries-- {
		err := t.store.Lock(0)
		if !errors.Is(err, store.ErrLocked) || retries <= 0 || t.interrupted.Load() {
			return err
		}
		time.Sleep(lockPause)
	}
}

// Interrupt makes the TPM give up what it waits for, now and later, because its process is to end: a command that runs is
// cancelled, and for the lock of the storage it is tried once.
func (t *TPM) Interrupt() {
	t.interrupted.Store(true)
	_ = t.Cancel()
}

// LockStorage takes the lock of the storage, trying retries times more at intervals of 10 ms. As many tries are made when
// the lock is to be taken next.
func (t *TPM) LockStorage(retries uint32) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lock.retries = int(min(retries, 1<<16))
	return t.takeLock(t.lock.retries)
}

// UnlockStorage gives the storage up for somebody else. Until Init, Execute, SetStateBlob or LockStorage takes it again
// nothing is written. A running TPM does not take it again once another one has changed the state (store.ErrChanged).
func (t *TPM) UnlockStorage() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lock.retries = lockRetries
	if t.closed || !t.lock.held {
		return nil
	}
	t.lock.held = false
	t.watchCountdowns()
	if t.engine != nil {
		t.rememberLeft()
	}
	return storeError("unlocking the storage", t.store.Unlock())
}

// permanentStorage is the engine's way to the store. The engine calls it while t.mu is held.
type permanentStorage struct{ t *TPM }

// SavePermanent implements tpm2.Storage.
func (s permanentStorage) SavePermanent(state []byte) error {
	t := s.t
	if t.lock.deferred { // a new TPM that nobody handed a state to
		if err := t.takeLock(t.lock.retries); err != nil {
			return err
		}
	}
	if !t.lock.held {
		return fmt.Errorf("saving state: %w", store.ErrNotLocked)
	}
	return t.store.Save(store.Permanent, state)
}

// LoadPermanent implements tpm2.Storage.
func (s permanentStorage) LoadPermanent() ([]byte, error) {
	state, err := s.t.store.Load(store.Permanent)
	if errors.Is(err, store.ErrNotExist) {
		return nil, nil
	}
	return state, err
}
