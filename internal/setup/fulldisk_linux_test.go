package setup

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestFullDisk makes TPMs on a disk without room for them.
func TestFullDisk(t *testing.T) { eachTPM(t, testFullDisk) }

func testFullDisk(t *testing.T, tpm []string) {
	dir, args := bench(t, tpm)
	disk := filepath.Join(dir, "disk")
	if err := os.Mkdir(disk, 0o700); err != nil {
		t.Fatal(err)
	}
	mount := func(flags uintptr, size string) error { return unix.Mount("tmpfs", disk, "tmpfs", flags, "size="+size) }
	if err := mount(0, "256k"); err != nil {
		t.Skipf("small disks cannot be made here: %v", err)
	}
	t.Cleanup(func() { unix.Unmount(disk, unix.MNT_DETACH) })
	fill := filepath.Join(disk, "fill")
	full := func() {
		os.Remove(fill)
		var fs unix.Statfs_t
		if err := unix.Statfs(disk, &fs); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(fill, make([]byte, int64(fs.Bfree)*int64(fs.Bsize)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// There is room for the TPM, but none for copies of its certificates: so there is no TPM.
	full()
	empty := stateOf(t, disk)
	code, _, errs := program0(append(args[:len(args):len(args)], "--create-ek-cert", "--write-ek-cert-files", disk)...)
	if code != 1 || !strings.Contains(errs, "keeping a copy of a certificate: ") {
		t.Errorf("copies: %d %q", code, errs)
	}
	if fmt.Sprint(stateOf(t, disk)) != fmt.Sprint(empty) || len(stateOf(t, filepath.Join(dir, "state"))) != 0 {
		t.Error("copies: something is left over")
	}
	uris := []string{"dir://" + disk, "file://" + filepath.Join(disk, "tpm")}
	if len(tpm) > 0 {
		uris = uris[:1] // the installed program does not look after single files on full disks
	}
	for _, uri := range uris {
		with := append(args[:len(args):len(args)], "--tpm-state", uri, "--overwrite", "--createek", "--allow-signing")
		full()
		before := stateOf(t, disk)
		if code, _, errs := program0(with...); code != 1 || !strings.Contains(errs, "An error occurred. Authoring the TPM state failed.") {
			t.Errorf("%s: %d %q", uri, code, errs)
		} else if len(tpm) == 0 && !strings.Contains(errs, "no space left on device") {
			t.Errorf("%s: %q", uri, errs)
		}
		if fmt.Sprint(stateOf(t, disk)) != fmt.Sprint(before) {
			t.Errorf("%s: something is left over", uri)
		}
		if err := os.Remove(fill); err != nil {
			t.Fatal(err)
		}
		if code, _, errs := program0(with...); code != 0 {
			t.Fatal(errs)
		}
		full()
		before = stateOf(t, disk)
		if code, _, errs := program0(with...); code != 1 {
			t.Errorf("%s, again: %d %q", uri, code, errs)
		}
		if fmt.Sprint(stateOf(t, disk)) != fmt.Sprint(before) {
			t.Errorf("%s: the state that was there changed", uri)
		}
		for name := range before {
			os.Remove(filepath.Join(disk, name))
		}
	}
}
