package tpm2

import (
	"govtpm/tpm2/wire"
)

// signingCommands are the commands of Part 3, clause 20.
func signingCommands() []command {
	return []command{
		{
			code: wire.CCVerifySignature, clause: "20.2",
			handles: []handleSpec{{"keyHandle", wire.TPMIDHObject, roleNone}},
			flags:   flagDecrypt,
		},
		{
			code: wire.CCVerifySequenceComplete, clause: "20.3",
			handles: []handleSpec{{"sequenceHandle", wire.TPMIDHObject, roleUser}, {"keyHandle", wire.TPMIDHObject, roleNone}},
			flags:   flagFlushed | flagByProfile,
		},
		{
			code: wire.CCVerifyDigestSignature, clause: "20.4",
			handles: []handleSpec{{"keyHandle", wire.TPMIDHObject, roleNone}},
			flags:   flagDecrypt | flagByProfile,
		},
		{
			code: wire.CCSign, clause: "20.5",
			handles: []handleSpec{{"keyHandle", wire.TPMIDHObject, roleUser}},
			flags:   flagDecrypt,
		},
		{
			code: wire.CCSignSequenceComplete, clause: "20.6",
			handles: []handleSpec{{"sequenceHandle", wire.TPMIDHObject, roleUser}, {"keyHandle", wire.TPMIDHObject, roleUser}},
			flags:   flagFlushed | flagDecrypt | flagByProfile,
		},
		{
			code: wire.CCSignDigest, clause: "20.7",
			handles: []handleSpec{{"keyHandle", wire.TPMIDHObject, roleUser}},
			flags:   flagDecrypt | flagByProfile,
		},
	}
}

// verifySignatureParameters are the parameters of TPM2_VerifySignature (Part 3, 20.2).
type verifySignatureParameters struct {
	digest    wire.TPM2BDigest   // TPM2B_DIGEST
	signature wire.TPMTSignature // TPMT_SIGNATURE
}

func (p *verifySignatureParameters) fields() []field {
	return []field{
		{"digest", &p.digest},
		{"signature", &p.signature},
	}
}

// verifySequenceCompleteParameters are the parameters of TPM2_VerifySequenceComplete (Part 3, 20.3).
type verifySequenceCompleteParameters struct {
	signature wire.TPMTSignature // TPMT_SIGNATURE
}

func (p *verifySequenceCompleteParameters) fields() []field {
	return []field{
		{"signature", &p.signature},
	}
}

// verifyDigestSignatureParameters are the parameters of TPM2_VerifyDigestSignature (Part 3, 20.4).
type verifyDigestSignatureParameters struct {
	context   wire.TPM2BSignatureCtx // TPM2B_SIGNATURE_CTX
	digest    wire.TPM2BDigest       // TPM2B_DIGEST
	signature wire.TPMTSignature     // TPMT_SIGNATURE
}

func (p *verifyDigestSignatureParameters) fields() []field {
	return []field{
		{"context", &p.context},
		{"digest", &p.digest},
		{"signature", &p.signature},
	}
}

// signParameters are the parameters of TPM2_Sign (Part 3, 20.5).
type signParameters struct {
	digest     wire.TPM2BDigest     // TPM2B_DIGEST
	inScheme   wire.TPMTSigScheme   // TPMT_SIG_SCHEME+
	validation wire.TPMTTKHashCheck // TPMT_TK_HASHCHECK
}

func (p *signParameters) fields() []field {
	return []field{
		{"digest", &p.digest},
		{"inScheme", orNull(&p.inScheme)},
		{"validation", &p.validation},
	}
}

// signSequenceCompleteParameters are the parameters of TPM2_SignSequenceComplete (Part 3, 20.6).
type signSequenceCompleteParameters struct {
	buffer wire.TPM2BMaxBuffer // TPM2B_MAX_BUFFER
}

func (p *signSequenceCompleteParameters) fields() []field {
	return []field{
		{"buffer", &p.buffer},
	}
}

// signDigestParameters are the parameters of TPM2_SignDigest (Part 3, 20.7).
type signDigestParameters struct {
	context    wire.TPM2BSignatureCtx // TPM2B_SIGNATURE_CTX
	digest     wire.TPM2BDigest       // TPM2B_DIGEST
	validation wire.TPMTTKHashCheck   // TPMT_TK_HASHCHECK
}

func (p *signDigestParameters) fields() []field {
	return []field{
		{"context", &p.context},
		{"digest", &p.digest},
		{"validation", &p.validation},
	}
}
