package nvstate_test

import (
	"bytes"
	"encoding/binary"
	"reflect"
	"testing"

	"govtpm/tpm2/nvstate"
	"govtpm/tpm2/wire"
)

// splice replaces the only occurrence of old from an offset on.
func splice(t *testing.T, blob []byte, from int, old, new string) []byte {
	t.Helper()
	at := bytes.Index(blob[from:], unhex(t, old))
	if at < 0 {
		t.Fatalf("%s is not behind 0x%x", old, from)
	}
	at += from
	return append(append(bytes.Clone(blob[:at]), unhex(t, new)...), blob[at+len(old)/2:]...)
}

// before09 gives a permanent blob without orderly data of 0.9 the form of 0.8: 88 compile constants.
func before09(t *testing.T, blob []byte) []byte {
	t.Helper()
	old := append(bytes.Clone(blob[:8]), unhex(t, "0002c9ea6431000100000058")...)
	old = append(old, blob[0x14:0x14+4*88]...)
	return append(old, blob[0x1F4:]...)
}

// State as 0.8 wrote it.
func TestRead08(t *testing.T) {
	fresh := goldens(t, "permanent-0.9.2-manufactured")[0].blob
	p, err := nvstate.DecodePermanent(before09(t, fresh))
	if err != nil {
		t.Fatal(err)
	}
	again, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	sameBytes(t, again, fresh)
}

// State as 0.6 and 0.7 wrote it: lower limits among the constants, no seed levels, entries of another size, objects
// without the level of their seed.
func TestRead07(t *testing.T) {
	blob := before09(t, goldens(t, "permanent-0.9.2-objects")[0].blob)
	for index, value := range map[int]uint32{34: 2048, 63: 2474, 68: 131072} {
		binary.BigEndian.PutUint32(blob[0x14+4*index:], value)
	}
	blob = splice(t, blob, 0, "0004122134430004", "0003122134430001")
	blob = splice(t, blob, 0, "010006010101010000", "010000")
	blob = splice(t, blob, 0, "010025", "01001f")
	objects := 0
	for at := 0; ; objects++ {
		next := bytes.Index(blob[at:], unhex(t, "00000a3081"))
		if next < 0 {
			break
		}
		at += next
		copy(blob[at:], unhex(t, "00000770"))
		blob = splice(t, blob, at, "000375be73af0003", "000275be73af0001")
		blob = splice(t, blob, at, "01000401010000"+"010000", "010000"+"010000")
		at += 4
	}
	p, err := nvstate.DecodePermanent(blob)
	if err != nil {
		t.Fatal(err)
	}
	if objects != 3 || len(p.NV.Entries) != 3 {
		t.Fatalf("%d objects, %d entries", objects, len(p.NV.Entries))
	}
	want, err := nvstate.DecodePermanent(goldens(t, "permanent-0.9.2-objects")[0].blob)
	if err != nil {
		t.Fatal(err)
	}
	want.Data.EPSeedCompat, want.Data.SPSeedCompat, want.Data.PPSeedCompat = 0, 0, 0
	hierarchies := []wire.Handle{wire.RHOwner, wire.RHEndorsement, wire.RHPlatform}
	for i, e := range want.NV.Entries {
		if e.Object.Object.SeedCompat != 1 || e.Object.Object.Hierarchy != hierarchies[i] {
			t.Errorf("object %d: level %d, hierarchy %s", i, e.Object.Object.SeedCompat, e.Object.Object.Hierarchy)
		}
		e.Object.Object.SeedCompat = 0
	}
	if !reflect.DeepEqual(p, want) {
		t.Errorf("%+v\nwant\n%+v", p, want)
	}
}

// Before version 3 of PERSISTENT_DATA there was one allocation of PCR.
func TestReadPersistentData2(t *testing.T) {
	fresh := goldens(t, "permanent-0.9.2-manufactured")[0].blob
	blob := splice(t, fresh, 0, "0004122134430004", "0002122134430001")
	at := 0x428
	blob = append(append(bytes.Clone(blob[:at]), 1, 0, 0), blob[at+3+0x25:]...)
	p, err := nvstate.DecodePermanent(blob)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Data.PCRActive) != 4 || !reflect.DeepEqual(p.Data.PCRActive, p.Data.PCRAllocated) {
		t.Errorf("active %v, allocated %v", p.Data.PCRActive, p.Data.PCRAllocated)
	}
}

// STATE_RESET_DATA 2 and 3 have slots of 8 bits, and VOLATILE_STATE 2 and 3 less about time.
func TestReadOldVolatile(t *testing.T) {
	now := goldens(t, "volatile-0.9.2-contexts")[0].blob
	want, err := nvstate.DecodeVolatile(now)
	if err != nil {
		t.Fatal(err)
	}
	reset := bytes.Index(now, unhex(t, "0004011023320004"))
	array := reset + 8 + 66 + 66 + 4 + 8 + 2
	old := append(bytes.Clone(now[:reset]), unhex(t, "0003011023320003")...)
	old = append(old, now[reset+8:array]...)
	for _, slot := range want.StateReset.ContextArray {
		old = append(old, byte(slot))
	}
	old = append(old, now[array+128+2:]...)
	want.StateReset.ContextSlotMask = nvstate.SlotMask8
	checkOldVolatile(t, "STATE_RESET_DATA 3", seal(old), want)

	want.StateReset.NullSeedCompat = 0
	two := splice(t, old, reset, "0003011023320003", "0002011023320001")
	two = splice(t, two, reset, "01000401"+"010000", "010000")
	checkOldVolatile(t, "STATE_RESET_DATA 2", seal(two), want)

	three := bytes.Clone(two)
	three[1] = 3
	tail := len(three) - 20 - 4 - 3 - 32 - 3
	three = append(append(three[:tail:tail], 1, 0, 0), three[tail+3+32+3:]...)
	want.Timer.Monotonic, want.Timer.Suspended, want.Timer.LastSystemTime, want.Timer.LastReported = 0, 0, 0, 0
	want.Timer.BeforeVersion4 = true
	checkOldVolatile(t, "VOLATILE_STATE 3", seal(three), want)

	three[1] = 2
	seeds := len(three) - 20 - 4 - 3 - 3*66 - 3
	twos := append(append(three[:seeds:seeds], 1, 0, 0), three[len(three)-24:]...)
	want.EPSeed, want.SPSeed, want.PPSeed = nil, nil, nil
	checkOldVolatile(t, "VOLATILE_STATE 2", seal(twos), want)
	p, _ := contextState(t)
	if err := want.CheckAgainst(p); err != nil {
		t.Errorf("without seeds: %v", err)
	}
}

