package rsa

import (
	"errors"
	"fmt"
	"math/bits"

	"filippo.io/bigmod"

	"govtpm/internal/crypto/prime"
)

// KeyParams says what key to generate.
type KeyParams struct {
	Bits     int          // size of the modulus: a multiple of 128
	Exponent uint32       // public exponent, an odd prime; zero is not taken for the default
	Compat   int          // compatibility level of the seed, see package prime
	Poll     func() error // called between candidates, may be nil; its error ends the search
}

// DefaultExponent is the exponent a TPM uses when a template says zero
// (Part 2, 12.2.3.5).
const DefaultExponent = 65537

// ErrNoPrimes means that the generator kept giving primes too close together,
// which only a broken generator does.
var ErrNoPrimes = errors.New("rsa: no suitable pair of primes")

// maxAttempts and minDistance are the limits of the search: primes whose
// difference has no more bits than that are refused.
const (
	maxAttempts = 99
	minDistance = 100
)

// GenerateKey makes a key from a generator. With the generator of a primary
// object the key is the one libtpms makes from the same seed and template, and
// the generator is left where libtpms leaves it. Prime returns the prime found
// second, as libtpms keeps it.
func GenerateKey(g prime.Generator, p KeyParams) (*PrivateKey, error) {
	if p.Bits < minBits || p.Bits > maxBits/2 || p.Bits%128 != 0 {
		return nil, fmt.Errorf("%w: %d bits", prime.ErrParams, p.Bits)
	}
	find := func() ([]byte, error) {
		return prime.Find(g, prime.Params{Bits: p.Bits / 2, Exponent: p.Exponent, Compat: p.Compat, Poll: p.Poll})
	}
	first, err := find()
	if err != nil {
		return nil, err
	}
	defer clear(first)
	for range maxAttempts - 1 {
		second, err := find()
		if err != nil {
			return nil, err
		}
		if distance(first, second) > minDistance {
			defer clear(second)
			return newPair(second, first, p.Exponent)
		}
		clear(second)
	}
	return nil, ErrNoPrimes
}

// newPair sets up the key of two primes.
func newPair(p, q []byte, e uint32) (*PrivateKey, error) {
	n, err := bigmod.NewModulusProduct(p, q)
	if err != nil {
		return nil, ErrKey
	}
	return NewPrivateKey(n.Nat().Bytes(n), e, p)
}

// distance returns the bit length of |a − b|.
func distance(a, b []byte) int {
	x, y := toWords(a), toWords(b)
	defer clear(x)
	defer clear(y)
	var borrow uint64
	for i := range x {
		x[i], borrow = bits.Sub64(x[i], y[i], borrow)
	}
	if borrow != 0 { // negate
		carry := uint64(1)
		for i := range x {
			x[i], carry = bits.Add64(^x[i], 0, carry)
		}
	}
	for i := len(x) - 1; i >= 0; i-- {
		if x[i] != 0 {
			return 64*i + bits.Len64(x[i])
		}
	}
	return 0
}
