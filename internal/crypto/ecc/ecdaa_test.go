package ecc

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"math/big"
	"testing"

	"govtpm/internal/crypto/curve"
)

func TestCommitScalar(t *testing.T) {
	eachCurve(t, func(t *testing.T, c *curve.Curve) {
		nonce, name := bytes.Repeat([]byte{1}, 64), []byte("name")
		seen := map[string]bool{}
		for count := range uint64(8) {
			r, err := CommitScalar(c, sha512.New, nonce, name, count)
			if err != nil {
				t.Fatal(err)
			}
			again, err := CommitScalar(c, sha512.New, nonce, name, count)
			if err != nil || !r.Equal(again) || r.IsZero() {
				t.Errorf("count %d: not one value: %v", count, err)
			}
			seen[string(r.Bytes())] = true
		}
		for _, v := range [][2][]byte{{nonce, nil}, {nonce[:32], name}} {
			r, err := CommitScalar(c, sha512.New, v[0], v[1], 0)
			if err != nil {
				t.Fatal(err)
			}
			seen[string(r.Bytes())] = true
		}
		if len(seen) != 10 {
			t.Errorf("%d different values of 10", len(seen))
		}
	})
}

// No standard has values for ECDAA; commitments and signatures of libtpms are in
// testdata. A signature (k, s) over a commitment satisfies s·P1 = E + T·d·P1, where
// T = H(k ‖ digest), and the same with P2, L and K (Part 1, 44.3.3.3).
func TestECDAA(t *testing.T) {
	eachCurve(t, func(t *testing.T, c *curve.Curve) {
		rnd := testRand(12)
		d, q, err := GenerateKey(c, rnd)
		if err != nil {
			t.Fatal(err)
		}
		r, err := CommitScalar(c, sha512.New, []byte("nonce"), []byte("name"), 1<<40)
		if err != nil {
			t.Fatal(err)
		}
		_, p2, err := GenerateKey(c, rnd)
		if err != nil {
			t.Fatal(err)
		}
		m, err := Commit(c, d, r, c.Generator(), p2)
		if err != nil {
			t.Fatal(err)
		}
		digest := bytes.Repeat([]byte{9}, 32)
		sig, err := SignECDAA(c, d, r, sha256.New, digest, rnd)
		if err != nil {
			t.Fatal(err)
		}
		s, err := c.Scalar(sig.S)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(append(bytes.Clone(sig.R), digest...))
		tt := c.ReduceScalar(sum[:])
		holds := func(p, commitment, pub curve.Point) bool {
			left, errL := c.Mult(s, p)
			right, errR := c.Mult(tt, pub)
			if errL != nil || errR != nil {
				return false
			}
			right, errR = c.Add(right, commitment)
			return errR == nil && bytes.Equal(left.X(), right.X()) && bytes.Equal(left.Y(), right.Y())
		}
		if !holds(c.Generator(), m.E, q) {
			t.Error("s·G is not E + T·Q")
		}
		if !holds(p2, m.L, m.K) {
			t.Error("s·P2 is not L + T·K")
		}
		testCommitAbsent(t, c, d, r, m)
	})
}

// testCommitAbsent holds which points come out when P1 or P2 is absent.
func testCommitAbsent(t *testing.T, c *curve.Curve, d, r curve.Scalar, full Commitment) {
	t.Helper()
	g := c.Generator()
	none, err := Commit(c, d, r, curve.Point{}, curve.Point{})
	if err != nil || !none.K.IsZero() || !none.L.IsZero() || !bytes.Equal(none.E.X(), full.E.X()) {
		t.Errorf("neither point: %v", err)
	}
	one, err := Commit(c, d, r, g, curve.Point{})
	if err != nil || !one.K.IsZero() || !one.L.IsZero() || !bytes.Equal(one.E.X(), full.E.X()) {
		t.Errorf("P1 only: %v", err)
	}
	two, err := Commit(c, d, r, curve.Point{}, g)
	if err != nil || two.K.IsZero() || !bytes.Equal(two.L.X(), full.E.X()) || !two.E.IsZero() {
		t.Errorf("P2 only: %v", err)
	}
	if _, err := Commit(c, d, r.Sub(r), g, curve.Point{}); !errors.Is(err, curve.ErrInfinity) {
		t.Errorf("r = 0: %v", err)
	}
}

// The x-coordinate is a hash reduced modulo p; y is found here by a square root.
func TestCommitPoint(t *testing.T) {
	eachCurve(t, func(t *testing.T, c *curve.Curve) {
		par := c.Parameters()
		p := new(big.Int).SetBytes(par.P)
		for i := byte(0); ; i++ {
			sum := sha512.Sum512([]byte{i})
			x := new(big.Int).SetBytes(sum[:])
			x.Mod(x, p)
			y := new(big.Int).Mul(x, x)
			y.Add(y, new(big.Int).SetBytes(par.A)).Mul(y, x)
			y.Add(y, new(big.Int).SetBytes(par.B)).Mod(y, p)
			if y.ModSqrt(y, p) == nil {
				if _, err := CommitPoint(c, sha512.New, []byte{i}, []byte{1}); !errors.Is(err, curve.ErrNotOnCurve) {
					t.Errorf("no such point: %v", err)
				}
				continue
			}
			pt, err := CommitPoint(c, sha512.New, []byte{i}, y.Bytes())
			if err != nil || new(big.Int).SetBytes(pt.X()).Cmp(x) != 0 {
				t.Errorf("%v", err)
			}
			return
		}
	})
}

func TestSignECDAANonceHasNoLeadingZeros(t *testing.T) {
	c := curve.BN256()
	one := c.ReduceScalar([]byte{1})
	sig, err := SignECDAA(c, one, one, sha256.New, []byte("digest"), nonces(c, []byte{0, 7}))
	if err != nil || !bytes.Equal(sig.R, []byte{7}) || len(sig.S) != 32 {
		t.Errorf("%+v, %v", sig, err)
	}
}
