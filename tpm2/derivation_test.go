package tpm2

import (
	"bytes"
	"testing"

	"govtpm/tpm2/wire"
)

// derivedVector is an object that libtpms derived.
type derivedVector struct {
	Name           string
	Template       hexBytes `json:"template_with_TPMS_DERIVE_unique"`
	Label, Context hexBytes
	OutPublic      hexBytes
	OutName        hexBytes
	Rederived      struct {
		Sensitive hexBytes
		SeedValue hexBytes `json:"seedValueBeforeDiscard"`
	}
}

// derivationParent makes the derivation parent of the vectors.
func (b *testTPM) derivationParent() wire.Handle {
	b.t.Helper()
	return b.createPrimary(createPrimaryCommand(wire.RHOwner, "", nil, wire.Marshal(&derivationTemplate().TPMTPublic))).handle
}

// TestDerivedVectors derives the objects of the vectors, with label and context in the template and in the sensitive data.
func TestDerivedVectors(t *testing.T) {
	var all struct {
		Template hexBytes `json:"derivationParentTemplate"`
		Key      hexBytes `json:"derivationParentKey"`
		Vectors  []derivedVector
	}
	readVectors(t, "derived-objects.json", &all)
	b := newTestTPM(t)
	parent := b.createPrimary(createPrimaryCommand(wire.RHOwner, "", nil, all.Template)).handle
	if got := b.object(parent).sensitive.Sensitive.Bits; !bytes.Equal(got, all.Key) {
		t.Fatalf("parent %x", got)
	}
	for _, v := range all.Vectors {
		t.Run(v.Name, func(t *testing.T) {
			b.t = t
			given := wire.Marshal(&wire.TPMSDerive{Label: wire.TPM2BLabel(v.Label), Context: wire.TPM2BLabel(v.Context)})
			head, found := bytes.CutSuffix(v.Template, given)
			if !found {
				t.Fatal("the template does not end in label and context")
			}
			other := wire.Marshal(&wire.TPMSDerive{Label: []byte("other"), Context: []byte("other")})
			label := wire.Marshal(&wire.TPMSDerive{Label: wire.TPM2BLabel(v.Label)})
			for _, from := range []struct{ template, data []byte }{
				{v.Template, nil},
				{v.Template, other}, // the template wins
				{append(bytes.Clone(head), 0, 0, 0, 0), given},
				{append(bytes.Clone(head), label...), given},
				{append(bytes.Clone(head), 0, 0, 0, 0), append(bytes.Clone(given), 1)},
			} {
				r := b.must(createLoadedCommand(parent, "auth", from.data, from.template))
				h, private, public, name := r.handle(), r.b2(), r.b2(), r.b2()
				if len(private) != 0 || !bytes.Equal(public, v.OutPublic) || !bytes.Equal(name, v.OutName) {
					t.Errorf("private %x, public %x", private, public)
				}
				o := b.object(h)
				checkSecrets(t, o, v.Rederived.Sensitive, v.Rederived.SeedValue)
				if o.primary || o.hierarchy != wire.RHOwner || !bytes.Equal(trimZeros(o.authValue()), []byte("auth")) {
					t.Errorf("%+v", o)
				}
				b.flush(h)
			}
		})
	}
}

