package ecc

import (
	"hash"
	"io"

	"govtpm/internal/crypto/curve"
)

// SignSchnorr makes an EC Schnorr signature over a digest with the hash of the
// signing scheme (Part 1, 44.3.4.2).
func SignSchnorr(c *curve.Curve, d curve.Scalar, h func() hash.Hash, digest []byte, rand io.Reader) (Signature, error) {
	for range maxTries {
		k, e, err := GenerateKey(c, rand)
		if err != nil {
			return Signature{}, err
		}
		rBytes := schnorrHash(c, h, e, digest)
		r := c.ReduceScalar(rBytes)
		s := k.Add(r.Mul(d))
		k.Wipe()
		if !r.IsZero() && !s.IsZero() {
			return Signature{R: padded(c, rBytes), S: s.Bytes()}, nil
		}
	}
	return Signature{}, ErrRandom
}

// VerifySchnorr tells whether sig is an EC Schnorr signature over digest
// (Part 1, 44.3.4.3).
func VerifySchnorr(c *curve.Curve, q curve.Point, h func() hash.Hash, digest []byte, sig Signature) bool {
	s, ok := positive(c, sig.S)
	if !ok {
		return false
	}
	zero := s.Sub(s)
	r := c.ReduceScalar(sig.R)
	if r.IsZero() {
		return false
	}
	e, err := c.CombinedMult(s, zero.Sub(r), q)
	return err == nil && sameNumber(schnorrHash(c, h, e, digest), sig.R)
}

// schnorrHash is TRUNC(H(x ‖ digest), n): the leading bytes, as many as the
// order has, not reduced.
func schnorrHash(c *curve.Curve, h func() hash.Hash, e curve.Point, digest []byte) []byte {
	f := h()
	f.Write(e.X())
	f.Write(digest)
	sum := f.Sum(nil)
	return sum[:min(len(sum), c.OrderSize())]
}

// padded puts zero bytes before b up to the size of the order.
func padded(c *curve.Curve, b []byte) []byte {
	p := make([]byte, c.OrderSize())
	copy(p[len(p)-len(b):], b)
	return p
}

// sameNumber compares two public big-endian numbers whatever their padding.
func sameNumber(a, b []byte) bool {
	return string(trim(a)) == string(trim(b))
}

// trim drops leading zero bytes.
func trim(b []byte) []byte {
	for len(b) > 0 && b[0] == 0 {
		b = b[1:]
	}
	return b
}
