package tpm2

import (
	"crypto/hmac"
	"errors"

	"govtpm/internal/crypto/curve"
	"govtpm/internal/crypto/ecc"
	"govtpm/internal/crypto/rsa"
	"govtpm/tpm2/wire"
)

// Signatures over digests: the part that Sign, VerifySignature, attestation and PolicySigned share.

// keyScheme is the signing scheme in the public area of a key, AlgNull for none; ok is false for a type of key that cannot sign.
func keyScheme(pub *wire.TPMTPublic) (s wire.TPMTSigScheme, ok bool) {
	switch p := &pub.Parameters; pub.Type {
	case wire.AlgRSA:
		return wire.TPMTSigScheme{Scheme: p.RSA.Scheme.Scheme, HashAlg: p.RSA.Scheme.HashAlg}, true
	case wire.AlgECC:
		e := &p.ECC.Scheme
		return wire.TPMTSigScheme{Scheme: e.Scheme, HashAlg: e.HashAlg, Count: e.Count}, true
	case wire.AlgKeyedHash:
		return wire.TPMTSigScheme{Scheme: p.KeyedHash.Scheme.Scheme, HashAlg: p.KeyedHash.Scheme.HashAlg}, true
	}
	return wire.TPMTSigScheme{}, false
}

// selectSignScheme settles in s the scheme to sign with: that of the key, or what the caller asks for if the key has none
// (Part 3, 18.1). It is false where the two do not fit together or do not fit the key. A nil key, for TPM_RH_NULL, signs
// with AlgNull.
func (t *TPM) selectSignScheme(key *object, s *wire.TPMTSigScheme) bool {
	if key == nil {
		*s = wire.TPMTSigScheme{Scheme: wire.AlgNull, HashAlg: wire.AlgNull}
		return true
	}
	own, ok := keyScheme(&key.public)
	switch {
	case !ok:
		return false
	case own.Scheme == wire.AlgNull:
	case s.Scheme == wire.AlgNull:
		if isAnonymous(own.Scheme) { // the caller has to give the count
			return false
		}
		*s = own
	case own.Scheme != s.Scheme || own.HashAlg != s.HashAlg:
		return false
	}
	return signsWith(key.public.Type, s.Scheme) && digestSize(s.HashAlg) != 0
}

// signsWith reports whether keys of a type can sign digests with a scheme.
func signsWith(keyType, scheme wire.Alg) bool {
	switch scheme {
	case wire.AlgRSASSA, wire.AlgRSAPSS:
		return keyType == wire.AlgRSA
	case wire.AlgECDSA, wire.AlgECDAA, wire.AlgECSchnorr, wire.AlgSM2:
		return keyType == wire.AlgECC
	case wire.AlgHMAC:
		return keyType == wire.AlgKeyedHash
	}
	return false
}

// signatureHash is the hash algorithm that a signature names, AlgNull where there is none to verify with.
func signatureHash(s *wire.TPMTSignature) wire.Alg {
	if isAnonymous(s.SigAlg) { // a TPM does not verify these
		return wire.AlgNull
	}
	return s.Hash()
}

// sign signs a digest with a scheme that selectSignScheme settled; a nil key gives the NULL signature.
// Codes, without position: RCValue and RCNoResult; where the profile restricts signatures RCHash and RCKeySize.
func (t *TPM) sign(key *object, s *wire.TPMTSigScheme, digest []byte) (wire.TPMTSignature, error) {
	sig := wire.TPMTSignature{SigAlg: s.Scheme}
	if key == nil || s.Scheme == wire.AlgNull {
		sig.SigAlg = wire.AlgNull
		return sig, nil
	}
	if err := t.checkSign(key, s); err != nil {
		return wire.TPMTSignature{}, err
	}
	var err error
	switch key.public.Type {
	case wire.AlgRSA:
		sig.Signature.RSA.Hash = s.HashAlg
		sig.Signature.RSA.Sig, err = t.signRSA(key, s, digest)
	case wire.AlgECC:
		var rs ecc.Signature
		rs, err = t.signECC(key, s, digest)
		sig.Signature.ECC = wire.TPMSSignatureECC{Hash: s.HashAlg, R: rs.R, S: rs.S}
	case wire.AlgKeyedHash:
		sig.Signature.HMAC = wire.TPMTHA{HashAlg: s.HashAlg, Digest: hmacOf(s.HashAlg, key.sensitive.Sensitive.Bits, digest)}
	default:
		err = internalf("a signature with a key of type %v", key.public.Type)
	}
	if err != nil {
		return wire.TPMTSignature{}, err
	}
	return sig, nil
}

