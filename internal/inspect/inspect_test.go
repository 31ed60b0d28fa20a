package inspect

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// run runs the program.
func run(stdin []byte, args ...string) (status int, stdout, stderr string) {
	var out, errs bytes.Buffer
	status = Main(args, bytes.NewReader(stdin), &out, &errs)
	return status, out.String(), errs.String()
}

// payload is a state without envelope that libtpms wrote.
func payload(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../tpm2/nvstate/testdata", name+".hex"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := hex.DecodeString(strings.Join(strings.Fields(string(text)), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var update = flag.Bool("update", false, "write the expected outputs anew")

// The whole output for states of libtpms. testdata/NAME.txt is what is expected.
func TestOutput(t *testing.T) {
	for _, tt := range []struct{ name, state, options string }{
		{"manufactured", "permanent-0.9.2-manufactured", ""},
		{"nv", "permanent-0.9.2-nv", ""},
		{"shutdown", "permanent-0.9.2-shutdown", ""},
		{"children", "permanent-0.9.2-children", ""},
		{"pcr-allocate", "permanent-0.9.2-pcr-allocate", ""},
		{"secrets", "permanent-0.9.2-shutdown", "--secrets"},
		{"json", "permanent-0.9.2-shutdown", "--json"},
		{"loaded-objects", "volatile-0.9.2-loaded-objects", ""},
		{"hash-sequences", "volatile-0.9.2-hash-sequences", ""},
		{"sessions", "volatile-0.9.2-saved-sessions", ""},
		{"volatile-nv", "volatile-0.9.2-nv", ""},
		{"before-startup", "volatile-0.9.2-before-startup", ""},
		{"volatile-json", "volatile-0.9.2-sessions", "--json --secrets"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, got, stderr := run(payload(t, tt.state), append(strings.Fields(tt.options), "-")...)
			if status != 0 || stderr != "" {
				t.Errorf("status %d, %s", status, stderr)
			}
			file := filepath.Join("testdata", tt.name+".txt")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("not as in %s:\n%s", file, got)
			}
		})
	}
}

