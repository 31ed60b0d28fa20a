package e2e

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"govtpm/e2e/guestimage"
)

// Limits of a guest without hardware virtualization on a busy machine.
const (
	bootTime    = 4 * time.Minute
	commandTime = 2 * time.Minute
	endTime     = 30 * time.Second
)

const (
	ovmfCode = "/usr/share/OVMF/OVMF_CODE_4M.fd"
	ovmfVars = "/usr/share/OVMF/OVMF_VARS_4M.fd"
)

// The guest's program and kernel, built once.
var guestProgram = sync.OnceValues(func() ([]byte, error) {
	out := filepath.Join(built, "init")
	if err := build(out, "./guest"); err != nil {
		return nil, err
	}
	return os.ReadFile(out)
})

// guestKernel finds the kernel, or ends the test.
func guestKernel(t *testing.T) *guestimage.Kernel {
	t.Helper()
	dir := os.Getenv("GOVTPM_GUEST_KERNEL")
	if dir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			missing(t, "GOVTPM_GUEST_KERNEL is not set: run script/guest-kernel DIR")
		}
		dir = filepath.Join(cache, "govtpm", "guest-kernel")
	}
	k, err := guestimage.FindKernel(dir)
	if err != nil {
		missing(t, "no kernel for guests: run script/guest-kernel %s (%v)", dir, err)
	}
	return k
}

// initramfs writes an image with the guest's program, the modules and more files.
func initramfs(t *testing.T, k *guestimage.Kernel, modules []string, more ...guestimage.File) string {
	t.Helper()
	init, err := guestProgram()
	if err != nil {
		t.Fatal(err)
	}
	files, err := k.Modules(modules...)
	if err != nil {
		t.Fatal(err)
	}
	files = append(files, guestimage.File{Name: "/init", Mode: 0o755, Data: init})
	name := filepath.Join(t.TempDir(), "initramfs")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := guestimage.Write(f, append(files, more...)); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return name
}

// A machine says what to boot and with which TPM.
type machine struct {
	kernel    *guestimage.Kernel
	initramfs string
	uefi      bool
	device    string // tpm-crb, tpm-tis, or none
	control   string // control socket of the emulator
	extra     []string
}

// A vm is a running QEMU and its guest's console.
type vm struct {
	*process
	dir   string
	in    io.Writer
	lines chan string
	seen  strings.Builder
	qmp   *qmp
	began time.Time
}

// boot starts QEMU.
func boot(t *testing.T, m machine) *vm {
	t.Helper()
	v := &vm{dir: shortDir(t), lines: make(chan string, 1000), began: time.Now()}
	args := []string{"-machine", "q35", "-accel", accelerator(), "-cpu", cpu(), "-m", "256", "-display", "none", "-nodefaults",
		"-no-user-config", "-net", "none", "-serial", "stdio", "-qmp", "unix:" + v.qmpSocket() + ",server=on,wait=off",
		"-kernel", m.kernel.Image, "-initrd", m.initramfs, "-append", "console=ttyS0 loglevel=3 panic=-1 tsc=unstable mitigations=off"}
	if m.uefi {
		vars := filepath.Join(v.dir, "vars.fd")
		copyFile(t, vars, ovmfVars)
		args = append(args, "-drive", "if=pflash,format=raw,unit=0,readonly=on,file="+ovmfCode,
			"-drive", "if=pflash,format=raw,unit=1,file="+vars)
	}
	if m.device != "" {
		args = append(args, "-chardev", "socket,id=chrtpm,path="+m.control, "-tpmdev", "emulator,id=tpm0,chardev=chrtpm",
			"-device", m.device+",tpmdev=tpm0")
	}
	v.launch(t, append(args, m.extra...))
	return v
}

func (v *vm) launch(t *testing.T, args []string) {
	t.Helper()
	p := &process{t: t, cmd: exec.Command("qemu-system-x86_64", args...), log: &bytes.Buffer{}, done: make(chan error, 1)}
	stdin, err := p.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.cmd.Stderr = p.log
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		console := bufio.NewScanner(stdout)
		for console.Scan() {
			v.lines <- strings.TrimRight(console.Text(), "\r")
		}
		close(v.lines)
		p.done <- p.cmd.Wait()
		close(p.done)
	}()
	v.process, v.in = p, stdin
	t.Cleanup(p.kill)
}

func (v *vm) qmpSocket() string { return filepath.Join(v.dir, "qmp") }

