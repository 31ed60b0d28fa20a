//go:build linux

package e2e

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"govtpm/e2e/rawtpm"
)

const (
	domainName = "guest-of-test"
	domainUUID = "11111111-2222-3333-4444-555555555555"
	secretUUID = "66666666-7777-8888-9999-aaaaaaaaaaaa"
	passphrase = "the passphrase of the domain"
	nobody     = 65534
)

// A libvirt is a daemon of its own, with everything that it writes below one directory. It runs without privileges, as
// it does for the users of desktops and inside KubeVirt's pods: root runs it as nobody.
type libvirt struct {
	t      *testing.T
	dir    string
	env    []string
	daemon *process
}

// startLibvirt starts the daemon with the program first in its PATH. Hosts of different numbers take each other's domains.
func startLibvirt(t *testing.T, swtpm string, host int) *libvirt {
	t.Helper()
	l := &libvirt{t: t, dir: shortDir(t)}
	for _, d := range []string{"bin", "run", "config/libvirt", "data"} {
		if err := os.MkdirAll(l.path(d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"swtpm", "swtpm_setup", "swtpm_ioctl", "swtpm_cert", "swtpm_localca"} {
		l.install(swtpm, name)
	}
	l.write("config/libvirt/qemu.conf", "stdio_handler = \"file\"\nsecurity_driver = \"none\"\n")
	l.write("config/libvirt/libvirtd.conf", fmt.Sprintf("host_uuid = \"00000000-0000-0000-0000-0000000000%02d\"\n", host))
	l.env = append(os.Environ(), "PATH="+l.path("bin")+":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME="+l.dir, "LC_ALL=C",
		"XDG_CONFIG_HOME="+l.path("config"), "XDG_CACHE_HOME="+l.path("cache"), "XDG_DATA_HOME="+l.path("data"),
		"XDG_STATE_HOME="+l.path("state"), "XDG_RUNTIME_DIR="+l.path("run"),
		"LIBVIRT_LOG_FILTERS=1:util.command", "LIBVIRT_LOG_OUTPUTS=1:file:"+l.path("debug"))
	l.give(l.dir)
	p := &process{t: t, cmd: l.command("libvirtd", "--config", l.path("config/libvirt/libvirtd.conf")), log: &bytes.Buffer{}, done: make(chan error, 1)}
	p.cmd.Stdout, p.cmd.Stderr, p.cmd.WaitDelay = p.log, p.log, time.Second
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.done <- p.cmd.Wait()
		close(p.done)
	}()
	l.daemon = p
	t.Cleanup(func() {
		_, _ = l.run("destroy", domainName) // domains outlive the daemon
		p.kill()
	})
	for end := time.Now().Add(bootTime); ; time.Sleep(100 * time.Millisecond) {
		out, err := l.run("uri")
		if err == nil {
			return l
		}
		if time.Now().After(end) {
			t.Fatalf("libvirtd does not answer: %s\n%s", out, p.log)
		}
	}
}

func (l *libvirt) path(name string) string { return filepath.Join(l.dir, name) }

func (l *libvirt) socket() string { return l.path("run/libvirt/libvirt-sock") }

// uri is where virsh finds the daemon.
func (l *libvirt) uri() string { return "qemu+unix:///session?socket=" + l.socket() }

// install puts a program into the directory of programs.
func (l *libvirt) install(swtpm, name string) {
	l.t.Helper()
	if swtpm == theirs {
		swtpm = filepath.Join(filepath.Dir(theirs), name)
	} else if name != "swtpm" {
		if err := os.Symlink("swtpm", l.path("bin/"+name)); err != nil {
			l.t.Fatal(err)
		}
		return
	}
	l.copy(swtpm, "bin/"+name, 0o755)
}

// copy brings a file where the daemon may read it.
func (l *libvirt) copy(from, to string, mode fs.FileMode) string {
	l.t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		l.t.Fatal(err)
	}
	if err := os.WriteFile(l.path(to), data, mode); err != nil {
		l.t.Fatal(err)
	}
	return l.path(to)
}

func (l *libvirt) write(name, text string) string {
	l.t.Helper()
	if err := os.WriteFile(l.path(name), []byte(text), 0o644); err != nil {
		l.t.Fatal(err)
	}
	return l.path(name)
}

