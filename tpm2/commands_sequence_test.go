package tpm2

import (
	"bytes"
	"crypto/sha256"
	"testing"

	"govtpm/tpm2/wire"
)

const sequenceAuth = "sequence auth"

// startHash starts a hash sequence, or with AlgNull an event sequence.
func (b *testTPM) startHash(alg wire.Alg) wire.Handle {
	b.t.Helper()
	return b.must(newCommand(wire.CCHashSequenceStart).b2([]byte(sequenceAuth)).put(alg)).handle()
}

func sequenceUpdateCommand(h wire.Handle, data []byte) *testCommand {
	return newCommand(wire.CCSequenceUpdate, h).password(sequenceAuth).b2(data)
}

func sequenceCompleteCommand(h wire.Handle, data []byte, hierarchy wire.Handle) *testCommand {
	return newCommand(wire.CCSequenceComplete, h).password(sequenceAuth).b2(data).u32(uint32(hierarchy))
}

func TestHashSequence(t *testing.T) {
	for _, c := range []struct {
		name      string
		updates   []string
		last      string
		hierarchy wire.Handle
		ticket    bool
	}{
		{"nothing", nil, "", wire.RHOwner, false},
		{"all at the end", nil, "abcd", wire.RHOwner, true},
		{"short at the end", nil, "abc", wire.RHOwner, false},
		{"generated at the end", nil, "\xffTCG", wire.RHOwner, false},
		{"pieces", []string{"abcd", "e"}, "f", wire.RHPlatform, true},
		{"short first piece", []string{"abc", "defg"}, "hijk", wire.RHOwner, false},
		{"empty first piece", []string{"", "defg"}, "hijk", wire.RHOwner, false},
		{"generated first piece", []string{"\xffTCGx", "defg"}, "", wire.RHOwner, false},
		{"generated later", []string{"abcd", "\xffTCG"}, "\xffTCG", wire.RHEndorsement, true},
		{"no hierarchy", []string{"abcd"}, "", wire.RHNull, false},
		{"large", []string{string(make([]byte, 1024)), string(make([]byte, 1024))}, string(make([]byte, 1024)), wire.RHOwner, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newTestTPM(t)
			h := b.startHash(wire.AlgSHA256)
			var all []byte
			for _, u := range c.updates {
				b.must(sequenceUpdateCommand(h, []byte(u)))
				all = append(all, u...)
			}
			all = append(all, c.last...)
			r := b.must(sequenceCompleteCommand(h, []byte(c.last), c.hierarchy))
			want := sha256.Sum256(all)
			if got := r.b2(); !bytes.Equal(got, want[:]) {
				t.Errorf("digest %x, want %x", got, want)
			}
			var ticket wire.TPMTTKHashCheck
			ticket.Unmarshal(r.params())
			wantTicket := b.hashCheckTicket(c.hierarchy, wire.AlgSHA256, want[:], c.ticket)
			if ticket.Hierarchy != wantTicket.Hierarchy || !bytes.Equal(ticket.Digest, wantTicket.Digest) || (len(ticket.Digest) != 0) != c.ticket {
				t.Errorf("ticket %+v, want %+v", ticket, wantTicket)
			}
			if b.object(h) != nil {
				t.Error("the sequence is still there")
			}
			b.want(wire.RCReferenceH0, b.run(sequenceUpdateCommand(h, nil)))
		})
	}
}

func TestEventSequence(t *testing.T) {
	for _, pcr := range []wire.Handle{wire.RHNull, 16, 0} {
		b := newTestTPM(t)
		h := b.startHash(wire.AlgNull)
		b.must(sequenceUpdateCommand(h, []byte("ab")))
		r := b.must(newCommand(wire.CCEventSequenceComplete, pcr, h).password("").password(sequenceAuth).b2([]byte("c")))
		var got wire.TPMLDigestValues
		got.Unmarshal(r.params())
		if len(got) != len(b.profile.hashes()) {
			t.Fatalf("%d digests", len(got))
		}
		for i, alg := range b.profile.hashes() {
			if got[i].HashAlg != alg || !bytes.Equal(got[i].Digest, hashOf(alg, []byte("abc"))) {
				t.Errorf("%v: %x", got[i].HashAlg, got[i].Digest)
			}
		}
		if b.object(h) != nil {
			t.Error("the sequence is still there")
		}
		for _, alg := range b.profile.hashes() {
			want := make([]byte, digestSize(alg))
			if pcr != wire.RHNull {
				want = hashOf(alg, want, hashOf(alg, []byte("abc")))
			}
			if got := b.pcrValue(alg, int(pcr&16)); !bytes.Equal(got, want) {
				t.Errorf("PCR %v of %v: %x, want %x", pcr, alg, got, want)
			}
		}
	}
}

