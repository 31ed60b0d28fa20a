package prime

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math/big"
	"os"
	"testing"

	"govtpm/internal/crypto/drbg"
)

type hexBytes []byte

func (h *hexBytes) UnmarshalText(text []byte) error {
	b, err := hex.DecodeString(string(text))
	*h = b
	return err
}

type traceFile struct {
	Key, V      hexBytes
	PrimeSearch []struct {
		DRBGBytes, Adjusted, Base, Prime hexBytes
		OnesAfterSieve, CandidatesTried  int
		Trials                           []struct {
			Ones, Bit int
			Prime     bool
		}
	}
}

func loadTrace(t testing.TB) (f traceFile, g *drbg.DRBG) {
	t.Helper()
	data, err := os.ReadFile("testdata/trace.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &f); err != nil {
		t.Fatal(err)
	}
	var s drbg.State
	copy(s.Seed[:32], f.Key)
	copy(s.Seed[32:], f.V)
	return f, drbg.Restore(s, nil)
}

func toBytes(x []uint64) []byte {
	b := make([]byte, 8*len(x))
	putBytes(b, x)
	return b
}

// recorder keeps what a generator gave.
type recorder struct {
	Generator
	draws [][]byte
}

func (r *recorder) Generate(b []byte) error {
	err := r.Generator.Generate(b)
	r.draws = append(r.draws, bytes.Clone(b))
	return err
}

// TestTrace follows the search for both primes of a key step by step.
func TestTrace(t *testing.T) {
	f, d := loadTrace(t)
	g := &recorder{Generator: d}
	for i, want := range f.PrimeSearch {
		g.draws = nil
		before := d.Clone()
		got, err := Find(g, Params{Bits: 1024, Exponent: 65537, Compat: CompatCurrent})
		if err != nil || !bytes.Equal(got, want.Prime) {
			t.Fatalf("prime %d: %x %v", i, got, err)
		}
		if !bytes.Equal(g.draws[0], want.DRBGBytes) {
			t.Errorf("prime %d: first draw %x", i, g.draws[0])
		}
		cand := adjust(want.DRBGBytes, CompatCurrent)
		if !bytes.Equal(toBytes(cand), want.Adjusted) {
			t.Errorf("prime %d: adjusted %x", i, toBytes(cand))
		}

		s := newSearch(before, Params{Bits: 1024, Exponent: 65537, Compat: CompatCurrent})
		w, err := s.start()
		if err != nil || !bytes.Equal(toBytes(s.base), want.Base) || w.ones != want.OnesAfterSieve {
			t.Fatalf("prime %d: base %x, %d ones, %v", i, s.base, w.ones, err)
		}
		for n, tried := 0, 0; n < len(want.Trials); {
			trial, ones := want.Trials[n], w.ones
			c := w.next()
			tried++
			if ones != trial.Ones {
				continue // only some trials are in the file
			}
			n++
			bit := new(big.Int).Sub(new(big.Int).SetBytes(c.bytes), new(big.Int).SetBytes(want.Base))
			if bit.Int64() != int64(2*trial.Bit) {
				t.Errorf("prime %d, trial %d: bit %v", i, tried, bit)
			}
			screenAll([]*candidate{c})
			if c.composite == trial.Prime {
				t.Errorf("prime %d, trial %d: composite %t", i, tried, c.composite)
			}
			if n == len(want.Trials) && tried != want.CandidatesTried {
				t.Errorf("prime %d: %d tried", i, tried)
			}
		}
	}
}

