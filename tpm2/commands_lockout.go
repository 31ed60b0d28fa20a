package tpm2

import (
	"govtpm/tpm2/wire"
)

// lockoutCommands are the commands of Part 3, clause 25.
func lockoutCommands() []command {
	return []command{
		{
			code: wire.CCDictionaryAttackLockReset, clause: "25.2",
			handles: []handleSpec{{"lockHandle", wire.TPMIRHLockout, roleUser}},
			flags:   flagNV,
			run:     bare((*TPM).dictionaryAttackLockReset),
		},
		{
			code: wire.CCDictionaryAttackParameters, clause: "25.3",
			handles: []handleSpec{{"lockHandle", wire.TPMIRHLockout, roleUser}},
			flags:   flagNV | flagNotRO,
			run:     with((*TPM).dictionaryAttackParameters),
		},
	}
}

// dictionaryAttackParametersParameters are the parameters of TPM2_DictionaryAttackParameters (Part 3, 25.3).
type dictionaryAttackParametersParameters struct {
	newMaxTries     uint32 // UINT32
	newRecoveryTime uint32 // UINT32
	lockoutRecovery uint32 // UINT32
}

func (p *dictionaryAttackParametersParameters) fields() []field {
	return []field{
		{"newMaxTries", asUint32(&p.newMaxTries)},
		{"newRecoveryTime", asUint32(&p.newRecoveryTime)},
		{"lockoutRecovery", asUint32(&p.lockoutRecovery)},
	}
}
