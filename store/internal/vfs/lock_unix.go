//go:build unix && !linux

package vfs

type lockState struct{ posix posixLock }

// TryLock implements [File].
func (f *osFile) TryLock() error { return f.lock.posix.tryLock(f.File) }

// Unlock implements [File].
func (f *osFile) Unlock() error { return f.lock.posix.unlock(f.File) }

// Close implements [File].
func (f *osFile) Close() error { return f.lock.posix.close(f.File) }
