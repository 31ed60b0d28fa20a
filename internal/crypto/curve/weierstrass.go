package curve

// weierstrass is a curve y² = x³ + ax + b of prime order over a prime field,
// with arithmetic by the complete addition law of Renes, Costello and Batina,
// "Complete addition formulas for prime order elliptic curves" (2016),
// Algorithm 1: no input, equal points and infinity included, is special.
type weierstrass struct {
	f     *modulus
	a, b  nat // Montgomery form
	b3    nat // 3b
	aKind int // aAny, aZero or aMinus3: a is public, and these are quicker
	g     projective
}

const (
	aAny = iota
	aZero
	aMinus3
)

// projective is the point (X/Z, Y/Z); Z = 0 is infinity. Montgomery form.
type projective struct{ x, y, z nat }

func (w *weierstrass) infinity() projective { return projective{y: w.f.one} }

// mulA sets z = a·x.
func (w *weierstrass) mulA(z, x *nat) {
	f := w.f
	switch w.aKind {
	case aZero:
		*z = nat{}
	case aMinus3:
		var t nat
		f.add(&t, x, x)
		f.add(&t, &t, x)
		f.sub(z, &nat{}, &t)
	default:
		f.mul(z, &w.a, x)
	}
}

// add sets r = p + q; the three may be the same.
func (w *weierstrass) add(r, p, q *projective) {
	f := w.f
	var t0, t1, t2, t3, t4, t5, x3, y3, z3 nat
	f.mul(&t0, &p.x, &q.x)
	f.mul(&t1, &p.y, &q.y)
	f.mul(&t2, &p.z, &q.z)
	f.add(&t3, &p.x, &p.y)
	f.add(&t4, &q.x, &q.y)
	f.mul(&t3, &t3, &t4)
	f.add(&t4, &t0, &t1)
	f.sub(&t3, &t3, &t4)
	f.add(&t4, &p.x, &p.z)
	f.add(&t5, &q.x, &q.z)
	f.mul(&t4, &t4, &t5)
	f.add(&t5, &t0, &t2)
	f.sub(&t4, &t4, &t5)
	f.add(&t5, &p.y, &p.z)
	f.add(&x3, &q.y, &q.z)
	f.mul(&t5, &t5, &x3)
	f.add(&x3, &t1, &t2)
	f.sub(&t5, &t5, &x3)
	w.mulA(&z3, &t4)
	f.mul(&x3, &w.b3, &t2)
	f.add(&z3, &x3, &z3)
	f.sub(&x3, &t1, &z3)
	f.add(&z3, &t1, &z3)
	f.mul(&y3, &x3, &z3)
	f.add(&t1, &t0, &t0)
	f.add(&t1, &t1, &t0)
	w.mulA(&t2, &t2)
	f.mul(&t4, &w.b3, &t4)
	f.add(&t1, &t1, &t2)
	f.sub(&t2, &t0, &t2)
	w.mulA(&t2, &t2)
	f.add(&t4, &t4, &t2)
	f.mul(&t0, &t1, &t4)
	f.add(&y3, &y3, &t0)
	f.mul(&t0, &t5, &t4)
	f.mul(&x3, &t3, &x3)
	f.sub(&x3, &x3, &t0)
	f.mul(&t0, &t3, &t1)
	f.mul(&z3, &t5, &z3)
	f.add(&z3, &z3, &t0)
	r.x, r.y, r.z = x3, y3, z3
}

