//go:build unix && !linux

package sandbox

import "golang.org/x/sys/unix"

// HideMemory keeps the memory of the process out of core dumps.
func HideMemory() error { return unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}) }
