package localca_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"govtpm/internal/keyfile"
	"govtpm/internal/localca"
	"govtpm/internal/require"
)

// asProgram makes the test binary behave as swtpm_localca, so that tests can start many at once.
const asProgram = "LOCALCA_TEST_RUN"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		os.Exit(localca.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

var modulus = strings.Repeat("c3", 255) + "01"

// newCA writes configuration and options files for a CA in dir/state and returns the arguments that use them.
func newCA(t testing.TB, dir string, more ...string) []string {
	t.Helper()
	state := filepath.Join(dir, "state")
	conf := fmt.Sprintf("statedir = %s\nsigningkey = %s/signkey.pem\nissuercert = %s/issuercert.pem\n%s\n", state, state, state, strings.Join(more, "\n"))
	write(t, filepath.Join(dir, "conf"), conf)
	write(t, filepath.Join(dir, "options"), "--platform-manufacturer Fedora\n--platform-version 2.1 --platform-model\tQEMU\n")
	return []string{
		"--configfile", filepath.Join(dir, "conf"), "--optsfile", filepath.Join(dir, "options"), "--dir", dir, "--ek", modulus, "--tpm2",
		"--tpm-spec-family", "2.0", "--tpm-spec-level", "0", "--tpm-spec-revision", "183",
		"--tpm-manufacturer", "id:00001014", "--tpm-model", "swtpm", "--tpm-version", "id:20240125",
	}
}

// withKey puts a signing key in place so that no RSA key need be made.
func withKey(t testing.TB, dir string, password []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	data, err := keyfile.Marshal(rand.Reader, key, password)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"signkey.pem", "swtpm-localca-rootca-privkey.pem"} {
		write(t, filepath.Join(dir, "state", name), string(data))
	}
}

