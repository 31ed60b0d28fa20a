package ecc

import (
	"io"

	"govtpm/internal/crypto/curve"
)

// SignECDSA signs a digest (Part 1, 44.3.1; FIPS 186-5, 6.4.1). The nonce is
// made like a private key, with 64 extra random bits (FIPS 186-5, A.3.1).
func SignECDSA(c *curve.Curve, d curve.Scalar, digest []byte, rand io.Reader) (Signature, error) {
	e := digestScalar(c, digest)
	for range maxTries {
		k, kG, err := GenerateKey(c, rand)
		if err != nil {
			return Signature{}, err
		}
		r := c.ReduceScalar(kG.X())
		s := r.Mul(d).Add(e).Mul(k.Inverse())
		k.Wipe()
		if !r.IsZero() && !s.IsZero() {
			return Signature{R: r.Bytes(), S: s.Bytes()}, nil
		}
	}
	return Signature{}, ErrRandom
}

// VerifyECDSA tells whether sig is a signature over digest (FIPS 186-5, 6.4.2).
func VerifyECDSA(c *curve.Curve, q curve.Point, digest []byte, sig Signature) bool {
	r, okR := positive(c, sig.R)
	s, okS := positive(c, sig.S)
	if !okR || !okS {
		return false
	}
	w := s.Inverse()
	p, err := c.CombinedMult(digestScalar(c, digest).Mul(w), r.Mul(w), q)
	return err == nil && c.ReduceScalar(p.X()).Equal(r)
}

// digestScalar takes as many leading bits of the digest as the order has, as a
// number (FIPS 186-5, 6.4.1, step 2).
func digestScalar(c *curve.Curve, digest []byte) curve.Scalar {
	b := make([]byte, c.OrderSize())
	n := copy(b, digest)
	b = b[:n]
	if shift := 8*n - c.OrderBitLen(); shift > 0 {
		for i := n - 1; i >= 0; i-- {
			b[i] >>= shift
			if i > 0 {
				b[i] |= b[i-1] << (8 - shift)
			}
		}
	}
	return c.ReduceScalar(b)
}
