package tpm2

import (
	"bytes"
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"testing"
	"time"

	"govtpm/tpm2/nvstate"
	"govtpm/tpm2/wire"
)

// twin makes a second TPM from the state of b, as if b had been suspended and resumed at once.
func (b *testTPM) twin() *testTPM {
	b.t.Helper()
	volatile, err := b.VolatileState()
	if err != nil {
		b.t.Fatal(err)
	}
	permanent, err := b.PermanentState()
	if err != nil {
		b.t.Fatal(err)
	}
	n, err := loadTest(b.t, permanent)
	if err != nil {
		b.t.Fatal(err)
	}
	n.clock.now = b.clock.now
	n.powerCycle()
	if err := n.RestoreVolatile(volatile); err != nil {
		b.t.Fatal(err)
	}
	again, err := n.VolatileState()
	if err != nil {
		b.t.Fatal(err)
	}
	firstDifference(b.t, "volatile state of the twin", again, volatile)
	// The twin takes in fresh entropy before anything random comes out of it; so must b, and the same.
	b.env.Entropy.(*countingEntropy).n, n.env.Entropy.(*countingEntropy).n = 0, 0
	if err := b.volatile.rand.Reseed(nil); err != nil {
		b.t.Fatal(err)
	}
	return n
}

// One state that is resumed twice does not give the same random numbers twice: a nonce used for two signatures gives the key away.
func TestResumeTwice(t *testing.T) {
	b := newTestTPM(t)
	state, err := b.VolatileState()
	if err != nil {
		t.Fatal(err)
	}
	random := func() []byte { return b.must(newCommand(wire.CCGetRandom).u16(16)).params().TPM2B(64) }
	first := random()
	for range 2 {
		b.powerCycle()
		if err := b.RestoreVolatile(state); err != nil {
			t.Fatal(err)
		}
		if again := random(); bytes.Equal(again, first) {
			t.Fatalf("%x again", again)
		} else {
			first = again
		}
	}
}

// same runs a command on both and wants the same response, down to the last byte: also what is random, for the generator goes on.
func (b *testTPM) same(n *testTPM, c *testCommand) *testResponse {
	b.t.Helper()
	x, y := b.run(c), n.run(c)
	if x.rc != y.rc || !bytes.Equal(x.body, y.body) {
		b.t.Errorf("%v: %v %x, the twin says %v %x", c.code, x.rc, x.body, y.rc, y.body)
	}
	return x
}

func (b *testTPM) sameOK(n *testTPM, c *testCommand) *testResponse {
	b.t.Helper()
	r := b.same(n, c)
	b.want(wire.RCSuccess, r)
	return r
}

