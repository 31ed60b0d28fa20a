package nvstatetest

import (
	"slices"

	"govtpm/tpm2/nvstate"
	"govtpm/tpm2/wire"
)

// A Release is a form of the state: the versions of the structures that changed over time. All others have had one form
// since 0.6.
type Release struct {
	Name  string
	Level nvstate.Level // state format level; 1 for those that knew none

	All, Constants, Data, Reset, Object, HashObject uint16 // versions

	EntrySize  uint32 // of a persistent object; 0: its own
	UserArea   uint64 // sizes of the NV memory
	MemorySize uint32
	OldLimits  bool // lower limits among the constants
	SetSize    int  // of a set of commands, if it is not that of a profile with all commands

	// Later is what a later version put behind the last field of each structure, and NoEnds leaves the place for it out.
	Later  []byte
	NoEnds bool
}

// Releases are the forms, the oldest first. Point releases of 0.7 and 0.8 took up the hash states of event sequences late.
func Releases() []Release {
	old := Release{Level: 1, All: 3, Constants: 2, Data: 3, Reset: 2, Object: 2, HashObject: 2, EntrySize: 1904,
		UserArea: 125440, MemorySize: 131072, OldLimits: true}
	eight := Release{Level: 1, All: 3, Constants: 2, Data: 4, Reset: 3, Object: 3, HashObject: 2, EntrySize: 2608,
		UserArea: nvstate.NVUserSize, MemorySize: nvstate.NVMemorySize}
	list := []Release{old, old, eight, eight}
	list[1].HashObject, list[3].HashObject = 3, 3
	for i, name := range []string{"0.6", "0.7", "0.8", "0.8 late"} {
		list[i].Name = name
	}
	nine := eight
	nine.Name, nine.Constants, nine.Reset, nine.HashObject = "0.9", 3, 4, 3
	list = append(list, nine)
	for level := nvstate.Level(2); level <= nvstate.LevelMax; level++ {
		r := nine
		r.Name, r.Level, r.All, r.EntrySize = "level "+string('0'+rune(level)), level, 4, 0
		if level >= 3 {
			r.Data = 5
		}
		if level >= 6 {
			r.Object = 4
		}
		list = append(list, r)
	}
	return list
}

func (r Release) out() *out { return &out{later: r.Later, noEnds: r.NoEnds} }

// AsRead changes permanent state to what a reader finds of it in the form of the release.
func (r Release) AsRead(p *nvstate.Permanent) {
	d := &p.Data
	if r.Data < 4 {
		d.EPSeedCompat, d.SPSeedCompat, d.PPSeedCompat = 0, 0, 0
	}
	d.PPList.Length, d.AuditCommands.Length = r.setSize(), r.setSize()
	if p.StateReset != nil {
		r.asReadReset(p.StateReset)
	}
	for _, e := range p.NV.Entries {
		if e.Object != nil {
			r.asReadObject(&e.Object.AnyObject)
		}
	}
}

// AsReadVolatile does the same to volatile state.
func (r Release) AsReadVolatile(v *nvstate.Volatile) {
	r.asReadReset(&v.StateReset)
	v.NVMemorySize = r.MemorySize
	for i := range v.Objects {
		r.asReadObject(&v.Objects[i])
	}
}

func (r Release) asReadReset(s *nvstate.StateReset) {
	if r.Reset < 3 {
		s.NullSeedCompat = 0
	}
	if r.Reset >= 4 {
		return
	}
	s.ContextSlotMask = nvstate.SlotMask8
	for i := range s.ContextArray {
		s.ContextArray[i] &= 0xFF
	}
}

func (r Release) asReadObject(o *nvstate.AnyObject) {
	if o.Sequence != nil && r.HashObject < 3 && o.Attributes&nvstate.ObjectEventSeq != 0 {
		o.Sequence.Hashes = [4]nvstate.HashState{}
	}
	if o.Object == nil {
		return
	}
	if r.Object < 3 {
		o.Object.SeedCompat = 0
	}
	if r.Object >= 4 {
		if o.Object.SensitiveType != wire.AlgRSA {
			o.Object.PrivateExponent = nvstate.PrivateExponent{}
		}
		return
	}
	o.Object.Hierarchy = wire.RHNull
	for bit, h := range map[nvstate.ObjectAttributes]wire.Handle{nvstate.ObjectSPSHierarchy: wire.RHOwner,
		nvstate.ObjectEPSHierarchy: wire.RHEndorsement, nvstate.ObjectPPSHierarchy: wire.RHPlatform} {
		if o.Attributes&bit != 0 {
			o.Object.Hierarchy = h
		}
	}
}

// setSize is the length of a set of commands in the form of the release, all commands being enabled.
func (r Release) setSize() int {
	if r.SetSize != 0 {
		return r.SetSize
	}
	if r.Data >= 5 {
		return 16
	}
	return 14
}

// commandRanks are the commands of libtpms 0.9 in order: the rank is the number of a command's bit before version 5.
func commandRanks() []wire.CC {
	var list []wire.CC
	for _, span := range [][2]wire.CC{{0x11f, 0x122}, {0x124, 0x12e}, {0x130, 0x140}, {0x142, 0x159}, {0x15b, 0x15e},
		{0x160, 0x165}, {0x167, 0x174}, {0x176, 0x178}, {0x17a, 0x193}, {0x197, 0x197}} {
		for cc := span[0]; cc <= span[1]; cc++ {
			list = append(list, cc)
		}
	}
	return list
}

func (r Release) set(s *nvstate.CommandSet) []byte {
	ranks := commandRanks()
	b := make([]byte, r.setSize())
	for _, cc := range s.Commands() {
		bit := int(cc) - 0x11f
		if r.Data < 5 {
			bit = slices.Index(ranks, cc)
		}
		if bit >= 0 && bit < 8*len(b) {
			b[bit/8] |= 1 << (bit % 8)
		}
	}
	return b
}
