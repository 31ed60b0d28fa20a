package daemon

import (
	"fmt"
	"strconv"

	"govtpm/internal/option"
)

// form is one of the interfaces that the program can have.
type form struct {
	name    string
	options []option.Option
	usage   string
}

// commonOptions are the options of all interfaces.
func commonOptions(more ...option.Option) []option.Option {
	const needs, none = option.NeedsArg, option.NoArg
	return append(more, []option.Option{
		{Long: "help", Short: 'h', Arg: none}, {Long: "runas", Short: 'r', Arg: needs},
		{Long: "chroot", Short: 'R', Arg: needs}, {Long: "tpmstate", Arg: needs}, {Long: "tpm2", Arg: none},
		{Long: "key", Arg: needs}, {Long: "migration-key", Arg: needs}, {Long: "log", Arg: needs}, {Long: "pid", Arg: needs},
		{Long: "locality", Arg: needs}, {Long: "flags", Arg: needs}, {Long: "seccomp", Arg: needs},
		{Long: "migration", Arg: needs}, {Long: "profile", Arg: needs}, {Long: "pcap", Arg: needs},
		{Long: "print-capabilities", Arg: none}, {Long: "print-states", Arg: none},
		{Long: "print-profiles", Arg: none}, {Long: "print-info", Arg: needs},
	}...)
}

// socketForm is "swtpm socket".
func socketForm() form {
	const needs, none = option.NeedsArg, option.NoArg
	return form{"socket", commonOptions(
		option.Option{Long: "daemon", Short: 'd', Arg: none}, option.Option{Long: "ctrl", Arg: needs},
		option.Option{Long: "port", Short: 'p', Arg: needs}, option.Option{Long: "fd", Short: 'f', Arg: needs},
		option.Option{Long: "terminate", Short: 't', Arg: none}, option.Option{Long: "server", Arg: needs},
	), socketUsage}
}

// options are the options as they were given, the last of each.
type options struct {
	form  form
	given map[string]string
}

func (o *options) has(name string) bool {
	_, ok := o.given[name]
	return ok
}

// parseOptions reads the command line behind the name of the interface. hint
// tells that the user may not know the options.
func parseOptions(f form, args []string) (o *options, hint bool, err error) {
	g := option.Grammar{Program: f.name, Options: f.options}
	values, operands, err := g.Parse(args)
	o = &options{form: f, given: make(map[string]string)}
	for _, v := range values {
		if o.hasDevice() && (v.Name == "chardev" || v.Name == "fd") {
			continue // the first device counts
		}
		o.given[v.Name] = v.Arg
	}
	if err != nil {
		return o, true, err
	}
	if o.has("help") || o.has("version") {
		return o, false, nil
	}
	if len(operands) > 0 {
		return o, false, fmt.Errorf("Unknown parameter '%s'", operands[0])
	}
	return o, false, o.checkNumbers()
}

func (o *options) checkNumbers() error {
	if o.has("port") {
		n, err := strconv.ParseInt(o.given["port"], 0, 64)
		if err != nil {
			return fmt.Errorf("Cannot parse socket port number '%s'.", o.given["port"])
		}
		if n < 0 || n > 65535 {
			return fmt.Errorf("Port is outside valid range.")
		}
	}
	if o.has("fd") {
		if n, err := strconv.ParseInt(o.given["fd"], 10, 32); err != nil || n < 0 {
			return fmt.Errorf("Cannot parse socket file descriptor number '%s'.", o.given["fd"])
		}
	}
	if o.has("print-info") {
		if _, err := strconv.ParseUint(o.given["print-info"], 0, 64); err != nil {
			return fmt.Errorf("Cannot parse print-info flags '%s'.", o.given["print-info"])
		}
	}
	return nil
}

// list reads the suboptions of an option; kind is what the error calls them.
func (o *options) list(name, kind string, defs ...option.Def) (*option.List, error) {
	l, err := option.ParseList(o.given[name], defs, lookupID)
	if err != nil {
		return nil, option.ListError(kind, err)
	}
	return l, nil
}
