package tpm2

import (
	"bytes"
	"testing"

	"govtpm/tpm2/wire"
)

// Attributes that templates of tests are put together from.
const (
	fixedAttributes   = wire.ObjectFixedTPM | wire.ObjectFixedParent
	storageAttributes = fixedAttributes | wire.ObjectSensitiveDataOrigin | wire.ObjectUserWithAuth | wire.ObjectRestricted | wire.ObjectDecrypt
)

// aes128CFB is the symmetric algorithm of most parents.
var aes128CFB = wire.TPMTSymDefObject{Algorithm: wire.AlgAES, KeyBits: 128, Mode: wire.AlgCFB}

// noSymmetric is the symmetric algorithm of keys that are no parents.
var noSymmetric = wire.TPMTSymDefObject{Algorithm: wire.AlgNull}

// eccTemplate is a template of a P-256 key without scheme.
func eccTemplate(a wire.TPMAObject, sym wire.TPMTSymDefObject) *wire.TPM2BPublic {
	p := &wire.TPM2BPublic{TPMTPublic: wire.TPMTPublic{Type: wire.AlgECC, NameAlg: wire.AlgSHA256, Attributes: a}}
	p.Parameters.ECC = wire.TPMSECCParms{
		Symmetric: sym, Scheme: wire.TPMTECCScheme{Scheme: wire.AlgNull}, CurveID: wire.CurveNISTP256,
		KDF: wire.TPMTKDFScheme{Scheme: wire.AlgNull},
	}
	return p
}

// storageTemplate is the template of a P-256 storage parent.
func storageTemplate() *wire.TPM2BPublic { return eccTemplate(storageAttributes, aes128CFB) }

// rsaTemplate is a template of a 2048-bit key without scheme.
func rsaTemplate(a wire.TPMAObject, sym wire.TPMTSymDefObject) *wire.TPM2BPublic {
	p := &wire.TPM2BPublic{TPMTPublic: wire.TPMTPublic{Type: wire.AlgRSA, NameAlg: wire.AlgSHA256, Attributes: a}}
	p.Parameters.RSA = wire.TPMSRSAParms{Symmetric: sym, Scheme: wire.TPMTRSAScheme{Scheme: wire.AlgNull}, KeyBits: 2048}
	return p
}

// sealTemplate is the template of sealed data.
func sealTemplate(a wire.TPMAObject) *wire.TPM2BPublic {
	p := &wire.TPM2BPublic{TPMTPublic: wire.TPMTPublic{Type: wire.AlgKeyedHash, NameAlg: wire.AlgSHA256, Attributes: a}}
	p.Parameters.KeyedHash.Scheme.Scheme = wire.AlgNull
	return p
}

// storagePrimary makes a storage parent in the owner hierarchy.
func (b *testTPM) storagePrimary() created {
	b.t.Helper()
	return b.createPrimary(createPrimaryCommand(wire.RHOwner, "", nil, wire.Marshal(&storageTemplate().TPMTPublic)))
}

// createCommand is TPM2_Create.
func createCommand(parent wire.Handle, auth string, data []byte, template *wire.TPM2BPublic) *testCommand {
	return newCommand(wire.CCCreate, parent).password("").put(sensitiveCreate(auth, data)).put(template).b2(nil).u32(0)
}

// create runs TPM2_Create and returns private and public part.
func (b *testTPM) createChild(parent wire.Handle, auth string, data []byte, template *wire.TPM2BPublic) (private, public []byte) {
	b.t.Helper()
	r := b.must(createCommand(parent, auth, data, template))
	return r.b2(), r.b2()
}

// loadCommand is TPM2_Load.
func loadCommand(parent wire.Handle, private, public []byte) *testCommand {
	return newCommand(wire.CCLoad, parent).password("").b2(private).b2(public)
}

// loadChild runs TPM2_Load.
func (b *testTPM) loadChild(parent wire.Handle, private, public []byte) wire.Handle {
	b.t.Helper()
	return b.must(loadCommand(parent, private, public)).handle()
}

// createAndLoad runs TPM2_Create and TPM2_Load.
func (b *testTPM) createAndLoad(parent wire.Handle, data []byte, template *wire.TPM2BPublic) wire.Handle {
	b.t.Helper()
	private, public := b.createChild(parent, "", data, template)
	return b.loadChild(parent, private, public)
}

