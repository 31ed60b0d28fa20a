package tpm2

import (
	"bytes"
	"context"
	"encoding/binary"
	"testing"

	"govtpm/tpm2/wire"
)

// TestCreationVector compares creation data and ticket with those of libtpms.
func TestCreationVector(t *testing.T) {
	var all struct {
		Creation struct{ Template, CreationData, CreationHash, TicketDigest, Name hexBytes }
	}
	readVectors(t, "tickets-kdf-misc.json", &all)
	v := all.Creation
	b := newTestTPM(t)
	p := b.createPrimary(newCommand(wire.CCCreatePrimary, wire.RHOwner).password("").put(sensitiveCreate("", nil)).b2(v.Template).
		b2([]byte("outside")).raw([]byte{0, 0, 0, 1, 0, 0x0B, 3, 0x81, 0, 0}))
	if !bytes.Equal(p.creationData, v.CreationData) || !bytes.Equal(p.creationHash, v.CreationHash) {
		t.Errorf("creation data %x, hash %x", p.creationData, p.creationHash)
	}
	if p.ticket.Tag != wire.STCreation || p.ticket.Hierarchy != wire.RHOwner || !bytes.Equal(p.ticket.Digest, v.TicketDigest) {
		t.Errorf("ticket %+v", p.ticket)
	}
	if !bytes.Equal(p.name, v.Name) {
		t.Errorf("name %x", p.name)
	}
}

// TestCreationData checks what TPM2_Create records of an ordinary object.
func TestCreationData(t *testing.T) {
	b := newTestTPM(t)
	parent := b.storagePrimary()
	b.locality = 3
	r := b.must(newCommand(wire.CCCreate, parent.handle).password("").put(sensitiveCreate("", []byte("x")), sealTemplate(fixedAttributes)).
		b2([]byte("info")).u32(0))
	b.locality = 0
	r.b2() // private
	public, data, hash := r.b2(), r.b2(), r.b2()
	var ticket wire.TPMTTKCreation
	ticket.Unmarshal(r.params())
	var d wire.TPMSCreationData
	if rc := wire.Unmarshal(data, nil, &d); rc != wire.RCSuccess {
		t.Fatal(rc)
	}
	qualified := b.object(parent.handle).qualified
	if len(d.PCRSelect) != 0 || !bytes.Equal(d.PCRDigest, hashOf(wire.AlgSHA256)) || d.Locality != 1<<3 || d.ParentNameAlg != wire.AlgSHA256 ||
		!bytes.Equal(d.ParentName, parent.name) || !bytes.Equal(d.ParentQualifiedName, qualified) || string(d.OutsideInfo) != "info" {
		t.Errorf("creation data %+v", d)
	}
	name := prefixed(wire.AlgSHA256, hashOf(wire.AlgSHA256, public))
	if !bytes.Equal(hash, hashOf(wire.AlgSHA256, data)) || !b.checkCreationTicket(&ticket, name, hash) {
		t.Error("hash or ticket do not fit")
	}
	for _, tc := range []struct {
		locality uint8
		want     wire.TPMALocality
	}{{0, 1}, {4, 16}, {32, 32}, {255, 255}} {
		if got := localityAttributes(tc.locality); got != tc.want {
			t.Errorf("locality %d: %#x, want %#x", tc.locality, got, tc.want)
		}
	}
}

// changed gives a copy of a template after a change.
func changed(p *wire.TPM2BPublic, change func(*wire.TPM2BPublic)) *wire.TPM2BPublic {
	c := *p
	change(&c)
	return &c
}

// attributes gives a copy of a template with bits set and cleared.
func attributes(p *wire.TPM2BPublic, set, clear wire.TPMAObject) *wire.TPM2BPublic {
	return changed(p, func(p *wire.TPM2BPublic) { p.Attributes = p.Attributes&^clear | set })
}

// symTemplate is the template of a symmetric key.
func symTemplate(a wire.TPMAObject, sym wire.TPMTSymDefObject) *wire.TPM2BPublic {
	p := &wire.TPM2BPublic{TPMTPublic: wire.TPMTPublic{Type: wire.AlgSymCipher, NameAlg: wire.AlgSHA256, Attributes: a}}
	p.Parameters.Sym.Sym = sym
	return p
}

