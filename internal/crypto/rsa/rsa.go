// Package rsa holds the RSA of a TPM: the raw primitives, the four schemes of
// RFC 8017 and key generation bit for bit as libtpms does it.
//
// Unlike crypto/rsa it computes without padding, accepts the sizes and
// exponents a TPM accepts, takes the one prime a TPM stores as the whole
// private key, and draws randomness only from the reader it is given.
//
// Private operations are constant time in the key and the data (the number of
// significant bits of the modulus and of the primes is public) and check their
// result before they release it. Start with NewPublicKey, NewPrivateKey and
// GenerateKey; set a key up once and keep it, both kinds are safe for
// concurrent use.
package rsa

import (
	"bytes"
	"crypto/subtle"
	"errors"

	"filippo.io/bigmod"
)

// Each failure class is an error of its own, for the caller to map to a
// response code.
var (
	ErrKey          = errors.New("rsa: malformed key")               // modulus, exponent or prime do not make a key
	ErrTooLong      = errors.New("rsa: message too long")            // for this key and scheme
	ErrOutOfRange   = errors.New("rsa: value not below the modulus") // input of a raw operation
	ErrLength       = errors.New("rsa: wrong length of input")       // cipher text or signature
	ErrPadding      = errors.New("rsa: decryption error")            // bad padding or wrong label
	ErrVerification = errors.New("rsa: verification error")          // bad signature
	ErrFault        = errors.New("rsa: fault in private operation")  // result did not verify
)

// minBits and maxBits bound the size of a modulus, so that hostile keys cost
// little. What a TPM offers is narrower.
const (
	minBits = 512
	maxBits = 16384
)

// PublicKey is a public key set up for use.
type PublicKey struct {
	n    *bigmod.Modulus
	e    uint32
	size int
}

// NewPublicKey sets up a key from a big-endian modulus, whose first bit must
// be set, and an odd exponent of at least 3. Zero is not taken for the default
// exponent.
func NewPublicKey(n []byte, e uint32) (*PublicKey, error) {
	if 8*len(n) < minBits || len(n)%8 != 0 || len(n)*8 > maxBits || n[0]&0x80 == 0 || n[len(n)-1]&1 == 0 || e < 3 || e&1 == 0 {
		return nil, ErrKey
	}
	m, err := bigmod.NewModulus(n)
	if err != nil {
		return nil, ErrKey
	}
	return &PublicKey{n: m, e: e, size: len(n)}, nil
}

// Size returns the size of the modulus in bytes.
func (k *PublicKey) Size() int { return k.size }

// Exponent returns the public exponent.
func (k *PublicKey) Exponent() uint32 { return k.e }

// Modulus returns the modulus, big endian.
func (k *PublicKey) Modulus() []byte { return k.n.Nat().Bytes(k.n) }

// Encrypt is RSAEP (Part 1, 43.2) without padding, the NULL scheme. Leading
// zeros of msg do not count; the result has the size of the modulus.
func (k *PublicKey) Encrypt(msg []byte) ([]byte, error) {
	x, err := k.load(msg)
	if err != nil {
		return nil, err
	}
	return k.exp(x).Bytes(k.n), nil
}

// load takes a big-endian number of any length below the modulus.
func (k *PublicKey) load(b []byte) (*bigmod.Nat, error) {
	if len(b) > k.size {
		b = bytes.TrimLeft(b, "\x00")
	}
	if len(b) > k.size {
		return nil, ErrTooLong
	}
	padded := make([]byte, k.size)
	copy(padded[k.size-len(b):], b)
	x, err := bigmod.NewNat().SetBytes(padded, k.n)
	clear(padded)
	if err != nil {
		return nil, ErrOutOfRange
	}
	return x, nil
}

func (k *PublicKey) exp(x *bigmod.Nat) *bigmod.Nat {
	return bigmod.NewNat().ExpShortVarTime(x, uint(k.e), k.n)
}

// open applies the public operation to a signature of the key's size.
func (k *PublicKey) open(sig []byte) ([]byte, error) {
	if len(sig) != k.size {
		return nil, ErrVerification
	}
	x, err := bigmod.NewNat().SetBytes(sig, k.n)
	if err != nil {
		return nil, ErrVerification
	}
	return k.exp(x).Bytes(k.n), nil
}

// equal compares in constant time.
func equal(a, b []byte) bool { return subtle.ConstantTimeCompare(a, b) == 1 }