// TestSealUnseal seals data, loads it again and takes it out.
func TestSealUnseal(t *testing.T) {
	b := newTestTPM(t)
	parent := b.storagePrimary()
	secret := []byte("what was sealed")
	private, public := b.createChild(parent.handle, "auth", secret, sealTemplate(fixedAttributes|wire.ObjectUserWithAuth))
	h := b.loadChild(parent.handle, private, public)
	if got := b.must(newCommand(wire.CCUnseal, h).password("auth")).b2(); !bytes.Equal(got, secret) {
		t.Errorf("unsealed %q", got)
	}
	b.want(wire.RCAuthFail.Session(1), b.run(newCommand(wire.CCUnseal, h).password("other")))

	r := b.must(newCommand(wire.CCReadPublic, h))
	gotPublic, name, qualified := r.b2(), r.b2(), r.b2()
	wantName := append([]byte{0, 0x0B}, hashOf(wire.AlgSHA256, public)...)
	owner := []byte{0x40, 0, 0, 1}
	above := append([]byte{0, 0x0B}, hashOf(wire.AlgSHA256, owner, parent.name)...)
	wantQualified := append([]byte{0, 0x0B}, hashOf(wire.AlgSHA256, above, wantName)...)
	if !bytes.Equal(gotPublic, public) || !bytes.Equal(name, wantName) || !bytes.Equal(qualified, wantQualified) {
		t.Errorf("public %x name %x qualified %x", gotPublic, name, qualified)
	}
}

// TestLoadErrors damages private and public part in every way, and checks the order in which faults are found.
func TestLoadErrors(t *testing.T) {
	b := newTestTPM(t)
	parent := b.storagePrimary().handle
	private, public := b.createChild(parent, "auth", []byte("data"), sealTemplate(fixedAttributes|wire.ObjectUserWithAuth))
	load := func(h wire.Handle, private, public []byte) wire.RC { return b.run(loadCommand(h, private, public)).rc }

	for i := range private {
		damaged := bytes.Clone(private)
		damaged[i] ^= 0x10
		want := wire.RCIntegrity.Parameter(1)
		if i < 2 { // the size of the HMAC
			want = wire.RCSize.Parameter(1)
			if i == 1 { // 48 in place of 32
				want = wire.RCIntegrity.Parameter(1)
			}
		}
		if rc := load(parent, damaged, public); rc != want {
			t.Errorf("bit of byte %d: %v, want %v", i, rc, want)
		}
	}
	for n := range private {
		want := wire.RCIntegrity.Parameter(1)
		switch {
		case n == 0:
			want = wire.RCSize.Parameter(1)
		case n < 34:
			want = wire.RCInsufficient.Parameter(1)
		}
		if rc := load(parent, private[:n], public); rc != want {
			t.Errorf("%d bytes: %v, want %v", n, rc, want)
		}
	}
	var p wire.TPMTPublic
	if rc := wire.Unmarshal(public, nil, &p); rc != wire.RCSuccess {
		t.Fatal(rc)
	}
	p.Attributes |= wire.ObjectNoDA
	if rc := load(parent, private, wire.Marshal(&p)); rc != wire.RCIntegrity.Parameter(1) {
		t.Errorf("other attributes: %v", rc)
	}
	other := b.createPrimary(createPrimaryCommand(wire.RHPlatform, "", nil, wire.Marshal(&storageTemplate().TPMTPublic))).handle
	if rc := load(other, private, public); rc != wire.RCIntegrity.Parameter(1) {
		t.Errorf("other parent: %v", rc)
	}
	b.flush(other)

	leaf := b.loadChild(parent, private, public)
	b.want(wire.RCSize.Parameter(1), b.run(newCommand(wire.CCLoad, leaf).password("auth").b2(nil).b2(public)))
	b.want(wire.RCType.Handle(1), b.run(newCommand(wire.CCLoad, leaf).password("auth").b2([]byte{1}).b2(public)))
	b.loadChild(parent, private, public)
	if rc := load(parent, nil, public); rc != wire.RCObjectMemory {
		t.Errorf("no slot: %v", rc)
	}
}

