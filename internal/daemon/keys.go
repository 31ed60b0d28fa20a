package daemon

import (
	"encoding/hex"
	"fmt"
	"io"
	"os"

	"govtpm/internal/option"
	"govtpm/store/envelope"
)

// key reads the key that --key or --migration-key tells of, nil if there is none.
func (o *options) key(name string, warn func(string, ...any)) (*envelope.Key, error) {
	if !o.has(name) {
		return nil, nil
	}
	l, err := o.list(name, name, option.Def{Name: "file"}, option.Def{Name: "fd", Type: option.Uint}, option.Def{Name: "mode"},
		option.Def{Name: "format"}, option.Def{Name: "remove", Type: option.Bool}, option.Def{Name: "pwdfile"},
		option.Def{Name: "pwdfd", Type: option.Uint}, option.Def{Name: "kdf"})
	if err != nil {
		return nil, err
	}
	bits := 128
	switch mode := l.String("mode", "aes-cbc"); mode {
	case "aes-cbc", "aes-128-cbc":
	case "aes-256-cbc":
		bits = 256
	default:
		return nil, fmt.Errorf("Unknown encryption mode '%s'.", mode)
	}
	var kdf envelope.KDF
	switch name := l.String("kdf", "pbkdf2"); name {
	case "pbkdf2":
		kdf = envelope.PBKDF2
	case "sha512":
		kdf = envelope.SHA512
	default:
		return nil, fmt.Errorf("Unknown kdf '%s'.", name)
	}
	format := l.String("format", "hex")
	if format != "hex" && format != "binary" {
		return nil, fmt.Errorf("Unknown format '%s' for key.", format)
	}
	switch {
	case l.Has("file") || l.Has("fd"):
		return readKey(l, format, bits)
	case l.Has("pwdfile") || l.Has("pwdfd"):
		return readPassphrase(l, kdf, bits, warn)
	}
	return nil, fmt.Errorf("Either file=, fd=, pwdfile=, or pwdfd= is required for %s option", name)
}

// maxPassphrase bounds what is read from a passphrase's file.
const maxPassphrase = 1 << 20

// readSource reads a secret from the file or else the descriptor that l names.
func readSource(l *option.List, file, fd string, limit int64) ([]byte, error) {
	var f *os.File
	var err error
	if name := l.String(file, ""); name != "" {
		if f, err = os.Open(name); err != nil {
			return nil, fmt.Errorf("Unable to open file %s: %s", name, sentence(err))
		}
		if l.Bool("remove", false) {
			defer os.Remove(name)
		}
	} else if f, err = inherited(l.Int(fd, -1)); err != nil {
		return nil, fmt.Errorf("Unable to read %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		clear(data)
		err = fmt.Errorf("more than %d bytes", limit)
	}
	if err != nil {
		return nil, fmt.Errorf("Unable to read key or passphrase: %w", err)
	}
	return data, nil
}

// readKey reads a key itself.
func readKey(l *option.List, format string, bits int) (*envelope.Key, error) {
	data, err := readSource(l, "file", "fd", 1<<12)
	if err != nil {
		return nil, err
	}
	defer clear(data)
	raw := data
	if format == "hex" {
		if raw, err = parseHex(data); err != nil {
			return nil, err
		}
		defer clear(raw)
	}
	if 8*len(raw) < bits || len(raw) != 16 && len(raw) != 32 {
		return nil, fmt.Errorf("The key has %d bits; %d are needed.", 8*len(raw), bits)
	}
	return envelope.NewKey(raw[:bits/8])
}

// parseHex decodes hexadecimal digits up to white space or the end.
func parseHex(data []byte) ([]byte, error) {
	digits := data
	if len(digits) >= 2 && digits[0] == '0' && digits[1] == 'x' {
		digits = digits[2:]
	}
	n := 0
	for n < len(digits) && digits[n] != ' ' && (digits[n] < '\t' || digits[n] > '\r') {
		n++
	}
	raw := make([]byte, hex.DecodedLen(n))
	if _, err := hex.Decode(raw, digits[:n]); err != nil {
		clear(raw)
		return nil, fmt.Errorf("Could not parse the hex key.")
	}
	return raw, nil
}

// readPassphrase makes a key of a passphrase.
func readPassphrase(l *option.List, kdf envelope.KDF, bits int, warn func(string, ...any)) (*envelope.Key, error) {
	data, err := readSource(l, "pwdfile", "pwdfd", maxPassphrase)
	if err != nil {
		return nil, err
	}
	defer clear(data)
	if len(data) <= 6 {
		warn("Warning: The passphrase is short.")
	}
	return envelope.DeriveKey(data, kdf, bits)
}
