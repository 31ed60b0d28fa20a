package hashstate

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"encoding/binary"
	"errors"
	"hash"
	"reflect"
	"strings"
	"testing"

	"govtpm/internal/crypto/sm3"
)

var known = []struct {
	name string
	alg  Algorithm
	make func() hash.Hash
	h0   uint64 // first word of the initial chaining value
}{
	{"SHA-1", SHA1, sha1.New, 0x67452301},                  // FIPS 180-4, 5.3.1
	{"SHA-256", SHA256, sha256.New, 0x6a09e667},            // FIPS 180-4, 5.3.3
	{"SHA-384", SHA384, sha512.New384, 0xcbbb9d5dc1059ed8}, // FIPS 180-4, 5.3.4
	{"SHA-512", SHA512, sha512.New, 0x6a09e667f3bcc908},    // FIPS 180-4, 5.3.5
	{"SM3", SM3, sm3.New, 0x7380166f},                      // GB/T 32905, 4.1
}

// A hash taken apart after any number of bytes and put together again ends in
// the same digest, and its fields say what they should.
func TestRoundTrip(t *testing.T) {
	msg := []byte(strings.Repeat("a running hash ", 20))
	for _, v := range known {
		whole := v.make()
		whole.Write(msg)
		want := whole.Sum(nil)
		for i := range msg {
			h := v.make()
			h.Write(msg[:i])
			s, err := Export(h)
			if err != nil {
				t.Fatalf("%s: %v", v.name, err)
			}
			bs := h.BlockSize()
			if s.Alg != v.alg || s.Length != uint64(i) || !bytes.Equal(s.Block, msg[i-i%bs:i]) {
				t.Errorf("%s after %d bytes: %+v", v.name, i, s)
			}
			if (i < bs) != (s.H[0] == v.h0) {
				t.Errorf("%s after %d bytes: first word %#x", v.name, i, s.H[0])
			}
			g, err := Import(s)
			if err != nil {
				t.Fatalf("%s: %v", v.name, err)
			}
			for _, r := range []hash.Hash{g, h} { // h goes on undisturbed
				r.Write(msg[i:])
				if !bytes.Equal(r.Sum(nil), want) {
					t.Errorf("%s after %d bytes: wrong digest", v.name, i)
				}
			}
		}
	}
}

// Padding the exported block by hand and compressing it from the exported
// chaining value gives the digest (FIPS 180-4, 5.1.1 and 6.2).
func TestFieldsAreTheStandards(t *testing.T) {
	h := sha256.New()
	h.Write([]byte("abc"))
	s, err := Export(h)
	if err != nil {
		t.Fatal(err)
	}
	block := append(bytes.Clone(s.Block), 0x80)
	block = append(block, make([]byte, 56-len(block))...)
	_, bits := s.BitLength()
	block = binary.BigEndian.AppendUint64(block, bits)
	g, err := Import(State{Alg: SHA256, H: s.H})
	if err != nil {
		t.Fatal(err)
	}
	g.Write(block)
	end, err := Export(g)
	if err != nil {
		t.Fatal(err)
	}
	var got []byte
	for _, w := range end.H {
		got = binary.BigEndian.AppendUint32(got, uint32(w))
	}
	if want := sha256.Sum256([]byte("abc")); !bytes.Equal(got, want[:]) {
		t.Errorf("got %x, want %x", got, want)
	}
}

