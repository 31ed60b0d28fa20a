package setup

import (
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// TestFifty makes fifty TPMs at once, with certificates of one CA that does not exist yet: none fails, and no serial number is used twice.
func TestFifty(t *testing.T) {
	n := 50
	if testing.Short() {
		n = 5
	}
	dir, args := bench(t, nil)
	var all sync.WaitGroup
	for i := range n {
		state := filepath.Join(dir, fmt.Sprint("tpm", i))
		if err := os.Mkdir(state, 0o700); err != nil {
			t.Fatal(err)
		}
		all.Go(func() {
			code, out, errs := program0(append(args[:len(args):len(args)], "--tpm-state", state, "--write-ek-cert-files", state, "--create-ek-cert",
				"--create-platform-cert", "--ek1keyalgo", "secp256r1", "--ek2keyalgo", "secp384r1", "--vmid", fmt.Sprint("vm", i))...)
			if code != 0 {
				t.Errorf("%d: %d %q\n%s", i, code, errs, out)
			}
		})
	}
	all.Wait()
	serials := map[string]bool{}
	for i := range n {
		for _, name := range []string{"ek-secp256r1.crt", "ek-secp384r1.crt"} {
			der, err := os.ReadFile(filepath.Join(dir, fmt.Sprint("tpm", i), name))
			if err != nil {
				t.Fatal(err)
			}
			cert, err := x509.ParseCertificate(der)
			if err != nil {
				t.Fatal(err)
			}
			serials[cert.SerialNumber.String()] = true
		}
	}
	if len(serials) != 2*n {
		t.Errorf("%d serial numbers in %d certificates", len(serials), 2*n)
	}
}

// TestOnePlace has several programs make a TPM in one place at once: one does, and the others leave it alone.
func TestOnePlace(t *testing.T) {
	for _, uri := range []string{"dir://DIR/state", "file://DIR/state/file"} {
		dir, args := bench(t, nil)
		uri = strings.ReplaceAll(uri, "DIR", dir)
		var all sync.WaitGroup
		var mu sync.Mutex
		made := 0
		for range 8 {
			all.Go(func() {
				code, out, errs := program0(append(args[:len(args):len(args)], "--tpm-state", uri, "--createek", "--ek1keyalgo", "secp256r1")...)
				mu.Lock()
				defer mu.Unlock()
				switch {
				case code == 0:
					made++
				case code != 1 || !strings.Contains(errs, "Found existing TPM state") && !strings.Contains(errs, "locking the state"):
					t.Errorf("%s: %d %q\n%s", uri, code, errs, out)
				}
			})
		}
		all.Wait()
		if made != 1 {
			t.Errorf("%s: %d programs made a TPM", uri, made)
		}
		if code, _, errs := program0(append(args[:len(args):len(args)], "--tpm-state", uri, "--reconfigure")...); code != 0 {
			t.Errorf("%s: the TPM is no good: %s", uri, errs)
		}
	}
}
