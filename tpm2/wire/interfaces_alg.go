package wire

// AlgInterface is an interface type over TPM_ALG_ID (Part 2, 9.31 to 9.41 and clauses 11 and 12). Add OrNull where the
// standard writes "+".
type AlgInterface uint8

// OrNull, added to an AlgInterface or a HandleInterface, also permits the conditional value: TPM_ALG_NULL,
// TPM_RH_NULL, or TPM_RS_PW in the case of TPMI_SH_AUTH_SESSION.
const OrNull = 0x80

// Interface types over TPM_ALG_ID.
const (
	TPMIAlgHash            AlgInterface = iota + 1 // Table 77
	TPMIAlgAsym                                    // Table 78
	TPMIAlgSym                                     // Table 79
	TPMIAlgSymObject                               // Table 80
	TPMIAlgSymMode                                 // Table 81
	TPMIAlgKDF                                     // Table 82
	TPMIAlgSigScheme                               // Table 83
	TPMIECCKeyExchange                             // Table 84
	TPMIAlgMACScheme                               // Table 86
	TPMIAlgCipherMode                              // Table 87
	TPMIAlgKeyedHashScheme                         // Table 175
	TPMIAlgRSAScheme                               // Table 189
	TPMIAlgRSADecrypt                              // Table 192
	TPMIAlgECCScheme                               // Table 200
	TPMIAlgPublic                                  // Table 225
)

// algInterfaces holds the values of each interface type and the code for any other value.
var algInterfaces = [...]struct {
	name string
	set  AlgSet
	rc   RC
}{
	TPMIAlgHash:      {"TPMI_ALG_HASH", hashAlgs(), RCHash},
	TPMIAlgAsym:      {"TPMI_ALG_ASYM", Algs(AlgRSA, AlgECC), RCAsymmetric},
	TPMIAlgSym:       {"TPMI_ALG_SYM", Algs(AlgTDES, AlgAES, AlgXOR, AlgSM4, AlgCamellia), RCSymmetric},
	TPMIAlgSymObject: {"TPMI_ALG_SYM_OBJECT", Algs(AlgTDES, AlgAES, AlgSM4, AlgCamellia), RCSymmetric},
	TPMIAlgSymMode:   {"TPMI_ALG_SYM_MODE", Algs(AlgCTR, AlgOFB, AlgCBC, AlgCFB, AlgECB, AlgCMAC), RCMode},
	TPMIAlgKDF: {"TPMI_ALG_KDF",
		Algs(AlgMGF1, AlgKDF2, AlgKDF1SP80056A, AlgKDF1SP800108, AlgHKDF), RCKDF},
	TPMIAlgSigScheme: {"TPMI_ALG_SIG_SCHEME",
		Algs(AlgRSASSA, AlgRSAPSS, AlgECDSA, AlgECDAA, AlgSM2, AlgECSchnorr, AlgEDDSA, AlgHashEDDSA, AlgHMAC,
			AlgMLDSA, AlgHashMLDSA), RCScheme},
	TPMIECCKeyExchange:     {"TPMI_ECC_KEY_EXCHANGE", Algs(AlgECDH, AlgSM2, AlgECMQV), RCScheme},
	TPMIAlgMACScheme:       {"TPMI_ALG_MAC_SCHEME", hashAlgs().With(AlgCMAC), RCSymmetric},
	TPMIAlgCipherMode:      {"TPMI_ALG_CIPHER_MODE", Algs(AlgCTR, AlgOFB, AlgCBC, AlgCFB, AlgECB), RCMode},
	TPMIAlgKeyedHashScheme: {"TPMI_ALG_KEYEDHASH_SCHEME", Algs(AlgHMAC, AlgXOR), RCValue},
	TPMIAlgRSAScheme:       {"TPMI_ALG_RSA_SCHEME", Algs(AlgRSASSA, AlgRSAES, AlgRSAPSS, AlgOAEP), RCValue},
	TPMIAlgRSADecrypt:      {"TPMI_ALG_RSA_DECRYPT", Algs(AlgRSAES, AlgOAEP), RCValue},
	TPMIAlgECCScheme: {"TPMI_ALG_ECC_SCHEME",
		Algs(AlgECDSA, AlgECDAA, AlgSM2, AlgECSchnorr, AlgEDDSA, AlgHashEDDSA, AlgECDH, AlgECMQV), RCScheme},
	TPMIAlgPublic: {"TPMI_ALG_PUBLIC",
		Algs(AlgRSA, AlgKeyedHash, AlgECC, AlgSymCipher, AlgMLDSA, AlgHashMLDSA, AlgMLKEM), RCType},
}

