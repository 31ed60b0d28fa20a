package ecc

import (
	"bytes"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/hpke"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"slices"
	"testing"

	"govtpm/internal/crypto/curve"
	"govtpm/internal/crypto/drbg"
)

// rightAligned is a source of random numbers that gives one number.
type rightAligned []byte

func (v rightAligned) Read(b []byte) (int, error) {
	clear(b)
	copy(b[len(b)-len(v):], v)
	return len(b), nil
}

// RFC 9180, A.3.1 and A.6.1.
var kemVectors = []struct {
	name                       string
	c                          *curve.Curve
	skE, skR, pkR, enc, secret string
}{
	{"A.3.1, DHKEM(P-256, HKDF-SHA256)", curve.P256(),
		"4995788ef4b9d6132b249ce59a77281493eb39af373d236a1fe415cb0c2d7beb",
		"f3ce7fdae57e1a310d87f1ebbde6f328be0a99cdbcadf4d6589cf29de4b8ffd2",
		"04fe8c19ce0905191ebc298a9245792531f26f0cece2460639e8bc39cb7f706a826a779b4cf969b8a0e539c7f62fb3d30ad6aa8f80e30f1d128aafd68a2ce72ea0",
		"04a92719c6195d5085104f469a8b9814d5838ff72b60501e2c4466e5e67b325ac98536d7b61a1af4b78e5b7f951c0900be863c403ce65c9bfcb9382657222d18c4",
		"c0d26aeab536609a572b07695d933b589dcf363ff9d93c93adea537aeabb8cb8"},
	{"A.6.1, DHKEM(P-521, HKDF-SHA512)", curve.P521(),
		"014784c692da35df6ecde98ee43ac425dbdd0969c0c72b42f2e708ab9d535415a8569bdacfcc0a114c85b8e3f26acf4d68115f8c91a66178cdbd03b7bcc5291e374b",
		"01462680369ae375e4b3791070a7458ed527842f6a98a79ff5e0d4cbde83c27196a3916956655523a6a2556a7af62c5cadabe2ef9da3760bb21e005202f7b2462847",
		"0401b45498c1714e2dce167d3caf162e45e0642afc7ed435df7902ccae0e84ba0f7d373f646b7738bbbdca11ed91bdeae3cdcba3301f2457be452f271fa6837580" +
			"e661012af49583a62e48d44bed350c7118c0d8dc861c238c72a2bda17f64704f464b57338e7f40b60959480c0e58e6559b190d81663ed816e523b6b6a418f66d2451ec64",
		"040138b385ca16bb0d5fa0c0665fbbd7e69e3ee29f63991d3e9b5fa740aab8900aaeed46ed73a49055758425a0ce36507c54b29cc5b85a5cee6bae0cf1c21f2731" +
			"ece2013dc3fb7c8d21654bb161b463962ca19e8c654ff24c94dd2898de12051f1ed0692237fb02b2f8d1dc1c73e9b366b529eb436e98a996ee522aef863dd5739d2f29b0",
		"776ab421302f6eff7d7cb5cb1adaea0cd50872c71c2d63c30c4f1d5e43653336fef33b103c67e7a98add2d3b66e2fda95b5b2a667aa9dac7e59cc1d46d30e818"},
}

func TestKEMKnownAnswers(t *testing.T) {
	for _, v := range kemVectors {
		k, ok := KEMOf(v.c)
		if !ok {
			t.Fatalf("%s: no KEM", v.name)
		}
		d := mustScalar(t, v.c, unhex(t, v.skR))
		q, err := v.c.BaseMult(d)
		if err != nil || hex.EncodeToString(serialize(q)) != v.pkR {
			t.Fatalf("%s: public key %x, %v", v.name, serialize(q), err)
		}
		secret, err := k.Decapsulate(d, unhex(t, v.enc))
		if err != nil || hex.EncodeToString(secret) != v.secret {
			t.Errorf("%s: decapsulated %x, %v", v.name, secret, err)
		}
		skE := unhex(t, v.skE)
		skE[len(skE)-1]-- // a private key is a random number, reduced, plus one
		secret, enc, err := k.Encapsulate(q, rightAligned(skE))
		if err != nil || hex.EncodeToString(enc) != v.enc || hex.EncodeToString(secret) != v.secret {
			t.Errorf("%s: encapsulated %x in %x, %v", v.name, secret, enc, err)
		}
	}
}