// checkSign tells in advance what sign would refuse. Codes, without position: RCHash, RCKeySize, RCValue.
func (t *TPM) checkSign(key *object, s *wire.TPMTSigScheme) error {
	if err := t.signatureAllowed(key, s.HashAlg, noSHA1Signing, noSHA1HMACCreation); err != nil {
		return err
	}
	if isAnonymous(s.Scheme) && !t.isCommitted(s.Count) {
		return wire.RCValue
	}
	return nil
}

// signatureAllowed checks what the profile demands of signatures: no SHA-1, HMAC keys of a least size. The attributes are those
// that concern the purpose, for asymmetric keys and for HMAC keys. Codes, without position: RCHash, RCKeySize.
func (t *TPM) signatureAllowed(key *object, hashAlg wire.Alg, asymmetric, symmetric profileAttributes) error {
	attribute := asymmetric
	if key.public.Type == wire.AlgKeyedHash {
		attribute = symmetric
		if 8*len(key.sensitive.Sensitive.Bits) < t.profile.minHMACKeyBits() {
			return wire.RCKeySize
		}
	}
	if hashAlg == wire.AlgSHA1 && t.profile.demands(attribute) {
		return wire.RCHash
	}
	return nil
}

func (t *TPM) signRSA(key *object, s *wire.TPMTSigScheme, digest []byte) ([]byte, error) {
	k, err := t.rsaKey(key)
	if err != nil {
		return nil, err
	}
	var sig []byte
	if s.Scheme == wire.AlgRSAPSS {
		sig, err = k.SignPSS(t.volatile.rand, hashFunc(s.HashAlg), digest)
	} else {
		sig, err = k.SignPKCS1v15(digestInfoPrefix(s.HashAlg), digest)
	}
	if errors.Is(err, rsa.ErrTooLong) {
		return nil, wire.RCValue
	}
	if err != nil {
		return nil, internalf("RSA signature: %w", err)
	}
	return sig, nil
}

// digestInfoPrefix is what stands before a digest in an RSASSA signature.
func digestInfoPrefix(alg wire.Alg) string {
	switch alg {
	case wire.AlgSHA1:
		return rsa.PrefixSHA1
	case wire.AlgSHA256:
		return rsa.PrefixSHA256
	case wire.AlgSHA384:
		return rsa.PrefixSHA384
	case wire.AlgSHA512:
		return rsa.PrefixSHA512
	case wire.AlgSHA3_256:
		return rsa.PrefixSHA3_256
	case wire.AlgSHA3_384:
		return rsa.PrefixSHA3_384
	case wire.AlgSHA3_512:
		return rsa.PrefixSHA3_512
	case wire.AlgSM3_256:
		return rsa.PrefixSM3_256
	}
	return ""
}

