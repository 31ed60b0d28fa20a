package tpm2

import (
	"bytes"
	"encoding/binary"
	"testing"

	"govtpm/tpm2/wire"
)

// policy starts a policy or trial session with SHA-256.
func (b *testTPM) policy(kind wire.SE) *testSession {
	b.t.Helper()
	return b.startSession(kind, wire.AlgSHA256, wire.RHNull, nil, plainSession)
}

// digest is the policy digest of a session.
func (s *testSession) digest() []byte {
	s.b.t.Helper()
	return s.b.must(newCommand(wire.CCPolicyGetDigest, s.handle)).b2()
}

// chain computes a policy digest by hand: digest of old, command code and parts.
func chain(old []byte, cc wire.CC, parts ...[]byte) []byte {
	return hashOf(wire.AlgSHA256, append([][]byte{old, wire.Marshal(cc)}, parts...)...)
}

var zeroPolicy = make([]byte, 32)

func digestOf(s string) []byte { return hashOf(wire.AlgSHA256, []byte(s)) }

// The digests are those of Part 3, clause 23, computed step by step.
func TestPolicyDigests(t *testing.T) {
	owner := wire.Marshal(wire.RHOwner)
	operand := func(more ...[]byte) []byte {
		return hashOf(wire.AlgSHA256, append([][]byte{{9}, {0, 1}, {0, 2}}, more...)...)
	}
	const nv = wire.Handle(0x01000002)
	for _, tc := range []struct {
		name string
		cmd  func(wire.Handle) *testCommand
		want func(b *testTPM) []byte
	}{
		{"secret", func(s wire.Handle) *testCommand {
			return newCommand(wire.CCPolicySecret, wire.RHOwner, s).password("").b2(nil).b2(nil).b2([]byte("ref")).u32(0)
		}, func(*testTPM) []byte {
			return hashOf(wire.AlgSHA256, chain(zeroPolicy, wire.CCPolicySecret, owner), []byte("ref"))
		}},
		{"or", func(s wire.Handle) *testCommand {
			return newCommand(wire.CCPolicyOR, s).u32(2).b2(digestOf("a")).b2(digestOf("b"))
		}, func(*testTPM) []byte { return chain(zeroPolicy, wire.CCPolicyOR, digestOf("a"), digestOf("b")) }},
		{"locality", func(s wire.Handle) *testCommand { return newCommand(wire.CCPolicyLocality, s).u8(5) },
			func(*testTPM) []byte { return chain(zeroPolicy, wire.CCPolicyLocality, []byte{5}) }},
		{"nv", func(s wire.Handle) *testCommand {
			return newCommand(wire.CCPolicyNV, nv, nv, s).password("").b2([]byte{9}).u16(1).u16(2)
		}, func(b *testTPM) []byte {
			return chain(zeroPolicy, wire.CCPolicyNV, operand(), b.nv.index(nv).name())
		}},
		{"counter timer", func(s wire.Handle) *testCommand {
			return newCommand(wire.CCPolicyCounterTimer, s).b2([]byte{9}).u16(1).u16(2)
		}, func(*testTPM) []byte { return chain(zeroPolicy, wire.CCPolicyCounterTimer, operand()) }},
		{"command code", func(s wire.Handle) *testCommand { return newCommand(wire.CCPolicyCommandCode, s).put(wire.CCNVWrite) },
			func(*testTPM) []byte {
				return chain(zeroPolicy, wire.CCPolicyCommandCode, wire.Marshal(wire.CCNVWrite))
			}},
		{"physical presence", func(s wire.Handle) *testCommand { return newCommand(wire.CCPolicyPhysicalPresence, s) },
			func(*testTPM) []byte { return chain(zeroPolicy, wire.CCPolicyPhysicalPresence) }},
		{"cpHash", func(s wire.Handle) *testCommand { return newCommand(wire.CCPolicyCpHash, s).b2(digestOf("c")) },
			func(*testTPM) []byte { return chain(zeroPolicy, wire.CCPolicyCpHash, digestOf("c")) }},
		{"nameHash", func(s wire.Handle) *testCommand { return newCommand(wire.CCPolicyNameHash, s).b2(digestOf("c")) },
			func(*testTPM) []byte { return chain(zeroPolicy, wire.CCPolicyNameHash, digestOf("c")) }},
		{"template", func(s wire.Handle) *testCommand { return newCommand(wire.CCPolicyTemplate, s).b2(digestOf("c")) },
			func(*testTPM) []byte { return chain(zeroPolicy, wire.CCPolicyTemplate, digestOf("c")) }},
		{"duplication select", func(s wire.Handle) *testCommand {
			return newCommand(wire.CCPolicyDuplicationSelect, s).b2([]byte("object")).b2([]byte("parent")).u8(1)
		}, func(*testTPM) []byte {
			return chain(zeroPolicy, wire.CCPolicyDuplicationSelect, []byte("object"), []byte("parent"), []byte{1})
		}},
		{"duplication select without object", func(s wire.Handle) *testCommand {
			return newCommand(wire.CCPolicyDuplicationSelect, s).b2([]byte("object")).b2([]byte("parent")).u8(0)
		}, func(*testTPM) []byte {
			return chain(zeroPolicy, wire.CCPolicyDuplicationSelect, []byte("parent"), []byte{0})
		}},
		{"auth value", func(s wire.Handle) *testCommand { return newCommand(wire.CCPolicyAuthValue, s) },
			func(*testTPM) []byte { return chain(zeroPolicy, wire.CCPolicyAuthValue) }},
		{"password", func(s wire.Handle) *testCommand { return newCommand(wire.CCPolicyPassword, s) },
			func(*testTPM) []byte { return chain(zeroPolicy, wire.CCPolicyAuthValue) }},
		{"nv written", func(s wire.Handle) *testCommand { return newCommand(wire.CCPolicyNVWritten, s).u8(1) },
			func(*testTPM) []byte { return chain(zeroPolicy, wire.CCPolicyNVWritten, []byte{1}) }},
		{"authorize nv", func(s wire.Handle) *testCommand {
			return newCommand(wire.CCPolicyAuthorizeNV, nv, nv, s).password("")
		}, func(b *testTPM) []byte { return chain(zeroPolicy, wire.CCPolicyAuthorizeNV, b.nv.index(nv).name()) }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := newTestTPM(t)
			b.define(nvPublic(nv, nvOpen, 40))
			s := b.policy(wire.SETrial)
			b.must(tc.cmd(s.handle))
			if got, want := s.digest(), tc.want(b); !bytes.Equal(got, want) {
				t.Errorf("digest %x, want %x", got, want)
			}
			b.must(newCommand(wire.CCPolicyRestart, s.handle))
			if got := s.digest(); !bytes.Equal(got, zeroPolicy) {
				t.Errorf("digest %x after a restart", got)
			}
		})
	}
}

