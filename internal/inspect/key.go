package inspect

import (
	"fmt"
	"os"

	"govtpm/internal/option"
	"govtpm/store/envelope"
	"govtpm/store/keyfile"
)

// readKeys reads the keys that were given.
func (o *options) readKeys(warn func(string)) (keys envelope.Keys, err error) {
	if keys.File, err = o.readKey("key", warn); err != nil {
		return keys, err
	}
	if keys.Migration, err = o.readKey("migration-key", warn); err != nil {
		keys.File.Wipe()
	}
	return keys, err
}

// readKey reads the key that an option names, nil if the option was not given.
func (o *options) readKey(name string, warn func(string)) (*envelope.Key, error) {
	text, given := o.keys[name]
	if !given {
		return nil, nil
	}
	source, err := keySource(text)
	if err != nil {
		return nil, fmt.Errorf("--%s: %w", name, err)
	}
	key, warning, err := source.Load()
	if err != nil {
		return nil, fmt.Errorf("--%s: %w", name, err)
	}
	if warning != "" {
		warn("--" + name + ": " + warning)
	}
	return key, nil
}

// keySource reads the suboptions of a key.
func keySource(text string) (s keyfile.Source, err error) {
	l, err := option.ParseList(text, []option.Def{{Name: "file"}, {Name: "fd", Type: option.Uint}, {Name: "mode"},
		{Name: "format"}, {Name: "remove", Type: option.Bool}, {Name: "pwdfile"}, {Name: "pwdfd", Type: option.Uint}, {Name: "kdf"}}, nil)
	if err != nil {
		return s, err
	}
	s = keyfile.Source{File: l.String("file", ""), PwdFile: l.String("pwdfile", ""), Remove: l.Bool("remove", false)}
	if s.Bits, err = keyfile.ParseMode(l.String("mode", "")); err != nil {
		return s, err
	}
	if s.Format, err = keyfile.ParseFormat(l.String("format", "")); err != nil {
		return s, err
	}
	if s.KDF, err = keyfile.ParseKDF(l.String("kdf", "")); err != nil {
		return s, err
	}
	switch {
	case s.File != "":
	case l.Has("fd"):
		s.FD = os.NewFile(uintptr(l.Int("fd", 0)), "fd "+l.String("fd", ""))
	case s.PwdFile != "":
	case l.Has("pwdfd"):
		s.PwdFD = os.NewFile(uintptr(l.Int("pwdfd", 0)), "fd "+l.String("pwdfd", ""))
	default:
		err = fmt.Errorf("one of file=, fd=, pwdfile= and pwdfd= is wanted")
	}
	return s, err
}
