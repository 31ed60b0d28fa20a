package tpm2

import (
	"govtpm/tpm2/wire"
)

// objectCommands are the commands of Part 3, clause 12.
func objectCommands() []command {
	return []command{
		{
			code: wire.CCCreate, clause: "12.1",
			handles: []handleSpec{{"parentHandle", wire.TPMIDHObject, roleUser}},
			flags:   flagDecrypt | flagEncrypt | flagNotRO,
			run:     with((*TPM).create),
		},
		{
			code: wire.CCLoad, clause: "12.2",
			handles: []handleSpec{{"parentHandle", wire.TPMIDHObject, roleUser}},
			flags:   flagDecrypt | flagEncrypt | flagRHandle,
			run:     with((*TPM).load),
		},
		{
			code: wire.CCLoadExternal, clause: "12.3",
			flags: flagDecrypt | flagEncrypt | flagRHandle,
			run:   with((*TPM).loadExternal),
		},
		{
			code: wire.CCReadPublic, clause: "12.4",
			handles: []handleSpec{{"objectHandle", wire.TPMIDHObject, roleNone}},
			flags:   flagEncrypt,
			run:     bare((*TPM).readPublic),
		},
		{
			code: wire.CCActivateCredential, clause: "12.5",
			handles: []handleSpec{{"activateHandle", wire.TPMIDHObject, roleAdmin}, {"keyHandle", wire.TPMIDHObject, roleUser}},
			flags:   flagDecrypt | flagEncrypt,
			run:     with((*TPM).activateCredential),
		},
		{
			code: wire.CCMakeCredential, clause: "12.6",
			handles: []handleSpec{{"handle", wire.TPMIDHObject, roleNone}},
			flags:   flagDecrypt | flagEncrypt,
			run:     with((*TPM).makeCredential),
		},
		{
			code: wire.CCUnseal, clause: "12.7",
			handles: []handleSpec{{"itemHandle", wire.TPMIDHObject, roleUser}},
			flags:   flagEncrypt,
			run:     bare((*TPM).unseal),
		},
		{
			code: wire.CCObjectChangeAuth, clause: "12.8",
			handles: []handleSpec{{"objectHandle", wire.TPMIDHObject, roleAdmin}, {"parentHandle", wire.TPMIDHObject, roleNone}},
			flags:   flagDecrypt | flagEncrypt | flagNotRO,
			run:     with((*TPM).objectChangeAuth),
		},
		{
			code: wire.CCCreateLoaded, clause: "12.9",
			handles: []handleSpec{{"parentHandle", wire.TPMIDHParent, roleUser}},
			flags:   flagDecrypt | flagEncrypt | flagNotRO | flagRHandle,
			pp:      ppOptional,
			run:     with((*TPM).createLoaded),
		},
	}
}

// createParameters are the parameters of TPM2_Create (Part 3, 12.1).
type createParameters struct {
	inSensitive wire.TPM2BSensitiveCreate // TPM2B_SENSITIVE_CREATE
	inPublic    wire.TPM2BPublic          // TPM2B_PUBLIC
	outsideInfo wire.TPM2BData            // TPM2B_DATA
	creationPCR wire.TPMLPCRSelection     // TPML_PCR_SELECTION
}

func (p *createParameters) fields() []field {
	return []field{
		{"inSensitive", &p.inSensitive},
		{"inPublic", &p.inPublic},
		{"outsideInfo", &p.outsideInfo},
		{"creationPCR", &p.creationPCR},
	}
}

// loadParameters are the parameters of TPM2_Load (Part 3, 12.2).
type loadParameters struct {
	inPrivate wire.TPM2BPrivate // TPM2B_PRIVATE
	inPublic  wire.TPM2BPublic  // TPM2B_PUBLIC
}

func (p *loadParameters) fields() []field {
	return []field{
		{"inPrivate", &p.inPrivate},
		{"inPublic", &p.inPublic},
	}
}

// loadExternalParameters are the parameters of TPM2_LoadExternal (Part 3, 12.3).
type loadExternalParameters struct {
	inPrivate wire.TPM2BSensitive // TPM2B_SENSITIVE
	inPublic  wire.TPM2BPublic    // TPM2B_PUBLIC+
	hierarchy wire.Handle         // TPMI_RH_HIERARCHY
}

func (p *loadExternalParameters) fields() []field {
	return []field{
		{"inPrivate", &p.inPrivate},
		{"inPublic", orNull(&p.inPublic)},
		{"hierarchy", asHandle(&p.hierarchy, wire.TPMIRHHierarchy)},
	}
}

// activateCredentialParameters are the parameters of TPM2_ActivateCredential (Part 3, 12.5).
type activateCredentialParameters struct {
	credentialBlob wire.TPM2BIDObject        // TPM2B_ID_OBJECT
	secret         wire.TPM2BEncryptedSecret // TPM2B_ENCRYPTED_SECRET
}

func (p *activateCredentialParameters) fields() []field {
	return []field{
		{"credentialBlob", &p.credentialBlob},
		{"secret", &p.secret},
	}
}

// makeCredentialParameters are the parameters of TPM2_MakeCredential (Part 3, 12.6).
type makeCredentialParameters struct {
	credential wire.TPM2BDigest // TPM2B_DIGEST
	objectName wire.TPM2BName   // TPM2B_NAME
}

func (p *makeCredentialParameters) fields() []field {
	return []field{
		{"credential", &p.credential},
		{"objectName", &p.objectName},
	}
}

// objectChangeAuthParameters are the parameters of TPM2_ObjectChangeAuth (Part 3, 12.8).
type objectChangeAuthParameters struct {
	newAuth wire.TPM2BAuth // TPM2B_AUTH
}

func (p *objectChangeAuthParameters) fields() []field {
	return []field{
		{"newAuth", &p.newAuth},
	}
}

// createLoadedParameters are the parameters of TPM2_CreateLoaded (Part 3, 12.9).
type createLoadedParameters struct {
	inSensitive wire.TPM2BSensitiveCreate // TPM2B_SENSITIVE_CREATE
	inPublic    wire.TPM2BTemplate        // TPM2B_TEMPLATE
}

func (p *createLoadedParameters) fields() []field {
	return []field{
		{"inSensitive", &p.inSensitive},
		{"inPublic", &p.inPublic},
	}
}
