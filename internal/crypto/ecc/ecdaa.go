package ecc

import (
	"bytes"
	"crypto/hmac"
	"encoding/binary"
	"hash"
	"io"

	"govtpm/internal/crypto/curve"
)

// CommitScalar returns the pseudo-random r of TPM2_Commit and TPM2_EC_Ephemeral
// (Part 1, 44.2.2, Equation 60), made as libtpms makes it: h is the hash of the
// context, nonce the commitRandom of this TPM Reset, name the Name of the key
// (empty for TPM2_EC_Ephemeral). The block counter of KDFa starts at 2 and runs
// on until r is below n with something in its upper half.
func CommitScalar(c *curve.Curve, h func() hash.Hash, nonce, name []byte, commitCount uint64) (curve.Scalar, error) {
	size := c.OrderSize()
	mac := hmac.New(h, nonce)
	zeroHalf := make([]byte, size/2)
	counter := uint32(1)
	// The chance of a candidate is 1/128 for P-521 and 1/4 at worst otherwise.
	for range 1 << 14 {
		var r []byte
		for len(r) < size {
			counter++
			mac.Reset()
			mac.Write(binary.BigEndian.AppendUint32(nil, counter))
			mac.Write([]byte("ECDAA Commit\x00"))
			mac.Write(name)
			mac.Write(binary.BigEndian.AppendUint64(nil, commitCount))
			mac.Write(binary.BigEndian.AppendUint32(nil, uint32(8*size)))
			r = mac.Sum(r)
		}
		r = r[:size]
		s, err := c.Scalar(r)
		usable := err == nil && !bytes.Equal(r[:size/2], zeroHalf)
		clear(r)
		if usable {
			return s, nil
		}
	}
	return curve.Scalar{}, ErrRandom
}

// CommitPoint returns (x2, y2) of TPM2_Commit with x2 = H(s2) mod p, or
// curve.ErrNotOnCurve (Part 1, 44.2.3, steps 3 and 4).
func CommitPoint(c *curve.Curve, h func() hash.Hash, s2, y2 []byte) (curve.Point, error) {
	f := h()
	f.Write(s2)
	return c.PointModP(f.Sum(nil), y2)
}

// Commitment is the answer of TPM2_Commit; a Point that was not asked for is
// the zero value.
type Commitment struct {
	K, L, E curve.Point
}

// Commit computes K = d·P2, L = r·P2 and E = r·P1, of which P1 and P2 may be
// absent (the zero value); with neither, E = r·G (Part 1, 44.2.3, steps 9 to
// 12). The error is curve.ErrInfinity.
func Commit(c *curve.Curve, d, r curve.Scalar, p1, p2 curve.Point) (Commitment, error) {
	var m Commitment
	var err error
	if !p2.IsZero() {
		if m.K, err = c.Mult(d, p2); err != nil {
			return Commitment{}, err
		}
		if m.L, err = c.Mult(r, p2); err != nil {
			return Commitment{}, err
		}
	}
	switch {
	case !p1.IsZero():
		m.E, err = c.Mult(r, p1)
	case p2.IsZero():
		m.E, err = c.BaseMult(r)
	}
	if err != nil {
		return Commitment{}, err
	}
	return m, nil
}

// SignECDAA completes a split signature over a digest with the r of the
// commitment (Part 1, 44.3.3.3). R of the signature is the nonce k without
// leading zero bytes, as libtpms gives it.
func SignECDAA(c *curve.Curve, d, r curve.Scalar, h func() hash.Hash, digest []byte, rand io.Reader) (Signature, error) {
	for range maxTries {
		k, err := GenerateScalar(c, rand)
		if err != nil {
			return Signature{}, err
		}
		nonce := trim(k.Bytes()) // public: it is part of the signature
		f := h()
		f.Write(nonce)
		f.Write(digest)
		s := r.Add(c.ReduceScalar(f.Sum(nil)).Mul(d))
		if !s.IsZero() {
			return Signature{R: nonce, S: s.Bytes()}, nil
		}
	}
	return Signature{}, ErrRandom
}
