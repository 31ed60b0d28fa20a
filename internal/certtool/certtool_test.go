package certtool_test

import (
	"bytes"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"govtpm/internal/certtool"
	"govtpm/internal/require"
)

// A modulus of 2048 bits and a point of each curve (the generators, SEC 2).
var (
	modulus = strings.Repeat("c3", 255) + "01"
	p256    = [2]string{"6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296", "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"}
	p384    = [2]string{"aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7",
		"3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f"}
	tpmArgs  = []string{"--tpm-manufacturer", "id:00001014", "--tpm-model", "swtpm", "--tpm-version", "id:20240125"}
	specArgs = []string{"--tpm-spec-family", "2.0", "--tpm-spec-level", "0", "--tpm-spec-revision", "183"}
	platArgs = []string{"--platform-manufacturer", "Fedora", "--platform-model", "QEMU", "--platform-version", "2.1"}
)

// ca makes a CA with openssl in a new directory: ca.key and ca.pem there.
func ca(t testing.TB, newkey ...string) string {
	t.Helper()
	require.Program(t, "openssl")
	if len(newkey) == 0 {
		newkey = []string{"-newkey", "rsa:2048"}
	}
	dir := t.TempDir()
	args := append([]string{"req", "-x509", "-nodes", "-subj", "/CN=test ca", "-days", "30", "-keyout", filepath.Join(dir, "ca.key"), "-out", filepath.Join(dir, "ca.pem")}, newkey...)
	if out, err := exec.Command("openssl", args...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return dir
}

func run(args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = certtool.Main(args, strings.NewReader(""), &out, &errs)
	return code, out.String(), errs.String()
}

func join(lists ...[]string) []string {
	var all []string
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}

func issue(dir string) []string {
	return []string{"--signkey", filepath.Join(dir, "ca.key"), "--issuercert", filepath.Join(dir, "ca.pem"), "--out-cert", filepath.Join(dir, "out")}
}

func readCert(t testing.TB, path string) *x509.Certificate {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if block, _ := pem.Decode(data); block != nil {
		data = block.Bytes
	}
	cert, err := x509.ParseCertificate(data)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// TestVerify has openssl verify certificates of every CA key kind.
func TestVerify(t *testing.T) {
	for name, newkey := range map[string][]string{
		"rsa2048": {"-newkey", "rsa:2048"}, "rsa3072": {"-newkey", "rsa:3072"},
		"p256": {"-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"}, "p384": {"-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"},
		"p521": {"-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-521"}, "ed25519": {"-newkey", "ed25519"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := ca(t, newkey...)
			for _, v := range [][]string{{"--tpm2", "--subject", "CN=vm"}, {}} {
				args := join(issue(dir), []string{"--modulus", modulus, "--days", "-1", "--pem"}, tpmArgs, specArgs, v)
				if code, _, errs := run(args...); code != 0 || errs != "" {
					t.Fatalf("%d %s", code, errs)
				}
				// The subject alternative name is critical and openssl does not look at directory names, nor is SHA-1 to its taste.
				cmd := exec.Command("openssl", "verify", "-auth_level", "0", "-ignore_critical", "-CAfile", filepath.Join(dir, "ca.pem"), filepath.Join(dir, "out"))
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Errorf("%v: %v\n%s", v, err, out)
				}
			}
		})
	}
}