func TestResumeInTheMiddle(t *testing.T) {
	b := newTestTPM(t)
	b.clock.now += 5 * time.Second
	b.must(extend(3, wire.AlgSHA256, bytes.Repeat([]byte{3}, 32)))
	b.must(extend(16, wire.AlgSHA1, bytes.Repeat([]byte{4}, 20)))
	b.must(nvDefine(0x01500003, wire.NVOwnerRead|wire.NVOwnerWrite|wire.NVOrderly, 4))
	b.must(nvWriteOwner(0x01500003, []byte("ramX")))
	b.must(newCommand(wire.CCHierarchyChangeAuth, wire.RHPlatform).password("").b2([]byte("pp")))
	b.must(newCommand(wire.CCHierarchyControl, wire.RHPlatform).password("pp").u32(uint32(wire.RHEndorsement)).u8(0))
	key := b.storagePrimary().handle
	hash := b.startHash(wire.AlgSHA384)
	b.must(sequenceUpdateCommand(hash, bytes.Repeat([]byte("0123456789"), 20)))
	policy := b.policy(wire.SEPolicy)
	b.must(newCommand(wire.CCPolicyCommandCode, policy.handle).u32(uint32(wire.CCNVRead)))
	b.must(newCommand(wire.CCPolicyNameHash, b.policy(wire.SETrial).handle).b2(digestOf("names")))
	saved := b.must(newCommand(wire.CCContextSave, policy.handle)).params().Remaining()
	bound := b.startSession(wire.SEHMAC, wire.AlgSHA256, wire.RHPlatform, []byte("pp"), plainSession)
	b.must(newCommand(wire.CCClockRateAdjust, wire.RHPlatform).password("pp").u8(1))

	n := b.twin()
	for _, c := range []*testCommand{
		newCommand(wire.CCReadClock),
		newCommand(wire.CCGetRandom).u16(32),
		newCommand(wire.CCPCRRead).put(wire.TPMLPCRSelection{selection(wire.AlgSHA256, 0, 3), selection(wire.AlgSHA1, 16)}),
		newCommand(wire.CCNVRead, wire.RHOwner, 0x01500003).password("").u16(4).u16(0),
		newCommand(wire.CCReadPublic, key),
		newCommand(wire.CCContextLoad).raw(saved),
		newCommand(wire.CCPolicyGetDigest, policy.handle),
		createCommand(key, "", []byte("sealed"), sealTemplate(fixedAttributes|wire.ObjectUserWithAuth)),
		sequenceCompleteCommand(hash, []byte("end"), wire.RHOwner),
		newCommand(wire.CCGetCapability).u32(uint32(wire.CapHandles)).u32(0x02000000).u32(10),
		newCommand(wire.CCGetCapability).u32(uint32(wire.CapHandles)).u32(0x03000000).u32(10),
		newCommand(wire.CCGetCapability).u32(uint32(wire.CapHandles)).u32(0x80000000).u32(10),
		newCommand(wire.CCGetCapability).u32(uint32(wire.CapTPMProperties)).u32(uint32(wire.PTPermanent)).u32(50),
		newCommand(wire.CCContextSave, key),
		newCommand(wire.CCContextSave, bound.handle),
	} {
		b.sameOK(n, c)
	}
	for _, c := range []*testCommand{
		newCommand(wire.CCHierarchyControl, wire.RHEndorsement).password("").u32(uint32(wire.RHEndorsement)).u8(1),
		newCommand(wire.CCHierarchyChangeAuth, wire.RHPlatform).password("wrong").b2(nil),
		newCommand(wire.CCStartup).u16(0),
	} {
		if r := b.same(n, c); r.rc == wire.RCSuccess {
			t.Errorf("%v succeeds", c.code)
		}
	}
}

// A session that is bound goes on with its key, and the entity counts as bound.
func TestResumeBoundSession(t *testing.T) {
	b := newTestTPM(t)
	b.must(newCommand(wire.CCHierarchyChangeAuth, wire.RHOwner).password("").b2([]byte("owner auth")))
	s := b.startSession(wire.SEHMAC, wire.AlgSHA256, wire.RHOwner, []byte("owner auth"), plainSession)
	s.b = b.twin()
	s.b.want(wire.RCSuccess, s.run(nvDefine(0x01500004, wire.NVOwnerRead|wire.NVOwnerWrite, 4).withoutAuth(), nil))
}

// withoutAuth drops the sessions of a command.
func (c *testCommand) withoutAuth() *testCommand {
	c.auths = nil
	return c
}

// Time and Clock go on by the time of day that went by.
func TestResumeTime(t *testing.T) {
	for _, tc := range []struct {
		away, want time.Duration
	}{{time.Hour, time.Hour}, {0, 0}, {-time.Hour, 0}} {
		b := newTestTPM(t)
		b.clock.now += 10 * time.Second
		before := readClock(b)
		volatile, err := b.VolatileState()
		if err != nil {
			t.Fatal(err)
		}
		n, err := loadTest(t, b.storage.state)
		if err != nil {
			t.Fatal(err)
		}
		n.clock.now = b.clock.now + tc.away
		n.powerCycle()
		if err := n.RestoreVolatile(volatile); err != nil {
			t.Fatal(err)
		}
		n.clock.now += time.Second
		after := readClock(n)
		want := uint64((tc.want + time.Second).Milliseconds())
		if after.Time-before.Time != want || after.ClockInfo.Clock-before.ClockInfo.Clock != want {
			t.Errorf("away %v: Time %d after %d, Clock %d after %d", tc.away, after.Time, before.Time, after.ClockInfo.Clock, before.ClockInfo.Clock)
		}
		if n.persistent.timeEpoch != b.persistent.timeEpoch {
			t.Errorf("time epoch %d after %d", n.persistent.timeEpoch, b.persistent.timeEpoch)
		}
	}
}