// keyedHashTemplate is the template of a KEYEDHASH key.
func keyedHashTemplate(a wire.TPMAObject, scheme, hash, kdf wire.Alg) *wire.TPM2BPublic {
	p := sealTemplate(a)
	p.Parameters.KeyedHash.Scheme = wire.TPMTKeyedHashScheme{Scheme: scheme, HashAlg: hash, KDF: kdf}
	return p
}

// withScheme gives a copy of an RSA or ECC template with a scheme over SHA-256.
func withScheme(p *wire.TPM2BPublic, scheme wire.Alg) *wire.TPM2BPublic {
	return changed(p, func(p *wire.TPM2BPublic) {
		p.Parameters.RSA.Scheme = wire.TPMTRSAScheme{Scheme: scheme, HashAlg: wire.AlgSHA256}
		p.Parameters.ECC.Scheme = wire.TPMTECCScheme{Scheme: scheme, HashAlg: wire.AlgSHA256}
	})
}

const (
	origin    = wire.ObjectSensitiveDataOrigin
	signing   = fixedAttributes | origin | wire.ObjectUserWithAuth | wire.ObjectSign
	restrict  = wire.ObjectRestricted
	decrypt   = wire.ObjectDecrypt
	sign      = wire.ObjectSign
	duplicate = wire.ObjectEncryptedDuplication
)

// creationCase is a template, what goes with it, and the code that it gives.
type creationCase struct {
	name     string
	template *wire.TPM2BPublic
	auth     string
	data     []byte
	want     wire.RC
}

