package tpm2

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"govtpm/tpm2/nvstate"
	"govtpm/tpm2/wire"
)

// goldenState reads blobs that libtpms wrote, by name; nvstate/testdata/README.md says what is in them.
func goldenState(t testing.TB, pattern string) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("nvstate", "testdata", pattern+".hex"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no %s: %v", pattern, err)
	}
	blobs := make(map[string][]byte)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		blob, err := hex.DecodeString(strings.Join(strings.Fields(string(text)), ""))
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		blobs[strings.TrimSuffix(filepath.Base(file), ".hex")] = blob
	}
	return blobs
}

// loadTest makes a TPM from permanent state, powered off.
func loadTest(t testing.TB, permanent []byte) (*testTPM, error) {
	t.Helper()
	b := &testTPM{clock: new(fakeClock), storage: new(memoryStorage)}
	b.t, _ = t.(*testing.T)
	var err error
	b.TPM, err = Load(Environment{Entropy: new(countingEntropy), Clock: b.clock, Storage: b.storage}, permanent)
	return b, err
}

// reload makes a new TPM from the saved state of b, and powers it on.
func (b *testTPM) reload() *testTPM {
	b.t.Helper()
	n, err := loadTest(b.t, b.storage.state)
	if err != nil {
		b.t.Fatal(err)
	}
	n.storage.state = b.storage.state
	n.clock.now = b.clock.now
	n.powerCycle()
	return n
}

// firstDifference shows where two blobs differ.
func firstDifference(t *testing.T, what string, got, want []byte) {
	t.Helper()
	if bytes.Equal(got, want) {
		return
	}
	n := 0
	for n < len(got) && n < len(want) && got[n] == want[n] {
		n++
	}
	t.Errorf("%s: %d bytes, want %d; first difference at 0x%04x: %x, want %x", what, len(got), len(want), n,
		got[n:min(n+24, len(got))], want[n:min(n+24, len(want))])
}

// State of libtpms goes through the engine unchanged, down to the last byte.
func TestLoadGolden(t *testing.T) {
	for name, blob := range goldenState(t, "permanent-*") {
		b, err := loadTest(t, blob)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		again, err := b.PermanentState()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		firstDifference(t, name, again, blob)
	}
}

// With power on nothing but the firmware version changes, which is that of the TPM that runs.
func TestInitKeepsState(t *testing.T) {
	for name, blob := range goldenState(t, "permanent-*") {
		b, err := loadTest(t, blob)
		if err != nil {
			t.Fatal(err)
		}
		b.powerCycle()
		if b.storage.saves != 0 {
			t.Errorf("%s: saved at power-on", name)
		}
		again, err := b.PermanentState()
		if err != nil {
			t.Fatal(err)
		}
		got, err := nvstate.DecodePermanent(again)
		if err != nil {
			t.Fatal(err)
		}
		want, err := nvstate.DecodePermanent(blob)
		if err != nil {
			t.Fatal(err)
		}
		want.Data.FirmwareV1, want.Data.FirmwareV2 = firmwareV1, firmwareV2
		want.Data.PCRActive = got.Data.PCRActive // comes into force at power-on
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: state changed at power-on", name)
		}
	}
}

// Clients find in the state of libtpms what was put there.
func TestLoadedEntities(t *testing.T) {
	objects, indexes := 0, 0
	for name, blob := range goldenState(t, "permanent-0.9.2-[cno]*") {
		b, err := loadTest(t, blob)
		if err != nil {
			t.Fatal(err)
		}
		b.powerCycle()
		b.startup(wire.SUClear)
		for h, o := range b.nv.persistent {
			objects++
			r := b.must(newCommand(wire.CCReadPublic, h))
			var public wire.TPM2BPublic
			public.Unmarshal(r.params())
			if public.Type != o.public.Type {
				t.Errorf("%s: 0x%08x is of type %v", name, uint32(h), public.Type)
			}
			if got := r.b2(); !bytes.Equal(got, objectName(&public.TPMTPublic)) {
				t.Errorf("%s: 0x%08x has name %x", name, uint32(h), got)
			}
		}
		for h, x := range b.nv.indexes {
			indexes++
			r := b.must(newCommand(wire.CCNVReadPublic, h))
			var public wire.TPM2BNVPublic
			public.Unmarshal(r.params())
			if public.NVIndex != h || public.DataSize != x.public.DataSize {
				t.Errorf("%s: 0x%08x: %+v", name, uint32(h), public)
			}
		}
	}
	if objects < 10 || indexes < 10 {
		t.Errorf("%d persistent objects, %d indexes", objects, indexes)
	}
}

