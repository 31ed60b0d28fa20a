package ecc

import (
	"errors"
	"io"

	"govtpm/internal/crypto/curve"
)

// ErrRandom is returned when the random source keeps giving values a scheme has
// to refuse; with a working source this does not happen.
var ErrRandom = errors.New("ecc: random source gives no usable value")

// maxTries bounds the retries of schemes that refuse a random value. One retry
// is already a matter of 2⁻¹⁰⁰ and less.
const maxTries = 16

// GenerateScalar reads one candidate from rand and makes a private scalar of it
// (FIPS 186-5, A.2.1; Part 1, 44.6).
func GenerateScalar(c *curve.Curve, rand io.Reader) (curve.Scalar, error) {
	b := make([]byte, c.RandomBitsSize())
	defer clear(b)
	if _, err := io.ReadFull(rand, b); err != nil {
		return curve.Scalar{}, err
	}
	return c.ScalarFromRandomBits(b), nil
}

// GenerateKey makes a private scalar d from rand, and d·G.
func GenerateKey(c *curve.Curve, rand io.Reader) (curve.Scalar, curve.Point, error) {
	d, err := GenerateScalar(c, rand)
	if err != nil {
		return curve.Scalar{}, curve.Point{}, err
	}
	q, err := c.BaseMult(d)
	return d, q, err
}

// Signature is the pair of numbers of every scheme here, big-endian. Signing
// pads both to the size of the order, except that R of ECDAA has no leading
// zero bytes. Verifying accepts any padding.
type Signature struct {
	R, S []byte
}

// positive reads a number in 1 … n-1.
func positive(c *curve.Curve, b []byte) (curve.Scalar, bool) {
	s, err := c.Scalar(b)
	return s, err == nil && !s.IsZero()
}
