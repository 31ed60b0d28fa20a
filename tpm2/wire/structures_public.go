package wire

// Public areas (Part 2, 12.2).

// TPMUPublicID is TPMU_PUBLIC_ID, the unique field (Part 2, 12.2.3.2). Derive is never read from a TPMT_PUBLIC; see
// TPMTPublic.UnmarshalDerive.
type TPMUPublicID struct {
	KeyedHash TPM2BDigest
	Sym       TPM2BDigest
	RSA       TPM2BPublicKeyRSA
	ECC       TPMSECCPoint
	MLDSA     TPM2BPublicKeyMLDSA // ML-DSA and HashML-DSA
	MLKEM     TPM2BPublicKeyMLKEM
	Derive    TPMSDerive
}

func (t *TPMUPublicID) unmarshal(r *Reader, selector Alg) {
	switch selector {
	case AlgKeyedHash:
		t.KeyedHash.Unmarshal(r)
	case AlgSymCipher:
		t.Sym.Unmarshal(r)
	case AlgRSA:
		t.RSA.Unmarshal(r)
	case AlgECC:
		t.ECC.Unmarshal(r)
	case AlgMLDSA, AlgHashMLDSA:
		t.MLDSA.Unmarshal(r)
	case AlgMLKEM:
		t.MLKEM.Unmarshal(r)
	default:
		r.Fail(RCSelector)
	}
}

func (t *TPMUPublicID) marshal(w *Writer, selector Alg) {
	switch selector {
	case AlgKeyedHash:
		t.KeyedHash.Marshal(w)
	case AlgSymCipher:
		t.Sym.Marshal(w)
	case AlgRSA:
		t.RSA.Marshal(w)
	case AlgECC:
		t.ECC.Marshal(w)
	case AlgMLDSA, AlgHashMLDSA:
		t.MLDSA.Marshal(w)
	case AlgMLKEM:
		t.MLKEM.Marshal(w)
	}
}

// TPMSKeyedHashParms is TPMS_KEYEDHASH_PARMS (Part 2, 12.2.3.3).
type TPMSKeyedHashParms struct {
	Scheme TPMTKeyedHashScheme
}

// Unmarshal reads the parameters.
func (t *TPMSKeyedHashParms) Unmarshal(r *Reader) { t.Scheme.UnmarshalOrNull(r) }

// Marshal writes the parameters.
func (t *TPMSKeyedHashParms) Marshal(w *Writer) { t.Scheme.Marshal(w) }

// TPMSRSAParms is TPMS_RSA_PARMS (Part 2, 12.2.3.4).
type TPMSRSAParms struct {
	Symmetric TPMTSymDefObject
	Scheme    TPMTRSAScheme
	KeyBits   uint16
	Exponent  uint32 // 0 stands for 65537
}

// Unmarshal reads the parameters.
func (t *TPMSRSAParms) Unmarshal(r *Reader) {
	t.Symmetric.UnmarshalOrNull(r)
	t.Scheme.UnmarshalOrNull(r)
	t.KeyBits = r.keyBits(r.limits.RSAKeyBits)
	t.Exponent = r.Uint32()
}

// Marshal writes the parameters.
func (t *TPMSRSAParms) Marshal(w *Writer) {
	t.Symmetric.Marshal(w)
	t.Scheme.Marshal(w)
	w.Uint16(t.KeyBits)
	w.Uint32(t.Exponent)
}

// TPMSECCParms is TPMS_ECC_PARMS (Part 2, 12.2.3.5).
type TPMSECCParms struct {
	Symmetric TPMTSymDefObject
	Scheme    TPMTECCScheme
	CurveID   Curve
	KDF       TPMTKDFScheme
}

// Unmarshal reads the parameters.
func (t *TPMSECCParms) Unmarshal(r *Reader) {
	t.Symmetric.UnmarshalOrNull(r)
	t.Scheme.UnmarshalOrNull(r)
	t.CurveID = r.Curve(false)
	t.KDF.UnmarshalOrNull(r)
}

// Marshal writes the parameters.
func (t *TPMSECCParms) Marshal(w *Writer) {
	t.Symmetric.Marshal(w)
	t.Scheme.Marshal(w)
	t.CurveID.Marshal(w)
	t.KDF.Marshal(w)
}

