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

// directConn is a socket that is read and written on the thread of its goroutine, out of the sight of the runtime's
// poller. A data channel has one client and one command at a time; the poller would wake a second thread for every
// command and double the time that a short one takes.
type directConn struct {
	f        *os.File
	raw      syscall.RawConn
	deadline time.Time // of reads; belongs to the reader
}

// direct takes a socket over; anything else stays as it is.
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
	own := -1
	if err := raw.Control(func(fd uintptr) { own = blockingCopy(int(fd)) }); err != nil || own < 0 {
		return conn
	}
	f := os.NewFile(uintptr(own), "socket")
	if raw, err = f.SyscallConn(); err != nil {
		f.Close()
		return conn
	}
	// Only now does the poller let go of the socket.
	conn.Close()
	return &directConn{f: f, raw: raw}
}

// blockingCopy returns another descriptor of a socket, which blocks, and -1 if fd is not a socket.
func blockingCopy(fd int) int {
	if _, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE); err != nil {
		return -1
	}
	own, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return -1
	}
	if err := unix.SetNonblock(own, false); err != nil {
		unix.Close(own)
		return -1
	}
	return own
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
	// Without a deadline the read itself waits.
	wait := !c.deadline.IsZero()
	for {
		if wait {
			if err := await(fd, unix.POLLIN, c.deadline); err != nil {
				return 0, err
			}
		}
		n, err := unix.Read(fd, b)
		switch {
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.EAGAIN):
			wait = true // who shares the socket has changed its mode
		case err != nil:
			return 0, os.NewSyscallError("read", err)
		default:
			return n, nil
		}
	}
}

// Write writes all of b.
func (c *directConn) Write(b []byte) (n int, err error) {
	if e := c.raw.Write(func(fd uintptr) bool {
		n, err = write(int(fd), b)
		return true
	}); e != nil {
		return 0, e
	}
	return n, err
}

func write(fd int, b []byte) (int, error) {
	done := 0
	for done < len(b) {
		n, err := unix.Write(fd, b[done:])
		switch {
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.EAGAIN):
			if err := await(fd, unix.POLLOUT, time.Time{}); err != nil {
				return done, err
			}
		case err != nil:
			return done, os.NewSyscallError("write", err)
		}
		done += max(n, 0)
	}
	return done, nil
}

// await waits for an event, until the deadline if there is one.
func await(fd int, event int16, deadline time.Time) error {
	for {
		patience := -1
		if !deadline.IsZero() {
			patience = int(max(0, time.Until(deadline).Milliseconds()+1))
		}
		p := [1]unix.PollFd{{Fd: int32(fd), Events: event}}
		ready, err := unix.Poll(p[:], patience)
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return os.NewSyscallError("poll", err)
		case ready == 0:
			return os.ErrDeadlineExceeded
		default:
			return nil
		}
	}
}

// Close ends the connection, and a Read or Write that waits: shutting the socket down wakes it.
func (c *directConn) Close() error {
	_ = c.raw.Control(func(fd uintptr) { _ = unix.Shutdown(int(fd), unix.SHUT_RDWR) })
	return c.f.Close()
}
