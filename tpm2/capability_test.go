package tpm2

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"govtpm/tpm2/wire"
)

func getCapability(capability wire.Cap, property, count uint32) *testCommand {
	return newCommand(wire.CCGetCapability).u32(uint32(capability)).u32(property).u32(count)
}

// capabilityOf runs TPM2_GetCapability and returns moreData and what comes after the capability.
func (b *testTPM) capabilityOf(capability wire.Cap, property, count uint32) (more bool, data wire.TPMUCapabilities) {
	b.t.Helper()
	r := b.must(getCapability(capability, property, count)).params()
	more = r.YesNo()
	var d wire.TPMSCapabilityData
	d.Unmarshal(r)
	if rc := r.End(); rc != wire.RCSuccess || d.Capability != capability {
		b.t.Fatalf("capability %v: %v", capability, rc)
	}
	return more, d.Data
}

func TestCapabilityErrors(t *testing.T) {
	b := newTestTPM(t)
	for _, tc := range []struct {
		capability wire.Cap
		property   uint32
		want       wire.RC
	}{
		{0x0D, 0, wire.RCValue.Parameter(1)},
		{0xFF, 0, wire.RCValue.Parameter(1)},
		{wire.CapVendorProperty, 0, wire.RCValue.Parameter(1)},
		{wire.CapPubKeys, 0, wire.RCValue.Parameter(1)},
		{wire.CapSPDMSessionInfo, 0, wire.RCValue.Parameter(1)},
		{wire.CapSettable, 0, wire.RCValue.Parameter(1)},
		{wire.CapHandles, 0x11000000, wire.RCHandle.Parameter(2)},
		{wire.CapHandles, 0x12000000, wire.RCHandle.Parameter(2)},
		{wire.CapHandles, 0x90000000, wire.RCHandle.Parameter(2)},
		{wire.CapHandles, 0xFFFFFFFF, wire.RCHandle.Parameter(2)},
		{wire.CapPCRs, 1, wire.RCValue.Parameter(2)},
		{wire.CapAuthPolicies, 0x80000000, wire.RCValue.Parameter(2)},
		{wire.CapAuthPolicies, 0, wire.RCValue.Parameter(2)},
		{wire.CapACT, 0x4000010F, wire.RCValue.Parameter(2)},
		{wire.CapACT, 0x40000120, wire.RCValue.Parameter(2)},
		{wire.CapACT, 0x40000110, wire.RCSuccess},
		{wire.CapACT, 0x4000011F, wire.RCSuccess},
	} {
		if got := b.run(getCapability(tc.capability, tc.property, 1)).rc; got != tc.want {
			t.Errorf("capability %#x, property %#x: %v, want %v", uint32(tc.capability), tc.property, got, tc.want)
		}
	}
	b.want(wire.RCInsufficient.Parameter(3), b.run(newCommand(wire.CCGetCapability).u32(0).u32(0)))
	b.want(wire.RCSize, b.run(newCommand(wire.CCGetCapability).u32(0).u32(0).u32(1).u8(0)))
}

