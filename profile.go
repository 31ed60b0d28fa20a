package govtpm

import (
	"strings"

	"govtpm/tpm2"
)

// parseProfile reads the profile of a new TPM: JSON, or the name of a built-in one; nil for none.
func parseProfile(text string) (*tpm2.Profile, error) {
	if text == "" {
		return nil, nil
	}
	if !strings.HasPrefix(text, "{") {
		text = `{"Name":"` + text + `"}`
	}
	return tpm2.ParseProfile(text)
}
