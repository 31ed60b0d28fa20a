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
	composite bool   // by screening
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

// processors is how many of them there are to use.
func processors() int { return min(maxParallel, runtime.GOMAXPROCS(0)) }

// batchSize says how many candidates of a size are best screened together.
func batchSize(size int) int {
	if canUseLanes(size) {
		return processors() * laneCount
	}
	return processors()
}

// screenAll finds most composites of a batch, with one test to base 2 each.
func screenAll(batch []*candidate) {
	if !canUseLanes(8 * len(batch[0].bytes)) {
		parallel(len(batch), func(i int) { batch[i].screen() })
		return
	}
	groups := slices.Collect(slices.Chunk(batch, laneCount))
	parallel(len(groups), func(i int) { screenLanes(groups[i]) })
}

// screen runs one round with base 2.
func (c *candidate) screen() {
	m := c.modulus()
	c.composite = !c.round(bigmod.NewNat().SetUint(2).ExpandFor(m), m)
}

// modulus makes the candidate ready for arithmetic.
func (c *candidate) modulus() *bigmod.Modulus {
	m, err := bigmod.NewModulus(c.bytes)
	if err != nil {
		panic(err) // unreachable: a candidate is not zero
	}
	return m
}

// passes runs a round with each of the bases, joined in bases.
func (c *candidate) passes(bases []byte) bool {
	size, m := len(c.bytes), c.modulus()
	ok := make([]bool, len(bases)/size)
	parallel(len(ok), func(i int) {
		base, err := bigmod.NewNat().SetBytes(bases[i*size:(i+1)*size], m)
		ok[i] = err == nil && c.round(base, m)
	})
	return !slices.Contains(ok, false)
}

// round is one round of Miller–Rabin (FIPS 186-5, B.3.1). It reports whether
// the candidate may be prime.
func (c *candidate) round(base *bigmod.Nat, m *bigmod.Modulus) bool {
	z := bigmod.NewNat().Exp(base, c.odd, m)
	if z.IsOne() == 1 || z.IsMinusOne(m) == 1 {
		return true
	}
	for range c.twos - 1 {
		z.Mul(z, m)
		if z.IsMinusOne(m) == 1 {
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
