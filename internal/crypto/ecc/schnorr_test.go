package ecc

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
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

// The TPM's scheme is EC-SDSA of ISO/IEC 14888-3 in its optimized form, r = H(x ‖ M), with the digest for M. The values, with the message
// "abc", are those of libecc (ec_self_tests_core.h, ECOSDSA), which has them for P-256 and P-384 from the standard's examples. That of P-256
// is in ECPy too (ecschnorr.py, "ISOx").
func TestSchnorrKnownAnswers(t *testing.T) {
	for _, v := range []struct {
		c          *curve.Curve
		h          func() hash.Hash
		d, k, r, s string
	}{
		{curve.P224(), sha256.New224,
			"fd22ee555f4ab5401bbd5365ec8aec37f3b4cbe4ebdd5540ad9229f0",
			"c1be08f7a6da95eadac92b7a8dfa4b8c0b099af3a30a23b5a76aa4c5",
			"48336d3d8da53b5dffca3e36247beb070c325321f37eb3f7e3b1aab3",
			"2839e880be1a2ed8314f852df66b1ac0b72289a9f870d519bb801116"},
		{curve.P256(), sha256.New,
			"5202a3d8acaf6909d12c9a774cd886f9fba61137ffd3e8e76aed363fb47ac492",
			"de7e0e5e663f24183414b7c72f24546b81e9e5f410bebf26f3ca5fa82f5192c8",
			"d7fb8135d8ea45e8fb3c9059f146e2630ef4bd51c4006a92edb4c8b0849963fb",
			"b46d1525379e02e232d97928265b7254ea2ed97813454388c1a08f62dccd70b3"},
		{curve.P384(), sha512.New384,
			"7e4914fe4b617089f9fe80ad913d5530eec4f30bca1ad66e7b5aeacf29d2f567d9a8f4a4552a1a1af3e0b6d0a49dfcc8",
			"8a29e772357bba6f5c9ea765d5082b9bc7a74c33e9d94d49fb2c9d3b523a82169682ecf16f1d06269042f3af044b4de8",
			"27d2f5b962a3acf6390a4718ea540da79612a60eaa15bebb00b9e1665783f7c791ccac422cee815a9c5da3678ac8d1f0",
			"22cc89ceb9e6be8415cc14b399bc66e6f3a21e5ba38e09a6de8de670a145c0e474d5cc88be8878f0123cc66225a1ba12"},
		{curve.P521(), sha512.New,
			"0108b94c219206b8d8921690a51576ae703d464b71bdf568f9f6709295678580" +
				"55b916dbce5db56a25b7913325f514f72a22be4efb4db79e2f01b571a93f217982c5",
			"01730300163079949bb6e3603c96f6f09023a6f748c5a6fc41ec39f524045959" +
				"a8fe4cc19b01475aacc5f392ab50601f398bc3b8014a63911bce30e7cc0f3d823b05",
			"0000bd54e8d7271ccc1e0addc3338a99eb945e654018056faf7ec76c0aa6b4d26289" +
				"00e05c052495a0917d808514d91e4142c5ae53062431e231058db5192e3590e3",
			"00527bab84c9af15cfa7d92529dc15d21745ee048891f5e06a0665e5cb162e62" +
				"2a0a62c31223cc216d8ffec33acddde50d58efe387893a5cbce2ea076e3b7ce79500"},
	} {
		sig, err := SignSchnorr(v.c, mustScalar(t, v.c, unhex(t, v.d)), v.h, []byte("abc"), nonces(v.c, unhex(t, v.k)))
		if r, s := hex.EncodeToString(sig.R), hex.EncodeToString(sig.S); err != nil || r != v.r || s != v.s {
			t.Errorf("%s: %s %s %v", v.c.Name(), r, s, err)
		}
	}
}

// No standard has values where the hash is longer than the order. So the definition by hand: s·G - r·Q = k·G and r = H(x ‖ digest) cut to the
// order's size (Part 1, 44.3.4.2). Signatures of libtpms are verified elsewhere.
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
