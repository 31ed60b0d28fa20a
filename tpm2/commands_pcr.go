package tpm2

import (
	"govtpm/tpm2/wire"
)

// pcrCommands are the commands of Part 3, clause 22.
func pcrCommands() []command {
	return []command{
		{
			code: wire.CCPCRExtend, clause: "22.2",
			handles: []handleSpec{{"pcrHandle", wire.TPMIDHPCR | wire.OrNull, roleUser}},
			flags:   flagNV,
			run:     with((*TPM).pcrExtendCommand),
		},
		{
			code: wire.CCPCREvent, clause: "22.3",
			handles: []handleSpec{{"pcrHandle", wire.TPMIDHPCR | wire.OrNull, roleUser}},
			flags:   flagNV | flagDecrypt,
			run:     with((*TPM).pcrEvent),
		},
		{
			code: wire.CCPCRRead, clause: "22.4",
			run: with((*TPM).pcrRead),
		},
		{
			code: wire.CCPCRAllocate, clause: "22.5",
			handles: []handleSpec{{"authHandle", wire.TPMIRHPlatform, roleUser}},
			flags:   flagNV | flagNotRO,
			pp:      ppOptional,
			run:     with((*TPM).pcrAllocate),
		},
		{
			code: wire.CCPCRSetAuthPolicy, clause: "22.6",
			handles: []handleSpec{{"authHandle", wire.TPMIRHPlatform, roleUser}},
			flags:   flagNV | flagDecrypt | flagNotRO,
			pp:      ppOptional,
			run:     with((*TPM).pcrSetAuthPolicy),
		},
		{
			code: wire.CCPCRSetAuthValue, clause: "22.7",
			handles: []handleSpec{{"pcrHandle", wire.TPMIDHPCR, roleUser}},
			flags:   flagDecrypt | flagNotRO,
			run:     with((*TPM).pcrSetAuthValue),
		},
		{
			code: wire.CCPCRReset, clause: "22.8",
			handles: []handleSpec{{"pcrHandle", wire.TPMIDHPCR, roleUser}},
			flags:   flagNV,
			run:     bare((*TPM).pcrReset),
		},
	}
}

// pcrExtendParameters are the parameters of TPM2_PCR_Extend (Part 3, 22.2).
type pcrExtendParameters struct {
	digests wire.TPMLDigestValues // TPML_DIGEST_VALUES
}

func (p *pcrExtendParameters) fields() []field {
	return []field{
		{"digests", &p.digests},
	}
}

// pcrEventParameters are the parameters of TPM2_PCR_Event (Part 3, 22.3).
type pcrEventParameters struct {
	eventData wire.TPM2BEvent // TPM2B_EVENT
}

func (p *pcrEventParameters) fields() []field {
	return []field{
		{"eventData", &p.eventData},
	}
}

// pcrReadParameters are the parameters of TPM2_PCR_Read (Part 3, 22.4).
type pcrReadParameters struct {
	pcrSelectionIn wire.TPMLPCRSelection // TPML_PCR_SELECTION
}

func (p *pcrReadParameters) fields() []field {
	return []field{
		{"pcrSelectionIn", &p.pcrSelectionIn},
	}
}

// pcrAllocateParameters are the parameters of TPM2_PCR_Allocate (Part 3, 22.5).
type pcrAllocateParameters struct {
	pcrAllocation wire.TPMLPCRSelection // TPML_PCR_SELECTION
}

func (p *pcrAllocateParameters) fields() []field {
	return []field{
		{"pcrAllocation", &p.pcrAllocation},
	}
}

// pcrSetAuthPolicyParameters are the parameters of TPM2_PCR_SetAuthPolicy (Part 3, 22.6).
type pcrSetAuthPolicyParameters struct {
	authPolicy wire.TPM2BDigest // TPM2B_DIGEST
	hashAlg    wire.Alg         // TPMI_ALG_HASH+
	pcrNum     wire.Handle      // TPMI_DH_PCR
}

func (p *pcrSetAuthPolicyParameters) fields() []field {
	return []field{
		{"authPolicy", &p.authPolicy},
		{"hashAlg", asAlg(&p.hashAlg, wire.TPMIAlgHash|wire.OrNull)},
		{"pcrNum", asHandle(&p.pcrNum, wire.TPMIDHPCR)},
	}
}

// pcrSetAuthValueParameters are the parameters of TPM2_PCR_SetAuthValue (Part 3, 22.7).
type pcrSetAuthValueParameters struct {
	auth wire.TPM2BDigest // TPM2B_DIGEST
}

func (p *pcrSetAuthValueParameters) fields() []field {
	return []field{
		{"auth", &p.auth},
	}
}
