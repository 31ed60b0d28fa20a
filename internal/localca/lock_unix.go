//go:build unix && !solaris && !illumos && !aix

package localca

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// noFollow refuses a symbolic link at the end of a path.
const noFollow = unix.O_NOFOLLOW

// lock takes the lock file, waiting for whoever holds it. The lock ends with unlock or with the process.
func lock(name string) (unlock func(), err error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o775)
	if err != nil {
		return nil, err
	}
	for {
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX)
		if err != unix.EINTR {
			break
		}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return func() { f.Close() }, nil
}

// syncDir makes a new name in the directory durable.
func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Sync(); err != nil {
		return fmt.Errorf("syncing %s: %w", dir, err)
	}
	return nil
}
