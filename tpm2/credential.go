package tpm2

import (
	"govtpm/tpm2/wire"
)

// Credential protection: a credential that only the TPM which holds both a key and an object can open (Part 1, 21).

// isCredentialKey reports whether o can protect credentials: an asymmetric restricted decryption key.
func (o *object) isCredentialKey() bool {
	return (o.public.Type == wire.AlgRSA || o.public.Type == wire.AlgECC) &&
		o.public.Attributes.Has(wire.ObjectDecrypt|wire.ObjectRestricted)
}

// makeCredential is TPM2_MakeCredential (Part 3, 12.6).
//
// Handle 1: RCType; parameter 1: RCSize; RCKey without position.
func (t *TPM) makeCredential(c *call, p *makeCredentialParameters) error {
	key := c.objects[0]
	if !key.isCredentialKey() {
		return wire.RCType.Handle(1)
	}
	if len(p.credential) > digestSize(key.public.NameAlg) {
		return wire.RCSize.Parameter(1)
	}
	encrypted, seed, err := t.encryptSecret(key, labelIdentity)
	if err != nil {
		return err
	}
	defer clear(seed)
	protection := key.protector(seed)
	blob, err := protection.wrap(t, p.objectName, wire.Marshal(&p.credential))
	if err != nil {
		return err
	}
	c.out.TPM2B(blob)
	c.out.TPM2B(encrypted)
	return nil
}

// activateCredential is TPM2_ActivateCredential (Part 3, 12.5).
//
// Handle 2: RCType; parameter 2: what is wrong with the secret; parameter 1: RCIntegrity, RCSize, RCInsufficient.
func (t *TPM) activateCredential(c *call, p *activateCredentialParameters) error {
	object, key := c.objects[0], c.objects[1]
	if !key.isCredentialKey() {
		return wire.RCType.Handle(2)
	}
	seed, err := t.decryptSecret(key, labelIdentity, p.secret, nil)
	if err != nil {
		return positioned(err, func(rc wire.RC) wire.RC { return rc.Parameter(2) })
	}
	defer clear(seed)
	protection := key.protector(seed)
	data, err := protection.unwrap(t, object.name, p.credentialBlob)
	if err != nil {
		return positioned(err, func(rc wire.RC) wire.RC { return rc.Parameter(1) })
	}
	var credential wire.TPM2BDigest
	if rc := wire.Unmarshal(data, t.limits, &credential); rc != wire.RCSuccess {
		return rc.Parameter(1)
	}
	c.out.TPM2B(credential)
	return nil
}
