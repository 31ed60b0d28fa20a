package tpm2

import (
	"bytes"
	"crypto/rand"
	stdrsa "crypto/rsa"
	"crypto/sha256"
	"slices"
	"testing"

	"govtpm/internal/crypto/kdf"
	"govtpm/tpm2/wire"
)

// Rows of the commands of Part 3, clauses 9 to 11.

func startupRows() []commandRow {
	return []commandRow{
		{
			code: wire.CCStartup, before: true,
			good: func(b *testTPM) (*testCommand, func(*testResponse)) {
				return newCommand(wire.CCStartup).put(wire.SUState), func(r *testResponse) {
					if !b.volatile.started || b.stateReset.restartCount != 1 || b.persistent.resetCount != 1 || len(r.body) != 0 {
						r.t.Errorf("restarts %d, resets %d, body %x", b.stateReset.restartCount, b.persistent.resetCount, r.body)
					}
				}
			},
			faults: []rowFault{
				{"nothing to resume", when(notShutDown), wire.RCValue.Parameter(1)},
				{"locality 1", atLocality(1), wire.RCLocality},
				{"locality 4", atLocality(4), wire.RCLocality},
				{"locality of an extended kind", atLocality(32), wire.RCLocality},
				{"locality 3 resumes what locality 0 began", atLocality(3), wire.RCLocality},
				{"a sequence of the H-CRTM that was not there before", when(func(b *testTPM) { b.volatile.preStartupHash = true }), wire.RCValue.Parameter(1)},
				{"locality 1 and nothing to resume", both(atLocality(1), when(notShutDown)), wire.RCLocality},
				{"locality 3 and nothing to resume", both(atLocality(3), when(notShutDown)), wire.RCValue.Parameter(1)},
			},
		},
		{
			code: wire.CCShutdown,
			good: func(b *testTPM) (*testCommand, func(*testResponse)) {
				b.must(extend(3, wire.AlgSHA256, digestOf("event")))
				return newCommand(wire.CCShutdown).put(wire.SUState), func(r *testResponse) {
					b.powerCycle()
					b.startup(wire.SUState)
					if want := hashOf(wire.AlgSHA256, make([]byte, 32), digestOf("event")); !bytes.Equal(b.pcrValue(wire.AlgSHA256, 3), want) {
						r.t.Error("another PCR 3 after the resume")
					}
				}
			},
			faults: []rowFault{
				{"STATE after an allocation of PCRs", when(func(b *testTPM) {
					b.must(newCommand(wire.CCPCRAllocate, wire.RHPlatform).password("").u32(0))
				}), wire.RCType.Parameter(1)},
			},
		},
		{
			code: wire.CCSelfTest,
			good: func(b *testTPM) (*testCommand, func(*testResponse)) {
				b.volatile.selfTest.done = wire.AlgSet{}
				return newCommand(wire.CCSelfTest).u8(0), func(r *testResponse) {
					if left := b.untested(); len(left) != 0 {
						r.t.Errorf("untested: %v", left)
					}
				}
			},
			plain: "what a test finds puts the TPM into failure mode (selftest_test.go)",
		},
		{
			code: wire.CCIncrementalSelfTest,
			good: func(b *testTPM) (*testCommand, func(*testResponse)) {
				b.volatile.selfTest.done = wire.AlgSet{}.With(wire.AlgSHA1)
				return newCommand(wire.CCIncrementalSelfTest).put(wire.TPMLAlg{wire.AlgSHA256, wire.AlgAES}), func(r *testResponse) {
					var left wire.TPMLAlg
					left.Unmarshal(r.params())
					want := wire.TPMLAlg{
						wire.AlgTDES, wire.AlgSHA384, wire.AlgSHA512, wire.AlgRSASSA, wire.AlgRSAES, wire.AlgRSAPSS, wire.AlgOAEP,
						wire.AlgECDSA, wire.AlgECDH, wire.AlgECSchnorr, wire.AlgHKDF, wire.AlgKDF1SP800108, wire.AlgCamellia,
					}
					if !b.limits.Algs.Has(wire.AlgHKDF) {
						want = slices.DeleteFunc(want, func(alg wire.Alg) bool { return alg == wire.AlgHKDF })
					}
					if b.volatile.selfTest.done.Has(wire.AlgHMAC) { // a session with HMAC tests its hash
						want = left
					}
					if !bytes.Equal(wire.Marshal(left), wire.Marshal(want)) {
						r.t.Errorf("left to test %v, want %v", left, want)
					}
				}
			},
			faults: []rowFault{
				{"an algorithm that the TPM does not have", withParam(1, wire.TPMLAlg{wire.AlgSHA256, 0x7FFF}), wire.RCValue.Parameter(1)},
				{"the null algorithm", withParam(1, wire.TPMLAlg{wire.AlgNull}), wire.RCValue.Parameter(1)},
			},
		},
		{
			code: wire.CCGetTestResult,
			good: func(*testTPM) (*testCommand, func(*testResponse)) {
				return newCommand(wire.CCGetTestResult), func(r *testResponse) {
					if data, rc := r.b2(), r.params().Uint32(); len(data) != 0 || rc != 0 {
						r.t.Errorf("data %x, result %#x", data, rc)
					}
				}
			},
			plain: "there is nothing that it could refuse",
		},
	}
}

