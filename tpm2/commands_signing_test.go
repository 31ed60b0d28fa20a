package tpm2

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	stdrsa "crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"math/big"
	"testing"

	"govtpm/tpm2/wire"
)

// sigScheme is a TPMT_SIG_SCHEME.
func sigScheme(scheme, hashAlg wire.Alg) *wire.TPMTSigScheme {
	return &wire.TPMTSigScheme{Scheme: scheme, HashAlg: hashAlg}
}

var noScheme = sigScheme(wire.AlgNull, wire.AlgNull)

// nullTicket is a NULL hash ticket.
var nullTicket = &wire.TPMTTKHashCheck{Tag: wire.STHashCheck, Hierarchy: wire.RHNull}

func signCommand(h wire.Handle, digest []byte, s *wire.TPMTSigScheme, ticket *wire.TPMTTKHashCheck) *testCommand {
	return newCommand(wire.CCSign, h).password(keyAuth).b2(digest).put(s, ticket)
}

func verifyCommand(h wire.Handle, digest []byte, sig *wire.TPMTSignature) *testCommand {
	return newCommand(wire.CCVerifySignature, h).b2(digest).put(sig)
}

// signature reads a signature from the response.
func (r *testResponse) signature() *wire.TPMTSignature {
	sig := new(wire.TPMTSignature)
	sig.UnmarshalOrNull(r.params())
	if rc := r.r.Err(); rc != wire.RCSuccess || r.r.Len() != 0 && r.tag != wire.STSessions {
		r.t.Fatalf("signature: %v, %d bytes left", rc, r.r.Len())
	}
	return sig
}

func testRSAPublic() *stdrsa.PublicKey {
	return &stdrsa.PublicKey{N: new(big.Int).SetBytes(testRSA().Modulus()), E: int(testRSA().Exponent())}
}

