package tpm2

import (
	"bytes"

	"govtpm/tpm2/wire"
)

// Rows of the commands of Part 3, clause 13.

// rowMovable puts sealed data that may be duplicated into a slot.
func rowMovable() *object {
	o := hmacKey(wire.AlgNull, 0, []byte("moving"))
	o.public.AuthPolicy = duplicationPolicy()
	o.sensitive.SeedValue = make([]byte, 32)
	o.public.Unique.KeyedHash = hashOf(wire.AlgSHA256, o.sensitive.SeedValue, o.sensitive.Sensitive.Bits)
	return o
}

// duplicationSession is a policy session that lets an object with duplicationPolicy be duplicated.
func (b *testTPM) duplicationSession() *testSession {
	s := b.policy(wire.SEPolicy)
	b.must(newCommand(wire.CCPolicyCommandCode, s.handle).put(wire.CCDuplicate))
	return s
}

// withObject replaces handle n by an object without a change to the authorization.
func withObject(n int, o func() *object) rowChange {
	return func(b *testTPM, c *rowCommand) { c.handles[n-1] = b.addKey(o()) }
}

// movableWith is rowMovable with more attributes.
func movableWith(a wire.TPMAObject) func() *object {
	return func() *object { o := rowMovable(); o.public.Attributes |= a; return o }
}

// rowDuplicate makes a duplicate of rowMovable below rowStorage, with an inner key: parent, public part, key, duplicate and seed.
func rowDuplicate(b *testTPM) (parent wire.Handle, public, key, duplicate, seed []byte) {
	b.t.Helper()
	parent = b.rowParent()
	o := b.addKey(rowMovable())
	public = wire.Marshal(&b.object(o).public)
	s := b.duplicationSession()
	r := b.must(newCommand(wire.CCDuplicate, o, parent).session(s.handle, nil, 0, nil).b2(nil).put(&aes128CFB))
	key, duplicate, seed = r.b2(), r.b2(), r.b2()
	b.flushKey(o)
	return parent, public, key, duplicate, seed
}

