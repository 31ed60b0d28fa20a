package decode

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	"govtpm/internal/option"
	"govtpm/internal/pcap"
)

const usage = `Usage: swtpm decode [options] [<file>|<hex digits>|-]...

Say TPM commands and responses in words. They come from recordings of --pcap,
from logs with level 2 or above, or as hexadecimal digits; without arguments, or
for '-', from the standard input. In digits and logs a response belongs to the
command before it; '>' and '<' in front of digits say what is what.

--secrets            : show authorization values and other secrets too. What
                       lies in NV memory and what is hashed is always shown.
--full               : show long values in full
-h|--help            : display this help screen and terminate
`

// Main is the program: args are the words behind its name. It returns the exit status.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	g := option.Grammar{Program: "swtpm decode", Options: []option.Option{
		{Long: "secrets", Arg: option.NoArg}, {Long: "full", Arg: option.NoArg}, {Long: "help", Short: 'h', Arg: option.NoArg},
	}}
	values, sources, err := g.Parse(args)
	if err != nil {
		fmt.Fprintf(stderr, "%v\nTry 'swtpm decode --help'.\n", err)
		return 1
	}
	var opts Options
	for _, v := range values {
		switch v.Name {
		case "secrets":
			opts.Secrets = true
		case "full":
			opts.Full = true
		case "help":
			io.WriteString(stdout, usage)
			return 0
		}
	}
	out := bufio.NewWriter(stdout)
	err = decodeAll(sources, stdin, New(out, opts))
	if flushErr := out.Flush(); err == nil {
		err = flushErr
	}
	if err != nil {
		fmt.Fprintf(stderr, "swtpm decode: %v\n", err)
		return 1
	}
	return 0
}

// errNothing is what a source comes to in which no message was found.
var errNothing = errors.New("no TPM command or response")

func decodeAll(sources []string, stdin io.Reader, d *Decoder) error {
	if len(sources) == 0 {
		sources = []string{"-"}
	}
	var digits textReader
	digits.to = d
	for _, s := range sources {
		b, direction, isDigits := parseDigits(s)
		if isDigits {
			digits.add(b, direction)
			continue
		}
		digits.flush()
		if s == "-" {
			if err := d.Read(stdin); err != nil {
				return err
			}
			continue
		}
		if err := d.file(s); err != nil {
			return err
		}
	}
	digits.flush()
	return digits.err
}

func (d *Decoder) file(name string) error {
	f, err := os.Open(name)
	if _, _, ok := parseDigits(name + "0"); ok && errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%s: an odd number of digits, and no file of that name", name)
	}
	if err != nil {
		return err
	}
	defer f.Close()
	if err := d.Read(f); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// Read decodes a recording, a log, or lines of hexadecimal digits.
func (d *Decoder) Read(r io.Reader) error {
	in := bufio.NewReader(r)
	if head, _ := in.Peek(len(pcap.Magic)); string(head) == pcap.Magic {
		return d.recording(in)
	}
	return d.text(in)
}

func (d *Decoder) recording(r io.Reader) error {
	for m, err := range pcap.Messages(r) {
		if err != nil {
			return err
		}
		fmt.Fprintf(d.w, "%s\n", m.Time.UTC().Format("2006-01-02 15:04:05.000000"))
		if m.FromClient {
			d.Command(m.Data)
		} else {
			d.Response(m.Data)
		}
	}
	return nil
}
