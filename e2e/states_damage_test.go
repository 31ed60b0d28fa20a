package e2e

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"govtpm"
	"govtpm/e2e/rawtpm"
	"govtpm/store"
	"govtpm/store/envelope"
)

// Strides of the tests with damaged states, in bytes: every byte of one state, and of all in the end-to-end suites.
func stride(name string) int {
	switch {
	case testing.Short():
		return 257
	case name == "started" || os.Getenv("GOVTPM_E2E") != "":
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

// adviceGiven finds what a refusal has to say beside the fault: what to do.
var adviceGiven = regexp.MustCompile(`restore it from a backup|use that, or a later|use the program that|--(migration-)?key|program that knows|the mode of`)

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
		if !adviceGiven.MatchString(err.Error()) {
			return true, fmt.Errorf("without advice: %q", err)
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
			step := stride(g.name)
			if !long() {
				step = max(step, 7)
			}
			for n := 0; n < len(payload)-sha1.Size; n += step {
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

// Every form of envelope that swtpm wrote, cut off or altered at every byte: both versions of the header, both sizes of key, keys and
// passphrases, permanent and volatile state.
func TestDamagedEnvelopes(t *testing.T) {
	for _, e := range envelopes(t) {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			if refused, err := tryState(e.blobs, e.key); refused || err != nil {
				t.Fatalf("as it is: refused %v, %v", refused, err)
			}
			whole := e.blobs[e.kind]
			step := 1
			if testing.Short() || len(whole) > 4000 && os.Getenv("GOVTPM_E2E") == "" {
				step = 29
			}
			refusals := 0
			for n := 0; n < len(whole); n += step {
				altered := bytes.Clone(whole)
				altered[n] ^= 1 << (n % 8)
				for what, bad := range map[string][]byte{"cut": whole[:n], "altered": altered} {
					damaged := maps.Clone(e.blobs)
					damaged[e.kind] = bad
					refused, err := tryState(damaged, e.key)
					if err != nil || !refused && what == "cut" {
						t.Errorf("%s at %d: refused %v, %v", what, n, refused, err)
					}
					if refused {
						refusals++
					}
				}
			}
			t.Logf("%v of %d bytes: %d refused", e.kind, len(whole), refusals)
		})
	}
}

// A damagedEnvelope is blobs of a state, of which one is to be damaged.
type damagedEnvelope struct {
	name  string
	key   *envelope.Key
	kind  store.Kind
	blobs map[store.Kind][]byte
}

// envelopes are the states of TestDamagedEnvelopes.
func envelopes(t *testing.T) (list []damagedEnvelope) {
	t.Helper()
	keys := envelopeKeys(t)
	for name, key := range keys {
		b, err := os.ReadFile(filepath.Join("../store/envelope/testdata", name+".permall"))
		if err != nil {
			t.Fatal(err)
		}
		state, err := envelope.Open(b, key)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, damagedEnvelope{name, key, store.Permanent, map[store.Kind][]byte{store.Permanent: b}},
			damagedEnvelope{"version 1 " + name, key, store.Permanent, map[store.Kind][]byte{store.Permanent: version1(t, state, keyBytes(t, name))}})
	}
	for _, g := range goldens(t) {
		if g.name != "sessions" {
			continue
		}
		files := g.files(t)
		for _, name := range []string{"bin128", "bin256"} {
			two, one := map[store.Kind][]byte{}, map[store.Kind][]byte{}
			for k, b := range files {
				state, err := envelope.Open(b, nil)
				if err == nil {
					two[k], err = envelope.Seal(state, keys[name], rand.Reader)
				}
				if err != nil {
					t.Fatal(err)
				}
				one[k] = version1(t, state, keyBytes(t, name))
			}
			list = append(list, damagedEnvelope{"volatile " + name, keys[name], store.Volatile, two},
				damagedEnvelope{"volatile version 1 " + name, keys[name], store.Volatile, one})
		}
	}
	return list
}

// keyBytes is a key of envelopeKeys, nil for none.
func keyBytes(t *testing.T, name string) []byte {
	t.Helper()
	bits := 128
	if strings.HasSuffix(name, "256") {
		bits = 256
	}
	sum := sha512.Sum512([]byte("correct horse\n"))
	switch {
	case name == "plain":
		return nil
	case strings.HasPrefix(name, "pwdsha"):
		return sum[:bits/8]
	case strings.HasPrefix(name, "pwd"):
		k, err := pbkdf2.Key(sha512.New, "correct horse\n", []byte("swtpm"), 1000, bits/8)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	return fixedKey(bits)
}

// version1 puts a state into the envelope that swtpm wrote before it had records: no IV, and the SHA-256 of the state before it.
func version1(t *testing.T, state, key []byte) []byte {
	t.Helper()
	flags, body := uint16(0), state
	if key != nil {
		sum := sha256.Sum256(state)
		pad := len(key) - (len(sum)+len(state))%len(key)
		body = slices.Concat(sum[:], state, bytes.Repeat([]byte{byte(pad)}, pad))
		block, err := aes.NewCipher(key)
		if err != nil {
			t.Fatal(err)
		}
		cipher.NewCBCEncrypter(block, make([]byte, aes.BlockSize)).CryptBlocks(body, body)
		if flags = 1; len(key) == 32 {
			flags |= 1 << 3
		}
	}
	return pack(uint8(1), uint8(1), uint16(10), flags, uint32(10+len(body)), body)
}
