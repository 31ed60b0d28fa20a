package tpm2

import (
	"govtpm/tpm2/wire"
)

// sequenceCommands are the commands of Part 3, clause 17.
func sequenceCommands() []command {
	return []command{
		{
			code: wire.CCMACStart, clause: "17.3",
			handles: []handleSpec{{"handle", wire.TPMIDHObject, roleUser}},
			flags:   flagDecrypt | flagRHandle,
		},
		{
			code: wire.CCHashSequenceStart, clause: "17.4",
			flags: flagDecrypt | flagRHandle,
		},
		{
			code: wire.CCSignSequenceStart, clause: "17.5",
			handles: []handleSpec{{"keyHandle", wire.TPMIDHObject, roleNone}},
			flags:   flagDecrypt | flagRHandle | flagByProfile,
		},
		{
			code: wire.CCVerifySequenceStart, clause: "17.6",
			handles: []handleSpec{{"keyHandle", wire.TPMIDHObject, roleNone}},
			flags:   flagDecrypt | flagRHandle | flagByProfile,
		},
		{
			code: wire.CCSequenceUpdate, clause: "17.7",
			handles: []handleSpec{{"sequenceHandle", wire.TPMIDHObject, roleUser}},
			flags:   flagDecrypt,
		},
		{
			code: wire.CCSequenceComplete, clause: "17.8",
			handles: []handleSpec{{"sequenceHandle", wire.TPMIDHObject, roleUser}},
			flags:   flagFlushed | flagDecrypt | flagEncrypt,
		},
		{
			code: wire.CCEventSequenceComplete, clause: "17.9",
			handles: []handleSpec{{"pcrHandle", wire.TPMIDHPCR | wire.OrNull, roleUser}, {"sequenceHandle", wire.TPMIDHObject, roleUser}},
			flags:   flagNV | flagFlushed | flagDecrypt,
		},
	}
}

// macStartParameters are the parameters of TPM2_MAC_Start (Part 3, 17.3).
type macStartParameters struct {
	auth     wire.TPM2BAuth // TPM2B_AUTH
	inScheme wire.Alg       // TPMI_ALG_MAC_SCHEME+
}

func (p *macStartParameters) fields() []field {
	return []field{
		{"auth", &p.auth},
		{"inScheme", asAlg(&p.inScheme, wire.TPMIAlgMACScheme|wire.OrNull)},
	}
}

// hashSequenceStartParameters are the parameters of TPM2_HashSequenceStart (Part 3, 17.4).
type hashSequenceStartParameters struct {
	auth    wire.TPM2BAuth // TPM2B_AUTH
	hashAlg wire.Alg       // TPMI_ALG_HASH+
}

func (p *hashSequenceStartParameters) fields() []field {
	return []field{
		{"auth", &p.auth},
		{"hashAlg", asAlg(&p.hashAlg, wire.TPMIAlgHash|wire.OrNull)},
	}
}

// signSequenceStartParameters are the parameters of TPM2_SignSequenceStart (Part 3, 17.5).
type signSequenceStartParameters struct {
	auth    wire.TPM2BAuth         // TPM2B_AUTH
	context wire.TPM2BSignatureCtx // TPM2B_SIGNATURE_CTX
}

func (p *signSequenceStartParameters) fields() []field {
	return []field{
		{"auth", &p.auth},
		{"context", &p.context},
	}
}

// verifySequenceStartParameters are the parameters of TPM2_VerifySequenceStart (Part 3, 17.6).
type verifySequenceStartParameters struct {
	auth    wire.TPM2BAuth          // TPM2B_AUTH
	hint    wire.TPM2BSignatureHint // TPM2B_SIGNATURE_HINT
	context wire.TPM2BSignatureCtx  // TPM2B_SIGNATURE_CTX
}

func (p *verifySequenceStartParameters) fields() []field {
	return []field{
		{"auth", &p.auth},
		{"hint", &p.hint},
		{"context", &p.context},
	}
}

// sequenceUpdateParameters are the parameters of TPM2_SequenceUpdate (Part 3, 17.7).
type sequenceUpdateParameters struct {
	buffer wire.TPM2BMaxBuffer // TPM2B_MAX_BUFFER
}

func (p *sequenceUpdateParameters) fields() []field {
	return []field{
		{"buffer", &p.buffer},
	}
}

// sequenceCompleteParameters are the parameters of TPM2_SequenceComplete (Part 3, 17.8).
type sequenceCompleteParameters struct {
	buffer    wire.TPM2BMaxBuffer // TPM2B_MAX_BUFFER
	hierarchy wire.Handle         // TPMI_RH_HIERARCHY
}

func (p *sequenceCompleteParameters) fields() []field {
	return []field{
		{"buffer", &p.buffer},
		{"hierarchy", asHandle(&p.hierarchy, wire.TPMIRHHierarchy)},
	}
}

// eventSequenceCompleteParameters are the parameters of TPM2_EventSequenceComplete (Part 3, 17.9).
type eventSequenceCompleteParameters struct {
	buffer wire.TPM2BMaxBuffer // TPM2B_MAX_BUFFER
}

func (p *eventSequenceCompleteParameters) fields() []field {
	return []field{
		{"buffer", &p.buffer},
	}
}
