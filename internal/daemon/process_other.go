//go:build !unix

package daemon

import (
	"errors"
	"fmt"
	"os"
)

const noFollow = 0

// brokenPipes is empty: this system does not end programs that write to nobody.
func brokenPipes() []os.Signal { return nil }

var errNoUsers = errors.New("users and groups have no numbers on this system")

func lookupID(string, bool) (int, error) { return 0, errNoUsers }

func pathOf(int) string { return "" }

func becomeRoot() error { return errNoUsers }

// dropPrivileges refuses what this system does not have.
func (r *process) dropPrivileges() error {
	for _, name := range []string{"chroot", "runas"} {
		if r.options.has(name) {
			return fmt.Errorf("Error: --%s is not supported on this system.", name)
		}
	}
	return nil
}

// background refuses --daemon.
func (p *Program) background() int {
	fmt.Fprintln(p.Stderr, "swtpm: Error: --daemon is not supported on this system.")
	return 1
}

func (p *Program) readiness() func() { return nil }

// readOnly tells whether a descriptor was opened for reading only, which is not known here.
func readOnly(int) bool { return false }
