package ecc

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/big"
	"math/rand/v2"
	"testing"

	"govtpm/internal/crypto/curve"
)

var allCurves = []*curve.Curve{
	curve.P192(), curve.P224(), curve.P256(), curve.P384(), curve.P521(),
	curve.BN256(), curve.BN638(), curve.SM2(),
}

func eachCurve(t *testing.T, f func(t *testing.T, c *curve.Curve)) {
	for _, c := range allCurves {
		t.Run(c.Name(), func(t *testing.T) {
			if testing.Short() && c.BitSize() > 600 {
				t.Skip("the largest curve takes minutes under the race detector; run without -short")
			}
			f(t, c)
		})
	}
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func testRand(seed byte) io.Reader { return rand.NewChaCha8([32]byte{seed}) }

// nonces is a source from which GenerateScalar makes the given scalars in turn.
func nonces(c *curve.Curve, ks ...[]byte) io.Reader {
	var buf bytes.Buffer
	for _, k := range ks {
		v := new(big.Int).SetBytes(k)
		v.Sub(v, big.NewInt(1))
		buf.Write(v.FillBytes(make([]byte, c.RandomBitsSize())))
	}
	return &buf
}

func mustScalar(t testing.TB, c *curve.Curve, b []byte) curve.Scalar {
	t.Helper()
	s, err := c.Scalar(b)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Keys, nonces and signatures of the message "sample" in RFC 6979, A.2.3–A.2.7.
func TestECDSAKnownAnswers(t *testing.T) {
	msg := []byte("sample")
	s256, s384, s512 := sha256.Sum256(msg), sha512.Sum384(msg), sha512.Sum512(msg)
	for _, v := range []struct {
		c          *curve.Curve
		digest     []byte
		x, k, r, s string
	}{
		{curve.P192(), s256[:],
			"6fab034934e4c0fc9ae67f5b5659a9d7d1fefd187ee09fd4",
			"32b1b6d7d42a05cb449065727a84804fb1a3e34d8f261496",
			"4b0b8ce98a92866a2820e20aa6b75b56382e0f9bfd5ecb55",
			"ccdb006926ea9565cbadc840829d8c384e06de1f1e381b85"},
		{curve.P224(), s256[:],
			"f220266e1105bfe3083e03ec7a3a654651f45e37167e88600bf257c1",
			"ad3029e0278f80643de33917ce6908c70a8ff50a411f06e41dedfcdc",
			"61aa3da010e8e8406c656bc477a7a7189895e7e840cdfe8ff42307ba",
			"bc814050dab5d23770879494f9e0a680dc1af7161991bde692b10101"},
		{curve.P256(), s256[:],
			"c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721",
			"a6e3c57dd01abe90086538398355dd4c3b17aa873382b0f24d6129493d8aad60",
			"efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716",
			"f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"},
		{curve.P384(), s384[:],
			"6b9d3dad2e1b8c1c05b19875b6659f4de23c3b667bf297ba9aa47740787137d896d5724e4c70a825f872c9ea60d2edf5",
			"94ed910d1a099dad3254e9242ae85abde4ba15168eaf0ca87a555fd56d10fbca2907e3e83ba95368623b8c4686915cf9",
			"94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c81a648152e44acf96e36dd1e80fabe46",
			"99ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94fa329c145786e679e7b82c71a38628ac8"},
		{curve.P521(), s512[:],
			"00fad06daa62ba3b25d2fb40133da757205de67f5bb0018fee8c86e1b68c7e75caa896eb32f1f47c70855836a6d16fcc1466f6d8fbec67db89ec0c08b0e996b83538",
			"01dae2ea071f8110dc26882d4d5eae0621a3256fc8847fb9022e2b7d28e6f10198b1574fdd03a9053c08a1854a168aa5a57470ec97dd5ce090124ef52a2f7ecbffd3",
			"00c328fafcbd79dd77850370c46325d987cb525569fb63c5d3bc53950e6d4c5f174e25a1ee9017b5d450606add152b534931d7d4e8455cc91f9b15bf05ec36e377fa",
			"00617cce7cf5064806c467f678d3b4080d6f1cc50af26ca209417308281b68af282623eaa63e5b5c0723d8b8c37ff0777b1a20f8ccb1dccc43997f1ee0e44da4a67a"},
	} {
		d := mustScalar(t, v.c, unhex(t, v.x))
		sig, err := SignECDSA(v.c, d, v.digest, nonces(v.c, unhex(t, v.k)))
		if err != nil {
			t.Errorf("%s: %v", v.c.Name(), err)
		}
		if r, s := hex.EncodeToString(sig.R), hex.EncodeToString(sig.S); r != v.r || s != v.s {
			t.Errorf("%s: got %s %s, want %s %s", v.c.Name(), r, s, v.r, v.s)
		}
		q, err := v.c.BaseMult(d)
		if err != nil || !VerifyECDSA(v.c, q, v.digest, Signature{unhex(t, v.r), unhex(t, v.s)}) {
			t.Errorf("%s: not verified (%v)", v.c.Name(), err)
		}
	}
}

// verifyTable runs a verifier over a good signature and many bad ones.
func verifyTable(t *testing.T, c *curve.Curve, digest []byte, sig Signature, verify func(digest []byte, sig Signature) bool) {
	t.Helper()
	if len(sig.R) != c.OrderSize() || len(sig.S) != c.OrderSize() {
		t.Errorf("sizes %d and %d, want %d", len(sig.R), len(sig.S), c.OrderSize())
	}
	if !verify(digest, sig) {
		t.Error("good signature refused")
	}
	pad := func(b []byte) []byte { return append([]byte{0, 0}, b...) }
	if !verify(digest, Signature{pad(sig.R), pad(sig.S)}) || !verify(digest, Signature{bytes.TrimLeft(sig.R, "\x00"), sig.S}) {
		t.Error("padding matters")
	}
	flip := func(b []byte, bit int) []byte {
		b = bytes.Clone(b)
		b[len(b)-1-bit/8] ^= 1 << (bit % 8)
		return b
	}
	n := c.Parameters().N
	plusN := new(big.Int).SetBytes(sig.S)
	plusN.Add(plusN, new(big.Int).SetBytes(n))
	bad := map[string]Signature{
		"empty": {}, "r zero": {make([]byte, len(sig.R)), sig.S}, "s zero": {sig.R, make([]byte, len(sig.S))},
		"r is n": {n, sig.S}, "s is n": {sig.R, n}, "swapped": {sig.S, sig.R}, "s not reduced": {sig.R, plusN.Bytes()},
		"r long": {append([]byte{1}, sig.R...), sig.S}, "s long": {sig.R, append([]byte{1}, sig.S...)},
	}
	for bit := 0; bit < 8*len(sig.R); bit += 37 {
		bad[fmt.Sprintf("r bit %d", bit)] = Signature{flip(sig.R, bit), sig.S}
		bad[fmt.Sprintf("s bit %d", bit)] = Signature{sig.R, flip(sig.S, bit)}
	}
	for name, s := range bad {
		if verify(digest, s) {
			t.Errorf("accepted: %s", name)
		}
	}
	if verify(flip(digest, 8*len(digest)-1), sig) {
		t.Error("accepted with another digest")
	}
}

func TestECDSA(t *testing.T) {
	eachCurve(t, func(t *testing.T, c *curve.Curve) {
		rnd := testRand(1)
		d, q, err := GenerateKey(c, rnd)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range []int{20, 32, 48, 64} {
			digest := bytes.Repeat([]byte{0xe5}, n)
			sig, err := SignECDSA(c, d, digest, rnd)
			if err != nil {
				t.Fatal(err)
			}
			verifyTable(t, c, digest, sig, func(digest []byte, sig Signature) bool {
				return VerifyECDSA(c, q, digest, sig)
			})
			if VerifyECDSA(c, c.Generator(), digest, sig) || VerifyECDSA(c, curve.Point{}, digest, sig) {
				t.Error("accepted with another key")
			}
		}
		if _, err := SignECDSA(c, d, nil, &io.LimitedReader{R: rnd, N: 7}); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("short random source: %v", err)
		}
	})
}

// Both directions against crypto/ecdsa.
func TestECDSAAgainstStandardLibrary(t *testing.T) {
	for c, std := range map[*curve.Curve]elliptic.Curve{
		curve.P224(): elliptic.P224(), curve.P256(): elliptic.P256(),
		curve.P384(): elliptic.P384(), curve.P521(): elliptic.P521(),
	} {
		rnd := testRand(2)
		d, q, err := GenerateKey(c, rnd)
		if err != nil {
			t.Fatal(err)
		}
		key := &ecdsa.PrivateKey{
			PublicKey: ecdsa.PublicKey{Curve: std, X: new(big.Int).SetBytes(q.X()), Y: new(big.Int).SetBytes(q.Y())},
			D:         new(big.Int).SetBytes(d.Bytes()),
		}
		for _, n := range []int{20, 32, 48, 64} {
			digest := make([]byte, n)
			rnd.Read(digest)
			sig, err := SignECDSA(c, d, digest, rnd)
			if err != nil {
				t.Fatal(err)
			}
			r, s := new(big.Int).SetBytes(sig.R), new(big.Int).SetBytes(sig.S)
			if !ecdsa.Verify(&key.PublicKey, digest, r, s) {
				t.Errorf("%s, %d bytes: our signature refused", c.Name(), n)
			}
			r, s, err = ecdsa.Sign(rnd, key, digest)
			if err != nil {
				t.Fatal(err)
			}
			if !VerifyECDSA(c, q, digest, Signature{r.Bytes(), s.Bytes()}) {
				t.Errorf("%s, %d bytes: standard signature refused", c.Name(), n)
			}
		}
	}
}

func benchCurves(b *testing.B, f func(b *testing.B, c *curve.Curve, d curve.Scalar, q curve.Point)) {
	for _, c := range allCurves {
		d, q, err := GenerateKey(c, testRand(3))
		if err != nil {
			b.Fatal(err)
		}
		b.Run(c.Name(), func(b *testing.B) { f(b, c, d, q) })
	}
}

func BenchmarkSignECDSA(b *testing.B) {
	benchCurves(b, func(b *testing.B, c *curve.Curve, d curve.Scalar, _ curve.Point) {
		rnd, digest := testRand(4), make([]byte, 32)
		for b.Loop() {
			SignECDSA(c, d, digest, rnd)
		}
	})
}

func BenchmarkVerifyECDSA(b *testing.B) {
	benchCurves(b, func(b *testing.B, c *curve.Curve, d curve.Scalar, q curve.Point) {
		digest := make([]byte, 32)
		sig, err := SignECDSA(c, d, digest, testRand(5))
		if err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			VerifyECDSA(c, q, digest, sig)
		}
	})
}

func BenchmarkECDH(b *testing.B) {
	benchCurves(b, func(b *testing.B, c *curve.Curve, d curve.Scalar, q curve.Point) {
		for b.Loop() {
			ECDH(c, d, q)
		}
	})
}

func BenchmarkGenerateKey(b *testing.B) {
	benchCurves(b, func(b *testing.B, c *curve.Curve, _ curve.Scalar, _ curve.Point) {
		rnd := testRand(6)
		for b.Loop() {
			GenerateKey(c, rnd)
		}
	})
}