// The PCR must be one that the locality may extend; what is wrong with the sequence is told before.
func TestEventSequenceLocality(t *testing.T) {
	b := newTestTPM(t)
	event, hashing := b.startHash(wire.AlgNull), b.startHash(wire.AlgSHA1)
	complete := func(h wire.Handle) *testCommand {
		return newCommand(wire.CCEventSequenceComplete, 17, h).password("").password(sequenceAuth).b2(nil)
	}
	b.want(wire.RCLocality, b.run(complete(event)))
	b.want(wire.RCMode.Handle(2), b.run(complete(hashing)))
	b.locality = 3
	b.want(0, b.run(complete(event)))
}

func TestSequenceFaults(t *testing.T) {
	b := newTestTPM(t)
	key := b.addKey(hmacKey(wire.AlgSHA256, wire.ObjectSign, []byte("k")))
	hashing, event := b.startHash(wire.AlgSHA1), b.startHash(wire.AlgNull)
	keyed := func(c *testCommand) *testCommand { c.auths[len(c.auths)-1].hmac = []byte(keyAuth); return c }
	complete := func(pcr, h wire.Handle) *testCommand {
		return newCommand(wire.CCEventSequenceComplete, pcr, h).password("").password(sequenceAuth).b2(nil)
	}
	for _, c := range []struct {
		name    string
		command *testCommand
		want    wire.RC
	}{
		{"no slot for a hash", newCommand(wire.CCHashSequenceStart).b2(nil).put(wire.AlgSHA256), wire.RCObjectMemory},
		{"no slot for an event", newCommand(wire.CCHashSequenceStart).b2(nil).put(wire.AlgNull), wire.RCObjectMemory},
		{"no slot for a MAC", newCommand(wire.CCMACStart, key).password(keyAuth).b2(nil).put(wire.AlgNull), wire.RCObjectMemory},
		{"start, no hash", newCommand(wire.CCHashSequenceStart).b2(nil).put(wire.AlgAES), wire.RCHash.Parameter(2)},
		{"start, long authValue", newCommand(wire.CCHashSequenceStart).b2(make([]byte, 65)).put(wire.AlgSHA256), wire.RCSize.Parameter(1)},
		{"update, a key", keyed(sequenceUpdateCommand(key, nil)), wire.RCMode.Handle(1)},
		{"update, too much", sequenceUpdateCommand(hashing, make([]byte, 1025)), wire.RCSize.Parameter(1)},
		{"update, authValue", keyed(sequenceUpdateCommand(hashing, nil)), wire.RCBadAuth.Session(1)},
		{"complete, a key", keyed(sequenceCompleteCommand(key, nil, wire.RHOwner)), wire.RCMode.Handle(1)},
		{"complete, an event", sequenceCompleteCommand(event, nil, wire.RHOwner), wire.RCMode.Handle(1)},
		{"complete, no hierarchy", sequenceCompleteCommand(hashing, nil, wire.RHLockout), wire.RCValue.Parameter(2)},
		{"complete an event, a hash", complete(16, hashing), wire.RCMode.Handle(2)},
		{"complete an event, a key", keyed(complete(16, key)), wire.RCMode.Handle(2)},
		{"complete an event, no PCR", complete(24, event), wire.RCValue.Handle(1)},
		{"complete an event, one session", newCommand(wire.CCEventSequenceComplete, 16, event).password("").b2(nil), wire.RCAuthMissing},
	} {
		t.Run(c.name, func(t *testing.T) {
			b.t = t
			b.want(c.want, b.run(c.command))
		})
	}
	// A failed command leaves the sequences as they were.
	if got := b.must(sequenceCompleteCommand(hashing, []byte("abc"), wire.RHNull)).b2(); !bytes.Equal(got, hashOf(wire.AlgSHA1, []byte("abc"))) {
		t.Errorf("%x", got)
	}
}

// Extending a PCR that Shutdown(STATE) saves takes back an orderly shutdown, another PCR does not.
func TestEventSequenceOrderly(t *testing.T) {
	for pcr, want := range map[wire.Handle]uint16{wire.RHNull: orderlyState, 16: orderlyState, 0: orderlyNone, 15: orderlyNone} {
		b := newTestTPM(t)
		h := b.startHash(wire.AlgNull)
		b.shutdown(wire.SUState)
		b.must(newCommand(wire.CCEventSequenceComplete, pcr, h).password("").password(sequenceAuth).b2(nil))
		if got := b.persistent.orderlyState; got != want {
			t.Errorf("PCR %v: orderly state %#x, want %#x", pcr, got, want)
		}
	}
}