// TestDerivationErrors checks what may not be derived.
func TestDerivationErrors(t *testing.T) {
	b := newTestTPM(t)
	parent := b.derivationParent()
	child := fixedAttributes | wire.ObjectUserWithAuth | sign
	derive := func(p *wire.TPM2BPublic) []byte {
		var w wire.Writer
		p.MarshalDerive(&w)
		return w.Bytes()
	}
	ecc := eccTemplate(child, noSymmetric)
	for _, tc := range []struct {
		name     string
		template []byte
		data     []byte
		want     wire.RC
	}{
		{"good", derive(ecc), nil, wire.RCSuccess},
		{"RSA", derive(rsaTemplate(child|origin, noSymmetric)), nil, wire.RCType.Parameter(2)},
		{"origin", derive(attributes(ecc, origin, 0)), nil, wire.RCAttributes},
		{"not fixedParent", derive(attributes(ecc, 0, wire.ObjectFixedParent)), nil, wire.RCAttributes.Parameter(2)},
		{"not fixed", derive(attributes(ecc, 0, fixedAttributes)), nil, wire.RCAttributes.Parameter(2)},
		{"sealed data", derive(sealTemplate(child &^ sign)), nil, wire.RCSuccess},
		{"plain template", wire.Marshal(&ecc.TPMTPublic)[:len(wire.Marshal(&ecc.TPMTPublic))-2], nil, wire.RCInsufficient.Parameter(2)},
		{"surplus byte", append(derive(ecc), 0), nil, wire.RCSize.Parameter(2)},
		{"half a context", derive(ecc), []byte{0, 0, 0}, wire.RCInsufficient},
		{"long label", derive(ecc), append([]byte{0, 33}, make([]byte, 35)...), wire.RCSize},
		{"surplus byte and long label", append(derive(ecc), 0), append([]byte{0, 33}, make([]byte, 35)...), wire.RCSize.Parameter(2)},
		// It would need the cipher of its parent, which has none.
		{"storage parent", derive(attributes(storageTemplate(), 0, origin)), nil, wire.RCSymmetric.Parameter(2)},
	} {
		r := b.run(createLoadedCommand(parent, "", tc.data, tc.template))
		if r.rc != tc.want {
			t.Errorf("%s: %v, want %v", tc.name, r.rc, tc.want)
		}
		if r.rc == wire.RCSuccess {
			b.flush(r.handle())
		}
	}
	// A derivation parent is no storage parent.
	b.want(wire.RCType.Handle(1), b.run(createCommand(parent, "", nil, ecc)))

	// Below a parent that may leave the TPM only what may not stay.
	free := b.createPrimary(createPrimaryCommand(wire.RHOwner, "", nil, wire.Marshal(&attributes(derivationTemplate(), 0, fixedAttributes).TPMTPublic))).handle
	b.want(wire.RCAttributes.Parameter(2), b.run(createLoadedCommand(free, "", nil, derive(ecc))))
	b.must(createLoadedCommand(free, "", nil, derive(attributes(ecc, 0, wire.ObjectFixedTPM))))
}

// TestDerivedObjectChangeAuth: a derived object has no private part for its parent to protect.
func TestDerivedObjectChangeAuth(t *testing.T) {
	b := newTestTPM(t)
	parent := b.derivationParent()
	var w wire.Writer
	eccTemplate(fixedAttributes|wire.ObjectUserWithAuth|sign, noSymmetric).MarshalDerive(&w)
	h := b.must(createLoadedCommand(parent, "", nil, w.Bytes())).handle()
	b.want(wire.RCType.Handle(2), b.run(newCommand(wire.CCObjectChangeAuth, h, parent).password("").b2([]byte("new"))))
	b.must(newCommand(wire.CCReadPublic, h))
}

// TestDerivationProfile checks that a profile can forbid derived ECC keys.
func TestDerivationProfile(t *testing.T) {
	p := testProfile(t, `{"Name":"custom","Attributes":"no-ecc-key-derivation"}`)
	b := newTestTPMWith(t, Options{Seeds: vectorSeeds(), Profile: p}).startup(wire.SUClear)
	parent := b.derivationParent()
	var w wire.Writer
	eccTemplate(fixedAttributes|sign, noSymmetric).MarshalDerive(&w)
	b.want(wire.RCType.Parameter(2), b.run(createLoadedCommand(parent, "", nil, w.Bytes())))
	w = wire.Writer{}
	keyedHashTemplate(fixedAttributes|sign, wire.AlgHMAC, wire.AlgSHA256, 0).MarshalDerive(&w)
	b.must(createLoadedCommand(parent, "", nil, w.Bytes()))
}
