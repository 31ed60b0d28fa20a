package e2e

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"govtpm/control"
	"govtpm/e2e/guestimage"
)

// Inside the guest our program makes devices itself: with the kernel's proxy driver, and with CUSE.
func TestQEMUProxy(t *testing.T) {
	guard(t, "qemu-system-x86_64")
	v := bootWithProgram(t, program(t), []string{"tpm_vtpm_proxy"}, tpm2Tools(t)...)
	v.do("wait /dev/vtpmx")
	v.send("start /bin/swtpm chardev --vtpm-proxy --tpm2 --tpmstate dir=/tmp --flags startup-clear")
	v.do("wait /dev/tpmrm0")
	v.do("use /dev/tpm0")
	// Incus takes the numbers of the device from this line.
	if !regexp.MustCompile(`(?m)^New TPM device: /dev/tpm0 \(major/minor = \d+/\d+\)$`).MatchString(v.seen.String()) {
		t.Errorf("no word of the device: %s", v.seen.String())
	}
	v.do("keep /dev/tpm0")
	v.do("kept /dev/tpm0")
	if _, err := exec.LookPath("tpm2"); err == nil {
		for _, c := range []string{
			"getrandom -o /tmp/message 32",
			"createprimary -C o -G ecc -c /tmp/primary.ctx",
			"create -C /tmp/primary.ctx -G rsa2048 -u /tmp/key.pub -r /tmp/key.priv",
			"load -C /tmp/primary.ctx -u /tmp/key.pub -r /tmp/key.priv -c /tmp/key.ctx",
			"sign -c /tmp/key.ctx -g sha256 -o /tmp/signature /tmp/message",
			"verifysignature -c /tmp/key.ctx -g sha256 -s /tmp/signature -m /tmp/message",
			"pcrextend 16:sha256=" + strings.Repeat("5a", 32),
			"quote -c /tmp/key.ctx -l sha256:0,16 -q 0123456789 -m /tmp/quote -s /tmp/quote.sig",
			"nvdefine -C o -s 32 0x1500018",
			"nvwrite -C o -i /tmp/message 0x1500018",
			"nvread -C o 0x1500018 -o /tmp/nonce",
		} {
			v.do("run /usr/bin/tpm2 " + strings.Replace(c, " ", " -T device:/dev/tpmrm0 ", 1))
		}
	}
	v.off()
}

// tpm2Tools are the files of tpm2-tools, if this machine has them.
func tpm2Tools(t *testing.T) []guestimage.File {
	t.Helper()
	path, err := exec.LookPath("tpm2")
	if err != nil {
		t.Log("without tpm2-tools")
		return nil
	}
	files, err := guestimage.Program("/usr/bin/tpm2", path)
	if err != nil {
		t.Fatal(err)
	}
	library, err := filepath.Glob("/usr/lib/*-linux-gnu/libtss2-tcti-device.so.0")
	if err != nil || len(library) == 0 {
		t.Fatalf("no libtss2-tcti-device.so.0: %v", err)
	}
	more, err := guestimage.Program(library[0], library[0])
	if err != nil {
		t.Fatal(err)
	}
	return append(files, more...)
}

func TestQEMUCUSE(t *testing.T) {
	guard(t, "qemu-system-x86_64")
	swtpm := program(t)
	if swtpm == theirs {
		t.Skip("Debian builds swtpm without CUSE")
	}
	files := []guestimage.File{{Name: "/bin/swtpm_ioctl", Link: "swtpm"}, {Name: "/bin/swtpm_cuse", Link: "swtpm"}}
	ioctl := cProgram(t)
	if ioctl != "" {
		more, err := guestimage.Program("/bin/ioctl", ioctl)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, more...)
	}
	v := bootWithProgram(t, swtpm, []string{"cuse"}, files...)
	v.do("wait /dev/cuse")
	v.do("run /bin/swtpm cuse --tpm2 -n vtpm7 --tpmstate dir=/tmp/seven")
	v.do("cuse /dev/vtpm7")
	v.do("gone /dev/vtpm7")
	v.do("run /bin/swtpm_cuse --tpm2 -n vtpm8 --tpmstate dir=/tmp/seven")
	v.do("cuse /dev/vtpm8")
	v.do("gone /dev/vtpm8")

	// What C thinks of the structures.
	if ioctl != "" {
		v.do("run /bin/swtpm_cuse --tpm2 -n vtpmc --tpmstate dir=/tmp/c")
		v.do("run /bin/ioctl /dev/vtpmc")
		v.do("gone /dev/vtpmc")
	}

	v.do("run /bin/swtpm cuse --tpm2 -n vtpm9 -M 120 -m 7 --tpmstate dir=/tmp/nine --flags startup-clear --pid file=/tmp/pid")
	v.do("wait /tmp/pid")
	v.do("clients /dev/vtpm9")
	moveByTool(v, "/dev/vtpm9")
	v.do("gone /dev/vtpm9")
	v.do("gone /tmp/pid")
	v.off()
}

