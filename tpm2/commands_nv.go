package tpm2

import (
	"govtpm/tpm2/wire"
)

// nvCommands are the commands of Part 3, clause 31.
func nvCommands() []command {
	return []command{
		{
			code: wire.CCNVDefineSpace, clause: "31.3",
			handles: []handleSpec{{"authHandle", wire.TPMIRHProvision, roleUser}},
			flags:   flagNV | flagDecrypt | flagNotRO,
			pp:      ppOptional,
			run:     with((*TPM).nvDefineSpace),
		},
		{
			code: wire.CCNVUndefineSpace, clause: "31.4",
			handles: []handleSpec{{"authHandle", wire.TPMIRHProvision, roleUser}, {"nvIndex", wire.TPMIRHNVLegacyIndex, roleNone}},
			flags:   flagNV | flagNotRO,
			pp:      ppOptional,
			run:     bare((*TPM).nvUndefineSpace),
		},
		{
			code: wire.CCNVUndefineSpaceSpecial, clause: "31.5",
			handles: []handleSpec{{"nvIndex", wire.TPMIRHNVLegacyIndex, roleAdmin}, {"platform", wire.TPMIRHPlatform, roleUser}},
			flags:   flagNV | flagNotRO,
			pp:      ppOptional,
			run:     bare((*TPM).nvUndefineSpaceSpecial),
		},
		{
			code: wire.CCNVReadPublic, clause: "31.6",
			handles: []handleSpec{{"nvIndex", wire.TPMIRHNVLegacyIndex, roleNone}},
			flags:   flagEncrypt,
			run:     bare((*TPM).nvReadPublic),
		},
		{
			code: wire.CCNVWrite, clause: "31.7",
			handles: []handleSpec{{"authHandle", wire.TPMIRHNVAuth, roleUser}, {"nvIndex", wire.TPMIRHNVLegacyIndex, roleNone}},
			flags:   flagNV | flagDecrypt | flagOnlyTemporary,
			run:     with((*TPM).nvWrite),
		},
		{
			code: wire.CCNVIncrement, clause: "31.8",
			handles: []handleSpec{{"authHandle", wire.TPMIRHNVAuth, roleUser}, {"nvIndex", wire.TPMIRHNVLegacyIndex, roleNone}},
			flags:   flagNV | flagNotRO,
			run:     bare((*TPM).nvIncrement),
		},
		{
			code: wire.CCNVExtend, clause: "31.9",
			handles: []handleSpec{{"authHandle", wire.TPMIRHNVAuth, roleUser}, {"nvIndex", wire.TPMIRHNVLegacyIndex, roleNone}},
			flags:   flagNV | flagDecrypt | flagOnlyTemporary,
			run:     with((*TPM).nvExtend),
		},
		{
			code: wire.CCNVSetBits, clause: "31.10",
			handles: []handleSpec{{"authHandle", wire.TPMIRHNVAuth, roleUser}, {"nvIndex", wire.TPMIRHNVLegacyIndex, roleNone}},
			flags:   flagNV | flagOnlyTemporary,
			run:     with((*TPM).nvSetBits),
		},
		{
			code: wire.CCNVWriteLock, clause: "31.11",
			handles: []handleSpec{{"authHandle", wire.TPMIRHNVAuth, roleUser}, {"nvIndex", wire.TPMIRHNVLegacyIndex, roleNone}},
			flags:   flagNV | flagOnlyTemporary,
			run:     bare((*TPM).nvWriteLock),
		},
		{
			code: wire.CCNVGlobalWriteLock, clause: "31.12",
			handles: []handleSpec{{"authHandle", wire.TPMIRHProvision, roleUser}},
			flags:   flagNV | flagNotRO,
			pp:      ppOptional,
			run:     bare((*TPM).nvGlobalWriteLock),
		},
		{
			code: wire.CCNVRead, clause: "31.13",
			handles: []handleSpec{{"authHandle", wire.TPMIRHNVAuth, roleUser}, {"nvIndex", wire.TPMIRHNVLegacyIndex, roleNone}},
			flags:   flagEncrypt,
			run:     with((*TPM).nvRead),
		},
		{
			code: wire.CCNVReadLock, clause: "31.14",
			handles: []handleSpec{{"authHandle", wire.TPMIRHNVAuth, roleUser}, {"nvIndex", wire.TPMIRHNVLegacyIndex, roleNone}},
			flags:   flagNV | flagOnlyTemporary,
			run:     bare((*TPM).nvReadLock),
		},
		{
			code: wire.CCNVChangeAuth, clause: "31.15",
			handles: []handleSpec{{"nvIndex", wire.TPMIRHNVLegacyIndex, roleAdmin}},
			flags:   flagNV | flagDecrypt | flagNotRO,
			run:     with((*TPM).nvChangeAuth),
		},
		{
			code: wire.CCNVCertify, clause: "31.16",
			handles: []handleSpec{{"signHandle", wire.TPMIDHObject | wire.OrNull, roleUser}, {"authHandle", wire.TPMIRHNVAuth, roleUser}, {"nvIndex", wire.TPMIRHNVLegacyIndex, roleNone}},
			flags:   flagDecrypt | flagEncrypt,
			run:     with((*TPM).nvCertify),
		},
		{
			code: wire.CCNVDefineSpace2, clause: "31.17",
			handles: []handleSpec{{"authHandle", wire.TPMIRHProvision, roleUser}},
			flags:   flagNV | flagDecrypt | flagNotRO | flagByProfile,
			pp:      ppOptional,
			run:     with((*TPM).nvDefineSpace2),
		},
		{
			code: wire.CCNVReadPublic2, clause: "31.18",
			handles: []handleSpec{{"nvIndex", wire.TPMIRHNVLegacyIndex, roleNone}},
			flags:   flagEncrypt | flagByProfile,
			run:     bare((*TPM).nvReadPublic2),
		},
	}
}

