package tpm2

import (
	"errors"

	"govtpm/internal/crypto/curve"
	"govtpm/internal/crypto/ecc"
	"govtpm/tpm2/wire"
)

// Key encapsulation with ECC keys: DHKEM of RFC 9180, with HKDF (Part 1, 44.4; Part 3, 14.10 and 14.11).

// checkKDF checks the kdf of an ECC key whose scheme goes with its attributes, so that only an unrestricted decryption key has the
// scheme ECDH (Part 2, 12.2.3.5). RCKDF without position: no KDF is for this key.
func checkKDF(p *wire.TPMSECCParms) error {
	if p.KDF.Scheme == wire.AlgNull {
		return nil
	}
	if _, ok := kemOf(p); !ok || p.Scheme.Scheme != wire.AlgECDH {
		return wire.RCKDF
	}
	return nil
}

// kemOf is the mechanism that curve and kdf make. Only one hash goes with a curve (RFC 9180, 7.1).
func kemOf(p *wire.TPMSECCParms) (ecc.KEM, bool) {
	if p.KDF.Scheme != wire.AlgHKDF {
		return ecc.KEM{}, false
	}
	var hash wire.Alg
	switch p.CurveID {
	case wire.CurveNISTP256:
		hash = wire.AlgSHA256
	case wire.CurveNISTP384:
		hash = wire.AlgSHA384
	case wire.CurveNISTP521:
		hash = wire.AlgSHA512
	}
	if p.KDF.HashAlg != hash {
		return ecc.KEM{}, false
	}
	return ecc.KEMOf(curve.ByID(uint16(p.CurveID)))
}

// kemKey is the mechanism of a key that handle 1 names. RCKey: it has none.
func kemKey(key *object) (ecc.KEM, error) {
	if key.public.Type != wire.AlgECC {
		return ecc.KEM{}, wire.RCKey.Handle(1)
	}
	kem, ok := kemOf(&key.public.Parameters.ECC)
	if !ok {
		return ecc.KEM{}, wire.RCKey.Handle(1)
	}
	return kem, nil
}

// encapsulate is TPM2_Encapsulate (Part 3, 14.10). The attributes of the key do not matter.
func (t *TPM) encapsulate(c *call) error {
	key := c.objects[0]
	kem, err := kemKey(key)
	if err != nil {
		return err
	}
	_, q, err := eccPublicKey(&key.public)
	if err != nil {
		return wire.RCKey.Handle(1)
	}
	secret, ciphertext, err := kem.Encapsulate(q, t.volatile.rand)
	if err != nil {
		return noResult(err)
	}
	defer clear(secret)
	c.out.TPM2B(secret)
	c.out.TPM2B(ciphertext)
	return nil
}

// decapsulate is TPM2_Decapsulate (Part 3, 14.11).
//
// Handle 1: RCKey, RCAttributes; parameter 1: RCSize, RCECCPoint (no point as Part 1, 44.4.2 serializes it).
func (t *TPM) decapsulate(c *call, p *decapsulateParameters) error {
	key := c.objects[0]
	kem, err := kemKey(key)
	if err != nil {
		return err
	}
	if !isUnrestrictedDecryptionKey(key) {
		return wire.RCAttributes.Handle(1)
	}
	_, d, err := t.eccKey(key)
	if err != nil {
		return err
	}
	secret, err := kem.Decapsulate(d, p.ciphertext)
	switch {
	case errors.Is(err, ecc.ErrCiphertextSize):
		return wire.RCSize.Parameter(1)
	case errors.Is(err, curve.ErrNotOnCurve):
		return wire.RCECCPoint.Parameter(1)
	case err != nil:
		return noResult(err)
	}
	defer clear(secret)
	c.out.TPM2B(secret)
	return nil
}
