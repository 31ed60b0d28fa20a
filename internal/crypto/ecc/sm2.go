package ecc

import (
	"io"

	"govtpm/internal/crypto/curve"
)

// SignSM2 makes an SM2 signature over the digest e, which the caller has made
// from Z_A and the message, or not (Part 1, 45.2.2.1 and 45.2.2.5).
func SignSM2(c *curve.Curve, d curve.Scalar, digest []byte, rand io.Reader) (Signature, error) {
	e := c.ReduceScalar(digest)
	one := c.ReduceScalar([]byte{1})
	if one.Add(d).IsZero() {
		return Signature{}, curve.ErrScalarRange // d = n-1 cannot sign
	}
	inv := one.Add(d).Inverse()
	for range maxTries {
		k, p, err := GenerateKey(c, rand)
		if err != nil {
			return Signature{}, err
		}
		r := e.Add(c.ReduceScalar(p.X()))
		again := r.IsZero() || r.Add(k).IsZero()
		s := inv.Mul(k.Sub(r.Mul(d)))
		k.Wipe()
		if !again && !s.IsZero() {
			return Signature{R: r.Bytes(), S: s.Bytes()}, nil
		}
	}
	return Signature{}, ErrRandom
}

// VerifySM2 tells whether sig is an SM2 signature over the digest e
// (Part 1, 45.2.2.2).
func VerifySM2(c *curve.Curve, q curve.Point, digest []byte, sig Signature) bool {
	r, okR := positive(c, sig.R)
	s, okS := positive(c, sig.S)
	if !okR || !okS {
		return false
	}
	t := r.Add(s)
	if t.IsZero() {
		return false
	}
	p, err := c.CombinedMult(s, t, q)
	return err == nil && c.ReduceScalar(digest).Add(c.ReduceScalar(p.X())).Equal(r)
}
