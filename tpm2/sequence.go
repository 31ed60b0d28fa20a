package tpm2

import (
	"hash"

	"govtpm/tpm2/wire"
)

// sequenceKind tells what a sequence object computes (Part 1, 32.4).
type sequenceKind uint8

const (
	sequenceHash sequenceKind = iota
	sequenceHMAC
	sequenceEvent
)

// A sequence is the state of a sequence object: data comes in pieces, the result at the end (Part 3, 17).
type sequence struct {
	kind       sequenceKind
	auth       []byte
	hashes     []sequenceState // one, or for an event sequence one per hash algorithm
	hmacKey    []byte          // of an HMAC sequence
	firstBlock bool            // the first block has been seen
	ticketSafe bool            // the first block does not start with TPM_GENERATED_VALUE
}

// sequenceState is one running hash.
type sequenceState struct {
	alg  wire.Alg
	hash hash.Hash
}

// newEventSequence starts an event sequence over every hash algorithm of the TPM (Part 3, 17.4).
func (t *TPM) newEventSequence() *sequence {
	s := &sequence{kind: sequenceEvent}
	for _, alg := range t.profile.hashes() {
		s.hashes = append(s.hashes, sequenceState{alg, newHash(alg)})
	}
	return s
}

// write adds data to every hash of the sequence.
func (s *sequence) write(data []byte) {
	for _, h := range s.hashes {
		h.hash.Write(data)
	}
}
