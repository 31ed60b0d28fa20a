package tpm2

import (
	"govtpm/tpm2/wire"
)

// policyCommands are the commands of Part 3, clause 23.
func policyCommands() []command {
	return []command{
		{
			code: wire.CCPolicySigned, clause: "23.3",
			handles: []handleSpec{{"authObject", wire.TPMIDHObject, roleNone}, {"policySession", wire.TPMISHPolicy, roleNone}},
			flags:   flagDecrypt | flagEncrypt | flagTrial,
			run:     with((*TPM).policySigned),
		},
		{
			code: wire.CCPolicySecret, clause: "23.4",
			handles: []handleSpec{{"authHandle", wire.TPMIDHEntity, roleUser}, {"policySession", wire.TPMISHPolicy, roleNone}},
			flags:   flagDecrypt | flagEncrypt | flagTrial,
			run:     with((*TPM).policySecret),
		},
		{
			code: wire.CCPolicyTicket, clause: "23.5",
			handles: []handleSpec{{"policySession", wire.TPMISHPolicy, roleNone}},
			flags:   flagDecrypt | flagTrial,
			run:     with((*TPM).policyTicket),
		},
		{
			code: wire.CCPolicyOR, clause: "23.6",
			handles: []handleSpec{{"policySession", wire.TPMISHPolicy, roleNone}},
			flags:   flagTrial,
			run:     with((*TPM).policyOR),
		},
		{
			code: wire.CCPolicyPCR, clause: "23.7",
			handles: []handleSpec{{"policySession", wire.TPMISHPolicy, roleNone}},
			flags:   flagDecrypt | flagTrial,
			run:     with((*TPM).policyPCR),
		},
		{
			code: wire.CCPolicyLocality, clause: "23.8",
			handles: []handleSpec{{"policySession", wire.TPMISHPolicy, roleNone}},
			flags:   flagTrial,
			run:     with((*TPM).policyLocality),
		},
		{
			code: wire.CCPolicyNV, clause: "23.9",
			handles: []handleSpec{{"authHandle", wire.TPMIRHNVAuth, roleUser}, {"nvIndex", wire.TPMIRHNVLegacyIndex, roleNone}, {"policySession", wire.TPMISHPolicy, roleNone}},
			flags:   flagDecrypt | flagTrial,
			run:     with((*TPM).policyNV),
		},
		{
			code: wire.CCPolicyCounterTimer, clause: "23.10",
			handles: []handleSpec{{"policySession", wire.TPMISHPolicy, roleNone}},
			flags:   flagDecrypt | flagTrial,
			run:     with((*TPM).policyCounterTimer),
		},
		{
			code: wire.CCPolicyCommandCode, clause: "23.11",
			handles: []handleSpec{{"policySession", wire.TPMISHPolicy, roleNone}},
			flags:   flagTrial,
			run:     with((*TPM).policyCommandCode),
		},
		{
			code: wire.CCPolicyPhysicalPresence, clause: "23.12",
			handles: []handleSpec{{"policySession", wire.TPMISHPolicy, roleNone}},
			flags:   flagTrial,
			run:     bare((*TPM).policyPhysicalPresence),
		},
		{
			code: wire.CCPolicyCpHash, clause: "23.13",
			handles: []handleSpec{{"policySession", wire.TPMISHPolicy, roleNone}},
			flags:   flagDecrypt | flagTrial,
			run:     with((*TPM).policyCpHash),
		},
		{
			code: wire.CCPolicyNameHash, clause: "23.14",
			handles: []handleSpec{{"policySession", wire.TPMISHPolicy, roleNone}},
			flags:   flagDecrypt | flagTrial,
			run:     with((*TPM).policyNameHash),
		},
		{
			code: wire.CCPolicyDuplicationSelect, clause: "23.15",
			handles: []handleSpec{{"policySession", wire.TPMISHPolicy, roleNone}},
			flags:   flagDecrypt | flagTrial,
			run:     with((*TPM).policyDuplicationSelect),
		},
		{
			code: wire.CCPolicyAuthorize, clause: "23.16",
			handles: []handleSpec{{"policySession", wire.TPMISHPolicy, roleNone}},
			flags:   flagDecrypt | flagTrial,
			run:     with((*TPM).policyAuthorize),
		},
		{
			code: wire.CCPolicyAuthValue, clause: "23.17",
			handles: []handleSpec{{"policySession", wire.TPMISHPolicy, roleNone}},
			flags:   flagTrial,
			run:     bare((*TPM).policyAuthValue),
		},
		{
			code: wire.CCPolicyPassword, clause: "23.18",
			handles: []handleSpec{{"policySession", wire.TPMISHPolicy, roleNone}},
			flags:   flagTrial,
			run:     bare((*TPM).policyPassword),
		},
		{
			code: wire.CCPolicyGetDigest, clause: "23.19",
			handles: []handleSpec{{"policySession", wire.TPMISHPolicy, roleNone}},
			flags:   flagEncrypt | flagTrial,
			run:     bare((*TPM).policyGetDigest),
		},
		{
			code: wire.CCPolicyNVWritten, clause: "23.20",
			handles: []handleSpec{{"policySession", wire.TPMISHPolicy, roleNone}},
			flags:   flagTrial,
			run:     with((*TPM).policyNvWritten),
		},
		{
			code: wire.CCPolicyTemplate, clause: "23.21",
			handles: []handleSpec{{"policySession", wire.TPMISHPolicy, roleNone}},
			flags:   flagDecrypt | flagTrial,
			run:     with((*TPM).policyTemplate),
		},
		{
			code: wire.CCPolicyAuthorizeNV, clause: "23.22",
			handles: []handleSpec{{"authHandle", wire.TPMIRHNVAuth, roleUser}, {"nvIndex", wire.TPMIRHNVLegacyIndex, roleNone}, {"policySession", wire.TPMISHPolicy, roleNone}},
			flags:   flagTrial,
			run:     bare((*TPM).policyAuthorizeNV),
		},
		{
			code: wire.CCPolicyCapability, clause: "23.23",
			handles: []handleSpec{{"policySession", wire.TPMISHPolicy, roleNone}},
			flags:   flagDecrypt | flagTrial,
			run:     with((*TPM).policyCapability),
		},
		{
			code: wire.CCPolicyParameters, clause: "23.24",
			handles: []handleSpec{{"policySession", wire.TPMISHPolicy, roleNone}},
			flags:   flagDecrypt | flagTrial,
			run:     with((*TPM).policyParameters),
		},
		{
			code: wire.CCPolicyTransportSPDM, clause: "23.25",
			handles: []handleSpec{{"policySession", wire.TPMISHPolicy, roleNone}},
			flags:   flagDecrypt | flagTrial | flagByProfile,
			run:     with((*TPM).policyTransportSPDM),
		},
	}
}

