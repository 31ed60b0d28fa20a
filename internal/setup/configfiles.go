package setup

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"govtpm/internal/conffile"
)

// createConfigFiles writes configuration files for this user, with a CA of their own, and nothing else.
func createConfigFiles(list string, env func(string) (string, bool), printf func(string, ...any)) error {
	flags := map[string]bool{}
	for _, f := range strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' }) {
		if f != "overwrite" && f != "root" && f != "skip-if-exist" {
			return fmt.Errorf("unknown flag '%s' of --create-config-files", f)
		}
		flags[f] = true
	}
	if flags["overwrite"] && flags["skip-if-exist"] {
		return errors.New("Error: overwrite and skip-if-exist cannot both be used") //nolint:staticcheck // known words
	}
	if os.Geteuid() == 0 && !flags["root"] {
		return errors.New("Requiring the 'root' flag since the configuration files will shadow those in /etc.") //nolint:staticcheck // known words
	}
	dir := conffile.UserDir(env)
	if dir == "" {
		return errors.New("neither XDG_CONFIG_HOME nor HOME is set")
	}
	ca := filepath.Join(dir, "var", "lib", "swtpm-localca")
	localca, err := exec.LookPath("swtpm_localca")
	if err != nil {
		localca = "swtpm_localca"
	}
	conf, opts := filepath.Join(dir, "swtpm-localca.conf"), filepath.Join(dir, "swtpm-localca.options")
	sys, version := platform()
	files := []struct{ name, content string }{
		{filepath.Join(dir, "swtpm_setup.conf"), "create_certs_tool = " + localca + "\ncreate_certs_tool_config = " + conf +
			"\ncreate_certs_tool_options = " + opts + "\n# Comma-separated list (no spaces) of PCR banks to activate by default\nactive_pcr_banks = " + defaultBanks + "\n"},
		{conf, "statedir = " + ca + "\nsigningkey = " + filepath.Join(ca, "signkey.pem") + "\nissuercert = " + filepath.Join(ca, "issuercert.pem") +
			"\ncertserial = " + filepath.Join(ca, "certserial") + "\n"},
		{opts, "--platform-manufacturer " + sys + "\n--platform-version " + version + "\n--platform-model " + sys + "\n"},
	}
	for _, f := range files {
		if _, err := os.Lstat(f.name); err == nil && flags["skip-if-exist"] {
			return nil
		} else if err == nil && !flags["overwrite"] {
			return fmt.Errorf("File %s already exists. Refusing to overwrite.", f.name) //nolint:staticcheck // known words
		}
	}
	if err := os.MkdirAll(ca, 0o775); err != nil {
		return fmt.Errorf("creating the directory of the CA: %w", err)
	}
	for _, f := range files {
		printf("Writing %s.", f.name)
		if err := os.WriteFile(f.name, []byte(f.content), 0o644); err != nil {
			return fmt.Errorf("writing configuration files: %w", err)
		}
	}
	return nil
}
