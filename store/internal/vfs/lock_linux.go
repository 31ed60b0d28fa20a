package vfs

import (
	"errors"
	"io"

	"golang.org/x/sys/unix"
)

// On Linux a lock belongs to the open file (F_OFD_SETLK), not to the process. Such a lock and the record locks that
// swtpm takes (F_SETLK) exclude each other; beyond that two stores in one process exclude each other, and closing
// another descriptor of the file does not give the lock away.

type lockState struct{ posix posixLock }

// TryLock implements [File].
func (f *osFile) TryLock() error {
	err := f.setOFD(unix.F_WRLCK)
	switch {
	case errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EACCES):
		return ErrLocked
	case errors.Is(err, unix.EINVAL): // kernels and emulations without such locks
		return f.lock.posix.tryLock(f.File)
	}
	return err
}

// Unlock implements [File].
func (f *osFile) Unlock() error {
	if f.lock.posix.held {
		return f.lock.posix.unlock(f.File)
	}
	return f.setOFD(unix.F_UNLCK)
}

// Close implements [File].
func (f *osFile) Close() error { return f.lock.posix.close(f.File) }

func (f *osFile) setOFD(typ int16) error {
	lk := unix.Flock_t{Type: typ, Whence: io.SeekStart}
	return unix.FcntlFlock(f.Fd(), unix.F_OFD_SETLK, &lk)
}