func readClock(b *testTPM) (info wire.TPMSTimeInfo) {
	b.t.Helper()
	info.Unmarshal(b.must(newCommand(wire.CCReadClock)).params())
	return info
}

// Lockout that time heals is healed by time away.
func TestResumeHealsLockout(t *testing.T) {
	b := newTestTPM(t)
	b.persistent.failedTries = 2
	b.registerAuthFailure(wire.Handle(0x81000000))
	b.must(newCommand(wire.CCReadClock))
	volatile, _ := b.VolatileState()
	permanent, _ := b.PermanentState()
	n, err := loadTest(t, permanent)
	if err != nil {
		t.Fatal(err)
	}
	n.clock.now = b.clock.now + 2001*time.Second
	n.powerCycle()
	if err := n.RestoreVolatile(volatile); err != nil {
		t.Fatal(err)
	}
	n.must(newCommand(wire.CCReadClock))
	if got := n.persistent.failedTries; got != 1 {
		t.Errorf("%d failed tries left, want 1", got)
	}
}

func TestResumeBeforeStartup(t *testing.T) {
	b := newTestTPMWith(t, Options{Seeds: vectorSeeds()})
	for _, err := range []error{b.HashStart(), b.HashData([]byte("bo"))} {
		if err != nil {
			t.Fatal(err)
		}
	}
	n := b.twin()
	for _, x := range []*testTPM{b, n} {
		for _, err := range []error{x.HashData([]byte("ot")), x.HashEnd()} {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	n = b.twin()
	b.sameOK(n, newCommand(wire.CCStartup).u16(0))
	b.sameOK(n, newCommand(wire.CCPCRRead).put(wire.TPMLPCRSelection{selection(wire.AlgSHA256, 0)}))
}

// An allocation of PCRs that is not in force yet stays so.
func TestResumeBeforeNewAllocation(t *testing.T) {
	b := newTestTPM(t)
	list := wire.TPMLPCRSelection{selection(wire.AlgSHA1), allOf(wire.AlgSHA256), selection(wire.AlgSHA384), selection(wire.AlgSHA512)}
	b.must(newCommand(wire.CCPCRAllocate, wire.RHPlatform).password("").put(list))
	n := b.twin()
	b.sameOK(n, newCommand(wire.CCPCRRead).put(wire.TPMLPCRSelection{selection(wire.AlgSHA1, 0)}))
	if n.readPCR(wire.AlgSHA1, 0) == "" {
		t.Error("the allocation came into force without TPM Reset")
	}
	b.same(n, newCommand(wire.CCShutdown).u16(uint16(wire.SUState)))
}

func TestResumeFailureMode(t *testing.T) {
	b := newTestTPM(t)
	b.fail(errStorage)
	b.volatile.failure.function, b.volatile.failure.line = 7, 9
	n := b.twin()
	b.sameOK(n, newCommand(wire.CCGetTestResult))
	b.want(wire.RCFailure, b.same(n, newCommand(wire.CCReadClock)))
	n.powerCycle()
	n.startup(wire.SUClear)
}

func TestRestoreRefuses(t *testing.T) {
	b := newTestTPM(t)
	volatile, err := b.VolatileState()
	if err != nil {
		t.Fatal(err)
	}
	if err := b.RestoreVolatile(volatile); err == nil {
		t.Error("a TPM that was started takes volatile state")
	}
	off, err := loadTest(t, b.storage.state)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := off.VolatileState(); err == nil {
		t.Error("a TPM that is off has volatile state")
	}
	if err := off.RestoreVolatile(volatile); err == nil {
		t.Error("a TPM that is off takes volatile state")
	}
	seeds := vectorSeeds()
	seeds.Storage = bytes.Repeat([]byte{1}, 64)
	other := newTestTPMWith(t, Options{Seeds: seeds})
	if err := other.RestoreVolatile(volatile); err == nil {
		t.Error("a TPM takes volatile state of another one")
	}
	other.startup(wire.SUClear)
}

// Sequences that libtpms had begun end with the right digests.
func TestResumeSequencesOfLibtpms(t *testing.T) {
	complete := func(b *testTPM, h wire.Handle, more string) []byte {
		t.Helper()
		return b.must(newCommand(wire.CCSequenceComplete, h).password("sq").b2([]byte(more)).u32(uint32(wire.RHNull))).b2()
	}
	b := resumeTest(t, "volatile-0.9.2-hash-sequences")
	if got, want := complete(b, 0x80000000, "def"), sha256.Sum256([]byte("abcdef")); !bytes.Equal(got, want[:]) {
		t.Errorf("SHA-256: %x", got)
	}
	if got, want := complete(b, 0x80000001, ""), sha512.Sum512(bytes.Repeat([]byte("a"), 200)); !bytes.Equal(got, want[:]) {
		t.Errorf("SHA-512: %x", got)
	}
	r := b.must(newCommand(wire.CCEventSequenceComplete, wire.RHNull, 0x80000002).password("").password("sq").b2([]byte("!"))).params()
	var digests wire.TPMLDigestValues
	digests.Unmarshal(r)
	if len(digests) != 4 {
		t.Errorf("%d digests of the event", len(digests))
	}
	for _, d := range digests {
		if !bytes.Equal(d.Digest, hashOf(d.HashAlg, []byte("event data!"))) {
			t.Errorf("%v of the event: %x", d.HashAlg, d.Digest)
		}
	}
	b = resumeTest(t, "volatile-0.9.2-hmac-sequence")
	for i := range b.volatile.objects {
		if o := b.volatile.objects[i]; o != nil && o.isSequence() && o.sequence.kind == sequenceHMAC {
			key := b.nv.persistent[0x81000005]
			want := hmacOf(o.sequence.hashes[0].alg, key.sensitive.Sensitive.Bits, []byte("mac me too"))
			if got := complete(b, firstTransient+wire.Handle(i), " too"); !bytes.Equal(got, want) {
				t.Errorf("HMAC: %x, want %x", got, want)
			}
		}
	}
}

// Contexts that libtpms saved load into a TPM that resumed from its state.
func TestContextsOfLibtpms(t *testing.T) {
	for name, blob := range goldenState(t, "context-*") {
		b := resumeTest(t, "volatile-0.9.2-contexts")
		r := b.run(newCommand(wire.CCContextLoad).raw(blob))
		if r.rc != wire.RCSuccess {
			t.Errorf("%s: %v", name, r.rc)
			continue
		}
		h := r.handle()
		switch {
		case name == "context-0.9.2-object":
			b.must(newCommand(wire.CCReadPublic, h))
		case h.Type() == wire.HTPolicySession:
			b.must(newCommand(wire.CCPolicyGetDigest, h))
		}
		again := b.must(newCommand(wire.CCContextSave, h)).params().Remaining()
		if len(again) != len(blob) {
			t.Errorf("%s: the context has %d bytes, %d with libtpms", name, len(again), len(blob))
		}
		if h.Type() == wire.HTTransient {
			b.must(newCommand(wire.CCFlushContext).u32(uint32(h)))
		}
		b.want(wire.RCSuccess, b.run(newCommand(wire.CCContextLoad).raw(again)))
	}
}

// A context whose number the counter would give to a loaded session is never made.
func TestContextCounterHealed(t *testing.T) {
	for _, counter := range []uint64{0, 3, 0x10000, 0x10003, 0x20004} {
		s := nvstate.StateReset{ContextCounter: counter, ContextSlotMask: 0xFFFF, NullProof: []byte{1}}
		if got := stateResetOfState(&s).contextCounter; got < counter || uint16(got) <= maxLoadedSessions {
			t.Errorf("counter %#x becomes %#x", counter, got)
		}
	}
}

// Sessions that are not both in a slot and in the context array are dropped.
func TestRestoreSessionsHealed(t *testing.T) {
	b := newTestTPM(t)
	b.policy(wire.SEPolicy)
	b.policy(wire.SEPolicy)
	s, err := b.volatileState()
	if err != nil {
		t.Fatal(err)
	}
	s.StateReset.ContextArray[7] = 1 // a second handle for the first slot
	s.StateReset.ContextArray[8] = 3 // of an empty slot
	s.StateReset.ContextArray[1] = 0 // the second slot is left without handle
	blob, err := s.Encode(nvstate.LevelNull)
	if err != nil {
		t.Fatal(err)
	}
	n := b.reload()
	if err := n.RestoreVolatile(blob); err != nil {
		t.Fatal(err)
	}
	r := n.must(newCommand(wire.CCGetCapability).u32(uint32(wire.CapHandles)).u32(0x02000000).u32(10)).params()
	if list := r.Remaining()[5:]; len(list) != 8 || binary.BigEndian.Uint32(list[4:]) != 0x03000000 {
		t.Errorf("sessions %x", list)
	}
	if _, free := n.volatile.sessions.free(); free != 2 {
		t.Errorf("%d free slots", free)
	}
}

// Every flipped bit is refused by the checksum; with a right checksum it makes an error or a TPM that takes commands.
func TestRestoreHostile(t *testing.T) {
	permanent := goldenState(t, "permanent-0.9.2-children")["permanent-0.9.2-children"]
	step := 97
	if testing.Short() {
		step = 521
	}
	for _, name := range []string{"volatile-0.9.2-hash-sequences", "volatile-0.9.2-sessions", "volatile-0.9.2-loaded-objects"} {
		blob := goldenState(t, name)[name]
		for i := 0; i < 8*(len(blob)-20); i += step {
			hostile := bytes.Clone(blob)
			hostile[i/8] ^= 1 << (i % 8)
			useRestored(t, permanent, hostile)
		}
		for n := 0; n < len(blob)-20; n += step {
			useRestored(t, permanent, bytes.Clone(blob[:n+20]))
		}
	}
}

// useRestored restores volatile state that may be bad, but has a right checksum, and touches what is in it.
func useRestored(t testing.TB, permanent, blob []byte) {
	if len(blob) < sha1.Size {
		return
	}
	end := len(blob) - sha1.Size
	sum := sha1.Sum(blob[:end])
	copy(blob[end:], sum[:])
	b, err := loadTest(t, permanent)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.TPM.Init(); err != nil {
		t.Fatal(err)
	}
	if b.RestoreVolatile(blob) == nil {
		again, err := b.VolatileState()
		if err != nil {
			t.Fatalf("state that was restored cannot be saved: %v", err)
		}
		if _, err := nvstate.DecodeVolatile(again); err != nil {
			t.Fatalf("state that was saved cannot be read: %v", err)
		}
	}
	run := func(c *testCommand) { b.Execute(context.Background(), 0, c.bytes()) }
	run(newCommand(wire.CCReadClock))
	for i := range wire.Handle(maxLoadedObjects) {
		run(newCommand(wire.CCReadPublic, firstTransient+i))
		run(newCommand(wire.CCContextSave, firstTransient+i))
		run(newCommand(wire.CCSequenceUpdate, firstTransient+i).password("sq").b2([]byte("more")))
		run(newCommand(wire.CCSequenceComplete, firstTransient+i).password("sq").b2(nil).u32(uint32(wire.RHOwner)))
		run(newCommand(wire.CCSign, firstTransient+i).password("").b2(digestOf("x")).u16(0x10).u16(0x8024).u32(uint32(wire.RHNull)).u16(0))
	}
	for i := range wire.Handle(4) {
		for _, h := range []wire.Handle{0x02000000, 0x03000000} {
			run(newCommand(wire.CCPolicyPassword, h+i))
			run(newCommand(wire.CCGetRandom).session(h+i, make([]byte, 32), wire.SessionContinue, nil).u16(4))
			run(newCommand(wire.CCContextSave, h+i))
		}
	}
	run(newCommand(wire.CCPCRRead).put(wire.TPMLPCRSelection{allOf(wire.AlgSHA256)}))
	run(extend(3, wire.AlgSHA256, make([]byte, 32)))
	use(b)
}

func FuzzRestoreVolatile(f *testing.F) {
	permanent := goldenState(f, "permanent-0.9.2-children")["permanent-0.9.2-children"]
	for _, blob := range goldenState(f, "volatile-*") {
		f.Add(blob)
	}
	v, err := nvstate.DecodeVolatile(goldenState(f, "volatile-0.9.2-sessions")["volatile-0.9.2-sessions"])
	if err != nil {
		f.Fatal(err)
	}
	v.Objects[0].Extension = extendedSequences(f)[0]
	blob, err := v.Encode(nvstate.LevelNull)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(blob)
	f.Fuzz(func(t *testing.T, blob []byte) { useRestored(t, permanent, bytes.Clone(blob)) })
}
