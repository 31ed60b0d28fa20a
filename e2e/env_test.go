package e2e

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"govtpm/internal/require"
)

const (
	theirs = "/usr/bin/swtpm" // the implementation that ours stands in for
	// startTime bounds the start of a program, on a machine that is busy.
	startTime = 20 * time.Second
)

// built is the directory of the programs that the suites build, removed at the end.
var built string

func TestMain(m *testing.M) { os.Exit(runAll(m)) }

func runAll(m *testing.M) int {
	var err error
	if built, err = os.MkdirTemp("", "govtpm-e2e"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(built)
	return m.Run()
}

// guard skips what is not asked for, and what cannot run here.
func guard(t *testing.T, programs ...string) {
	t.Helper()
	if os.Getenv("GOVTPM_E2E") == "" {
		t.Skip("an end-to-end suite: set GOVTPM_E2E=1")
	}
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			missing(t, "no program %s", p)
		}
	}
}

// missing skips the test on a user's machine and fails it where everything has to be there.
func missing(t *testing.T, format string, args ...any) {
	t.Helper()
	require.Missing(t, format, args...)
}

// ours builds the program of this tree once.
var ours = sync.OnceValues(func() (string, error) {
	if _, err := os.Stat("../cmd/swtpm"); err != nil {
		return "", err
	}
	out := filepath.Join(built, "swtpm")
	return out, build(out, "../cmd/swtpm")
})

// build builds a program statically.
func build(out, pkg string) error {
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", out, pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if msg, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", pkg, err, msg)
	}
	return nil
}

// program gives the program under test.
func program(t *testing.T) string {
	t.Helper()
	if p := os.Getenv("GOVTPM_SWTPM"); p != "" {
		return p
	}
	p, err := ours()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// long says whether the long form of a suite is asked for.
func long() bool { return os.Getenv("GOVTPM_E2E_LONG") != "" }

// seed is the seed of a suite's random choices; a failure is repeated with the same.
func seed(t *testing.T) uint64 {
	t.Helper()
	s, err := strconv.ParseUint(os.Getenv("GOVTPM_E2E_SEED"), 10, 64)
	if err != nil {
		s = uint64(time.Now().UnixNano())
	}
	t.Logf("repeat with GOVTPM_E2E_SEED=%d", s)
	return s
}

// freePorts finds two neighbouring TCP ports: the data channel, and above it the control channel where libtss2's
// swtpm module looks for it. They lie below the ports that systems give to clients, so that no connection takes one away.
func freePorts(t *testing.T) int {
	t.Helper()
	for range 100 {
		port := 10000 + 2*rand.IntN(10000)
		if free(port) && free(port+1) {
			return port
		}
	}
	t.Fatal("no two neighbouring ports are free")
	return 0
}

// free says whether nobody listens on a port. It does not listen there itself: a program that another test starts at
// this moment would inherit the socket, and keep the port for as long as it takes to start.
func free(port int) bool {
	c, err := net.DialTimeout("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), time.Second)
	if err == nil {
		c.Close()
	}
	return errors.Is(err, syscall.ECONNREFUSED)
}

// shortDir is a temporary directory whose path fits into the address of a Unix socket.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "gv")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// loopDevice makes a block device of a file.
func loopDevice(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.Command("losetup", "--find", "--show", name).Output()
	if err != nil {
		t.Skipf("no block device can be made here: %v", err)
	}
	device := strings.TrimSpace(string(out))
	t.Cleanup(func() { _ = exec.Command("losetup", "--detach", device).Run() })
	return device
}

// tail gives the last lines of a text, for failures.
func tail(text string, lines int) string {
	all := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
