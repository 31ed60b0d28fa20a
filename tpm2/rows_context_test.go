package tpm2

import (
	"bytes"

	"govtpm/tpm2/wire"
)

// Rows of the commands of Part 3, clauses 28 to 30.

func contextRows() []commandRow {
	return []commandRow{
		{
			code: wire.CCContextSave,
			good: func(b *testTPM) (*testCommand, func(*testResponse)) {
				key := b.addKey(rowMAC())
				return newCommand(wire.CCContextSave, key), func(r *testResponse) {
					var x wire.TPMSContext
					x.Unmarshal(r.params())
					if x.Sequence != 1 || x.SavedHandle != wire.SavedObject || x.Hierarchy != wire.RHOwner {
						r.t.Errorf("%+v", x)
					}
					b.flush(key)
					h := b.must(loadContext(x)).handle()
					b.must(newCommand(wire.CCMAC, h).password(keyAuth).b2(nil).put(wire.AlgSHA256))
				}
			},
			faults: []rowFault{
				{"no more contexts", func(b *testTPM, c *rowCommand) {
					c.handles[0] = b.policy(wire.SEPolicy).handle
					b.stateReset.contextCounter = ^uint64(0)
				}, wire.RCTooManyContexts},
				{"the oldest context is too old", func(b *testTPM, c *rowCommand) {
					b.save(b.policy(wire.SEPolicy).handle)
					c.handles[0] = b.policy(wire.SEPolicy).handle
					b.stateReset.contextCounter += 0xFFFF
				}, wire.RCContextGap},
			},
		},
		{
			code: wire.CCContextLoad,
			good: func(b *testTPM) (*testCommand, func(*testResponse)) {
				x := b.save(b.addKey(rowMAC()))
				b.flush(firstTransient)
				return loadContext(x), func(r *testResponse) {
					got := b.must(newCommand(wire.CCMAC, r.handle()).password(keyAuth).b2([]byte("message")).put(wire.AlgSHA256)).b2()
					if !bytes.Equal(got, hmacOf(wire.AlgSHA256, []byte("secret"), []byte("message"))) {
						r.t.Errorf("%x", got)
					}
				}
			},
			faults: contextLoadFaults(),
		},
		{
			code: wire.CCFlushContext,
			good: func(b *testTPM) (*testCommand, func(*testResponse)) {
				key := b.addKey(rowMAC())
				return newCommand(wire.CCFlushContext).put(key), func(r *testResponse) {
					if b.object(key) != nil {
						r.t.Error("the object is still there")
					}
				}
			},
			faults: []rowFault{
				{"no such object", withParam(1, p32(0x80000001)), wire.RCHandle.Parameter(1)},
				{"no such HMAC session", withParam(1, p32(0x02000000)), wire.RCHandle.Parameter(1)},
				{"no such policy session", withParam(1, p32(0x03000000)), wire.RCHandle.Parameter(1)},
			},
		},
		{
			code: wire.CCEvictControl,
			good: func(b *testTPM) (*testCommand, func(*testResponse)) {
				key := b.addKey(rowMAC())
				name := b.object(key).name
				return evictCommand(wire.RHOwner, key, ownerPersistent), func(r *testResponse) {
					b.flush(key)
					b.powerCycle()
					b.startup(wire.SUClear)
					p := b.must(newCommand(wire.CCReadPublic, ownerPersistent))
					if p.b2(); !bytes.Equal(p.b2(), name) {
						r.t.Error("another object is persistent")
					}
				}
			},
			faults: evictFaults(),
		},
		{
			code: wire.CCReadClock,
			good: func(b *testTPM) (*testCommand, func(*testResponse)) {
				b.clock.now += 7e9
				b.must(newCommand(wire.CCReadClock)) // the TPM notes the time
				return newCommand(wire.CCReadClock), func(r *testResponse) {
					var info wire.TPMSTimeInfo
					info.Unmarshal(r.params())
					if info.Time != 7000 || info.ClockInfo.Clock != 7000 || info.ClockInfo.ResetCount != 1 || !info.ClockInfo.Safe {
						r.t.Errorf("%+v", info)
					}
				}
			},
			plain: "there is nothing that it could refuse",
		},
		{
			code: wire.CCClockSet,
			good: func(b *testTPM) (*testCommand, func(*testResponse)) {
				b.must(newCommand(wire.CCClockSet, wire.RHOwner).password("").u64(100))
				return newCommand(wire.CCClockSet, wire.RHOwner).password("").u64(123456), func(r *testResponse) {
					if info := readClock(b); info.ClockInfo.Clock != 123456 {
						r.t.Errorf("%+v", info)
					}
				}
			},
			faults: []rowFault{
				{"back", withParam(1, p64(99)), wire.RCValue.Parameter(1)},
				{"too far", withParam(1, p64(0xFFFF000000000001)), wire.RCValue.Parameter(1)},
			},
		},
		{
			code: wire.CCClockRateAdjust,
			good: func(b *testTPM) (*testCommand, func(*testResponse)) {
				return newCommand(wire.CCClockRateAdjust, wire.RHOwner).password("").put(wire.ClockCoarseFaster), func(r *testResponse) {
					before := readClock(b).Time
					b.clock.now += 100e9
					if gone := readClock(b).Time - before; gone != 101010 { // 1 % faster
						r.t.Errorf("%d ms in 100 s", gone)
					}
				}
			},
			plain: "every rate that its type has is good",
		},
	}
}

