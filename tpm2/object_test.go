package tpm2

import (
	"bytes"
	"testing"

	"govtpm/tpm2/wire"
)

// evictCommand is TPM2_EvictControl.
func evictCommand(auth, h, persistent wire.Handle) *testCommand {
	return newCommand(wire.CCEvictControl, auth, h).password("").u32(uint32(persistent))
}

const (
	ownerPersistent    = wire.Handle(0x81000001)
	platformPersistent = wire.Handle(0x81800001)
)

// TestPersistentObjects uses persistent objects and checks when they are not there (Part 3, 5.4).
func TestPersistentObjects(t *testing.T) {
	b := newTestTPM(t)
	template := wire.Marshal(&storageTemplate().TPMTPublic)
	for _, x := range []struct{ hierarchy, auth, handle wire.Handle }{
		{wire.RHOwner, wire.RHOwner, ownerPersistent},
		{wire.RHEndorsement, wire.RHOwner, ownerPersistent + 1},
		{wire.RHPlatform, wire.RHPlatform, platformPersistent},
	} {
		p := b.createPrimary(createPrimaryCommand(x.hierarchy, "", nil, template))
		b.must(evictCommand(x.auth, p.handle, x.handle))
		secret := b.object(p.handle).sensitive.SeedValue
		b.flush(p.handle)
		if !bytes.Equal(secret, make([]byte, 32)) {
			t.Error("secrets of a flushed object are kept")
		}
		if o := b.nv.persistent[x.handle]; bytes.Equal(o.sensitive.SeedValue, make([]byte, 32)) {
			t.Error("the persistent object shared its secrets with the transient one")
		}
		r := b.must(newCommand(wire.CCReadPublic, x.handle))
		if public, name := r.b2(), r.b2(); !bytes.Equal(public, p.public) || !bytes.Equal(name, p.name) {
			t.Errorf("%#x: name %x", uint32(x.handle), name)
		}
	}
	seal := sealTemplate(fixedAttributes | wire.ObjectUserWithAuth)
	private, public := b.createChild(ownerPersistent, "auth", []byte("data"), seal)
	child := b.loadChild(ownerPersistent, private, public)
	b.must(newCommand(wire.CCUnseal, child).password("auth"))
	b.must(newCommand(wire.CCObjectChangeAuth, child, ownerPersistent).password("auth").b2(nil))
	// The parent had slot 0 while the child came in.
	if child != firstTransient+1 || b.volatile.objects != [maxLoadedObjects]*object{1: b.object(child)} {
		t.Error("persistent objects stay in slots")
	}

	read := func(h wire.Handle) wire.RC { return b.run(newCommand(wire.CCReadPublic, h)).rc }
	missing := wire.RCHandle.Handle(1)
	for _, tc := range []struct {
		name                 string
		disable              *bool
		owner, ek, platform  wire.RC
		create, changeParent wire.RC
	}{
		{"all enabled", new(bool), 0, 0, 0, 0, 0},
		{"owner", &b.stateClear.shEnable, missing, missing, 0, missing, wire.RCHandle.Handle(2)},
		{"endorsement", &b.stateClear.ehEnable, 0, missing, 0, 0, 0},
		{"platform", &b.volatile.phEnable, 0, 0, missing, 0, 0},
	} {
		was := *tc.disable
		*tc.disable = false
		got := []wire.RC{
			read(ownerPersistent), read(ownerPersistent + 1), read(platformPersistent),
			b.run(createCommand(ownerPersistent, "", []byte("x"), seal)).rc,
			b.run(newCommand(wire.CCObjectChangeAuth, child, ownerPersistent).password("auth").b2(nil)).rc,
		}
		for i, want := range []wire.RC{tc.owner, tc.ek, tc.platform, tc.create, tc.changeParent} {
			if got[i] != want {
				t.Errorf("%s disabled, command %d: %v, want %v", tc.name, i, got[i], want)
			}
		}
		*tc.disable = was
	}
	if rc := read(ownerPersistent + 2); rc != missing {
		t.Errorf("missing: %v", rc)
	}
	b.stateClear.ehEnable = false
	b.must(evictCommand(wire.RHOwner, ownerPersistent+1, ownerPersistent+1)) // it can still be removed
	b.stateClear.ehEnable = true

	b.storagePrimary()
	b.want(wire.RCObjectMemory, b.run(loadCommand(ownerPersistent, private, public))) // parent and child need one each
	b.storagePrimary()
	if rc := read(ownerPersistent); rc != wire.RCObjectMemory {
		t.Errorf("no slot: %v", rc)
	}
	if rc := read(ownerPersistent + 2); rc != wire.RCObjectMemory {
		t.Errorf("missing and no slot: %v", rc)
	}
}

