package listen

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"strconv"
)

// Endpoint is an address to listen at.
type Endpoint struct {
	Network string // "tcp" or "unix"

	// For tcp: an IPv4 or IPv6 literal, and the interface that a link-local
	// address belongs to.
	Address   string
	Interface string
	Port      uint16

	// For unix: the path of the socket, which is made anew. Mode is set
	// exactly; UID and GID are set if they are not -1.
	Path     string
	Mode     fs.FileMode
	UID, GID int
}

// maxPath is the longest path of a Unix socket on Linux.
const maxPath = 107

// Listen begins to listen. The socket's path is removed when the listener is
// closed.
func (e *Endpoint) Listen() (net.Listener, error) {
	if e.Network == "unix" {
		return e.listenUnix()
	}
	host, err := e.literal()
	if err != nil {
		return nil, err
	}
	return net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(int(e.Port))))
}

// literal is the address, with its interface if it is link-local: others need none. A name is no address, and nobody is
// asked for it.
func (e *Endpoint) literal() (string, error) {
	addr, err := netip.ParseAddr(e.Address)
	if err != nil {
		return "", fmt.Errorf("could not parse the bind address '%s'", e.Address)
	}
	if e.Interface == "" || !addr.Is6() || !addr.IsLinkLocalUnicast() {
		return addr.String(), nil
	}
	if _, err := net.InterfaceByName(e.Interface); err != nil {
		return "", fmt.Errorf("there is no interface '%s'", e.Interface)
	}
	return addr.WithZone(e.Interface).String(), nil
}

func (e *Endpoint) listenUnix() (net.Listener, error) {
	if len(e.Path) > maxPath {
		return nil, fmt.Errorf("path of the socket is longer than %d characters", maxPath)
	}
	if st, err := os.Lstat(e.Path); err == nil && !st.IsDir() {
		if err := os.Remove(e.Path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	l, err := bind(e.Path, e.narrow())
	if err != nil {
		return nil, err
	}
	if err := e.own(); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// changesOwner tells whether the socket is to belong to others than the process makes it for.
func (e *Endpoint) changesOwner() bool { return e.UID != -1 || e.GID != -1 }

// narrow is the mode that the socket is made with: while it belongs to the wrong group, it is for its owner alone.
func (e *Endpoint) narrow() fs.FileMode {
	if e.changesOwner() {
		return e.Mode & 0o700
	}
	return e.Mode
}

// own gives the socket its owner, and then its mode.
func (e *Endpoint) own() error {
	if e.changesOwner() {
		if err := os.Lchown(e.Path, e.UID, e.GID); err != nil {
			return err
		}
	}
	return os.Chmod(e.Path, e.Mode)
}