func TestRefusals(t *testing.T) {
	for _, v := range known {
		h := v.make()
		h.Write(make([]byte, 100))
		good, err := Export(h)
		if err != nil {
			t.Fatal(err)
		}
		wide := uint64(1) << 32
		for name, change := range map[string]func(*State){
			"no words":        func(s *State) { s.H = nil },
			"a word less":     func(s *State) { s.H = s.H[1:] },
			"a word more":     func(s *State) { s.H = append(s.H[:len(s.H):len(s.H)], 0) },
			"block too long":  func(s *State) { s.Block = append(s.Block[:len(s.Block):len(s.Block)], 0) },
			"block too short": func(s *State) { s.Block = s.Block[1:] },
			"no block":        func(s *State) { s.Block = nil },
			"a whole block":   func(s *State) { s.Length -= s.Length % 128; s.Block = make([]byte, h.BlockSize()) },
			"huge block":      func(s *State) { s.Block = make([]byte, 1<<16) },
			"length off":      func(s *State) { s.Length++ },
		} {
			s := good
			change(&s)
			if _, err := Import(s); !errors.Is(err, ErrState) {
				t.Errorf("%s, %s: %v", v.name, name, err)
			}
		}
		s := good
		s.H = append([]uint64{wide}, s.H[1:]...)
		s.Length |= 1 << 61
		if _, err := Import(s); (err == nil) != (h.BlockSize() == 128) {
			t.Errorf("%s, wide word and length: %v", v.name, err)
		}
		s = good
		s.Length |= 1 << 61
		if _, err := Import(s); (err == nil) != (h.BlockSize() == 128) {
			t.Errorf("%s, length of 2⁶¹: %v", v.name, err)
		}
		s = good
		s.H = append([]uint64{wide}, s.H[1:]...)
		if _, err := Import(s); (err == nil) != (h.BlockSize() == 128) {
			t.Errorf("%s, wide word: %v", v.name, err)
		}
	}
	for _, alg := range []Algorithm{0, 5, 0x10, 0x27, 0xffff} {
		if _, err := Import(State{Alg: alg, H: make([]uint64, 8)}); !errors.Is(err, ErrUnsupported) {
			t.Errorf("algorithm %#x: %v", alg, err)
		}
	}
	for _, h := range []hash.Hash{md5.New(), sha256.New224(), sha512.New512_256(), sha3.New256(), struct{ hash.Hash }{sha1.New()}} {
		if _, err := Export(h); !errors.Is(err, ErrUnsupported) {
			t.Errorf("%T: %v", h, err)
		}
	}
}

func TestBitLength(t *testing.T) {
	for _, v := range []struct{ n, hi, lo uint64 }{
		{0, 0, 0}, {1, 0, 8}, {1<<61 - 1, 0, 1<<64 - 8}, {1 << 61, 1, 0}, {1<<64 - 1, 7, 1<<64 - 8},
	} {
		if hi, lo := (State{Length: v.n}).BitLength(); hi != v.hi || lo != v.lo {
			t.Errorf("%d bytes: %d %d", v.n, hi, lo)
		}
		if n, err := LengthFromBits(v.hi, v.lo); err != nil || n != v.n {
			t.Errorf("%d:%d bits: %d %v", v.hi, v.lo, n, err)
		}
	}
	for _, v := range [][2]uint64{{0, 1}, {0, 7}, {8, 0}, {1 << 63, 0}, {7, 1<<64 - 1}} {
		if _, err := LengthFromBits(v[0], v[1]); !errors.Is(err, ErrState) {
			t.Errorf("%d:%d bits: %v", v[0], v[1], err)
		}
	}
}

// Whatever Import accepts comes out of Export again, and can be finished.
func FuzzImport(f *testing.F) {
	for _, v := range known {
		f.Add(uint16(v.alg), make([]byte, 64), uint64(3), []byte("abc"))
		f.Add(uint16(v.alg), make([]byte, 40), uint64(1<<61), []byte{})
	}
	f.Add(uint16(0), []byte{}, uint64(0), []byte(nil))
	f.Fuzz(func(t *testing.T, alg uint16, words []byte, length uint64, block []byte) {
		s := State{Alg: Algorithm(alg), Length: length, Block: block}
		for ; len(words) >= 8; words = words[8:] {
			s.H = append(s.H, binary.BigEndian.Uint64(words))
		}
		h, err := Import(s)
		if err != nil {
			return
		}
		got, err := Export(h)
		if err != nil {
			t.Fatal(err)
		}
		if got.Alg != s.Alg || got.Length != s.Length || !reflect.DeepEqual(got.H, s.H) || !bytes.Equal(got.Block, s.Block) {
			t.Errorf("in %+v, out %+v", s, got)
		}
		h.Write(make([]byte, 300))
		if len(h.Sum(nil)) != h.Size() {
			t.Error("size of the digest")
		}
	})
}
