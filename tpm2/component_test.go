package tpm2

import (
	"bytes"
	"fmt"
	"testing"

	"govtpm/tpm2/wire"
)

// slotComponent keeps the secrets it is sent, and tells in which slot.
type slotComponent struct {
	values []wire.TPMSACOutput
	slots  []string
}

func (c *slotComponent) Values() []wire.TPMSACOutput { return c.values }

func (c *slotComponent) Receive(public *wire.TPMTPublic, sensitive *wire.TPMTSensitive, data []byte) wire.TPMSACOutput {
	c.slots = append(c.slots, fmt.Sprintf("%v %x %q", public.Type, sensitive.Any(), data))
	return wire.TPMSACOutput{Tag: wire.ATVendor, Data: uint32(len(c.slots))}
}

const disk = wire.ACFirst + 5

// newComponentBench is a TPM with a component attached.
func newComponentBench(t *testing.T) (*testTPM, *slotComponent) {
	t.Helper()
	b := newExtendedTPM(t)
	c := &slotComponent{values: []wire.TPMSACOutput{
		{Tag: wire.ATVendor + 7, Data: 3}, {Tag: wire.ATPV1, Data: 0xCAFE}, {Tag: wire.ATVendor, Data: 2},
	}}
	b.env.Components = map[wire.Handle]Component{disk: c}
	return b, c
}

func TestACGetCapability(t *testing.T) {
	b, _ := newComponentBench(t)
	get := func(h wire.Handle, first wire.AT, count uint32) *testCommand {
		return newCommand(wire.CCACGetCapability, h).put(first).u32(count)
	}
	for _, tc := range []struct {
		name  string
		cmd   *testCommand
		more  bool
		want  string
		fault wire.RC
	}{
		{"all", get(disk, wire.ATAny, 10), false, "[{2 51966} {2147483648 2} {2147483655 3}]", 0},
		{"none", get(disk, wire.ATAny, 0), true, "[]", 0},
		{"two", get(disk, wire.ATAny, 2), true, "[{2 51966} {2147483648 2}]", 0},
		{"from the second on", get(disk, wire.ATPV1+1, 2), false, "[{2147483648 2} {2147483655 3}]", 0},
		{"beyond the last", get(disk, wire.ATVendor+8, 2), false, "[]", 0},
		{"component that is not there", get(disk+1, wire.ATAny, 2), false, "", wire.RCValue.Handle(1)},
		{"no component's handle", get(wire.ACLast+1, wire.ATAny, 2), false, "", wire.RCValue.Handle(1)},
		{"not there, no parameters", newCommand(wire.CCACGetCapability, disk+1), false, "", wire.RCValue.Handle(1)},
		{"no count", newCommand(wire.CCACGetCapability, disk).put(wire.ATAny), false, "", wire.RCInsufficient.Parameter(2)},
		{"too long", get(disk, wire.ATAny, 1).u8(0), false, "", wire.RCSize},
	} {
		r := b.run(tc.cmd)
		if r.rc != tc.fault {
			t.Errorf("%s: %v, want %v", tc.name, r.rc, tc.fault)
		}
		if tc.fault != wire.RCSuccess {
			continue
		}
		more := r.params().YesNo()
		var list wire.TPMLACCapabilities
		list.Unmarshal(r.params())
		if got := fmt.Sprint(list); more != tc.more || got != tc.want || r.params().End() != wire.RCSuccess {
			t.Errorf("%s: %t %s, want %t %s", tc.name, more, got, tc.more, tc.want)
		}
	}
	_, d := b.capabilityOf(wire.CapHandles, uint32(wire.ACFirst), 10)
	if fmt.Sprint(d.Handles) != fmt.Sprint(wire.TPMLHandle{disk}) {
		t.Errorf("handles %v", d.Handles)
	}
	plain := newTestTPM(t)
	plain.env.Components = b.env.Components
	plain.want(wire.RCHandle.Parameter(2), plain.run(getCapability(wire.CapHandles, uint32(wire.ACFirst), 10)))
	plain.want(wire.RCCommandCode, plain.run(get(disk, wire.ATAny, 1)))
	bare := newExtendedTPM(t)
	bare.want(wire.RCValue.Handle(1), bare.run(get(wire.ACFirst, wire.ATAny, 1)))
	if _, d := bare.capabilityOf(wire.CapHandles, uint32(wire.ACFirst), 10); len(d.Handles) != 0 {
		t.Errorf("handles without components: %v", d.Handles)
	}
}

// sendable is a key that the policy of PolicyCommandCode(AC_Send) lets go.
func sendable(a wire.TPMAObject) *object {
	o := cipherKey(wire.AlgAES, wire.AlgCFB, wire.ObjectDecrypt|a, []byte("the key of a disk"[:16]))
	o.public.AuthPolicy = chain(zeroPolicy, wire.CCPolicyCommandCode, wire.Marshal(wire.CCACSend))
	return o
}

