package curve

import "sync"

// generic does arithmetic with weierstrass. Its table of multiples of G is made
// when first wanted and never changes afterwards.
type generic struct {
	w     *weierstrass
	limbs int // of the order
	table func() baseTable
}

func newGeneric(p Parameters, order *modulus) *generic {
	f := newModulus(p.P)
	w := &weierstrass{f: f}
	a, b := natFromBytes(p.A), natFromBytes(p.B)
	f.toMont(&w.a, &a)
	var minus3 nat
	f.sub(&minus3, &minus3, &nat{3})
	switch a {
	case nat{}:
		w.aKind = aZero
	case minus3:
		w.aKind = aMinus3
	}
	f.toMont(&w.b, &b)
	f.add(&w.b3, &w.b, &w.b)
	f.add(&w.b3, &w.b3, &w.b)
	w.g = projective{natFromBytes(p.Gx), natFromBytes(p.Gy), f.one}
	f.toMont(&w.g.x, &w.g.x)
	f.toMont(&w.g.y, &w.g.y)
	return &generic{
		w:     w,
		limbs: order.n,
		table: sync.OnceValue(func() baseTable { return w.baseTable(order.n) }),
	}
}

func (g *generic) onCurve(p []byte) bool {
	_, ok := g.decode(p)
	return ok
}

func (g *generic) baseMult(k []byte) []byte {
	var r projective
	n := natFromBytes(k)
	g.w.multBase(&r, &n, g.table())
	return g.encode(&r)
}

func (g *generic) mult(k, p []byte) []byte {
	q, ok := g.decode(p)
	if !ok {
		return nil
	}
	n := natFromBytes(k)
	g.w.mult(&q, &n, &q, g.limbs)
	return g.encode(&q)
}

func (g *generic) combined(a, b, p []byte) []byte {
	q, ok := g.decode(p)
	if !ok {
		return nil
	}
	n := natFromBytes(b)
	g.w.mult(&q, &n, &q, g.limbs)
	var r projective
	n = natFromBytes(a)
	g.w.multBase(&r, &n, g.table())
	g.w.add(&r, &r, &q)
	return g.encode(&r)
}

func (g *generic) add(p, q []byte) []byte {
	a, okA := g.decode(p)
	b, okB := g.decode(q)
	if !okA || !okB {
		return nil
	}
	g.w.add(&a, &a, &b)
	return g.encode(&a)
}

func (g *generic) decode(p []byte) (projective, bool) {
	n := g.w.f.size
	var q projective
	ok := len(p) == 1+2*n && g.w.setAffine(&q, p[1:1+n], p[1+n:])
	return q, ok
}

func (g *generic) encode(p *projective) []byte {
	n := g.w.f.size
	enc := make([]byte, 1+2*n)
	enc[0] = 4
	if g.w.affine(enc[1:1+n], enc[1+n:], p) == 1 {
		return nil
	}
	return enc
}
