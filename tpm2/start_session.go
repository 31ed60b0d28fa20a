package tpm2

import (
	"govtpm/tpm2/wire"
)

// startAuthSession is TPM2_StartAuthSession (Part 3, 11.1).
//
// Parameter 1: RCSize (nonce); 2: RCValue (salt); 4: RCMode. Handle 1: RCKey, RCHandle, RCAttributes; handle 2: RCHandle.
// RCSessionMemory, RCSessionHandles, RCContextGap.
func (t *TPM) startAuthSession(c *call, p *startAuthSessionParameters) error {
	if len(p.nonceCaller) < 16 || len(p.nonceCaller) > digestSize(p.authHash) {
		return wire.RCSize.Parameter(1)
	}
	salt, err := t.sessionSalt(c.objects[0], p)
	if err != nil {
		return err
	}
	if err := t.checkBind(c.handles[1], c.objects[1]); err != nil {
		return err
	}
	if alg := p.symmetric.Algorithm; alg != wire.AlgNull && alg != wire.AlgXOR && p.symmetric.Mode != wire.AlgCFB {
		return wire.RCMode.Parameter(4)
	}
	h, s, err := t.createSession(newSession{
		kind: p.sessionType, authHash: p.authHash, symmetric: p.symmetric, nonceCaller: p.nonceCaller,
		bind: c.handles[1], bindObject: c.objects[1], salt: salt,
	})
	clear(salt)
	if err != nil {
		return err
	}
	c.outHandle = h
	c.out.TPM2B(s.nonceTPM)
	return nil
}

// sessionSalt decrypts the salt with tpmKey; without key there must be none (Part 1, 16.6.13).
func (t *TPM) sessionSalt(key *object, p *startAuthSessionParameters) ([]byte, error) {
	if key == nil {
		if len(p.encryptedSalt) != 0 {
			return nil, wire.RCValue.Parameter(2)
		}
		return nil, nil
	}
	if key.isSequence() || key.public.Type != wire.AlgRSA && key.public.Type != wire.AlgECC {
		return nil, wire.RCKey.Handle(1)
	}
	if len(p.encryptedSalt) == 0 {
		return nil, wire.RCValue.Parameter(2)
	}
	if key.publicOnly {
		return nil, wire.RCHandle.Handle(1)
	}
	if !key.public.Attributes.Has(wire.ObjectDecrypt) {
		return nil, wire.RCAttributes.Handle(1)
	}
	salt, err := t.decryptSecret(key, "SECRET", p.encryptedSalt, p.nonceCaller)
	if err != nil {
		return nil, wire.RCValue.Parameter(2)
	}
	return salt, nil
}

// checkBind refuses entities whose authValue cannot be used for binding: public-only objects and PIN indexes.
func (t *TPM) checkBind(h wire.Handle, o *object) error {
	if o != nil && o.publicOnly {
		return wire.RCHandle.Handle(2)
	}
	if x := t.nv.index(h); x != nil && x.isPIN() {
		return wire.RCHandle.Handle(2)
	}
	return nil
}

// policyRestart is TPM2_PolicyRestart (Part 3, 11.2).
func (t *TPM) policyRestart(c *call) error {
	t.policySession(c, 0).resetPolicy()
	return nil
}
