package rsa

import (
	"crypto/subtle"
	"hash"
	"io"

	"govtpm/internal/crypto/kdf"
)

// SignPSS makes an RSASSA-PSS signature (RFC 8017, 8.1.1) of a digest made
// with h, which also serves the mask. The salt comes from random and is as
// long as the digest, or as long as fits if that is less (Part 1, 43.7 with
// FIPS 186-5, 5.4). It fails with ErrTooLong if the key is too small even for
// an empty salt.
func (k *PrivateKey) SignPSS(random io.Reader, h func() hash.Hash, digest []byte) ([]byte, error) {
	d := h()
	hLen := d.Size()
	sLen := min(hLen, k.size-hLen-2)
	if len(digest) != hLen || sLen < 0 {
		return nil, ErrTooLong
	}
	em := make([]byte, k.size)
	db, sum := em[:k.size-hLen-1], em[k.size-hLen-1:k.size-1]
	salt := db[len(db)-sLen:]
	if _, err := io.ReadFull(random, salt); err != nil {
		return nil, err
	}
	pssHash(sum[:0], d, digest, salt)
	db[len(db)-sLen-1] = 1
	subtle.XORBytes(db, db, kdf.MGF1(h, sum, len(db)))
	em[0] &= 0x7f // the encoding has one bit less than the modulus
	em[k.size-1] = 0xbc
	return k.Decrypt(em)
}

// VerifyPSS checks an RSASSA-PSS signature (RFC 8017, 8.1.2) with a salt of
// any length. Any problem is ErrVerification.
func (k *PublicKey) VerifyPSS(h func() hash.Hash, digest, sig []byte) error {
	d := h()
	hLen := d.Size()
	em, err := k.open(sig)
	if err != nil {
		return err
	}
	if len(digest) != hLen || k.size < hLen+2 || em[k.size-1] != 0xbc || em[0]&0x80 != 0 {
		return ErrVerification
	}
	db, sum := em[:k.size-hLen-1], em[k.size-hLen-1:k.size-1]
	subtle.XORBytes(db, db, kdf.MGF1(h, sum, len(db)))
	db[0] &= 0x7f
	i := 0
	for i < len(db) && db[i] == 0 {
		i++
	}
	if i == len(db) || db[i] != 1 || !equal(sum, pssHash(nil, d, digest, db[i+1:])) {
		return ErrVerification
	}
	return nil
}

// pssHash appends H(00×8 ‖ digest ‖ salt).
func pssHash(out []byte, d hash.Hash, digest, salt []byte) []byte {
	d.Reset()
	d.Write(make([]byte, 8))
	d.Write(digest)
	d.Write(salt)
	return d.Sum(out)
}