func TestPolicyCommandErrors(t *testing.T) {
	const nv = wire.Handle(0x01000002)
	for _, tc := range []struct {
		name  string
		setup func(b *testTPM, s wire.Handle)
		cmd   func(s wire.Handle) *testCommand
		want  wire.RC
	}{
		{"or without match", nil, func(s wire.Handle) *testCommand {
			return newCommand(wire.CCPolicyOR, s).u32(2).b2(digestOf("a")).b2(digestOf("b"))
		}, wire.RCValue.Parameter(1)},
		{"or with one digest", nil, func(s wire.Handle) *testCommand {
			return newCommand(wire.CCPolicyOR, s).u32(1).b2(zeroPolicy)
		}, wire.RCSize.Parameter(1)},
		{"or with nine digests", nil, func(s wire.Handle) *testCommand {
			c := newCommand(wire.CCPolicyOR, s).u32(9)
			for range 9 {
				c.b2(zeroPolicy)
			}
			return c
		}, wire.RCSize.Parameter(1)},
		{"locality 0", nil, func(s wire.Handle) *testCommand { return newCommand(wire.CCPolicyLocality, s).u8(0) },
			wire.RCRange.Parameter(1)},
		{"localities that exclude each other", func(b *testTPM, s wire.Handle) { b.must(newCommand(wire.CCPolicyLocality, s).u8(1)) },
			func(s wire.Handle) *testCommand { return newCommand(wire.CCPolicyLocality, s).u8(2) }, wire.RCRange.Parameter(1)},
		{"extended after plain locality", func(b *testTPM, s wire.Handle) { b.must(newCommand(wire.CCPolicyLocality, s).u8(1)) },
			func(s wire.Handle) *testCommand { return newCommand(wire.CCPolicyLocality, s).u8(40) }, wire.RCRange.Parameter(1)},
		{"nv not written", nil, func(s wire.Handle) *testCommand {
			return newCommand(wire.CCPolicyNV, nv, nv, s).password("").b2([]byte{9}).u16(1).u16(2)
		}, wire.RCNVUninitialized},
		{"nv condition false", func(b *testTPM, _ wire.Handle) { b.must(nvCommand(wire.CCNVWrite, nv).b2(make([]byte, 40)).u16(0)) },
			func(s wire.Handle) *testCommand {
				return newCommand(wire.CCPolicyNV, nv, nv, s).password("").b2([]byte{9}).u16(1).u16(0)
			}, wire.RCPolicy},
		{"nv offset", func(b *testTPM, _ wire.Handle) { b.must(nvCommand(wire.CCNVWrite, nv).b2(make([]byte, 40)).u16(0)) },
			func(s wire.Handle) *testCommand {
				return newCommand(wire.CCPolicyNV, nv, nv, s).password("").b2([]byte{9}).u16(41).u16(0)
			}, wire.RCValue.Parameter(2)},
		{"nv operand", func(b *testTPM, _ wire.Handle) { b.must(nvCommand(wire.CCNVWrite, nv).b2(make([]byte, 40)).u16(0)) },
			func(s wire.Handle) *testCommand {
				return newCommand(wire.CCPolicyNV, nv, nv, s).password("").b2([]byte{9}).u16(40).u16(0)
			}, wire.RCSize.Parameter(1)},
		{"timer offset", nil, func(s wire.Handle) *testCommand {
			return newCommand(wire.CCPolicyCounterTimer, s).b2(nil).u16(26).u16(0)
		}, wire.RCValue.Parameter(2)},
		{"timer operand", nil, func(s wire.Handle) *testCommand {
			return newCommand(wire.CCPolicyCounterTimer, s).b2([]byte{1}).u16(25).u16(0)
		}, wire.RCRange},
		{"timer operation", nil, func(s wire.Handle) *testCommand {
			return newCommand(wire.CCPolicyCounterTimer, s).b2([]byte{1}).u16(26).u16(12)
		}, wire.RCValue.Parameter(3)},
		{"timer condition false", nil, func(s wire.Handle) *testCommand {
			return newCommand(wire.CCPolicyCounterTimer, s).b2([]byte{1}).u16(0).u16(0)
		}, wire.RCPolicy},
		{"unknown command code", nil, func(s wire.Handle) *testCommand { return newCommand(wire.CCPolicyCommandCode, s).u32(0x11E) },
			wire.RCPolicyCC.Parameter(1)},
		{"two command codes", func(b *testTPM, s wire.Handle) {
			b.must(newCommand(wire.CCPolicyCommandCode, s).put(wire.CCNVWrite))
		}, func(s wire.Handle) *testCommand { return newCommand(wire.CCPolicyCommandCode, s).put(wire.CCNVRead) },
			wire.RCValue.Parameter(1)},
		{"cpHash of another size", nil, func(s wire.Handle) *testCommand { return newCommand(wire.CCPolicyCpHash, s).b2([]byte{1}) },
			wire.RCSize.Parameter(1)},
		{"two cpHashes", func(b *testTPM, s wire.Handle) { b.must(newCommand(wire.CCPolicyCpHash, s).b2(digestOf("a"))) },
			func(s wire.Handle) *testCommand { return newCommand(wire.CCPolicyCpHash, s).b2(digestOf("b")) }, wire.RCCpHash},
		{"the same cpHash again", func(b *testTPM, s wire.Handle) { b.must(newCommand(wire.CCPolicyCpHash, s).b2(digestOf("a"))) },
			func(s wire.Handle) *testCommand { return newCommand(wire.CCPolicyCpHash, s).b2(digestOf("a")) }, wire.RCSuccess},
		{"nameHash after cpHash", func(b *testTPM, s wire.Handle) { b.must(newCommand(wire.CCPolicyCpHash, s).b2(digestOf("a"))) },
			func(s wire.Handle) *testCommand { return newCommand(wire.CCPolicyNameHash, s).b2(digestOf("a")) }, wire.RCCpHash},
		{"template of another size after cpHash", func(b *testTPM, s wire.Handle) { b.must(newCommand(wire.CCPolicyCpHash, s).b2(digestOf("a"))) },
			func(s wire.Handle) *testCommand { return newCommand(wire.CCPolicyTemplate, s).b2([]byte{1}) }, wire.RCCpHash},
		{"template of another size", nil,
			func(s wire.Handle) *testCommand { return newCommand(wire.CCPolicyTemplate, s).b2([]byte{1}) }, wire.RCSize.Parameter(1)},
		{"duplication select with command code", func(b *testTPM, s wire.Handle) {
			b.must(newCommand(wire.CCPolicyCommandCode, s).put(wire.CCDuplicate))
		}, func(s wire.Handle) *testCommand {
			return newCommand(wire.CCPolicyDuplicationSelect, s).b2(nil).b2(nil).u8(1)
		}, wire.RCCommandCode},
		{"written and not written", func(b *testTPM, s wire.Handle) { b.must(newCommand(wire.CCPolicyNVWritten, s).u8(1)) },
			func(s wire.Handle) *testCommand { return newCommand(wire.CCPolicyNVWritten, s).u8(0) }, wire.RCValue.Parameter(1)},
		{"secret with another nonce", nil, func(s wire.Handle) *testCommand {
			return newCommand(wire.CCPolicySecret, wire.RHOwner, s).password("").b2(make([]byte, 32)).b2(nil).b2(nil).u32(0)
		}, wire.RCNonce.Parameter(1)},
		{"secret with a cpHash of another size", nil, func(s wire.Handle) *testCommand {
			return newCommand(wire.CCPolicySecret, wire.RHOwner, s).password("").b2(nil).b2([]byte{1}).b2(nil).u32(0)
		}, wire.RCSize.Parameter(2)},
		{"ticket with a timeout of another size", nil, func(s wire.Handle) *testCommand {
			return newCommand(wire.CCPolicyTicket, s).b2(make([]byte, 7)).b2(nil).b2(nil).b2(nil).
				u16(uint16(wire.STAuthSecret)).put(wire.RHOwner).b2(nil)
		}, wire.RCSize.Parameter(1)},
		{"ticket that is none", nil, func(s wire.Handle) *testCommand {
			return newCommand(wire.CCPolicyTicket, s).b2(make([]byte, 8)).b2(nil).b2(nil).b2(nil).
				u16(uint16(wire.STAuthSecret)).put(wire.RHOwner).b2(make([]byte, 64))
		}, wire.RCTicket.Parameter(5)},
		{"ticket with the tag of another", nil, func(s wire.Handle) *testCommand {
			return newCommand(wire.CCPolicyTicket, s).b2(make([]byte, 8)).b2(nil).b2(nil).b2(nil).
				u16(uint16(wire.STHashCheck)).put(wire.RHOwner).b2(nil)
		}, wire.RCTag.Parameter(5)},
		{"authorize with a short name", nil, func(s wire.Handle) *testCommand {
			return newCommand(wire.CCPolicyAuthorize, s).b2(nil).b2(nil).b2([]byte{0}).u16(uint16(wire.STVerified)).put(wire.RHNull).b2(nil)
		}, wire.RCSize.Parameter(3)},
		{"authorize with no hash in the name", nil, func(s wire.Handle) *testCommand {
			return newCommand(wire.CCPolicyAuthorize, s).b2(nil).b2(nil).b2([]byte{0, 1}).u16(uint16(wire.STVerified)).put(wire.RHNull).b2(nil)
		}, wire.RCHash.Parameter(3)},
		{"authorize another policy", nil, func(s wire.Handle) *testCommand {
			name := append([]byte{0, 0x0B}, digestOf("key")...)
			return newCommand(wire.CCPolicyAuthorize, s).b2(digestOf("p")).b2(nil).b2(name).u16(uint16(wire.STVerified)).put(wire.RHNull).b2(nil)
		}, wire.RCValue.Parameter(1)},
		{"authorize without ticket", nil, func(s wire.Handle) *testCommand {
			name := append([]byte{0, 0x0B}, digestOf("key")...)
			return newCommand(wire.CCPolicyAuthorize, s).b2(zeroPolicy).b2(nil).b2(name).u16(uint16(wire.STVerified)).put(wire.RHNull).b2(nil)
		}, wire.RCValue.Parameter(4)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := newTestTPM(t)
			b.define(nvPublic(nv, nvOpen, 40))
			s := b.policy(wire.SEPolicy)
			if tc.setup != nil {
				tc.setup(b, s.handle)
			}
			before := s.digest()
			b.want(tc.want, b.run(tc.cmd(s.handle)))
			if tc.want != wire.RCSuccess && !bytes.Equal(before, s.digest()) {
				t.Error("a failed command changed the policy digest")
			}
		})
	}
}

