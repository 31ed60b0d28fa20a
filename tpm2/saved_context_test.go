package tpm2

import (
	"bytes"
	"testing"

	"govtpm/tpm2/wire"
)

// save runs TPM2_ContextSave.
func (b *testTPM) save(h wire.Handle) wire.TPMSContext {
	b.t.Helper()
	var x wire.TPMSContext
	r := b.must(newCommand(wire.CCContextSave, h))
	if x.Unmarshal(r.params()); r.r.End() != wire.RCSuccess {
		b.t.Fatal(r.r.Err())
	}
	return x
}

func loadContext(x wire.TPMSContext) *testCommand { return newCommand(wire.CCContextLoad).put(&x) }

func TestObjectContext(t *testing.T) {
	b := newTestTPM(t)
	key := b.signingKey(wire.RHOwner)
	before := b.must(newCommand(wire.CCReadPublic, key.handle)).body
	x := b.save(key.handle)
	if x.SavedHandle != wire.SavedObject || x.Hierarchy != wire.RHOwner || x.Sequence != 1 {
		t.Errorf("context %+v", x)
	}
	b.flush(key.handle)
	for range maxLoadedObjects {
		h := b.must(loadContext(x)).handle()
		if after := b.must(newCommand(wire.CCReadPublic, h)).body; !bytes.Equal(after, before) {
			t.Error("another object came back")
		}
	}
	b.want(wire.RCObjectMemory, b.run(loadContext(x)))
	b.flush(0x80000000)
	for name, change := range map[string]func(*wire.TPMSContext){
		"sequence":  func(x *wire.TPMSContext) { x.Sequence++ },
		"hierarchy": func(x *wire.TPMSContext) { x.Hierarchy = wire.RHEndorsement },
		"handle":    func(x *wire.TPMSContext) { x.SavedHandle = wire.SavedStClearObject },
		"blob": func(x *wire.TPMSContext) {
			x.ContextBlob = bytes.Clone(x.ContextBlob)
			x.ContextBlob[len(x.ContextBlob)-1] ^= 1
		},
	} {
		bad := x
		change(&bad)
		if r := b.run(loadContext(bad)); r.rc != wire.RCIntegrity.Parameter(1) {
			t.Errorf("changed %s: %v", name, r.rc)
		}
	}
	for n := range len(x.ContextBlob) {
		bad := x
		bad.ContextBlob = x.ContextBlob[:n]
		if r := b.run(loadContext(bad)); r.rc == wire.RCSuccess {
			t.Fatalf("loaded with %d bytes", n)
		}
	}
	b.want(wire.RCReferenceH0, b.run(newCommand(wire.CCContextSave, 0x80000000)))
	b.must(controlCommand(wire.RHOwner, wire.RHOwner, 0))
	b.want(wire.RCHierarchy.Parameter(1), b.run(loadContext(x)))
}

// Contexts end with the TPM Reset, those of stClear objects with the TPM Restart.
func TestContextLifetime(t *testing.T) {
	stClear := wire.Marshal(&eccTemplate(signAttributes|wire.ObjectStClear, noSymmetric).TPMTPublic)
	for _, tc := range []struct {
		name     string
		shutdown wire.SU
		startup  wire.SU
		plain    wire.RC
		stClear  wire.RC
	}{
		{"resume", wire.SUState, wire.SUState, wire.RCSuccess, wire.RCSuccess},
		{"restart", wire.SUState, wire.SUClear, wire.RCSuccess, wire.RCIntegrity.Parameter(1)},
		{"reset", wire.SUClear, wire.SUClear, wire.RCIntegrity.Parameter(1), wire.RCIntegrity.Parameter(1)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := newTestTPM(t)
			plain := b.save(b.signingKey(wire.RHOwner).handle)
			clear := b.save(b.createPrimary(createPrimaryCommand(wire.RHOwner, "", nil, stClear)).handle)
			s := b.startSession(wire.SEHMAC, wire.AlgSHA256, wire.RHNull, nil, plainSession)
			session := b.save(s.handle)
			b.shutdown(tc.shutdown)
			b.powerCycle()
			b.startup(tc.startup)
			b.want(tc.plain, b.run(loadContext(plain)))
			b.want(tc.stClear, b.run(loadContext(clear)))
			if r := b.run(loadContext(session)); (r.rc == wire.RCSuccess) != (tc.plain == wire.RCSuccess) {
				t.Errorf("session: %v", r.rc)
			}
		})
	}
}

// A saved session comes back once, and only its latest context.
func TestSessionContext(t *testing.T) {
	b := newTestTPM(t)
	s := b.startSession(wire.SEHMAC, wire.AlgSHA256, wire.RHOwner, nil, plainSession)
	use := func() *testResponse {
		return s.run(newCommand(wire.CCClockSet, wire.RHOwner).u64(b.orderly.clock), nil)
	}
	first := b.save(s.handle)
	b.want(wire.RCReferenceS0, b.run(newCommand(wire.CCClockSet, wire.RHOwner).session(s.handle, nil, 1, nil).u64(0)))
	b.want(wire.RCReferenceH0, b.run(newCommand(wire.CCContextSave, s.handle)))
	b.must(loadContext(first))
	b.want(wire.RCSuccess, use())
	b.want(wire.RCHandle.Parameter(1), b.run(loadContext(first)))
	second := b.save(s.handle)
	b.want(wire.RCHandle.Parameter(1), b.run(loadContext(first)))
	b.must(loadContext(second))
	b.want(wire.RCSuccess, use())
	b.save(s.handle)
	b.flush(s.handle) // a saved session may be flushed
	b.want(wire.RCHandle.Parameter(1), b.run(newCommand(wire.CCFlushContext).put(s.handle)))
}

