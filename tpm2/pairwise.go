package tpm2

import (
	"bytes"

	"govtpm/internal/crypto/ecc"
	"govtpm/tpm2/wire"
)

// makeObject makes the values of an object with the public area pub and, where the profile demands it, tries its key out.
func (t *TPM) makeObject(m *maker, pub *wire.TPMTPublic) (*object, error) {
	o, err := m.make(pub)
	if err != nil || !t.profile.demands(pairwiseTest) {
		return o, err
	}
	if err := t.tryOut(o); err != nil {
		o.wipe()
		return nil, err
	}
	return o, nil
}

// tryOut is the pairwise consistency test of a new key pair (FIPS 140-3 IG 10.3.A): what one half does the other undoes. The values
// come from the TPM's generator, so that a key made from a seed does not depend on the test. A failure is an internal fault.
func (t *TPM) tryOut(o *object) error {
	var value [32]byte
	if err := t.random(value[:]); err != nil {
		return err
	}
	switch o.public.Type {
	case wire.AlgRSA:
		pub, err := rsaPublicKey(&o.public)
		if err != nil {
			return internalf("trying out an RSA key: %w", err)
		}
		encrypted, err := pub.Encrypt(value[:])
		if err != nil {
			return internalf("trying out an RSA key: %w", err)
		}
		decrypted, err := o.privateKeys.rsa.Decrypt(encrypted)
		if err != nil || !bytes.HasSuffix(decrypted, value[:]) {
			return internalf("an RSA key pair does not go together")
		}
	case wire.AlgECC:
		c, q, err := eccPublicKey(&o.public)
		if err != nil {
			return internalf("trying out an ECC key: %w", err)
		}
		signature, err := ecc.SignECDSA(c, o.privateKeys.scalar, value[:], t.volatile.rand)
		if err != nil || !ecc.VerifyECDSA(c, q, value[:], signature) {
			return internalf("an ECC key pair does not go together")
		}
	}
	return nil
}
