//go:build !linux

package setup

import "runtime"

// platform names this system for platform certificates.
func platform() (name, version string) { return runtime.GOOS, "unknown" }