// TestLoadInherits checks what a loaded object takes over from its parents.
func TestLoadInherits(t *testing.T) {
	b := newTestTPM(t)
	template := attributes(storageTemplate(), wire.ObjectStClear, fixedAttributes)
	top := b.createPrimary(createPrimaryCommand(wire.RHNull, "", nil, wire.Marshal(&template.TPMTPublic))).handle
	middle := b.createAndLoad(top, nil, attributes(storageTemplate(), 0, fixedAttributes))
	o := b.object(middle)
	if !o.parent || o.primary || !o.temporary || !o.stClear || o.hierarchy != wire.RHNull || o.seedCompat != 1 {
		t.Errorf("%+v", o)
	}
	bottom := b.createAndLoad(middle, []byte("x"), sealTemplate(0))
	low := b.object(bottom)
	if low.parent || !low.temporary || !low.stClear {
		t.Errorf("%+v", low)
	}
	if want := prefixed(wire.AlgSHA256, hashOf(wire.AlgSHA256, o.qualified, low.name)); !bytes.Equal(low.qualified, want) {
		t.Errorf("qualified name %x, want %x", low.qualified, want)
	}
}

// external is an object from outside: areas that fit, for a test to spoil.
type external struct {
	public    wire.TPMTPublic
	sensitive wire.TPMTSensitive
}

// externals makes one of each kind.
func externals(t *testing.T, b *testTPM) map[string]*external {
	t.Helper()
	made := make(map[string]*external)
	small := rsaTemplate(sign|wire.ObjectUserWithAuth, noSymmetric)
	small.Parameters.RSA.KeyBits = 1024
	for name, template := range map[string]*wire.TPM2BPublic{
		"rsa":  small,
		"ecc":  eccTemplate(sign|wire.ObjectUserWithAuth, noSymmetric),
		"aes":  symTemplate(decrypt|wire.ObjectUserWithAuth, aes128CFB),
		"hmac": keyedHashTemplate(sign|wire.ObjectUserWithAuth, wire.AlgHMAC, wire.AlgSHA256, 0),
		"seal": sealTemplate(wire.ObjectUserWithAuth),
	} {
		m := maker{source: b.volatile.rand}
		o, err := m.make(&template.TPMTPublic)
		if err != nil {
			t.Fatal(err)
		}
		made[name] = &external{o.public, o.sensitive}
	}
	return made
}