func checkOldVolatile(t *testing.T, name string, blob []byte, want *nvstate.Volatile) {
	t.Helper()
	got, err := nvstate.DecodeVolatile(blob)
	if err != nil {
		t.Errorf("%s: %v", name, err)
	} else if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n%+v\nwant\n%+v", name, got, want)
	}
}

// An event sequence of HASH_OBJECT 2 has no hash states.
func TestReadHashObject2(t *testing.T) {
	v, err := nvstate.DecodeVolatile(goldens(t, "volatile-0.9.2-hash-sequences")[0].blob)
	if err != nil {
		t.Fatal(err)
	}
	payload, err := nvstate.EncodeContextObject(&v.Objects[2], nvstate.LevelNull)
	if err != nil {
		t.Fatal(err)
	}
	states := bytes.Index(payload, unhex(t, "00040002562878a2"))
	old := append(bytes.Clone(payload[:states]), 1, 0, 0, 1, 0, 0)
	old = splice(t, old, 0, "0003b874fe380001", "0002b874fe380001")
	got, err := nvstate.DecodeContextObject(old)
	if err != nil {
		t.Fatal(err)
	}
	want := *v.Objects[2].Sequence
	want.Hashes = [4]nvstate.HashState{}
	if !reflect.DeepEqual(*got.Sequence, want) {
		t.Errorf("%+v", got.Sequence)
	}
}

// The same object at every level: the hierarchy is stored from 6 on, and only RSA keys have CRT values then.
func TestObjectLevels(t *testing.T) {
	p, err := nvstate.DecodePermanent(goldens(t, "permanent-0.9.2-children")[0].blob)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range p.NV.Entries {
		for level := nvstate.LevelNull; level <= nvstate.LevelMax; level++ {
			payload, err := nvstate.EncodeContextObject(&e.Object.AnyObject, level)
			if err != nil {
				t.Fatal(err)
			}
			version := payload[13]
			if want := byte(3); level >= 6 && version != 4 || level < 6 && version != want {
				t.Errorf("level %d has version %d", level, version)
			}
			back, err := nvstate.DecodeContextObject(payload)
			if err != nil || !reflect.DeepEqual(*back, e.Object.AnyObject) {
				t.Errorf("0x%08x at level %d: %v", uint32(e.Object.Handle), level, err)
			}
			if level >= 2 {
				if size := e.Size(level); size != 8+len(payload) {
					t.Errorf("size %d at level %d", size, level)
				}
			}
		}
		if size := e.Size(nvstate.LevelNull); size != 2608 {
			t.Errorf("size %d at level 1", size)
		}
	}
}

// A number of a 32-bit writer, with an odd number of words of 4 bytes, has the same value.
func TestPrimeOf32BitWriter(t *testing.T) {
	const header, end = "00022fe736ab0001", "010000"
	p, err := nvstate.DecodePermanent(goldens(t, "permanent-0.9.2-objects")[0].blob)
	if err != nil {
		t.Fatal(err)
	}
	key := p.NV.Entries[0].Object.AnyObject
	key.Object.PrivateExponent = nvstate.PrivateExponent{Q: unhex(t, "0102030405060708090a0b0c")}
	payload, err := nvstate.EncodeContextObject(&key, nvstate.LevelNull)
	if err != nil {
		t.Fatal(err)
	}
	wide := header + "0010" + "05060708090a0b0c" + "0000000001020304" + end
	narrow := header + "000c" + "090a0b0c" + "05060708" + "01020304" + end
	got, err := nvstate.DecodeContextObject(splice(t, payload, 0, wide, narrow))
	if err != nil || !bytes.Equal(got.Object.PrivateExponent.Q, key.Object.PrivateExponent.Q) {
		t.Errorf("%x, %v", got.Object.PrivateExponent.Q, err)
	}
}

// The image of orderly RAM of a big-endian writer.
func TestBigEndianOrderlyRAM(t *testing.T) {
	v, err := nvstate.DecodeVolatile(goldens(t, "volatile-0.9.2-contexts")[0].blob)
	if err != nil {
		t.Fatal(err)
	}
	v.OrderlyRAM = nvstate.OrderlyRAM{{Handle: 0x01500002, Attributes: 0x24020012, Data: []byte{0, 0, 0, 0, 0, 0, 0, 2}}}
	blob, err := v.Encode(nvstate.LevelNull)
	if err != nil {
		t.Fatal(err)
	}
	blob = splice(t, blob, 0, "140000000200500112000224", "000000140150000224020012")
	back, err := nvstate.DecodeVolatile(seal(blob))
	if err != nil || !reflect.DeepEqual(back.OrderlyRAM, v.OrderlyRAM) {
		t.Errorf("%+v, %v", back, err)
	}
}
