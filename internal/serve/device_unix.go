//go:build unix

package serve

import (
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// device is a character device or a pipe. Not all of them let a read be broken off, whatever their flags; so it waits
// until there is something to read, or the end was called for, before it reads.
type device struct {
	f *os.File
	// wake becomes readable when the device is to be closed.
	wake, waker *os.File
	closing     sync.Once

	mu       sync.RWMutex // held for writing to close f
	closed   bool
	deadline time.Time // of reads; belongs to the reader
}

// newDevice takes f over. Without a pipe to wake it, f stays as it is.
func newDevice(f *os.File) io.ReadWriteCloser {
	wake, waker, err := os.Pipe()
	if err != nil {
		return f
	}
	return &device{f: f, wake: wake, waker: waker}
}

// SetReadDeadline is for the reader itself.
func (d *device) SetReadDeadline(t time.Time) error {
	d.deadline = t
	return nil
}

// Read reads what there is.
func (d *device) Read(b []byte) (int, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	for {
		if err := d.await(unix.POLLIN, d.deadline); err != nil {
			return 0, err
		}
		n, err := unix.Read(int(d.f.Fd()), b)
		switch {
		case err == unix.EINTR || err == unix.EAGAIN:
		case err != nil:
			return 0, err
		case n == 0:
			return 0, io.EOF
		default:
			return n, nil
		}
	}
}

// pipeBuffer is what a pipe takes without waiting once it is ready, and no less than the largest response.
const pipeBuffer = 4096

// Write writes all of b.
func (d *device) Write(b []byte) (int, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	done := 0
	for done < len(b) {
		if err := d.await(unix.POLLOUT, time.Time{}); err != nil {
			return done, err
		}
		n, err := unix.Write(int(d.f.Fd()), b[done:min(len(b), done+pipeBuffer)])
		if err != nil && err != unix.EINTR && err != unix.EAGAIN {
			return done, err
		}
		done += max(n, 0)
	}
	return done, nil
}

// await waits until the device is ready for an event.
func (d *device) await(event int16, deadline time.Time) error {
	if d.closed {
		return os.ErrClosed
	}
	for {
		timeout := -1
		if !deadline.IsZero() {
			timeout = max(0, int(time.Until(deadline).Milliseconds())+1)
		}
		p := []unix.PollFd{{Fd: int32(d.f.Fd()), Events: event}, {Fd: int32(d.wake.Fd()), Events: unix.POLLIN}}
		n, err := unix.Poll(p, timeout)
		switch {
		case err == unix.EINTR:
		case err != nil:
			return err
		case p[1].Revents != 0:
			return os.ErrClosed
		case p[0].Revents&event != 0:
			return nil
		case p[0].Revents != 0: // nothing but its end
			return io.EOF
		case n == 0 && !time.Now().Before(deadline):
			return os.ErrDeadlineExceeded
		}
	}
}

// Close wakes those who wait, and closes the device behind them.
func (d *device) Close() (err error) {
	d.closing.Do(func() {
		d.waker.Close()
		d.mu.Lock()
		defer d.mu.Unlock()
		d.closed = true
		err = d.f.Close()
		d.wake.Close()
	})
	return err
}