// notShutDown makes the last power cycle end without TPM2_Shutdown.
func notShutDown(b *testTPM) { b.persistent.orderlyState = orderlyNone }

// atLocality sends the command at a locality.
func atLocality(n uint8) rowChange { return when(func(b *testTPM) { b.locality = n }) }

// saltKey is the key that salts are encrypted to.
func saltKey() *object { return rsaObject(wire.ObjectDecrypt, wire.AlgNull, 0) }

// encryptedSalt encrypts a salt to saltKey.
func encryptedSalt(t *testing.T, salt []byte) []byte {
	t.Helper()
	out, err := stdrsa.EncryptOAEP(sha256.New(), rand.Reader, testRSAPublic(), salt, []byte("SECRET\x00"))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// fillSessions takes all session slots.
func fillSessions(b *testTPM) {
	for {
		if _, free := b.volatile.sessions.free(); free == 0 {
			return
		}
		b.startSession(wire.SEHMAC, wire.AlgSHA256, wire.RHNull, nil, plainSession)
	}
}

// fillObjects takes all object slots.
func fillObjects(b *testTPM) {
	for {
		if _, ok := b.freeSlot(); !ok {
			return
		}
		b.startHash(wire.AlgSHA1)
	}
}

func sessionRows() []commandRow {
	aes := wire.TPMTSymDef{Algorithm: wire.AlgAES, KeyBits: 128, Mode: wire.AlgCFB}
	cbc := wire.TPMTSymDef{Algorithm: wire.AlgAES, KeyBits: 128, Mode: wire.AlgCBC}
	const pin = wire.Handle(0x01000077)
	bindPIN := both(when(func(b *testTPM) {
		b.must(defineCommand(wire.RHPlatform, "", nvPublic(pin, nvType(wire.NTPinFail)|wire.NVPPWrite|wire.NVPPRead|wire.NVNoDA|wire.NVPlatformCreate, 8)))
	}), withHandle(2, pin))
	badKey := withKey(1, func() *object { return hmacKey(wire.AlgSHA256, wire.ObjectDecrypt, nil) })
	return []commandRow{
		{
			code: wire.CCStartAuthSession,
			good: func(b *testTPM) (*testCommand, func(*testResponse)) {
				b.define(nvPublic(rowNV, nvOpen, 8))
				b.must(nvCommand(wire.CCNVWrite, rowNV).b2([]byte("content!")).u16(0))
				b.persistent.ownerAuth = []byte("own")
				key, salt, nonce := b.addKey(saltKey()), []byte("the salt of a session, 32 bytes."), bytes.Repeat([]byte{0xA5}, 20)
				c := newCommand(wire.CCStartAuthSession, key, wire.RHOwner).b2(nonce).b2(encryptedSalt(b.t, salt)).
					u8(uint8(wire.SEHMAC)).put(&aes, wire.AlgSHA256)
				return c, func(r *testResponse) {
					s := &testSession{b: b, authHash: wire.AlgSHA256, symmetric: aes, attributes: wire.SessionContinue}
					s.handle, s.nonceTPM = r.handle(), r.b2()
					if len(s.nonceTPM) != 20 {
						r.t.Errorf("nonce %x", s.nonceTPM)
					}
					s.key = kdf.KDFa(hashFunc(wire.AlgSHA256), append([]byte("own"), salt...), "ATH", s.nonceTPM, nonce, 256)
					b.want(wire.RCSuccess, s.run(newCommand(wire.CCNVRead, wire.RHOwner, rowNV).u16(8).u16(0), nil))
				}
			},
			faults: []rowFault{
				{"nonce too short", withParam(1, p2b(make([]byte, 15))), wire.RCSize.Parameter(1)},
				{"nonce longer than the hash", withParam(1, p2b(make([]byte, 33))), wire.RCSize.Parameter(1)},
				{"no salt", withParam(2, p2b(nil)), wire.RCValue.Parameter(2)},
				{"a salt that is none", withParam(2, p2b(make([]byte, 128))), wire.RCValue.Parameter(2)},
				{"a salt of another size", withParam(2, p2b(make([]byte, 127))), wire.RCValue.Parameter(2)},
				{"a salt and no key", withHandle(1, wire.RHNull), wire.RCValue.Parameter(2)},
				{"a key of another type", badKey, wire.RCKey.Handle(1)},
				{"a key that signs", withKey(1, func() *object { return rsaObject(wire.ObjectSign, wire.AlgNull, 0) }), wire.RCAttributes.Handle(1)},
				{"a public key", withKey(1, func() *object { return public(saltKey()) }), wire.RCHandle.Handle(1)},
				{"bound to a public key", withKey(2, func() *object { return public(saltKey()) }), wire.RCHandle.Handle(2)},
				{"bound to a PIN", bindPIN, wire.RCHandle.Handle(2)},
				{"a mode other than CFB", withParam(4, &cbc), wire.RCMode.Parameter(4)},
				{"no slot", when(fillSessions), wire.RCSessionMemory},
				{"no handle", when(func(b *testTPM) {
					for i := range b.stateReset.contextArray {
						b.stateReset.contextArray[i] = uint16(i + 100)
					}
				}), wire.RCSessionHandles},
				{"nonce and key", both(withParam(1, p2b(nil)), badKey), wire.RCSize.Parameter(1)},
				{"key and no salt", both(badKey, withParam(2, p2b(nil))), wire.RCKey.Handle(1)},
				{"key and mode", both(badKey, withParam(4, &cbc)), wire.RCKey.Handle(1)},
				{"salt and PIN", both(withParam(2, p2b(nil)), bindPIN), wire.RCValue.Parameter(2)},
				{"PIN and mode", both(bindPIN, withParam(4, &cbc)), wire.RCHandle.Handle(2)},
				{"mode and no slot", both(withParam(4, &cbc), when(fillSessions)), wire.RCMode.Parameter(4)},
			},
		},
		{
			code: wire.CCPolicyRestart,
			good: func(b *testTPM) (*testCommand, func(*testResponse)) {
				s := b.policy(wire.SEPolicy)
				b.must(newCommand(wire.CCPolicyCommandCode, s.handle).put(wire.CCNVWrite))
				b.must(newCommand(wire.CCPolicyAuthValue, s.handle))
				return newCommand(wire.CCPolicyRestart, s.handle), func(r *testResponse) {
					p := b.volatile.sessions.loaded(b.TPM, s.handle)
					if !bytes.Equal(s.digest(), zeroPolicy) || p.commandCode != 0 || p.authValueNeeded {
						r.t.Errorf("digest %x, code %v", s.digest(), p.commandCode)
					}
				}
			},
			faults: []rowFault{{"an HMAC session", hmacForPolicy(1), wire.RCValue.Handle(1)}},
		},
	}
}

// hmacForPolicy gives an HMAC session where a policy session belongs, by its own handle; and see policyForHMAC.
func hmacForPolicy(n int) rowChange {
	return func(b *testTPM, c *rowCommand) {
		c.handles[n-1] = b.startSession(wire.SEHMAC, wire.AlgSHA256, wire.RHNull, nil, plainSession).handle
	}
}

// sessionAs gives an HMAC session under the handle of a policy session: the type is not that of the session.
func sessionAs(n int) rowChange {
	return func(b *testTPM, c *rowCommand) {
		s := b.startSession(wire.SEHMAC, wire.AlgSHA256, wire.RHNull, nil, plainSession)
		c.handles[n-1] = s.handle | 0x01000000
	}
}
