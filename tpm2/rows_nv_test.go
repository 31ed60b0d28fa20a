package tpm2

import (
	"bytes"
	"encoding/binary"

	"govtpm/tpm2/wire"
)

// Rows of the commands of Part 3, clause 31.

// nvWith changes the attributes of rowNV.
func nvWith(set, clear wire.TPMANV) rowChange {
	return when(func(b *testTPM) {
		x := b.nv.index(rowNV)
		x.public.Attributes = x.public.Attributes&^clear | set
	})
}

// writeFaults are those of writing an index by its own authValue, which is handle 1, the index handle 2.
func writeFaults(more ...rowFault) []rowFault {
	byOwner := authorizedBy(1, wire.RHOwner)
	return append([]rowFault{
		{"write-locked", nvWith(wire.NVWriteLocked, 0), wire.RCNVLocked},
		{"not the owner's to write", both(nvWith(0, wire.NVOwnerWrite), byOwner), wire.RCNVAuthorization},
		{"not the platform's to write", authorizedBy(1, wire.RHPlatform), wire.RCNVAuthorization},
		{"not by authValue", nvWith(0, wire.NVAuthWrite), wire.RCAuthUnavailable},
		{"another index", func(b *testTPM, c *rowCommand) {
			b.define(nvPublic(rowNV+1, nvOpen, 8))
			authorizedBy(1, rowNV+1)(b, c)
		}, wire.RCNVAuthorization},
		{"locked and not the owner's", both(nvWith(wire.NVWriteLocked, wire.NVOwnerWrite), byOwner), wire.RCNVLocked},
		{"hierarchy of the index disabled", both(byOwner, when(func(b *testTPM) { b.stateClear.shEnable = false })), wire.RCHierarchy.Handle(1)},
	}, more...)
}

// otherType makes rowNV an index of another type.
func otherType(nt wire.NT) rowChange {
	return when(func(b *testTPM) {
		x := b.nv.index(rowNV)
		x.public.Attributes = x.public.Attributes&^nvType(0xF) | nvType(nt)
	})
}

// nvRow is the row of a command on an index of a type, by the index itself.
func nvRow(code wire.CC, a wire.TPMANV, size uint16, setup func(b *testTPM), params func(c *testCommand), check func(b *testTPM, r *testResponse), faults []rowFault) commandRow {
	return commandRow{
		code: code, faults: faults,
		good: func(b *testTPM) (*testCommand, func(*testResponse)) {
			b.must(defineCommand(wire.RHOwner, rowPassword, nvPublic(rowNV, nvOpen|a, size)))
			if setup != nil {
				setup(b)
			}
			c := newCommand(code, rowNV, rowNV).password(rowPassword)
			params(c)
			return c, func(r *testResponse) { check(b, r) }
		},
	}
}

// content checks the content of rowNV.
func content(want []byte) func(b *testTPM, r *testResponse) {
	return func(b *testTPM, r *testResponse) {
		r.t.Helper()
		got := b.must(newCommand(wire.CCNVRead, wire.RHOwner, rowNV).password("").u16(uint16(len(want))).u16(0)).b2()
		if !bytes.Equal(got, want) {
			r.t.Errorf("content %x, want %x", got, want)
		}
	}
}

func number(v uint64) []byte { return binary.BigEndian.AppendUint64(nil, v) }