// send runs TPM2_AC_Send with a fresh session that is tied to a command, for the object, and a password for the rest.
func (b *testTPM) send(o, auth, ac wire.Handle, password string, code wire.CC, data string) *testResponse {
	b.t.Helper()
	s := b.policy(wire.SEPolicy)
	if code != 0 {
		b.must(newCommand(wire.CCPolicyCommandCode, s.handle).put(code))
	}
	c := newCommand(wire.CCACSend, o, auth, ac).session(s.handle, nil, 0, nil).password(password).b2([]byte(data))
	r := b.run(c)
	if r.rc != wire.RCSuccess {
		b.flush(s.handle)
	}
	return r
}

func TestACSend(t *testing.T) {
	b, component := newComponentBench(t)
	key := b.addKey(sendable(0))
	ok := func(r *testResponse, slot uint32) {
		t.Helper()
		b.want(wire.RCSuccess, r)
		var out wire.TPMSACOutput
		out.Unmarshal(r.params())
		if out != (wire.TPMSACOutput{Tag: wire.ATVendor, Data: slot}) {
			t.Errorf("acDataOut %+v", out)
		}
	}
	ok(b.send(key, wire.RHOwner, disk, "", wire.CCACSend, "slot 1"), 1)
	ok(b.send(key, wire.RHPlatform, disk, "", wire.CCACSend, ""), 2)
	if want := fmt.Sprintf("%v %x %q", wire.AlgSymCipher, "the key of a disk"[:16], "slot 1"); component.slots[0] != want {
		t.Errorf("sent %s, want %s", component.slots[0], want)
	}

	const other = wire.Handle(0x01000001)
	b.define(nvPublic(other, nvOpen, 8))
	code := wire.CCACSend
	b.want(wire.RCHandle.Handle(2), b.send(key, other, disk, "", code, ""))
	b.want(wire.RCBadAuth.Session(2), b.send(key, wire.RHOwner, disk, "x", code, ""))
	b.want(wire.RCPolicyFail.Session(1), b.send(key, wire.RHOwner, disk, "", 0, ""))
	b.want(wire.RCPolicyFail.Session(1), b.send(key, wire.RHOwner, disk, "", wire.CCDuplicate, ""))
	b.want(wire.RCAuthType.Session(1), b.run(newCommand(wire.CCACSend, key, wire.RHOwner, disk).password(keyAuth).password("").b2(nil)))
	b.want(wire.RCAuthMissing, b.run(newCommand(wire.CCACSend, key, wire.RHOwner, disk).b2(nil)))
	b.want(wire.RCValue.Handle(3), b.send(key, wire.RHOwner, disk+1, "x", code, ""))
	b.want(wire.RCValue.Handle(2), b.send(key, wire.RHLockout, disk+1, "x", code, ""))
	b.want(wire.RCReferenceH0, b.send(key+1, wire.RHOwner, disk+1, "", code, ""))
	b.want(wire.RCSize.Parameter(1), b.send(key, wire.RHOwner, disk, "", code, string(make([]byte, 1025))))
	for _, a := range []wire.TPMAObject{wire.ObjectFixedTPM, wire.ObjectFixedParent, wire.ObjectEncryptedDuplication} {
		fixed := b.addKey(sendable(a))
		b.want(wire.RCAttributes.Handle(1), b.send(fixed, wire.RHOwner, disk, "", code, ""))
		b.want(wire.RCAttributes.Handle(1), b.send(fixed, other, disk, "", code, "")) // before the handle
		b.want(wire.RCBadAuth.Session(2), b.send(fixed, wire.RHOwner, disk, "x", code, ""))
		b.flushKey(fixed)
	}
	if len(component.slots) != 2 {
		t.Errorf("refused commands sent %v", component.slots[2:])
	}
}

// The index with the number of a component decides who may send to it (Part 1, 39.5).
func TestACSendAlias(t *testing.T) {
	const alias, other = wire.NVACFirst + (disk - wire.ACFirst), wire.NVACFirst
	b, _ := newComponentBench(t)
	key := b.addKey(sendable(0))
	b.define(nvPublic(other, nvOpen, 8))
	for _, tc := range []struct {
		name                   string
		attributes             wire.TPMANV
		owner, platform, index wire.RC
	}{
		{"owner", wire.NVOwnerWrite | wire.NVAuthRead, wire.RCSuccess, wire.RCNVAuthorization, wire.RCAuthUnavailable.Session(2)},
		{"platform", wire.NVPPWrite | wire.NVAuthRead, wire.RCNVAuthorization, wire.RCSuccess, wire.RCAuthUnavailable.Session(2)},
		{"index", wire.NVAuthWrite | wire.NVAuthRead, wire.RCNVAuthorization, wire.RCNVAuthorization, wire.RCSuccess},
	} {
		b.must(defineCommand(wire.RHOwner, "alias", nvPublic(alias, tc.attributes|wire.NVNoDA, 8)))
		b.want(tc.owner, b.send(key, wire.RHOwner, disk, "", wire.CCACSend, ""))
		b.want(tc.platform, b.send(key, wire.RHPlatform, disk, "", wire.CCACSend, ""))
		b.want(tc.index, b.send(key, alias, disk, "alias", wire.CCACSend, ""))
		b.want(wire.RCNVAuthorization, b.send(key, other, disk, "", wire.CCACSend, ""))
		b.must(newCommand(wire.CCNVUndefineSpace, wire.RHOwner, alias).password(""))
	}
}

