package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// goTPM is the module whose own suite is run. Its tests take their TPM from a simulator in C, whose package is replaced by one
// that hands out ours; nothing else is changed.
const goTPM = "github.com/google/go-tpm"

// goTPMExceptions are the tests that cannot pass, and why.
var goTPMExceptions = []struct{ test, why string }{
	{"TestTestParms/rsa3072", "wants keys of 3072 bits refused, because the simulator in C does not have them"},
}

const standIn = `// Package simulator stands in for another simulator.
package simulator

import "govtpm/simulator"

type Simulator = simulator.Simulator

func Get() (*Simulator, error) { return simulator.Get() }

func GetWithFixedSeedInsecure(seed int64) (*Simulator, error) {
	return simulator.GetWithFixedSeedInsecure(seed)
}
`

// TestGoTPMSuite runs the tests of go-tpm on our simulator.
func TestGoTPMSuite(t *testing.T) {
	guard(t, "go")
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	source, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", goTPM).Output()
	if err != nil || len(strings.TrimSpace(string(source))) == 0 {
		missing(t, "the module %s is not there: %v", goTPM, err)
	}
	dir := t.TempDir()
	suite, tools := filepath.Join(dir, "suite"), filepath.Join(dir, "tools")
	if err := os.CopyFS(suite, os.DirFS(strings.TrimSpace(string(source)))); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"go.mod":                 "module github.com/google/go-tpm-tools\n\ngo 1.26.0\n\nrequire govtpm v0.0.0\n",
		"simulator/simulator.go": standIn,
	} {
		path := filepath.Join(tools, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	run := func(args ...string) (string, error) {
		cmd := exec.Command("go", args...)
		cmd.Dir = suite
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	if out, err := run("mod", "edit", "-replace=github.com/google/go-tpm-tools="+tools, "-replace=govtpm="+root); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if out, err := run("mod", "tidy"); err != nil {
		missing(t, "the modules that the suite needs are not there: %v\n%s", err, out)
	}
	var skip []string
	for _, e := range goTPMExceptions {
		t.Logf("without %s: %s", e.test, e.why)
		skip = append(skip, "^"+strings.ReplaceAll(e.test, "/", "$/^"))
	}
	out, err := run("test", "-skip", strings.Join(skip, "|"), "./tpm2", "./tpm2/test")
	if err != nil || !strings.Contains(out, "ok  \t"+goTPM+"/tpm2/test") {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Log(out)
}