// TPMSMLDSAParms is TPMS_MLDSA_PARMS (Part 2, 12.2.3.6).
type TPMSMLDSAParms struct {
	ParameterSet    MLDSAParms
	AllowExternalMu bool
}

// Unmarshal reads the parameters.
func (t *TPMSMLDSAParms) Unmarshal(r *Reader) {
	t.ParameterSet.Unmarshal(r)
	t.AllowExternalMu = r.YesNo()
}

// Marshal writes the parameters.
func (t *TPMSMLDSAParms) Marshal(w *Writer) {
	t.ParameterSet.Marshal(w)
	w.YesNo(t.AllowExternalMu)
}

// TPMSHashMLDSAParms is TPMS_HASH_MLDSA_PARMS (Part 2, 12.2.3.7).
type TPMSHashMLDSAParms struct {
	ParameterSet MLDSAParms
	HashAlg      Alg
}

// Unmarshal reads the parameters.
func (t *TPMSHashMLDSAParms) Unmarshal(r *Reader) {
	t.ParameterSet.Unmarshal(r)
	t.HashAlg = r.Alg(TPMIAlgHash)
}

// Marshal writes the parameters.
func (t *TPMSHashMLDSAParms) Marshal(w *Writer) {
	t.ParameterSet.Marshal(w)
	t.HashAlg.Marshal(w)
}

// TPMSMLKEMParms is TPMS_MLKEM_PARMS (Part 2, 12.2.3.8).
type TPMSMLKEMParms struct {
	Symmetric    TPMTSymDefObject
	ParameterSet MLKEMParms
}

// Unmarshal reads the parameters.
func (t *TPMSMLKEMParms) Unmarshal(r *Reader) {
	t.Symmetric.UnmarshalOrNull(r)
	t.ParameterSet.Unmarshal(r)
}

// Marshal writes the parameters.
func (t *TPMSMLKEMParms) Marshal(w *Writer) {
	t.Symmetric.Marshal(w)
	t.ParameterSet.Marshal(w)
}

// TPMUPublicParms is TPMU_PUBLIC_PARMS (Part 2, 12.2.3.9).
type TPMUPublicParms struct {
	KeyedHash TPMSKeyedHashParms
	Sym       TPMSSymCipherParms
	RSA       TPMSRSAParms
	ECC       TPMSECCParms
	MLDSA     TPMSMLDSAParms
	HashMLDSA TPMSHashMLDSAParms
	MLKEM     TPMSMLKEMParms
}

func (t *TPMUPublicParms) unmarshal(r *Reader, selector Alg) {
	switch selector {
	case AlgKeyedHash:
		t.KeyedHash.Unmarshal(r)
	case AlgSymCipher:
		t.Sym.Unmarshal(r)
	case AlgRSA:
		t.RSA.Unmarshal(r)
	case AlgECC:
		t.ECC.Unmarshal(r)
	case AlgMLDSA:
		t.MLDSA.Unmarshal(r)
	case AlgHashMLDSA:
		t.HashMLDSA.Unmarshal(r)
	case AlgMLKEM:
		t.MLKEM.Unmarshal(r)
	default:
		r.Fail(RCSelector)
	}
}

func (t *TPMUPublicParms) marshal(w *Writer, selector Alg) {
	switch selector {
	case AlgKeyedHash:
		t.KeyedHash.Marshal(w)
	case AlgSymCipher:
		t.Sym.Marshal(w)
	case AlgRSA:
		t.RSA.Marshal(w)
	case AlgECC:
		t.ECC.Marshal(w)
	case AlgMLDSA:
		t.MLDSA.Marshal(w)
	case AlgHashMLDSA:
		t.HashMLDSA.Marshal(w)
	case AlgMLKEM:
		t.MLKEM.Marshal(w)
	}
}

// TPMTPublicParms is TPMT_PUBLIC_PARMS (Part 2, 12.2.3.10).
type TPMTPublicParms struct {
	Type       Alg
	Parameters TPMUPublicParms
}

// Unmarshal reads the parameters.
func (t *TPMTPublicParms) Unmarshal(r *Reader) {
	t.Type = r.Alg(TPMIAlgPublic)
	t.Parameters.unmarshal(r, t.Type)
}

