package tpm2

import (
	"testing"
	"time"

	"govtpm/tpm2/nvstate"
	"govtpm/tpm2/nvstate/nvstatetest"
	"govtpm/tpm2/wire"
)

// oldContext saves an object as libtpms 0.6 and 0.7 did: the memory of its structure.
func (b *testTPM) oldContext(h wire.Handle) []byte {
	b.t.Helper()
	o := b.object(h)
	s, err := objectState(o)
	if err != nil {
		b.t.Fatal(err)
	}
	x := wire.TPMSContext{SavedHandle: wire.SavedObject, Hierarchy: o.hierarchy, Sequence: b.stateReset.objectContextID + 1}
	b.stateReset.objectContextID++
	if err := b.sealContext(&x, nvstatetest.OldContextObject(s)); err != nil {
		b.t.Fatal(err)
	}
	return wire.Marshal(&x)
}

// An object that libtpms 0.6 or 0.7 saved comes back, to libtpms and here, and can be used.
func TestOracleLoadsOldContexts(t *testing.T) {
	b := newTestTPMWith(t, Options{Seeds: vectorSeeds()}).startup(wire.SUClear)
	b.clock.now = time.Since(new(fakeClock).Wall()) // the oracle has the time of day
	parent := b.storagePrimary().handle
	signing := fixedAttributes | wire.ObjectSensitiveDataOrigin | wire.ObjectUserWithAuth | wire.ObjectSign
	_, _, point := basePoint(t)
	decrypt := fixedAttributes | wire.ObjectSensitiveDataOrigin | wire.ObjectUserWithAuth | wire.ObjectDecrypt
	rsassa := &wire.TPMTSigScheme{Scheme: wire.AlgRSASSA, HashAlg: wire.AlgSHA256}
	noTicket := &wire.TPMTTKHashCheck{Tag: wire.STHashCheck, Hierarchy: wire.RHNull}
	first := wire.Handle(0x80000001)
	for _, tt := range []struct {
		name     string
		template *wire.TPM2BPublic
		data     string
		use      *testCommand
	}{
		{"RSA", rsaTemplate(signing, noSymmetric), "", newCommand(wire.CCSign, first).password("").b2(digestOf("signed")).put(rsassa, noTicket)},
		{"ECC", eccTemplate(decrypt, noSymmetric), "", newCommand(wire.CCECDHZGen, first).password("").put(eccPoint(point.X, point.Y))},
		{"sealed", sealTemplate(fixedAttributes | wire.ObjectUserWithAuth), "sealed", newCommand(wire.CCUnseal, first).password("")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := b.createAndLoad(parent, []byte(tt.data), tt.template)
			if h != first {
				t.Fatalf("handle %v", h)
			}
			saved := b.oldContext(h)
			b.must(newCommand(wire.CCFlushContext).u32(uint32(h)))
			o := b.oracle()
			for _, c := range []*testCommand{
				newCommand(wire.CCContextLoad).raw(saved), newCommand(wire.CCReadPublic, first), tt.use, newCommand(wire.CCFlushContext).u32(uint32(first)),
			} {
				if rc := o.agree(b, c); rc != wire.RCSuccess {
					t.Errorf("%v: %v", c.code, rc)
				}
			}
		})
	}
}

// A sequence that was saved then is refused, as by libtpms: it was pointers.
func TestOldSequenceContext(t *testing.T) {
	b := newTestTPM(t)
	x := wire.TPMSContext{SavedHandle: wire.SavedSequence, Hierarchy: wire.RHNull, Sequence: 1}
	payload := make([]byte, nvstate.OldObjectSize)
	payload[1] = byte((nvstate.ObjectOccupied | nvstate.ObjectHashSeq) >> 8)
	if err := b.sealContext(&x, payload); err != nil {
		t.Fatal(err)
	}
	b.want(wire.RCIntegrity.Parameter(1), b.run(newCommand(wire.CCContextLoad).raw(wire.Marshal(&x))))
}