// attributeCases are templates that every way to create judges alike.
func attributeCases() []creationCase {
	badAttributes, badScheme, badSymmetric := wire.RCAttributes.Parameter(2), wire.RCScheme.Parameter(2), wire.RCSymmetric.Parameter(2)
	eccSign, eccDecrypt := eccTemplate(signing, noSymmetric), eccTemplate(signing&^sign|decrypt, noSymmetric)
	rsaSign, rsaDecrypt := rsaTemplate(signing, noSymmetric), rsaTemplate(signing&^sign|decrypt, noSymmetric)
	seal := sealTemplate(fixedAttributes)
	hmacKey := keyedHashTemplate(signing, wire.AlgHMAC, wire.AlgSHA256, 0)
	derivation := derivationTemplate()
	key16, x := make([]byte, 16), []byte("x")
	return []creationCase{
		{"no data and no origin", sealTemplate(fixedAttributes), "", nil, badAttributes},
		{"data object with origin", sealTemplate(fixedAttributes | origin), "", nil, badAttributes},
		{"data object restricted", sealTemplate(fixedAttributes | restrict), "", x, badAttributes},
		{"asymmetric with data", attributes(eccSign, 0, origin), "", x, badAttributes},
		{"fixed parent with given key", symTemplate(storageAttributes&^origin, aes128CFB), "", key16, badAttributes},
		{"policy size", changed(seal, func(p *wire.TPM2BPublic) { p.AuthPolicy = make([]byte, 31) }), "", x, wire.RCSize.Parameter(2)},
		{"policy of another hash", changed(seal, func(p *wire.TPM2BPublic) { p.AuthPolicy = make([]byte, 20) }), "", x, wire.RCSize.Parameter(2)},
		{"policy", changed(seal, func(p *wire.TPM2BPublic) { p.AuthPolicy = make([]byte, 32) }), "", x, wire.RCSuccess},
		{"fixedTPM without fixedParent", attributes(eccSign, 0, wire.ObjectFixedParent), "", nil, badAttributes},
		{"fixedParent without fixedTPM", attributes(eccSign, 0, wire.ObjectFixedTPM), "", nil, badAttributes},
		{"neither fixed", attributes(eccSign, 0, fixedAttributes), "", nil, wire.RCSuccess},
		{"sign and decrypt", attributes(eccSign, decrypt, 0), "", nil, wire.RCSuccess},
		{"restricted sign and decrypt", attributes(eccSign, decrypt|restrict, 0), "", nil, badAttributes},
		{"key for nothing", attributes(eccSign, 0, sign), "", nil, badAttributes},
		{"symmetric key for nothing", symTemplate(fixedAttributes|origin, aes128CFB), "", nil, badAttributes},
		{"encryptedDuplication of what is fixed", attributes(eccSign, duplicate, 0), "", nil, badAttributes},
		{"encryptedDuplication", attributes(eccSign, duplicate, fixedAttributes), "", nil, wire.RCSuccess},
		{"firmwareLimited", attributes(eccSign, wire.ObjectFirmwareLimited, 0), "", nil, badAttributes},
		{"svnLimited", attributes(eccSign, wire.ObjectSVNLimited, 0), "", nil, badAttributes},

		{"decryption with a MAC", symTemplate(signing&^sign|decrypt, wire.TPMTSymDefObject{Algorithm: wire.AlgAES, KeyBits: 128, Mode: wire.AlgCMAC}), "", nil, badScheme},
		{"MAC key", symTemplate(signing, wire.TPMTSymDefObject{Algorithm: wire.AlgAES, KeyBits: 128, Mode: wire.AlgCMAC}), "", nil, wire.RCSuccess},
		{"HMAC key", hmacKey, "", nil, wire.RCSuccess},
		{"signing without HMAC", keyedHashTemplate(signing, wire.AlgXOR, wire.AlgSHA256, wire.AlgKDF1SP800108), "", nil, badScheme},
		{"signing and decrypting with HMAC", attributes(hmacKey, decrypt, 0), "", nil, badScheme},
		{"decrypting with HMAC", attributes(hmacKey, decrypt, sign), "", nil, badScheme},
		{"derivation parent", derivation, "", nil, wire.RCSuccess},
		{"derivation parent without KDF", keyedHashTemplate(storageAttributes, wire.AlgXOR, wire.AlgSHA256, wire.AlgNull), "", nil, badScheme},
		{"derivation with KDF1", keyedHashTemplate(storageAttributes, wire.AlgXOR, wire.AlgSHA256, wire.AlgKDF1SP80056A), "", nil, badScheme},
		{"XOR key without KDF", keyedHashTemplate(storageAttributes&^restrict, wire.AlgXOR, wire.AlgSHA256, wire.AlgNull), "", nil, wire.RCSuccess},
		{"ECDSA", withScheme(eccSign, wire.AlgECDSA), "", nil, wire.RCSuccess},
		{"restricted signing without scheme", attributes(eccSign, restrict, 0), "", nil, badScheme},
		{"signing with ECDH", withScheme(eccSign, wire.AlgECDH), "", nil, badScheme},
		{"SM2 both ways", withScheme(attributes(eccSign, decrypt, 0), wire.AlgSM2), "", nil, badScheme},
		{"decrypting with ECDSA", withScheme(eccDecrypt, wire.AlgECDSA), "", nil, badScheme},
		{"decrypting with ECDH", withScheme(eccDecrypt, wire.AlgECDH), "", nil, wire.RCSuccess},
		{"storage key with scheme", withScheme(storageTemplate(), wire.AlgECDH), "", nil, badScheme},
		{"signing with OAEP", withScheme(rsaSign, wire.AlgOAEP), "", nil, badScheme},
		{"decrypting with RSASSA", withScheme(rsaDecrypt, wire.AlgRSASSA), "", nil, badScheme},
		{"symmetric in a signing key", eccTemplate(signing, aes128CFB), "", nil, badSymmetric},
		{"symmetric in a restricted signing key", withScheme(eccTemplate(signing|restrict, aes128CFB), wire.AlgECDSA), "", nil, badSymmetric},
		{"symmetric in a decryption key", eccTemplate(signing&^sign|decrypt, aes128CFB), "", nil, badSymmetric},
		{"storage key without symmetric", eccTemplate(storageAttributes, noSymmetric), "", nil, badSymmetric},
		{"KDF", changed(eccSign, func(p *wire.TPM2BPublic) {
			p.Parameters.ECC.KDF = wire.TPMTKDFScheme{Scheme: wire.AlgKDF1SP80056A, HashAlg: wire.AlgSHA256}
		}), "", nil, wire.RCKDF.Parameter(2)},

		{"auth as long as the digest", seal, string(bytes.Repeat(x, 32)), x, wire.RCSuccess},
		{"auth longer than the digest", seal, string(bytes.Repeat(x, 33)), x, wire.RCSize.Parameter(1)},
		{"auth with zeros at the end", seal, string(append(bytes.Repeat(x, 32), make([]byte, 32)...)), x, wire.RCSuccess},
		{"auth too long and bad template", sealTemplate(fixedAttributes | origin), string(bytes.Repeat(x, 33)), x, badAttributes},

		{"exponent 3", rsaExponentTemplate(3), "", nil, wire.RCRange},
		{"exponent 65541, which is not prime", rsaExponentTemplate(65541), "", nil, wire.RCRange},
		{"exponent of 32 bits", rsaExponentTemplate(1<<32 - 5), "", nil, wire.RCSuccess},
		{"symmetric key too short", symTemplate(signing&^origin&^sign|decrypt, aes128CFB), "", key16[:15], wire.RCKeySize},
		{"symmetric key too long", symTemplate(signing&^origin&^sign|decrypt, aes128CFB), "", make([]byte, 17), wire.RCKeySize},
		{"weak key", symTemplate(signing&^origin&^sign|decrypt, wire.TPMTSymDefObject{Algorithm: wire.AlgTDES, KeyBits: 128, Mode: wire.AlgCFB}), "", key16, wire.RCKey},
		{"HMAC key of a block", attributes(hmacKey, 0, origin), "", make([]byte, 64), wire.RCSuccess},
		{"HMAC key longer than a block", attributes(hmacKey, 0, origin), "", make([]byte, 65), wire.RCSize},
		{"most data", seal, "", make([]byte, 128), wire.RCSuccess},
		{"too much data", seal, "", make([]byte, 129), wire.RCSize.Parameter(1)},
	}
}

