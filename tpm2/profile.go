package tpm2

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"govtpm/tpm2/nvstate"
	"govtpm/tpm2/wire"
)

// lastCommand is the highest command code of Part 2, 6.5.2 (TPM2_SignSequenceStart).
const lastCommand = 0x1AA

// A Profile says what a TPM offers: commands, algorithms, attributes and the format level of its state. Its text is that
// of libtpms; see ParseProfile. A Profile does not change, and TPMs can share it.
type Profile struct {
	text       nvstate.Profile
	commands   commandSet
	enabled    []*command // by code - firstCommand
	limits     *wire.Limits
	attributes profileAttributes
}

// profileAttributes are restrictions and demands beyond lists of commands and algorithms, as libtpms has them.
type profileAttributes uint8

const (
	noUnpaddedEncryption profileAttributes = 1 << iota // no RSA encryption and decryption without padding
	noSHA1Signing
	noSHA1Verification
	noSHA1HMACCreation
	noSHA1HMACVerification
	continuousDRBGTest // two outputs of the generator in a row have to differ
	pairwiseTest       // a new key pair is tried out
	noECCDerivation    // no Commit, EC_Ephemeral, ZGen_2Phase and no derived ECC keys
)

// attributeTokens are the attributes by the names they have in a profile.
var attributeTokens = [...]struct {
	token string
	is    profileAttributes
}{
	{"no-unpadded-encryption", noUnpaddedEncryption},
	{"no-sha1-signing", noSHA1Signing},
	{"no-sha1-verification", noSHA1Verification},
	{"no-sha1-hmac-creation", noSHA1HMACCreation},
	{"no-sha1-hmac-verification", noSHA1HMACVerification},
	{"no-sha1-hmac", noSHA1HMACCreation | noSHA1HMACVerification},
	{"fips-host", noUnpaddedEncryption | noSHA1Signing | noSHA1Verification},
	{"drbg-continous-test", continuousDRBGTest}, // spelled so
	{"pct", pairwiseTest},
	{"no-ecc-key-derivation", noECCDerivation},
}

// builtins are the built-in profiles by their text, for all TPMs together: to work a profile out takes longer than to make
// the rest of a TPM.
var builtins = sync.OnceValue(func() map[string]*Profile {
	all := make(map[string]*Profile)
	for _, text := range nvstate.BuiltinProfiles() {
		if p, err := newProfile(text); err == nil {
			all[text.Text()] = p
		}
	}
	return all
})

// profileOf makes a profile, or returns the built-in one of the same text.
func profileOf(text nvstate.Profile) (*Profile, error) {
	if p, ok := builtins()[text.Text()]; ok {
		return p, nil
	}
	return newProfile(text)
}

// NullProfile is what libtpms 0.9 offers: the profile of a TPM that was made without one, and of state that holds none.
func NullProfile() *Profile {
	text, _ := nvstate.BuiltinProfile("null")
	p, _ := profileOf(text) // the text is a constant
	return p
}

// ParseProfile reads the profile of a TPM to be made, one flat JSON object as libtpms takes it: {"Name":"default-v2"}, another
// built-in profile, or {"Name":"custom:anything", …} with the members StateFormatLevel, Commands, Algorithms, Attributes and
// Description. The lists of a custom profile may go beyond libtpms: to every command that the engine has (see Commands), and to the
// algorithms sm3-256, sm4, sha3-256, sha3-384, sha3-512 and hkdf. libtpms refuses the state of such a TPM.
func ParseProfile(json string) (*Profile, error) {
	text, err := nvstate.RequestedProfile(json)
	if err != nil {
		return nil, profileError(err)
	}
	return profileOf(text)
}

// IgnoredMembers tells which members of a text that ParseProfile takes have no meaning, such as a misspelt one: the TPM has then
// all that the profile should have left out.
func IgnoredMembers(json string) []string { return nvstate.IgnoredMembers(json) }

// loadProfile makes the profile that state holds; empty is the null profile.
func loadProfile(json string) (*Profile, error) {
	if json == "" {
		return NullProfile(), nil
	}
	text, err := nvstate.ParseProfile(json)
	if err != nil {
		return nil, profileError(err)
	}
	if text.Name != nullProfileName {
		text.Level = max(text.Level, 2) // the first at which a profile is stored; libtpms would stop at the next store
	}
	return profileOf(text)
}

// BuiltinProfiles returns the text of the built-in profiles, the preferred one first.
func BuiltinProfiles() []string {
	var list []string
	for _, p := range nvstate.BuiltinProfiles() {
		list = append(list, p.Text())
	}
	return list
}

// A profileFault is what is wrong with a profile, in words for who wrote it.
type profileFault struct {
	kind   nvstate.Kind
	detail string
}

// Error implements error.
func (f *profileFault) Error() string { return "profile: " + f.detail }

// Unwrap gives the kind.
func (f *profileFault) Unwrap() error { return f.kind }

// profileError takes the place in a blob out of an error, for there is none.
func profileError(err error) error {
	var e *nvstate.Error
	if errors.As(err, &e) {
		return &profileFault{e.Kind, e.Detail}
	}
	return err
}

