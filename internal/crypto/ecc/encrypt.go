package ecc

import (
	"crypto/subtle"
	"errors"
	"hash"
	"io"
	"slices"

	"govtpm/internal/crypto/curve"
	"govtpm/internal/crypto/kdf"
)

// ErrDecrypt is returned when C3 does not fit the rest of the cipher text.
var ErrDecrypt = errors.New("ecc: cipher text does not verify")

// Ciphertext is the answer of TPM2_ECC_Encrypt (Part 1, 45.2.4.2).
type Ciphertext struct {
	C1 curve.Point // ephemeral public key
	C2 []byte      // message XOR key stream
	C3 []byte      // H(x2 ‖ message ‖ y2)
}

// Encrypt encrypts a message for the owner of q with key stream and check value
// from hash h (Part 1, 45.2.4.2, with KDF2).
func Encrypt(c *curve.Curve, q curve.Point, h func() hash.Hash, msg []byte, rand io.Reader) (Ciphertext, error) {
	k, c1, err := GenerateKey(c, rand)
	if err != nil {
		return Ciphertext{}, err
	}
	defer k.Wipe()
	p2, err := c.Mult(k, q)
	if err != nil {
		return Ciphertext{}, err
	}
	defer p2.Wipe()
	c2 := append([]byte(nil), msg...)
	xorKDF2(h, p2, c2)
	return Ciphertext{C1: c1, C2: c2, C3: checkValue(h, p2, msg)}, nil
}

// Decrypt undoes Encrypt with the private scalar d (Part 1, 45.2.4.3).
func Decrypt(c *curve.Curve, d curve.Scalar, h func() hash.Hash, ct Ciphertext) ([]byte, error) {
	p2, err := c.Mult(d, ct.C1)
	if err != nil {
		return nil, err
	}
	defer p2.Wipe()
	msg := append([]byte(nil), ct.C2...)
	xorKDF2(h, p2, msg)
	if subtle.ConstantTimeCompare(checkValue(h, p2, msg), ct.C3) != 1 {
		clear(msg)
		return nil, ErrDecrypt
	}
	return msg, nil
}

// xorKDF2 adds the stream KDF2(x ‖ y) to b.
func xorKDF2(h func() hash.Hash, p curve.Point, b []byte) {
	z := slices.Concat(p.X(), p.Y())
	stream := kdf.KDF2(h, z, nil, len(b))
	subtle.XORBytes(b, b, stream)
	clear(z)
	clear(stream)
}

func checkValue(h func() hash.Hash, p curve.Point, msg []byte) []byte {
	f := h()
	f.Write(p.X())
	f.Write(msg)
	f.Write(p.Y())
	return f.Sum(nil)
}
