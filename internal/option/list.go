package option

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"strconv"
	"strings"
)

// Type is the type of a suboption's value.
type Type uint8

// The types.
const (
	String Type = iota
	Bool        // true for "true" and "1", in any case
	Int         // decimal, within a C int
	Uint        // the same, not negative
	Mode        // octal, at most 0777
	UID         // number, or name of a user
	GID         // number, or name of a group
)

// Def defines a suboption.
type Def struct {
	Name string
	Type Type
}

// List is what a list of suboptions says.
type List struct{ values map[string]value }

type value struct {
	text   string
	number int64
	truth  bool
}

// Lookup finds the number of a user (or group) by name.
type Lookup func(name string, group bool) (int, error)

// ParseList reads "name=value,name,…". A name without a value stands for the
// value "true". The first of several values for one name counts. A value that
// begins with a brace reaches to the matching one, commas included.
func ParseList(text string, defs []Def, lookup Lookup) (*List, error) {
	l := &List{values: make(map[string]value)}
	for _, item := range split(text) {
		name, val, has := strings.Cut(item, "=")
		def := find(defs, name)
		if def == nil || has && val == "" {
			return nil, &unknownError{item, defs}
		}
		if !has {
			val = "true"
		}
		v, err := convert(def.Type, val, lookup)
		if err != nil {
			return nil, err
		}
		if _, ok := l.values[name]; !ok {
			l.values[name] = v
		}
	}
	return l, nil
}

// unknownError is for an item that is none of the suboptions, or lacks its value.
type unknownError struct {
	item string
	defs []Def
}

func (e *unknownError) Error() string { return "Unknown option '" + e.item + "'" }

// ListError says of which option's list an error is; kind is what the error calls it. If a suboption is unknown, a second line has those
// that there are.
func ListError(kind string, err error) error {
	err = fmt.Errorf("Error parsing %s options: %w", kind, err)
	var unknown *unknownError
	if !errors.As(err, &unknown) {
		return err
	}
	names := make([]string, len(unknown.defs))
	for i, def := range unknown.defs {
		names[i] = def.Name
		if def.Type != Bool {
			names[i] += "="
		}
	}
	return fmt.Errorf("%w\nKnown are %s.", err, strings.Join(names, ", "))
}

func find(defs []Def, name string) *Def {
	for i := range defs {
		if defs[i].Name == name {
			return &defs[i]
		}
	}
	return nil
}

// split cuts a list at its commas, except within the braces of a value.
// Empty items, as a trailing comma makes them, are left out.
func split(text string) []string {
	var items []string
	for len(text) > 0 {
		end := strings.IndexByte(text, ',')
		if eq := strings.Index(text, "={"); eq >= 0 && (end < 0 || eq < end) {
			end = closing(text, eq+1)
		}
		if end < 0 {
			end = len(text)
		}
		if end > 0 {
			items = append(items, text[:end])
		}
		text = strings.TrimPrefix(text[end:], ",")
	}
	return items
}

// closing finds the end of a value in braces that begins at start: where a comma
// may follow. What comes between the last brace and the comma makes the item
// one with an odd value, for its reader to refuse.
func closing(text string, start int) int {
	depth := 0
	for i := start; i < len(text); i++ {
		switch text[i] {
		case '{':
			depth++
		case '}':
			depth--
		}
		if depth == 0 {
			if comma := strings.IndexByte(text[i:], ','); comma >= 0 {
				return i + comma
			}
			return -1
		}
	}
	return -1
}

func convert(t Type, text string, lookup Lookup) (value, error) {
	v := value{text: text}
	var err error
	switch t {
	case String:
		if strings.HasPrefix(text, "{") && !balanced(text) {
			return v, fmt.Errorf("Missing ',' or end after '}' in '%s'", text)
		}
	case Bool:
		v.truth = text == "1" || strings.EqualFold(text, "true")
	case Int, Uint:
		v.number, err = parseInt(text, t == Uint)
	case Mode:
		v.number, err = parseMode(text)
	case UID, GID:
		v.number, err = parseID(text, t == GID, lookup)
	}
	return v, err
}

// balanced tells whether a value that begins with a brace ends with the one
// that closes it.
func balanced(text string) bool {
	depth := 0
	for i := range len(text) {
		switch text[i] {
		case '{':
			depth++
		case '}':
			depth--
		}
		if depth == 0 {
			return i == len(text)-1
		}
	}
	return false
}

func parseInt(text string, unsigned bool) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || unsigned && strings.HasPrefix(text, "-") {
		return 0, fmt.Errorf("invalid number '%s'", text)
	}
	return n, nil
}

func parseMode(text string) (int64, error) {
	n, err := strconv.ParseUint(text, 8, 32)
	if err != nil {
		return 0, fmt.Errorf("invalid mode type '%s'", text)
	}
	if n > 0o777 {
		return 0, fmt.Errorf("mode %s is invalid", text)
	}
	return int64(n), nil
}

func parseID(text string, group bool, lookup Lookup) (int64, error) {
	if n, err := strconv.ParseUint(text, 10, 32); err == nil && n < math.MaxUint32 {
		return int64(n), nil
	}
	if lookup != nil {
		if n, err := lookup(text, group); err == nil {
			return int64(n), nil
		}
	}
	if group {
		return 0, fmt.Errorf("unknown group '%s'", text)
	}
	return 0, fmt.Errorf("unknown user '%s'", text)
}

// Has tells whether a suboption was given.
func (l *List) Has(name string) bool {
	_, ok := l.values[name]
	return ok
}

// String returns a value as it was written, or def.
func (l *List) String(name, def string) string {
	if v, ok := l.values[name]; ok {
		return v.text
	}
	return def
}

// Int returns the value of an Int, Uint, UID or GID, or def.
func (l *List) Int(name string, def int) int {
	if v, ok := l.values[name]; ok {
		return int(v.number)
	}
	return def
}

// Bool returns the value of a Bool, or def.
func (l *List) Bool(name string, def bool) bool {
	if v, ok := l.values[name]; ok {
		return v.truth
	}
	return def
}

// Mode returns the value of a Mode, or def.
func (l *List) Mode(name string, def fs.FileMode) fs.FileMode {
	if v, ok := l.values[name]; ok {
		return fs.FileMode(v.number)
	}
	return def
}
