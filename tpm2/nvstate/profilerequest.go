package nvstate

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"govtpm/tpm2/wire"
)

// RequestedProfile reads the profile that is asked for a new TPM, and refuses what libtpms refuses there: only a custom profile may
// say more than its name. What it leaves out is all there is, as far as its level allows; without a level it gets the lowest
// that allows what it lists, and every key size.
func RequestedProfile(text string) (Profile, error) {
	members, err := parseMembers(strings.TrimSpace(text))
	if err != nil {
		return Profile{}, err
	}
	if m := members["Name"]; m.text == "" || m.number {
		return Profile{}, profileError(ErrProfile, "Name is missing")
	}
	p, known := BuiltinProfile(cut(members["Name"].text, maxProfileName))
	if !known {
		return Profile{}, profileError(ErrValue, "no profile has this name; there are default-v2, default-v1, null, custom and custom:NAME")
	}
	level, err := requestedLevel(members["StateFormatLevel"])
	if err != nil {
		return Profile{}, err
	}
	if p.Level != 0 {
		if level != 0 || changesLists(members) {
			return Profile{}, profileError(ErrValue, "the profile "+p.Name+" does not allow any customization")
		}
		return p, nil
	}
	return p, p.customize(members, level)
}

// IgnoredMembers gives the members of a profile's text that no profile has, in order. Like libtpms the readers pass over them.
func IgnoredMembers(text string) []string {
	members, _ := parseMembers(strings.TrimSpace(text))
	for _, name := range []string{"Name", "StateFormatLevel", "Commands", "Algorithms", "Attributes", "Description"} {
		delete(members, name)
	}
	return slices.Sorted(maps.Keys(members))
}

// requestedLevel reads the member StateFormatLevel, 0 when there is none.
func requestedLevel(m member) (Level, error) {
	switch {
	case m == member{}:
		return 0, nil
	case !m.number:
		return 0, profileError(ErrValue, "StateFormatLevel is no number")
	}
	n, err := strconv.ParseUint(m.text, 10, 32)
	if err != nil || n > uint64(LevelMax) {
		return 0, profileError(ErrValue, "state format level "+cut(m.text, 20)+" is not known, the highest is "+strconv.Itoa(int(LevelMax)))
	}
	return Level(n), nil
}

// changesLists reports whether a member is given that only a custom profile may have.
func changesLists(members map[string]member) bool {
	for _, name := range []string{"Commands", "Algorithms", "Description"} {
		if members[name].text != "" {
			return true
		}
	}
	_, attributes := members["Attributes"]
	return attributes
}

// customize fills in a custom profile.
func (p *Profile) customize(members map[string]member, level Level) error {
	if level != 0 && level < leastCustom {
		return profileError(ErrValue, "the minimum state format level of a custom profile is "+strconv.Itoa(int(leastCustom)))
	}
	limit := level
	if limit == 0 {
		limit = LevelMax
	}
	if m := members["Algorithms"]; m.text != "" && !m.number {
		p.Algorithms = withoutRepetition(m.text)
	}
	if m, given := members["Attributes"]; given && !m.number {
		p.Attributes, p.AttributesGiven = withoutRepetition(m.text), true
	}
	if m := members["Description"]; m.text != "" && !m.number {
		p.Description = cut(m.text, maxProfileDescription)
	}
	if m := members["Commands"]; m.text != "" && !m.number {
		p.Commands = withoutRepetition(m.text)
	} else {
		p.limitCommands(limit)
	}
	needed, err := p.NeededLevel()
	if err != nil {
		return err
	}
	if needed > limit {
		return profileError(ErrValue, "a listed command, algorithm or attribute needs state format level "+strconv.Itoa(int(needed)))
	}
	if p.MinSize("aes-min-size") > 128 && p.MinSize("rsa-min-size") == 2048 {
		return profileError(ErrValue, "aes-min-size must be 128 while RSA keys of 2048 bits are in use")
	}
	p.Level = max(leastCustom, level, needed, p.levelOfSizes(limit))
	return nil
}

// limitCommands takes the commands out that need a higher level.
func (p *Profile) limitCommands(limit Level) {
	set, _ := p.CommandSet()
	shortened := false
	for _, cc := range set.Commands() {
		if commandLevel(cc) > limit {
			set.Set(cc, false)
			shortened = true
		}
	}
	if shortened {
		p.Commands = set.Text()
	}
}

// levelOfSizes is the level, up to limit, at which the listed families of keys have the most sizes.
func (p *Profile) levelOfSizes(limit Level) Level {
	level := LevelNull
	for _, s := range []struct {
		token   string
		largest int
		level   Level
	}{{"rsa-min-size", 4096, 8}, {"aes-min-size", 192, 4}, {"camellia-min-size", 192, 4}} {
		if n := p.MinSize(s.token); n != 0 && n <= s.largest && s.level <= limit {
			level = max(level, s.level)
		}
	}
	return level
}

// commandLevel is the level from which on a profile may have the command.
func commandLevel(cc wire.CC) Level {
	switch {
	case cc == 0x19B || cc == 0x19C:
		return 5
	case cc == 0x199 || cc == 0x19A:
		return 3
	}
	return LevelNull
}

// Text lists the set in numbers and ranges, as a profile does.
func (s *CommandSet) Text() string {
	var b strings.Builder
	list := s.Commands()
	for i := 0; i < len(list); i++ {
		first := i
		for i+1 < len(list) && list[i+1] == list[i]+1 {
			i++
		}
		if b.Len() != 0 {
			b.WriteByte(',')
		}
		b.WriteString("0x" + strconv.FormatUint(uint64(list[first]), 16))
		if i != first {
			b.WriteString("-0x" + strconv.FormatUint(uint64(list[i]), 16))
		}
	}
	return b.String()
}

// withoutRepetition keeps of items that occur more than once the last one; items with a value are the same when their names are.
func withoutRepetition(list string) string {
	items := strings.Split(list, ",")
	last := make(map[string]int)
	for i, item := range items {
		last[itemName(item)] = i
	}
	kept := items[:0]
	for i, item := range items {
		if last[itemName(item)] == i {
			kept = append(kept, item)
		}
	}
	return strings.Join(kept, ",")
}

func itemName(item string) string {
	name, _, valued := strings.Cut(item, "=")
	if valued {
		return name + "="
	}
	return name
}
