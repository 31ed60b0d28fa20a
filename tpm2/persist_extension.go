package tpm2

import (
	"govtpm/tpm2/nvstate"
	"govtpm/tpm2/wire"
)

// What saved state has of commands that libtpms does not have. It is there only if the profile names such a command, so that all other state
// is that of libtpms.

// hasExtension reports whether the TPM has state that libtpms has no place for.
func (t *TPM) hasExtension() bool {
	return t.profile.commands.has(wire.CCReadOnlyControl) || t.profile.commands.has(wire.CCACTSetTimeout)
}

// extensionState is that state, nil for none. The time left of a timer that runs is a deadline, of one that Shutdown(STATE) saved seconds.
func (t *TPM) extensionState(d *stateClearData, running bool) *nvstate.StateClearExtension {
	if !t.hasExtension() {
		return nil
	}
	e := &nvstate.StateClearExtension{ReadOnly: d.readOnly}
	for i := range e.Countdowns {
		e.Countdowns[i].PolicyAlg = wire.AlgNull
	}
	for i := range d.countdowns {
		x, s := &d.countdowns[i], &e.Countdowns[i]
		s.PolicyAlg, s.Policy = x.policy.alg, x.policy.digest
		if s.Timeout = x.saved; running {
			s.Timeout, s.Deadline = 0, x.deadline
		}
		for _, f := range x.stateFlags() {
			if *f.is {
				s.Flags |= f.bit
			}
		}
	}
	return e
}

// countdownFlag is a flag of a timer, and its bit in saved state.
type countdownFlag struct {
	is  *bool
	bit nvstate.CountdownFlags
}

func (x *countdown) stateFlags() [3]countdownFlag {
	return [...]countdownFlag{
		{&x.signaled, nvstate.CountdownSignaled}, {&x.preserved, nvstate.CountdownPreserved}, {&x.set, nvstate.CountdownSet},
	}
}

// resumeExtension is the reverse of extensionState.
func (t *TPM) resumeExtension(d *stateClearData, e *nvstate.StateClearExtension) error {
	if e == nil || !t.hasExtension() {
		return nil
	}
	d.readOnly = e.ReadOnly && t.profile.commands.has(wire.CCReadOnlyControl)
	for i := range d.countdowns {
		s, x := &e.Countdowns[i], &d.countdowns[i]
		if s.PolicyAlg != wire.AlgNull && (!t.hasHash(s.PolicyAlg) || len(s.Policy) != digestSize(s.PolicyAlg)) || s.PolicyAlg == wire.AlgNull && len(s.Policy) != 0 {
			return &nvstate.Error{Kind: nvstate.ErrHash, Structure: "STATE_CLEAR_EXTENSION", Detail: "a policy that is no digest of this TPM"}
		}
		x.policy, x.saved, x.deadline = policy{s.PolicyAlg, s.Policy}, s.Timeout, s.Deadline
		for _, f := range x.stateFlags() {
			*f.is = s.Flags&f.bit != 0
		}
	}
	return nil
}
