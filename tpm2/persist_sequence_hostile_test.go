package tpm2

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"govtpm/tpm2/nvstate"
	"govtpm/tpm2/wire"
)

// hostileKeys are the keys of extendedSequences, as far as they have one.
func hostileKeys() []*object {
	return []*object{
		nil,
		eccObject(wire.CurveNISTP256, wire.ObjectSign|wire.ObjectUserWithAuth, wire.AlgECDSA, wire.AlgSHA256),
		hmacKey(wire.AlgSHA256, wire.ObjectSign|wire.ObjectUserWithAuth, []byte("k")),
	}
}

// extendedSequences are a CMAC, a signature and a verification in progress, as saved state has them.
func extendedSequences(t testing.TB) []*nvstate.SequenceExtension {
	t.Helper()
	cmac := &sequence{kind: sequenceHMAC}
	if err := cmac.startCMAC(&cmacKey{wire.AlgAES, bytes.Repeat([]byte{1}, 16)}); err != nil {
		t.Fatal(err)
	}
	list := []*sequence{cmac}
	for i, x := range hostileKeys()[1:] {
		x.public.NameAlg = wire.AlgSHA256
		kind := [...]sequenceKind{sequenceSign, sequenceVerify}[i]
		s, _ := keyScheme(&x.public)
		q, err := newSignatureSequence(kind, x, s, nil)
		if err != nil {
			t.Fatal(err)
		}
		q.message.hierarchy = wire.RHOwner
		q.message.ticket, _ = splitHMAC(contextHashAlg, []byte("proof"))
		list = append(list, q)
	}
	var states []*nvstate.SequenceExtension
	for _, q := range list {
		q.auth = []byte(sequenceAuth)
		q.write(sequenceMessage()[:20])
		x, err := q.extensionState()
		if err != nil {
			t.Fatal(err)
		}
		states = append(states, x)
	}
	return states
}

// withSlots puts sequences, true ones or others, into the volatile state of a TPM that just started.
func withSlots(t testing.TB, b *testTPM, slots []*nvstate.SequenceExtension) []byte {
	t.Helper()
	v, err := b.volatileState()
	if err != nil {
		t.Fatal(err)
	}
	for i, x := range slots {
		v.Objects[i].Extension = x
	}
	blob, err := v.Encode(b.level())
	if err != nil {
		t.Fatal(err)
	}
	return blob
}

