package prime

import (
	"bytes"
	"math/bits"
	"runtime"
	"slices"

	"filippo.io/bigmod"
)

// candidate is a number under test.
type candidate struct {
	bytes     []byte // big endian
	odd       []byte // (number − 1) without its factors of two, big endian
	twos      int    // how many factors of two that were
	modulus   *bigmod.Modulus
	composite bool // result of screen
}

// newCandidate makes the candidate base + offset, which must be odd.
func newCandidate(base []uint64, offset uint64) *candidate {
	t := make([]uint64, len(base))
	addSmall(t, base, offset)
	c := &candidate{bytes: make([]byte, 8*len(base)), odd: make([]byte, 8*len(base))}
	putBytes(c.bytes, t)

	// t−1 is even and, for a number of this size, not all of its low words
	// are zero in practice; the loop handles it all the same.
	t[0]--
	for t[0] == 0 && c.twos < 64*(len(t)-1) {
		copy(t, t[1:])
		t[len(t)-1] = 0
		c.twos += 64
	}
	s := bits.TrailingZeros64(t[0])
	c.twos += s
	for i := range t {
		t[i] >>= s
		if i+1 < len(t) {
			t[i] |= t[i+1] << (64 - s)
		}
	}
	putBytes(c.odd, t)
	clear(t)
	return c
}

func (c *candidate) wipe() {
	clear(c.bytes)
	clear(c.odd)
	c.modulus = nil
}

// roundsFor is the number of Miller–Rabin rounds for a size, as libtpms does.
func roundsFor(size int) int {
	switch {
	case size < 511:
		return 8
	case size < 1536:
		return 5
	}
	return 4
}

// maxParallel bounds how many processors a search uses.
const maxParallel = 4

// batchSize says how many candidates of a size are best screened together.
func batchSize(size int) int { return min(maxParallel, runtime.GOMAXPROCS(0)) }

// screenAll screens a batch.
func screenAll(batch []*candidate) {
	parallel(len(batch), func(i int) { batch[i].screen() })
}

// screen runs one round with base 2.
func (c *candidate) screen() {
	m, err := bigmod.NewModulus(c.bytes)
	if err != nil {
		c.composite = true // unreachable: a candidate is odd and large
		return
	}
	c.modulus = m
	c.composite = !c.round(bigmod.NewNat().SetUint(2).ExpandFor(m))
}

// passes runs a round with each of the bases, joined in bases.
func (c *candidate) passes(bases []byte) bool {
	size := len(c.bytes)
	ok := make([]bool, len(bases)/size)
	parallel(len(ok), func(i int) {
		base, err := bigmod.NewNat().SetBytes(bases[i*size:(i+1)*size], c.modulus)
		ok[i] = err == nil && c.round(base)
	})
	return !slices.Contains(ok, false)
}

// round is one round of Miller–Rabin (FIPS 186-5, B.3.1). It reports whether
// the candidate may be prime.
func (c *candidate) round(base *bigmod.Nat) bool {
	z := bigmod.NewNat().Exp(base, c.odd, c.modulus)
	if z.IsOne() == 1 || z.IsMinusOne(c.modulus) == 1 {
		return true
	}
	for range c.twos - 1 {
		z.Mul(z, c.modulus)
		if z.IsMinusOne(c.modulus) == 1 {
			return true
		}
		if z.IsOne() == 1 {
			return false
		}
	}
	return false
}

// inRange reports whether 1 < w < c − 1.
func (c *candidate) inRange(w []byte) bool {
	if lowWord(w) <= 1 && len(bytes.TrimLeft(w[:len(w)-8], "\x00")) == 0 {
		return false
	}
	// c is odd, so c − 1 differs from it in the last bit only.
	if d := bytes.Compare(w, c.bytes); d >= 0 {
		return false
	}
	last := len(w) - 1
	return !bytes.Equal(w[:last], c.bytes[:last]) || w[last] != c.bytes[last]-1
}
