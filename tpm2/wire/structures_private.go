package wire

// Private areas and credentials (Part 2, 12.3 and 12.4).

// TPMUSensitiveComposite is TPMU_SENSITIVE_COMPOSITE (Part 2, 12.3.2.3).
type TPMUSensitiveComposite struct {
	RSA   TPM2BPrivateKeyRSA
	ECC   TPM2BECCParameter
	Bits  TPM2BSensitiveData // KEYEDHASH
	Sym   TPM2BSymKey
	MLDSA TPM2BPrivateKeyMLDSA // ML-DSA and HashML-DSA
	MLKEM TPM2BPrivateKeyMLKEM
}

func (t *TPMUSensitiveComposite) unmarshal(r *Reader, selector Alg) {
	switch selector {
	case AlgRSA:
		t.RSA.Unmarshal(r)
	case AlgECC:
		t.ECC.Unmarshal(r)
	case AlgKeyedHash:
		t.Bits.Unmarshal(r)
	case AlgSymCipher:
		t.Sym.Unmarshal(r)
	case AlgMLDSA, AlgHashMLDSA:
		t.MLDSA.Unmarshal(r)
	case AlgMLKEM:
		t.MLKEM.Unmarshal(r)
	default:
		r.Fail(RCSelector)
	}
}

// selected returns the arm of the selector; every arm is a sized buffer.
func (t *TPMUSensitiveComposite) selected(selector Alg) []byte {
	switch selector {
	case AlgRSA:
		return t.RSA
	case AlgECC:
		return t.ECC
	case AlgKeyedHash:
		return t.Bits
	case AlgSymCipher:
		return t.Sym
	case AlgMLDSA, AlgHashMLDSA:
		return t.MLDSA
	case AlgMLKEM:
		return t.MLKEM
	}
	return nil
}

// TPMTSensitive is TPMT_SENSITIVE (Part 2, 12.3.2.4).
type TPMTSensitive struct {
	SensitiveType Alg
	AuthValue     TPM2BAuth
	SeedValue     TPM2BDigest
	Sensitive     TPMUSensitiveComposite
}

// Unmarshal reads the sensitive area.
func (t *TPMTSensitive) Unmarshal(r *Reader) {
	t.SensitiveType = r.Alg(TPMIAlgPublic)
	t.AuthValue.Unmarshal(r)
	t.SeedValue.Unmarshal(r)
	t.Sensitive.unmarshal(r, t.SensitiveType)
}

// Marshal writes the sensitive area.
func (t *TPMTSensitive) Marshal(w *Writer) {
	t.SensitiveType.Marshal(w)
	t.AuthValue.Marshal(w)
	t.SeedValue.Marshal(w)
	w.TPM2B(t.Any())
}

// Any returns the sensitive data of the object's type, the member "any" of the union.
func (t *TPMTSensitive) Any() []byte { return t.Sensitive.selected(t.SensitiveType) }

// Wipe overwrites every secret with zeros.
func (t *TPMTSensitive) Wipe() {
	clear(t.AuthValue)
	clear(t.SeedValue)
	clear(t.Sensitive.RSA)
	clear(t.Sensitive.ECC)
	clear(t.Sensitive.Bits)
	clear(t.Sensitive.Sym)
	clear(t.Sensitive.MLDSA)
	clear(t.Sensitive.MLKEM)
}

// TPM2BSensitive is TPM2B_SENSITIVE (Part 2, 12.3.3). It may be empty: SensitiveType is then zero.
type TPM2BSensitive struct{ TPMTSensitive }

// IsEmpty reports whether there is no sensitive area.
func (t *TPM2BSensitive) IsEmpty() bool { return t.SensitiveType == AlgError }

// Unmarshal reads the sized sensitive area; a size of zero is permitted, as libtpms does for TPM2_LoadExternal.
func (t *TPM2BSensitive) Unmarshal(r *Reader) {
	if p := r.Remaining(); len(p) >= 2 && p[0] == 0 && p[1] == 0 {
		r.Uint16()
		return
	}
	r.sized(t.TPMTSensitive.Unmarshal)
}

// Marshal writes the sized sensitive area.
func (t *TPM2BSensitive) Marshal(w *Writer) {
	if t.IsEmpty() {
		w.Uint16(0)
		return
	}
	w.Sized(t.TPMTSensitive.Marshal)
}

// TPM2BPrivate is TPM2B_PRIVATE, an encrypted private area (Part 2, 12.3.7).
type TPM2BPrivate []byte

// Unmarshal reads the buffer.
func (t *TPM2BPrivate) Unmarshal(r *Reader) { *t = r.TPM2B(r.limits.maxPrivate()) }

// Marshal writes the buffer.
func (t TPM2BPrivate) Marshal(w *Writer) { w.TPM2B(t) }

// TPMSIDObject is TPMS_ID_OBJECT, what a TPM2B_ID_OBJECT holds (Part 2, 12.4.2).
type TPMSIDObject struct {
	IntegrityHMAC TPM2BDigest
	EncIdentity   TPM2BDigest
}

// Unmarshal reads the structure.
func (t *TPMSIDObject) Unmarshal(r *Reader) {
	t.IntegrityHMAC.Unmarshal(r)
	t.EncIdentity.Unmarshal(r)
}

// Marshal writes the structure.
func (t *TPMSIDObject) Marshal(w *Writer) {
	t.IntegrityHMAC.Marshal(w)
	t.EncIdentity.Marshal(w)
}

// TPM2BIDObject is TPM2B_ID_OBJECT, an encrypted credential (Part 2, 12.4.3).
type TPM2BIDObject []byte

// Unmarshal reads the buffer.
func (t *TPM2BIDObject) Unmarshal(r *Reader) { *t = r.TPM2B(2 * (2 + r.limits.MaxDigest)) }

// Marshal writes the buffer.
func (t TPM2BIDObject) Marshal(w *Writer) { w.TPM2B(t) }