// reference is the search as described, without screening or concurrency.
func reference(g Generator, p Params) *big.Int {
	draw := func() *big.Int {
		b := make([]byte, p.Bits/8)
		g.Generate(b)
		return new(big.Int).SetBytes(b)
	}
	one := big.NewInt(1)
	for {
		raw := make([]byte, p.Bits/8)
		g.Generate(raw)
		cand := new(big.Int).SetBytes(toBytes(adjust(raw, p.Compat)))
		word := uint32(new(big.Int).And(cand, big.NewInt(0xffffffff)).Uint64()) | 1<<31
		r := new(big.Int).Mod(cand, big.NewInt(105)).Int64()
		if r%2 != 0 {
			r += 105
		}
		base := new(big.Int).Sub(cand, big.NewInt(r))
		limit := int64(65535)
		if p.Bits <= 512 {
			limit = 8167
		} else if p.Bits <= 1024 {
			limit = 38891
		}
		var field [16384]bool
		for q := int64(3); q <= limit; q += 2 {
			if q > 7 && (q%3 == 0 || q%5 == 0 || q%7 == 0) || !big.NewInt(q).ProbablyPrime(0) {
				continue
			}
			rem := new(big.Int).Mod(base, big.NewInt(q)).Int64()
			for j := range int64(16384) {
				if (rem+2*j)%q == 0 {
					field[j] = true
					for j += q; j < 16384; j += q {
						field[j] = true
					}
					break
				}
			}
		}
		var left []int64
		for j, struck := range field {
			if !struck {
				left = append(left, int64(j))
			}
		}
		for len(left) > 0 {
			k := int(word % uint32(len(left)))
			t := new(big.Int).Add(base, big.NewInt(2*left[k]))
			left = append(left[:k:k], left[k+1:]...)
			if new(big.Int).Mod(t, big.NewInt(int64(p.Exponent))).Cmp(one) <= 0 {
				continue
			}
			t1 := new(big.Int).Sub(t, one)
			a := t1.TrailingZeroBits()
			m := new(big.Int).Rsh(t1, a)
			prime := true
			for range roundsFor(p.Bits) {
				w := draw()
				for w.Cmp(one) <= 0 || w.Cmp(t1) >= 0 {
					w = draw()
				}
				z := w.Exp(w, m, t)
				ok := z.Cmp(one) == 0 || z.Cmp(t1) == 0
				for j := uint(1); j < a && !ok; j++ {
					z.Mul(z, z).Mod(z, t)
					ok = z.Cmp(t1) == 0
				}
				if !ok {
					prime = false
					break
				}
			}
			if prime {
				return t
			}
		}
	}
}

func TestAgainstReference(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	for _, p := range []Params{
		{Bits: 128, Exponent: 65537, Compat: CompatCurrent},
		{Bits: 192, Exponent: 3, Compat: CompatOriginal},
		{Bits: 256, Exponent: 17, Compat: CompatCurrent},
		{Bits: 512, Exponent: 65537, Compat: CompatCurrent},
		{Bits: 512, Exponent: 5, Compat: CompatOriginal},
		{Bits: 1024, Exponent: 3, Compat: CompatCurrent},
		{Bits: 1088, Exponent: 65539, Compat: CompatCurrent},
	} {
		g := drbg.New([]byte("prime"))
		for range 4 {
			h := g.Clone()
			got, err := Find(g, p)
			if err != nil {
				t.Fatal(err)
			}
			if want := reference(h, p); new(big.Int).SetBytes(got).Cmp(want) != 0 || !want.ProbablyPrime(10) {
				t.Errorf("%+v: got %x, want %x", p, got, want)
			}
			if g.State() != h.State() {
				t.Errorf("%+v: generator left elsewhere", p)
			}
		}
	}
}

func TestBadParams(t *testing.T) {
	for _, p := range []Params{
		{Bits: 0, Exponent: 3}, {Bits: 64, Exponent: 3}, {Bits: 130, Exponent: 3}, {Bits: 1 << 20, Exponent: 3}, {Bits: -512, Exponent: 3},
		{Bits: 512, Exponent: 0}, {Bits: 512, Exponent: 1}, {Bits: 512, Exponent: 4}, {Bits: 512, Exponent: 3, Compat: 2}, {Bits: 512, Exponent: 3, Compat: -1},
	} {
		if _, err := Find(drbg.New(nil), p); !errors.Is(err, ErrParams) {
			t.Errorf("%+v: %v", p, err)
		}
	}
}

var errStop = errors.New("stop")

func TestPollEndsSearch(t *testing.T) {
	n := 0
	_, err := Find(drbg.New(nil), Params{Bits: 512, Exponent: 3, Poll: func() error { n++; return errStop }})
	if !errors.Is(err, errStop) || n != 1 {
		t.Errorf("%v after %d", err, n)
	}
}

// failing gives n good answers.
type failing struct {
	Generator
	n int
}

