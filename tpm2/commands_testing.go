package tpm2

import (
	"govtpm/tpm2/wire"
)

// testingCommands are the commands of Part 3, clause 10.
func testingCommands() []command {
	return []command{
		{
			code: wire.CCSelfTest, clause: "10.2",
			flags: flagNV,
			run:   with((*TPM).selfTest),
		},
		{
			code: wire.CCIncrementalSelfTest, clause: "10.3",
			flags: flagNV,
			run:   with((*TPM).incrementalSelfTest),
		},
		{
			code: wire.CCGetTestResult, clause: "10.4",
			flags: flagEncrypt,
			run:   bare((*TPM).getTestResult),
		},
	}
}

// selfTestParameters are the parameters of TPM2_SelfTest (Part 3, 10.2).
type selfTestParameters struct {
	fullTest bool // TPMI_YES_NO
}

func (p *selfTestParameters) fields() []field {
	return []field{
		{"fullTest", asYesNo(&p.fullTest)},
	}
}

// incrementalSelfTestParameters are the parameters of TPM2_IncrementalSelfTest (Part 3, 10.3).
type incrementalSelfTestParameters struct {
	toTest wire.TPMLAlg // TPML_ALG
}

func (p *incrementalSelfTestParameters) fields() []field {
	return []field{
		{"toTest", &p.toTest},
	}
}
