package tpm2

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"govtpm/internal/crypto/symmetric"
	"govtpm/tpm2/nvstate"
	"govtpm/tpm2/wire"
)

// savedSequence is a kind of sequence: how it starts, and how it ends. key is nil for those without.
type savedSequence struct {
	name   string
	block  int
	key    *object
	start  func(key wire.Handle) *testCommand
	finish func(b *testTPM, key, sequence wire.Handle, rest []byte) []byte
}

const sequenceMessageSize = 300

// sequenceMessage is the message of every sequence.
func sequenceMessage() []byte {
	return bytes.Repeat([]byte("a message of many blocks; "), 12)[:sequenceMessageSize]
}

func finishSequence(b *testTPM, _, s wire.Handle, rest []byte) []byte {
	b.t.Helper()
	return b.must(sequenceCompleteCommand(s, rest, wire.RHOwner)).body
}

func finishEvent(b *testTPM, _, s wire.Handle, rest []byte) []byte {
	b.t.Helper()
	return b.must(newCommand(wire.CCEventSequenceComplete, wire.RHNull, s).password("").password(sequenceAuth).b2(rest)).body
}

func finishSigning(b *testTPM, key, s wire.Handle, rest []byte) []byte {
	b.t.Helper()
	return b.must(signCompleteCommand(s, key, rest)).body
}

// finishRandom ends a signature that is another each time with the ticket of its verification.
func finishRandom(b *testTPM, key, s wire.Handle, rest []byte) []byte {
	b.t.Helper()
	sig := b.must(signCompleteCommand(s, key, rest)).signature()
	v := b.must(verifyStartCommand(key, nil, nil)).handle()
	b.must(sequenceUpdateCommand(v, sequenceMessage()))
	return b.must(verifyCompleteCommand(v, key, sig)).body
}

// finishVerifying ends the verification of a signature that was made in one piece.
func finishVerifying(b *testTPM, key, v wire.Handle, rest []byte) []byte {
	b.t.Helper()
	b.must(sequenceUpdateCommand(v, rest))
	s := b.must(signStartCommand(key, nil)).handle()
	sig := b.must(signCompleteCommand(s, key, sequenceMessage())).signature()
	return b.must(verifyCompleteCommand(v, key, sig)).body
}

func signStart(key wire.Handle) *testCommand   { return signStartCommand(key, nil) }
func verifyStart(key wire.Handle) *testCommand { return verifyStartCommand(key, nil, nil) }

