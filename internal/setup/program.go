package setup

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"

	"govtpm/internal/daemon"
)

// program is where the TPM comes from: this very program, which then runs it itself, or another one with its interface, such as
// "swtpm socket".
type program struct {
	argv     []string // empty: this program
	features []string // from --print-capabilities
	profiles []string // names of the profiles it knows
}

// findProgram finds the TPM program: that of --tpm, or without it this one.
func findProgram(command string) (*program, error) {
	argv := strings.Fields(command)
	if len(argv) == 0 {
		return &program{}, nil
	}
	path, err := exec.LookPath(argv[0])
	if err != nil {
		return nil, fmt.Errorf("swtpm at %s is not an executable.", argv[0]) //nolint:staticcheck // known words
	}
	argv[0] = path
	return &program{argv: argv}, nil
}

// own says whether the TPM is this program's.
func (p *program) own() bool { return len(p.argv) == 0 }

// String names the program in messages.
func (p *program) String() string {
	if p.own() {
		return "this program"
	}
	return "swtpm at " + p.argv[0]
}

// output returns what the program prints.
func (p *program) output(args ...string) ([]byte, error) {
	var out, errs bytes.Buffer
	if p.own() {
		if code := daemon.Main(append([]string{"socket"}, args...), strings.NewReader(""), &out, &errs); code != 0 {
			return nil, fmt.Errorf("%s: %s", strings.Join(args, " "), bytes.TrimSpace(errs.Bytes()))
		}
		return out.Bytes(), nil
	}
	cmd := exec.Command(p.argv[0], append(slices.Clone(p.argv[1:]), args...)...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s %s: %w: %s", strings.Join(p.argv, " "), strings.Join(args, " "), err, bytes.TrimSpace(errs.Bytes()))
	}
	return out.Bytes(), nil
}

// ask fills in what the program can do.
func (p *program) ask(tpm2 bool) error {
	args := []string{"--print-capabilities"}
	if tpm2 {
		args = append(args, "--tpm2")
	}
	out, err := p.output(args...)
	if err != nil {
		return fmt.Errorf("asking for the TPM's capabilities: %w", err)
	}
	var caps struct {
		Features []string
		Profiles struct{ Names []string }
	}
	if err := json.Unmarshal(out, &caps); err != nil {
		return fmt.Errorf("the TPM's capabilities cannot be read: %w", err)
	}
	p.features, p.profiles = caps.Features, caps.Profiles.Names
	return nil
}

func (p *program) can(feature string) bool { return slices.Contains(p.features, feature) }

// hasState says whether there is permanent state already.
func (p *program) hasState(uri string, tpm2 bool) (bool, error) {
	args := []string{"--print-states", "--tpmstate", "backend-uri=" + uri}
	if tpm2 {
		args = append(args, "--tpm2")
	}
	out, err := p.output(args...)
	if err != nil {
		return false, fmt.Errorf("asking for existing state: %w", err)
	}
	return bytes.Contains(out, []byte("permall")), nil
}

// supports refuses a version of the TPM that the program does not have.
func (p *program) supports(tpm2 bool) error {
	switch {
	case tpm2 && p.can("tpm-2.0") || !tpm2 && p.can("tpm-1.2"):
		return nil
	case tpm2:
		return fmt.Errorf("%v does not support TPM 2.0", p)
	case p.own():
		return errors.New("TPM 1.2 is not supported yet. Use --tpm2 for a TPM 2, or name a program that has TPM 1.2 with --tpm.") //nolint:staticcheck // sentences
	}
	return fmt.Errorf("%v does not support TPM 1.2", p)
}

// capabilities returns the answer to --print-capabilities: what this program can do with that TPM program.
func (p *program) capabilities() (string, error) {
	if err := p.ask(true); err != nil {
		return "", err
	}
	quoted := func(list []string) string {
		for i := range list {
			list[i] = `"` + list[i] + `"`
		}
		return strings.Join(list, ", ")
	}
	var features []string
	for _, f := range []string{"tpm-1.2", "tpm-2.0"} {
		if p.can(f) {
			features = append(features, f)
		}
	}
	features = append(features, "cmdarg-keyfile-fd", "cmdarg-pwdfile-fd", "tpm12-not-need-root", "cmdarg-write-ek-cert-files",
		"cmdarg-create-config-files", "cmdarg-reconfigure-pcr-banks")
	for _, size := range []string{"2048", "3072", "4096"} {
		if p.can("rsa-keysize-" + size) {
			features = append(features, "tpm2-rsa-keysize-"+size)
		}
	}
	features = append(features, "cmdarg-profile", "cmdarg-profile-remove-disabled", "cmdarg-ek1keyalgo", "cmdarg-ek2keyalgo",
		"cmdarg-iakkeyalgo", "cmdarg-idevidkeyalgo")
	names := quoted(slices.Clone(p.profiles))
	return fmt.Sprintf(`{ "type": "swtpm_setup", "features": [ %s ], "profiles": [ %s ], "version": "%s" }`, quoted(features), names, Version), nil
}
