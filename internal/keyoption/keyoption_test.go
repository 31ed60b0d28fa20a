package keyoption

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

func write(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// descriptor returns the number of an open file, which Read closes.
func descriptor(t *testing.T, text string) string {
	t.Helper()
	f, err := os.Open(write(t, text))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return strconv.Itoa(int(f.Fd()))
}

var hex16, hex32, passphrase = strings.Repeat("0f", 16), strings.Repeat("0f", 32), "secret passphrase"

func TestRead(t *testing.T) {
	rows := []struct {
		arg  string
		bits int // 0: an error
	}{
		{"file=" + write(t, hex16), 128},
		{"file=" + write(t, "0x"+hex16+"\n"), 128},
		{"file=" + write(t, hex32), 0},
		{"mode=aes-cbc,file=" + write(t, hex16), 128},
		{"mode=aes-128-cbc,file=" + write(t, hex16), 128},
		{"mode=aes-256-cbc,file=" + write(t, hex32), 256},
		{"mode=aes-256-cbc,file=" + write(t, hex16), 0},
		{"file=" + write(t, hex16+"0"), 0},
		{"file=" + write(t, "x"+hex16[1:]), 0},
		{"format=hex,file=" + write(t, hex16), 128},
		{"format=binary,file=" + write(t, strings.Repeat("k", 16)), 128},
		{"format=binary,mode=aes-256-cbc,file=" + write(t, strings.Repeat("k", 32)), 256},
		{"format=binary,mode=aes-256-cbc,file=" + write(t, strings.Repeat("k", 16)), 128}, // as swtpm takes it
		{"format=binary,file=" + write(t, strings.Repeat("k", 32)), 0},
		{"format=binary,file=" + write(t, strings.Repeat("k", 15)), 0},
		{"pwdfile=" + write(t, passphrase), 128},
		{"kdf=sha512,mode=aes-256-cbc,pwdfile=" + write(t, passphrase), 256},
	}
	for _, row := range rows {
		k, err := Read("key", row.arg, func(text string) { t.Log(text) })
		switch {
		case row.bits == 0 && err == nil, row.bits != 0 && (err != nil || k.Bits() != row.bits):
			t.Errorf("%s: %v, %v", row.arg, k, err)
		}
	}
}

// The order is file, fd, pwdfile, pwdfd, whatever the order on the command line. Only the one that counts can be 128 bits
// long, or 256 bits.
func TestPrecedence(t *testing.T) {
	rows := []struct {
		arg   string
		wrong string // in the error; empty if the right place was read
	}{
		{"pwdfile=/nonexistent,file=" + write(t, hex16), ""},
		{"fd=99,file=" + write(t, hex16), ""},
		{"file=/nonexistent,fd=" + descriptor(t, hex16), "Unable to open file /nonexistent: No such file or directory"},
		{"pwdfile=/nonexistent,fd=" + descriptor(t, hex16), ""},
		{"pwdfd=99,pwdfile=/nonexistent,fd=" + descriptor(t, hex16), ""},
		{"pwdfd=99,pwdfile=" + write(t, passphrase), ""},
		{"pwdfd=" + descriptor(t, passphrase), ""},
		{"pwdfd=" + descriptor(t, passphrase) + ",fd=99", "Unable to read key: file descriptor 99: bad file descriptor"},
	}
	for _, row := range rows {
		_, err := Read("key", row.arg, func(text string) { t.Log(text) })
		if row.wrong == "" && err != nil || row.wrong != "" && (err == nil || err.Error() != row.wrong) {
			t.Errorf("%s: %v, want %q", row.arg, err, row.wrong)
		}
	}
}

func TestErrors(t *testing.T) {
	key, pwd := write(t, hex16), write(t, passphrase)
	const known = "\nKnown are file=, fd=, pwdfile=, pwdfd=, mode=, format=, kdf=, remove."
	for arg, want := range map[string]string{
		"":                                  "Either file=, fd=, pwdfile=, or pwdfd= is required for migration-key option",
		"mode=aes-cbc":                      "Either file=, fd=, pwdfile=, or pwdfd= is required for migration-key option",
		"foo":                               "Error parsing migration-key options: Unknown option 'foo'" + known,
		"file=":                             "Error parsing migration-key options: Unknown option 'file='" + known,
		"fd=-1":                             "Error parsing migration-key options: invalid number '-1'",
		"pwdfd=x":                           "Error parsing migration-key options: invalid number 'x'",
		"mode=des,file=" + key:              "Unknown encryption mode 'des'.",
		"kdf=md5,pwdfile=" + pwd:            "Unknown kdf 'md5'.",
		"format=base64,file=" + key:         "Unknown key format 'base64'.",
		"file=/nonexistent":                 "Unable to open file /nonexistent: No such file or directory",
		"pwdfile=/nonexistent":              "Unable to open file /nonexistent: No such file or directory",
		"fd=99":                             "Unable to read key: file descriptor 99: bad file descriptor",
		"pwdfd=99":                          "Unable to read passphrase: file descriptor 99: bad file descriptor",
		"file=" + key + ",mode=aes-256-cbc": "read key from " + key + ": not a valid key: 64 hexadecimal digits are needed for 256 bits and there are 32",
	} {
		if _, err := Read("migration-key", arg, nil); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", arg, err, want)
		}
	}
}

// A passphrase that is easily guessed deserves a word.
func TestWarning(t *testing.T) {
	var got string
	if _, err := Read("key", "pwdfile="+write(t, "12345"), func(text string) { got = text }); err != nil {
		t.Fatal(err)
	}
	if want := "Warning: --key: the passphrase is short; a longer one is safer"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// What was read is removed if that is asked for, what was not understood stays.
func TestRemove(t *testing.T) {
	rows := []struct {
		text, arg string
		removed   bool
	}{
		{passphrase, "remove=true,pwdfile=", true},
		{passphrase, "remove,pwdfile=", true},
		{passphrase, "remove=false,pwdfile=", false},
		{passphrase, "pwdfile=", false},
		{hex16, "remove=1,file=", true},
		{"no key at all", "remove,file=", false},
	}
	for _, row := range rows {
		name := write(t, row.text)
		_, _ = Read("key", row.arg+name, func(string) {})
		if _, err := os.Stat(name); os.IsNotExist(err) != row.removed {
			t.Errorf("%s: %v, to be removed: %v", row.arg, err, row.removed)
		}
	}
}
