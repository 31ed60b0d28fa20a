package tpm2

import (
	"bytes"

	"govtpm/internal/crypto/curve"
	"govtpm/tpm2/wire"
)

// Rows of the commands of Part 3, clauses 12 and 13.

const rowPassword = "password"

// rowSeal is the template of sealed data.
func rowSeal() *wire.TPM2BPublic { return sealTemplate(fixedAttributes | wire.ObjectUserWithAuth) }

// rowStorage is a storage parent in a slot, without the work of making it.
func rowStorage() *object {
	o := eccObject(wire.CurveNISTP256, storageAttributes, wire.AlgNull, 0)
	o.public.Parameters.ECC.Symmetric = aes128CFB
	o.sensitive.SeedValue = bytes.Repeat([]byte{0x5E}, 32)
	o.parent = true
	return o
}

// rowParent puts rowStorage into a slot; its authValue is empty.
func (b *testTPM) rowParent() wire.Handle {
	b.t.Helper()
	h := b.addKey(rowStorage())
	o := b.object(h)
	o.sensitive.AuthValue = nil
	o.qualified = qualifiedName(handleName(wire.RHOwner), wire.AlgSHA256, o.name)
	return h
}

// unsealed checks that private and public part hold data.
func (r *testResponse) unsealed(b *testTPM, parent wire.Handle, private, public []byte, want string) {
	r.t.Helper()
	h := b.loadChild(parent, private, public)
	if got := b.must(newCommand(wire.CCUnseal, h).password(rowPassword)).b2(); string(got) != want {
		r.t.Errorf("unsealed %q, want %q", got, want)
	}
}

// creationOf checks creation data, hash and ticket of a response.
func (r *testResponse) creationOf(b *testTPM, hierarchy wire.Handle, name []byte, parentName []byte) {
	r.t.Helper()
	data, hash := r.b2(), r.b2()
	var ticket wire.TPMTTKCreation
	ticket.Unmarshal(r.params())
	var d wire.TPMSCreationData
	if rc := wire.Unmarshal(data, nil, &d); rc != wire.RCSuccess {
		r.t.Fatal(rc)
	}
	if !bytes.Equal(hash, hashOf(wire.AlgSHA256, data)) || !bytes.Equal(d.ParentName, parentName) || string(d.OutsideInfo) != "outside" || d.Locality != 1 ||
		!bytes.Equal(d.PCRDigest, hashOf(wire.AlgSHA256, make([]byte, 32))) {
		r.t.Errorf("creation data %+v", d)
	}
	if ticket.Hierarchy != hierarchy || !b.checkCreationTicket(&ticket, name, hash) {
		r.t.Errorf("ticket %+v", ticket)
	}
}

// notParent is a key that is no parent.
func notParent() *object {
	return eccObject(wire.CurveNISTP256, wire.ObjectSign, wire.AlgECDSA, wire.AlgSHA256)
}

// withTemplate replaces the template, parameter 2, by one with a fault.
func withTemplate(p *wire.TPM2BPublic) rowChange { return withParam(2, p) }

// pcr16 selects PCR 16 of the SHA-256 bank.
func pcr16() *wire.TPMLPCRSelection {
	return &wire.TPMLPCRSelection{selection(wire.AlgSHA256, 16)}
}