// Every scheme signs what another implementation, where there is one, and VerifySignature accept.
func TestSign(t *testing.T) {
	sign := wire.ObjectSign
	digest := sha256.Sum256([]byte("message"))
	digest512 := sha512.Sum512([]byte("message"))
	rsaCheck := func(h crypto.Hash, digest []byte) func(*object, *wire.TPMTSignature) bool {
		return func(_ *object, s *wire.TPMTSignature) bool {
			sig := s.Signature.RSA.Sig
			if s.SigAlg == wire.AlgRSAPSS {
				return stdrsa.VerifyPSS(testRSAPublic(), h, digest, sig, nil) == nil
			}
			return stdrsa.VerifyPKCS1v15(testRSAPublic(), h, digest, sig) == nil
		}
	}
	ecdsaCheck := func(c elliptic.Curve) func(*object, *wire.TPMTSignature) bool {
		return func(o *object, s *wire.TPMTSignature) bool {
			u := o.public.Unique.ECC
			pub := &ecdsa.PublicKey{Curve: c, X: new(big.Int).SetBytes(u.X), Y: new(big.Int).SetBytes(u.Y)}
			return ecdsa.Verify(pub, digest[:], new(big.Int).SetBytes(s.Signature.ECC.R), new(big.Int).SetBytes(s.Signature.ECC.S))
		}
	}
	size := func(n int) func(*object, *wire.TPMTSignature) bool {
		return func(_ *object, s *wire.TPMTSignature) bool {
			return len(s.Signature.ECC.R) == n && len(s.Signature.ECC.S) == n
		}
	}
	hmacCheck := func(o *object, s *wire.TPMTSignature) bool {
		m := hmac.New(sha256.New, o.sensitive.Sensitive.Bits)
		m.Write(digest[:])
		return bytes.Equal(m.Sum(nil), s.Signature.HMAC.Digest)
	}
	for _, c := range []struct {
		name   string
		key    *object
		scheme *wire.TPMTSigScheme
		digest []byte
		check  func(*object, *wire.TPMTSignature) bool
	}{
		{"RSASSA of the key", rsaObject(sign, wire.AlgRSASSA, wire.AlgSHA256), noScheme, digest[:], rsaCheck(crypto.SHA256, digest[:])},
		{"RSASSA, asked for as well", rsaObject(sign, wire.AlgRSASSA, wire.AlgSHA256), sigScheme(wire.AlgRSASSA, wire.AlgSHA256), digest[:], rsaCheck(crypto.SHA256, digest[:])},
		{"RSASSA, asked for", rsaObject(sign, wire.AlgNull, 0), sigScheme(wire.AlgRSASSA, wire.AlgSHA512), digest512[:], rsaCheck(crypto.SHA512, digest512[:])},
		{"RSAPSS", rsaObject(sign, wire.AlgRSAPSS, wire.AlgSHA256), noScheme, digest[:], rsaCheck(crypto.SHA256, digest[:])},
		{"RSAPSS with a short salt", rsaObject(sign, wire.AlgNull, 0), sigScheme(wire.AlgRSAPSS, wire.AlgSHA512), digest512[:], rsaCheck(crypto.SHA512, digest512[:])},
		{"ECDSA P-224", eccObject(wire.CurveNISTP224, sign, wire.AlgECDSA, wire.AlgSHA256), noScheme, digest[:], ecdsaCheck(elliptic.P224())},
		{"ECDSA P-256", eccObject(wire.CurveNISTP256, sign, wire.AlgECDSA, wire.AlgSHA256), noScheme, digest[:], ecdsaCheck(elliptic.P256())},
		{"ECDSA P-384", eccObject(wire.CurveNISTP384, sign, wire.AlgNull, 0), sigScheme(wire.AlgECDSA, wire.AlgSHA256), digest[:], ecdsaCheck(elliptic.P384())},
		{"ECDSA P-521", eccObject(wire.CurveNISTP521, sign, wire.AlgNull, 0), sigScheme(wire.AlgECDSA, wire.AlgSHA256), digest[:], ecdsaCheck(elliptic.P521())},
		{"ECDSA P-192", eccObject(wire.CurveNISTP192, sign, wire.AlgNull, 0), sigScheme(wire.AlgECDSA, wire.AlgSHA256), digest[:], size(24)},
		{"ECDSA BN P-638", eccObject(wire.CurveBNP638, sign, wire.AlgNull, 0), sigScheme(wire.AlgECDSA, wire.AlgSHA256), digest[:], size(80)},
		{"EC Schnorr", eccObject(wire.CurveNISTP256, sign, wire.AlgECSchnorr, wire.AlgSHA256), noScheme, digest[:], size(32)},
		{"SM2", eccObject(wire.CurveSM2P256, sign, wire.AlgSM2, wire.AlgSHA256), noScheme, digest[:], size(32)},
		{"HMAC", hmacKey(wire.AlgSHA256, sign, []byte("k")), noScheme, digest[:], hmacCheck},
		{"HMAC, asked for", hmacKey(wire.AlgNull, sign, []byte("k")), sigScheme(wire.AlgHMAC, wire.AlgSHA256), digest[:], hmacCheck},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newTestTPM(t)
			h := b.addKey(c.key)
			sig := b.must(signCommand(h, c.digest, c.scheme, nullTicket)).signature()
			if !c.check(c.key, sig) {
				t.Errorf("signature %+v", sig)
			}
			r := b.must(verifyCommand(h, c.digest, sig))
			var ticket wire.TPMTTKVerified
			ticket.Unmarshal(r.params())
			want := b.verifiedTicket(wire.RHOwner, c.digest, c.key.name)
			if ticket.Tag != wire.STVerified || ticket.Hierarchy != wire.RHOwner || !bytes.Equal(ticket.HMAC, want.HMAC) {
				t.Errorf("ticket %+v", ticket)
			}
			other := bytes.Clone(c.digest)
			other[0] ^= 1
			b.want(wire.RCSignature.Parameter(2), b.run(verifyCommand(h, other, sig)))
		})
	}
}

