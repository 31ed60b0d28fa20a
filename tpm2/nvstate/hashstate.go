package nvstate

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding"
	"encoding/binary"
	"hash"
	"slices"

	"govtpm/tpm2/wire"
)

// The state of the hashes of the standard library in binary form: a magic of four bytes, chaining value, block, length
// in bytes.
const goMagicSize = 4

// goMagics are the magics of that form.
func goMagic(alg wire.Alg) string {
	switch alg {
	case wire.AlgSHA1:
		return "sha\x01"
	case wire.AlgSHA256:
		return "sha\x03"
	case wire.AlgSHA384:
		return "sha\x04"
	case wire.AlgSHA512:
		return "sha\x07"
	}
	return ""
}

// Resume gives a hash that continues the computation. It refuses a state that no computation
// can have reached.
func (h *HashState) Resume() (hash.Hash, error) {
	form, known := hashFormOf(h.Hash)
	if engine := newExtensionHash(h.Hash); engine != nil && (h.Type == HashStateHash || h.Type == HashStateHMAC) {
		return h.resumeExtension(engine)
	}
	switch {
	case !known || h.Type == HashStateEmpty || h.Type == HashStateMAC:
		return nil, h.refuse(ErrHash, "there is no state to continue")
	case len(h.Chain) != form.chain || len(h.Block) != form.block:
		return nil, h.refuse(ErrSize, "chaining value or block has the wrong size")
	case h.BitsHigh != 0 || h.Bits%8 != 0 || h.Bits/8%uint64(form.block) != uint64(h.Buffered):
		return nil, h.refuse(ErrValue, "the length does not agree with the buffered bytes")
	}
	state := []byte(goMagic(h.Hash))
	state = append(state, h.Chain...)
	state = append(state, h.Block[:h.Buffered]...)
	state = append(state, make([]byte, form.block-int(h.Buffered))...)
	state = binary.BigEndian.AppendUint64(state, h.Bits/8)
	engine := newHash(h.Hash)
	if err := engine.(encoding.BinaryUnmarshaler).UnmarshalBinary(state); err != nil {
		return nil, h.refuse(ErrHash, err.Error())
	}
	return engine, nil
}

func (h *HashState) refuse(kind Kind, detail string) error {
	return &Error{Kind: kind, Structure: hashStateHeader.name, Detail: detail}
}

func newHash(alg wire.Alg) hash.Hash {
	switch alg {
	case wire.AlgSHA1:
		return sha1.New()
	case wire.AlgSHA256:
		return sha256.New()
	case wire.AlgSHA384:
		return sha512.New384()
	}
	return sha512.New()
}

// CaptureHash gives the state of a hash of the standard library or of package sm3, which must be the one of the algorithm.
func CaptureHash(kind HashStateType, alg wire.Alg, engine hash.Hash) (HashState, error) {
	h := HashState{Type: kind, Hash: alg}
	if newExtensionHash(alg) != nil {
		err := h.captureExtension(engine)
		return h, err
	}
	form, known := hashFormOf(alg)
	m, ok := engine.(encoding.BinaryMarshaler)
	if !known || !ok {
		return HashState{}, h.refuse(ErrHash, "the state of this hash cannot be stored")
	}
	state, err := m.MarshalBinary()
	if err != nil {
		return HashState{}, h.refuse(ErrHash, err.Error())
	}
	magic := goMagic(alg)
	if !bytes.HasPrefix(state, []byte(magic)) || len(state) != goMagicSize+form.chain+form.block+8 {
		return HashState{}, h.refuse(ErrHash, "the state is that of another hash")
	}
	state = state[goMagicSize:]
	h.Chain = slices.Clone(state[:form.chain])
	h.Block = slices.Clone(state[form.chain : form.chain+form.block])
	size := binary.BigEndian.Uint64(state[form.chain+form.block:])
	h.Bits = size * 8
	h.Buffered = uint32(size % uint64(form.block))
	clear(h.Block[h.Buffered:])
	return h, nil
}
