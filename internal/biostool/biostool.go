// Package biostool is the program swtpm_bios: it sends a TPM the commands firmware would send at power on.
//
// Options, commands, messages and exit codes are those of swtpm_bios. Every command has its own connection; a command that the TPM
// refuses does not keep the later ones from being sent, a TPM that cannot be reached does. Messages about a TPM 2 that refuses go to
// standard output, those about a TPM 1.2 to standard error, as they always have. Start at Main.
package biostool

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"govtpm/internal/option"
	"govtpm/internal/rcname"
)

// Name is the name of the program.
const Name = "swtpm_bios"

// Version is the version of swtpm whose behaviour the program has.
const Version = "0.11.0"

// Exit codes.
const (
	exitOK        = 0
	exitUsage     = 1
	exitTPMError  = 128 // the TPM refused a command
	exitReset     = 129 // the TPM must be reset to become active
	exitTransport = 255 // the TPM cannot be reached, or its answer makes no sense
)

const banner = "TPM emulator BIOS emulator version " + Version + "\n"

// startup is what to do about the Startup command.
type startup int

const (
	startupClear startup = iota
	startupState
	startupDeactivated
	startupNone
)

// options are the options of one run.
type options struct {
	target       target
	tpm2         bool
	startup      startup
	startupOnly  bool // -o
	selfTest     bool // -cs
	ensureActive bool // -ea
	giveUp       bool // -u
}

var grammar = option.Grammar{Program: Name, LongOnly: true, Options: []option.Option{
	{Long: "tpm-device", Arg: option.NeedsArg}, {Long: "tcp", Arg: option.NeedsArg}, {Long: "unix", Arg: option.NeedsArg}, {Long: "tpm2"},
	{Short: 'c'}, {Short: 's'}, {Short: 'd'}, {Short: 'n'}, {Short: 'o'},
	{Long: "cs"}, {Long: "ea"}, {Short: 'u'}, {Short: 'v'}, {Short: 'h'},
	{Long: "version"}, {Long: "help"},
}}

// Main runs the program with the arguments behind its name and returns its exit code.
func Main(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	g := grammar
	given, _, err := g.Parse(args)
	o := options{}
	o.target.fromEnvironment(os.LookupEnv)
	for _, item := range given {
		switch item.Name {
		case "v", "version":
			fmt.Fprint(stdout, banner)
			return exitOK
		case "h", "help":
			fmt.Fprint(stdout, usage)
			return exitOK
		}
		if err := o.set(item); err != nil {
			fmt.Fprintln(stderr, err)
			return exitUsage
		}
	}
	if err != nil {
		fmt.Fprintf(stderr, "%v\nTry '%s --help' for the options there are.\n", err, Name)
		return exitUsage
	}
	s := &session{send: o.target.transact, rand: rand.Reader, out: stderr, tpm2: o.tpm2}
	if o.tpm2 {
		s.out = stdout
		err = s.runTPM2(&o)
	} else {
		err = s.runTPM12(&o)
	}
	switch {
	case err != nil:
		fmt.Fprintln(stderr, err)
		return exitTransport
	case s.needsReset:
		fmt.Fprintln(stdout, "TPM requires a reset")
		return exitReset
	case s.failed:
		return exitTPMError
	}
	return exitOK
}

func (o *options) set(item option.Value) error {
	switch item.Name {
	case "tpm-device":
		o.target.device = item.Arg
	case "tcp":
		return o.target.setTCP(item.Arg)
	case "unix":
		o.target.unix = item.Arg
	case "tpm2":
		o.tpm2 = true
	case "c":
		o.startup = startupClear
	case "s":
		o.startup = startupState
	case "d":
		o.startup = startupDeactivated
	case "n":
		o.startup = startupNone
	case "o":
		o.startupOnly = true
	case "cs":
		o.selfTest = true
	case "ea":
		o.ensureActive = true
	case "u":
		o.giveUp = true
	}
	return nil
}

// session sends commands and remembers what the answers mean for the exit code.
type session struct {
	send       func(command []byte) (response []byte, err error)
	rand       io.Reader
	out        io.Writer // for messages about refused commands
	tpm2       bool      // that is what the commands are for
	failed     bool      // the TPM refused a command
	mistaken   bool      // the TPM is of the other version, which was said
	needsReset bool
}

const (
	headerSize = 10    // tag, size, code (Part 1, 18.2; TPM 1.2 Part 2, 6)
	resultSize = 4     // how a control channel answers what is no request
	rcFailure  = 0x101 // TPM_RC_FAILURE: also what a TPM answers that is not powered on, as libtpms does
	badTag     = 0x1e  // TPM_BADTAG, TPM_RC_BAD_TAG: the command is not in the words of this TPM
)

// do sends a command and returns the answer if the TPM carried it out, nil if it refused.
func (s *session) do(name string, command []byte) ([]byte, error) {
	response, err := s.send(command)
	if err != nil {
		return nil, err
	}
	switch {
	case len(response) == resultSize:
		return nil, errors.New("Returned packet is too short. It looks like one of a control channel; the commands belong on the other.") //nolint:staticcheck // known words
	case len(response) < headerSize:
		return nil, errors.New("Returned packet is too short.") //nolint:staticcheck // known words
	}
	if binary.BigEndian.Uint32(response[2:]) != uint32(len(response)) {
		return nil, errors.New("Malformed response.") //nolint:staticcheck // known words
	}
	if code := binary.BigEndian.Uint32(response[6:]); code != 0 {
		fmt.Fprintf(s.out, "%s returned error code 0x%08x%s\n", name, code, s.explain(response, code))
		s.failed = true
		return nil, nil
	}
	return response, nil
}

// explain says behind the number of a response code what it is called, and whether it comes from a TPM of the other version.
func (s *session) explain(response []byte, code uint32) string {
	text := ""
	if name := rcname.Of(code); name != "" {
		text = " (" + name + ")"
	}
	if s.mistaken {
		return text
	}
	switch tag := binary.BigEndian.Uint16(response); {
	case !s.tpm2 && (tag == stNoSessions || code == badTag):
		s.mistaken = true
		return text + "; this is a TPM 2: use --tpm2"
	case s.tpm2 && code == rcFailure:
		s.mistaken = true
		return text + "; or it is not powered on: see swtpm_ioctl -i"
	case s.tpm2 && tag == tagRsp:
		s.mistaken = true
		return text + "; this is a TPM 1.2: leave out --tpm2"
	}
	return text
}

// step is one command of a sequence.
type step struct {
	wanted  bool
	name    string
	command []byte
}

func (s *session) steps(all []step) error {
	for _, st := range all {
		if !st.wanted {
			continue
		}
		if _, err := s.do(st.name, st.command); err != nil {
			return err
		}
	}
	return nil
}
