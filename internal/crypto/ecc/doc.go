// Package ecc is the elliptic-curve schemes of a TPM 2.0 on the curves of
// package curve: key generation, ECDSA, EC Schnorr, SM2 and ECDAA signatures,
// Diffie-Hellman, the two-phase key exchanges, key encapsulation, and encryption
// (Part 1, clauses 44 and 45.2).
//
// Promises:
//
//   - All randomness comes from the reader given; a call reads from it in whole
//     candidates of curve.RandomBitsSize bytes, one Read per candidate, so that
//     a deterministic generator gives deterministic results.
//   - Private scalars, nonces and shared points are only handled in constant
//     time. Verification is for public values.
//   - Every point given has been checked, because a curve.Point cannot be made
//     otherwise; every point returned is not infinity.
//
// Start at key.go; each scheme has its file.
package ecc
