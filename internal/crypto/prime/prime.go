// Package prime finds the primes of RSA keys, bit for bit as libtpms does: the
// same generator state gives the same prime and leaves the generator in the
// same state.
//
// A search draws a candidate, sieves the odd numbers above it, walks the
// survivors in an order the candidate dictates and tests each with
// Miller–Rabin, whose bases come from the same generator. Start with Find.
//
// Candidates are screened several at a time: over processors, and on amd64 with
// AVX-512 IFMA eight to a processor. Screening can only discard; what passes is
// tested in full with portable arithmetic. The build tag purego leaves the
// assembly out.
//
// Leakage: what is computed from a number that turns out to be the prime is
// constant time, except the sieve and the walk, whose memory accesses depend
// on it, and the comparison of bases with it. A search happens once per key.
package prime

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
)

// Generator is the source of candidates and bases. How requests are split into
// calls matters, so an io.Reader would say too little.
type Generator interface {
	Generate(buf []byte) error
}

// Compatibility levels of primary seeds, as libtpms numbers them.
const (
	CompatOriginal = 0 // seeds made before revision 155
	CompatCurrent  = 1
)

// Params says what prime to look for.
type Params struct {
	Bits     int    // size of the prime: a multiple of 64, at least 128
	Exponent uint32 // public exponent e; p mod e will be neither 0 nor 1
	Compat   int    // compatibility level of the seed behind the generator
	// Poll, if not nil, is called between candidates. Its error ends the search.
	Poll func() error
}

// ErrParams is returned for parameters no search can satisfy.
var ErrParams = errors.New("prime: unsupported parameters")

// Find returns the next prime, big endian, exactly Bits/8 bytes long.
func Find(g Generator, p Params) ([]byte, error) {
	if p.Bits < 128 || p.Bits > 4096 || p.Bits%64 != 0 || p.Exponent < 3 || p.Exponent%2 == 0 ||
		p.Compat != CompatOriginal && p.Compat != CompatCurrent {
		return nil, fmt.Errorf("%w: %d bits, exponent %d, level %d", ErrParams, p.Bits, p.Exponent, p.Compat)
	}
	s := newSearch(g, p)
	defer s.wipe()
	for {
		found, err := s.attempt()
		if found != nil || err != nil {
			return found, err
		}
	}
}

// adjust turns generator output into a candidate: it maps the leading bits
// linearly onto [√2/2, 1), so that a product of two primes has full length,
// and makes the number odd. cand holds words, least significant first.
func adjust(raw []byte, compat int) (cand []uint64) {
	n := len(raw) / 8
	cand = make([]uint64, n)
	if compat == CompatOriginal {
		for i := range cand {
			cand[i] = binary.LittleEndian.Uint64(raw[8*i:])
		}
		// The arithmetic was meant for 32-bit words; on 64-bit hosts it
		// zeroes the 32 bits in the middle, as libtpms does for old seeds.
		top := cand[n-1]
		cand[n-1] = (top>>48*sqrtScale>>16+sqrtBase)<<48 | top&0xffff
	} else {
		for i := range cand {
			cand[n-1-i] = binary.BigEndian.Uint64(raw[8*i:])
		}
		top := uint32(cand[n-1] >> 32)
		top = top>>16*sqrtScale + top&0xffff*sqrtScale>>16 + sqrtBase<<16
		cand[n-1] = uint64(top)<<32 | cand[n-1]&0xffffffff
	}
	cand[0] |= 1
	return cand
}

// √2/2 and 1 − √2/2, scaled by 2^16.
const (
	sqrtBase  = 0xB505
	sqrtScale = 0x4AFB
)

// addSmall sets z = x + y.
func addSmall(z, x []uint64, y uint64) {
	c := y
	for i := range x {
		z[i], c = bits.Add64(x[i], c, 0)
	}
}

// subSmall sets z = x − y.
func subSmall(z, x []uint64, y uint64) {
	for i := range x {
		z[i], y = bits.Sub64(x[i], y, 0)
	}
}

// modSmall returns x mod m.
func modSmall(x []uint64, m uint64) (r uint64) {
	for i := len(x) - 1; i >= 0; i-- {
		r = bits.Rem64(r, x[i], m)
	}
	return r
}

// putBytes writes x big endian into out, which has 8 bytes per word.
func putBytes(out []byte, x []uint64) {
	for i, w := range x {
		binary.BigEndian.PutUint64(out[len(out)-8*(i+1):], w)
	}
}
