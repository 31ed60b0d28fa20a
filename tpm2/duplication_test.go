package tpm2

import (
	"bytes"
	"testing"

	"govtpm/tpm2/wire"
)

// movable are the attributes of an object that may be duplicated.
const movable = wire.ObjectUserWithAuth

// duplicationPolicy is the policy of PolicyCommandCode(Duplicate).
func duplicationPolicy() []byte {
	return chain(zeroPolicy, wire.CCPolicyCommandCode, wire.Marshal(wire.CCDuplicate))
}

// sealedMovable makes sealed data that may be duplicated, below parent.
func (b *testTPM) sealedMovable(parent wire.Handle, a wire.TPMAObject) (wire.Handle, []byte) {
	b.t.Helper()
	template := sealTemplate(movable | a)
	template.AuthPolicy = duplicationPolicy()
	private, public := b.createChild(parent, "", []byte("moving secret"), template)
	return b.loadChild(parent, private, public), public
}

// duplicate runs TPM2_Duplicate under the policy.
func (b *testTPM) duplicate(o, parent wire.Handle, key []byte, sym wire.TPMTSymDefObject) *testResponse {
	b.t.Helper()
	s := b.policy(wire.SEPolicy)
	s.attributes = 0 // the session ends with the command, or below
	b.must(newCommand(wire.CCPolicyCommandCode, s.handle).put(wire.CCDuplicate))
	r := s.run(newCommand(wire.CCDuplicate, o, parent).b2(key).put(&sym), nil)
	if r.rc != wire.RCSuccess {
		b.flush(s.handle)
	}
	return r
}

var noInner = wire.TPMTSymDefObject{Algorithm: wire.AlgNull}

// An object goes to a parent in another hierarchy, with and without wraps, and holds the same data there.
func TestDuplicateImport(t *testing.T) {
	rsaParent := rsaTemplate(storageAttributes, aes128CFB)
	for _, tc := range []struct {
		name   string
		outer  *wire.TPM2BPublic // template of the new parent, nil for none
		sym    wire.TPMTSymDefObject
		key    []byte
		attrs  wire.TPMAObject
		hidden bool // the secret must not be readable in the blob
	}{
		{"plain", nil, noInner, nil, 0, false},
		{"inner with a key of the TPM", nil, aes128CFB, nil, 0, true},
		{"inner with a key of the caller", nil, aes128CFB, bytes.Repeat([]byte{7}, 16), 0, true},
		{"outer ECC", storageTemplate(), noInner, nil, 0, true},
		{"outer RSA", rsaParent, noInner, nil, 0, true},
		{"both, encrypted duplication", storageTemplate(), aes128CFB, nil, wire.ObjectEncryptedDuplication, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := newTestTPM(t)
			parent := b.storagePrimary()
			o, public := b.sealedMovable(parent.handle, tc.attrs)
			template := tc.outer
			if template == nil {
				template = storageTemplate()
			}
			target := b.createPrimary(createPrimaryCommand(wire.RHEndorsement, "", nil, wire.Marshal(&template.TPMTPublic)))
			newParent := target.handle
			if tc.outer == nil {
				newParent = wire.RHNull
			}
			r := b.duplicate(o, newParent, tc.key, tc.sym)
			b.want(wire.RCSuccess, r)
			key, blob, seed := r.b2(), r.b2(), r.b2()
			if (len(key) != 0) != (tc.sym.Algorithm != wire.AlgNull && tc.key == nil) || (len(seed) != 0) != (tc.outer != nil) {
				t.Errorf("key %x, seed %x", key, seed)
			}
			if tc.key != nil {
				key = tc.key
			}
			if bytes.Contains(blob, []byte("moving secret")) == tc.hidden {
				t.Errorf("the secret is readable: %v", !tc.hidden)
			}
			importCommand := func(blob, seed []byte) *testCommand {
				return newCommand(wire.CCImport, target.handle).password("").b2(key).b2(public).b2(blob).b2(seed).put(&tc.sym)
			}
			private := b.must(importCommand(blob, seed)).b2()
			b.flush(o)
			h := b.loadChild(target.handle, private, public)
			if got := b.must(newCommand(wire.CCUnseal, h).password("")).b2(); string(got) != "moving secret" {
				t.Errorf("unsealed %q", got)
			}
			for i := range blob {
				bad := bytes.Clone(blob)
				bad[i] ^= 0x10
				if r := b.run(importCommand(bad, seed)); r.rc == wire.RCSuccess && tc.hidden {
					t.Errorf("imported with byte %d changed", i)
				}
				if r := b.run(importCommand(blob[:i], seed)); r.rc == wire.RCSuccess {
					t.Errorf("imported with %d bytes", i)
				}
			}
		})
	}
}

