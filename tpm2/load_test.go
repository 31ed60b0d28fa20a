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