// templateFaults are those that every way to create an object finds in its template and its authValue; they are parameters 2 and 1.
// What else a template can be is in creation_test.go.
func templateFaults() []rowFault {
	long := sensitiveCreate(string(bytes.Repeat([]byte{1}, 33)), []byte("data"))
	bad := attributes(rowSeal(), wire.ObjectRestricted, 0)
	scheme := keyedHashTemplate(fixedAttributes|wire.ObjectUserWithAuth|wire.ObjectSign, wire.AlgXOR, wire.AlgSHA256, wire.AlgKDF1SP800108)
	policy := changed(rowSeal(), func(p *wire.TPM2BPublic) { p.AuthPolicy = make([]byte, 20) })
	return []rowFault{
		{"no data", withParam(1, sensitiveCreate(rowPassword, nil)), wire.RCAttributes.Parameter(2)},
		{"restricted data", withTemplate(bad), wire.RCAttributes.Parameter(2)},
		{"fixedTPM without fixedParent", withTemplate(attributes(rowSeal(), 0, wire.ObjectFixedParent)), wire.RCAttributes.Parameter(2)},
		{"policy of another size", withTemplate(policy), wire.RCSize.Parameter(2)},
		{"scheme", withTemplate(scheme), wire.RCScheme.Parameter(2)},
		{"authValue longer than the hash", withParam(1, long), wire.RCSize.Parameter(1)},
		{"policy and attributes", withTemplate(attributes(policy, wire.ObjectEncryptedDuplication, 0)), wire.RCSize.Parameter(2)},
		{"attributes and scheme", withTemplate(attributes(scheme, wire.ObjectEncryptedDuplication, 0)), wire.RCAttributes.Parameter(2)},
		{"no slot", when(fillObjects), wire.RCObjectMemory},
		{"no slot and attributes", both(when(fillObjects), withTemplate(bad)), wire.RCObjectMemory},
	}
}

