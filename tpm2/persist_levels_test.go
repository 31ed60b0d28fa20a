package tpm2

import (
	"bytes"
	"fmt"
	"testing"

	"govtpm/tpm2/nvstate"
	"govtpm/tpm2/nvstate/nvstatetest"
	"govtpm/tpm2/wire"
)

// levelProfile is a profile of each state format level; level 1 has none.
func levelProfile(level nvstate.Level) string {
	if level == nvstate.LevelNull {
		return ""
	}
	commands := nullCommandList
	switch {
	case level >= 5:
		commands += ",0x199-0x19c"
	case level >= 3:
		commands += ",0x199-0x19a"
	}
	return fmt.Sprintf(`{"Name":"custom:level","StateFormatLevel":%d,"Commands":"%s"}`, level, commands)
}

// The state of a TPM is written in the form of the level that its profile asks for, permanent and volatile, and saved contexts too, as
// another writer of these forms has it.
func TestStateAtEachLevel(t *testing.T) {
	for _, r := range nvstatetest.Releases()[4:] {
		t.Run(r.Name, func(t *testing.T) {
			o := Options{Seeds: vectorSeeds()}
			if r.Level != nvstate.LevelNull {
				o.Profile = testProfile(t, levelProfile(r.Level))
			}
			b := newTestTPMWith(t, o).startup(wire.SUClear)
			parent := b.storagePrimary().handle
			b.must(newCommand(wire.CCEvictControl, wire.RHOwner, parent).password("").u32(0x81000001))
			signing := fixedAttributes | wire.ObjectSensitiveDataOrigin | wire.ObjectUserWithAuth | wire.ObjectSign
			key := b.createAndLoad(parent, nil, rsaTemplate(signing, noSymmetric))
			b.must(newCommand(wire.CCEvictControl, wire.RHOwner, key).password("").u32(0x81000002))
			owner := wire.NVOwnerRead | wire.NVOwnerWrite
			b.must(nvDefine(0x01500010, owner, 11))
			b.must(nvDefine(0x01500013, owner|wire.NVOrderly|wire.TPMANV(wire.NTCounter)<<4, 8))
			b.must(newCommand(wire.CCNVIncrement, wire.RHOwner, 0x01500013).password(""))
			b.startHash(wire.AlgSHA512)
			b.policy(wire.SEPolicy)

			volatile, err := b.VolatileState()
			if err != nil {
				t.Fatal(err)
			}
			v, err := nvstate.DecodeVolatile(volatile)
			if err != nil {
				t.Fatal(err)
			}
			if want := r.Volatile(v); !bytes.Equal(volatile, want) {
				t.Errorf("volatile state of %d bytes is not in the form of %s, %d bytes", len(volatile), r.Name, len(want))
			}
			b.shutdown(wire.SUState)
			p, err := nvstate.DecodePermanent(b.storage.state)
			if err != nil {
				t.Fatal(err)
			}
			if level, err := p.Level(); err != nil || level != r.Level {
				t.Errorf("level %d, %v", level, err)
			}
			if want := r.Permanent(p); !bytes.Equal(b.storage.state, want) {
				t.Errorf("permanent state of %d bytes is not in the form of %s, %d bytes", len(b.storage.state), r.Name, len(want))
			}
			s, err := objectState(b.object(key))
			if err != nil {
				t.Fatal(err)
			}
			if payload, err := b.marshalObjectContext(b.object(key)); err != nil || !bytes.Equal(payload, r.ContextObject(s)) {
				t.Errorf("a saved context is not in the form of %s (%v)", r.Name, err)
			}
		})
	}
}
