package tpm2

import (
	"time"

	"govtpm/tpm2/wire"
)

// clockState is how Environment.Clock becomes Time (Part 1, 33.2).
type clockState struct {
	last       time.Duration // Clock.Monotonic at the last update
	remainder  int64         // part of a millisecond not yet counted, in ns times nominalRate
	now        uint64        // Time: ms since _TPM_Init, as of the start of the command
	adjust     int           // rate set by TPM2_ClockRateAdjust, in parts of nominalRate; 0 stands for nominalRate
	timerReset bool          // power was lost since the timers of lockout were last set right
	newEpoch   bool          // time was interrupted: the next update starts a new time epoch
}

// nominalRate is the divider of the clock at its nominal rate. TPM2_ClockRateAdjust changes it in the steps below, by 15 % at most
// (Part 1, 33.3.6; the steps are those of libtpms).
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
	t.expireCountdowns()
}

// setClock moves Clock. When it crosses a multiple of clockSaveInterval its NV copy is renewed, and from then on Clock is safe
// (Part 1, 33.3.2). That alone does not write the state out: it goes with the next change.
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
// sessions that expire are no longer valid.
func (t *TPM) InterruptTime() { t.volatile.time.newEpoch = true }

// timeInfo is what TPM2_ReadClock and attestations tell of time (Part 2, 10.10.6).
func (t *TPM) timeInfo() wire.TPMSTimeInfo {
	return wire.TPMSTimeInfo{Time: t.time(), ClockInfo: t.clockInfo()}
}

// clockInfo is the part of timeInfo that attestations carry (Part 2, 10.10.5).
func (t *TPM) clockInfo() wire.TPMSClockInfo {
	return wire.TPMSClockInfo{
		Clock: t.orderly.clock, ResetCount: t.persistent.resetCount, RestartCount: t.stateReset.restartCount, Safe: t.orderly.clockSafe,
	}
}

// readClock is TPM2_ReadClock (Part 3, 29.1).
func (t *TPM) readClock(c *call) error {
	info := t.timeInfo()
	info.Marshal(&c.out)
	return nil
}

// maxClock is the highest value TPM2_ClockSet takes (Part 3, 29.2).
const maxClock = 0xFFFF000000000000

// clockSet is TPM2_ClockSet (Part 3, 29.2). RCValue parameter 1: before Clock, or too high.
func (t *TPM) clockSet(_ *call, p *clockSetParameters) error {
	if p.newTime > maxClock || p.newTime < t.orderly.clock {
		return wire.RCValue.Parameter(1)
	}
	t.setClock(p.newTime)
	t.saveOrderly()
	t.markPermanent()
	return nil
}

// clockRateAdjust is TPM2_ClockRateAdjust (Part 3, 29.3).
func (t *TPM) clockRateAdjust(_ *call, p *clockRateAdjustParameters) error {
	cs := &t.volatile.time
	if cs.adjust == 0 {
		cs.adjust = nominalRate
	}
	step := map[wire.ClockAdjust]int{
		wire.ClockCoarseSlower: clockCoarseStep, wire.ClockMediumSlower: clockMediumStep, wire.ClockFineSlower: clockFineStep,
		wire.ClockCoarseFaster: -clockCoarseStep, wire.ClockMediumFaster: -clockMediumStep, wire.ClockFineFaster: -clockFineStep,
	}[p.rateAdjust]
	cs.adjust = min(max(cs.adjust+step, nominalRate-clockAdjustLimit), nominalRate+clockAdjustLimit)
	return nil
}