func objectRows() []commandRow {
	noParent := withKey(1, notParent)
	noName := wire.RCHash.Parameter(2)
	rows := []commandRow{
		{
			code: wire.CCCreate,
			good: func(b *testTPM) (*testCommand, func(*testResponse)) {
				parent := b.rowParent()
				c := newCommand(wire.CCCreate, parent).password("").put(sensitiveCreate(rowPassword, []byte("secret")), rowSeal()).
					b2([]byte("outside")).put(pcr16())
				return c, func(r *testResponse) {
					private, public := r.b2(), r.b2()
					r.creationOf(b, wire.RHOwner, prefixed(wire.AlgSHA256, hashOf(wire.AlgSHA256, public)), b.object(parent).name)
					r.unsealed(b, parent, private, public, "secret")
				}
			},
			faults: append(templateFaults(),
				rowFault{"not a parent", noParent, wire.RCType.Handle(1)},
				rowFault{"a sequence", withSequence(1), wire.RCType.Handle(1)},
				rowFault{"a derivation parent", withKey(1, rowDerivation), wire.RCType.Handle(1)},
				rowFault{"not a parent and no slot", both(noParent, when(fillObjects)), wire.RCType.Handle(1)},
				rowFault{"not a parent and attributes", both(noParent, withTemplate(attributes(rowSeal(), wire.ObjectRestricted, 0))), wire.RCType.Handle(1)},
				rowFault{"attributes and authValue", both(withTemplate(attributes(rowSeal(), wire.ObjectRestricted, 0)),
					withParam(1, sensitiveCreate(string(make([]byte, 32))+"x", []byte("x")))), wire.RCAttributes.Parameter(2)},
				rowFault{"no nameAlg", withTemplate(changed(rowSeal(), func(p *wire.TPM2BPublic) { p.NameAlg = wire.AlgNull })), noName},
			),
		},
		{
			code: wire.CCLoad,
			good: func(b *testTPM) (*testCommand, func(*testResponse)) {
				parent := b.rowParent()
				private, public := b.createChild(parent, rowPassword, []byte("secret"), rowSeal())
				return loadCommand(parent, private, public), func(r *testResponse) {
					h, name := r.handle(), r.b2()
					if !bytes.Equal(name, prefixed(wire.AlgSHA256, hashOf(wire.AlgSHA256, public))) {
						r.t.Errorf("name %x", name)
					}
					if got := b.must(newCommand(wire.CCUnseal, h).password(rowPassword)).b2(); string(got) != "secret" {
						r.t.Errorf("unsealed %q", got)
					}
				}
			},
			faults: loadFaults(noParent),
		},
		loadExternalRow(),
		{
			code: wire.CCReadPublic,
			good: func(b *testTPM) (*testCommand, func(*testResponse)) {
				key := b.signingKey(wire.RHOwner)
				return newCommand(wire.CCReadPublic, key.handle), func(r *testResponse) {
					public, name, qualified := r.b2(), r.b2(), r.b2()
					if !bytes.Equal(public, key.public) || !bytes.Equal(name, key.name) ||
						!bytes.Equal(qualified, prefixed(wire.AlgSHA256, hashOf(wire.AlgSHA256, handleName(wire.RHOwner), name))) {
						r.t.Errorf("public %x, name %x, qualified %x", public, name, qualified)
					}
				}
			},
			faults: []rowFault{{"a sequence", withSequence(1), wire.RCSequence}},
		},
		activateCredentialRow(), makeCredentialRow(),
		{
			code: wire.CCUnseal,
			good: func(b *testTPM) (*testCommand, func(*testResponse)) {
				parent := b.rowParent()
				private, public := b.createChild(parent, rowPassword, []byte("secret"), rowSeal())
				h := b.loadChild(parent, private, public)
				return newCommand(wire.CCUnseal, h).password(rowPassword), func(r *testResponse) {
					if got := r.b2(); string(got) != "secret" {
						r.t.Errorf("unsealed %q", got)
					}
				}
			},
			faults: []rowFault{
				{"a key", noParent, wire.RCType.Handle(1)},
				{"a sequence", withSequence(1), wire.RCType.Handle(1)},
				{"an HMAC key", withKey(1, func() *object { return hmacKey(wire.AlgSHA256, wire.ObjectSign, nil) }), wire.RCAttributes.Handle(1)},
				{"a decryption key", withKey(1, func() *object { return hmacKey(wire.AlgNull, wire.ObjectDecrypt, nil) }), wire.RCAttributes.Handle(1)},
				{"restricted", withKey(1, func() *object { return hmacKey(wire.AlgNull, wire.ObjectRestricted, nil) }), wire.RCAttributes.Handle(1)},
				{"public part only", withKey(1, func() *object { return public(hmacKey(wire.AlgNull, 0, nil)) }), wire.RCAuthUnavailable},
			},
		},
		{
			code: wire.CCObjectChangeAuth,
			good: func(b *testTPM) (*testCommand, func(*testResponse)) {
				parent := b.rowParent()
				private, public := b.createChild(parent, "old", []byte("secret"), rowSeal())
				h := b.loadChild(parent, private, public)
				return newCommand(wire.CCObjectChangeAuth, h, parent).password("old").b2([]byte(rowPassword)), func(r *testResponse) {
					r.unsealed(b, parent, r.b2(), public, "secret")
					b.must(newCommand(wire.CCUnseal, h).password("old"))
				}
			},
			faults: []rowFault{
				{"a sequence", withSequence(1), wire.RCType.Handle(1)},
				{"longer than the hash", withParam(1, p2b(bytes.Repeat([]byte{1}, 33))), wire.RCSize.Parameter(1)},
				{"another parent", withKey(2, rowStorageOther), wire.RCType.Handle(2)},
				{"adminWithPolicy", when(func(b *testTPM) { b.volatile.objects[1].public.Attributes |= wire.ObjectAdminWithPolicy }), wire.RCAuthType},
				{"a sequence and longer than the hash", both(withSequence(1), withParam(1, p2b(bytes.Repeat([]byte{1}, 33)))), wire.RCType.Handle(1)},
				{"longer than the hash and another parent", both(withParam(1, p2b(bytes.Repeat([]byte{1}, 33))), withKey(2, rowStorageOther)), wire.RCSize.Parameter(1)},
			},
		},
		createLoadedRow(noParent),
	}
	return rows
}

// withSequence makes handle n a hash sequence; its authValue, if it is asked for, is that of startHash.
func withSequence(n int) rowChange {
	return func(b *testTPM, c *rowCommand) {
		if _, ok := b.freeSlot(); !ok {
			b.flushKey(c.handles[n-1])
		}
		c.handles[n-1] = b.startHash(wire.AlgSHA256)
		if i := b.authIndex(c.code, n); i >= 0 {
			c.auths[i] = testAuth{handle: wire.RSPW, hmac: []byte(sequenceAuth)}
		}
	}
}

// rowStorageOther is a parent with another Name.
func rowStorageOther() *object {
	o := rowStorage()
	o.public.AuthPolicy = make([]byte, 32)
	return o
}