func duplicationRows() []commandRow {
	noParent := withObject(2, notParent)
	keyAndNoCipher := both(withParam(1, p2b(make([]byte, 16))), withParam(2, &noInner))
	return []commandRow{
		{
			code: wire.CCDuplicate,
			good: func(b *testTPM) (*testCommand, func(*testResponse)) {
				parent, o := b.rowParent(), b.addKey(rowMovable())
				public := wire.Marshal(&b.object(o).public)
				s := b.duplicationSession()
				c := newCommand(wire.CCDuplicate, o, parent).session(s.handle, nil, wire.SessionContinue, nil).b2(nil).put(&aes128CFB)
				return c, func(r *testResponse) {
					key, duplicate, seed := r.b2(), r.b2(), r.b2()
					if len(key) != 16 || bytes.Contains(duplicate, []byte("moving")) {
						r.t.Errorf("key %x, duplicate %x", key, duplicate)
					}
					private := b.must(newCommand(wire.CCImport, parent).password("").b2(key).b2(public).b2(duplicate).b2(seed).put(&aes128CFB)).b2()
					h := b.loadChild(parent, private, public)
					if got := b.must(newCommand(wire.CCUnseal, h).password(keyAuth)).b2(); string(got) != "moving" {
						r.t.Errorf("unsealed %q", got)
					}
				}
			},
			faults: []rowFault{
				{"fixedParent", withObject(1, movableWith(wire.ObjectFixedParent)), wire.RCAttributes.Handle(1)},
				{"no nameAlg", withObject(1, func() *object { o := rowMovable(); o.public.NameAlg = wire.AlgNull; return o }), wire.RCPolicyFail.Session(1)},
				{"new parent is none", noParent, wire.RCType.Handle(2)},
				{"encryptedDuplication and no inner wrap", both(withObject(1, movableWith(wire.ObjectEncryptedDuplication)), withParam(2, &noInner)), wire.RCSymmetric.Parameter(2)},
				{"encryptedDuplication and no new parent", both(withObject(1, movableWith(wire.ObjectEncryptedDuplication)), withHandle(2, wire.RHNull)), wire.RCHierarchy.Handle(2)},
				{"a key and no cipher", keyAndNoCipher, wire.RCSize.Parameter(1)},
				{"a key of another size", withParam(1, p2b(make([]byte, 15))), wire.RCSize.Parameter(1)},
				{"another command in the policy", func(b *testTPM, c *rowCommand) {
					s := b.policy(wire.SEPolicy)
					b.must(newCommand(wire.CCPolicyCommandCode, s.handle).put(wire.CCUnseal))
					c.auths[0].handle = s.handle
				}, wire.RCPolicyFail.Session(1)},
				{"the policy of the object, without command code", func(b *testTPM, c *rowCommand) {
					s := b.volatile.sessions.loaded(b.TPM, c.auths[0].handle)
					s.commandCode = 0
				}, wire.RCPolicyFail.Session(1)},
				{"fixedParent and new parent", both(withObject(1, movableWith(wire.ObjectFixedParent)), withHandle(2, 0x80000001)), wire.RCAttributes.Handle(1)},
				{"new parent and key", both(noParent, keyAndNoCipher), wire.RCType.Handle(2)},
				{"no inner wrap and no new parent", both(withObject(1, movableWith(wire.ObjectEncryptedDuplication)), withHandle(2, wire.RHNull), withParam(2, &noInner)),
					wire.RCSymmetric.Parameter(2)},
			},
		},
		{
			code: wire.CCRewrap,
			good: func(b *testTPM) (*testCommand, func(*testResponse)) {
				parent, public, key, duplicate, seed := rowDuplicate(b)
				name := prefixed(wire.AlgSHA256, hashOf(wire.AlgSHA256, public))
				other := b.addKey(rowStorageOther())
				return newCommand(wire.CCRewrap, parent, other).password("").b2(duplicate).b2(name).b2(seed), func(r *testResponse) {
					duplicate, seed := r.b2(), r.b2()
					private := b.must(newCommand(wire.CCImport, other).password(keyAuth).b2(key).b2(public).b2(duplicate).b2(seed).put(&aes128CFB)).b2()
					h := b.must(newCommand(wire.CCLoad, other).password(keyAuth).b2(private).b2(public)).handle()
					if got := b.must(newCommand(wire.CCUnseal, h).password(keyAuth)).b2(); string(got) != "moving" {
						r.t.Errorf("unsealed %q", got)
					}
				}
			},
			faults: rewrapFaults(),
		},
		{
			code: wire.CCImport,
			good: func(b *testTPM) (*testCommand, func(*testResponse)) {
				parent, public, key, duplicate, seed := rowDuplicate(b)
				return newCommand(wire.CCImport, parent).password("").b2(key).b2(public).b2(duplicate).b2(seed).put(&aes128CFB), func(r *testResponse) {
					h := b.loadChild(parent, r.b2(), public)
					if got := b.must(newCommand(wire.CCUnseal, h).password(keyAuth)).b2(); string(got) != "moving" {
						r.t.Errorf("unsealed %q", got)
					}
				}
			},
			faults: importFaults(),
		},
	}
}

// spoiled changes the last byte of parameter n.
func spoiled(n int) rowChange {
	return func(_ *testTPM, c *rowCommand) {
		x := bytes.Clone(c.parts[n-1])
		x[len(x)-1] ^= 1
		c.parts[n-1] = x
	}
}