// A private key of libtpms works, and saved state has the numbers that libtpms computed.
func TestExponentAsLibtpms(t *testing.T) {
	b, err := loadTest(t, goldenState(t, "permanent-0.9.2-children")["permanent-0.9.2-children"])
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for h, o := range b.nv.persistent {
		if o.public.Type != wire.AlgRSA {
			continue
		}
		seen++
		again := o.clone()
		again.exponent = nvstate.PrivateExponent{}
		b.setExponent(again)
		if !reflect.DeepEqual(again.exponent, o.exponent) {
			t.Errorf("0x%08x: other numbers than libtpms", uint32(h))
		}
	}
	if seen < 2 {
		t.Errorf("only %d RSA keys", seen)
	}
}

func TestManufactureSaveLoad(t *testing.T) {
	b := newTestTPM(t)
	b.must(nvDefine(0x01500001, wire.NVOwnerRead|wire.NVOwnerWrite|wire.NVAuthRead, 8))
	b.must(nvWriteOwner(0x01500001, []byte("contents")))
	b.shutdown(wire.SUClear)
	want := b.storage.state
	n := b.reload()
	n.persistent.pcrActive = b.persistent.pcrActive
	again, err := n.PermanentState()
	if err != nil {
		t.Fatal(err)
	}
	firstDifference(t, "after load", again, want)
	n.startup(wire.SUClear)
	if got := n.must(newCommand(wire.CCNVRead, wire.RHOwner, 0x01500001).password("").u16(8).u16(0)).b2(); string(got) != "contents" {
		t.Errorf("the index holds %q", got)
	}
	if n.persistent.resetCount != b.persistent.resetCount+1 {
		t.Errorf("resetCount %d after %d", n.persistent.resetCount, b.persistent.resetCount)
	}
}

// TPM Resume goes on after the process that ran the TPM ended.
func TestResumeAcrossLoad(t *testing.T) {
	b := newTestTPM(t)
	b.must(nvDefine(0x01500002, wire.NVOwnerRead|wire.NVOwnerWrite|wire.NVOrderly|wire.NVReadStClear, 4))
	b.must(nvWriteOwner(0x01500002, []byte("abcd")))
	b.must(newCommand(wire.CCNVReadLock, wire.RHOwner, 0x01500002).password(""))
	b.must(newCommand(wire.CCHierarchyControl, wire.RHPlatform).password("").u32(uint32(wire.RHEndorsement)).u8(0))
	b.must(newCommand(wire.CCHierarchyChangeAuth, wire.RHPlatform).password("").b2([]byte("platform")))
	b.shutdown(wire.SUState)
	n := b.reload().startup(wire.SUState)
	if n.stateClear.ehEnable || string(n.stateClear.platformAuth) != "platform" {
		t.Errorf("state-clear data: %+v", n.stateClear)
	}
	if !bytes.Equal(n.stateReset.nullProof, b.stateReset.nullProof) || n.stateReset.restartCount != 1 {
		t.Errorf("state-reset data: %+v", n.stateReset)
	}
	n.want(wire.RCNVLocked, n.run(newCommand(wire.CCNVRead, wire.RHOwner, 0x01500002).password("").u16(4).u16(0)))
	n = n.reload()
	n.want(wire.RCValue.Parameter(1), n.run(newCommand(wire.CCStartup).u16(uint16(wire.SUState))))
	n.startup(wire.SUClear)
}

func nvDefine(h wire.Handle, a wire.TPMANV, size uint16) *testCommand {
	public := &wire.TPM2BNVPublic{TPMSNVPublic: wire.TPMSNVPublic{NVIndex: h, NameAlg: wire.AlgSHA256, Attributes: a, DataSize: size}}
	return newCommand(wire.CCNVDefineSpace, wire.RHOwner).password("").b2(nil).put(public)
}

func nvWriteOwner(h wire.Handle, data []byte) *testCommand {
	return newCommand(wire.CCNVWrite, wire.RHOwner, h).password("").b2(data).u16(0)
}

// remake is golden state with a change.
func remake(t testing.TB, name string, change func(*nvstate.Permanent)) []byte {
	t.Helper()
	p, err := nvstate.DecodePermanent(goldenState(t, name)[name])
	if err != nil {
		t.Fatal(err)
	}
	change(p)
	blob, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return blob
}

