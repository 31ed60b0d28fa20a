package tpm2

import (
	"bytes"
	"encoding/binary"
	"testing"

	"govtpm/tpm2/wire"
)

// signDigest signs with a key of the TPM.
func (b *testTPM) signDigest(h wire.Handle, digest []byte) *wire.TPMTSignature {
	b.t.Helper()
	ticket := &wire.TPMTTKHashCheck{Tag: wire.STHashCheck, Hierarchy: wire.RHNull}
	return b.must(newCommand(wire.CCSign, h).password("").b2(digest).put(ecdsaSHA256, ticket)).signature()
}

func TestPolicySigned(t *testing.T) {
	b := newTestTPM(t)
	key := b.signingKey(wire.RHOwner)
	s := b.policy(wire.SEPolicy)
	aHash := func(nonce []byte, expiration int32) []byte {
		return hashOf(wire.AlgSHA256, nonce, binary.BigEndian.AppendUint32(nil, uint32(expiration)), []byte("ref"))
	}
	signed := func(nonce []byte, expiration int32, sig *wire.TPMTSignature) *testCommand {
		return newCommand(wire.CCPolicySigned, key.handle, s.handle).b2(nonce).b2(nil).b2([]byte("ref")).u32(uint32(expiration)).put(sig)
	}
	good := b.signDigest(key.handle, aHash(s.nonceTPM, -30))
	b.want(wire.RCSignature.Parameter(5), b.run(signed(s.nonceTPM, -31, good)))
	b.want(wire.RCNonce.Parameter(1), b.run(signed(make([]byte, 32), -30, good)))
	r := b.must(signed(s.nonceTPM, -30, good))
	timeout := r.b2()
	var ticket wire.TPMTTKAuth
	ticket.Unmarshal(r.params())
	want := hashOf(wire.AlgSHA256, chain(zeroPolicy, wire.CCPolicySigned, key.name), []byte("ref"))
	if got := s.digest(); !bytes.Equal(got, want) {
		t.Errorf("digest %x, want %x", got, want)
	}
	if ticket.Tag != wire.STAuthSigned || ticket.Hierarchy != wire.RHOwner || len(timeout) != 8 {
		t.Errorf("ticket %+v, timeout %x", ticket, timeout)
	}
	later := b.policy(wire.SEPolicy)
	use := newCommand(wire.CCPolicyTicket, later.handle).b2(timeout).b2(nil).b2([]byte("ref")).b2(key.name).put(&ticket)
	b.must(use)
	if got := later.digest(); !bytes.Equal(got, want) {
		t.Errorf("digest %x with the ticket, want %x", got, want)
	}
	// Without nonce the timeout counts from the start of Time and ends with the TPM Reset.
	forever := b.signDigest(key.handle, aHash(nil, 0))
	b.must(newCommand(wire.CCPolicyRestart, s.handle))
	b.must(signed(nil, 0, forever))
	b.clock.now += 31e9
	b.must(newCommand(wire.CCPolicyRestart, s.handle))
	b.want(wire.RCExpired.Parameter(4), b.run(signed(nil, 30, forever)))
	trial := b.policy(wire.SETrial)
	b.must(newCommand(wire.CCPolicySigned, key.handle, trial.handle).b2(nil).b2(nil).b2([]byte("ref")).u32(0).put(forever))
	if got := trial.digest(); !bytes.Equal(got, want) {
		t.Errorf("digest %x of a trial", got)
	}
}

// An approved policy stands for another, whatever it is (Part 3, 23.16).
func TestPolicyAuthorizeAccepts(t *testing.T) {
	b := newTestTPM(t)
	key := b.signingKey(wire.RHOwner)
	s := b.policy(wire.SEPolicy)
	b.must(newCommand(wire.CCPolicyCommandCode, s.handle).put(wire.CCUnseal))
	approved := s.digest()
	aHash := hashOf(wire.AlgSHA256, approved, []byte("ref"))
	sig := b.signDigest(key.handle, aHash)
	r := b.must(newCommand(wire.CCVerifySignature, key.handle).b2(aHash).put(sig))
	var ticket wire.TPMTTKVerified
	ticket.Unmarshal(r.params())
	authorize := newCommand(wire.CCPolicyAuthorize, s.handle).b2(approved).b2([]byte("ref")).b2(key.name).put(&ticket)
	b.must(authorize)
	want := hashOf(wire.AlgSHA256, chain(zeroPolicy, wire.CCPolicyAuthorize, key.name), []byte("ref"))
	if got := s.digest(); !bytes.Equal(got, want) {
		t.Errorf("digest %x, want %x", got, want)
	}
}

