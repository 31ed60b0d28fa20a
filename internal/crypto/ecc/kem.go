package ecc

import (
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"errors"
	"hash"
	"io"
	"slices"

	"govtpm/internal/crypto/curve"
)

// ErrCiphertextSize is returned for an encapsulated key that has not the size of
// a point.
var ErrCiphertextSize = errors.New("ecc: encapsulated key has another size than a point")

// KEM is the key encapsulation mechanism DHKEM on one curve with HKDF over one
// hash (RFC 9180, 4.1; Part 1, 44.4). The zero value is none.
type KEM struct {
	curve *curve.Curve
	hash  func() hash.Hash
	id    uint16 // kem_id
}

// KEMOf returns the mechanism of a curve; ok is false for a curve that has none
// (RFC 9180, 7.1).
func KEMOf(c *curve.Curve) (k KEM, ok bool) {
	switch c {
	case curve.P256():
		return KEM{c, sha256.New, 0x0010}, true
	case curve.P384():
		return KEM{c, sha512.New384, 0x0011}, true
	case curve.P521():
		return KEM{c, sha512.New, 0x0012}, true
	}
	return KEM{}, false
}

// Encapsulate makes a shared secret for the owner of q, and the encapsulated key
// from which they find it (RFC 9180, 4.1, Encap; Part 1, 44.4.2).
func (k KEM) Encapsulate(q curve.Point, rand io.Reader) (secret, enc []byte, err error) {
	d, ephemeral, err := GenerateKey(k.curve, rand)
	if err != nil {
		return nil, nil, err
	}
	defer d.Wipe()
	enc = serialize(ephemeral)
	secret, err = k.secret(d, q, enc, q)
	return secret, enc, err
}

// Decapsulate returns the shared secret of an encapsulated key with the private
// scalar d (RFC 9180, 4.1, Decap; Part 1, 44.4.3). ErrCiphertextSize, or
// curve.ErrNotOnCurve for what is no uncompressed point of the curve.
func (k KEM) Decapsulate(d curve.Scalar, enc []byte) ([]byte, error) {
	n := k.curve.Size()
	if len(enc) != 1+2*n {
		return nil, ErrCiphertextSize
	}
	if enc[0] != 4 {
		return nil, curve.ErrNotOnCurve
	}
	// On a curve of cofactor 1 a point is all that RFC 9180, 7.1.4 asks for:
	// the shared point cannot be infinity.
	ephemeral, err := k.curve.Point(enc[1:1+n], enc[1+n:])
	if err != nil {
		return nil, err
	}
	q, err := k.curve.BaseMult(d)
	if err != nil {
		return nil, err
	}
	return k.secret(d, ephemeral, enc, q)
}

// secret is ExtractAndExpand of the shared point of d and p, for the encapsulated
// key enc and the public key q of the recipient (RFC 9180, 4.1).
func (k KEM) secret(d curve.Scalar, p curve.Point, enc []byte, q curve.Point) ([]byte, error) {
	z, err := ECDH(k.curve, d, p)
	if err != nil {
		return nil, err
	}
	defer z.Wipe()
	suite := binary.BigEndian.AppendUint16([]byte("KEM"), k.id)
	// LabeledExtract (RFC 9180, 4)
	ikm := slices.Concat([]byte("HPKE-v1"), suite, []byte("eae_prk"), z.X())
	defer clear(ikm)
	prk, err := hkdf.Extract(k.hash, ikm, nil)
	if err != nil {
		return nil, err
	}
	defer clear(prk)
	// LabeledExpand
	size := len(prk) // Nsecret is Nh in each row of 7.1
	info := slices.Concat(binary.BigEndian.AppendUint16(nil, uint16(size)), []byte("HPKE-v1"), suite, []byte("shared_secret"), enc, serialize(q))
	return hkdf.Expand(k.hash, prk, string(info), size)
}

// serialize is SerializePublicKey: the uncompressed point (RFC 9180, 7.1.1).
func serialize(p curve.Point) []byte { return slices.Concat([]byte{4}, p.X(), p.Y()) }