func contextLoadFaults() []rowFault {
	change := func(f func(x *wire.TPMSContext)) rowChange {
		return func(b *testTPM, c *rowCommand) {
			var x wire.TPMSContext
			if rc := wire.Unmarshal(c.parts[0], b.limits, &x); rc != wire.RCSuccess {
				b.t.Fatal(rc)
			}
			x.ContextBlob = bytes.Clone(x.ContextBlob)
			f(&x)
			c.set(1, &x)
		}
	}
	session := func(loaded bool) rowChange {
		return func(b *testTPM, c *rowCommand) {
			x := b.save(b.policy(wire.SEPolicy).handle)
			if loaded {
				b.must(loadContext(x))
			}
			c.set(1, &x)
		}
	}
	ownerOff := when(func(b *testTPM) { b.stateClear.shEnable = false })
	spoil := change(func(x *wire.TPMSContext) { x.ContextBlob[70] ^= 1 })
	return []rowFault{
		{"changed", spoil, wire.RCIntegrity.Parameter(1)},
		{"another sequence number", change(func(x *wire.TPMSContext) { x.Sequence++ }), wire.RCIntegrity.Parameter(1)},
		{"another hierarchy", change(func(x *wire.TPMSContext) { x.Hierarchy = wire.RHPlatform }), wire.RCIntegrity.Parameter(1)},
		{"another kind of object", change(func(x *wire.TPMSContext) { x.SavedHandle = wire.SavedStClearObject }), wire.RCIntegrity.Parameter(1)},
		{"HMAC of another size", change(func(x *wire.TPMSContext) { x.ContextBlob[1] = 32 }), wire.RCSize.Parameter(1)},
		{"too short", change(func(x *wire.TPMSContext) { x.ContextBlob = x.ContextBlob[:70] }), wire.RCSize.Parameter(1)},
		{"disabled hierarchy", ownerOff, wire.RCHierarchy.Parameter(1)},
		{"no slot", when(fillObjects), wire.RCObjectMemory},
		{"no slot for a session", both(session(false), when(fillSessions)), wire.RCSessionMemory},
		{"a session that is loaded", session(true), wire.RCHandle.Parameter(1)},
		{"changed and disabled hierarchy", both(spoil, ownerOff), wire.RCIntegrity.Parameter(1)},
		{"disabled hierarchy and no slot", both(ownerOff, when(fillObjects)), wire.RCHierarchy.Parameter(1)},
		{"loaded and no slot", both(session(true), when(fillSessions)), wire.RCHandle.Parameter(1)},
	}
}

func evictFaults() []rowFault {
	with := func(f func(o *object)) rowChange {
		return func(b *testTPM, c *rowCommand) { f(b.object(c.handles[1])) }
	}
	temporary := with(func(o *object) { o.temporary = true })
	ofPlatform := with(func(o *object) { o.hierarchy = wire.RHPlatform })
	persistent := when(func(b *testTPM) { b.must(evictCommand(wire.RHOwner, firstTransient, ownerPersistent)) })
	platforms := when(func(b *testTPM) { b.must(evictCommand(wire.RHPlatform, firstTransient, platformPersistent)) })
	otherRange := withParam(1, p32(uint32(platformPersistent)))
	return []rowFault{
		{"of the NULL hierarchy", temporary, wire.RCAttributes.Handle(2)},
		{"stClear", with(func(o *object) { o.stClear = true }), wire.RCAttributes.Handle(2)},
		{"public part only", with(func(o *object) { o.publicOnly = true }), wire.RCAttributes.Handle(2)},
		{"a sequence", withSequence(2), wire.RCAttributes.Handle(2)},
		{"persistent under another handle", both(persistent, withHandle(2, ownerPersistent), withParam(1, p32(uint32(ownerPersistent+1)))), wire.RCHandle.Handle(2)},
		{"persistent, of the platform, and under another handle", both(ofPlatform, platforms, withHandle(2, platformPersistent)), wire.RCHierarchy.Handle(2)},
		{"of the platform, by the owner", ofPlatform, wire.RCHierarchy.Handle(2)},
		{"of the owner, by the platform", withHandle(1, wire.RHPlatform), wire.RCHierarchy.Handle(2)},
		{"the platform's range, by the owner", otherRange, wire.RCRange.Parameter(1)},
		{"the owner's range, by the platform", both(ofPlatform, withHandle(1, wire.RHPlatform)), wire.RCRange.Parameter(1)},
		{"taken", persistent, wire.RCNVDefined},
		{"temporary and of the platform", both(temporary, ofPlatform), wire.RCAttributes.Handle(2)},
		{"of the platform and range", both(ofPlatform, otherRange), wire.RCHierarchy.Handle(2)},
	}
}