// TestLoadExternal spoils external objects in every way.
func TestLoadExternal(t *testing.T) {
	b := newTestTPM(t)
	made := externals(t, b)
	order := "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551"
	public, sensitive := func(rc wire.RC) wire.RC { return rc.Parameter(2) }, func(rc wire.RC) wire.RC { return rc.Parameter(1) }
	for _, tc := range []struct {
		name, object string
		spoil        func(*external)
		want         wire.RC // with both parts
		alone        wire.RC // with the public part only
	}{
		{"good RSA", "rsa", func(*external) {}, 0, 0},
		{"good ECC", "ecc", func(*external) {}, 0, 0},
		{"good AES", "aes", func(*external) {}, 0, 0},
		{"good HMAC", "hmac", func(*external) {}, 0, 0},
		{"good data", "seal", func(*external) {}, 0, 0},

		{"fixedTPM", "ecc", func(x *external) { x.public.Attributes |= wire.ObjectFixedTPM }, public(wire.RCAttributes), 0},
		{"fixedParent", "ecc", func(x *external) { x.public.Attributes |= wire.ObjectFixedParent }, public(wire.RCAttributes), 0},
		{"restricted", "ecc", func(x *external) { x.public.Attributes |= restrict }, public(wire.RCAttributes), public(wire.RCScheme)},
		{"neither sign nor decrypt", "ecc", func(x *external) { x.public.Attributes &^= sign }, public(wire.RCAttributes), 0},
		{"policy size", "ecc", func(x *external) { x.public.AuthPolicy = make([]byte, 31) }, public(wire.RCSize), 0},
		{"scheme", "ecc", func(x *external) {
			x.public.Parameters.ECC.Scheme = wire.TPMTECCScheme{Scheme: wire.AlgECDH, HashAlg: wire.AlgSHA256}
		},
			public(wire.RCScheme), public(wire.RCScheme)},
		{"type", "ecc", func(x *external) { x.sensitive.SensitiveType = wire.AlgRSA; x.sensitive.Sensitive.RSA = []byte{1} }, sensitive(wire.RCType), 0},
		{"auth", "ecc", func(x *external) { x.sensitive.AuthValue = make([]byte, 33) }, sensitive(wire.RCSize), 0},
		{"seed", "ecc", func(x *external) { x.sensitive.SeedValue = make([]byte, 33) }, sensitive(wire.RCKeySize), 0},
		{"seed and policy", "ecc", func(x *external) {
			x.sensitive.SeedValue = make([]byte, 33)
			x.public.AuthPolicy = make([]byte, 31)
		}, sensitive(wire.RCKeySize), 0},

		{"short modulus", "rsa", func(x *external) { x.public.Unique.RSA = x.public.Unique.RSA[1:] }, public(wire.RCKey), public(wire.RCKey)},
		{"no modulus", "rsa", func(x *external) { x.public.Unique.RSA = nil }, public(wire.RCKey), public(wire.RCKey)},
		{"key size", "rsa", func(x *external) { x.public.Parameters.RSA.KeyBits = 2048 }, public(wire.RCKey), public(wire.RCKey)},
		{"small modulus", "rsa", func(x *external) { x.public.Unique.RSA[0] &= 0x7F }, public(wire.RCKey), public(wire.RCKey)},
		{"exponent 5", "rsa", func(x *external) { x.public.Parameters.RSA.Exponent = 5 }, public(wire.RCValue), public(wire.RCValue)},
		{"exponent 8", "rsa", func(x *external) { x.public.Parameters.RSA.Exponent = 8 }, wire.RCBinding, 0},
		{"default exponent", "rsa", func(x *external) { x.public.Parameters.RSA.Exponent = 65537 }, 0, 0},
		{"short prime", "rsa", func(x *external) { x.sensitive.Sensitive.RSA = x.sensitive.Sensitive.RSA[1:] }, sensitive(wire.RCKeySize), 0},
		{"no prime", "rsa", func(x *external) { x.sensitive.Sensitive.RSA = nil }, sensitive(wire.RCKeySize), 0},
		{"small prime", "rsa", func(x *external) { x.sensitive.Sensitive.RSA[0] &= 0x7F }, sensitive(wire.RCKeySize), 0},
		{"no factor", "rsa", func(x *external) { x.sensitive.Sensitive.RSA[40] ^= 1 }, wire.RCBinding, 0},
		{"even prime", "rsa", func(x *external) { x.sensitive.Sensitive.RSA[63] &= 0xFE }, wire.RCBinding, 0},

		{"point off the curve", "ecc", func(x *external) { x.public.Unique.ECC.X[31] ^= 1 }, wire.RCBinding, public(wire.RCECCPoint)},
		{"short x", "ecc", func(x *external) { x.public.Unique.ECC.X = x.public.Unique.ECC.X[1:] }, wire.RCBinding, public(wire.RCKey)},
		{"long y", "ecc", func(x *external) { x.public.Unique.ECC.Y = append([]byte{0}, x.public.Unique.ECC.Y...) }, 0, public(wire.RCKey)},
		{"other key", "ecc", func(x *external) { x.sensitive.Sensitive.ECC[31] ^= 1 }, wire.RCBinding, 0},
		{"key zero", "ecc", func(x *external) { clear(x.sensitive.Sensitive.ECC) }, wire.RCKeySize, 0},
		{"no key", "ecc", func(x *external) { x.sensitive.Sensitive.ECC = nil }, wire.RCKeySize, 0},
		{"key at the order", "ecc", func(x *external) { x.sensitive.Sensitive.ECC = unhex(order) }, wire.RCKeySize, 0},
		{"key below the order", "ecc", func(x *external) { x.sensitive.Sensitive.ECC = unhex(order[:63] + "0") }, wire.RCBinding, 0},
		{"other curve", "ecc", func(x *external) { x.public.Parameters.ECC.CurveID = wire.CurveNISTP384 }, wire.RCBinding, public(wire.RCKey)},

		{"short AES key", "aes", func(x *external) { x.sensitive.Sensitive.Sym = make([]byte, 15) }, sensitive(wire.RCKeySize), 0},
		{"other AES key", "aes", func(x *external) { x.sensitive.Sensitive.Sym[0] ^= 1 }, wire.RCBinding, 0},
		{"weak TDES key", "aes", func(x *external) {
			x.public.Parameters.Sym.Sym.Algorithm = wire.AlgTDES
			clear(x.sensitive.Sensitive.Sym)
		}, sensitive(wire.RCKey), 0},
		{"other seed", "aes", func(x *external) { x.sensitive.SeedValue[0] ^= 1 }, wire.RCBinding, 0},
		{"short seed", "aes", func(x *external) { x.sensitive.SeedValue = make([]byte, 31) }, sensitive(wire.RCKeySize), 0},
		{"no unique", "aes", func(x *external) { x.public.Unique.Sym = nil }, wire.RCBinding, public(wire.RCKey)},
		{"other unique", "hmac", func(x *external) { x.public.Unique.KeyedHash[0] ^= 1 }, wire.RCBinding, 0},
		{"long HMAC key", "hmac", func(x *external) { x.sensitive.Sensitive.Bits = make([]byte, 65) }, sensitive(wire.RCKeySize), 0},
		{"other data", "seal", func(x *external) { x.sensitive.Sensitive.Bits[0] ^= 1 }, wire.RCBinding, 0},

		{"without Name", "ecc", func(x *external) { x.public.NameAlg = wire.AlgNull; x.public.Unique.ECC.X[0] ^= 1 }, 0, 0},
		{"without Name, key zero", "ecc", func(x *external) { x.public.NameAlg = wire.AlgNull; clear(x.sensitive.Sensitive.ECC) }, wire.RCKeySize, 0},
		{"without Name, data", "seal", func(x *external) { x.public.NameAlg = wire.AlgNull }, 0, public(wire.RCKey)},
		{"without Name, restricted", "ecc", func(x *external) { x.public.NameAlg = wire.AlgNull; x.public.Attributes |= restrict }, public(wire.RCAttributes), public(wire.RCScheme)},
	} {
		x := &external{made[tc.object].public, cloneSensitive(&made[tc.object].sensitive)}
		x.public.Unique.RSA = bytes.Clone(x.public.Unique.RSA)
		x.public.Unique.ECC = wire.TPMSECCPoint{X: bytes.Clone(x.public.Unique.ECC.X), Y: bytes.Clone(x.public.Unique.ECC.Y)}
		x.public.Unique.KeyedHash = bytes.Clone(x.public.Unique.KeyedHash)
		tc.spoil(x)
		for _, c := range []struct {
			private *wire.TPM2BSensitive
			want    wire.RC
			in      wire.Handle
		}{
			{&wire.TPM2BSensitive{TPMTSensitive: x.sensitive}, tc.want, wire.RHNull},
			{new(wire.TPM2BSensitive), tc.alone, wire.RHNull},
			{new(wire.TPM2BSensitive), tc.alone, wire.RHOwner},
		} {
			r := b.run(newCommand(wire.CCLoadExternal).put(c.private, &wire.TPM2BPublic{TPMTPublic: x.public}).u32(uint32(c.in)))
			if r.rc != c.want {
				t.Errorf("%s, alone %v: %v (%#x), want %v", tc.name, c.private.IsEmpty(), r.rc, uint32(r.rc), c.want)
			}
			if r.rc != wire.RCSuccess {
				continue
			}
			h, name := r.handle(), r.b2()
			o := b.object(h)
			if !bytes.Equal(name, objectName(&x.public)) || !bytes.Equal(o.qualified, name) || o.hierarchy != c.in || !o.external || o.parent ||
				o.publicOnly != c.private.IsEmpty() || o.temporary != (c.in == wire.RHNull) || o.seedCompat != 0 {
				t.Errorf("%s: %+v", tc.name, o)
			}
			b.flush(h)
		}
		if b.volatile.objects != [maxLoadedObjects]*object{} {
			t.Fatalf("%s: an object is left", tc.name)
		}
	}
}

