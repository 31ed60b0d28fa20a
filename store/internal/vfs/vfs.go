// Package vfs is the part of the operating system that the storage backends stand on, as an interface, so that tests
// can let each call fail, or the machine stop after it. [OS] is the real one; package simdisk is a disk that forgets
// what was not synced.
package vfs

import (
	"errors"
	"io"
	"io/fs"
)

// ErrLocked: somebody else holds the lock.
var ErrLocked = errors.New("locked")

// FS is a file system. No method follows a symbolic link in the last part of a name.
type FS interface {
	// OpenFile opens a file as os.OpenFile does.
	OpenFile(name string, flag int, perm fs.FileMode) (File, error)
	// Lstat describes a file.
	Lstat(name string) (fs.FileInfo, error)
	// Rename gives a file a new name, in place of the file that had it.
	Rename(from, to string) error
	// Link gives a file a second name.
	Link(from, to string) error
	// Remove takes a name away.
	Remove(name string) error
	// SyncDir makes changes of names in a directory durable.
	SyncDir(name string) error
	// LockFile opens or makes a lock file and locks it, or fails with ErrLocked. Closing it gives the lock back.
	LockFile(name string, perm fs.FileMode) (io.Closer, error)
}

// File is an open file or block device.
type File interface {
	io.ReaderAt
	io.WriterAt
	// Size returns the length of the file or device.
	Size() (int64, error)
	Stat() (fs.FileInfo, error)
	Chmod(fs.FileMode) error
	Truncate(size int64) error
	// Sync makes the content durable.
	Sync() error
	// TryLock locks the whole file against all others that lock it, in this process and others, or fails with
	// ErrLocked.
	TryLock() error
	// Unlock gives back the lock of TryLock.
	Unlock() error
	Close() error
}
