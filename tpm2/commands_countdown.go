package tpm2

import (
	"govtpm/tpm2/wire"
)

// countdownCommands are the commands of Part 3, clause 33.
func countdownCommands() []command {
	return []command{
		{
			code: wire.CCACTSetTimeout, clause: "33.2",
			handles: []handleSpec{{"actHandle", wire.TPMIRHACT, roleUser}},
			flags:   flagByProfile,
			run:     with((*TPM).actSetTimeout),
		},
	}
}

// actSetTimeoutParameters are the parameters of TPM2_ACT_SetTimeout (Part 3, 33.2).
type actSetTimeoutParameters struct {
	startTimeout uint32 // UINT32
}

func (p *actSetTimeoutParameters) fields() []field {
	return []field{
		{"startTimeout", asUint32(&p.startTimeout)},
	}
}