func TestLoadRefuses(t *testing.T) {
	firstIndex := func(p *nvstate.Permanent) *nvstate.NVIndex {
		for _, e := range p.NV.Entries {
			if e.Index != nil && e.Index.Public.DataSize == 8 && e.Index.Data != nil {
				return e.Index
			}
		}
		return nil
	}
	firstKey := func(p *nvstate.Permanent) *nvstate.PersistentObject {
		for _, e := range p.NV.Entries {
			if e.Object != nil {
				return e.Object
			}
		}
		return nil
	}
	for _, tc := range []struct {
		name   string
		change func(*nvstate.Permanent)
		want   nvstate.Kind
	}{
		{"owner policy of no hash", func(p *nvstate.Permanent) { p.Data.OwnerAlg = wire.AlgRSA }, nvstate.ErrHash},
		{"PCR policy of no hash", func(p *nvstate.Permanent) { p.Data.PCRPolicy.HashAlg = 0 }, nvstate.ErrHash},
		{"audit without hash", func(p *nvstate.Permanent) { p.Data.AuditHashAlg = wire.AlgNull }, nvstate.ErrHash},
		{"extend index of 8 bytes", func(p *nvstate.Permanent) {
			a := &firstIndex(p).Public.Attributes
			*a = *a&^0xF0 | wire.TPMANV(wire.NTExtend)<<4
		}, nvstate.ErrSize},
		{"object of another private type", func(p *nvstate.Permanent) { firstKey(p).Object.SensitiveType = wire.AlgKeyedHash }, nvstate.ErrValue},
		{"public object", func(p *nvstate.Permanent) {
			firstKey(p).Attributes |= nvstate.ObjectPublicOnly
			firstKey(p).Object.SensitiveType, firstKey(p).Object.Sensitive = 0, nil
		}, nvstate.ErrValue},
		{"empty object", func(p *nvstate.Permanent) {
			firstKey(p).Attributes, firstKey(p).Object = 0, nil
		}, nvstate.ErrValue},
	} {
		_, err := loadTest(t, remake(t, "permanent-0.9.2-nv", tc.change))
		var e *nvstate.Error
		if !errors.As(err, &e) || e.Kind != tc.want {
			t.Errorf("%s: %v, want %v", tc.name, err, tc.want)
		}
	}
	if _, err := loadTest(t, nil); !errors.Is(err, nvstate.ErrTruncated) {
		t.Errorf("no state: %v", err)
	}
}

// What libtpms loads with a fault that has an evident remedy is loaded.
func TestLoadHeals(t *testing.T) {
	const golden = "permanent-0.9.2-nv"
	var orderly wire.Handle
	b, err := loadTest(t, remake(t, golden, func(p *nvstate.Permanent) {
		orderly = p.OrderlyRAM[0].Handle
		p.OrderlyRAM = p.OrderlyRAM[1:]
		p.OrderlyRAM[0].Data = nil
		p.OrderlyRAM = append(p.OrderlyRAM, nvstate.OrderlyIndex{Handle: 0x01ABCDEF, Data: []byte{1}})
		p.NV.Entries = append(p.NV.Entries, p.NV.Entries[0], p.NV.Entries[len(p.NV.Entries)-1])
		p.Orderly.DRBG.Magic = 0
	}))
	if err != nil {
		t.Fatal(err)
	}
	if x := b.nv.index(orderly); x.has(wire.NVWritten) || len(x.data) != int(x.public.DataSize) {
		t.Errorf("an index without data in RAM: %+v", x)
	}
	if b.nv.index(0x01ABCDEF) != nil {
		t.Error("data without index made one")
	}
	p, _ := nvstate.DecodePermanent(goldenState(t, golden)[golden])
	if len(b.nv.order) != len(p.NV.Entries) {
		t.Errorf("%d entries, want %d", len(b.nv.order), len(p.NV.Entries))
	}
	if b.saved.orderly.drbg.Seed == [48]byte(append(p.Orderly.DRBG.Key[:], p.Orderly.DRBG.V[:]...)) {
		t.Error("a generator that was never instantiated is used")
	}
	b.powerCycle()
	b.startup(wire.SUClear)
}

func TestNullSeedLevel(t *testing.T) {
	const golden = "permanent-0.9.2-shutdown-state"
	for _, tc := range []struct{ stored, want uint8 }{{0, 1}, {1, 0}} {
		b, err := loadTest(t, remake(t, golden, func(p *nvstate.Permanent) {
			p.StateReset.NullSeedCompat = 0
			p.Data.PPSeedCompat = nvstate.SeedCompat(1 - tc.stored)
		}))
		if err != nil {
			t.Fatal(err)
		}
		if got := b.saved.stateReset.nullSeed.compat; got != tc.want {
			t.Errorf("level of the platform seed %d: level %d of the null seed, want %d", 1-tc.stored, got, tc.want)
		}
	}
}

