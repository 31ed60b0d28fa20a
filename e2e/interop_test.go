package e2e

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"govtpm/e2e/rawtpm"
)

// runNow is how a program is started that serves commands at once.
const runNow = "not-need-init,startup-clear"

// primaries are keys that follow from a seed and a template alone.
var primaries = []struct {
	name     string
	template rawtpm.Template
}{
	{"RSA-2048 storage", rawtpm.RSA(2048, rawtpm.Storage, nil)},
	{"RSA-2048 signing", rawtpm.RSA(2048, rawtpm.Signing, nil)},
	{"RSA-2048 with unique", rawtpm.RSA(2048, rawtpm.Storage, bytes.Repeat([]byte{7}, 256))},
	{"RSA-3072 storage", rawtpm.RSA(3072, rawtpm.Storage, nil)},
	{"P-256 storage", rawtpm.ECC(rawtpm.CurveP256, rawtpm.Storage, nil)},
	{"P-256 signing", rawtpm.ECC(rawtpm.CurveP256, rawtpm.Signing, nil)},
	{"P-384 storage", rawtpm.ECC(rawtpm.CurveP384, rawtpm.Storage, nil)},
	{"P-384 signing", rawtpm.ECC(rawtpm.CurveP384, rawtpm.Signing, []byte{1, 2, 3})},
}

// publics makes every primary key in every hierarchy and gives their public areas by name.
func publics(t *testing.T, tpm *socketTPM) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for _, h := range []struct {
		name   string
		handle uint32
	}{{"owner", rawtpm.Owner}, {"endorsement", rawtpm.Endorsement}, {"platform", rawtpm.Platform}} {
		for _, p := range primaries {
			name := h.name + " " + p.name
			handle, public, err := tpm.Primary(h.handle, p.template)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			all[name] = public
			tpm.must(rawtpm.FlushContext(handle))
		}
	}
	return all
}

// A state that one implementation wrote gives the same primary keys in the other, in both directions.
func TestInteropPrimaries(t *testing.T) {
	guard(t, theirs)
	under := program(t)
	for _, tt := range []struct{ name, first, second string }{
		{"theirs-then-ours", theirs, under},
		{"ours-then-theirs", under, theirs},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			tpm := startSocket(t, tt.first, dir, runNow)
			want := publics(t, tpm)
			tpm.must(rawtpm.Shutdown(false))
			tpm.end()

			tpm = startSocket(t, tt.second, dir, runNow)
			got := publics(t, tpm)
			tpm.end()
			for name, public := range want {
				if !bytes.Equal(got[name], public) {
					t.Errorf("%s: %x, was %x", name, got[name], public)
				}
			}
		})
	}
}

// contents is what a state directory holds that a client can see.
type contents struct {
	persistent, indexes []uint32
	publics, data       map[uint32][]byte
}

const (
	firstKept  = rawtpm.HandlesKept + 0x10
	firstIndex = rawtpm.HandlesNV + 0x500010
	nvSize     = 48
)

// furnish puts persistent keys and NV indexes into a TPM.
func furnish(t *testing.T, tpm *socketTPM, seed byte) {
	t.Helper()
	for i, p := range []rawtpm.Template{
		rawtpm.RSA(2048, rawtpm.Storage, []byte{seed}),
		rawtpm.ECC(rawtpm.CurveP256, rawtpm.Storage, []byte{seed}),
		rawtpm.ECC(rawtpm.CurveP384, rawtpm.Signing, []byte{seed}),
	} {
		key, _, err := tpm.Primary(rawtpm.Owner, p)
		if err != nil {
			t.Fatal(err)
		}
		tpm.must(rawtpm.EvictControl(key, firstKept+uint32(seed)<<4+uint32(i)))
		tpm.must(rawtpm.FlushContext(key))
	}
	for i := range uint32(4) {
		index := firstIndex + uint32(seed)<<4 + i
		tpm.must(rawtpm.NVDefine(index, nvSize))
		tpm.must(rawtpm.NVWrite(index, bytes.Repeat([]byte{seed, byte(i)}, nvSize/2)))
	}
}

// look reads what is there and uses each key.
func look(t *testing.T, tpm *socketTPM) contents {
	t.Helper()
	c := contents{publics: map[uint32][]byte{}, data: map[uint32][]byte{}}
	var err error
	if c.persistent, err = tpm.Handles(rawtpm.HandlesKept); err != nil {
		t.Fatal(err)
	}
	for _, h := range c.persistent {
		c.publics[h] = tpm.must(rawtpm.ReadPublic(h)).Sized()
	}
	if c.indexes, err = tpm.Handles(rawtpm.HandlesNV); err != nil {
		t.Fatal(err)
	}
	for _, h := range c.indexes {
		if c.data[h], err = tpm.ReadNV(h, nvSize); err != nil {
			t.Fatalf("NV index 0x%x: %v", h, err)
		}
	}
	child, err := tpm.NewKey(firstKept+1<<4+1, rawtpm.ECC(rawtpm.CurveP256, rawtpm.Signing, nil))
	if err != nil {
		t.Fatalf("new key under a persistent parent: %v", err)
	}
	tpm.must(rawtpm.Sign(child, make([]byte, 32)))
	tpm.must(rawtpm.FlushContext(child))
	return c
}

// equal compares two contents.
func (c contents) equal(d contents) error {
	if !slices.Equal(c.persistent, d.persistent) || !slices.Equal(c.indexes, d.indexes) {
		return fmt.Errorf("handles %x, %x; were %x, %x", d.persistent, d.indexes, c.persistent, c.indexes)
	}
	for h, p := range c.publics {
		if !bytes.Equal(p, d.publics[h]) {
			return fmt.Errorf("key 0x%x: %x, was %x", h, d.publics[h], p)
		}
	}
	for h, v := range c.data {
		if !bytes.Equal(v, d.data[h]) {
			return fmt.Errorf("NV index 0x%x: %x, was %x", h, d.data[h], v)
		}
	}
	return nil
}

// A directory goes from one implementation to the other and back, and each adds to it.
func TestInteropDirectory(t *testing.T) {
	guard(t, theirs)
	under := program(t)
	for _, tt := range []struct {
		name  string
		chain []string
	}{
		{"theirs-ours-theirs", []string{theirs, under, theirs}},
		{"ours-theirs-ours", []string{under, theirs, under}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			var before contents
			for i, p := range tt.chain {
				tpm := startSocket(t, p, dir, runNow)
				if i > 0 {
					if err := before.equal(look(t, tpm)); err != nil {
						t.Fatalf("%s, step %d: %v", p, i+1, err)
					}
				}
				furnish(t, tpm, byte(i+1))
				before = look(t, tpm)
				tpm.must(rawtpm.Shutdown(false))
				tpm.end()
			}
			if want := 3 * len(tt.chain); len(before.persistent) != want {
				t.Errorf("%d persistent keys at the end, want %d", len(before.persistent), want)
			}
		})
	}
}
