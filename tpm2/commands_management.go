package tpm2

import (
	"govtpm/tpm2/wire"
)

// managementCommands are the commands of Part 3, clause 26.
func managementCommands() []command {
	return []command{
		{
			code: wire.CCPPCommands, clause: "26.2",
			handles: []handleSpec{{"auth", wire.TPMIRHPlatform, roleUser}},
			flags:   flagNV | flagNotRO,
			pp:      ppRequired,
			run:     with((*TPM).ppCommands),
		},
		{
			code: wire.CCSetAlgorithmSet, clause: "26.3",
			handles: []handleSpec{{"authHandle", wire.TPMIRHPlatform, roleUser}},
			flags:   flagNV | flagNotRO,
			run:     with((*TPM).setAlgorithmSet),
		},
	}
}

// ppCommandsParameters are the parameters of TPM2_PP_Commands (Part 3, 26.2).
type ppCommandsParameters struct {
	setList   wire.TPMLCC // TPML_CC
	clearList wire.TPMLCC // TPML_CC
}

func (p *ppCommandsParameters) fields() []field {
	return []field{
		{"setList", &p.setList},
		{"clearList", &p.clearList},
	}
}

// setAlgorithmSetParameters are the parameters of TPM2_SetAlgorithmSet (Part 3, 26.3).
type setAlgorithmSetParameters struct {
	algorithmSet uint32 // UINT32
}

func (p *setAlgorithmSetParameters) fields() []field {
	return []field{
		{"algorithmSet", asUint32(&p.algorithmSet)},
	}
}
