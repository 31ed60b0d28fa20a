package prime

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"testing"
)

// value reads one lane as a number.
func (v *vector) value(lane, digits int) *big.Int {
	x := new(big.Int)
	for j := digits - 1; j >= 0; j-- {
		x.Lsh(x, digitBits).Or(x, new(big.Int).SetUint64(v[j][lane]))
	}
	return x
}

func (v *vector) set(lane int, x *big.Int) {
	mask := new(big.Int).SetUint64(1<<digitBits - 1)
	for j := range v {
		v[j][lane] = new(big.Int).And(new(big.Int).Rsh(x, uint(j*digitBits)), mask).Uint64()
	}
}

// laneSizes runs f for sizes of candidates.
func laneSizes(t *testing.T, f func(t *testing.T, size int)) {
	if !haveLanes() {
		t.Skip("no vector arithmetic on this machine")
	}
	for _, size := range []int{128, 192, 256, 448, 512, 768, 1024, 1088, 1536, 2048} {
		t.Run(fmt.Sprint(size), func(t *testing.T) { f(t, size) })
	}
}

// moduli are numbers that candidates can be, with the extremes first.
func moduli(r *rand.Rand, size, n int) []*big.Int {
	top := new(big.Int).Lsh(big.NewInt(1), uint(size))
	low := new(big.Int).Lsh(big.NewInt(0xB504), uint(size-16))
	all := []*big.Int{new(big.Int).Sub(top, big.NewInt(1)), new(big.Int).Add(low, big.NewInt(1))}
	for len(all) < n {
		x := new(big.Int)
		for range size / 64 {
			x.Lsh(x, 64).Or(x, new(big.Int).SetUint64(r.Uint64()))
		}
		x.SetBit(x, 0, 1).Mod(x, new(big.Int).Sub(top, low)).Add(x, low).SetBit(x, 0, 1)
		all = append(all, x)
	}
	return all
}

func TestMultiply(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	laneSizes(t, func(t *testing.T, size int) {
		digits := digitsFor(size)
		rInv := func(m *big.Int) *big.Int {
			x := new(big.Int).Lsh(big.NewInt(1), uint(digits*digitBits))
			return x.ModInverse(x, m)
		}
		for range 20 {
			var a, b, m, z, scratch vector
			var k0, shift [laneCount]uint64
			var want [laneCount]*big.Int
			mods := moduli(r, size, laneCount)
			for i, x := range mods {
				m.set(i, x)
				k0[i] = -inverse(m[0][i]) & (1<<digitBits - 1)
				shift[i] = r.Uint64N(2)
				bound := new(big.Int).Lsh(x, 2) // inputs may be up to 4m
				p, q := new(big.Int).Sub(bound, big.NewInt(1)), new(big.Int).Sub(bound, big.NewInt(1))
				if i > 1 {
					p, q = p.Mod(p.Mul(p, mods[2]), bound), q.Mod(q.Mul(q, mods[3]), bound)
				}
				a.set(i, p)
				b.set(i, q)
				want[i] = new(big.Int).Mul(p, q)
				want[i].Mul(want[i], rInv(x)).Lsh(want[i], uint(shift[i])).Mod(want[i], x)
			}
			multiply(&z, &a, &b, &m, &scratch, &k0, &shift, digits)
			for i, x := range mods {
				got := z.value(i, digits)
				if got.Cmp(new(big.Int).Lsh(x, 2)) >= 0 || got.Mod(got, x).Cmp(want[i]) != 0 {
					t.Fatalf("lane %d: %x·%x mod %x", i, a.value(i, digits), b.value(i, digits), x)
				}
			}
			for j, d := range z {
				for i := range d {
					if d[i]>>digitBits != 0 || j >= digits && d[i] != 0 {
						t.Fatalf("digit %d of lane %d: %x", j, i, d[i])
					}
				}
			}
			// The result may take the place of an operand.
			multiply(&a, &a, &b, &m, &scratch, &k0, &shift, digits)
			if a != z {
				t.Fatal("result differs in place")
			}
		}
	})
}

// Both ways of screening agree, for primes, composites, and any fill.
func TestScreenLanes(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	laneSizes(t, func(t *testing.T, size int) {
		for _, fill := range []int{1, 2, 5, 8} {
			mods := moduli(r, size, laneCount)[laneCount-fill:]
			for p := mods[fill/2]; !p.ProbablyPrime(0); { // make it prime
				p.Sub(p, big.NewInt(2))
			}
			batch, single := make([]*candidate, fill), make([]*candidate, fill)
			for i, x := range mods {
				words := make([]uint64, size/64)
				for j := range words {
					words[j] = new(big.Int).And(new(big.Int).Rsh(x, uint(64*j)), new(big.Int).SetUint64(1<<64-1)).Uint64()
				}
				batch[i], single[i] = newCandidate(words, 0), newCandidate(words, 0)
				single[i].screen()
			}
			screenLanes(batch)
			found := 0
			for i := range batch {
				if batch[i].composite != single[i].composite {
					t.Errorf("fill %d, lane %d: composite %t, for %x", fill, i, batch[i].composite, mods[i])
				}
				if !batch[i].composite {
					found++
				}
			}
			if found == 0 {
				t.Errorf("fill %d: prime missed", fill)
			}
		}
	})
}