func TestSignFaults(t *testing.T) {
	sign, restricted := wire.ObjectSign, wire.ObjectRestricted
	digest := make([]byte, 32)
	rsassa := sigScheme(wire.AlgRSASSA, wire.AlgSHA256)
	badTicket := &wire.TPMTTKHashCheck{Tag: wire.STHashCheck, Hierarchy: wire.RHOwner, Digest: make([]byte, 64)}
	for _, c := range []struct {
		name   string
		key    *object
		digest []byte
		scheme *wire.TPMTSigScheme
		ticket *wire.TPMTTKHashCheck
		want   wire.RC
	}{
		{"no sign", rsaObject(wire.ObjectDecrypt, wire.AlgNull, 0), digest, rsassa, nullTicket, wire.RCKey.Handle(1)},
		{"cipher key", cipherKey(wire.AlgAES, wire.AlgCFB, sign, make([]byte, 16)), digest, rsassa, nullTicket, wire.RCKey.Handle(1)},
		{"x509sign", rsaObject(sign|wire.ObjectX509Sign, wire.AlgNull, 0), digest, rsassa, nullTicket, wire.RCAttributes.Handle(1)},
		{"no scheme", rsaObject(sign, wire.AlgNull, 0), digest, noScheme, nullTicket, wire.RCScheme.Parameter(2)},
		{"other scheme", rsaObject(sign, wire.AlgRSAPSS, wire.AlgSHA256), digest, rsassa, nullTicket, wire.RCScheme.Parameter(2)},
		{"other hash", rsaObject(sign, wire.AlgRSASSA, wire.AlgSHA1), digest, rsassa, nullTicket, wire.RCScheme.Parameter(2)},
		{"scheme of another type", rsaObject(sign, wire.AlgNull, 0), digest, sigScheme(wire.AlgECDSA, wire.AlgSHA256), nullTicket, wire.RCScheme.Parameter(2)},
		{"RSA scheme, ECC key", eccObject(wire.CurveNISTP256, sign, wire.AlgNull, 0), digest, rsassa, nullTicket, wire.RCScheme.Parameter(2)},
		{"ECC scheme, HMAC key", hmacKey(wire.AlgNull, sign, nil), digest, rsassa, nullTicket, wire.RCScheme.Parameter(2)},
		{"anonymous scheme without count", eccObject(wire.CurveBNP256, sign, wire.AlgECDAA, wire.AlgSHA256), digest, noScheme, nullTicket, wire.RCScheme.Parameter(2)},
		{"anonymous scheme without commitment", eccObject(wire.CurveBNP256, sign, wire.AlgECDAA, wire.AlgSHA256), digest, sigScheme(wire.AlgECDAA, wire.AlgSHA256), nullTicket, wire.RCValue},
		{"restricted, no ticket", rsaObject(sign|restricted, wire.AlgRSASSA, wire.AlgSHA256), digest, noScheme, nullTicket, wire.RCTicket.Parameter(3)},
		{"restricted, bad ticket", rsaObject(sign|restricted, wire.AlgRSASSA, wire.AlgSHA256), digest, noScheme, badTicket, wire.RCTicket.Parameter(3)},
		{"bad ticket", rsaObject(sign, wire.AlgRSASSA, wire.AlgSHA256), digest, noScheme, badTicket, wire.RCTicket.Parameter(3)},
		{"short digest", rsaObject(sign, wire.AlgRSASSA, wire.AlgSHA256), digest[:31], noScheme, nullTicket, wire.RCSize.Parameter(1)},
		{"long digest", rsaObject(sign, wire.AlgRSASSA, wire.AlgSHA256), make([]byte, 33), noScheme, nullTicket, wire.RCSize.Parameter(1)},
		{"no digest", hmacKey(wire.AlgSHA256, sign, nil), nil, noScheme, nullTicket, wire.RCSize.Parameter(1)},
		{"public part only", public(rsaObject(sign, wire.AlgRSASSA, wire.AlgSHA256)), digest, noScheme, nullTicket, wire.RCAuthUnavailable},
		{"ticket of another kind", rsaObject(sign, wire.AlgRSASSA, wire.AlgSHA256), digest, noScheme, &wire.TPMTTKHashCheck{Tag: wire.STVerified, Hierarchy: wire.RHNull}, wire.RCTag.Parameter(3)},
		{"not a signing scheme", rsaObject(sign, wire.AlgNull, 0), digest, sigScheme(wire.AlgRSAES, 0), nullTicket, wire.RCScheme.Parameter(2)},
		// Two faults: the first one is told.
		{"no sign and x509sign", rsaObject(wire.ObjectX509Sign, wire.AlgNull, 0), digest, noScheme, nullTicket, wire.RCKey.Handle(1)},
		{"x509sign and scheme", rsaObject(sign|wire.ObjectX509Sign, wire.AlgNull, 0), digest, noScheme, nullTicket, wire.RCAttributes.Handle(1)},
		{"scheme and ticket", rsaObject(sign, wire.AlgNull, 0), digest, noScheme, badTicket, wire.RCScheme.Parameter(2)},
		{"ticket and digest", rsaObject(sign, wire.AlgRSASSA, wire.AlgSHA256), nil, noScheme, badTicket, wire.RCTicket.Parameter(3)},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newTestTPM(t)
			h := b.addKey(c.key)
			b.want(c.want, b.run(signCommand(h, c.digest, c.scheme, c.ticket)))
		})
	}
}