// A ticket of PolicySecret stands for the secret in a later session, until it expires.
func TestPolicyTicket(t *testing.T) {
	b := newTestTPM(t)
	s := b.policy(wire.SEPolicy)
	r := b.must(newCommand(wire.CCPolicySecret, wire.RHOwner, s.handle).password("").b2(s.nonceTPM).b2(nil).b2([]byte("ref")).u32(^uint32(59)))
	timeout := r.b2()
	var ticket wire.TPMTTKAuth
	ticket.Unmarshal(r.params())
	if len(timeout) != 8 || ticket.Hierarchy != wire.RHOwner {
		t.Fatalf("timeout %x, ticket %+v", timeout, ticket)
	}
	want := s.digest()
	later := b.policy(wire.SEPolicy)
	use := func() *testCommand {
		return newCommand(wire.CCPolicyTicket, later.handle).b2(timeout).b2(nil).b2([]byte("ref")).b2(wire.Marshal(wire.RHOwner)).put(&ticket)
	}
	b.must(use())
	if got := later.digest(); !bytes.Equal(got, want) {
		t.Errorf("digest %x with the ticket, want %x", got, want)
	}
	b.clock.now += 61e9
	b.want(wire.RCExpired.Parameter(1), b.run(use()))
}

// A policy session authorizes when its digest is the entity's policy and every condition holds, and starts over after use.
func TestPolicyAuthorizes(t *testing.T) {
	const nv = wire.Handle(0x01000003)
	b := newTestTPM(t)
	trial := b.policy(wire.SETrial)
	conditions := func(s *testSession) {
		b.must(newCommand(wire.CCPolicyCommandCode, s.handle).put(wire.CCNVWrite))
		b.must(newCommand(wire.CCPolicyLocality, s.handle).u8(2))
		b.must(newCommand(wire.CCPolicyNVWritten, s.handle).u8(0))
	}
	conditions(trial)
	pub := nvPublic(nv, nvOpen|wire.NVPolicyWrite, 8)
	pub.AuthPolicy = trial.digest()
	b.define(pub)
	write := func() *testCommand { return newCommand(wire.CCNVWrite, nv, nv).b2([]byte{1}).u16(0) }
	s := b.policy(wire.SEPolicy)
	b.want(wire.RCPolicyFail.Session(1), s.run(write(), nil))
	conditions(s)
	b.want(wire.RCLocality, s.run(write(), nil))
	b.locality = 1
	b.want(wire.RCPolicyCC.Session(1), s.run(newCommand(wire.CCNVSetBits, nv, nv).u64(1), nil))
	b.want(wire.RCSuccess, s.run(write(), nil))
	conditions(s)
	b.want(wire.RCPolicyFail.Session(1), s.run(write(), nil)) // it is written by now
	if b.volatile.sessions.loaded(b.TPM, trial.handle) == nil {
		t.Fatal("the trial session is gone")
	}
	b.want(wire.RCAttributes.Session(1), trial.run(write(), nil))
}

