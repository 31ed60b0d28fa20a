package tpm2

import (
	"govtpm/tpm2/wire"
)

// symmetricCommands are the commands of Part 3, clause 15.
func symmetricCommands() []command {
	return []command{
		{
			code: wire.CCEncryptDecrypt, clause: "15.2",
			handles: []handleSpec{{"keyHandle", wire.TPMIDHObject, roleUser}},
			flags:   flagEncrypt,
		},
		{
			code: wire.CCEncryptDecrypt2, clause: "15.3",
			handles: []handleSpec{{"keyHandle", wire.TPMIDHObject, roleUser}},
			flags:   flagDecrypt | flagEncrypt,
		},
		{
			code: wire.CCHash, clause: "15.4",
			flags: flagDecrypt | flagEncrypt,
		},
		{
			code: wire.CCMAC, clause: "15.6",
			handles: []handleSpec{{"handle", wire.TPMIDHObject, roleUser}},
			flags:   flagDecrypt | flagEncrypt,
		},
	}
}

// encryptDecryptParameters are the parameters of TPM2_EncryptDecrypt (Part 3, 15.2).
type encryptDecryptParameters struct {
	decrypt bool                // TPMI_YES_NO
	mode    wire.Alg            // TPMI_ALG_CIPHER_MODE+
	ivIn    wire.TPM2BIV        // TPM2B_IV
	inData  wire.TPM2BMaxBuffer // TPM2B_MAX_BUFFER
}

func (p *encryptDecryptParameters) fields() []field {
	return []field{
		{"decrypt", asYesNo(&p.decrypt)},
		{"mode", asAlg(&p.mode, wire.TPMIAlgCipherMode|wire.OrNull)},
		{"ivIn", &p.ivIn},
		{"inData", &p.inData},
	}
}

// encryptDecrypt2Parameters are the parameters of TPM2_EncryptDecrypt2 (Part 3, 15.3).
type encryptDecrypt2Parameters struct {
	inData  wire.TPM2BMaxBuffer // TPM2B_MAX_BUFFER
	decrypt bool                // TPMI_YES_NO
	mode    wire.Alg            // TPMI_ALG_CIPHER_MODE+
	ivIn    wire.TPM2BIV        // TPM2B_IV
}

func (p *encryptDecrypt2Parameters) fields() []field {
	return []field{
		{"inData", &p.inData},
		{"decrypt", asYesNo(&p.decrypt)},
		{"mode", asAlg(&p.mode, wire.TPMIAlgCipherMode|wire.OrNull)},
		{"ivIn", &p.ivIn},
	}
}

// hashParameters are the parameters of TPM2_Hash (Part 3, 15.4).
type hashParameters struct {
	data      wire.TPM2BMaxBuffer // TPM2B_MAX_BUFFER
	hashAlg   wire.Alg            // TPMI_ALG_HASH
	hierarchy wire.Handle         // TPMI_RH_HIERARCHY
}

func (p *hashParameters) fields() []field {
	return []field{
		{"data", &p.data},
		{"hashAlg", asAlg(&p.hashAlg, wire.TPMIAlgHash)},
		{"hierarchy", asHandle(&p.hierarchy, wire.TPMIRHHierarchy)},
	}
}

// macParameters are the parameters of TPM2_MAC (Part 3, 15.6).
type macParameters struct {
	buffer   wire.TPM2BMaxBuffer // TPM2B_MAX_BUFFER
	inScheme wire.Alg            // TPMI_ALG_MAC_SCHEME+
}

func (p *macParameters) fields() []field {
	return []field{
		{"buffer", &p.buffer},
		{"inScheme", asAlg(&p.inScheme, wire.TPMIAlgMACScheme|wire.OrNull)},
	}
}