// State that no TPM would have written is refused, with a reason.
func TestForgedSequences(t *testing.T) {
	extended, plain := newExtendedTPM(t), newTestTPM(t)
	for name, c := range map[string]struct {
		slot  int
		forge func(x *nvstate.SequenceExtension)
		kind  nvstate.Kind
	}{
		"cipher that is none":       {0, func(x *nvstate.SequenceExtension) { x.CMAC.Cipher = wire.AlgSHA256 }, nvstate.ErrValue},
		"null cipher":               {0, func(x *nvstate.SequenceExtension) { x.CMAC.Cipher = wire.AlgNull }, nvstate.ErrValue},
		"short key":                 {0, func(x *nvstate.SequenceExtension) { x.CMAC.Key = x.CMAC.Key[1:] }, nvstate.ErrValue},
		"no key":                    {0, func(x *nvstate.SequenceExtension) { x.CMAC.Key = nil }, nvstate.ErrValue},
		"short state":               {0, func(x *nvstate.SequenceExtension) { x.CMAC.State = x.CMAC.State[:15] }, nvstate.ErrValue},
		"state without last block":  {0, func(x *nvstate.SequenceExtension) { x.CMAC.State = x.CMAC.State[:16] }, nvstate.ErrValue},
		"short digest":              {1, func(x *nvstate.SequenceExtension) { x.Signature.KeyDigest = make([]byte, 63) }, nvstate.ErrSize},
		"null scheme":               {1, func(x *nvstate.SequenceExtension) { x.Signature.Scheme = wire.TPMTSigScheme{Scheme: wire.AlgNull} }, nvstate.ErrValue},
		"another hash":              {1, func(x *nvstate.SequenceExtension) { x.Signature.Hash.Hash = wire.AlgNull }, nvstate.ErrHash},
		"scheme of another hash":    {1, func(x *nvstate.SequenceExtension) { x.Signature.Scheme.HashAlg = wire.AlgSHA512 }, nvstate.ErrHash},
		"HMAC for a hash":           {1, func(x *nvstate.SequenceExtension) { x.Signature.Hash.Type = nvstate.HashStateHMAC }, nvstate.ErrHash},
		"hash without state":        {1, func(x *nvstate.SequenceExtension) { x.Signature.Hash.Type = nvstate.HashStateEmpty }, nvstate.ErrHash},
		"length of the message":     {1, func(x *nvstate.SequenceExtension) { x.Signature.Hash.Bits += 8 }, nvstate.ErrValue},
		"pad without HMAC":          {1, func(x *nvstate.SequenceExtension) { x.Signature.OuterPad = make([]byte, 64) }, nvstate.ErrSize},
		"hash for an HMAC":          {2, func(x *nvstate.SequenceExtension) { x.Signature.Hash.Type = nvstate.HashStateHash }, nvstate.ErrHash},
		"short pad":                 {2, func(x *nvstate.SequenceExtension) { x.Signature.OuterPad = make([]byte, 63) }, nvstate.ErrSize},
		"no pad":                    {2, func(x *nvstate.SequenceExtension) { x.Signature.OuterPad = nil }, nvstate.ErrSize},
		"ticket of a short hash":    {2, func(x *nvstate.SequenceExtension) { x.Signature.Ticket = x.Signature.Hash }, nvstate.ErrHash},
		"ticket that is no HMAC":    {2, func(x *nvstate.SequenceExtension) { x.Signature.Ticket.Type = nvstate.HashStateHash }, nvstate.ErrHash},
		"anonymous verification":    {2, func(x *nvstate.SequenceExtension) { x.Signature.Scheme.Scheme = wire.AlgECDAA }, nvstate.ErrValue},
		"kind of another signature": {2, func(x *nvstate.SequenceExtension) { x.Signature.Scheme.Scheme = wire.AlgECDSA }, nvstate.ErrHash},
	} {
		slots := extendedSequences(t)
		c.forge(slots[c.slot])
		var e *nvstate.Error
		err := extended.reload().RestoreVolatile(withSlots(t, extended, slots))
		if !errors.As(err, &e) || e.Kind != c.kind || e.Detail == "" {
			t.Errorf("%s: %v, want %v", name, err, c.kind)
		}
	}
	for i, want := range []nvstate.Kind{0, nvstate.ErrValue, nvstate.ErrValue} { // of the profile only a CMAC can be
		err := plain.reload().RestoreVolatile(withSlots(t, plain, extendedSequences(t)[i:][:1]))
		if want == 0 && err != nil || want != 0 && !errors.Is(err, want) {
			t.Errorf("slot %d in a profile of libtpms: %v", i, err)
		}
	}
	sm4 := extendedSequences(t)[:1]
	sm4[0].CMAC.Cipher = wire.AlgSM4
	if err := plain.reload().RestoreVolatile(withSlots(t, plain, sm4)); !errors.Is(err, nvstate.ErrValue) {
		t.Errorf("a cipher that the profile has not: %v", err)
	}
}

// A scheme that is not the key's, which only forged state can have, does not reach the key.
func TestForgedScheme(t *testing.T) {
	b := newExtendedTPM(t)
	slots := extendedSequences(t)[1:]
	slots[0].Signature.Scheme.Scheme = wire.AlgRSASSA
	n := b.reload()
	if err := n.RestoreVolatile(withSlots(t, b, slots)); err != nil {
		t.Fatal(err)
	}
	keys := hostileKeys()
	h := n.addKey(keys[1])
	n.want(wire.RCSignContextKey.Handle(2), n.run(signCompleteCommand(firstTransient, h, nil)))
	n.flushKey(h)
	h = n.addKey(keys[2])
	n.want(wire.RCSignContextKey.Handle(2), n.run(signCompleteCommand(firstTransient, h, nil)))
	r := n.run(verifyCompleteCommand(firstTransient+1, h, &wire.TPMTSignature{SigAlg: wire.AlgHMAC,
		Signature: wire.TPMUSignature{HMAC: wire.TPMTHA{HashAlg: wire.AlgSHA256, Digest: hmacOf(wire.AlgSHA256, []byte("k"), sequenceMessage()[:20])}}}))
	n.want(wire.RCSuccess, r)
	n.flushKey(h)

	keys[1].public.NameAlg = wire.AlgSHA256
	q, err := newSignatureSequence(sequenceSign, keys[1], wire.TPMTSigScheme{Scheme: wire.AlgECDSA, HashAlg: wire.AlgSHA384}, nil)
	if err != nil {
		t.Fatal(err)
	}
	q.auth = []byte(sequenceAuth)
	x, err := q.extensionState()
	if err != nil {
		t.Fatal(err)
	}
	n = b.reload()
	if err := n.RestoreVolatile(withSlots(t, b, []*nvstate.SequenceExtension{x})); err != nil {
		t.Fatal(err)
	}
	n.want(wire.RCSignContextKey.Handle(2), n.run(signCompleteCommand(firstTransient, n.addKey(keys[1]), nil)))
}