// A restricted key signs what the TPM has hashed, with the same algorithm, if it is not of the TPM's own making.
func TestSignRestricted(t *testing.T) {
	b := newTestTPM(t)
	h := b.addKey(rsaObject(wire.ObjectSign|wire.ObjectRestricted, wire.AlgRSASSA, wire.AlgSHA256))
	hash := func(data string, alg wire.Alg) ([]byte, *wire.TPMTTKHashCheck) {
		r := b.must(newCommand(wire.CCHash).b2([]byte(data)).put(alg).u32(uint32(wire.RHOwner)))
		digest, ticket := r.b2(), new(wire.TPMTTKHashCheck)
		ticket.Unmarshal(r.params())
		return digest, ticket
	}
	digest, ticket := hash("good", wire.AlgSHA256)
	sig := b.must(signCommand(h, digest, noScheme, ticket)).signature()
	if err := stdrsa.VerifyPKCS1v15(testRSAPublic(), crypto.SHA256, digest, sig.Signature.RSA.Sig); err != nil {
		t.Error(err)
	}
	bad := bytes.Clone(digest)
	bad[31] ^= 1
	b.want(wire.RCTicket.Parameter(3), b.run(signCommand(h, bad, noScheme, ticket)))
	other := *ticket
	other.Hierarchy = wire.RHPlatform
	b.want(wire.RCTicket.Parameter(3), b.run(signCommand(h, digest, noScheme, &other)))
	digest, ticket = hash("\xffTCG", wire.AlgSHA256)
	b.want(wire.RCTicket.Parameter(3), b.run(signCommand(h, digest, noScheme, ticket)))
	digest, ticket = hash("good", wire.AlgSHA1)
	b.want(wire.RCTicket.Parameter(3), b.run(signCommand(h, digest, noScheme, ticket)))
}

