//go:build unix && !linux

package listen

import (
	"io/fs"
	"net"

	"golang.org/x/sys/unix"
)

// bind makes a socket that has no more than the mode when it appears. The mask counts for the whole process, so that
// files which it makes at this moment are too private rather than too open.
func bind(path string, mode fs.FileMode) (net.Listener, error) {
	defer unix.Umask(unix.Umask(0o777 &^ int(mode.Perm())))
	return net.Listen("unix", path)
}
