package tpm2

import (
	"bytes"
	"testing"

	"govtpm/tpm2/wire"
)

// work does a bit of everything.
func (b *testTPM) work() {
	b.t.Helper()
	b.must(newCommand(wire.CCHierarchyChangeAuth, wire.RHOwner).password("").b2([]byte("owner")))
	b.must(newCommand(wire.CCHierarchyChangeAuth, wire.RHOwner).password("owner").b2(nil))
	b.must(newCommand(wire.CCHierarchyChangeAuth, wire.RHPlatform).password("").b2([]byte("platform")))
	b.must(newCommand(wire.CCHierarchyChangeAuth, wire.RHPlatform).password("platform").b2(nil))
	const ordinary, orderly, counter = wire.Handle(0x01000001), wire.Handle(0x01000002), wire.Handle(0x01000003)
	b.define(nvPublic(ordinary, nvOpen|wire.NVReadStClear, 8))
	b.define(nvPublic(orderly, nvOpen|wire.NVOrderly, 8))
	b.define(nvPublic(counter, nvOpen|wire.NVOrderly|nvType(wire.NTCounter), 8))
	b.must(nvCommand(wire.CCNVWrite, ordinary).b2([]byte("ordinary")).u16(0))
	b.must(nvCommand(wire.CCNVWrite, orderly).b2([]byte("orderly.")).u16(0))
	b.must(nvCommand(wire.CCNVIncrement, counter))
	b.must(nvCommand(wire.CCNVReadLock, ordinary))
	b.must(newCommand(wire.CCPCRExtend, 10).password("").u32(1).put(wire.AlgSHA256).raw(digestOf("event")))
	b.must(newCommand(wire.CCSetPrimaryPolicy, wire.RHPlatform).password("").b2(digestOf("policy")).put(wire.AlgSHA256))
	b.must(newCommand(wire.CCSetCommandCodeAuditStatus, wire.RHOwner).password("").put(wire.AlgNull, wire.TPMLCC{wire.CCReadClock}, wire.TPMLCC{}))
	b.must(newCommand(wire.CCReadClock))
	b.must(newCommand(wire.CCECEphemeral).put(wire.CurveNISTP256))
	b.policy(wire.SEPolicy)
	b.must(newCommand(wire.CCContextSave, b.policy(wire.SEPolicy).handle))
	h := b.addKey(rsaObject(wire.ObjectSign, wire.AlgNull, 0))
	b.must(newCommand(wire.CCEvictControl, wire.RHOwner, h).password("").u32(0x81000001))
	b.must(newCommand(wire.CCClockRateAdjust, wire.RHOwner).password("").u8(1))
	b.must(newCommand(wire.CCHierarchyControl, wire.RHEndorsement).password("").put(wire.RHEndorsement).u8(0))
	b.must(newCommand(wire.CCStirRandom).b2([]byte("x")))
}

// whole is everything that the TPM has, and what it saved.
func (b *testTPM) whole() []byte {
	b.t.Helper()
	state, err := b.VolatileState()
	if err != nil {
		b.t.Fatal(err)
	}
	return append(state, b.storage.state...)
}

// A TPM that is powered on again is as one made of its saved state.
func TestInitAgain(t *testing.T) {
	for _, tc := range []struct {
		name     string
		shutdown []wire.SU
		start    wire.SU
	}{
		{"no shutdown", nil, wire.SUClear},
		{"reset", []wire.SU{wire.SUClear}, wire.SUClear},
		{"restart", []wire.SU{wire.SUState}, wire.SUClear},
		{"resume", []wire.SU{wire.SUState}, wire.SUState},
	} {
		b := newExtendedTPM(t)
		b.work()
		for _, su := range tc.shutdown {
			b.shutdown(su)
		}
		other := b.reload()
		b.powerCycle()
		var states [2][]byte
		for i, x := range []*testTPM{b, other} {
			x.env.Entropy.(*countingEntropy).n = 7
			x.startup(tc.start)
			states[i] = x.whole()
		}
		if !bytes.Equal(states[0], states[1]) {
			firstDifference(t, tc.name, states[0], states[1])
		}
	}
}

