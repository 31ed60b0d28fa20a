package tpm2

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"encoding/binary"
	"hash"

	"govtpm/internal/crypto/sm3"
	"govtpm/tpm2/wire"
)

// hashFunc returns the constructor of a hash algorithm; nil if alg is not one. Callers pass algorithms that were
// checked when they were decoded.
func hashFunc(alg wire.Alg) func() hash.Hash {
	switch alg {
	case wire.AlgSHA1:
		return sha1.New
	case wire.AlgSHA256:
		return sha256.New
	case wire.AlgSHA384:
		return sha512.New384
	case wire.AlgSHA512:
		return sha512.New
	case wire.AlgSHA3_256:
		return func() hash.Hash { return sha3.New256() }
	case wire.AlgSHA3_384:
		return func() hash.Hash { return sha3.New384() }
	case wire.AlgSHA3_512:
		return func() hash.Hash { return sha3.New512() }
	case wire.AlgSM3_256:
		return sm3.New
	}
	return nil
}

// newHash starts a hash. alg must be a hash algorithm.
func newHash(alg wire.Alg) hash.Hash { return hashFunc(alg)() }

// newHMAC starts an HMAC. alg must be a hash algorithm.
func newHMAC(alg wire.Alg, key []byte) hash.Hash { return hmac.New(hashFunc(alg), key) }

// hashOf is the digest of the concatenated parts.
func hashOf(alg wire.Alg, parts ...[]byte) []byte {
	h := newHash(alg)
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}

// hmacOf is the HMAC of the concatenated parts.
func hmacOf(alg wire.Alg, key []byte, parts ...[]byte) []byte {
	h := newHMAC(alg, key)
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}

// digestSize is the size of alg's digest in bytes, 0 for AlgNull and what is not a hash.
func digestSize(alg wire.Alg) int {
	if f := hashFunc(alg); f != nil {
		return f().Size()
	}
	return 0
}

// writeUint32 adds a big-endian number to a hash.
func writeUint32(h hash.Hash, v uint32) {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], v)
	h.Write(b[:])
}
