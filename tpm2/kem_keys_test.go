package tpm2

import (
	"bytes"
	"errors"
	"testing"

	"govtpm/tpm2/nvstate"
	"govtpm/tpm2/wire"
)

// Which keys may have a kdf, and where they stay what they are.

// kdfCases are kdf and what it goes with, and whether that makes a key.
func kdfCases() []creationCase {
	bad := wire.RCKDF.Parameter(2)
	all := []creationCase{{"no KDF", withScheme(eccTemplate(kemAttributes, noSymmetric), wire.AlgECDH), "", nil, wire.RCSuccess}}
	for _, s := range kemSuites() {
		all = append(all, creationCase{s.curve.String(), s.template(kemAttributes), "", nil, wire.RCSuccess})
		for _, other := range []wire.Alg{wire.AlgSHA1, wire.AlgSHA256, wire.AlgSHA384, wire.AlgSHA512, wire.AlgSM3_256, wire.AlgSHA3_256} {
			if other != s.hash {
				all = append(all, creationCase{s.curve.String() + " with " + other.String(), changed(s.template(kemAttributes), func(p *wire.TPM2BPublic) {
					p.Parameters.ECC.KDF.HashAlg = other
				}), "", nil, bad})
			}
		}
	}
	p256 := kemSuites()[0].template(kemAttributes)
	for _, id := range []wire.Curve{wire.CurveNISTP192, wire.CurveNISTP224, wire.CurveBNP256, wire.CurveBNP638, wire.CurveSM2P256} {
		all = append(all, creationCase{id.String(), changed(p256, func(p *wire.TPM2BPublic) { p.Parameters.ECC.CurveID = id }), "", nil, bad})
	}
	for _, kdf := range []wire.Alg{wire.AlgMGF1, wire.AlgKDF2, wire.AlgKDF1SP80056A, wire.AlgKDF1SP800108} {
		all = append(all, creationCase{kdf.String(), changed(p256, func(p *wire.TPM2BPublic) { p.Parameters.ECC.KDF.Scheme = kdf }), "", nil, bad})
	}
	return append(all,
		creationCase{"without scheme", changed(p256, func(p *wire.TPM2BPublic) { p.Parameters.ECC.Scheme.Scheme = wire.AlgNull }), "", nil, bad},
		creationCase{"with SM2", withScheme(p256, wire.AlgSM2), "", nil, bad},
		creationCase{"with MQV", withScheme(p256, wire.AlgECMQV), "", nil, bad},
		creationCase{"to sign", withScheme(attributes(p256, sign, decrypt), wire.AlgECDSA), "", nil, bad},
		creationCase{"to sign with ECDH", attributes(p256, sign, decrypt), "", nil, wire.RCScheme.Parameter(2)},
		creationCase{"to sign, too", attributes(p256, sign, 0), "", nil, wire.RCScheme.Parameter(2)},
		creationCase{"to sign, too, without scheme", changed(attributes(p256, sign, 0), func(p *wire.TPM2BPublic) { p.Parameters.ECC.Scheme.Scheme = wire.AlgNull }), "", nil, bad},
		creationCase{"restricted", attributes(p256, restrict, 0), "", nil, wire.RCScheme.Parameter(2)},
		creationCase{"a storage key", changed(storageTemplate(), func(p *wire.TPM2BPublic) {
			p.Attributes &^= fixedAttributes
			p.Parameters.ECC.KDF = *kdfScheme(wire.AlgHKDF, wire.AlgSHA256)
		}), "", nil, bad},
		creationCase{"with a cipher", changed(p256, func(p *wire.TPM2BPublic) { p.Parameters.ECC.Symmetric = aes128CFB }), "", nil, wire.RCSymmetric.Parameter(2)},
	)
}