// useSequence loads a sequence from the payload of a context, which may be anything, and goes on with it.
func useSequence(b *testTPM, payload []byte) {
	for i := range b.volatile.objects {
		b.volatile.objects[i] = nil
	}
	o, err := b.unmarshalObjectContext(payload)
	if err != nil {
		return
	}
	if _, err := b.marshalObjectContext(o); err != nil {
		b.t.Fatalf("an object that was loaded cannot be saved: %v", err)
	}
	h, err := b.addObject(o)
	if err != nil {
		b.t.Fatal(err)
	}
	run := func(c *testCommand) { b.Execute(context.Background(), 0, c.bytes()) }
	run(sequenceUpdateCommand(h, sequenceMessage()))
	for i, x := range hostileKeys()[1:] {
		key := b.addKey(x)
		run(signCompleteCommand(h, key, []byte("end")))
		sig := &wire.TPMTSignature{SigAlg: wire.AlgHMAC, Signature: wire.TPMUSignature{HMAC: wire.TPMTHA{HashAlg: wire.AlgSHA256, Digest: make([]byte, 32)}}}
		if i == 0 {
			sig = &wire.TPMTSignature{SigAlg: wire.AlgECDSA, Signature: wire.TPMUSignature{ECC: wire.TPMSSignatureECC{Hash: wire.AlgSHA256, R: []byte{1}, S: []byte{1}}}}
		}
		run(verifyCompleteCommand(h, key, sig))
		b.flushKey(key)
	}
	run(sequenceCompleteCommand(h, nil, wire.RHOwner))
	if o.isSequence() && b.volatile.failure != nil {
		b.t.Fatalf("failure mode: %v", b.volatile.failure.cause)
	}
}

// sequencePayloads are the payloads of contexts of sequences of ours.
func sequencePayloads(t testing.TB) [][]byte {
	var list [][]byte
	for _, x := range extendedSequences(t) {
		payload, err := nvstate.EncodeContextObject(&nvstate.AnyObject{Extension: x}, nvstate.LevelMax)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, payload)
	}
	return list
}

// Every flipped bit and every end makes an error or a sequence that goes on; also in volatile state.
func TestSequencesHostile(t *testing.T) {
	step := 1
	if testing.Short() {
		step = 13
	}
	b := newExtendedTPM(t)
	for _, payload := range sequencePayloads(t) {
		useSequence(b, payload)
		for i := 0; i < 8*len(payload); i += step {
			hostile := bytes.Clone(payload)
			hostile[i/8] ^= 1 << (i % 8)
			useSequence(b, hostile)
		}
		for n := range payload {
			if _, err := b.unmarshalObjectContext(payload[:n]); err == nil {
				t.Fatalf("%d of %d bytes are taken", n, len(payload))
			}
		}
	}
	permanent := b.storage.state
	b = b.reload().startup(wire.SUClear)
	blob := withSlots(t, b, extendedSequences(t))
	first := bytes.Index(blob, []byte{0x5e, 0x90, 0xc0, 0xde})
	last := bytes.LastIndex(blob, []byte{0x5e, 0x90, 0xc0, 0xde})
	for i := 8 * (first - 20); i < 8*(last+500); i += 16*step + 1 {
		hostile := bytes.Clone(blob)
		hostile[i/8] ^= 1 << (i % 8)
		useRestored(t, permanent, hostile)
	}
}

func FuzzSequence(f *testing.F) {
	for _, payload := range sequencePayloads(f) {
		f.Add(payload)
	}
	f.Fuzz(func(t *testing.T, payload []byte) { useSequence(newExtendedTPM(t), payload) })
}

// The measurement that began before the first command goes into an event sequence, whatever forged state names as it.
func TestForgedMeasurement(t *testing.T) {
	b := newExtendedTPM(t)
	v, err := b.volatileState()
	if err != nil {
		t.Fatal(err)
	}
	v.Objects[0].Extension, v.DRTMHandle = extendedSequences(t)[0], firstTransient
	blob, err := v.Encode(b.level())
	if err != nil {
		t.Fatal(err)
	}
	n := b.reload()
	if err := n.RestoreVolatile(blob); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(n.HashData([]byte("x")), n.HashEnd()); err != nil {
		t.Fatal(err)
	}
	if o := n.object(firstTransient); o == nil || n.volatile.drtmSequence != wire.RHUnassigned {
		t.Error("the CMAC was taken for the measurement")
	}
}
