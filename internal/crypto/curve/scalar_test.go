package curve

import (
	"bytes"
	"errors"
	"math/big"
	"testing"
)

func TestScalarArithmetic(t *testing.T) {
	eachCurve(t, func(t *testing.T, c *Curve) {
		n := new(big.Int).SetBytes(c.Parameters().N)
		rnd := testRand()
		vals := interesting(n)
		for range 20 {
			b := make([]byte, c.OrderSize()+8)
			rnd.Read(b)
			v := new(big.Int).SetBytes(b)
			vals = append(vals, v.Mod(v, n))
		}
		same := func(what string, s Scalar, want *big.Int) {
			t.Helper()
			want = new(big.Int).Mod(want, n)
			if !bytes.Equal(s.Bytes(), want.FillBytes(make([]byte, c.OrderSize()))) {
				t.Errorf("%s: got %x, want %x", what, s.Bytes(), want)
			}
		}
		for i, x := range vals {
			sx, err := c.Scalar(x.Bytes())
			if err != nil {
				t.Fatal(err)
			}
			if sx.IsZero() != (x.Sign() == 0) {
				t.Errorf("IsZero(%x) is wrong", x)
			}
			if inv := new(big.Int).ModInverse(x, n); inv != nil {
				same("inverse", sx.Inverse(), inv)
			} else if !sx.Inverse().IsZero() {
				t.Error("inverse of zero is not zero")
			}
			for j, y := range vals {
				sy, _ := c.Scalar(y.Bytes())
				same("sum", sx.Add(sy), new(big.Int).Add(x, y))
				same("difference", sx.Sub(sy), new(big.Int).Sub(x, y))
				same("product", sx.Mul(sy), new(big.Int).Mul(x, y))
				if sx.Equal(sy) != (x.Cmp(y) == 0) {
					t.Errorf("Equal(%d, %d) is wrong", i, j)
				}
			}
		}
	})
}

func TestScalarReading(t *testing.T) {
	eachCurve(t, func(t *testing.T, c *Curve) {
		n := new(big.Int).SetBytes(c.Parameters().N)
		one := big.NewInt(1)
		nMinus1 := new(big.Int).Sub(n, one)
		for _, v := range []*big.Int{n, new(big.Int).Add(n, one), new(big.Int).Lsh(n, 8)} {
			if _, err := c.Scalar(v.Bytes()); !errors.Is(err, ErrScalarRange) {
				t.Errorf("Scalar(%x): %v", v, err)
			}
		}
		if s, err := c.Scalar(nMinus1.FillBytes(make([]byte, c.OrderSize()+5))); err != nil || !bytes.Equal(s.Bytes(), nMinus1.Bytes()) {
			t.Errorf("padded n-1: %v", err)
		}
		if s, err := c.Scalar(nil); err != nil || !s.IsZero() {
			t.Errorf("empty number: %v", err)
		}
		rnd := testRand()
		cases := []*big.Int{big.NewInt(0), one, nMinus1, n, new(big.Int).Mul(nMinus1, big.NewInt(1<<40)), new(big.Int).Mul(n, n)}
		for range 20 {
			b := make([]byte, c.RandomBitsSize())
			rnd.Read(b)
			cases = append(cases, new(big.Int).SetBytes(b))
		}
		for _, v := range cases {
			want := new(big.Int).Mod(v, n)
			if got := c.ReduceScalar(v.Bytes()).Bytes(); !bytes.Equal(got, want.FillBytes(make([]byte, c.OrderSize()))) {
				t.Errorf("ReduceScalar(%x) = %x", v, got)
			}
			want.Add(want.Mod(v, nMinus1), one)
			if got := c.ScalarFromRandomBits(v.Bytes()).Bytes(); !bytes.Equal(got, want.FillBytes(make([]byte, c.OrderSize()))) {
				t.Errorf("ScalarFromRandomBits(%x) = %x, want %x", v, got, want)
			}
		}
		s := c.ReduceScalar([]byte{5})
		s.Wipe()
		if !s.IsZero() {
			t.Error("Wipe left something")
		}
	})
}
