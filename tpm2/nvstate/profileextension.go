package nvstate

import (
	"slices"
	"strconv"
	"strings"

	"govtpm/tpm2/wire"
)

// What a profile may name beyond libtpms: the other commands of Part 2, Table 12, and more algorithms. libtpms knows none of their names,
// so that it refuses the profile and with it the state.
const extensionAlgorithms = "sm3-256,sm4,sha3-256,sha3-384,sha3-512,hkdf"

// levelExtended is the level that state has with a profile beyond libtpms: the highest, so that there is one form of it.
const levelExtended = LevelMax

// isExtensionCommand reports whether a command of Part 2 is none of libtpms'.
func isExtensionCommand(cc wire.CC) bool {
	_, known := slices.BinarySearch(wire.CCs(), cc)
	return known && !isLibtpmsCommand(cc)
}

// Extended reports whether the profile names anything that libtpms does not know.
func (p *Profile) Extended() bool {
	set, err := p.CommandSet()
	return err == nil && slices.ContainsFunc(set.Commands(), isExtensionCommand) || len(p.extensionTokens()) != 0
}

// extensionTokens are the algorithms of the profile that libtpms does not have.
func (p *Profile) extensionTokens() []string {
	known := strings.Split(extensionAlgorithms, ",")
	return slices.DeleteFunc(p.AlgorithmTokens(), func(token string) bool { return !slices.Contains(known, token) })
}

// checkExtension gives the level that a profile beyond libtpms needs. Only a custom profile can be one: the names of the others promise
// what libtpms has.
func (p *Profile) checkExtension() (Level, error) {
	if !p.Extended() {
		return LevelNull, nil
	}
	if p.Name != profileCustom && !strings.HasPrefix(p.Name, profileCustom+":") {
		return 0, profileError(ErrValue, "the profile "+strconv.Quote(p.Name)+" has commands or algorithms that only a custom profile can have")
	}
	return levelExtended, nil
}
