package nvstate

import (
	"strconv"
	"strings"
)

// Names of the profiles libtpms has built in.
const (
	profileNull      = "null"
	profileDefaultV1 = "default-v1"
	profileDefaultV2 = "default-v2"
	profileCustom    = "custom"
)

const (
	maxProfileName        = 32
	maxProfileDescription = 250
	leastCustom           = Level(2) // lowest level of a custom profile
)

// Profile is the content of the profile text in a permanent blob: which commands and algorithms the TPM has, and the
// level its state needs.
type Profile struct {
	Name        string
	Level       Level
	Commands    string // numbers and ranges, comma-separated
	Algorithms  string // tokens, comma-separated
	Attributes  string // tokens, comma-separated; mostly empty
	Description string

	AttributesGiven bool // the text has the member Attributes, if only an empty one
}

// Descriptions of the built-in profiles, which libtpms stores in the blob.
const (
	nullDescription = "The profile enables the commands and algorithms that were enabled in libtpms v0.9. This profile is " +
		"automatically used when the state does not have a profile, for example when it was created by libtpms v0.9 or before. " +
		"This profile enables compatibility with libtpms >= v0.9."
	defaultV1Description = "This profile enables all libtpms v0.10-supported commands and algorithms. This profile is " +
		"compatible with libtpms >= v0.10."
	defaultV2Description = "This profile enables all libtpms v0.11-supported commands and algorithms. This profile is " +
		"compatible with libtpms >= v0.11."
	customDescription = "This profile allows customization of enabled algorithms and commands. This profile requires at " +
		"least libtpms v0.10."
	// This one libtpms does not have.
	extendedDescription = "This profile enables commands or algorithms that libtpms does not have."
)

// BuiltinProfile gives a built-in profile by name: null, default-v1, default-v2 or custom.
func BuiltinProfile(name string) (Profile, bool) {
	p := Profile{Name: name, Commands: allCommands, Algorithms: allAlgorithms}
	switch {
	case name == profileNull:
		p.Level, p.Commands, p.Description = LevelNull, nullCommands, nullDescription
	case name == profileDefaultV1:
		p.Level, p.Description = 7, defaultV1Description
	case name == profileDefaultV2:
		p.Level, p.Description = 8, defaultV2Description
	case name == profileCustom, strings.HasPrefix(name, profileCustom+":"):
		p.Description = customDescription
	default:
		return Profile{}, false
	}
	return p, true
}

// BuiltinProfiles gives the built-in profiles in the order libtpms lists them; the level of the last, custom, is the least it may have.
func BuiltinProfiles() []Profile {
	var list []Profile
	for _, name := range []string{profileDefaultV2, profileDefaultV1, profileNull, profileCustom} {
		p, _ := BuiltinProfile(name)
		if name == profileCustom {
			p.Level = leastCustom
		}
		list = append(list, p)
	}
	return list
}

// ParseProfile reads a profile text as libtpms does when it loads state, with the errors it gives. Members that are
// missing come from the built-in profile of that name.
func ParseProfile(text string) (Profile, error) {
	members, err := parseMembers(text)
	if err != nil {
		return Profile{}, err
	}
	name, hasName := members["Name"]
	number, hasLevel := members["StateFormatLevel"]
	if !hasName || name.number || !hasLevel || !number.number {
		return Profile{}, profileError(ErrProfile, "Name or StateFormatLevel is missing")
	}
	p, known := BuiltinProfile(cut(name.text, maxProfileName))
	if !known {
		return Profile{}, profileError(ErrValue, "no profile has this name; there are default-v2, default-v1, null, custom and custom:NAME")
	}
	for member, field := range map[string]*string{
		"Commands": &p.Commands, "Algorithms": &p.Algorithms, "Attributes": &p.Attributes, "Description": &p.Description,
	} {
		if value := members[member]; value.text != "" && !value.number {
			*field = value.text
		}
	}
	_, p.AttributesGiven = members["Attributes"]
	switch {
	case members["Description"].text != "":
		p.Description = cut(p.Description, maxProfileDescription)
	case p.Extended():
		p.Description = extendedDescription
	}
	return p, p.setLevel(number.text)
}

// setLevel takes the stated level, or for 0 that of the built-in, and checks that it allows what is listed.
func (p *Profile) setLevel(text string) error {
	stated, err := strconv.ParseUint(text, 10, 32)
	if err != nil || stated > uint64(LevelMax) {
		return profileError(ErrValue, "state format level "+cut(text, 20)+" is not known, the highest is "+strconv.Itoa(int(LevelMax)))
	}
	needed, err := p.NeededLevel()
	if err != nil {
		return err
	}
	if stated != 0 {
		p.Level = Level(stated)
	} else if p.Level == 0 {
		p.Level = max(needed, leastCustom)
	}
	if needed > p.Level {
		return profileError(ErrValue, "level "+strconv.Itoa(int(p.Level))+" is below "+strconv.Itoa(int(needed))+
			", which a listed command, algorithm or attribute needs")
	}
	return nil
}

// Text writes the profile as libtpms does.
func (p *Profile) Text() string {
	var b strings.Builder
	b.WriteString(`{"Name":"` + p.Name + `","StateFormatLevel":` + strconv.Itoa(int(p.Level)))
	b.WriteString(`,"Commands":"` + p.Commands + `","Algorithms":"` + p.Algorithms + `"`)
	if p.Attributes != "" || p.AttributesGiven {
		b.WriteString(`,"Attributes":"` + p.Attributes + `"`)
	}
	b.WriteString(`,"Description":"` + p.Description + `"}`)
	return b.String()
}

type member struct {
	text   string
	number bool
}

// parseMembers reads one flat object whose values are strings without escapes and unsigned numbers. Of a member that
// occurs twice the last counts, as libtpms does.
func parseMembers(text string) (map[string]member, error) {
	malformed := profileError(ErrProfile, "not a flat JSON object of strings and unsigned numbers")
	members := map[string]member{}
	s, ok := token(text, '{')
	for ok {
		var name, value string
		if name, s, ok = quoted(s); !ok {
			break
		}
		if s, ok = token(s, ':'); !ok {
			break
		}
		number := !strings.HasPrefix(s, `"`)
		if number {
			value, s, ok = digits(s)
		} else {
			value, s, ok = quoted(s)
		}
		if !ok {
			break
		}
		members[name] = member{value, number}
		if rest, end := token(s, '}'); end {
			if rest != "" {
				break
			}
			return members, nil
		}
		s, ok = token(s, ',')
	}
	return nil, malformed
}

// token takes one character and the white space around it.
func token(s string, want byte) (rest string, ok bool) {
	s = strings.TrimLeft(s, " \t\r\n")
	if s == "" || s[0] != want {
		return s, false
	}
	return strings.TrimLeft(s[1:], " \t\r\n"), true
}

func quoted(s string) (value, rest string, ok bool) {
	if s, ok = strings.CutPrefix(s, `"`); !ok {
		return "", s, false
	}
	return strings.Cut(s, `"`)
}

func digits(s string) (value, rest string, ok bool) {
	rest = strings.TrimLeft(s, "0123456789")
	value = s[:len(s)-len(rest)]
	return value, rest, value != ""
}

func cut(s string, limit int) string { return s[:min(len(s), limit)] }

func profileError(kind Kind, detail string) error {
	return &Error{Kind: kind, Structure: "profile", Detail: detail}
}
