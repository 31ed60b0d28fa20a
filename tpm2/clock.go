package tpm2

import "time"

// clockState is how Environment.Clock becomes Time (Part 1, 36.2).
type clockState struct {
	last       time.Duration // Clock.Monotonic at the last update
	remainder  int64         // part of a millisecond not yet counted, in ns times nominalRate
	now        uint64        // Time: ms since _TPM_Init, as of the start of the command
	adjust     int           // rate set by TPM2_ClockRateAdjust, in parts of nominalRate; 0 stands for nominalRate
	timerReset bool          // power was lost since the timers of lockout were last set right
	newEpoch   bool          // time was interrupted: the next update starts a new time epoch
}

// nominalRate is the divider of the clock at its nominal rate. TPM2_ClockRateAdjust changes it in the steps below, by 15 % at most
// (Part 1, 36.3.2; the steps are those of libtpms).
const (
	nominalRate      = 30000
	clockFineStep    = 1
	clockMediumStep  = 30
	clockCoarseStep  = 300
	clockAdjustLimit = 5000
)

// clockSaveInterval is the step of Clock at which its NV copy is renewed, ms (TPM_PT_CLOCK_UPDATE).
const clockSaveInterval = 1 << 12

// time is Time: milliseconds since _TPM_Init, as of the start of the command.
func (t *TPM) time() uint64 { return t.volatile.time.now }

// readTimer advances Time to the present and returns the milliseconds gone by.
func (cs *clockState) readTimer(now time.Duration) uint64 {
	elapsed := max(0, now-cs.last)
	cs.last = max(now, cs.last)
	rate := int64(cs.adjust)
	if rate == 0 {
		rate = nominalRate
	}
	// Time runs faster with a smaller divider. Whole milliseconds are taken out first, so that nothing overflows.
	ms := int64(elapsed / time.Millisecond)
	rest := int64(elapsed%time.Millisecond)*nominalRate + (ms%rate)*int64(time.Millisecond)*nominalRate + cs.remainder
	gone := ms/rate*nominalRate + rest/(rate*int64(time.Millisecond))
	cs.remainder = rest % (rate * int64(time.Millisecond))
	cs.now += uint64(gone)
	return uint64(gone)
}

// updateTime brings Time, Clock and the lockout counters to the present. Before Startup only Time runs.
func (t *TPM) updateTime() {
	cs := &t.volatile.time
	elapsed := cs.readTimer(t.env.Clock.Monotonic())
	if !t.volatile.started {
		return
	}
	if cs.newEpoch {
		cs.newEpoch = false
		t.persistent.timeEpoch++
		t.markPermanent()
	}
	t.setClock(t.orderly.clock + elapsed)
	t.selfHeal()
}

// setClock moves Clock. When it crosses a multiple of clockSaveInterval its NV copy is renewed, and from then on Clock is safe
// (Part 1, 36.3.1). That alone does not write the state out: it goes with the next change.
func (t *TPM) setClock(clock uint64) {
	old := t.orderly.clock
	t.orderly.clock = clock
	if clock/clockSaveInterval > old/clockSaveInterval {
		t.orderly.clockSafe = true
		t.saveOrderly()
	}
}

// saveOrderly copies the orderly data to what NV holds of it.
func (t *TPM) saveOrderly() {
	t.orderly.drbg = t.volatile.rand.State()
	t.saved.orderly = t.orderly
}

// InterruptTime tells the TPM that its time stood still or jumped, as after a suspension of the host: tickets and policy
// sessions that expire are no longer valid (Part 1, 36.4).
func (t *TPM) InterruptTime() { t.volatile.time.newEpoch = true }
