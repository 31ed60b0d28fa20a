package tpm2

import (
	"govtpm/tpm2/wire"
)

// ephemeralCommands are the commands of Part 3, clause 19.
func ephemeralCommands() []command {
	return []command{
		{
			code: wire.CCCommit, clause: "19.2",
			handles: []handleSpec{{"signHandle", wire.TPMIDHObject, roleUser}},
			flags:   flagDecrypt | flagEncrypt,
		},
		{
			code: wire.CCECEphemeral, clause: "19.3",
			flags: flagEncrypt,
		},
	}
}

// commitParameters are the parameters of TPM2_Commit (Part 3, 19.2).
type commitParameters struct {
	p1 wire.TPM2BECCPoint      // TPM2B_ECC_POINT
	s2 wire.TPM2BSensitiveData // TPM2B_SENSITIVE_DATA
	y2 wire.TPM2BECCParameter  // TPM2B_ECC_PARAMETER
}

func (p *commitParameters) fields() []field {
	return []field{
		{"P1", &p.p1},
		{"s2", &p.s2},
		{"y2", &p.y2},
	}
}

// ecEphemeralParameters are the parameters of TPM2_EC_Ephemeral (Part 3, 19.3).
type ecEphemeralParameters struct {
	curveID wire.Curve // TPMI_ECC_CURVE
}

func (p *ecEphemeralParameters) fields() []field {
	return []field{
		{"curveID", asCurve(&p.curveID)},
	}
}
