package daemon

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"strconv"

	"govtpm/internal/listen"
	"govtpm/internal/option"
	"govtpm/internal/serve"
)

// channel is where clients come from: one of a listening socket and a
// connection that exists already.
type channel struct {
	listener net.Listener
	conn     io.ReadWriteCloser
	// platform is the other port of the simulator's protocol; nil for any other.
	platform net.Listener
	// ends tells that the process ends with its client.
	ends       bool
	disconnect bool
}

func (c *channel) close() {
	if c.listener != nil {
		c.listener.Close()
	}
	if c.platform != nil {
		c.platform.Close()
	}
	if c.conn != nil {
		c.conn.Close()
	}
}

// addressDefs are the suboptions that say where to listen.
func addressDefs(more ...option.Def) []option.Def {
	return append([]option.Def{{Name: "type"}, {Name: "path"}, {Name: "port", Type: option.Int}, {Name: "bindaddr"},
		{Name: "ifname"}, {Name: "fd", Type: option.Uint}, {Name: "mode", Type: option.Mode},
		{Name: "uid", Type: option.UID}, {Name: "gid", Type: option.GID}}, more...)
}

// defaultSimulatorPort is where clients of the simulator's protocol look for it.
const defaultSimulatorPort = 2321

const defaultSocketMode fs.FileMode = 0o770

func unixEndpoint(l *option.List) listen.Endpoint {
	return listen.Endpoint{Network: "unix", Path: l.String("path", ""), Mode: l.Mode("mode", defaultSocketMode),
		UID: l.Int("uid", -1), GID: l.Int("gid", -1)}
}

func tcpEndpoint(l *option.List, port int) listen.Endpoint {
	return listen.Endpoint{Network: "tcp", Address: l.String("bindaddr", "127.0.0.1"), Interface: l.String("ifname", ""), Port: uint16(port)}
}

// control opens the control channel; nil if there is none.
func (o *options) control() (*channel, error) {
	if !o.has("ctrl") {
		return nil, nil
	}
	l, err := o.list("ctrl", "ctrl", addressDefs(option.Def{Name: "clientfd", Type: option.Uint}, option.Def{Name: "terminate", Type: option.Bool})...)
	if err != nil {
		return nil, err
	}
	c := &channel{ends: l.Bool("terminate", false)}
	switch kind := l.String("type", ""); kind {
	case "":
		return nil, fmt.Errorf("Missing type parameter for control channel")
	case "unixio":
		return c, c.openControlUnix(l)
	case "tcp":
		return c, c.openControlTCP(l)
	default:
		return nil, fmt.Errorf("Unsupported control channel type: %s", kind)
	}
}

func (c *channel) openControlUnix(l *option.List) (err error) {
	switch {
	case l.Has("fd"):
		if c.listener, err = listenerOf(l.Int("fd", -1)); err != nil {
			return badDescriptor(l.Int("fd", -1), "UnixIO control channel", err)
		}
	case l.Has("clientfd"):
		if c.conn, err = socketOf(l.Int("clientfd", -1)); err != nil {
			return badDescriptor(l.Int("clientfd", -1), "UnixIO client control channel", err)
		}
	case l.Has("path"):
		e := unixEndpoint(l)
		if c.listener, err = e.Listen(); err != nil {
			return fmt.Errorf("Could not open UnixIO socket: %w", err)
		}
	default:
		return fmt.Errorf("Missing path and fd options for UnixIO control channel")
	}
	return nil
}

func (c *channel) openControlTCP(l *option.List) (err error) {
	switch {
	case l.Has("fd"):
		if c.listener, err = listenerOf(l.Int("fd", -1)); err != nil {
			return badDescriptor(l.Int("fd", -1), "TCP control channel", err)
		}
	case l.Has("port"):
		port := l.Int("port", -1)
		if port < 0 || port > 65535 {
			return fmt.Errorf("TCP control channel port outside valid range")
		}
		e := tcpEndpoint(l, port)
		if c.listener, err = e.Listen(); err != nil {
			return fmt.Errorf("Could not open TCP socket: %w", err)
		}
	default:
		return fmt.Errorf("Missing port and fd options for TCP control channel")
	}
	return nil
}

