package govtpm_test

import (
	"context"
	"testing"
	"time"

	"govtpm"
	"govtpm/control"
	"govtpm/store"
)

const (
	// createPrimaryRSA is TPM2_CreatePrimary of a storage key of 2048 bits in the NULL hierarchy.
	createPrimaryRSA = "8002 00000043 00000131 40000007 00000009 40000009 0000 01 0000" +
		"0004 0000 0000 001a 0001 000b 00030472 0000 0006 0080 0043 0010 0800 00000000 0000 0000 00000000"
	rcCanceled = "8001 0000000a 00000909"
)

func TestCancelByContext(t *testing.T) {
	b := open(t, store.NewMemory(), govtpm.Options{}).started()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	rsp, err := b.Execute(ctx, 0, unhex(createPrimaryRSA))
	if err != nil || string(rsp) != string(unhex(rcCanceled)) {
		t.Errorf("%x (%v), want %s", rsp, err, rcCanceled)
	}
	if rsp := b.run(createPrimaryRSA); rsp[6] != 0 || rsp[8] != 0 || rsp[9] != 0 {
		t.Errorf("after a cancelled command: %x", rsp)
	}
}

// Cancel does not wait for the command that it cancels, and counts for that command alone.
func TestCancel(t *testing.T) {
	b := open(t, store.NewMemory(), govtpm.Options{}).started()
	done := make(chan []byte)
	go func() {
		rsp, err := b.Execute(context.Background(), 0, unhex(createPrimaryRSA))
		if err != nil {
			t.Error(err)
		}
		done <- rsp
	}()
	for {
		select {
		case rsp := <-done:
			// Rarely the key is found first.
			if got := string(rsp); got != string(unhex(rcCanceled)) && rsp[9] != 0 {
				t.Errorf("%x", rsp)
			}
			if rsp := b.run(getRandom); len(rsp) != 20 {
				t.Errorf("after a cancelled command: %x", rsp)
			}
			return
		case <-time.After(time.Millisecond):
			if err := b.Cancel(); err != nil || !b.Running() {
				t.Errorf("Cancel: %v", err)
			}
		}
	}
}

// Nobody waits for a lock in a process that is to end, however often it is to be tried.
func TestInterrupt(t *testing.T) {
	mem := store.NewMemory()
	other := mem.Open()
	if err := other.Lock(0); err != nil {
		t.Fatal(err)
	}
	b := open(t, mem, govtpm.Options{})
	done := make(chan error)
	go func() { done <- b.LockStorage(1 << 31) }()
	select {
	case err := <-done:
		t.Fatalf("did not wait: %v", err)
	case <-time.After(30 * time.Millisecond):
	}
	b.Interrupt()
	select {
	case err := <-done:
		wantResult(t, err, control.Fail)
	case <-time.After(10 * time.Second):
		t.Fatal("waits on")
	}
	wantResult(t, b.Init(context.Background(), false), control.Fail)
}
