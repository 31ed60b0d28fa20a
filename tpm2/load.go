package tpm2

import (
	"bytes"
	"crypto/subtle"

	"govtpm/internal/crypto/curve"
	"govtpm/tpm2/wire"
)

// Loading of objects and what their holder may do with them as such (Part 1, 26; Part 3, 12.2 to 12.8).

// load is TPM2_Load (Part 3, 12.2).
//
// RCObjectMemory; parameter 1: RCSize; handle 1: RCType; parameter 2: RCHash; parameter 1: RCIntegrity, RCValue and what else is wrong
// with the private part; RCSensitive; then the codes of checkLoadable.
func (t *TPM) load(c *call, p *loadParameters) error {
	if err := t.checkSlot(); err != nil {
		return err
	}
	if len(p.inPrivate) == 0 {
		return wire.RCSize.Parameter(1)
	}
	parent := c.objects[0]
	if !parent.isParent() {
		return wire.RCType.Handle(1)
	}
	o := &object{public: p.inPublic.TPMTPublic, name: objectName(&p.inPublic.TPMTPublic)}
	if o.name == nil {
		return wire.RCHash.Parameter(2)
	}
	var err error
	if o.sensitive, err = t.unwrapSensitive(parent, p.inPrivate, o.name); err != nil {
		return positioned(err, func(rc wire.RC) wire.RC { return rc.Parameter(1) })
	}
	if err := t.checkLoadable(parent, &o.public, &o.sensitive, 2, 1); err != nil {
		o.wipe()
		return err
	}
	o.place(parent.hierarchy, parent, parent.seedCompat)
	return t.loaded(c, o)
}

// loaded puts o into a slot and answers with handle and Name.
func (t *TPM) loaded(c *call, o *object) (err error) {
	if c.outHandle, err = t.addObject(o); err != nil {
		return err
	}
	c.out.TPM2B(o.name)
	return nil
}

// loadExternal is TPM2_LoadExternal (Part 3, 12.3).
//
// RCObjectMemory; parameter 3: RCHierarchy; parameter 2: RCAttributes; then the codes of checkLoadable.
func (t *TPM) loadExternal(c *call, p *loadExternalParameters) error {
	if err := t.checkSlot(); err != nil {
		return err
	}
	if !t.hierarchyEnabled(p.hierarchy) {
		return wire.RCHierarchy.Parameter(3)
	}
	o := &object{public: p.inPublic.TPMTPublic, external: true, publicOnly: p.inPrivate.IsEmpty()}
	var sensitive *wire.TPMTSensitive
	if !o.publicOnly {
		// A key whose secret comes from outside must not pass for one of this TPM.
		if p.hierarchy != wire.RHNull {
			return wire.RCHierarchy.Parameter(3)
		}
		if o.public.Attributes&(wire.ObjectFixedTPM|wire.ObjectFixedParent|wire.ObjectRestricted) != 0 {
			return wire.RCAttributes.Parameter(2)
		}
		o.sensitive = p.inPrivate.TPMTSensitive
		sensitive = &o.sensitive
	}
	o.name = objectName(&o.public)
	if err := t.checkLoadable(nil, &o.public, sensitive, 2, 1); err != nil {
		o.wipe()
		return err
	}
	o.place(p.hierarchy, nil, 0)
	return t.loaded(c, o)
}

