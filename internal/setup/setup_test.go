package setup

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"govtpm/internal/localca"
	"govtpm/internal/require"
)

// asLocalCA makes the test binary behave as swtpm_localca, so that it can be the certificate tool; or, with a word that badCA knows,
// as one that is no good.
const asLocalCA = "SETUP_TEST_LOCALCA"

func TestMain(m *testing.M) {
	switch kind := os.Getenv(asLocalCA); kind {
	case "":
	case "good":
		os.Exit(localca.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	default:
		os.Exit(badCA(kind, os.Args[1:]))
	}
	os.Exit(m.Run())
}

func program0(args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = Main(args, strings.NewReader(""), &out, &errs)
	return code, out.String(), errs.String()
}

// installed is the option that chooses the installed swtpm for the TPM.
func installed(t *testing.T) []string {
	t.Helper()
	tool := require.Program(t, "swtpm")
	return []string{"--tpm", tool + " socket"}
}

// eachTPM runs a test with the TPM of this program and with the installed one.
func eachTPM(t *testing.T, test func(t *testing.T, tpm []string)) {
	t.Run("own", func(t *testing.T) { test(t, nil) })
	t.Run("installed", func(t *testing.T) { test(t, installed(t)) })
}

// bench is a directory with state, a configuration and a CA.
func bench(t *testing.T, tpm []string) (dir string, args []string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	for name, content := range map[string]string{
		"setup.conf":   "create_certs_tool = " + self + "\ncreate_certs_tool_config = " + dir + "/ca.conf\ncreate_certs_tool_options = " + dir + "/ca.options\nactive_pcr_banks = sha256 # default\n",
		"ca.conf":      fmt.Sprintf("statedir = %s/ca\nsigningkey = %s/ca/key\nissuercert = %s/ca/cert\n", dir, dir, dir),
		"ca.options":   "--platform-manufacturer m --platform-model n --platform-version 1\n",
		"state/.keep":  "",
		"copies/.keep": "",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, ".keep") {
			continue
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv(asLocalCA, "good")
	return dir, append(tpm[:len(tpm):len(tpm)], "--tpm-state", filepath.Join(dir, "state"), "--config", filepath.Join(dir, "setup.conf"), "--tpm2")
}

// TestAuthor manufactures a TPM with certificates, then tries what can be done with state that exists.
func TestAuthor(t *testing.T) { eachTPM(t, testAuthor) }

func testAuthor(t *testing.T, tpm []string) {
	dir, args := bench(t, tpm)
	state := filepath.Join(dir, "state", "tpm2-00.permall")
	with := func(more ...string) []string { return append(args[:len(args):len(args)], more...) }
	code, out, errs := program0(with("--create-ek-cert", "--create-platform-cert", "--vmid", "vm-1", "--lock-nvram",
		"--iakkeyalgo", "ECC_NIST_P256", "--write-ek-cert-files", filepath.Join(dir, "copies"))...)
	if code != 0 {
		t.Fatalf("%d\n%s\n%s", code, out, errs)
	}
	for _, want := range []string{
		`^Starting vTPM manufacturing as \S+:\S+ @ \w{3} \d\d \w{3} \d{4} \d\d:\d\d:\d\d [AP]M \w+\n`,
		`\n  Invoking \S+ --type ek --ek [0-9a-f]{512} --dir \S+ --vmid vm-1 --tpm-spec-family 2.0 --tpm-spec-level 0 --tpm-spec-revision \d+ --tpm-manufacturer id:00001014 --tpm-model swtpm --tpm-version id:\d+ --tpm2 --configfile \S+ --optsfile \S+\n`,
		`\n  Invoking \S+ --type iak --key x=[0-9a-f]{64},y=[0-9a-f]{64},id=secp256r1 .* --tpm-serial-num IBM:[0-9a-f]{40}:[0-9a-f]+\n`,
		`\nSuccessfully authored TPM state.\nEnding vTPM manufacturing @ `,
	} {
		if !regexp.MustCompile(want).MatchString(out) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	for _, name := range []string{"ek-rsa2048.crt", "ek-secp384r1.crt", "iak-secp256r1.crt"} {
		if st, err := os.Stat(filepath.Join(dir, "copies", name)); err != nil || st.Mode().Perm() != 0o640 {
			t.Errorf("%s: %v, %v", name, st, err)
		}
	}
	before, err := os.ReadFile(state)
	if err != nil {
		t.Fatal(err)
	}
	if code, _, errs := program0(args...); code != 1 || errs != "Found existing TPM state 'permall'.\n"+
		"Give --overwrite to replace it, --not-overwrite to keep it, or --reconfigure to change its PCR banks.\n" {
		t.Errorf("existing state: %d %q", code, errs)
	}
	if code, out, _ := program0(with("--not-overwrite")...); code != 0 || out != "Not overwriting existing state file.\n" {
		t.Errorf("not-overwrite: %d %q", code, out)
	}
	if after, _ := os.ReadFile(state); !bytes.Equal(before, after) {
		t.Error("the state changed")
	}
	code, out, errs = program0(with("--reconfigure", "--pcr-banks", "sha384", "--pcr-banks", "sha1")...)
	if code != 0 || !strings.HasPrefix(out, "Starting vTPM reconfiguration") || !strings.Contains(out, "activated PCR banks sha384,sha1 among") {
		t.Errorf("reconfigure: %d %q %q", code, out, errs)
	}
	before, err = os.ReadFile(state)
	if err != nil {
		t.Fatal(err)
	}
	code, out, errs = program0(with("--overwrite", "--pcr-banks", "none")...)
	if code != 1 || !strings.Contains(errs, "An error occurred. Authoring the TPM state failed.") {
		t.Errorf("bad banks: %d %q %q", code, out, errs)
	}
	if after, _ := os.ReadFile(state); !bytes.Equal(before, after) {
		t.Error("a failure changed the state")
	}
	if left, err := filepath.Glob(filepath.Join(dir, "state", "*")); err != nil || len(left) > 2 || left[len(left)-1] != state { // and .lock
		t.Errorf("after a failure there is %v", left)
	}
	log := filepath.Join(dir, "log")
	if code, out, errs := program0(with("--overwrite", "--createek", "--pcr-banks", "-", "--logfile", log)...); code != 0 || out != "" || errs != "" {
		t.Errorf("with a log: %d %q %q", code, out, errs)
	}
	if data, err := os.ReadFile(log); err != nil || !bytes.Contains(data, []byte("Successfully authored TPM state.")) || bytes.Contains(data, []byte("PCR banks")) {
		t.Errorf("log: %s, %v", data, err)
	}
}

// TestAuthorTPM12 manufactures a TPM 1.2 with everything it can have.
func TestAuthorTPM12(t *testing.T) {
	dir, args := bench(t, installed(t))
	code, out, errs := program0(append(args[:len(args)-1:len(args)-1], "--create-ek-cert", "--create-platform-cert", "--lock-nvram", "--take-ownership",
		"--srk-well-known", "--write-ek-cert-files", filepath.Join(dir, "copies"))...)
	if strings.Contains(errs, "does not support TPM 1.2") {
		t.Skip("swtpm has no TPM 1.2")
	}
	if code != 0 {
		t.Fatalf("%d\n%s\n%s", code, out, errs)
	}
	for _, want := range []string{
		"Successfully created EK.", "Successfully took ownership of the TPM.", "Successfully created NVRAM area for EK certificate.",
		"Successfully created NVRAM area for Platform certificate.", "Successfully locked NVRAM access.", "Successfully authored TPM state.",
	} {
		if !strings.Contains(out, want+"\n") {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	der, err := os.ReadFile(filepath.Join(dir, "copies", "ek-rsa2048.crt"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := x509.ParseCertificate(der); err != nil {
		t.Error(err)
	}
}

func TestRefused(t *testing.T) { eachTPM(t, testRefused) }

func testRefused(t *testing.T, tpm []string) {
	dir, args := bench(t, tpm)
	for _, tt := range []struct {
		args string
		want string
	}{
		{"--take-ownership", "Taking ownership is not supported for TPM 2."},
		{"--cipher foo", "Unsupported cipher 'foo'."},
		{"--keyfile a --pwdfile b", "only one of"},
		{"--keyfile-fd x", "file descriptor"},
		{"--profile {} --profile-name x", "only one of"},
		{"--profile-name x --reconfigure", "--reconfigure"},
		{"--iakkeyalgo rsa2048", "--create-ek-cert"},
		{"--ek1keyalgo foo", "unsupported key algorithm 'foo'"},
		{"--createek --reconfigure", "Reconfiguration is not supported with creation of EK or certificates"},
		{"--tpm-state dir=" + dir, "say '" + dir + "' here."},
		{"--tpmstate backend-uri=dir:///x", "'backend-uri=dir:///x' is how swtpm has it: say 'dir:///x' here."},
		{"--rsa-keysize 1000", "Unsupported RSA key size 1000."},
		{"--profile-remove-disabled x", "--profile-remove-disabled"},
		{"--profile-name ../x", "cannot be the name"},
		{"--profile-name local:x", "there is no profile 'x'"},
		{"--profile {\"Name\":\"x\"}", "the TPM does not know it"},
		{"--profile nonsense", "not JSON"},
		{"--config /does/not/exist", "configuration file"},
		{"--tpm-state /does/not/exist", "cannot access directory /does/not/exist"},
		{"--write-ek-cert-files /does/not/exist", "cannot access directory"},
		{"--tpm /does/not/exist", "is not an executable"},
		{"--tpm /bin/false", "capabilities"},
		{"--runas no-such-user-", "User 'no-such-user-' does not exist."},
		{"--logfile /does/not/exist", "logfile"},
		{"--foo", "swtpm_setup: unrecognized option '--foo'"},
		{"--create-config-files=foo", "unknown flag 'foo'"},
		{"--create-config-files=overwrite,skip-if-exist", "overwrite and skip-if-exist cannot both be used"},
	} {
		code, _, errs := program0(append(args[:len(args):len(args)], strings.Fields(tt.args)...)...)
		if code != 1 || !strings.Contains(errs, tt.want) {
			t.Errorf("%s: %d %q, want %q", tt.args, code, errs, tt.want)
		}
	}
	for args, want := range map[string]string{
		"": "--tpm-state must be provided", "--tpm-state x --ecc": "--ecc requires --tpm2.", "--tpm-state x --reconfigure": "--reconfigure requires --tpm2.",
		"--tpm-state x --pcr-banks sha1": "--pcr-banks requires --tpm2.",
	} {
		if code, _, errs := program0(strings.Fields(args)...); code != 1 || !strings.Contains(errs, want) {
			t.Errorf("%q: %d %q", args, code, errs)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "state", "*permall")); len(left) != 0 {
		t.Errorf("state was made: %v", left)
	}
}

func TestConfigFiles(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", dir)
	code, out, errs := program0("--create-config-files", "root")
	if want := fmt.Sprintf("Writing %s/swtpm_setup.conf.\nWriting %s/swtpm-localca.conf.\nWriting %s/swtpm-localca.options.\n", dir, dir, dir); code != 0 || out != want {
		t.Fatalf("%d %q %q", code, out, errs)
	}
	for list, want := range map[string]int{"root": 1, "root,skip-if-exist": 0, "root,overwrite": 0, "root overwrite": 0} {
		if code, _, errs := program0("--create-config-files=" + list); code != want {
			t.Errorf("%s: %d %q", list, code, errs)
		}
	}
	conf, err := os.ReadFile(filepath.Join(dir, "swtpm-localca.conf"))
	if want := "statedir = " + dir + "/var/lib/swtpm-localca\n"; err != nil || !strings.HasPrefix(string(conf), want) {
		t.Errorf("%s, %v", conf, err)
	}
	if os.Geteuid() == 0 {
		if code, _, errs := program0("--create-config-files"); code != 1 || !strings.Contains(errs, "'root' flag") {
			t.Errorf("%d %q", code, errs)
		}
	}
}

// TestCapabilities has a program with the capabilities of swtpm 0.11 asked.
func TestCapabilities(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs a shell script")
	}
	fake := filepath.Join(t.TempDir(), "swtpm")
	script := "#!/bin/sh\ncat <<'E'\n" + `{ "type": "swtpm", "features": [ "tpm-1.2", "tpm-2.0", "rsa-keysize-1024", "rsa-keysize-2048", "rsa-keysize-3072", "rsa-keysize-4096" ], ` +
		`"profiles": { "names": [ "default-v2", "default-v1", "null", "custom" ] }, "version": "0.11.0" }` + "\nE\n"
	if err := os.WriteFile(fake, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	const want = `{ "type": "swtpm_setup", "features": [ "tpm-1.2", "tpm-2.0", "cmdarg-keyfile-fd", "cmdarg-pwdfile-fd", "tpm12-not-need-root", "cmdarg-write-ek-cert-files", "cmdarg-create-config-files", "cmdarg-reconfigure-pcr-banks", "tpm2-rsa-keysize-2048", "tpm2-rsa-keysize-3072", "tpm2-rsa-keysize-4096", "cmdarg-profile", "cmdarg-profile-remove-disabled", "cmdarg-ek1keyalgo", "cmdarg-ek2keyalgo", "cmdarg-iakkeyalgo", "cmdarg-idevidkeyalgo" ], "profiles": [ "default-v2", "default-v1", "null", "custom" ], "version": "0.11.0" }` + "\n"
	if code, out, errs := program0("--print-capabilities", "--tpm", fake); code != 0 || out != want {
		t.Errorf("%d %q\n%s", code, errs, out)
	}
	if code, out, _ := program0("--print-profiles"); code != 0 || out != "{}\n" {
		t.Errorf("profiles: %d %q", code, out)
	}
}
