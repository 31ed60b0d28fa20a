package tpm2

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"govtpm/tpm2/wire"
)

// selection builds a selection of PCRs of one bank.
func selection(alg wire.Alg, pcrs ...int) wire.TPMSPCRSelection {
	s := wire.TPMSPCRSelection{Hash: alg, Select: make(wire.TPMSPCRSelect, 3)}
	for _, pcr := range pcrs {
		s.Select.Set(pcr)
	}
	return s
}

func allOf(alg wire.Alg) wire.TPMSPCRSelection {
	return wire.TPMSPCRSelection{Hash: alg, Select: wire.TPMSPCRSelect{0xFF, 0xFF, 0xFF}}
}

// readPCR reads one PCR of one bank as hexadecimal; empty when it is not allocated.
func (b *testTPM) readPCR(alg wire.Alg, pcr int) string {
	b.t.Helper()
	r := b.must(newCommand(wire.CCPCRRead).put(wire.TPMLPCRSelection{selection(alg, pcr)})).params()
	r.Uint32()
	var sel wire.TPMLPCRSelection
	var values wire.TPMLDigest
	sel.Unmarshal(r)
	values.Unmarshal(r)
	if rc := r.End(); rc != wire.RCSuccess {
		b.t.Fatal(rc)
	}
	if len(values) == 0 {
		return ""
	}
	return hex.EncodeToString(values[0])
}

// pcrCounterNow is pcrUpdateCounter as TPM2_PCR_Read tells it.
func (b *testTPM) pcrCounterNow() uint32 {
	b.t.Helper()
	return b.must(newCommand(wire.CCPCRRead).u32(0)).params().Uint32()
}

func extend(h wire.Handle, alg wire.Alg, digest []byte) *testCommand {
	return newCommand(wire.CCPCRExtend, h).password("").put(wire.TPMLDigestValues{{HashAlg: alg, Digest: digest}})
}

func TestPCRLocalities(t *testing.T) {
	// Part 3, 22.2 and 22.8, with the localities of the PC Client platform.
	pcrs := func(ranges ...int) map[int]bool {
		m := make(map[int]bool)
		for i := 0; i < len(ranges); i += 2 {
			for pcr := ranges[i]; pcr <= ranges[i+1]; pcr++ {
				m[pcr] = true
			}
		}
		return m
	}
	for locality, tc := range []struct{ reset, extend map[int]bool }{
		{pcrs(16, 16, 23, 23), pcrs(0, 16, 23, 23)},
		{pcrs(16, 16, 23, 23), pcrs(0, 16, 20, 20, 23, 23)},
		{pcrs(16, 16, 20, 23), pcrs(0, 23)},
		{pcrs(16, 16, 20, 23), pcrs(0, 20, 23, 23)},
		{pcrs(), pcrs(0, 18, 23, 23)},
		32: {pcrs(), pcrs()},
	} {
		b := newTestTPM(t)
		b.locality = uint8(locality)
		if locality > 4 && locality < 32 {
			continue
		}
		for pcr := range implementationPCR {
			h := wire.Handle(pcr)
			want := func(allowed bool) wire.RC {
				if allowed {
					return wire.RCSuccess
				}
				return wire.RCLocality
			}
			for name, got := range map[string]struct{ rc, want wire.RC }{
				"extend": {b.run(extend(h, wire.AlgSHA1, make([]byte, 20))).rc, want(tc.extend[pcr])},
				"event":  {b.run(newCommand(wire.CCPCREvent, h).password("").b2([]byte("x"))).rc, want(tc.extend[pcr])},
				"reset":  {b.run(newCommand(wire.CCPCRReset, h).password("")).rc, want(tc.reset[pcr])},
			} {
				if got.rc != got.want {
					t.Errorf("locality %d, PCR %d, %s: %v, want %v", locality, pcr, name, got.rc, got.want)
				}
			}
		}
	}
}

