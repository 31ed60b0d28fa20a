package curve

import (
	"bytes"
	"errors"
	"math/big"
	"math/rand/v2"
	"testing"
)

var all = []uint16{NISTP192, NISTP224, NISTP256, NISTP384, NISTP521, BNP256, BNP638, SM2P256}

func eachCurve(t *testing.T, f func(t *testing.T, c *Curve)) {
	for _, id := range all {
		c := ByID(id)
		t.Run(c.Name(), func(t *testing.T) {
			if testing.Short() && c.BitSize() > 600 {
				t.Skip("the largest curve takes minutes under the race detector; run without -short")
			}
			f(t, c)
		})
	}
}

// affine is schoolbook arithmetic over math/big, the reference here; a nil x is
// infinity.
type affine struct{ x, y *big.Int }

type reference struct{ p, a, b, n *big.Int }

func newReference(c *Curve) (reference, affine) {
	i := func(b []byte) *big.Int { return new(big.Int).SetBytes(b) }
	p := c.Parameters()
	return reference{i(p.P), i(p.A), i(p.B), i(p.N)}, affine{i(p.Gx), i(p.Gy)}
}

func (r reference) add(p, q affine) affine {
	if p.x == nil {
		return q
	}
	if q.x == nil {
		return p
	}
	num, den := new(big.Int), new(big.Int)
	if p.x.Cmp(q.x) == 0 {
		if p.y.Cmp(q.y) != 0 || p.y.Sign() == 0 {
			return affine{}
		}
		num.Mul(p.x, p.x)
		num.Mul(num, big.NewInt(3))
		num.Add(num, r.a)
		den.Lsh(p.y, 1)
	} else {
		num.Sub(q.y, p.y)
		den.Sub(q.x, p.x)
	}
	l := num.Mul(num, den.ModInverse(den.Mod(den, r.p), r.p))
	x := new(big.Int).Mul(l, l)
	x.Sub(x, p.x)
	x.Sub(x, q.x)
	x.Mod(x, r.p)
	y := new(big.Int).Sub(p.x, x)
	y.Mul(y, l)
	y.Sub(y, p.y)
	return affine{x, y.Mod(y, r.p)}
}

func (r reference) mult(k *big.Int, p affine) affine {
	var acc affine
	for i := k.BitLen() - 1; i >= 0; i-- {
		acc = r.add(acc, acc)
		if k.Bit(i) == 1 {
			acc = r.add(acc, p)
		}
	}
	return acc
}

func samePoint(t *testing.T, what string, p Point, err error, want affine) {
	t.Helper()
	if want.x == nil {
		if !errors.Is(err, ErrInfinity) {
			t.Errorf("%s: %v, want infinity", what, err)
		}
		return
	}
	if err != nil {
		t.Errorf("%s: %v", what, err)
		return
	}
	n := len(p.X())
	if !bytes.Equal(p.X(), want.x.FillBytes(make([]byte, n))) || !bytes.Equal(p.Y(), want.y.FillBytes(make([]byte, n))) {
		t.Errorf("%s: wrong point", what)
	}
}

func testRand() *rand.ChaCha8 { return rand.NewChaCha8([32]byte{1}) }

// interesting are numbers at the edges of [0, n).
func interesting(n *big.Int) []*big.Int {
	var ks []*big.Int
	for i := int64(0); i < 18; i++ {
		ks = append(ks, big.NewInt(i), new(big.Int).Sub(n, big.NewInt(i+1)))
	}
	for i := 1; i < n.BitLen(); i += 61 {
		ks = append(ks, new(big.Int).Lsh(big.NewInt(1), uint(i)))
	}
	return ks
}