// TestAgreesWithSwtpmCert compares with the installed swtpm_cert: the same extensions with the same criticality and bytes, the
// same key, validity to the end of time and subject. The order of extensions and of the subject's parts changed after version 0.7.1, so
// it is checked by package ekcert.
func TestAgreesWithSwtpmCert(t *testing.T) {
	tool := require.Program(t, "swtpm_cert")
	dir := ca(t)
	pub := filepath.Join(dir, "pub")
	if out, err := exec.Command("openssl", "rsa", "-in", filepath.Join(dir, "ca.key"), "-pubout", "-out", pub).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	rsaKey, ecKey := []string{"--modulus", modulus}, []string{"--ecc-x", p384[0], "--ecc-y", p384[1], "--ecc-curveid", "secp384r1"}
	for name, args := range map[string][]string{
		"ek rsa":           join(rsaKey, tpmArgs, specArgs, []string{"--tpm2", "--subject", "CN=vm:1"}),
		"ek ecc":           join(ecKey, tpmArgs, specArgs, []string{"--tpm2", "--subject", "CN=vm:1"}),
		"ek p256":          join([]string{"--ecc-x", p256[0], "--ecc-y", p256[1]}, tpmArgs, specArgs, []string{"--tpm2"}),
		"ek exponent":      join(rsaKey, []string{"--exponent", "0x10003"}, tpmArgs, specArgs, []string{"--tpm2"}),
		"ek signing":       join(rsaKey, tpmArgs, specArgs, []string{"--tpm2", "--allow-signing"}),
		"ek both":          join(rsaKey, tpmArgs, specArgs, []string{"--tpm2", "--allow-signing", "--decryption"}),
		"ek ecc both":      join(ecKey, tpmArgs, specArgs, []string{"--tpm2", "--allow-signing", "--decryption"}),
		"ek 1.2":           join(rsaKey, tpmArgs, specArgs, []string{"--subject", "CN=ignored"}),
		"ek 1.2 header":    join(rsaKey, tpmArgs, specArgs, []string{"--add-header"}),
		"ek pubkey":        join([]string{"--pubkey", pub}, tpmArgs, specArgs, []string{"--tpm2"}),
		"platform":         join(rsaKey, tpmArgs, platArgs, []string{"--tpm2", "--type", "Platform"}),
		"platform ecc":     join(ecKey, tpmArgs, platArgs, []string{"--tpm2", "--type", "platform"}),
		"platform 1.2":     join(rsaKey, tpmArgs, platArgs, []string{"--type", "platform"}),
		"serial":           join(rsaKey, tpmArgs, specArgs, []string{"--tpm2", "--serial", "123456789012345678"}),
		"short and abbrev": join(rsaKey, tpmArgs, specArgs, []string{"-tpm2", "--subj=CN=a"}),
	} {
		t.Run(name, func(t *testing.T) {
			ours, theirs := filepath.Join(dir, "ours"), filepath.Join(dir, "theirs")
			common := clip(issue(dir)[:4], args, []string{"--days", "-1"})
			if code, _, errs := run(append(common, "--out-cert", ours)...); code != 0 {
				t.Fatalf("%d %s", code, errs)
			}
			if out, err := exec.Command(tool, append(common, "--out-cert", theirs)...).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			compareFiles(t, ours, theirs)
		})
	}
}

func compareFiles(t *testing.T, ours, theirs string) {
	t.Helper()
	var certs [2]*x509.Certificate
	for i, name := range []string{ours, theirs} {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if data[0] == 0x10 { // the header of TPM 1.2
			if want := "1001 00 1002"; hex.EncodeToString(data[:3])+hex.EncodeToString(data[5:7]) != strings.ReplaceAll(want, " ", "") ||
				int(data[3])<<8|int(data[4]) != len(data)-5 {
				t.Errorf("%s: header %x", name, data[:7])
			}
			data = data[7:]
		}
		if certs[i], err = x509.ParseCertificate(data); err != nil {
			t.Fatal(err)
		}
		if st, err := os.Stat(name); err != nil || st.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, %v", name, st.Mode(), err)
		}
	}
	us, them := certs[0], certs[1]
	if len(us.Extensions) != len(them.Extensions) {
		t.Errorf("%d extensions, theirs has %d", len(us.Extensions), len(them.Extensions))
	}
	for _, e := range us.Extensions {
		found := false
		for _, f := range them.Extensions {
			if e.Id.Equal(f.Id) {
				found = true
				if e.Critical != f.Critical || !bytes.Equal(e.Value, f.Value) {
					t.Errorf("extension %v: %t %x, theirs %t %x", e.Id, e.Critical, e.Value, f.Critical, f.Value)
				}
			}
		}
		if !found {
			t.Errorf("extension %v is not in theirs", e.Id)
		}
	}
	if !bytes.Equal(us.RawSubjectPublicKeyInfo, them.RawSubjectPublicKeyInfo) {
		t.Errorf("key %x, theirs %x", us.RawSubjectPublicKeyInfo, them.RawSubjectPublicKeyInfo)
	}
	if us.SerialNumber.Cmp(them.SerialNumber) != 0 || us.NotAfter != them.NotAfter || us.SignatureAlgorithm != them.SignatureAlgorithm ||
		!bytes.Equal(us.RawIssuer, them.RawIssuer) || us.Subject.String() != them.Subject.String() || us.Version != them.Version {
		t.Errorf("serial %v/%v, end %v/%v, signed %v/%v, issuer %v/%v, subject %v/%v", us.SerialNumber, them.SerialNumber, us.NotAfter, them.NotAfter,
			us.SignatureAlgorithm, them.SignatureAlgorithm, us.Issuer, them.Issuer, us.Subject, them.Subject)
	}
}