func nvRows() []commandRow {
	nothing := func(*testCommand) {}
	written := func(b *testTPM) {
		b.must(newCommand(wire.CCNVWrite, wire.RHOwner, rowNV).password("").b2([]byte("content!")).u16(0))
	}
	wrongType := func(list ...wire.NT) (faults []rowFault) {
		for _, nt := range list {
			faults = append(faults, rowFault{"type of index " + string('0'+rune(nt)), otherType(nt), wire.RCAttributes.Handle(2)},
				rowFault{"locked, and type of index " + string('0'+rune(nt)), both(otherType(nt), nvWith(wire.NVWriteLocked, 0)), wire.RCNVLocked})
		}
		return faults
	}
	rows := []commandRow{
		defineRow(wire.CCNVDefineSpace, func(p *wire.TPM2BNVPublic) wire.Marshaler { return p }),
		defineRow(wire.CCNVDefineSpace2, func(p *wire.TPM2BNVPublic) wire.Marshaler {
			p2 := new(wire.TPM2BNVPublic2)
			p2.HandleType, p2.NV = wire.HTNVIndex, p.TPMSNVPublic
			return p2
		}),
		nvReadPublicRow(wire.CCNVReadPublic), nvReadPublicRow(wire.CCNVReadPublic2),
		{
			code: wire.CCNVUndefineSpace,
			good: func(b *testTPM) (*testCommand, func(*testResponse)) {
				b.define(nvPublic(rowNV, nvOpen, 8))
				return newCommand(wire.CCNVUndefineSpace, wire.RHOwner, rowNV).password(""), func(r *testResponse) {
					b.want(wire.RCHandle.Handle(1), b.run(newCommand(wire.CCNVReadPublic, rowNV)))
				}
			},
			faults: []rowFault{
				{"policyDelete", nvWith(wire.NVPolicyDelete, 0), wire.RCAttributes.Handle(2)},
				{"of the platform", nvWith(wire.NVPlatformCreate, 0), wire.RCNVAuthorization},
				{"of the platform and policyDelete", nvWith(wire.NVPlatformCreate|wire.NVPolicyDelete, 0), wire.RCAttributes.Handle(2)},
				{"of the platform, whose NV is disabled", both(nvWith(wire.NVPlatformCreate, 0), when(func(b *testTPM) { b.stateClear.phEnableNV = false })), wire.RCHandle.Handle(2)},
				{"of the owner, whose hierarchy is disabled", both(withHandle(1, wire.RHPlatform), when(func(b *testTPM) { b.stateClear.shEnable = false })), wire.RCHandle.Handle(2)},
			},
		},
		undefineSpecialRow(),
		nvRow(wire.CCNVWrite, 0, 8, nil, func(c *testCommand) { c.b2([]byte("data")).u16(2) },
			content(append([]byte{0xFF, 0xFF}, "data\xff\xff"...)), writeFaults(
				rowFault{"a counter", otherType(wire.NTCounter), wire.RCAttributes},
				rowFault{"bits", otherType(wire.NTBits), wire.RCAttributes},
				rowFault{"an extend index", otherType(wire.NTExtend), wire.RCAttributes},
				rowFault{"offset beyond the end", withParam(2, p16(9)), wire.RCValue.Parameter(2)},
				rowFault{"data beyond the end", withParam(2, p16(5)), wire.RCNVRange},
				rowFault{"not all of what has to be written at once", nvWith(wire.NVWriteAll, 0), wire.RCNVRange},
				rowFault{"locked and a counter", both(otherType(wire.NTCounter), nvWith(wire.NVWriteLocked, 0)), wire.RCNVLocked},
				rowFault{"a counter and offset", both(otherType(wire.NTCounter), withParam(2, p16(9))), wire.RCAttributes},
				rowFault{"locked and offset", both(nvWith(wire.NVWriteLocked, 0), withParam(2, p16(9))), wire.RCNVLocked},
			)),
		nvRow(wire.CCNVIncrement, nvType(wire.NTCounter), 8, func(b *testTPM) { b.nv.maxCount = 41 }, nothing, content(number(42)),
			writeFaults(wrongType(wire.NTOrdinary, wire.NTBits, wire.NTExtend, wire.NTPinFail)...)),
		nvRow(wire.CCNVExtend, nvType(wire.NTExtend), 32, nil, func(c *testCommand) { c.b2([]byte("data")) },
			content(hashOf(wire.AlgSHA256, make([]byte, 32), []byte("data"))), writeFaults(wrongType(wire.NTOrdinary, wire.NTBits, wire.NTCounter)...)),
		nvRow(wire.CCNVSetBits, nvType(wire.NTBits), 8, func(b *testTPM) { b.must(newCommand(wire.CCNVSetBits, wire.RHOwner, rowNV).password("").u64(0x11)) },
			func(c *testCommand) { c.u64(0x22) }, content(number(0x33)), writeFaults(wrongType(wire.NTOrdinary, wire.NTExtend, wire.NTCounter)...)),
		nvRow(wire.CCNVWriteLock, wire.NVWriteStClear, 8, nil, nothing, func(b *testTPM, _ *testResponse) {
			b.want(wire.RCNVLocked, b.run(newCommand(wire.CCNVWrite, wire.RHOwner, rowNV).password("").b2(nil).u16(0)))
		}, append(writeFaults()[1:5], rowFault{"not lockable", nvWith(0, wire.NVWriteStClear), wire.RCAttributes.Handle(2)},
			rowFault{"not the owner's and not lockable", both(nvWith(0, wire.NVWriteStClear|wire.NVOwnerWrite), authorizedBy(1, wire.RHOwner)), wire.RCNVAuthorization})),
		{
			code: wire.CCNVGlobalWriteLock,
			good: func(b *testTPM) (*testCommand, func(*testResponse)) {
				b.define(nvPublic(rowNV, nvOpen|wire.NVGlobalLock, 8))
				b.define(nvPublic(rowNV+1, nvOpen, 8))
				return newCommand(wire.CCNVGlobalWriteLock, wire.RHOwner).password(""), func(r *testResponse) {
					write := func(h wire.Handle) *testCommand { return nvCommand(wire.CCNVWrite, h).b2([]byte{1}).u16(0) }
					b.want(wire.RCNVLocked, b.run(write(rowNV)))
					b.must(write(rowNV + 1))
				}
			},
			plain: "who may do it may do it always",
		},
		nvRow(wire.CCNVRead, 0, 8, written, func(c *testCommand) { c.u16(3).u16(1) }, func(_ *testTPM, r *testResponse) {
			if got := r.b2(); string(got) != "ont" {
				r.t.Errorf("read %q", got)
			}
		}, append(readFaults(2),
			rowFault{"more than a buffer", withParam(1, p16(1025)), wire.RCValue.Parameter(1)},
			rowFault{"offset beyond the end", withParam(2, p16(9)), wire.RCValue.Parameter(2)},
			rowFault{"data beyond the end", withParam(2, p16(6)), wire.RCNVRange},
			rowFault{"more than a buffer and offset", both(withParam(1, p16(1025)), withParam(2, p16(9))), wire.RCValue.Parameter(1)},
			rowFault{"not written and offset", both(nvWith(0, wire.NVWritten), withParam(2, p16(9))), wire.RCNVUninitialized},
		)),
		nvRow(wire.CCNVReadLock, wire.NVReadStClear, 8, written, nothing, func(b *testTPM, _ *testResponse) {
			b.want(wire.RCNVLocked, b.run(newCommand(wire.CCNVRead, wire.RHOwner, rowNV).password("").u16(1).u16(0)))
		}, append(readFaults(2)[1:5], rowFault{"not lockable", nvWith(0, wire.NVReadStClear), wire.RCAttributes.Handle(2)},
			rowFault{"not the owner's and not lockable", both(nvWith(0, wire.NVReadStClear|wire.NVOwnerRead), authorizedBy(1, wire.RHOwner)), wire.RCNVAuthorization})),
		nvChangeAuthRow(),
	}
	return rows
}