func TestPCRCommandErrors(t *testing.T) {
	b := newTestTPM(t)
	sha1 := wire.TPMLDigestValues{{HashAlg: wire.AlgSHA1, Digest: make([]byte, 20)}}
	five := append(append(wire.TPMLDigestValues{}, sha1...), append(append(append(wire.TPMLDigestValues{}, sha1...), sha1...), append(sha1, sha1...)...)...)
	for _, tc := range []struct {
		name string
		cmd  *testCommand
		want wire.RC
	}{
		{"extend PCR 24", newCommand(wire.CCPCRExtend, 24).password("").put(sha1), wire.RCValue.Handle(1)},
		{"extend without session", newCommand(wire.CCPCRExtend, 0).put(sha1), wire.RCAuthMissing},
		{"extend with a wrong password", newCommand(wire.CCPCRExtend, 0).password("x").put(sha1), wire.RCBadAuth.Session(1)},
		{"extend with an unknown hash", newCommand(wire.CCPCRExtend, 0).password("").u32(1).u16(0x12).raw(make([]byte, 32)), wire.RCHash.Parameter(1)},
		{"extend with no hash", newCommand(wire.CCPCRExtend, 0).password("").u32(1).u16(0x10), wire.RCHash.Parameter(1)},
		{"extend with five digests", newCommand(wire.CCPCRExtend, 0).password("").put(five), wire.RCSize.Parameter(1)},
		{"extend with four digests", newCommand(wire.CCPCRExtend, 0).password("").put(five[:4]), wire.RCSuccess},
		{"extend with no digest", newCommand(wire.CCPCRExtend, 0).password("").u32(0), wire.RCSuccess},
		{"extend with a short digest", newCommand(wire.CCPCRExtend, 0).password("").u32(1).u16(4).raw(make([]byte, 19)), wire.RCInsufficient.Parameter(1)},
		{"extend nothing", newCommand(wire.CCPCRExtend, wire.RHNull).password("").put(sha1), wire.RCSuccess},
		{"event too long", newCommand(wire.CCPCREvent, 0).password("").b2(make([]byte, 1025)), wire.RCSize.Parameter(1)},
		{"longest event", newCommand(wire.CCPCREvent, 0).password("").b2(make([]byte, 1024)), wire.RCSuccess},
		{"empty event", newCommand(wire.CCPCREvent, 0).password("").b2(nil), wire.RCSuccess},
		{"read an unknown bank", newCommand(wire.CCPCRRead).u32(1).u16(0x12).raw([]byte{3, 1, 0, 0}), wire.RCHash.Parameter(1)},
		{"read with two octets of selection", newCommand(wire.CCPCRRead).u32(1).u16(4).raw([]byte{2, 1, 0}), wire.RCValue.Parameter(1)},
		{"read with four octets of selection", newCommand(wire.CCPCRRead).u32(1).u16(4).raw([]byte{4, 1, 0, 0, 0}), wire.RCValue.Parameter(1)},
		{"read five banks", newCommand(wire.CCPCRRead).u32(5).raw(bytes.Repeat([]byte{0, 4, 3, 1, 0, 0}, 5)), wire.RCSize.Parameter(1)},
		{"reset PCR 0", newCommand(wire.CCPCRReset, 0).password(""), wire.RCLocality},
		{"reset nothing", newCommand(wire.CCPCRReset, wire.RHNull).password(""), wire.RCValue.Handle(1)},
		{"set a policy of a wrong size", newCommand(wire.CCPCRSetAuthPolicy, wire.RHPlatform).password("").b2(make([]byte, 31)).u16(0xB).u32(20), wire.RCSize.Parameter(1)},
		{"set a policy without hash", newCommand(wire.CCPCRSetAuthPolicy, wire.RHPlatform).password("").b2(make([]byte, 32)).u16(0x10).u32(20), wire.RCSize.Parameter(1)},
		{"set a policy outside groups", newCommand(wire.CCPCRSetAuthPolicy, wire.RHPlatform).password("").b2(make([]byte, 32)).u16(0xB).u32(20), wire.RCValue.Parameter(3)},
		{"set a policy of no PCR", newCommand(wire.CCPCRSetAuthPolicy, wire.RHPlatform).password("").b2(nil).u16(0x10).u32(24), wire.RCValue.Parameter(3)},
		{"set a policy as owner", newCommand(wire.CCPCRSetAuthPolicy, wire.RHOwner).password("").b2(nil).u16(0x10).u32(20), wire.RCValue.Handle(1)},
		{"set an authValue outside groups", newCommand(wire.CCPCRSetAuthValue, 20).password("").b2([]byte("x")), wire.RCValue},
		{"set an authValue too long", newCommand(wire.CCPCRSetAuthValue, 20).password("").b2(make([]byte, 65)), wire.RCSize.Parameter(1)},
		{"allocate as owner", newCommand(wire.CCPCRAllocate, wire.RHOwner).password("").u32(0), wire.RCValue.Handle(1)},
	} {
		if got := b.run(tc.cmd).rc; got != tc.want {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
		}
	}
}

