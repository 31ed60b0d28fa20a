package ecc

import (
	"bytes"
	"crypto/ecdh"
	"encoding/hex"
	"errors"
	"testing"

	"govtpm/internal/crypto/curve"
)

// The shared secret of RFC 5903, 8.1 (256-bit random ECP group).
func TestECDHKnownAnswer(t *testing.T) {
	c := curve.P256()
	i := mustScalar(t, c, unhex(t, "c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433"))
	r := mustScalar(t, c, unhex(t, "c6ef9c5d78ae012a011164acb397ce2088685d8f06bf9be0b283ab46476bee53"))
	g, err := c.BaseMult(r)
	if err != nil {
		t.Fatal(err)
	}
	z, err := ECDH(c, i, g)
	if err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(z.X()); got != "d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de" {
		t.Errorf("got %s", got)
	}
}

func TestECDH(t *testing.T) {
	eachCurve(t, func(t *testing.T, c *curve.Curve) {
		rnd := testRand(7)
		a, qa, err := GenerateKey(c, rnd)
		if err != nil {
			t.Fatal(err)
		}
		b, qb, err := GenerateKey(c, rnd)
		if err != nil {
			t.Fatal(err)
		}
		za, errA := ECDH(c, a, qb)
		zb, errB := ECDH(c, b, qa)
		if errA != nil || errB != nil || !bytes.Equal(za.X(), zb.X()) || !bytes.Equal(za.Y(), zb.Y()) {
			t.Errorf("the two sides differ: %v %v", errA, errB)
		}
		if _, err := ECDH(c, a.Sub(a), qb); !errors.Is(err, curve.ErrInfinity) {
			t.Errorf("zero private key: %v", err)
		}
		std := map[*curve.Curve]ecdh.Curve{curve.P256(): ecdh.P256(), curve.P384(): ecdh.P384(), curve.P521(): ecdh.P521()}[c]
		if std == nil {
			return
		}
		priv, err := std.NewPrivateKey(a.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		pub, err := std.NewPublicKey(append(append([]byte{4}, qb.X()...), qb.Y()...))
		if err != nil {
			t.Fatal(err)
		}
		if want, err := priv.ECDH(pub); err != nil || !bytes.Equal(want, za.X()) {
			t.Errorf("differs from crypto/ecdh: %v", err)
		}
	})
}