func TestPolicyACSendSelect(t *testing.T) {
	b, component := newComponentBench(t)
	key := sendable(0)
	owner, ac := wire.Marshal(wire.RHOwner), wire.Marshal(disk)
	include := []byte{0}
	key.public.AuthPolicy = chain(zeroPolicy, wire.CCPolicyACSendSelect, owner, ac, include)
	h := b.addKey(key)
	selected := func(s *testSession, object, auth, ac []byte, includeObject uint8) *testCommand {
		return newCommand(wire.CCPolicyACSendSelect, s.handle).b2(object).b2(auth).b2(ac).u8(includeObject)
	}
	send := func(s *testSession, auth wire.Handle) *testResponse {
		return b.run(newCommand(wire.CCACSend, h, auth, disk).session(s.handle, nil, 0, nil).password("").b2(nil))
	}
	s := b.policy(wire.SEPolicy)
	b.must(selected(s, key.name, owner, ac, 0))
	if got := s.digest(); !bytes.Equal(got, key.public.AuthPolicy) {
		t.Errorf("digest %x", got)
	}
	b.want(wire.RCPolicyFail.Session(1), send(s, wire.RHPlatform))
	b.want(wire.RCSuccess, send(s, wire.RHOwner))
	if len(component.slots) != 1 {
		t.Errorf("sent %v", component.slots)
	}
	// The object is selected even if the policy does not name it.
	s = b.policy(wire.SEPolicy)
	b.must(selected(s, digestOf("another"), owner, ac, 0))
	b.want(wire.RCPolicyFail.Session(1), send(s, wire.RHOwner))
	b.flush(s.handle)

	trial := b.policy(wire.SETrial)
	b.must(selected(trial, key.name, owner, ac, 1))
	if got := trial.digest(); !bytes.Equal(got, chain(zeroPolicy, wire.CCPolicyACSendSelect, key.name, owner, ac, []byte{1})) {
		t.Errorf("digest with the object %x", got)
	}
	again := func(before *testCommand, want wire.RC) {
		t.Helper()
		b.must(newCommand(wire.CCPolicyRestart, trial.handle))
		b.must(before)
		b.want(want, b.run(selected(trial, key.name, owner, ac, 1)))
	}
	again(newCommand(wire.CCPolicyCpHash, trial.handle).b2(digestOf("x")), wire.RCCpHash)
	again(newCommand(wire.CCPolicyNameHash, trial.handle).b2(digestOf("x")), wire.RCCpHash)
	again(newCommand(wire.CCPolicyCommandCode, trial.handle).put(wire.CCACSend), wire.RCCommandCode)
	again(selected(trial, key.name, owner, ac, 0), wire.RCCpHash) // before the command code
	b.must(newCommand(wire.CCPolicyRestart, trial.handle))
	b.want(wire.RCValue.Parameter(4), b.run(selected(trial, key.name, owner, ac, 2)))
	b.want(wire.RCSize.Parameter(1), b.run(selected(trial, make([]byte, 69), owner, make([]byte, 69), 2)))
	b.want(wire.RCSize.Parameter(3), b.run(selected(trial, nil, nil, make([]byte, 69), 2)))
	b.want(wire.RCValue.Handle(1), b.run(newCommand(wire.CCPolicyACSendSelect, h).b2(nil).b2(nil).b2(nil).u8(0)))
}

// No capability can be set, so that the last check is always the one that fails.
func TestSetCapability(t *testing.T) {
	b := newExtendedTPM(t)
	set := func(h wire.Handle, password string, data ...byte) *testCommand {
		return newCommand(wire.CCSetCapability, h).password(password).b2(data)
	}
	for _, tc := range []struct {
		name string
		cmd  *testCommand
		want wire.RC
	}{
		{"no authorization needed", set(wire.RHNull, "", 0x80, 0, 0, 1), wire.RCValue.Parameter(1)},
		{"platform", set(wire.RHPlatform, "", 0x81, 0, 0, 1, 9, 9), wire.RCValue.Parameter(1)},
		{"not settable", set(wire.RHPlatform, "", 0, 0, 0, 1), wire.RCValue.Parameter(1)},
		{"wrong password", set(wire.RHOwner, "x", 0x82, 0, 0, 1), wire.RCBadAuth.Session(1)},
		{"no session", newCommand(wire.CCSetCapability, wire.RHOwner).b2(nil), wire.RCAuthMissing},
		{"not a hierarchy", set(wire.RHPlatformNV, "", 0x80, 0, 0, 1), wire.RCValue.Handle(1)},
		{"empty", set(wire.RHOwner, ""), wire.RCSize.Parameter(1)},
		{"too long", set(wire.RHOwner, "", 0x82, 0, 0, 1).u8(0), wire.RCSize},
	} {
		if got := b.run(tc.cmd).rc; got != tc.want {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
		}
	}
}