// data opens the data channel; nil if there is none.
func (o *options) data(env func(string) string) (*channel, error) {
	if o.has("fd") {
		fd, _ := strconv.Atoi(o.given["fd"])
		return openDataFD(fd)
	}
	if !o.has("server") {
		if !o.has("port") {
			return nil, nil
		}
		o.given["server"] = "type=tcp,disconnect"
	}
	l, err := o.list("server", "server", addressDefs(option.Def{Name: "disconnect", Type: option.Bool})...)
	if err != nil {
		return nil, err
	}
	c := &channel{ends: o.has("terminate"), disconnect: l.Bool("disconnect", false)}
	switch kind := l.String("type", "tcp"); kind {
	case "tcp":
		port := env("TPM_PORT")
		if o.has("port") {
			port = o.given["port"]
		}
		return c, c.openDataTCP(l, port)
	case "unixio":
		return c, c.openDataUnix(l)
	case "mssim":
		return c, c.openSimulator(l)
	default:
		return nil, fmt.Errorf("Unsupported socket type: %s", kind)
	}
}

// openDataTCP uses a descriptor, which is a connection already, or a port.
func (c *channel) openDataTCP(l *option.List, port string) (err error) {
	if l.Has("fd") {
		c.ends = true
		if c.conn, err = socketOf(l.Int("fd", -1)); err != nil {
			return badDescriptor(l.Int("fd", -1), "TCP socket", err)
		}
		return nil
	}
	n := l.Int("port", -1)
	if !l.Has("port") {
		if port == "" {
			return fmt.Errorf("No valid port number provided for TCP socket.")
		}
		p, err := strconv.ParseInt(port, 0, 32)
		if err != nil {
			return fmt.Errorf("No valid port number provided for TCP socket.")
		}
		n = int(p)
	}
	if n < 0 || n > 65535 {
		return fmt.Errorf("TCP server port outside valid range")
	}
	e := tcpEndpoint(l, n)
	if c.listener, err = e.Listen(); err != nil {
		return fmt.Errorf("Could not open TCP socket: %w", err)
	}
	return nil
}

// openSimulator listens at a port for commands and at the next one for signals.
func (c *channel) openSimulator(l *option.List) (err error) {
	port := l.Int("port", defaultSimulatorPort)
	if port < 1 || port > 65534 {
		return fmt.Errorf("TCP server port outside valid range")
	}
	for i, to := range []*net.Listener{&c.listener, &c.platform} {
		e := tcpEndpoint(l, port+i)
		if *to, err = e.Listen(); err != nil {
			c.close()
			return fmt.Errorf("Could not open TCP socket: %w", err)
		}
	}
	return nil
}

func (c *channel) openDataUnix(l *option.List) (err error) {
	switch {
	case l.Has("fd"):
		if c.listener, err = listenerOf(l.Int("fd", -1)); err != nil {
			return badDescriptor(l.Int("fd", -1), "UnixIO socket", err)
		}
	case l.Has("path"):
		e := unixEndpoint(l)
		if c.listener, err = e.Listen(); err != nil {
			return fmt.Errorf("Could not open UnixIO socket: %w", err)
		}
	default:
		return fmt.Errorf("Missing path and file descriptor option for UnixIO socket")
	}
	return nil
}

// openDataFD uses the descriptor of --fd: a connection, or a device or pipe.
func openDataFD(fd int) (*channel, error) {
	if fd <= 2 {
		return nil, fmt.Errorf("Error: Cannot accept file descriptors with values 0, 1, or 2")
	}
	f := os.NewFile(uintptr(fd), fmt.Sprintf("fd %d", fd))
	st, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("Cannot stat file descriptor: %s", option.Sentence(err))
	}
	mode := st.Mode()
	block := mode&fs.ModeDevice != 0 && mode&fs.ModeCharDevice == 0
	if mode.IsRegular() || mode.IsDir() || mode&fs.ModeSymlink != 0 || block {
		return nil, fmt.Errorf("Given file descriptor type is not supported.")
	}
	return &channel{conn: serve.Stream(f), ends: true}, nil
}

// badDescriptor says in words what is wrong with a descriptor that is a socket.
func badDescriptor(fd int, what string, err error) error {
	if errors.Is(err, listen.ErrNoStream) || errors.Is(err, listen.ErrNotListening) {
		return fmt.Errorf("Bad filedescriptor %d for %s: %w", fd, what, err)
	}
	return fmt.Errorf("Bad filedescriptor %d for %s", fd, what)
}

// listenerOf makes a listener of an inherited descriptor.
func listenerOf(fd int) (net.Listener, error) {
	f, err := option.Inherited(fd)
	if err != nil {
		return nil, err
	}
	return listen.Inherit(f)
}

// socketOf makes a connection of an inherited descriptor.
func socketOf(fd int) (net.Conn, error) {
	f, err := option.Inherited(fd)
	if err != nil {
		return nil, err
	}
	return listen.Connected(f)
}
