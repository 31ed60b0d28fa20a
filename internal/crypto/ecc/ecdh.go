package ecc

import "govtpm/internal/crypto/curve"

// ECDH returns the shared point d·Q (Part 1, 44.8.3; the cofactor of every
// curve here is 1). The error is curve.ErrInfinity if there is none, which on
// these curves needs d = 0.
func ECDH(c *curve.Curve, d curve.Scalar, q curve.Point) (curve.Point, error) {
	return c.Mult(d, q)
}
