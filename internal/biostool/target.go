package biostool

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

const (
	defaultDevice = "/dev/tpm0"
	defaultHost   = "127.0.0.1"
	defaultPort   = 6545
	maxResponse   = 1024
	timeout       = 20 * time.Second
)

// target is where the TPM is: TCP comes before a Unix socket, that before a device.
type target struct {
	tcp, unix, device string
}

// fromEnvironment takes what environment variables say.
func (t *target) fromEnvironment(lookup func(string) (string, bool)) {
	t.device = defaultDevice
	if device, ok := lookup("TPM_DEVICE"); ok && device != "" {
		t.device = device
	}
	if _, ok := lookup("TCSD_USE_TCP_DEVICE"); !ok {
		return
	}
	host, _ := lookup("TCSD_TCP_DEVICE_HOSTNAME")
	port, _ := lookup("TCSD_TCP_DEVICE_PORT")
	if host == "" {
		host = defaultHost
	}
	if port == "" {
		port = strconv.Itoa(defaultPort)
	}
	t.tcp = net.JoinHostPort(host, port)
}

// setTCP reads "[host]:[port]"; an IPv6 address stands in brackets.
func (t *target) setTCP(s string) error {
	host, port := s, strconv.Itoa(defaultPort)
	if i := strings.LastIndexByte(s, ':'); i >= 0 && !strings.HasSuffix(s, "]") {
		host = s[:i]
		if s[i+1:] != "" {
			port = s[i+1:]
		}
	}
	n, err := strconv.ParseUint(port, 10, 31)
	switch {
	case errors.Is(err, strconv.ErrRange), err == nil && n > 65535:
		return fmt.Errorf("Port '%s' outside valid range.", port) //nolint:staticcheck // known words
	case err != nil:
		return fmt.Errorf("Invalid port '%s'", port) //nolint:staticcheck // known words
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if host == "" {
		host = defaultHost
	}
	t.tcp = net.JoinHostPort(host, port)
	return nil
}

// unreachable is the error of a place where there is no TPM: in the first line swtpm's words, then what to look at.
func unreachable(words string, err error, place string) error {
	hint := "Is the TPM running, and is this " + place + "?"
	if errors.Is(err, fs.ErrPermission) {
		hint = "Run this as a user who may open it."
	}
	return fmt.Errorf("%s: %w\n%s", words, err, hint)
}

// transact sends one command over a new connection and reads the answer with one read.
func (t *target) transact(command []byte) ([]byte, error) {
	var c interface {
		Read([]byte) (int, error)
		Write([]byte) (int, error)
		Close() error
		SetReadDeadline(time.Time) error
	}
	var err error
	switch {
	case t.tcp != "":
		if c, err = net.DialTimeout("tcp", t.tcp, timeout); err != nil {
			return nil, unreachable("Could not connect using TCP socket", err, "the port of its --server")
		}
	case t.unix != "":
		if c, err = net.DialTimeout("unix", t.unix, timeout); err != nil {
			return nil, unreachable("Could not connect using UnixIO socket", err, "the socket of its --server")
		}
	default:
		if c, err = os.OpenFile(t.device, os.O_RDWR, 0); err != nil {
			return nil, unreachable("Unable to open device '"+t.device+"'", err, "its device")
		}
	}
	defer c.Close()
	if _, err := c.Write(command); err != nil {
		return nil, fmt.Errorf("could not send a command to the TPM: %w", err)
	}
	_ = c.SetReadDeadline(time.Now().Add(timeout)) // a device may have none: then the read waits
	buf := make([]byte, maxResponse)
	n, err := c.Read(buf)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil, fmt.Errorf("TPM did not respond after %d seconds.", int(timeout.Seconds())) //nolint:staticcheck // known words
	}
	return buf[:n], nil // what there is: a short answer has its own words
}

const usage = banner + `
swtpm_bios [options]

Sends a TPM the commands firmware sends: Startup, and for a TPM 1.2 physical presence, enable and activate. The TPM must be powered on
already: see swtpm_ioctl -i.

	--tpm-device <device>  the TPM is a device; default is /dev/tpm0
	--tcp [<host>]:[<prt>] the TPM is reached over TCP; default is 127.0.0.1:6545
	--unix <path>          the TPM is reached over a Unix socket
	--tpm2                 the TPM is a TPM 2
	-c                     Startup CLEAR (default)
	-s                     Startup STATE
	-d                     Startup DEACTIVATED (no Startup for a TPM 2)
	-n                     no Startup
	-o                     Startup only
	-cs                    ContinueSelfTest; IncrementalSelfTest for a TPM 2
	-ea                    make sure that a TPM 1.2 is active; exit code 129 means
	                       that it must be reset
	-u                     give up physical presence; give the platform hierarchy of
	                       a TPM 2 a random password
	-v, --version          print the version and exit
	-h, --help             print this text and exit
`
