package tpm2

import (
	"bytes"
	"testing"

	"govtpm/tpm2/wire"
)

func controlCommand(auth, enable wire.Handle, state uint8) *testCommand {
	return newCommand(wire.CCHierarchyControl, auth).password("").put(enable).u8(state)
}

func TestHierarchyControl(t *testing.T) {
	for _, tc := range []struct {
		name         string
		auth, enable wire.Handle
		state        uint8
		want         wire.RC
	}{
		{"owner gives itself up", wire.RHOwner, wire.RHOwner, 0, wire.RCSuccess},
		{"endorsement gives itself up", wire.RHEndorsement, wire.RHEndorsement, 0, wire.RCSuccess},
		{"platform disables the owner", wire.RHPlatform, wire.RHOwner, 0, wire.RCSuccess},
		{"platform gives itself up", wire.RHPlatform, wire.RHPlatform, 0, wire.RCSuccess},
		{"platform NV", wire.RHPlatform, wire.RHPlatformNV, 0, wire.RCSuccess},
		{"owner disables endorsement", wire.RHOwner, wire.RHEndorsement, 0, wire.RCAuthType},
		{"owner disables the platform", wire.RHOwner, wire.RHPlatform, 0, wire.RCAuthType},
		{"owner disables platform NV", wire.RHOwner, wire.RHPlatformNV, 0, wire.RCAuthType},
		{"lockout", wire.RHLockout, wire.RHOwner, 0, wire.RCValue.Handle(1)},
		{"NULL", wire.RHOwner, wire.RHNull, 0, wire.RCValue.Parameter(1)},
		{"neither yes nor no", wire.RHOwner, wire.RHOwner, 2, wire.RCValue.Parameter(2)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := newTestTPM(t)
			b.want(tc.want, b.run(controlCommand(tc.auth, tc.enable, tc.state)))
			if tc.want == wire.RCSuccess && tc.enable != wire.RHPlatformNV && b.hierarchyEnabled(tc.enable) {
				t.Error("the hierarchy is still enabled")
			}
		})
	}
}

// A disabled hierarchy cannot be used, its objects go, its indexes hide; the platform brings it back, not the owner.
func TestDisabledHierarchy(t *testing.T) {
	b := newTestTPM(t)
	key := b.storagePrimary()
	b.must(newCommand(wire.CCEvictControl, wire.RHOwner, key.handle).password("").put(wire.Handle(0x81000001)))
	b.define(nvPublic(0x01000001, nvOpen, 8))
	b.must(controlCommand(wire.RHOwner, wire.RHOwner, 0))
	b.want(wire.RCReferenceH0, b.run(newCommand(wire.CCReadPublic, key.handle)))
	b.want(wire.RCHandle.Handle(1), b.run(newCommand(wire.CCReadPublic, 0x81000001)))
	b.want(wire.RCHandle.Handle(1), b.run(newCommand(wire.CCNVReadPublic, 0x01000001)))
	b.want(wire.RCHierarchy.Handle(1), b.run(controlCommand(wire.RHOwner, wire.RHOwner, 1)))
	b.must(controlCommand(wire.RHPlatform, wire.RHOwner, 1))
	b.want(wire.RCSuccess, b.run(newCommand(wire.CCReadPublic, 0x81000001)))
	b.want(wire.RCSuccess, b.run(newCommand(wire.CCNVReadPublic, 0x01000001)))
}

func TestClear(t *testing.T) {
	b := newTestTPM(t)
	owner, ek := b.storagePrimary(), wire.Marshal(&storageTemplate().TPMTPublic)
	endorsement := b.createPrimary(createPrimaryCommand(wire.RHEndorsement, "", nil, ek))
	b.must(newCommand(wire.CCEvictControl, wire.RHOwner, owner.handle).password("").put(wire.Handle(0x81000001)))
	b.define(nvPublic(0x01000001, nvOpen, 8))
	b.must(defineCommand(wire.RHPlatform, "", nvPublic(0x01000002, nvOpen|wire.NVPlatformCreate, 8)))
	for _, h := range []wire.Handle{wire.RHOwner, wire.RHEndorsement, wire.RHLockout} {
		b.must(newCommand(wire.CCHierarchyChangeAuth, h).password("").b2([]byte("secret")))
		b.must(newCommand(wire.CCSetPrimaryPolicy, h).password("secret").b2(make([]byte, 32)).put(wire.AlgSHA256))
	}
	b.must(newCommand(wire.CCDictionaryAttackParameters, wire.RHLockout).password("secret").u32(9).u32(9).u32(9))
	b.want(wire.RCAuthFail.Session(1), b.run(newCommand(wire.CCClear, wire.RHLockout).password("")))
	b.must(newCommand(wire.CCClear, wire.RHPlatform).password(""))

	for _, h := range []wire.Handle{owner.handle, endorsement.handle} {
		b.want(wire.RCReferenceH0+wire.RC(0), b.run(newCommand(wire.CCReadPublic, h)))
	}
	b.want(wire.RCHandle.Handle(1), b.run(newCommand(wire.CCReadPublic, 0x81000001)))
	b.want(wire.RCHandle.Handle(1), b.run(newCommand(wire.CCNVReadPublic, 0x01000001)))
	b.want(wire.RCSuccess, b.run(newCommand(wire.CCNVReadPublic, 0x01000002)))
	p := &b.persistent
	if len(p.ownerAuth)+len(p.endorsementAuth)+len(p.lockoutAuth) != 0 || p.ownerPolicy.alg != wire.AlgNull || p.lockoutPolicy.alg != wire.AlgNull {
		t.Error("authorizations are left")
	}
	if p.maxTries != 3 || p.recoveryTime != 1000 || !p.lockoutAuthEnabled {
		t.Errorf("lockout parameters %d, %d", p.maxTries, p.recoveryTime)
	}
	if b.orderly.clock != 0 || p.resetCount != 0 {
		t.Errorf("clock %d, reset count %d", b.orderly.clock, p.resetCount)
	}
	// The storage seed is new, the endorsement seed is not.
	if again := b.storagePrimary(); bytes.Equal(again.public, owner.public) {
		t.Error("the owner's primary is the same after TPM2_Clear")
	}
	if again := b.createPrimary(createPrimaryCommand(wire.RHEndorsement, "", nil, ek)); !bytes.Equal(again.public, endorsement.public) {
		t.Error("the endorsement primary is another after TPM2_Clear")
	}
}