// defineRow is the row of both commands that define an index.
func defineRow(code wire.CC, as func(p *wire.TPM2BNVPublic) wire.Marshaler) commandRow {
	with := func(a wire.TPMANV, size uint16) rowChange {
		return func(_ *testTPM, c *rowCommand) { c.set(2, as(nvPublic(rowNV, a, size))) }
	}
	policy := func(_ *testTPM, c *rowCommand) {
		p := nvPublic(rowNV, nvOpen, 8)
		p.AuthPolicy = make([]byte, 20)
		c.set(2, as(p))
	}
	long := withParam(1, p2b(bytes.Repeat([]byte{1}, 33)))
	byPlatform := withHandle(1, wire.RHPlatform)
	noPlatformNV := when(func(b *testTPM) { b.stateClear.phEnableNV = false })
	taken := when(func(b *testTPM) { b.define(nvPublic(rowNV, nvOpen, 8)) })
	const platform = nvOpen | wire.NVPlatformCreate
	full := when(func(b *testTPM) {
		for h := rowNV + 1; b.run(defineCommand(wire.RHOwner, "", nvPublic(h, nvOpen, 2048))).rc == wire.RCSuccess; h++ {
		}
	})
	return commandRow{
		code: code,
		good: func(b *testTPM) (*testCommand, func(*testResponse)) {
			c := newCommand(code, wire.RHOwner).password("").b2([]byte(rowPassword)).put(as(nvPublic(rowNV, nvOpen, 8)))
			return c, func(r *testResponse) {
				b.must(newCommand(wire.CCNVWrite, rowNV, rowNV).password(rowPassword).b2([]byte("content!")).u16(0))
				content([]byte("content!"))(b, r)
			}
		},
		faults: []rowFault{
			{"policy of another size", policy, wire.RCSize.Parameter(2)},
			{"authValue longer than the hash", long, wire.RCSize.Parameter(1)},
			{"the platform's NV is disabled", both(byPlatform, with(platform, 8), noPlatformNV), wire.RCHierarchy.Handle(1)},
			{"no such type", with(nvOpen|nvType(3), 8), wire.RCAttributes.Parameter(2)},
			{"a counter of 4 bytes", with(nvOpen|nvType(wire.NTCounter), 4), wire.RCSize.Parameter(2)},
			{"bits of 9 bytes", with(nvOpen|nvType(wire.NTBits), 9), wire.RCSize.Parameter(2)},
			{"an extend index of another size", with(nvOpen|nvType(wire.NTExtend), 20), wire.RCSize.Parameter(2)},
			{"a counter that TPM2_Startup clears", with(nvOpen|nvType(wire.NTCounter)|wire.NVClearStClear, 8), wire.RCAttributes.Parameter(2)},
			{"PIN FAIL under protection", with(nvType(wire.NTPinFail)|wire.NVOwnerWrite|wire.NVOwnerRead, 8), wire.RCAttributes.Parameter(2)},
			{"PIN that writes itself", with(nvOpen|nvType(wire.NTPinPass), 8), wire.RCAttributes.Parameter(2)},
			{"written", with(nvOpen|wire.NVWritten, 8), wire.RCAttributes.Parameter(2)},
			{"read-locked", with(nvOpen|wire.NVReadLocked, 8), wire.RCAttributes.Parameter(2)},
			{"write-locked", with(nvOpen|wire.NVWriteLocked, 8), wire.RCAttributes.Parameter(2)},
			{"nobody reads", with(wire.NVOwnerWrite, 8), wire.RCAttributes.Parameter(2)},
			{"nobody writes", with(wire.NVOwnerRead, 8), wire.RCAttributes.Parameter(2)},
			{"cleared at startup and locked for ever", with(nvOpen|wire.NVClearStClear|wire.NVWriteDefine, 8), wire.RCAttributes.Parameter(2)},
			{"of the platform, by the owner", with(platform, 8), wire.RCAttributes.Handle(1)},
			{"of the owner, by the platform", byPlatform, wire.RCAttributes.Handle(1)},
			{"policyDelete, by the owner", with(nvOpen|wire.NVPolicyDelete, 8), wire.RCAttributes.Parameter(2)},
			{"written at once, and larger than a buffer", with(nvOpen|wire.NVWriteAll, 1025), wire.RCSize.Parameter(2)},
			{"larger than an index", with(nvOpen, 2049), wire.RCSize.Parameter(2)},
			{"reserved attribute", with(nvOpen|1<<8, 8), wire.RCReservedBits.Parameter(2)},
			{"taken", taken, wire.RCNVDefined},
			{"no room", both(full, with(nvOpen, 2048)), wire.RCNVSpace},
			{"policy and authValue", both(policy, long), wire.RCSize.Parameter(2)},
			{"authValue and type", both(long, with(nvOpen|nvType(3), 8)), wire.RCSize.Parameter(1)},
			{"disabled and type", both(byPlatform, noPlatformNV, with(platform|nvType(3), 8)), wire.RCHierarchy.Handle(1)},
			{"larger than an index and type", with(nvOpen|nvType(3), 2049), wire.RCSize.Parameter(2)},
			{"written and of the platform", with(platform|wire.NVWritten, 8), wire.RCAttributes.Parameter(2)},
			{"of the platform and taken", both(taken, with(platform, 8)), wire.RCAttributes.Handle(1)},
			{"taken and no room", both(taken, full, with(nvOpen, 2048)), wire.RCNVDefined},
		},
	}
}

