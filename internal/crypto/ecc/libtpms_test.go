package ecc

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/json"
	"hash"
	"os"
	"testing"

	"govtpm/internal/crypto/curve"
)

// recorded is one answer of libtpms; not every field is in every answer.
type recorded struct {
	Curve, Hash    uint16
	Count          uint64
	Name           string
	X, Y, R, S     string
	Digest         string
	S2, Y2         string
	KX, KY, LX, LY string
	EX, EY         string
}

type recording struct {
	CommitNonce                           string
	Ephemeral, ECDAA, ECDSA, Schnorr, SM2 []recorded
}

func loadRecording(t *testing.T) recording {
	t.Helper()
	data, err := os.ReadFile("testdata/libtpms.json")
	if err != nil {
		t.Fatal(err)
	}
	var r recording
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func (v recorded) point(t *testing.T, x, y string) curve.Point {
	t.Helper()
	p, err := curve.ByID(v.Curve).Point(unhex(t, x), unhex(t, y))
	if err != nil {
		t.Fatalf("curve %#x: %v", v.Curve, err)
	}
	return p
}

func (v recorded) hash() func() hash.Hash {
	return map[uint16]func() hash.Hash{4: sha1.New, 0xb: sha256.New, 0xd: sha512.New}[v.Hash]
}

func (v recorded) signature(t *testing.T) Signature {
	return Signature{R: unhex(t, v.R), S: unhex(t, v.S)}
}

func samePoint(p, q curve.Point) bool {
	return bytes.Equal(p.X(), q.X()) && bytes.Equal(p.Y(), q.Y())
}

// The ephemeral key of TPM2_EC_Ephemeral follows from commitNonce and count.
func TestEphemeralOfLibtpms(t *testing.T) {
	rec := loadRecording(t)
	nonce := unhex(t, rec.CommitNonce)
	for _, v := range rec.Ephemeral {
		c := curve.ByID(v.Curve)
		r, err := CommitScalar(c, sha512.New, nonce, nil, v.Count)
		if err != nil {
			t.Fatal(err)
		}
		q, err := c.BaseMult(r)
		if err != nil || !samePoint(q, v.point(t, v.X, v.Y)) {
			t.Errorf("%s, count %d: another point (%v)", c.Name(), v.Count, err)
		}
	}
	if len(rec.Ephemeral) < 16 {
		t.Errorf("only %d records", len(rec.Ephemeral))
	}
}

// The points of TPM2_Commit follow from commitNonce, Name and count, and the
// signature made with them is as SignECDAA would make it.
func TestECDAAOfLibtpms(t *testing.T) {
	rec := loadRecording(t)
	nonce := unhex(t, rec.CommitNonce)
	for _, v := range rec.ECDAA {
		c := curve.ByID(v.Curve)
		r, err := CommitScalar(c, sha512.New, nonce, unhex(t, v.Name), v.Count)
		if err != nil {
			t.Fatal(err)
		}
		q := v.point(t, v.X, v.Y)
		e := v.point(t, v.EX, v.EY)
		if p, err := c.BaseMult(r); err != nil || !samePoint(p, e) {
			t.Errorf("%s: E is another point (%v)", c.Name(), err)
		}
		sum := sha256.Sum256(append(unhex(t, v.R), unhex(t, v.Digest)...))
		tt := c.ReduceScalar(sum[:])
		s := mustScalar(t, c, unhex(t, v.S))
		holds := func(p, commitment, pub curve.Point) bool { // s·p = commitment + T·pub
			left, errL := c.Mult(s, p)
			right, errR := c.Mult(tt, pub)
			if errL != nil || errR != nil {
				return false
			}
			right, errR = c.Add(commitment, right)
			return errR == nil && samePoint(left, right)
		}
		if !holds(c.Generator(), e, q) {
			t.Errorf("%s: s·G is not E + T·Q", c.Name())
		}
		if v.S2 == "" {
			continue
		}
		p2, err := CommitPoint(c, sha256.New, unhex(t, v.S2), unhex(t, v.Y2))
		if err != nil {
			t.Errorf("%s: P2: %v", c.Name(), err)
			continue
		}
		l := v.point(t, v.LX, v.LY)
		if p, err := c.Mult(r, p2); err != nil || !samePoint(p, l) {
			t.Errorf("%s: L is another point (%v)", c.Name(), err)
		}
		if !holds(p2, l, v.point(t, v.KX, v.KY)) {
			t.Errorf("%s: s·P2 is not L + T·K", c.Name())
		}
	}
	if len(rec.ECDAA) != 8 {
		t.Errorf("%d records, want one for each curve", len(rec.ECDAA))
	}
}

// Signatures of libtpms verify here, in all sizes of digest and curve.
func TestSignaturesOfLibtpms(t *testing.T) {
	rec := loadRecording(t)
	for scheme, vs := range map[string][]recorded{"ECDSA": rec.ECDSA, "ECSCHNORR": rec.Schnorr, "SM2": rec.SM2} {
		for _, v := range vs {
			c, q, digest, sig := curve.ByID(v.Curve), v.point(t, v.X, v.Y), unhex(t, v.Digest), v.signature(t)
			var ok bool
			switch scheme {
			case "ECDSA":
				ok = VerifyECDSA(c, q, digest, sig)
			case "ECSCHNORR":
				ok = VerifySchnorr(c, q, v.hash(), digest, sig)
			case "SM2":
				ok = VerifySM2(c, q, digest, sig)
			}
			if !ok {
				t.Errorf("%s, %s, %d bytes: refused", scheme, c.Name(), len(digest))
			}
			if len(sig.R) != c.OrderSize() || len(sig.S) != c.OrderSize() {
				t.Errorf("%s, %s: sizes %d and %d", scheme, c.Name(), len(sig.R), len(sig.S))
			}
		}
		if len(vs) < 16 {
			t.Errorf("%s: only %d records", scheme, len(vs))
		}
	}
}