func TestMultAgainstReference(t *testing.T) {
	eachCurve(t, func(t *testing.T, c *Curve) {
		ref, g := newReference(c)
		rnd := testRand()
		ks := interesting(ref.n)
		for range 4 {
			b := make([]byte, c.OrderSize()+8)
			rnd.Read(b)
			k := new(big.Int).SetBytes(b)
			ks = append(ks, k.Mod(k, ref.n))
		}
		base := ref.mult(big.NewInt(0x123456789), g)
		p, err := c.Point(base.x.Bytes(), base.y.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range ks {
			s, err := c.Scalar(k.Bytes())
			if err != nil {
				t.Fatal(err)
			}
			got, err := c.BaseMult(s)
			samePoint(t, "k·G, k="+k.Text(16), got, err, ref.mult(k, g))
			got, err = c.Mult(s, p)
			samePoint(t, "k·P, k="+k.Text(16), got, err, ref.mult(k, base))
		}
	})
}

func TestCombinedAndAdd(t *testing.T) {
	eachCurve(t, func(t *testing.T, c *Curve) {
		ref, g := newReference(c)
		scalar := func(k int64) Scalar {
			return c.ReduceScalar(new(big.Int).Mod(big.NewInt(k), ref.n).Bytes())
		}
		p := ref.mult(big.NewInt(7), g)
		pt, err := c.Point(p.x.Bytes(), p.y.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		// a·G + b·7G, with cancellation, equality and each side absent.
		for _, v := range [][2]int64{{3, 5}, {7, 1}, {-7, 1}, {0, 1}, {1, 0}, {0, 0}, {14, -2}, {-1, -1}} {
			got, err := c.CombinedMult(scalar(v[0]), scalar(v[1]), pt)
			want := new(big.Int).Mod(big.NewInt(v[0]+7*v[1]), ref.n)
			samePoint(t, "combined", got, err, ref.mult(want, g))
		}
		minus := affine{p.x, new(big.Int).Sub(ref.p, p.y)}
		mpt, err := c.Point(minus.x.Bytes(), minus.y.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		sum, err := c.Add(pt, pt)
		samePoint(t, "P+P", sum, err, ref.add(p, p))
		sum, err = c.Add(pt, mpt)
		samePoint(t, "P-P", sum, err, affine{})
		sum, err = c.Add(pt, c.Generator())
		samePoint(t, "P+G", sum, err, ref.add(p, g))
	})
}

func TestPointValidation(t *testing.T) {
	eachCurve(t, func(t *testing.T, c *Curve) {
		g := c.Generator()
		if g.IsZero() {
			t.Fatal("generator not on curve")
		}
		x, y := g.X(), g.Y()
		if len(x) != c.Size() || len(y) != c.Size() {
			t.Errorf("coordinates of %d and %d bytes", len(x), len(y))
		}
		pad := func(b []byte) []byte { return append(make([]byte, 3), b...) }
		if p, err := c.Point(pad(x), pad(bytes.TrimLeft(y, "\x00"))); err != nil || !bytes.Equal(p.enc, g.enc) {
			t.Errorf("padding changes the point: %v", err)
		}
		over := func(v []byte) []byte { // v + p: the same residue, not reduced
			s := new(big.Int).SetBytes(v)
			return s.Add(s, new(big.Int).SetBytes(c.Parameters().P)).Bytes()
		}
		flip := bytes.Clone(y)
		flip[len(flip)-1] ^= 1
		for name, xy := range map[string][2][]byte{
			"empty": {}, "zero": {{0}, {0}}, "swapped": {y, x}, "bit flipped": {x, flip},
			"y missing": {x, nil}, "x too long": {append([]byte{1}, x...), y},
			"x not reduced": {over(x), y}, "y not reduced": {x, over(y)},
		} {
			if c == BN256() && name == "swapped" {
				xy = [2][]byte{{2}, {2}}
			}
			if _, err := c.Point(xy[0], xy[1]); !errors.Is(err, ErrNotOnCurve) {
				t.Errorf("%s: %v", name, err)
			}
		}
		one := c.ReduceScalar([]byte{1})
		if _, err := c.Mult(one, Point{}); !errors.Is(err, ErrInfinity) {
			t.Errorf("zero point: %v", err)
		}
		if _, err := c.CombinedMult(one, one, Point{}); !errors.Is(err, ErrInfinity) {
			t.Errorf("zero point combined: %v", err)
		}
		if _, err := c.Add(Point{}, g); !errors.Is(err, ErrInfinity) {
			t.Errorf("zero point added: %v", err)
		}
		for _, id := range all { // another curve's point never yields a result
			if o := ByID(id); o != c {
				if _, err := c.Mult(one, o.Generator()); err == nil {
					t.Errorf("took a point of %s", o.Name())
				}
				if _, err := c.Add(g, o.Generator()); err == nil {
					t.Errorf("added a point of %s", o.Name())
				}
				if _, err := c.CombinedMult(one, one, o.Generator()); err == nil {
					t.Errorf("combined a point of %s", o.Name())
				}
			}
		}
	})
}

func TestParameters(t *testing.T) {
	for _, id := range all {
		c := ByID(id)
		p := c.Parameters()
		if c.ID() != id || c.sizesWrong(p) {
			t.Errorf("%s: sizes", c.Name())
		}
		if !new(big.Int).SetBytes(p.P).ProbablyPrime(10) || !new(big.Int).SetBytes(p.N).ProbablyPrime(10) {
			t.Errorf("%s: p or n is not prime", c.Name())
		}
		if ByID(id) != c {
			t.Errorf("%s: two values of one curve", c.Name())
		}
	}
	if ByID(0) != nil || ByID(6) != nil {
		t.Error("unknown curve found")
	}
}

func (c *Curve) sizesWrong(p Parameters) bool {
	a := len(p.A) != c.Size()
	if c == BN256() || c == BN638() {
		a = !bytes.Equal(p.A, []byte{0})
	}
	return a || len(p.P) != c.Size() || len(p.B) != c.Size() || len(p.Gx) != c.Size() ||
		len(p.Gy) != c.Size() || len(p.N) != c.Size() || !bytes.Equal(p.H, []byte{1}) || c.OrderSize() != c.Size()
}

// The complete formulas must agree with nistec on the curves both can do.
func TestGenericAgainstNistec(t *testing.T) {
	rnd := testRand()
	for _, c := range []*Curve{P224(), P256(), P384(), P521()} {
		g := newGeneric(c.params, c.order)
		q := c.arith.baseMult(c.ReduceScalar([]byte{1, 2, 3, 4, 5, 6, 7, 8, 9}).Bytes())
		for range 8 {
			b := make([]byte, c.OrderSize()+8)
			rnd.Read(b)
			k, l := c.ReduceScalar(b).Bytes(), c.ReduceScalar(b[4:]).Bytes()
			if !bytes.Equal(g.baseMult(k), c.arith.baseMult(k)) {
				t.Errorf("%s: k·G differs", c.Name())
			}
			if !bytes.Equal(g.mult(k, q), c.arith.mult(k, q)) {
				t.Errorf("%s: k·P differs", c.Name())
			}
			if !bytes.Equal(g.combined(k, l, q), c.arith.combined(k, l, q)) {
				t.Errorf("%s: a·G+b·P differs", c.Name())
			}
		}
	}
}

// Every kind of coefficient a gives the same as the general formulas.
func TestKindsOfA(t *testing.T) {
	kinds := map[*Curve]int{P192(): aMinus3, SM2(): aMinus3, BN256(): aZero, BN638(): aZero}
	for c, kind := range kinds {
		g := c.arith.(*generic)
		if g.w.aKind != kind {
			t.Errorf("%s: kind %d, want %d", c.Name(), g.w.aKind, kind)
		}
		plain := newGeneric(c.params, c.order)
		plain.w.aKind = aAny
		p := plain.w.g
		k := natFromBytes(bytes.Repeat([]byte{0x9d}, c.OrderSize()))
		var r, s projective
		g.w.mult(&r, &k, &p, g.limbs)
		plain.w.mult(&s, &k, &p, g.limbs)
		if !bytes.Equal(g.encode(&r), g.encode(&s)) {
			t.Errorf("%s: results differ", c.Name())
		}
		for _, q := range []projective{g.w.infinity(), p} { // 2·infinity and 2·G
			g.w.double(&r, &q)
			plain.w.add(&s, &q, &q)
			if !bytes.Equal(g.encode(&r), g.encode(&s)) {
				t.Errorf("%s: doubles differ", c.Name())
			}
		}
	}
}

// A pair of coordinates is accepted exactly if it is reduced and satisfies the
// equation, and multiplying by it is always possible.
func FuzzPoint(f *testing.F) {
	for _, id := range all {
		g := ByID(id).Generator()
		f.Add(id, g.X(), g.Y())
		f.Add(id, g.Y(), g.X())
		f.Add(id, ByID(id).Parameters().P, []byte{})
		f.Add(id, append([]byte{0, 0}, g.X()...), append([]byte{1}, g.Y()...))
	}
	f.Add(uint16(0), []byte{1}, []byte{2})
	f.Fuzz(func(t *testing.T, id uint16, xb, yb []byte) {
		c := ByID(id)
		if c == nil || len(xb) > 200 || len(yb) > 200 {
			return
		}
		ref, _ := newReference(c)
		x, y := new(big.Int).SetBytes(xb), new(big.Int).SetBytes(yb)
		eq := new(big.Int).Mul(x, x)
		eq.Add(eq, ref.a).Mul(eq, x).Add(eq, ref.b)
		eq.Sub(eq, new(big.Int).Mul(y, y)).Mod(eq, ref.p)
		want := eq.Sign() == 0 && x.Cmp(ref.p) < 0 && y.Cmp(ref.p) < 0
		p, err := c.Point(xb, yb)
		if (err == nil) != want {
			t.Fatalf("%s: %v, want accepted: %t", c.Name(), err, want)
		}
		if err == nil {
			if q, err := c.Mult(c.ReduceScalar([]byte{2}), p); err != nil || q.IsZero() {
				t.Fatalf("%s: 2·P: %v", c.Name(), err)
			}
		}
	})
}

func benchCurves(b *testing.B, f func(b *testing.B, c *Curve, k Scalar, p Point)) {
	for _, id := range all {
		c := ByID(id)
		k := c.ReduceScalar(bytes.Repeat([]byte{0xa7}, 80))
		p, err := c.BaseMult(k)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(c.Name(), func(b *testing.B) { f(b, c, k, p) })
	}
}

func BenchmarkBaseMult(b *testing.B) {
	benchCurves(b, func(b *testing.B, c *Curve, k Scalar, _ Point) {
		for b.Loop() {
			c.BaseMult(k)
		}
	})
}

func BenchmarkMult(b *testing.B) {
	benchCurves(b, func(b *testing.B, c *Curve, k Scalar, p Point) {
		for b.Loop() {
			c.Mult(k, p)
		}
	})
}

func BenchmarkInverse(b *testing.B) {
	benchCurves(b, func(b *testing.B, c *Curve, k Scalar, _ Point) {
		for b.Loop() {
			k.Inverse()
		}
	})
}
