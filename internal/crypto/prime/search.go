package prime

import (
	"encoding/binary"
	"sync"
)

// search is one run of Find.
type search struct {
	gen    Generator
	params Params
	raw    []byte // one draw from the generator
	base   []uint64
	field  field
}

func newSearch(g Generator, p Params) *search {
	return &search{gen: g, params: p, raw: make([]byte, p.Bits/8)}
}

func (s *search) wipe() {
	clear(s.raw)
	clear(s.base)
	s.field = field{}
}

// attempt draws one candidate and searches the field above it. It returns
// nothing if the field holds no prime.
func (s *search) attempt() ([]byte, error) {
	w, err := s.start()
	if err != nil {
		return nil, err
	}
	return w.run()
}

// start draws a candidate and sieves the field above it.
func (s *search) start() (*walk, error) {
	if err := s.gen.Generate(s.raw); err != nil {
		return nil, err
	}
	s.base = adjust(s.raw, s.params.Compat)
	searchWord := uint32(s.base[0]) | 1<<31

	// The field begins at an odd multiple of 3·5·7.
	r := modSmall(s.base, 105)
	if r%2 != 0 {
		r += 105
	}
	subSmall(s.base, s.base, r)
	return &walk{
		search: s,
		word:   searchWord,
		ones:   s.field.sieve(s.base),
		baseE:  modSmall(s.base, uint64(s.params.Exponent)),
	}, nil
}

// walk visits the survivors of a sieve in the order the search word dictates.
type walk struct {
	*search
	word  uint32
	ones  int
	baseE uint64 // base mod e
}

// run tests survivors until one is prime.
//
// Candidates are screened with base 2 first, several at a time. That needs
// nothing from the generator. A composite found so would also have failed its
// first round with a base from the generator (a random composite of this size
// passes with probability below 2^-40), so that one base is drawn and dropped;
// the full test with its bases runs only for what passed the screening.
func (w *walk) run() ([]byte, error) {
	batch := make([]*candidate, 0, batchSize(w.params.Bits))
	for {
		batch = batch[:0]
		for len(batch) < cap(batch) {
			c := w.next()
			if c == nil {
				break
			}
			batch = append(batch, c)
		}
		if len(batch) == 0 {
			return nil, nil
		}
		screenAll(batch)
		found, err := w.judge(batch)
		for _, c := range batch {
			c.wipe()
		}
		if found != nil || err != nil {
			return found, err
		}
	}
}

// judge goes through screened candidates in order.
func (w *walk) judge(batch []*candidate) ([]byte, error) {
	for _, c := range batch {
		if w.params.Poll != nil {
			if err := w.params.Poll(); err != nil {
				return nil, err
			}
		}
		rounds := roundsFor(w.params.Bits)
		if c.composite {
			rounds = 1
		}
		bases := make([]byte, 0, rounds*len(w.raw))
		for range rounds {
			if err := w.drawBase(c); err != nil {
				return nil, err
			}
			bases = append(bases, w.raw...)
		}
		if !c.composite && c.passes(bases) {
			return append([]byte(nil), c.bytes...), nil
		}
	}
	return nil, nil
}

// drawBase fills raw with a number w, 1 < w < c − 1.
func (w *walk) drawBase(c *candidate) error {
	for {
		if err := w.gen.Generate(w.raw); err != nil {
			return err
		}
		if c.inRange(w.raw) {
			return nil
		}
	}
}

// next takes the next survivor out of the field, or returns nil.
func (w *walk) next() *candidate {
	e := uint64(w.params.Exponent)
	for w.ones > 0 {
		j := w.field.nth(int(w.word%uint32(w.ones)) + 1)
		w.field.clear(j)
		w.ones--
		if r := (w.baseE + 2*uint64(j)) % e; r > 1 {
			return newCandidate(w.base, uint64(2*j))
		}
	}
	return nil
}

// parallel runs f for 0 … n−1 and waits.
func parallel(n int, f func(i int)) {
	var wg sync.WaitGroup
	for i := 1; i < n; i++ {
		wg.Go(func() { f(i) })
	}
	f(0)
	wg.Wait()
}

// lowWord is the least significant word of a big-endian number.
func lowWord(b []byte) uint64 { return binary.BigEndian.Uint64(b[len(b)-8:]) }
