package tpm2

import (
	"govtpm/tpm2/wire"
)

// attestationCommands are the commands of Part 3, clause 18.
func attestationCommands() []command {
	return []command{
		{
			code: wire.CCCertify, clause: "18.2",
			handles: []handleSpec{{"objectHandle", wire.TPMIDHObject, roleAdmin}, {"signHandle", wire.TPMIDHObject | wire.OrNull, roleUser}},
			flags:   flagDecrypt | flagEncrypt,
			run:     with((*TPM).certify),
		},
		{
			code: wire.CCCertifyCreation, clause: "18.3",
			handles: []handleSpec{{"signHandle", wire.TPMIDHObject | wire.OrNull, roleUser}, {"objectHandle", wire.TPMIDHObject, roleNone}},
			flags:   flagDecrypt | flagEncrypt,
			run:     with((*TPM).certifyCreation),
		},
		{
			code: wire.CCQuote, clause: "18.4",
			handles: []handleSpec{{"signHandle", wire.TPMIDHObject | wire.OrNull, roleUser}},
			flags:   flagDecrypt | flagEncrypt,
			run:     with((*TPM).quote),
		},
		{
			code: wire.CCGetSessionAuditDigest, clause: "18.5",
			handles: []handleSpec{{"privacyAdminHandle", wire.TPMIRHEndorsement, roleUser}, {"signHandle", wire.TPMIDHObject | wire.OrNull, roleUser}, {"sessionHandle", wire.TPMISHHMAC, roleNone}},
			flags:   flagDecrypt | flagEncrypt,
			run:     with((*TPM).getSessionAuditDigest),
		},
		{
			code: wire.CCGetCommandAuditDigest, clause: "18.6",
			handles: []handleSpec{{"privacyHandle", wire.TPMIRHEndorsement, roleUser}, {"signHandle", wire.TPMIDHObject | wire.OrNull, roleUser}},
			flags:   flagNV | flagDecrypt | flagEncrypt,
			run:     with((*TPM).getCommandAuditDigest),
		},
		{
			code: wire.CCGetTime, clause: "18.7",
			handles: []handleSpec{{"privacyAdminHandle", wire.TPMIRHEndorsement, roleUser}, {"signHandle", wire.TPMIDHObject | wire.OrNull, roleUser}},
			flags:   flagDecrypt | flagEncrypt,
			run:     with((*TPM).getTime),
		},
		{
			code: wire.CCCertifyX509, clause: "18.8",
			handles: []handleSpec{{"objectHandle", wire.TPMIDHObject, roleAdmin}, {"signHandle", wire.TPMIDHObject, roleUser}},
			flags:   flagDecrypt | flagEncrypt,
			run:     with((*TPM).certifyX509),
		},
	}
}

// certifyParameters are the parameters of TPM2_Certify (Part 3, 18.2).
type certifyParameters struct {
	qualifyingData wire.TPM2BData     // TPM2B_DATA
	inScheme       wire.TPMTSigScheme // TPMT_SIG_SCHEME+
}

func (p *certifyParameters) fields() []field {
	return []field{
		{"qualifyingData", &p.qualifyingData},
		{"inScheme", orNull(&p.inScheme)},
	}
}

// certifyCreationParameters are the parameters of TPM2_CertifyCreation (Part 3, 18.3).
type certifyCreationParameters struct {
	qualifyingData wire.TPM2BData      // TPM2B_DATA
	creationHash   wire.TPM2BDigest    // TPM2B_DIGEST
	inScheme       wire.TPMTSigScheme  // TPMT_SIG_SCHEME+
	creationTicket wire.TPMTTKCreation // TPMT_TK_CREATION
}

func (p *certifyCreationParameters) fields() []field {
	return []field{
		{"qualifyingData", &p.qualifyingData},
		{"creationHash", &p.creationHash},
		{"inScheme", orNull(&p.inScheme)},
		{"creationTicket", &p.creationTicket},
	}
}

// quoteParameters are the parameters of TPM2_Quote (Part 3, 18.4).
type quoteParameters struct {
	qualifyingData wire.TPM2BData        // TPM2B_DATA
	inScheme       wire.TPMTSigScheme    // TPMT_SIG_SCHEME+
	pcrSelect      wire.TPMLPCRSelection // TPML_PCR_SELECTION
}

func (p *quoteParameters) fields() []field {
	return []field{
		{"qualifyingData", &p.qualifyingData},
		{"inScheme", orNull(&p.inScheme)},
		{"PCRselect", &p.pcrSelect},
	}
}

// getSessionAuditDigestParameters are the parameters of TPM2_GetSessionAuditDigest (Part 3, 18.5).
type getSessionAuditDigestParameters struct {
	qualifyingData wire.TPM2BData     // TPM2B_DATA
	inScheme       wire.TPMTSigScheme // TPMT_SIG_SCHEME+
}

func (p *getSessionAuditDigestParameters) fields() []field {
	return []field{
		{"qualifyingData", &p.qualifyingData},
		{"inScheme", orNull(&p.inScheme)},
	}
}

// getCommandAuditDigestParameters are the parameters of TPM2_GetCommandAuditDigest (Part 3, 18.6).
type getCommandAuditDigestParameters struct {
	qualifyingData wire.TPM2BData     // TPM2B_DATA
	inScheme       wire.TPMTSigScheme // TPMT_SIG_SCHEME+
}

func (p *getCommandAuditDigestParameters) fields() []field {
	return []field{
		{"qualifyingData", &p.qualifyingData},
		{"inScheme", orNull(&p.inScheme)},
	}
}

// getTimeParameters are the parameters of TPM2_GetTime (Part 3, 18.7).
type getTimeParameters struct {
	qualifyingData wire.TPM2BData     // TPM2B_DATA
	inScheme       wire.TPMTSigScheme // TPMT_SIG_SCHEME+
}

func (p *getTimeParameters) fields() []field {
	return []field{
		{"qualifyingData", &p.qualifyingData},
		{"inScheme", orNull(&p.inScheme)},
	}
}

// certifyX509Parameters are the parameters of TPM2_CertifyX509 (Part 3, 18.8).
type certifyX509Parameters struct {
	reserved           wire.TPM2BData      // TPM2B_DATA
	inScheme           wire.TPMTSigScheme  // TPMT_SIG_SCHEME+
	partialCertificate wire.TPM2BMaxBuffer // TPM2B_MAX_BUFFER
}

func (p *certifyX509Parameters) fields() []field {
	return []field{
		{"reserved", &p.reserved},
		{"inScheme", orNull(&p.inScheme)},
		{"partialCertificate", &p.partialCertificate},
	}
}
