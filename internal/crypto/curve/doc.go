// Package curve is the elliptic-curve arithmetic a TPM 2.0 needs: the prime
// curves of TPM_ECC_CURVE (Part 2, 6.4), each as an immutable *Curve.
//
// Promises:
//
//   - Every operation on a Scalar and every multiplication by one takes time
//     independent of the scalar's value; so do the coordinates of the points
//     that come out. Whether a result is the point at infinity, and everything
//     about parameters, validity of inputs and lengths, is not hidden.
//   - A Point that is not the zero value has been checked to lie on its curve
//     and carries coordinates padded to the size of the field
//     (Part 1, 44.5.3).
//
// P-224, P-256, P-384 and P-521 use filippo.io/nistec. P-192, BN P-256,
// BN P-638 and SM2 P-256 use the complete projective formulas of
// weierstrass.go. Arithmetic modulo the order is that of modulus.go for all.
//
// Start at curve.go; scalar.go holds the numbers modulo the order.
package curve
