package cuse

import (
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// Open connects with the kernel.
func Open() (Conn, error) {
	f, err := os.OpenFile("/dev/cuse", os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("cuse: %w", err)
	}
	return f, nil
}

// ended tells whether the kernel has ended the connection.
func ended(c Conn) bool {
	f, ok := c.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := f.SyscallConn()
	if err != nil {
		return true
	}
	var gone bool
	err = raw.Control(func(fd uintptr) {
		p := []unix.PollFd{{Fd: int32(fd)}}
		_, err := unix.Poll(p, 0)
		gone = err == nil && p[0].Revents&unix.POLLERR != 0
	})
	return gone || err != nil
}
