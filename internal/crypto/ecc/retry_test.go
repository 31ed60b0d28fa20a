package ecc

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"testing"

	"govtpm/internal/crypto/curve"
)

// A nonce that would make s or r zero is refused; the next one is taken, and a
// source that has no other is an error.
func TestRefusedNonces(t *testing.T) {
	c := curve.P256()
	one := c.ReduceScalar([]byte{1})
	zero := one.Sub(one)
	d := c.ReduceScalar([]byte("private"))
	bad, good := []byte{5}, []byte{6}
	kG, err := c.BaseMult(c.ReduceScalar(bad))
	if err != nil {
		t.Fatal(err)
	}
	x := c.ReduceScalar(kG.X())
	schemes := map[string]struct {
		digest []byte // that goes wrong with the bad nonce
		sign   func(digest []byte, ks ...[]byte) (Signature, error)
	}{
		"ECDSA, s = 0": {zero.Sub(x.Mul(d)).Bytes(), func(digest []byte, ks ...[]byte) (Signature, error) {
			return SignECDSA(c, d, digest, nonces(c, ks...))
		}},
		"SM2, r = 0": {zero.Sub(x).Bytes(), func(digest []byte, ks ...[]byte) (Signature, error) {
			return SignSM2(c, d, digest, nonces(c, ks...))
		}},
		"SM2, r + k = 0": {zero.Sub(x).Sub(c.ReduceScalar(bad)).Bytes(), func(digest []byte, ks ...[]byte) (Signature, error) {
			return SignSM2(c, d, digest, nonces(c, ks...))
		}},
	}
	for name, v := range schemes {
		got, err := v.sign(v.digest, bad, good)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		want, err := v.sign(v.digest, good)
		if err != nil || !bytes.Equal(got.R, want.R) || !bytes.Equal(got.S, want.S) {
			t.Errorf("%s: the second nonce was not used: %v", name, err)
		}
		always := make([][]byte, maxTries+1)
		for i := range always {
			always[i] = bad
		}
		if _, err := v.sign(v.digest, always...); !errors.Is(err, ErrRandom) {
			t.Errorf("%s, always: %v", name, err)
		}
	}
}

// Every scheme hands on the error of its random source.
func TestRandomSourceEnds(t *testing.T) {
	c := curve.P256()
	d, q, err := GenerateKey(c, testRand(13))
	if err != nil {
		t.Fatal(err)
	}
	empty := func() *bytes.Reader { return bytes.NewReader(make([]byte, 39)) }
	for name, f := range map[string]func() error{
		"key":     func() error { _, _, err := GenerateKey(c, empty()); return err },
		"ECDSA":   func() error { _, err := SignECDSA(c, d, nil, empty()); return err },
		"SM2":     func() error { _, err := SignSM2(c, d, nil, empty()); return err },
		"Schnorr": func() error { _, err := SignSchnorr(c, d, sha256.New, nil, empty()); return err },
		"ECDAA":   func() error { _, err := SignECDAA(c, d, d, sha256.New, nil, empty()); return err },
		"Encrypt": func() error { _, err := Encrypt(c, q, sha256.New, nil, empty()); return err },
	} {
		if f() == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