// The commands of version 185 that verify signatures give tickets as good: over the message itself, or over its digest by the hash of the
// scheme, whatever nameAlg is (Part 3, 23.16).
func TestPolicyAuthorizeTickets(t *testing.T) {
	b := newTestTPM185(t)
	key := rsaObject(wire.ObjectSign, wire.AlgRSASSA, wire.AlgSHA384)
	h := b.addKey(key)
	s := b.policy(wire.SEPolicy)
	b.must(newCommand(wire.CCPolicyCommandCode, s.handle).put(wire.CCUnseal))
	approved, ref := s.digest(), []byte("ref")
	message := append(bytes.Clone(approved), ref...)
	sequence := b.must(signStartCommand(h, nil)).handle()
	sig := b.must(signCompleteCommand(sequence, h, message)).signature()

	sequence = b.must(verifyStartCommand(h, nil, nil)).handle()
	b.must(sequenceUpdateCommand(sequence, message))
	var ofMessage, ofDigest wire.TPMTTKVerified
	ofMessage.Unmarshal(b.must(verifyCompleteCommand(sequence, h, sig)).params())
	ofDigest.Unmarshal(b.must(newCommand(wire.CCVerifyDigestSignature, h).b2(nil).b2(hashOf(wire.AlgSHA384, message)).put(sig)).params())

	want := hashOf(wire.AlgSHA256, chain(zeroPolicy, wire.CCPolicyAuthorize, key.name), ref)
	for _, ticket := range []wire.TPMTTKVerified{ofMessage, ofDigest} {
		authorize := func(k wire.TPMTTKVerified, ref []byte) *testCommand {
			return newCommand(wire.CCPolicyAuthorize, s.handle).b2(approved).b2(ref).b2(key.name).put(&k)
		}
		b.must(newCommand(wire.CCPolicyRestart, s.handle))
		b.must(newCommand(wire.CCPolicyCommandCode, s.handle).put(wire.CCUnseal))
		b.want(wire.RCValue.Parameter(4), b.run(authorize(ticket, []byte("Ref"))))
		for _, tag := range []wire.ST{wire.STVerified, wire.STMessageVerified, wire.STDigestVerified} {
			if other := ticket; tag != ticket.Tag {
				other.Tag, other.DigestAlg = tag, wire.AlgSHA384
				b.want(wire.RCValue.Parameter(4), b.run(authorize(other, ref)))
			}
		}
		if other := ticket; ticket.Tag == wire.STDigestVerified {
			other.DigestAlg = wire.AlgSHA512
			b.want(wire.RCValue.Parameter(4), b.run(authorize(other, ref)))
		}
		b.must(authorize(ticket, ref))
		if got := s.digest(); !bytes.Equal(got, want) {
			t.Errorf("%v: digest %x, want %x", ticket.Tag, got, want)
		}
	}
}

func TestPolicyAuthorizeNVAccepts(t *testing.T) {
	const nv = wire.Handle(0x01000004)
	b := newTestTPM(t)
	b.define(nvPublic(nv, nvOpen, 34))
	s := b.policy(wire.SEPolicy)
	use := func() *testCommand { return newCommand(wire.CCPolicyAuthorizeNV, nv, nv, s.handle).password("") }
	write := func(data []byte) { b.must(nvCommand(wire.CCNVWrite, nv).b2(data).u16(0)) }
	b.want(wire.RCNVUninitialized, b.run(use()))
	write(make([]byte, 34))
	b.want(wire.RCHash, b.run(use()))
	write(append([]byte{0, 4}, make([]byte, 32)...))
	b.want(wire.RCHash, b.run(use()))
	write(append([]byte{0, 0x0B}, digestOf("other")...))
	b.want(wire.RCValue, b.run(use()))
	write(append([]byte{0, 0x0B}, zeroPolicy...))
	b.must(use())
	if got, want := s.digest(), chain(zeroPolicy, wire.CCPolicyAuthorizeNV, b.nv.index(nv).name()); !bytes.Equal(got, want) {
		t.Errorf("digest %x, want %x", got, want)
	}
}