func write(t testing.TB, name, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func run(args []string, more ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = localca.Main(append(args[:len(args):len(args)], more...), strings.NewReader(""), &out, &errs)
	return code, out.String(), errs.String()
}

func cert(t testing.TB, name string) *x509.Certificate {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if block, _ := pem.Decode(data); block != nil {
		data = block.Bytes
	}
	c, err := x509.ParseCertificate(data)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestFirstUse makes a CA and has openssl verify the chain.
func TestFirstUse(t *testing.T) {
	dir := t.TempDir()
	args := newCA(t, dir, "signingkey_password = secret")
	t.Setenv("SWTPM_ROOTCA_PASSWORD", "root secret")
	code, out, errs := run(args, "--type", "ek", "--vmid", "vm,1+2")
	if code != 0 || out != "Creating root CA and a local CA's signing key and issuer cert.\nSuccessfully created EK certificate locally.\n" || errs != "" {
		t.Fatalf("%d %q %q", code, out, errs)
	}
	state := filepath.Join(dir, "state")
	for name, want := range map[string]os.FileMode{
		"signkey.pem": 0o640, "swtpm-localca-rootca-privkey.pem": 0o640, "issuercert.pem": 0o644, "swtpm-localca-rootca-cert.pem": 0o644,
	} {
		if st, err := os.Stat(filepath.Join(state, name)); err != nil || st.Mode().Perm() != want && runtime.GOOS != "windows" {
			t.Errorf("%s: %v %v", name, st, err)
		}
	}
	issuer, root, ek := cert(t, filepath.Join(state, "issuercert.pem")), cert(t, filepath.Join(state, "swtpm-localca-rootca-cert.pem")), cert(t, filepath.Join(dir, "ek.cert"))
	if ek.Subject.String() != "CN=vm_1_2" || issuer.Subject.String() != "CN=swtpm-localca" || root.Subject.String() != "CN=swtpm-localca-rootca" {
		t.Errorf("subjects %v, %v, %v", ek.Subject, issuer.Subject, root.Subject)
	}
	for _, c := range []*x509.Certificate{root, issuer} {
		var ids []string
		for _, e := range c.Extensions {
			ids = append(ids, fmt.Sprintf("%v/%t", e.Id, e.Critical))
		}
		if got := strings.Join(ids, " "); got != "2.5.29.14/false 2.5.29.35/false 2.5.29.19/true 2.5.29.15/true" || !c.IsCA || c.KeyUsage != x509.KeyUsageCertSign {
			t.Errorf("%v: %s", c.Subject, got)
		}
		if err := c.CheckSignatureFrom(root); err != nil || c.SignatureAlgorithm != x509.SHA256WithRSA || !bytes.Equal(c.AuthorityKeyId, root.SubjectKeyId) {
			t.Errorf("%v: %v, %v", c.Subject, err, c.SignatureAlgorithm)
		}
	}
	if err := ek.CheckSignatureFrom(issuer); err != nil || !bytes.Equal(ek.AuthorityKeyId, issuer.SubjectKeyId) {
		t.Error(err)
	}
	for name, password := range map[string]string{"signkey.pem": "secret", "swtpm-localca-rootca-privkey.pem": "root secret"} {
		data, err := os.ReadFile(filepath.Join(state, name))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := keyfile.Parse(data, []byte(password)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := keyfile.Parse(data, nil); err == nil {
			t.Errorf("%s is not encrypted", name)
		}
	}
	verify(t, state, filepath.Join(dir, "ek.cert"))
}

func verify(t *testing.T, state, certFile string) {
	t.Helper()
	openssl := require.Program(t, "openssl")
	chain := []string{"verify", "-ignore_critical", "-CAfile", filepath.Join(state, "swtpm-localca-rootca-cert.pem"), "-untrusted", filepath.Join(state, "issuercert.pem"), certFile}
	if out, err := exec.Command(openssl, chain...).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestTypes issues every type, over a CA with keys that were there before: they must stay.
func TestTypes(t *testing.T) {
	dir := t.TempDir()
	args := newCA(t, dir)
	withKey(t, dir, nil)
	before, _ := os.ReadFile(filepath.Join(dir, "state", "signkey.pem"))
	g := "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296,y=4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
	for _, tt := range []struct {
		more    []string
		file    string
		subject string
		message string
	}{
		{[]string{"--type", "ek"}, "ek.cert", "CN=unknown", "EK"},
		{[]string{"--type", "EK", "--vmid", `a\+b\`}, "ek.cert", `CN=a\+b\\`, "EK"},
		{[]string{"--type", "ek", "--ek", "x=" + g + ",id=secp256r1", "--allow-signing", "--decryption"}, "ek.cert", "CN=unknown", "EK"},
		{[]string{"--type", "platform", "--vmid", "p"}, "platform.cert", "CN=p", "platform"},
		{[]string{"--type", "iak", "--key", "x=" + g, "--tpm-serial-num", "IBM:1:2", "--vmid", "vm-1"}, "iak.cert", "SERIALNUMBER=vm-1", "iak"},
		{[]string{"--type", "idevid", "--key", modulus, "--tpm-serial-num", "IBM:1:2"}, "idevid.cert", "SERIALNUMBER=unknown", "idevid"},
	} {
		code, out, errs := run(args, tt.more...)
		if code != 0 || !strings.HasSuffix(out, "Successfully created "+tt.message+" certificate locally.\n") || errs != "" {
			t.Errorf("%q: %d %q %q", tt.more, code, out, errs)
			continue
		}
		c := cert(t, filepath.Join(dir, tt.file))
		if c.Subject.String() != tt.subject {
			t.Errorf("%q: subject %s", tt.more, c.Subject)
		}
		if err := c.CheckSignatureFrom(cert(t, filepath.Join(dir, "state", "issuercert.pem"))); err != nil {
			t.Errorf("%q: %v", tt.more, err)
		}
	}
	if after, _ := os.ReadFile(filepath.Join(dir, "state", "signkey.pem")); !bytes.Equal(before, after) {
		t.Error("the signing key was replaced")
	}
}

// TestForeignRoot has certificates in the place of the root's that are none of its key: one of a kind of key that the program
// knows nothing of, and what is no certificate. The root gets its own.
func TestForeignRoot(t *testing.T) {
	dsa, err := os.ReadFile(filepath.Join("testdata", "dsa.pem")) // by openssl
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"dsa": string(dsa), "garbage": "garbage",
		"empty": "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"} {
		dir := t.TempDir()
		args := newCA(t, dir)
		withKey(t, dir, nil)
		state := filepath.Join(dir, "state")
		write(t, filepath.Join(state, "swtpm-localca-rootca-cert.pem"), content)
		if code, _, errs := run(args, "--type", "ek"); code != 0 {
			t.Fatalf("%s: %s", name, errs)
		}
		verify(t, state, filepath.Join(dir, "ek.cert"))
	}
}

// TestStoppedHalfway takes single files of a CA away: the next run makes what is missing, and keys stay.
func TestStoppedHalfway(t *testing.T) {
	dir := t.TempDir()
	args := newCA(t, dir)
	withKey(t, dir, nil)
	state := filepath.Join(dir, "state")
	for _, missing := range []string{"", "issuercert.pem", "swtpm-localca-rootca-cert.pem"} {
		if missing != "" {
			if err := os.Remove(filepath.Join(state, missing)); err != nil {
				t.Fatal(err)
			}
			os.Remove(filepath.Join(state, "issuercert.pem"))
		}
		if code, _, errs := run(args, "--type", "ek"); code != 0 {
			t.Fatalf("without %q: %s", missing, errs)
		}
		verify(t, state, filepath.Join(dir, "ek.cert"))
	}
	write(t, filepath.Join(state, "signkey.pem"), "garbage")
	os.Remove(filepath.Join(state, "issuercert.pem"))
	if code, _, errs := run(args, "--type", "ek"); code != 1 || !strings.Contains(errs, "could not read the CA key") {
		t.Errorf("%d %q", code, errs)
	}
	if data, _ := os.ReadFile(filepath.Join(state, "signkey.pem")); string(data) != "garbage" {
		t.Error("a key that could not be read was replaced")
	}
}

func TestSerial(t *testing.T) {
	dir := t.TempDir()
	args := newCA(t, dir, "certserial = "+filepath.Join(dir, "serial"))
	withKey(t, dir, nil)
	limit := new(big.Int).Lsh(big.NewInt(1), 160)
	for _, tt := range []struct{ before, want string }{ // want "" is random
		{"", ""}, {"1", "2"}, {"41\n", "42"}, {"999", "1000"}, {"abc", ""}, {"-5", ""}, {"1\x00", ""}, {strings.Repeat("1", 60), ""},
		{new(big.Int).Sub(limit, big.NewInt(2)).String(), new(big.Int).Sub(limit, big.NewInt(1)).String()},
		{new(big.Int).Sub(limit, big.NewInt(1)).String(), ""},
	} {
		write(t, filepath.Join(dir, "serial"), tt.before)
		if code, _, errs := run(args, "--type", "ek"); code != 0 {
			t.Fatalf("%q: %s", tt.before, errs)
		}
		after, err := os.ReadFile(filepath.Join(dir, "serial"))
		if err != nil {
			t.Fatal(err)
		}
		if got := cert(t, filepath.Join(dir, "ek.cert")).SerialNumber.String(); got != string(after) || tt.want != "" && got != tt.want || tt.want == "" && len(got) != 20 {
			t.Errorf("%q: serial %s, file %q, want %q", tt.before, got, after, tt.want)
		}
	}
}

// TestFifty starts fifty programs at once on a CA that does not exist yet: all succeed, with one CA and fifty serial numbers.
func TestFifty(t *testing.T) {
	const n = 50
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	args := newCA(t, dir)
	var wg sync.WaitGroup
	outs := make([]string, n)
	for i := range n {
		out := filepath.Join(dir, fmt.Sprint(i))
		if err := os.Mkdir(out, 0o755); err != nil {
			t.Fatal(err)
		}
		wg.Go(func() {
			cmd := exec.Command(self, append(args[:len(args):len(args)], "--type", "ek", "--dir", out)...)
			cmd.Env = append(os.Environ(), asProgram+"=1")
			msg, err := cmd.CombinedOutput()
			if outs[i] = string(msg); err != nil {
				t.Errorf("run %d: %v\n%s", i, err, msg)
			}
		})
	}
	wg.Wait()
	if t.Failed() {
		return
	}
	if made := strings.Count(strings.Join(outs, ""), "Creating root CA"); made != 1 {
		t.Errorf("the CA was made %d times", made)
	}
	issuer := cert(t, filepath.Join(dir, "state", "issuercert.pem"))
	seen := map[string]bool{}
	for i := range n {
		c := cert(t, filepath.Join(dir, fmt.Sprint(i), "ek.cert"))
		if err := c.CheckSignatureFrom(issuer); err != nil {
			t.Errorf("certificate %d: %v", i, err)
		}
		seen[c.SerialNumber.String()] = true
	}
	if len(seen) != n {
		t.Errorf("%d serial numbers for %d certificates", len(seen), n)
	}
	left, err := filepath.Glob(filepath.Join(dir, "state", ".*.pem.*"))
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestErrors(t *testing.T) {
	dir := t.TempDir()
	args := newCA(t, dir)
	withKey(t, dir, nil)
	conf := func(content string) []string {
		name := filepath.Join(t.TempDir(), "conf")
		write(t, name, content)
		return []string{"--type", "ek", "--configfile", name}
	}
	state := filepath.Join(dir, "state")
	for _, tt := range []struct {
		more []string
		want string
	}{
		{nil, "--type"},
		{[]string{"--type", "foo"}, "unknown certificate type 'foo'"},
		{[]string{"--bogus"}, "swtpm_localca: unrecognized option '--bogus'\nTry 'swtpm_localca --help' for the options there are.\n"},
		{[]string{"--type", "ek", "--ek", ""}, "--ek or --key"},
		{[]string{"--type", "ek", "--ek", "x=12"}, "needs x= and y="},
		{[]string{"--type", "ek", "--ek", "x=1,z=2"}, "'z=2' is not part of a key"},
		{[]string{"--type", "ek", "--ek", "zz"}, "Could not create EK certificate locally\n--modulus must be given as hexadecimal"},
		{[]string{"--type", "iak"}, "Could not create iak certificate locally\n--tpm-serial-num"},
		{[]string{"--type", "idevid", "--tpm-serial-num", "x", "--vmid", "a_b"}, "PrintableString"},
		{[]string{"--type", "ek", "--dir", "/does/not/exist"}, "Could not create EK"},
		{[]string{"--type", "ek", "--configfile", "/does/not/exist"}, "Need read rights on config file /does/not/exist"},
		{[]string{"--type", "ek", "--optsfile", "/does/not/exist"}, "Need read rights on options file /does/not/exist"},
		{[]string{"--type", "ek", "--logfile", "/does/not/exist"}, "logfile"},
		{conf(""), "missing statedir"},
		{conf("statedir = " + state), "missing signingkey"},
		{conf("statedir = " + state + "\nsigningkey = x"), "missing issuercert"},
		{conf("statedir = " + state + "\nsigningkey = pkcs11:token=x\\;object=y\nissuercert = /does/not/exist"), "there is no issuer certificate /does/not/exist"},
		{conf("statedir = " + state + "\nsigningkey = pkcs11:token=x\\;y\nissuercert = " + state + "/issuercert.pem"), "attributes name=value"},
		{conf("statedir = " + filepath.Join(dir, "conf") + "\nsigningkey = x\nissuercert = y"), "not a directory"},
		{conf("\x00\xff"), "not a text file"},
		{conf("statedir = " + strings.Repeat("x", 300) + "\nsigningkey = x\nissuercert = y"), "state directory"},
	} {
		code, _, errs := run(args, tt.more...)
		if code != 1 || !strings.Contains(errs, tt.want) {
			t.Errorf("%q: %d %q, want %q", tt.more, code, errs, tt.want)
		}
	}
	if code, out, _ := run(args, "-h", "--bogus"); code != 0 || !strings.Contains(out, "Usage: swtpm_localca") {
		t.Errorf("%d %q", code, out)
	}
}

func TestLogfile(t *testing.T) {
	dir := t.TempDir()
	args := newCA(t, dir)
	withKey(t, dir, nil)
	log := filepath.Join(dir, "log")
	for _, more := range [][]string{{"--type", "ek"}, {"--type", "ek", "--ek", "zz"}} {
		if _, out, errs := run(args, append(more, "--logfile", log)...); out != "" || errs != "" {
			t.Errorf("%q %q beside the log", out, errs)
		}
	}
	data, err := os.ReadFile(log)
	if err != nil || !strings.Contains(string(data), "Successfully created EK") || !strings.Contains(string(data), "Could not create EK") {
		t.Errorf("%q, %v", data, err)
	}
}

// TestKilled ends programs at any moment of an authority's making: whatever they left, the next run has an authority whose files fit.
func TestKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	args := newCA(t, dir)
	for _, after := range []time.Duration{5, 20, 50, 100, 200, 300, 400, 600, 800} {
		cmd := exec.Command(self, append(args[:len(args):len(args)], "--type", "ek")...)
		cmd.Env = append(os.Environ(), asProgram+"=1")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(after * time.Millisecond)
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	if code, _, errs := run(args, "--type", "ek"); code != 0 {
		t.Fatal(errs)
	}
	state := filepath.Join(dir, "state")
	root, issuer := cert(t, filepath.Join(state, "swtpm-localca-rootca-cert.pem")), cert(t, filepath.Join(state, "issuercert.pem"))
	if err := issuer.CheckSignatureFrom(root); err != nil {
		t.Error(err)
	}
	if err := cert(t, filepath.Join(dir, "ek.cert")).CheckSignatureFrom(issuer); err != nil {
		t.Error(err)
	}
	verify(t, state, filepath.Join(dir, "ek.cert"))
}

// TestSweep has the next run remove what a killed one left, and nothing else.
func TestSweep(t *testing.T) {
	dir := t.TempDir()
	withKey(t, dir, nil)
	args := newCA(t, dir)
	state := filepath.Join(dir, "state")
	long := time.Now().Add(-time.Hour)
	stale := []string{".signkey.pem.123", ".issuercert.pem.4294967295", ".swtpm-localca-rootca-privkey.pem.0", ".swtpm-localca-rootca-cert.pem.77"}
	others := []string{".signkey.pem.", ".signkey.pem.12x", "signkey.pem.12", ".other.pem.12", ".signkey.pem.1.2"}
	for _, name := range append(stale, others...) {
		write(t, filepath.Join(state, name), "secret")
		if err := os.Chtimes(filepath.Join(state, name), long, long); err != nil {
			t.Fatal(err)
		}
	}
	write(t, filepath.Join(state, ".signkey.pem.9"), "of a run that writes")
	if err := os.Mkdir(filepath.Join(state, ".signkey.pem.5"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(filepath.Join(state, ".signkey.pem.5"), long, long); err != nil {
		t.Fatal(err)
	}
	for range 2 { // that makes the authority, and that finds it
		if code, _, errs := run(args, "--type", "ek"); code != 0 {
			t.Fatal(errs)
		}
		for _, name := range stale {
			if _, err := os.Lstat(filepath.Join(state, name)); !os.IsNotExist(err) {
				t.Errorf("%s is still there: %v", name, err)
			}
			write(t, filepath.Join(state, name), "secret")
			if err := os.Chtimes(filepath.Join(state, name), long, long); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, name := range append(others, ".signkey.pem.9", ".signkey.pem.5") {
		if _, err := os.Lstat(filepath.Join(state, name)); err != nil {
			t.Error(err)
		}
	}
}
