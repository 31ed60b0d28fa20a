package listen

import (
	"errors"
	"net"
	"os"
)

// What an inherited descriptor can be besides no socket at all.
var (
	ErrNoStream     = errors.New("not a stream socket")
	ErrNotListening = errors.New("it does not listen")
)

// Inherit makes a listener of an inherited socket that listens already. It closes f.
func Inherit(f *os.File) (net.Listener, error) {
	defer f.Close()
	if err := checkStream(f, true); err != nil {
		return nil, err
	}
	return net.FileListener(f)
}

// Connected makes a connection of an inherited socket with a client. It closes f.
func Connected(f *os.File) (net.Conn, error) {
	defer f.Close()
	if err := checkStream(f, false); err != nil {
		return nil, err
	}
	return net.FileConn(f)
}
