package tpm2

import (
	"bytes"
	"testing"

	"govtpm/tpm2/wire"
)

var extensionHashes = []wire.Alg{wire.AlgSM3_256, wire.AlgSHA3_256, wire.AlgSHA3_384, wire.AlgSHA3_512}

var sm4CFB = wire.TPMTSymDefObject{Algorithm: wire.AlgSM4, KeyBits: 128, Mode: wire.AlgCFB}

// named gives a template another nameAlg.
func named(alg wire.Alg, p *wire.TPM2BPublic) *wire.TPM2BPublic {
	p.NameAlg = alg
	return p
}

// A hierarchy of keys can be of algorithms that libtpms does not have: parents with SM4, names, sessions, credentials and duplicates.
func TestExtensionHierarchy(t *testing.T) {
	for _, alg := range extensionHashes {
		b := newExtendedTPM(t)
		template := named(alg, eccTemplate(storageAttributes, sm4CFB))
		parent := b.createPrimary(createPrimaryCommand(wire.RHOwner, "", nil, wire.Marshal(&template.TPMTPublic)))
		if want := prefixed(alg, hashOf(alg, parent.public)); !bytes.Equal(parent.name, want) {
			t.Errorf("%v: name %x", alg, parent.name)
		}
		sealed := b.createAndLoad(parent.handle, []byte("secret"), named(alg, sealTemplate(wire.ObjectUserWithAuth)))
		for _, sym := range []wire.TPMTSymDef{
			{Algorithm: wire.AlgSM4, KeyBits: 128, Mode: wire.AlgCFB}, {Algorithm: wire.AlgXOR, Hash: alg},
		} {
			s := b.startSession(wire.SEHMAC, alg, wire.RHOwner, nil, sym)
			s.attributes |= wire.SessionEncrypt
			r := s.run(newCommand(wire.CCUnseal, sealed), nil)
			if got := r.b2(); string(got) != "secret" {
				t.Errorf("%v, %v: unsealed %q", alg, sym.Algorithm, got)
			}
			b.flush(s.handle)
		}
		context := b.must(newCommand(wire.CCContextSave, sealed)).body
		b.flush(sealed)
		again := b.must(newCommand(wire.CCContextLoad).raw(context)).handle()
		r := b.must(newCommand(wire.CCMakeCredential, parent.handle).b2([]byte("credential")).b2(b.object(again).name))
		blob, secret := r.b2(), r.b2()
		activate := newCommand(wire.CCActivateCredential, again, parent.handle).password("").password("").b2(blob).b2(secret)
		if got := b.must(activate).b2(); string(got) != "credential" {
			t.Errorf("%v: credential %q", alg, got)
		}
		b.flush(again)

		movable, public := b.sealedMovable(parent.handle, 0)
		r = b.duplicate(movable, parent.handle, nil, sm4CFB)
		b.want(wire.RCSuccess, r)
		key, moved, seed := r.b2(), r.b2(), r.b2()
		private := b.must(newCommand(wire.CCImport, parent.handle).password("").b2(key).b2(public).b2(moved).b2(seed).put(&sm4CFB)).b2()
		if got := b.must(newCommand(wire.CCUnseal, b.loadChild(parent.handle, private, public)).password("")).b2(); string(got) != "moving secret" {
			t.Errorf("%v: imported %q", alg, got)
		}
		if err := b.Failure(); err != nil {
			t.Errorf("%v: %v", alg, err)
		}
	}
}

// Every scheme works with every hash that a profile can add, or is refused in order.
func TestExtensionSchemes(t *testing.T) {
	sign, decrypt := wire.ObjectSign, wire.ObjectDecrypt
	for _, alg := range extensionHashes {
		b := newExtendedTPM(t)
		digest := hashOf(alg, []byte("message"))
		for _, key := range []*object{
			rsaObject(sign, wire.AlgRSASSA, alg), rsaObject(sign, wire.AlgRSAPSS, alg),
			eccObject(wire.CurveNISTP256, sign, wire.AlgECDSA, alg), eccObject(wire.CurveNISTP384, sign, wire.AlgECDSA, alg),
			eccObject(wire.CurveNISTP256, sign, wire.AlgECSchnorr, alg), eccObject(wire.CurveSM2P256, sign, wire.AlgSM2, alg),
			hmacKey(alg, sign, bytes.Repeat([]byte{3}, 32)),
		} {
			h := b.addKey(key)
			scheme := &wire.TPMTSigScheme{Scheme: wire.AlgNull}
			r := b.must(signCommand(h, digest, scheme, nullTicket))
			sig := r.signature()
			b.must(newCommand(wire.CCVerifySignature, h).b2(digest).put(sig))
			// Attestations hash what they attest to.
			r = b.must(newCommand(wire.CCQuote, h).password(keyAuth).b2([]byte("nonce")).put(scheme).u32(0))
			attest := r.b2()
			b.must(newCommand(wire.CCVerifySignature, h).b2(hashOf(alg, attest)).put(r.signature()))
			partial := partialDER(t, keyUsageExtension(0x80))
			x509 := newCommand(wire.CCCertifyX509, h, h).password(keyAuth).password(keyAuth).b2(nil).put(scheme).b2(partial)
			if rc := b.run(x509).rc; rc == wire.RCSuccess || rc == wire.RCFailure {
				t.Errorf("%v, %v: certificate with a hash that has no name there: %v", alg, key.public.Type, rc)
			}
			b.flushKey(h)
		}
		h := b.addKey(rsaObject(decrypt, wire.AlgNull, 0))
		oaep := rsaDecryptScheme(wire.AlgOAEP, alg)
		want := wire.RCSuccess
		if 128-2*len(digest)-2 < 4 { // a key of 1024 bits is too small
			want = wire.RCValue
		}
		r := b.run(newCommand(wire.CCRSAEncrypt, h).b2([]byte("text")).put(oaep).b2(nil))
		if b.want(want, r); want == wire.RCSuccess {
			if got := b.must(newCommand(wire.CCRSADecrypt, h).password(keyAuth).b2(r.b2()).put(oaep).b2(nil)).b2(); string(got) != "text" {
				t.Errorf("%v: OAEP gives %q", alg, got)
			}
		}
		b.flushKey(h)
		h = b.addKey(eccObject(wire.CurveNISTP256, decrypt, wire.AlgNull, 0))
		s := kdfScheme(wire.AlgKDF2, alg)
		r = b.must(eccEncryptCommand(h, []byte("text"), s))
		c1, c2, c3 := r.point(), r.b2(), r.b2()
		if got := b.must(eccDecryptCommand(h, c1, c2, c3, s)).b2(); string(got) != "text" {
			t.Errorf("%v: ECC_Decrypt gives %q", alg, got)
		}
		if err := b.Failure(); err != nil {
			t.Errorf("%v: %v", alg, err)
		}
	}
}
