// Package require finds the programs of the system that tests compare with. Tests alone import it.
package require

import (
	"os"
	"os/exec"
	"testing"
)

// Program is the path of an installed program. Where there is none, the test is skipped; where everything has to be there, which CI=true
// says, it fails.
func Program(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		Missing(t, "the program %s is not installed", name)
	}
	return path
}

// Missing skips the test for want of something, or fails it with CI=true.
func Missing(t testing.TB, format string, args ...any) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}
