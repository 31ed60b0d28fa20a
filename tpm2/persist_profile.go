package tpm2

import (
	"govtpm/tpm2/nvstate"
	"govtpm/tpm2/wire"
)

// nullProfileName is the name of the profile that is stored by leaving it out.
const nullProfileName = "null"

// stateText is the profile as saved state holds it; nothing stands for the null profile.
func (p *Profile) stateText() string {
	if p.Name() == nullProfileName {
		return ""
	}
	return p.JSON()
}

// level is the format level of the TPM's state.
func (t *TPM) level() nvstate.Level { return nvstate.Level(t.profile.StateFormatLevel()) }

// hasHash reports whether alg is a hash algorithm that the profile allows.
func (t *TPM) hasHash(alg wire.Alg) bool { return hashFunc(alg) != nil && t.limits.Algs.Has(alg) }

// commandsOfState is a set of commands in saved state, and stateOfCommands the reverse.
func commandsOfState(s nvstate.CommandSet) (set commandSet) {
	for _, cc := range s.Commands() {
		set.set(cc, true)
	}
	return set
}

func stateOfCommands(set commandSet) (s nvstate.CommandSet) {
	for cc := wire.CC(firstCommand); cc <= lastCommand; cc++ {
		s.Set(cc, set.has(cc))
	}
	return s
}
