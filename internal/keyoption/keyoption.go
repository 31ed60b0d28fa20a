// Package keyoption reads the options --key and --migration-key: the grammar of their suboptions, which of several places
// counts, and the key from its place. All programs that take these options take them here. What keys look like is
// package store/keyfile's business. Start at [Read].
package keyoption

import (
	"errors"
	"fmt"
	"io/fs"

	"govtpm/internal/option"
	"govtpm/store/envelope"
	"govtpm/store/keyfile"
)

// Read reads the key that the argument of the option --<name> describes. warn takes what is no error but worth telling.
// The texts of errors are swtpm's where it has one.
func Read(name, arg string, warn func(text string)) (*envelope.Key, error) {
	l, err := option.ParseList(arg, []option.Def{
		{Name: "file"}, {Name: "fd", Type: option.Uint}, {Name: "pwdfile"}, {Name: "pwdfd", Type: option.Uint},
		{Name: "mode"}, {Name: "format"}, {Name: "kdf"}, {Name: "remove", Type: option.Bool},
	}, nil)
	if err != nil {
		return nil, option.ListError(name, err)
	}
	source, err := form(l)
	if err != nil {
		return nil, err
	}
	if err := place(&source, l, name); err != nil {
		return nil, err
	}
	key, warning, err := source.Load()
	if warning != "" {
		warn(fmt.Sprintf("Warning: --%s: %s", name, warning))
	}
	var path *fs.PathError
	if errors.As(err, &path) && path.Op == "open" {
		return nil, fmt.Errorf("Unable to open file %s: %s", path.Path, option.Sentence(path))
	}
	return key, err
}

// form reads what the key looks like.
func form(l *option.List) (s keyfile.Source, err error) {
	s.Remove = l.Bool("remove", false)
	if s.Bits, err = keyfile.ParseMode(l.String("mode", "")); err != nil {
		return s, fmt.Errorf("Unknown encryption mode '%s'.", l.String("mode", ""))
	}
	if s.KDF, err = keyfile.ParseKDF(l.String("kdf", "")); err != nil {
		return s, fmt.Errorf("Unknown kdf '%s'.", l.String("kdf", ""))
	}
	if s.Format, err = keyfile.ParseFormat(l.String("format", "")); err != nil {
		return s, fmt.Errorf("Unknown key format '%s'.", l.String("format", ""))
	}
	return s, nil
}

// place chooses the first of the places that were given.
func place(s *keyfile.Source, l *option.List, name string) (err error) {
	switch {
	case l.Has("file"):
		s.File = l.String("file", "")
	case l.Has("fd"):
		if s.FD, err = option.Inherited(l.Int("fd", -1)); err != nil {
			return fmt.Errorf("Unable to read key: %w", err)
		}
	case l.Has("pwdfile"):
		s.PwdFile = l.String("pwdfile", "")
	case l.Has("pwdfd"):
		if s.PwdFD, err = option.Inherited(l.Int("pwdfd", -1)); err != nil {
			return fmt.Errorf("Unable to read passphrase: %w", err)
		}
	default:
		return fmt.Errorf("Either file=, fd=, pwdfile=, or pwdfd= is required for %s option", name)
	}
	return nil
}
