package ecc

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"

	"govtpm/internal/crypto/curve"
)

// ctrDRBG is the generator of SP 800-90A, 10.2.1, with AES-256 and no
// derivation function in Generate, instantiated with a known key and counter.
type ctrDRBG struct {
	block cipher.Block
	v     [16]byte
}

func newCTRDRBG(key, v []byte) *ctrDRBG {
	b, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	return &ctrDRBG{block: b, v: [16]byte(v)}
}

func (g *ctrDRBG) blocks(out []byte) {
	for len(out) > 0 {
		lo := binary.BigEndian.Uint64(g.v[8:]) + 1
		binary.BigEndian.PutUint64(g.v[8:], lo)
		if lo == 0 {
			binary.BigEndian.PutUint64(g.v[:], binary.BigEndian.Uint64(g.v[:])+1)
		}
		var b [16]byte
		g.block.Encrypt(b[:], g.v[:])
		out = out[copy(out, b[:]):]
	}
}

func (g *ctrDRBG) Read(p []byte) (int, error) {
	g.blocks(p)
	var t [48]byte
	g.blocks(t[:])
	*g = *newCTRDRBG(t[:32], t[32:])
	return len(p), nil
}

// TestPrimaryKeys makes the key pairs that libtpms makes of the same generator
// state, on every curve.
func TestPrimaryKeys(t *testing.T) {
	var file struct {
		Vectors []struct {
			Name, DRBGKey, DRBGV, Private, X, Y string
			Curve                               uint16
		}
	}
	data, err := os.ReadFile("testdata/primary.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	unhex := func(s string) []byte {
		b, err := hex.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	seen := map[uint16]bool{}
	for _, v := range file.Vectors {
		seen[v.Curve] = true
		c := curve.ByID(v.Curve)
		d, q, err := GenerateKey(c, newCTRDRBG(unhex(v.DRBGKey), unhex(v.DRBGV)))
		if err != nil {
			t.Errorf("%s: %v", v.Name, err)
			continue
		}
		if got := hex.EncodeToString(d.Bytes()); got != v.Private {
			t.Errorf("%s: private %s, want %s", v.Name, got, v.Private)
		}
		if x, y := hex.EncodeToString(q.X()), hex.EncodeToString(q.Y()); x != v.X || y != v.Y {
			t.Errorf("%s: public %s %s, want %s %s", v.Name, x, y, v.X, v.Y)
		}
	}
	if len(seen) != 8 {
		t.Errorf("vectors for %d curves, want 8", len(seen))
	}
}
