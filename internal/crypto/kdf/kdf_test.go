package kdf

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"hash"
	"os"
	"strings"
	"testing"
)

var hashes = map[string]func() hash.Hash{
	"sha1": sha1.New, "sha256": sha256.New, "sha384": sha512.New384, "sha512": sha512.New,
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// testdata/kdf.json holds values computed by libtpms.
func TestReferenceValues(t *testing.T) {
	data, err := os.ReadFile("testdata/kdf.json")
	if err != nil {
		t.Fatal(err)
	}
	var v struct {
		KDFa []struct {
			Hash, Key, Label, ContextU, ContextV, Out string
			Bits                                      int
		}
		KDFe []struct {
			Hash, Z, Label, PartyU, PartyV, Out string
			Bits                                int
		}
	}
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	if len(v.KDFa) != 8 || len(v.KDFe) != 2 {
		t.Fatalf("%d and %d vectors", len(v.KDFa), len(v.KDFe))
	}
	for _, c := range v.KDFa {
		for _, label := range []string{c.Label, c.Label + "\x00"} {
			got := KDFa(hashes[c.Hash], unhex(t, c.Key), label, unhex(t, c.ContextU), unhex(t, c.ContextV), c.Bits)
			if !bytes.Equal(got, unhex(t, c.Out)) {
				t.Errorf("KDFa %s %q %d: %x", c.Hash, label, c.Bits, got)
			}
		}
	}
	for _, c := range v.KDFe {
		for _, label := range []string{c.Label, c.Label + "\x00"} {
			got := KDFe(hashes[c.Hash], unhex(t, c.Z), label, unhex(t, c.PartyU), unhex(t, c.PartyV), c.Bits)
			if !bytes.Equal(got, unhex(t, c.Out)) {
				t.Errorf("KDFe %s %q %d: %x", c.Hash, label, c.Bits, got)
			}
		}
	}
}

func TestOddLengths(t *testing.T) {
	full := KDFe(sha256.New, []byte("z"), "X", nil, nil, 528)
	got := KDFe(sha256.New, []byte("z"), "X", nil, nil, 521)
	if len(got) != 66 || got[0] != full[0]&1 || !bytes.Equal(got[1:], full[1:]) {
		t.Errorf("KDFe 521 bits: %x, of %x", got, full)
	}
	if got := KDFa(sha256.New, nil, "X", nil, nil, 521); len(got) != 66 {
		t.Errorf("KDFa 521 bits: %d bytes", len(got))
	}
	for _, bits := range []int{0, -8} {
		if n := len(KDFa(sha1.New, nil, "", nil, nil, bits)); n != 0 {
			t.Errorf("KDFa %d bits: %d bytes", bits, n)
		}
		if n := len(KDFe(sha1.New, nil, "", nil, nil, bits)); n != 0 {
			t.Errorf("KDFe %d bits: %d bytes", bits, n)
		}
	}
}

// An empty label still gets its terminator, and the context fields are
// joined without their sizes.
func TestLabelAndContextFraming(t *testing.T) {
	a := KDFa(sha256.New, []byte("k"), "", []byte("ab"), []byte("c"), 256)
	b := KDFa(sha256.New, []byte("k"), "\x00", []byte("a"), []byte("bc"), 256)
	if !bytes.Equal(a, b) {
		t.Error("empty label and single zero octet differ")
	}
	if bytes.Equal(a, KDFa(sha256.New, []byte("k"), "\x00a", []byte("b"), []byte("c"), 256)) {
		t.Error("label not terminated")
	}
}

// The counter continues: two derivations of one block are the two blocks of
// one derivation with the same length field.
func TestCounterContinues(t *testing.T) {
	c := uint32(1)
	first := KDFaCounter(sha256.New, []byte("k"), "L", nil, nil, 256, &c)
	second := KDFaCounter(sha256.New, []byte("k"), "L", nil, nil, 256, &c)
	if c != 3 {
		t.Errorf("counter %d", c)
	}
	for i, got := range [][]byte{first, second} {
		mac := hmac.New(sha256.New, []byte("k"))
		mac.Write([]byte{0, 0, 0, byte(i + 2), 'L', 0, 0, 0, 1, 0})
		if want := mac.Sum(nil); !bytes.Equal(got, want) {
			t.Errorf("block %d: %x want %x", i+2, got, want)
		}
	}
}

// Values of KDF2, MGF1 and the concatenation KDF follow from one-block
// definitions; the long ones check counter and truncation.
func TestHashExpansions(t *testing.T) {
	z, info := []byte("shared"), []byte("info")
	sum := func(parts ...string) []byte {
		s := sha256.Sum256([]byte(strings.Join(parts, "")))
		return s[:]
	}
	c := func(i byte) string { return string([]byte{0, 0, 0, i}) }
	for _, k := range []struct {
		name string
		f    func(size int) []byte
		want []byte
	}{
		{"Concat", func(n int) []byte { return Concat(sha256.New, z, info, n) }, append(sum(c(1), "shared", "info"), sum(c(2), "shared", "info")...)},
		{"KDF2", func(n int) []byte { return KDF2(sha256.New, z, info, n) }, append(sum("shared", c(1), "info"), sum("shared", c(2), "info")...)},
		{"MGF1", func(n int) []byte { return MGF1(sha256.New, z, n) }, append(sum("shared", c(0)), sum("shared", c(1))...)},
	} {
		for _, n := range []int{0, 1, 31, 32, 33, 64} {
			if got := k.f(n); !bytes.Equal(got, k.want[:n]) {
				t.Errorf("%s %d: %x", k.name, n, got)
			}
		}
	}
}
