package nvstate_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"govtpm/tpm2/nvstate"
	"govtpm/tpm2/wire"
)

// edit changes bytes of a blob at an offset.
type edit struct {
	name  string
	at    int
	bytes string // hexadecimal
	kind  nvstate.Kind
	place string // end of the path of the structure
}

// Offsets are those of the freshly manufactured blob of libtpms 0.9.2.
func TestPermanentErrors(t *testing.T) {
	for _, e := range []edit{
		{"magic", 0x02, "ab364724", nvstate.ErrMagic, "PERSISTENT_ALL"},
		{"newer than known", 0x06, "0005", nvstate.ErrVersion, "PERSISTENT_ALL"},
		{"compile constants too new", 0x08, "0004", nvstate.ErrVersion, "PA_COMPILE_CONSTANTS"},
		{"compile constant differs", 0x14, "00000000", nvstate.ErrParameter, "PA_COMPILE_CONSTANTS"},
		{"compile constant above ours", 0x14 + 4*34, "00000c01", nvstate.ErrParameter, "PA_COMPILE_CONSTANTS"},
		{"owner policy too long", 0x206, "0041", nvstate.ErrSize, "PERSISTENT_DATA"},
		{"PCR policies absent", 0x3AA, "00", nvstate.ErrParameter, "PERSISTENT_DATA"},
		{"two PCR policies", 0x3B5, "0002", nvstate.ErrSize, "PCR_POLICY"},
		{"five banks", 0x3BE, "00000005", nvstate.ErrSize, "PERSISTENT_DATA"},
		{"unknown bank", 0x3C2, "00ff", nvstate.ErrHash, "PERSISTENT_DATA"},
		{"short selection", 0x3C4, "02", nvstate.ErrValue, "PERSISTENT_DATA"},
		{"size of the epoch", 0x423, "08", nvstate.ErrParameter, "PERSISTENT_DATA"},
		{"seed level", 0x44A, "02", nvstate.ErrVersion, "PERSISTENT_DATA"},
		{"version 3 block absent", 0x428, "00", nvstate.ErrParameter, "PERSISTENT_DATA"},
		{"DRBG seed size", 0x475, "0020", nvstate.ErrSize, "DRBG_STATE"},
		{"DRBG last values", 0x4A7, "0003", nvstate.ErrSize, "DRBG_STATE"},
		{"timers absent", 0x4BC, "00", nvstate.ErrParameter, "ORDERLY_DATA"},
		{"entry is a session", 0x4FD, "0000009802000000", nvstate.ErrHandle, "USER_NVRAM"},
		{"end magic", 0x50F, "ab364724", nvstate.ErrMagic, "PERSISTENT_ALL"},
	} {
		blob := bytes.Clone(goldens(t, "permanent-0.9.2-manufactured")[0].blob)
		copy(blob[e.at:], unhex(t, e.bytes))
		_, err := nvstate.DecodePermanent(blob)
		checkEdit(t, e, err)
	}
}

func checkEdit(t *testing.T, e edit, err error) {
	t.Helper()
	var typed *nvstate.Error
	if !errors.As(err, &typed) || typed.Kind != e.kind || !strings.HasSuffix(typed.Structure, e.place) {
		t.Errorf("%s: %v, want %v in %s", e.name, err, e.kind, e.place)
		return
	}
	if typed.RC() != wire.RC(e.kind) || typed.Offset < e.at-8 || typed.Offset > e.at+0x400 {
		t.Errorf("%s: code %v at 0x%x, changed at 0x%x", e.name, typed.RC(), typed.Offset, e.at)
	}
}

