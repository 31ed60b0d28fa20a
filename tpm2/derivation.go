package tpm2

import (
	"govtpm/internal/crypto/drbg"
	"govtpm/tpm2/wire"
)

// Derived objects: a derivation parent, a label and a context give the same key whenever it is asked for (Part 1, 25).

// derive makes an object below a derivation parent; the template holds label and context.
//
// Parameter 2: RCType (RSA; ECC where the profile forbids it) and what is wrong with the template. Without position: RCAttributes (sensitiveDataOrigin), RCSize and
// RCInsufficient (label and context in the sensitive data), and the codes of maker.make.
func (t *TPM) derive(parent *object, template *wire.TPMTPublic, s *wire.TPMSSensitiveCreate) (*object, error) {
	if template.Type == wire.AlgRSA || template.Type == wire.AlgECC && t.profile.demands(noECCDerivation) {
		return nil, wire.RCType.Parameter(2)
	}
	if template.Attributes.Has(wire.ObjectSensitiveDataOrigin) {
		return nil, wire.RCAttributes
	}
	if err := checkPublic(parent, template); err != nil {
		return nil, positioned(err, func(rc wire.RC) wire.RC { return rc.Parameter(2) })
	}
	from, err := t.deriveFrom(&template.Unique.Derive, s.Data)
	if err != nil {
		return nil, err
	}
	hash := hashFunc(parent.public.Parameters.KeyedHash.Scheme.HashAlg)
	m := maker{source: drbg.NewStream(hash, parent.sensitive.Sensitive.Bits, from.Label, from.Context)}
	o, err := t.makeObject(&m, template)
	if err != nil {
		return nil, err
	}
	o.sensitive.AuthValue = paddedAuth(s.UserAuth, template.NameAlg)
	o.place(parent.hierarchy, parent, parent.seedCompat)
	return o, nil
}

// deriveFrom is label and context of a derived object. What the sensitive data names counts where the template is silent.
func (t *TPM) deriveFrom(template *wire.TPMSDerive, data []byte) (wire.TPMSDerive, error) {
	from := *template
	if len(data) == 0 {
		return from, nil
	}
	r := wire.NewReader(data, t.limits) // what follows the structure does not count, as libtpms does
	var given wire.TPMSDerive
	given.Unmarshal(r)
	if rc := r.Err(); rc != wire.RCSuccess {
		return from, rc
	}
	if len(from.Label) == 0 {
		from.Label = given.Label
	}
	if len(from.Context) == 0 {
		from.Context = given.Context
	}
	return from, nil
}