func TestDuplicateFaults(t *testing.T) {
	b := newTestTPM(t)
	parent := b.storagePrimary()
	o, _ := b.sealedMovable(parent.handle, 0)
	for _, tc := range []struct {
		name   string
		parent wire.Handle
		key    []byte
		sym    wire.TPMTSymDefObject
		want   wire.RC
	}{
		{"to what is no parent", o, nil, noInner, wire.RCType.Handle(2)},
		{"key without algorithm", wire.RHNull, make([]byte, 16), noInner, wire.RCSize.Parameter(1)},
		{"key of another size", wire.RHNull, make([]byte, 15), aes128CFB, wire.RCSize.Parameter(1)},
		{"parent before key", o, make([]byte, 15), aes128CFB, wire.RCType.Handle(2)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b.t = t
			b.want(tc.want, b.duplicate(o, tc.parent, tc.key, tc.sym))
		})
	}
	b.t = t
	b.flush(o)
	encrypted, _ := b.sealedMovable(parent.handle, wire.ObjectEncryptedDuplication)
	b.want(wire.RCSymmetric.Parameter(2), b.duplicate(encrypted, parent.handle, nil, noInner))
	b.want(wire.RCHierarchy.Handle(2), b.duplicate(encrypted, wire.RHNull, nil, aes128CFB))
	b.want(wire.RCAuthType, b.run(newCommand(wire.CCDuplicate, encrypted, wire.RHNull).password("").b2(nil).put(&aes128CFB)))
}

func TestImportFaults(t *testing.T) {
	b := newTestTPM(t)
	parent := b.storagePrimary()
	template := sealTemplate(movable)
	fixed := sealTemplate(movable | wire.ObjectFixedTPM)
	encrypted := sealTemplate(movable | wire.ObjectEncryptedDuplication)
	key := b.signingKey(wire.RHOwner)
	run := func(parent wire.Handle, key []byte, pub *wire.TPM2BPublic, blob, seed []byte, sym wire.TPMTSymDefObject) wire.RC {
		return b.run(newCommand(wire.CCImport, parent).password("").b2(key).put(pub).b2(blob).b2(seed).put(&sym)).rc
	}
	for _, tc := range []struct {
		name string
		got  wire.RC
		want wire.RC
	}{
		{"fixed", run(parent.handle, nil, fixed, nil, nil, noInner), wire.RCAttributes.Parameter(2)},
		{"fixed before parent", run(key.handle, nil, fixed, nil, nil, noInner), wire.RCAttributes.Parameter(2)},
		{"no parent", run(key.handle, nil, template, nil, nil, noInner), wire.RCType.Handle(1)},
		{"key without algorithm", run(parent.handle, []byte{1}, template, nil, nil, noInner), wire.RCSize.Parameter(1)},
		{"algorithm without key", run(parent.handle, nil, template, nil, nil, aes128CFB), wire.RCSize.Parameter(1)},
		{"encrypted without inner wrap", run(parent.handle, nil, encrypted, nil, nil, noInner), wire.RCAttributes.Parameter(1)},
		{"encrypted without seed", run(parent.handle, make([]byte, 16), encrypted, nil, nil, aes128CFB), wire.RCAttributes.Parameter(4)},
		{"seed that is no point", run(parent.handle, nil, template, nil, []byte{1}, noInner), wire.RCInsufficient.Parameter(4)},
		{"empty blob", run(parent.handle, nil, template, nil, nil, noInner), wire.RCInsufficient.Parameter(3)},
		{"blob of another size", run(parent.handle, nil, template, []byte{0, 9, 0}, nil, noInner), wire.RCSize.Parameter(3)},
		{"inner without integrity", run(parent.handle, make([]byte, 16), template, make([]byte, 60), nil, aes128CFB), wire.RCSize.Parameter(3)},
	} {
		if tc.got != tc.want {
			t.Errorf("%s: %v, want %v", tc.name, tc.got, tc.want)
		}
	}
}

