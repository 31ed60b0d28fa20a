// Package longopt reads command lines in the grammar of GNU getopt_long and getopt_long_only, as the swtpm tools do:
// "--name value", "--name=value", unambiguous abbreviations, options and operands in any order, "--" ends the options; in the
// "long only" form one dash is enough. Start at Grammar.Parse.
package longopt

import (
	"fmt"
	"strings"
)

// Arg says whether an option takes an argument.
type Arg int

// The kinds of options.
const (
	NoArgument Arg = iota
	Required
	Optional // only in the form --name=value
)

// An Option of a program. Short is its one-letter form, 0 if it has none.
type Option struct {
	Name  string
	Short byte
	Arg   Arg
}

// A Grammar is what a program understands.
type Grammar struct {
	Program  string // name in front of messages
	LongOnly bool   // long options may begin with one dash (getopt_long_only)
	Options  []Option
}

// A Given option. Name is the full name, or the letter of an option without one.
type Given struct {
	Name  string
	Value string
	Has   bool // there is a value
}

// Parse returns the options in the order they were given and the operands. After an error it returns the options in front of the
// faulty one, so that a program can act on them first (--help), as getopt does.
func (g *Grammar) Parse(args []string) (given []Given, operands []string, err error) {
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		switch {
		case arg == "--":
			return given, append(operands, args...), nil
		case strings.HasPrefix(arg, "--"):
			given, args, err = g.long(given, arg, "--", args)
		case len(arg) < 2 || arg[0] != '-':
			operands = append(operands, arg)
		case g.LongOnly && (len(arg) > 2 || g.short(arg[1]) == nil):
			given, args, err = g.long(given, arg, "-", args)
		default:
			given, args, err = g.letters(given, arg[1:], args)
		}
		if err != nil {
			return given, operands, err
		}
	}
	return given, operands, nil
}

func (g *Grammar) errorf(format string, a ...any) error {
	return fmt.Errorf("%s: %s", g.Program, fmt.Sprintf(format, a...))
}

// long reads one long option; it may take the next argument as its value.
func (g *Grammar) long(given []Given, arg, dashes string, rest []string) ([]Given, []string, error) {
	name, value, has := strings.Cut(strings.TrimPrefix(arg, dashes), "=")
	opt, err := g.find(name, dashes)
	if err != nil {
		return given, rest, err
	}
	switch {
	case has && opt.Arg == NoArgument:
		return given, rest, g.errorf("option '%s%s' doesn't allow an argument", dashes, opt.Name)
	case !has && opt.Arg == Required:
		if len(rest) == 0 {
			return given, rest, g.errorf("option '%s%s' requires an argument", dashes, opt.Name)
		}
		value, has, rest = rest[0], true, rest[1:]
	}
	return append(given, Given{opt.Name, value, has}), rest, nil
}

// find returns the option with the name, or the only one that begins with it.
func (g *Grammar) find(name, dashes string) (*Option, error) {
	var hits []*Option
	for i := range g.Options {
		switch opt := &g.Options[i]; {
		case opt.Name == "":
		case opt.Name == name:
			return opt, nil
		case strings.HasPrefix(opt.Name, name):
			hits = append(hits, opt)
		}
	}
	switch len(hits) {
	case 0:
		return nil, g.errorf("unrecognized option '%s%s'", dashes, name)
	case 1:
		return hits[0], nil
	}
	var b strings.Builder
	for _, opt := range hits {
		fmt.Fprintf(&b, " '%s%s'", dashes, opt.Name)
	}
	return nil, g.errorf("option '%s%s' is ambiguous; possibilities:%s", dashes, name, b.String())
}

func (g *Grammar) short(c byte) *Option {
	for i := range g.Options {
		if g.Options[i].Short == c && c != 0 {
			return &g.Options[i]
		}
	}
	return nil
}

// letters reads "-abc": letters without arguments, the last may have one.
func (g *Grammar) letters(given []Given, s string, rest []string) ([]Given, []string, error) {
	for s != "" {
		c := s[0]
		s = s[1:]
		opt := g.short(c)
		if opt == nil {
			return given, rest, g.errorf("invalid option -- '%c'", c)
		}
		item := Given{Name: opt.Name}
		if item.Name == "" {
			item.Name = string(rune(c))
		}
		switch {
		case opt.Arg == NoArgument:
		case s != "":
			item.Value, item.Has, s = s, true, ""
		case opt.Arg == Required && len(rest) == 0:
			return given, rest, g.errorf("option requires an argument -- '%c'", c)
		case opt.Arg == Required:
			item.Value, item.Has, rest = rest[0], true, rest[1:]
		}
		given = append(given, item)
	}
	return given, rest, nil
}
