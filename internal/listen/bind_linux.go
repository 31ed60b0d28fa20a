package listen

import (
	"context"
	"io/fs"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// bind makes a socket that has no more than the mode when it appears: the file takes the mode of the socket that is bound.
func bind(path string, mode fs.FileMode) (net.Listener, error) {
	c := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
		var err error
		if e := raw.Control(func(fd uintptr) { err = unix.Fchmod(int(fd), uint32(mode.Perm())) }); e != nil {
			return e
		}
		return err
	}}
	return c.Listen(context.Background(), "unix", path)
}
