//go:build linux

package e2e

import (
	"bytes"
	"errors"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"govtpm/control"
	"govtpm/e2e/rawtpm"
)

// A caller is a program that has the TPM's programs in its PATH, and runs them in a directory of its own.
type caller struct {
	t   *testing.T
	dir string
	env []string
	uid int // who runs the programs
}

// newCaller makes a caller. Where the suite is root it stays root or becomes nobody, as libvirt becomes tss.
func newCaller(t *testing.T, root bool) *caller {
	t.Helper()
	if root && os.Getuid() != 0 {
		missing(t, "the caller is root")
	}
	swtpm := program(t)
	if swtpm == theirs {
		t.Skip("Debian's swtpm is older than these callers")
	}
	c := &caller{t: t, dir: shortDir(t), uid: os.Getuid()}
	if c.uid == 0 && !root {
		c.uid = nobody
	}
	for _, d := range []string{"bin", "config", "state", "ca", "log"} {
		if err := os.Mkdir(c.path(d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	copyFile(t, c.path("bin/swtpm"), swtpm)
	for _, name := range []string{"swtpm_setup", "swtpm_ioctl", "swtpm_cert", "swtpm_localca"} {
		if err := os.Symlink("swtpm", c.path("bin/"+name)); err != nil {
			t.Fatal(err)
		}
	}
	c.write("config/swtpm_setup.conf", "create_certs_tool = DIR/bin/swtpm_localca\ncreate_certs_tool_config = DIR/config/swtpm-localca.conf\n"+
		"create_certs_tool_options = DIR/config/swtpm-localca.options\nactive_pcr_banks = sha256\n")
	c.write("config/swtpm-localca.conf", "statedir = DIR/ca\nsigningkey = DIR/ca/signkey.pem\nissuercert = DIR/ca/issuercert.pem\ncertserial = DIR/ca/certserial\n")
	c.write("config/swtpm-localca.options", "--platform-manufacturer Maker\n--platform-version 1\n--platform-model Model\n")
	c.env = append(os.Environ(), "PATH="+c.path("bin")+":"+os.Getenv("PATH"), "HOME="+c.dir, "XDG_CONFIG_HOME="+c.path("config"))
	if err := os.Chmod(c.path("bin/swtpm"), 0o755); err != nil {
		t.Fatal(err)
	}
	if c.uid != os.Getuid() {
		if err := filepath.WalkDir(c.dir, func(path string, _ fs.DirEntry, err error) error {
			return errors.Join(err, os.Lchown(path, c.uid, c.uid))
		}); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

func (c *caller) path(name string) string { return filepath.Join(c.dir, name) }

func (c *caller) write(name, text string) {
	c.t.Helper()
	if err := os.WriteFile(c.path(name), []byte(strings.ReplaceAll(text, "DIR", c.dir)), 0o644); err != nil {
		c.t.Fatal(err)
	}
}

// secrets are pipes with a passphrase, by the number of the descriptor, written once and closed.
type secrets map[int]string

// command makes a command of a line, in which DIR is the caller's directory and ␣ is a blank inside a word.
func (c *caller) command(line string, pipes secrets) *exec.Cmd {
	c.t.Helper()
	words := strings.Fields(strings.ReplaceAll(line, "DIR", c.dir))
	for i := range words {
		words[i] = strings.ReplaceAll(words[i], "␣", " ")
	}
	cmd := exec.Command(c.path("bin/"+words[0]), words[1:]...)
	cmd.Env, cmd.Dir, cmd.WaitDelay = c.env, c.path("log"), time.Second
	if c.uid != os.Getuid() {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(c.uid), Gid: uint32(c.uid)}}
	}
	for fd, text := range pipes {
		r, w, err := os.Pipe()
		if err != nil {
			c.t.Fatal(err)
		}
		if _, err := w.WriteString(text); err != nil {
			c.t.Fatal(err)
		}
		w.Close()
		c.t.Cleanup(func() { r.Close() })
		for len(cmd.ExtraFiles) <= fd-3 {
			cmd.ExtraFiles = append(cmd.ExtraFiles, nil)
		}
		cmd.ExtraFiles[fd-3] = r
	}
	return cmd
}

// run runs a program that has to succeed, and gives what it says.
func (c *caller) run(line string, pipes secrets) string {
	c.t.Helper()
	out, err := c.command(line, pipes).CombinedOutput()
	if err != nil {
		log, _ := os.ReadFile(c.path("log/log"))
		c.t.Fatalf("%s: %v\n%s\n%s", line, err, out, tail(string(log), 20))
	}
	return string(out)
}

// serve starts a program that stays.
func (c *caller) serve(line string, pipes secrets) *process {
	c.t.Helper()
	p := &process{t: c.t, cmd: c.command(line, pipes), log: &bytes.Buffer{}, done: make(chan error, 1)}
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	if err := p.cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	go func() {
		p.done <- p.cmd.Wait()
		close(p.done)
	}()
	c.t.Cleanup(p.kill)
	return p
}

// waits waits for a file, as the callers do, and checks its mode.
func (c *caller) waits(name string, mode fs.FileMode) {
	c.t.Helper()
	for end := time.Now().Add(startTime); ; time.Sleep(5 * time.Millisecond) {
		st, err := os.Stat(c.path(name))
		if err == nil {
			if st.Mode().Perm() != mode {
				c.t.Errorf("%s has mode %v, want %v", name, st.Mode().Perm(), mode)
			}
			return
		}
		if time.Now().After(end) {
			c.t.Fatal(err)
		}
	}
}

// A machine's part of the two channels.
type channels struct {
	*control.Client
	*rawtpm.Conn
}

// connect does what QEMU does: it powers the TPM on, and hands it one end of the data channel.
func (c *caller) connect(socket string) *channels {
	c.t.Helper()
	var conn net.Conn
	var err error
	for end := time.Now().Add(startTime); ; time.Sleep(5 * time.Millisecond) {
		if conn, err = net.Dial("unix", c.path(socket)); err == nil {
			break
		}
		if time.Now().After(end) {
			c.t.Fatal(err)
		}
	}
	ctrl := control.NewClient(conn)
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		c.t.Fatal(err)
	}
	ours, his := os.NewFile(uintptr(fds[0]), "data"), os.NewFile(uintptr(fds[1]), "data")
	defer his.Close()
	if _, err := ctrl.Call(control.GetCapability{}); err != nil {
		c.t.Fatal(err)
	}
	if err := ctrl.SetDataFD(his); err != nil {
		c.t.Fatal(err)
	}
	if _, err := ctrl.Call(control.Init{}); err != nil {
		c.t.Fatal(err)
	}
	ch := &channels{ctrl, rawtpm.New(ours)}
	c.t.Cleanup(ch.close)
	return ch
}

// close ends both, as the end of QEMU does.
func (ch *channels) close() {
	_ = ch.Conn.Close()
	_ = ch.Client.Close()
}

// boots has the TPM start up, and looks whether it has a certificate.
func (c *caller) boots(ch *channels, certified bool) {
	c.t.Helper()
	if _, err := ch.Conn.Do(rawtpm.Startup(false)); err != nil {
		c.t.Fatal(err)
	}
	if _, err := ch.Conn.Do(rawtpm.NVReadPublic(certRSA)); (err == nil) != certified {
		c.t.Errorf("certificate of the endorsement key: %v", err)
	}
	if _, err := ch.Conn.Do(rawtpm.Shutdown(false)); err != nil {
		c.t.Error(err)
	}
}
