package tpm2

import (
	"slices"

	"govtpm/tpm2/nvstate"
	"govtpm/tpm2/wire"
)

// Sequences in saved state: what counts of each running hash is its chaining value and the unfinished block.

// sequenceBit is the bit of a kind of sequence.
func sequenceBit(k sequenceKind) nvstate.ObjectAttributes {
	switch k {
	case sequenceHash:
		return nvstate.ObjectHashSeq
	case sequenceHMAC:
		return nvstate.ObjectHMACSeq
	}
	return nvstate.ObjectEventSeq
}

// storedHashes are the hashes of an event sequence, and of the PCR banks, in the order in which saved state has them.
var storedHashes = [...]wire.Alg{wire.AlgSHA1, wire.AlgSHA256, wire.AlgSHA384, wire.AlgSHA512}

// errNotStorable is for sequences that have begun, but whose state is not in saved state.
var errNotStorable = objectError(nvstate.ErrHash, "the state of this sequence was not stored")

// isOfLibtpms reports whether libtpms can go on with the sequence. It would crash with a CMAC, whose state it does not store.
func (q *sequence) isOfLibtpms() bool { return q.kind <= sequenceEvent && q.cmac == nil }

// save puts the sequence of o into its slot in saved state.
func (q *sequence) save(s *nvstate.AnyObject, o *object) (err error) {
	if !q.isOfLibtpms() {
		*s = nvstate.AnyObject{}
		s.Extension, err = q.extensionState()
		return err
	}
	s.Attributes |= sequenceBit(q.kind) | nvstate.ObjectTemporary
	if q.firstBlock {
		s.Attributes |= nvstate.ObjectFirstBlock
	}
	if q.ticketSafe {
		s.Attributes |= nvstate.ObjectTicketSafe
	}
	s.Sequence = &nvstate.Sequence{Type: wire.AlgNull, NameAlg: wire.AlgNull, ObjectAttributes: o.public.Attributes, Auth: q.auth}
	if q.kind == sequenceHMAC {
		s.Sequence.HMACKey = q.outerPad
		s.Sequence.HMAC, err = nvstate.CaptureHash(nvstate.HashStateHMAC, q.hashes[0].alg, q.hashes[0].hash)
		return err
	}
	for _, h := range q.hashes {
		place := 0
		if q.kind == sequenceEvent {
			if place = slices.Index(storedHashes[:], h.alg); place < 0 {
				continue
			}
		}
		if s.Sequence.Hashes[place], err = nvstate.CaptureHash(nvstate.HashStateHash, h.alg, h.hash); err != nil {
			return err
		}
	}
	return nil
}

// resumeOldCMAC reads the form in which saved contexts of earlier versions of this package have a CMAC: key and state where an HMAC has its key.
func (t *TPM) resumeOldCMAC(q *sequence, s *nvstate.Sequence) error {
	r := wire.NewReader(s.HMACKey, nil)
	m := nvstate.CMACState{Cipher: wire.Alg(r.Uint16()), Key: r.TPM2B(len(s.HMACKey)), State: r.TPM2B(len(s.HMACKey))}
	if r.End() != wire.RCSuccess {
		return errNotStorable
	}
	return t.resumeCMAC(q, &m)
}

// resumeSequence makes o the sequence that saved state holds. errNotStorable: it has begun, but its state is not there.
func (t *TPM) resumeSequence(o *object, s *nvstate.AnyObject) error {
	x := s.Sequence
	q := &sequence{
		auth: x.Auth, firstBlock: s.Attributes&nvstate.ObjectFirstBlock != 0, ticketSafe: s.Attributes&nvstate.ObjectTicketSafe != 0,
	}
	o.hierarchy, o.sequence = wire.RHNull, q
	o.public.Type, o.public.NameAlg, o.public.Attributes = wire.AlgNull, wire.AlgNull, x.ObjectAttributes
	states := x.Hashes[:]
	switch {
	case s.Attributes&nvstate.ObjectHMACSeq != 0:
		if x.HMAC.Type == nvstate.HashStateMAC {
			return t.resumeOldCMAC(q, x)
		}
		q.kind, q.outerPad, states = sequenceHMAC, x.HMACKey, []nvstate.HashState{x.HMAC}
	case s.Attributes&nvstate.ObjectHashSeq != 0:
		q.kind, states = sequenceHash, states[:1]
	default:
		q.kind = sequenceEvent
	}
	for i := range states {
		if err := t.resumeHash(q, &states[i]); err != nil {
			return err
		}
	}
	switch {
	case len(q.hashes) == 0 || q.kind == sequenceEvent && len(q.hashes) != len(t.profile.hashes()):
		return errNotStorable
	case q.kind == sequenceHMAC && len(q.outerPad) != q.hashes[0].hash.BlockSize():
		return objectError(nvstate.ErrSize, "the key of an HMAC in progress is not a block")
	}
	return nil
}

// resumeHash adds a running hash to a sequence, if there is one.
func (t *TPM) resumeHash(q *sequence, s *nvstate.HashState) error {
	if s.Type == nvstate.HashStateEmpty || s.Type == nvstate.HashStateMAC {
		return nil
	}
	// An event sequence has those that the profile hides too.
	if q.kind != sequenceEvent && !t.hasHash(s.Hash) {
		return objectError(nvstate.ErrHash, "the profile has no hash of this sequence")
	}
	h, err := s.Resume()
	if err != nil {
		return err
	}
	q.hashes = append(q.hashes, sequenceState{s.Hash, h})
	return nil
}