// Profiles are kept, also one that libtpms takes and could not store again.
func TestLoadProfiles(t *testing.T) {
	for _, tc := range []struct {
		json  string
		level int
	}{
		{"", 1},
		{`{"Name":"default-v1"}`, 7},
		{`{"Name":"default-v2"}`, 8},
		{`{"Name":"custom:small","StateFormatLevel":2,"Commands":"` + nullCommandList + `"}`, 2},
	} {
		o := Options{Seeds: vectorSeeds()}
		if tc.json != "" {
			o.Profile = testProfile(t, tc.json)
		}
		b := newTestTPMWith(t, o).startup(wire.SUClear)
		b.must(nvDefine(0x01500001, wire.NVOwnerRead|wire.NVOwnerWrite, 8))
		n := b.reload()
		if got := n.profile.StateFormatLevel(); got != tc.level || n.profile.JSON() != b.profile.JSON() {
			t.Errorf("%s: level %d, profile %s", tc.json, got, n.profile.JSON())
		}
		n.startup(wire.SUClear)
	}
	p, err := loadProfile(`{"Name":"custom:low","StateFormatLevel":1,"Commands":"` + nullCommandList + `"}`)
	if err != nil {
		t.Fatal(err)
	}
	if p.StateFormatLevel() != 2 {
		t.Errorf("a custom profile of level %d", p.StateFormatLevel())
	}
}

// nullCommandList is the commands of the null profile.
const nullCommandList = "0x11f-0x122,0x124-0x12e,0x130-0x140,0x142-0x159,0x15b-0x15e,0x160-0x165,0x167-0x174,0x176-0x178,0x17a-0x193,0x197"

// Every truncation is refused; a flipped bit makes an error or a TPM that takes commands.
func TestLoadHostile(t *testing.T) {
	for _, name := range []string{"permanent-0.9.2-children", "permanent-0.9.2-shutdown"} {
		blob := goldenState(t, name)[name]
		step := 6
		if testing.Short() {
			step = 29
		}
		for n := 0; n < len(blob); n += step {
			if _, err := loadTest(t, blob[:n]); err == nil {
				t.Fatalf("%s: loads with %d bytes of %d", name, n, len(blob))
			}
		}
		for i := 0; i < 8*len(blob); i += 8*step + 3 {
			hostile := bytes.Clone(blob)
			hostile[i/8] ^= 1 << (i % 8)
			useLoaded(t, hostile)
		}
	}
}

// useLoaded loads state that may be bad, and touches what is in it.
func useLoaded(t testing.TB, permanent []byte) {
	b, err := loadTest(t, permanent)
	if err != nil {
		return
	}
	if b.TPM.Init() != nil {
		return
	}
	again, err := b.PermanentState()
	if err != nil {
		t.Fatalf("state that loads cannot be saved: %v", err)
	}
	if _, err := loadTest(t, again); err != nil {
		t.Fatalf("state that was saved does not load: %v", err)
	}
	use(b)
}

// use runs commands on everything that a TPM holds.
func use(b *testTPM) {
	run := func(c *testCommand) { b.Execute(context.Background(), 0, c.bytes()) }
	run(newCommand(wire.CCStartup).u16(uint16(wire.SUState)))
	run(newCommand(wire.CCStartup).u16(uint16(wire.SUClear)))
	for _, h := range append([]wire.Handle(nil), b.nv.order...) {
		if b.nv.index(h) == nil {
			run(newCommand(wire.CCReadPublic, h))
			continue
		}
		run(newCommand(wire.CCNVReadPublic, h))
		run(newCommand(wire.CCNVRead, wire.RHOwner, h).password("").u16(8).u16(0))
		run(newCommand(wire.CCNVIncrement, wire.RHOwner, h).password(""))
		run(newCommand(wire.CCNVExtend, wire.RHOwner, h).password("").b2([]byte("x")))
		run(newCommand(wire.CCNVUndefineSpace, wire.RHOwner, h).password(""))
	}
	run(newCommand(wire.CCClear, wire.RHLockout).password(""))
	run(newCommand(wire.CCShutdown).u16(uint16(wire.SUState)))
}

func FuzzLoad(f *testing.F) {
	for _, blob := range goldenState(f, "permanent-*") {
		f.Add(blob)
	}
	f.Fuzz(func(t *testing.T, blob []byte) { useLoaded(t, blob) })
}
