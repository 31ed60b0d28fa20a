package ecc

import (
	"bytes"
	"encoding/hex"
	"errors"
	"testing"

	"govtpm/internal/crypto/curve"
)

type side struct {
	Party
	static, ephemeral curve.Point
}

func newSide(t *testing.T, c *curve.Curve, d, r string) side {
	t.Helper()
	s := side{Party: Party{Static: mustScalar(t, c, unhex(t, d)), Ephemeral: mustScalar(t, c, unhex(t, r))}}
	var err error
	if s.static, err = c.BaseMult(s.Static); err != nil {
		t.Fatal(err)
	}
	if s.ephemeral, err = c.BaseMult(s.Ephemeral); err != nil {
		t.Fatal(err)
	}
	return s
}

// GB/T 32918.5-2017, Annex B: key exchange on the recommended curve.
func TestSM2ExchangeKnownAnswer(t *testing.T) {
	c := curve.SM2()
	a := newSide(t, c,
		"81eb26e941bb5af16df116495f90695272ae2cd63d6c4ae1678418be48230029",
		"d4de15474db74d06491c440d305e012400990f3e390c7e87153c12db2ea60bb3")
	b := newSide(t, c,
		"785129917d45a9ea5437a59356b82338eaadda6ceb199088f14ae10defa229b5",
		"7e07124814b309489125eaed101113164ebf0f3458c5bd88335c1f9d596243d6")
	for name, f := range map[string]func() (curve.Point, error){
		"A": func() (curve.Point, error) { return a.SM2(c, b.static, b.ephemeral) },
		"B": func() (curve.Point, error) { return b.SM2(c, a.static, a.ephemeral) },
	} {
		z, err := f()
		if err != nil {
			t.Fatal(err)
		}
		if got := hex.EncodeToString(z.X()); got != "c558b44bee5301d9f52b44d939bb59584d75b9034dd6a9fc826872109a65739f" {
			t.Errorf("%s: x = %s", name, got)
		}
		if got := hex.EncodeToString(z.Y()); got != "3252b35b191d8ae01cd122c025204334c5eacf68a0cb4854c6a7d367ecad4de7" {
			t.Errorf("%s: y = %s", name, got)
		}
	}
}

// Both sides of every protocol reach the same points, on every curve.
func TestExchanges(t *testing.T) {
	eachCurve(t, func(t *testing.T, c *curve.Curve) {
		rnd := testRand(11)
		var s [2]side
		for i := range s {
			var err error
			if s[i].Static, s[i].static, err = GenerateKey(c, rnd); err != nil {
				t.Fatal(err)
			}
			if s[i].Ephemeral, s[i].ephemeral, err = GenerateKey(c, rnd); err != nil {
				t.Fatal(err)
			}
		}
		same := func(what string, p, q curve.Point, errs ...error) {
			t.Helper()
			if err := errors.Join(errs...); err != nil || !bytes.Equal(p.X(), q.X()) || !bytes.Equal(p.Y(), q.Y()) {
				t.Errorf("%s: the sides differ: %v", what, err)
			}
		}
		a, b := s[0], s[1]
		a1, a2, errA := a.FullUnified(c, b.static, b.ephemeral)
		b1, b2, errB := b.FullUnified(c, a.static, a.ephemeral)
		same("full unified Z1", a1, b1, errA, errB)
		same("full unified Z2", a2, b2)
		if bytes.Equal(a1.X(), a2.X()) {
			t.Error("full unified: Z1 = Z2")
		}
		for name, f := range map[string]func(Party, *curve.Curve, curve.Point, curve.Point) (curve.Point, error){
			"MQV": Party.MQV, "SM2": Party.SM2, "SM2 of libtpms": Party.SM2Libtpms,
		} {
			za, errA := f(a.Party, c, b.static, b.ephemeral)
			zb, errB := f(b.Party, c, a.static, a.ephemeral)
			same(name, za, zb, errA, errB)
			for i, p := range [][2]curve.Point{{{}, b.ephemeral}, {b.static, {}}} {
				if _, err := f(a.Party, c, p[0], p[1]); !errors.Is(err, curve.ErrInfinity) {
					t.Errorf("%s, missing point %d: %v", name, i, err)
				}
			}
		}
	})
}

// The associated values bit by bit (Part 1, 44.8.4.3 and 45.2.3.1).
func TestAssociatedValue(t *testing.T) {
	c := curve.SM2()
	g := c.Generator() // x = 32c4ae2c1f1981195f9904466a39c994 8fe30bbff2660be1715a4589334c74c7
	for _, v := range []struct {
		low, top int
		want     string
	}{
		{128, 128, "0000000000000000000000000000000 18fe30bbff2660be1715a4589334c74c7"},
		{127, 127, "00000000000000000000000000000000 8fe30bbff2660be1715a4589334c74c7"},
		{66, 126, "00000000000000000000000000000000 4000000000000001715a4589334c74c7"},
	} {
		want := unhex(t, string(bytes.ReplaceAll([]byte(v.want), []byte(" "), nil)))
		if got := associated(c, g, v.low, v.top).Bytes(); !bytes.Equal(got, want) {
			t.Errorf("%d, %d: got %x, want %x", v.low, v.top, got, want)
		}
	}
}
