// Package option reads command lines as GNU getopt_long does, and the lists of
// suboptions that swtpm's options take. What programs and people type, down to
// abbreviations and the texts of errors, is an interface. Start at [Parse] and
// [ParseList].
package option

import (
	"fmt"
	"strings"
)

// Arg says whether an option takes an argument.
type Arg uint8

// Kinds of options.
const (
	NoArg Arg = iota
	NeedsArg
)

// Option is one option of a program.
type Option struct {
	Long  string // without dashes; empty if there is only the short form
	Short byte   // 0 if there is only the long form
	Arg   Arg
}

// Name is how results call the option: by its long form if there is one.
func (o *Option) Name() string {
	if o.Long != "" {
		return o.Long
	}
	return string(rune(o.Short))
}

// Value is an option as it was given.
type Value struct {
	Name string
	Arg  string
}

// Grammar is the set of options of a program.
type Grammar struct {
	Program string // begins the texts of errors
	Options []Option
	// LongOnly accepts long options behind a single dash, too, as
	// getopt_long_only does.
	LongOnly bool
}

// Parse returns the options of args in their order, and the operands. Options
// and operands may be mixed; everything behind "--" is an operand. The error is
// the text that getopt prints, without a newline.
func (g *Grammar) Parse(args []string) (values []Value, operands []string, err error) {
	p := parser{g: g, rest: args}
	for len(p.rest) > 0 {
		arg := p.rest[0]
		p.rest = p.rest[1:]
		switch {
		case arg == "--":
			p.operands = append(p.operands, p.rest...)
			return p.values, p.operands, nil
		case strings.HasPrefix(arg, "--"):
			err = p.long("--", arg[2:])
		case len(arg) > 1 && arg[0] == '-':
			err = p.dash(arg[1:])
		default:
			p.operands = append(p.operands, arg)
		}
		if err != nil {
			return p.values, p.operands, err
		}
	}
	return p.values, p.operands, nil
}

type parser struct {
	g        *Grammar
	rest     []string
	values   []Value
	operands []string
}

func (p *parser) errorf(format string, args ...any) error {
	return fmt.Errorf(p.g.Program+": "+format, args...)
}

func (p *parser) add(o *Option, arg string) { p.values = append(p.values, Value{o.Name(), arg}) }

// dash reads what follows a single dash: a long option if the grammar allows
// that and it is one, else a cluster of short options.
func (p *parser) dash(text string) error {
	if p.g.LongOnly && (len(text) > 1 || p.short(text[0]) == nil) {
		name, _, _ := strings.Cut(text, "=")
		if found := p.find(name); len(found) > 0 || p.short(text[0]) == nil {
			return p.long("-", text)
		}
	}
	return p.cluster(text)
}

// cluster reads short options that share a dash; one that takes an argument
// ends the cluster.
func (p *parser) cluster(text string) error {
	for i := 0; i < len(text); i++ {
		o := p.short(text[i])
		switch {
		case o == nil:
			return p.errorf("invalid option -- '%c'", text[i])
		case o.Arg == NoArg:
			p.add(o, "")
		case i+1 < len(text):
			p.add(o, text[i+1:])
			return nil
		case len(p.rest) == 0:
			return p.errorf("option requires an argument -- '%c'", text[i])
		default:
			p.add(o, p.rest[0])
			p.rest = p.rest[1:]
		}
	}
	return nil
}

func (p *parser) short(c byte) *Option {
	for i := range p.g.Options {
		if o := &p.g.Options[i]; o.Short == c && c != 0 {
			return o
		}
	}
	return nil
}

// find returns the option called name, or all that name abbreviates.
func (p *parser) find(name string) []*Option {
	var found []*Option
	for i := range p.g.Options {
		o := &p.g.Options[i]
		if o.Long == "" {
			continue
		}
		if o.Long == name {
			return []*Option{o}
		}
		if strings.HasPrefix(o.Long, name) {
			found = append(found, o)
		}
	}
	return found
}

// long reads a long option behind dashes.
func (p *parser) long(dashes, text string) error {
	name, arg, hasArg := strings.Cut(text, "=")
	found := p.find(name)
	switch {
	case len(found) == 0:
		return p.errorf("unrecognized option '%s%s'", dashes, text)
	case len(found) > 1:
		list := ""
		for _, o := range found {
			list += " '" + dashes + o.Long + "'"
		}
		return p.errorf("option '%s%s' is ambiguous; possibilities:%s", dashes, text, list)
	}
	o := found[0]
	switch {
	case o.Arg == NoArg && hasArg:
		return p.errorf("option '%s%s' doesn't allow an argument", dashes, o.Long)
	case o.Arg == NeedsArg && !hasArg:
		if len(p.rest) == 0 {
			return p.errorf("option '%s%s' requires an argument", dashes, o.Long)
		}
		arg = p.rest[0]
		p.rest = p.rest[1:]
	}
	p.add(o, arg)
	return nil
}
