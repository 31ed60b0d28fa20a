package tpm2

import (
	"errors"

	"govtpm/internal/crypto/rsa"
	"govtpm/tpm2/wire"
)

// rsaScheme settles the padding of parameter 2 for the key of handle 1: that of the key, or what the caller asks for if the key
// has none (Part 3, Table "Padding Scheme Selection" in 14.2). AlgNull is without padding.
func rsaScheme(key *object, in *wire.TPMTRSADecrypt) (wire.TPMTRSAScheme, error) {
	own := key.public.Parameters.RSA.Scheme
	if own.Scheme == wire.AlgNull {
		return in.TPMTRSAScheme, nil
	}
	if in.Scheme != wire.AlgNull && (in.Scheme != own.Scheme || in.HashAlg != own.HashAlg) {
		return own, wire.RCScheme.Parameter(2)
	}
	return own, nil
}

// isLabel reports whether b can be the label of OAEP: nothing, or a string with its terminating zero (Part 1, 43.4).
func isLabel(b []byte) bool { return len(b) == 0 || b[len(b)-1] == 0 }

// rsaEncrypt is TPM2_RSA_Encrypt (Part 3, 14.2).
func (t *TPM) rsaEncrypt(c *call, p *rsaEncryptParameters) error {
	key := c.objects[0]
	if key.public.Type != wire.AlgRSA {
		return wire.RCKey.Handle(1)
	}
	if !key.public.Attributes.Has(wire.ObjectDecrypt) {
		return wire.RCAttributes.Handle(1)
	}
	if !isLabel(p.label) {
		return wire.RCValue.Parameter(3)
	}
	scheme, err := rsaScheme(key, &p.inScheme)
	if err != nil {
		return err
	}
	k, err := rsaPublicKey(&key.public)
	if err != nil {
		return wire.RCKey.Handle(1)
	}
	if scheme.Scheme == wire.AlgNull && t.profile.demands(noUnpaddedEncryption) {
		return wire.RCScheme
	}
	var out []byte
	switch scheme.Scheme {
	case wire.AlgNull:
		out, err = k.Encrypt(p.message)
	case wire.AlgRSAES:
		out, err = k.EncryptPKCS1v15(t.volatile.rand, p.message)
	case wire.AlgOAEP:
		out, err = k.EncryptOAEP(t.volatile.rand, hashFunc(scheme.HashAlg), p.label, p.message)
	default:
		return wire.RCScheme
	}
	if errors.Is(err, rsa.ErrTooLong) || errors.Is(err, rsa.ErrOutOfRange) {
		return wire.RCValue
	}
	if err != nil {
		return internalf("RSA encryption: %w", err)
	}
	c.out.TPM2B(out)
	return nil
}

// rsaDecrypt is TPM2_RSA_Decrypt (Part 3, 14.3).
func (t *TPM) rsaDecrypt(c *call, p *rsaDecryptParameters) error {
	key := c.objects[0]
	if key.public.Type != wire.AlgRSA {
		return wire.RCKey.Handle(1)
	}
	if !isUnrestrictedDecryptionKey(key) {
		return wire.RCAttributes.Handle(1)
	}
	if !isLabel(p.label) {
		return wire.RCValue.Parameter(3)
	}
	scheme, err := rsaScheme(key, &p.inScheme)
	if err != nil {
		return err
	}
	if len(p.cipherText) != len(key.public.Unique.RSA) {
		return wire.RCSize
	}
	if scheme.Scheme == wire.AlgNull && t.profile.demands(noUnpaddedEncryption) {
		return wire.RCScheme
	}
	k, err := t.rsaKey(key)
	if err != nil {
		return err
	}
	var out []byte
	switch scheme.Scheme {
	case wire.AlgNull:
		out, err = k.Decrypt(p.cipherText)
	case wire.AlgRSAES:
		out, err = k.DecryptPKCS1v15(p.cipherText)
	case wire.AlgOAEP:
		out, err = k.DecryptOAEP(hashFunc(scheme.HashAlg), p.label, p.cipherText)
	default:
		return wire.RCScheme
	}
	if errors.Is(err, rsa.ErrOutOfRange) || errors.Is(err, rsa.ErrPadding) || errors.Is(err, rsa.ErrLength) {
		return wire.RCValue
	}
	if err != nil {
		return internalf("RSA decryption: %w", err)
	}
	c.out.TPM2B(out)
	return nil
}

// isUnrestrictedDecryptionKey reports whether the attributes of a key allow to decrypt what the caller brings.
func isUnrestrictedDecryptionKey(key *object) bool {
	a := key.public.Attributes
	return a.Has(wire.ObjectDecrypt) && !a.Has(wire.ObjectRestricted)
}
