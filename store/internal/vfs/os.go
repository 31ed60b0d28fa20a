package vfs

import (
	"io"
	"io/fs"
	"os"
)

// OS is the operating system's file system.
type OS struct{}

// OpenFile implements [FS].
func (OS) OpenFile(name string, flag int, perm fs.FileMode) (File, error) {
	f, err := openNoFollow(name, flag, perm)
	if err != nil {
		return nil, err
	}
	return &osFile{File: f}, nil
}

// Lstat implements [FS].
func (OS) Lstat(name string) (fs.FileInfo, error) { return os.Lstat(name) }

// Rename implements [FS].
func (OS) Rename(from, to string) error { return rename(from, to) }

// Link implements [FS].
func (OS) Link(from, to string) error { return os.Link(from, to) }

// Remove implements [FS].
func (OS) Remove(name string) error { return remove(name) }

// SyncDir implements [FS].
func (OS) SyncDir(name string) error { return syncDir(name) }

// lockFileTries bounds how often LockFile meets a lock file that was replaced under its hands.
const lockFileTries = 10

// LockFile implements [FS].
func (o OS) LockFile(name string, perm fs.FileMode) (io.Closer, error) {
	for range lockFileTries {
		f, err := o.OpenFile(name, os.O_WRONLY|os.O_CREATE, perm)
		if err != nil {
			return nil, err
		}
		if err = f.TryLock(); err != nil {
			f.Close()
			return nil, err
		}
		if stillThere(f, name) {
			return f, nil
		}
		f.Close() // removed after we opened it: a lock on it excludes nobody
	}
	return nil, ErrLocked
}

func stillThere(f File, name string) bool {
	a, err := f.Stat()
	if err != nil {
		return false
	}
	b, err := os.Lstat(name)
	return err == nil && os.SameFile(a, b)
}

// osFile is a File of the operating system. Lock, Unlock and Close are per platform.
type osFile struct {
	*os.File
	lock lockState
}

// Size implements [File]. Seeking finds the size of block devices, too; nothing here uses the position.
func (f *osFile) Size() (int64, error) { return f.Seek(0, io.SeekEnd) }
