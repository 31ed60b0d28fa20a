package daemon

import (
	"fmt"
	"io"
	"strings"

	"govtpm/internal/sandbox"
	"govtpm/store"
)

// printCapabilities writes the line by which other programs learn what this one
// can do. They search it for strings, so spaces count.
func (p *Program) printCapabilities(w io.Writer, f form, tpm2 bool) {
	var features []string
	add := func(on bool, names ...string) {
		if on {
			features = append(features, names...)
		}
	}
	e := &p.Engine
	add(e.TPM12, "tpm-1.2")
	add(e.TPM20, "tpm-2.0")
	add(f.name != "cuse", "tpm-send-command-header")
	add(true, "flags-opt-startup", "flags-opt-disable-auto-shutdown", "ctrl-opt-terminate")
	add(p.Confine && sandbox.Supported(), "cmdarg-seccomp")
	add(true, "cmdarg-key-fd", "cmdarg-pwd-fd", "cmdarg-print-states", "cmdarg-chroot", "cmdarg-migration",
		"nvram-backend-dir", "nvram-backend-file")
	if tpm2 {
		for _, bits := range e.RSAKeySizes {
			add(true, fmt.Sprintf("rsa-keysize-%d", bits))
		}
		add(e.ProfileCapabilities != nil, "cmdarg-profile", "cmdarg-print-profiles", "profile-opt-remove-disabled")
	}
	add(true, "cmdarg-print-info", "tpmstate-opt-lock", "tpmstate-dir-backend-opt-backup", "tpmstate-dir-backend-opt-fsync")
	add(true, "cmdarg-pcap", "systemd-notify")

	profiles := ""
	if tpm2 && e.ProfileCapabilities != nil {
		profiles = " " + e.ProfileCapabilities()
	}
	fmt.Fprintf(w, "{ \"type\": \"swtpm\", \"features\": [ \"%s\" ], \"profiles\": {%s }, \"version\": \"%s\" }\n",
		strings.Join(features, `", "`), profiles, Version)
}

// printStates writes which state there is, without a newline.
func printStates(w io.Writer, s *stateSettings) error {
	st, err := s.open()
	if err != nil {
		return err
	}
	defer st.Close()
	infos, err := st.List()
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "{ \"type\": \"swtpm\", \"states\": [%s] }", stateList(infos))
	return nil
}

func stateList(infos []store.Info) string {
	if len(infos) == 0 {
		return ""
	}
	var items []string
	for _, i := range infos {
		items = append(items, fmt.Sprintf(`{"name": "%s", "size": %d}`, i.Kind, i.Size))
	}
	return " " + strings.Join(items, ", ") + " "
}

// printProfiles writes the profiles there are, without a newline.
func (p *Program) printProfiles(w io.Writer, tpm2 bool) error {
	list := []byte("[]")
	if tpm2 && p.Engine.AvailableProfiles != nil {
		var err error
		if list, err = p.Engine.AvailableProfiles(); err != nil {
			return err
		}
	}
	fmt.Fprintf(w, `{"AvailableProfiles":%s}`, list)
	return nil
}
