package keyfile

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"govtpm/store/envelope"
)

const (
	h32 = "000102030405060708090a0b0c0d0e0f"
	h64 = "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"
)

// What swtpm 0.7.1 takes for a key and what not.
func TestFormats(t *testing.T) {
	for _, tt := range []struct {
		name   string
		in     string
		format Format
		mode   string
		bits   int // of the key; 0: refused
	}{
		{"32", h32, FormatHex, "", 128},
		{"32 newline", h32 + "\n", FormatHex, "aes-cbc", 128},
		{"32 space and more", h32 + " junk", FormatHex, "aes-128-cbc", 128},
		{"32 zero byte", h32 + "\x00", FormatHex, "", 128},
		{"0x", "0x" + h32, FormatHex, "", 128},
		{"0X", "0X" + h32, FormatHex, "", 0},
		{"32 junk", h32 + "zz", FormatHex, "", 0},
		{"33", h32 + "0", FormatHex, "", 0},
		{"34", h32 + "00", FormatHex, "", 0},
		{"31", h32[:31], FormatHex, "", 0},
		{"not digits", h32[:30] + "xy", FormatHex, "", 0},
		{"leading space", " " + h32, FormatHex, "", 0},
		{"empty", "", FormatHex, "", 0},
		{"64 for 128", h64, FormatHex, "", 0},
		{"32 for 256", h32, FormatHex, "aes-256-cbc", 0},
		{"64", h64, FormatHex, "aes-256-cbc", 256},
		{"0x 64 newlines", "0x" + h64 + "\n\n\n", FormatHex, "aes-256-cbc", 256},
		{"0x 64 and digits", "0x" + h64 + "ab", FormatHex, "aes-256-cbc", 0},
		{"upper case", "0x" + strings.ToUpper(h64) + "\n", FormatHex, "aes-256-cbc", 256},
		{"16 bytes", strings.Repeat("k", 16), FormatBinary, "", 128},
		{"15 bytes", strings.Repeat("k", 15), FormatBinary, "", 0},
		{"17 bytes", strings.Repeat("k", 17), FormatBinary, "", 0},
		{"32 bytes for 128", strings.Repeat("k", 32), FormatBinary, "", 0},
		{"32 bytes", strings.Repeat("k", 32), FormatBinary, "aes-256-cbc", 256},
		{"16 bytes for 256", strings.Repeat("k", 16), FormatBinary, "aes-256-cbc", 128},
		{"24 bytes", strings.Repeat("k", 24), FormatBinary, "aes-256-cbc", 0},
		{"33 bytes", strings.Repeat("k", 33), FormatBinary, "aes-256-cbc", 0},
		{"many bytes", strings.Repeat("k", 3000), FormatBinary, "aes-256-cbc", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bits, err := ParseMode(tt.mode)
			if err != nil {
				t.Fatal(err)
			}
			name := filepath.Join(t.TempDir(), "key")
			if err := os.WriteFile(name, []byte(tt.in), 0o600); err != nil {
				t.Fatal(err)
			}
			key, warning, err := Source{File: name, Bits: bits, Format: tt.format}.Load()
			if tt.bits == 0 {
				if !errors.Is(err, ErrFormat) || key != nil {
					t.Fatalf("Load = %v, %v; want ErrFormat", key, err)
				}
				if len(tt.in) > 0 && strings.Contains(err.Error(), tt.in) {
					t.Errorf("the error tells the key: %v", err)
				}
				return
			}
			if err != nil || key.Bits() != tt.bits {
				t.Fatalf("Load = %v, %v; want %d bits", key, err, tt.bits)
			}
			if (warning != "") != (key.Bits() != bits) {
				t.Errorf("warning %q", warning)
			}
		})
	}
}

func TestDescriptors(t *testing.T) {
	pipe := func(chunks ...string) *os.File {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			for _, c := range chunks {
				w.WriteString(c)
			}
			w.Close()
		}()
		return r
	}
	same := func(a, b *envelope.Key) bool {
		blob, err := envelope.Seal([]byte("x"), a, strings.NewReader(strings.Repeat("r", 99)))
		if err != nil {
			return false
		}
		_, err = envelope.Open(blob, b)
		return err == nil
	}
	f := pipe(h32[:7], h32[7:])
	key, _, err := Source{FD: f, PwdFile: "/nonexistent"}.Load()
	want, _ := Hex([]byte(h32), 128)
	if err != nil || !same(key, want) {
		t.Errorf("key in two pieces: %v", err)
	}
	if f.Close() == nil {
		t.Error("the descriptor was left open")
	}
	long := strings.Repeat("pass", 1000)
	key, warning, err := Source{PwdFD: pipe(long[:1500], long[1500:]), Bits: 256}.Load()
	want, _ = envelope.DeriveKey([]byte(long), envelope.PBKDF2, 256)
	if err != nil || warning != "" || !same(key, want) {
		t.Errorf("long passphrase in two pieces: %q, %v", warning, err)
	}
	key, warning, err = Source{PwdFD: pipe("secret"), KDF: envelope.SHA512}.Load()
	want, _ = envelope.DeriveKey([]byte("secret"), envelope.SHA512, 128)
	if err != nil || warning == "" || !same(key, want) {
		t.Errorf("short passphrase: %q, %v", warning, err)
	}
}

func TestRemove(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "key")
	write := func(s string) {
		if err := os.WriteFile(name, []byte(s), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	gone := func() bool { _, err := os.Stat(name); return errors.Is(err, os.ErrNotExist) }
	write(h32)
	if _, _, err := (Source{File: name, Remove: true}).Load(); err != nil || !gone() {
		t.Errorf("key file: %v", err)
	}
	write("passphrase")
	if _, _, err := (Source{PwdFile: name, Remove: true}).Load(); err != nil || !gone() {
		t.Errorf("passphrase file: %v", err)
	}
	write("bad")
	if _, _, err := (Source{File: name, Remove: true}).Load(); err == nil || gone() {
		t.Errorf("bad key file: %v; it must stay", err)
	}
}

func TestNoSource(t *testing.T) {
	if _, _, err := (Source{}).Load(); err == nil {
		t.Error("no error")
	}
	if _, _, err := (Source{File: filepath.Join(t.TempDir(), "none")}).Load(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
	for _, bad := range []error{
		func() error { _, err := ParseMode("aes-512-cbc"); return err }(),
		func() error { _, err := ParseFormat("base64"); return err }(),
		func() error { _, err := ParseKDF("md5"); return err }(),
	} {
		if bad == nil {
			t.Error("an unknown value is accepted")
		}
	}
}
