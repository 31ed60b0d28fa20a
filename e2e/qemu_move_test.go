package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// A guest that moves to another QEMU, through a socket or a file, finds its TPM as it left it.
func TestQEMUMigration(t *testing.T) {
	guard(t, "qemu-system-x86_64")
	swtpm := program(t)
	kernel := guestKernel(t)
	image := initramfs(t, kernel, nil)
	keys := t.TempDir()
	for _, name := range []string{"here", "there", "between"} {
		if err := os.WriteFile(filepath.Join(keys, name), []byte("passphrase "+name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	encrypted := func(where string) []string {
		return []string{"--key", "pwdfile=" + filepath.Join(keys, where) + ",mode=aes-256-cbc",
			"--migration-key", "pwdfile=" + filepath.Join(keys, "between") + ",mode=aes-256-cbc"}
	}
	for _, tt := range []struct {
		name, from, to, device string
		file                   bool
		options                [2][]string
	}{
		{"live", swtpm, swtpm, "tpm-crb", false, [2][]string{}},
		{"file", swtpm, swtpm, "tpm-tis", true, [2][]string{}},
		{"live-from-theirs", theirs, swtpm, "tpm-tis", false, [2][]string{}},
		{"live-to-theirs", swtpm, theirs, "tpm-crb", false, [2][]string{}},
		{"encrypted", swtpm, swtpm, "tpm-crb", false, [2][]string{encrypted("here"), encrypted("there")}},
		{"encrypted-from-theirs", theirs, swtpm, "tpm-tis", true, [2][]string{encrypted("here"), encrypted("there")}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			source, from := startForQEMU(t, tt.from, tt.options[0]...)
			m := machine{kernel: kernel, initramfs: image, device: tt.device, control: from}
			v := boot(t, m)
			v.ready()
			v.do("keep /dev/tpm0")

			destination, to := startForQEMU(t, tt.to, tt.options[1]...)
			m.control = to
			w := move(t, v, m, tt.file)
			source.wait(10 * time.Second)
			w.do("kept /dev/tpm0")
			w.do("tpm /dev/tpm0")
			w.off()
			destination.wait(10 * time.Second)
		})
	}
}

// Two hosts with one state directory: the source gives the lock up when its state was fetched, the destination takes it.
func TestQEMUSharedStorage(t *testing.T) {
	guard(t, "qemu-system-x86_64")
	swtpm := program(t)
	if swtpm == theirs {
		t.Skip("Debian's swtpm has no option --migration")
	}
	kernel := guestKernel(t)
	dir := shortDir(t)
	source, from := startForQEMUOn(t, swtpm, dir, "--migration", "release-lock-outgoing")
	m := machine{kernel: kernel, initramfs: initramfs(t, kernel, nil), device: "tpm-crb", control: from}
	v := boot(t, m)
	v.ready()
	v.do("keep /dev/tpm0")
	destination, to := startForQEMUOn(t, swtpm, dir, "--migration", "incoming,release-lock-outgoing")
	m.control = to
	w := move(t, v, m, false)
	source.wait(10 * time.Second)
	w.do("kept /dev/tpm0")
	w.do("tpm /dev/tpm0")
	w.off()
	destination.wait(10 * time.Second)
}

// move brings a running machine to a new QEMU and ends the old one.
func move(t *testing.T, v *vm, m machine, file bool) *vm {
	t.Helper()
	monitor := v.monitor()
	var w *vm
	if file {
		state := filepath.Join(t.TempDir(), "machine")
		monitor.migrate("exec:cat > " + state)
		m.extra = []string{"-incoming", "exec:cat " + state}
		w = boot(t, m)
	} else {
		uri := "unix:" + filepath.Join(shortDir(t), "migration")
		m.extra = []string{"-incoming", uri}
		w = boot(t, m)
		w.monitor() // it listens when it answers
		monitor.migrate(uri)
	}
	w.monitor().await("query-status", "running", "internal-error")
	monitor.do("quit", nil)
	v.ended()
	return w
}

// savevm and loadvm bring the TPM back to where it was, without another emulator.
func TestQEMUSnapshot(t *testing.T) {
	guard(t, "qemu-system-x86_64", "qemu-img")
	swtpm := program(t)
	kernel := guestKernel(t)
	disk := filepath.Join(t.TempDir(), "disk.qcow2")
	if out, err := exec.Command("qemu-img", "create", "-q", "-f", "qcow2", disk, "16M").CombinedOutput(); err != nil {
		t.Fatalf("qemu-img: %v\n%s", err, out)
	}
	emulator, socket := startForQEMU(t, swtpm)
	v := boot(t, machine{kernel: kernel, initramfs: initramfs(t, kernel, nil), device: "tpm-crb", control: socket,
		extra: []string{"-drive", "if=none,format=qcow2,file=" + disk}})
	v.ready()
	v.do("keep /dev/tpm0")
	monitor := v.monitor()
	monitor.human("savevm there")
	v.do("kept /dev/tpm0") // removes what was kept
	monitor.human("loadvm there")
	v.do("kept /dev/tpm0")
	v.off()
	emulator.wait(10 * time.Second)
}

// Suspend to RAM: Linux saves the TPM's state, the firmware starts it up again with it.
func TestQEMUSuspend(t *testing.T) {
	guard(t, "qemu-system-x86_64")
	swtpm := program(t)
	kernel := guestKernel(t)
	emulator, socket := startForQEMU(t, swtpm)
	v := boot(t, machine{kernel: kernel, initramfs: initramfs(t, kernel, nil), device: "tpm-tis", control: socket})
	v.ready()
	v.do("tpm /dev/tpm0")
	monitor := v.monitor()
	v.send("suspend")
	monitor.await("query-status", "suspended")
	monitor.do("system_wakeup", nil)
	v.expect("ok suspend", commandTime)
	v.do("tpm /dev/tpm0")
	monitor.do("quit", nil) // after a resume q35 does not let the guest power it off
	v.ended()
	emulator.wait(10 * time.Second)
}