// The ways a state is named and decrypted, and what is said when that fails.
func TestSources(t *testing.T) {
	const sealed = "../../store/envelope/testdata/"
	dir := t.TempDir()
	file := func(name, content string) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	k128 := file("k128", "000102030405060708090a0b0c0d0e0f")
	k256 := file("k256", "0x202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f")
	b128, _ := hex.DecodeString("000102030405060708090a0b0c0d0e0f")
	bin128 := file("bin128", string(b128))
	wrong := file("wrong", "ff0102030405060708090a0b0c0d0e0f")
	pwd := file("pwd", "correct horse\n")
	empty := file("empty", "")
	cutStore := file("cut", "nilmptws\x01\x00\xc0\x00")
	foreign := file("foreign", strings.Repeat("anything", 100))
	states, encrypted, tpm12, backup := t.TempDir(), t.TempDir(), t.TempDir(), t.TempDir()
	for from, to := range map[string]string{
		sealed + "plain.permall": states + "/tpm2-00.permall", sealed + "plain.volatilestate": states + "/tpm2-00.volatilestate",
		sealed + "hex128.permall": encrypted + "/tpm2-00.permall", k128: tpm12 + "/tpm-00.permall", k256: backup + "/tpm2-00.permall.bak",
	} {
		b, err := os.ReadFile(from)
		if err == nil {
			err = os.WriteFile(to, b, 0o400)
		}
		if err != nil {
			t.Fatal(err)
		}
	}

	for _, tt := range []struct {
		args string
		want []string // in the output
	}{
		{states, []string{"permall", "volatilestate", "Permanent state", "Volatile state"}},
		{"dir://" + states, []string{"Permanent state", "Volatile state"}},
		{states + "/tpm2-00.volatilestate", []string{"Volatile state"}},
		{"../../store/testdata/grown.linear", []string{"permall", "volatilestate", "Permanent state", "Volatile state"}},
		{"file://../../store/testdata/fresh.linear", []string{"Permanent state"}},
		{encrypted + " --key file=" + k128, []string{"encrypted with a key of 128 bits", "Permanent state"}},
		{"--key file=" + bin128 + ",format=binary " + sealed + "bin128.permall", []string{"Permanent state"}},
		{"--key file=" + k256 + ",mode=aes-256-cbc " + sealed + "hex256.permall", []string{"key of 256 bits", "Permanent state"}},
		{"--key pwdfile=" + pwd + " " + sealed + "pwd128.permall", []string{"Permanent state"}},
		{"--key pwdfile=" + pwd + ",mode=aes-256-cbc " + sealed + "pwd256.permall", []string{"Permanent state"}},
		{"--key pwdfile=" + pwd + ",kdf=sha512 " + sealed + "pwdsha128.permall", []string{"Permanent state"}},
		{sealed + "migration-none.blob", []string{"from migration", "Permanent state"}},
		{"--key file=" + k128 + " --migration-key file=" + k256 + ",mode=aes-256-cbc " + sealed + "migration-file128-mig256.blob",
			[]string{"from migration, encrypted with a key of 128 bits, encrypted with a", "migration key of 256 bits", "Permanent state"}},
	} {
		status, stdout, stderr := run(nil, strings.Fields(tt.args)...)
		if status != 0 || stderr != "" {
			t.Errorf("%s: status %d, %s", tt.args, status, stderr)
		}
		for _, want := range tt.want {
			if !strings.Contains(stdout, want) {
				t.Errorf("%s: no %q in the output:\n%.300s", tt.args, want, stdout)
			}
		}
	}

	for _, tt := range []struct{ args, stdout, stderr string }{
		{"", "", "one state is wanted and 0 are given"},
		{"a b", "", "one state is wanted and 2 are given"},
		{"--verbose a", "", "unrecognized option"},
		{dir + "/none", "", "no such file"},
		{"dir://" + dir + "/none", "", "no such file"},
		{"file://" + dir + "/none", "", "no such file"},
		{"http://x", "", "unsupported storage backend"},
		{dir, "", "there is no state in"},
		{tpm12, "", "TPM 1.2"},
		{backup, "", "tpm2-00.permall.bak"},
		{empty, "", "there is no state in"},
		{"-", "", "there is nothing in it"},
		{cutStore, "", "cut off in its header"},
		{foreign, "check that it is the right file", "neither permanent nor volatile state"},
		{encrypted, "give the key with --key", "the key is missing"},
		{encrypted + " --key file=" + wrong, "check that it is the right key", "cannot be decrypted"},
		{encrypted + " --key file=" + k256 + ",mode=aes-256-cbc", "set mode=", "wrong length of key"},
		{states + " --key file=" + k128, "leave --key out", "not encrypted"},
		{states + " --key file=" + dir + "/none", "", "swtpm inspect: Unable to open file " + dir + "/none: No such file or directory"},
		{states + " --key mode=aes-cbc", "", "Either file=, fd=, pwdfile=, or pwdfd= is required for key option"},
		{states + " --key file=" + k128 + ",mode=aes-ecb", "", "Unknown encryption mode 'aes-ecb'."},
		{states + " --key cipher=x", "", "Error parsing key options: Unknown option 'cipher=x'"},
	} {
		status, stdout, stderr := run(nil, strings.Fields(tt.args)...)
		if n := strings.Count(stdout, "--key") + strings.Count(stdout, "mode="); n > strings.Count(stdout, "Problem: ") {
			t.Errorf("%s: the same advice %d times:\n%s", tt.args, n, stdout)
		}
		if status != 1 || !strings.Contains(stderr, tt.stderr) || !strings.Contains(stdout, tt.stdout) {
			t.Errorf("%s: status %d, %s\n%.1000s", tt.args, status, stderr, stdout)
		}
	}
	for _, name := range []string{states + "/tpm2-00.permall", encrypted + "/tpm2-00.permall"} {
		if fi, err := os.Stat(name); err != nil || fi.Mode().Perm() != 0o400 {
			t.Errorf("%s was touched: %v", name, err)
		}
	}
}

// secretWords are the names under which secrets stand in the JSON.
var secretWords = []string{"secrets", "auth", "data"}