func TestStartAuthSessionErrors(t *testing.T) {
	b := newTestTPM(t)
	start := func(bind wire.Handle, nonce, salt []byte, kind uint8, sym wire.TPMTSymDef, alg wire.Alg) *testCommand {
		return newCommand(wire.CCStartAuthSession, wire.RHNull, bind).b2(nonce).b2(salt).u8(kind).put(&sym, alg)
	}
	nonce := make([]byte, 16)
	cbc := wire.TPMTSymDef{Algorithm: wire.AlgAES, KeyBits: 128, Mode: wire.AlgCBC}
	for _, tc := range []struct {
		name string
		cmd  *testCommand
		want wire.RC
	}{
		{"nonce too short", start(wire.RHNull, nonce[:15], nil, 0, plainSession, wire.AlgSHA256), wire.RCSize.Parameter(1)},
		{"nonce too long", start(wire.RHNull, make([]byte, 33), nil, 0, plainSession, wire.AlgSHA256), wire.RCSize.Parameter(1)},
		{"salt without key", start(wire.RHNull, nonce, []byte{1}, 0, plainSession, wire.AlgSHA256), wire.RCValue.Parameter(2)},
		{"type", start(wire.RHNull, nonce, nil, 2, plainSession, wire.AlgSHA256), wire.RCValue.Parameter(3)},
		{"mode", start(wire.RHNull, nonce, nil, 0, cbc, wire.AlgSHA256), wire.RCMode.Parameter(4)},
		{"hash", start(wire.RHNull, nonce, nil, 0, plainSession, wire.AlgNull), wire.RCHash.Parameter(5)},
		{"bind to nothing", start(0x80000000, nonce, nil, 0, plainSession, wire.AlgSHA256), wire.RCReferenceH0 + 1},
		{"1", start(wire.RHNull, nonce, nil, 0, plainSession, wire.AlgSHA1), wire.RCSuccess},
		{"2", start(wire.RHOwner, nonce, nil, 1, plainSession, wire.AlgSHA512), wire.RCSuccess},
		{"3", start(wire.RHLockout, nonce, nil, 3, plainSession, wire.AlgSHA384), wire.RCSuccess},
		{"one too many", start(wire.RHNull, nonce, nil, 0, plainSession, wire.AlgSHA256), wire.RCSessionMemory},
	} {
		b.t = t
		r := b.run(tc.cmd)
		if r.rc != tc.want {
			t.Errorf("%s: %v, want %v", tc.name, r.rc, tc.want)
		}
		if r.rc == wire.RCSuccess && len(r.body) != 4+2+16 {
			t.Errorf("%s: response %x", tc.name, r.body)
		}
	}
	b.must(newCommand(wire.CCFlushContext).u32(uint32(wire.HTPolicySession)<<24 | 1))
	b.want(wire.RCHandle.Parameter(1), b.run(newCommand(wire.CCFlushContext).u32(uint32(wire.HTPolicySession)<<24|1)))
	b.want(wire.RCSuccess, b.run(start(wire.RHNull, nonce, nil, 0, plainSession, wire.AlgSHA256)))
}

