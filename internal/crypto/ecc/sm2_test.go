package ecc

import (
	"bytes"
	"encoding/hex"
	"errors"
	"hash"
	"testing"

	"govtpm/internal/crypto/curve"
	"govtpm/internal/crypto/sm3"
)

const (
	sm2D = "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8"
	sm2K = "59276e27d506861a16680f3ad9c02dccef3cc1fa3cdbe4ce6d54b80deac1bc21"
)

// GB/T 32918.5-2017, Annex A: digital signature on the recommended curve.
func TestSM2KnownAnswer(t *testing.T) {
	c := curve.SM2()
	d := mustScalar(t, c, unhex(t, sm2D))
	q, err := c.BaseMult(d)
	if err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(q.X()); got != "09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020" {
		t.Fatalf("public key %s", got)
	}
	id := "1234567812345678"
	p := c.Parameters()
	z := sm3.New()
	z.Write([]byte{0, byte(8 * len(id))})
	z.Write([]byte(id))
	for _, b := range [][]byte{p.A, p.B, p.Gx, p.Gy, q.X(), q.Y()} {
		z.Write(b)
	}
	e := sm3.Sum(append(z.Sum(nil), "message digest"...))
	sig, err := SignSM2(c, d, e[:], nonces(c, unhex(t, sm2K)))
	if err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(sig.R); got != "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3" {
		t.Errorf("r = %s", got)
	}
	if got := hex.EncodeToString(sig.S); got != "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa" {
		t.Errorf("s = %s", got)
	}
	if !VerifySM2(c, q, e[:], sig) {
		t.Error("does not verify")
	}
}

func TestSM2(t *testing.T) {
	eachCurve(t, func(t *testing.T, c *curve.Curve) {
		rnd := testRand(8)
		d, q, err := GenerateKey(c, rnd)
		if err != nil {
			t.Fatal(err)
		}
		digest := bytes.Repeat([]byte{0x5c}, 32)
		sig, err := SignSM2(c, d, digest, rnd)
		if err != nil {
			t.Fatal(err)
		}
		verify := func(digest []byte, sig Signature) bool { return VerifySM2(c, q, digest, sig) }
		// A digest of 32 bytes is a whole number here: SM2 does not truncate it.
		verifyTable(t, c, digest, sig, verify)
		r, err := c.Scalar(sig.R)
		if err != nil {
			t.Fatal(err)
		}
		if verify(digest, Signature{sig.R, r.Sub(r).Sub(r).Bytes()}) {
			t.Error("accepted with r + s = 0")
		}
		one := c.ReduceScalar([]byte{1})
		if _, err := SignSM2(c, one.Sub(one).Sub(one), digest, rnd); !errors.Is(err, curve.ErrScalarRange) {
			t.Errorf("d = n-1: %v", err)
		}
	})
}

// GB/T 32918.5-2017, Annex C: public key encryption on the recommended curve.
func TestSM2EncryptKnownAnswer(t *testing.T) {
	c := curve.SM2()
	d := mustScalar(t, c, unhex(t, sm2D))
	q, err := c.BaseMult(d)
	if err != nil {
		t.Fatal(err)
	}
	ct, err := Encrypt(c, q, sm3.New, []byte("encryption standard"), nonces(c, unhex(t, sm2K)))
	if err != nil {
		t.Fatal(err)
	}
	for what, v := range map[string]struct {
		got  []byte
		want string
	}{
		"x1": {ct.C1.X(), "04ebfc718e8d1798620432268e77feb6415e2ede0e073c0f4f640ecd2e149a73"},
		"y1": {ct.C1.Y(), "e858f9d81e5430a57b36daab8f950a3c64e6ee6a63094d99283aff767e124df0"},
		"C2": {ct.C2, "21886ca989ca9c7d58087307ca93092d651efa"},
		"C3": {ct.C3, "59983c18f809e262923c53aec295d30383b54e39d609d160afcb1908d0bd8766"},
	} {
		if got := hex.EncodeToString(v.got); got != v.want {
			t.Errorf("%s: got %s, want %s", what, got, v.want)
		}
	}
}

func TestEncrypt(t *testing.T) {
	eachCurve(t, func(t *testing.T, c *curve.Curve) {
		rnd := testRand(9)
		d, q, err := GenerateKey(c, rnd)
		if err != nil {
			t.Fatal(err)
		}
		hashes(t, func(t *testing.T, h func() hash.Hash) {
			for _, n := range []int{0, 1, 32, 129} {
				msg := bytes.Repeat([]byte{0x3a}, n)
				ct, err := Encrypt(c, q, h, msg, rnd)
				if err != nil {
					t.Fatal(err)
				}
				got, err := Decrypt(c, d, h, ct)
				if err != nil || !bytes.Equal(got, msg) {
					t.Errorf("%d bytes: %x, %v", n, got, err)
				}
				bad := ct
				bad.C3 = bytes.Clone(ct.C3)
				bad.C3[0] ^= 0x80
				if _, err := Decrypt(c, d, h, bad); !errors.Is(err, ErrDecrypt) {
					t.Errorf("flipped C3: %v", err)
				}
				bad.C3 = ct.C3[1:]
				if _, err := Decrypt(c, d, h, bad); !errors.Is(err, ErrDecrypt) {
					t.Errorf("short C3: %v", err)
				}
				bad = ct
				bad.C2 = append(bytes.Clone(ct.C2), 0)
				if _, err := Decrypt(c, d, h, bad); !errors.Is(err, ErrDecrypt) {
					t.Errorf("long C2: %v", err)
				}
				bad = ct
				bad.C1 = q
				if _, err := Decrypt(c, d, h, bad); !errors.Is(err, ErrDecrypt) {
					t.Errorf("other C1: %v", err)
				}
				bad.C1 = curve.Point{}
				if _, err := Decrypt(c, d, h, bad); !errors.Is(err, curve.ErrInfinity) {
					t.Errorf("no C1: %v", err)
				}
			}
		})
	})
}