// rowDerivation is a derivation parent.
func rowDerivation() *object {
	o := hmacKey(wire.AlgNull, storageAttributes, []byte("key"))
	o.public.Parameters.KeyedHash.Scheme = wire.TPMTKeyedHashScheme{Scheme: wire.AlgXOR, HashAlg: wire.AlgSHA256, KDF: wire.AlgKDF1SP800108}
	o.derivation = true
	return o
}

// loadFaults are those of TPM2_Load. The private part begins with its integrity HMAC.
func loadFaults(noParent rowChange) []rowFault {
	spoil := func(at int) rowChange {
		return func(_ *testTPM, c *rowCommand) {
			x := bytes.Clone(c.parts[0])
			x[at] ^= 1
			c.parts[0] = x
		}
	}
	otherPublic := withParam(2, attributes(rowSeal(), wire.ObjectNoDA, 0))
	empty := withParam(1, p2b(nil))
	noName := withParam(2, changed(rowSeal(), func(p *wire.TPM2BPublic) { p.NameAlg = wire.AlgNull }))
	return []rowFault{
		{"not a parent", noParent, wire.RCType.Handle(1)},
		{"a sequence", withSequence(1), wire.RCType.Handle(1)},
		{"no private part", empty, wire.RCSize.Parameter(1)},
		{"no nameAlg", noName, wire.RCHash.Parameter(2)},
		{"HMAC of another size", withParam(1, p2b([]byte{0, 20, 1, 2, 3})), wire.RCInsufficient.Parameter(1)},
		{"wrong HMAC", spoil(5), wire.RCIntegrity.Parameter(1)},
		{"changed", spoil(50), wire.RCIntegrity.Parameter(1)},
		{"of another public part", otherPublic, wire.RCIntegrity.Parameter(1)},
		{"of another parent", withKey(1, rowStorageSeed), wire.RCIntegrity.Parameter(1)},
		{"no slot", when(fillObjects), wire.RCObjectMemory},
		{"no slot and no private part", both(when(fillObjects), empty), wire.RCObjectMemory},
		{"no private part and not a parent", both(empty, noParent), wire.RCSize.Parameter(1)},
		{"not a parent and changed", both(noParent, spoil(50)), wire.RCType.Handle(1)},
		{"no nameAlg and changed", both(noName, spoil(50)), wire.RCHash.Parameter(2)},
	}
}

// rowStorageSeed is a parent with another seed.
func rowStorageSeed() *object {
	o := rowStorage()
	o.sensitive.SeedValue = bytes.Repeat([]byte{0x5F}, 32)
	return o
}

