package govtpm_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"govtpm"
	"govtpm/store"
)

// handClock is a clock that a test moves.
type handClock struct {
	mu  sync.Mutex
	now time.Duration
}

func (c *handClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now += d
}

func (c *handClock) Monotonic() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *handClock) Wall() time.Time { return time.Unix(1_700_000_000, 0).Add(c.Monotonic()) }

// countdownProfile is a profile with TPM2_ACT_SetTimeout.
const countdownProfile = `{"Name":"custom:timers","Commands":"0x11f-0x122,0x124-0x12e,0x130-0x140,0x142-0x159,0x15b-0x15e,0x160-0x165,` +
	`0x167-0x174,0x176-0x178,0x17a-0x193,0x197-0x19c"}`

// setTimer is TPM2_ACT_SetTimeout of timer 2 with a second.
const setTimer = "8002 0000001f 00000198 40000112 00000009 40000009 0000 00 0000 00000001"

// A timer expires though no command comes, is told of once, and ends with the power.
func TestCountdown(t *testing.T) {
	clock, expired := new(handClock), make(chan int, 10)
	b := open(t, store.NewMemory(), govtpm.Options{
		Profile: countdownProfile, Clock: clock, Countdown: func(timer int) { expired <- timer },
	}).started()
	b.want(setTimer, successAuth)
	clock.advance(time.Second)
	select {
	case timer := <-expired:
		if timer != 2 {
			t.Errorf("timer %d", timer)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the timer does not expire")
	}
	if log := b.log.all(); len(log) != 1 || log[0] != "countdown timer 2 has expired" {
		t.Errorf("log: %q", log)
	}
	// A guest cannot fill the log.
	const endTimer = "8002 0000001f 00000198 40000112 00000009 40000009 0000 00 0000 00000000"
	for range 3 {
		b.want(setTimer, successAuth)
		b.want(endTimer, successAuth)
	}
	if log := b.log.all(); len(log) != 1 || len(expired) != 3 {
		t.Errorf("log: %q, told of %d", log, len(expired))
	}
	for range 3 {
		<-expired
	}
	b.want(setTimer, successAuth)
	if err := b.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	clock.advance(time.Hour)
	time.Sleep(10 * time.Millisecond)
	if len(expired) != 0 {
		t.Error("a timer of a TPM that is off expires")
	}
}

// The timers of a TPM that was migrated away are the target's; if it goes on where it was, those that have expired are told of.
func TestCountdownWhileGivenUp(t *testing.T) {
	clock, expired := new(handClock), make(chan int, 10)
	b := open(t, store.NewMemory(), govtpm.Options{
		Profile: countdownProfile, Clock: clock, Countdown: func(timer int) { expired <- timer },
	}).started()
	b.want(setTimer, successAuth)
	if err := b.UnlockStorage(); err != nil {
		t.Fatal(err)
	}
	clock.advance(time.Second)
	if !testing.Short() {
		time.Sleep(1100 * time.Millisecond) // the timer is a second of this clock too
	}
	if len(expired) != 0 {
		t.Error("a timer expires while the storage is given up")
	}
	if err := b.LockStorage(0); err != nil {
		t.Fatal(err)
	}
	select {
	case timer := <-expired:
		if timer != 2 {
			t.Errorf("timer %d", timer)
		}
	default:
		t.Error("nobody is told that the timer expired meanwhile")
	}
}
