//go:build !unix

package control

import (
	"net"
	"os"
)

// receive reads from conn; descriptors do not travel here.
func receive(conn net.Conn, b []byte) (int, []*os.File, error) {
	n, err := conn.Read(b)
	return n, nil, err
}

// send fails, since descriptors do not travel here.
func send(net.Conn, []byte, *os.File) error { return errNoDescriptor }
