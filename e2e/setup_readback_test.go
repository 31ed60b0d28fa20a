package e2e

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-attestation/attest"

	"govtpm/e2e/rawtpm"
)

// A TPM with all certificates, made with nothing but the configuration that the program itself writes, is what clients take it for: the
// certificates lead to the CA, and the keys in them are those that the TPM makes of the EK templates.
func TestSetupReadBack(t *testing.T) {
	guard(t, "tpm2", "timeout", "openssl")
	swtpm := program(t)
	bin, home, dir := programs(t, swtpm), t.TempDir(), t.TempDir()
	t.Setenv("PATH", bin+":"+"/usr/bin:/bin")
	t.Setenv("XDG_CONFIG_HOME", home)
	for _, args := range [][]string{
		{"--create-config-files", "root"},
		{"--tpm2", "--tpmstate", dir, "--create-ek-cert", "--create-platform-cert", "--lock-nvram", "--ek2keyalgo", "ecc_nist_p256",
			"--iakkeyalgo", "ecc_nist_p256", "--idevidkeyalgo", "ecc_nist_p256", "--write-ek-cert-files", home},
	} {
		if out, err := exec.Command(filepath.Join(bin, "swtpm_setup"), args...).CombinedOutput(); err != nil {
			t.Fatalf("swtpm_setup %q: %v\n%s", args, err, out)
		}
	}
	tpm := startSocket(t, swtpm, dir, runNow)
	s := newSession(t)
	s.use(tpm)

	// The indexes hold what openssl and the CA vouch for.
	ca := filepath.Join(home, "var", "lib", "swtpm-localca")
	s.write("bundle.pem", readText(t, ca, "swtpm-localca-rootca-cert.pem")+readText(t, ca, "issuercert.pem"))
	for _, c := range []struct {
		name  string
		index uint32
		copy  string
	}{
		{"rsa", certRSA, "ek-rsa2048.crt"}, {"ecc", 0x01c0000a, "ek-secp256r1.crt"}, {"platform", certPlatform, ""},
		{"iak", 0x01c90100, "iak-secp256r1.crt"}, {"idevid", 0x01c90200, "idevid-secp256r1.crt"},
	} {
		cert, err := readCertificate(tpm, c.index)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		s.write(c.name+".pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})))
		s.run("openssl verify -CAfile bundle.pem -x509_strict " + c.name + ".pem")
		if c.copy != "" && readText(t, home, c.copy) != string(cert.Raw) {
			t.Errorf("%s is not the certificate in the TPM", c.copy)
		}
	}

	// tpm2-tools find the certificates, and make the same keys of the templates.
	tpm.Close() // the emulator serves one client at a time
	s.run("tpm2_getekcertificate -o got-rsa -o got-ecc")
	for _, c := range []struct{ kind, got string }{{"rsa", "got-rsa"}, {"ecc", "got-ecc"}} {
		s.run("openssl x509 -inform DER -in " + c.got + " -pubkey -noout -out " + c.got + ".pem")
		s.run("tpm2_createek -Q -G " + c.kind + " -c ek.ctx -u ek.pub")
		s.run("tpm2_readpublic -Q -c ek.ctx -f pem -o made.pem")
		s.run("tpm2_flushcontext -t")
		made, vouched := publicIn(t, readText(t, s.dir, "made.pem")), certKey(t, readText(t, s.dir, c.got))
		if !bytes.Equal(made, vouched) {
			t.Errorf("%s: the template makes %x, the certificate is for %x", c.kind, made, vouched)
		}
	}

	// go-attestation reads the certificate and trusts a key of this TPM because of it.
	tpm.connect()
	attested, err := attest.OpenTPM(&attest.OpenConfig{CommandChannel: &attestChannel{conn: tpm.Conn}})
	if err != nil {
		t.Fatal(err)
	}
	eks, err := attested.EKs()
	if err != nil || len(eks) != 1 || eks[0].Certificate == nil {
		t.Fatalf("EKs %v, %v", eks, err)
	}
	if want := certKey(t, readText(t, s.dir, "got-rsa")); !bytes.Equal(eks[0].Certificate.RawSubjectPublicKeyInfo, want) {
		t.Error("go-attestation finds another certificate")
	}
	ak, err := attested.NewAK(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ak.Close(attested)
	params := attest.ActivationParameters{EK: eks[0].Certificate.PublicKey, AK: ak.AttestationParameters()}
	secret, credential, err := params.Generate()
	if err != nil {
		t.Fatal(err)
	}
	if opened, err := ak.ActivateCredential(attested, *credential); err != nil || !bytes.Equal(opened, secret) {
		t.Errorf("the TPM opens %x of the credential, not %x: %v", opened, secret, err)
	}
}

// attestChannel is a connection to a TPM as go-attestation wants one.
type attestChannel struct {
	conn     *rawtpm.Conn
	response bytes.Buffer
}

func (c *attestChannel) Write(command []byte) (int, error) {
	response, err := c.conn.Exchange(command)
	if err != nil {
		return 0, err
	}
	c.response.Write(response)
	return len(command), nil
}

func (c *attestChannel) Read(b []byte) (int, error)      { return c.response.Read(b) }
func (c *attestChannel) Close() error                    { return nil }
func (c *attestChannel) MeasurementLog() ([]byte, error) { return nil, nil }

func publicIn(t *testing.T, text string) []byte {
	t.Helper()
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		t.Fatalf("no PEM: %q", text)
	}
	return block.Bytes
}

func certKey(t *testing.T, der string) []byte {
	t.Helper()
	cert, err := x509.ParseCertificate([]byte(der))
	if err != nil {
		t.Fatal(err)
	}
	return cert.RawSubjectPublicKeyInfo
}

func readText(t *testing.T, dir, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