func capabilityRows() []commandRow {
	return []commandRow{
		{
			code: wire.CCGetCapability,
			good: func(*testTPM) (*testCommand, func(*testResponse)) {
				return getCapability(wire.CapTPMProperties, uint32(wire.PTManufacturer), 1), func(r *testResponse) {
					p := r.params()
					more, capability, count := p.YesNo(), wire.Cap(p.Uint32()), p.Uint32()
					if property, value := wire.PT(p.Uint32()), p.Uint32(); !more || capability != wire.CapTPMProperties || count != 1 || property != wire.PTManufacturer || value != manufacturer {
						r.t.Errorf("%v %v %d %v %#x", more, capability, count, property, value)
					}
				}
			},
			faults: []rowFault{
				{"type of handle", both(withParam(1, wire.CapHandles), withParam(2, p32(0x11000000))), wire.RCHandle.Parameter(2)},
				{"policies from no permanent handle", both(withParam(1, wire.CapAuthPolicies), withParam(2, p32(0x81000000))), wire.RCValue.Parameter(2)},
			},
		},
		{
			code: wire.CCTestParms,
			good: func(*testTPM) (*testCommand, func(*testResponse)) {
				p := wire.TPMTPublicParms{Type: wire.AlgECC, Parameters: eccTemplate(0, noSymmetric).Parameters}
				return newCommand(wire.CCTestParms).put(&p), func(r *testResponse) {
					if len(r.params().Remaining()) != 0 && r.tag == wire.STNoSessions {
						r.t.Errorf("%x", r.body)
					}
				}
			},
			faults: []rowFault{
				{"a size of RSA keys that the TPM does not have", withParam(1, p16(uint16(wire.AlgRSA)), p16(uint16(wire.AlgNull)), p16(uint16(wire.AlgNull)), p16(512), p32(0)), wire.RCValue.Parameter(1)},
				{"a scheme that is none", withParam(1, p16(uint16(wire.AlgECC)), p16(uint16(wire.AlgNull)), p16(1), p16(3), p16(uint16(wire.AlgNull))), wire.RCScheme.Parameter(1)},
				{"a curve that the TPM does not have", withParam(1, p16(uint16(wire.AlgECC)), p16(uint16(wire.AlgNull)), p16(uint16(wire.AlgNull)), p16(0x7777), p16(uint16(wire.AlgNull))), wire.RCCurve.Parameter(1)},
				{"a cipher that is none", withParam(1, p16(uint16(wire.AlgSymCipher)), p16(1)), wire.RCSymmetric.Parameter(1)},
				{"a size of AES keys that there is not", withParam(1, p16(uint16(wire.AlgSymCipher)), p16(uint16(wire.AlgAES)), p16(127), p16(uint16(wire.AlgCFB))), wire.RCValue.Parameter(1)},
				{"a mode that is none", withParam(1, p16(uint16(wire.AlgSymCipher)), p16(uint16(wire.AlgAES)), p16(128), p16(1)), wire.RCMode.Parameter(1)},
				{"a KDF that is none", withParam(1, p16(uint16(wire.AlgECC)), p16(uint16(wire.AlgNull)), p16(uint16(wire.AlgNull)), p16(3), p16(1)), wire.RCKDF.Parameter(1)},
				{"HKDF with a hash that makes no KEM of the curve", kdfParms(wire.AlgECDH, wire.CurveNISTP256, wire.AlgHKDF, wire.AlgSHA384), wire.RCKDF.Parameter(1)},
				{"HKDF with a curve that has no KEM", kdfParms(wire.AlgECDH, wire.CurveBNP256, wire.AlgHKDF, wire.AlgSHA256), wire.RCKDF.Parameter(1)},
				{"HKDF without ECDH", kdfParms(wire.AlgECDSA, wire.CurveNISTP256, wire.AlgHKDF, wire.AlgSHA256), wire.RCKDF.Parameter(1)},
			},
		},
	}
}
