//go:build linux

package daemon

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"govtpm/control/controltest"
	"govtpm/cuse"
	"govtpm/cuse/cusetest"
)

// cuseRun is "swtpm cuse" in this process, under a kernel that the test plays.
type cuseRun struct {
	*testing.T
	kernel *cusetest.Kernel
	dir    string
	errs   bytes.Buffer
	ready  chan bool
	status chan int
}

func runCUSE(t *testing.T, args ...string) *cuseRun {
	t.Helper()
	c := &cuseRun{T: t, kernel: cusetest.NewKernel(), dir: filepath.Join(t.TempDir(), "state"), ready: make(chan bool, 1), status: make(chan int, 1)}
	p := &Program{Engine: fakeEngine(), Stdout: &c.errs, Stderr: &c.errs, Env: func(string) string { return "" },
		CUSE: func() (cuse.Conn, error) { return c.kernel.Wire, nil }}
	for i := range args {
		args[i] = strings.ReplaceAll(args[i], "DIR", c.dir)
	}
	o, usage, err := parseOptions(cuseForm(), append([]string{"-n", "govtpm-test", "--tpm2", "--tpmstate", "dir=" + c.dir}, args...))
	if usage || err != nil {
		t.Fatal(err)
	}
	go func() {
		r := p.newProcess(o)
		r.ready = func() { c.ready <- true }
		dev, err := newDevice(o)
		if err == nil {
			err = r.serveCUSE(dev)
		}
		status := r.status(err)
		r.close()
		c.status <- status
	}()
	return c
}

func (c *cuseRun) ends(want int) {
	c.Helper()
	select {
	case status := <-c.status:
		if status != want {
			c.Errorf("exit status %d, want %d: %s", status, want, c.errs.String())
		}
	case <-time.After(10 * time.Second):
		c.Fatal("the program does not end")
	}
}

func TestCUSE(t *testing.T) {
	c := runCUSE(t, "--pid", "file=DIR/pid", "--flags", "not-need-init")
	<-c.ready
	if st, err := os.Stat(c.dir); err != nil || !st.IsDir() {
		t.Error("no state directory")
	}
	if _, err := os.Stat(filepath.Join(c.dir, "pid")); err != nil {
		t.Error(err)
	}
	h, err := c.kernel.Open()
	if err != nil {
		t.Fatal(err)
	}
	mask := make([]byte, 8)
	if err := h.Ioctl(0x80085000, mask); err != nil || !bytes.Equal(mask, []byte{0xff, 0x6f, 1, 0, 0, 0, 0, 0}) {
		t.Errorf("%x, %v", mask, err)
	}
	ask(t, h, controltest.Echo(1), controltest.EchoResponse(0, 1))
	if err := h.Ioctl(0x80045002, make([]byte, 4)); err != nil {
		t.Error(err)
	}
	c.ends(0)
	if _, err := os.Stat(filepath.Join(c.dir, "pid")); err == nil {
		t.Error("the pid file stays")
	}
}

func TestCUSEFails(t *testing.T) {
	rows := []struct {
		args   []string
		status int
	}{
		{[]string{"--key", "foo=1"}, statusSuboptions},
		{[]string{"--flags", "foo=1"}, statusSuboptions},
		{[]string{"--tpmstate", "dir=/none/such"}, statusFailure},
		{[]string{"--tpmstate", "foo"}, statusFailure},
		{[]string{"--name", "null"}, statusFailure},
		{[]string{"--name", "a b"}, 1},
		{[]string{"--runas", "nobody-such"}, statusUser},
		{[]string{"--pid", "file=/none/such"}, statusPIDFile},
		{[]string{"--log", "file=/none/such"}, 1},
		{[]string{"--flags", "startup-deactivated"}, statusFailure},
	}
	for _, row := range rows {
		c := runCUSE(t, row.args...)
		c.ends(row.status)
		if c.errs.Len() == 0 {
			t.Errorf("%q: no word of it", row.args)
		}
	}
}

func TestCUSEOptions(t *testing.T) {
	rows := []struct {
		args, stdout string
		status       int
	}{
		{"--help", cuseUsage, 0},
		{"-h", cuseUsage, 0},
		{"--version", cuseVersionText, 0},
		{"-v", cuseVersionText, 0},
		{"--foo", "", 1},
		{"-n x bar", "", 1},
		{"-n x -M 65536", "", statusFailure},
		{"-n x -m -1", "", statusFailure},
		{"-n x -m abc", "", statusFailure},
		{"--tpm2", "", statusNoName},
		{"--tpm2 --print-profiles", `{"AvailableProfiles":[{"Name":"null"}]}`, 0},
		{"--tpm2 --print-info 0", "{}\n", 0},
		{"--tpm2 --print-states", "", 1},
	}
	for _, row := range rows {
		status, stdout, stderr := runProgram(nil, append([]string{"cuse"}, strings.Fields(row.args)...)...)
		if status != row.status || stdout != row.stdout || (stderr != "") != (status != 0) {
			t.Errorf("%q: %d, %q, %q", row.args, status, stdout, stderr)
		}
	}
	if _, stdout, _ := runProgram(nil, "cuse", "--print-capabilities"); strings.Contains(stdout, "tpm-send-command-header") {
		t.Error(stdout)
	}
}

// A process that fails before it is in the background hands its status on.
func TestCUSEStatusFromBackground(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, "cuse", "--tpm2", "-n", "null")
	cmd.Env = append(os.Environ(), actVariable+"=1")
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != statusFailure || !strings.Contains(string(out), "exists already") {
		t.Errorf("%v, %s", err, out)
	}
}
