//go:build !unix

package listen

import (
	"io/fs"
	"net"
)

// bind makes a socket; modes mean nothing here.
func bind(path string, _ fs.FileMode) (net.Listener, error) { return net.Listen("unix", path) }
