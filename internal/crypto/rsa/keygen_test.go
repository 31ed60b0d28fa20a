package rsa

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
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

type primaryVector struct {
	Name                                               string
	Level                                              int
	Exponent                                           uint32
	Key, V, Modulus, Sensitive, P, Q, SeedValue, Wrong hexBytes
}

func (v *primaryVector) generator() *drbg.DRBG {
	var s drbg.State
	copy(s.Seed[:32], v.Key)
	copy(s.Seed[32:], v.V)
	return drbg.Restore(s, nil)
}

func primaryVectors(t testing.TB) []primaryVector {
	t.Helper()
	data, err := os.ReadFile("testdata/primary.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Vectors []primaryVector }
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Vectors) != 15 {
		t.Fatalf("%d vectors", len(file.Vectors))
	}
	return file.Vectors
}

// TestPrimaryKeys makes the keys of libtpms from its seeds. That the value
// drawn next agrees too shows that the search left the generator where
// libtpms leaves it.
func TestPrimaryKeys(t *testing.T) {
	for _, v := range primaryVectors(t) {
		t.Run(v.Name, func(t *testing.T) {
			if testing.Short() && len(v.Modulus) > 256 {
				t.Skip("slow")
			}
			g := v.generator()
			k, err := GenerateKey(g, KeyParams{Bits: 8 * len(v.Modulus), Exponent: v.Exponent, Compat: v.Level})
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(k.Modulus(), v.Modulus) {
				t.Errorf("modulus %x", k.Modulus())
			}
			if !bytes.Equal(k.Prime(), v.Sensitive) {
				t.Errorf("sensitive %x", k.Prime())
			}
			if len(v.SeedValue) > 0 && len(v.Name) > 0 {
				got := make([]byte, len(v.SeedValue))
				g.Generate(got)
				if !bytes.Equal(got, v.SeedValue) {
					t.Errorf("seed value %x", got)
				}
			}
		})
	}
}

var errStop = errors.New("stop")