// nvDefineSpaceParameters are the parameters of TPM2_NV_DefineSpace (Part 3, 31.3).
type nvDefineSpaceParameters struct {
	auth       wire.TPM2BAuth     // TPM2B_AUTH
	publicInfo wire.TPM2BNVPublic // TPM2B_NV_PUBLIC
}

func (p *nvDefineSpaceParameters) fields() []field {
	return []field{
		{"auth", &p.auth},
		{"publicInfo", &p.publicInfo},
	}
}

// nvWriteParameters are the parameters of TPM2_NV_Write (Part 3, 31.7).
type nvWriteParameters struct {
	data   wire.TPM2BMaxNVBuffer // TPM2B_MAX_NV_BUFFER
	offset uint16                // UINT16
}

func (p *nvWriteParameters) fields() []field {
	return []field{
		{"data", &p.data},
		{"offset", asUint16(&p.offset)},
	}
}

// nvExtendParameters are the parameters of TPM2_NV_Extend (Part 3, 31.9).
type nvExtendParameters struct {
	data wire.TPM2BMaxNVBuffer // TPM2B_MAX_NV_BUFFER
}

func (p *nvExtendParameters) fields() []field {
	return []field{
		{"data", &p.data},
	}
}

// nvSetBitsParameters are the parameters of TPM2_NV_SetBits (Part 3, 31.10).
type nvSetBitsParameters struct {
	bits uint64 // UINT64
}

func (p *nvSetBitsParameters) fields() []field {
	return []field{
		{"bits", asUint64(&p.bits)},
	}
}

// nvReadParameters are the parameters of TPM2_NV_Read (Part 3, 31.13).
type nvReadParameters struct {
	size   uint16 // UINT16
	offset uint16 // UINT16
}

func (p *nvReadParameters) fields() []field {
	return []field{
		{"size", asUint16(&p.size)},
		{"offset", asUint16(&p.offset)},
	}
}

// nvChangeAuthParameters are the parameters of TPM2_NV_ChangeAuth (Part 3, 31.15).
type nvChangeAuthParameters struct {
	newAuth wire.TPM2BAuth // TPM2B_AUTH
}

func (p *nvChangeAuthParameters) fields() []field {
	return []field{
		{"newAuth", &p.newAuth},
	}
}

// nvCertifyParameters are the parameters of TPM2_NV_Certify (Part 3, 31.16).
type nvCertifyParameters struct {
	qualifyingData wire.TPM2BData     // TPM2B_DATA
	inScheme       wire.TPMTSigScheme // TPMT_SIG_SCHEME+
	size           uint16             // UINT16
	offset         uint16             // UINT16
}

func (p *nvCertifyParameters) fields() []field {
	return []field{
		{"qualifyingData", &p.qualifyingData},
		{"inScheme", orNull(&p.inScheme)},
		{"size", asUint16(&p.size)},
		{"offset", asUint16(&p.offset)},
	}
}

// nvDefineSpace2Parameters are the parameters of TPM2_NV_DefineSpace2 (Part 3, 31.17).
type nvDefineSpace2Parameters struct {
	auth       wire.TPM2BAuth      // TPM2B_AUTH
	publicInfo wire.TPM2BNVPublic2 // TPM2B_NV_PUBLIC_2
}

func (p *nvDefineSpace2Parameters) fields() []field {
	return []field{
		{"auth", &p.auth},
		{"publicInfo", &p.publicInfo},
	}
}