// rsaExponentTemplate is the template of a signing key with this exponent.
func rsaExponentTemplate(e uint32) *wire.TPM2BPublic {
	return changed(rsaTemplate(signing, noSymmetric), func(p *wire.TPM2BPublic) {
		p.Parameters.RSA.KeyBits, p.Parameters.RSA.Exponent = 1024, e
	})
}

// derivationTemplate is the template of a derivation parent.
func derivationTemplate() *wire.TPM2BPublic {
	return keyedHashTemplate(storageAttributes, wire.AlgXOR, wire.AlgSHA256, wire.AlgKDF1SP800108)
}

// TestCreateAttributes runs the templates through all ways to create, below hierarchy and parent.
func TestCreateAttributes(t *testing.T) {
	b := newTestTPM(t)
	parent := b.storagePrimary().handle
	loaded := b.volatile.objects
	for _, tc := range attributeCases() {
		template := wire.Marshal(&tc.template.TPMTPublic)
		for name, c := range map[string]*testCommand{
			"CreatePrimary":           createPrimaryCommand(wire.RHOwner, tc.auth, tc.data, template),
			"Create":                  createCommand(parent, tc.auth, tc.data, tc.template),
			"CreateLoaded, parent":    createLoadedCommand(parent, tc.auth, tc.data, template),
			"CreateLoaded, hierarchy": createLoadedCommand(wire.RHPlatform, tc.auth, tc.data, template),
		} {
			want := tc.want
			if tc.auth != "" && tc.name[:13] == "auth too long" && c.code == wire.CCCreateLoaded {
				want = wire.RCSize.Parameter(1) // looked at first there
			}
			r := b.run(c)
			if r.rc != want {
				t.Errorf("%s: %s: %v (%#x), want %v (%#x)", tc.name, name, r.rc, uint32(r.rc), want, uint32(want))
			}
			if r.rc == wire.RCSuccess && c.code != wire.CCCreate {
				b.flush(r.handle())
			}
			if b.volatile.objects != loaded {
				t.Fatalf("%s: %s left an object", tc.name, name)
			}
		}
	}
}