// savedSequences are sequences of every kind, with every hash and cipher.
func savedSequences() []savedSequence {
	sign := wire.ObjectSign
	hashes := []wire.Alg{
		wire.AlgSHA1, wire.AlgSHA256, wire.AlgSHA384, wire.AlgSHA512, wire.AlgSM3_256, wire.AlgSHA3_256, wire.AlgSHA3_384, wire.AlgSHA3_512,
	}
	list := []savedSequence{{"event", 128, nil, func(wire.Handle) *testCommand {
		return newCommand(wire.CCHashSequenceStart).b2([]byte(sequenceAuth)).put(wire.AlgNull)
	}, finishEvent}}
	for _, alg := range hashes {
		block, name := newHash(alg).BlockSize(), alg.String()
		mac := func() *object { return hmacKey(alg, sign, []byte("key of the MAC")) }
		ecdsa := func() *object { return eccObject(wire.CurveNISTP256, sign, wire.AlgECDSA, alg) }
		rsassa := func() *object { return rsaObject(sign|wire.ObjectRestricted, wire.AlgRSASSA, alg) }
		list = append(list,
			savedSequence{"hash " + name, block, nil, func(wire.Handle) *testCommand {
				return newCommand(wire.CCHashSequenceStart).b2([]byte(sequenceAuth)).put(alg)
			}, finishSequence},
			savedSequence{"HMAC " + name, block, mac(), func(key wire.Handle) *testCommand {
				return newCommand(wire.CCHMACStart, key).password(keyAuth).b2([]byte(sequenceAuth)).put(alg)
			}, finishSequence},
			savedSequence{"signing with HMAC " + name, block, mac(), signStart, finishSigning},
			savedSequence{"verifying HMAC " + name, block, mac(), verifyStart, finishVerifying},
			savedSequence{"signing with ECDSA " + name, block, ecdsa(), signStart, finishRandom},
			savedSequence{"verifying ECDSA " + name, block, ecdsa(), verifyStart, finishVerifying},
			savedSequence{"signing with RSASSA " + name, block, rsassa(), signStart, finishSigning},
			savedSequence{"verifying RSASSA " + name, block, rsassa(), verifyStart, finishVerifying})
	}
	sm2 := func() *object { return eccObject(wire.CurveSM2P256, sign, wire.AlgSM2, wire.AlgSM3_256) }
	nameless := rsaObject(sign, wire.AlgRSASSA, wire.AlgSHA256)
	nameless.public.NameAlg, nameless.external = wire.AlgNull, true
	list = append(list,
		savedSequence{"signing with RSAPSS", 64, rsaObject(sign, wire.AlgRSAPSS, wire.AlgSHA256), signStart, finishRandom},
		savedSequence{"signing with SM2", 64, sm2(), signStart, finishRandom},
		savedSequence{"verifying SM2", 64, sm2(), verifyStart, finishVerifying},
		savedSequence{"verifying without Name", 64, nameless, verifyStart, finishVerifying})
	for _, c := range []struct {
		alg  wire.Alg
		size int
	}{{wire.AlgAES, 16}, {wire.AlgAES, 24}, {wire.AlgAES, 32}, {wire.AlgTDES, 24}, {wire.AlgCamellia, 16}, {wire.AlgCamellia, 32}, {wire.AlgSM4, 16}} {
		key := cipherKey(c.alg, wire.AlgCMAC, sign, []byte("0123456789abcdefghijklmnopqrstuv")[:c.size])
		list = append(list, savedSequence{
			fmt.Sprintf("CMAC %v-%d", c.alg, 8*c.size), symmetric.BlockSize(symmetric.Algorithm(c.alg)), key,
			func(h wire.Handle) *testCommand {
				return newCommand(wire.CCHMACStart, h).password(keyAuth).b2([]byte(sequenceAuth)).put(wire.AlgCMAC)
			}, finishSequence,
		})
	}
	return list
}

// begin starts the sequence and gives it the first n bytes of the message.
func (c *savedSequence) begin(b *testTPM, key wire.Handle, n int) wire.Handle {
	b.t.Helper()
	s := b.must(c.start(key)).handle()
	if n > 0 {
		b.must(sequenceUpdateCommand(s, sequenceMessage()[:n]))
	}
	return s
}

// A sequence of any kind that was saved in the middle of the data, in a context or with the whole TPM, ends like one that was not.
func TestSavedSequences(t *testing.T) {
	for _, c := range savedSequences() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := newExtendedTPM(t)
			var key wire.Handle
			if c.key != nil {
				key = b.addKey(c.key)
			}
			cuts := []int{0, 1, c.block - 1, c.block, c.block + 1, 2 * c.block, 2*c.block + 7}
			if testing.Short() {
				cuts = []int{0, c.block, c.block + 5}
			}
			for _, n := range cuts {
				rest := sequenceMessage()[n:]
				want := c.finish(b, key, c.begin(b, key, n), rest)

				s := c.begin(b, key, n)
				context := b.must(newCommand(wire.CCContextSave, s)).params().Remaining()
				b.must(newCommand(wire.CCFlushContext).u32(uint32(s)))
				for range 2 { // a context of a sequence can be loaded again (Part 1, 27.8)
					s = b.must(newCommand(wire.CCContextLoad).raw(context)).handle()
					if got := c.finish(b, key, s, rest); !bytes.Equal(got, want) {
						t.Errorf("from a context after %d bytes: %x, want %x", n, got, want)
					}
				}
				s = c.begin(b, key, n)
				if got := c.finish(b.twin(), key, s, rest); !bytes.Equal(got, want) {
					t.Errorf("resumed after %d bytes: %x, want %x", n, got, want)
				}
				b.must(newCommand(wire.CCFlushContext).u32(uint32(s)))
			}
		})
	}
}

