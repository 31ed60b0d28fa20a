package nvstate_test

import (
	"slices"
	"testing"

	"govtpm/tpm2/nvstate"
	"govtpm/tpm2/wire"
)

func TestCommandSet(t *testing.T) {
	var s nvstate.CommandSet
	want := []wire.CC{0x11F, 0x126, 0x140, 0x197, 0x19C}
	for _, cc := range append(slices.Clone(want), 0, 0x11E, 0x1AF, 0x20000000) {
		s.Set(cc, true)
	}
	s.Set(0x131, true)
	s.Set(0x131, false)
	if got := s.Commands(); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if s.Contains(0x131) || s.Contains(0) || s.Contains(0xFFFFFFFF) || !s.Contains(0x197) {
		t.Error("wrong members")
	}
}

// Commands beyond libtpms have bits beyond its array, and only where the profile names such commands.
func TestCommandSetExtended(t *testing.T) {
	p := manufactured()
	profile, err := nvstate.RequestedProfile(`{"Name":"custom:x","Commands":"` + allCommandList + `,0x1a6,0x1aa"}`)
	if err != nil {
		t.Fatal(err)
	}
	p.Profile = profile.Text()
	p.Data.PPList.Set(0x1AA, true)
	blob, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	back, err := nvstate.DecodePermanent(blob)
	if err != nil || !back.Data.PPList.Contains(0x1AA) {
		t.Errorf("extended: %v, %v", back, err)
	}
	profile, _ = nvstate.BuiltinProfile("default-v1")
	p.Profile = profile.Text()
	if blob, err = p.Encode(); err != nil {
		t.Fatal(err)
	}
	if back, err = nvstate.DecodePermanent(blob); err != nil || back.Data.PPList.Contains(0x1AA) {
		t.Errorf("default-v1: %v, %v", back, err)
	}
}

// In the compressed form a command has the bit of its rank; in the other that of its code.
func TestCommandSetForms(t *testing.T) {
	for _, test := range []struct {
		profile string
		cc      wire.CC
		length  int
		want    string // the array with its length
	}{
		{"", 0x126, 0, "000e" + "4000000000000000000000000000"},
		{"", 0x12D, 0, "000e" + "0020000000000000000000000000"},
		{"", 0x131, 0, "000e" + "0000010000000000000000000000"},
		{"", 0x17B, 0, "000e" + "0000000000000000000010000000"},
		{"", 0x197, 0, "000e" + "0000000000000000000000000020"},
		{"", 0x12D, 12, "000c" + "002000000000000000000000"},
		{"", 0x197, 12, "000e" + "0000000000000000000000000020"}, // too short for its member
		{"default-v1", 0x12D, 0, "0010" + "00400000000000000000000000000000"},
		{"default-v1", 0x12D, 17, "0011" + "0040000000000000000000000000000000"},
		{"default-v1", 0x19C, 0, "0010" + "00000000000000000000000000000020"},
	} {
		p := manufactured()
		if profile, known := nvstate.BuiltinProfile(test.profile); known {
			p.Profile = profile.Text()
		}
		p.Data.PPList = nvstate.CommandSet{Length: test.length}
		p.Data.PPList.Set(test.cc, true)
		blob, err := p.Encode()
		if err != nil {
			t.Fatal(err)
		}
		// It stands between the allocated PCR and the DA counters.
		splice(t, blob, 0, "000d03ffffff"+test.want+"00000000"+"00000003", "")
		back, err := nvstate.DecodePermanent(blob)
		if err != nil || !slices.Equal(back.Data.PPList.Commands(), []wire.CC{test.cc}) {
			t.Errorf("%s 0x%x: %v, %v", test.profile, uint32(test.cc), back.Data.PPList.Commands(), err)
		}
	}
}
