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
			run:     with((*TPM).verifySignature),
		},
		{
			code: wire.CCVerifySequenceComplete, clause: "20.3",
			handles: []handleSpec{{"sequenceHandle", wire.TPMIDHObject, roleUser}, {"keyHandle", wire.TPMIDHObject, roleNone}},
			flags:   flagFlushed | flagByProfile,
			run:     with((*TPM).verifySequenceComplete),
		},
		{
			code: wire.CCVerifyDigestSignature, clause: "20.4",
			handles: []handleSpec{{"keyHandle", wire.TPMIDHObject, roleNone}},
			flags:   flagDecrypt | flagByProfile,
			run:     with((*TPM).verifyDigestSignature),
		},
		{
			code: wire.CCSign, clause: "20.5",
			handles: []handleSpec{{"keyHandle", wire.TPMIDHObject, roleUser}},
			flags:   flagDecrypt,
			run:     with((*TPM).signCommand),
		},
		{
			code: wire.CCSignSequenceComplete, clause: "20.6",
			handles: []handleSpec{{"sequenceHandle", wire.TPMIDHObject, roleUser}, {"keyHandle", wire.TPMIDHObject, roleUser}},
			flags:   flagFlushed | flagDecrypt | flagByProfile,
			run:     with((*TPM).signSequenceComplete),
		},
		{
			code: wire.CCSignDigest, clause: "20.7",
			handles: []handleSpec{{"keyHandle", wire.TPMIDHObject, roleUser}},
			flags:   flagDecrypt | flagByProfile,
			run:     with((*TPM).signDigest),
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

// verifySignature is TPM2_VerifySignature (Part 3, 20.2).
func (t *TPM) verifySignature(c *call, p *verifySignatureParameters) error {
	key := c.objects[0]
	if !key.public.Attributes.Has(wire.ObjectSign) {
		return wire.RCAttributes.Handle(1)
	}
	if err := t.verify(key, p.digest, &p.signature); err != nil {
		return positioned(err, func(rc wire.RC) wire.RC { return rc.Parameter(2) })
	}
	ticket := wire.TPMTTKVerified{Tag: wire.STVerified, Hierarchy: wire.RHNull}
	if hasTickets(key) {
		ticket = t.verifiedTicket(key.hierarchy, p.digest, key.name)
	}
	ticket.Marshal(&c.out)
	return nil
}

// hasTickets reports whether the TPM gives tickets for signatures of a key: it must have a hierarchy and a Name.
func hasTickets(key *object) bool {
	return key.hierarchy != wire.RHNull && key.public.NameAlg != wire.AlgNull
}

// signCommand is TPM2_Sign (Part 3, 20.5).
func (t *TPM) signCommand(c *call, p *signParameters) error {
	key := c.objects[0]
	if !canSign(key) {
		return wire.RCKey.Handle(1)
	}
	if key.public.Attributes.Has(wire.ObjectX509Sign) {
		return wire.RCAttributes.Handle(1)
	}
	if !t.selectSignScheme(key, &p.inScheme) {
		return wire.RCScheme.Parameter(2)
	}
	if err := t.checkSignedDigest(key, &p.inScheme, p.digest, &p.validation, 1, 3); err != nil {
		return err
	}
	sig, err := t.sign(key, &p.inScheme, p.digest)
	if err != nil {
		return err
	}
	sig.Marshal(&c.out)
	return nil
}

// checkSignedDigest checks a digest from the caller: a restricted key signs only what the TPM has hashed itself, and any key
// only what has the size of the scheme's hash. The numbers are those of the parameters.
func (t *TPM) checkSignedDigest(key *object, s *wire.TPMTSigScheme, digest []byte, ticket *wire.TPMTTKHashCheck, digestNumber, ticketNumber int) error {
	if len(ticket.Digest) != 0 || key.public.Attributes.Has(wire.ObjectRestricted) {
		if !t.checkHashCheck(ticket, s.HashAlg, digest) {
			return wire.RCTicket.Parameter(ticketNumber)
		}
	} else if len(digest) != digestSize(s.HashAlg) {
		return wire.RCSize.Parameter(digestNumber)
	}
	return nil
}