func TestPolicyPCR(t *testing.T) {
	b := newTestTPM(t)
	s := b.policy(wire.SEPolicy)
	pcrs := wire.TPMLPCRSelection{{Hash: wire.AlgSHA256, Select: []byte{0, 0, 1}}} // PCR 16
	digest := hashOf(wire.AlgSHA256, make([]byte, 32))
	command := func(digest []byte) *testCommand { return newCommand(wire.CCPolicyPCR, s.handle).b2(digest).put(&pcrs) }
	b.want(wire.RCValue.Parameter(1), b.run(command(digestOf("other"))))
	b.must(command(digest))
	if got, want := s.digest(), chain(zeroPolicy, wire.CCPolicyPCR, wire.Marshal(&pcrs), digest); !bytes.Equal(got, want) {
		t.Errorf("digest %x, want %x", got, want)
	}
	b.must(newCommand(wire.CCSetPrimaryPolicy, wire.RHOwner).password("").b2(s.digest()).put(wire.AlgSHA256))
	extend := newCommand(wire.CCPCRExtend, 10).password("").u32(1).put(wire.AlgSHA256).raw(digestOf("event"))
	b.must(extend)
	b.want(wire.RCPCRChanged, b.run(command(nil)))
	b.want(wire.RCPCRChanged, s.run(newCommand(wire.CCClockSet, wire.RHOwner).u64(1), nil))
}

func TestPolicyCapability(t *testing.T) {
	b := newTestTPM(t)
	s := b.policy(wire.SEPolicy)
	command := func(operand []byte, offset uint16, op wire.EO, capability wire.Cap, property uint32) *testCommand {
		return newCommand(wire.CCPolicyCapability, s.handle).b2(operand).u16(offset).put(op, capability).u32(property)
	}
	ibm := []byte("IBM\x00")
	const manufacturer = uint32(wire.PTManufacturer)
	for _, tc := range []struct {
		name string
		cmd  *testCommand
		want wire.RC
	}{
		{"equal", command(ibm, 4, wire.EOEq, wire.CapTPMProperties, manufacturer), wire.RCSuccess},
		{"not equal", command(ibm, 4, wire.EONeq, wire.CapTPMProperties, manufacturer), wire.RCPolicy},
		{"offset", command(nil, 9, wire.EOEq, wire.CapTPMProperties, manufacturer), wire.RCValue.Parameter(2)},
		{"operand", command(ibm, 5, wire.EOEq, wire.CapTPMProperties, manufacturer), wire.RCSize.Parameter(1)},
		{"handle that is not there", command(nil, 0, wire.EOEq, wire.CapHandles, 0x81000001), wire.RCPolicy},
		{"handle that is not there, not equal", command(nil, 0, wire.EONeq, wire.CapHandles, 0x81000001), wire.RCSuccess},
		{"type of handle", command(nil, 0, wire.EOEq, wire.CapHandles, 0x11000000), wire.RCHandle.Parameter(5)},
		{"policy of no permanent handle", command(nil, 0, wire.EOEq, wire.CapAuthPolicies, 0x81000000), wire.RCValue.Parameter(5)},
		{"vendor", command(nil, 0, wire.EOEq, wire.CapVendorProperty, 0), wire.RCValue.Parameter(4)},
		{"curve", command([]byte{0, 3}, 0, wire.EOEq, wire.CapECCCurves, 3), wire.RCSuccess},
		{"command", command(nil, 0, wire.EOEq, wire.CapCommands, uint32(wire.CCNVWrite)), wire.RCSuccess},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b.t = t
			b.must(newCommand(wire.CCPolicyRestart, s.handle))
			b.want(tc.want, b.run(tc.cmd))
		})
	}
}

