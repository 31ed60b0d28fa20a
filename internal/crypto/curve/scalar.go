package curve

// Scalar is a number modulo the order of a curve. The zero value belongs to no
// curve and must not be used; Curve.Scalar and its companions make scalars.
// Scalars of different curves must not be mixed.
type Scalar struct {
	c *Curve
	v nat // Montgomery form
}

// Scalar reads a big-endian number below the order. Leading zero bytes are
// accepted. A larger number gives ErrScalarRange.
func (c *Curve) Scalar(b []byte) (Scalar, error) {
	b, ok := fit(b, c.order.size)
	if !ok {
		return Scalar{}, ErrScalarRange
	}
	v := natFromBytes(b)
	if c.order.less(&v) == 0 {
		return Scalar{}, ErrScalarRange
	}
	s := Scalar{c: c}
	c.order.toMont(&s.v, &v)
	return s, nil
}

// ReduceScalar returns b mod n for a big-endian number of any length.
func (c *Curve) ReduceScalar(b []byte) Scalar {
	s := Scalar{c: c}
	var v nat
	c.order.reduceWide(&v, b)
	c.order.toMont(&s.v, &v)
	return s
}

// ScalarFromRandomBits returns (b mod (n-1)) + 1, the private key made from
// extra random bits (FIPS 186-5, A.2.1; Part 1, 44.6). It is never zero.
func (c *Curve) ScalarFromRandomBits(b []byte) Scalar {
	nMinus1 := *c.order // only its limbs and sizes are used, so even is no harm
	nMinus1.m[0]--
	s := Scalar{c: c}
	var v nat
	nMinus1.reduceWide(&v, b)
	c.order.add(&v, &v, &nat{1}) // cannot reach n
	c.order.toMont(&s.v, &v)
	return s
}

// RandomBitsSize is how many random bytes ScalarFromRandomBits wants: those of
// the order and 64 bits more (Part 1, 44.6).
func (c *Curve) RandomBitsSize() int { return c.order.size + 8 }

// Add returns s + t.
func (s Scalar) Add(t Scalar) Scalar {
	s.c.order.add(&s.v, &s.v, &t.v)
	return s
}

// Sub returns s - t.
func (s Scalar) Sub(t Scalar) Scalar {
	s.c.order.sub(&s.v, &s.v, &t.v)
	return s
}

// Mul returns s·t.
func (s Scalar) Mul(t Scalar) Scalar {
	s.c.order.mul(&s.v, &s.v, &t.v)
	return s
}

// Inverse returns s⁻¹, or zero if s is zero.
func (s Scalar) Inverse() Scalar {
	s.c.order.inverse(&s.v, &s.v)
	return s
}

// IsZero tells whether s is zero.
func (s Scalar) IsZero() bool { return s.v.isZero() == 1 }

// Equal compares two scalars of one curve in constant time.
func (s Scalar) Equal(t Scalar) bool {
	var d nat
	for i := range d {
		d[i] = s.v[i] ^ t.v[i]
	}
	return d.isZero() == 1
}

// Bytes returns s big-endian, padded to the size of the order.
func (s Scalar) Bytes() []byte {
	b := make([]byte, s.c.order.size)
	s.fillBytes(b)
	return b
}

func (s *Scalar) fillBytes(b []byte) {
	var v nat
	s.c.order.fromMont(&v, &s.v)
	v.fillBytes(b)
}

// Wipe overwrites the number.
func (s *Scalar) Wipe() { s.v = nat{} }

// fit drops leading zero bytes until b has at most size bytes. Only the length
// and the surplus bytes influence its time.
func fit(b []byte, size int) ([]byte, bool) {
	for len(b) > size {
		if b[0] != 0 {
			return nil, false
		}
		b = b[1:]
	}
	return b, true
}