func loadExternalRow() commandRow {
	key := func() *object { return eccObject(wire.CurveNISTP256, wire.ObjectSign, wire.AlgECDSA, wire.AlgSHA256) }
	area := func(change func(p *wire.TPMTPublic, s *wire.TPMTSensitive)) rowChange {
		return func(_ *testTPM, c *rowCommand) {
			o := key()
			p, s := &wire.TPM2BPublic{TPMTPublic: o.public}, &wire.TPM2BSensitive{TPMTSensitive: o.sensitive}
			p.NameAlg, p.Attributes, s.SensitiveType = wire.AlgSHA256, p.Attributes|wire.ObjectUserWithAuth, wire.AlgECC
			change(&p.TPMTPublic, &s.TPMTSensitive)
			c.set(1, s)
			c.set(2, p)
		}
	}
	inOwner := withParam(3, p32(uint32(wire.RHOwner)))
	restricted := area(func(p *wire.TPMTPublic, _ *wire.TPMTSensitive) { p.Attributes |= wire.ObjectRestricted })
	otherPoint := area(func(p *wire.TPMTPublic, _ *wire.TPMTSensitive) {
		g := wirePoint(curve.P256().Generator())
		p.Unique.ECC = g.TPMSECCPoint
	})
	return commandRow{
		code: wire.CCLoadExternal,
		good: func(b *testTPM) (*testCommand, func(*testResponse)) {
			c := &rowCommand{code: wire.CCLoadExternal, parts: make([][]byte, 3)}
			area(func(_ *wire.TPMTPublic, s *wire.TPMTSensitive) { s.AuthValue = []byte(rowPassword) })(b, c)
			c.set(3, p32(uint32(wire.RHNull)))
			return c.command(), func(r *testResponse) {
				h, name := r.handle(), r.b2()
				if !bytes.Equal(name, prefixed(wire.AlgSHA256, hashOf(wire.AlgSHA256, c.parts[1][2:]))) {
					r.t.Errorf("name %x", name)
				}
				digest := digestOf("message")
				sig := b.must(newCommand(wire.CCSign, h).password(rowPassword).b2(digest).put(noScheme, nullTicket)).signature()
				b.must(verifyCommand(h, digest, sig))
			}
		},
		faults: []rowFault{
			{"a private part in a hierarchy", inOwner, wire.RCHierarchy.Parameter(3)},
			{"public part alone, hierarchy disabled", both(withParam(1, p2b(nil)), inOwner, when(func(b *testTPM) { b.stateClear.shEnable = false })), wire.RCHierarchy.Parameter(3)},
			{"fixedTPM", area(func(p *wire.TPMTPublic, _ *wire.TPMTSensitive) { p.Attributes |= wire.ObjectFixedTPM }), wire.RCAttributes.Parameter(2)},
			{"fixedParent", area(func(p *wire.TPMTPublic, _ *wire.TPMTSensitive) { p.Attributes |= wire.ObjectFixedParent }), wire.RCAttributes.Parameter(2)},
			{"restricted", restricted, wire.RCAttributes.Parameter(2)},
			{"another type of private part", area(func(_ *wire.TPMTPublic, s *wire.TPMTSensitive) {
				*s = wire.TPMTSensitive{SensitiveType: wire.AlgKeyedHash}
			}), wire.RCType.Parameter(1)},
			{"authValue longer than the hash", area(func(_ *wire.TPMTPublic, s *wire.TPMTSensitive) { s.AuthValue = make([]byte, 33) }), wire.RCSize.Parameter(1)},
			{"policy of another size", area(func(p *wire.TPMTPublic, _ *wire.TPMTSensitive) { p.AuthPolicy = make([]byte, 5) }), wire.RCSize.Parameter(2)},
			{"public point of another key", otherPoint, wire.RCBinding},
			{"no slot", when(fillObjects), wire.RCObjectMemory},
			{"no slot and hierarchy", both(when(fillObjects), inOwner), wire.RCObjectMemory},
			{"hierarchy and restricted", both(restricted, inOwner), wire.RCHierarchy.Parameter(3)},
		},
	}
}

// credentialKey is a key that protects credentials.
func credentialKey() *object { return rowStorage() }

func makeCredentialRow() commandRow {
	long := withParam(1, p2b(make([]byte, 33)))
	notOne := withKey(1, notParent)
	return commandRow{
		code: wire.CCMakeCredential,
		good: func(b *testTPM) (*testCommand, func(*testResponse)) {
			key := b.addKey(credentialKey())
			object := b.addKey(notParent())
			return newCommand(wire.CCMakeCredential, key).b2([]byte("credential")).b2(b.object(object).name), func(r *testResponse) {
				blob, secret := r.b2(), r.b2()
				if got := b.must(newCommand(wire.CCActivateCredential, object, key).password(keyAuth).password(keyAuth).b2(blob).b2(secret)).b2(); string(got) != "credential" {
					r.t.Errorf("activated %q", got)
				}
			}
		},
		faults: []rowFault{
			{"a signing key", notOne, wire.RCType.Handle(1)},
			{"an unrestricted key", withKey(1, func() *object { return eccObject(wire.CurveNISTP256, wire.ObjectDecrypt, wire.AlgNull, 0) }), wire.RCType.Handle(1)},
			{"a symmetric key", withKey(1, func() *object {
				return cipherKey(wire.AlgAES, wire.AlgCFB, wire.ObjectDecrypt|wire.ObjectRestricted, make([]byte, 16))
			}), wire.RCType.Handle(1)},
			{"a sequence", withSequence(1), wire.RCType.Handle(1)},
			{"longer than the hash of the key", long, wire.RCSize.Parameter(1)},
			{"key and credential", both(notOne, long), wire.RCType.Handle(1)},
		},
	}
}

