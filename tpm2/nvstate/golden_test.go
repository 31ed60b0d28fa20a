package nvstate_test

import (
	"bytes"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"govtpm/tpm2/nvstate"
)

// golden is a blob written by libtpms.
type golden struct {
	name string
	blob []byte
}

// goldens reads the blobs whose file name matches. testdata/README.md says how they were made.
func goldens(t testing.TB, pattern string) []golden {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", pattern+".hex"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no %s in testdata: %v", pattern, err)
	}
	var list []golden
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		blob, err := hex.DecodeString(strings.Join(strings.Fields(string(text)), ""))
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		list = append(list, golden{strings.TrimSuffix(filepath.Base(file), ".hex"), blob})
	}
	return list
}

// sameBytes reports the first difference.
func sameBytes(t *testing.T, got, want []byte) {
	t.Helper()
	if bytes.Equal(got, want) {
		return
	}
	n := 0
	for n < len(got) && n < len(want) && got[n] == want[n] {
		n++
	}
	t.Errorf("%d bytes, want %d; first difference at 0x%04x: %x, want %x", len(got), len(want), n,
		got[n:min(n+16, len(got))], want[n:min(n+16, len(want))])
}

func TestPermanentGolden(t *testing.T) {
	for _, g := range goldens(t, "permanent-*") {
		t.Run(g.name, func(t *testing.T) {
			blob := bytes.Clone(g.blob)
			p, err := nvstate.DecodePermanent(blob)
			if err != nil {
				t.Fatal(err)
			}
			clear(blob) // nothing of the result is part of it
			again, err := p.Encode()
			if err != nil {
				t.Fatal(err)
			}
			sameBytes(t, again, g.blob)
		})
	}
}

func TestVolatileGolden(t *testing.T) {
	for _, g := range goldens(t, "volatile-*") {
		t.Run(g.name, func(t *testing.T) {
			blob := bytes.Clone(g.blob)
			v, err := nvstate.DecodeVolatile(blob)
			if err != nil {
				t.Fatal(err)
			}
			clear(blob) // nothing of the result is part of it
			again, err := v.Encode(nvstate.LevelNull)
			if err != nil {
				t.Fatal(err)
			}
			sameBytes(t, again, g.blob)
		})
	}
}
