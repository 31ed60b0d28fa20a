package ecc

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"testing"

	"govtpm/internal/crypto/curve"
)

func hashes(t *testing.T, f func(t *testing.T, h func() hash.Hash)) {
	t.Run("SHA1", func(t *testing.T) { f(t, sha1.New) })
	t.Run("SHA256", func(t *testing.T) { f(t, sha256.New) })
	t.Run("SHA384", func(t *testing.T) { f(t, sha512.New384) })
	t.Run("SHA512", func(t *testing.T) { f(t, sha512.New) })
}

func TestSchnorr(t *testing.T) {
	eachCurve(t, func(t *testing.T, c *curve.Curve) {
		rnd := testRand(10)
		d, q, err := GenerateKey(c, rnd)
		if err != nil {
			t.Fatal(err)
		}
		hashes(t, func(t *testing.T, h func() hash.Hash) {
			digest := bytes.Repeat([]byte{0x77}, h().Size())
			sig, err := SignSchnorr(c, d, h, digest, rnd)
			if err != nil {
				t.Fatal(err)
			}
			verifyTable(t, c, digest, sig, func(digest []byte, sig Signature) bool {
				return VerifySchnorr(c, q, h, digest, sig)
			})
			if VerifySchnorr(c, c.Generator(), h, digest, sig) || VerifySchnorr(c, curve.Point{}, h, digest, sig) {
				t.Error("accepted with another key")
			}
		})
	})
}

// No standard has values for this scheme, which the TPM's defines. So the
// definition by hand: s·G - r·Q = k·G and r = H(x ‖ digest) cut to the order's
// size (Part 1, 44.3.4.2). Signatures of libtpms are verified elsewhere.
func TestSchnorrDefinition(t *testing.T) {
	c := curve.P192()
	k := unhex(t, "32b1b6d7d42a05cb449065727a84804fb1a3e34d8f261496")
	d := mustScalar(t, c, unhex(t, "6fab034934e4c0fc9ae67f5b5659a9d7d1fefd187ee09fd4"))
	digest := []byte("any digest at all")
	sig, err := SignSchnorr(c, d, sha256.New, digest, nonces(c, k))
	if err != nil {
		t.Fatal(err)
	}
	kG, err := c.BaseMult(mustScalar(t, c, k))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(append(bytes.Clone(kG.X()), digest...))
	if !bytes.Equal(sig.R, sum[:24]) {
		t.Errorf("r = %x, want %x", sig.R, sum[:24])
	}
	if want := mustScalar(t, c, k).Add(c.ReduceScalar(sum[:24]).Mul(d)); !bytes.Equal(sig.S, want.Bytes()) {
		t.Errorf("s = %x, want %x", sig.S, want.Bytes())
	}
}