// TestLoadExternalOrder checks what is found before the areas are looked at.
func TestLoadExternalOrder(t *testing.T) {
	b := newTestTPM(t)
	x := externals(t, b)["ecc"]
	x.public.Attributes |= restrict
	command := func(h wire.Handle, private *wire.TPM2BSensitive) *testCommand {
		return newCommand(wire.CCLoadExternal).put(private, &wire.TPM2BPublic{TPMTPublic: x.public}).u32(uint32(h))
	}
	both := &wire.TPM2BSensitive{TPMTSensitive: x.sensitive}
	b.want(wire.RCHierarchy.Parameter(3), b.run(command(wire.RHOwner, both)))
	b.want(wire.RCAttributes.Parameter(2), b.run(command(wire.RHNull, both)))
	b.stateClear.ehEnable = false
	b.want(wire.RCHierarchy.Parameter(3), b.run(command(wire.RHEndorsement, new(wire.TPM2BSensitive))))
	b.want(wire.RCValue.Parameter(3), b.run(command(wire.RHLockout, new(wire.TPM2BSensitive))))
	for range maxLoadedObjects {
		b.storagePrimary()
	}
	b.want(wire.RCObjectMemory, b.run(command(wire.RHEndorsement, both)))
}

// TestExternalKeyWithoutPrivatePart checks that a public key does nothing that needs the private one.
func TestExternalKeyWithoutPrivatePart(t *testing.T) {
	b := newTestTPM(t)
	pub := storageTemplate()
	c, q := externals(t, b)["ecc"], &pub.Unique.ECC
	*q = c.public.Unique.ECC
	h := b.must(newCommand(wire.CCLoadExternal).u16(0).put(pub).u32(uint32(wire.RHOwner))).handle()
	o := b.object(h)
	if _, _, err := b.eccKey(o); err != wire.RCKey {
		t.Errorf("ECC key: %v", err)
	}
	if _, err := b.rsaKey(o); err != wire.RCKey {
		t.Errorf("RSA key: %v", err)
	}
	b.want(wire.RCAuthUnavailable, b.run(createCommand(h, "", nil, eccTemplate(signing, noSymmetric))))
}