// TestErrors holds what is refused, and with which words.
func TestErrors(t *testing.T) {
	dir := ca(t)
	ok := clip(issue(dir), []string{"--modulus", modulus, "--tpm2"}, tpmArgs, specArgs)
	if code, _, errs := run(ok...); code != 0 {
		t.Fatal(errs)
	}
	key := filepath.Join(dir, "ca.key")
	without := func(drop string) []string {
		var out []string
		for i := 0; i < len(ok); i++ {
			if ok[i] == drop {
				i++
				continue
			}
			out = append(out, ok[i])
		}
		return clip(out)
	}
	for _, tt := range []struct {
		args []string
		want string
	}{
		{nil, "missing public key"},
		{[]string{"--foo"}, "swtpm_cert: unrecognized option '--foo'\nTry 'swtpm_cert --help' for the options there are.\n"},
		{[]string{"--modulus"}, "option '--modulus' requires an argument"},
		{without("--modulus"), "missing public key"},
		{without("--issuercert"), "issuer certificate name"},
		{without("--signkey"), "missing signature key"},
		{without("--tpm-model"), "--tpm-manufacturer and --tpm-model and --tpm-version"},
		{without("--tpm-spec-level"), "--tpm-spec-family"},
		{without("--out-cert"), "--pem"},
		{append(ok, "--ecc-x", "12"), "only one of"},
		{append(without("--modulus"), "--ecc-x", "12"), "both be given"},
		{append(without("--modulus"), "--ecc-x", "12", "--ecc-y", "13"), "not on secp256r1"},
		{append(without("--modulus"), "--ecc-x", "12", "--ecc-y", "13", "--ecc-curveid", "foo"), "unsupported ECC curve id: foo"},
		{append(without("--modulus"), "--public", "12"), "--keyalgo"},
		{append(ok, "--keyalgo", "ml-kem-512"), "--public"},
		{append(without("--modulus"), "--public", "12", "--keyalgo", "ml-kem-512"), "800 bytes"},
		{append(ok, "--modulus", "abcg"), "hexadecimal"},
		{append(ok, "--modulus", ""), "hexadecimal"},
		{append(ok, "--exponent", "0"), "exponent"},
		{append(ok, "--exponent", "4294967296"), "exponent"},
		{append(ok, "--serial", "abc"), "Serial number is invalid."},
		{append(ok, "--serial", "-1"), "Serial number is invalid."},
		{append(ok, "--serial", new(big.Int).Lsh(big.NewInt(1), 160).String()), "Serial number is invalid."},
		{append(ok, "--days", "-2"), "number of days"},
		{append(ok, "--days", "2147483648"), "number of days"},
		{append(ok, "--days", "2147483647"), "year 9999"},
		{append(ok, "--type", "foo"), "Unknown certificate type 'foo'."},
		{append(ok, "--type", "platform"), "--platform-manufacturer"},
		{append(ok, "--type", "iak"), "--tpm-serial-num"},
		{append(ok, "--tpm-spec-level", "-1"), "--tpm-spec-level must pass a positive number."},
		{append(ok, "--subject", "nonsense"), "type=value"},
		{append(ok, "--issuercert", "/does/not/exist"), "could not read the issuer certificate"},
		{append(ok, "--issuercert", key), "no certificate"},
		{append(ok, "--signkey", "/does/not/exist"), "could not read the signing key"},
		{append(ok, "--signkey", filepath.Join(dir, "ca.pem")), "no private key"},
		{append(ok, "--signkey", "pkcs11:token=x"), "id= or object="},
		{append(ok, "--signkey", "pkcs11:object=x?pin-source=%7Ccat"), "pin-source in a pkcs11: URI must be a file"},
		{append(ok, "--signkey", "tpmkey:uuid=x"), "only tpmkey:file=<file> is supported"},
		{append(ok, "--signkey", "tpmkey:file=/does/not/exist;x=y"), "could not read the signing key: open /does/not/exist:"},
		{append(ok, "--signkey", "handle:0x80000000"), "not the handle of a persistent key"},
		{append(ok, "--parentkey-pwd", "a", "--parentkey-password", "b"), "only one of"},
		{append(ok, "--out-cert", "/does/not/exist"), "could not write"},
		{append(ok, "--signkey-pwd", "fd:x"), "not a file descriptor"},
		{append(ok, "--signkey-pwd", "file:/does/not/exist"), "password file"},
		{append(ok, "--signkey-pwd", "env:DOES_NOT_EXIST_"), "environment variable"},
		{append(ok, "--signkey-pwd", "a", "--signkey-password", "b"), "only one of"},
		{append(without("--modulus"), "--pubkey", "/does/not/exist"), "could not read the public key"},
		{append(without("--modulus"), "--pubkey", key), "no public key"},
	} {
		code, _, errs := run(tt.args...)
		if code != 1 || !strings.Contains(errs, tt.want) {
			t.Errorf("%q: %d %q, want %q", tt.args[max(0, len(tt.args)-4):], code, errs, tt.want)
		}
	}
}

