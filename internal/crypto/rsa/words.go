package rsa

import (
	"encoding/binary"
	"math/bits"
)

// Numbers here are words, least significant first. The loops do not depend on
// their values.

func toWords(b []byte) []uint64 {
	w := make([]uint64, len(b)/8)
	for i := range w {
		w[i] = binary.BigEndian.Uint64(b[len(b)-8*(i+1):])
	}
	return w
}

func toBytes(w []uint64) []byte {
	b := make([]byte, 8*len(w))
	for i, v := range w {
		binary.BigEndian.PutUint64(b[len(b)-8*(i+1):], v)
	}
	return b
}

// exactQuotient returns n/p for odd p that divides n, in as many words as
// p has. For other numbers the result is meaningless: multiply to find out.
//
// It computes n·p^−1 mod 2^64k from the low end (Jebelean, 1993).
func exactQuotient(n, p []uint64) []uint64 {
	rest := append([]uint64(nil), n[:len(p)]...)
	defer clear(rest)
	inv := p[0] // inverse of p mod 2^64, by Newton's iteration
	for range 5 {
		inv *= 2 - p[0]*inv
	}
	q := make([]uint64, len(p))
	for i := range q {
		q[i] = rest[i] * inv
		var borrow uint64
		for j, w := range p[:len(p)-i] {
			hi, lo := bits.Mul64(w, q[i])
			lo, c := bits.Add64(lo, borrow, 0)
			rest[i+j], borrow = bits.Sub64(rest[i+j], lo, 0)
			borrow += hi + c
		}
	}
	return q
}

// crtExponent returns e^−1 mod p−1, big endian, or ErrKey if there is none.
//
// With k = −(p−1)^−1 mod e it is (k·(p−1) + 1)/e, which needs only arithmetic
// with small numbers.
func crtExponent(p []uint64, e uint32) ([]byte, error) {
	m := append([]uint64(nil), p...)
	defer clear(m)
	m[0]-- // p is odd
	var r uint64
	for i := len(m) - 1; i >= 0; i-- {
		r = bits.Rem64(r, m[i], uint64(e))
	}
	inv, ok := smallInverse(r, uint64(e))
	if !ok {
		return nil, ErrKey
	}
	k := uint64(e) - inv
	carry := uint64(1)
	for i, w := range m {
		hi, lo := bits.Mul64(w, k)
		lo, c := bits.Add64(lo, carry, 0)
		m[i], carry = lo, hi+c
	}
	rem := carry // below e, because k < e
	for i := len(m) - 1; i >= 0; i-- {
		m[i], rem = bits.Div64(rem, m[i], uint64(e))
	}
	return toBytes(m), nil
}

// smallInverse returns a^−1 mod m for m below 2^32.
func smallInverse(a, m uint64) (uint64, bool) {
	r0, r1 := int64(m), int64(a)
	t0, t1 := int64(0), int64(1)
	for r1 != 0 {
		q := r0 / r1
		r0, r1 = r1, r0-q*r1
		t0, t1 = t1, t0-q*t1
	}
	if r0 != 1 {
		return 0, false
	}
	if t0 < 0 {
		t0 += int64(m)
	}
	return uint64(t0), true
}
