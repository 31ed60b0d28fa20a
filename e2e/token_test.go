package e2e

import (
	"bytes"
	"crypto/x509"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const (
	softHSM  = "/usr/lib/softhsm/libsofthsm2.so"
	tokenPIN = "5678-pin"
)

// A hsm is a SoftHSM token with keys, and certificates for them from a root.
type hsm struct{ dir, conf string }

func (h *hsm) path(name string) string { return filepath.Join(h.dir, name) }

// newHSM makes a token that no other test sees.
func newHSM(t *testing.T) *hsm {
	t.Helper()
	guard(t, "softhsm2-util", "p11tool", "certtool", "openssl")
	dir := t.TempDir()
	h := &hsm{dir: dir, conf: filepath.Join(dir, "softhsm.conf")}
	if err := os.Mkdir(h.path("tokens"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(h.conf, []byte("directories.tokendir = "+h.path("tokens")+"\nobjectstore.backend = file\nlog.level = ERROR\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	h.run(t, "softhsm2-util", "--init-token", "--free", "--label", "swtpm test", "--so-pin", "1234", "--pin", tokenPIN)
	h.run(t, "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=root", "-keyout", h.path("root.key"), "-out", h.path("root.pem"))
	return h
}

func (h *hsm) run(t *testing.T, argv ...string) []byte {
	t.Helper()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), "SOFTHSM2_CONF="+h.conf)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", argv, err, out)
	}
	return out
}

// addKey makes a key in the token and a certificate for it.
func (h *hsm) addKey(t *testing.T, label, id string, kind ...string) {
	t.Helper()
	const token = "pkcs11:token=swtpm%20test"
	p11 := []string{"p11tool", "--provider", softHSM, "--batch", "--login", "--set-pin", tokenPIN}
	h.run(t, append(append(p11, "--label", label, "--id", id, "--outfile", h.path("pub")), append(kind, token)...)...)
	h.run(t, "openssl", "req", "-new", "-key", h.path("root.key"), "-subj", "/CN="+label, "-out", h.path("csr"))
	if err := os.WriteFile(h.path("ext"), []byte("basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\nsubjectKeyIdentifier=hash\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	h.run(t, "openssl", "x509", "-req", "-in", h.path("csr"), "-force_pubkey", h.path("pub"), "-CA", h.path("root.pem"), "-CAkey", h.path("root.key"),
		"-set_serial", "7", "-extfile", h.path("ext"), "-out", h.path(label+".pem"))
}

// A certificate authority whose key is in a PKCS #11 token issues certificates; openssl and crypto/x509 verify them.
func TestTokenAuthority(t *testing.T) {
	h := newHSM(t)
	bin := programs(t, program(t))
	h.addKey(t, "other", "09", "--generate-privkey=rsa", "--bits=2048")
	h.addKey(t, "rsa", "0a", "--generate-privkey=rsa", "--bits=3072")
	h.addKey(t, "ec", "0b", "--generate-privkey=ecc", "--curve=secp384r1")
	if err := os.WriteFile(h.path("options"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, uri, cert, pin string
		alg                  x509.SignatureAlgorithm
		fails                string // "" if it is to work
	}{
		{"rsa by label", `pkcs11:token=swtpm%20test\;object=rsa\;type=private?module-path=` + softHSM, "rsa", "signingkey_password = " + tokenPIN, x509.SHA384WithRSA, ""},
		{"ec by id", "pkcs11:token=swtpm%20test;id=%0b?module-path=" + softHSM, "ec", "SWTPM_PKCS11_PIN = " + tokenPIN, x509.ECDSAWithSHA384, ""},
		{"any module", "pkcs11:token=swtpm%20test;object=ec;type=private", "ec", "SWTPM_PKCS11_PIN = " + tokenPIN, x509.ECDSAWithSHA384, ""},
		{"pin in uri", "pkcs11:token=swtpm%20test;object=ec?pin-value=" + tokenPIN, "ec", "", x509.ECDSAWithSHA384, ""},
		{"wrong pin", "pkcs11:token=swtpm%20test;object=ec", "ec", "", 0, "could not sign"}, // the default
		{"no such key", "pkcs11:token=swtpm%20test;object=none", "ec", "signingkey_password = " + tokenPIN, 0, "could not sign"},
		{"no such token", "pkcs11:token=none;object=ec", "ec", "signingkey_password = " + tokenPIN, 0, "could not sign"},
		{"no such module", "pkcs11:token=none;object=ec?module-path=/does/not/exist", "ec", "signingkey_password = " + tokenPIN, 0, "could not sign"},
		{"another key", "pkcs11:token=swtpm%20test;object=other", "rsa", "signingkey_password = " + tokenPIN, 0, "not the key of the issuer certificate"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			conf := filepath.Join(dir, "conf")
			lines := []string{"statedir = " + dir, "signingkey = " + tt.uri, "issuercert = " + h.path(tt.cert+".pem"), tt.pin, "env:SOFTHSM2_CONF=" + h.conf}
			if err := os.WriteFile(conf, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(filepath.Join(bin, "swtpm_localca"), "--type", "ek", "--ek", strings.Repeat("c3", 255)+"01", "--dir", dir, "--vmid", "vm", "--tpm2",
				"--configfile", conf, "--optsfile", h.path("options"), "--tpm-spec-family", "2.0", "--tpm-spec-level", "0", "--tpm-spec-revision", "183",
				"--tpm-manufacturer", "id:00001014", "--tpm-model", "swtpm", "--tpm-version", "id:20240125")
			out, err := cmd.CombinedOutput()
			if bytes.Contains(out, []byte(tokenPIN)) {
				t.Errorf("the PIN is printed: %s", out)
			}
			if tt.fails != "" {
				if err == nil || !strings.Contains(string(out), tt.fails) {
					t.Errorf("%v: %s", err, out)
				}
				return
			}
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			h.check(t, filepath.Join(dir, "ek.cert"), tt.cert, tt.alg)
		})
	}
	if out := h.run(t, "p11tool", "--provider", softHSM, "--list-tokens"); bytes.Contains(out, []byte("CKF_USER_PIN_FINAL_TRY")) {
		t.Error("one wrong PIN counted more than once")
	}
}

// check has openssl and crypto/x509 verify a certificate.
func (h *hsm) check(t *testing.T, name, issuer string, alg x509.SignatureAlgorithm) {
	t.Helper()
	der, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	ca := localCA{h.dir}
	if err := os.Rename(h.path(issuer+".pem"), h.path("issuer.pem")); err != nil {
		t.Fatal(err)
	}
	defer os.Rename(h.path("issuer.pem"), h.path(issuer+".pem"))
	if err := cert.CheckSignatureFrom(ca.issuer(t)); err != nil || cert.SignatureAlgorithm != alg || cert.Subject.String() != "CN=vm" {
		t.Errorf("%v, %v, %v", err, cert.SignatureAlgorithm, cert.Subject)
	}
	h.run(t, "openssl", "x509", "-inform", "DER", "-in", name, "-out", h.path("ek.pem"))
	h.run(t, "openssl", "verify", "-ignore_critical", "-CAfile", h.path("root.pem"), "-untrusted", h.path("issuer.pem"), h.path("ek.pem"))
}

// swtpm_cert takes the PIN in every way; the token need not be known to p11-kit.
func TestTokenCertificate(t *testing.T) {
	h := newHSM(t)
	bin := programs(t, program(t))
	h.addKey(t, "rsa", "01", "--generate-privkey=rsa", "--bits=2048")
	pin := h.path("pin")
	if err := os.WriteFile(pin, []byte(tokenPIN), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		args, env []string
		query     string
	}{
		{[]string{"--signkey-pwd", "pass:" + tokenPIN}, nil, ""},
		{[]string{"--signkey-pwd", "file:" + pin}, nil, ""},
		{[]string{"--signkey-pwd", "env:THE_PIN"}, []string{"THE_PIN=" + tokenPIN}, ""},
		{nil, []string{"SWTPM_PKCS11_PIN=" + tokenPIN}, ""},
		{nil, nil, "&pin-source=file:" + pin},
	} {
		out := h.path("out")
		cmd := exec.Command(filepath.Join(bin, "swtpm_cert"), append(tt.args, "--signkey", "pkcs11:object=rsa;token=swtpm%20test?module-path="+softHSM+tt.query,
			"--issuercert", h.path("rsa.pem"), "--out-cert", out, "--modulus", hex.EncodeToString(bytes.Repeat([]byte{0xc3}, 256)), "--tpm2", "--subject", "CN=vm",
			"--tpm-manufacturer", "id:1", "--tpm-model", "m", "--tpm-version", "id:2", "--tpm-spec-family", "2.0", "--tpm-spec-level", "0", "--tpm-spec-revision", "183")...)
		cmd.Env = append(append(os.Environ(), "SOFTHSM2_CONF="+h.conf), tt.env...)
		if msg, err := cmd.CombinedOutput(); err != nil || len(msg) != 0 {
			t.Errorf("%v %v: %v\n%s", tt.args, tt.env, err, msg)
			continue
		}
		h.check(t, out, "rsa", x509.SHA256WithRSA)
	}
}
