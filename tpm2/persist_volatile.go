package tpm2

import (
	"errors"
	"fmt"
	"time"

	"govtpm/tpm2/nvstate"
	"govtpm/tpm2/wire"
)

// The volatile state: a TPM that runs, frozen between two commands, without what its permanent state holds.

// VolatileState is what the TPM holds besides its permanent state. A TPM that loads both, taken at the same moment, goes on as if
// power had not been off. libtpms does too, without CMACs and signature sequences in progress, which it does not see.
func (t *TPM) VolatileState() ([]byte, error) {
	if !t.volatile.on {
		return nil, errNotRunning
	}
	v, err := t.volatileState()
	if err == nil {
		var blob []byte
		if blob, err = v.Encode(t.level()); err == nil {
			return blob, nil
		}
	}
	return nil, fmt.Errorf("tpm2: saving the volatile state: %w", err)
}

func (t *TPM) volatileState() (*nvstate.Volatile, error) {
	v := &t.volatile
	t.orderly.drbg = v.rand.State()
	s := &nvstate.Volatile{
		ExclusiveAuditSession: v.exclusiveAudit,
		PHEnable:              v.phEnable, PCRReConfig: v.pcrReconfigured,
		DRTMHandle: v.drtmSequence, DRTMPreStartup: v.preStartupHash, StartupLocality3: v.startupLocality3,
		DAUsed: v.daUsed, PowerWasLost: !v.started, PrevOrderlyState: nvstate.OrderlyState(v.previousOrderly), NVOk: true,
		Orderly: t.orderly.state(), StateClear: t.stateClearState(&t.stateClear, true), StateReset: t.stateReset.state(),
		Manufactured: true, Initialized: v.started,
		MaxCounter:     t.nv.maxCount,
		PCRs:           v.pcrs.state(),
		TPMEstablished: v.established,
		EPSeed:         t.persistent.epSeed.value, SPSeed: t.persistent.spSeed.value, PPSeed: t.persistent.ppSeed.value,
	}
	t.saveTime(s)
	t.saveSessions(s)
	if v.started {
		s.OrderlyRAM = t.nv.liveRAM() // before, NV has it all
	}
	if v.failure != nil {
		s.InFailureMode, s.FailCode = true, v.failure.code
		s.FailFunction, s.FailLine = v.failure.function, v.failure.line
	}
	for i, o := range v.objects {
		if o == nil || o.evict != 0 {
			continue
		}
		x, err := objectState(o)
		if err != nil {
			return nil, err
		}
		s.Objects[i] = *x
	}
	return s, nil
}

// saveTime tells where the clocks stand.
func (t *TPM) saveTime(s *nvstate.Volatile) {
	cs := &t.volatile.time
	s.Time = cs.now
	s.Timer = nvstate.Timer{
		RealTimePrevious: cs.now, TPMTime: cs.now, Monotonic: cs.now, LastSystemTime: cs.now, LastReported: cs.now,
		Reset: cs.timerReset, Stopped: cs.newEpoch,
		AdjustRate: nvstate.AdjustNominal,
		WallClock:  uint64(max(0, t.env.Clock.Wall().UnixMilli())),
	}
	if cs.adjust != 0 {
		s.Timer.AdjustRate = uint32(cs.adjust)
	}
}

// saveSessions puts the loaded sessions into s.
func (t *TPM) saveSessions(s *nvstate.Volatile) {
	st := &t.volatile.sessions
	for i, x := range st.slots {
		if x != nil {
			s.Sessions[i] = sessionState(x, t.level())
		}
	}
	if !t.volatile.started {
		s.ExclusiveAuditSession = 0 // as libtpms has all three before Startup
		return
	}
	_, free := st.free()
	s.FreeSessionSlots = uint32(free)
	s.OldestSavedSession = nvstate.NoOldestSession
	if i := st.oldestSaved(t); i >= 0 {
		s.OldestSavedSession = uint32(i)
	}
}

// RestoreVolatile makes the TPM go on where the volatile state was taken, with Time and Clock further on by the time of day gone by
// since. It is called after Init, before any command. After an error the TPM is as Init left it. Nothing of state is kept: the caller may
// wipe it.
func (t *TPM) RestoreVolatile(state []byte) error {
	if !t.running() || t.volatile.started {
		return errors.New("tpm2: volatile state is restored between power-on and the first command")
	}
	if err := t.restoreVolatile(state); err != nil {
		return fmt.Errorf("tpm2: restoring the volatile state: %w", err)
	}
	return nil
}