func TestConditionHolds(t *testing.T) {
	n := func(v int16) []byte { return binary.BigEndian.AppendUint16(nil, uint16(v)) }
	for _, tc := range []struct {
		op   wire.EO
		a, b int16
		want bool
	}{
		{wire.EOEq, 3, 3, true}, {wire.EOEq, 3, 4, false}, {wire.EONeq, 3, 4, true},
		{wire.EOSignedGT, 1, -1, true}, {wire.EOSignedGT, -2, -1, false}, {wire.EOUnsignedGT, -1, 1, true},
		{wire.EOSignedLT, -2, -1, true}, {wire.EOUnsignedLT, 1, -1, true}, {wire.EOSignedGE, 5, 5, true},
		{wire.EOUnsignedGE, 4, 5, false}, {wire.EOSignedLE, -5, 5, true}, {wire.EOUnsignedLE, -5, 5, false},
		{wire.EOBitSet, 7, 5, true}, {wire.EOBitSet, 4, 5, false}, {wire.EOBitClear, 2, 5, true}, {wire.EOBitClear, 1, 5, false},
	} {
		if got := conditionHolds(tc.op, n(tc.a), n(tc.b)); got != tc.want {
			t.Errorf("%d %v %d: %v", tc.a, tc.op, tc.b, got)
		}
	}
}
