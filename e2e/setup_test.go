package e2e

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"govtpm/e2e/rawtpm"
)

// Where swtpm_setup leaves what it makes (TCG EK Credential Profile, 2.2.1.4; swtpm for the platform certificate).
const (
	keyRSA       = 0x81010001
	keyECC       = 0x81010016
	certRSA      = 0x01c00002
	certECC      = 0x01c00016
	certPlatform = 0x01c08000
)

// programs makes a directory with every program of the suite under its name.
func programs(t *testing.T, swtpm string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"swtpm", "swtpm_setup", "swtpm_ioctl", "swtpm_bios", "swtpm_cert", "swtpm_localca"} {
		target := swtpm
		if swtpm == theirs {
			target = filepath.Join(filepath.Dir(theirs), name)
		}
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// A localCA is the configuration of a certificate authority of its own.
type localCA struct{ dir string }

func newLocalCA(t *testing.T, bin string) localCA {
	t.Helper()
	ca := localCA{t.TempDir()}
	for name, lines := range map[string][]string{
		"setup.conf": {"create_certs_tool = " + filepath.Join(bin, "swtpm_localca"),
			"create_certs_tool_config = " + ca.path("localca.conf"), "create_certs_tool_options = " + ca.path("options.conf"),
			"active_pcr_banks = sha256,sha384"},
		"localca.conf": {"statedir = " + ca.dir, "signingkey = " + ca.path("signkey.pem"), "issuercert = " + ca.path("issuer.pem"),
			"certserial = " + ca.path("serial")},
		"options.conf": {"--platform-manufacturer Maker", "--platform-version 1.2", "--platform-model Model"},
	} {
		if err := os.WriteFile(ca.path(name), []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return ca
}

func (ca localCA) path(name string) string { return filepath.Join(ca.dir, name) }

// issuer reads the certificate that signs the others.
func (ca localCA) issuer(t *testing.T) *x509.Certificate {
	t.Helper()
	data, err := os.ReadFile(ca.path("issuer.pem"))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(data)
	if block == nil {
		t.Fatal("issuer.pem is no PEM")
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// A TPM that swtpm_setup made, as libvirt calls it, has keys and certificates that fit together.
func TestSetup(t *testing.T) {
	guard(t)
	swtpm := program(t)
	bin := programs(t, swtpm)
	ca := newLocalCA(t, bin)
	dir := t.TempDir()
	setup(t, bin, ca, dir)

	tpm := startSocket(t, swtpm, dir, runNow)
	issuer := ca.issuer(t)
	for _, tt := range []struct {
		name       string
		index, key uint32
	}{
		{"RSA", certRSA, keyRSA}, {"ECC", certECC, keyECC}, {"platform", certPlatform, 0},
	} {
		cert, err := readCertificate(tpm, tt.index)
		if err != nil {
			t.Errorf("%s certificate: %v", tt.name, err)
			continue
		}
		if err := cert.CheckSignatureFrom(issuer); err != nil {
			t.Errorf("%s certificate: %v", tt.name, err)
		}
		if tt.key != 0 {
			public := tpm.must(rawtpm.ReadPublic(tt.key)).Sized()
			if want := uniqueEnd(cert); len(want) == 0 || !bytes.HasSuffix(public, want) {
				t.Errorf("%s certificate is for %x, the key is %x", tt.name, want, public)
			}
		}
	}
	banks, err := tpm.Banks()
	if err != nil || fmt.Sprint(hashes(banks)) != fmt.Sprint([]uint16{rawtpm.AlgSHA256, rawtpm.AlgSHA384}) {
		t.Errorf("banks %x, %v", hashes(banks), err)
	}
	tpm.end()

	before, err := os.ReadFile(filepath.Join(dir, "tpm2-00.permall"))
	if err != nil {
		t.Fatal(err)
	}
	setup(t, bin, ca, dir)
	after, err := os.ReadFile(filepath.Join(dir, "tpm2-00.permall"))
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("the second setup changed the state (%v)", err)
	}
}

// setup runs swtpm_setup as libvirt does at the first start of a domain.
func setup(t *testing.T, bin string, ca localCA, dir string) {
	t.Helper()
	cmd := exec.Command(filepath.Join(bin, "swtpm_setup"), "--tpm2", "--tpm-state", dir, "--vmid", "name:11111111-2222-3333-4444-555555555555",
		"--logfile", filepath.Join(ca.dir, "log"), "--createek", "--create-ek-cert", "--create-platform-cert", "--lock-nvram",
		"--not-overwrite", "--config", ca.path("setup.conf"))
	if os.Getuid() == 0 {
		cmd.Args = append(cmd.Args, "--runas", "0")
	}
	cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"))
	if out, err := cmd.CombinedOutput(); err != nil {
		log, _ := os.ReadFile(filepath.Join(ca.dir, "log"))
		t.Fatalf("swtpm_setup: %v\n%s\n%s", err, out, tail(string(log), 20))
	}
}

// readCertificate reads an index of whatever size, in the pieces that a TPM gives.
func readCertificate(tpm *socketTPM, index uint32) (*x509.Certificate, error) {
	f, err := tpm.Do(rawtpm.NVReadPublic(index))
	if err != nil {
		return nil, err
	}
	public := f.Sized()
	if err := f.Err(); err != nil || len(public) < 2 {
		return nil, fmt.Errorf("public area %x, %v", public, err)
	}
	size := int(public[len(public)-2])<<8 | int(public[len(public)-1])
	var der []byte
	for len(der) < size {
		f, err := tpm.Do(rawtpm.NVReadAt(index, len(der), min(size-len(der), 512)))
		if err != nil {
			return nil, err
		}
		piece := f.Params().Sized()
		if len(piece) == 0 {
			return nil, fmt.Errorf("nothing at %d", len(der))
		}
		der = append(der, piece...)
	}
	return x509.ParseCertificate(der)
}

// uniqueEnd is how the public area of a certificate's key ends.
func uniqueEnd(cert *x509.Certificate) []byte {
	switch key := cert.PublicKey.(type) {
	case *rsa.PublicKey:
		return key.N.Bytes()
	case *ecdsa.PublicKey:
		point, err := key.Bytes()
		if err != nil {
			return nil
		}
		return point[1+len(point)/2:] // y
	}
	return nil
}

func hashes(banks []rawtpm.Bank) []uint16 {
	var all []uint16
	for _, b := range banks {
		all = append(all, b.Hash)
	}
	return all
}
