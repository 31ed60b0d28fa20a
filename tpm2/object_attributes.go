package tpm2

import "govtpm/tpm2/wire"

// What a public area may be: attributes, schemes and algorithms that go together (Part 1, 22 and 24.2; Part 2, 8.3 and 12.2).
// Codes are without position.

// checkCreate checks the template of a new object below parent, nil for a hierarchy (Part 3, 12.1). data is the size of what the
// caller gives for the sensitive area.
func checkCreate(parent *object, pub *wire.TPMTPublic, data int) error {
	a := pub.Attributes
	origin := a.Has(wire.ObjectSensitiveDataOrigin)
	if !origin && data == 0 || parent != nil && origin && data != 0 {
		return wire.RCAttributes
	}
	switch pub.Type {
	case wire.AlgKeyedHash, wire.AlgSymCipher:
		// The TPM makes no data for a data object.
		if pub.Type == wire.AlgKeyedHash && origin && a&(wire.ObjectSign|wire.ObjectDecrypt) == 0 {
			return wire.RCAttributes
		}
		// A parent whose key the caller knows protects nothing that is fixed.
		if a.Has(wire.ObjectRestricted) && !origin && a&(wire.ObjectFixedParent|wire.ObjectFixedTPM) != 0 {
			return wire.RCAttributes
		}
	default:
		if !origin {
			return wire.RCAttributes
		}
	}
	return checkPublic(parent, pub)
}

// checkPublic checks a public area that has a sensitive area, below parent or, if nil, below a hierarchy or outside of any.
func checkPublic(parent *object, pub *wire.TPMTPublic) error {
	if pub.NameAlg == wire.AlgNull {
		return wire.RCHash
	}
	if n := len(pub.AuthPolicy); n != 0 && n != digestSize(pub.NameAlg) {
		return wire.RCSize
	}
	if !attributesAgree(pub) || !attributesFit(parent, pub.Attributes) {
		return wire.RCAttributes
	}
	return checkSchemes(parent, pub)
}

// attributesAgree reports whether the attributes do not contradict each other (Part 2, 8.3.3).
func attributesAgree(pub *wire.TPMTPublic) bool {
	a := pub.Attributes
	if a.Has(wire.ObjectSign) == a.Has(wire.ObjectDecrypt) {
		if a.Has(wire.ObjectRestricted) || !a.Has(wire.ObjectSign) && pub.Type != wire.AlgKeyedHash {
			return false
		}
	}
	if a.Has(wire.ObjectFixedTPM | wire.ObjectEncryptedDuplication) {
		return false
	}
	// There are no firmware-limited or SVN-limited hierarchies in which such an object could be.
	return a&(wire.ObjectFirmwareLimited|wire.ObjectSVNLimited) == 0
}

// attributesFit reports whether an object with these attributes may be below parent; nil is a hierarchy, which counts as a
// parent with fixedTPM (Part 2, 8.3.3.2, 8.3.3.4 and 8.3.3.11).
func attributesFit(parent *object, a wire.TPMAObject) bool {
	fixedTPM, fixedParent := a.Has(wire.ObjectFixedTPM), a.Has(wire.ObjectFixedParent)
	if parent == nil || parent.public.Attributes.Has(wire.ObjectFixedTPM) {
		if fixedParent != fixedTPM {
			return false
		}
	} else if fixedTPM || a.Has(wire.ObjectEncryptedDuplication) != parent.public.Attributes.Has(wire.ObjectEncryptedDuplication) {
		return false
	}
	if parent != nil && parent.derivation {
		return fixedParent && fixedTPM == parent.public.Attributes.Has(wire.ObjectFixedTPM)
	}
	return true
}

