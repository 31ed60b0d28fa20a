package ioctltool

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"govtpm/control"
)

// command is the command line.
type command struct {
	tcp, unix, device string
	help, version     bool
	name              string   // of the one command
	args              []string // of that
}

// commands are the commands, spelled exactly so, and how many words follow.
var commands = map[string]int{
	"-c": 0, "-i": 0, "--stop": 0, "-s": 0, "-e": 0, "-r": 1, "-v": 0, "-C": 0, "-l": 1, "-h": 1,
	"--save": 2, "--load": 2, "-g": 0, "-b": 1, "--info": 1, "--lock-storage": 1,
}

// parse reads the command line: one command, and where the TPM is. An operand
// is its device.
func parse(args []string) (*command, error) {
	c := &command{}
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		if n, ok := commands[arg]; ok {
			if c.name != "" {
				return nil, errors.New("Only one command may be given.")
			}
			if len(args) < n {
				return nil, fmt.Errorf("swtpm_ioctl: option '%s' requires an argument: %w", arg, errUsage)
			}
			c.name, c.args, args = arg, args[:n], args[n:]
			continue
		}
		var err error
		if args, err = c.option(arg, args); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// option reads an option that is not a command, or the operand.
func (c *command) option(arg string, rest []string) ([]string, error) {
	if len(arg) < 2 || arg[0] != '-' {
		c.device = arg
		return rest, nil
	}
	name, value, has := strings.Cut(strings.TrimLeft(arg, "-"), "=")
	switch name {
	case "help":
		c.help = true
		return rest, nil
	case "version":
		c.version = true
		return rest, nil
	case "tcp", "unix", "tpm-device":
	default:
		return nil, fmt.Errorf("swtpm_ioctl: unrecognized option '%s': %w", arg, errUsage)
	}
	if !has {
		if len(rest) == 0 {
			return nil, fmt.Errorf("swtpm_ioctl: option '%s' requires an argument: %w", arg, errUsage)
		}
		value, rest = rest[0], rest[1:]
	}
	switch name {
	case "tcp":
		c.tcp = value
		if value == "" {
			c.tcp = ":"
		}
	case "unix":
		c.unix = value
	case "tpm-device":
		c.device = value
	}
	return rest, nil
}

// localityArg reads a locality.
func localityArg(s string) (uint8, error) {
	n, err := strconv.ParseInt(s, 0, 64)
	if err != nil {
		return 0, fmt.Errorf("Could not get locality number from %s.", s)
	}
	if n < 0 || n > control.MaxLocality {
		return 0, errors.New("Locality outside valid range of [0..4].")
	}
	return uint8(n), nil
}

// kindArg reads a kind of state.
func kindArg(s string) (control.StateKind, error) {
	for _, k := range []control.StateKind{control.StatePermanent, control.StateVolatile, control.StateSave} {
		if s == k.String() {
			return k, nil
		}
	}
	return 0, fmt.Errorf("Unknown TPM state type '%s'.", s)
}