func TestPCRExtendAndEvent(t *testing.T) {
	b := newTestTPM(t)
	before := b.pcrCounterNow()
	digest := bytes.Repeat([]byte{7}, 32)
	b.must(extend(5, wire.AlgSHA256, digest))
	want := hashOf(wire.AlgSHA256, make([]byte, 32), digest)
	if got := b.readPCR(wire.AlgSHA256, 5); got != hex.EncodeToString(want) {
		t.Errorf("extended PCR is %s", got)
	}
	if got := b.readPCR(wire.AlgSHA1, 5); got != strings.Repeat("00", 20) {
		t.Errorf("PCR of another bank is %s", got)
	}
	r := b.must(newCommand(wire.CCPCREvent, 5).password("").b2([]byte("event"))).params()
	var got wire.TPMLDigestValues
	got.Unmarshal(r)
	for i, alg := range []wire.Alg{wire.AlgSHA1, wire.AlgSHA256, wire.AlgSHA384, wire.AlgSHA512} {
		if got[i].HashAlg != alg || !bytes.Equal(got[i].Digest, hashOf(alg, []byte("event"))) {
			t.Errorf("digest %d of the event: %v %x", i, got[i].HashAlg, got[i].Digest)
		}
	}
	if got := b.readPCR(wire.AlgSHA256, 5); got != hex.EncodeToString(hashOf(wire.AlgSHA256, want, hashOf(wire.AlgSHA256, []byte("event")))) {
		t.Errorf("PCR after the event is %s", got)
	}
	if n := b.pcrCounterNow() - before; n != 5 { // one for each bank extended
		t.Errorf("pcrUpdateCounter grew by %d", n)
	}
	before = b.pcrCounterNow()
	b.must(extend(16, wire.AlgSHA256, digest))
	b.must(newCommand(wire.CCPCRReset, 16).password(""))
	b.must(newCommand(wire.CCPCREvent, wire.RHNull).password("").b2([]byte("event")))
	if n := b.pcrCounterNow() - before; n != 0 {
		t.Errorf("pcrUpdateCounter grew by %d for the debug PCR", n)
	}
	if got := b.readPCR(wire.AlgSHA256, 16); got != strings.Repeat("00", 32) {
		t.Errorf("PCR 16 after the reset is %s", got)
	}
}

func TestPCRReadTakesEight(t *testing.T) {
	b := newTestTPM(t)
	for _, tc := range []struct{ in, out string }{
		{"00000001 0004 03ffffff", "00000001 0004 03ff0000 08"},
		{"00000001 0004 03ff0000", "00000001 0004 03ff0000 08"},
		{"00000002 0004 03ff0000 000b 03010000", "00000002 0004 03ff0000 000b 03000000 08"},
		{"00000003 0004 03070000 000b 03fc0000 000c 03ffffff", "00000003 0004 03070000 000b 037c0000 000c 03000000 08"},
		{"00000001 0004 0300ffff", "00000001 0004 0300ff00 08"},
		{"00000001 000b 03000080", "00000001 000b 03000080 01"},
		{"00000002 000b 03000000 000b 03000001", "00000002 000b 03000000 000b 03000001 01"},
		{"00000000", "00000000 00"},
	} {
		raw, _ := hex.DecodeString(strings.ReplaceAll(tc.in, " ", ""))
		r := b.must(newCommand(wire.CCPCRRead).raw(raw)).params()
		r.Uint32()
		var sel wire.TPMLPCRSelection
		var values wire.TPMLDigest
		sel.Unmarshal(r)
		values.Unmarshal(r)
		if rc := r.End(); rc != wire.RCSuccess {
			t.Fatalf("%s: %v", tc.in, rc)
		}
		got := fmt.Sprintf("%x%02x", wire.Marshal(sel), len(values))
		if got != strings.ReplaceAll(tc.out, " ", "") {
			t.Errorf("%s: %s", tc.in, got)
		}
	}
}

