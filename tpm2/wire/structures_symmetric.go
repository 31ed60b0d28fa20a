package wire

// Symmetric algorithms (Part 2, 11.1).

// TPMTSymDef is TPMT_SYM_DEF (Part 2, 11.1.6): a symmetric algorithm for parameter encryption. The unions
// TPMU_SYM_KEY_BITS, TPMU_SYM_MODE and TPMU_SYM_DETAILS (11.1.3 to 11.1.5) are folded in: a block cipher has KeyBits and
// Mode, AlgXOR has Hash, AlgNull has neither.
type TPMTSymDef struct {
	Algorithm Alg
	KeyBits   uint16
	Mode      Alg
	Hash      Alg
}

// Unmarshal reads the definition; AlgNull is refused.
func (t *TPMTSymDef) Unmarshal(r *Reader) { t.unmarshal(r, TPMIAlgSym) }

// UnmarshalOrNull reads the definition; AlgNull is permitted.
func (t *TPMTSymDef) UnmarshalOrNull(r *Reader) { t.unmarshal(r, TPMIAlgSym|OrNull) }

func (t *TPMTSymDef) unmarshal(r *Reader, i AlgInterface) {
	t.Algorithm = r.Alg(i)
	switch t.Algorithm {
	case AlgNull:
	case AlgXOR:
		t.Hash = r.Alg(TPMIAlgHash)
	default:
		t.KeyBits = r.symKeyBits(t.Algorithm)
		t.Mode = r.Alg(TPMIAlgSymMode | OrNull)
	}
}

// Marshal writes the definition.
func (t *TPMTSymDef) Marshal(w *Writer) {
	t.Algorithm.Marshal(w)
	switch t.Algorithm {
	case AlgNull:
	case AlgXOR:
		t.Hash.Marshal(w)
	default:
		w.Uint16(t.KeyBits)
		t.Mode.Marshal(w)
	}
}

// TPMTSymDefObject is TPMT_SYM_DEF_OBJECT (Part 2, 11.1.7): a block cipher of an object.
type TPMTSymDefObject struct {
	Algorithm Alg
	KeyBits   uint16
	Mode      Alg
}

// Unmarshal reads the definition; AlgNull is refused.
func (t *TPMTSymDefObject) Unmarshal(r *Reader) { t.unmarshal(r, TPMIAlgSymObject) }

// UnmarshalOrNull reads the definition; AlgNull is permitted.
func (t *TPMTSymDefObject) UnmarshalOrNull(r *Reader) { t.unmarshal(r, TPMIAlgSymObject|OrNull) }

func (t *TPMTSymDefObject) unmarshal(r *Reader, i AlgInterface) {
	t.Algorithm = r.Alg(i)
	if t.Algorithm != AlgNull {
		t.KeyBits = r.symKeyBits(t.Algorithm)
		t.Mode = r.Alg(TPMIAlgSymMode | OrNull)
	}
}

// Marshal writes the definition.
func (t *TPMTSymDefObject) Marshal(w *Writer) {
	t.Algorithm.Marshal(w)
	if t.Algorithm != AlgNull {
		w.Uint16(t.KeyBits)
		t.Mode.Marshal(w)
	}
}

// symKeyBits reads the key size of a block cipher: TPMI_AES_KEY_BITS and its like (Part 2, Table 158).
func (r *Reader) symKeyBits(a Alg) uint16 {
	switch a {
	case AlgTDES:
		return r.keyBits(r.limits.TDESKeyBits)
	case AlgAES:
		return r.keyBits(r.limits.AESKeyBits)
	case AlgSM4:
		return r.keyBits(r.limits.SM4KeyBits)
	case AlgCamellia:
		return r.keyBits(r.limits.CamelliaKeyBits)
	}
	r.Fail(RCSelector)
	return 0
}

// TPM2BSymKey is TPM2B_SYM_KEY (Part 2, 11.1.8).
type TPM2BSymKey []byte

