package daemon

import "golang.org/x/sys/unix"

// dup2 is missing on some of Linux's architectures.
func dup2(from, to int) error { return unix.Dup3(from, to, 0) }
