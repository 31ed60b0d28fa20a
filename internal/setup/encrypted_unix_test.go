//go:build unix

package setup

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestEncrypted manufactures encrypted state with keys given in every way.
func TestEncrypted(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a TPM many times")
	}
	eachTPM(t, testEncrypted)
}

func testEncrypted(t *testing.T, tpm []string) {
	dir, args := bench(t, tpm)
	secret := filepath.Join(dir, "secret")
	if err := os.WriteFile(secret, []byte("000102030405060708090a0b0c0d0e0f"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, option := range []string{"--keyfile", "--pwdfile", "--keyfile-fd", "--pwdfile-fd"} {
		value := secret
		if strings.HasSuffix(option, "-fd") {
			fd, err := unix.Open(secret, unix.O_RDONLY, 0) // the program closes it
			if err != nil {
				t.Fatal(err)
			}
			value = fmt.Sprint(fd)
		}
		code, out, errs := program0(append(args[:len(args):len(args)], "--overwrite", option, value, "--cipher", "aes-cbc")...)
		if code != 0 {
			t.Errorf("%s: %d %q %q", option, code, out, errs)
		}
	}
}
