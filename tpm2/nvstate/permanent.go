package nvstate

import "strings"

// Permanent is all a TPM keeps without power: the blob libtpms calls permall.
type Permanent struct {
	// Profile is the JSON text that says which commands and algorithms the TPM has; see ParseProfile. An empty one stands
	// for the null profile: state as libtpms 0.9 has it.
	Profile string

	Data    PersistentData
	Orderly OrderlyData

	// What Shutdown(STATE) saved; both are set exactly if Data.OrderlyState.Saved().
	StateReset *StateReset
	StateClear *StateClear

	OrderlyRAM OrderlyRAM
	NV         UserNVRAM
}

// Level is the state format level the profile names.
func (p *Permanent) Level() (Level, error) {
	if p.Profile == "" {
		return LevelNull, nil
	}
	profile, err := ParseProfile(p.Profile)
	if err != nil {
		return 0, err
	}
	return profile.Level, nil
}

// DecodePermanent reads a permanent blob. Like libtpms it checks the profile first, ignores bytes behind the end, and
// wants the PCR banks in force among the saved PCR. Nothing of the result is part of the blob.
func DecodePermanent(blob []byte) (*Permanent, error) {
	c := newReader(blob)
	p := new(Permanent)
	p.code(c)
	if c.err != nil {
		return nil, c.err
	}
	return p, nil
}

// Encode writes the blob at the level of its profile; without one, so that libtpms 0.9 and all later load it.
func (p *Permanent) Encode() ([]byte, error) {
	level, err := p.Level()
	if err != nil {
		return nil, err
	}
	return p.EncodeAt(level)
}

// EncodeAt is Encode for who knows the level of the profile: reading the profile takes longer than writing the blob.
func (p *Permanent) EncodeAt(level Level) ([]byte, error) {
	c := newWriter(level)
	if p.code(c); c.err != nil {
		return nil, c.err
	}
	return c.buf, nil
}

func (p *Permanent) code(c *coder) {
	defer c.enter(persistentAllHeader.name)()
	version := c.level.persistentAllVersion()
	version = c.header(persistentAllHeader, version, version)
	p.codeProfile(c, version)
	codeCompileConstants(c)
	p.Data.code(c)
	p.Orderly.code(c)
	p.codeSaved(c, version)
	p.OrderlyRAM.code(c)
	p.NV.code(c)
	c.end(version)
	c.trailer(persistentAllHeader)
}

// codeProfile visits the profile, which the blob has from version 4 on, with a zero byte behind it. An empty one is
// that of an older blob.
func (p *Permanent) codeProfile(c *coder, version uint16) {
	defer c.enter("profile")()
	if c.reading {
		c.level = LevelNull
	}
	if version < 4 {
		if !c.reading && p.Profile != "" {
			c.fail(ErrProfile, "a profile of level %d cannot be stored", c.level)
		}
		return
	}
	text := append([]byte(p.Profile), 0)
	if c.sized(&text, 1<<16-1, "profile"); !c.reading || len(text) == 0 || c.err != nil {
		return
	}
	if text[len(text)-1] != 0 {
		c.fail(ErrProfile, "the text has no end")
		return
	}
	p.Profile, _, _ = strings.Cut(string(text), "\x00")
	profile, err := ParseProfile(p.Profile)
	if err != nil {
		c.fail(err.(*Error).Kind, "%s", err.(*Error).Detail)
		return
	}
	c.extended = profile.Extended()
	if c.level = profile.Level; profile.Name == profileNull {
		p.Profile = "" // libtpms never writes the null profile as text
	}
}

// codeSaved visits what Shutdown(STATE) saved.
func (p *Permanent) codeSaved(c *coder, version uint16) {
	saved := p.Data.OrderlyState.Saved()
	if !c.reading && saved != (p.StateReset != nil) || !c.reading && saved != (p.StateClear != nil) {
		c.fail(ErrValue, "orderly state 0x%04x does not fit the saved state", uint16(p.Data.OrderlyState))
		return
	}
	if !saved && version >= 3 {
		return
	}
	if c.reading {
		p.StateReset, p.StateClear = new(StateReset), new(StateClear)
	}
	p.StateReset.code(c)
	p.StateClear.code(c)
	if !saved {
		p.StateReset, p.StateClear = nil, nil
		return
	}
	checkBanks(c, p.StateClear.PCRSave, p.Data.PCRActive)
}