func TestRewrap(t *testing.T) {
	b := newTestTPM(t)
	old := b.storagePrimary()
	o, public := b.sealedMovable(old.handle, 0)
	name := bytes.Clone(b.object(o).name)
	r := b.duplicate(o, old.handle, nil, noInner)
	r.b2()
	blob, seed := r.b2(), r.b2()
	b.flush(o)
	template := wire.Marshal(&rsaTemplate(storageAttributes, aes128CFB).TPMTPublic)
	target := b.createPrimary(createPrimaryCommand(wire.RHEndorsement, "", nil, template))
	rewrap := func(from, to wire.Handle, blob, seed []byte) *testCommand {
		return newCommand(wire.CCRewrap, from, to).password("").b2(blob).b2(name).b2(seed)
	}
	r = b.must(rewrap(old.handle, target.handle, blob, seed))
	private := b.must(newCommand(wire.CCImport, target.handle).password("").b2(nil).b2(public).b2(r.b2()).b2(r.b2()).put(&noInner)).b2()
	h := b.loadChild(target.handle, private, public)
	if got := b.must(newCommand(wire.CCUnseal, h).password("")).b2(); string(got) != "moving secret" {
		t.Errorf("unsealed %q", got)
	}
	b.want(wire.RCHandle.Handle(1), b.run(rewrap(old.handle, target.handle, blob, nil)))
	b.want(wire.RCHandle.Handle(1), b.run(rewrap(wire.RHNull, target.handle, blob, seed)))
	b.want(wire.RCType.Handle(1), b.run(rewrap(h, target.handle, blob, seed)))
	b.want(wire.RCType.Handle(2), b.run(rewrap(old.handle, h, blob, seed)))
	b.want(wire.RCValue.Parameter(3), b.run(rewrap(old.handle, target.handle, blob, seed[:9])))
	bad := bytes.Clone(blob)
	bad[5] ^= 1
	b.want(wire.RCIntegrity.Parameter(1), b.run(rewrap(old.handle, target.handle, bad, seed)))
	r = b.must(rewrap(wire.RHNull, wire.RHNull, blob, nil))
	if got := r.b2(); !bytes.Equal(got, blob) {
		t.Error("without parents the duplicate changed")
	}
}

func TestCredential(t *testing.T) {
	for name, template := range map[string]*wire.TPM2BPublic{
		"ECC": storageTemplate(), "RSA": rsaTemplate(storageAttributes, aes128CFB),
	} {
		t.Run(name, func(t *testing.T) {
			b := newTestTPM(t)
			key := b.createPrimary(createPrimaryCommand(wire.RHEndorsement, "", nil, wire.Marshal(&template.TPMTPublic)))
			certified := b.signingKey(wire.RHOwner)
			make := func(h wire.Handle, credential []byte) *testCommand {
				return newCommand(wire.CCMakeCredential, h).b2(credential).b2(certified.name)
			}
			r := b.must(make(key.handle, []byte("credential")))
			blob, secret := r.b2(), r.b2()
			activate := func(object, key wire.Handle, blob, secret []byte) *testCommand {
				return newCommand(wire.CCActivateCredential, object, key).password("").password("").b2(blob).b2(secret)
			}
			if got := b.must(activate(certified.handle, key.handle, blob, secret)).b2(); string(got) != "credential" {
				t.Errorf("credential %q", got)
			}
			b.want(wire.RCIntegrity.Parameter(1), b.run(activate(key.handle, key.handle, blob, secret)))
			b.want(wire.RCType.Handle(2), b.run(activate(certified.handle, certified.handle, blob, secret)))
			bad := bytes.Clone(blob)
			bad[len(bad)-1] ^= 1
			b.want(wire.RCIntegrity.Parameter(1), b.run(activate(certified.handle, key.handle, bad, secret)))
			b.want(wire.RCInsufficient.Parameter(1), b.run(activate(certified.handle, key.handle, nil, secret)))
			if r := b.run(activate(certified.handle, key.handle, blob, secret[:len(secret)-1])); r.rc.Base() == wire.RCSuccess || r.rc&0xF00 != 0x200 {
				t.Errorf("secret cut short: %v", r.rc)
			}
			b.want(wire.RCType.Handle(1), b.run(make(certified.handle, nil)))
			b.want(wire.RCSize.Parameter(1), b.run(make(key.handle, bytes.Repeat([]byte{1}, 33))))
			b.want(wire.RCSuccess, b.run(make(key.handle, bytes.Repeat([]byte{1}, 32))))
		})
	}
}
