package wire

// Saved contexts and creation data (Part 2, clauses 14 and 15).

// TPM2BContextSensitive is TPM2B_CONTEXT_SENSITIVE (Part 2, 14.2).
type TPM2BContextSensitive []byte

// Unmarshal reads the buffer.
func (t *TPM2BContextSensitive) Unmarshal(r *Reader) { *t = r.TPM2B(r.limits.MaxContextSize) }

// Marshal writes the buffer.
func (t TPM2BContextSensitive) Marshal(w *Writer) { w.TPM2B(t) }

// TPMSContextData is TPMS_CONTEXT_DATA (Part 2, 14.3).
type TPMSContextData struct {
	Integrity TPM2BDigest
	Encrypted TPM2BContextSensitive
}

// Unmarshal reads the structure.
func (t *TPMSContextData) Unmarshal(r *Reader) {
	t.Integrity.Unmarshal(r)
	t.Encrypted.Unmarshal(r)
}

// Marshal writes the structure.
func (t *TPMSContextData) Marshal(w *Writer) {
	t.Integrity.Marshal(w)
	t.Encrypted.Marshal(w)
}

// TPM2BContextData is TPM2B_CONTEXT_DATA (Part 2, 14.4): the octets of a TPMS_CONTEXT_DATA.
type TPM2BContextData []byte

// Unmarshal reads the buffer.
func (t *TPM2BContextData) Unmarshal(r *Reader) {
	*t = r.TPM2B(2 + r.limits.MaxDigest + 2 + r.limits.MaxContextSize)
}

// Marshal writes the buffer.
func (t TPM2BContextData) Marshal(w *Writer) { w.TPM2B(t) }

// TPMSContext is TPMS_CONTEXT (Part 2, 14.5).
type TPMSContext struct {
	Sequence    uint64
	SavedHandle Handle
	Hierarchy   Handle
	ContextBlob TPM2BContextData
}

// Unmarshal reads the context.
func (t *TPMSContext) Unmarshal(r *Reader) {
	t.Sequence = r.Uint64()
	t.SavedHandle = r.Handle(TPMIDHSaved)
	t.Hierarchy = r.Handle(TPMIRHHierarchy | OrNull)
	t.ContextBlob.Unmarshal(r)
}

// Marshal writes the context.
func (t *TPMSContext) Marshal(w *Writer) {
	w.Uint64(t.Sequence)
	t.SavedHandle.Marshal(w)
	t.Hierarchy.Marshal(w)
	t.ContextBlob.Marshal(w)
}

// TPMSCreationData is TPMS_CREATION_DATA (Part 2, 15.1).
type TPMSCreationData struct {
	PCRSelect           TPMLPCRSelection
	PCRDigest           TPM2BDigest
	Locality            TPMALocality
	ParentNameAlg       Alg
	ParentName          TPM2BName
	ParentQualifiedName TPM2BName
	OutsideInfo         TPM2BData
}

// Unmarshal reads the creation data.
func (t *TPMSCreationData) Unmarshal(r *Reader) {
	t.PCRSelect.Unmarshal(r)
	t.PCRDigest.Unmarshal(r)
	t.Locality.Unmarshal(r)
	t.ParentNameAlg.Unmarshal(r)
	t.ParentName.Unmarshal(r)
	t.ParentQualifiedName.Unmarshal(r)
	t.OutsideInfo.Unmarshal(r)
}

// Marshal writes the creation data.
func (t *TPMSCreationData) Marshal(w *Writer) {
	t.PCRSelect.Marshal(w)
	t.PCRDigest.Marshal(w)
	t.Locality.Marshal(w)
	t.ParentNameAlg.Marshal(w)
	t.ParentName.Marshal(w)
	t.ParentQualifiedName.Marshal(w)
	t.OutsideInfo.Marshal(w)
}

// TPM2BCreationData is TPM2B_CREATION_DATA (Part 2, 15.2).
type TPM2BCreationData struct{ TPMSCreationData }

// Unmarshal reads the sized creation data.
func (t *TPM2BCreationData) Unmarshal(r *Reader) { r.sized(t.TPMSCreationData.Unmarshal) }

// Marshal writes the sized creation data.
func (t *TPM2BCreationData) Marshal(w *Writer) { w.Sized(t.TPMSCreationData.Marshal) }
