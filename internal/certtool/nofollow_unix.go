//go:build unix

package certtool

import "golang.org/x/sys/unix"

// noFollow refuses a symbolic link at the end of a path.
const noFollow = unix.O_NOFOLLOW
