package e2e

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha1"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"govtpm"
	"govtpm/e2e/rawtpm"
	"govtpm/store"
	"govtpm/store/envelope"
)

// Strides of the tests with damaged states, in bytes: every byte of the small states, fewer of the others.
func stride(name string) int {
	switch {
	case testing.Short():
		return 257
	case long() || name == "started":
		return 1
	}
	return 13
}

// files reads the blobs of a state.
func (g *golden) files(t testing.TB) map[store.Kind][]byte {
	t.Helper()
	m := map[store.Kind][]byte{}
	for _, k := range []store.Kind{store.Permanent, store.Volatile} {
		b, err := os.ReadFile(filepath.Join(g.dir, "tpm2-00."+k.String()))
		if err == nil {
			m[k] = b
		} else if !os.IsNotExist(err) || k == store.Permanent {
			t.Fatal(err)
		}
	}
	return m
}

// tryState starts our TPM with blobs. It must start, or say in words why not and leave the blobs as they are.
func tryState(blobs map[store.Kind][]byte, key *envelope.Key) (refused bool, err error) {
	s := store.NewMemory()
	if err := s.Lock(0); err != nil {
		return false, err
	}
	for k, b := range blobs {
		if err := s.Save(k, b); err != nil {
			return false, err
		}
	}
	if err := s.Unlock(); err != nil {
		return false, err
	}
	var failure string
	tpm, err := govtpm.Open(store.Seal(s.Open(), key, rand.Reader), govtpm.Options{DisableAutoShutdown: true,
		Log: func(format string, args ...any) { failure = fmt.Sprintf(format, args...) }})
	if err != nil {
		return false, err
	}
	defer tpm.Close()
	if err := tpm.Init(context.Background(), false); err != nil {
		for k, b := range blobs {
			if now, lerr := s.Load(k); lerr != nil || !bytes.Equal(now, b) {
				return true, fmt.Errorf("the blob %v was changed though the TPM does not start: %v", k, err)
			}
		}
		if text := err.Error(); len(text) < 20 || strings.Contains(text, "panic") || strings.Contains(text, "runtime error") {
			return true, fmt.Errorf("not in words: %q", text)
		}
		return true, nil
	}
	for _, cmd := range []rawtpm.Command{rawtpm.Startup(true), rawtpm.Startup(false), rawtpm.GetCapability(1, 0x81000000, 254),
		rawtpm.GetCapability(6, 0x200, 254), rawtpm.PCRRead(rawtpm.AlgSHA256, 0, 1, 2), rawtpm.Shutdown(true)} {
		if rsp, err := tpm.Execute(context.Background(), 0, cmd); err != nil || len(rsp) < 10 {
			return false, fmt.Errorf("%x: %x, %v", []byte(cmd), rsp, err)
		}
	}
	if failure != "" && !strings.Contains(failure, "was in failure mode when its state was taken") {
		return false, fmt.Errorf("the TPM starts and fails: %s", failure)
	}
	return false, nil
}

// A state that was cut off or altered anywhere, plain or encrypted, is refused in words and left alone, or is a valid one.
func TestDamagedStates(t *testing.T) {
	for _, g := range goldens(t) {
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			key, blobs := g.envelopeKey(t), g.files(t)
			if refused, err := tryState(blobs, key); refused || err != nil {
				t.Fatalf("as it is: refused %v, %v", refused, err)
			}
			for kind, whole := range blobs {
				refusals, tries := 0, 0
				try := func(what string, at int, bad []byte, must bool) {
					damaged := map[store.Kind][]byte{store.Permanent: blobs[store.Permanent], kind: bad}
					refused, err := tryState(damaged, key)
					if err != nil || must && !refused {
						t.Errorf("%v %s at %d: refused %v, %v", kind, what, at, refused, err)
					}
					if tries++; refused {
						refusals++
					}
				}
				step := stride(g.name)
				for n := 0; n < len(whole); n += step {
					try("cut", n, whole[:n], true)
					bad := bytes.Clone(whole)
					bad[n] ^= 1 << (n % 8)
					try("altered", n, bad, key != nil && n >= envelopeHeader || kind == store.Volatile && n >= envelopeHeader)
				}
				t.Logf("%v of %d bytes: %d of %d refused", kind, len(whole), refusals, tries)
			}
		})
	}
}

// envelopeHeader is where the parts of a blob begin that are all under its checksum or encryption.
const envelopeHeader = 16

// Volatile state that was altered and given a checksum that fits is refused, or starts a TPM that does not fail.
func TestForgedVolatileStates(t *testing.T) {
	for _, g := range goldens(t) {
		blobs := g.files(t)
		if g.key != nil || blobs[store.Volatile] == nil {
			continue
		}
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			payload, err := envelope.Open(blobs[store.Volatile], nil)
			if err != nil {
				t.Fatal(err)
			}
			refusals, tries := 0, 0
			for n := 0; n < len(payload)-sha1.Size; n += stride(g.name) {
				for _, bit := range []byte{1, 0x80} {
					bad := bytes.Clone(payload)
					bad[n] ^= bit
					end := len(bad) - sha1.Size
					sum := sha1.Sum(bad[:end])
					copy(bad[end:], sum[:])
					sealed, err := envelope.Seal(bad, nil, nil)
					if err != nil {
						t.Fatal(err)
					}
					refused, err := tryState(map[store.Kind][]byte{store.Permanent: blobs[store.Permanent], store.Volatile: sealed}, nil)
					if err != nil {
						t.Errorf("altered at 0x%04x with %02x: %v", n, bit, err)
					}
					if tries++; refused {
						refusals++
					}
				}
			}
			t.Logf("%d of %d refused", refusals, tries)
		})
	}
}

// A damaged file in a directory stays as it is, byte for byte, also when the TPM is started again and commanded.
func TestDamagedFileStays(t *testing.T) {
	for _, g := range goldens(t) {
		if !slices.Contains([]string{"keys", "keys-encrypted", "nv"}, g.name) {
			continue
		}
		t.Run(g.name, func(t *testing.T) {
			for _, cut := range []int{0, 1, 9, 10, 400, 1200} {
				dir := g.copy(t, "clear")
				file := filepath.Join(dir, "tpm2-00.permall")
				whole, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				bad := whole[:cut]
				if err := os.WriteFile(file, bad, 0o600); err != nil {
					t.Fatal(err)
				}
				for range 2 {
					if _, err := powerOurs(dir, g.envelopeKey(t)); err == nil {
						t.Errorf("cut at %d: it starts", cut)
					}
				}
				entries, _ := os.ReadDir(dir)
				if now, err := os.ReadFile(file); err != nil || !bytes.Equal(now, bad) || len(entries) > 2 {
					t.Errorf("cut at %d: the file was changed: %v, %v", cut, entries, err)
				}
			}
		})
	}
}