// Whether a key is made, loaded or brought from elsewhere, its KDF is judged alike.
func TestKDFOfKeys(t *testing.T) {
	b := newExtendedTPM(t)
	parent := b.storagePrimary()
	derivation := b.derivationParent()
	for _, tc := range kdfCases() {
		template := wire.Marshal(&tc.template.TPMTPublic)
		derived := attributes(tc.template, wire.ObjectFixedParent|wire.ObjectFixedTPM, origin)
		o := b.loose(tc.template)
		pub, sensitive := &wire.TPM2BPublic{TPMTPublic: o.public}, &wire.TPM2BSensitive{TPMTSensitive: o.sensitive}
		private, err := b.wrapSensitive(b.object(parent.handle), &o.sensitive, objectName(&o.public), o.public.NameAlg)
		if err != nil {
			t.Fatal(err)
		}
		blob := marshalSensitive(&o.sensitive, o.public.NameAlg)
		for name, c := range map[string]*testCommand{
			"CreatePrimary":             createPrimaryCommand(wire.RHOwner, "", nil, template),
			"Create":                    createCommand(parent.handle, "", nil, tc.template),
			"CreateLoaded":              createLoadedCommand(parent.handle, "", nil, template),
			"CreateLoaded, derived":     createLoadedCommand(derivation, "", []byte("\x00\x01l\x00\x01c"), wire.Marshal(&derived.TPMTPublic)),
			"Load":                      newCommand(wire.CCLoad, parent.handle).password("").b2(private).put(pub),
			"LoadExternal, public part": newCommand(wire.CCLoadExternal).b2(nil).put(pub).u32(uint32(wire.RHOwner)),
			"LoadExternal":              newCommand(wire.CCLoadExternal).put(sensitive, pub).u32(uint32(wire.RHNull)),
			"Import":                    newCommand(wire.CCImport, parent.handle).password("").b2(nil).put(pub).b2(blob).b2(nil).put(&noInner),
		} {
			want := tc.want
			if name == "LoadExternal" && o.public.Attributes.Has(restrict) {
				want = wire.RCAttributes.Parameter(2)
			}
			r := b.run(c)
			if r.rc != want {
				t.Errorf("%s: %s: %v (%#x), want %v (%#x) (failure: %v)", tc.name, name, r.rc, uint32(r.rc), want, uint32(want), b.Failure())
			}
			if r.rc != wire.RCSuccess || c.code == wire.CCCreate || c.code == wire.CCImport {
				continue
			}
			h := r.handle()
			switch kem := tc.template.Parameters.ECC.KDF.Scheme != wire.AlgNull; {
			case !kem:
				b.want(wire.RCKey.Handle(1), b.run(encapsulateCommand(h)))
			case b.object(h).publicOnly:
				b.must(encapsulateCommand(h))
				b.want(wire.RCAuthUnavailable, b.run(decapsulateCommand(h, "", nil)))
			default:
				b.encapsulates(h, "")
			}
			b.flush(h)
		}
		parms := wire.TPMTPublicParms{Type: wire.AlgECC, Parameters: tc.template.Parameters}
		if rc, want := b.run(newCommand(wire.CCTestParms).put(&parms)).rc, judgedParms(&tc); rc != want {
			t.Errorf("%s: TestParms: %v, want %v", tc.name, rc, want)
		}
	}
}

// judgedParms is what TPM2_TestParms, which knows no attributes, answers to the parameters of a case.
func judgedParms(tc *creationCase) wire.RC {
	p := tc.template.Parameters.ECC
	if p.KDF.Scheme != wire.AlgHKDF || tc.want == wire.RCSuccess {
		return wire.RCSuccess // other KDFs pass, as in libtpms
	}
	if p.Scheme.Scheme == wire.AlgECDH && tc.want != wire.RCKDF.Parameter(2) {
		return wire.RCSuccess
	}
	return wire.RCKDF.Parameter(1)
}

// loose is an object with a key pair of a template, whether or not the template is in order.
func (b *testTPM) loose(template *wire.TPM2BPublic) *object {
	b.t.Helper()
	o := eccObject(template.Parameters.ECC.CurveID, template.Attributes, wire.AlgNull, 0)
	unique := o.public.Unique
	o.public = template.TPMTPublic
	o.public.Unique = unique
	o.sensitive.SensitiveType = wire.AlgECC
	if o.public.Attributes.Has(restrict | decrypt) {
		o.sensitive.SeedValue = make([]byte, 32)
	}
	return o
}

