package tpm2

import (
	"govtpm/internal/crypto/symmetric"
	"govtpm/tpm2/nvstate"
	"govtpm/tpm2/wire"
)

// CMACs and signature sequences in saved state, in the place that nvstate.SequenceExtension describes.

// extensionState is a sequence that libtpms cannot go on with. It shares memory with q.
func (q *sequence) extensionState() (*nvstate.SequenceExtension, error) {
	x := &nvstate.SequenceExtension{Auth: q.auth}
	if q.cmac != nil {
		x.Kind = nvstate.SequenceCMAC
		x.CMAC = nvstate.CMACState{Cipher: q.cmac.alg, Key: q.cmac.key}
		if c, ok := q.hashes[0].hash.(*symmetric.CMAC); ok {
			x.CMAC.State = c.State()
		}
		return x, nil
	}
	m, s := q.message, &x.Signature
	*s = nvstate.SignatureState{Scheme: m.scheme, KeyDigest: m.key, Head: m.head, OuterPad: q.outerPad}
	var err error
	if s.Hash, err = nvstate.CaptureHash(hashStateType(q.outerPad != nil), q.hashes[0].alg, q.hashes[0].hash); err != nil {
		return nil, err
	}
	if x.Kind = nvstate.SequenceSign; q.kind == sequenceSign {
		return x, nil
	}
	x.Kind, s.TicketHierarchy = nvstate.SequenceVerify, m.hierarchy
	if m.ticket != nil {
		s.Ticket, err = nvstate.CaptureHash(nvstate.HashStateHMAC, contextHashAlg, m.ticket)
	}
	return x, err
}

// hashStateType is the type of a running hash, or of the inner one of an HMAC.
func hashStateType(hmac bool) nvstate.HashStateType {
	if hmac {
		return nvstate.HashStateHMAC
	}
	return nvstate.HashStateHash
}

// resumeExtendedSequence makes o the sequence that saved state holds.
func (t *TPM) resumeExtendedSequence(o *object, x *nvstate.SequenceExtension) error {
	q := &sequence{auth: x.Auth}
	o.holdSequence(q)
	switch x.Kind {
	case nvstate.SequenceCMAC:
		return t.resumeCMAC(q, &x.CMAC)
	case nvstate.SequenceSign:
		if q.kind = sequenceSign; t.lookup(wire.CCSignSequenceStart) == nil {
			return sequenceError(nvstate.ErrValue, "the profile has no sequences of signatures")
		}
		return t.resumeSignature(q, &x.Signature)
	}
	if q.kind = sequenceVerify; t.lookup(wire.CCVerifySequenceStart) == nil {
		return sequenceError(nvstate.ErrValue, "the profile has no sequences of verifications")
	}
	if isAnonymous(x.Signature.Scheme.Scheme) {
		return sequenceError(nvstate.ErrValue, "no signature of this scheme is verified")
	}
	if err := t.resumeSignature(q, &x.Signature); err != nil {
		return err
	}
	return q.message.resumeTicket(&x.Signature)
}

// resumeCMAC makes q the CMAC that saved state holds.
func (t *TPM) resumeCMAC(q *sequence, m *nvstate.CMACState) error {
	q.kind = sequenceHMAC
	var sym wire.TPMTSymDefObject
	form := wire.TPMTSymDefObject{Algorithm: m.Cipher, KeyBits: uint16(8 * len(m.Key)), Mode: wire.AlgCMAC}
	r := wire.NewReader(wire.Marshal(&form), t.limits)
	if sym.Unmarshal(r); r.End() != wire.RCSuccess || sym != form {
		return sequenceError(nvstate.ErrValue, "the profile has no cipher of this CMAC")
	}
	if err := q.startCMAC(&cmacKey{m.Cipher, m.Key}); err != nil {
		return sequenceError(nvstate.ErrSize, "the key of a CMAC")
	}
	if c, ok := q.hashes[0].hash.(*symmetric.CMAC); !ok || !c.SetState(m.State) {
		return sequenceError(nvstate.ErrValue, "a state that no CMAC of this cipher can have")
	}
	return nil
}

// resumeSignature takes in what both kinds of signature sequences have.
func (t *TPM) resumeSignature(q *sequence, s *nvstate.SignatureState) error {
	m := &signedMessage{key: s.KeyDigest, head: s.Head, hierarchy: wire.RHNull}
	r := wire.NewReader(wire.Marshal(&s.Scheme), t.limits)
	if m.scheme.Unmarshal(r); r.End() != wire.RCSuccess {
		return sequenceError(nvstate.ErrValue, "the profile has no scheme of this signature")
	}
	isHMAC := m.scheme.Scheme == wire.AlgHMAC
	if s.Hash.Hash != m.scheme.HashAlg || s.Hash.Type != hashStateType(isHMAC) {
		return sequenceError(nvstate.ErrHash, "the hash is not that of the scheme")
	}
	if len(m.key) != digestSize(contextHashAlg) {
		return sequenceError(nvstate.ErrSize, "the digest of a key")
	}
	h, err := s.Hash.Resume()
	if err != nil {
		return err
	}
	if want := h.BlockSize(); isHMAC && len(s.OuterPad) != want || !isHMAC && len(s.OuterPad) != 0 {
		return sequenceError(nvstate.ErrSize, "the key of an HMAC in progress is not a block")
	}
	q.hashes, q.outerPad, q.message = []sequenceState{{s.Hash.Hash, h}}, s.OuterPad, m
	return nil
}

// resumeTicket takes in the ticket of a verification.
func (m *signedMessage) resumeTicket(s *nvstate.SignatureState) (err error) {
	if m.hierarchy = s.TicketHierarchy; m.hierarchy == wire.RHNull {
		return nil
	}
	if s.Ticket.Hash != contextHashAlg || s.Ticket.Type != nvstate.HashStateHMAC {
		return sequenceError(nvstate.ErrHash, "the hash is not that of tickets")
	}
	m.ticket, err = s.Ticket.Resume()
	return err
}

func sequenceError(kind nvstate.Kind, detail string) error {
	return &nvstate.Error{Kind: kind, Structure: "SEQUENCE_EXTENSION", Detail: detail}
}
