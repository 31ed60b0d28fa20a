package tpm2

import (
	"govtpm/tpm2/wire"
)

// duplicationCommands are the commands of Part 3, clause 13.
func duplicationCommands() []command {
	return []command{
		{
			code: wire.CCDuplicate, clause: "13.1",
			handles: []handleSpec{{"objectHandle", wire.TPMIDHObject, roleDup}, {"newParentHandle", wire.TPMIDHObject | wire.OrNull, roleNone}},
			flags:   flagDecrypt | flagEncrypt,
			run:     with((*TPM).duplicate),
		},
		{
			code: wire.CCRewrap, clause: "13.2",
			handles: []handleSpec{{"oldParent", wire.TPMIDHObject | wire.OrNull, roleUser}, {"newParent", wire.TPMIDHObject | wire.OrNull, roleNone}},
			flags:   flagDecrypt | flagEncrypt,
			run:     with((*TPM).rewrap),
		},
		{
			code: wire.CCImport, clause: "13.3",
			handles: []handleSpec{{"parentHandle", wire.TPMIDHObject, roleUser}},
			flags:   flagDecrypt | flagEncrypt,
			run:     with((*TPM).importObject),
		},
	}
}

// duplicateParameters are the parameters of TPM2_Duplicate (Part 3, 13.1).
type duplicateParameters struct {
	encryptionKeyIn wire.TPM2BData        // TPM2B_DATA
	symmetricAlg    wire.TPMTSymDefObject // TPMT_SYM_DEF_OBJECT+
}

func (p *duplicateParameters) fields() []field {
	return []field{
		{"encryptionKeyIn", &p.encryptionKeyIn},
		{"symmetricAlg", orNull(&p.symmetricAlg)},
	}
}

// rewrapParameters are the parameters of TPM2_Rewrap (Part 3, 13.2).
type rewrapParameters struct {
	inDuplicate wire.TPM2BPrivate         // TPM2B_PRIVATE
	name        wire.TPM2BName            // TPM2B_NAME
	inSymSeed   wire.TPM2BEncryptedSecret // TPM2B_ENCRYPTED_SECRET
}

func (p *rewrapParameters) fields() []field {
	return []field{
		{"inDuplicate", &p.inDuplicate},
		{"name", &p.name},
		{"inSymSeed", &p.inSymSeed},
	}
}

// importParameters are the parameters of TPM2_Import (Part 3, 13.3).
type importParameters struct {
	encryptionKey wire.TPM2BData            // TPM2B_DATA
	objectPublic  wire.TPM2BPublic          // TPM2B_PUBLIC
	duplicate     wire.TPM2BPrivate         // TPM2B_PRIVATE
	inSymSeed     wire.TPM2BEncryptedSecret // TPM2B_ENCRYPTED_SECRET
	symmetricAlg  wire.TPMTSymDefObject     // TPMT_SYM_DEF_OBJECT+
}

func (p *importParameters) fields() []field {
	return []field{
		{"encryptionKey", &p.encryptionKey},
		{"objectPublic", &p.objectPublic},
		{"duplicate", &p.duplicate},
		{"inSymSeed", &p.inSymSeed},
		{"symmetricAlg", orNull(&p.symmetricAlg)},
	}
}