func TestClearControl(t *testing.T) {
	b := newTestTPM(t)
	control := func(h wire.Handle, disable uint8) *testCommand {
		return newCommand(wire.CCClearControl, h).password("").u8(disable)
	}
	b.must(control(wire.RHLockout, 1))
	b.want(wire.RCDisabled, b.run(newCommand(wire.CCClear, wire.RHLockout).password("")))
	b.want(wire.RCAuthFail, b.run(control(wire.RHLockout, 0)))
	b.want(wire.RCValue.Handle(1), b.run(control(wire.RHOwner, 0)))
	b.must(control(wire.RHPlatform, 0))
	b.want(wire.RCSuccess, b.run(newCommand(wire.CCClear, wire.RHLockout).password("")))
}

func TestChangeSeeds(t *testing.T) {
	template := wire.Marshal(&storageTemplate().TPMTPublic)
	for cc, h := range map[wire.CC]wire.Handle{wire.CCChangeEPS: wire.RHEndorsement, wire.CCChangePPS: wire.RHPlatform} {
		b := newTestTPM(t)
		before := b.createPrimary(createPrimaryCommand(h, "", nil, template))
		other := b.storagePrimary()
		b.must(newCommand(wire.CCSetPrimaryPolicy, h).password("").b2(make([]byte, 32)).put(wire.AlgSHA256))
		b.must(newCommand(cc, wire.RHPlatform).password(""))
		b.want(wire.RCReferenceH0, b.run(newCommand(wire.CCReadPublic, before.handle)))
		b.want(wire.RCSuccess, b.run(newCommand(wire.CCReadPublic, other.handle)))
		if after := b.createPrimary(createPrimaryCommand(h, "", nil, template)); bytes.Equal(after.public, before.public) {
			t.Errorf("%v: the same primary from another seed", cc)
		}
		if b.authPolicy(h, nil).alg != wire.AlgNull {
			t.Errorf("%v: the policy is left", cc)
		}
		b.want(wire.RCValue.Handle(1), b.run(newCommand(cc, wire.RHOwner).password("")))
	}
}

func TestHierarchyChangeAuthAndPolicy(t *testing.T) {
	b := newTestTPM(t)
	long := bytes.Repeat([]byte{1}, 65)
	b.want(wire.RCSize.Parameter(1), b.run(newCommand(wire.CCHierarchyChangeAuth, wire.RHOwner).password("").b2(long)))
	b.want(wire.RCSuccess, b.run(newCommand(wire.CCHierarchyChangeAuth, wire.RHOwner).password("").b2([]byte("new\x00\x00"))))
	b.want(wire.RCSuccess, b.run(newCommand(wire.CCHierarchyChangeAuth, wire.RHOwner).password("new").b2(nil)))
	b.want(wire.RCValue.Handle(1), b.run(newCommand(wire.CCHierarchyChangeAuth, wire.RHNull).password("").b2(nil)))
	set := func(h wire.Handle, n int, alg wire.Alg) *testCommand {
		return newCommand(wire.CCSetPrimaryPolicy, h).password("").b2(make([]byte, n)).put(alg)
	}
	b.want(wire.RCSize.Parameter(1), b.run(set(wire.RHOwner, 31, wire.AlgSHA256)))
	b.want(wire.RCSize.Parameter(1), b.run(set(wire.RHOwner, 32, wire.AlgNull)))
	b.want(wire.RCHash.Parameter(2), b.run(set(wire.RHOwner, 32, wire.AlgRSA)))
	b.want(wire.RCSuccess, b.run(set(wire.RHPlatform, 48, wire.AlgSHA384)))
	b.want(wire.RCSuccess, b.run(set(wire.RHPlatform, 0, wire.AlgNull)))
}

// Platform authorization and policy last until the next TPM Reset or Restart.
func TestPlatformLasts(t *testing.T) {
	b := newTestTPM(t)
	b.must(newCommand(wire.CCHierarchyChangeAuth, wire.RHPlatform).password("").b2([]byte("plat")))
	b.shutdown(wire.SUState)
	b.powerCycle()
	b.startup(wire.SUState)
	if string(b.stateClear.platformAuth) != "plat" {
		t.Error("platform authorization is gone after a resume")
	}
	b.shutdown(wire.SUState)
	b.powerCycle()
	b.startup(wire.SUClear)
	if len(b.stateClear.platformAuth) != 0 {
		t.Error("platform authorization is left after a restart")
	}
}