// Unmarshal reads the buffer.
func (t *TPM2BSymKey) Unmarshal(r *Reader) { *t = r.TPM2B(r.limits.MaxSymKeyBytes) }

// Marshal writes the buffer.
func (t TPM2BSymKey) Marshal(w *Writer) { w.TPM2B(t) }

// TPMSSymCipherParms is TPMS_SYMCIPHER_PARMS (Part 2, 11.1.9).
type TPMSSymCipherParms struct {
	Sym TPMTSymDefObject
}

// Unmarshal reads the parameters.
func (t *TPMSSymCipherParms) Unmarshal(r *Reader) { t.Sym.Unmarshal(r) }

// Marshal writes the parameters.
func (t *TPMSSymCipherParms) Marshal(w *Writer) { t.Sym.Marshal(w) }

// TPM2BLabel is TPM2B_LABEL (Part 2, 11.1.10).
type TPM2BLabel []byte

// Unmarshal reads the buffer.
func (t *TPM2BLabel) Unmarshal(r *Reader) { *t = r.TPM2B(r.limits.MaxLabel) }

// Marshal writes the buffer.
func (t TPM2BLabel) Marshal(w *Writer) { w.TPM2B(t) }

// TPMSDerive is TPMS_DERIVE, label and context of a derived object (Part 2, 11.1.11).
type TPMSDerive struct {
	Label   TPM2BLabel
	Context TPM2BLabel
}

// Unmarshal reads label and context.
func (t *TPMSDerive) Unmarshal(r *Reader) {
	t.Label.Unmarshal(r)
	t.Context.Unmarshal(r)
}

// Marshal writes label and context.
func (t *TPMSDerive) Marshal(w *Writer) {
	t.Label.Marshal(w)
	t.Context.Marshal(w)
}

// TPM2BDerive is TPM2B_DERIVE (Part 2, 11.1.12): the octets of a TPMS_DERIVE.
type TPM2BDerive []byte

// Unmarshal reads the buffer.
func (t *TPM2BDerive) Unmarshal(r *Reader) { *t = r.TPM2B(r.limits.maxDerive()) }

// Marshal writes the buffer.
func (t TPM2BDerive) Marshal(w *Writer) { w.TPM2B(t) }

// TPM2BSensitiveData is TPM2B_SENSITIVE_DATA (Part 2, 11.1.14): data or key, or the octets of a TPMS_DERIVE, as the
// context has it (TPMU_SENSITIVE_CREATE, 11.1.13).
type TPM2BSensitiveData []byte

// Unmarshal reads the buffer.
func (t *TPM2BSensitiveData) Unmarshal(r *Reader) { *t = r.TPM2B(r.limits.maxSensitiveData()) }

// Marshal writes the buffer.
func (t TPM2BSensitiveData) Marshal(w *Writer) { w.TPM2B(t) }

// TPMSSensitiveCreate is TPMS_SENSITIVE_CREATE (Part 2, 11.1.15).
type TPMSSensitiveCreate struct {
	UserAuth TPM2BAuth
	Data     TPM2BSensitiveData
}

// Unmarshal reads the structure.
func (t *TPMSSensitiveCreate) Unmarshal(r *Reader) {
	t.UserAuth.Unmarshal(r)
	t.Data.Unmarshal(r)
}

// Marshal writes the structure.
func (t *TPMSSensitiveCreate) Marshal(w *Writer) {
	t.UserAuth.Marshal(w)
	t.Data.Marshal(w)
}

// TPM2BSensitiveCreate is TPM2B_SENSITIVE_CREATE (Part 2, 11.1.16).
type TPM2BSensitiveCreate struct{ TPMSSensitiveCreate }

// Unmarshal reads the sized structure.
func (t *TPM2BSensitiveCreate) Unmarshal(r *Reader) { r.sized(t.TPMSSensitiveCreate.Unmarshal) }

// Marshal writes the sized structure.
func (t *TPM2BSensitiveCreate) Marshal(w *Writer) { w.Sized(t.TPMSSensitiveCreate.Marshal) }