// Each way to tie a session to a command lets that command through, and no other.
func TestPolicyRestrictions(t *testing.T) {
	clock := func(v uint64) *testCommand { return newCommand(wire.CCClockSet, wire.RHOwner).u64(v) }
	owner, code := wire.Marshal(wire.RHOwner), wire.Marshal(wire.CCClockSet)
	value := binary.BigEndian.AppendUint64(nil, 77)
	for _, tc := range []struct {
		name string
		cc   wire.CC
		hash []byte
	}{
		{"cpHash", wire.CCPolicyCpHash, hashOf(wire.AlgSHA256, code, owner, value)},
		{"parameters", wire.CCPolicyParameters, hashOf(wire.AlgSHA256, code, value)},
		{"nameHash", wire.CCPolicyNameHash, hashOf(wire.AlgSHA256, owner)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := newTestTPM(t)
			policy := chain(zeroPolicy, tc.cc, tc.hash)
			for _, h := range []wire.Handle{wire.RHOwner, wire.RHPlatform} {
				b.must(newCommand(wire.CCSetPrimaryPolicy, h).password("").b2(policy).put(wire.AlgSHA256))
			}
			s := b.policy(wire.SEPolicy)
			b.must(newCommand(tc.cc, s.handle).b2(tc.hash))
			wrong := clock(78)
			if tc.cc == wire.CCPolicyNameHash {
				wrong = newCommand(wire.CCClockSet, wire.RHPlatform).u64(77)
			}
			b.want(wire.RCPolicyFail.Session(1), s.run(wrong, nil))
			b.want(wire.RCSuccess, s.run(clock(77), nil))
		})
	}
}

func TestPolicyTemplate(t *testing.T) {
	b := newTestTPM(t)
	template := wire.Marshal(&storageTemplate().TPMTPublic)
	hash := hashOf(wire.AlgSHA256, template)
	b.must(newCommand(wire.CCSetPrimaryPolicy, wire.RHOwner).password("").b2(chain(zeroPolicy, wire.CCPolicyTemplate, hash)).put(wire.AlgSHA256))
	s := b.policy(wire.SEPolicy)
	b.must(newCommand(wire.CCPolicyTemplate, s.handle).b2(hash))
	create := func(template []byte) *testCommand {
		return newCommand(wire.CCCreatePrimary, wire.RHOwner).put(sensitiveCreate("", nil)).b2(template).b2(nil).u32(0)
	}
	b.want(wire.RCPolicyFail.Session(1), s.run(create(wire.Marshal(&rsaTemplate(storageAttributes, aes128CFB).TPMTPublic)), nil))
	b.want(wire.RCPolicyFail.Session(1), s.run(newCommand(wire.CCClockSet, wire.RHOwner).u64(1), nil))
	b.want(wire.RCPolicyFail.Session(1), s.run(newCommand(wire.CCCreatePrimary, wire.RHOwner).u16(9), nil))
	b.want(wire.RCSuccess, s.run(create(template), nil))
}

// PolicyAuthValue wants the authValue in the HMAC, PolicyPassword in clear; PolicyPhysicalPresence wants presence.
func TestPolicySecrets(t *testing.T) {
	b := newTestTPM(t)
	b.must(newCommand(wire.CCHierarchyChangeAuth, wire.RHOwner).password("").b2([]byte("own")))
	policy := chain(zeroPolicy, wire.CCPolicyAuthValue)
	b.must(newCommand(wire.CCSetPrimaryPolicy, wire.RHOwner).password("own").b2(policy).put(wire.AlgSHA256))
	s := b.policy(wire.SEPolicy)
	clock := func() *testCommand { return newCommand(wire.CCClockSet, wire.RHOwner).u64(b.orderly.clock) }
	b.must(newCommand(wire.CCPolicyAuthValue, s.handle))
	b.want(wire.RCBadAuth.Session(1), s.run(clock(), []byte("guess")))
	b.want(wire.RCSuccess, s.run(clock(), []byte("own")))
	b.must(newCommand(wire.CCPolicyPassword, s.handle))
	withPassword := func(p string) *testCommand { return clock().session(s.handle, nil, wire.SessionContinue, []byte(p)) }
	b.want(wire.RCBadAuth.Session(1), b.run(withPassword("guess")))
	b.want(wire.RCSuccess, b.run(withPassword("own")))

	b.must(newCommand(wire.CCSetPrimaryPolicy, wire.RHOwner).password("own").b2(chain(zeroPolicy, wire.CCPolicyPhysicalPresence)).put(wire.AlgSHA256))
	p := b.policy(wire.SEPolicy)
	b.must(newCommand(wire.CCPolicyPhysicalPresence, p.handle))
	b.want(wire.RCPP.Session(1), p.run(clock(), nil))
	b.presence = true
	b.want(wire.RCSuccess, p.run(clock(), nil))
}

