package tpm2

import (
	"govtpm/internal/crypto/ecc"
	"govtpm/internal/crypto/kdf"
	"govtpm/tpm2/wire"
)

// Secret sharing with an asymmetric key: salts of sessions, seeds of duplicates and credentials (Part 1, 43.10 and 44.7).

// Labels of shared secrets.
const (
	labelDuplicate = "DUPLICATE"
	labelIdentity  = "IDENTITY"
)

// encryptSecret makes a secret that only the holder of key can find: the encrypted form for the response, and the
// secret itself. RCAttributes: not a decryption key; RCKey: it has no nameAlg, or its public point is no point; without position.
func (t *TPM) encryptSecret(key *object, label string) (encrypted, secret []byte, err error) {
	if !key.public.Attributes.Has(wire.ObjectDecrypt) {
		return nil, nil, wire.RCAttributes
	}
	alg := key.public.NameAlg
	if digestSize(alg) == 0 {
		return nil, nil, wire.RCKey
	}
	switch key.public.Type {
	case wire.AlgRSA:
		secret = make([]byte, digestSize(alg))
		if err := t.random(secret); err != nil {
			return nil, nil, err
		}
		pub, err := rsaPublicKey(&key.public)
		if err != nil {
			return nil, nil, wire.RCKey
		}
		encrypted, err = pub.EncryptOAEP(t.volatile.rand, hashFunc(alg), []byte(label+"\x00"), secret)
		if err != nil {
			return nil, nil, wire.RCValue
		}
		return encrypted, secret, nil
	case wire.AlgECC:
		return t.encryptSecretECC(key, label)
	}
	return nil, nil, internalf("a shared secret with a key of type %v", key.public.Type)
}

// encryptSecretECC shares a secret by one-pass Diffie-Hellman (Part 1, 44.7).
func (t *TPM) encryptSecretECC(key *object, label string) (encrypted, secret []byte, err error) {
	c, q, err := eccPublicKey(&key.public)
	if err != nil {
		return nil, nil, wire.RCKey
	}
	d, ephemeral, err := ecc.GenerateKey(c, t.volatile.rand)
	if err != nil {
		return nil, nil, internalf("ephemeral key: %w", err)
	}
	defer d.Wipe()
	z, err := ecc.ECDH(c, d, q)
	if err != nil {
		return nil, nil, wire.RCKey
	}
	defer z.Wipe()
	point := wire.TPMSECCPoint{X: ephemeral.X(), Y: ephemeral.Y()}
	alg := key.public.NameAlg
	secret = kdf.KDFe(hashFunc(alg), z.X(), label, ephemeral.X(), key.public.Unique.ECC.X, 8*digestSize(alg))
	return wire.Marshal(&point), secret, nil
}

// decryptSecret finds the secret that was encrypted to key. nonceCaller is only used by symmetric keys.
// RCScheme, also for a key without nameAlg, RCValue, RCSize, RCECCPoint and what else a point can be, without position.
func (t *TPM) decryptSecret(key *object, label string, encrypted, nonceCaller []byte) ([]byte, error) {
	if digestSize(key.public.NameAlg) == 0 {
		return nil, wire.RCScheme
	}
	switch key.public.Type {
	case wire.AlgRSA:
		return t.decryptSecretRSA(key, label, encrypted)
	case wire.AlgECC:
		return t.decryptSecretECC(key, label, encrypted)
	case wire.AlgKeyedHash, wire.AlgSymCipher:
		return t.decryptSecretSymmetric(key, encrypted, nonceCaller)
	}
	return nil, internalf("a shared secret with a key of type %v", key.public.Type)
}

// decryptSecretRSA opens an OAEP secret (Part 1, 43.10).
func (t *TPM) decryptSecretRSA(key *object, label string, encrypted []byte) ([]byte, error) {
	alg := key.public.NameAlg
	if s := key.public.Parameters.RSA.Scheme; s.Scheme != wire.AlgNull {
		if s.Scheme != wire.AlgOAEP {
			return nil, wire.RCScheme
		}
		alg = s.HashAlg
	}
	k, err := t.rsaKey(key)
	if err != nil {
		return nil, err
	}
	if len(encrypted) != len(key.public.Unique.RSA) {
		return nil, wire.RCSize
	}
	secret, err := k.DecryptOAEP(hashFunc(alg), []byte(label+"\x00"), encrypted)
	if err != nil || len(secret) > digestSize(alg) {
		return nil, wire.RCValue
	}
	return secret, nil
}

// decryptSecretECC finds a secret shared by one-pass Diffie-Hellman (Part 1, 44.7).
func (t *TPM) decryptSecretECC(key *object, label string, encrypted []byte) ([]byte, error) {
	r := wire.NewReader(encrypted, t.limits)
	var point wire.TPMSECCPoint
	point.Unmarshal(r)
	if rc := r.Err(); rc != wire.RCSuccess {
		return nil, rc
	}
	c, d, err := t.eccKey(key)
	if err != nil {
		return nil, err
	}
	q, err := c.Point(point.X, point.Y)
	if err != nil {
		return nil, wire.RCECCPoint
	}
	z, err := ecc.ECDH(c, d, q)
	if err != nil {
		return nil, wire.RCNoResult
	}
	defer z.Wipe()
	alg := key.public.NameAlg
	return kdf.KDFe(hashFunc(alg), z.X(), label, point.X, key.public.Unique.ECC.X, 8*digestSize(alg)), nil
}

// decryptSecretSymmetric opens a secret under a symmetric parent (Part 1, 16.6.13).
func (t *TPM) decryptSecretSymmetric(key *object, encrypted, nonceCaller []byte) ([]byte, error) {
	if len(encrypted) > digestSize(key.public.NameAlg) {
		return nil, wire.RCValue
	}
	secret := append([]byte(nil), encrypted...)
	if key.public.Type == wire.AlgKeyedHash {
		xorObfuscate(hashFunc(key.public.NameAlg), key.sensitive.Sensitive.Bits, nonceCaller, nil, secret)
		return secret, nil
	}
	sym := key.public.Parameters.Sym.Sym
	iv := make([]byte, symmetricBlockSize(sym.Algorithm))
	copy(iv, nonceCaller)
	return secret, t.cryptCFB(sym.Algorithm, key.sensitive.Sensitive.Sym, iv, secret, false)
}
