//go:build unix

package vfs

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// openNoFollow opens without following a symbolic link and without waiting for the other end of a FIFO.
func openNoFollow(name string, flag int, perm fs.FileMode) (*os.File, error) {
	return os.OpenFile(name, flag|unix.O_NOFOLLOW|unix.O_NONBLOCK, perm)
}

// The functions below make exactly the system calls they are named for. Package os would look at what stands under the
// name first, and hand each descriptor to its poller; a save pays for that with every change of the TPM.

func rename(from, to string) error {
	if err := again(func() error { return unix.Rename(from, to) }); err != nil {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
	}
	return nil
}

// remove takes the name of a file away, never a directory.
func remove(name string) error {
	if err := again(func() error { return unix.Unlink(name) }); err != nil {
		return &fs.PathError{Op: "remove", Path: name, Err: err}
	}
	return nil
}

// syncDir syncs a directory. Some network file systems cannot and say EINVAL; there is nothing more to be had there. The
// directory is opened anew each time: one that was kept open could have been replaced under its name.
func syncDir(name string) error {
	var fd int
	err := again(func() (err error) {
		fd, err = unix.Open(name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		return err
	})
	if err != nil {
		return &fs.PathError{Op: "open", Path: name, Err: err}
	}
	defer unix.Close(fd)
	err = again(func() error { return unix.Fsync(fd) })
	if err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOTSUP) {
		return &fs.PathError{Op: "sync", Path: name, Err: err}
	}
	return nil
}

// again makes a call until no signal interrupts it.
func again(call func() error) error {
	for {
		if err := call(); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
