package tpm2

import (
	"encoding/binary"

	"govtpm/tpm2/wire"
)

// Signatures over digests as version 185 has them: the scheme is that of the key (Part 3, 20.4 and 20.7).

// digestSignatureKey settles how handle 1 signs digests. context is parameter 1; SM2 has none here (Part 1, 45.2.2.4).
func digestSignatureKey(key *object, context []byte) (wire.TPMTSigScheme, error) {
	s, err := signatureKey(key, context, 1)
	if err != nil {
		return s, err
	}
	if s.Scheme == wire.AlgHMAC {
		return s, wire.RCScheme.Handle(1)
	}
	if s.Scheme == wire.AlgSM2 && len(context) != 0 {
		return s, wire.RCSize.Parameter(1)
	}
	return s, nil
}

// signDigest is TPM2_SignDigest (Part 3, 20.7).
func (t *TPM) signDigest(c *call, p *signDigestParameters) error {
	key := c.objects[0]
	s, err := digestSignatureKey(key, p.context)
	if err != nil {
		return err
	}
	if key.public.Attributes.Has(wire.ObjectX509Sign) {
		return wire.RCAttributes.Handle(1)
	}
	if err := t.checkSignedDigest(key, &s, p.digest, &p.validation, 2, 3); err != nil {
		return err
	}
	sig, err := t.sign(key, &s, p.digest)
	if err != nil {
		return err
	}
	sig.Marshal(&c.out)
	return nil
}

// verifyDigestSignature is TPM2_VerifyDigestSignature (Part 3, 20.4).
func (t *TPM) verifyDigestSignature(c *call, p *verifyDigestSignatureParameters) error {
	key := c.objects[0]
	s, err := digestSignatureKey(key, p.context)
	if err != nil {
		return err
	}
	if len(p.digest) != digestSize(s.HashAlg) {
		return wire.RCSize.Parameter(2)
	}
	if p.signature.SigAlg != s.Scheme || p.signature.Hash() != s.HashAlg {
		return wire.RCScheme.Parameter(3)
	}
	if err := t.verify(key, p.digest, &p.signature); err != nil {
		return positioned(err, func(rc wire.RC) wire.RC { return rc.Parameter(3) })
	}
	ticket := wire.TPMTTKVerified{Tag: wire.STDigestVerified, Hierarchy: wire.RHNull, DigestAlg: s.HashAlg}
	if hasTickets(key) {
		metadata := binary.BigEndian.AppendUint16(nil, uint16(s.HashAlg))
		ticket.Hierarchy = key.hierarchy
		ticket.HMAC = t.ticketHMAC(wire.STDigestVerified, key.hierarchy, p.digest, key.name, metadata)
	}
	ticket.Marshal(&c.out)
	return nil
}