// Saving makes room for more sessions than fit, up to the handles there are.
func TestManySessions(t *testing.T) {
	b := newTestTPM(t)
	var saved []wire.TPMSContext
	for range maxActiveSessions {
		s := b.startSession(wire.SEHMAC, wire.AlgSHA256, wire.RHNull, nil, plainSession)
		saved = append(saved, b.save(s.handle))
	}
	start := newCommand(wire.CCStartAuthSession, wire.RHNull, wire.RHNull).b2(make([]byte, 16)).b2(nil).u8(0).put(&plainSession, wire.AlgSHA256)
	b.want(wire.RCSessionHandles, b.run(start))
	for i := range maxLoadedSessions {
		b.must(loadContext(saved[i]))
	}
	b.want(wire.RCSessionMemory, b.run(loadContext(saved[5])))
}

// The oldest context has to be recycled before its number comes round again.
func TestContextGap(t *testing.T) {
	b := newTestTPM(t)
	old := b.startSession(wire.SEHMAC, wire.AlgSHA256, wire.RHNull, nil, plainSession)
	oldest := b.save(old.handle)
	s := b.startSession(wire.SEHMAC, wire.AlgSHA256, wire.RHNull, nil, plainSession)
	b.stateReset.contextCounter += 0xFFFF // as after so many saves: the low bits are those of the oldest
	if uint16(b.stateReset.contextCounter) != uint16(oldest.Sequence) {
		t.Fatalf("counter %#x, oldest %#x", b.stateReset.contextCounter, oldest.Sequence)
	}
	b.want(wire.RCContextGap, b.run(newCommand(wire.CCContextSave, s.handle)))
	b.must(loadContext(oldest))
	b.must(newCommand(wire.CCContextSave, s.handle))
	b.must(newCommand(wire.CCContextSave, old.handle))
}

func TestEvictControl(t *testing.T) {
	b := newTestTPM(t)
	owner, platform := b.storagePrimary(), b.signingKey(wire.RHPlatform)
	null := b.signingKey(wire.RHNull)
	evict := func(auth, object, persistent wire.Handle) *testCommand {
		return newCommand(wire.CCEvictControl, auth, object).password("").put(persistent)
	}
	for _, tc := range []struct {
		name string
		cmd  *testCommand
		want wire.RC
	}{
		{"NULL hierarchy", evict(wire.RHOwner, null.handle, 0x81000001), wire.RCAttributes.Handle(2)},
		{"owner's object by the platform", evict(wire.RHPlatform, owner.handle, 0x81800001), wire.RCHierarchy.Handle(2)},
		{"platform's object by the owner", evict(wire.RHOwner, platform.handle, 0x81000001), wire.RCHierarchy.Handle(2)},
		{"owner in the platform's range", evict(wire.RHOwner, owner.handle, 0x81800000), wire.RCRange.Parameter(1)},
		{"platform in the owner's range", evict(wire.RHPlatform, platform.handle, 0x817FFFFF), wire.RCRange.Parameter(1)},
		{"no persistent handle", evict(wire.RHOwner, owner.handle, 0x80000005), wire.RCValue.Parameter(1)},
		{"owner", evict(wire.RHOwner, owner.handle, 0x81000001), wire.RCSuccess},
		{"again", evict(wire.RHOwner, owner.handle, 0x81000001), wire.RCNVDefined},
		{"platform", evict(wire.RHPlatform, platform.handle, 0x81800001), wire.RCSuccess},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b.t = t
			b.want(tc.want, b.run(tc.cmd))
		})
	}
	b.t = t
	b.flush(owner.handle)
	b.flush(null.handle)
	b.powerCycle()
	b.startup(wire.SUClear)
	r := b.must(newCommand(wire.CCReadPublic, 0x81000001))
	if !bytes.Equal(r.b2(), owner.public) {
		t.Error("another key is persistent")
	}
	b.want(wire.RCHandle.Handle(2), b.run(evict(wire.RHOwner, 0x81000001, 0x81000002)))
	b.want(wire.RCHandle.Handle(2), b.run(evict(wire.RHPlatform, 0x81000001, 0x81000002)))
	b.want(wire.RCHierarchy.Handle(2), b.run(evict(wire.RHOwner, 0x81800001, 0x81800001)))
	b.want(wire.RCHierarchy.Handle(2), b.run(evict(wire.RHOwner, 0x81800001, 0x81000002)))
	b.want(wire.RCSuccess, b.run(evict(wire.RHPlatform, 0x81000001, 0x81000001)))
	b.want(wire.RCHandle.Handle(1), b.run(newCommand(wire.CCReadPublic, 0x81000001)))
}
