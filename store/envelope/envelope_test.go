package envelope

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func key(t testing.TB, digits string) *Key {
	t.Helper()
	b, err := hex.DecodeString(digits)
	if err != nil {
		t.Fatal(err)
	}
	k, err := NewKey(b)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func key128(t testing.TB) *Key { return key(t, "000102030405060708090a0b0c0d0e0f") }
func key256(t testing.TB) *Key {
	return key(t, "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f")
}

func derived(t testing.TB, f KDF, bits int) *Key {
	t.Helper()
	k, err := DeriveKey([]byte("correct horse\n"), f, bits)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func golden(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// noRand fails: for what must not need randomness.
type noRand struct{}

func (noRand) Read([]byte) (int, error) { return 0, errors.New("no randomness expected here") }

// fixedRand gives always the same bytes.
func fixedRand() io.Reader { return strings.NewReader(strings.Repeat("0123456789abcdef", 100)) }

// ivOf returns the IV record of a body, or nothing.
func ivOf(t *testing.T, body []byte, tg tag) []byte {
	t.Helper()
	r, err := parseRecords(body)
	if err != nil {
		t.Fatal(err)
	}
	return r[tg]
}

// What swtpm stored opens, and sealed again with the same IV it is the same bytes.
func TestGoldenFiles(t *testing.T) {
	permanent, volatile := "0003ab3647230003", "0004456378890001"
	for _, tt := range []struct {
		name   string
		key    *Key
		prefix string
	}{
		{"plain.permall", nil, permanent},
		{"plain.volatilestate", nil, volatile},
		{"hex128.permall", key128(t), permanent},
		{"bin128.permall", key128(t), permanent},
		{"hex256.permall", key256(t), permanent},
		{"bin256.permall", key256(t), permanent},
		{"pwd128.permall", derived(t, PBKDF2, 128), permanent},
		{"pwd256.permall", derived(t, PBKDF2, 256), permanent},
		{"pwdsha128.permall", derived(t, SHA512, 128), permanent},
		{"pwdsha256.permall", derived(t, SHA512, 256), permanent},
	} {
		t.Run(tt.name, func(t *testing.T) {
			blob := golden(t, tt.name)
			state, err := Open(blob, tt.key)
			if err != nil {
				t.Fatal(err)
			}
			if got := hex.EncodeToString(state[:8]); got != tt.prefix {
				t.Errorf("the state begins with %s, want %s", got, tt.prefix)
			}
			again, err := Seal(state, tt.key, bytes.NewReader(ivOf(t, blob[headerSize:], tagIV)))
			if err != nil || !bytes.Equal(again, blob) {
				t.Errorf("sealed again it differs (%v)", err)
			}
		})
	}
}

// The blobs that swtpm gave for migration can be imported, and exported with the same IVs they are the same bytes.
func TestGoldenMigration(t *testing.T) {
	k128, k256 := key128(t), key256(t)
	for _, tt := range []struct {
		name      string
		keys      Keys
		decrypted bool
		encrypted bool // what swtpm said with the blob
		flags     byte
	}{
		{"none", Keys{}, true, false, 0x04},
		{"file128-decrypted", Keys{File: k128}, true, false, 0x04},
		{"file128", Keys{File: k128}, false, true, 0x05},
		{"file256", Keys{File: k256}, false, true, 0x0d},
		{"mig256-decrypted", Keys{File: k128, Migration: k256}, true, false, 0x16},
		{"file128-mig256", Keys{File: k128, Migration: k256}, false, true, 0x17},
		{"file256-mig256", Keys{File: k256, Migration: k256}, false, true, 0x1f},
	} {
		t.Run(tt.name, func(t *testing.T) {
			blob := golden(t, "migration-"+tt.name+".blob")
			if blob[5] != tt.flags {
				t.Fatalf("flags %#x, want %#x", blob[5], tt.flags)
			}
			state, err := tt.keys.Import(blob, tt.encrypted)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.HasPrefix(state, []byte("\x00\x03\xab\x36\x47\x23")) {
				t.Errorf("the state begins with %x", state[:6])
			}
			if _, err := tt.keys.Import(blob, false); err != nil {
				t.Errorf("the flag in the header must do: %v", err)
			}
			again, encrypted, err := tt.keys.Export(state, tt.decrypted, bytes.NewReader(goldenIVs(t, tt.keys, blob)))
			if err != nil || encrypted != tt.encrypted || !bytes.Equal(again, blob) {
				t.Errorf("exported again it differs (encrypted %v, %v)", encrypted, err)
			}
		})
	}
}

// goldenIVs returns the IVs of a migration blob, of the inner layer first.
func goldenIVs(t *testing.T, k Keys, blob []byte) []byte {
	t.Helper()
	h, body, err := splitHeader(blob)
	if err != nil {
		t.Fatal(err)
	}
	inner, err := k.openOuter(h, body)
	if err != nil {
		t.Fatal(err)
	}
	return append(append([]byte{}, ivOf(t, inner, tagIV)...), ivOf(t, body, tagMigrationIV)...)
}

func TestRoundTrip(t *testing.T) {
	for n := 0; n < 70; n++ {
		state := bytes.Repeat([]byte{byte(n), 0x55}, n)[:n]
		for _, k := range []*Key{nil, key128(t), key256(t)} {
			blob, err := Seal(state, k, fixedRand())
			if err != nil {
				t.Fatal(err)
			}
			if got, err := Open(blob, k); err != nil || !bytes.Equal(got, state) {
				t.Fatalf("%d bytes: %x, %v", n, got, err)
			}
			for _, m := range []*Key{nil, key128(t), key256(t)} {
				for _, decrypted := range []bool{false, true} {
					keys := Keys{k, m}
					blob, enc, err := keys.Export(state, decrypted, fixedRand())
					if err != nil || enc != (k != nil && !decrypted) {
						t.Fatalf("Export: %v, %v", enc, err)
					}
					if got, err := keys.Import(blob, enc); err != nil || !bytes.Equal(got, state) {
						t.Fatalf("%d bytes moved: %x, %v", n, got, err)
					}
				}
			}
		}
	}
}

func TestPlainNeedsNoRandomness(t *testing.T) {
	if _, err := Seal([]byte("x"), nil, noRand{}); err != nil {
		t.Error(err)
	}
	if _, err := Seal([]byte("x"), key128(t), noRand{}); err == nil {
		t.Error("encrypted without randomness")
	}
	if _, _, err := (Keys{Migration: key128(t)}).Export([]byte("x"), false, noRand{}); err == nil {
		t.Error("exported without randomness")
	}
}

// sealed is a state of three bytes in the envelope.
func sealed(t *testing.T, k *Key) []byte {
	t.Helper()
	b, err := Seal([]byte("abc"), k, fixedRand())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// with returns a copy of b with one byte set.
func with(b []byte, at int, to byte) []byte {
	b = append([]byte{}, b...)
	b[at] = to
	return b
}

// made returns a blob with these flags and records.
func made(f flags, body []byte) []byte { return addHeader(f, body) }

func TestOpenErrors(t *testing.T) {
	k128, k256 := key128(t), key256(t)
	plain, enc := sealed(t, nil), sealed(t, k128)
	goodBody, _ := k128.encrypt(fileTags, []byte("abc"), fixedRand())
	r, _ := parseRecords(goodBody)
	for _, tt := range []struct {
		name string
		blob []byte
		key  *Key
		want error
	}{
		{"nothing", nil, nil, ErrHeader},
		{"empty file, key", []byte{}, k128, ErrHeader},
		{"short header", plain[:9], nil, ErrHeader},
		{"later version", with(plain, 1, 3), nil, ErrVersion},
		{"highest later version", with(plain, 1, plausibleVersion), nil, ErrVersion},
		{"no version", with(plain, 1, plausibleVersion+1), nil, ErrForeign},
		{"text", []byte("There was once a TPM.\n"), nil, ErrForeign},
		{"lines", []byte("\n\n\n\n\n\n\n\n\n\n"), nil, ErrForeign},
		{"version 0", with(plain, 0, 0), nil, ErrHeader},
		{"header size", with(plain, 3, 11), nil, ErrHeaderSize},
		{"version before header size", with(with(plain, 1, 3), 3, 11), nil, ErrVersion},
		{"total length", with(plain, 9, 1), nil, ErrHeader},
		{"cut off", plain[:len(plain)-1], nil, ErrHeader},
		{"longer", append(append([]byte{}, plain...), 0), nil, ErrHeader},
		{"no body", made(0, nil), nil, ErrDamaged},
		{"no plain record", made(0, appendRecord(nil, tagMigrationPlain, []byte("abc"))), nil, ErrDamaged},
		{"half a record header", made(0, []byte{0, 1, 0}), nil, ErrDamaged},
		{"record too long", made(0, []byte{0, 1, 0, 0, 0, 2, 'a'}), nil, ErrDamaged},
		{"record far too long", made(0, []byte{0, 1, 0xff, 0xff, 0xff, 0xff, 'a'}), nil, ErrDamaged},
		{"encrypted, no key", enc, nil, ErrNoKey},
		{"plain, key", plain, k128, ErrNotEncrypted},
		{"encrypted with 128, key of 256", enc, k256, ErrKeySize},
		{"encrypted with 256, key of 128", sealed(t, k256), k128, ErrKeySize},
		{"wrong key", enc, key(t, strings.Repeat("ff", 16)), ErrDecrypt},
		{"no encrypted record", made(flagFileKey, appendRecord(nil, tagPlain, []byte("abc"))), k128, ErrDamaged},
		{"no HMAC", made(flagFileKey, appendRecord(appendRecord(nil, tagEncrypted, r[tagEncrypted]), tagIV, r[tagIV])), k128, ErrDamaged},
		{"short HMAC", made(flagFileKey, record3(r[tagEncrypted], r[tagHMAC][:31], r[tagIV])), k128, ErrDamaged},
		{"empty HMAC", made(flagFileKey, record3(r[tagEncrypted], nil, r[tagIV])), k128, ErrDamaged},
		{"short IV", made(flagFileKey, record3(r[tagEncrypted], r[tagHMAC], r[tagIV][:15])), k128, ErrDecrypt},
		{"other IV", made(flagFileKey, record3(r[tagEncrypted], r[tagHMAC], make([]byte, 16))), k128, ErrDecrypt},
		{"no whole blocks", made(flagFileKey, macked(k128, r[tagEncrypted][:15], r[tagIV])), k128, ErrDecrypt},
		{"no blocks", made(flagFileKey, macked(k128, nil, r[tagIV])), k128, ErrDecrypt},
		{"padding 0", made(flagFileKey, macked(k128, cbc(k128, r[tagIV], make([]byte, 16)), r[tagIV])), k128, ErrDecrypt},
		{"padding 17", made(flagFileKey, macked(k128, cbc(k128, r[tagIV], bytes.Repeat([]byte{17}, 32)), r[tagIV])), k128, ErrDecrypt},
		{"padding longer than the data", made(flagFileKey|flagFile256, macked(k256, cbc(k256, r[tagIV], bytes.Repeat([]byte{17}, 16)), r[tagIV])), k256, ErrDecrypt},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Open(tt.blob, tt.key)
			if !errors.Is(err, tt.want) || got != nil {
				t.Errorf("%q, %v; want %v", got, err, tt.want)
			}
		})
	}
}

func record3(text, mac, iv []byte) []byte {
	return appendRecord(appendRecord(appendRecord(nil, tagEncrypted, text), tagHMAC, mac), tagIV, iv)
}

func macked(k *Key, text, iv []byte) []byte { return record3(text, k.mac(text, iv), iv) }

func cbc(k *Key, iv, text []byte) []byte {
	b, err := aes.NewCipher(k.k)
	if err != nil {
		panic(err)
	}
	out := make([]byte, len(text))
	cipher.NewCBCEncrypter(b, iv[:16]).CryptBlocks(out, text)
	return out
}

// What is unusual and yet valid.
func TestOpenAccepts(t *testing.T) {
	k128, k256 := key128(t), key256(t)
	padded := func(n int) []byte {
		return append([]byte("abc"), bytes.Repeat([]byte{byte(n - 3)}, n-3)...)
	}
	iv := []byte("0123456789abcdefghijklmnopqrstuv!")
	zero := make([]byte, 16)
	text := cbc(k128, zero, padded(16))
	for _, tt := range []struct {
		name string
		blob []byte
		key  *Key
	}{
		{"minimal version of the reader", with(sealed(t, nil), 1, 2), nil},
		{"higher version", with(sealed(t, nil), 0, 9), nil},
		{"unknown records", made(0, appendRecord(appendRecord(appendRecord(nil, 99, []byte("x")), tagPlain, []byte("abc")), 100, nil)), nil},
		{"first of two", made(0, appendRecord(appendRecord(nil, tagPlain, []byte("abc")), tagPlain, []byte("def"))), nil},
		{"long IV", made(flagFileKey, macked(k128, cbc(k128, iv, padded(16)), iv)), k128},
		{"short IV for 256 bits", made(flagFileKey|flagFile256, macked(k256, cbc(k256, iv, padded(32)), iv[:16])), k256},
		{"padding to 16 with 256 bits", made(flagFileKey|flagFile256, macked(k256, cbc(k256, iv, padded(16)), iv)), k256},
		{"no IV", made(flagFileKey, appendRecord(appendRecord(nil, tagEncrypted, text), tagHMAC, k128.mac(text))), k128},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got, err := Open(tt.blob, tt.key); err != nil || string(got) != "abc" {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}

// version1 makes a blob of version 1 as programs of old wrote it.
func version1(t *testing.T, state []byte, f flags, keys ...*Key) []byte {
	t.Helper()
	for _, k := range keys {
		sum := sha256.Sum256(state)
		text := append(sum[:], state...)
		pad := len(k.k) - len(text)%len(k.k)
		state = cbc(k, make([]byte, 16), append(text, bytes.Repeat([]byte{byte(pad)}, pad)...))
	}
	b := addHeader(f, state)
	b[0] = 1
	return b
}

func TestVersion1(t *testing.T) {
	k128, k256 := key128(t), key256(t)
	for _, tt := range []struct {
		name string
		blob []byte
		key  *Key
		want error
	}{
		{"plain", version1(t, []byte("abc"), 0), nil, nil},
		{"128", version1(t, []byte("abc"), flagFileKey, k128), k128, nil},
		{"256", version1(t, []byte("abc"), flagFileKey|flagFile256, k256), k256, nil},
		{"wrong key", version1(t, []byte("abc"), flagFileKey, k128), key(t, strings.Repeat("ff", 16)), ErrDecrypt},
		{"no key", version1(t, []byte("abc"), flagFileKey, k128), nil, ErrNoKey},
		{"no digest", made1(flagFileKey, cbc(k128, make([]byte, 16), bytes.Repeat([]byte{16}, 16))), k128, ErrDecrypt},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Open(tt.blob, tt.key)
			if !errors.Is(err, tt.want) || err == nil && string(got) != "abc" {
				t.Errorf("%q, %v; want %v", got, err, tt.want)
			}
		})
	}
	both := version1(t, []byte("abc"), flagFileKey|flagMigration|flagMigrationKey|flagMigration256, k128, k256)
	if got, err := (Keys{k128, k256}).Import(both, false); err != nil || string(got) != "abc" {
		t.Errorf("migration: %q, %v", got, err)
	}
}

func made1(f flags, body []byte) []byte { return with(addHeader(f, body), 0, 1) }

func TestImportErrors(t *testing.T) {
	k128, k256 := key128(t), key256(t)
	export := func(k Keys) []byte {
		b, _, err := k.Export([]byte("abc"), false, fixedRand())
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for _, tt := range []struct {
		name string
		blob []byte
		enc  bool
		keys Keys
		want error
	}{
		{"nothing", nil, false, Keys{}, ErrEmpty},
		{"header only", made(flagMigration, nil), false, Keys{}, ErrEmpty},
		{"short header", make([]byte, 9), false, Keys{}, ErrHeader},
		{"stored state", sealed(t, nil), false, Keys{}, ErrDamaged},
		{"no migration key", export(Keys{nil, k256}), false, Keys{}, ErrNoKey},
		{"other size of migration key", export(Keys{nil, k256}), false, Keys{nil, k128}, ErrKeySize},
		{"wrong migration key", export(Keys{nil, k256}), false, Keys{nil, key(t, strings.Repeat("ff", 32))}, ErrDecrypt},
		{"no file key", export(Keys{k128, k256}), true, Keys{nil, k256}, ErrNoKey},
		{"wrong file key", export(Keys{k128, k256}), true, Keys{key(t, strings.Repeat("ff", 16)), k256}, ErrDecrypt},
		{"said to be encrypted, no key", export(Keys{}), true, Keys{}, ErrNoKey},
		{"said to be encrypted, is plain", export(Keys{}), true, Keys{File: k128}, ErrDamaged},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got, err := tt.keys.Import(tt.blob, tt.enc); !errors.Is(err, tt.want) || got != nil {
				t.Errorf("%q, %v; want %v", got, err, tt.want)
			}
		})
	}
	if got, err := (Keys{k128, k256}).Import(export(Keys{}), false); err != nil || string(got) != "abc" {
		t.Errorf("a plain blob must be taken by a TPM with keys: %q, %v", got, err)
	}
}

// Every truncation and every flipped bit is an error or, where nothing protects the bytes, another state.
func TestDamage(t *testing.T) {
	k128, k256 := key128(t), key256(t)
	state := []byte("a state of a few bytes, more than one block of them")
	for name, keys := range map[string]Keys{"plain": {}, "128": {File: k128}, "256": {File: k256}, "migration": {k128, k256}} {
		stored, err := Seal(state, keys.File, fixedRand())
		if err != nil {
			t.Fatal(err)
		}
		moved, _, err := keys.Export(state, false, fixedRand())
		if err != nil {
			t.Fatal(err)
		}
		for what, read := range map[string]struct {
			blob []byte
			open func([]byte) ([]byte, error)
		}{
			"stored": {stored, func(b []byte) ([]byte, error) { return Open(b, keys.File) }},
			"moved":  {moved, func(b []byte) ([]byte, error) { return keys.Import(b, false) }},
		} {
			for n := range read.blob {
				if _, err := read.open(read.blob[:n]); err == nil {
					t.Errorf("%s, %s: %d of %d bytes are read", name, what, n, len(read.blob))
				}
			}
			for i := range 8 * len(read.blob) {
				got, err := read.open(with(read.blob, i/8, read.blob[i/8]^1<<(i%8)))
				if err == nil && keys.File != nil && !bytes.Equal(got, state) {
					t.Errorf("%s, %s: bit %d flipped gives another state", name, what, i)
				}
			}
		}
	}
}

func TestKeys(t *testing.T) {
	for _, n := range []int{0, 15, 17, 24, 31, 33} {
		if _, err := NewKey(make([]byte, n)); !errors.Is(err, ErrKeySize) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
	if _, err := DeriveKey([]byte("x"), PBKDF2, 192); !errors.Is(err, ErrKeySize) {
		t.Errorf("192 bits: %v", err)
	}
	if _, err := DeriveKey([]byte("x"), 9, 128); err == nil {
		t.Error("unknown derivation is accepted")
	}
	k := key128(t)
	k.Wipe()
	if _, err := Seal([]byte("x"), k, fixedRand()); err == nil {
		t.Error("a wiped key still encrypts")
	}
	if _, err := Open(sealed(t, key128(t)), k); err == nil {
		t.Error("a wiped key still decrypts")
	}
}

func FuzzOpen(f *testing.F) {
	names, err := filepath.Glob("testdata/*.permall")
	blobs, err2 := filepath.Glob("testdata/*.blob")
	if err != nil || err2 != nil || len(names) == 0 || len(blobs) == 0 {
		f.Fatal("no seeds")
	}
	for _, n := range append(names, blobs...) {
		b, err := os.ReadFile(n)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b, false)
	}
	f.Add(made1(flagFileKey, make([]byte, 64)), true)
	k128, k256 := key128(f), key256(f)
	f.Fuzz(func(t *testing.T, b []byte, flag bool) {
		for _, k := range []*Key{nil, k128, k256} {
			state, err := Open(b, k)
			if err == nil && len(state) > len(b) {
				t.Error("the state is longer than what it came from")
			}
			for _, m := range []*Key{nil, k256} {
				(Keys{k, m}).Import(b, flag)
			}
		}
		if len(b) >= headerSize { // the same with a header that fits
			binary.BigEndian.PutUint32(b[6:], uint32(len(b)))
			Open(b, k128)
			(Keys{k128, k256}).Import(b, flag)
		}
	})
}
