package tpm2

import (
	"bytes"
	"fmt"

	"govtpm/tpm2/nvstate"
	"govtpm/tpm2/wire"
)

// Objects as saved state and saved contexts hold them.

// stateFlag is a property of an object and its bit in saved state.
type stateFlag struct {
	bit nvstate.ObjectAttributes
	is  *bool
}

// stateFlags are the properties that are stored as they are.
func (o *object) stateFlags() [7]stateFlag {
	return [...]stateFlag{
		{nvstate.ObjectPublicOnly, &o.publicOnly}, {nvstate.ObjectPrimary, &o.primary}, {nvstate.ObjectTemporary, &o.temporary},
		{nvstate.ObjectStClear, &o.stClear}, {nvstate.ObjectIsParent, &o.parent}, {nvstate.ObjectDerivation, &o.derivation},
		{nvstate.ObjectExternal, &o.external},
	}
}

// hierarchyBit is the bit of an object's hierarchy; the NULL hierarchy has none.
func hierarchyBit(h wire.Handle) nvstate.ObjectAttributes {
	switch h {
	case wire.RHOwner:
		return nvstate.ObjectSPSHierarchy
	case wire.RHEndorsement:
		return nvstate.ObjectEPSHierarchy
	case wire.RHPlatform:
		return nvstate.ObjectPPSHierarchy
	}
	return 0
}

// objectState is o as saved state holds it. It shares memory with o.
func objectState(o *object) (*nvstate.AnyObject, error) {
	s := &nvstate.AnyObject{Attributes: nvstate.ObjectOccupied | hierarchyBit(o.hierarchy)}
	for _, f := range o.stateFlags() {
		if *f.is {
			s.Attributes |= f.bit
		}
	}
	if o.isSequence() {
		return s, o.sequence.save(s, o)
	}
	if o.evict != 0 {
		s.Attributes |= nvstate.ObjectEvict
	}
	s.Object = &nvstate.Object{
		Public: o.public, QualifiedName: o.qualified, EvictHandle: o.evict, Name: o.name, SeedCompat: nvstate.SeedCompat(o.seedCompat),
		Hierarchy: o.hierarchy,
	}
	if !o.publicOnly {
		s.Object.SensitiveType = o.sensitive.SensitiveType
		s.Object.Auth, s.Object.Seed, s.Object.Sensitive = o.sensitive.AuthValue, o.sensitive.SeedValue, o.sensitive.Any()
	}
	if o.exponent.Q != nil {
		s.Object.PrivateExponent = o.exponent
		s.Attributes |= nvstate.ObjectPrivateExp
	}
	return s, nil
}

// objectOfState is the object that saved state holds. It is checked as far as the engine relies on it; that the parts of a key go
// together shows when the key is used, as in libtpms.
func (t *TPM) objectOfState(s *nvstate.AnyObject) (*object, error) {
	o := new(object)
	if s.Attributes&nvstate.ObjectOccupied == 0 {
		if s.Extension == nil {
			return nil, objectError(nvstate.ErrValue, "the slot is empty")
		}
		return o, t.resumeExtendedSequence(o, s.Extension)
	}
	for _, f := range o.stateFlags() {
		*f.is = s.Attributes&f.bit != 0
	}
	if s.Sequence != nil {
		return o, t.resumeSequence(o, s)
	}
	x := s.Object
	o.public, o.name, o.qualified, o.hierarchy = x.Public, nonEmpty(x.Name), x.QualifiedName, x.Hierarchy
	o.seedCompat = uint8(x.SeedCompat)
	if s.Attributes&nvstate.ObjectEvict != 0 {
		o.evict = x.EvictHandle
	}
	if err := t.checkObjectState(o, x); err != nil {
		return nil, err
	}
	if !o.publicOnly {
		o.sensitive = wire.TPMTSensitive{SensitiveType: x.SensitiveType, AuthValue: x.Auth, SeedValue: x.Seed}
		setSensitive(&o.sensitive, x.Sensitive)
	}
	if s.Attributes&nvstate.ObjectPrivateExp != 0 {
		o.exponent = x.PrivateExponent
	}
	// Only what has the attributes of a parent is used as one.
	parent := o.public.Attributes.Has(wire.ObjectRestricted|wire.ObjectDecrypt) && !o.publicOnly
	o.parent = o.parent && parent && o.public.Type != wire.AlgKeyedHash
	o.derivation = o.derivation && parent && o.public.Type == wire.AlgKeyedHash
	return o, nil
}

