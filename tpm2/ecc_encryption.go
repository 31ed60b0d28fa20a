package tpm2

import (
	"errors"

	"govtpm/internal/crypto/ecc"
	"govtpm/tpm2/wire"
)

// encryptionScheme settles the KDF of TPM2_ECC_Encrypt and TPM2_ECC_Decrypt: that of the key, or what the caller asks for in the
// given parameter if the key has none (Part 3, 14.8). Only KDF2 makes an encryption scheme (Part 1, 45.2.4).
func encryptionScheme(key *object, in wire.TPMTKDFScheme, parameter int) (wire.TPMTKDFScheme, error) {
	own := key.public.Parameters.ECC.KDF
	if in.Scheme == wire.AlgNull {
		in = own
	}
	if in.Scheme == wire.AlgNull || own.Scheme != wire.AlgNull && own != in {
		return in, wire.RCScheme.Parameter(parameter)
	}
	if in.Scheme != wire.AlgKDF2 {
		return in, wire.RCScheme
	}
	return in, nil
}

// eccEncrypt is TPM2_ECC_Encrypt (Part 3, 14.8). The attributes of the key do not matter.
func (t *TPM) eccEncrypt(c *call, p *eccEncryptParameters) error {
	key := c.objects[0]
	if key.public.Type != wire.AlgECC {
		return wire.RCKey.Handle(1)
	}
	scheme, err := encryptionScheme(key, p.inScheme, 2)
	if err != nil {
		return err
	}
	crv, q, err := eccPublicKey(&key.public)
	if err != nil {
		return wire.RCNoResult
	}
	ct, err := ecc.Encrypt(crv, q, hashFunc(scheme.HashAlg), p.plainText, t.volatile.rand)
	if err != nil {
		return noResult(err)
	}
	wirePoint(ct.C1).Marshal(&c.out)
	c.out.TPM2B(ct.C2)
	c.out.TPM2B(ct.C3)
	return nil
}

// eccDecrypt is TPM2_ECC_Decrypt (Part 3, 14.9). Whatever is wrong with the cipher text is RCValue.
func (t *TPM) eccDecrypt(c *call, p *eccDecryptParameters) error {
	key := c.objects[0]
	if err := exchangeKey(key); err != nil {
		return err
	}
	scheme, err := encryptionScheme(key, p.inScheme, 4)
	if err != nil {
		return err
	}
	crv, d, err := t.eccKey(key)
	if err != nil {
		return err
	}
	c1, err := crv.Point(p.c1.X, p.c1.Y)
	if err != nil {
		return wire.RCValue
	}
	plain, err := ecc.Decrypt(crv, d, hashFunc(scheme.HashAlg), ecc.Ciphertext{C1: c1, C2: p.c2, C3: p.c3})
	if errors.Is(err, ecc.ErrDecrypt) {
		return wire.RCValue
	}
	if err != nil {
		return noResult(err)
	}
	c.out.TPM2B(plain)
	return nil
}