// policySignedParameters are the parameters of TPM2_PolicySigned (Part 3, 23.3).
type policySignedParameters struct {
	nonceTPM   wire.TPM2BNonce    // TPM2B_NONCE
	cpHashA    wire.TPM2BDigest   // TPM2B_DIGEST
	policyRef  wire.TPM2BNonce    // TPM2B_NONCE
	expiration int32              // INT32
	auth       wire.TPMTSignature // TPMT_SIGNATURE
}

func (p *policySignedParameters) fields() []field {
	return []field{
		{"nonceTPM", &p.nonceTPM},
		{"cpHashA", &p.cpHashA},
		{"policyRef", &p.policyRef},
		{"expiration", asInt32(&p.expiration)},
		{"auth", &p.auth},
	}
}

// policySecretParameters are the parameters of TPM2_PolicySecret (Part 3, 23.4).
type policySecretParameters struct {
	nonceTPM   wire.TPM2BNonce  // TPM2B_NONCE
	cpHashA    wire.TPM2BDigest // TPM2B_DIGEST
	policyRef  wire.TPM2BNonce  // TPM2B_NONCE
	expiration int32            // INT32
}

func (p *policySecretParameters) fields() []field {
	return []field{
		{"nonceTPM", &p.nonceTPM},
		{"cpHashA", &p.cpHashA},
		{"policyRef", &p.policyRef},
		{"expiration", asInt32(&p.expiration)},
	}
}