func (t *TPM) restoreVolatile(state []byte) error {
	s, err := nvstate.DecodeVolatile(state)
	if err != nil {
		return err
	}
	permanent := nvstate.Permanent{Data: t.persistent.state()}
	permanent.Data.PCRActive = t.saved.pcrActive
	if err := s.CheckAgainst(&permanent); err != nil {
		return err
	}
	v := volatileData{
		on: true, started: s.Initialized,
		phEnable: s.PHEnable, pcrReconfigured: s.PCRReConfig,
		exclusiveAudit: s.ExclusiveAuditSession,
		drtmSequence:   s.DRTMHandle, preStartupHash: s.DRTMPreStartup, startupLocality3: s.StartupLocality3,
		daUsed: s.DAUsed, previousOrderly: uint16(s.PrevOrderlyState), established: s.TPMEstablished,
		permanentDirty: t.volatile.permanentDirty,
	}
	stateClear, err := t.stateClearOfState(&s.StateClear)
	if err != nil {
		return err
	}
	orderly, err := t.orderlyOfState(&s.Orderly)
	if err != nil {
		return err
	}
	stateReset := stateResetOfState(&s.StateReset)
	if err := t.restoreObjects(&v, s); err != nil {
		return err
	}
	if err := t.restoreSessions(&v, s, &stateReset); err != nil {
		return err
	}
	if s.InFailureMode {
		v.failure = &failure{
			cause: errors.New("the TPM was in failure mode when its state was taken"),
			code:  s.FailCode, function: s.FailFunction, line: s.FailLine,
		}
	}
	v.rand = t.generator(orderly.drbg)
	t.restoreTime(&v.time, s)
	v.pcrs = t.pcrsOfState(s.PCRs)
	// No error from here on.
	t.volatile, t.orderly, t.stateClear, t.stateReset = v, orderly, stateClear, stateReset
	t.persistent.pcrActive = t.saved.pcrActive
	t.nv.maxCount = max(t.nv.maxCount, s.MaxCounter)
	for _, x := range t.nv.indexes {
		if v.started && x.has(wire.NVOrderly) {
			x.public.Attributes, x.data = x.ofRAM(s.OrderlyRAM)
		}
	}
	return nil
}

// restoreTime starts the clocks as if they had run since the state was taken.
func (t *TPM) restoreTime(cs *clockState, s *nvstate.Volatile) {
	now, saved := t.env.Clock.Wall().UnixMilli(), s.Timer.WallClock
	cs.last = t.env.Clock.Monotonic()
	if now > 0 && uint64(now) > saved {
		// More than this is no time of day; Duration ends at 292 years.
		const limit = 100 * 365 * 24 * time.Hour
		cs.last -= min(time.Duration(min(uint64(now)-saved, uint64(limit/time.Millisecond)))*time.Millisecond, limit)
	}
	cs.now = s.Time
	cs.timerReset, cs.newEpoch = s.Timer.Reset, s.Timer.Stopped
	if rate := int64(s.Timer.AdjustRate); rate != nominalRate {
		cs.adjust = int(min(max(rate, nominalRate-clockAdjustLimit), nominalRate+clockAdjustLimit))
	}
}

// restoreObjects fills the object slots. Sequences whose state libtpms did not store are lost.
func (t *TPM) restoreObjects(v *volatileData, s *nvstate.Volatile) error {
	for i := range s.Objects {
		x := &s.Objects[i]
		occupied := x.Attributes&nvstate.ObjectOccupied != 0
		if !occupied && x.Extension == nil || occupied && x.Attributes&nvstate.ObjectEvict != 0 {
			continue
		}
		o, err := t.objectOfState(x)
		if errors.Is(err, errNotStorable) {
			continue
		}
		if err != nil {
			return fmt.Errorf("object 0x%08x: %w", uint32(firstTransient)+uint32(i), err)
		}
		v.objects[i] = o
	}
	if i := uint32(v.drtmSequence - firstTransient); i >= maxLoadedObjects || v.objects[i] == nil || !v.objects[i].isEventSequence() {
		v.drtmSequence = wire.RHUnassigned
	}
	return nil
}

// restoreSessions fills the session slots. What is not both in a slot and in the context array is dropped.
func (t *TPM) restoreSessions(v *volatileData, s *nvstate.Volatile, sr *stateResetData) error {
	var taken [maxLoadedSessions]bool
	for i, place := range sr.contextArray {
		if place == 0 || place > maxLoadedSessions {
			continue
		}
		x := s.Sessions[place-1]
		if x == nil || taken[place-1] {
			sr.contextArray[i] = 0
			continue
		}
		taken[place-1] = true
		session, err := t.sessionOfState(x)
		if err != nil {
			return fmt.Errorf("session in slot %d: %w", place-1, err)
		}
		v.sessions.slots[place-1] = session
	}
	if !v.exclusiveAuditLoaded(sr) {
		v.exclusiveAudit = wire.RHUnassigned
	}
	return nil
}

// exclusiveAuditLoaded reports whether the exclusive audit session exists.
func (v *volatileData) exclusiveAuditLoaded(sr *stateResetData) bool {
	i, ok := sessionIndex(v.exclusiveAudit)
	kind := v.exclusiveAudit.Type()
	return ok && (kind == wire.HTHMACSession || kind == wire.HTPolicySession) && sr.contextArray[i] != 0
}

// state is the PCRs as saved state holds them: every bank of the format, of zeros where there is none.
func (p pcrBanks) state() []nvstate.PCRBank {
	var banks []nvstate.PCRBank
	for _, alg := range storedHashes {
		bank := nvstate.PCRBank{Hash: alg, Values: make([][]byte, nvstate.NumPCR)}
		for i := range bank.Values {
			if have := p[alg]; have != nil {
				bank.Values[i] = have[i]
			} else {
				bank.Values[i] = make([]byte, digestSize(alg))
			}
		}
		banks = append(banks, bank)
	}
	return banks
}

// pcrsOfState is the reverse of state.
func (t *TPM) pcrsOfState(banks []nvstate.PCRBank) pcrBanks {
	p := newPCRBanks(t.profile)
	for _, bank := range banks {
		if have := p[bank.Hash]; have != nil {
			for i, value := range bank.Values {
				copy(have[i], value)
			}
		}
	}
	return p
}
