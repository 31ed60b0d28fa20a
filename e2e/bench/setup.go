package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// prepareSetup makes a CA, and gives the function that has swtpm_setup make a TPM with everything that libvirt wants.
func prepareSetup(e *emulator) (func() (float64, error), error) {
	bin := filepath.Join(e.dir, "bin")
	if err := os.Mkdir(bin, 0o755); err != nil {
		return nil, err
	}
	for _, name := range []string{"swtpm", "swtpm_setup", "swtpm_localca"} {
		target := filepath.Join(filepath.Dir(e.program), name)
		if _, err := os.Stat(target); err != nil {
			target = e.program // which is all programs
		}
		if err := os.Symlink(target, filepath.Join(bin, name)); err != nil {
			return nil, err
		}
	}
	for name, lines := range map[string]string{
		"setup.conf":   "create_certs_tool = BIN/swtpm_localca\ncreate_certs_tool_config = DIR/ca.conf\ncreate_certs_tool_options = DIR/ca.options\n",
		"ca.conf":      "statedir = DIR\nsigningkey = DIR/key.pem\nissuercert = DIR/issuer.pem\ncertserial = DIR/serial\n",
		"ca.options":   "--platform-manufacturer Maker\n--platform-version 1\n--platform-model Model\n",
		"state/marker": "",
	} {
		path := filepath.Join(e.dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return nil, err
		}
		if err := os.WriteFile(path, []byte(strings.NewReplacer("BIN", bin, "DIR", e.dir).Replace(lines)), 0o600); err != nil {
			return nil, err
		}
	}
	measure := func() (float64, error) {
		cmd := exec.Command(filepath.Join(bin, "swtpm_setup"), "--tpm2", "--tpm-state", filepath.Join(e.dir, "state"), "--overwrite",
			"--create-ek-cert", "--create-platform-cert", "--lock-nvram", "--vmid", "bench", "--config", filepath.Join(e.dir, "setup.conf"))
		if os.Getuid() == 0 {
			cmd.Args = append(cmd.Args, "--runas", "root") // Debian's default is another account
		}
		cmd.Env = append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
		start := time.Now()
		if out, err := cmd.CombinedOutput(); err != nil {
			return 0, fmt.Errorf("swtpm_setup: %w: %s", err, out)
		}
		return milliseconds(start), nil
	}
	_, err := measure() // makes the CA
	return measure, err
}