func nvReadPublicRow(code wire.CC) commandRow {
	return commandRow{
		code: code, plain: "what an index is no secret",
		good: func(b *testTPM) (*testCommand, func(*testResponse)) {
			b.define(nvPublic(rowNV, nvOpen, 8))
			return newCommand(code, rowNV), func(r *testResponse) {
				var pub wire.TPMSNVPublic
				if code == wire.CCNVReadPublic2 {
					var p wire.TPM2BNVPublic2
					p.Unmarshal(r.params())
					pub = p.NV
				} else {
					var p wire.TPM2BNVPublic
					p.Unmarshal(r.params())
					pub = p.TPMSNVPublic
				}
				if name := r.b2(); !bytes.Equal(wire.Marshal(&pub), wire.Marshal(&nvPublic(rowNV, nvOpen, 8).TPMSNVPublic)) ||
					!bytes.Equal(name, prefixed(wire.AlgSHA256, hashOf(wire.AlgSHA256, wire.Marshal(&pub)))) {
					r.t.Errorf("%+v, name %x", pub, name)
				}
			}
		},
	}
}

// nvPolicySession is a policy session for a command, and the policy of an index that it satisfies.
func nvPolicySession(b *testTPM, code wire.CC) (*testSession, []byte) {
	s := b.policy(wire.SEPolicy)
	b.must(newCommand(wire.CCPolicyCommandCode, s.handle).put(code))
	return s, s.digest()
}

