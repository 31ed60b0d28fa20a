package setup

import (
	"strings"

	"golang.org/x/sys/unix"
)

// platform names this system for platform certificates: the operating system and its version, without blanks.
func platform() (name, version string) {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return "Linux", "unknown"
	}
	clean := func(b []byte) string { return strings.ReplaceAll(unix.ByteSliceToString(b), " ", "_") }
	return clean(u.Sysname[:]), clean(u.Version[:])
}
