package diff

import "govtpm/tpm2/wire"

// Templates of objects and NV indexes.

const (
	ordinary = wire.ObjectUserWithAuth | wire.ObjectNoDA
	fixed    = wire.ObjectFixedTPM | wire.ObjectFixedParent
	inside   = wire.ObjectSensitiveDataOrigin
	storage  = ordinary | fixed | inside | wire.ObjectRestricted | wire.ObjectDecrypt
)

func aes128() wire.TPMTSymDefObject {
	return wire.TPMTSymDefObject{Algorithm: wire.AlgAES, KeyBits: 128, Mode: wire.AlgCFB}
}

func noSym() wire.TPMTSymDefObject { return wire.TPMTSymDefObject{Algorithm: wire.AlgNull} }

// eccTemplate is an ECC key; a storage key when it is restricted and decrypts.
func eccTemplate(attrs wire.TPMAObject, scheme, hash wire.Alg, curve wire.Curve) wire.TPMTPublic {
	p := wire.TPMTPublic{Type: wire.AlgECC, NameAlg: wire.AlgSHA256, Attributes: attrs}
	p.Parameters.ECC = wire.TPMSECCParms{Symmetric: noSym(), Scheme: wire.TPMTECCScheme{Scheme: scheme, HashAlg: hash}, CurveID: curve,
		KDF: wire.TPMTKDFScheme{Scheme: wire.AlgNull}}
	if attrs.Has(wire.ObjectRestricted | wire.ObjectDecrypt) {
		p.Parameters.ECC.Symmetric = aes128()
	}
	return p
}

func rsaTemplate(attrs wire.TPMAObject, scheme, hash wire.Alg, bits uint16) wire.TPMTPublic {
	p := wire.TPMTPublic{Type: wire.AlgRSA, NameAlg: wire.AlgSHA256, Attributes: attrs}
	p.Parameters.RSA = wire.TPMSRSAParms{Symmetric: noSym(), Scheme: wire.TPMTRSAScheme{Scheme: scheme, HashAlg: hash}, KeyBits: bits}
	if attrs.Has(wire.ObjectRestricted | wire.ObjectDecrypt) {
		p.Parameters.RSA.Symmetric = aes128()
	}
	return p
}

func hashTemplate(attrs wire.TPMAObject, scheme, hash wire.Alg) wire.TPMTPublic {
	p := wire.TPMTPublic{Type: wire.AlgKeyedHash, NameAlg: wire.AlgSHA256, Attributes: attrs}
	p.Parameters.KeyedHash.Scheme = wire.TPMTKeyedHashScheme{Scheme: scheme, HashAlg: hash, KDF: wire.AlgKDF1SP800108}
	return p
}

func symTemplate(attrs wire.TPMAObject, sym wire.TPMTSymDefObject) wire.TPMTPublic {
	p := wire.TPMTPublic{Type: wire.AlgSymCipher, NameAlg: wire.AlgSHA256, Attributes: attrs}
	p.Parameters.Sym.Sym = sym
	return p
}

// goodTemplate chooses a template that should do; asymmetric keys are of ECC, because making RSA keys takes long.
func (w *world) goodTemplate() wire.TPMTPublic {
	attrs := ordinary | inside
	if w.chance(0.5) {
		attrs |= fixed
	}
	if w.chance(0.15) {
		attrs &^= wire.ObjectNoDA
	}
	if w.chance(0.1) {
		attrs |= wire.ObjectAdminWithPolicy
	}
	if w.chance(0.1) {
		attrs |= wire.ObjectStClear
	}
	var p wire.TPMTPublic
	switch w.rng.IntN(12) {
	case 0, 1:
		p = eccTemplate(attrs|wire.ObjectRestricted|wire.ObjectDecrypt, wire.AlgNull, 0, pick(w, curves[:2]...))
	case 2:
		p = eccTemplate(attrs|wire.ObjectSign, pick(w, wire.AlgNull, wire.AlgECDSA, wire.AlgECSchnorr, wire.AlgECDAA), wire.AlgSHA256, pick(w, curves...))
	case 3:
		p = eccTemplate(attrs|wire.ObjectSign|wire.ObjectRestricted, wire.AlgECDSA, w.hashAlg(), pick(w, curves...))
	case 4:
		p = eccTemplate(attrs|wire.ObjectDecrypt, pick(w, wire.AlgNull, wire.AlgECDH), wire.AlgSHA256, pick(w, curves...))
	case 5, 6:
		p = hashTemplate(attrs|wire.ObjectSign, pick(w, wire.AlgHMAC, wire.AlgNull), w.hashAlg())
	case 7:
		p = hashTemplate(attrs&^inside, wire.AlgNull, 0)
	case 8:
		p = hashTemplate(attrs|wire.ObjectDecrypt|pick(w, 0, wire.ObjectRestricted), wire.AlgXOR, w.hashAlg())
	case 9, 10:
		p = symTemplate(attrs|pick(w, wire.ObjectDecrypt|wire.ObjectSign, wire.ObjectDecrypt, wire.ObjectDecrypt|wire.ObjectRestricted, wire.ObjectSign), w.symObject())
		if p.Attributes.Has(wire.ObjectRestricted) {
			p.Parameters.Sym.Sym = aes128()
		}
	case 11:
		if w.chance(0.2) {
			p = rsaTemplate(attrs|pick(w, wire.ObjectSign, wire.ObjectDecrypt), wire.AlgNull, 0, 1024)
		} else {
			p = eccTemplate(attrs|wire.ObjectSign|wire.ObjectDecrypt, wire.AlgNull, 0, wire.CurveNISTP256)
		}
	}
	if w.chance(0.3) {
		p.NameAlg = pick(w, hashes...)
	}
	if w.chance(0.5) {
		p.AuthPolicy = w.policyDigest(p.NameAlg)
	}
	return p
}