// checkLoadable checks the areas of an object that comes from outside; s is nil for a public area alone, parent for an external object
// or one that comes from another TPM. A code about the public area is numbered as parameter publicNumber, one about the sensitive area
// as parameter sensitiveNumber; RCBinding, and RCKeySize of an ECC key, have no position.
func (t *TPM) checkLoadable(parent *object, pub *wire.TPMTPublic, s *wire.TPMTSensitive, publicNumber, sensitiveNumber int) error {
	inPublic := func(rc wire.RC) wire.RC { return rc.Parameter(publicNumber) }
	inSensitive := func(rc wire.RC) wire.RC { return rc.Parameter(sensitiveNumber) }
	var err error
	if s == nil || pub.NameAlg == wire.AlgNull {
		err = checkSchemes(nil, pub)
	} else {
		if len(s.SeedValue) > digestSize(pub.NameAlg) {
			return inSensitive(wire.RCKeySize)
		}
		err = checkPublic(parent, pub)
	}
	if err != nil {
		return positioned(err, inPublic)
	}
	// Below a parent with fixedTPM is only what this TPM has checked before.
	if parent == nil || !parent.public.Attributes.Has(wire.ObjectFixedTPM) {
		if s == nil {
			return positioned(checkPublicKey(pub), inPublic)
		}
		if err := checkKeyPair(pub, s, inPublic, inSensitive); err != nil {
			return err
		}
	}
	if s != nil && pub.Type == wire.AlgRSA {
		k, err := newRSAKey(pub, s)
		if err != nil {
			return err
		}
		k.Wipe()
	}
	return nil
}

// checkPublicKey checks the unique field of a public area that comes alone. Without position: RCKey, RCValue, RCECCPoint.
func checkPublicKey(pub *wire.TPMTPublic) error {
	switch pub.Type {
	case wire.AlgRSA:
		return checkModulus(pub)
	case wire.AlgECC:
		c := curve.ByID(uint16(pub.Parameters.ECC.CurveID))
		if c == nil || len(pub.Unique.ECC.X) != c.Size() || len(pub.Unique.ECC.Y) != c.Size() {
			return wire.RCKey
		}
		if pub.NameAlg != wire.AlgNull {
			if _, _, err := eccPublicKey(pub); err != nil {
				return wire.RCECCPoint
			}
		}
		return nil
	}
	if len(symmetricUniqueOf(pub)) != digestSize(pub.NameAlg) {
		return wire.RCKey
	}
	return nil
}

// checkModulus checks size and first bit of an RSA modulus, and the exponent. Without position: RCKey, RCValue.
func checkModulus(pub *wire.TPMTPublic) error {
	if n := pub.Unique.RSA; len(n) != int(pub.Parameters.RSA.KeyBits)/8 || n[0]&0x80 == 0 {
		return wire.RCKey
	}
	if e := pub.Parameters.RSA.Exponent; e != 0 && e < 7 {
		return wire.RCValue
	}
	return nil
}

// symmetricUniqueOf is the unique field of a KEYEDHASH or SYMCIPHER object.
func symmetricUniqueOf(pub *wire.TPMTPublic) []byte {
	if pub.Type == wire.AlgSymCipher {
		return pub.Unique.Sym
	}
	return pub.Unique.KeyedHash
}

// checkKeyPair checks that a sensitive area goes with its public area (Part 1, 26.2 and 26.4).
func checkKeyPair(pub *wire.TPMTPublic, s *wire.TPMTSensitive, inPublic, inSensitive func(wire.RC) wire.RC) error {
	digest := digestSize(pub.NameAlg)
	if s.SensitiveType != pub.Type {
		return inSensitive(wire.RCType)
	}
	if digest > 0 && len(s.AuthValue) > digest {
		return inSensitive(wire.RCSize)
	}
	var err error
	switch pub.Type {
	case wire.AlgRSA:
		if err := checkModulus(pub); err != nil {
			return positioned(err, inPublic)
		}
		if p := s.Sensitive.RSA; 2*len(p) != len(pub.Unique.RSA) || p[0]&0x80 == 0 {
			return inSensitive(wire.RCKeySize)
		}
	case wire.AlgECC:
		err = checkECCBinding(pub, s)
	case wire.AlgSymCipher:
		if err := checkSymmetricKey(&pub.Parameters.Sym.Sym, s.Sensitive.Sym); err != nil {
			return positioned(err, inSensitive)
		}
		err = checkUnique(pub, s, inSensitive)
	case wire.AlgKeyedHash:
		limit := 128 // MAX_SYM_DATA
		if scheme := &pub.Parameters.KeyedHash.Scheme; scheme.Scheme != wire.AlgNull {
			limit = hashBlockSize(scheme.HashAlg)
		}
		if len(s.Sensitive.Bits) > limit {
			return inSensitive(wire.RCKeySize)
		}
		err = checkUnique(pub, s, inSensitive)
	}
	if err != nil {
		return err
	}
	// A parent has to have a seed of some strength.
	if pub.Attributes.Has(wire.ObjectRestricted|wire.ObjectDecrypt) && len(s.SeedValue) < digest/2 {
		return inSensitive(wire.RCSize)
	}
	return nil
}

