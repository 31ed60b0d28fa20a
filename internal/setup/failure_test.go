package setup

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"govtpm/internal/localca"
)

// otherModulus is a key that no TPM has.
var otherModulus = strings.Repeat("c5", 256)

// badCA is a certificate tool that fails in some way; it returns its exit code.
func badCA(kind string, args []string) int {
	at := slices.Index(args, "--dir")
	typ := slices.Index(args, "--type")
	name := filepath.Join(args[at+1], args[typ+1]+".cert")
	write := func(content []byte) {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			panic(err)
		}
	}
	switch kind {
	case "fails":
		fmt.Fprintln(os.Stderr, "no more certificates")
		return 3
	case "babbles":
		for range 1000 {
			os.Stdout.Write(bytes.Repeat([]byte{0xff, 0, 27, '\n'}, 1000))
		}
		os.Stderr.WriteString("\x1b\xffno\x00\a")
		return 4
	case "hangs":
		time.Sleep(time.Minute)
	case "nothing":
	case "empty":
		write(nil)
	case "garbage":
		write([]byte("<html>Service unavailable</html>"))
	case "endless":
		write(bytes.Repeat([]byte{0x30}, 1<<20))
	case "directory":
		os.Mkdir(name, 0o700)
	case "halved", "trailing", "platform":
		if code := localca.Main(args, nil, os.Stdout, os.Stderr); code != 0 {
			return code
		}
		der, err := os.ReadFile(name)
		switch {
		case err != nil:
			return 1
		case kind == "halved":
			write(der[:len(der)/2])
		case kind == "trailing":
			write(append(der, 0))
		case args[typ+1] == "platform":
			write([]byte{0x30})
		}
	case "other key":
		args = slices.Clone(args)
		args[slices.Index(args, "--ek")+1] = otherModulus
		return localca.Main(args, nil, os.Stdout, os.Stderr)
	}
	return 0
}

// A failure is one way not to make a TPM.
type failure struct {
	name string
	args string // further ones; DIR is the directory of the test
	ca   string // kind of the certificate tool
	want string // in the error
}

var failures = []failure{
	{"no configuration", "--config DIR/none", "good", "configuration file"},
	{"configuration is a directory", "--config DIR/state", "good", "configuration file"},
	{"no certificate tool", "--config DIR/toolless.conf", "good", "could not find the certificate tool DIR/none"},
	{"certificate tool without configuration", "--config DIR/lost.conf", "good", "Need read rights on config file DIR/none"},
	{"no key file", "--keyfile DIR/none", "good", "DIR/none"},
	{"key file is a directory", "--keyfile DIR/state", "good", "s a directory"},
	{"key is none", "--keyfile DIR/setup.conf", "good", "key"},
	{"no passphrase", "--pwdfile DIR/none", "good", "DIR/none"},
	{"no profile", "--profile-file DIR/none", "good", "DIR/none"},
	{"profile is none", "--profile-file DIR/setup.conf", "good", "not JSON"},
	{"no banks", "--pcr-banks md5", "good", "none of the PCR banks md5 can be used"},
	{"no directory for copies", "--write-ek-cert-files DIR/none", "good", "cannot access directory DIR/none"},
	{"tool fails", "", "fails", "exit status 3: no more certificates"},
	{"tool fails and babbles", "", "babbles", "exit status 4: ??no??"},
	{"tool hangs", "--config DIR/impatient.conf", "hangs", "did not end within 1s"},
	{"tool has no time", "--config DIR/timeless.conf", "good", "create_certs_tool_timeout is to be a number of seconds, not 'soon'"},
	{"key of the CA is none", "--config DIR/keyless.conf", "good", "the certificate tool failed: exit status 1: "},
	{"tool makes nothing", "", "nothing", "left no certificate"},
	{"certificate is empty", "", "empty", "not in DER"},
	{"certificate is garbage", "", "garbage", "not in DER"},
	{"certificate is too long", "", "endless", "longer than 65535 bytes"},
	{"certificate is a directory", "", "directory", "left no certificate"},
	{"certificate is halved", "", "halved", "not in DER"},
	{"certificate has something behind it", "", "trailing", "not in DER"},
	{"platform certificate is garbage", "", "platform", "no platform certificate"},
	{"certificate of another key", "", "other key", "its key is another one"},
}