// Offsets are those of the volatile blob of a TPM just started, libtpms 0.9.2: 64 bytes behind those of later releases
// after the platform value.
func TestVolatileErrors(t *testing.T) {
	for _, e := range []edit{
		{"magic", 0x02, "45637888", nvstate.ErrMagic, "VOLATILE_STATE"},
		{"newer than known", 0x06, "0005", nvstate.ErrVersion, "VOLATILE_STATE"},
		{"DA block absent", 0x1C, "00", nvstate.ErrParameter, "VOLATILE_STATE"},
		{"saved PCR", 0x109, "0017", nvstate.ErrSize, "PCR_SAVE"},
		{"unknown bank", 0x10B, "0012", nvstate.ErrParameter, "PCR_SAVE"},
		{"size of a bank", 0x10D, "0141", nvstate.ErrParameter, "PCR_SAVE"},
		{"context slots", 0xC0A, "0041", nvstate.ErrParameter, "STATE_RESET_DATA"},
		{"slot mask", 0xC8C, "0fff", nvstate.ErrParameter, "STATE_RESET_DATA"},
		{"null seed level", 0xD02, "02", nvstate.ErrVersion, "STATE_RESET_DATA"},
		{"sessions of the last command", 0xD0B, "0004", nvstate.ErrParameter, "sessions of the last command"},
		{"reserved session attribute", 0xD11, "08", nvstate.ErrReservedBits, "sessions of the last command"},
	} {
		blob := bytes.Clone(goldens(t, "volatile-0.9.2-started")[0].blob)
		copy(blob[e.at:], unhex(t, e.bytes))
		_, err := nvstate.DecodeVolatile(seal(blob))
		checkEdit(t, e, err)
	}
	blob := bytes.Clone(goldens(t, "volatile-0.9.2-started")[0].blob)
	blob[0x08] ^= 1
	if _, err := nvstate.DecodeVolatile(blob); !errors.Is(err, nvstate.ErrHash) {
		t.Errorf("wrong checksum: %v", err)
	}
}

// What libtpms reads without complaint is read here too.
func TestTolerated(t *testing.T) {
	fresh := goldens(t, "permanent-0.9.2-manufactured")[0].blob
	for _, e := range []edit{
		{"version 9", 0x00, "0009", 0, ""}, // with the minimum known
		{"count of compile constants", 0x10, "00000001", 0, ""},
		{"lower constant", 0x14 + 4*68, "00020000", 0, ""}, // NV memory of 0.7
		{"truth of 7", 0x1FF, "07", 0, ""},
		{"clock safe of 5", 0x460, "05", 0, ""},
		{"DRBG magic", 0x471, "00000000", 0, ""},
		{"larger orderly RAM", 0x4E2, "00001000", 0, ""},
		{"other size of NV", 0x4F5, "000000000001ea00", 0, ""},
		{"end block absent", 0x50C, "00", 0, ""},
		{"size of a block that is known", 0x3AB, "0000", 0, ""},
	} {
		blob := bytes.Clone(fresh)
		copy(blob[e.at:], unhex(t, e.bytes))
		if e.name == "version 9" {
			// A version without profile ends at 3; from 4 on the string is there.
			blob = append(blob[:8:8], append([]byte{0, 0}, blob[8:]...)...)
		}
		if _, err := nvstate.DecodePermanent(blob); err != nil {
			t.Errorf("%s: %v", e.name, err)
		}
	}
	if _, err := nvstate.DecodePermanent(append(bytes.Clone(fresh), "more"...)); err != nil {
		t.Errorf("bytes behind the end: %v", err)
	}
}

// Blocks reserved for later versions are skipped, whatever is in them.
func TestUnknownBlocksAreSkipped(t *testing.T) {
	fresh := goldens(t, "permanent-0.9.2-manufactured")[0].blob
	// The end blocks that no other block encloses, and those of PCR_POLICY and of version 4 with the sizes around them.
	for _, at := range []int{0x1F4, 0x4B9, 0x4D7, 0x4EA, 0x509, 0x50C, 0x3BB, 0x44D} {
		blob := bytes.Clone(fresh[:at])
		blob = append(blob, 1, 0, 5, 'h', 'e', 'l', 'l', 'o')
		blob = append(blob, fresh[at+3:]...)
		got, err := nvstate.DecodePermanent(blob)
		if err != nil {
			t.Errorf("block at 0x%x: %v", at, err)
			continue
		}
		again, err := got.Encode()
		if err != nil {
			t.Errorf("block at 0x%x: %v", at, err)
		}
		sameBytes(t, again, fresh)
	}
}

