package nvstate

import (
	"slices"
	"strconv"
	"strings"
)

// Lists tells of commands, algorithms or attributes which there are, which a profile may leave out, and which a profile has or
// has not, comma-separated as in a profile.
type Lists struct {
	Implemented   string
	CanBeDisabled string
	Enabled       string
	Disabled      string
}

// keySizes are the families of keys that have a minimum size, with the least it can be and the token that sets it.
var keySizes = [...]struct {
	family, token string
	least         int // what there is
	initial       int // in force when the profile does not say
}{
	{"rsa", "rsa-min-size", 1024, 1024},
	{"tdes", "tdes-min-size", 128, 128},
	{"hmac", "hmac-min-key-size", 1, 0},
	{"aes", "aes-min-size", 128, 128},
	{"ecc", "ecc-min-size", 192, 0},
	{"camellia", "camellia-min-size", 128, 128},
}

// eccShorthands stand for curves in a profile.
var eccShorthands = [...]struct{ token, prefix string }{{"ecc-nist", "ecc-nist-p"}, {"ecc-bn", "ecc-bn-p"}}

const curvePrefix = "ecc-"

// curveBits is the size of a curve by its token.
func curveBits(token string) int {
	i := strings.LastIndexByte(token, 'p')
	n, _ := strconv.Atoi(token[i+1:])
	return n
}

// MinKeySize is the least size in bits that keys of a family, such as "rsa", may have.
func (p *Profile) MinKeySize(family string) int {
	for _, k := range keySizes {
		if k.family != family {
			continue
		}
		if n := p.MinSize(k.token); n != 0 {
			return n
		}
		return k.initial
	}
	return 0
}

// HasAlgorithm reports whether the profile has the algorithm or curve of a token. Of the curves that can be left out it has none that
// is smaller than ecc-min-size.
func (p *Profile) HasAlgorithm(token string) bool {
	if !slices.Contains(p.AlgorithmTokens(), token) {
		return false
	}
	return !strings.HasPrefix(token, curvePrefix) || isMandatory(token) || curveBits(token) >= p.MinKeySize("ecc")
}

// AllowsCurve reports whether keys on the curve of a token are large enough, and the profile has the curve.
func (p *Profile) AllowsCurve(token string) bool {
	return p.HasAlgorithm(token) && curveBits(token) >= p.MinKeySize("ecc")
}

func isMandatory(token string) bool {
	return slices.Contains(strings.Split(mandatoryAlgorithms, ","), token)
}

// AlgorithmLists tells about algorithms: those of libtpms, and what the profile has beyond them.
func (p *Profile) AlgorithmLists() Lists {
	all := Profile{Algorithms: allAlgorithms}
	var implemented, optional, enabled, disabled []string
	add := func(token string, has, mandatory bool, sizeThere, sizeHere string) {
		implemented = append(append(implemented, token), list(sizeThere)...)
		if !mandatory {
			optional = append(optional, token)
		}
		if has {
			enabled = append(append(enabled, token), list(sizeHere)...)
		} else {
			disabled = append(disabled, token)
		}
	}
	listed := strings.Split(p.Algorithms, ",")
	for _, token := range all.AlgorithmTokens() {
		if strings.HasPrefix(token, curvePrefix) {
			continue
		}
		there, here := p.sizeItems(token)
		add(token, p.HasAlgorithm(token), isMandatory(token), there, here)
		if token != "ecc" {
			continue
		}
		for _, s := range eccShorthands {
			add(s.token, slices.Contains(listed, s.token), false, "", "")
		}
		for _, curve := range all.AlgorithmTokens() {
			if strings.HasPrefix(curve, curvePrefix) {
				add(curve, p.HasAlgorithm(curve), isMandatory(curve), "", "")
			}
		}
	}
	for _, token := range p.extensionTokens() {
		add(token, true, false, "", "")
	}
	return joined(implemented, optional, enabled, disabled)
}

// sizeItems are the items that tell the minimum size of keys: the least there is, and the one in force.
func (p *Profile) sizeItems(family string) (there, here string) {
	for _, k := range keySizes {
		if k.family != family {
			continue
		}
		there = k.token + "=" + strconv.Itoa(k.least)
		if n := p.MinKeySize(family); n > 0 {
			here = k.token + "=" + strconv.Itoa(n)
		}
	}
	return there, here
}

// CommandLists tells about commands: those of libtpms, and what the profile has beyond them.
func (p *Profile) CommandLists() Lists {
	all := Profile{Commands: allCommands}
	implemented, _ := all.CommandSet()
	enabled, _ := p.CommandSet()
	for _, cc := range enabled.Commands() {
		implemented.Set(cc, true)
	}
	optional, disabled := implemented, implemented
	for _, cc := range mandatoryCommands {
		optional.Set(cc, false)
	}
	for _, cc := range enabled.Commands() {
		disabled.Set(cc, false)
	}
	return Lists{implemented.Text(), optional.Text(), enabled.Text(), disabled.Text()}
}

// HasAttribute reports whether the profile lists an attribute.
func (p *Profile) HasAttribute(token string) bool {
	return slices.Contains(strings.Split(p.Attributes, ","), token)
}

// AttributeLists tells about attributes; all of them can be left out.
func (p *Profile) AttributeLists() Lists {
	all := strings.Split(attributeTokens, ",")
	var enabled, disabled []string
	for _, token := range all {
		if p.HasAttribute(token) {
			enabled = append(enabled, token)
		} else {
			disabled = append(disabled, token)
		}
	}
	return joined(all, all, enabled, disabled)
}

func list(item string) []string {
	if item == "" {
		return nil
	}
	return []string{item}
}

func joined(implemented, optional, enabled, disabled []string) Lists {
	return Lists{
		strings.Join(implemented, ","), strings.Join(optional, ","), strings.Join(enabled, ","), strings.Join(disabled, ","),
	}
}
