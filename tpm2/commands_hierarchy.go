package tpm2

import (
	"govtpm/tpm2/wire"
)

// hierarchyCommands are the commands of Part 3, clause 24.
func hierarchyCommands() []command {
	return []command{
		{
			code: wire.CCCreatePrimary, clause: "24.1",
			handles: []handleSpec{{"primaryHandle", wire.TPMIRHHierarchy, roleUser}},
			flags:   flagDecrypt | flagEncrypt | flagNotRO | flagRHandle,
			pp:      ppOptional,
			run:     with((*TPM).createPrimary),
		},
		{
			code: wire.CCHierarchyControl, clause: "24.2",
			handles: []handleSpec{{"authHandle", wire.TPMIRHBaseHierarchy, roleUser}},
			flags:   flagNV | flagExtensive | flagNotRO,
			pp:      ppOptional,
			run:     with((*TPM).hierarchyControl),
		},
		{
			code: wire.CCSetPrimaryPolicy, clause: "24.3",
			handles: []handleSpec{{"authHandle", wire.TPMIRHHierarchyPolicy, roleUser}},
			flags:   flagNV | flagDecrypt | flagNotRO,
			pp:      ppOptional,
			run:     with((*TPM).setPrimaryPolicy),
		},
		{
			code: wire.CCChangePPS, clause: "24.4",
			handles: []handleSpec{{"authHandle", wire.TPMIRHPlatform, roleUser}},
			flags:   flagNV | flagExtensive | flagNotRO,
			pp:      ppOptional,
			run:     bare((*TPM).changePPS),
		},
		{
			code: wire.CCChangeEPS, clause: "24.5",
			handles: []handleSpec{{"authHandle", wire.TPMIRHPlatform, roleUser}},
			flags:   flagNV | flagExtensive | flagNotRO,
			pp:      ppOptional,
			run:     bare((*TPM).changeEPS),
		},
		{
			code: wire.CCClear, clause: "24.6",
			handles: []handleSpec{{"authHandle", wire.TPMIRHClear, roleUser}},
			flags:   flagNV | flagExtensive | flagNotRO,
			pp:      ppOptional,
			run:     bare((*TPM).clear),
		},
		{
			code: wire.CCClearControl, clause: "24.7",
			handles: []handleSpec{{"auth", wire.TPMIRHClear, roleUser}},
			flags:   flagNV | flagNotRO,
			pp:      ppOptional,
			run:     with((*TPM).clearControl),
		},
		{
			code: wire.CCHierarchyChangeAuth, clause: "24.8",
			handles: []handleSpec{{"authHandle", wire.TPMIRHHierarchyAuth, roleUser}},
			flags:   flagNV | flagDecrypt | flagNotRO,
			pp:      ppOptional,
			run:     with((*TPM).hierarchyChangeAuth),
		},
		{
			code: wire.CCReadOnlyControl, clause: "24.9",
			handles: []handleSpec{{"authHandle", wire.TPMIRHPlatform, roleUser}},
			flags:   flagNV | flagByProfile,
			pp:      ppOptional,
			run:     with((*TPM).readOnlyControl),
		},
	}
}

// createPrimaryParameters are the parameters of TPM2_CreatePrimary (Part 3, 24.1).
type createPrimaryParameters struct {
	inSensitive wire.TPM2BSensitiveCreate // TPM2B_SENSITIVE_CREATE
	inPublic    wire.TPM2BPublic          // TPM2B_PUBLIC
	outsideInfo wire.TPM2BData            // TPM2B_DATA
	creationPCR wire.TPMLPCRSelection     // TPML_PCR_SELECTION
}

func (p *createPrimaryParameters) fields() []field {
	return []field{
		{"inSensitive", &p.inSensitive},
		{"inPublic", &p.inPublic},
		{"outsideInfo", &p.outsideInfo},
		{"creationPCR", &p.creationPCR},
	}
}

// hierarchyControlParameters are the parameters of TPM2_HierarchyControl (Part 3, 24.2).
type hierarchyControlParameters struct {
	enable wire.Handle // TPMI_RH_ENABLES
	state  bool        // TPMI_YES_NO
}

func (p *hierarchyControlParameters) fields() []field {
	return []field{
		{"enable", asHandle(&p.enable, wire.TPMIRHEnables)},
		{"state", asYesNo(&p.state)},
	}
}

// setPrimaryPolicyParameters are the parameters of TPM2_SetPrimaryPolicy (Part 3, 24.3).
type setPrimaryPolicyParameters struct {
	authPolicy wire.TPM2BDigest // TPM2B_DIGEST
	hashAlg    wire.Alg         // TPMI_ALG_HASH+
}

func (p *setPrimaryPolicyParameters) fields() []field {
	return []field{
		{"authPolicy", &p.authPolicy},
		{"hashAlg", asAlg(&p.hashAlg, wire.TPMIAlgHash|wire.OrNull)},
	}
}

// clearControlParameters are the parameters of TPM2_ClearControl (Part 3, 24.7).
type clearControlParameters struct {
	disable bool // TPMI_YES_NO
}

func (p *clearControlParameters) fields() []field {
	return []field{
		{"disable", asYesNo(&p.disable)},
	}
}

// hierarchyChangeAuthParameters are the parameters of TPM2_HierarchyChangeAuth (Part 3, 24.8).
type hierarchyChangeAuthParameters struct {
	newAuth wire.TPM2BAuth // TPM2B_AUTH
}

func (p *hierarchyChangeAuthParameters) fields() []field {
	return []field{
		{"newAuth", &p.newAuth},
	}
}

// readOnlyControlParameters are the parameters of TPM2_ReadOnlyControl (Part 3, 24.9).
type readOnlyControlParameters struct {
	state bool // TPMI_YES_NO
}

func (p *readOnlyControlParameters) fields() []field {
	return []field{
		{"state", asYesNo(&p.state)},
	}
}
