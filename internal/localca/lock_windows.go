package localca

import (
	"os"

	"golang.org/x/sys/windows"
)

// noFollow has no counterpart here.
const noFollow = 0

// lock takes the lock file, waiting for whoever holds it. The lock ends with unlock or with the process.
func lock(name string) (unlock func(), err error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o775)
	if err != nil {
		return nil, err
	}
	if err := windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK, 0, 1, 0, new(windows.Overlapped)); err != nil {
		f.Close()
		return nil, err
	}
	return func() { f.Close() }, nil
}

// syncDir has nothing to do: NTFS keeps names in its journal.
func syncDir(string) error { return nil }