// ready waits until the guest takes commands.
func (v *vm) ready() {
	v.t.Helper()
	v.expect("ready", bootTime)
	v.t.Logf("guest ready after %.1f s", time.Since(v.began).Seconds())
}

// do has the guest carry out a command.
func (v *vm) do(command string) {
	v.t.Helper()
	v.send(command)
	v.expect("ok "+command+" ", commandTime)
}

func (v *vm) send(command string) {
	v.t.Helper()
	if _, err := fmt.Fprintln(v.in, command); err != nil {
		v.t.Fatal(err)
	}
}

// expect reads the console up to the guest's line that begins with want.
func (v *vm) expect(want string, limit time.Duration) {
	v.t.Helper()
	end := time.After(limit)
	for {
		select {
		case line, open := <-v.lines:
			if !open {
				v.t.Fatalf("QEMU ended before the guest said %q\n%s\n%s", want, tail(v.seen.String(), 30), v.log)
			}
			v.seen.WriteString(line + "\n")
			_, said, ok := strings.Cut(line, "guest: ")
			switch {
			case !ok:
			case strings.HasPrefix(said, want):
				v.t.Log(said)
				return
			case strings.HasPrefix(said, "failed"):
				v.t.Fatalf("guest: %s\n%s", said, tail(v.seen.String(), 30))
			case strings.HasPrefix(said, "info"):
				v.t.Log(said)
			}
		case <-end:
			v.t.Fatalf("the guest did not say %q within %v\n%s\n%s", want, limit, tail(v.seen.String(), 30), v.log)
		}
	}
}

// off has the guest power the machine off.
func (v *vm) off() {
	v.t.Helper()
	v.send("off")
	v.ended()
}

// ended waits for the end of QEMU.
func (v *vm) ended() {
	v.t.Helper()
	end := time.After(endTime)
	for {
		select {
		case line, open := <-v.lines:
			if !open {
				v.wait(endTime)
				return
			}
			v.seen.WriteString(line + "\n")
		case <-end:
			v.t.Fatalf("QEMU did not end within %v\n%s\n%s", endTime, tail(v.seen.String(), 30), v.log)
		}
	}
}

// accelerator is how QEMU runs the guest: in software, which works everywhere.
func accelerator() string {
	if a := os.Getenv("GOVTPM_E2E_ACCEL"); a != "" {
		return a
	}
	return "tcg"
}

func cpu() string {
	if accelerator() == "tcg" {
		return "max"
	}
	return "host"
}

func copyFile(t *testing.T, to, from string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		missing(t, "%v", err)
	}
	if err := os.WriteFile(to, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// startForQEMU starts an emulator the way libvirt does and gives its control socket.
func startForQEMU(t *testing.T, program string, more ...string) (*process, string) {
	t.Helper()
	dir := shortDir(t)
	return startForQEMUOn(t, program, dir, more...)
}

// startForQEMUOn starts an emulator on a state directory.
func startForQEMUOn(t *testing.T, program, dir string, more ...string) (*process, string) {
	t.Helper()
	socket := filepath.Join(shortDir(t), "ctrl")
	p := start(t, program, append([]string{"socket", "--ctrl", "type=unixio,path=" + socket + ",mode=0600",
		"--tpmstate", "dir=" + dir + ",mode=0600", "--terminate", "--tpm2"}, more...)...)
	for end := time.Now().Add(startTime); ; time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(socket); err == nil {
			return p, socket
		}
		if time.Now().After(end) {
			t.Fatalf("no control socket\n%s", p.log)
		}
	}
}

func TestQEMUBoot(t *testing.T) {
	guard(t, "qemu-system-x86_64")
	swtpm := program(t)
	kernel := guestKernel(t)
	image := initramfs(t, kernel, nil)
	for _, tt := range []struct {
		name   string
		uefi   bool
		device string
		reboot bool
	}{
		{"seabios-tis", false, "tpm-tis", true},
		{"seabios-crb", false, "tpm-crb", false},
		{"ovmf-crb", true, "tpm-crb", false},
		{"ovmf-tis", true, "tpm-tis", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			emulator, socket := startForQEMU(t, swtpm)
			v := boot(t, machine{kernel: kernel, initramfs: image, uefi: tt.uefi, device: tt.device, control: socket})
			v.ready()
			v.do("tpm /dev/tpm0")
			if tt.reboot {
				v.began = time.Now()
				v.send("reboot")
				v.ready()
				v.do("tpm /dev/tpm0")
			}
			v.off()
			emulator.wait(10 * time.Second)
		})
	}
}
