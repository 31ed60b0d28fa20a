package tpm2

import (
	"govtpm/tpm2/wire"
)

// startupKind is what TPM2_Startup turned out to be (Part 1, 9.2.5): the larger kinds keep more.
type startupKind int

const (
	startupReset   startupKind = iota // TPM Reset
	startupRestart                    // TPM Restart
	startupResume                     // TPM Resume
)

// startup is TPM2_Startup (Part 3, 9.3).
//
// RCLocality: locality other than 0 and 3, or not the one of the power cycle to resume; RCValue parameter 1: the last shutdown was
// not Shutdown(STATE), or an H-CRTM sequence ran before the one and not before the other.
func (t *TPM) startup(c *call, p *startupParameters) error {
	locality := t.volatile.locality
	if locality != 0 && locality != 3 {
		return wire.RCLocality
	}
	if t.volatile.preStartupHash {
		locality = 0
	}
	kind, err := t.startupKind(p.startupType, locality == 3)
	if err != nil {
		return err
	}
	return t.start(kind, locality)
}

// startupKind decides what the power cycle that begins is.
func (t *TPM) startupKind(su wire.SU, locality3 bool) (startupKind, error) {
	found := t.persistent.orderlyState
	resumable := t.orderlyFound() == orderlyState
	if su == wire.SUClear {
		if resumable {
			return startupRestart, nil
		}
		return startupReset, nil
	}
	if !resumable {
		return 0, wire.RCValue.Parameter(1)
	}
	if t.volatile.preStartupHash != (found&orderlyFlagHCRTM != 0) {
		return 0, wire.RCValue.Parameter(1)
	}
	if locality3 != (found&orderlyFlagLocality != 0) {
		return 0, wire.RCLocality
	}
	return startupResume, nil
}

// orderlyFound is the way the last power cycle ended, without the flags that go with Shutdown(STATE).
func (t *TPM) orderlyFound() uint16 {
	switch s := t.persistent.orderlyState; s {
	case orderlyNone, orderlyNoneDAUsed:
		return orderlyNone
	default:
		return s &^ (orderlyFlagLocality | orderlyFlagHCRTM)
	}
}

// start does what a start-up of the given kind does to the data of the TPM. Nothing in it is the caller's fault.
func (t *TPM) start(kind startupKind, locality uint8) error {
	v, p := &t.volatile, &t.persistent
	v.startupLocality3 = locality == 3
	v.daUsed = p.orderlyState == orderlyNoneDAUsed
	v.previousOrderly = t.orderlyFound()
	if kind != startupReset {
		t.stateReset = t.saved.stateReset.clone()
	}
	if kind == startupResume {
		t.stateClear = t.saved.stateClear.clone()
	}
	t.countdownStartup(kind) // before anything sees an old deadline
	if err := t.startGenerator(); err != nil {
		return err
	}
	if err := t.cryptStartup(kind); err != nil {
		return err
	}
	if !t.previousOrderly() {
		t.orderly.clockSafe = false
	}
	v.started = true
	t.lockoutStartup()
	if err := t.hierarchyStartup(kind); err != nil {
		return err
	}
	t.pcrStartup(kind, locality)
	if kind == startupReset {
		t.stateReset.commandAuditDigest = nil
	}
	t.countStartup(kind)
	v.sessions.startup(t, kind == startupReset)
	v.exclusiveAudit = wire.RHUnassigned
	t.flushObjects(func(*object) bool { return true })
	t.nvStartup(kind)
	p.orderlyState = orderlyNone
	t.markPermanent()
	return nil
}

// previousOrderly reports whether the last power cycle ended with a Shutdown.
func (t *TPM) previousOrderly() bool { return t.volatile.previousOrderly <= orderlyState }

// countStartup advances the counters of start-ups (Part 1, 33.4 and 33.5).
func (t *TPM) countStartup(kind startupKind) {
	sr, p := &t.stateReset, &t.persistent
	switch kind {
	case startupResume:
		sr.restartCount++
	case startupRestart:
		sr.clearCount++
		sr.restartCount++
	default:
		sr.objectContextID, sr.clearCount, sr.restartCount = 0, 0, 0
		p.resetCount++
		p.totalResetCount++
	}
}

// cryptStartup renews what ephemeral keys are made from, unless the power cycle resumes or restarts (Part 1, 44.2.2).
func (t *TPM) cryptStartup(kind startupKind) error {
	if kind != startupReset {
		return nil
	}
	sr := &t.stateReset
	sr.commitNonce = make([]byte, proofSize)
	sr.commitCounter = 0
	sr.commitArray = [16]byte{}
	return t.random(sr.commitNonce)
}

// hierarchyStartup enables the hierarchies and renews the secrets of the NULL hierarchy (Part 3, 9.3).
func (t *TPM) hierarchyStartup(kind startupKind) error {
	t.volatile.phEnable = true
	if kind != startupResume {
		sc := &t.stateClear
		renew(&sc.platformAuth, nil)
		sc.platformPolicy = policy{alg: wire.AlgNull}
		sc.shEnable, sc.ehEnable, sc.phEnableNV = true, true, true
		sc.readOnly = false
	}
	if kind != startupReset {
		return nil
	}
	sr := &t.stateReset
	renew(&sr.nullProof, make([]byte, proofSize))
	sr.nullSeed.renew(make([]byte, primarySeedSize))
	if err := t.random(sr.nullProof); err != nil {
		return err
	}
	return t.random(sr.nullSeed.value)
}

// shutdown is TPM2_Shutdown (Part 3, 9.4). RCType parameter 1: Shutdown(STATE) after TPM2_PCR_Allocate.
func (t *TPM) shutdown(c *call, p *shutdownParameters) error {
	toState := p.shutdownType == wire.SUState
	if toState && t.volatile.pcrReconfigured {
		return wire.RCType.Parameter(1)
	}
	t.volatile.daUsed = false
	t.nvShutdown()
	t.orderly.time = t.time()
	t.saveOrderly()
	state := uint16(orderlyClear)
	if toState {
		t.pcrShutdown()
		t.countdownShutdown()
		t.saved.stateClear = t.stateClear.clone()
		t.saved.stateReset = t.stateReset.clone()
		state = orderlyState
		if t.volatile.preStartupHash {
			state |= orderlyFlagHCRTM
		} else if t.volatile.startupLocality3 {
			state |= orderlyFlagLocality
		}
	}
	t.persistent.orderlyState = state
	t.markPermanent()
	return nil
}
