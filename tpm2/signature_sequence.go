package tpm2

import (
	"bytes"
	"crypto/hmac"
	"encoding/binary"
	"hash"

	"govtpm/internal/crypto/curve"
	"govtpm/tpm2/wire"
)

// Signature sequences: signatures over messages that come in pieces (Part 1, 29.4.5; Part 3, 17.5, 17.6, 20.3 and 20.6).
//
// The hash of the scheme runs over the message, with HMAC the MAC itself, and is signed at the end.

// A signedMessage is what a signature sequence keeps besides the running hash.
type signedMessage struct {
	scheme wire.TPMTSigScheme
	key    []byte // digest of the key's public area, by which it is known again
	head   []byte // the message's first bytes, as many as TPM_GENERATED_VALUE has

	// Of the HMAC of a verification's ticket, the inner hash, nil where there will be none, and whose proof is its key.
	ticket    hash.Hash
	hierarchy wire.Handle
}

func (m *signedMessage) write(data []byte) {
	m.head = m.headWith(data)
	if m.ticket != nil {
		m.ticket.Write(data)
	}
}

// headWith is what head will be after data.
func (m *signedMessage) headWith(data []byte) []byte {
	room := generatedSize - len(m.head)
	return append(bytes.Clone(m.head), data[:min(room, len(data))]...)
}

// startedBy reports whether the sequence was started with this key. That its scheme is the key's could fail to hold only in forged state.
func (m *signedMessage) startedBy(key *object) bool {
	s, _ := keyScheme(&key.public)
	return bytes.Equal(m.key, publicDigest(key)) && canSign(key) && s.Scheme == m.scheme.Scheme && s.HashAlg == m.scheme.HashAlg
}

// publicDigest tells a key from all others, also one without Name.
func publicDigest(key *object) []byte { return hashOf(contextHashAlg, wire.Marshal(&key.public)) }

// startTicket begins the ticket of a verification with key.
func (t *TPM) startTicket(m *signedMessage, key *object) {
	if m.hierarchy = wire.RHNull; !hasTickets(key) {
		return
	}
	m.hierarchy = key.hierarchy
	m.ticket, _ = splitHMAC(contextHashAlg, t.proof(m.hierarchy))
	m.ticket.Write(binary.BigEndian.AppendUint16(nil, uint16(wire.STMessageVerified)))
}

// endTicket is that ticket. It is empty if there was none to begin, or if the key came back in another hierarchy.
func (t *TPM) endTicket(m *signedMessage, key *object) wire.TPMTTKVerified {
	k := wire.TPMTTKVerified{Tag: wire.STMessageVerified, Hierarchy: wire.RHNull}
	if m.ticket == nil || m.hierarchy != key.hierarchy {
		return k
	}
	m.ticket.Write(key.name)
	_, outerPad := splitHMAC(contextHashAlg, t.proof(m.hierarchy))
	k.Hierarchy, k.HMAC = m.hierarchy, hashOf(contextHashAlg, outerPad, m.ticket.Sum(nil))
	return k
}

// signatureKey settles how handle 1 signs or verifies without a scheme from the caller. context is the given parameter.
func signatureKey(key *object, context []byte, parameter int) (wire.TPMTSigScheme, error) {
	var none wire.TPMTSigScheme
	if !canSign(key) {
		return none, wire.RCKey.Handle(1)
	}
	s, _ := keyScheme(&key.public)
	if !signsWith(key.public.Type, s.Scheme) || digestSize(s.HashAlg) == 0 {
		return none, wire.RCScheme.Handle(1)
	}
	// Part 2, Table 220.
	switch s.Scheme {
	case wire.AlgECDAA:
		if len(context) != 2 {
			return none, wire.RCSize.Parameter(parameter)
		}
		s.Count = binary.BigEndian.Uint16(context)
	case wire.AlgSM2:
	default:
		if len(context) != 0 {
			return none, wire.RCSize.Parameter(parameter)
		}
	}
	return s, nil
}

// newSignatureSequence starts a sequence with the key of handle 1.
func newSignatureSequence(kind sequenceKind, key *object, s wire.TPMTSigScheme, context []byte) (*sequence, error) {
	q := &sequence{kind: kind, message: &signedMessage{scheme: s, key: publicDigest(key)}}
	switch s.Scheme {
	case wire.AlgHMAC:
		if key.publicOnly {
			return nil, wire.RCHandle.Handle(1)
		}
		q.startHMAC(s.HashAlg, key.sensitive.Sensitive.Bits)
		return q, nil
	case wire.AlgSM2:
		c, point, err := eccPublicKey(&key.public)
		if err != nil {
			return nil, wire.RCKey.Handle(1)
		}
		q.hashes = []sequenceState{{s.HashAlg, newHash(s.HashAlg)}}
		q.hashes[0].hash.Write(sm2Identity(c, point, s.HashAlg, context))
		return q, nil
	}
	q.hashes = []sequenceState{{s.HashAlg, newHash(s.HashAlg)}}
	return q, nil
}