// checkObjectState refuses objects that the profile does not allow, and private parts of another type than the public ones.
func (t *TPM) checkObjectState(o *object, x *nvstate.Object) error {
	var public wire.TPMTPublic
	r := wire.NewReader(wire.Marshal(&o.public), t.limits)
	public.UnmarshalOrNull(r)
	if rc := r.End(); rc != wire.RCSuccess {
		return objectError(nvstate.Kind(rc), "the profile does not allow the public area: "+rc.String())
	}
	if p := &o.public.Parameters.ECC; o.public.Type == wire.AlgECC && p.KDF.Scheme == wire.AlgHKDF && checkKDF(p) != nil {
		return objectError(nvstate.Kind(wire.RCKDF), "HKDF in a key that encapsulates nothing")
	}
	if o.public.NameAlg == wire.AlgNull && !o.external {
		return objectError(nvstate.ErrHash, "an object of this TPM without nameAlg")
	}
	if !o.publicOnly && x.SensitiveType != o.public.Type {
		return objectError(nvstate.ErrValue, fmt.Sprintf("sensitive area of type %v for an object of type %v", x.SensitiveType, o.public.Type))
	}
	return nil
}

func objectError(kind nvstate.Kind, detail string) error {
	return &nvstate.Error{Kind: kind, Structure: "OBJECT", Detail: detail}
}

// setSensitive puts the secret into the arm of the type of s.
func setSensitive(s *wire.TPMTSensitive, secret []byte) {
	switch s.SensitiveType {
	case wire.AlgRSA:
		s.Sensitive.RSA = secret
	case wire.AlgECC:
		s.Sensitive.ECC = secret
	case wire.AlgKeyedHash:
		s.Sensitive.Bits = secret
	case wire.AlgSymCipher:
		s.Sensitive.Sym = secret
	}
}

// setExponent computes what saved state has of an RSA key beside its prime. A key that is none goes without.
func (t *TPM) setExponent(o *object) {
	if o.publicOnly || o.public.Type != wire.AlgRSA || o.exponent.Q != nil {
		return
	}
	if k, err := t.rsaKey(o); err == nil {
		e := &o.exponent
		e.Q, e.DP, e.DQ, e.QInv = k.CRT()
	}
}

// cloneExponent is a copy that can be wiped on its own.
func cloneExponent(e nvstate.PrivateExponent) nvstate.PrivateExponent {
	return nvstate.PrivateExponent{Q: bytes.Clone(e.Q), DP: bytes.Clone(e.DP), DQ: bytes.Clone(e.DQ), QInv: bytes.Clone(e.QInv)}
}

// wipeExponent overwrites the values.
func wipeExponent(e *nvstate.PrivateExponent) {
	for _, b := range [...][]byte{e.Q, e.DP, e.DQ, e.QInv} {
		clear(b)
	}
	*e = nvstate.PrivateExponent{}
}

// nonEmpty is b, or nil if b is empty.
func nonEmpty(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return b
}

// marshalObjectContext is the payload of a saved context of o (Part 1, 27.2), also of a sequence of any kind (Part 1, 29.4.6).
func (t *TPM) marshalObjectContext(o *object) ([]byte, error) {
	s, err := objectState(o)
	if err != nil {
		return nil, err
	}
	return nvstate.EncodeContextObject(s, t.level())
}

// unmarshalObjectContext is the object of a saved context. It was authenticated, so it is in good order unless it is a sequence
// of libtpms before 0.8. RCIntegrity parameter 1.
func (t *TPM) unmarshalObjectContext(b []byte) (*object, error) {
	s, err := nvstate.DecodeContextObject(b)
	if err != nil {
		return nil, wire.RCIntegrity.Parameter(1)
	}
	o, err := t.objectOfState(s)
	if err != nil {
		return nil, wire.RCIntegrity.Parameter(1)
	}
	return o, nil
}