// TestReadPublicAndUnseal checks what they refuse.
func TestReadPublicAndUnseal(t *testing.T) {
	b := newTestTPM(t)
	sequence := b.must(newCommand(wire.CCHashSequenceStart).b2(nil).u16(uint16(wire.AlgSHA256))).handle()
	b.want(wire.RCSequence, b.run(newCommand(wire.CCReadPublic, sequence)))
	b.want(wire.RCType.Handle(1), b.run(newCommand(wire.CCUnseal, sequence).password("")))
	b.want(wire.RCReferenceH0, b.run(newCommand(wire.CCReadPublic, sequence+1)))
	b.want(wire.RCValue.Handle(1), b.run(newCommand(wire.CCReadPublic, sequence+maxLoadedObjects)))

	for template, want := range map[*wire.TPM2BPublic]wire.RC{
		eccTemplate(signing, noSymmetric):                                   wire.RCType.Handle(1),
		keyedHashTemplate(signing, wire.AlgHMAC, wire.AlgSHA256, 0):         wire.RCAttributes.Handle(1),
		derivationTemplate():                                                wire.RCAttributes.Handle(1),
		keyedHashTemplate(signing|decrypt, wire.AlgNull, 0, 0):              wire.RCAttributes.Handle(1),
		symTemplate(signing, aes128CFB):                                     wire.RCType.Handle(1),
		sealTemplate(fixedAttributes | wire.ObjectUserWithAuth | duplicate): wire.RCAttributes.Parameter(2),
	} {
		r := b.run(createPrimaryCommand(wire.RHOwner, "", nil, wire.Marshal(&template.TPMTPublic)))
		if r.rc != wire.RCSuccess {
			b.want(want, r)
			continue
		}
		h := r.handle()
		b.want(want, b.run(newCommand(wire.CCUnseal, h).password("")))
		b.flush(h)
	}
}

// TestObjectChangeAuth gives sealed data another authValue.
func TestObjectChangeAuth(t *testing.T) {
	b := newTestTPM(t)
	parent := b.storagePrimary().handle
	private, public := b.createChild(parent, "old", []byte("data"), sealTemplate(fixedAttributes|wire.ObjectUserWithAuth))
	h := b.loadChild(parent, private, public)
	change := func(h, parent wire.Handle, auth string) *testCommand {
		return newCommand(wire.CCObjectChangeAuth, h, parent).password("old").b2([]byte(auth))
	}
	private = b.must(change(h, parent, "new\x00\x00")).b2()
	b.must(newCommand(wire.CCUnseal, h).password("old")) // the loaded one stays
	again := b.loadChild(parent, private, public)
	b.must(newCommand(wire.CCUnseal, again).password("new"))
	b.want(wire.RCAuthFail.Session(1), b.run(newCommand(wire.CCUnseal, again).password("old")))
	b.flush(again)

	long := string(bytes.Repeat([]byte("x"), 33))
	b.must(change(h, parent, long[:32]))
	b.want(wire.RCSize.Parameter(1), b.run(change(h, parent, long)))
	b.want(wire.RCSize.Parameter(1), b.run(change(h, h, long)))
	b.want(wire.RCType.Handle(2), b.run(change(h, h, "new")))
	sequence := b.must(newCommand(wire.CCHashSequenceStart).b2([]byte("old")).u16(uint16(wire.AlgSHA256))).handle()
	b.want(wire.RCType.Handle(2), b.run(change(h, sequence, "new")))
	b.want(wire.RCType.Handle(1), b.run(change(sequence, parent, long)))
	b.want(wire.RCValue.Handle(2), b.run(change(h, wire.RHOwner, "new")))
}