// TestFailures has everything fail that can: there is an error in words, nothing of a TPM stays, and one that was there does.
func TestFailures(t *testing.T) { eachTPM(t, testFailures) }

func testFailures(t *testing.T, tpm []string) {
	dir, args := bench(t, tpm)
	for name, content := range map[string]string{
		"toolless.conf":  "create_certs_tool = DIR/none\n",
		"impatient.conf": "create_certs_tool = TOOL\ncreate_certs_tool_timeout = 1\n",
		"timeless.conf":  "create_certs_tool = TOOL\ncreate_certs_tool_timeout = soon\n",
		"keyless.conf":   "create_certs_tool = TOOL\ncreate_certs_tool_config = DIR/bad.conf\ncreate_certs_tool_options = DIR/ca.options\n",
		"bad.conf":       "statedir = DIR/bad\nsigningkey = DIR/toolless.conf\nissuercert = DIR/toolless.conf\n",
		"lost.conf":      "create_certs_tool = TOOL\ncreate_certs_tool_config = DIR/none\ncreate_certs_tool_options = DIR/ca.options\n",
	} {
		self, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		content = strings.NewReplacer("DIR", dir, "TOOL", self).Replace(content)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	with := func(f failure) []string {
		more := strings.Fields(strings.ReplaceAll(f.args, "DIR", dir))
		return append(append(args[:len(args):len(args)], "--create-ek-cert", "--create-platform-cert", "--overwrite",
			"--ek1keyalgo", "secp256r1", "--ek2keyalgo", "secp256r1"), more...) // quick to make
	}
	each := func(state map[string]string) {
		for _, f := range failures {
			if testing.Short() && len(tpm) > 0 && f.ca != "good" {
				continue // it would start the TPM
			}
			t.Setenv(asLocalCA, f.ca)
			code, out, errs := program0(with(f)...)
			if want := strings.ReplaceAll(f.want, "DIR", dir); code != 1 || !strings.Contains(errs, want) {
				t.Errorf("%s: %d %q, want %q\n%s", f.name, code, errs, want, out)
			}
			if now := stateOf(t, filepath.Join(dir, "state")); fmt.Sprint(now) != fmt.Sprint(state) {
				t.Errorf("%s: the state changed", f.name)
			}
		}
	}
	each(map[string]string{})
	t.Setenv(asLocalCA, "good")
	if code, _, errs := program0(with(failure{})...); code != 0 {
		t.Fatal(errs)
	}
	if err := os.WriteFile(filepath.Join(dir, "state", "tpm2-00.volatilestate"), []byte("volatile"), 0o600); err != nil {
		t.Fatal(err)
	}
	state := stateOf(t, filepath.Join(dir, "state"))
	if len(state) != 2 {
		t.Fatalf("%d files of state", len(state))
	}
	each(state)
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "swtpm_setup.certs.*")); len(left) > 0 && os.Getenv("TMPDIR") != "" {
		t.Errorf("left over: %v", left)
	}
}

// stateOf reads all files in a directory but the lock.
func stateOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	state := map[string]string{}
	for _, e := range entries {
		if e.Name() == ".lock" {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		state[e.Name()] = string(data)
	}
	return state
}

// TestFile makes TPMs in single files: a failure leaves none, and one that was there.
func TestFile(t *testing.T) { eachTPM(t, testFile) }

