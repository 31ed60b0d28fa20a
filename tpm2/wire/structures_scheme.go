package wire

// Schemes (Part 2, 11.1.17 to 11.1.23, 11.2.1 to 11.2.5). The arms of each scheme union hold a hash algorithm and
// sometimes one thing more, so each union is folded into its owner. A field that the scheme does not have stays zero.

// TPMTKeyedHashScheme is TPMT_KEYEDHASH_SCHEME with TPMU_SCHEME_KEYEDHASH (Part 2, 11.1.22, 11.1.23): AlgHMAC has
// HashAlg, AlgXOR has HashAlg and KDF.
type TPMTKeyedHashScheme struct {
	Scheme  Alg
	HashAlg Alg
	KDF     Alg
}

// Unmarshal reads the scheme; AlgNull is refused.
func (t *TPMTKeyedHashScheme) Unmarshal(r *Reader) { t.unmarshal(r, TPMIAlgKeyedHashScheme) }

// UnmarshalOrNull reads the scheme; AlgNull is permitted.
func (t *TPMTKeyedHashScheme) UnmarshalOrNull(r *Reader) {
	t.unmarshal(r, TPMIAlgKeyedHashScheme|OrNull)
}

func (t *TPMTKeyedHashScheme) unmarshal(r *Reader, i AlgInterface) {
	t.Scheme = r.Alg(i)
	switch t.Scheme {
	case AlgHMAC:
		t.HashAlg = r.Alg(TPMIAlgHash)
	case AlgXOR:
		t.HashAlg = r.Alg(TPMIAlgHash)
		t.KDF = r.Alg(TPMIAlgKDF | OrNull)
	}
}

// Marshal writes the scheme.
func (t *TPMTKeyedHashScheme) Marshal(w *Writer) {
	t.Scheme.Marshal(w)
	switch t.Scheme {
	case AlgHMAC:
		t.HashAlg.Marshal(w)
	case AlgXOR:
		t.HashAlg.Marshal(w)
		t.KDF.Marshal(w)
	}
}

// TPMTSigScheme is TPMT_SIG_SCHEME with TPMU_SIG_SCHEME (Part 2, 11.2.1.4, 11.2.1.5): ECDAA has HashAlg and Count, EdDSA
// and HashEdDSA have nothing, all others have HashAlg. Table 182 has no arm for ML-DSA: RCSelector.
type TPMTSigScheme struct {
	Scheme  Alg
	HashAlg Alg
	Count   uint16
}

// Unmarshal reads the scheme; AlgNull is refused.
func (t *TPMTSigScheme) Unmarshal(r *Reader) { t.unmarshal(r, TPMIAlgSigScheme) }

// UnmarshalOrNull reads the scheme; AlgNull is permitted.
func (t *TPMTSigScheme) UnmarshalOrNull(r *Reader) { t.unmarshal(r, TPMIAlgSigScheme|OrNull) }

func (t *TPMTSigScheme) unmarshal(r *Reader, i AlgInterface) {
	t.Scheme = r.Alg(i)
	switch t.Scheme {
	case AlgRSASSA, AlgRSAPSS, AlgECDSA, AlgSM2, AlgECSchnorr, AlgHMAC:
		t.HashAlg = r.Alg(TPMIAlgHash)
	case AlgECDAA:
		t.HashAlg = r.Alg(TPMIAlgHash)
		t.Count = r.Uint16()
	case AlgEDDSA, AlgHashEDDSA, AlgNull:
	default:
		r.Fail(RCSelector)
	}
}

// Marshal writes the scheme.
func (t *TPMTSigScheme) Marshal(w *Writer) {
	t.Scheme.Marshal(w)
	switch t.Scheme {
	case AlgRSASSA, AlgRSAPSS, AlgECDSA, AlgSM2, AlgECSchnorr, AlgHMAC:
		t.HashAlg.Marshal(w)
	case AlgECDAA:
		t.HashAlg.Marshal(w)
		w.Uint16(t.Count)
	}
}

// TPMTKDFScheme is TPMT_KDF_SCHEME with TPMU_KDF_SCHEME (Part 2, 11.2.3): every KDF has HashAlg.
type TPMTKDFScheme struct {
	Scheme  Alg
	HashAlg Alg
}

// Unmarshal reads the scheme; AlgNull is refused.
func (t *TPMTKDFScheme) Unmarshal(r *Reader) { t.unmarshal(r, TPMIAlgKDF) }