// A QEMU inside the guest passes the guest's character device through to a machine of its own, whose firmware measures
// into it.
func TestQEMUPassthrough(t *testing.T) {
	const qemu = "/usr/bin/qemu-system-x86_64"
	guard(t, "qemu-system-x86_64", "tpm2")
	swtpm := program(t)
	if swtpm == theirs {
		t.Skip("Debian builds swtpm without CUSE")
	}
	files := tpm2Tools(t)
	programs := map[string]string{"/bin/swtpm": swtpm, qemu: qemu}
	modules, err := filepath.Glob("/usr/lib/*-linux-gnu/qemu/accel-tcg-*.so")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range modules { // QEMU opens them itself
		programs[m] = m
	}
	for name, from := range programs {
		more, err := guestimage.Program(name, from)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, more...)
	}
	for _, name := range []string{"/usr/share/seabios/bios-256k.bin", "/usr/share/qemu/kvmvapic.bin"} {
		f, err := guestimage.HostFile(name, name)
		if err != nil {
			missing(t, "%v", err)
		}
		files = append(files, f)
	}
	kernel := guestKernel(t)
	v := boot(t, machine{kernel: kernel, initramfs: initramfs(t, kernel, []string{"cuse"}, files...), extra: []string{"-m", "768"}})
	v.ready()
	v.do("wait /dev/cuse")
	v.do("run /bin/swtpm cuse --tpm2 -n vtpm5 --tpmstate dir=/tmp/five --flags not-need-init")
	v.do("run " + qemu + " -machine pc -accel tcg -m 32 -display none -nodefaults -no-user-config -daemonize -pidfile /tmp/qemu.pid" +
		" -tpmdev passthrough,id=tpm0,path=/dev/vtpm5,cancel-path=/dev/null -device tpm-tis,tpmdev=tpm0")
	// The TPM answers once the firmware has started it up, and then measured.
	measured := regexp.MustCompile(`(?m)guest: info +0 : 0x.*[1-9A-F]`)
	for end := time.Now().Add(2 * commandTime); !measured.MatchString(v.seen.String()); time.Sleep(3 * time.Second) {
		if time.Now().After(end) {
			t.Fatalf("PCR 0 holds no measurement\n%s", tail(v.seen.String(), 10))
		}
		v.try("run /usr/bin/tpm2 pcrread -T device:/dev/vtpm5 sha256:0")
	}
	v.off()
}

// try has the guest carry out a command, which may fail.
func (v *vm) try(command string) {
	v.t.Helper()
	v.send(command)
	end := time.After(commandTime)
	for {
		select {
		case line, open := <-v.lines:
			v.seen.WriteString(line + "\n")
			if _, said, _ := strings.Cut(line, "guest: "); strings.HasPrefix(said, "ok "+command) || strings.HasPrefix(said, "failed "+command) || !open {
				return
			}
		case <-end:
			v.t.Fatalf("no answer to %q within %v", command, commandTime)
		}
	}
}

// moveByTool has swtpm_ioctl ask everything, and carry state away and back in all the ways there are.
func moveByTool(v *vm, device string) {
	v.t.Helper()
	tool := func(args string) { v.t.Helper(); v.do("run /bin/swtpm_ioctl " + args + " " + device) }
	says := func(args, want string) {
		v.t.Helper()
		v.send("run /bin/swtpm_ioctl " + args + " " + device)
		v.expect("info "+want, commandTime)
		v.expect("ok run", commandTime)
	}
	says("-c", "ptm capability is 0x16fff")
	says("-e", "tpmEstablished is 0")
	says("-b 0", "TPM buffersize: 4096")
	says("-g", "ptm configuration flags: 0x0")
	says("--info 1", `{"TPMSpecification":`)
	for _, args := range []string{"-l 3", "-l 0", "-C", "-v", "--lock-storage 1"} {
		tool(args)
	}
	for _, env := range []string{"", "SWTPM_IOCTL_BUFFERSIZE=100 ", "SWTPM_IOCTL_BUFFERSIZE=3072 "} {
		v.do("keep " + device)
		for _, args := range []string{"--save permanent /tmp/permanent", "--save volatile /tmp/volatile", "--save savestate /tmp/savestate",
			"--stop", "--load permanent /tmp/permanent", "--load volatile /tmp/volatile", "--load savestate /tmp/savestate", "-i"} {
			v.do("run " + env + "/bin/swtpm_ioctl " + args + " " + device)
		}
		v.do("kept " + device)
	}
	tool("-h text")
	says("-e", "tpmEstablished is 1")
	tool("-r 3")
	tool("-s")
}

// cProgram compiles the C program that uses the device, statically; it is empty where there is no compiler.
func cProgram(t *testing.T) string {
	t.Helper()
	gcc, err := exec.LookPath("gcc")
	if err != nil {
		t.Log("without gcc: structures are not compared with C's")
		return ""
	}
	out := filepath.Join(t.TempDir(), "ioctl")
	if msg, err := exec.Command(gcc, "-Wall", "-Wextra", "-Werror", "-O2", "-static", "-o", out, "testdata/ioctl.c").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, msg)
	}
	return out
}

// Numbers and sizes of the ioctls are those that C makes of the structures.
func TestIoctlsInC(t *testing.T) {
	guard(t, "gcc")
	out, err := exec.Command(cProgram(t)).Output()
	if err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	for c := control.CmdGetCapability; c.Known(); c++ {
		fmt.Fprintf(&want, "%v 0x%x %d\n", c, uint32(c.Ioctl()), c.Ioctl().Size())
	}
	if string(out) != want.String() {
		t.Errorf("C says\n%s, Go says\n%s", out, want.String())
	}
}

// bootWithProgram boots a guest without a TPM that has the program as /bin/swtpm.
func bootWithProgram(t *testing.T, swtpm string, modules []string, more ...guestimage.File) *vm {
	t.Helper()
	kernel := guestKernel(t)
	files, err := guestimage.Program("/bin/swtpm", swtpm)
	if err != nil {
		t.Fatal(err)
	}
	v := boot(t, machine{kernel: kernel, initramfs: initramfs(t, kernel, modules, append(files, more...)...)})
	v.ready()
	return v
}