func rewrapFaults() []rowFault {
	noSeed, badSeed := withParam(3, p2b(nil)), withParam(3, p2b([]byte{0, 1, 1, 0, 1, 1}))
	return []rowFault{
		{"a seed and no old parent", func(_ *testTPM, c *rowCommand) { c.handles[0] = wire.RHNull }, wire.RCHandle.Handle(1)},
		{"an old parent and no seed", noSeed, wire.RCHandle.Handle(1)},
		{"old parent is none", withKey(1, notParent), wire.RCType.Handle(1)},
		{"a seed that is none", badSeed, wire.RCValue.Parameter(3)},
		{"duplicate changed", spoiled(1), wire.RCIntegrity.Parameter(1)},
		{"no duplicate", withParam(1, p2b(nil)), wire.RCInsufficient.Parameter(1)},
		{"another name", spoiled(2), wire.RCIntegrity.Parameter(1)},
		{"new parent is none", withObject(2, notParent), wire.RCType.Handle(2)},
		{"no seed and old parent", both(noSeed, withKey(1, notParent)), wire.RCHandle.Handle(1)},
		{"old parent and seed", both(withKey(1, notParent), badSeed), wire.RCType.Handle(1)},
		{"seed and duplicate", both(badSeed, spoiled(1)), wire.RCValue.Parameter(3)},
		{"duplicate and new parent", both(spoiled(1), withObject(2, notParent)), wire.RCIntegrity.Parameter(1)},
	}
}

func importFaults() []rowFault {
	public := func(set wire.TPMAObject) rowChange {
		return func(b *testTPM, c *rowCommand) {
			var p wire.TPM2BPublic
			if rc := wire.Unmarshal(c.parts[1], b.limits, &p); rc != wire.RCSuccess {
				b.t.Fatal(rc)
			}
			p.Attributes |= set
			c.set(2, &p)
		}
	}
	noInnerWrap := both(withParam(1, p2b(nil)), withParam(5, &noInner))
	cipher := withKey(1, func() *object {
		o := cipherKey(wire.AlgAES, wire.AlgCFB, storageAttributes, make([]byte, 16))
		o.parent = true
		return o
	})
	noName := func(b *testTPM, c *rowCommand) {
		o := rowMovable()
		c.set(2, &wire.TPM2BPublic{TPMTPublic: wire.TPMTPublic{
			Type: o.public.Type, NameAlg: wire.AlgNull, Parameters: o.public.Parameters,
		}})
	}
	badSeed := withParam(4, p2b([]byte{0, 1, 1, 0, 1, 1}))
	return []rowFault{
		{"fixedTPM", public(wire.ObjectFixedTPM), wire.RCAttributes.Parameter(2)},
		{"fixedParent", public(wire.ObjectFixedParent), wire.RCAttributes.Parameter(2)},
		{"not a parent", withKey(1, notParent), wire.RCType.Handle(1)},
		{"a sequence", withSequence(1), wire.RCType.Handle(1)},
		{"a derivation parent", withKey(1, rowDerivation), wire.RCType.Handle(1)},
		{"a key of another size", withParam(1, p2b(make([]byte, 15))), wire.RCSize.Parameter(1)},
		{"a key and no cipher", withParam(5, &noInner), wire.RCSize.Parameter(1)},
		{"encryptedDuplication and no inner wrap", both(public(wire.ObjectEncryptedDuplication), noInnerWrap), wire.RCAttributes.Parameter(1)},
		{"encryptedDuplication and no outer wrap", both(public(wire.ObjectEncryptedDuplication), withParam(4, p2b(nil))), wire.RCAttributes.Parameter(4)},
		{"a seed for a symmetric parent", cipher, wire.RCType.Handle(1)},
		{"a seed that is none", badSeed, wire.RCECCPoint.Parameter(4)},
		{"no nameAlg", noName, wire.RCHash.Parameter(2)},
		{"duplicate changed", spoiled(3), wire.RCIntegrity.Parameter(3)},
		{"another inner key", withParam(1, p2b(make([]byte, 16))), wire.RCSize.Parameter(3)},
		{"no outer wrap said", withParam(4, p2b(nil)), wire.RCSize.Parameter(3)},
		{"fixedTPM and not a parent", both(public(wire.ObjectFixedTPM), withKey(1, notParent)), wire.RCAttributes.Parameter(2)},
		{"not a parent and key", both(withKey(1, notParent), withParam(1, p2b(make([]byte, 15)))), wire.RCType.Handle(1)},
		{"key and seed", both(withParam(1, p2b(make([]byte, 15))), badSeed), wire.RCSize.Parameter(1)},
		{"nameAlg and seed", both(badSeed, noName), wire.RCHash.Parameter(2)},
		{"nameAlg and duplicate", both(noName, spoiled(3)), wire.RCHash.Parameter(2)},
	}
}