// withoutCode takes the command code out of the first session's policy, which keeps its digest.
func withoutCode(b *testTPM, c *rowCommand) {
	b.volatile.sessions.loaded(b.TPM, c.auths[0].handle).commandCode = 0
}

func undefineSpecialRow() commandRow {
	return commandRow{
		code: wire.CCNVUndefineSpaceSpecial,
		good: func(b *testTPM) (*testCommand, func(*testResponse)) {
			s, policy := nvPolicySession(b, wire.CCNVUndefineSpaceSpecial)
			p := nvPublic(rowNV, nvOpen|wire.NVPlatformCreate|wire.NVPolicyDelete, 8)
			p.AuthPolicy = policy
			b.must(defineCommand(wire.RHPlatform, "", p))
			c := newCommand(wire.CCNVUndefineSpaceSpecial, rowNV, wire.RHPlatform).session(s.handle, nil, wire.SessionContinue, nil).password("")
			return c, func(r *testResponse) {
				b.want(wire.RCHandle.Handle(1), b.run(newCommand(wire.CCNVReadPublic, rowNV)))
			}
		},
		faults: []rowFault{
			{"not policyDelete", nvWith(0, wire.NVPolicyDelete), wire.RCAttributes.Handle(1)},
			{"no command code in the policy", withoutCode, wire.RCPolicyFail.Session(1)},
			{"no policy in the index", when(func(b *testTPM) { b.nv.index(rowNV).public.AuthPolicy = nil }), wire.RCAuthUnavailable},
			{"no command code and not policyDelete", both(withoutCode, nvWith(0, wire.NVPolicyDelete)), wire.RCPolicyFail.Session(1)},
		},
	}
}

func nvChangeAuthRow() commandRow {
	long := withParam(1, p2b(bytes.Repeat([]byte{1}, 33)))
	return commandRow{
		code: wire.CCNVChangeAuth,
		good: func(b *testTPM) (*testCommand, func(*testResponse)) {
			s, policy := nvPolicySession(b, wire.CCNVChangeAuth)
			p := nvPublic(rowNV, nvOpen, 8)
			p.AuthPolicy = policy
			b.must(defineCommand(wire.RHOwner, "old", p))
			c := newCommand(wire.CCNVChangeAuth, rowNV).session(s.handle, nil, wire.SessionContinue, nil).b2([]byte(rowPassword))
			return c, func(r *testResponse) {
				b.must(newCommand(wire.CCNVWrite, rowNV, rowNV).password(rowPassword).b2(nil).u16(0))
			}
		},
		faults: []rowFault{
			{"longer than the hash", long, wire.RCSize.Parameter(1)},
			{"no command code in the policy", withoutCode, wire.RCPolicyFail.Session(1)},
			{"no policy in the index", when(func(b *testTPM) { b.nv.index(rowNV).public.AuthPolicy = nil }), wire.RCAuthUnavailable},
			{"no command code and longer", both(withoutCode, long), wire.RCPolicyFail.Session(1)},
		},
	}
}