// What a fault of the engine left behind is gone with the next power-on, as is what could not be saved: the caller was told that it failed.
func TestInitAfterFault(t *testing.T) {
	spoil := func(b *testTPM, end func() error) *testCommand {
		row := command{code: wire.CCReadClock, run: bare(func(t *TPM, c *call) error {
			renew(&t.persistent.ownerAuth, []byte("half"))
			clear(t.persistent.spSeed.value)
			t.nv.indexes[0x01000001].data[0] = 'X'
			delete(t.nv.persistent, 0x81000001)
			t.persistent.orderlyState = 0x1234
			t.markPermanent()
			return end()
		})}
		b.commands = append([]*command(nil), b.commands...) // other TPMs share them
		b.commands[uint32(row.code)-firstCommand] = &row
		return newCommand(wire.CCReadClock)
	}
	for name, fault := range map[string]func(b *testTPM) *testCommand{
		"internal fault": func(b *testTPM) *testCommand { return spoil(b, func() error { return internalf("of a test") }) },
		"panic":          func(b *testTPM) *testCommand { return spoil(b, func() error { panic("of a test") }) },
		"failed write": func(b *testTPM) *testCommand {
			b.storage.failing = true
			return newCommand(wire.CCHierarchyChangeAuth, wire.RHOwner).password("").b2([]byte("lost"))
		},
		"self-test": func(b *testTPM) *testCommand {
			b.volatile.selfTest.answer = func(wire.Alg) error { return errWrongAnswer }
			return newCommand(wire.CCSelfTest).u8(1)
		},
	} {
		b := newExtendedTPM(t)
		b.work()
		stored := bytes.Clone(b.storage.state)
		b.want(wire.RCFailure, b.run(fault(b)))
		if !bytes.Equal(b.storage.state, stored) {
			t.Errorf("%s: something was saved", name)
		}
		b.storage.failing = false
		other := b.reload()
		b.powerCycle()
		if b.Failure() != nil {
			t.Errorf("%s: %v", name, b.Failure())
		}
		for _, x := range []*testTPM{b, other} {
			x.env.Entropy.(*countingEntropy).n = 7
			x.startup(wire.SUClear)
		}
		firstDifference(t, name, b.whole(), other.whole())
		b.must(newCommand(wire.CCHierarchyChangeAuth, wire.RHOwner).password("").b2([]byte("next")))
		b.must(newCommand(wire.CCReadPublic, 0x81000001))
		if got := b.reload().startup(wire.SUClear).persistent.ownerAuth; string(got) != "next" {
			t.Errorf("%s: then saved %q", name, got)
		}
	}
}

// A TPM that failed and has nothing to go on with does not come back as if nothing had been.
func TestInitAfterFaultWithoutState(t *testing.T) {
	b := newTestTPM(t)
	good := b.storage.state
	b.fail(errStorage)
	b.storage.state = good[:len(good)/2]
	if err := b.Init(); err == nil || b.Failure() == nil {
		t.Errorf("with state that is damaged: %v, failure %v", err, b.Failure())
	}
	if len(b.storage.given) != len(good)/2 || len(bytes.Trim(b.storage.given, "\x00")) != 0 {
		t.Error("the damaged state is left in memory")
	}
	b.want(wire.RCFailure, b.run(newCommand(wire.CCStartup).u16(uint16(wire.SUClear))))
	b.storage.state = good
	b.powerCycle()
	b.startup(wire.SUClear)

	// A new TPM that could not be saved yet is tried again.
	n := &testTPM{t: t, clock: new(fakeClock), storage: &memoryStorage{failing: true}}
	var err error
	if n.TPM, err = Manufacture(Environment{Entropy: new(countingEntropy), Clock: n.clock, Storage: n.storage}, Options{Seeds: vectorSeeds()}); err != nil {
		t.Fatal(err)
	}
	if err := n.Init(); err == nil {
		t.Error("a TPM that was not saved is on")
	}
	n.storage.failing = false
	n.powerCycle()
	n.startup(wire.SUClear)
}
