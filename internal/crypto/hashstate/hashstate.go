// Package hashstate takes a running hash apart into chaining value, length and
// unfinished block, and builds one from them, so that a hash sequence can be
// kept in a saved state in any format.
//
// Promises: Import never trusts its input; whatever State it accepts, Export
// gives back. Both know SHA-1, SHA-256, SHA-384, SHA-512 and SM3.
//
// Start at State.
package hashstate

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding"
	"encoding/binary"
	"errors"
	"hash"

	"govtpm/internal/crypto/sm3"
)

// Algorithm is a hash by its TPM_ALG_ID (Part 2, 6.3).
type Algorithm uint16

// The hashes whose state is known.
const (
	SHA1   Algorithm = 0x0004
	SHA256 Algorithm = 0x000b
	SHA384 Algorithm = 0x000c
	SHA512 Algorithm = 0x000d
	SM3    Algorithm = 0x0012
)

// ErrUnsupported is returned for a hash that is not one of the above, ErrState
// for fields that cannot be those of a running hash.
var (
	ErrUnsupported = errors.New("hashstate: hash not supported")
	ErrState       = errors.New("hashstate: not the state of a running hash")
)

// State is a running hash by its fields.
type State struct {
	Alg    Algorithm
	H      []uint64 // chaining value; words of 32 bits except for SHA-384 and SHA-512
	Length uint64   // bytes absorbed, those in Block included
	Block  []byte   // bytes of the unfinished block: Length modulo the block size
}

// BitLength returns Length in bits, as high and low word.
func (s State) BitLength() (hi, lo uint64) { return s.Length >> 61, s.Length << 3 }

// LengthFromBits returns a number of bits as bytes, or ErrState if it is not
// whole or too large.
func LengthFromBits(hi, lo uint64) (uint64, error) {
	if hi >= 8 || lo%8 != 0 {
		return 0, ErrState
	}
	return hi<<61 | lo>>3, nil
}

// format describes the binary state of one hash of the standard library (and of
// sm3, which has the same): magic, words, block with zeros behind, length.
type format struct {
	alg   Algorithm
	magic string
	words int // in the chaining value
	size  int // of a word in bytes
	block int // size in bytes
	make  func() hash.Hash
}

var formats = []format{
	{SHA1, "sha\x01", 5, 4, sha1.BlockSize, sha1.New},
	{SHA256, "sha\x03", 8, 4, sha256.BlockSize, sha256.New},
	{SHA384, "sha\x04", 8, 8, sha512.BlockSize, sha512.New384},
	{SHA512, "sha\x07", 8, 8, sha512.BlockSize, sha512.New},
	{SM3, "sm3\x01", 8, 4, sm3.BlockSize, sm3.New},
}

func (f format) len() int { return len(f.magic) + f.words*f.size + f.block + 8 }

// maxLength is the largest Length: the padding holds it in bits, in 8 bytes
// where words are of 4 and in 16 where they are of 8 (FIPS 180-4, 5.1).
func (f format) maxLength() uint64 {
	if f.size == 8 {
		return 1<<64 - 1
	}
	return 1<<61 - 1
}

// Export returns the fields of a running hash, which goes on undisturbed.
func Export(h hash.Hash) (State, error) {
	m, ok := h.(encoding.BinaryMarshaler)
	if !ok {
		return State{}, ErrUnsupported
	}
	b, err := m.MarshalBinary()
	if err != nil {
		return State{}, ErrUnsupported
	}
	for _, f := range formats {
		if len(b) == f.len() && string(b[:len(f.magic)]) == f.magic {
			return f.split(b[len(f.magic):]), nil
		}
	}
	return State{}, ErrUnsupported
}

// split reads what follows the magic; its length has been checked.
func (f format) split(b []byte) State {
	s := State{Alg: f.alg, H: make([]uint64, f.words)}
	for i := range s.H {
		if f.size == 4 {
			s.H[i] = uint64(binary.BigEndian.Uint32(b))
		} else {
			s.H[i] = binary.BigEndian.Uint64(b)
		}
		b = b[f.size:]
	}
	s.Length = binary.BigEndian.Uint64(b[f.block:])
	s.Block = b[:s.Length%uint64(f.block)]
	return s
}

// Import returns a running hash with the given fields.
func Import(s State) (hash.Hash, error) {
	for _, f := range formats {
		if f.alg != s.Alg {
			continue
		}
		if !f.fits(s) {
			return nil, ErrState
		}
		h := f.make()
		u, ok := h.(encoding.BinaryUnmarshaler)
		if !ok || u.UnmarshalBinary(f.join(s)) != nil {
			return nil, ErrUnsupported
		}
		return h, nil
	}
	return nil, ErrUnsupported
}

func (f format) fits(s State) bool {
	if len(s.H) != f.words || s.Length > f.maxLength() || uint64(len(s.Block)) != s.Length%uint64(f.block) {
		return false
	}
	for _, w := range s.H {
		if f.size == 4 && w>>32 != 0 {
			return false
		}
	}
	return true
}

func (f format) join(s State) []byte {
	b := make([]byte, 0, f.len())
	b = append(b, f.magic...)
	for _, w := range s.H {
		if f.size == 4 {
			b = binary.BigEndian.AppendUint32(b, uint32(w))
		} else {
			b = binary.BigEndian.AppendUint64(b, w)
		}
	}
	b = append(b, s.Block...)
	b = append(b, make([]byte, f.block-len(s.Block))...)
	return binary.BigEndian.AppendUint64(b, s.Length)
}
