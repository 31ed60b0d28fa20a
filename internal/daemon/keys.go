package daemon

import (
	"errors"
	"fmt"
	"io/fs"

	"govtpm/internal/option"
	"govtpm/store/envelope"
	"govtpm/store/keyfile"
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
	source, err := keySource(l)
	if err != nil {
		return nil, err
	}
	switch {
	case source.File != "" || source.PwdFile != "":
	case l.Has("fd"):
		source.FD, err = inherited(l.Int("fd", -1))
	case l.Has("pwdfd"):
		source.PwdFD, err = inherited(l.Int("pwdfd", -1))
	default:
		err = fmt.Errorf("Either file=, fd=, pwdfile=, or pwdfd= is required for %s option", name)
	}
	if err != nil {
		return nil, err
	}
	key, warning, err := source.Load()
	if warning != "" {
		warn("Warning: --%s: %s", name, warning)
	}
	var path *fs.PathError
	if errors.As(err, &path) && path.Op == "open" {
		return nil, fmt.Errorf("Unable to open file %s: %s", path.Path, sentence(path))
	}
	return key, err
}

// keySource reads the suboptions that are not descriptors.
func keySource(l *option.List) (s keyfile.Source, err error) {
	s = keyfile.Source{File: l.String("file", ""), Remove: l.Bool("remove", false)}
	if !l.Has("file") && !l.Has("fd") {
		s.PwdFile = l.String("pwdfile", "")
	}
	if s.Bits, err = keyfile.ParseMode(l.String("mode", "")); err != nil {
		return s, fmt.Errorf("Unknown encryption mode '%s'.", l.String("mode", ""))
	}
	if s.KDF, err = keyfile.ParseKDF(l.String("kdf", "")); err != nil {
		return s, fmt.Errorf("Unknown kdf '%s'.", l.String("kdf", ""))
	}
	if s.Format, err = keyfile.ParseFormat(l.String("format", "")); err != nil {
		return s, fmt.Errorf("Unknown format '%s' for key.", l.String("format", ""))
	}
	return s, nil
}
