package tpm2

import (
	"bytes"

	"govtpm/tpm2/wire"
)

// Rows of the commands of Part 3 that libtpms does not have and that stand in no other file: clauses 24.9, 30.4, 32 and 33.

func controlRows() []commandRow {
	return []commandRow{
		{
			code: wire.CCReadOnlyControl,
			good: func(b *testTPM) (*testCommand, func(*testResponse)) {
				return readOnlyCommand(1), func(r *testResponse) {
					if !b.stateClear.readOnly {
						r.t.Error("read-only mode is off")
					}
				}
			},
			plain: "Part 3, 24.9 has none",
		},
		{
			code: wire.CCSetCapability,
			good: func(b *testTPM) (*testCommand, func(*testResponse)) {
				return newCommand(wire.CCSetCapability, wire.RHOwner).password("").b2([]byte{0x80, 0, 0, 1, 9}), nil
			},
			plain: "there is nothing that could be set",
			never: wire.RCValue.Parameter(1),
		},
	}
}

func attachedRows() []commandRow {
	attach := func(b *testTPM) *slotComponent {
		c := &slotComponent{values: []wire.TPMSACOutput{{Tag: wire.ATPV1, Data: 7}}}
		b.env.Components = map[wire.Handle]Component{disk: c}
		return c
	}
	const alias = wire.NVACFirst + (disk - wire.ACFirst)
	withAlias := func(a wire.TPMANV) rowChange {
		return when(func(b *testTPM) {
			b.must(defineCommand(wire.RHOwner, "", nvPublic(alias, a|wire.NVAuthRead|wire.NVNoDA, 8)))
		})
	}
	fixed := func(a wire.TPMAObject) rowChange {
		return when(func(b *testTPM) { b.object(firstTransient).public.Attributes |= a })
	}
	return []commandRow{
		{
			code: wire.CCACGetCapability,
			good: func(b *testTPM) (*testCommand, func(*testResponse)) {
				attach(b)
				return newCommand(wire.CCACGetCapability, disk).put(wire.ATAny).u32(1), func(r *testResponse) {
					more := r.params().YesNo()
					var list wire.TPMLACCapabilities
					if list.Unmarshal(r.params()); more || len(list) != 1 || list[0].Data != 7 {
						r.t.Errorf("%t %v", more, list)
					}
				}
			},
			faults: []rowFault{{"no such component", withHandle(1, disk+1), wire.RCValue.Handle(1)}},
		},
		{
			code: wire.CCACSend,
			good: func(b *testTPM) (*testCommand, func(*testResponse)) {
				component, key := attach(b), b.addKey(sendable(0))
				s := b.policy(wire.SEPolicy)
				b.must(newCommand(wire.CCPolicyCommandCode, s.handle).put(wire.CCACSend))
				c := newCommand(wire.CCACSend, key, wire.RHOwner, disk).session(s.handle, nil, wire.SessionContinue, nil).password("").b2([]byte("slot"))
				return c, func(r *testResponse) {
					var out wire.TPMSACOutput
					if out.Unmarshal(r.params()); out.Data != 1 || len(component.slots) != 1 {
						r.t.Errorf("%v, sent %v", out, component.slots)
					}
				}
			},
			faults: []rowFault{
				{"no such component", withHandle(3, disk+1), wire.RCValue.Handle(3)},
				{"fixedTPM", fixed(wire.ObjectFixedTPM), wire.RCAttributes.Handle(1)},
				{"fixedParent", fixed(wire.ObjectFixedParent), wire.RCAttributes.Handle(1)},
				{"encryptedDuplication", fixed(wire.ObjectEncryptedDuplication), wire.RCAttributes.Handle(1)},
				{"no alias, an index", both(rowIndexOf(0x01000001), authorizedBy(2, 0x01000001)), wire.RCHandle.Handle(2)},
				{"fixedTPM, no alias, an index", both(fixed(wire.ObjectFixedTPM), rowIndexOf(0x01000001), authorizedBy(2, 0x01000001)), wire.RCAttributes.Handle(1)},
				{"alias, not for the owner", withAlias(wire.NVAuthWrite), wire.RCNVAuthorization},
				{"alias, another index", both(withAlias(wire.NVAuthWrite), rowIndexOf(0x01000001), authorizedBy(2, 0x01000001)), wire.RCNVAuthorization},
				{"fixedTPM, alias, not for the owner", both(fixed(wire.ObjectFixedTPM), withAlias(wire.NVAuthWrite)), wire.RCAttributes.Handle(1)},
			},
		},
		{
			code: wire.CCPolicyACSendSelect,
			good: func(b *testTPM) (*testCommand, func(*testResponse)) {
				s := b.policy(wire.SEPolicy)
				name, auth, ac := digestOf("object"), wire.Marshal(wire.RHOwner), wire.Marshal(disk)
				c := newCommand(wire.CCPolicyACSendSelect, s.handle).b2(name).b2(auth).b2(ac).u8(1)
				return c, func(r *testResponse) {
					if got, want := s.digest(), chain(zeroPolicy, wire.CCPolicyACSendSelect, name, auth, ac, []byte{1}); !bytes.Equal(got, want) {
						r.t.Errorf("digest %x, want %x", got, want)
					}
				}
			},
			faults: []rowFault{
				{"cpHash", afterPolicy(func(h wire.Handle) *testCommand { return newCommand(wire.CCPolicyCpHash, h).b2(digestOf("x")) }), wire.RCCpHash},
				{"nameHash", afterPolicy(func(h wire.Handle) *testCommand { return newCommand(wire.CCPolicyNameHash, h).b2(digestOf("x")) }), wire.RCCpHash},
				{"command code", afterPolicy(func(h wire.Handle) *testCommand { return newCommand(wire.CCPolicyCommandCode, h).put(wire.CCACSend) }), wire.RCCommandCode},
				{"command code, nameHash", both(
					afterPolicy(func(h wire.Handle) *testCommand { return newCommand(wire.CCPolicyCommandCode, h).put(wire.CCACSend) }),
					afterPolicy(func(h wire.Handle) *testCommand { return newCommand(wire.CCPolicyNameHash, h).b2(digestOf("x")) }),
				), wire.RCCpHash},
			},
		},
	}
}

// rowIndexOf defines an index that anybody may write.
func rowIndexOf(h wire.Handle) rowChange {
	return when(func(b *testTPM) { b.define(nvPublic(h, nvOpen, 8)) })
}

// afterPolicy runs a policy command on the session of handle 1 first.
func afterPolicy(cmd func(wire.Handle) *testCommand) rowChange {
	return func(b *testTPM, c *rowCommand) { b.must(cmd(c.handles[0])) }
}

func countdownRows() []commandRow {
	return []commandRow{{
		code: wire.CCACTSetTimeout,
		good: func(b *testTPM) (*testCommand, func(*testResponse)) {
			return setTimeout(1, 10), func(r *testResponse) {
				if got := b.timer(1); got != "10 0" {
					r.t.Errorf("timer %s", got)
				}
			}
		},
		faults: []rowFault{
			{"no timer", withHandle(1, wire.RHPlatform), wire.RCValue.Handle(1)},
			{"the platform is off", when(func(b *testTPM) { b.volatile.phEnable = false }), wire.RCAuthUnavailable.Session(1)},
		},
	}}
}
