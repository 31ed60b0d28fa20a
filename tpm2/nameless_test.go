package tpm2

import (
	"testing"

	"govtpm/tpm2/wire"
)

// A key without nameAlg, which TPM2_LoadExternal takes, has no hash for what is made with the hash of its Name.
func TestKeysWithoutNameAlg(t *testing.T) {
	secret := make([]byte, 128)
	point := wire.Marshal(&wire.TPMSECCPoint{X: make([]byte, 32), Y: make([]byte, 32)})
	partial := partialDER(t, keyUsageExtension(0x80))
	null := &wire.TPMTSigScheme{Scheme: wire.AlgNull}
	none := &wire.TPMTSymDefObject{Algorithm: wire.AlgNull}
	for _, name := range []string{"rsa", "ecc"} {
		t.Run(name, func(t *testing.T) {
			b := newTestTPM(t)
			x := externals(t, b)[name]
			x.public.NameAlg = wire.AlgNull
			load := func(a wire.TPMAObject, sym wire.TPMTSymDefObject, private *wire.TPM2BSensitive) wire.Handle {
				t.Helper()
				pub := x.public
				pub.Attributes = a
				pub.Parameters.RSA.Symmetric, pub.Parameters.ECC.Symmetric = sym, sym
				return b.must(newCommand(wire.CCLoadExternal).put(private, &wire.TPM2BPublic{TPMTPublic: pub}).u32(uint32(wire.RHNull))).handle()
			}
			both := &wire.TPM2BSensitive{TPMTSensitive: x.sensitive}

			parent := load(decrypt|restrict, aes128CFB, new(wire.TPM2BSensitive))
			b.want(wire.RCKey, b.run(newCommand(wire.CCMakeCredential, parent).b2(nil).b2(nil)))
			b.want(wire.RCSize.Parameter(1), b.run(newCommand(wire.CCMakeCredential, parent).b2([]byte{1}).b2(nil)))
			b.want(wire.RCKey, b.run(newCommand(wire.CCRewrap, wire.RHNull, parent).password("").b2([]byte{1}).b2(nil).b2(nil)))
			data := b.addKey(hmacKey(wire.AlgNull, sign, secret[:32]))
			b.object(data).public.AuthPolicy = chain(zeroPolicy, wire.CCPolicyCommandCode, wire.Marshal(wire.CCDuplicate))
			s := b.policy(wire.SEPolicy)
			b.must(newCommand(wire.CCPolicyCommandCode, s.handle).put(wire.CCDuplicate))
			b.want(wire.RCKey, s.run(newCommand(wire.CCDuplicate, data, parent).b2(nil).put(none), nil))
			b.must(newCommand(wire.CCFlushContext).put(s.handle))
			b.flush(parent)
			b.flush(data)

			key := load(decrypt|wire.ObjectUserWithAuth, noSymmetric, both)
			salt := secret
			if name == "ecc" {
				salt = point
			}
			b.want(wire.RCValue.Parameter(2), b.run(newCommand(wire.CCStartAuthSession, key, wire.RHNull).
				b2(secret[:16]).b2(salt).u8(uint8(wire.SEHMAC)).put(&plainSession, wire.AlgSHA256)))
			b.flush(key)

			signer := load(sign|wire.ObjectUserWithAuth, noSymmetric, both)
			scheme := &wire.TPMTSigScheme{Scheme: wire.AlgRSASSA, HashAlg: wire.AlgSHA256}
			if name == "ecc" {
				scheme.Scheme = wire.AlgECDSA
			}
			b.want(wire.RCKey.Handle(2), b.run(newCommand(wire.CCCertifyX509, signer, signer).password("").password("").
				b2(nil).put(scheme).b2(partial)))
			b.must(newCommand(wire.CCCertify, signer, signer).password("").password("").b2(nil).put(scheme))
			b.want(wire.RCScheme.Parameter(2), b.run(newCommand(wire.CCQuote, signer).password("").b2(nil).put(null).u32(0)))
			if b.Failure() != nil {
				t.Error(b.Failure())
			}
		})
	}
}