func TestPCRStartup(t *testing.T) {
	zero, ones := strings.Repeat("00", 20), strings.Repeat("ff", 20)
	extended := hex.EncodeToString(hashOf(wire.AlgSHA1, make([]byte, 20), bytes.Repeat([]byte{9}, 20)))
	b := newTestTPM(t)
	check := func(step string, counter uint32, want map[int]string) {
		t.Helper()
		for pcr, v := range want {
			if got := b.readPCR(wire.AlgSHA1, pcr); got != v {
				t.Errorf("%s: PCR %d is %s, want %s", step, pcr, got, v)
			}
		}
		if got := b.pcrCounterNow(); got != counter {
			t.Errorf("%s: pcrUpdateCounter %d, want %d", step, got, counter)
		}
	}
	check("reset", 20, map[int]string{0: zero, 15: zero, 16: zero, 17: ones, 19: ones, 22: ones, 23: zero})
	change := func() {
		b.must(extend(0, wire.AlgSHA1, bytes.Repeat([]byte{9}, 20)))
		b.must(extend(16, wire.AlgSHA1, bytes.Repeat([]byte{9}, 20)))
	}
	change()
	b.shutdown(wire.SUState)
	b.powerCycle()
	b.startup(wire.SUState)
	check("resume", 25, map[int]string{0: extended, 15: zero, 16: zero, 17: ones, 22: ones, 23: zero})
	b.shutdown(wire.SUState)
	b.powerCycle()
	b.startup(wire.SUClear)
	check("restart", 45, map[int]string{0: zero, 16: zero, 17: ones})
	b.shutdown(wire.SUState)
	change() // cancels the shutdown
	b.powerCycle()
	b.want(wire.RCValue.Parameter(1), b.run(newCommand(wire.CCStartup).u16(uint16(wire.SUState))))
	b.locality = 3
	b.startup(wire.SUClear)
	b.locality = 0
	check("reset at locality 3", 20, map[int]string{0: zero[:38] + "03", 1: zero})
}