// The lists of a new TPM, with the paging rules: "capability property count: moreData list".
func TestCapabilityLists(t *testing.T) {
	b := newTestTPM(t)
	for _, line := range strings.Split(strings.TrimSpace(`
0 0 3: 01 00000000 00000003 000100000009 000300000002 000400000004
0 2 1: 01 00000000 00000001 000300000002
0 10040 ff: 00 00000000 00000005 004000000202 004100000202 004200000202 004300000202 004400000202
0 45 ff: 00 00000000 00000000
0 44 0: 01 00000000 00000000
1 0 2: 01 00000001 00000002 00000000 00000001
1 16 ff: 00 00000001 00000002 00000016 00000017
1 18 ff: 00 00000001 00000000
1 1000000 ff: 00 00000001 00000000
1 2000000 ff: 00 00000001 00000000
1 3000000 ff: 00 00000001 00000000
1 40000000 ff: 00 00000001 00000007 40000001 40000007 40000009 4000000a 4000000b 4000000c 4000000d
1 4000000c 1: 01 00000001 00000001 4000000c
1 40000140 ff: 00 00000001 00000000
1 80000000 ff: 00 00000001 00000000
1 81000000 0: 00 00000001 00000000
2 19b ff: 00 00000002 00000002 0200019b 0200019c
2 0 1: 01 00000002 00000001 0440011f
2 20000000 ff: 00 00000002 00000000
3 0 ff: 00 00000003 00000001 0000012d
3 12e ff: 00 00000003 00000000
3 0 0: 01 00000003 00000000
4 0 ff: 00 00000004 00000001 00000140
5 0 ff: 00 00000005 00000004 0004 03ffffff 000b 03ffffff 000c 03ffffff 000d 03ffffff
5 0 1: 00 00000005 00000004 0004 03ffffff 000b 03ffffff 000c 03ffffff 000d 03ffffff
5 0 0: 01 00000005 00000000
6 0 1: 01 00000006 00000001 00000100 322e3000
6 115 1: 01 00000006 00000001 00000116 00000000
6 130 ff: 00 00000006 00000001 00000130 000000ff
6 131 ff: 00 00000006 00000000
6 214 ff: 00 00000006 00000001 00000214 00000000
6 300 ff: 00 00000006 00000000
6 ffffffff ff: 00 00000006 00000000
6 100 0: 01 00000006 00000000
7 0 ff: 00 00000007 0000000f 0000000003ffff00 0000000103ffff81 0000000203000081 0000000303ffff91 0000000403000081 0000000503ffffff 00000006030000f1 0000000703ffff9f 00000008030000f1 0000000903ffff87 0000000a0300007e 00000011030000e1 000000120300007e 0000001303000000 0000001403000000
7 b 1: 01 00000007 00000001 00000011030000e1
7 15 ff: 00 00000007 00000000
8 0 ff: 00 00000008 00000008 0001 0002 0003 0004 0005 0010 0011 0020
8 6 1: 01 00000008 00000001 0010
8 10020 ff: 00 00000008 00000001 0020
9 40000002 ff: 00 00000009 00000003 4000000a0010 4000000b0010 4000000c0010
9 40000000 1: 01 00000009 00000001 400000010010
a 40000110 ff: 00 0000000a 00000000
`), "\n") {
		var capability, property, count uint32
		in, want, _ := strings.Cut(line, ": ")
		if _, err := fmt.Sscanf(in, "%x %x %x", &capability, &property, &count); err != nil {
			t.Fatal(err)
		}
		r := b.must(getCapability(wire.Cap(capability), property, count))
		if got := hex.EncodeToString(r.body); got != strings.ReplaceAll(want, " ", "") {
			t.Errorf("%s: %s", in, got)
		}
	}
}

