package tpm2

import (
	"encoding/binary"
	"hash"

	"govtpm/tpm2/wire"
)

// sequenceKind tells what a sequence object computes (Part 1, 29.4).
type sequenceKind uint8

const (
	sequenceHash sequenceKind = iota
	sequenceHMAC              // or another MAC
	sequenceEvent
	sequenceSign
	sequenceVerify
)

// A sequence is the state of a sequence object: data comes in pieces, the result at the end (Part 3, 17).
type sequence struct {
	kind       sequenceKind
	auth       []byte
	hashes     []sequenceState // one, or for an event sequence one per hash algorithm
	outerPad   []byte          // of an HMAC sequence, whose hash is the inner one; nil with CMAC
	firstBlock bool            // the first block has been seen
	ticketSafe bool            // the first block does not start with TPM_GENERATED_VALUE
	cmac       *cmacKey        // of a CMAC
	message    *signedMessage  // of a signature sequence
}

// sequenceState is one running hash, or a running CMAC.
type sequenceState struct {
	alg  wire.Alg
	hash hash.Hash
}

// newHashSequence starts a hash sequence (Part 3, 17.4).
func newHashSequence(alg wire.Alg) *sequence {
	return &sequence{kind: sequenceHash, hashes: []sequenceState{{alg, newHash(alg)}}}
}

// newEventSequence starts an event sequence over every hash algorithm of the TPM (Part 3, 17.4).
func (t *TPM) newEventSequence() *sequence {
	s := &sequence{kind: sequenceEvent}
	for _, alg := range t.profile.hashes() {
		s.hashes = append(s.hashes, sequenceState{alg, newHash(alg)})
	}
	return s
}

// addSequence puts a sequence into an object slot. Code: RCObjectMemory.
func (t *TPM) addSequence(s *sequence, auth []byte) (wire.Handle, error) {
	s.auth = auth
	o := new(object)
	o.holdSequence(s)
	return t.addObject(o)
}

// holdSequence makes o a sequence object.
func (o *object) holdSequence(s *sequence) {
	o.sequence, o.hierarchy, o.temporary = s, wire.RHNull, true
	o.public.Type, o.public.NameAlg, o.public.Attributes = wire.AlgNull, wire.AlgNull, wire.ObjectNoDA
}

// write adds data to the sequence.
func (s *sequence) write(data []byte) {
	for _, h := range s.hashes {
		h.hash.Write(data)
	}
	if s.message != nil {
		s.message.write(data)
	}
}

// wipe overwrites the secrets of the sequence, in whatever state a fault left it. A running hash is one where a key or a proof went into it.
func (s *sequence) wipe() {
	clear(s.auth)
	clear(s.outerPad)
	for _, h := range s.hashes {
		if h.hash != nil {
			h.hash.Reset()
		}
	}
	if s.cmac != nil {
		clear(s.cmac.key)
	}
	if s.message != nil && s.message.ticket != nil {
		s.message.ticket.Reset()
	}
}

// noteBlock looks at a block of a hash sequence: if the first one is too short to tell, a ticket is not safe (Part 3, 17.8.1).
func (s *sequence) noteBlock(data []byte) {
	if s.kind == sequenceHash && !s.firstBlock {
		s.firstBlock = true
		s.ticketSafe = len(data) >= generatedSize && !isGenerated(data)
	}
}

// generatedSize is the size of TPM_GENERATED_VALUE.
const generatedSize = 4

// isGenerated reports whether data begins like a structure of the TPM's own making (Part 2, 6.2).
func isGenerated(data []byte) bool {
	return len(data) >= generatedSize && binary.BigEndian.Uint32(data) == wire.GeneratedValue
}
