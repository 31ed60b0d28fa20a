package tpm2

import (
	"govtpm/tpm2/wire"
)

// capabilityCommands are the commands of Part 3, clause 30.
func capabilityCommands() []command {
	return []command{
		{
			code: wire.CCGetCapability, clause: "30.2",
			run: with((*TPM).getCapability),
		},
		{
			code: wire.CCTestParms, clause: "30.3",
			run: with((*TPM).testParms),
		},
		{
			code: wire.CCSetCapability, clause: "30.4",
			handles: []handleSpec{{"authHandle", wire.TPMIRHHierarchyAuth | wire.OrNull, roleUser}},
			flags:   flagNV | flagDecrypt | flagNotRO | flagByProfile,
			run:     with((*TPM).setCapability),
		},
	}
}

// getCapabilityParameters are the parameters of TPM2_GetCapability (Part 3, 30.2).
type getCapabilityParameters struct {
	capability    wire.Cap // TPM_CAP
	property      uint32   // UINT32
	propertyCount uint32   // UINT32
}

func (p *getCapabilityParameters) fields() []field {
	return []field{
		{"capability", &p.capability},
		{"property", asUint32(&p.property)},
		{"propertyCount", asUint32(&p.propertyCount)},
	}
}

// testParmsParameters are the parameters of TPM2_TestParms (Part 3, 30.3).
type testParmsParameters struct {
	parameters wire.TPMTPublicParms // TPMT_PUBLIC_PARMS
}

func (p *testParmsParameters) fields() []field {
	return []field{
		{"parameters", &p.parameters},
	}
}

// setCapabilityParameters are the parameters of TPM2_SetCapability (Part 3, 30.4).
type setCapabilityParameters struct {
	setCapabilityData wire.TPM2BSetCapabilityData // TPM2B_SET_CAPABILITY_DATA
}

func (p *setCapabilityParameters) fields() []field {
	return []field{
		{"setCapabilityData", &p.setCapabilityData},
	}
}
