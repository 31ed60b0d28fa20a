//go:build !unix

package vfs

import (
	"errors"
	"io/fs"
	"os"
)

// openNoFollow refuses a symbolic link. The look and the opening are two steps here.
func openNoFollow(name string, flag int, perm fs.FileMode) (*os.File, error) {
	if fi, err := os.Lstat(name); err == nil && fi.Mode()&fs.ModeSymlink != 0 {
		return nil, &fs.PathError{Op: "open", Path: name, Err: errors.New("is a symbolic link")}
	}
	return os.OpenFile(name, flag, perm)
}

func rename(from, to string) error { return os.Rename(from, to) }

func remove(name string) error { return os.Remove(name) }

// syncDir does nothing: these systems cannot sync a directory.
func syncDir(string) error { return nil }
