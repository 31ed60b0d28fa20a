//go:build unix

package vfs

import (
	"errors"
	"io"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// POSIX record locks belong to the process: a second lock in the same process succeeds, and closing any descriptor of
// the file gives the lock away. So the process has to keep, beside the kernel's table, which of its open files holds
// the lock, and has to delay closing the others. This is the one place in the program that cannot be a value.
var posixLocks = posixTable{held: make(map[fileID]*posixEntry)}

type posixTable struct {
	sync.Mutex
	held map[fileID]*posixEntry
}

// fileID is what the kernel knows a file by.
type fileID struct{ dev, ino uint64 }

type posixEntry struct {
	holder  *posixLock
	toClose []*os.File // closed by their users while the lock was held
}

// posixLock is the lock of one open file.
type posixLock struct {
	held bool
	id   fileID
}

func (l *posixLock) tryLock(f *os.File) error {
	id, err := identify(f)
	if err != nil {
		return err
	}
	posixLocks.Lock()
	defer posixLocks.Unlock()
	if e := posixLocks.held[id]; e != nil {
		if e.holder == l {
			return nil
		}
		return ErrLocked
	}
	if err := setPosix(f, unix.F_WRLCK); err != nil {
		if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EACCES) {
			return ErrLocked
		}
		return err
	}
	l.held, l.id = true, id
	posixLocks.held[id] = &posixEntry{holder: l}
	return nil
}

func (l *posixLock) unlock(f *os.File) error {
	posixLocks.Lock()
	defer posixLocks.Unlock()
	if !l.held {
		return nil
	}
	err := setPosix(f, unix.F_UNLCK)
	l.forget()
	return err
}

// close closes f now, or, if another open file of this process holds the lock on the same file, when that is done.
func (l *posixLock) close(f *os.File) error {
	posixLocks.Lock()
	defer posixLocks.Unlock()
	if l.held {
		err := f.Close() // gives the lock back
		l.forget()
		return err
	}
	if len(posixLocks.held) > 0 {
		if id, err := identify(f); err == nil && posixLocks.held[id] != nil {
			e := posixLocks.held[id]
			e.toClose = append(e.toClose, f)
			return nil
		}
	}
	return f.Close()
}

func (l *posixLock) forget() {
	for _, f := range posixLocks.held[l.id].toClose {
		f.Close()
	}
	delete(posixLocks.held, l.id)
	l.held = false
}

func identify(f *os.File) (fileID, error) {
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return fileID{}, &os.PathError{Op: "fstat", Path: f.Name(), Err: err}
	}
	return fileID{uint64(st.Dev), uint64(st.Ino)}, nil //nolint:unconvert // the types differ between systems
}

func setPosix(f *os.File, typ int16) error {
	lk := unix.Flock_t{Type: typ, Whence: io.SeekStart}
	return unix.FcntlFlock(f.Fd(), unix.F_SETLK, &lk)
}
