package rsa

import (
	"bytes"
	"crypto/subtle"
	"hash"
	"io"

	"govtpm/internal/crypto/kdf"
)

// EncryptOAEP is RSAES-OAEP (RFC 8017, 7.1.1) with h for label and mask. The
// seed comes from random. The label goes in as it is: a TPM's labels include
// their terminating zero octet (Part 1, 43.4).
func (k *PublicKey) EncryptOAEP(random io.Reader, h func() hash.Hash, label, msg []byte) ([]byte, error) {
	d := h()
	hLen := d.Size()
	if len(msg) > k.size-2*hLen-2 {
		return nil, ErrTooLong
	}
	em := make([]byte, k.size)
	defer clear(em)
	seed, db := em[1:1+hLen], em[1+hLen:]
	if _, err := io.ReadFull(random, seed); err != nil {
		return nil, err
	}
	d.Write(label)
	d.Sum(db[:0])
	db[len(db)-len(msg)-1] = 1
	copy(db[len(db)-len(msg):], msg)
	subtle.XORBytes(db, db, kdf.MGF1(h, seed, len(db)))
	subtle.XORBytes(seed, seed, kdf.MGF1(h, db, hLen))
	return k.Encrypt(em)
}

// DecryptOAEP is the inverse of EncryptOAEP (RFC 8017, 7.1.2). Wrong padding
// and wrong label are both ErrPadding and take the same time.
func (k *PrivateKey) DecryptOAEP(h func() hash.Hash, label, c []byte) ([]byte, error) {
	d := h()
	hLen := d.Size()
	if k.size < 2*hLen+2 {
		return nil, ErrPadding
	}
	em, err := k.Decrypt(c)
	if err != nil {
		return nil, err
	}
	defer clear(em)
	seed, db := em[1:1+hLen], em[1+hLen:]
	subtle.XORBytes(seed, seed, kdf.MGF1(h, db, hLen))
	subtle.XORBytes(db, db, kdf.MGF1(h, seed, len(db)))

	d.Write(label)
	ok := subtle.ConstantTimeByteEq(em[0], 0) & subtle.ConstantTimeCompare(db[:hLen], d.Sum(nil))
	start, looking := 0, 1
	for i := hLen; i < len(db); i++ {
		zero, one := subtle.ConstantTimeByteEq(db[i], 0), subtle.ConstantTimeByteEq(db[i], 1)
		ok &= 1 ^ looking&(1^zero)&(1^one)
		start = subtle.ConstantTimeSelect(looking&one, i+1, start)
		looking &= 1 ^ one
	}
	if ok&(1^looking) != 1 {
		return nil, ErrPadding
	}
	return bytes.Clone(db[start:]), nil
}
