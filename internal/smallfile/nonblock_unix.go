//go:build unix

package smallfile

import "syscall"

// NonBlock opens a pipe without waiting for its other end.
const NonBlock = syscall.O_NONBLOCK
