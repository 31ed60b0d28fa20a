package tpm2

import (
	"bytes"

	"govtpm/tpm2/wire"
)

// Rows of the commands of Part 3, clauses 21, 24 to 26.

// rowPrimary makes an ECC key: RSA keys take their time.
func rowPrimary() *wire.TPM2BPublic { return rowSeal() }

func hierarchyRows() []commandRow {
	asOwner := withHandle(1, wire.RHOwner)
	return []commandRow{
		{
			code: wire.CCSetCommandCodeAuditStatus,
			good: func(b *testTPM) (*testCommand, func(*testResponse)) {
				c := newCommand(wire.CCSetCommandCodeAuditStatus, wire.RHOwner).password("").
					put(wire.AlgNull, wire.TPMLCC{wire.CCReadClock, wire.CCShutdown, 0x11E}, wire.TPMLCC{wire.CCSetCommandCodeAuditStatus})
				return c, func(r *testResponse) {
					if a := b.persistent.auditCommands; !a.has(wire.CCReadClock) || a.has(wire.CCShutdown) || !a.has(wire.CCSetCommandCodeAuditStatus) {
						r.t.Errorf("audited: %v", a)
					}
				}
			},
			faults: []rowFault{
				{"another algorithm and commands", withParam(1, wire.AlgSHA256), wire.RCValue.Parameter(1)},
				{"another algorithm and one command", both(withParam(1, wire.AlgSHA256), withParam(2, wire.TPMLCC{})), wire.RCValue.Parameter(1)},
			},
		},
		{
			code: wire.CCCreatePrimary,
			good: func(b *testTPM) (*testCommand, func(*testResponse)) {
				c := newCommand(wire.CCCreatePrimary, wire.RHOwner).password("").put(sensitiveCreate(rowPassword, []byte("secret")), rowPrimary()).
					b2([]byte("outside")).put(pcr16())
				return c, func(r *testResponse) {
					h, public := r.handle(), r.b2()
					want := prefixed(wire.AlgSHA256, hashOf(wire.AlgSHA256, public))
					r.creationOf(b, wire.RHOwner, want, handleName(wire.RHOwner))
					if name := r.b2(); !bytes.Equal(name, want) {
						r.t.Errorf("name %x, want %x", name, want)
					}
					if got := b.must(newCommand(wire.CCUnseal, h).password(rowPassword)).b2(); string(got) != "secret" {
						r.t.Errorf("unsealed %q", got)
					}
				}
			},
			faults: append(templateFaults(),
				rowFault{"no nameAlg", withTemplate(changed(rowSeal(), func(p *wire.TPM2BPublic) { p.NameAlg = wire.AlgNull })), wire.RCHash.Parameter(2)}),
		},
		{
			code: wire.CCHierarchyControl,
			good: func(b *testTPM) (*testCommand, func(*testResponse)) {
				b.addKey(rowMAC())
				return controlCommand(wire.RHPlatform, wire.RHOwner, 0), func(r *testResponse) {
					if b.stateClear.shEnable || b.object(firstTransient) != nil {
						r.t.Error("the owner's hierarchy is on, or its object still there")
					}
				}
			},
			faults: []rowFault{
				{"the owner controls the platform", both(asOwner, withParam(1, wire.RHPlatform)), wire.RCAuthType},
				{"the owner controls the endorsement", both(asOwner, withParam(1, wire.RHEndorsement)), wire.RCAuthType},
				{"the endorsement controls the owner", withHandle(1, wire.RHEndorsement), wire.RCAuthType},
				{"the owner controls the platform's NV", both(asOwner, withParam(1, wire.RHPlatformNV)), wire.RCAuthType},
				{"the endorsement enables the owner again", both(withHandle(1, wire.RHEndorsement), withParam(2, p8(1)), when(func(b *testTPM) { b.stateClear.shEnable = false })), wire.RCAuthType},
			},
		},
		{
			code: wire.CCSetPrimaryPolicy,
			good: func(b *testTPM) (*testCommand, func(*testResponse)) {
				return newCommand(wire.CCSetPrimaryPolicy, wire.RHOwner).password("").b2(digestOf("policy")).put(wire.AlgSHA256), func(r *testResponse) {
					if p := b.persistent.ownerPolicy; p.alg != wire.AlgSHA256 || !bytes.Equal(p.digest, digestOf("policy")) {
						r.t.Errorf("%+v", p)
					}
				}
			},
			faults: []rowFault{
				{"another size", withParam(1, p2b(make([]byte, 20))), wire.RCSize.Parameter(1)},
				{"a policy and no hash", withParam(2, wire.AlgNull), wire.RCSize.Parameter(1)},
				{"a hash and no policy", withParam(1, p2b(nil)), wire.RCSize.Parameter(1)},
			},
		},
		changeSeedRow(wire.CCChangePPS, wire.RHPlatform, func(b *testTPM) (*seed, []byte) { return &b.persistent.ppSeed, b.persistent.phProof }),
		changeSeedRow(wire.CCChangeEPS, wire.RHEndorsement, func(b *testTPM) (*seed, []byte) { return &b.persistent.epSeed, b.persistent.ehProof }),
		{
			code: wire.CCClear,
			good: func(b *testTPM) (*testCommand, func(*testResponse)) {
				b.must(newCommand(wire.CCHierarchyChangeAuth, wire.RHOwner).password("").b2([]byte("own")))
				b.must(newCommand(wire.CCNVDefineSpace, wire.RHOwner).password("own").b2(nil).put(nvPublic(rowNV, nvOpen, 8)))
				before := bytes.Clone(b.persistent.spSeed.value)
				return newCommand(wire.CCClear, wire.RHLockout).password(""), func(r *testResponse) {
					if bytes.Equal(before, b.persistent.spSeed.value) || len(b.persistent.ownerAuth) != 0 || b.nv.index(rowNV) != nil {
						r.t.Error("something of the owner is still there")
					}
				}
			},
			faults: []rowFault{{"forbidden", when(func(b *testTPM) { b.persistent.disableClear = true }), wire.RCDisabled}},
		},
		{
			code: wire.CCClearControl,
			good: func(b *testTPM) (*testCommand, func(*testResponse)) {
				return newCommand(wire.CCClearControl, wire.RHLockout).password("").u8(1), func(r *testResponse) {
					b.want(wire.RCDisabled, b.run(newCommand(wire.CCClear, wire.RHLockout).password("")))
				}
			},
			// The code is without position: it is no failed authorization, and does not count as one.
			faults: []rowFault{{"lockoutAuth allows it again", withParam(1, p8(0)), wire.RCAuthFail}},
		},
		{
			code: wire.CCHierarchyChangeAuth, newAuth: "new",
			good: func(b *testTPM) (*testCommand, func(*testResponse)) {
				return newCommand(wire.CCHierarchyChangeAuth, wire.RHEndorsement).password("").b2([]byte("new\x00")), func(r *testResponse) {
					b.must(newCommand(wire.CCHierarchyChangeAuth, wire.RHEndorsement).password("new").b2(nil))
				}
			},
			plain: "an authValue too large is one that its type does not have",
		},
		{
			code: wire.CCDictionaryAttackLockReset,
			good: func(b *testTPM) (*testCommand, func(*testResponse)) {
				b.persistent.failedTries = b.persistent.maxTries
				return newCommand(wire.CCDictionaryAttackLockReset, wire.RHLockout).password(""), func(r *testResponse) {
					if b.persistent.failedTries != 0 {
						r.t.Errorf("%d failed tries", b.persistent.failedTries)
					}
				}
			},
			plain: "who may do it may do it always",
		},
		{
			code: wire.CCDictionaryAttackParameters,
			good: func(b *testTPM) (*testCommand, func(*testResponse)) {
				return newCommand(wire.CCDictionaryAttackParameters, wire.RHLockout).password("").u32(7).u32(100).u32(200), func(r *testResponse) {
					if a, t, l := b.property(wire.PTMaxAuthFail), b.property(wire.PTLockoutInterval), b.property(wire.PTLockoutRecovery); a != 7 || t != 100 || l != 200 {
						r.t.Errorf("%d %d %d", a, t, l)
					}
				}
			},
			plain: "every number is good",
		},
		{
			code: wire.CCPPCommands,
			good: func(b *testTPM) (*testCommand, func(*testResponse)) {
				b.presence = true
				c := newCommand(wire.CCPPCommands, wire.RHPlatform).password("").put(wire.TPMLCC{wire.CCClear, wire.CCGetRandom}, wire.TPMLCC{wire.CCPPCommands})
				return c, func(r *testResponse) {
					if p := b.persistent.ppList; !p.has(wire.CCClear) || p.has(wire.CCGetRandom) || !p.has(wire.CCPPCommands) {
						r.t.Errorf("%v", p)
					}
				}
			},
			faults: []rowFault{{"no presence", when(func(b *testTPM) { b.presence = false }), wire.RCPP.Session(1)}},
		},
		{
			code: wire.CCSetAlgorithmSet,
			good: func(b *testTPM) (*testCommand, func(*testResponse)) {
				return newCommand(wire.CCSetAlgorithmSet, wire.RHPlatform).password("").u32(0x1234), func(r *testResponse) {
					if got := b.property(wire.PTAlgorithmSet); got != 0x1234 {
						r.t.Errorf("%#x", got)
					}
				}
			},
			plain: "every number is good",
		},
	}
}

// changeSeedRow is the row of a command that renews a primary seed and drops what came from it.
func changeSeedRow(code wire.CC, hierarchy wire.Handle, secrets func(b *testTPM) (*seed, []byte)) commandRow {
	return commandRow{
		code: code,
		good: func(b *testTPM) (*testCommand, func(*testResponse)) {
			o := rowMAC()
			o.hierarchy = hierarchy
			b.addKey(o)
			s, proof := secrets(b)
			before, proofBefore := bytes.Clone(s.value), bytes.Clone(proof)
			return newCommand(code, wire.RHPlatform).password(""), func(r *testResponse) {
				s, proof := secrets(b)
				if bytes.Equal(s.value, before) || bytes.Equal(proof, proofBefore) || b.object(firstTransient) != nil {
					r.t.Error("the seed, the proof or an object is still there")
				}
			}
		},
		faults: []rowFault{{"the owner", withHandle(1, wire.RHOwner), wire.RCValue.Handle(1)}},
	}
}
