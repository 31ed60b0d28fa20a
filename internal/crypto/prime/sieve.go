package prime

import (
	"math/bits"
	"sync"
)

// fieldBits is the number of odd numbers one sieve covers.
const fieldBits = 16384

// field is a sieve: bit j stands for base + 2j and is set while that number
// may be prime.
type field [fieldBits / 64]uint64

// sieve sets f to the numbers above base without a factor among the small
// primes up to limit(size of a prime), and returns how many there are.
// base must be odd.
func (f *field) sieve(base []uint64) (ones int) {
	for i := range f {
		f[i] = ^uint64(0)
	}
	for _, g := range smallPrimes()[:groupCount(64*len(base))] {
		r := modSmall(base, g.product)
		for _, p := range g.primes {
			f.strike(uint(p), uint(r%uint64(p)))
		}
	}
	for _, w := range f {
		ones += bits.OnesCount64(w)
	}
	return ones
}

// strike clears the multiples of p, given base mod p.
func (f *field) strike(p, rem uint) {
	// The first j with base + 2j = 0 mod p is −rem/2.
	j := p - rem
	if j == p {
		j = 0
	} else if j%2 != 0 {
		j += p
	}
	for j /= 2; j < fieldBits; j += p {
		f[j/64] &^= 1 << (j % 64)
	}
}

// nth returns the position of the k-th set bit, counting from 1. There must
// be that many.
func (f *field) nth(k int) int {
	for i, w := range f {
		c := bits.OnesCount64(w)
		if k > c {
			k -= c
			continue
		}
		for ; k > 1; k-- {
			w &= w - 1
		}
		return 64*i + bits.TrailingZeros64(w)
	}
	return -1
}

func (f *field) clear(j int) { f[j/64] &^= 1 << (j % 64) }

// The sieve uses the odd primes up to these numbers, by size of the prime
// sought: the 1024th and the 4096th odd prime, or all with 16 bits. The
// reference code of the standard adds 65537, which libtpms does not.
const (
	limit512  = 8167
	limit1024 = 38891
	limitMax  = 65535
)

// group is a few small primes and their product, so that one pass over a
// large number serves them all. Groups do not span a limit.
type group struct {
	product uint64
	primes  []uint16
}

// smallPrimes are the odd primes below 2^16 in groups.
var smallPrimes = sync.OnceValue(func() []group {
	var composite [limitMax + 1]bool
	var groups []group
	var g group
	flush := func() {
		groups = append(groups, g)
		g = group{}
	}
	for p := 3; p <= limitMax; p += 2 {
		if composite[p] {
			continue
		}
		for m := p * p; m <= limitMax; m += 2 * p {
			composite[m] = true
		}
		if g.primes == nil {
			g.product = 1
		} else if hi, _ := bits.Mul64(g.product, uint64(p)); hi != 0 {
			flush()
			g.product = 1
		}
		g.product *= uint64(p)
		g.primes = append(g.primes, uint16(p))
		if p == limit512 || p == limit1024 {
			flush()
		}
	}
	flush()
	return groups
})

// groupCount says how many groups serve a prime of the given size.
func groupCount(size int) int {
	limit := uint16(limitMax)
	switch {
	case size <= 512:
		limit = limit512
	case size <= 1024:
		limit = limit1024
	}
	groups := smallPrimes()
	n := 0
	for n < len(groups) && groups[n].primes[0] <= limit {
		n++
	}
	return n
}