// Marshal writes the parameters.
func (t *TPMTPublicParms) Marshal(w *Writer) {
	t.Type.Marshal(w)
	t.Parameters.marshal(w, t.Type)
}

// TPMTPublic is TPMT_PUBLIC, a public area (Part 2, 12.2.4).
type TPMTPublic struct {
	Type       Alg
	NameAlg    Alg
	Attributes TPMAObject
	AuthPolicy TPM2BDigest
	Parameters TPMUPublicParms
	Unique     TPMUPublicID
}

// Unmarshal reads the public area; a NameAlg of AlgNull is refused.
func (t *TPMTPublic) Unmarshal(r *Reader) {
	t.unmarshalHead(r, TPMIAlgHash)
	t.Unique.unmarshal(r, t.Type)
}

// UnmarshalOrNull reads the public area; a NameAlg of AlgNull is permitted.
func (t *TPMTPublic) UnmarshalOrNull(r *Reader) {
	t.unmarshalHead(r, TPMIAlgHash|OrNull)
	t.Unique.unmarshal(r, t.Type)
}

// UnmarshalDerive reads a template for a derived object, whose unique field is a TPMS_DERIVE (Part 2, 12.2.6).
func (t *TPMTPublic) UnmarshalDerive(r *Reader) {
	t.unmarshalHead(r, TPMIAlgHash)
	t.Unique.Derive.Unmarshal(r)
}

func (t *TPMTPublic) unmarshalHead(r *Reader, nameAlg AlgInterface) {
	t.Type = r.Alg(TPMIAlgPublic)
	t.NameAlg = r.Alg(nameAlg)
	t.Attributes.Unmarshal(r)
	t.AuthPolicy.Unmarshal(r)
	t.Parameters.unmarshal(r, t.Type)
}

// Marshal writes the public area.
func (t *TPMTPublic) Marshal(w *Writer) {
	t.marshalHead(w)
	t.Unique.marshal(w, t.Type)
}

// MarshalDerive writes a template for a derived object.
func (t *TPMTPublic) MarshalDerive(w *Writer) {
	t.marshalHead(w)
	t.Unique.Derive.Marshal(w)
}

func (t *TPMTPublic) marshalHead(w *Writer) {
	t.Type.Marshal(w)
	t.NameAlg.Marshal(w)
	t.Attributes.Marshal(w)
	t.AuthPolicy.Marshal(w)
	t.Parameters.marshal(w, t.Type)
}

// Symmetric returns the block cipher in the parameters of an asymmetric object or a SYMCIPHER, nil for others.
func (t *TPMTPublic) Symmetric() *TPMTSymDefObject {
	switch t.Type {
	case AlgRSA:
		return &t.Parameters.RSA.Symmetric
	case AlgECC:
		return &t.Parameters.ECC.Symmetric
	case AlgMLKEM:
		return &t.Parameters.MLKEM.Symmetric
	case AlgSymCipher:
		return &t.Parameters.Sym.Sym
	}
	return nil
}

// TPM2BPublic is TPM2B_PUBLIC (Part 2, 12.2.5).
type TPM2BPublic struct{ TPMTPublic }

// Unmarshal reads the sized public area; a NameAlg of AlgNull is refused.
func (t *TPM2BPublic) Unmarshal(r *Reader) { r.sized(t.TPMTPublic.Unmarshal) }

// UnmarshalOrNull reads the sized public area; a NameAlg of AlgNull is permitted.
func (t *TPM2BPublic) UnmarshalOrNull(r *Reader) { r.sized(t.TPMTPublic.UnmarshalOrNull) }

// Marshal writes the sized public area.
func (t *TPM2BPublic) Marshal(w *Writer) { w.Sized(t.TPMTPublic.Marshal) }

// TPM2BTemplate is TPM2B_TEMPLATE (Part 2, 12.2.6): the octets of a TPMT_PUBLIC, to be read once the parent is known.
type TPM2BTemplate []byte

// Unmarshal reads the buffer.
func (t *TPM2BTemplate) Unmarshal(r *Reader) { *t = r.TPM2B(r.limits.maxTemplate()) }

// Marshal writes the buffer.
func (t TPM2BTemplate) Marshal(w *Writer) { w.TPM2B(t) }
