// Package ioctltool is the program swtpm_ioctl: it sends one command to the
// control channel of a TPM, on a socket or a CUSE device, and prints what comes
// back. Start at [Main].
package ioctltool

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"govtpm/control"
)

const version = "0.11.0"

const usageText = `TPM emulator control tool version ` + version + `, Copyright (c) 2026 the govtpm authors

Usage: swtpm_ioctl command <device path>

The following commands are supported:
--tpm-device <device> : use the given CUSE device; its path may also stand
                        behind the command
--tcp [<host>]:[<prt>]: connect to TPM on given host and port;
                        default host is 127.0.0.1, default port is 6546
--unix <path>         : connect to TPM using UnixIO socket; like the port, it
                        is that of --ctrl, not the one for TPM commands
-c                    : get ptm capabilities
-i                    : power the TPM on; volatile state is resumed, if there
                        is some, and then deleted
--stop                : power the TPM off, without ending its process
-s                    : power the TPM off and end its process
-e                    : get the tpmEstablished bit
-r <loc>              : reset the tpmEstablished bit; use the given locality
-v                    : store the TPM's volatile data
-C                    : cancel an ongoing TPM command
-l <loc>              : set the locality to the given number; valid
                        localities are 0-4
-h <data>             : hash the given data; if data is '-' then data are
                        read from stdin
--save <type> <file>  : store the TPM state blob of given type in a file;
                        type may be one of volatile, permanent, or savestate
--load <type> <file>  : load the TPM state blob of given type from a file;
                        type may be one of volatile, permanent, or savestate;
                        the TPM must be powered off: see --stop
-g                    : get configuration flags indicating which keys are in
                        use
-b <buffersize>       : set the buffer size of the TPM and get its current
                        size; get minimum and maximum supported sizes
--info <flags>        : get TPM implementation specific information;
                        flags must be an integer value
--lock-storage <n>    : lock the storage, trying n times more
--version             : display version and exit
--help                : display help screen and exit
`

// timeout bounds the wait for a response.
const timeout = 20 * time.Second

// channel is a way to the TPM.
type channel interface {
	// Do sends a request and returns the response, with state and data in
	// any size.
	Do(control.Request) (control.Response, error)
	Close() error
}

// errUsage points to the help screen.
var errUsage = errors.New("usage")

const seeHelp = "Try 'swtpm_ioctl --help' for the options there are."

// errNoCommand and errNoDevice have swtpm's words.
var (
	errNoCommand = fmt.Errorf("No valid command.\nGive one of the options that ask the TPM for something, such as -c or --info 1: %w", errUsage)
	errNoDevice  = fmt.Errorf("Error: Missing device name.\nSay where the TPM is with --tcp, --unix or --tpm-device: %w", errUsage)
)

// unreachable is the error of a place where there is no TPM: in the first line swtpm's words, then what to look at.
func unreachable(words string, err error, place string) error {
	text := fmt.Sprintf("%s: %s\n", words, cause(err))
	if errors.Is(err, fs.ErrPermission) {
		return errors.New(text + "Run this as a user who may open it.")
	}
	return errors.New(text + "Is the TPM running, and is this " + place + "?")
}

// Main is the program: args are the words behind its name. It returns the exit
// status.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	t := &tool{stdin: stdin, stdout: stdout, words: isTerminal(stderr)}
	err := t.run(args)
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errUsage):
		fmt.Fprintf(stderr, "%s\n%s\n", strings.TrimSuffix(err.Error(), ": usage"), seeHelp)
	default:
		fmt.Fprintln(stderr, err)
	}
	return 1
}

type tool struct {
	stdin  io.Reader
	stdout io.Writer
	words  bool // a person reads the messages
	ch     channel
}

func (t *tool) run(args []string) error {
	c, err := parse(args)
	if err != nil {
		return err
	}
	switch {
	case c.help:
		_, err := io.WriteString(t.stdout, usageText)
		return err
	case c.version:
		_, err := fmt.Fprintf(t.stdout, "TPM emulator control tool version %s, Copyright (c) 2026 the govtpm authors\n", version)
		return err
	}
	if t.ch, err = c.connect(); err != nil {
		return err
	}
	defer t.ch.Close()
	if c.name == "" {
		return errNoCommand
	}
	return t.execute(c)
}

// connect opens the way that the command line tells of.
func (c *command) connect() (channel, error) {
	switch {
	case c.tcp != "":
		host, port, err := splitTCP(c.tcp)
		if err != nil {
			return nil, err
		}
		conn, err := net.DialTimeout("tcp", net.JoinHostPort(host, strconv.Itoa(port)), timeout)
		if err != nil {
			return nil, unreachable(fmt.Sprintf("Could not connect to host '%s' on port '%d' using TCP socket", host, port), err, "the port of its --ctrl")
		}
		return newClient(conn), nil
	case c.unix != "":
		conn, err := net.DialTimeout("unix", c.unix, timeout)
		if err != nil {
			return nil, unreachable("Connect failed", err, "the socket of its --ctrl")
		}
		return newClient(conn), nil
	case c.device != "":
		return openDevice(c.device)
	}
	return nil, errNoDevice
}

func newClient(conn net.Conn) channel {
	cl := control.NewClient(conn)
	cl.Timeout = timeout
	return cl
}

// splitTCP reads [host]:[port]; an IPv6 address may stand in brackets.
func splitTCP(s string) (host string, port int, err error) {
	host, port = s, 6546
	if i := strings.LastIndexByte(s, ':'); i >= 0 && !strings.HasSuffix(s, "]") {
		host = s[:i]
		if text := s[i+1:]; text != "" {
			n, err := strconv.Atoi(text)
			if err != nil {
				return "", 0, fmt.Errorf("Invalid port '%s'", text)
			}
			if n < 0 || n > 65535 {
				return "", 0, fmt.Errorf("Port '%s' outside valid range.", text)
			}
			port = n
		}
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if host == "" {
		host = "127.0.0.1"
	}
	return host, port, nil
}

// cause is the innermost error, in the words of the C library.
func cause(err error) string {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			break
		}
		err = inner
	}
	text := err.Error()
	return strings.ToUpper(text[:1]) + text[1:]
}

// openOut opens a file to write to, with what it holds: that goes when there is something to take its place.
func openOut(name string) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("Could not open file '%s' for writing: %s", name, cause(err))
	}
	return f, nil
}