// A key goes on to encapsulate from saved context and saved state, and in another hierarchy.
func TestEncapsulationKeySurvives(t *testing.T) {
	for _, s := range kemSuites() {
		b := newExtendedTPM(t)
		parent := b.storagePrimary()
		template := s.template(kemAttributes)
		template.AuthPolicy = duplicationPolicy()
		private, public := b.createChild(parent.handle, "", nil, template)
		h := b.loadChild(parent.handle, private, public)
		r := b.must(encapsulateCommand(h))
		secret, enc := r.b2(), r.b2()
		check := func(what string, h wire.Handle) {
			t.Helper()
			if got := b.must(decapsulateCommand(h, "", enc)).b2(); !bytes.Equal(got, secret) {
				t.Errorf("%v, %s: %x, want %x", s.curve, what, got, secret)
			}
			b.encapsulates(h, "")
		}
		check("loaded", h)

		context := b.must(newCommand(wire.CCContextSave, h)).body
		again := b.must(newCommand(wire.CCContextLoad).raw(context)).handle()
		check("from its context", again)

		r = b.duplicate(again, wire.RHNull, nil, noInner)
		b.want(wire.RCSuccess, r)
		r.b2()
		blob := r.b2()
		b.flush(again)
		target := b.createPrimary(createPrimaryCommand(wire.RHEndorsement, "", nil, wire.Marshal(&storageTemplate().TPMTPublic)))
		moved := b.must(newCommand(wire.CCImport, target.handle).password("").b2(nil).b2(public).b2(blob).b2(nil).put(&noInner)).b2()
		b.flush(parent.handle)
		imported := b.loadChild(target.handle, moved, public)
		check("imported", imported)
		b.flush(target.handle)

		const persistent = wire.Handle(0x81000001)
		b.must(newCommand(wire.CCEvictControl, wire.RHOwner, h).password("").u32(uint32(persistent)))
		check("persistent", persistent)
		state, err := b.VolatileState()
		if err != nil {
			t.Fatal(err)
		}
		b = b.reload()
		if err := b.RestoreVolatile(state); err != nil {
			t.Fatal(err)
		}
		check("resumed", h)
		check("resumed, imported", imported)
		b.shutdown(wire.SUState)
		b = b.reload().startup(wire.SUState)
		check("after a power cycle", persistent)
	}
}

// Saved state holds no key with HKDF that could not have been made, and none in a profile without.
func TestEncapsulationKeyInState(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(o *object)
		want   error
	}{
		{"in order", func(*object) {}, nil},
		{"another hash", func(o *object) { o.public.Parameters.ECC.KDF.HashAlg = wire.AlgSHA512 }, nvstate.Kind(wire.RCKDF)},
		{"another curve", func(o *object) { o.public.Parameters.ECC.CurveID = wire.CurveNISTP384 }, nvstate.Kind(wire.RCKDF)},
		{"no scheme", func(o *object) { o.public.Parameters.ECC.Scheme.Scheme = wire.AlgNull }, nvstate.Kind(wire.RCKDF)},
		{"another scheme", func(o *object) { o.public.Parameters.ECC.Scheme.Scheme = wire.AlgECDSA }, nvstate.Kind(wire.RCKDF)},
		{"a hash that the profile does not have", func(o *object) { o.public.Parameters.ECC.KDF.HashAlg = wire.AlgSHA256_192 }, nvstate.ErrHash},
	} {
		b := newExtendedTPM(t)
		key := kemP256()
		tc.change(key)
		b.addKey(key)
		state, err := b.VolatileState()
		if err != nil {
			t.Fatal(err)
		}
		if err := b.reload().RestoreVolatile(state); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, want %v", tc.name, err, tc.want)
		}
	}
	b := newExtendedTPM(t)
	s, err := objectState(b.object(b.addKey(kemP256())))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.objectOfState(s); err != nil {
		t.Error(err)
	}
	if _, err := newTestTPM(t).objectOfState(s); !errors.Is(err, nvstate.Kind(wire.RCKDF)) {
		t.Errorf("in a profile without HKDF: %v", err)
	}
}