func TestVerifySignatureFaults(t *testing.T) {
	sign := wire.ObjectSign
	digest := make([]byte, 32)
	rsaSig := func(scheme, hash wire.Alg, size int) *wire.TPMTSignature {
		return &wire.TPMTSignature{SigAlg: scheme, Signature: wire.TPMUSignature{RSA: wire.TPMSSignatureRSA{Hash: hash, Sig: make([]byte, size)}}}
	}
	eccSig := func(scheme wire.Alg, r, s []byte) *wire.TPMTSignature {
		return &wire.TPMTSignature{SigAlg: scheme, Signature: wire.TPMUSignature{ECC: wire.TPMSSignatureECC{Hash: wire.AlgSHA256, R: r, S: s}}}
	}
	hmacSig := func(hash wire.Alg) *wire.TPMTSignature {
		return &wire.TPMTSignature{SigAlg: wire.AlgHMAC, Signature: wire.TPMUSignature{HMAC: wire.TPMTHA{HashAlg: hash, Digest: make([]byte, digestSize(hash))}}}
	}
	one := []byte{1}
	ff := bytes.Repeat([]byte{0xFF}, 32)
	ecc := func() *object { return eccObject(wire.CurveNISTP256, sign, wire.AlgNull, 0) }
	bad := wire.RCSignature.Parameter(2)
	for _, c := range []struct {
		name   string
		key    *object
		digest []byte
		sig    *wire.TPMTSignature
		want   wire.RC
	}{
		{"no sign", rsaObject(wire.ObjectDecrypt, wire.AlgNull, 0), digest, rsaSig(wire.AlgRSASSA, wire.AlgSHA256, 128), wire.RCAttributes.Handle(1)},
		{"RSASSA", rsaObject(sign, wire.AlgNull, 0), digest, rsaSig(wire.AlgRSASSA, wire.AlgSHA256, 128), bad},
		{"RSAPSS", public(rsaObject(sign, wire.AlgNull, 0)), digest, rsaSig(wire.AlgRSAPSS, wire.AlgSHA256, 128), bad},
		{"RSA, short", rsaObject(sign, wire.AlgNull, 0), digest, rsaSig(wire.AlgRSASSA, wire.AlgSHA256, 127), bad},
		{"RSA, empty", rsaObject(sign, wire.AlgNull, 0), digest, rsaSig(wire.AlgRSAPSS, wire.AlgSHA256, 0), bad},
		{"RSA, digest size", rsaObject(sign, wire.AlgNull, 0), digest[:20], rsaSig(wire.AlgRSAPSS, wire.AlgSHA256, 128), bad},
		{"ECC signature, RSA key", rsaObject(sign, wire.AlgNull, 0), digest, eccSig(wire.AlgECDSA, one, one), wire.RCScheme.Parameter(2)},
		{"RSA signature, ECC key", ecc(), digest, rsaSig(wire.AlgRSASSA, wire.AlgSHA256, 128), wire.RCScheme.Parameter(2)},
		{"HMAC, ECC key", ecc(), digest, hmacSig(wire.AlgSHA256), wire.RCScheme.Parameter(2)},
		{"ECDSA", ecc(), digest, eccSig(wire.AlgECDSA, one, one), bad},
		{"ECDSA, R zero", ecc(), digest, eccSig(wire.AlgECDSA, nil, one), bad},
		{"ECDSA, S zero", ecc(), digest, eccSig(wire.AlgECDSA, one, make([]byte, 32)), bad},
		{"ECDSA, R too large", ecc(), digest, eccSig(wire.AlgECDSA, ff, one), bad},
		{"ECDSA, S too large", ecc(), digest, eccSig(wire.AlgECDSA, one, ff), bad},
		{"EC Schnorr", ecc(), digest, eccSig(wire.AlgECSchnorr, one, one), bad},
		{"SM2", ecc(), digest, eccSig(wire.AlgSM2, one, one), bad},
		{"ECDAA", ecc(), digest, eccSig(wire.AlgECDAA, one, one), wire.RCScheme.Parameter(2)},
		{"HMAC", hmacKey(wire.AlgSHA256, sign, nil), digest, hmacSig(wire.AlgSHA256), bad},
		{"HMAC with another hash", hmacKey(wire.AlgSHA256, sign, nil), digest, hmacSig(wire.AlgSHA1), bad},
		{"HMAC key, public part only", public(hmacKey(wire.AlgSHA256, sign, nil)), digest, hmacSig(wire.AlgSHA256), wire.RCHandle.Parameter(2)},
		{"HMAC key, another signature", hmacKey(wire.AlgSHA256, sign, nil), digest, eccSig(wire.AlgECDSA, one, one), wire.RCScheme.Parameter(2)},
		{"HMAC key, public part only, another signature", public(hmacKey(wire.AlgSHA256, sign, nil)), digest, eccSig(wire.AlgECDSA, one, one), wire.RCHandle.Parameter(2)},
		{"cipher key", cipherKey(wire.AlgAES, wire.AlgCFB, sign, make([]byte, 16)), digest, hmacSig(wire.AlgSHA256), wire.RCScheme.Parameter(2)},
		{"NULL signature", ecc(), digest, &wire.TPMTSignature{SigAlg: wire.AlgNull}, wire.RCScheme.Parameter(2)},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newTestTPM(t)
			b.want(c.want, b.run(verifyCommand(b.addKey(c.key), c.digest, c.sig)))
		})
	}
}