func (f *failing) Generate(b []byte) error {
	if f.n--; f.n < 0 {
		return errStop
	}
	return f.Generator.Generate(b)
}

func TestGeneratorFails(t *testing.T) {
	for n := range 4 {
		_, err := Find(&failing{drbg.New(nil), n}, Params{Bits: 512, Exponent: 3})
		if !errors.Is(err, errStop) {
			t.Errorf("after %d draws: %v", n, err)
		}
	}
}

func TestInRange(t *testing.T) {
	base := []uint64{1<<32 + 1, 1 << 63}
	c := newCandidate(base, 0)
	for _, k := range []struct {
		w  []uint64
		ok bool
	}{
		{[]uint64{0, 0}, false}, {[]uint64{1, 0}, false}, {[]uint64{2, 0}, true}, {[]uint64{0, 1}, true}, {[]uint64{1, 1}, true},
		{[]uint64{1<<32 - 1, 1 << 63}, true}, {[]uint64{1 << 32, 1 << 63}, false}, {[]uint64{1<<32 + 1, 1 << 63}, false}, {[]uint64{0, 1<<63 + 1}, false},
	} {
		if got := c.inRange(toBytes(k.w)); got != k.ok {
			t.Errorf("%x: %t", k.w, got)
		}
	}
	if c.twos != 32 || !bytes.Equal(c.odd, toBytes([]uint64{1, 1 << 31})) {
		t.Errorf("%d twos, odd part %x", c.twos, c.odd)
	}
}

// Known strong pseudoprimes to base 2 and other traps go through the rounds.
func TestRounds(t *testing.T) {
	for _, k := range []struct {
		n     string
		base  int64
		prime bool
	}{
		{"ffffffffffffffffffffffffffffff61", 3, true}, // 2^128 − 159
		{"ffffffffffffffffffffffffffffff63", 3, false},
		{"80000000000000000000000000000000000000000000000000000000000000000000000000000001", 3, false},
	} {
		b, _ := hex.DecodeString(k.n)
		x := new(big.Int).SetBytes(b)
		words := make([]uint64, len(b)/8)
		for i := range words {
			words[i] = binary.BigEndian.Uint64(b[len(b)-8*(i+1):])
		}
		c := newCandidate(words, 0)
		c.screen()
		base := make([]byte, len(b))
		base[len(b)-1] = byte(k.base)
		if got := !c.composite && c.passes(base); got != k.prime || got != x.ProbablyPrime(20) {
			t.Errorf("%s: %t", k.n, got)
		}
	}
}

func TestSmallPrimes(t *testing.T) {
	n, last := 0, 0
	for i, g := range smallPrimes() {
		product := new(big.Int).SetInt64(1)
		for _, p := range g.primes {
			n++
			last = int(p)
			product.Mul(product, big.NewInt(int64(p)))
			if n == 1024 && (p != limit512 || i+1 != groupCount(512)) || n == 4096 && (p != limit1024 || i+1 != groupCount(1024)) {
				t.Errorf("limit at %d, group %d", p, i)
			}
		}
		if product.Cmp(new(big.Int).SetUint64(g.product)) != 0 {
			t.Errorf("group %d: product %d", i, g.product)
		}
	}
	if n != 6541 || last != 65521 || len(smallPrimes()) != groupCount(1536) {
		t.Errorf("%d primes, last %d", n, last)
	}
}

func BenchmarkSieve(b *testing.B) {
	f, _ := loadTrace(b)
	base := adjust(f.PrimeSearch[0].Base, CompatCurrent)
	var s field
	for b.Loop() {
		s.sieve(base)
	}
}

func BenchmarkScreen(b *testing.B) {
	for _, n := range []int{512, 1024, 1536, 2048} {
		b.Run(big.NewInt(int64(n)).String(), func(b *testing.B) {
			raw := make([]byte, n/8)
			drbg.New(nil).Generate(raw)
			base := adjust(raw, CompatCurrent)
			batch := make([]*candidate, batchSize(n))
			for b.Loop() {
				for i := range batch {
					batch[i] = newCandidate(base, uint64(2*i))
				}
				screenAll(batch)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(batch)), "ns/candidate")
		})
	}
}