// exported is what a context of HPKE exports that has this shared secret: the
// key schedule of RFC 9180, 5.1 and 5.3, in base mode, with HKDF-SHA256, for
// export only and without info.
func exported(t *testing.T, id uint16, secret []byte) []byte {
	t.Helper()
	suite := binary.BigEndian.AppendUint16([]byte("HPKE-v1HPKE"), id)
	suite = append(suite, 0x00, 0x01, 0xFF, 0xFF)
	extract := func(salt []byte, label string, ikm []byte) []byte {
		prk, err := hkdf.Extract(sha256.New, slices.Concat(suite, []byte(label), ikm), salt)
		if err != nil {
			t.Fatal(err)
		}
		return prk
	}
	expand := func(prk []byte, label string, info []byte) []byte {
		out, err := hkdf.Expand(sha256.New, prk, string(slices.Concat([]byte{0, 32}, suite, []byte(label), info)), 32)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	context := slices.Concat([]byte{0}, extract(nil, "psk_id_hash", nil), extract(nil, "info_hash", nil))
	exporter := expand(extract(secret, "secret", nil), "exp", context)
	return expand(exporter, "sec", []byte("context"))
}

// The secrets are those of crypto/hpke, which shows them by what it exports.
func TestKEMAgreesWithHPKE(t *testing.T) {
	rand := drbg.New([]byte("kem"))
	for _, v := range []struct {
		c  *curve.Curve
		of ecdh.Curve
	}{{curve.P256(), ecdh.P256()}, {curve.P384(), ecdh.P384()}, {curve.P521(), ecdh.P521()}} {
		k, _ := KEMOf(v.c)
		d, q, err := GenerateKey(v.c, rand)
		if err != nil {
			t.Fatal(err)
		}
		other := hpke.DHKEM(v.of)
		private, err := other.NewPrivateKey(d.Bytes())
		if err != nil || !bytes.Equal(private.PublicKey().Bytes(), serialize(q)) || other.ID() != k.id {
			t.Fatalf("%s: %v", v.c.Name(), err)
		}
		enc, sender, err := hpke.NewSender(private.PublicKey(), hpke.HKDFSHA256(), hpke.ExportOnly(), nil)
		if err != nil {
			t.Fatal(err)
		}
		secret, err := k.Decapsulate(d, enc)
		if err != nil {
			t.Fatal(err)
		}
		if want, err := sender.Export("context", 32); err != nil || !bytes.Equal(exported(t, k.id, secret), want) {
			t.Errorf("%s: another secret than the sender's, %v", v.c.Name(), err)
		}
		secret, enc, err = k.Encapsulate(q, rand)
		if err != nil {
			t.Fatal(err)
		}
		recipient, err := hpke.NewRecipient(enc, private, hpke.HKDFSHA256(), hpke.ExportOnly(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if want, err := recipient.Export("context", 32); err != nil || !bytes.Equal(exported(t, k.id, secret), want) {
			t.Errorf("%s: another secret than the recipient's, %v", v.c.Name(), err)
		}
	}
}

func TestKEMOfOtherCurves(t *testing.T) {
	for _, c := range []*curve.Curve{curve.P192(), curve.P224(), curve.BN256(), curve.BN638(), curve.SM2(), nil} {
		if _, ok := KEMOf(c); ok {
			t.Errorf("%v has a KEM", c)
		}
	}
}

// What is no uncompressed point of the curve is refused as such; another point
// gives another secret.
func TestDecapsulateFaults(t *testing.T) {
	for _, v := range kemVectors {
		k, _ := KEMOf(v.c)
		d, enc := mustScalar(t, v.c, unhex(t, v.skR)), unhex(t, v.enc)
		for n := range enc {
			if _, err := k.Decapsulate(d, enc[:n]); !errors.Is(err, ErrCiphertextSize) {
				t.Errorf("%s, %d bytes: %v", v.name, n, err)
			}
		}
		if _, err := k.Decapsulate(d, append(bytes.Clone(enc), 0)); !errors.Is(err, ErrCiphertextSize) {
			t.Errorf("%s, a byte too many: %v", v.name, err)
		}
		for i := range 8 * len(enc) {
			enc[i/8] ^= 1 << (i % 8)
			if _, err := k.Decapsulate(d, enc); !errors.Is(err, curve.ErrNotOnCurve) {
				t.Errorf("%s, bit %d flipped: %v", v.name, i, err)
			}
			enc[i/8] ^= 1 << (i % 8)
		}
		p := v.c.Parameters().P
		for name, bad := range map[string][]byte{
			"zeros":         make([]byte, len(enc)),
			"(0, 0)":        append([]byte{4}, make([]byte, len(enc)-1)...),
			"x not reduced": slices.Concat([]byte{4}, p, enc[1+len(p):]),
			"all ones":      bytes.Repeat([]byte{0xFF}, len(enc)),
			"hybrid form":   append([]byte{6 | enc[len(enc)-1]&1}, enc[1:]...),
		} {
			if _, err := k.Decapsulate(d, bad); !errors.Is(err, curve.ErrNotOnCurve) {
				t.Errorf("%s, %s: %v", v.name, name, err)
			}
		}
		secret, err := k.Decapsulate(d, serialize(v.c.Generator()))
		if err != nil || hex.EncodeToString(secret) == v.secret {
			t.Errorf("%s, another point: %x, %v", v.name, secret, err)
		}
	}
}

func FuzzDecapsulate(f *testing.F) {
	for _, v := range kemVectors {
		enc, _ := hex.DecodeString(v.enc)
		f.Add(enc)
		f.Add(enc[:len(enc)/2+1])
	}
	f.Add([]byte{4})
	f.Fuzz(func(t *testing.T, enc []byte) {
		for _, v := range kemVectors {
			k, _ := KEMOf(v.c)
			d := mustScalar(t, v.c, unhex(t, v.skR))
			secret, err := k.Decapsulate(d, enc)
			other, otherErr := hpke.DHKEM(map[*curve.Curve]ecdh.Curve{curve.P256(): ecdh.P256(), curve.P521(): ecdh.P521()}[v.c]).NewPublicKey(enc)
			if (err == nil) != (otherErr == nil) || err == nil && (len(secret) != k.hash().Size() || !bytes.Equal(other.Bytes(), enc)) {
				t.Errorf("%s: %x: %v, and %v", v.name, enc, err, otherErr)
			}
		}
	})
}
