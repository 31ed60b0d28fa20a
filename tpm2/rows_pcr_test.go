package tpm2

import (
	"bytes"

	"govtpm/tpm2/wire"
)

// Rows of the commands of Part 3, clause 22.

func pcrRows() []commandRow {
	event := digestOf("event")
	at17 := withHandle(1, 17) // from locality 2 on
	none := func(alg wire.Alg) wire.TPMSPCRSelection { return selection(alg) }
	all := func(f func(wire.Alg) wire.TPMSPCRSelection) *wire.TPMLPCRSelection {
		return &wire.TPMLPCRSelection{f(wire.AlgSHA1), f(wire.AlgSHA256), f(wire.AlgSHA384), f(wire.AlgSHA512)}
	}
	return []commandRow{
		{
			code: wire.CCPCRExtend,
			good: func(b *testTPM) (*testCommand, func(*testResponse)) {
				return extend(5, wire.AlgSHA256, event), func(r *testResponse) {
					if got := b.pcrValue(wire.AlgSHA256, 5); !bytes.Equal(got, hashOf(wire.AlgSHA256, make([]byte, 32), event)) {
						r.t.Errorf("%x", got)
					}
				}
			},
			faults: []rowFault{{"a PCR that the locality may not extend", at17, wire.RCLocality}},
		},
		{
			code: wire.CCPCREvent,
			good: func(b *testTPM) (*testCommand, func(*testResponse)) {
				return newCommand(wire.CCPCREvent, 5).password("").b2([]byte("event")), func(r *testResponse) {
					var values wire.TPMLDigestValues
					values.Unmarshal(r.params())
					for i, alg := range b.profile.hashes() {
						if want := hashOf(alg, []byte("event")); !bytes.Equal(values[i].Digest, want) || !bytes.Equal(b.pcrValue(alg, 5), hashOf(alg, make([]byte, digestSize(alg)), want)) {
							r.t.Errorf("%v: %x", alg, values[i].Digest)
						}
					}
				}
			},
			faults: []rowFault{{"a PCR that the locality may not extend", at17, wire.RCLocality}},
		},
		{
			code: wire.CCPCRRead,
			good: func(b *testTPM) (*testCommand, func(*testResponse)) {
				b.must(extend(16, wire.AlgSHA256, event))
				return newCommand(wire.CCPCRRead).put(pcr16()), func(r *testResponse) {
					counter := r.params().Uint32()
					var sel wire.TPMLPCRSelection
					var values wire.TPMLDigest
					sel.Unmarshal(r.params())
					values.Unmarshal(r.params())
					if counter != b.stateReset.pcrCounter || !bytes.Equal(wire.Marshal(&sel), wire.Marshal(pcr16())) || len(values) != 1 ||
						!bytes.Equal(values[0], hashOf(wire.AlgSHA256, make([]byte, 32), event)) {
						r.t.Errorf("%d %v %x", counter, sel, values)
					}
				}
			},
			plain: "PCRs that are not there are left out",
		},
		{
			code: wire.CCPCRAllocate,
			good: func(b *testTPM) (*testCommand, func(*testResponse)) {
				c := newCommand(wire.CCPCRAllocate, wire.RHPlatform).password("").put(&wire.TPMLPCRSelection{none(wire.AlgSHA1)})
				return c, func(r *testResponse) {
					p := r.params()
					if ok, count, needed, available := p.Uint8(), p.Uint32(), p.Uint32(), p.Uint32(); ok != 1 || count != 24 || needed != 24*(32+48+64) || available != 24*(20+32+48+64) {
						r.t.Errorf("%d %d %d %d", ok, count, needed, available)
					}
					b.powerCycle()
					b.startup(wire.SUClear)
					if b.readPCR(wire.AlgSHA1, 0) != "" || b.readPCR(wire.AlgSHA256, 0) == "" {
						r.t.Error("the allocation is not in force")
					}
				}
			},
			faults: []rowFault{
				{"no PCR left", withParam(1, all(none)), wire.RCPCR},
				{"no PCR for the H-CRTM", withParam(1, all(func(alg wire.Alg) wire.TPMSPCRSelection { return selection(alg, 17) })), wire.RCPCR},
				{"no PCR for the DRTM", withParam(1, all(func(alg wire.Alg) wire.TPMSPCRSelection { return selection(alg, 0) })), wire.RCPCR},
			},
		},
		{
			// No PCR of this platform is in a group that has a policy or an authValue (pcrAttributes).
			code: wire.CCPCRSetAuthPolicy, never: wire.RCValue.Parameter(3),
			good: func(*testTPM) (*testCommand, func(*testResponse)) {
				return newCommand(wire.CCPCRSetAuthPolicy, wire.RHPlatform).password("").b2(event).put(wire.AlgSHA256).u32(20), nil
			},
			faults: []rowFault{
				{"another size", withParam(1, p2b(event[1:])), wire.RCSize.Parameter(1)},
				{"a policy and no hash", withParam(2, wire.AlgNull), wire.RCSize.Parameter(1)},
			},
		},
		{
			code: wire.CCPCRSetAuthValue, never: wire.RCValue, // without position, as libtpms does
			good: func(*testTPM) (*testCommand, func(*testResponse)) {
				return newCommand(wire.CCPCRSetAuthValue, 20).password("").b2([]byte("new")), nil
			},
			faults: []rowFault{{"another PCR", withHandle(1, 0), wire.RCValue}},
		},
		{
			code: wire.CCPCRReset,
			good: func(b *testTPM) (*testCommand, func(*testResponse)) {
				b.must(extend(16, wire.AlgSHA256, event))
				return newCommand(wire.CCPCRReset, 16).password(""), func(r *testResponse) {
					if got := b.pcrValue(wire.AlgSHA256, 16); !bytes.Equal(got, make([]byte, 32)) {
						r.t.Errorf("%x", got)
					}
				}
			},
			faults: []rowFault{{"a PCR that the locality may not reset", withHandle(1, 0), wire.RCLocality}},
		},
	}
}
