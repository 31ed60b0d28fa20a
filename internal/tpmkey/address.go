package tpmkey

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"
)

// Address returns where the TPM is, from the environment variables that openssl's provider and tpm2-tools look at, in this order:
// TPM2OPENSSL_TCTI, TPM2TOOLS_TCTI, TCTI.
func Address(lookup func(string) (string, bool)) string {
	for _, name := range []string{"TPM2OPENSSL_TCTI", "TPM2TOOLS_TCTI", "TCTI"} {
		if value, ok := lookup(name); ok && value != "" {
			return value
		}
	}
	return "device:/dev/tpmrm0"
}

const (
	dialTimeout = 10 * time.Second
	timeout     = 2 * time.Minute // a chip makes an RSA key
	maxResponse = 4096
)

// dial opens the TPM at an address of the form "device:FILE", "swtpm:host=HOST,port=PORT", "swtpm:path=SOCKET" or, with the same arguments,
// "mssim:".
func dial(address string) (connection, error) {
	kind, rest, _ := strings.Cut(address, ":")
	switch kind {
	case "device":
		return openDevice(rest)
	case "swtpm", "mssim":
	default:
		return nil, fmt.Errorf("'%s' is not the address of a TPM: device:<file>, swtpm:path=<socket>, or swtpm: or mssim:host=<host>,port=<port>", address)
	}
	network, where := "tcp", ""
	host, port := "127.0.0.1", "2321"
	for item := range strings.SplitSeq(rest, ",") {
		key, value, _ := strings.Cut(item, "=")
		switch key {
		case "host":
			host = value
		case "port":
			port = value
		case "path":
			network, where = "unix", value
		case "":
		default:
			return nil, fmt.Errorf("'%s' in the address of a TPM is neither host=, port= nor path=", item)
		}
	}
	if network == "tcp" {
		where = net.JoinHostPort(host, port)
	}
	c, err := net.DialTimeout(network, where, dialTimeout)
	if err != nil {
		return nil, fmt.Errorf("could not reach the TPM: %w", err)
	}
	return &stream{c, kind == "mssim"}, nil
}

// stream is a TPM on a socket; framed says that it speaks the protocol of the reference implementation's simulator.
type stream struct {
	net.Conn
	framed bool
}

// simSendCommand is TPM_SEND_COMMAND of the simulator's protocol.
const simSendCommand = 8

func (s *stream) execute(command []byte) (_ []byte, err error) {
	defer func() {
		if errors.Is(err, os.ErrDeadlineExceeded) {
			err = fmt.Errorf("the TPM did not answer in %v", timeout)
		}
	}()
	if err := s.SetDeadline(time.Now().Add(timeout)); err != nil {
		return nil, err
	}
	message := command
	if s.framed {
		message = binary.BigEndian.AppendUint32(nil, simSendCommand)
		message = append(message, 0) // locality
		message = binary.BigEndian.AppendUint32(message, uint32(len(command)))
		message = append(message, command...)
		defer clear(message)
	}
	if _, err := s.Write(message); err != nil {
		return nil, fmt.Errorf("could not send a command to the TPM: %w", err)
	}
	const head = 6 // tag and size
	var buf [4]byte
	if s.framed { // the size once more
		if _, err := io.ReadFull(s, buf[:]); err != nil {
			return nil, fmt.Errorf("the TPM ended the connection: %w", err)
		}
	}
	response := make([]byte, head, maxResponse)
	if _, err := io.ReadFull(s, response); err != nil {
		return nil, fmt.Errorf("the TPM ended the connection: %w", err)
	}
	size := binary.BigEndian.Uint32(response[2:])
	if size < head || size > maxResponse || s.framed && size != binary.BigEndian.Uint32(buf[:]) {
		return nil, errors.New("what answers is no TPM 2")
	}
	response = response[:size]
	if _, err := io.ReadFull(s, response[head:]); err != nil {
		return nil, fmt.Errorf("the TPM ended the connection: %w", err)
	}
	if s.framed { // the end mark
		if _, err := io.ReadFull(s, buf[:]); err != nil {
			return nil, fmt.Errorf("the TPM ended the connection: %w", err)
		}
	}
	return response, nil
}

// device is a TPM behind a character device; the kernel bounds how long a command takes.
type device struct{ *os.File }

func openDevice(name string) (connection, error) {
	if name == "" {
		name = "/dev/tpmrm0"
	}
	st, err := os.Stat(name)
	if err != nil {
		return nil, fmt.Errorf("could not reach the TPM: %w", err)
	}
	if st.Mode()&os.ModeCharDevice == 0 {
		return nil, fmt.Errorf("could not reach the TPM: %s is not a device", name)
	}
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("could not reach the TPM: %w", err)
	}
	return &device{f}, nil
}

func (d *device) execute(command []byte) ([]byte, error) {
	if _, err := d.Write(command); err != nil {
		return nil, fmt.Errorf("could not send a command to the TPM: %w", err)
	}
	buf := make([]byte, maxResponse)
	n, err := d.Read(buf)
	if err != nil {
		return nil, fmt.Errorf("could not read the TPM's response: %w", err)
	}
	return buf[:n], nil
}