// policyTicketParameters are the parameters of TPM2_PolicyTicket (Part 3, 23.5).
type policyTicketParameters struct {
	timeout   wire.TPM2BTimeout // TPM2B_TIMEOUT
	cpHashA   wire.TPM2BDigest  // TPM2B_DIGEST
	policyRef wire.TPM2BNonce   // TPM2B_NONCE
	authName  wire.TPM2BName    // TPM2B_NAME
	ticket    wire.TPMTTKAuth   // TPMT_TK_AUTH
}

func (p *policyTicketParameters) fields() []field {
	return []field{
		{"timeout", &p.timeout},
		{"cpHashA", &p.cpHashA},
		{"policyRef", &p.policyRef},
		{"authName", &p.authName},
		{"ticket", &p.ticket},
	}
}

// policyORParameters are the parameters of TPM2_PolicyOR (Part 3, 23.6).
type policyORParameters struct {
	pHashList wire.TPMLDigest // TPML_DIGEST
}

func (p *policyORParameters) fields() []field {
	return []field{
		{"pHashList", atLeastTwo(&p.pHashList)},
	}
}

// policyPCRParameters are the parameters of TPM2_PolicyPCR (Part 3, 23.7).
type policyPCRParameters struct {
	pcrDigest wire.TPM2BDigest      // TPM2B_DIGEST
	pcrs      wire.TPMLPCRSelection // TPML_PCR_SELECTION
}

func (p *policyPCRParameters) fields() []field {
	return []field{
		{"pcrDigest", &p.pcrDigest},
		{"pcrs", &p.pcrs},
	}
}

// policyLocalityParameters are the parameters of TPM2_PolicyLocality (Part 3, 23.8).
type policyLocalityParameters struct {
	locality wire.TPMALocality // TPMA_LOCALITY
}

func (p *policyLocalityParameters) fields() []field {
	return []field{
		{"locality", &p.locality},
	}
}

// policyNVParameters are the parameters of TPM2_PolicyNV (Part 3, 23.9).
type policyNVParameters struct {
	operandB  wire.TPM2BOperand // TPM2B_OPERAND
	offset    uint16            // UINT16
	operation wire.EO           // TPM_EO
}

func (p *policyNVParameters) fields() []field {
	return []field{
		{"operandB", &p.operandB},
		{"offset", asUint16(&p.offset)},
		{"operation", &p.operation},
	}
}

// policyCounterTimerParameters are the parameters of TPM2_PolicyCounterTimer (Part 3, 23.10).
type policyCounterTimerParameters struct {
	operandB  wire.TPM2BOperand // TPM2B_OPERAND
	offset    uint16            // UINT16
	operation wire.EO           // TPM_EO
}

func (p *policyCounterTimerParameters) fields() []field {
	return []field{
		{"operandB", &p.operandB},
		{"offset", asUint16(&p.offset)},
		{"operation", &p.operation},
	}
}

// policyCommandCodeParameters are the parameters of TPM2_PolicyCommandCode (Part 3, 23.11).
type policyCommandCodeParameters struct {
	code wire.CC // TPM_CC
}

func (p *policyCommandCodeParameters) fields() []field {
	return []field{
		{"code", &p.code},
	}
}

// policyCpHashParameters are the parameters of TPM2_PolicyCpHash (Part 3, 23.13).
type policyCpHashParameters struct {
	cpHashA wire.TPM2BDigest // TPM2B_DIGEST
}