func testFile(t *testing.T, tpm []string) {
	dir, args := bench(t, tpm)
	if len(tpm) > 0 && !strings.Contains(features(t, tpm), "nvram-backend-file") {
		t.Skip("the installed swtpm has no single files")
	}
	file := filepath.Join(dir, "state", "tpm")
	args = append(args[:len(args):len(args)], "--tpm-state", "file://"+file)
	with := func(more ...string) []string { return append(args[:len(args):len(args)], more...) }
	fails := with("--overwrite", "--pcr-banks", "md5")
	if code, _, errs := program0(fails...); code != 1 || !strings.Contains(errs, "md5") {
		t.Errorf("bad banks: %d %q", code, errs)
	}
	if state := stateOf(t, filepath.Join(dir, "state")); len(state) != 0 {
		t.Errorf("after a failure there is %q", state)
	}
	if code, _, errs := program0(with("--createek")...); code != 0 {
		t.Fatal(errs)
	}
	state := stateOf(t, filepath.Join(dir, "state"))
	if code, _, errs := program0(args...); code != 1 || errs != "Found existing TPM state 'permall'.\n"+
		"Give --overwrite to replace it, --not-overwrite to keep it, or --reconfigure to change its PCR banks.\n" {
		t.Errorf("existing state: %d %q", code, errs)
	}
	if code, _, _ := program0(fails...); code != 1 {
		t.Errorf("bad banks: %d", code)
	}
	if now := stateOf(t, filepath.Join(dir, "state")); fmt.Sprint(now) != fmt.Sprint(state) {
		t.Error("a failure changed the state")
	}
	if code, out, errs := program0(with("--reconfigure", "--pcr-banks", "sha384")...); code != 0 {
		t.Errorf("reconfigure: %d %q %q", code, out, errs)
	}
}

func features(t *testing.T, tpm []string) string {
	t.Helper()
	p, err := findProgram(tpm[1])
	if err == nil {
		err = p.ask(true)
	}
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(p.features)
}

// TestOwnRefusals are what only the TPM of this program refuses.
func TestOwnRefusals(t *testing.T) {
	dir, args := bench(t, nil)
	state := filepath.Join(dir, "state")
	if code, _, errs := program0(append(args[:len(args):len(args)], "--reconfigure", "--pcr-banks", "sha1")...); code != 1 || errs != "there is no TPM state to reconfigure\n" {
		t.Errorf("reconfigure: %d %q", code, errs)
	}
	for _, old := range []string{"--take-ownership", "--createek", "--owner-well-known --lock-nvram", ""} {
		code, _, errs := program0(append(strings.Fields(old), "--tpm-state", state, "--config", filepath.Join(dir, "setup.conf"))...)
		if code != 1 || !strings.HasPrefix(errs, "TPM 1.2 is not supported yet.") {
			t.Errorf("TPM 1.2 %s: %d %q", old, code, errs)
		}
	}
	if err := os.WriteFile(filepath.Join(state, "tpm2-00.permall"), []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	before := stateOf(t, state)
	if code, _, errs := program0(append(args[:len(args):len(args)], "--reconfigure", "--pcr-banks", "sha1")...); code != 1 || !strings.Contains(errs, "starting the TPM") {
		t.Errorf("reconfigure damaged state: %d %q", code, errs)
	}
	if fmt.Sprint(stateOf(t, state)) != fmt.Sprint(before) {
		t.Error("damaged state was changed")
	}
	if code, _, errs := program0(append(args[:len(args):len(args)], "--overwrite")...); code != 0 {
		t.Errorf("overwrite damaged state: %d %q", code, errs)
	}
	before = stateOf(t, state)
	if err := os.WriteFile(filepath.Join(state, "tpm2-00.volatilestate"), []byte("volatile"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := program0(append(args[:len(args):len(args)], "--reconfigure", "--pcr-banks", "sha1")...); code != 1 || !strings.Contains(errs, "suspended") {
		t.Errorf("reconfigure a suspended TPM: %d %q", code, errs)
	}
	if now := stateOf(t, state); len(now) != 2 || now["tpm2-00.permall"] != before["tpm2-00.permall"] {
		t.Error("the state of a suspended TPM was changed")
	}
}