// checkSchemes checks that schemes and symmetric algorithm of a public area go with its attributes (Part 2, 12.2.3).
func checkSchemes(parent *object, pub *wire.TPMTPublic) error {
	var err error
	switch pub.Type {
	case wire.AlgSymCipher:
		if pub.Attributes.Has(wire.ObjectDecrypt) && !isCipherMode(pub.Parameters.Sym.Sym.Mode) {
			return wire.RCScheme
		}
	case wire.AlgKeyedHash:
		return checkKeyedHashScheme(pub)
	case wire.AlgRSA, wire.AlgECC:
		err = checkAsymmetricScheme(pub)
	default:
		return wire.RCType
	}
	if err != nil || !pub.Attributes.Has(wire.ObjectRestricted|wire.ObjectDecrypt) {
		return err
	}
	// A storage key. One that cannot be moved away from its parent protects as its parent does.
	sym := storageSymmetric(pub)
	if sym.Algorithm == wire.AlgNull {
		return wire.RCSymmetric
	}
	if parent != nil && pub.Attributes.Has(wire.ObjectFixedParent) {
		if pub.NameAlg != parent.public.NameAlg {
			return wire.RCHash
		}
		if sym != storageSymmetric(&parent.public) {
			return wire.RCSymmetric
		}
	}
	return nil
}

// isCipherMode reports whether a symmetric key may name this mode for encryption; AlgNull leaves it open.
func isCipherMode(mode wire.Alg) bool {
	switch mode {
	case wire.AlgCTR, wire.AlgOFB, wire.AlgCBC, wire.AlgCFB, wire.AlgECB, wire.AlgNull:
		return true
	}
	return false
}

// checkKeyedHashScheme checks the scheme of a KEYEDHASH object (Part 2, 12.2.3.3).
func checkKeyedHashScheme(pub *wire.TPMTPublic) error {
	a, s := pub.Attributes, &pub.Parameters.KeyedHash.Scheme
	want := wire.AlgNull
	switch {
	case a.Has(wire.ObjectSign) == a.Has(wire.ObjectDecrypt):
	case a.Has(wire.ObjectSign):
		want = wire.AlgHMAC
	default:
		want = wire.AlgXOR
	}
	if s.Scheme != want {
		return wire.RCScheme
	}
	if want == wire.AlgXOR && a.Has(wire.ObjectRestricted) {
		if s.KDF != wire.AlgKDF1SP800108 {
			return wire.RCScheme
		}
		if digestSize(s.HashAlg) == 0 {
			return wire.RCHash
		}
	}
	return nil
}

// checkAsymmetricScheme checks scheme, symmetric algorithm and KDF of an RSA or ECC object (Part 2, 12.2.3.4 and 12.2.3.5).
func checkAsymmetricScheme(pub *wire.TPMTPublic) error {
	a := pub.Attributes
	scheme, hash := pub.Parameters.RSA.Scheme.Scheme, pub.Parameters.RSA.Scheme.HashAlg
	if pub.Type == wire.AlgECC {
		scheme, hash = pub.Parameters.ECC.Scheme.Scheme, pub.Parameters.ECC.Scheme.HashAlg
	}
	ok := scheme == wire.AlgNull
	switch {
	case a.Has(wire.ObjectSign) == a.Has(wire.ObjectDecrypt):
	case a.Has(wire.ObjectSign):
		if isSignScheme(pub.Type, scheme) {
			ok = hash != wire.AlgNull
		} else {
			ok = ok && !a.Has(wire.ObjectRestricted)
		}
	case !a.Has(wire.ObjectRestricted):
		ok = ok || isDecryptScheme(pub.Type, scheme)
	}
	if !ok {
		return wire.RCScheme
	}
	if !a.Has(wire.ObjectRestricted|wire.ObjectDecrypt) && storageSymmetric(pub).Algorithm != wire.AlgNull {
		return wire.RCSymmetric
	}
	if pub.Type == wire.AlgECC {
		return checkKDF(&pub.Parameters.ECC)
	}
	return nil
}

// isSignScheme reports whether scheme makes signatures with keys of this type.
func isSignScheme(keyType, scheme wire.Alg) bool {
	switch scheme {
	case wire.AlgRSASSA, wire.AlgRSAPSS:
		return keyType == wire.AlgRSA
	case wire.AlgECDSA, wire.AlgECDAA, wire.AlgECSchnorr, wire.AlgSM2:
		return keyType == wire.AlgECC
	}
	return false
}

// isDecryptScheme reports whether scheme decrypts or exchanges with keys of this type.
func isDecryptScheme(keyType, scheme wire.Alg) bool {
	switch scheme {
	case wire.AlgRSAES, wire.AlgOAEP:
		return keyType == wire.AlgRSA
	case wire.AlgECDH, wire.AlgSM2, wire.AlgECMQV:
		return keyType == wire.AlgECC
	}
	return false
}
