package rsa

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"testing"
)

// FuzzKey sets up keys from arbitrary parts, as loading an external object
// does, and uses what is accepted on arbitrary input.
func FuzzKey(f *testing.F) {
	for _, v := range primaryVectors(f) {
		if len(v.Modulus) == 128 {
			f.Add([]byte(v.Modulus), v.Exponent, []byte(v.P), []byte{2})
			f.Add([]byte(v.Modulus), uint32(3), []byte(v.Q), []byte(v.Modulus))
		}
	}
	square := append(bytes.Repeat([]byte{0xff}, 31), 0xfd, 0, 0)
	f.Add(append(bytes.Repeat([]byte{0xff}, 63), 1), uint32(1<<32-1), square[:32], []byte{1})
	f.Fuzz(func(t *testing.T, n []byte, e uint32, p, input []byte) {
		if len(n) > 256 {
			return // large keys only take longer
		}
		k, err := NewPrivateKey(n, e, p)
		if err != nil {
			pub, err := NewPublicKey(n, e)
			if err == nil {
				pub.Encrypt(input)
				pub.VerifyPSS(sha1.New, make([]byte, 20), input)
			}
			return
		}
		c, err := k.Encrypt(input)
		if err != nil {
			return
		}
		if m, err := k.Decrypt(c); err == nil {
			if again, err := k.Encrypt(m); err != nil || !bytes.Equal(again, c) {
				t.Errorf("released %x, which does not verify: %v", m, err)
			}
		}
	})
}

// FuzzInput feeds arbitrary cipher texts and signatures to a good key.
func FuzzInput(f *testing.F) {
	k := testKeys(f)[1024]
	digest := sha256.Sum256([]byte("message"))
	sig, err := k.SignPKCS1v15(PrefixSHA256, digest[:])
	if err != nil {
		f.Fatal(err)
	}
	em, _ := k.Encrypt(sig)
	f.Add(sig)
	f.Add(em)
	f.Add(sig[1:])
	f.Add(k.Modulus())
	f.Add(make([]byte, 128))
	f.Fuzz(func(t *testing.T, in []byte) {
		k.Decrypt(in)
		k.DecryptPKCS1v15(in)
		k.DecryptOAEP(sha256.New, nil, in)
		k.VerifyPSS(sha256.New, digest[:], in)
		if err := k.VerifyPKCS1v15(PrefixSHA256, digest[:], in); (err == nil) != bytes.Equal(in, sig) {
			t.Errorf("%x: %v", in, err)
		}
	})
}
