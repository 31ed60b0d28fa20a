package e2e

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A migration fails because the receiving emulator cannot open the state: the guest goes on where it was, with its TPM as it left it,
// whether the two sides have a directory each or share one.
func TestQEMUMigrationFails(t *testing.T) {
	guard(t, "qemu-system-x86_64")
	swtpm := program(t)
	if swtpm == theirs {
		t.Skip("Debian's swtpm has no option --migration")
	}
	kernel := guestKernel(t)
	image := initramfs(t, kernel, nil)
	keys := t.TempDir()
	withKey := func(name, migration string) []string {
		file := filepath.Join(keys, name)
		if err := os.WriteFile(file, []byte("passphrase "+name), 0o600); err != nil {
			t.Fatal(err)
		}
		return []string{"--migration-key", "pwdfile=" + file + ",mode=aes-256-cbc", "--migration", migration}
	}
	for name, shared := range map[string]bool{"two directories": false, "one directory": true} {
		t.Run(name, func(t *testing.T) {
			here, there := shortDir(t), shortDir(t)
			if shared {
				there = here
			}
			source, from := startForQEMUOn(t, swtpm, here, withKey("one", "release-lock-outgoing")...)
			m := machine{kernel: kernel, initramfs: image, device: "tpm-crb", control: from}
			v := boot(t, m)
			v.ready()
			v.do("keep /dev/tpm0")

			_, m.control = startForQEMUOn(t, swtpm, there, withKey("another", "incoming,release-lock-outgoing")...)
			uri := "unix:" + filepath.Join(shortDir(t), "migration")
			m.extra = []string{"-incoming", uri}
			w := boot(t, m)
			w.monitor()
			monitor := v.monitor()
			monitor.do("migrate", map[string]any{"uri": uri})
			select {
			case err := <-w.done:
				t.Logf("the receiving QEMU ended: %v\n%s", err, w.log)
				if err == nil {
					t.Fatal("the state was accepted")
				}
			case <-time.After(commandTime):
				t.Fatal("the receiving QEMU does not end")
			}
			// QEMU may take the migration for done, since all was sent; then it is for others to let it go on.
			monitor.human("cont")
			monitor.await("query-status", "running")
			v.do("kept /dev/tpm0")
			v.do("tpm /dev/tpm0")
			v.off()
			source.wait(10 * time.Second)
		})
	}
}