// UnmarshalOrNull reads the scheme; AlgNull is permitted.
func (t *TPMTKDFScheme) UnmarshalOrNull(r *Reader) { t.unmarshal(r, TPMIAlgKDF|OrNull) }

func (t *TPMTKDFScheme) unmarshal(r *Reader, i AlgInterface) {
	t.Scheme = r.Alg(i)
	if t.Scheme != AlgNull {
		t.HashAlg = r.Alg(TPMIAlgHash)
	}
}

// Marshal writes the scheme.
func (t *TPMTKDFScheme) Marshal(w *Writer) {
	t.Scheme.Marshal(w)
	if t.Scheme != AlgNull {
		t.HashAlg.Marshal(w)
	}
}

// TPMTRSAScheme is TPMT_RSA_SCHEME with TPMU_RSA_SCHEME (Part 2, 11.2.4.2, 11.2.4.3): RSAES has nothing, all others have
// HashAlg.
type TPMTRSAScheme struct {
	Scheme  Alg
	HashAlg Alg
}

// Unmarshal reads the scheme; AlgNull is refused.
func (t *TPMTRSAScheme) Unmarshal(r *Reader) { t.unmarshal(r, TPMIAlgRSAScheme) }

// UnmarshalOrNull reads the scheme; AlgNull is permitted.
func (t *TPMTRSAScheme) UnmarshalOrNull(r *Reader) { t.unmarshal(r, TPMIAlgRSAScheme|OrNull) }

func (t *TPMTRSAScheme) unmarshal(r *Reader, i AlgInterface) {
	t.Scheme = r.Alg(i)
	if t.hasHash() {
		t.HashAlg = r.Alg(TPMIAlgHash)
	}
}

// Marshal writes the scheme.
func (t *TPMTRSAScheme) Marshal(w *Writer) {
	t.Scheme.Marshal(w)
	if t.hasHash() {
		t.HashAlg.Marshal(w)
	}
}

func (t *TPMTRSAScheme) hasHash() bool {
	return t.Scheme == AlgRSASSA || t.Scheme == AlgRSAPSS || t.Scheme == AlgOAEP
}

// TPMTRSADecrypt is TPMT_RSA_DECRYPT (Part 2, 11.2.4.5): a TPMT_RSA_SCHEME of RSAES or OAEP only.
type TPMTRSADecrypt struct{ TPMTRSAScheme }

// Unmarshal reads the scheme; AlgNull is refused.
func (t *TPMTRSADecrypt) Unmarshal(r *Reader) { t.unmarshal(r, TPMIAlgRSADecrypt) }

// UnmarshalOrNull reads the scheme; AlgNull is permitted.
func (t *TPMTRSADecrypt) UnmarshalOrNull(r *Reader) { t.unmarshal(r, TPMIAlgRSADecrypt|OrNull) }

// TPMTECCScheme is TPMT_ECC_SCHEME with TPMU_ECC_SCHEME (Part 2, 11.2.5.6, 11.2.5.7): ECDAA has HashAlg and Count, EdDSA
// and HashEdDSA have nothing, all others have HashAlg.
type TPMTECCScheme struct {
	Scheme  Alg
	HashAlg Alg
	Count   uint16
}

// Unmarshal reads the scheme; AlgNull is refused.
func (t *TPMTECCScheme) Unmarshal(r *Reader) { t.unmarshal(r, TPMIAlgECCScheme) }

// UnmarshalOrNull reads the scheme; AlgNull is permitted.
func (t *TPMTECCScheme) UnmarshalOrNull(r *Reader) { t.unmarshal(r, TPMIAlgECCScheme|OrNull) }

func (t *TPMTECCScheme) unmarshal(r *Reader, i AlgInterface) {
	t.Scheme = r.Alg(i)
	switch t.Scheme {
	case AlgECDSA, AlgSM2, AlgECSchnorr, AlgECDH, AlgECMQV:
		t.HashAlg = r.Alg(TPMIAlgHash)
	case AlgECDAA:
		t.HashAlg = r.Alg(TPMIAlgHash)
		t.Count = r.Uint16()
	}
}

// Marshal writes the scheme.
func (t *TPMTECCScheme) Marshal(w *Writer) {
	t.Scheme.Marshal(w)
	switch t.Scheme {
	case AlgECDSA, AlgSM2, AlgECSchnorr, AlgECDH, AlgECMQV:
		t.HashAlg.Marshal(w)
	case AlgECDAA:
		t.HashAlg.Marshal(w)
		w.Uint16(t.Count)
	}
}