// give gives a directory to the user who runs the daemon.
func (l *libvirt) give(dir string) {
	l.t.Helper()
	if os.Getuid() != 0 {
		return
	}
	if err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		return errors.Join(err, os.Lchown(path, nobody, nobody))
	}); err != nil {
		l.t.Fatal(err)
	}
}

// command is a program that runs as the daemon's user.
func (l *libvirt) command(program string, args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	cmd.Env, cmd.Dir = l.env, l.dir
	if os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	return cmd
}

// run runs virsh and gives what it says.
func (l *libvirt) run(args ...string) (string, error) {
	out, err := l.command("virsh", append([]string{"-q", "-c", l.uri()}, args...)...).CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

// virsh runs a command that has to succeed.
func (l *libvirt) virsh(args ...string) string {
	l.t.Helper()
	began := time.Now()
	out, err := l.run(args...)
	if err != nil {
		l.t.Fatalf("virsh %v: %v\n%s\n%s", args, err, out, l.logs())
	}
	l.t.Logf("virsh %s: %.1f s", strings.Join(args, " "), time.Since(began).Seconds())
	return out
}

// logs are the ends of what the daemon, QEMU and the emulator wrote, for failures.
func (l *libvirt) logs() string {
	var all strings.Builder
	for _, pattern := range []string{"cache/libvirt/qemu/log/*", "cache/libvirt/qemu/log/swtpm/*", "cache/libvirt/*/*swtpm.log"} {
		names, _ := filepath.Glob(l.path(pattern))
		for _, name := range names {
			if text, err := os.ReadFile(name); err == nil {
				fmt.Fprintf(&all, "== %s\n%s\n", name, tail(string(text), 15))
			}
		}
	}
	return all.String()
}

// ran wants the daemon to have run a program with these arguments, in any order and perhaps more than once.
func (l *libvirt) ran(program string, want ...string) {
	l.t.Helper()
	ran(l.t, l.dir, program, strings.NewReplacer(l.tpmDir(), "STATE", l.path("cache/libvirt/qemu/log/"+domainName+"-swtpm.log"), "LOG",
		l.dir, "DIR", domainName, "NAME", domainUUID, "UUID"), want...)
}

// ran looks for command lines, with names in place of what differs each time, in the log of a libvirt.
func ran(t *testing.T, dir, program string, names *strings.Replacer, want ...string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "debug"))
	if err != nil {
		t.Fatal(err)
	}
	fd := regexp.MustCompile(`fd(=| )\d+`)
	ran := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)About to run (\S+) (.*)$`).FindAllStringSubmatch(string(text), -1) {
		if m[1] == filepath.Join(dir, "bin", program) {
			ran[fd.ReplaceAllString(names.Replace(m[2]), "fd${1}FD")] = true
		}
	}
	for _, w := range want {
		if !ran[w] {
			t.Errorf("%s was not run with %s, but with\n%s", program, w, strings.Join(slices.Sorted(maps.Keys(ran)), "\n"))
		}
	}
}

// A domain says which TPM a virtual machine has.
type domain struct {
	model     string
	encrypted bool
	banks     []string
	disk      string // a qcow2 image, which is where snapshots are kept
}

// define defines the domain of the suite: a guest with the suite's program, its console on a socket.
func (l *libvirt) define(d domain) {
	l.t.Helper()
	kernel := guestKernel(l.t)
	image := l.copy(kernel.Image, "kernel", 0o644)
	initrd := l.copy(initramfs(l.t, kernel, nil), "initrd", 0o644)
	kind, cpu := "qemu", "maximum"
	if accelerator() == "kvm" {
		kind, cpu = "kvm", "host-passthrough"
	}
	var backend strings.Builder
	if d.encrypted {
		fmt.Fprintf(&backend, "<encryption secret='%s'/>", secretUUID)
	}
	if len(d.banks) > 0 {
		fmt.Fprintf(&backend, "<active_pcr_banks><%s/></active_pcr_banks>", strings.Join(d.banks, "/><"))
	}
	disk := ""
	if d.disk != "" {
		disk = fmt.Sprintf("<disk type='file'><driver name='qemu' type='qcow2'/><source file='%s'/><target dev='sda' bus='sata'/></disk>", d.disk)
	}
	l.virsh("define", l.write("domain.xml", fmt.Sprintf(`<domain type='%s'>
  <name>%s</name><uuid>%s</uuid><memory unit='MiB'>256</memory><vcpu>1</vcpu>
  <os><type arch='x86_64' machine='q35'>hvm</type><kernel>%s</kernel><initrd>%s</initrd>
    <cmdline>console=ttyS0 loglevel=3 panic=-1 tsc=unstable mitigations=off</cmdline></os>
  <features><acpi/></features><cpu mode='%s'/>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <controller type='usb' model='none'/><memballoon model='none'/>
    %s<serial type='unix'><source mode='bind' path='%s'/></serial>
    <tpm model='%s'><backend type='emulator' version='2.0'>%s</backend></tpm>
  </devices>
