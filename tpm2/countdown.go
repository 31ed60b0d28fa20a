package tpm2

import (
	"math"
	"time"

	"govtpm/tpm2/wire"
)

// Authenticated countdown timers (Part 1, 40; Part 3, 33). They count Time; nothing here waits: who has the TPM calls CountDown when a timer may
// have come to its end, or the next command notices.

// countdowns is the number of timers: every one that there is a handle for.
const countdowns = int(wire.RHACTF-wire.RHACT0) + 1

// A countdown is one timer.
type countdown struct {
	policy    policy
	deadline  uint64 // Time at which it expires, ms; 0 when it does not count
	saved     uint32 // seconds left, in what Shutdown(STATE) saved
	signaled  bool
	preserved bool // signaled, before the TPM Resume
	set       bool // TPM2_ACT_SetTimeout ran since Startup
}

// idleCountdowns are the timers as TPM Reset and TPM Restart leave them; a TPM without TPM2_ACT_SetTimeout has none.
func (t *TPM) idleCountdowns() []countdown {
	if t.limits.ACT == 0 {
		return nil
	}
	all := make([]countdown, countdowns)
	for i := range all {
		all[i].policy.alg = wire.AlgNull
	}
	return all
}

// countdown is the timer of a handle, nil for other handles.
func (t *TPM) countdown(h wire.Handle) *countdown {
	if i := h - wire.RHACT0; uint64(i) >= uint64(len(t.stateClear.countdowns)) {
		return nil
	}
	return &t.stateClear.countdowns[h-wire.RHACT0]
}

// timeout is the time left in seconds; what began counts.
func (x *countdown) timeout(now uint64) uint32 {
	if x.deadline <= now {
		return 0
	}
	return uint32(min((x.deadline-now-1)/1000+1, math.MaxUint32))
}

// start makes the timer count, 0 makes it stop.
func (x *countdown) start(now uint64, seconds uint32) {
	x.deadline = 0
	if seconds != 0 {
		x.deadline = now + uint64(seconds)*1000
	}
}

// attributes is TPMA_ACT (Part 2, 8.12).
func (x *countdown) attributes() (a wire.TPMAACT) {
	if x.signaled {
		a |= wire.ACTSignaled
	}
	if x.preserved {
		a |= wire.ACTPreserveSignaled
	}
	return a
}

// actSetTimeout is TPM2_ACT_SetTimeout (Part 3, 33.2).
func (t *TPM) actSetTimeout(c *call, p *actSetTimeoutParameters) error {
	const clearSignal = 0xFFFFFFFF
	x, now := t.countdown(c.handles[0]), t.time()
	left := x.timeout(now)
	t.clearOrderly()
	x.set, x.preserved = true, false
	switch {
	case left == 0 && x.signaled && p.startTimeout == clearSignal:
		x.signaled = false
		x.start(now, 0)
	case p.startTimeout != 0:
		x.signaled = false
		x.start(now, p.startTimeout)
	case left != 0:
		t.expire(int(c.handles[0] - wire.RHACT0))
	}
	return nil
}

// expire ends a timer's countdown and signals it. That outlives a TPM Resume (Part 2, 8.12), also if Shutdown(STATE) came before: it is how
// the platform learns that a timer had it reset. The time that Shutdown(STATE) saved stays (Part 1, 40.2).
func (t *TPM) expire(timer int) {
	x := &t.stateClear.countdowns[timer]
	x.deadline, x.signaled = 0, true
	if t.orderlyFound() == orderlyState {
		t.saved.stateClear.countdowns[timer].signaled = true
		t.markPermanent()
	}
	if t.env.Countdown != nil {
		t.env.Countdown(timer)
	}
}

// savedSignals are the timers that a TPM Resume finds signaled.
func (t *TPM) savedSignals() (set uint16) {
	for i, x := range t.saved.stateClear.countdowns {
		if x.signaled {
			set |= 1 << i
		}
	}
	return set
}

// expireCountdowns signals the timers whose time is over.
func (t *TPM) expireCountdowns() {
	for i := range t.stateClear.countdowns {
		if d := t.stateClear.countdowns[i].deadline; d != 0 && d <= t.time() {
			t.expire(i)
		}
	}
}

// CountDown brings the TPM to the present without a command, so that countdown timers expire in time; they do so in failure mode too
// (Part 1, 40.4). It returns when to call it again, 0 for no need to: the TPM then has no timer that counts.
//
// A signal that outlives the power cycle is saved at once. All else that time brings waits for the next command, as without timers: the loss of
// a forgiven try errs to the safe side, and nothing was promised yet in a new time epoch.
func (t *TPM) CountDown() time.Duration {
	if !t.volatile.on || !t.volatile.started || len(t.stateClear.countdowns) == 0 {
		return 0
	}
	signals := t.savedSignals()
	t.updateTime()
	if t.savedSignals() != signals {
		t.settle()
	}
	var next uint64
	for i := range t.stateClear.countdowns {
		if d := t.stateClear.countdowns[i].deadline; d != 0 && (next == 0 || d < next) {
			next = d
		}
	}
	if next == 0 {
		return 0
	}
	const longest = uint64(math.MaxUint32) * 1000 // a state that was tampered with may have a later deadline
	return time.Duration(min(next-t.time(), longest)) * time.Millisecond
}

// countdownStartup is what a start-up does to the timers: they end, without a signal, or go on where Shutdown(STATE) left them
// (Part 1, 40.2; Part 2, 8.12).
func (t *TPM) countdownStartup(kind startupKind) {
	if kind != startupResume {
		t.stateClear.countdowns = t.idleCountdowns()
		return
	}
	for i := range t.stateClear.countdowns {
		x := &t.stateClear.countdowns[i]
		x.preserved, x.set = x.signaled, false
		x.start(t.time(), x.saved)
	}
}

// countdownShutdown is what Shutdown(STATE) keeps of the time left: all of it if it was set since Startup, else one half, so that a
// shutdown without power loss does not prolong it (Part 1, 40.2).
func (t *TPM) countdownShutdown() {
	for i := range t.stateClear.countdowns {
		x := &t.stateClear.countdowns[i]
		if x.saved = x.timeout(t.time()); !x.set {
			x.saved /= 2
		}
	}
}

// countdownData lists the timers for TPM_CAP_ACT (Part 3, 30.2), ascending.
func (t *TPM) countdownData() (list wire.TPMLACTData) {
	for _, h := range t.countdownHandles() {
		x := t.countdown(h)
		list = append(list, wire.TPMSACTData{Handle: h, Timeout: x.timeout(t.time()), Attributes: x.attributes()})
	}
	return list
}

// countdownHandles are the handles of the timers, none without TPM2_ACT_SetTimeout.
func (t *TPM) countdownHandles() (list []wire.Handle) {
	for i := range countdowns {
		if t.limits.ACT>>i&1 != 0 {
			list = append(list, wire.RHACT0+wire.Handle(i))
		}
	}
	return list
}
