package tpm2

import (
	"govtpm/tpm2/wire"
)

// attachedCommands are the commands of Part 3, clause 32.
func attachedCommands() []command {
	return []command{
		{
			code: wire.CCACGetCapability, clause: "32.2",
			handles: []handleSpec{{"ac", wire.TPMIRHAC, roleNone}},
			flags:   flagByProfile,
			run:     with((*TPM).acGetCapability),
		},
		{
			code: wire.CCACSend, clause: "32.3",
			handles: []handleSpec{{"sendObject", wire.TPMIDHObject, roleDup}, {"authHandle", wire.TPMIRHNVAuth, roleUser}, {"ac", wire.TPMIRHAC, roleNone}},
			flags:   flagDecrypt | flagByProfile,
			run:     with((*TPM).acSend),
		},
		{
			code: wire.CCPolicyACSendSelect, clause: "32.4",
			handles: []handleSpec{{"policySession", wire.TPMISHPolicy, roleNone}},
			flags:   flagDecrypt | flagTrial | flagByProfile,
			run:     with((*TPM).policyACSendSelect),
		},
	}
}

// acGetCapabilityParameters are the parameters of TPM2_AC_GetCapability (Part 3, 32.2).
type acGetCapabilityParameters struct {
	capability wire.AT // TPM_AT
	count      uint32  // UINT32
}

func (p *acGetCapabilityParameters) fields() []field {
	return []field{
		{"capability", &p.capability},
		{"count", asUint32(&p.count)},
	}
}

// acSendParameters are the parameters of TPM2_AC_Send (Part 3, 32.3).
type acSendParameters struct {
	acDataIn wire.TPM2BMaxBuffer // TPM2B_MAX_BUFFER
}

func (p *acSendParameters) fields() []field {
	return []field{
		{"acDataIn", &p.acDataIn},
	}
}

// policyACSendSelectParameters are the parameters of TPM2_Policy_AC_SendSelect (Part 3, 32.4).
type policyACSendSelectParameters struct {
	objectName     wire.TPM2BName // TPM2B_NAME
	authHandleName wire.TPM2BName // TPM2B_NAME
	acName         wire.TPM2BName // TPM2B_NAME
	includeObject  bool           // TPMI_YES_NO
}

func (p *policyACSendSelectParameters) fields() []field {
	return []field{
		{"objectName", &p.objectName},
		{"authHandleName", &p.authHandleName},
		{"acName", &p.acName},
		{"includeObject", asYesNo(&p.includeObject)},
	}
}
