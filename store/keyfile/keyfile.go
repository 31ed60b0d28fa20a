// Package keyfile reads the keys of a TPM's state as the options --key and --migration-key describe them: from a file
// or an inherited descriptor, as a key or as a passphrase. It accepts exactly what swtpm accepts.
//
// Start with [Source]; [Hex], [Binary] and [Passphrase] are the formats alone.
package keyfile

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"

	"govtpm/internal/smallfile"
	"govtpm/store/envelope"
)

// ErrFormat: what was read is not a key.
var ErrFormat = errors.New("not a valid key")

// maxHex is as much of a hexadecimal key as is read: 0x, 64 digits and one more.
const maxHex = 67

// maxPassphrase bounds what is read for a passphrase.
const maxPassphrase = 1 << 20

// shortPassphrase is the longest passphrase that deserves a warning.
const shortPassphrase = 6

// Format is how a key is written in a file.
type Format uint8

// Formats of keys.
const (
	FormatHex Format = iota
	FormatBinary
)

// ParseFormat reads the value of the suboption format. Empty is the default.
func ParseFormat(s string) (Format, error) {
	switch s {
	case "", "hex":
		return FormatHex, nil
	case "binary":
		return FormatBinary, nil
	}
	return 0, fmt.Errorf("unknown key format %q: hex and binary are known", s)
}

// ParseMode reads the value of the suboption mode and returns the bits of the key. Empty is the default.
func ParseMode(s string) (bits int, err error) {
	switch s {
	case "", "aes-cbc", "aes-128-cbc":
		return 128, nil
	case "aes-256-cbc":
		return 256, nil
	}
	return 0, fmt.Errorf("unknown encryption mode %q: aes-cbc, aes-128-cbc and aes-256-cbc are known", s)
}

// ParseKDF reads the value of the suboption kdf. Empty is the default.
func ParseKDF(s string) (envelope.KDF, error) {
	switch s {
	case "", "pbkdf2":
		return envelope.PBKDF2, nil
	case "sha512":
		return envelope.SHA512, nil
	}
	return 0, fmt.Errorf("unknown key derivation %q: pbkdf2 and sha512 are known", s)
}

// Hex reads a key of exactly so many bits in hexadecimal digits, with or without 0x before them, up to the end or
// white space. What follows the white space does not count.
func Hex(text []byte, bits int) (*envelope.Key, error) {
	text = bytes.TrimPrefix(text[:min(len(text), maxHex)], []byte("0x"))
	if end := bytes.IndexAny(text, " \t\r\n\v\f\x00"); end >= 0 {
		text = text[:end]
	}
	if len(text) != bits/4 {
		return nil, fmt.Errorf("%w: %d hexadecimal digits are needed for %d bits and there are %d", ErrFormat, bits/4, bits, len(text))
	}
	k := make([]byte, bits/8)
	defer clear(k)
	if _, err := hex.Decode(k, text); err != nil {
		return nil, fmt.Errorf("%w: there is something else than hexadecimal digits in it", ErrFormat)
	}
	return envelope.NewKey(k)
}

// Binary takes bytes as a key: 16, or with 256 bits also 32. 16 bytes make a key of 128 bits even then, as swtpm has
// it, because there may be state that was written so.
func Binary(k []byte, bits int) (*envelope.Key, error) {
	if len(k) > bits/8 {
		return nil, fmt.Errorf("%w: it is longer than %d bytes", ErrFormat, bits/8)
	}
	key, err := envelope.NewKey(k)
	if err != nil {
		return nil, fmt.Errorf("%w: %d bytes are needed and there are %d", ErrFormat, bits/8, len(k))
	}
	return key, nil
}

// Source is where a key comes from. Exactly one of its four places is used, in the order file, descriptor, passphrase
// file, passphrase descriptor.
type Source struct {
	File    string
	FD      *os.File // is closed
	PwdFile string
	PwdFD   *os.File // is closed

	Bits   int // of the mode: 128 (also when 0) or 256
	Format Format
	KDF    envelope.KDF
	Remove bool // remove File or PwdFile when it was read
}

// Load reads the key. A warning, if there is one, is a sentence for the log.
func (s Source) Load() (key *envelope.Key, warning string, err error) {
	if s.Bits == 0 {
		s.Bits = 128
	}
	switch {
	case s.File != "":
		key, warning, err = load(s.File, nil, maxHex, s.parseKey)
	case s.FD != nil:
		key, warning, err = load("", s.FD, maxHex, s.parseKey)
	case s.PwdFile != "":
		key, warning, err = load(s.PwdFile, nil, maxPassphrase, s.derive)
	case s.PwdFD != nil:
		key, warning, err = load("", s.PwdFD, maxPassphrase, s.derive)
	default:
		return nil, "", errors.New("neither a key nor a passphrase is given")
	}
	if err != nil || !s.Remove {
		return key, warning, err
	}
	if err := s.remove(); err != nil {
		key.Wipe()
		return nil, "", err
	}
	return key, warning, nil
}

func (s Source) remove() error {
	switch {
	case s.File != "":
		return os.Remove(s.File)
	case s.FD == nil && s.PwdFile != "":
		return os.Remove(s.PwdFile)
	}
	return nil
}

func (s Source) parseKey(b []byte) (key *envelope.Key, warning string, err error) {
	if s.Format == FormatHex {
		key, err = Hex(b, s.Bits)
		return key, "", err
	}
	key, err = Binary(b, s.Bits)
	if err == nil && key.Bits() != s.Bits {
		warning = fmt.Sprintf("the key has %d bits though the mode has %d; encrypting with %d", key.Bits(), s.Bits, key.Bits())
	}
	return key, warning, err
}

func (s Source) derive(b []byte) (key *envelope.Key, warning string, err error) {
	key, err = envelope.DeriveKey(b, s.KDF, s.Bits)
	if err == nil && len(b) <= shortPassphrase {
		warning = "the passphrase is short; a longer one is safer"
	}
	return key, warning, err
}

// load reads a file, or else a descriptor, up to its end and makes a key of it. What was read is wiped.
func load(name string, f *os.File, limit int, parse func([]byte) (*envelope.Key, string, error)) (*envelope.Key, string, error) {
	var r io.ReadCloser = f
	if name != "" {
		var err error
		if r, err = smallfile.Await(name); err != nil {
			return nil, "", fmt.Errorf("read key: %w", err)
		}
	} else {
		name = f.Name()
	}
	defer r.Close()
	b, err := readSecret(r, limit)
	defer clear(b)
	if err != nil {
		return nil, "", fmt.Errorf("read key from %s: %w", name, err)
	}
	key, warning, err := parse(b)
	if err != nil {
		return nil, "", fmt.Errorf("read key from %s: %w", name, err)
	}
	return key, warning, nil
}

// readSecret reads up to the end, or up to limit bytes if there are more. It leaves no copy behind when its buffer
// grows.
func readSecret(r io.Reader, limit int) ([]byte, error) {
	b := make([]byte, 0, 1024)
	for {
		n, err := r.Read(b[len(b):min(cap(b), limit)])
		b = b[:len(b)+n]
		switch {
		case err == io.EOF || len(b) == limit:
			return b, nil
		case err != nil:
			return b, err
		case len(b) == cap(b):
			grown := make([]byte, len(b), 2*cap(b))
			copy(grown, b)
			clear(b)
			b = grown
		}
	}
}
