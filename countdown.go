package govtpm

import "time"

// countdownStep is how often the TPM is brought to the present while a countdown timer runs: they count seconds (Part 1, 40.2), of a clock
// that its owner may have running fast.
const countdownStep = time.Second

// watchCountdowns lets countdown timers expire in time, though nobody sends a command. While the storage is given up, they
// are another TPM's to tell of; when it is taken again, those that expired meanwhile are told of.
func (t *TPM) watchCountdowns() {
	if t.countdown != nil {
		t.countdown.Stop()
		t.countdown = nil
	}
	if t.engine == nil || !t.lock.held {
		return
	}
	next := t.engine.CountDown()
	t.logFailure() // it may have to save that a timer expired
	if next != 0 {
		t.countdown = time.AfterFunc(min(next, countdownStep), func() {
			t.mu.Lock()
			defer t.mu.Unlock()
			t.watchCountdowns()
		})
	}
}

// countdownExpired tells of a countdown timer that expired. The log has the first time since power-on only: a guest can have a timer
// expire with every other command.
func (t *TPM) countdownExpired(timer int) {
	if t.expired>>timer&1 == 0 {
		t.expired |= 1 << timer
		t.opts.Log("countdown timer %d has expired", timer)
	}
	if t.opts.Countdown != nil {
		t.opts.Countdown(timer)
	}
}