// createLoadedCommand is TPM2_CreateLoaded.
func createLoadedCommand(parent wire.Handle, auth string, data, template []byte) *testCommand {
	return newCommand(wire.CCCreateLoaded, parent).password("").put(sensitiveCreate(auth, data)).b2(template)
}

// TestCreateBelow checks what depends on the parent.
func TestCreateBelow(t *testing.T) {
	b := newTestTPM(t)
	fixed := b.storagePrimary().handle
	make := func(p *wire.TPM2BPublic) wire.Handle {
		return b.createPrimary(createPrimaryCommand(wire.RHOwner, "", nil, wire.Marshal(&p.TPMTPublic))).handle
	}
	free := make(attributes(storageTemplate(), 0, fixedAttributes))
	key := eccTemplate(origin|sign, noSymmetric)
	storage := storageTemplate()
	for _, tc := range []struct {
		name     string
		parent   wire.Handle
		template *wire.TPM2BPublic
		data     []byte
		want     wire.RC
	}{
		{"data and origin", fixed, attributes(key, fixedAttributes, 0), []byte("x"), wire.RCAttributes.Parameter(2)},
		{"fixedTPM below what is not", free, attributes(key, fixedAttributes, 0), nil, wire.RCAttributes.Parameter(2)},
		{"fixedParent below what is not fixed", free, attributes(key, wire.ObjectFixedParent, 0), nil, wire.RCSuccess},
		{"encryptedDuplication unlike the parent's", free, attributes(key, duplicate, 0), nil, wire.RCAttributes.Parameter(2)},
		{"storage key like its parent", fixed, storage, nil, wire.RCSuccess},
		{"storage key of another hash", fixed, changed(storage, func(p *wire.TPM2BPublic) { p.NameAlg = wire.AlgSHA384 }), nil, wire.RCHash.Parameter(2)},
		{"storage key of another cipher", fixed, changed(storage, func(p *wire.TPM2BPublic) { p.Parameters.ECC.Symmetric.KeyBits = 256 }), nil, wire.RCSymmetric.Parameter(2)},
		{"storage key of another mode", fixed, changed(storage, func(p *wire.TPM2BPublic) { p.Parameters.ECC.Symmetric.Mode = wire.AlgCBC }), nil, wire.RCSymmetric.Parameter(2)},
		{"duplicable storage key of another cipher", fixed, changed(attributes(storage, 0, fixedAttributes), func(p *wire.TPM2BPublic) { p.Parameters.ECC.Symmetric.KeyBits = 256 }), nil, wire.RCSuccess},
	} {
		b.t.Log(tc.name)
		b.want(tc.want, b.run(createCommand(tc.parent, "", tc.data, tc.template)))
	}

	// What is no parent is found before a slot is looked for, a full table before the template is judged.
	bad := eccTemplate(0, noSymmetric)
	leaf := make(eccTemplate(signing, noSymmetric))
	b.want(wire.RCType.Handle(1), b.run(createCommand(leaf, "", nil, bad)))
	b.want(wire.RCType.Handle(1), b.run(createLoadedCommand(leaf, "", nil, nil)))
	b.want(wire.RCObjectMemory, b.run(createCommand(fixed, "", nil, bad)))
	b.want(wire.RCObjectMemory, b.run(createLoadedCommand(fixed, "", nil, nil)))
	b.want(wire.RCObjectMemory, b.run(createPrimaryCommand(wire.RHOwner, "", nil, wire.Marshal(&bad.TPMTPublic))))
	b.flush(leaf)
	b.want(wire.RCInsufficient.Parameter(2), b.run(createLoadedCommand(fixed, "", nil, nil)))
	b.want(wire.RCSize.Parameter(2), b.run(createLoadedCommand(fixed, "", nil, append(wire.Marshal(&key.TPMTPublic), 0))))
	b.want(wire.RCHash.Parameter(2), b.run(createLoadedCommand(fixed, "", nil,
		wire.Marshal(&changed(key, func(p *wire.TPM2BPublic) { p.NameAlg = wire.AlgNull }).TPMTPublic))))
}