// Nothing secret is told unless it is asked for.
func TestSecretsAreKept(t *testing.T) {
	for _, name := range []string{"permanent-0.9.2-shutdown", "permanent-0.9.2-children", "volatile-0.9.2-sessions", "volatile-0.9.2-hmac-sequence"} {
		blob := payload(t, name)
		_, plain, _ := run(blob, "--json", "-")
		_, full, _ := run(blob, "--json", "--secrets", "-")
		var told []string
		collect(t, full, &told)
		if len(told) < 8 {
			t.Errorf("%s: only %d secrets", name, len(told))
		}
		_, text, _ := run(blob, "-")
		for _, secret := range told {
			if len(secret) >= 32 && strings.Trim(secret, "0") != "" && (strings.Contains(plain, secret) || strings.Contains(text, secret)) {
				t.Errorf("%s tells %s", name, secret)
			}
		}
		var none []string
		if collect(t, plain, &none); len(none) != 0 {
			t.Errorf("%s: %d secrets without --secrets", name, len(none))
		}
	}
}

// collect takes the secrets out of JSON.
func collect(t *testing.T, text string, secrets *[]string) {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	var walk func(v any, secret bool)
	walk = func(v any, secret bool) {
		switch v := v.(type) {
		case map[string]any:
			for name, w := range v {
				walk(w, secret || slices.Contains(secretWords, name))
			}
		case []any:
			for _, w := range v {
				walk(w, secret)
			}
		case string:
			if secret {
				*secrets = append(*secrets, v)
			}
		}
	}
	walk(v, false)
}

// Whatever is cut off or altered, the answer is a report or an error in words.
func TestHostile(t *testing.T) {
	stride := 7
	if testing.Short() {
		stride = 101
	}
	for _, name := range []string{"permanent-0.9.2-shutdown", "permanent-0.9.2-orderly-489", "volatile-0.9.2-sessions", "volatile-0.9.2-hash-sequences"} {
		blob := payload(t, name)
		for n := 0; n < len(blob); n += stride {
			if status, _, stderr := run(blob[:n], "-"); status != 1 || !strings.HasPrefix(stderr, "swtpm inspect: ") {
				t.Errorf("%s cut at %d: status %d, %q", name, n, status, stderr)
			}
			bad := bytes.Clone(blob)
			bad[n] ^= 1 << (n % 8)
			status, stdout, stderr := run(bad, "--secrets", "-")
			if (status == 0) != (stderr == "") || strings.HasPrefix(name, "volatile") && status == 0 || status != 0 && !strings.HasSuffix(stdout, "\n") && stdout != "" {
				t.Errorf("%s altered at %d: status %d, %q", name, n, status, stderr)
			}
		}
	}
}

// A fault in the format is told with its place, in both forms.
func TestFault(t *testing.T) {
	blob := payload(t, "permanent-0.9.2-manufactured")
	status, stdout, stderr := run(blob[:700], "-")
	for _, want := range []string{"truncated", "PERSISTENT_ALL/", "offset 0x", "what to do", "copy it again"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("no %q in %s", want, stdout)
		}
	}
	if status != 1 || !strings.Contains(stderr, "1 problem in -: truncated") {
		t.Errorf("status %d, %s", status, stderr)
	}
	_, stdout, _ = run(blob[:700], "--json", "-")
	var r Report
	if err := json.Unmarshal([]byte(stdout), &r); err != nil || len(r.Problems) != 1 || r.Problems[0].Offset == nil || r.Permanent != nil {
		t.Errorf("%v: %s", err, stdout)
	}
}

// Volatile state of another TPM is told of, and told to be of another TPM.
func TestForeignVolatile(t *testing.T) {
	dir := t.TempDir()
	for name, state := range map[string]string{"permall": "permanent-0.9.2-nv", "volatilestate": "volatile-0.9.2-hcrtm"} {
		if err := os.WriteFile(filepath.Join(dir, "tpm2-00."+name), payload(t, state), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	status, stdout, _ := run(nil, dir)
	if status != 1 || !strings.Contains(stdout, "it does not belong to the permanent state") || !strings.Contains(stdout, "Volatile state") {
		t.Errorf("status %d: %s", status, stdout)
	}
}