// sm2Identity is Z_A, which an SM2 signature hashes in front of the message (Part 1, 45.2.2.1). The length of the identity is in bits,
// as GB/T 32918.2 has it and other implementations take it.
func sm2Identity(c *curve.Curve, q curve.Point, alg wire.Alg, id []byte) []byte {
	p := c.Parameters()
	h := newHash(alg)
	h.Write(binary.BigEndian.AppendUint16(nil, uint16(8*len(id))))
	h.Write(id)
	for _, n := range [][]byte{p.A, p.B, p.Gx, p.Gy, q.X(), q.Y()} {
		h.Write(make([]byte, c.Size()-len(n)))
		h.Write(n)
	}
	return h.Sum(nil)
}

// signSequenceStart is TPM2_SignSequenceStart (Part 3, 17.5). Who may sign is checked at the end of the sequence.
func (t *TPM) signSequenceStart(c *call, p *signSequenceStartParameters) error {
	key := c.objects[0]
	s, err := signatureKey(key, p.context, 2)
	if err != nil {
		return err
	}
	// A restricted HMAC key signs digests, and only with a ticket (Part 3, 20.6.1).
	if s.Scheme == wire.AlgHMAC && key.public.Attributes.Has(wire.ObjectRestricted) {
		return wire.RCAttributes.Handle(1)
	}
	q, err := newSignatureSequence(sequenceSign, key, s, p.context)
	if err != nil {
		return err
	}
	c.outHandle, err = t.addSequence(q, p.auth)
	return err
}

// verifySequenceStart is TPM2_VerifySequenceStart (Part 3, 17.6).
func (t *TPM) verifySequenceStart(c *call, p *verifySequenceStartParameters) error {
	key := c.objects[0]
	s, err := signatureKey(key, p.context, 3)
	if err != nil {
		return err
	}
	if isAnonymous(s.Scheme) {
		return wire.RCScheme.Handle(1)
	}
	if len(p.hint) != 0 { // only EdDSA has one
		return wire.RCSize.Parameter(2)
	}
	q, err := newSignatureSequence(sequenceVerify, key, s, p.context)
	if err != nil {
		return err
	}
	t.startTicket(q.message, key)
	c.outHandle, err = t.addSequence(q, p.auth)
	return err
}

// signSequenceComplete is TPM2_SignSequenceComplete (Part 3, 20.6).
func (t *TPM) signSequenceComplete(c *call, p *signSequenceCompleteParameters) error {
	o, key := c.objects[0], c.objects[1]
	q := o.sequence
	if q == nil || q.kind != sequenceSign {
		return wire.RCMode.Handle(1)
	}
	if !q.message.startedBy(key) {
		return wire.RCSignContextKey.Handle(2)
	}
	if key.public.Attributes.Has(wire.ObjectX509Sign) {
		return wire.RCAttributes.Handle(2)
	}
	if key.public.Attributes.Has(wire.ObjectRestricted) && isGenerated(q.message.headWith(p.buffer)) {
		return wire.RCValue.Parameter(1)
	}
	scheme := q.message.scheme
	if err := t.checkSign(key, &scheme); err != nil {
		return err
	}
	q.write(p.buffer)
	sig := wire.TPMTSignature{SigAlg: scheme.Scheme}
	if scheme.Scheme == wire.AlgHMAC {
		sig.Signature.HMAC = wire.TPMTHA{HashAlg: scheme.HashAlg, Digest: q.mac()}
	} else {
		var err error
		if sig, err = t.sign(key, &scheme, q.hashes[0].hash.Sum(nil)); err != nil {
			return err
		}
	}
	sig.Marshal(&c.out)
	o.flushAtEnd = true
	return nil
}

// verifySequenceComplete is TPM2_VerifySequenceComplete (Part 3, 20.3).
func (t *TPM) verifySequenceComplete(c *call, p *verifySequenceCompleteParameters) error {
	o, key := c.objects[0], c.objects[1]
	q := o.sequence
	if q == nil || q.kind != sequenceVerify {
		return wire.RCMode.Handle(1)
	}
	if !q.message.startedBy(key) {
		return wire.RCSignContextKey.Handle(2)
	}
	if p.signature.SigAlg != q.message.scheme.Scheme || p.signature.Hash() != q.message.scheme.HashAlg {
		return wire.RCScheme.Parameter(1)
	}
	if err := t.verifyMessage(q, key, &p.signature); err != nil {
		return positioned(err, func(rc wire.RC) wire.RC { return rc.Parameter(1) })
	}
	ticket := t.endTicket(q.message, key)
	ticket.Marshal(&c.out)
	o.flushAtEnd = true
	return nil
}

// verifyMessage checks a signature over the message of a sequence. Codes, without position: as verify.
func (t *TPM) verifyMessage(q *sequence, key *object, sig *wire.TPMTSignature) error {
	if sig.SigAlg != wire.AlgHMAC {
		return t.verify(key, q.hashes[0].hash.Sum(nil), sig)
	}
	if err := t.signatureAllowed(key, sig.Hash(), noSHA1Verification, noSHA1HMACVerification); err != nil {
		return err
	}
	if !hmac.Equal(q.mac(), sig.Signature.HMAC.Digest) {
		return wire.RCSignature
	}
	return nil
}
