package curve

import (
	"encoding/binary"
	"math/bits"
)

// maxLimbs is enough for BN P-638, the widest field.
const maxLimbs = 10

// nat is a number below some modulus, little-endian in 64-bit limbs; the limbs
// above the size of the modulus are zero.
type nat [maxLimbs]uint64

// modulus holds an odd modulus and its Montgomery constants. All its methods
// take constant time for a given modulus, except where said.
type modulus struct {
	n     int // limbs in use
	size  int // bytes of the modulus
	bits  int // bits of the modulus
	m     nat
	m0inv uint64 // -m⁻¹ mod 2⁶⁴
	one   nat    // R mod m
	rr    nat    // R² mod m
}

// newModulus makes the constants of an odd modulus given in big-endian bytes
// without leading zero bytes.
func newModulus(b []byte) *modulus {
	m := &modulus{n: (len(b) + 7) / 8, size: len(b), bits: len(b)*8 - bits.LeadingZeros8(b[0])}
	m.m = natFromBytes(b)

	inv := m.m[0] // correct to 3 bits; each step doubles that
	for range 5 {
		inv *= 2 - m.m[0]*inv
	}
	m.m0inv = -inv

	r := nat{1}
	for range 64 * m.n {
		m.add(&r, &r, &r)
	}
	m.one = r
	for range 64 * m.n {
		m.add(&r, &r, &r)
	}
	m.rr = r
	return m
}

// natFromBytes reads big-endian bytes, of which at most maxLimbs*8 may be given.
func natFromBytes(b []byte) nat {
	var buf [maxLimbs * 8]byte
	copy(buf[len(buf)-len(b):], b)
	var z nat
	for i := range z {
		z[i] = binary.BigEndian.Uint64(buf[len(buf)-8*(i+1):])
	}
	return z
}

// fillBytes writes the low len(b) bytes of x to b, big-endian.
func (x *nat) fillBytes(b []byte) {
	var buf [maxLimbs * 8]byte
	for i, l := range x {
		binary.BigEndian.PutUint64(buf[len(buf)-8*(i+1):], l)
	}
	copy(b, buf[len(buf)-len(b):])
}

// isZero returns 1 if x is zero, else 0.
func (x *nat) isZero() uint64 {
	var acc uint64
	for _, l := range x {
		acc |= l
	}
	return 1 ^ (acc|-acc)>>63
}

// less returns 1 if x < m, else 0.
func (m *modulus) less(x *nat) uint64 {
	var borrow uint64
	for i := range x {
		_, borrow = bits.Sub64(x[i], m.m[i], borrow)
	}
	return borrow
}

// reduceOnce sets z to x - m if x, with carry as its next limb, is not below m.
func (m *modulus) reduceOnce(z, x *nat, carry uint64) {
	var t nat
	var borrow uint64
	for i := 0; i < m.n && i < maxLimbs; i++ {
		t[i], borrow = bits.Sub64(x[i], m.m[i], borrow)
	}
	_, borrow = bits.Sub64(carry, 0, borrow)
	mask := -borrow // all ones: x was below m
	for i := 0; i < m.n && i < maxLimbs; i++ {
		z[i] = t[i] ^ mask&(t[i]^x[i])
	}
}

// add sets z = x + y.
func (m *modulus) add(z, x, y *nat) {
	var t nat
	var carry uint64
	for i := 0; i < m.n && i < maxLimbs; i++ {
		t[i], carry = bits.Add64(x[i], y[i], carry)
	}
	m.reduceOnce(z, &t, carry)
}

// sub sets z = x - y.
func (m *modulus) sub(z, x, y *nat) {
	var borrow, carry uint64
	for i := 0; i < m.n && i < maxLimbs; i++ {
		z[i], borrow = bits.Sub64(x[i], y[i], borrow)
	}
	mask := -borrow
	for i := 0; i < m.n && i < maxLimbs; i++ {
		z[i], carry = bits.Add64(z[i], m.m[i]&mask, carry)
	}
}