// TestCreateLoaded checks that an object made and loaded at once is the one that its private part gives.
func TestCreateLoaded(t *testing.T) {
	b := newTestTPM(t)
	parent := b.storagePrimary().handle
	template := wire.Marshal(&storageTemplate().TPMTPublic)
	r := b.must(createLoadedCommand(parent, "auth", nil, template))
	h, private, public, name := r.handle(), r.b2(), r.b2(), r.b2()
	again := b.loadChild(parent, private, public)
	o, p := b.object(h), b.object(again)
	if !bytes.Equal(o.name, name) || !bytes.Equal(o.name, p.name) || !bytes.Equal(o.qualified, p.qualified) ||
		!bytes.Equal(wire.Marshal(&o.sensitive), wire.Marshal(&p.sensitive)) {
		t.Errorf("%+v\n%+v", o, p)
	}
	if !p.parent || p.primary || p.temporary || p.external || p.hierarchy != wire.RHOwner || p.seedCompat != currentSeedCompat {
		t.Errorf("%+v", p)
	}
	b.flush(h)
	b.flush(again)

	// Below a hierarchy it is what TPM2_CreatePrimary makes.
	r = b.must(createLoadedCommand(wire.RHEndorsement, "", nil, template))
	h, private, public = r.handle(), r.b2(), r.b2()
	primary := b.createPrimary(createPrimaryCommand(wire.RHEndorsement, "", nil, template))
	if len(private) != 0 || !bytes.Equal(public, primary.public) ||
		!bytes.Equal(b.object(h).sensitive.SeedValue, b.object(primary.handle).sensitive.SeedValue) {
		t.Errorf("private %x, public %x, want %x", private, public, primary.public)
	}
}

// TestCreateCanceled checks that a caller who cancels finds the TPM as it was.
func TestCreateCanceled(t *testing.T) {
	b := newTestTPM(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	c := createPrimaryCommand(wire.RHOwner, "", nil, wire.Marshal(&rsaTemplate(signing, noSymmetric).TPMTPublic))
	out := b.Execute(ctx, 0, c.bytes())
	if rc := wire.RC(binary.BigEndian.Uint32(out[6:])); rc != wire.RCCanceled {
		t.Errorf("%v", rc)
	}
	if b.volatile.objects != [maxLoadedObjects]*object{} || len(b.volatile.primaryKeys.entries) != 0 {
		t.Error("something is left")
	}
	b.createPrimary(c)
}

// TestPairwise makes keys under a profile that tries them out; primary keys stay the same.
func TestPairwise(t *testing.T) {
	p := testProfile(t, `{"Name":"custom","Attributes":"pct,no-ecc-key-derivation"}`)
	b := newTestTPMWith(t, Options{Seeds: vectorSeeds(), Profile: p}).startup(wire.SUClear)
	plain := newTestTPM(t)
	for _, template := range []*wire.TPM2BPublic{
		eccTemplate(signing, noSymmetric), storageTemplate(), rsaTemplate(signing, noSymmetric), rsaTemplate(storageAttributes, aes128CFB),
	} {
		c := createPrimaryCommand(wire.RHOwner, "", nil, wire.Marshal(&template.TPMTPublic))
		got, want := b.createPrimary(c), plain.createPrimary(c)
		if !bytes.Equal(got.public, want.public) {
			t.Errorf("%v: another key", template.Type)
		}
		// A public part that belongs to another key is found out.
		other, err := (&maker{source: b.volatile.rand}).make(&template.TPMTPublic)
		if err != nil {
			t.Fatal(err)
		}
		other.privateKeys = b.object(got.handle).privateKeys
		if b.tryOut(other) == nil {
			t.Errorf("%v: another public part was not found out", template.Type)
		}
		b.flush(got.handle)
		plain.flush(want.handle)
	}
}