// The NULL hierarchy and a key without Name have no tickets; a key needs only its public part.
func TestVerifySignatureNoTicket(t *testing.T) {
	digest := sha256.Sum256(nil)
	for _, change := range []func(*object){
		func(o *object) { o.hierarchy = wire.RHNull },
		func(o *object) { o.public.NameAlg = wire.AlgNull },
	} {
		b := newTestTPM(t)
		sig := b.must(signCommand(b.addKey(rsaObject(wire.ObjectSign, wire.AlgRSASSA, wire.AlgSHA256)), digest[:], noScheme, nullTicket)).signature()
		o := public(rsaObject(wire.ObjectSign, wire.AlgNull, 0))
		change(o)
		r := b.must(verifyCommand(b.addKey(o), digest[:], sig))
		if got := r.r.Remaining(); !bytes.Equal(got, unhex("8022400000070000")) {
			t.Errorf("ticket %x", got)
		}
	}
}

// Flipping any bit of a signature makes it a false one.
func TestVerifySignatureFlipped(t *testing.T) {
	digest := sha256.Sum256([]byte("message"))
	for _, key := range []*object{
		rsaObject(wire.ObjectSign, wire.AlgRSAPSS, wire.AlgSHA256),
		eccObject(wire.CurveNISTP256, wire.ObjectSign, wire.AlgECDSA, wire.AlgSHA256),
		hmacKey(wire.AlgSHA256, wire.ObjectSign, []byte("k")),
	} {
		b := newTestTPM(t)
		h := b.addKey(key)
		sig := wire.Marshal(b.must(signCommand(h, digest[:], noScheme, nullTicket)).signature())
		command := verifyCommand(h, digest[:], new(wire.TPMTSignature)).bytes()
		command = command[:len(command)-2] // without sigAlg
		for i := 4 * 8; i < len(sig)*8; i++ {
			bad := bytes.Clone(sig)
			bad[i/8] ^= 1 << (i % 8)
			cmd := append(bytes.Clone(command), bad...)
			binary.BigEndian.PutUint32(cmd[2:], uint32(len(cmd)))
			if r := b.runBytes(cmd); r.rc == wire.RCSuccess {
				t.Fatalf("bit %d of %x", i, sig)
			}
		}
		if b.Failure() != nil {
			t.Fatal(b.Failure())
		}
	}
}

