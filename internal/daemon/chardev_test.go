//go:build unix

package daemon

import (
	"bytes"
	"errors"
	"net"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"govtpm/control/controltest"
	"govtpm/internal/vtpmproxy"
)

func TestChardevOptions(t *testing.T) {
	rows := []struct{ args, stdout, stderr string }{
		{"chardev --help", chardevUsage, ""},
		{"chardev --tpm2", "", "swtpm: Error: Missing character device or file descriptor\n"},
		{"chardev --tpm2 -c /dev/null --vtpm-proxy", "", "swtpm: Error: Cannot use vTPM proxy with a provided device.\n"},
		{"chardev --tpm2 --vtpm-proxy --fd 7", "", "swtpm: Error: Cannot use vTPM proxy with a provided device.\n"},
		{"chardev --tpm2 -c /none/such", "", "swtpm: Cannot open /none/such: No such file or directory\n"},
		{"chardev --tpm2 -c /none/such --fd 1", "", "swtpm: Cannot open /none/such: No such file or directory\n"},
		{"chardev --tpm2 --fd 1 -c /none/such", "", "swtpm: Error: Cannot accept file descriptors with values 0, 1, or 2\n"},
		{"chardev --tpm2 -p 7", "", "chardev: invalid option -- 'p'\nTry 'swtpm chardev --help'.\n"},
		{"chardev --tpm2 --print-info 0", "{}\n", ""},
		{"chardev --tpm2 --print-profiles", `{"AvailableProfiles":[{"Name":"null"}]}`, ""},
	}
	for _, row := range rows {
		status, stdout, stderr := runProgram(nil, strings.Fields(row.args)...)
		if (status == 0) != (row.stderr == "") || stdout != row.stdout || stderr != row.stderr {
			t.Errorf("%q: %d, %q, %q", row.args, status, stdout, stderr)
		}
	}
}

func TestProxyFlags(t *testing.T) {
	rows := map[string]flagSettings{
		"":                   {start: true, startup: startupClear},
		"startup-state":      {start: true, startup: startupState},
		"startup-none":       {start: true},
		"not-need-init":      {start: true, startup: startupClear},
		"startup-none=false": {start: true, startup: startupClear},
	}
	for arg, want := range rows {
		o := &options{given: map[string]string{"vtpm-proxy": "", "flags": arg}}
		if got, err := o.flags(); err != nil || got != want {
			t.Errorf("%q: %+v, %v", arg, got, err)
		}
		if l, err := o.locality(); err != nil || !l.allowSet {
			t.Errorf("%+v, %v", l, err)
		}
	}
}

// The kernel's end of a proxy device is a descriptor like any other.
func TestProxy(t *testing.T) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET, 0)
	if err != nil {
		t.Skip(err)
	}
	end := os.NewFile(uintptr(fds[0]), "kernel")
	kernel, err := net.FileConn(end)
	end.Close()
	if err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	p := &Program{Engine: fakeEngine(), Stdout: &out, Stderr: &errs, Env: func(string) string { return "" },
		Proxy: func(tpm2 bool) (*vtpmproxy.Device, error) {
			if !tpm2 {
				return nil, errors.New("wrong version")
			}
			return &vtpmproxy.Device{File: os.NewFile(uintptr(fds[1]), "proxy"), Number: 3, Major: 10, Minor: 224}, nil
		}}
	done := make(chan int, 1)
	go func() {
		done <- p.Main([]string{"chardev", "--vtpm-proxy", "--tpm2", "--tpmstate", "dir=" + t.TempDir()})
	}()
	ask(t, kernel, []byte("\x80\x02\x00\x00\x00\x0b\x20\x00\x10\x00\x03"), []byte("\x80\x01\x00\x00\x00\x0a\x00\x00\x00\x00"))
	ask(t, kernel, controltest.Echo(1), controltest.EchoResponse(3, 1))
	kernel.Close()
	if status := <-done; status != 0 || errs.String() != "swtpm: Data client disconnected\n" {
		t.Error(status, errs.String())
	}
	if line, _, _ := strings.Cut(out.String(), "\n"); line != "New TPM device: /dev/tpm3 (major/minor = 10/224)" {
		t.Errorf("%q", out.String())
	}
}