func (t *TPM) signECC(key *object, s *wire.TPMTSigScheme, digest []byte) (ecc.Signature, error) {
	c, d, err := t.eccKey(key)
	if err != nil {
		return ecc.Signature{}, err
	}
	var sig ecc.Signature
	switch s.Scheme {
	case wire.AlgECDSA:
		sig, err = ecc.SignECDSA(c, d, digest, t.volatile.rand)
	case wire.AlgECSchnorr:
		sig, err = ecc.SignSchnorr(c, d, hashFunc(s.HashAlg), digest, t.volatile.rand)
	case wire.AlgSM2:
		sig, err = ecc.SignSM2(c, d, digest, t.volatile.rand)
	case wire.AlgECDAA:
		var r curve.Scalar
		if r, err = t.committedScalar(c, s.Count, key.name); err != nil {
			return ecc.Signature{}, err
		}
		defer r.Wipe()
		if sig, err = ecc.SignECDAA(c, d, r, hashFunc(s.HashAlg), digest, t.volatile.rand); err == nil {
			t.endCommit(s.Count)
		}
	default:
		err = internalf("signature scheme %v with an ECC key", s.Scheme)
	}
	if errors.Is(err, ecc.ErrRandom) {
		return ecc.Signature{}, wire.RCNoResult
	}
	if err != nil {
		return ecc.Signature{}, internalf("ECC signature: %w", err)
	}
	return sig, nil
}

// verify checks a signature over a digest. The scheme of a key is only looked at where the key is an HMAC key, as libtpms
// does. Codes, without position: RCSignature, RCScheme where the key cannot make such a signature, RCHandle for an HMAC key
// without its secret; where the profile restricts signatures RCHash and RCKeySize.
func (t *TPM) verify(key *object, digest []byte, sig *wire.TPMTSignature) error {
	if key.public.Type == wire.AlgKeyedHash && key.publicOnly {
		return wire.RCHandle
	}
	if !signsWith(key.public.Type, sig.SigAlg) || isAnonymous(sig.SigAlg) {
		return wire.RCScheme
	}
	if err := t.signatureAllowed(key, sig.Hash(), noSHA1Verification, noSHA1HMACVerification); err != nil {
		return err
	}
	var ok bool
	switch key.public.Type {
	case wire.AlgRSA:
		ok = verifyRSA(&key.public, digest, sig)
	case wire.AlgECC:
		ok = verifyECC(&key.public, digest, sig)
	default:
		ok = verifyHMAC(key, digest, &sig.Signature.HMAC)
	}
	if !ok {
		return wire.RCSignature
	}
	return nil
}

func verifyRSA(pub *wire.TPMTPublic, digest []byte, sig *wire.TPMTSignature) bool {
	s := &sig.Signature.RSA
	k, err := rsaPublicKey(pub)
	if err != nil || len(digest) != digestSize(s.Hash) {
		return false
	}
	if sig.SigAlg == wire.AlgRSAPSS {
		return k.VerifyPSS(hashFunc(s.Hash), digest, s.Sig) == nil
	}
	return k.VerifyPKCS1v15(digestInfoPrefix(s.Hash), digest, s.Sig) == nil
}

func verifyECC(pub *wire.TPMTPublic, digest []byte, sig *wire.TPMTSignature) bool {
	c, q, err := eccPublicKey(pub)
	if err != nil {
		return false
	}
	rs := ecc.Signature{R: sig.Signature.ECC.R, S: sig.Signature.ECC.S}
	switch sig.SigAlg {
	case wire.AlgECDSA:
		return ecc.VerifyECDSA(c, q, digest, rs)
	case wire.AlgECSchnorr:
		return ecc.VerifySchnorr(c, q, hashFunc(sig.Signature.ECC.Hash), digest, rs)
	case wire.AlgSM2:
		return ecc.VerifySM2(c, q, digest, rs)
	}
	return false
}

func verifyHMAC(key *object, digest []byte, sig *wire.TPMTHA) bool {
	own := &key.public.Parameters.KeyedHash.Scheme
	if own.Scheme != wire.AlgNull && (own.Scheme != wire.AlgHMAC || own.HashAlg != sig.HashAlg) {
		return false
	}
	return hmac.Equal(hmacOf(sig.HashAlg, key.sensitive.Sensitive.Bits, digest), sig.Digest)
}