func activateCredentialRow() commandRow {
	badSecret, badBlob := withParam(2, p2b([]byte{0, 1, 1, 0, 1, 1})), func(_ *testTPM, c *rowCommand) {
		c.parts[0] = bytes.Clone(c.parts[0])
		c.parts[0][5] ^= 1
	}
	notOne := withKey(2, notParent)
	return commandRow{
		code: wire.CCActivateCredential,
		good: func(b *testTPM) (*testCommand, func(*testResponse)) {
			object, key := b.addKey(notParent()), b.addKey(credentialKey())
			r := b.must(newCommand(wire.CCMakeCredential, key).b2([]byte("credential")).b2(b.object(object).name))
			c := newCommand(wire.CCActivateCredential, object, key).password(keyAuth).password(keyAuth).b2(r.b2()).b2(r.b2())
			return c, func(r *testResponse) {
				if got := r.b2(); string(got) != "credential" {
					r.t.Errorf("activated %q", got)
				}
			}
		},
		faults: []rowFault{
			{"a signing key", notOne, wire.RCType.Handle(2)},
			{"a secret that is no point of the curve", badSecret, wire.RCECCPoint.Parameter(2)},
			{"no secret", withParam(2, p2b(nil)), wire.RCInsufficient.Parameter(2)},
			{"credential changed", badBlob, wire.RCIntegrity.Parameter(1)},
			{"no credential", withParam(1, p2b(nil)), wire.RCInsufficient.Parameter(1)},
			{"of another object", withKey(1, rowStorageOther), wire.RCIntegrity.Parameter(1)},
			{"of another key", withKey(2, func() *object { o := credentialKey(); o.public.NameAlg = wire.AlgSHA384; return o }), wire.RCIntegrity.Parameter(1)},
			{"adminWithPolicy", when(func(b *testTPM) { b.volatile.objects[0].public.Attributes |= wire.ObjectAdminWithPolicy }), wire.RCAuthType},
			{"key and secret", both(notOne, badSecret), wire.RCType.Handle(2)},
			{"secret and credential", both(badSecret, badBlob), wire.RCECCPoint.Parameter(2)},
		},
	}
}

func createLoadedRow(noParent rowChange) commandRow {
	return commandRow{
		code: wire.CCCreateLoaded,
		good: func(b *testTPM) (*testCommand, func(*testResponse)) {
			parent := b.rowParent()
			template := wire.Marshal(&rowSeal().TPMTPublic)
			return createLoadedCommand(parent, rowPassword, []byte("secret"), template), func(r *testResponse) {
				h, private, public, name := r.handle(), r.b2(), r.b2(), r.b2()
				if !bytes.Equal(name, prefixed(wire.AlgSHA256, hashOf(wire.AlgSHA256, public))) {
					r.t.Errorf("name %x", name)
				}
				if got := b.must(newCommand(wire.CCUnseal, h).password(rowPassword)).b2(); string(got) != "secret" {
					r.t.Errorf("unsealed %q", got)
				}
				b.flush(h)
				r.unsealed(b, parent, private, public, "secret")
			}
		},
		faults: append(templateFaults(),
			rowFault{"not a parent", noParent, wire.RCType.Handle(1)},
			rowFault{"not a parent and no slot", both(noParent, when(fillObjects)), wire.RCType.Handle(1)},
			rowFault{"no template", withParam(2, p2b(nil)), wire.RCInsufficient.Parameter(2)},
			rowFault{"a byte too many", withParam(2, p2b(append(wire.Marshal(&rowSeal().TPMTPublic), 0))), wire.RCSize.Parameter(2)},
			rowFault{"no such type", withParam(2, p2b([]byte{0, 6})), wire.RCType.Parameter(2)},
			rowFault{"no slot and no template", both(when(fillObjects), withParam(2, p2b(nil))), wire.RCObjectMemory},
		),
	}
}
