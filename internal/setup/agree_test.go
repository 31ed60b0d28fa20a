package setup

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"govtpm/internal/inspect"
	"govtpm/internal/require"
)

// TestAgreesWithSwtpmSetup has the installed swtpm_setup with its TPM and this program with ours make TPMs by the same options: of
// what their states hold, handles, attributes, sizes and public areas among it, only secrets and clocks differ.
func TestAgreesWithSwtpmSetup(t *testing.T) {
	tool := require.Program(t, "swtpm_setup")
	_, args := bench(t, nil)
	for _, options := range []string{
		"--create-ek-cert --create-platform-cert --lock-nvram --vmid vm",
		"--create-ek-cert --pcr-banks sha1,sha384",
		"--create-ek-cert --allow-signing --create-spk --ecc --lock-nvram",
		"--create-ek-cert --create-platform-cert --allow-signing --decryption",
		"--createek --create-spk --rsa-keysize 3072 --pcr-banks -", // old ones make the SPK of that size, too,
		"",
	} {
		if testing.Short() && options != "" && !strings.Contains(options, "vmid") {
			continue
		}
		with := append(args[:len(args):len(args)], strings.Fields(options)...)
		theirs, ours := makeAndTell(t, with, func(args []string) (int, string) {
			if os.Geteuid() == 0 {
				args = append(args, "--runas", "root") // the default is another account, which cannot reach the test's files
			}
			out, err := exec.Command(tool, args...).CombinedOutput()
			if err != nil {
				return 1, string(out)
			}
			return 0, ""
		}), makeAndTell(t, with, func(args []string) (int, string) {
			code, _, errs := program0(args...)
			return code, errs
		})
		if theirs != ours {
			a, b := strings.Split(theirs, "\n"), strings.Split(ours, "\n")
			for i := range min(len(a), len(b)) {
				if a[i] != b[i] {
					t.Errorf("%s: their state has, at line %d, %s, and ours %s", options, i+1, a[i], b[i])
				}
			}
			t.Errorf("%s: %d and %d lines", options, len(a), len(b))
		}
	}
}

// makeAndTell makes a TPM in a new directory and returns what its state holds.
func makeAndTell(t *testing.T, args []string, setup func([]string) (int, string)) string {
	t.Helper()
	dir := t.TempDir()
	if code, errs := setup(append(args[:len(args):len(args)], "--tpm-state", dir)); code != 0 {
		t.Fatalf("%v: %s", args, errs)
	}
	var out, errs bytes.Buffer
	if code := inspect.Main([]string{"--json", filepath.Clean(dir)}, nil, &out, &errs); code != 0 {
		t.Fatal(errs.String())
	}
	var report any
	if err := json.Unmarshal(out.Bytes(), &report); err != nil {
		t.Fatal(err)
	}
	forget(report, "state", "clock", "time", "firmware")
	if r, ok := report.(map[string]any)["permanent"].(map[string]any); !ok {
		t.Fatalf("no permanent state in %s", out.String())
	} else {
		forget(r["persistentObjects"], "name", "qualifiedName")
	}
	text, err := json.MarshalIndent(report, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// forget takes members out, however deep they are, whose values are not objects.
func forget(v any, names ...string) {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			forget(item, names...)
		}
	case map[string]any:
		for _, name := range names {
			if _, object := v[name].(map[string]any); !object {
				delete(v, name)
			}
		}
		for _, item := range v {
			forget(item, names...)
		}
	}
}