// An index with POLICY_DELETE goes by its policy and the platform; NV_ChangeAuth needs a policy too.
func TestNVByPolicy(t *testing.T) {
	const nv = wire.Handle(0x01000006)
	b := newTestTPM(t)
	special := chain(zeroPolicy, wire.CCPolicyCommandCode, wire.Marshal(wire.CCNVUndefineSpaceSpecial))
	change := chain(zeroPolicy, wire.CCPolicyCommandCode, wire.Marshal(wire.CCNVChangeAuth))
	pub := nvPublic(nv, nvOpen|wire.NVPlatformCreate|wire.NVPolicyDelete, 8)
	pub.AuthPolicy = chain(zeroPolicy, wire.CCPolicyOR, special, change)
	b.must(defineCommand(wire.RHPlatform, "", pub))
	b.want(wire.RCAttributes.Handle(2), b.run(newCommand(wire.CCNVUndefineSpace, wire.RHPlatform, nv).password("")))
	s := b.policy(wire.SEPolicy)
	or := func(cc wire.CC) {
		b.must(newCommand(wire.CCPolicyCommandCode, s.handle).put(cc))
		b.must(newCommand(wire.CCPolicyOR, s.handle).u32(2).b2(special).b2(change))
	}
	or(wire.CCNVChangeAuth)
	b.want(wire.RCSize.Parameter(1), s.run(newCommand(wire.CCNVChangeAuth, nv).b2(bytes.Repeat([]byte{1}, 33)), nil))
	b.want(wire.RCSuccess, s.run(newCommand(wire.CCNVChangeAuth, nv).b2([]byte("new\x00")), nil))
	b.want(wire.RCBadAuth.Session(1), b.run(nvCommand(wire.CCNVWrite, nv).b2([]byte{1}).u16(0)))
	b.want(wire.RCSuccess, b.run(newCommand(wire.CCNVWrite, nv, nv).password("new").b2([]byte{1}).u16(0)))
	or(wire.CCNVUndefineSpaceSpecial)
	nonce := s.nextNonce()
	undefine := newCommand(wire.CCNVUndefineSpaceSpecial, nv, wire.RHPlatform).session(s.handle, nonce, s.attributes, nil).password("")
	b.must(undefine)
	b.want(wire.RCHandle.Handle(1), b.run(newCommand(wire.CCNVReadPublic, nv)))
}

// In failure mode only the test result and the first fixed properties are told; power brings the TPM back.
func TestFailureMode(t *testing.T) {
	b := newTestTPM(t)
	b.storage.failing = true
	b.want(wire.RCFailure, b.run(newCommand(wire.CCHierarchyChangeAuth, wire.RHOwner).password("").b2([]byte("lost"))))
	b.want(wire.RCFailure, b.run(newCommand(wire.CCReadClock)))
	b.want(wire.RCFailure, b.runBytes([]byte{1}))
	r := b.must(newCommand(wire.CCGetTestResult))
	if data := r.b2(); len(data) == 0 || r.r.Uint32() != uint32(wire.RCFailure) {
		t.Errorf("test result %x", r.body)
	}
	get := func(property wire.PT, count uint32) *testResponse {
		return b.must(newCommand(wire.CCGetCapability).put(wire.CapTPMProperties, property).u32(count))
	}
	want := []byte{1, 0, 0, 0, 6, 0, 0, 0, 1, 0, 0, 1, 5, 'I', 'B', 'M', 0}
	if got := get(wire.PTFamilyIndicator, 99).body; !bytes.Equal(got, want) {
		t.Errorf("properties %x, want %x", got, want)
	}
	if got := get(wire.PTFirmwareVersion2, 1).body; got[0] != 0 {
		t.Errorf("more properties after the last: %x", got)
	}
	b.want(wire.RCFailure, b.run(newCommand(wire.CCGetCapability).put(wire.CapAlgs).u32(0).u32(1)))
	b.storage.failing = false
	b.powerCycle()
	b.startup(wire.SUClear)
}
