package govtpm_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"govtpm"
	"govtpm/control"
	"govtpm/store"
	"govtpm/store/storetest"
)

// fullDisk is a store that fails to save while full is set.
func fullDisk(s store.Store) (st store.Store, full *atomic.Bool) {
	full = new(atomic.Bool)
	return storetest.NewFaulty(s, func(int) bool { return full.Load() }), full
}

func TestSaveFails(t *testing.T) {
	st, full := fullDisk(store.NewMemory())
	b := open(t, st, govtpm.Options{DisableAutoShutdown: true}).on()
	full.Store(true)
	b.want(startupClear, rcFailure) // Startup changes permanent state
	b.want(getRandom, rcFailure)
	b.want(startupClear, rcFailure)
	if rsp := b.run(getTestResult); !bytes.Equal(rsp[6:10], unhex("00000000")) {
		t.Errorf("GetTestResult: %x", rsp)
	}
	log := b.log.all()
	if len(log) != 1 || !strings.Contains(log[0], "injected failure") {
		t.Errorf("log: %q", log)
	}
	if !b.Running() {
		t.Error("a TPM in failure mode runs")
	}
}

// After a save failed the TPM comes up again with the last good state.
func TestRecoveryFromFailure(t *testing.T) {
	mem := store.NewMemory()
	st, full := fullDisk(mem)
	b := open(t, st, govtpm.Options{}).started()
	b.want(changeOwnerAuth("", "kept"), successAuth)
	good, err := mem.Load(store.Permanent)
	if err != nil {
		t.Fatal(err)
	}
	full.Store(true)
	b.want(changeOwnerAuth("kept", "lost"), rcFailure)
	b.want(getRandom, rcFailure)
	if now, err := mem.Load(store.Permanent); err != nil || !bytes.Equal(now, good) {
		t.Errorf("the stored state changed (%v)", err)
	}
	// On a disk that is still full the TPM comes up, and fails with the first change.
	b.on()
	b.want(startupClear, rcFailure)
	full.Store(false)
	b.started()
	b.want(changeOwnerAuth("lost", "x"), rcBadAuth)
	b.want(changeOwnerAuth("kept", "x"), successAuth)
}

func TestFirstSaveFails(t *testing.T) {
	st, full := fullDisk(store.NewMemory())
	full.Store(true)
	b := open(t, st, govtpm.Options{})
	wantResult(t, b.Init(context.Background(), false), control.Failure2)
	if b.Running() {
		t.Error("runs")
	}
	b.want(startupClear, rcFailure)
	full.Store(false)
	b.started()
}

// unreadable is a store whose permanent state exists and cannot be read.
type unreadable struct {
	store.Store
	err error
}

func (u *unreadable) Load(k store.Kind) ([]byte, error) {
	if k == store.Permanent && u.err != nil {
		return nil, u.err
	}
	return u.Store.Load(k)
}

func TestUnreadableState(t *testing.T) {
	mem := store.NewMemory()
	if err := errors.Join(mem.Lock(0), mem.Save(store.Permanent, []byte("precious")), mem.Unlock()); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		err  error
	}{{"input error", errors.New("input/output error")}, {"damaged", store.ErrDamaged}, {"not a state", nil}} {
		t.Run(tt.name, func(t *testing.T) {
			b := open(t, &unreadable{mem.Open(), tt.err}, govtpm.Options{})
			wantResult(t, b.Init(context.Background(), true), control.Failure2)
			if b.Running() {
				t.Error("runs")
			}
			b.want(startupClear, rcFailure)
			if err := b.Close(); err != nil {
				t.Fatal(err)
			}
			if state, err := mem.Open().Load(store.Permanent); err != nil || string(state) != "precious" {
				t.Errorf("the state is now %q (%v)", state, err)
			}
		})
	}
}

func TestVolatileStateAlone(t *testing.T) {
	mem := store.NewMemory()
	if err := errors.Join(mem.Lock(0), mem.Save(store.Volatile, []byte("left over")), mem.Unlock()); err != nil {
		t.Fatal(err)
	}
	b := open(t, mem, govtpm.Options{})
	wantResult(t, b.Init(context.Background(), false), control.Failure2)
	if _, err := mem.Load(store.Permanent); !errors.Is(err, store.ErrNotExist) {
		t.Errorf("a new TPM was made: %v", err)
	}
}

func TestLockConflict(t *testing.T) {
	mem := store.NewMemory()
	other := mem.Open()
	if err := other.Lock(0); err != nil {
		t.Fatal(err)
	}
	b := open(t, mem, govtpm.Options{})
	wantResult(t, b.Init(context.Background(), false), control.Fail)
	if b.Running() {
		t.Error("runs")
	}
	wantResult(t, b.LockStorage(0), control.Fail) // it does not believe to hold the lock
	err := b.SetStateBlob(1, false, nil)
	wantResult(t, err, control.IOError)
	var f interface{ Fatal() bool }
	if !errors.As(err, &f) || !f.Fatal() {
		t.Errorf("SetStateBlob without the lock is not fatal: %v", err)
	}
	if list, _ := mem.List(); len(list) != 0 {
		t.Errorf("written without the lock: %v", list)
	}
	if err := other.Unlock(); err != nil {
		t.Fatal(err)
	}
	b.started()
}

func TestHandover(t *testing.T) {
	mem := store.NewMemory()
	b := open(t, mem, govtpm.Options{}).started()
	if err := b.UnlockStorage(); err != nil {
		t.Fatal(err)
	}
	before, err := mem.Load(store.Permanent)
	if err != nil {
		t.Fatal(err)
	}
	other := mem.Open()
	if err := other.Lock(0); err != nil {
		t.Fatal(err)
	}
	// The state belongs to somebody else: no TPM2_Shutdown.
	if err := b.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	if after, _ := mem.Load(store.Permanent); !bytes.Equal(before, after) {
		t.Error("state was written after the lock was given up")
	}
	if log := b.log.all(); len(log) != 0 {
		t.Errorf("log: %q", log)
	}
}

func TestLockIsTakenAgain(t *testing.T) {
	mem := store.NewMemory()
	other := mem.Open()
	b := open(t, mem, govtpm.Options{}).started()
	take := []struct {
		name string
		do   func() error
	}{
		{"Execute", func() error { _, err := b.Execute(context.Background(), 0, unhex(getRandom)); return err }},
		{"LockStorage", func() error { return b.LockStorage(2) }},
		{"HashStart", b.HashStart},
	}
	for _, tt := range take {
		if err := b.UnlockStorage(); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(other.Lock(0), other.Unlock()); err != nil {
			t.Fatalf("before %s the lock is not free: %v", tt.name, err)
		}
		if err := tt.do(); err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		if err := other.Lock(0); !errors.Is(err, store.ErrLocked) {
			t.Fatalf("%s did not lock: %v", tt.name, err)
		}
	}
	if err := errors.Join(b.UnlockStorage(), other.Lock(0), b.setRetries(0)); !errors.Is(err, store.ErrLocked) {
		t.Fatal(err)
	}
	if rsp, err := b.Execute(context.Background(), 0, unhex(getRandom)); err == nil {
		t.Errorf("a response without the lock: %x", rsp)
	}
}

// setRetries makes the next attempts to lock short; it fails while somebody else has the lock.
func (b *bench) setRetries(n uint32) error { return b.LockStorage(n) }