func (p *policyCpHashParameters) fields() []field {
	return []field{
		{"cpHashA", &p.cpHashA},
	}
}

// policyNameHashParameters are the parameters of TPM2_PolicyNameHash (Part 3, 23.14).
type policyNameHashParameters struct {
	nameHash wire.TPM2BDigest // TPM2B_DIGEST
}

func (p *policyNameHashParameters) fields() []field {
	return []field{
		{"nameHash", &p.nameHash},
	}
}

// policyDuplicationSelectParameters are the parameters of TPM2_PolicyDuplicationSelect (Part 3, 23.15).
type policyDuplicationSelectParameters struct {
	objectName    wire.TPM2BName // TPM2B_NAME
	newParentName wire.TPM2BName // TPM2B_NAME
	includeObject bool           // TPMI_YES_NO
}

func (p *policyDuplicationSelectParameters) fields() []field {
	return []field{
		{"objectName", &p.objectName},
		{"newParentName", &p.newParentName},
		{"includeObject", asYesNo(&p.includeObject)},
	}
}

// policyAuthorizeParameters are the parameters of TPM2_PolicyAuthorize (Part 3, 23.16).
type policyAuthorizeParameters struct {
	approvedPolicy wire.TPM2BDigest    // TPM2B_DIGEST
	policyRef      wire.TPM2BNonce     // TPM2B_NONCE
	keySign        wire.TPM2BName      // TPM2B_NAME
	checkTicket    wire.TPMTTKVerified // TPMT_TK_VERIFIED
}

func (p *policyAuthorizeParameters) fields() []field {
	return []field{
		{"approvedPolicy", &p.approvedPolicy},
		{"policyRef", &p.policyRef},
		{"keySign", &p.keySign},
		{"checkTicket", &p.checkTicket},
	}
}

// policyNvWrittenParameters are the parameters of TPM2_PolicyNvWritten (Part 3, 23.20).
type policyNvWrittenParameters struct {
	writtenSet bool // TPMI_YES_NO
}

func (p *policyNvWrittenParameters) fields() []field {
	return []field{
		{"writtenSet", asYesNo(&p.writtenSet)},
	}
}

// policyTemplateParameters are the parameters of TPM2_PolicyTemplate (Part 3, 23.21).
type policyTemplateParameters struct {
	templateHash wire.TPM2BDigest // TPM2B_DIGEST
}

func (p *policyTemplateParameters) fields() []field {
	return []field{
		{"templateHash", &p.templateHash},
	}
}

// policyCapabilityParameters are the parameters of TPM2_PolicyCapability (Part 3, 23.23).
type policyCapabilityParameters struct {
	operandB   wire.TPM2BOperand // TPM2B_OPERAND
	offset     uint16            // UINT16
	operation  wire.EO           // TPM_EO
	capability wire.Cap          // TPM_CAP
	property   uint32            // UINT32
}

func (p *policyCapabilityParameters) fields() []field {
	return []field{
		{"operandB", &p.operandB},
		{"offset", asUint16(&p.offset)},
		{"operation", &p.operation},
		{"capability", &p.capability},
		{"property", asUint32(&p.property)},
	}
}

// policyParametersParameters are the parameters of TPM2_PolicyParameters (Part 3, 23.24).
type policyParametersParameters struct {
	pHash wire.TPM2BDigest // TPM2B_DIGEST
}

func (p *policyParametersParameters) fields() []field {
	return []field{
		{"pHash", &p.pHash},
	}
}

// policyTransportSPDMParameters are the parameters of TPM2_PolicyTransportSPDM (Part 3, 23.25).
type policyTransportSPDMParameters struct {
	reqKeyName wire.TPM2BName // TPM2B_NAME
	tpmKeyName wire.TPM2BName // TPM2B_NAME
}

func (p *policyTransportSPDMParameters) fields() []field {
	return []field{
		{"reqKeyName", &p.reqKeyName},
		{"tpmKeyName", &p.tpmKeyName},
	}
}
