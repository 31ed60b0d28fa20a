package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// setupChoices are the options of swtpm_setup 0.7 that bear on the state of a TPM 2; a run has one of each line.
var setupChoices = [][]string{
	{"--rsa-keysize 2048", "", "--rsa-keysize 3072", "--rsa-keysize max"},
	{"", "--allow-signing", "--allow-signing --decryption", "--decryption"},
	{"--createek", "", "--create-ek-cert", "--create-platform-cert", "--create-ek-cert --create-platform-cert --vmid vm"},
	{"", "--lock-nvram"},
	{"", "--ecc", "--create-spk", "--create-spk --ecc"},
	{"", "--pcr-banks -", "--pcr-banks sha1", "--pcr-banks sha512,sha256,sha384,sha1", "--pcr-banks sha384,nonsense,sha384"},
}

// possible says whether both programs are to make the same of it: old ones make an RSA storage primary key of the size of the EK.
func possible(run []string) bool {
	return run[4] != "--create-spk" || strings.HasSuffix(run[0], "3072") || strings.HasSuffix(run[0], "max")
}

// allRuns are all choices of one of each line.
func allRuns(choices [][]string) [][]string {
	runs := [][]string{nil}
	for _, line := range choices {
		var longer [][]string
		for _, run := range runs {
			for _, c := range line {
				longer = append(longer, append(slices.Clone(run), c))
			}
		}
		runs = longer
	}
	return slices.DeleteFunc(runs, func(run []string) bool { return !possible(run) })
}

// A choicePair is two choices that go together, with their lines.
type choicePair struct {
	a, b int
	x, y string
}

func pairs(run []string) []choicePair {
	var list []choicePair
	for a := range run {
		for b := range a {
			list = append(list, choicePair{a, b, run[a], run[b]})
		}
	}
	return list
}

// pairwise chooses runs in which every pair is.
func pairwise(choices [][]string) []string {
	all, met, runs := allRuns(choices), map[choicePair]bool{}, []string(nil)
	for {
		best, gain := []string(nil), 0
		for _, run := range all {
			n := 0
			for _, p := range pairs(run) {
				if !met[p] {
					n++
				}
			}
			if n > gain {
				best, gain = run, n
			}
		}
		if gain == 0 {
			return runs
		}
		for _, p := range pairs(best) {
			met[p] = true
		}
		runs = append(runs, strings.Join(best, " "))
	}
}

// TPMs that Debian's swtpm_setup and ours make by the same options hold the same: handles, attributes, sizes and public areas among it.
// Only secrets and clocks differ. Each has a TPM and a CA of its own; both CAs are ours, then both are theirs.
func TestSetupAgrees(t *testing.T) {
	guard(t, theirs, "swtpm_setup", "swtpm_localca")
	swtpm := program(t)
	bins := [2]string{programs(t, theirs), programs(t, swtpm)}
	for i, options := range pairwise(setupChoices) {
		if testing.Short() && i%7 != 2 {
			continue
		}
		name := strings.NewReplacer(" ", "", ",", "+").Replace(options) // part of directories, in which Debian's programs want no comma
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tool := bins[1]
			if i%4 == 0 {
				tool = bins[0] // our program has certificates made by their tool
			}
			var told [2][]string
			for side, bin := range bins {
				ca, dir := newLocalCA(t, tool), t.TempDir()
				setupWith(t, bin, ca, dir, options)
				if i%3 == 0 {
					setupWith(t, bin, ca, dir, "--reconfigure --pcr-banks sha384,sha1")
				}
				told[side] = tell(t, swtpm, dir)
			}
			sameLines(t, told[0], told[1])
		})
	}
}

// sameLines compares what two states hold.
func sameLines(t *testing.T, theirs, ours []string) {
	t.Helper()
	for i := range min(len(theirs), len(ours)) {
		if theirs[i] != ours[i] {
			t.Errorf("at line %d their state has %s, and ours %s", i+1, theirs[i], ours[i])
		}
	}
	if len(theirs) != len(ours) {
		t.Errorf("%d and %d lines", len(theirs), len(ours))
	}
}

// Debian's swtpm_setup makes our TPM, and ours Debian's, as when only a part of the programs was replaced.
func TestSetupOfTheOther(t *testing.T) {
	guard(t, theirs, "swtpm_setup", "swtpm_localca")
	swtpm := program(t)
	bins := [2]string{programs(t, theirs), programs(t, swtpm)}
	for _, options := range []string{
		"--create-ek-cert --create-platform-cert --lock-nvram --vmid vm",
		"--create-ek-cert --allow-signing --decryption --create-spk --ecc --rsa-keysize 3072 --pcr-banks sha1,sha512",
	} {
		var told [2][]string
		for side, bin := range bins {
			ca, dir := newLocalCA(t, bins[1]), t.TempDir()
			tpm := []string{"--tpm", filepath.Join(bins[1-side], "swtpm") + " socket"}
			setupWith(t, bin, ca, dir, options, tpm...)
			setupWith(t, bin, ca, dir, "--reconfigure --pcr-banks sha384,sha1", tpm...)
			told[side] = tell(t, swtpm, dir)
		}
		sameLines(t, told[0], told[1])
	}
}

// setupWith runs swtpm_setup for a TPM 2.
func setupWith(t *testing.T, bin string, ca localCA, dir, options string, more ...string) {
	t.Helper()
	cmd := exec.Command(filepath.Join(bin, "swtpm_setup"), append([]string{"--tpm2", "--tpm-state", dir, "--config", ca.path("setup.conf")},
		append(strings.Fields(options), more...)...)...)
	if os.Getuid() == 0 {
		cmd.Args = append(cmd.Args, "--runas", "root") // Debian's default is another account
	}
	cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("swtpm_setup %s: %v\n%s", options, err, tail(string(out), 20))
	}
}

// tell has our inspector tell what a state holds, without what no two states have in common.
func tell(t *testing.T, swtpm, dir string) []string {
	t.Helper()
	out, err := exec.Command(swtpm, "inspect", "--json", dir).Output()
	if err != nil {
		t.Fatal(err)
	}
	var report any
	if err := json.Unmarshal(out, &report); err != nil {
		t.Fatal(err)
	}
	forget(report, "state", "clock", "time", "firmware")
	permanent, _ := report.(map[string]any)["permanent"].(map[string]any)
	if permanent == nil {
		t.Fatalf("no permanent state in %s", out)
	}
	forget(permanent["persistentObjects"], "name", "qualifiedName")
	text, err := json.MarshalIndent(report, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(string(text), "\n")
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
