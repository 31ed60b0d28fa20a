package wire

// NV storage (Part 2, clause 13).

// TPMSNVPinCounterParameters is TPMS_NV_PIN_COUNTER_PARAMETERS (Part 2, 13.3).
type TPMSNVPinCounterParameters struct {
	PinCount uint32
	PinLimit uint32
}

// Unmarshal reads the parameters.
func (t *TPMSNVPinCounterParameters) Unmarshal(r *Reader) {
	t.PinCount = r.Uint32()
	t.PinLimit = r.Uint32()
}

// Marshal writes the parameters.
func (t *TPMSNVPinCounterParameters) Marshal(w *Writer) {
	w.Uint32(t.PinCount)
	w.Uint32(t.PinLimit)
}

// TPMSNVPublic is TPMS_NV_PUBLIC, the public area of an NV index (Part 2, 13.6).
type TPMSNVPublic struct {
	NVIndex    Handle
	NameAlg    Alg
	Attributes TPMANV
	AuthPolicy TPM2BDigest
	DataSize   uint16
}

// Unmarshal reads the public area.
func (t *TPMSNVPublic) Unmarshal(r *Reader) {
	t.NVIndex = r.Handle(TPMIRHNVLegacyIndex)
	t.unmarshalRest(r)
}

func (t *TPMSNVPublic) unmarshalRest(r *Reader) {
	t.NameAlg = r.Alg(TPMIAlgHash)
	t.Attributes.Unmarshal(r)
	t.AuthPolicy.Unmarshal(r)
	t.DataSize = r.nvDataSize()
}

// nvDataSize reads a size of NV data; one above MAX_NV_INDEX_SIZE gives RCSize.
func (r *Reader) nvDataSize() uint16 {
	n := r.Uint16()
	if int(n) > r.limits.MaxNVIndexSize {
		r.Fail(RCSize)
	}
	return n
}

// Marshal writes the public area.
func (t *TPMSNVPublic) Marshal(w *Writer) {
	t.NVIndex.Marshal(w)
	t.NameAlg.Marshal(w)
	t.Attributes.Marshal(w)
	t.AuthPolicy.Marshal(w)
	w.Uint16(t.DataSize)
}

// TPM2BNVPublic is TPM2B_NV_PUBLIC (Part 2, 13.7).
type TPM2BNVPublic struct{ TPMSNVPublic }

// Unmarshal reads the sized public area.
func (t *TPM2BNVPublic) Unmarshal(r *Reader) { r.sized(t.TPMSNVPublic.Unmarshal) }

// Marshal writes the sized public area.
func (t *TPM2BNVPublic) Marshal(w *Writer) { w.Sized(t.TPMSNVPublic.Marshal) }

// TPMSNVPublicExpAttr is TPMS_NV_PUBLIC_EXP_ATTR, the public area of an external NV index (Part 2, 13.8).
type TPMSNVPublicExpAttr struct {
	NVIndex    Handle
	NameAlg    Alg
	Attributes TPMANVExp
	AuthPolicy TPM2BDigest
	DataSize   uint16
}

// Unmarshal reads the public area.
func (t *TPMSNVPublicExpAttr) Unmarshal(r *Reader) {
	t.NVIndex = r.Handle(TPMIRHNVExpIndex)
	t.NameAlg = r.Alg(TPMIAlgHash)
	t.Attributes.Unmarshal(r)
	t.AuthPolicy.Unmarshal(r)
	t.DataSize = r.nvDataSize()
}

// Marshal writes the public area.
func (t *TPMSNVPublicExpAttr) Marshal(w *Writer) {
	t.NVIndex.Marshal(w)
	t.NameAlg.Marshal(w)
	t.Attributes.Marshal(w)
	t.AuthPolicy.Marshal(w)
	w.Uint16(t.DataSize)
}

// TPMTNVPublic2 is TPMT_NV_PUBLIC_2 with TPMU_NV_PUBLIC_2 (Part 2, 13.9, 13.10).
type TPMTNVPublic2 struct {
	HandleType HT
	NV         TPMSNVPublic        // HTNVIndex and HTPermanentNV
	External   TPMSNVPublicExpAttr // HTExternalNV
}

// Unmarshal reads the public area. For a permanent index the handle has to be in the permanent range; Table 254 names
// TPMS_NV_PUBLIC, whose own handle type would leave no value at all.
func (t *TPMTNVPublic2) Unmarshal(r *Reader) {
	t.HandleType.Unmarshal(r)
	switch t.HandleType {
	case HTNVIndex:
		t.NV.Unmarshal(r)
	case HTExternalNV:
		t.External.Unmarshal(r)
	case HTPermanentNV:
		t.NV.NVIndex = r.Handle(TPMIRHNVIndex)
		if t.NV.NVIndex.Type() != HTPermanentNV {
			r.Fail(RCValue)
		}
		t.NV.unmarshalRest(r)
	default:
		r.Fail(RCSelector)
	}
}

// Marshal writes the public area.
func (t *TPMTNVPublic2) Marshal(w *Writer) {
	t.HandleType.Marshal(w)
	switch t.HandleType {
	case HTNVIndex, HTPermanentNV:
		t.NV.Marshal(w)
	case HTExternalNV:
		t.External.Marshal(w)
	}
}

// TPM2BNVPublic2 is TPM2B_NV_PUBLIC_2 (Part 2, 13.11).
type TPM2BNVPublic2 struct{ TPMTNVPublic2 }

// Unmarshal reads the sized public area.
func (t *TPM2BNVPublic2) Unmarshal(r *Reader) { r.sized(t.TPMTNVPublic2.Unmarshal) }

// Marshal writes the sized public area.
func (t *TPM2BNVPublic2) Marshal(w *Writer) { w.Sized(t.TPMTNVPublic2.Marshal) }