// policyDigest takes a policy that was made with the hash, if there is one.
func (w *world) policyDigest(hash wire.Alg) []byte {
	for range 8 {
		if p := pick(w, w.policies...); p.hash == hash {
			return p.digest
		}
	}
	return nil
}

// template chooses a template and often does something to it.
func (w *world) template() wire.TPMTPublic {
	p := w.goodTemplate()
	switch w.rng.IntN(12) {
	case 0:
		p.Attributes ^= 1 << w.rng.IntN(20)
	case 1:
		p.NameAlg = pick(w, odd...)
	case 2:
		p.AuthPolicy = w.bytes(pick(w, sizes...))
	case 3:
		p.Unique.ECC.X, p.Unique.KeyedHash, p.Unique.Sym, p.Unique.RSA = w.bytes(32), w.bytes(32), w.bytes(16), w.bytes(128)
	case 4:
		p.Parameters.ECC.KDF = wire.TPMTKDFScheme{Scheme: wire.AlgKDF1SP80056A, HashAlg: w.hashAlg()}
	case 5:
		p.Parameters.ECC.Scheme = wire.TPMTECCScheme{Scheme: pick(w, odd...), HashAlg: w.hashAlg()}
		p.Parameters.KeyedHash.Scheme.Scheme = pick(w, odd...)
	case 6:
		p.Parameters.ECC.Symmetric, p.Parameters.RSA.Symmetric, p.Parameters.Sym.Sym = w.symObject(), w.symObject(), w.symObject()
	case 7:
		p.Parameters.RSA.Exponent = pick[uint32](w, 3, 5, 17, 65537, 65539, 0xFFFFFFFF)
		p.Parameters.RSA.KeyBits = pick[uint16](w, 512, 1024, 1536)
	}
	return p
}

// nvTemplate chooses the public area of an NV index.
func (w *world) nvTemplate() wire.TPMSNVPublic {
	p := wire.TPMSNVPublic{NVIndex: 0x01000000 + wire.Handle(w.rng.IntN(12)), NameAlg: w.hashAlg(), DataSize: 8}
	p.Attributes = wire.NVAuthRead | wire.NVAuthWrite | wire.NVOwnerRead | wire.NVOwnerWrite | wire.NVNoDA
	switch t := pick(w, wire.NTOrdinary, wire.NTOrdinary, wire.NTCounter, wire.NTBits, wire.NTExtend, wire.NTPinFail, wire.NTPinPass); t {
	case wire.NTOrdinary:
		p.DataSize = uint16(pick(w, 0, 1, 8, 32, 33, 64, 200, 1024, 1025, 2048))
	case wire.NTExtend:
		p.DataSize = uint16(len(digest(p.NameAlg)))
		p.Attributes = p.Attributes.WithNT(t)
	case wire.NTPinFail, wire.NTPinPass:
		p.Attributes = (p.Attributes &^ wire.NVAuthWrite).WithNT(t)
	default:
		p.Attributes = p.Attributes.WithNT(t)
	}
	for range w.rng.IntN(3) {
		p.Attributes ^= pick(w, wire.NVWriteDefine, wire.NVWriteStClear, wire.NVReadStClear, wire.NVGlobalLock, wire.NVOrderly, wire.NVClearStClear,
			wire.NVPPRead, wire.NVPPWrite, wire.NVWriteAll, wire.NVPolicyRead, wire.NVPolicyWrite, wire.NVPlatformCreate, wire.NVNoDA,
			wire.NVPolicyDelete, wire.NVAuthRead, wire.NVWritten, wire.NVOwnerWrite)
	}
	if w.chance(0.2) {
		p.Attributes |= wire.NVReadStClear | pick(w, wire.NVWriteStClear, wire.NVWriteDefine)
	}
	if w.chance(0.05) {
		p.DataSize = uint16(w.rng.IntN(3000))
	}
	switch n := w.rng.IntN(10); {
	case n < 2:
		p.AuthPolicy = w.policyDigest(p.NameAlg)
	case n < 5:
		p.AuthPolicy = commandPolicy(p.NameAlg, wire.CCNVChangeAuth).digest
	case n == 5:
		p.AuthPolicy = commandPolicy(p.NameAlg, wire.CCNVUndefineSpaceSpecial).digest
		p.Attributes |= wire.NVPlatformCreate | wire.NVPolicyDelete
	}
	return p
}