// mul sets z = x·y/R, the Montgomery product.
func (m *modulus) mul(z, x, y *nat) {
	if m.n == 4 {
		m.mul4(z, x, y)
		return
	}
	var t nat
	var top uint64 // limb n of t
	for i := 0; i < m.n && i < maxLimbs; i++ {
		var carry uint64
		for j := 0; j < m.n && j < maxLimbs; j++ {
			carry, t[j] = mulAdd2(x[j], y[i], t[j], carry)
		}
		sum, over := bits.Add64(top, carry, 0)

		q := t[0] * m.m0inv
		carry, _ = mulAdd2(q, m.m[0], t[0], 0)
		for j := 1; j < m.n && j < maxLimbs; j++ {
			carry, t[j-1] = mulAdd2(q, m.m[j], t[j], carry)
		}
		var c uint64
		t[m.n-1], c = bits.Add64(sum, carry, 0)
		top = over + c
	}
	m.reduceOnce(z, &t, top)
}

// mulAdd2 returns a·b + c + d, which fits in two words.
func mulAdd2(a, b, c, d uint64) (hi, lo uint64) {
	hi, lo = bits.Mul64(a, b)
	var carry uint64
	lo, carry = bits.Add64(lo, c, 0)
	hi += carry
	lo, carry = bits.Add64(lo, d, 0)
	hi += carry
	return hi, lo
}

// mul4 is mul for moduli of four limbs, in registers.
func (m *modulus) mul4(z, x, y *nat) {
	var t0, t1, t2, t3, t4 uint64
	m0, m1, m2, m3 := m.m[0], m.m[1], m.m[2], m.m[3]
	x0, x1, x2, x3 := x[0], x[1], x[2], x[3]
	for i := range 4 {
		var c, over uint64
		yi := y[i]
		c, t0 = mulAdd2(x0, yi, t0, 0)
		c, t1 = mulAdd2(x1, yi, t1, c)
		c, t2 = mulAdd2(x2, yi, t2, c)
		c, t3 = mulAdd2(x3, yi, t3, c)
		t4, over = bits.Add64(t4, c, 0)

		q := t0 * m.m0inv
		c, _ = mulAdd2(q, m0, t0, 0)
		c, t0 = mulAdd2(q, m1, t1, c)
		c, t1 = mulAdd2(q, m2, t2, c)
		c, t2 = mulAdd2(q, m3, t3, c)
		t3, c = bits.Add64(t4, c, 0)
		t4 = over + c
	}
	s0, b := bits.Sub64(t0, m0, 0)
	s1, b := bits.Sub64(t1, m1, b)
	s2, b := bits.Sub64(t2, m2, b)
	s3, b := bits.Sub64(t3, m3, b)
	_, b = bits.Sub64(t4, 0, b)
	mask := -b
	z[0] = s0 ^ mask&(s0^t0)
	z[1] = s1 ^ mask&(s1^t1)
	z[2] = s2 ^ mask&(s2^t2)
	z[3] = s3 ^ mask&(s3^t3)
}

// toMont sets z to the Montgomery form of x.
func (m *modulus) toMont(z, x *nat) { m.mul(z, x, &m.rr) }

// fromMont sets z to the number whose Montgomery form is x.
func (m *modulus) fromMont(z, x *nat) { m.mul(z, x, &nat{1}) }

// inverse sets z = x⁻¹, both in Montgomery form, as x^(m-2); m is prime. The
// inverse of zero is zero.
func (m *modulus) inverse(z, x *nat) {
	var e nat
	borrow := uint64(2)
	for i := range e {
		e[i], borrow = bits.Sub64(m.m[i], borrow, 0)
	}
	var table [16]nat
	table[0] = m.one
	for i := 1; i < len(table); i++ {
		m.mul(&table[i], &table[i-1], x)
	}
	acc := m.one
	// The exponent is public, so looking up by it reveals nothing.
	for i := 16*m.n - 1; i >= 0; i-- {
		for range 4 {
			m.mul(&acc, &acc, &acc)
		}
		m.mul(&acc, &acc, &table[e[i/16]>>(4*(i%16))&15])
	}
	*z = acc
}

// reduceWide sets z = b mod m for big-endian b of any length. What cannot reach
// the modulus is taken whole, the rest one bit at a time; the modulus need not
// be odd here. Time depends only on len(b).
func (m *modulus) reduceWide(z *nat, b []byte) {
	whole := min(len(b), (m.bits-1)/8)
	acc := natFromBytes(b[:whole])
	for _, v := range b[whole:] {
		for i := 7; i >= 0; i-- {
			m.add(&acc, &acc, &acc)
			m.add(&acc, &acc, &nat{uint64(v >> i & 1)})
		}
	}
	*z = acc
}