// Every algorithm of libtpms with its properties.
func TestCapabilityAlgorithms(t *testing.T) {
	const want = "00000021 000100000009 000300000002 000400000004 000500000104 000600000002 000700000404 00080000030c 000a00000006 " +
		"000b00000004 000c00000004 000d00000004 001400000101 001500000201 001600000101 001700000201 001800000101 001900000401 " +
		"001a00000101 001b00000501 001c00000101 001d00000401 002000000404 002100000404 002200000404 002300000009 002500000008 " +
		"002600000002 003f00000102 004000000202 004100000202 004200000202 004300000202 004400000202"
	for _, name := range []string{"null", "default-v1", "default-v2"} {
		b := newTestTPMWith(t, Options{Seeds: vectorSeeds(), Profile: testProfile(t, `{"Name":"`+name+`"}`)}).startup(wire.SUClear)
		_, d := b.capabilityOf(wire.CapAlgs, 0, 0xFFFFFFFF)
		if got := hex.EncodeToString(wire.Marshal(d.Algorithms)); got != strings.ReplaceAll(want, " ", "") {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// Properties of a new TPM; the table is that of libtpms after its 0.10.
func TestCapabilityProperties(t *testing.T) {
	fixed := map[wire.PT]uint32{
		0x100: 0x322E3000, 0x101: 0, 0x102: 0xB7, 0x103: 0x19, 0x104: 0x7E8, 0x105: 0x49424D00, 0x106: 0x53572020, 0x107: 0x2054504D,
		0x108: 0, 0x109: 0, 0x10A: 1, 0x10B: 0x20240125, 0x10C: 0x120000, 0x10D: 0x400, 0x10E: 3, 0x10F: 7, 0x110: 3, 0x111: 0x40, 0x112: 0x18,
		0x113: 3, 0x114: 0xFFFF, 0x116: 0, 0x117: 0x800, 0x118: 6, 0x119: 0x1000, 0x11A: 0xD, 0x11B: 6, 0x11C: 0x100, 0x11D: 0xFF, 0x11E: 0x1000,
		0x11F: 0x1000, 0x120: 0x40, 0x121: 0xD4C, 0x122: 0x194, 0x123: 1, 0x124: 0, 0x125: 0x106, 0x126: 0x19, 0x127: 0x7E8, 0x128: 0x80,
		0x12B: 0, 0x12C: 0x400, 0x12D: 0, 0x12E: 0x400, 0x12F: 0xA, 0x130: 0xFF,
	}
	variable := map[wire.PT]uint32{
		0x200: 0x400, 0x201: 0x8000000F, 0x202: 0, 0x203: 0, 0x204: 3, 0x205: 0, 0x206: 64, 0x207: 3, 0x208: 0, 0x209: 51, 0x20A: 0, 0x20B: 25,
		0x20C: 0, 0x20D: 8, 0x20E: 0, 0x20F: 3, 0x210: 0x3E8, 0x211: 0x3E8, 0x212: 0, 0x213: 0, 0x214: 0,
	}
	b := newTestTPM(t)
	for _, group := range []struct {
		first uint32
		size  int
		want  map[wire.PT]uint32
	}{{0x100, 48, fixed}, {0x200, 21, variable}} {
		more, d := b.capabilityOf(wire.CapTPMProperties, group.first, 0xFFFFFFFF)
		if more || len(d.TPMProperties) != group.size {
			t.Errorf("group %#x: %d properties, more %v", group.first, len(d.TPMProperties), more)
		}
		for _, p := range d.TPMProperties {
			if want, known := group.want[p.Property]; known && p.Value != want {
				t.Errorf("%v: %#x, want %#x", p.Property, p.Value, want)
			}
		}
	}
	_, d := b.capabilityOf(wire.CapCommands, 0, 0xFFFFFFFF)
	_, total := b.capabilityOf(wire.CapTPMProperties, uint32(wire.PTTotalCommands), 2)
	for _, p := range total.TPMProperties {
		if int(p.Value) != len(d.Command) {
			t.Errorf("%v: %d, but %d are listed", p.Property, p.Value, len(d.Command))
		}
	}
}

// property reads one property.
func (b *testTPM) property(pt wire.PT) uint32 {
	b.t.Helper()
	_, d := b.capabilityOf(wire.CapTPMProperties, uint32(pt), 1)
	if len(d.TPMProperties) != 1 || d.TPMProperties[0].Property != pt {
		b.t.Fatalf("%v is not there", pt)
	}
	return d.TPMProperties[0].Value
}

func TestCapabilityOfState(t *testing.T) {
	b := newTestTPM(t)
	b.must(newCommand(wire.CCHierarchyChangeAuth, wire.RHOwner).password("").b2([]byte("o")))
	b.must(newCommand(wire.CCHierarchyChangeAuth, wire.RHLockout).password("").b2([]byte("l")))
	b.must(newCommand(wire.CCHierarchyControl, wire.RHPlatform).password("").u32(uint32(wire.RHEndorsement)).u8(0))
	b.must(newCommand(wire.CCClearControl, wire.RHPlatform).password("").u8(1))
	if got := b.property(wire.PTPermanent); got != 0x505 {
		t.Errorf("TPMA_PERMANENT %#x", got)
	}
	if got := b.property(wire.PTStartupClear); got != 0x8000000B {
		t.Errorf("TPMA_STARTUP_CLEAR %#x", got)
	}
	b.powerCycle()
	b.startup(wire.SUClear)
	if got := b.property(wire.PTStartupClear); got != 0xF {
		t.Errorf("TPMA_STARTUP_CLEAR after a power loss %#x", got)
	}
	start := func(kind wire.SE) wire.Handle {
		return b.must(newCommand(wire.CCStartAuthSession, wire.RHNull, wire.RHNull).b2(make([]byte, 16)).b2(nil).
			u8(uint8(kind)).u16(uint16(wire.AlgNull)).u16(uint16(wire.AlgSHA256))).handle()
	}
	start(wire.SEHMAC)
	policy := start(wire.SEPolicy)
	_, d := b.capabilityOf(wire.CapHandles, 0x02000000, 10)
	if got := hex.EncodeToString(wire.Marshal(d.Handles)); got != "000000020200000003000001" {
		t.Errorf("loaded sessions %s", got)
	}
	i, _ := sessionIndex(policy)
	if _, err := b.volatile.sessions.save(b.TPM, policy); err != nil || i != 1 {
		t.Fatal(i, err)
	}
	_, d = b.capabilityOf(wire.CapHandles, 0x03000000, 10)
	if got := hex.EncodeToString(wire.Marshal(d.Handles)); got != "0000000102000001" {
		t.Errorf("saved sessions %s", got)
	}
	for pt, want := range map[wire.PT]uint32{wire.PTHRLoaded: 1, wire.PTHRLoadedAvail: 2, wire.PTHRActive: 2, wire.PTHRActiveAvail: 62} {
		if got := b.property(pt); got != want {
			t.Errorf("%v: %d, want %d", pt, got, want)
		}
	}
	digest := make([]byte, 32)
	digest[0] = 5
	b.must(newCommand(wire.CCSetPrimaryPolicy, wire.RHPlatform).password("").b2(digest).u16(uint16(wire.AlgSHA256)))
	_, d = b.capabilityOf(wire.CapAuthPolicies, uint32(wire.RHPlatform), 1)
	if got := d.AuthPolicies[0].PolicyHash; got.HashAlg != wire.AlgSHA256 || got.Digest[0] != 5 {
		t.Errorf("policy of the platform %+v", got)
	}
	b.must(newCommand(wire.CCHashSequenceStart).b2(nil).u16(uint16(wire.AlgSHA256)))
	_, d = b.capabilityOf(wire.CapHandles, 0x80000000, 10)
	if len(d.Handles) != 1 || b.property(wire.PTHRTransientAvail) != 2 {
		t.Errorf("objects %x", d.Handles)
	}
}

func TestTestParms(t *testing.T) {
	for _, tc := range []struct {
		profile, params string
		want            wire.RC
	}{
		{"default-v2", "0001 0010 0010 1000 00000000", wire.RCSuccess},
		{"default-v1", "0001 0010 0010 1000 00000000", wire.RCValue.Parameter(1)},
		{"default-v1", "0001 0010 0010 0c00 00000000", wire.RCSuccess},
		{"null", "0001 0010 0010 0600 00000000", wire.RCValue.Parameter(1)},
		{"null", "0025 0006 00c0 0043", wire.RCValue.Parameter(1)},
		{"default-v1", "0025 0006 00c0 0043", wire.RCSuccess},
		{"null", "0023 0010 0010 0003 0010", wire.RCSuccess},
		{"null", "0023 0010 0010 0030 0010", wire.RCCurve.Parameter(1)},
		{"null", "0008 0005 0012", wire.RCHash.Parameter(1)},
		{"null", "0004", wire.RCType.Parameter(1)},
		{"null", "0001", wire.RCInsufficient.Parameter(1)},
	} {
		b := newTestTPMWith(t, Options{Seeds: vectorSeeds(), Profile: testProfile(t, `{"Name":"`+tc.profile+`"}`)}).startup(wire.SUClear)
		raw, err := hex.DecodeString(strings.ReplaceAll(tc.params, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		if got := b.run(newCommand(wire.CCTestParms).raw(raw)).rc; got != tc.want {
			t.Errorf("%s: %s: %v, want %v", tc.profile, tc.params, got, tc.want)
		}
	}
}

func TestOneCapability(t *testing.T) {
	b := newTestTPM(t)
	for _, tc := range []struct {
		capability wire.Cap
		property   uint32
		want       string
		rc         wire.RC
	}{
		{wire.CapAlgs, 4, "000400000004", 0},
		{wire.CapAlgs, 2, "", 0},
		{wire.CapHandles, 5, "00000005", 0},
		{wire.CapHandles, 24, "", 0},
		{wire.CapHandles, 0x40000001, "40000001", 0},
		{wire.CapHandles, 0x40000002, "", 0},
		{wire.CapHandles, 0x02000000, "", 0},
		{wire.CapHandles, 0x03000040, "", 0},
		{wire.CapHandles, 0x80000000, "", 0},
		{wire.CapHandles, 0x81000000, "", 0},
		{wire.CapHandles, 0x01000000, "", 0},
		{wire.CapHandles, 0x90000000, "", wire.RCHandle.Parameter(5)},
		{wire.CapCommands, 0x17A, "0000017a", 0},
		{wire.CapCommands, 0x20000000, "", 0},
		{wire.CapPPCommands, 0x12D, "0000012d", 0},
		{wire.CapPPCommands, 0x12E, "", 0},
		{wire.CapAuditCommands, 0x140, "00000140", 0},
		{wire.CapPCRs, 0, "", wire.RCValue.Parameter(4)},
		{wire.CapPCRProperties, 0x11, "00000011030000e1", 0},
		{wire.CapPCRProperties, 0x10, "", 0},
		{wire.CapTPMProperties, 0x112, "0000011200000018", 0},
		{wire.CapTPMProperties, 0x201, "000002018000000f", 0},
		{wire.CapTPMProperties, 0x115, "", 0},
		{wire.CapECCCurves, 3, "0003", 0},
		{wire.CapECCCurves, 6, "", 0},
		{wire.CapAuthPolicies, 0x4000000C, "4000000c0010", 0},
		{wire.CapAuthPolicies, 0x40000007, "", 0},
		{wire.CapAuthPolicies, 0, "", wire.RCValue.Parameter(5)},
		{wire.CapACT, 0x40000110, "", wire.RCValue.Parameter(4)},
		{wire.CapVendorProperty, 0, "", wire.RCValue.Parameter(4)},
	} {
		got, err := b.oneCapability(tc.capability, tc.property)
		if hex.EncodeToString(got) != tc.want || (tc.rc == 0) != (err == nil) || tc.rc != 0 && err != error(tc.rc) {
			t.Errorf("capability %d, property %#x: %x, %v", tc.capability, tc.property, got, err)
		}
	}
}

func TestCapabilityOfSmallProfile(t *testing.T) {
	p := testProfile(t, `{"Name":"custom","Algorithms":"rsa,hmac,aes,mgf1,keyedhash,xor,sha256,sha384,null,oaep,ecdsa,ecdh,`+
		`kdf1-sp800-56a,kdf2,kdf1-sp800-108,ecc,ecc-nist-p256,ecc-nist-p384,symcipher,cfb"}`)
	b := newTestTPMWith(t, Options{Seeds: vectorSeeds(), Profile: p}).startup(wire.SUClear)
	for capability, want := range map[wire.Cap]string{
		wire.CapPCRs:      "00 00000005 00000002 000b03ffffff 000c03ffffff",
		wire.CapECCCurves: "00 00000008 00000002 0003 0004",
	} {
		if got := hex.EncodeToString(b.must(getCapability(capability, 0, 64)).body); got != strings.ReplaceAll(want, " ", "") {
			t.Errorf("capability %d: %s", capability, got)
		}
	}
	if got := b.property(wire.PTLoadedCurves); got != 2 {
		t.Errorf("%d curves", got)
	}
	b.want(wire.RCHash.Parameter(1), b.run(extend(0, wire.AlgSHA1, make([]byte, 20))))
	b.want(wire.RCHash.Parameter(1), b.run(newCommand(wire.CCPCRRead).put(wire.TPMLPCRSelection{selection(wire.AlgSHA1, 0)})))
}
