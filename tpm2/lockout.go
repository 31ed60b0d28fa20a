package tpm2

import (
	"govtpm/tpm2/wire"
)

// Dictionary attack protection (Part 1, 16.8). The commands are in commands_lockout.go.

// resetLockoutParameters sets the values of manufacture, which TPM2_Clear restores.
func (t *TPM) resetLockoutParameters() {
	p := &t.persistent
	p.failedTries, p.maxTries = 0, 3
	p.recoveryTime, p.lockoutRecovery = 1000, 1000 // seconds
	p.lockoutAuthEnabled = true
}

// lockoutStartup sets the timers right after power was off, and counts a failed try if protected entities were used and the
// power then went without TPM2_Shutdown.
func (t *TPM) lockoutStartup() {
	p, v := &t.persistent, &t.volatile
	if v.time.timerReset {
		v.time.timerReset = false
		if t.previousOrderly() {
			t.orderly.selfHealTimer -= t.orderly.time
			t.orderly.lockoutTimer -= t.orderly.time
		} else {
			t.orderly.selfHealTimer, t.orderly.lockoutTimer = 0, 0
		}
	}
	if p.lockoutRecovery == 0 {
		p.lockoutAuthEnabled = true
	}
	if p.recoveryTime != 0 && p.failedTries < p.maxTries && !t.previousOrderly() && v.daUsed {
		p.failedTries++
	}
	v.daUsed = false
	v.time.newEpoch = true
	t.updateTime()
}

// selfHeal takes back failed tries that are old enough, and enables lockoutAuth again after its recovery time
// (Part 1, 16.8.4 and 16.8.5).
func (t *TPM) selfHeal() {
	p := &t.persistent
	if p.failedTries != 0 {
		if p.recoveryTime == 0 {
			p.failedTries = 0
			t.markPermanent()
		} else if forgiven := t.secondsSince(t.orderly.selfHealTimer) / uint64(p.recoveryTime); forgiven != 0 {
			p.failedTries -= uint32(min(forgiven, uint64(p.failedTries)))
			t.orderly.selfHealTimer += forgiven * uint64(p.recoveryTime) * 1000
			t.markPermanent()
		}
	}
	if !p.lockoutAuthEnabled && p.lockoutRecovery != 0 &&
		t.secondsSince(t.orderly.lockoutTimer) >= uint64(p.lockoutRecovery) {
		p.lockoutAuthEnabled = true
		t.markPermanent()
	}
}

// secondsSince is the Time gone by since a timer was set. After an orderly shutdown timers may lie before zero.
func (t *TPM) secondsSince(timer uint64) uint64 {
	return uint64(max(0, int64(t.time()-timer))) / 1000
}

// checkLockedOut returns RCLockout while protected entities, or lockoutAuth if lockoutAuth is set, may not be
// authorized. The first use of a protected entity after Startup is recorded in NV, so that a power loss after it counts as
// a failed try.
func (t *TPM) checkLockedOut(lockoutAuth bool) error {
	p := &t.persistent
	if lockoutAuth {
		if !p.lockoutAuthEnabled {
			return wire.RCLockout
		}
		return nil
	}
	if p.failedTries >= p.maxTries {
		return wire.RCLockout
	}
	if !t.volatile.daUsed {
		t.volatile.daUsed = true
		p.orderlyState = orderlyNoneDAUsed
		t.markPermanent()
	}
	return nil
}

// registerAuthFailure counts a failed authorization of a protected entity.
func (t *TPM) registerAuthFailure(entity wire.Handle) {
	p := &t.persistent
	if entity == wire.RHLockout {
		p.lockoutAuthEnabled = false
		t.orderly.lockoutTimer = t.time()
		if p.lockoutRecovery != 0 {
			t.markPermanent()
		}
		return
	}
	if p.recoveryTime != 0 {
		p.failedTries++
		t.markPermanent()
	}
	t.orderly.selfHealTimer = t.time()
}

// dictionaryAttackLockReset is TPM2_DictionaryAttackLockReset (Part 3, 25.2).
func (t *TPM) dictionaryAttackLockReset(*call) error {
	t.persistent.failedTries = 0
	t.markPermanent()
	return nil
}

// dictionaryAttackParameters is TPM2_DictionaryAttackParameters (Part 3, 25.3).
func (t *TPM) dictionaryAttackParameters(_ *call, p *dictionaryAttackParametersParameters) error {
	t.persistent.maxTries = p.newMaxTries
	t.persistent.recoveryTime = p.newRecoveryTime
	t.persistent.lockoutRecovery = p.lockoutRecovery
	t.markPermanent()
	return nil
}