// newProfile works out what a profile means.
func newProfile(text nvstate.Profile) (*Profile, error) {
	p := &Profile{text: text}
	set, err := text.CommandSet()
	if err != nil {
		return nil, profileError(err)
	}
	for _, cc := range set.Commands() {
		if !implemented(cc) {
			return nil, &profileFault{nvstate.ErrValue, fmt.Sprintf("the TPM does not have %v (0x%x)", cc, uint32(cc))}
		}
		p.commands.set(cc, true)
	}
	for _, a := range attributeTokens {
		if text.HasAttribute(a.token) {
			p.attributes |= a.is
		}
	}
	p.limits = limitsOf(&text)
	if p.commands.has(wire.CCACTSetTimeout) {
		p.limits.ACT = 1<<countdowns - 1
	}
	p.limits.NewTags = p.commands.has(wire.CCVerifySequenceComplete) || p.commands.has(wire.CCVerifyDigestSignature)
	p.limits.NewCapabilities = p.commands.has(wire.CCPolicyTransportSPDM) || p.commands.has(wire.CCSetCapability)
	p.enabled = enabledCommands(p)
	return p, nil
}

// implemented reports whether the engine has an action for a command.
func implemented(cc wire.CC) bool {
	return slices.ContainsFunc(sharedCommands(), func(row command) bool { return row.code == cc && row.run.act != nil })
}

// limitsOf are the limits of libtpms with the algorithms, curves and key sizes of a profile.
func limitsOf(text *nvstate.Profile) *wire.Limits {
	l := wire.Everything()
	l.Algs, l.Curves = wire.AlgSet{}, wire.CurveSet{}
	for _, token := range text.AlgorithmTokens() {
		if !text.HasAlgorithm(token) {
			continue
		}
		if a, ok := wire.AlgByName(token); ok {
			l.Algs = l.Algs.With(a)
		}
	}
	all := wire.Everything().Curves
	for _, c := range all.List() {
		if text.AllowsCurve("ecc-" + c.String()) {
			l.Curves = l.Curves.With(c)
		}
	}
	sizes := func(family string, newSize uint16, since nvstate.Level, list ...uint16) []uint16 {
		return slices.DeleteFunc(list, func(bits uint16) bool {
			return int(bits) < text.MinKeySize(family) || bits == newSize && text.Level < since
		})
	}
	l.RSAKeyBits = sizes("rsa", 4096, 8, 1024, 2048, 3072, 4096)
	l.AESKeyBits = sizes("aes", 192, 4, 128, 192, 256)
	l.CamelliaKeyBits = sizes("camellia", 192, 4, 128, 192, 256)
	l.TDESKeyBits = sizes("tdes", 0, 0, 128, 192)
	l.MLParameterSets = 0
	if !l.Algs.Has(wire.AlgSM4) {
		l.SM4KeyBits = nil
	}
	l.LimitedHierarchies, l.ExpandedNV, l.NewTags, l.NewCapabilities, l.ACT = false, false, false, false, 0
	l.PCRCount = implementationPCR
	l.MaxLoadedObjects, l.MaxActiveSessions = maxLoadedObjects, maxActiveSessions
	l.MaxCommandSize, l.MaxContextSize = maxCommandSize, maxContextSize
	return l
}

// Name is the name of the profile, such as "default-v1".
func (p *Profile) Name() string { return p.text.Name }

// JSON is the text of the profile as it is stored and shown.
func (p *Profile) JSON() string { return p.text.Text() }

// StateFormatLevel is the level of the format that state of the TPM is written in.
func (p *Profile) StateFormatLevel() int { return int(p.text.Level) }

// AlgorithmLists, CommandLists and AttributeLists tell what there is, what a profile can do without, and what this one has.
func (p *Profile) AlgorithmLists() nvstate.Lists { return p.text.AlgorithmLists() }

// CommandLists tells of commands what AlgorithmLists tells of algorithms.
func (p *Profile) CommandLists() nvstate.Lists { return p.text.CommandLists() }

// AttributeLists tells of attributes what AlgorithmLists tells of algorithms.
func (p *Profile) AttributeLists() nvstate.Lists { return p.text.AttributeLists() }

// RSAKeyBits are the sizes of RSA keys that the TPM takes.
func (p *Profile) RSAKeyBits() []uint16 { return slices.Clone(p.limits.RSAKeyBits) }

// CamelliaKeyBits are the sizes of Camellia keys that the TPM takes.
func (p *Profile) CamelliaKeyBits() []uint16 { return slices.Clone(p.limits.CamelliaKeyBits) }

// Profile is what the TPM offers.
func (t *TPM) Profile() *Profile { return t.profile }

// hasCommand reports whether the profile offers a command.
func (p *Profile) hasCommand(c *command) bool { return p.commands.has(c.code) }

// demands reports whether the profile has all the given attributes.
func (p *Profile) demands(a profileAttributes) bool { return p.attributes&a == a }

// minHMACKeyBits is the least size of an HMAC key.
func (p *Profile) minHMACKeyBits() int { return p.text.MinKeySize("hmac") }

// hashes are the algorithms that have a PCR bank, also those that the profile hides, as libtpms does.
func (p *Profile) hashes() []wire.Alg {
	return []wire.Alg{wire.AlgSHA1, wire.AlgSHA256, wire.AlgSHA384, wire.AlgSHA512}
}

// allPCRs selects every PCR of every bank.
func (p *Profile) allPCRs() wire.TPMLPCRSelection {
	var all wire.TPMLPCRSelection
	for _, alg := range p.hashes() {
		s := wire.TPMSPCRSelection{Hash: alg, Select: make(wire.TPMSPCRSelect, (implementationPCR+7)/8)}
		for pcr := range implementationPCR {
			s.Select.Set(pcr)
		}
		all = append(all, s)
	}
	return all
}