// checkECCBinding checks that the private key is one of the curve and gives the public point. Without position: RCKeySize, RCBinding.
func checkECCBinding(pub *wire.TPMTPublic, s *wire.TPMTSensitive) error {
	c, d, err := newScalar(pub, s)
	if err != nil {
		return err
	}
	defer d.Wipe()
	if pub.NameAlg == wire.AlgNull {
		return nil
	}
	q, err := c.BaseMult(d)
	if err != nil || !sameNumber(q.X(), pub.Unique.ECC.X) || !sameNumber(q.Y(), pub.Unique.ECC.Y) {
		return wire.RCBinding
	}
	return nil
}

// sameNumber compares big-endian numbers.
func sameNumber(a, b []byte) bool {
	return bytes.Equal(bytes.TrimLeft(a, "\x00"), bytes.TrimLeft(b, "\x00"))
}

// checkUnique checks that the unique field of a KEYEDHASH or SYMCIPHER object binds its sensitive area, if the object has a Name.
// RCKeySize: the seedValue has not the size of the digest; RCBinding without position.
func checkUnique(pub *wire.TPMTPublic, s *wire.TPMTSensitive, inSensitive func(wire.RC) wire.RC) error {
	if pub.NameAlg == wire.AlgNull {
		return nil
	}
	if len(s.SeedValue) != digestSize(pub.NameAlg) {
		return inSensitive(wire.RCKeySize)
	}
	if subtle.ConstantTimeCompare(symmetricUnique(pub, s), symmetricUniqueOf(pub)) != 1 {
		return wire.RCBinding
	}
	return nil
}

// readPublic is TPM2_ReadPublic (Part 3, 12.4). RCSequence: the object is a sequence.
func (t *TPM) readPublic(c *call) error {
	o := c.objects[0]
	if o.isSequence() {
		return wire.RCSequence
	}
	c.out.Sized(o.public.Marshal)
	c.out.TPM2B(o.name)
	c.out.TPM2B(o.qualified)
	return nil
}

// unseal is TPM2_Unseal (Part 3, 12.7). Handle 1: RCType, RCAttributes: the object is not sealed data.
func (t *TPM) unseal(c *call) error {
	o := c.objects[0]
	if o.public.Type != wire.AlgKeyedHash {
		return wire.RCType.Handle(1)
	}
	if o.public.Attributes&(wire.ObjectDecrypt|wire.ObjectSign|wire.ObjectRestricted) != 0 {
		return wire.RCAttributes.Handle(1)
	}
	c.out.TPM2B(o.sensitive.Sensitive.Bits)
	return nil
}

// objectChangeAuth is TPM2_ObjectChangeAuth (Part 3, 12.8): a private part with another authValue. The loaded object stays as it is.
//
// Handle 1: RCType (a sequence); parameter 1: RCSize; handle 2: RCType (not the parent of the object, or a derivation parent, below
// which nothing is loaded).
func (t *TPM) objectChangeAuth(c *call, p *objectChangeAuthParameters) error {
	o, parent := c.objects[0], c.objects[1]
	if o.isSequence() {
		return wire.RCType.Handle(1)
	}
	if err := checkAuthSize(p.newAuth, o.public.NameAlg); err != nil {
		return err
	}
	if o.name == nil || !parent.isParent() || !bytes.Equal(o.qualified, qualifiedName(parent.qualified, o.public.NameAlg, o.name)) {
		return wire.RCType.Handle(2)
	}
	s := o.sensitive
	s.AuthValue = paddedAuth(p.newAuth, o.public.NameAlg)
	private, err := t.wrapSensitive(parent, &s, o.name, o.public.NameAlg)
	if err != nil {
		return err
	}
	c.out.TPM2B(private)
	return nil
}