// TestPersistentKeyIsSetUpOnce checks that the private key of a persistent object outlives the command.
func TestPersistentKeyIsSetUpOnce(t *testing.T) {
	b := newTestTPM(t)
	p := b.createPrimary(createPrimaryCommand(wire.RHOwner, "", nil, wire.Marshal(&rsaTemplate(signing, noSymmetric).TPMTPublic)))
	b.must(evictCommand(wire.RHOwner, p.handle, ownerPersistent))
	b.flush(p.handle)
	c := &call{cmd: b.lookup(wire.CCReadPublic)}
	var keys [2]any
	for i := range keys {
		o, err := b.loadPersistent(c, ownerPersistent)
		if err != nil {
			t.Fatal(err)
		}
		if keys[i], err = b.rsaKey(o); err != nil {
			t.Fatal(err)
		}
		b.releaseTransient(c)
	}
	if keys[0] != keys[1] || b.nv.persistent[ownerPersistent].privateKeys.rsa != keys[0] {
		t.Error("the key was set up again")
	}
	cache := b.nv.persistent[ownerPersistent].privateKeys
	b.must(evictCommand(wire.RHOwner, ownerPersistent, ownerPersistent))
	if cache.rsa != nil {
		t.Error("the key of a removed object is kept")
	}
}

// TestPrivateKeys checks that keys are set up from the sensitive area alone, and wiped with the object.
func TestPrivateKeys(t *testing.T) {
	b := newTestTPM(t)
	for _, template := range []*wire.TPM2BPublic{rsaTemplate(signing, noSymmetric), eccTemplate(signing, noSymmetric)} {
		p := b.createPrimary(createPrimaryCommand(wire.RHOwner, "", nil, wire.Marshal(&template.TPMTPublic)))
		o := b.object(p.handle)
		again := o.clone()
		if err := b.tryOut(o); err != nil {
			t.Fatal(err)
		}
		if template.Type == wire.AlgRSA {
			k, err := b.rsaKey(again)
			if err != nil || !bytes.Equal(k.Prime(), o.sensitive.Sensitive.RSA) {
				t.Errorf("prime: %v", err)
			}
		} else {
			c, d, err := b.eccKey(again)
			if err != nil || !d.Equal(o.privateKeys.scalar) || c != o.privateKeys.curve {
				t.Errorf("scalar: %v", err)
			}
		}
		if err := b.tryOut(again); err != nil {
			t.Error(err)
		}
		cache, secret := o.privateKeys, o.sensitive.Any()
		b.flush(p.handle)
		if *cache != (keyCache{}) || !bytes.Equal(secret, make([]byte, len(secret))) {
			t.Error("a flushed object keeps its key")
		}
		if again.sensitive.Any()[0] == 0 && again.sensitive.Any()[1] == 0 {
			t.Error("a clone shares its secrets")
		}
	}
	bad := &object{public: rsaTemplate(signing, noSymmetric).TPMTPublic}
	if _, err := b.rsaKey(bad); err != wire.RCBinding {
		t.Errorf("no modulus: %v", err)
	}
	bad.public = eccTemplate(signing, noSymmetric).TPMTPublic
	if _, _, err := b.eccKey(bad); err != wire.RCKeySize {
		t.Errorf("no scalar: %v", err)
	}
	bad.public.Parameters.ECC.CurveID = 0x7777
	if _, _, err := b.eccKey(bad); err != wire.RCCurve {
		t.Errorf("no curve: %v", err)
	}
	if _, _, err := eccPublicKey(&bad.public); err == nil {
		t.Error("no curve: a public key")
	}
}