// A profile can forbid signatures and their verification with SHA-1, and demand HMAC keys of a least size.
func TestSignByProfile(t *testing.T) {
	digest := make([]byte, 20)
	rsa := func() *object { return rsaObject(wire.ObjectSign, wire.AlgRSASSA, wire.AlgSHA1) }
	ecc := func() *object { return eccObject(wire.CurveNISTP256, wire.ObjectSign, wire.AlgECDSA, wire.AlgSHA1) }
	mac := func() *object { return hmacKey(wire.AlgSHA1, wire.ObjectSign, make([]byte, 14)) }
	bad := wire.RCSignature.Parameter(2)
	for _, c := range []struct {
		profile           string
		key               *object
		sign, verify, mac wire.RC
	}{
		{`"Attributes":"no-sha1-signing"`, rsa(), wire.RCHash, bad, wire.RCType.Handle(1)},
		{`"Attributes":"no-sha1-signing"`, ecc(), wire.RCHash, bad, wire.RCType.Handle(1)},
		{`"Attributes":"no-sha1-signing"`, mac(), 0, bad, 0},
		{`"Attributes":"no-sha1-verification"`, rsa(), 0, wire.RCHash.Parameter(2), wire.RCType.Handle(1)},
		{`"Attributes":"no-sha1-verification"`, ecc(), 0, wire.RCHash.Parameter(2), wire.RCType.Handle(1)},
		{`"Attributes":"no-sha1-verification"`, mac(), 0, bad, 0},
		{`"Attributes":"no-sha1-hmac-creation"`, ecc(), 0, bad, wire.RCType.Handle(1)},
		{`"Attributes":"no-sha1-hmac-creation"`, mac(), wire.RCHash, bad, wire.RCHash.Parameter(2)},
		{`"Attributes":"no-sha1-hmac-verification"`, mac(), 0, wire.RCHash.Parameter(2), 0},
		{`"Algorithms":"rsa,hmac,hmac-min-key-size=112,aes,mgf1,keyedhash,xor,sha1,sha256,sha384,null,oaep,ecdsa,ecdh,kdf1-sp800-56a,kdf2,kdf1-sp800-108,ecc,ecc-nist-p256,ecc-nist-p384,symcipher,cfb,cmac"`, mac(), 0, bad, 0},
		{`"Algorithms":"rsa,hmac,hmac-min-key-size=113,aes,mgf1,keyedhash,xor,sha1,sha256,sha384,null,oaep,ecdsa,ecdh,kdf1-sp800-56a,kdf2,kdf1-sp800-108,ecc,ecc-nist-p256,ecc-nist-p384,symcipher,cfb,cmac"`, mac(), wire.RCKeySize, wire.RCKeySize.Parameter(2), 0},
	} {
		t.Run(c.profile, func(t *testing.T) {
			p := testProfile(t, `{"Name":"custom:x",`+c.profile+`}`)
			b := newTestTPMWith(t, Options{Seeds: vectorSeeds(), Profile: p}).startup(wire.SUClear)
			h := b.addKey(c.key)
			b.want(c.sign, b.run(signCommand(h, digest, noScheme, nullTicket)))
			one := []byte{1}
			s, _ := keyScheme(&c.key.public)
			sig := &wire.TPMTSignature{SigAlg: s.Scheme, Signature: wire.TPMUSignature{
				RSA:  wire.TPMSSignatureRSA{Hash: wire.AlgSHA1, Sig: make([]byte, 128)},
				ECC:  wire.TPMSSignatureECC{Hash: wire.AlgSHA1, R: one, S: one},
				HMAC: wire.TPMTHA{HashAlg: wire.AlgSHA1, Digest: digest},
			}}
			b.want(c.verify, b.run(verifyCommand(h, digest, sig)))
			b.want(c.mac, b.run(newCommand(wire.CCMAC, h).password(keyAuth).b2(nil).put(wire.AlgNull)))
			b.want(c.mac, b.run(newCommand(wire.CCMACStart, h).password(keyAuth).b2(nil).put(wire.AlgNull)))
		})
	}
}

// What the profile forbids is said before anything about the commitment.
func TestSignByProfileOrder(t *testing.T) {
	p := testProfile(t, `{"Name":"custom:x","Attributes":"no-sha1-signing"}`)
	b := newTestTPMWith(t, Options{Seeds: vectorSeeds(), Profile: p}).startup(wire.SUClear)
	h := b.addKey(eccObject(wire.CurveNISTP256, wire.ObjectSign, wire.AlgNull, wire.AlgNull))
	for hash, want := range map[wire.Alg]wire.RC{wire.AlgSHA1: wire.RCHash, wire.AlgSHA256: wire.RCValue} {
		scheme := wire.TPMTSigScheme{Scheme: wire.AlgECDAA, HashAlg: hash, Count: 7}
		b.want(want, b.run(signCommand(h, make([]byte, digestSize(hash)), &scheme, nullTicket)))
	}
}