func TestPCRHashSequences(t *testing.T) {
	b := newTestTPMWith(t, Options{Seeds: vectorSeeds()})
	sequence := func() {
		t.Helper()
		for _, err := range []error{b.HashStart(), b.HashData([]byte("boot")), b.HashEnd()} {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	sequence()
	b.locality = 3
	b.startup(wire.SUClear)
	b.locality = 0
	four := append(make([]byte, 31), 4)
	digest := hashOf(wire.AlgSHA256, []byte("boot"))
	hcrtm := hex.EncodeToString(hashOf(wire.AlgSHA256, four, digest))
	if got := b.readPCR(wire.AlgSHA256, 0); got != hcrtm {
		t.Errorf("PCR 0 after an H-CRTM sequence is %s, want %s", got, hcrtm)
	}
	b.shutdown(wire.SUState)
	b.powerCycle()
	sequence()
	b.startup(wire.SUState)
	if got := b.readPCR(wire.AlgSHA256, 0); got != hcrtm {
		t.Errorf("PCR 0 after resume is %s, want %s", got, hcrtm)
	}
	sequence()
	drtm := hex.EncodeToString(hashOf(wire.AlgSHA256, make([]byte, 32), digest))
	for pcr, want := range map[int]string{0: hcrtm, 17: drtm, 18: strings.Repeat("00", 32), 22: strings.Repeat("00", 32)} {
		if got := b.readPCR(wire.AlgSHA256, pcr); got != want {
			t.Errorf("PCR %d after a DRTM sequence is %s, want %s", pcr, got, want)
		}
	}
}

// An allocation takes a saved state back, but not an orderly shutdown that saved no PCRs.
func TestPCRAllocateAfterShutdown(t *testing.T) {
	for _, tt := range []struct {
		shutdown wire.SU
		safe     bool // the clock, after the next power cycle (Part 1, 36.3)
	}{{wire.SUClear, true}, {wire.SUState, false}} {
		b := newTestTPM(t)
		b.shutdown(tt.shutdown)
		b.must(newCommand(wire.CCPCRAllocate, wire.RHPlatform).password("").put(wire.TPMLPCRSelection{}))
		b.powerCycle()
		b.startup(wire.SUClear)
		if got := b.orderly.clockSafe; got != tt.safe {
			t.Errorf("after %v: clock safe %v, want %v", tt.shutdown, got, tt.safe)
		}
	}
}

func TestPCRAllocate(t *testing.T) {
	b := newTestTPM(t)
	allocate := func(want string, list ...wire.TPMSPCRSelection) {
		t.Helper()
		r := b.run(newCommand(wire.CCPCRAllocate, wire.RHPlatform).password("").put(wire.TPMLPCRSelection(list)))
		got := fmt.Sprintf("%03x", uint32(r.rc))
		if r.rc == wire.RCSuccess {
			got = hex.EncodeToString(r.params().Remaining()[:13])
		}
		if got != want {
			t.Errorf("allocate %v: %s, want %s", list, got, want)
		}
	}
	none := func(alg wire.Alg) wire.TPMSPCRSelection { return selection(alg) }
	allocate("127", none(wire.AlgSHA1), none(wire.AlgSHA256), none(wire.AlgSHA384), none(wire.AlgSHA512))
	allocate("127", none(wire.AlgSHA1), selection(wire.AlgSHA256, 0), none(wire.AlgSHA384), none(wire.AlgSHA512))
	allocate("127", none(wire.AlgSHA1), selection(wire.AlgSHA256, 17), none(wire.AlgSHA384), none(wire.AlgSHA512))
	if b.volatile.pcrReconfigured {
		t.Fatal("a refused allocation was taken")
	}
	b.shutdown(wire.SUState)
	allocate("010000001800000f6000000f60")
	b.want(wire.RCType.Parameter(1), b.run(newCommand(wire.CCShutdown).u16(uint16(wire.SUState))))
	// The last selection of a bank counts, and each command starts from the allocation in force.
	allocate("010000001800000ca000000f60", allOf(wire.AlgSHA256), selection(wire.AlgSHA256, 0, 17))
	allocate("010000001800000d8000000f60", none(wire.AlgSHA1))
	allocate("01000000180000030000000f60", none(wire.AlgSHA1), none(wire.AlgSHA384), none(wire.AlgSHA512))
	if got := b.readPCR(wire.AlgSHA1, 0); got == "" {
		t.Error("the allocation came into force at once")
	}
	b.powerCycle()
	b.want(wire.RCValue.Parameter(1), b.run(newCommand(wire.CCStartup).u16(uint16(wire.SUState))))
	b.startup(wire.SUClear)
	if got := b.readPCR(wire.AlgSHA1, 0); got != "" {
		t.Errorf("PCR 0 of the SHA-1 bank is still there: %s", got)
	}
	if got := b.readPCR(wire.AlgSHA256, 23); got == "" {
		t.Error("PCR 23 of the SHA-256 bank is not there")
	}
	before := b.pcrCounterNow()
	b.must(extend(0, wire.AlgSHA1, make([]byte, 20)))
	if n := b.pcrCounterNow() - before; n != 0 {
		t.Errorf("a PCR that is not allocated counted %d", n)
	}
	b.must(newCommand(wire.CCPCREvent, 0).password("").b2(nil))
	if n := b.pcrCounterNow() - before; n != 1 {
		t.Errorf("an event counted %d", n)
	}
}
