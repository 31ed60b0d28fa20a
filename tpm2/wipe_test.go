package tpm2

import (
	"bytes"
	"context"
	"testing"

	"govtpm/tpm2/wire"
)

func TestWipe(t *testing.T) {
	seeds := vectorSeeds()
	b := newTestTPMWith(t, Options{Seeds: seeds}).startup(wire.SUClear)
	b.want(wire.RCSuccess, b.run(newCommand(wire.CCHierarchyChangeAuth, wire.RHOwner).password("").b2([]byte("secret"))))
	p := b.persistent
	null, saved := b.stateReset.nullSeed.value, b.storage.state
	b.Wipe()
	for name, secret := range map[string][]byte{
		"seed": p.epSeed.value, "proof": p.shProof, "authValue": p.ownerAuth, "null seed": null,
	} {
		if len(secret) == 0 || !bytes.Equal(secret, make([]byte, len(secret))) {
			t.Errorf("%s: %x", name, secret)
		}
	}
	if !bytes.Equal(seeds.Endorsement, vectorSeeds().Endorsement) {
		t.Error("the caller's seeds were wiped")
	}
	if rsp := b.Execute(context.Background(), 0, newCommand(wire.CCReadClock).bytes()); !bytes.Equal(rsp, errorResponse(wire.RCFailure)) {
		t.Errorf("after Wipe: %x", rsp)
	}
	if _, err := Load(b.env, saved); err == nil {
		t.Error("the environment outlived the TPM")
	}
	again, err := Load(Environment{Entropy: new(countingEntropy), Clock: b.clock, Storage: b.storage}, saved)
	if err != nil || !bytes.Equal(again.persistent.epSeed.value, seeds.Endorsement) {
		t.Errorf("the saved state was wiped: %v", err)
	}
}

// What a command or a signal takes away is overwritten.
func TestWipeWhatIsReplaced(t *testing.T) {
	const index = wire.Handle(0x01000000)
	b := newTestTPM(t)
	wiped := func(step string, secrets ...[]byte) {
		t.Helper()
		for i, s := range secrets {
			if len(s) == 0 || !bytes.Equal(s, make([]byte, len(s))) {
				t.Errorf("%s: secret %d is %x", step, i, s)
			}
		}
	}
	changeAuth := func(h wire.Handle, from, to string) {
		t.Helper()
		b.must(newCommand(wire.CCHierarchyChangeAuth, h).password(from).b2([]byte(to)))
	}
	changeAuth(wire.RHPlatform, "", "platform")
	platform := b.stateClear.platformAuth
	changeAuth(wire.RHPlatform, "platform", "")
	wiped("HierarchyChangeAuth", platform)

	s := b.startSession(wire.SEHMAC, wire.AlgSHA256, wire.RHOwner, nil, plainSession)
	key := b.volatile.sessions.loaded(b.TPM, s.handle).key
	b.must(newCommand(wire.CCFlushContext).put(s.handle))
	wiped("FlushContext", key)
	s = b.startSession(wire.SEHMAC, wire.AlgSHA256, wire.RHOwner, nil, plainSession)
	key = b.volatile.sessions.loaded(b.TPM, s.handle).key
	b.must(newCommand(wire.CCContextSave, s.handle))
	wiped("ContextSave", key)

	b.must(defineCommand(wire.RHOwner, "auth", nvPublic(index, nvOpen, 4)))
	b.must(newCommand(wire.CCNVWrite, index, index).password("auth").b2([]byte("data")).u16(0))
	x := b.nv.index(index)
	b.must(newCommand(wire.CCNVUndefineSpace, wire.RHOwner, index).password(""))
	wiped("NV_UndefineSpace", x.auth, x.data)

	changeAuth(wire.RHLockout, "", "lockout")
	p := b.persistent
	b.must(newCommand(wire.CCClear, wire.RHLockout).password("lockout"))
	wiped("Clear", p.lockoutAuth, p.spSeed.value, p.shProof, p.ehProof)
	b.must(newCommand(wire.CCChangeEPS, wire.RHPlatform).password(""))
	b.must(newCommand(wire.CCChangePPS, wire.RHPlatform).password(""))
	wiped("ChangeEPS and ChangePPS", p.epSeed.value, p.ppSeed.value, p.phProof)

	var o *object
	for range maxLoadedObjects {
		o = hmacKey(wire.AlgNull, wire.ObjectSign, []byte("key"))
		b.addKey(o)
	}
	o = b.volatile.objects[0]
	secret := o.sensitive.Sensitive.Bits
	if err := b.HashStart(); err != nil {
		t.Fatal(err)
	}
	wiped("HashStart", secret)

	s = b.startSession(wire.SEHMAC, wire.AlgSHA256, wire.RHOwner, nil, plainSession)
	key = b.volatile.sessions.loaded(b.TPM, s.handle).key
	null := b.stateReset.nullSeed.value
	b.powerCycle()
	wiped("Init", key)
	b.startup(wire.SUClear)
	wiped("Startup", null)
}

// A sequence leaves neither its keys nor a hash that a key went into.
func TestWipeSequences(t *testing.T) {
	b := newExtendedTPM(t)
	mac := hmacKey(wire.AlgSHA256, wire.ObjectSign, []byte("key"))
	mac.hierarchy = wire.RHOwner
	key := b.addKey(mac)
	for name, start := range map[string]*testCommand{
		"HMAC":         newCommand(wire.CCHMACStart, key).password(keyAuth).b2([]byte(sequenceAuth)).put(wire.AlgSHA256),
		"signature":    signStart(key),
		"verification": verifyStart(key),
	} {
		h := b.must(start).handle()
		b.must(sequenceUpdateCommand(h, []byte("message")))
		q := b.object(h).sequence
		b.flush(h)
		left := [][]byte{q.auth, q.outerPad}
		if q.message != nil && q.message.ticket != nil {
			if got := q.message.ticket.Sum(nil); !bytes.Equal(got, hashOf(contextHashAlg)) {
				t.Errorf("%s: the ticket's hash goes on", name)
			}
		} else if name == "verification" {
			t.Error("a verification without ticket")
		}
		if got := q.hashes[0].hash.Sum(nil); !bytes.Equal(got, hashOf(wire.AlgSHA256)) {
			t.Errorf("%s: the hash goes on", name)
		}
		for i, s := range left {
			if len(s) == 0 || !bytes.Equal(s, make([]byte, len(s))) {
				t.Errorf("%s: secret %d is %x", name, i, s)
			}
		}
	}
	b.flush(key)

	key = b.addKey(cipherKey(wire.AlgAES, wire.AlgCMAC, wire.ObjectSign, bytes.Repeat([]byte{1}, 16)))
	h := b.must(newCommand(wire.CCHMACStart, key).password(keyAuth).b2([]byte(sequenceAuth)).put(wire.AlgCMAC)).handle()
	b.must(sequenceUpdateCommand(h, sequenceMessage()))
	q := b.object(h).sequence
	b.flush(h)
	x, err := q.extensionState()
	if err != nil {
		t.Fatal(err)
	}
	if zero := make([]byte, 16); !bytes.Equal(x.CMAC.Key, zero) || !bytes.Equal(x.CMAC.State, zero) {
		t.Errorf("CMAC: %+v", x.CMAC)
	}
}
