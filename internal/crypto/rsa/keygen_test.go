package rsa

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"testing"

	"govtpm/internal/crypto/drbg"
	"govtpm/internal/crypto/prime"
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
			if len(v.SeedValue) > 0 {
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

// constant gives the same octets for ever.
type constant byte

func (c constant) Generate(b []byte) error {
	for i := range b {
		b[i] = byte(c)
	}
	return nil
}

func TestGenerateKeyFailures(t *testing.T) {
	stop := func() error { return errStop }
	for _, c := range []struct {
		name string
		g    prime.Generator
		p    KeyParams
		want error
	}{
		{"cancelled", drbg.New(nil), KeyParams{Bits: 1024, Exponent: 65537, Compat: 1, Poll: stop}, errStop},
		{"default exponent", drbg.New(nil), KeyParams{Bits: 1024, Compat: 1}, prime.ErrParams},
		{"level", drbg.New(nil), KeyParams{Bits: 1024, Exponent: 65537, Compat: 2}, prime.ErrParams},
		{"no size", drbg.New(nil), KeyParams{Exponent: 65537}, prime.ErrParams},
		{"small size", drbg.New(nil), KeyParams{Bits: 384, Exponent: 65537}, prime.ErrParams},
		{"odd size", drbg.New(nil), KeyParams{Bits: 1025, Exponent: 65537}, prime.ErrParams},
		{"huge size", drbg.New(nil), KeyParams{Bits: 1 << 30, Exponent: 65537}, prime.ErrParams},
		{"derivation stream", drbg.NewStream(sha256.New, nil, nil, nil), KeyParams{Bits: 2048, Exponent: 65537, Compat: 1}, drbg.ErrExhausted},
		{"constant generator", constant(0x5a), KeyParams{Bits: 512, Exponent: 65537, Compat: 1}, ErrNoPrimes},
	} {
		if k, err := GenerateKey(c.g, c.p); !errors.Is(err, c.want) || k != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// Keys of unusual sizes and exponents work too.
func TestGenerateOtherKeys(t *testing.T) {
	for _, p := range []KeyParams{{Bits: 512, Exponent: 3}, {Bits: 640, Exponent: 65539, Compat: 1}, {Bits: 1536, Exponent: 17, Compat: 1}} {
		k, err := GenerateKey(drbg.New([]byte("other")), p)
		if err != nil {
			t.Fatal(err)
		}
		c, err := k.Encrypt([]byte("m"))
		if err != nil || 8*k.Size() != p.Bits {
			t.Fatalf("%d bits: %v", 8*k.Size(), err)
		}
		if m, err := k.Decrypt(c); err != nil || m[k.Size()-1] != 'm' {
			t.Errorf("%+v: %v", p, err)
		}
	}
}
