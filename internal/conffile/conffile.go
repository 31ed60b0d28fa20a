// Package conffile reads the configuration files of swtpm_setup and swtpm_localca: one "key = value" per line.
//
// A key stands at the start of its line; "#" ends a value; blanks around the value do not count; ${NAME} is replaced from the
// environment, by nothing if NAME is not set; of two lines with one key the first counts. Lines that say nothing are skipped.
// Start at Parse and File.Value.
package conffile

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"govtpm/internal/smallfile"
)

// MaxSize bounds what is read of a configuration file.
const MaxSize = 1 << 20

// A File is a configuration file in memory.
type File struct {
	lines []string
	env   func(string) (string, bool)
}

// Parse takes the text of a configuration file; env looks up environment variables for ${NAME}.
func Parse(text string, env func(string) (string, bool)) *File {
	return &File{strings.Split(text, "\n"), env}
}

// Read reads the configuration file with the given name.
func Read(name string, env func(string) (string, bool)) (*File, error) {
	text, err := ReadText(name)
	if err != nil {
		return nil, err
	}
	return Parse(text, env), nil
}

// ReadText reads a configuration or options file as text.
func ReadText(name string) (string, error) {
	data, err := smallfile.Read(name, MaxSize)
	switch {
	case err != nil:
		return "", err
	case bytes.IndexByte(data, 0) >= 0:
		return "", fmt.Errorf("%s: not a text file", name)
	}
	return string(data), nil
}

// Value returns the value of a key, with variables replaced, and whether the key is there.
func (f *File) Value(key string) (string, bool) {
	for _, line := range f.lines {
		if raw, ok := f.cut(line, key); ok {
			return f.expand(raw), true
		}
	}
	return "", false
}

// cut returns the text behind "key =", without comment and outer blanks.
func (f *File) cut(line, key string) (string, bool) {
	rest, ok := strings.CutPrefix(line, key)
	if !ok {
		return "", false
	}
	rest = strings.TrimLeft(rest, " \t")
	if rest, ok = strings.CutPrefix(rest, "="); !ok {
		return "", false
	}
	rest, _, _ = strings.Cut(rest, "#")
	return strings.Trim(rest, " \t\r\v\f"), true
}

// expand replaces ${NAME}. A value that comes from the environment is not looked at again. An open "${" stays as it is.
func (f *File) expand(s string) string {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(s, "${")
		name, after, closed := strings.Cut(rest, "}")
		if !ok || !closed {
			b.WriteString(s)
			return b.String()
		}
		b.WriteString(before)
		value, _ := f.env(name)
		b.WriteString(value)
		s = after
	}
}

// Prefixed returns the "prefixNAME=value" lines in order, such as those with "env:": the value is the rest of the line.
func (f *File) Prefixed(prefix string) [][2]string {
	var pairs [][2]string
	for _, line := range f.lines {
		rest, ok := strings.CutPrefix(line, prefix)
		if !ok {
			continue
		}
		if name, value, ok := strings.Cut(strings.TrimRight(rest, "\r"), "="); ok && strings.TrimSpace(name) != "" {
			pairs = append(pairs, [2]string{strings.TrimSpace(name), value})
		}
	}
	return pairs
}

// UserDir returns the user's configuration directory (XDG Base Directory Specification): $XDG_CONFIG_HOME, else ~/.config;
// "" if neither is known.
func UserDir(env func(string) (string, bool)) string {
	if dir, ok := env("XDG_CONFIG_HOME"); ok && dir != "" {
		return dir
	}
	if home, ok := env("HOME"); ok && home != "" {
		return filepath.Join(home, ".config")
	}
	return ""
}

// Find returns the file to use: the user's if it can be read, else the system's, /etc/NAME.
func Find(name string, env func(string) (string, bool)) string {
	if dir := UserDir(env); dir != "" {
		path := filepath.Join(dir, name)
		if f, err := os.OpenFile(path, os.O_RDONLY|smallfile.NonBlock, 0); err == nil {
			f.Close()
			return path
		}
	}
	return filepath.Join(SystemDir, name)
}
