//go:build unix

package serve

import (
	"errors"
	"io"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// directConn reads from a socket with poll and read on the thread of its goroutine. A data channel has one client and
// one command at a time; the runtime's poller would cost each command a third more processor time.
type directConn struct {
	io.ReadWriteCloser
	raw      syscall.RawConn
	deadline time.Time
	poll     [1]unix.PollFd
}

// direct makes reads from a socket direct; anything else stays as it is.
func direct(conn io.ReadWriteCloser) io.ReadWriteCloser {
	s, ok := conn.(interface {
		syscall.Conn
		deadliner
	})
	if !ok {
		return conn
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return conn
	}
	socket := false
	if err := raw.Control(func(fd uintptr) {
		_, err := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_TYPE)
		socket = err == nil
	}); err != nil || !socket {
		return conn
	}
	return &directConn{ReadWriteCloser: conn, raw: raw}
}

// SetReadDeadline sets when Read gives up; the zero time is never.
func (c *directConn) SetReadDeadline(t time.Time) error {
	c.deadline = t
	return nil
}

// Read waits for data, the end of the stream, the deadline or Close.
func (c *directConn) Read(b []byte) (n int, err error) {
	if e := c.raw.Read(func(fd uintptr) bool {
		n, err = c.read(int(fd), b)
		return true
	}); e != nil {
		return 0, e
	}
	if n == 0 && err == nil && len(b) > 0 {
		err = io.EOF
	}
	return n, err
}

func (c *directConn) read(fd int, b []byte) (int, error) {
	for {
		c.poll[0] = unix.PollFd{Fd: int32(fd), Events: unix.POLLIN}
		ready, err := unix.Poll(c.poll[:], c.patience())
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return 0, os.NewSyscallError("poll", err)
		case ready == 0:
			return 0, os.ErrDeadlineExceeded
		}
		n, err := unix.Read(fd, b)
		switch {
		case errors.Is(err, unix.EINTR), errors.Is(err, unix.EAGAIN):
		case err != nil:
			return 0, os.NewSyscallError("read", err)
		default:
			return n, nil
		}
	}
}

// patience is the time to the deadline in milliseconds, and -1 without deadline.
func (c *directConn) patience() int {
	if c.deadline.IsZero() {
		return -1
	}
	return int(max(0, time.Until(c.deadline).Milliseconds()+1))
}

// Close ends the connection, and a Read that waits: shutting the socket down wakes it.
func (c *directConn) Close() error {
	_ = c.raw.Control(func(fd uintptr) { _ = unix.Shutdown(int(fd), unix.SHUT_RDWR) })
	return c.ReadWriteCloser.Close()
}