</domain>
`, kind, domainName, domainUUID, image, initrd, cpu, disk, l.path("console"), d.model, backend.String())))
}

// start starts the domain and waits for its guest.
func (l *libvirt) start() *vm {
	l.t.Helper()
	l.virsh("start", "--paused", domainName)
	v := l.attach()
	l.virsh("resume", domainName)
	v.ready()
	return v
}

// attach connects to the console of a domain.
func (l *libvirt) attach() *vm {
	l.t.Helper()
	conn, err := net.Dial("unix", l.path("console"))
	if err != nil {
		l.t.Fatalf("%v\n%s", err, l.logs())
	}
	l.t.Cleanup(func() { conn.Close() })
	v := &vm{process: &process{t: l.t, log: &bytes.Buffer{}}, in: conn, lines: make(chan string, 1000), began: time.Now()}
	go func() {
		console := bufio.NewScanner(conn)
		for console.Scan() {
			v.lines <- strings.TrimRight(console.Text(), "\r")
		}
		close(v.lines)
	}()
	return v
}

// off has the guest power off, and waits until the domain has.
func (l *libvirt) off(v *vm) {
	l.t.Helper()
	v.send("off")
	for end := time.Now().Add(endTime); ; time.Sleep(100 * time.Millisecond) {
		out, err := l.run("domstate", domainName)
		if err == nil && out == "shut off" {
			break
		}
		if time.Now().After(end) {
			l.t.Fatalf("the domain is %q, %v\n%s", out, err, l.logs())
		}
	}
}

func (l *libvirt) tpmDir() string { return l.path("config/libvirt/qemu/swtpm/" + domainUUID + "/tpm2") }

// index reads what the guest's "keep" left in the state of a domain that is off.
func (l *libvirt) index(more ...string) []byte {
	l.t.Helper()
	dir := l.t.TempDir() // the TPM that looks leaves no trace
	state, err := os.ReadFile(filepath.Join(l.tpmDir(), "tpm2-00.permall"))
	if err != nil {
		l.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "tpm2-00.permall"), state, 0o600); err != nil {
		l.t.Fatal(err)
	}
	path := filepath.Join(shortDir(l.t), "data")
	p := start(l.t, program(l.t), append([]string{"socket", "--tpm2", "--tpmstate", "dir=" + dir, "--server", "type=unixio,path=" + path, "--flags", runNow}, more...)...)
	c, err := rawtpm.Dial("unix", path, startTime)
	if err != nil {
		l.t.Fatalf("%v\n%s", err, p.log)
	}
	defer p.end()
	defer c.Close()
	value, err := c.ReadNV(0x01500e2e, 32)
	if err != nil {
		l.t.Fatal(err)
	}
	return value
}

// secret gives the daemon the passphrase for the state.
func (l *libvirt) secret() {
	l.t.Helper()
	l.virsh("secret-define", l.write("secret.xml", fmt.Sprintf("<secret ephemeral='no' private='yes'><uuid>%s</uuid></secret>", secretUUID)))
	l.virsh("secret-set-value", secretUUID, "--file", l.write("passphrase", passphrase), "--plain")
}

// removes wants undefine to remove the TPM's state.
func (l *libvirt) removes() {
	l.t.Helper()
	l.virsh("undefine", domainName)
	if _, err := os.Stat(l.tpmDir()); !errors.Is(err, fs.ErrNotExist) {
		l.t.Errorf("state of a domain that is no more: %v", err)
	}
}
