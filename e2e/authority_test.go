package e2e

import (
	"bytes"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

const (
	softHSM  = "/usr/lib/softhsm/libsofthsm2.so"
	tokenPIN = "5678-pin"
)

// A rootCA certifies keys whose private part it never sees.
type rootCA struct{ dir string }

func newRootCA(t *testing.T) *rootCA {
	t.Helper()
	r := &rootCA{t.TempDir()}
	r.run(t, "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=root", "-keyout", r.path("root.key"), "-out", r.path("root.pem"))
	if err := os.WriteFile(r.path("ext"), []byte("basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\nsubjectKeyIdentifier=hash\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *rootCA) path(name string) string { return filepath.Join(r.dir, name) }

func (r *rootCA) run(t *testing.T, argv ...string) []byte {
	t.Helper()
	return runWith(t, nil, argv...)
}

// certify writes NAME.pem, a certificate for the public key in the file.
func (r *rootCA) certify(t *testing.T, name, public string) {
	t.Helper()
	r.run(t, "openssl", "req", "-new", "-key", r.path("root.key"), "-subj", "/CN="+name, "-out", r.path("csr"))
	r.run(t, "openssl", "x509", "-req", "-in", r.path("csr"), "-force_pubkey", public, "-CA", r.path("root.pem"), "-CAkey", r.path("root.key"),
		"-set_serial", "7", "-extfile", r.path("ext"), "-out", r.path(name+".pem"))
}

// check has openssl and crypto/x509 verify a certificate of the issuer NAME.pem.
func (r *rootCA) check(t *testing.T, name, issuer string, alg x509.SignatureAlgorithm) {
	t.Helper()
	der, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(r.path(issuer + ".pem"))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(data)
	parent, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	if err := cert.CheckSignatureFrom(parent); err != nil || cert.SignatureAlgorithm != alg || cert.Subject.String() != "CN=vm" {
		t.Errorf("%v, %v, %v", err, cert.SignatureAlgorithm, cert.Subject)
	}
	r.run(t, "openssl", "x509", "-inform", "DER", "-in", name, "-out", r.path("ek.pem"))
	r.run(t, "openssl", "verify", "-ignore_critical", "-CAfile", r.path("root.pem"), "-untrusted", r.path(issuer+".pem"), r.path("ek.pem"))
}

func runWith(t *testing.T, env []string, argv ...string) []byte {
	t.Helper()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", argv, err, out)
	}
	return out
}

// issue runs swtpm_localca with the lines as its configuration and returns the certificate's file.
func issue(t *testing.T, bin string, conf ...string) (cert string, out []byte, err error) {
	t.Helper()
	dir := t.TempDir()
	file, options := filepath.Join(dir, "conf"), filepath.Join(dir, "options")
	for name, content := range map[string]string{file: strings.Join(append(conf, "statedir = "+dir), "\n") + "\n", options: ""} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(filepath.Join(bin, "swtpm_localca"), "--type", "ek", "--ek", strings.Repeat("c3", 255)+"01", "--dir", dir, "--vmid", "vm", "--tpm2",
		"--configfile", file, "--optsfile", options, "--tpm-spec-family", "2.0", "--tpm-spec-level", "0", "--tpm-spec-revision", "183",
		"--tpm-manufacturer", "id:00001014", "--tpm-model", "swtpm", "--tpm-version", "id:20240125")
	out, err = cmd.CombinedOutput()
	return filepath.Join(dir, "ek.cert"), out, err
}

// A hsm is a SoftHSM token with keys, and certificates for them from a root.
type hsm struct {
	*rootCA
	conf string
}

// newHSM makes a token that no other test sees.
func newHSM(t *testing.T) *hsm {
	t.Helper()
	guard(t, "softhsm2-util", "p11tool", "certtool", "openssl")
	h := &hsm{rootCA: newRootCA(t)}
	h.conf = h.path("softhsm.conf")
	if err := os.Mkdir(h.path("tokens"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(h.conf, []byte("directories.tokendir = "+h.path("tokens")+"\nobjectstore.backend = file\nlog.level = ERROR\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	h.run(t, "softhsm2-util", "--init-token", "--free", "--label", "swtpm test", "--so-pin", "1234", "--pin", tokenPIN)
	return h
}

func (h *hsm) run(t *testing.T, argv ...string) []byte {
	t.Helper()
	return runWith(t, []string{"SOFTHSM2_CONF=" + h.conf}, argv...)
}

// addKey makes a key in the token and a certificate for it.
func (h *hsm) addKey(t *testing.T, label, id string, kind ...string) {
	t.Helper()
	const token = "pkcs11:token=swtpm%20test"
	p11 := []string{"p11tool", "--provider", softHSM, "--batch", "--login", "--set-pin", tokenPIN}
	h.run(t, append(append(p11, "--label", label, "--id", id, "--outfile", h.path("pub")), append(kind, token)...)...)
	h.certify(t, label, h.path("pub"))
}

// A certificate authority whose key is in a PKCS #11 token issues certificates; openssl and crypto/x509 verify them.
func TestTokenAuthority(t *testing.T) {
	h := newHSM(t)
	bin := programs(t, program(t))
	h.addKey(t, "other", "09", "--generate-privkey=rsa", "--bits=2048")
	h.addKey(t, "rsa", "0a", "--generate-privkey=rsa", "--bits=3072")
	h.addKey(t, "ec", "0b", "--generate-privkey=ecc", "--curve=secp384r1")
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
			cert, out, err := issue(t, bin, "signingkey = "+tt.uri, "issuercert = "+h.path(tt.cert+".pem"), tt.pin, "env:SOFTHSM2_CONF="+h.conf)
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
			h.check(t, cert, tt.cert, tt.alg)
		})
	}
	if out := h.run(t, "p11tool", "--provider", softHSM, "--list-tokens"); bytes.Contains(out, []byte("CKF_USER_PIN_FINAL_TRY")) {
		t.Error("one wrong PIN counted more than once")
	}
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

// A certificate authority whose key is in a TPM, Debian's or ours, in the files that tpm2-tools write or persistent.
func TestTPMAuthority(t *testing.T) {
	guard(t, "tpm2_encodeobject", "openssl")
	bin := programs(t, program(t))
	for name, swtpm := range map[string]string{"ours": program(t), "Debian's": theirs} {
		t.Run(name, func(t *testing.T) {
			guard(t, swtpm)
			r := newRootCA(t)
			s := newSession(t)
			tpm := startSocket(t, swtpm, t.TempDir(), runNow)
			tpm.Close()
			s.use(tpm)
			const attributes = "-a fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign"
			s.run("tpm2_createprimary -Q -C o -G ecc -c parent.ctx")
			s.run("tpm2_evictcontrol -Q -C o -c parent.ctx 0x81000001")
			s.run("tpm2_flushcontext -t")
			for name, kind := range map[string]string{"ec": "-G ecc384 -p secret", "rsa": "-G rsa2048:rsassa-sha256"} {
				s.run("tpm2_create -Q -C 0x81000001 " + kind + " " + attributes + " -u " + name + ".u -r " + name + ".r")
				encode := "tpm2_encodeobject -C 0x81000001 -u " + name + ".u -r " + name + ".r -o " + name + ".pem"
				if name == "ec" {
					encode += " -p"
				}
				s.run(encode)
				public := s.run("tpm2_print -t TPM2B_PUBLIC -f pem " + name + ".u")
				s.write(name+".pub", public)
				r.certify(t, name, filepath.Join(s.dir, name+".pub"))
			}
			s.run("tpm2_createprimary -Q -C o -G rsa2048 " + attributes + " -c primary.ctx")
			s.run("tpm2_evictcontrol -Q -C o -c primary.ctx 0x81000010")
			s.run("tpm2_readpublic -Q -c 0x81000010 -f pem -o handle.pub")
			s.run("tpm2_flushcontext -t")
			r.certify(t, "handle", filepath.Join(s.dir, "handle.pub"))
			address := "env:TPM2OPENSSL_TCTI=swtpm:host=127.0.0.1,port=" + strconv.Itoa(tpm.port)
			for _, tt := range []struct {
				key, cert, password, address string
				alg                          x509.SignatureAlgorithm
				fails                        string
			}{
				{filepath.Join(s.dir, "ec.pem"), "ec", "signingkey_password = secret", address, x509.ECDSAWithSHA384, ""},
				{"tpmkey:file=" + filepath.Join(s.dir, "rsa.pem"), "rsa", "", address, x509.SHA256WithRSA, ""},
				{"handle:0x81000010", "handle", "", address, x509.SHA256WithRSA, ""},
				{filepath.Join(s.dir, "ec.pem"), "ec", "signingkey_password = wrong", address, 0, "Sign failed"},
				{"handle:0x81000011", "handle", "", address, 0, "ReadPublic failed"},
				{"handle:0x81000010", "handle", "", "env:TPM2OPENSSL_TCTI=swtpm:path=/does/not/exist", 0, "could not reach the TPM"},
			} {
				cert, out, err := issue(t, bin, "signingkey = "+tt.key, "issuercert = "+r.path(tt.cert+".pem"), tt.password, tt.address)
				switch {
				case tt.fails != "":
					if err == nil || !strings.Contains(string(out), tt.fails) {
						t.Errorf("%s: %v: %s", tt.key, err, out)
					}
				case err != nil:
					t.Errorf("%s: %v: %s", tt.key, err, out)
				default:
					r.check(t, cert, tt.cert, tt.alg)
				}
			}
			if out := s.run("tpm2_getcap handles-transient"); strings.TrimSpace(out) != "" {
				t.Errorf("keys stay in the TPM: %s", out)
			}
		})
	}
}

// Fifty machines made at once, on an authority that is not there yet: every certificate has a serial number of its own, and none is lost.
func TestFiftySetups(t *testing.T) {
	guard(t)
	const (
		machines     = 50
		certificates = 3 // RSA, elliptic curve, platform
	)
	bin := programs(t, program(t))
	ca := newLocalCA(t, bin)
	dirs := make([]string, machines)
	var wg sync.WaitGroup
	for i := range dirs {
		dirs[i] = t.TempDir()
		wg.Go(func() {
			cmd := exec.Command(filepath.Join(bin, "swtpm_setup"), "--tpm2", "--tpm-state", dirs[i], "--create-ek-cert", "--create-platform-cert", "--lock-nvram",
				"--vmid", "vm"+strconv.Itoa(i), "--write-ek-cert-files", dirs[i], "--config", ca.path("setup.conf"))
			if os.Getuid() == 0 {
				cmd.Args = append(cmd.Args, "--runas", "0")
			}
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("machine %d: %v\n%s", i, err, tail(string(out), 10))
			}
		})
	}
	wg.Wait()
	if t.Failed() {
		return
	}
	issuer, first, seen := ca.issuer(t), new(big.Int), map[string]bool{}
	for i, dir := range dirs {
		names, err := filepath.Glob(filepath.Join(dir, "ek-*.crt"))
		if err != nil || len(names) != certificates-1 {
			t.Fatalf("machine %d: certificates %v, %v", i, names, err)
		}
		for _, name := range names {
			der, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			cert, err := x509.ParseCertificate(der)
			if err != nil {
				t.Fatal(err)
			}
			if err := cert.CheckSignatureFrom(issuer); err != nil || cert.Subject.CommonName != "vm"+strconv.Itoa(i) {
				t.Errorf("machine %d: %v, %v", i, err, cert.Subject)
			}
			seen[cert.SerialNumber.String()] = true
			if first.Sign() == 0 || cert.SerialNumber.Cmp(first) < 0 {
				first = cert.SerialNumber
			}
		}
	}
	if len(seen) != machines*(certificates-1) {
		t.Errorf("%d serial numbers for %d certificates", len(seen), machines*(certificates-1))
	}
	// The number of the last certificate is on disk, and the first certificate of all was one of those above.
	data, err := os.ReadFile(ca.path("serial"))
	last, ok := new(big.Int).SetString(string(data), 10)
	if err != nil || !ok {
		t.Fatalf("serial number file %q, %v", data, err)
	}
	if n := last.Sub(last, first).Int64() + 1; n != machines*certificates {
		t.Errorf("%d serial numbers were used for %d certificates", n, machines*certificates)
	}
}
