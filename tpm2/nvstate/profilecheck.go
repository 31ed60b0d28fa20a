package nvstate

import (
	"slices"
	"strconv"
	"strings"

	"govtpm/tpm2/wire"
)

// Lists of the built-in profiles.
const (
	nullCommands  = "0x11f-0x122,0x124-0x12e,0x130-0x140,0x142-0x159,0x15b-0x15e,0x160-0x165,0x167-0x174,0x176-0x178,0x17a-0x193,0x197"
	allCommands   = nullCommands + ",0x199-0x19c"
	allAlgorithms = "rsa,rsa-min-size=1024,tdes,tdes-min-size=128,sha1,hmac,aes,aes-min-size=128,mgf1,keyedhash,xor," +
		"sha256,sha384,sha512,null,rsassa,rsaes,rsapss,oaep,ecdsa,ecdh,ecdaa,sm2,ecschnorr,ecmqv,kdf1-sp800-56a,kdf2," +
		"kdf1-sp800-108,ecc,ecc-min-size=192,ecc-nist,ecc-bn,ecc-sm2-p256,symcipher,camellia,camellia-min-size=128," +
		"cmac,ctr,ofb,cbc,cfb,ecb"
	mandatoryAlgorithms = "rsa,hmac,aes,mgf1,keyedhash,xor,sha256,sha384,null,oaep,ecdsa,ecdh,kdf1-sp800-56a,kdf2," +
		"kdf1-sp800-108,ecc,ecc-nist-p256,ecc-nist-p384,symcipher,cfb"
	attributeTokens = "no-unpadded-encryption,no-sha1-signing,no-sha1-verification,no-sha1-hmac-creation," +
		"no-sha1-hmac-verification,no-sha1-hmac,fips-host,drbg-continous-test,pct,no-ecc-key-derivation"
	maxMinSize     = 4096
	maxMinHMACSize = 1024 // bits of the longest key, MAX_SYM_DATA
)

// mandatoryCommands are those no profile can do without.
var mandatoryCommands = [...]wire.CC{
	0x120, 0x129, 0x12b, 0x131, 0x13c, 0x143, 0x144, 0x145, 0x148, 0x14e, 0x153, 0x156, 0x157, 0x158, 0x15c, 0x165, 0x169,
	0x173, 0x176, 0x17a, 0x17c, 0x17d, 0x17e, 0x182, 0x185, 0x186,
}

// NeededLevel is the lowest level that allows all the profile lists. It refuses what libtpms refuses in stored state:
// unknown commands, algorithms and attributes, and the lack of mandatory ones.
func (p *Profile) NeededLevel() (Level, error) {
	commands, err := p.checkCommands()
	if err != nil {
		return 0, err
	}
	algorithms, err := p.checkAlgorithms()
	if err != nil {
		return 0, err
	}
	extension, err := p.checkExtension()
	if err != nil {
		return 0, err
	}
	attributes, err := p.checkAttributes()
	return max(LevelNull, commands, algorithms, extension, attributes), err
}

// CommandSet gives the commands of the profile: any of Part 2, whether or not an engine has them.
func (p *Profile) CommandSet() (CommandSet, error) {
	var set CommandSet
	for item := range strings.SplitSeq(p.Commands, ",") {
		low, high, isRange := strings.Cut(item, "-")
		first, ok := commandNumber(low)
		last := first
		if ok && isRange {
			last, ok = commandNumber(high)
		}
		if !ok || last < first {
			return set, profileError(ErrValue, strconv.Quote(cut(item, 32))+" in the commands is no number or range of numbers")
		}
		for n := first; n <= last; n++ {
			if !knownCommand(wire.CC(n)) {
				return set, profileError(ErrValue, "unknown command 0x"+strconv.FormatUint(n, 16))
			}
			set.Set(wire.CC(n), true)
		}
	}
	return set, nil
}

// commandNumber reads a number as C writes it: hexadecimal after 0x, octal after 0, else decimal. What else Go writes, libtpms does not read.
func commandNumber(s string) (uint64, bool) {
	n, err := strconv.ParseUint(s, 0, 32)
	return n, err == nil && !strings.ContainsAny(s, "_oO") && (len(s) < 2 || s[0] != '0' || s[1] != 'b' && s[1] != 'B')
}

func knownCommand(cc wire.CC) bool { return isLibtpmsCommand(cc) || isExtensionCommand(cc) }

