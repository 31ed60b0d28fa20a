package vfs

import (
	"errors"

	"golang.org/x/sys/windows"
)

type lockState struct{ held bool }

// Locks are mandatory here, so one byte is locked where no file has any, and reading and writing stay possible.
func lockPlace() *windows.Overlapped { return &windows.Overlapped{OffsetHigh: 0x7fffffff} }

// TryLock implements [File].
func (f *osFile) TryLock() error {
	if f.lock.held {
		return nil
	}
	const flags = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	err := windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, lockPlace())
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) || errors.Is(err, windows.ERROR_IO_PENDING) {
		return ErrLocked
	}
	f.lock.held = err == nil
	return err
}

// Unlock implements [File].
func (f *osFile) Unlock() error {
	if !f.lock.held {
		return nil
	}
	f.lock.held = false
	return windows.UnlockFileEx(windows.Handle(f.Fd()), 0, 1, 0, lockPlace())
}
