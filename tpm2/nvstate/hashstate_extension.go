package nvstate

import (
	"bytes"
	"crypto/sha3"
	"encoding"
	"hash"
	"slices"

	"govtpm/internal/crypto/sm3"
	"govtpm/tpm2/wire"
)

// Running hashes that libtpms does not have, of which the format is our own: a size, and that many bytes. They are those of SM3 as its package
// writes them; of SHA-3 the 200 bytes of the permutation and the number of bytes taken into the block.

// maxExtensionState is the size of the largest of these states, maxExtensionBlock that of the largest block of such a hash.
const (
	maxExtensionState = 201
	maxExtensionBlock = 136
)

// newExtensionHash starts a hash that libtpms does not have; nil if alg is none.
func newExtensionHash(alg wire.Alg) hash.Hash {
	switch alg {
	case wire.AlgSM3_256:
		return sm3.New()
	case wire.AlgSHA3_256:
		return sha3.New256()
	case wire.AlgSHA3_384:
		return sha3.New384()
	case wire.AlgSHA3_512:
		return sha3.New512()
	}
	return nil
}

// sha3Envelope is what the standard library puts around the state of SHA-3: identifier and size of the block before it, behind it that the
// hash is still taking in.
func sha3Envelope(engine hash.Hash) (head, tail []byte) {
	return []byte{'s', 'h', 'a', 0x08, byte(engine.BlockSize())}, []byte{0}
}

// captureExtension is the state of a hash that libtpms does not have.
func (h *HashState) captureExtension(engine hash.Hash) error {
	m, ok := engine.(encoding.BinaryMarshaler)
	if !ok {
		return h.refuse(ErrHash, "the state of this hash cannot be stored")
	}
	state, err := m.MarshalBinary()
	if err != nil {
		return h.refuse(ErrHash, err.Error())
	}
	if h.Hash != wire.AlgSM3_256 {
		head, tail := sha3Envelope(newExtensionHash(h.Hash))
		if len(state) != len(head)+maxExtensionState+len(tail) || !bytes.HasPrefix(state, head) || !bytes.HasSuffix(state, tail) {
			return h.refuse(ErrHash, "the state is that of another hash")
		}
		state = state[len(head) : len(head)+maxExtensionState]
	}
	h.Extension = state
	return nil
}

// resumeExtension gives a hash that goes on from the state.
func (h *HashState) resumeExtension(engine hash.Hash) (hash.Hash, error) {
	state := h.Extension
	if h.Hash != wire.AlgSM3_256 {
		head, tail := sha3Envelope(engine)
		state = slices.Concat(head, state, tail)
	}
	u, ok := engine.(encoding.BinaryUnmarshaler)
	if !ok {
		return nil, h.refuse(ErrHash, "there is no state to continue")
	}
	if err := u.UnmarshalBinary(state); err != nil {
		return nil, h.refuse(ErrHash, err.Error())
	}
	return engine, nil
}
