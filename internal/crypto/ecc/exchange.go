package ecc

import "govtpm/internal/crypto/curve"

// Party is what the TPM, as party A, brings to a two-phase key exchange: its
// static key and the ephemeral key of TPM2_EC_Ephemeral (Part 1, 44.8.4).
type Party struct {
	Static    curve.Scalar // d_s,A
	Ephemeral curve.Scalar // d_e,A
}

// FullUnified returns Z1 = d_s,A·Q_s,B and Z2 = d_e,A·Q_e,B
// (Part 1, 44.8.4.2).
func (a Party) FullUnified(c *curve.Curve, staticB, ephemeralB curve.Point) (z1, z2 curve.Point, err error) {
	if z1, err = c.Mult(a.Static, staticB); err != nil {
		return curve.Point{}, curve.Point{}, err
	}
	if z2, err = c.Mult(a.Ephemeral, ephemeralB); err != nil {
		return curve.Point{}, curve.Point{}, err
	}
	return z1, z2, nil
}

// MQV returns the shared point of Full MQV (Part 1, 44.8.4.3):
// [d_e,A + avf(Q_e,A)·d_s,A](Q_e,B + avf(Q_e,B)·Q_s,B).
func (a Party) MQV(c *curve.Curve, staticB, ephemeralB curve.Point) (curve.Point, error) {
	f := (c.OrderBitLen() + 1) / 2
	avf := func(q curve.Point) curve.Scalar { return associated(c, q, f, f) }
	ephemeralA, err := c.BaseMult(a.Ephemeral)
	if err != nil {
		return curve.Point{}, err
	}
	t := a.Ephemeral.Add(a.Static.Mul(avf(ephemeralA)))
	return exchange(c, t, ephemeralB, avf(ephemeralB), staticB)
}

// SM2 returns the shared point of the SM2 key exchange (Part 1, 45.2.3.2):
// [d_s,A + avfSM2(Q_e,A)·d_e,A](Q_s,B + avfSM2(Q_e,B)·Q_e,B).
func (a Party) SM2(c *curve.Curve, staticB, ephemeralB curve.Point) (curve.Point, error) {
	f := (c.OrderBitLen()+1)/2 - 1
	return a.sm2(c, staticB, ephemeralB, f, f)
}

// SM2Libtpms is SM2 with the associated value that libtpms since 0.10 computes
// on 256-bit curves, x mod 2⁶⁶ + 2¹²⁶. It interoperates with nothing else.
func (a Party) SM2Libtpms(c *curve.Curve, staticB, ephemeralB curve.Point) (curve.Point, error) {
	return a.sm2(c, staticB, ephemeralB, 66, 126)
}

func (a Party) sm2(c *curve.Curve, staticB, ephemeralB curve.Point, low, top int) (curve.Point, error) {
	avf := func(q curve.Point) curve.Scalar { return associated(c, q, low, top) }
	ephemeralA, err := c.BaseMult(a.Ephemeral)
	if err != nil {
		return curve.Point{}, err
	}
	t := a.Static.Add(a.Ephemeral.Mul(avf(ephemeralA)))
	return exchange(c, t, staticB, avf(ephemeralB), ephemeralB)
}

// exchange returns t·(p + v·q). The cofactor is 1 on every curve.
func exchange(c *curve.Curve, t curve.Scalar, p curve.Point, v curve.Scalar, q curve.Point) (curve.Point, error) {
	vq, err := c.Mult(v, q)
	if err != nil {
		return curve.Point{}, err
	}
	sum, err := c.Add(p, vq)
	if err != nil {
		return curve.Point{}, err
	}
	return c.Mult(t, sum)
}

// associated returns (x mod 2^low) + 2^top for the x-coordinate of q; both
// numbers of bits are below the size of the field.
func associated(c *curve.Curve, q curve.Point, low, top int) curve.Scalar {
	b := make([]byte, c.Size())
	x := q.X()
	if len(x) != len(b) { // the zero Point; the multiplication will refuse it
		return c.ReduceScalar(nil)
	}
	whole := low / 8
	copy(b[len(b)-whole:], x[len(b)-whole:])
	b[len(b)-1-whole] = x[len(b)-1-whole] & (1<<(low%8) - 1)
	b[len(b)-1-top/8] |= 1 << (top % 8)
	return c.ReduceScalar(b)
}
