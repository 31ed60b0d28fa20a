package sandbox

import (
	"errors"
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"
)

// Supported tells whether there is a filter for this processor.
func Supported() bool { return auditArch != 0 }

// Apply puts the fences up, and takes from the process the ways to gain privileges by executing files (no_new_privs). It
// is to be called once, when everything that needs to be opened is open. What is in the way of one fence is in the
// report, and does not keep the others from standing.
func Apply(c Config) Report {
	var r Report
	privileges := noNewPrivileges()
	if c.Files != nil {
		if r.Files = privileges; r.Files == nil {
			r.Landlock, r.Files = restrictFiles(c.Files)
		}
	}
	if c.Filter != None {
		r.Filter = installFilter(c.Filter)
	}
	return r
}

// noNewPrivileges sets the bit on every thread; those to come inherit it.
func noNewPrivileges() error {
	return onAllThreads(unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0)
}

// onAllThreads makes a system call on every thread.
func onAllThreads(nr, a, b, c uintptr) error {
	_, _, errno := syscall.AllThreadsSyscall(nr, a, b, c)
	switch {
	case errno == syscall.ENOTSUP:
		return fmt.Errorf("a program with C code cannot reach all of its threads: %w", ErrUnsupported)
	case errno != 0:
		return errno
	}
	return nil
}

// HideMemory keeps the memory of the process out of core dumps, and from other processes of its user.
func HideMemory() error {
	return errors.Join(
		unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0),
		unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}),
	)
}
