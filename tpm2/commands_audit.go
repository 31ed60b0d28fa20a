package tpm2

import (
	"govtpm/tpm2/wire"
)

// auditCommands are the commands of Part 3, clause 21.
func auditCommands() []command {
	return []command{
		{
			code: wire.CCSetCommandCodeAuditStatus, clause: "21.2",
			handles: []handleSpec{{"auth", wire.TPMIRHProvision, roleUser}},
			flags:   flagNV | flagNotRO,
			pp:      ppOptional,
			run:     with((*TPM).setCommandCodeAuditStatus),
		},
	}
}

// setCommandCodeAuditStatusParameters are the parameters of TPM2_SetCommandCodeAuditStatus (Part 3, 21.2).
type setCommandCodeAuditStatusParameters struct {
	auditAlg  wire.Alg    // TPMI_ALG_HASH+
	setList   wire.TPMLCC // TPML_CC
	clearList wire.TPMLCC // TPML_CC
}

func (p *setCommandCodeAuditStatusParameters) fields() []field {
	return []field{
		{"auditAlg", asAlg(&p.auditAlg, wire.TPMIAlgHash|wire.OrNull)},
		{"setList", &p.setList},
		{"clearList", &p.clearList},
	}
}
