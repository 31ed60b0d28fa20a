package govtpm

import (
	"errors"

	"govtpm/tpm2"
)

// parseProfile reads the profile of a new TPM: JSON, or the name of a built-in one; nil for none.
func parseProfile(text string) (*tpm2.Profile, error) {
	switch text {
	case "":
		return nil, nil
	case "null":
		return tpm2.NullProfile(), nil
	}
	return nil, errors.New("profiles are not supported yet")
}