func hashAlgs() AlgSet {
	return Algs(AlgSHA1, AlgSHA256, AlgSHA384, AlgSHA512, AlgSHA256_192, AlgSM3_256, AlgSHA3_256, AlgSHA3_384,
		AlgSHA3_512, AlgSHAKE256_192, AlgSHAKE256_256, AlgSHAKE256_512)
}

// Algs returns the values the standard gives the interface type, without TPM_ALG_NULL.
func (i AlgInterface) Algs() AlgSet {
	if int(i&^OrNull) >= len(algInterfaces) {
		return AlgSet{}
	}
	return algInterfaces[i&^OrNull].set
}

// String returns the name of the type, such as "TPMI_ALG_HASH" or "TPMI_ALG_HASH+".
func (i AlgInterface) String() string {
	if int(i&^OrNull) >= len(algInterfaces) {
		return "TPMI_ALG"
	}
	if i&OrNull != 0 {
		return algInterfaces[i&^OrNull].name + "+"
	}
	return algInterfaces[i].name
}

// Check returns RCSuccess when a TPM with limits l takes a as a value of the interface type, and otherwise the code of
// the type, such as RCHash. Nil limits stand for Everything.
func (i AlgInterface) Check(l *Limits, a Alg) RC {
	if l == nil {
		l = &everything
	}
	if int(i&^OrNull) >= len(algInterfaces) {
		return RCValue
	}
	t := &algInterfaces[i&^OrNull]
	if a == AlgNull {
		if i&OrNull != 0 {
			return RCSuccess
		}
		return t.rc
	}
	if t.set.Has(a) && l.Algs.Has(a) {
		return RCSuccess
	}
	return t.rc
}

// Alg reads a value of an algorithm interface type.
func (r *Reader) Alg(i AlgInterface) Alg {
	a := Alg(r.Uint16())
	if r.rc != RCSuccess {
		return AlgError
	}
	if rc := i.Check(r.limits, a); rc != RCSuccess {
		r.Fail(rc)
		return AlgError
	}
	if a != AlgNull {
		r.algs = r.algs.With(a)
	}
	return a
}

// Curve reads a TPMI_ECC_CURVE (Part 2, Table 201); with null TPM_ECC_NONE is permitted.
func (r *Reader) Curve(null bool) Curve {
	c := Curve(r.Uint16())
	if r.rc != RCSuccess || c == CurveNone && null {
		return CurveNone
	}
	if !everything.Curves.Has(c) || !r.limits.Curves.Has(c) {
		r.Fail(RCCurve)
		return CurveNone
	}
	return c
}

// YesNo reads a TPMI_YES_NO (Part 2, Table 48).
func (r *Reader) YesNo() bool {
	v := r.Uint8()
	if v > 1 {
		r.Fail(RCValue)
	}
	return v == 1
}

// YesNo writes a TPMI_YES_NO.
func (w *Writer) YesNo(v bool) {
	if v {
		w.Uint8(1)
	} else {
		w.Uint8(0)
	}
}

// keyBits reads a key size that has to be in list.
func (r *Reader) keyBits(list []uint16) uint16 {
	bits := r.Uint16()
	if r.rc != RCSuccess {
		return 0
	}
	for _, b := range list {
		if b == bits {
			return bits
		}
	}
	r.Fail(RCValue)
	return 0
}