// A sequence is where it was: by its handle, with its authorization, and without a public area.
func TestSavedSequenceIsOne(t *testing.T) {
	b := newExtendedTPM(t)
	key := b.addKey(eccObject(wire.CurveNISTP256, wire.ObjectSign, wire.AlgECDSA, wire.AlgSHA256))
	b.startHash(wire.AlgSHA256)
	s := b.must(signStart(key)).handle()
	n := b.twin()
	for _, x := range []*testTPM{b, n} {
		x.want(wire.RCSequence, x.run(newCommand(wire.CCReadPublic, s)))
		x.want(wire.RCBadAuth.Session(1), x.run(newCommand(wire.CCSequenceUpdate, s).password("x").b2(nil)))
		x.want(wire.RCObjectMemory, x.run(signStart(key)))
		x.want(wire.RCMode.Handle(1), x.run(sequenceCompleteCommand(s, nil, wire.RHOwner)))
		x.want(wire.RCAttributes.Handle(2), x.run(newCommand(wire.CCEvictControl, wire.RHOwner, s).password("").u32(0x81000000)))
	}
	b.sameOK(n, newCommand(wire.CCGetCapability).u32(uint32(wire.CapHandles)).u32(0x80000000).u32(10))
}

// What a restricted key must not sign is known by its beginning, also if that came before the sequence was saved.
func TestSavedSequenceRestricted(t *testing.T) {
	b := newExtendedTPM(t)
	key := b.addKey(rsaObject(wire.ObjectSign|wire.ObjectRestricted, wire.AlgRSASSA, wire.AlgSHA256))
	for n, want := range []wire.RC{wire.RCValue.Parameter(1), wire.RCValue.Parameter(1), wire.RCValue.Parameter(1), wire.RCSuccess} {
		s := b.must(signStart(key)).handle()
		b.must(sequenceUpdateCommand(s, []byte("\xffTCG"[:n])))
		context := b.must(newCommand(wire.CCContextSave, s)).params().Remaining()
		b.flushKey(s)
		s = b.must(newCommand(wire.CCContextLoad).raw(context)).handle()
		rest := "\xffTCG"[n:]
		if want == wire.RCSuccess {
			rest = "x"
		}
		b.want(want, b.run(signCompleteCommand(s, key, []byte(rest))))
		b.volatile.objects[s-firstTransient] = nil
	}
}

// A ticket names the hierarchy of the key that started the verification; there is none if the key came back in another one.
func TestVerificationInAnotherHierarchy(t *testing.T) {
	b := newExtendedTPM(t)
	in := func(h wire.Handle) *object {
		o := hmacKey(wire.AlgSHA256, wire.ObjectSign, []byte("k"))
		o.hierarchy = h
		return o
	}
	for _, c := range []struct{ first, then, want wire.Handle }{
		{wire.RHOwner, wire.RHOwner, wire.RHOwner}, {wire.RHPlatform, wire.RHPlatform, wire.RHPlatform}, {wire.RHOwner, wire.RHNull, wire.RHNull},
		{wire.RHOwner, wire.RHEndorsement, wire.RHNull}, {wire.RHNull, wire.RHOwner, wire.RHNull},
	} {
		key := b.addKey(in(c.first))
		v := b.must(verifyStart(key)).handle()
		b.flushKey(key)
		key = b.addKey(in(c.then))
		var ticket wire.TPMTTKVerified
		r := wire.NewReader(finishVerifying(b, key, v, sequenceMessage()), nil)
		r.Uint32() // size of the parameters
		ticket.Unmarshal(r)
		var want []byte
		if c.want != wire.RHNull {
			want = b.ticketHMAC(wire.STMessageVerified, c.want, sequenceMessage(), b.object(key).name)
		}
		if ticket.Hierarchy != c.want || !bytes.Equal(ticket.HMAC, want) {
			t.Errorf("started in %v, ended in %v: %+v", c.first, c.then, ticket)
		}
		b.flushKey(key)
	}
}