func TestInformation(t *testing.T) {
	for arg, want := range map[string]string{
		"--version": "TPM certificate tool version 0.11.0\n",
		"--help":    "--platform-model <model>",
		"--print-capabilities": `{ "type": "swtpm_cert", "features": [ "cmdarg-signkey-pwd", "cmdarg-tpm-serial-num", "supports-iak-idevid", ` +
			`"cmdarg-public", "cmdarg-keyalgo" ], "version": "0.11.0" }` + "\n",
	} {
		if code, out, errs := run(arg); code != 0 || errs != "" || !strings.Contains(out, want) {
			t.Errorf("%s: %d %q %q", arg, code, out, errs)
		}
	}
}

// TestPasswords opens an encrypted signing key in every way a password can be given.
func TestPasswords(t *testing.T) {
	dir := ca(t)
	enc := filepath.Join(dir, "enc.key")
	if out, err := exec.Command("openssl", "pkcs8", "-topk8", "-in", filepath.Join(dir, "ca.key"), "-out", enc, "-passout", "pass:a b").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	file := filepath.Join(dir, "password")
	if err := os.WriteFile(file, []byte("a b"), 0o600); err != nil {
		t.Fatal(err)
	}
	newline := filepath.Join(dir, "newline")
	if err := os.WriteFile(newline, []byte("a b\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("CERTTOOL_TEST_PASSWORD", "a b")
	ok := clip(issue(dir), []string{"--signkey", enc, "--modulus", modulus, "--tpm2"}, tpmArgs, specArgs)
	for _, tt := range []struct {
		args []string
		code int
	}{
		{[]string{"--signkey-password", "a b"}, 0}, {[]string{"--signkey-pwd", "a b"}, 0}, {[]string{"--signkey-pwd", "pass:a b"}, 0},
		{[]string{"--signkey-pwd", "file:" + file}, 0}, {[]string{"--signkey-pwd", "env:CERTTOOL_TEST_PASSWORD"}, 0},
		{nil, 1}, {[]string{"--signkey-password", "wrong"}, 1}, {[]string{"--signkey-pwd", "file:" + newline}, 1},
	} {
		if code, _, errs := run(append(ok, tt.args...)...); code != tt.code || strings.Contains(errs, "a b") {
			t.Errorf("%q: %d %q, want %d", tt.args, code, errs, tt.code)
		}
	}
	if code, _, errs := run(append(ok, "--signkey", filepath.Join(dir, "ca.key"), "--signkey-password", "not needed")...); code != 0 {
		t.Errorf("a password for a key that is not encrypted: %d %s", code, errs)
	}
}

func TestOutputIsNotFollowed(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no O_NOFOLLOW")
	}
	dir := ca(t)
	target := filepath.Join(dir, "target")
	if err := os.WriteFile(target, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, filepath.Join(dir, "out")); err != nil {
		t.Fatal(err)
	}
	if code, _, _ := run(join(issue(dir), []string{"--modulus", modulus, "--tpm2"}, tpmArgs, specArgs)...); code != 1 {
		t.Errorf("exit code %d", code)
	}
	if data, _ := os.ReadFile(target); string(data) != "precious" {
		t.Errorf("the target became %q", data)
	}
}

// TestDeviceIdentity issues IAK, IDevID and post-quantum certificates, which older swtpm_cert does not know.
func TestDeviceIdentity(t *testing.T) {
	dir := ca(t)
	for _, typ := range []string{"iak", "IDevID"} {
		args := join(issue(dir), []string{"--type", typ, "--tpm2", "--ecc-x", p256[0], "--ecc-y", p256[1], "--tpm-serial-num", "IBM:00:01", "--subject", "serialNumber=vm"})
		if code, _, errs := run(args...); code != 0 {
			t.Fatalf("%s: %s", typ, errs)
		}
		if c := readCert(t, filepath.Join(dir, "out")); c.Subject.SerialNumber != "vm" || c.KeyUsage != x509.KeyUsageDigitalSignature {
			t.Errorf("%s: %v, %v", typ, c.Subject, c.KeyUsage)
		}
	}
	args := join(issue(dir), []string{"--tpm2", "--public", strings.Repeat("00", 1184), "--keyalgo", "ML-KEM-768", "--subject", "C=US,CN=a"}, tpmArgs, specArgs)
	if code, _, errs := run(args...); code != 0 {
		t.Fatal(errs)
	}
	if c := readCert(t, filepath.Join(dir, "out")); c.Subject.String() != "CN=a,C=US" { // RFC 2253 shows it the other way round
		t.Errorf("subject %v", c.Subject)
	}
}

// clip joins lists so that appending to the result copies it.
func clip(lists ...[]string) []string { return slices.Clip(join(lists...)) }
