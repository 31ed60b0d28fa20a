package govtpm

import (
	"strings"

	"govtpm/tpm2"
	"govtpm/tpm2/nvstate"
)

// infoMember is a member of the description of a TPM. The texts are those of libtpms, spaces included: there are programs
// that search for them.
type infoMember struct {
	flag  uint64
	name  string
	value func(*TPM) string // empty: the member is left out
}

func infoMembers() []infoMember {
	return []infoMember{
		{0x01, "TPMSpecification", func(*TPM) string { return `{"family":"2.0","level": 0,"revision": 183}` }},
		{0x02, "TPMAttributes", func(*TPM) string { return `{"manufacturer":"id:00001014","version":"id:20240125","model":"swtpm"}` }},
		{0x04, "TPMFeatures", func(*TPM) string { return `{"RSAKeySizes":[1024,2048,3072,4096],"CamelliaKeySizes":[128,192,256]}` }},
		{0x08, "RuntimeAlgorithms", func(t *TPM) string { return listsText(t.knownProfile().AlgorithmLists()) }},
		{0x10, "RuntimeCommands", func(t *TPM) string { return listsText(t.knownProfile().CommandLists()) }},
		{0x80, "RuntimeAttributes", func(t *TPM) string { return listsText(t.knownProfile().AttributeLists()) }},
		{0x20, "ActiveProfile", func(t *TPM) string {
			if t.profile == nil {
				return ""
			}
			return t.profile.JSON()
		}},
		{0x40, "AvailableProfiles", func(*TPM) string { return "[" + strings.Join(tpm2.BuiltinProfiles(), ",") + "]" }},
	}
}

// knownProfile is the profile in force; before the first Init one that enables nothing.
func (t *TPM) knownProfile() *tpm2.Profile {
	if t.profile == nil {
		return new(tpm2.Profile)
	}
	return t.profile
}

// listsText is an object of lists.
func listsText(l nvstate.Lists) string {
	return `{"Implemented":"` + l.Implemented + `","CanBeDisabled":"` + l.CanBeDisabled +
		`","Enabled":"` + l.Enabled + `","Disabled":"` + l.Disabled + `"}`
}

// Info describes the TPM as one line of JSON with the members that flags select. The profile in force is known after the
// first Init.
func (t *TPM) Info(flags uint64) ([]byte, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	b := []byte("{")
	for _, m := range infoMembers() {
		if flags&m.flag == 0 {
			continue
		}
		value := m.value(t)
		if value == "" {
			continue
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(b, `"`+m.name+`":`+value...)
	}
	return append(b, '}'), nil
}