// A context in the form that earlier versions gave a CMAC loads.
func TestOldCMACContext(t *testing.T) {
	b := newTestTPM(t)
	key := bytes.Repeat([]byte{1}, 16)
	q := new(sequence)
	if err := q.startCMAC(&cmacKey{wire.AlgAES, key}); err != nil {
		t.Fatal(err)
	}
	q.write(sequenceMessage()[:20])
	m, err := q.extensionState()
	if err != nil {
		t.Fatal(err)
	}
	load := func(form []byte) *testResponse {
		old := &nvstate.AnyObject{
			Attributes: nvstate.ObjectOccupied | nvstate.ObjectHMACSeq | nvstate.ObjectTemporary,
			Sequence: &nvstate.Sequence{Type: wire.AlgNull, NameAlg: wire.AlgNull, ObjectAttributes: wire.ObjectNoDA, Auth: []byte(sequenceAuth),
				HMAC: nvstate.HashState{Type: nvstate.HashStateMAC}, HMACKey: form},
		}
		payload, err := nvstate.EncodeContextObject(old, b.level())
		if err != nil {
			t.Fatal(err)
		}
		x := wire.TPMSContext{SavedHandle: wire.SavedSequence, Hierarchy: wire.RHNull, Sequence: 7}
		if err := b.sealContext(&x, payload); err != nil {
			t.Fatal(err)
		}
		return b.run(newCommand(wire.CCContextLoad).put(&x))
	}
	var w wire.Writer
	w.Uint16(uint16(wire.AlgAES))
	w.TPM2B(key)
	w.TPM2B(m.CMAC.State)
	r := load(w.Bytes())
	b.want(wire.RCSuccess, r)
	q.write(sequenceMessage()[20:])
	if got, want := b.must(sequenceCompleteCommand(r.handle(), sequenceMessage()[20:], wire.RHNull)).b2(), q.mac(); !bytes.Equal(got, want) {
		t.Errorf("CMAC %x, want %x", got, want)
	}
	for n := range w.Bytes() {
		b.want(wire.RCIntegrity.Parameter(1), load(w.Bytes()[:n]))
	}
}

// libtpms resumes a TPM with a CMAC in progress: the slot is free there, and what stands beside it goes on. A context of the CMAC does no harm.
func TestOracleSkipsCMAC(t *testing.T) {
	b := newTestTPMWith(t, Options{Seeds: vectorSeeds()}).startup(wire.SUClear) // of the null profile, all that swtpm 0.7 loads
	b.clock.now = time.Since(new(fakeClock).Wall())                             // the oracle has the time of day
	key := b.addKey(cipherKey(wire.AlgAES, wire.AlgCMAC, wire.ObjectSign, bytes.Repeat([]byte{1}, 16)))
	start := newCommand(wire.CCHMACStart, key).password(keyAuth).b2([]byte(sequenceAuth)).put(wire.AlgCMAC)
	s := b.must(start).handle()
	b.must(sequenceUpdateCommand(s, sequenceMessage()))
	hash := b.startHash(wire.AlgSHA256)
	b.must(sequenceUpdateCommand(hash, sequenceMessage()))
	saved := b.must(newCommand(wire.CCContextSave, s)).params().Remaining()
	o := b.oracle()
	notThere := func() {
		t.Helper()
		b.want(wire.RCReferenceH0, o.response(sequenceUpdateCommand(s, nil)))
	}
	notThere()
	b.want(wire.RCSuccess, o.response(newCommand(wire.CCContextLoad).raw(saved)))
	notThere()
	for _, c := range []*testCommand{
		sequenceUpdateCommand(hash, []byte("more")), newCommand(wire.CCReadPublic, key), sequenceCompleteCommand(hash, nil, wire.RHOwner),
	} {
		b.want(wire.RCSuccess, b.run(c))
		b.want(wire.RCSuccess, o.response(c))
	}
	// There is room for as many objects as ever.
	b.want(wire.RCSuccess, o.response(newCommand(wire.CCFlushContext).u32(uint32(key))))
	for range maxLoadedObjects {
		b.want(wire.RCSuccess, o.response(newCommand(wire.CCHashSequenceStart).b2(nil).put(wire.AlgSHA256)))
	}
}