// double sets r = 2p; the two may be the same. With a = 0 this is Algorithm 9.
func (w *weierstrass) double(r, p *projective) {
	if w.aKind != aZero {
		w.add(r, p, p)
		return
	}
	f := w.f
	var t0, t1, t2, x3, y3, z3 nat
	f.mul(&t0, &p.y, &p.y)
	f.add(&z3, &t0, &t0)
	f.add(&z3, &z3, &z3)
	f.add(&z3, &z3, &z3)
	f.mul(&t1, &p.y, &p.z)
	f.mul(&t2, &p.z, &p.z)
	f.mul(&t2, &w.b3, &t2)
	f.mul(&x3, &t2, &z3)
	f.add(&y3, &t0, &t2)
	f.mul(&z3, &t1, &z3)
	f.add(&t1, &t2, &t2)
	f.add(&t2, &t1, &t2)
	f.sub(&t0, &t0, &t2)
	f.mul(&y3, &t0, &y3)
	f.add(&y3, &x3, &y3)
	f.mul(&t1, &p.x, &p.y)
	f.mul(&x3, &t0, &t1)
	f.add(&x3, &x3, &x3)
	r.x, r.y, r.z = x3, y3, z3
}

// window is the table of 0·P … 15·P.
type window [16]projective

func (w *weierstrass) window(p *projective) *window {
	t := &window{w.infinity()}
	for i := 1; i < len(t); i++ {
		w.add(&t[i], &t[i-1], p)
	}
	return t
}

// lookup sets r to entry i, reading them all.
func (t *window) lookup(r *projective, i uint64) {
	*r = projective{}
	for j := range t {
		d := uint64(j) ^ i
		eq := 1 ^ (d|-d)>>63
		mask := -eq
		for k := range r.x {
			r.x[k] |= mask & t[j].x[k]
			r.y[k] |= mask & t[j].y[k]
			r.z[k] |= mask & t[j].z[k]
		}
	}
}

// mult sets r = k·p, four bits of k at a time from the top. k is plain (not
// Montgomery) and has at most 64·limbs bits.
func (w *weierstrass) mult(r *projective, k *nat, p *projective, limbs int) {
	table := w.window(p)
	acc := w.infinity()
	var t projective
	for i := 16*limbs - 1; i >= 0; i-- {
		for range 4 {
			w.double(&acc, &acc)
		}
		table.lookup(&t, k[i/16]>>(4*(i%16))&15)
		w.add(&acc, &acc, &t)
	}
	*r = acc
}

// baseTable holds a window of 16ⁱ·G for every i, so that k·G needs no doubling.
type baseTable []window

func (w *weierstrass) baseTable(limbs int) baseTable {
	t := make(baseTable, 16*limbs)
	p := w.g
	for i := range t {
		t[i] = *w.window(&p)
		w.add(&p, &t[i][15], &p)
	}
	return t
}

// multBase sets r = k·G.
func (w *weierstrass) multBase(r *projective, k *nat, table baseTable) {
	acc := w.infinity()
	var t projective
	for i := range table {
		table[i].lookup(&t, k[i/16]>>(4*(i%16))&15)
		w.add(&acc, &acc, &t)
	}
	*r = acc
}

// affine writes the coordinates of p to x and y and returns 0, or returns 1 if
// p is infinity.
func (w *weierstrass) affine(x, y []byte, p *projective) uint64 {
	var zinv, t nat
	w.f.inverse(&zinv, &p.z)
	w.f.mul(&t, &p.x, &zinv)
	w.f.fromMont(&t, &t)
	t.fillBytes(x)
	w.f.mul(&t, &p.y, &zinv)
	w.f.fromMont(&t, &t)
	t.fillBytes(y)
	return p.z.isZero()
}

// setAffine reads coordinates of full size and checks that they are reduced
// and satisfy the equation of the curve.
func (w *weierstrass) setAffine(p *projective, x, y []byte) bool {
	p.x, p.y, p.z = natFromBytes(x), natFromBytes(y), w.f.one
	if w.f.less(&p.x)&w.f.less(&p.y) == 0 {
		return false
	}
	w.f.toMont(&p.x, &p.x)
	w.f.toMont(&p.y, &p.y)

	var lhs, rhs nat
	w.f.mul(&lhs, &p.y, &p.y)
	w.f.mul(&rhs, &p.x, &p.x)
	w.f.add(&rhs, &rhs, &w.a)
	w.f.mul(&rhs, &rhs, &p.x)
	w.f.add(&rhs, &rhs, &w.b)
	w.f.sub(&lhs, &lhs, &rhs)
	return lhs.isZero() == 1
}
