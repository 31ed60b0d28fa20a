package inspect

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"

	"govtpm/internal/keyoption"
	"govtpm/internal/option"
	"govtpm/store/envelope"
)

const usage = `Usage: swtpm inspect [options] <state>

Tells what a saved state of a TPM 2 holds and changes nothing. <state> is a state
directory (<path> or dir://<path>), a single-file store (file://<path> or <path>),
a file with one blob of state (as in a directory, or from migration), or - for a
blob on standard input.

The following options are supported:

--json               : print JSON
--secrets            : print secrets too: seeds, proofs, authorization values,
                       private keys and NV data
--key file=<path>|fd=<fd>[,mode=aes-cbc|aes-256-cbc][,format=hex|binary][,remove=[true|false]]
--key pwdfile=<path>|pwdfd=<fd>[,mode=aes-cbc|aes-256-cbc][,remove=[true|false]][,kdf=sha512|pbkdf2]
                     : the key of an encrypted state
--migration-key <as for --key>
                     : the key of encrypted state from migration
-h|--help            : display this help screen and terminate

The exit status is 0 if all of the state could be read, and otherwise 1.
`

// options are the options of one run.
type options struct {
	json, secrets bool
	keys          map[string]string // arguments of --key and --migration-key
	state         string
}

// Main runs the program. Its result is the exit status.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	o, help, err := parse(args)
	if help {
		io.WriteString(stdout, usage)
		return 0
	}
	if err != nil {
		fmt.Fprintf(stderr, "%v\nTry 'swtpm inspect --help'.\n", err)
		return 1
	}
	if err := o.run(stdin, stdout, stderr); err != nil {
		fmt.Fprintf(stderr, "swtpm inspect: %v\n", err)
		return 1
	}
	return 0
}

func parse(args []string) (o *options, help bool, err error) {
	g := option.Grammar{Program: "swtpm inspect", Options: []option.Option{
		{Long: "json"}, {Long: "secrets"}, {Long: "key", Arg: option.NeedsArg}, {Long: "migration-key", Arg: option.NeedsArg},
		{Long: "help", Short: 'h'},
	}}
	o = &options{keys: map[string]string{}}
	values, operands, err := g.Parse(args)
	if err != nil {
		return nil, false, err
	}
	for _, v := range values {
		switch v.Name {
		case "help":
			return nil, true, nil
		case "json":
			o.json = true
		case "secrets":
			o.secrets = true
		default:
			o.keys[v.Name] = v.Arg
		}
	}
	if len(operands) != 1 {
		return nil, false, fmt.Errorf("%s: one state is wanted and %d are given", g.Program, len(operands))
	}
	o.state = operands[0]
	return o, false, nil
}

// run reads and tells the state. What is wrong with it goes to stderr too when the report is JSON.
func (o *options) run(stdin io.Reader, stdout, stderr io.Writer) error {
	keys, err := o.readKeys(func(warning string) { fmt.Fprintf(stderr, "swtpm inspect: %s\n", warning) })
	defer keys.File.Wipe()
	defer keys.Migration.Wipe()
	if err != nil {
		return err
	}
	blobs, err := open(o.state, stdin)
	if err != nil {
		return err
	}
	r := report(o.state, blobs, keys, o.secrets)
	if o.json {
		e := json.NewEncoder(stdout)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		err = e.Encode(r)
	} else {
		err = printText(stdout, r)
	}
	if err != nil {
		return err
	}
	if n := len(r.Problems); n > 0 {
		return fmt.Errorf("%s in %s: %s", plural(n, "problem"), o.state, r.Problems[0].Text)
	}
	return nil
}

// readKeys reads the keys that were given.
func (o *options) readKeys(warn func(string)) (keys envelope.Keys, err error) {
	if keys.File, err = o.readKey("key", warn); err == nil {
		keys.Migration, err = o.readKey("migration-key", warn)
	}
	return keys, err
}

// readKey reads the key that an option names, nil if the option was not given.
func (o *options) readKey(name string, warn func(string)) (*envelope.Key, error) {
	arg, given := o.keys[name]
	if !given {
		return nil, nil
	}
	return keyoption.Read(name, arg, warn)
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}
