//go:build unix

package listen

import (
	"os"

	"golang.org/x/sys/unix"
)

// checkStream refuses sockets from which no client ever comes, or whose client never goes.
func checkStream(f *os.File, listening bool) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	e := raw.Control(func(fd uintptr) {
		var kind int
		if kind, err = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_TYPE); err != nil {
			return
		}
		if kind != unix.SOCK_STREAM {
			err = ErrNoStream
			return
		}
		// A system that does not tell is believed.
		listens, e := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_ACCEPTCONN)
		if listening && e == nil && listens == 0 {
			err = ErrNotListening
		}
	})
	if e != nil {
		return e
	}
	return err
}