// isLibtpmsCommand reports whether libtpms has the command.
func isLibtpmsCommand(cc wire.CC) bool {
	for _, r := range commandRanges {
		if cc >= r.first && cc <= r.last {
			return true
		}
	}
	return cc >= 0x199 && cc <= 0x19C
}

func (p *Profile) checkCommands() (Level, error) {
	set, err := p.CommandSet()
	if err != nil {
		return 0, err
	}
	var missing []string
	for _, cc := range mandatoryCommands {
		if !set.Contains(cc) {
			missing = append(missing, "0x"+strconv.FormatUint(uint64(cc), 16)+" "+cc.String())
		}
	}
	if len(missing) > 0 {
		return 0, profileError(ErrValue, "mandatory commands are missing: "+strings.Join(missing, ", "))
	}
	level := LevelNull
	for _, cc := range set.Commands() {
		level = max(level, commandLevel(cc))
	}
	return level, nil
}

// AlgorithmTokens gives the algorithms of the profile with the shorthands for curves resolved and sizes left out.
func (p *Profile) AlgorithmTokens() []string {
	var tokens []string
	for item := range strings.SplitSeq(p.Algorithms, ",") {
		switch {
		case strings.Contains(item, "="):
		case item == "ecc-nist":
			tokens = append(tokens, "ecc-nist-p192", "ecc-nist-p224", "ecc-nist-p256", "ecc-nist-p384", "ecc-nist-p521")
		case item == "ecc-bn":
			tokens = append(tokens, "ecc-bn-p256", "ecc-bn-p638")
		default:
			tokens = append(tokens, item)
		}
	}
	return tokens
}

// MinSize gives the value of a token such as rsa-min-size, and 0 if it is not in the list. Of several the last counts.
func (p *Profile) MinSize(token string) int {
	size := 0
	for item := range strings.SplitSeq(p.Algorithms, ",") {
		if name, value, _ := strings.Cut(item, "="); name == token {
			size, _ = strconv.Atoi(value)
		}
	}
	return size
}

func (p *Profile) checkAlgorithms() (Level, error) {
	all := Profile{Algorithms: allAlgorithms}
	known, listed := append(all.AlgorithmTokens(), strings.Split(extensionAlgorithms, ",")...), p.AlgorithmTokens()
	for _, token := range listed {
		if !slices.Contains(known, token) {
			return 0, profileError(ErrValue, "unknown algorithm "+strconv.Quote(cut(token, 32)))
		}
	}
	missing := slices.DeleteFunc(strings.Split(mandatoryAlgorithms, ","), func(token string) bool { return slices.Contains(listed, token) })
	if len(missing) > 0 {
		return 0, profileError(ErrValue, "mandatory algorithms are missing: "+strings.Join(missing, ", "))
	}
	return p.checkMinSizes()
}

func (p *Profile) checkMinSizes() (Level, error) {
	level := LevelNull
	for item := range strings.SplitSeq(p.Algorithms, ",") {
		name, value, sized := strings.Cut(item, "=")
		if !sized {
			continue
		}
		size, err := strconv.ParseUint(value, 10, 16)
		if err != nil || size > maxMinSize {
			return 0, profileError(ErrValue, "a minimum size that is no number up to 4096")
		}
		switch {
		case name == "hmac-min-key-size":
			if size > maxMinHMACSize {
				return 0, profileError(ErrValue, "hmac-min-key-size is more than 1024, and no HMAC key is longer")
			}
			level = max(level, 7)
		case name == "rsa-min-size" && size > 3072:
			level = max(level, 8)
		case (name == "aes-min-size" || name == "camellia-min-size") && size > 128 && size <= 192:
			level = max(level, 4)
		case !strings.Contains(","+allAlgorithms, ","+name+"="):
			return 0, profileError(ErrValue, "unknown algorithm "+strconv.Quote(cut(name, 32)))
		}
	}
	return level, nil
}

func (p *Profile) checkAttributes() (Level, error) {
	if p.Attributes == "" {
		return LevelNull, nil
	}
	known := strings.Split(attributeTokens, ",")
	for token := range strings.SplitSeq(p.Attributes, ",") {
		if !slices.Contains(known, token) {
			return 0, profileError(ErrAttribute, "unknown attribute "+strconv.Quote(cut(token, 32)))
		}
	}
	return 7, nil
}