// What libtpms could not load is not written.
func TestEncodeRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*nvstate.Permanent)
		kind   nvstate.Kind
	}{
		"long auth":        {func(p *nvstate.Permanent) { p.Data.OwnerAuth = make([]byte, 65) }, nvstate.ErrSize},
		"seed level":       {func(p *nvstate.Permanent) { p.Data.EPSeedCompat = 2 }, nvstate.ErrVersion},
		"saved state":      {func(p *nvstate.Permanent) { p.Data.OrderlyState = 1 }, nvstate.ErrValue},
		"no saved state":   {func(p *nvstate.Permanent) { p.StateClear = new(nvstate.StateClear) }, nvstate.ErrValue},
		"empty entry":      {func(p *nvstate.Permanent) { p.NV.Entries = make([]nvstate.NVEntry, 1) }, nvstate.ErrHandle},
		"short NV data":    {func(p *nvstate.Permanent) { p.NV.Entries[0].Index.Data = nil }, nvstate.ErrSize},
		"reserved NV bits": {func(p *nvstate.Permanent) { p.NV.Entries[0].Index.Public.Attributes |= 1 << 8 }, nvstate.ErrReservedBits},
		"orderly RAM": {func(p *nvstate.Permanent) {
			p.OrderlyRAM = nvstate.OrderlyRAM{{Data: make([]byte, 300)}, {Data: make([]byte, 300)}}
		}, nvstate.ErrSize},
		"unknown profile": {func(p *nvstate.Permanent) { p.Profile = "x" }, nvstate.ErrProfile},
		"profile of level 1": {func(p *nvstate.Permanent) {
			p.Profile = `{"Name":"null","StateFormatLevel":1}`
		}, nvstate.ErrProfile},
		"full": {func(p *nvstate.Permanent) {
			for len(p.NV.Entries) < 79 {
				p.NV.Entries = append(p.NV.Entries, fullIndex())
			}
		}, nvstate.ErrSize},
	} {
		p := manufactured()
		test.change(p)
		if _, err := p.Encode(); !errors.Is(err, test.kind) {
			t.Errorf("%s: %v, want %v", name, err, test.kind)
		}
	}
	for _, level := range []nvstate.Level{0, 9} {
		v, err := nvstate.DecodeVolatile(goldens(t, "volatile-0.9.2-started")[0].blob)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := v.Encode(level); !errors.Is(err, nvstate.ErrValue) {
			t.Errorf("level %d: %v", level, err)
		}
	}
}

func fullIndex() nvstate.NVEntry {
	return nvstate.NVEntry{Index: &nvstate.NVIndex{
		Public: wire.TPMSNVPublic{NVIndex: 0x01600000, NameAlg: wire.AlgSHA256, DataSize: nvstate.MaxNVData},
		Data:   make([]byte, nvstate.MaxNVData),
	}}
}

// The list of entries must leave a byte of the area free.
func TestNVAreaLimit(t *testing.T) {
	p := manufactured()
	p.NV.Entries = nil
	for range 77 {
		p.NV.Entries = append(p.NV.Entries, fullIndex())
	}
	last := fullIndex()
	p.NV.Entries = append(p.NV.Entries, last)
	last.Index.Public.DataSize = uint16(nvstate.NVUserSize - 12 - 77*2200 - 152 - 1)
	last.Index.Data = last.Index.Data[:last.Index.Public.DataSize]
	if size := p.NV.Size(1); size != nvstate.NVUserSize-1 {
		t.Fatalf("size %d", size)
	}
	blob, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := nvstate.DecodePermanent(blob); err != nil {
		t.Fatal(err)
	}
	last.Index.Public.DataSize++
	last.Index.Data = append(last.Index.Data, 0)
	if _, err := p.Encode(); !errors.Is(err, nvstate.ErrSize) {
		t.Errorf("a full area: %v", err)
	}
}

// libtpms crashes at a wrong entry size where no data follow.
func TestEntrySizeOfEmptyIndex(t *testing.T) {
	p := manufactured()
	p.NV.Entries[0].Index.Public.DataSize, p.NV.Entries[0].Index.Data = 0, nil
	blob, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(blob, unhex(t, "0000009801500001"))
	if at < 0 {
		t.Fatal("no entry of size 152")
	}
	blob[at+3]++
	if _, err := nvstate.DecodePermanent(blob); !errors.Is(err, nvstate.ErrSize) {
		t.Errorf("%v", err)
	}
}

func TestCheckAgainst(t *testing.T) {
	p, v := contextState(t)
	if err := v.CheckAgainst(p); err != nil {
		t.Error(err)
	}
	p.Data.SPSeed[3] ^= 1
	if err := v.CheckAgainst(p); !errors.Is(err, nvstate.ErrValue) {
		t.Errorf("other seeds: %v", err)
	}
	p, v = contextState(t)
	v.PCRs = v.PCRs[1:]
	if err := v.CheckAgainst(p); !errors.Is(err, nvstate.ErrParameter) {
		t.Errorf("missing bank: %v", err)
	}
	p.Data.PCRActive[0].Select = wire.TPMSPCRSelect{0, 0, 0}
	if err := v.CheckAgainst(p); err != nil {
		t.Errorf("missing bank that is not allocated: %v", err)
	}
}
