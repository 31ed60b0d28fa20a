// Package sandbox fences a process in that has done its set-up: a filter takes away the system calls that it has no use for,
// Landlock takes away the files that are none of its business, and its memory is kept out of core dumps and debuggers.
//
// It promises that a fence that is up holds for every thread, those to come included, and cannot be taken down; and that
// what the Go runtime itself needs stays, in this release and, as far as can be foreseen, in later ones. What a kernel or
// system does not have is told and is no failure, unless it was asked for. Start at [Apply] and [HideMemory].
package sandbox

import "errors"

// ErrUnsupported says that this system has no such fence.
var ErrUnsupported = errors.New("not supported on this system")

// Action is what happens on a forbidden system call.
type Action uint8

// The actions. Kill ends the process by SIGSYS; but calls that libraries are known to try, and can do without, fail instead.
// Log lets everything pass and has the kernel write to its audit log.
const (
	None Action = iota
	Kill
	Log
)

// Files is what a process may still reach in the file system. Files that are open already stay usable, whatever they are.
type Files struct {
	// Work are directories in which, at any depth, files may be made, read, written, renamed and removed.
	Work []string
	// Write are single files, or devices, that may be read and written.
	Write []string
	// Read are files, or directories with everything in them, that may be read.
	Read []string
	// Remove are directories from which, at any depth, files may be removed.
	Remove []string
}

// Config says which fences to put up.
type Config struct {
	Filter Action
	// Files fences the file system, and with it connections by TCP and by abstract Unix sockets; nil leaves all as it is.
	Files *Files
}

// A Report tells which fences are up.
type Report struct {
	// Filter is nil if the filter is up, or none was asked for.
	Filter error
	// Landlock is the version of Landlock's interface, 0 without it; Files says why.
	Landlock int
	Files    error
}
