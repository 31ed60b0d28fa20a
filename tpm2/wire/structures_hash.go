package wire

// Digests with their algorithm, and selections of PCR (Part 2, 10.2 and 10.5).

// TPMTHA is TPMT_HA, a digest with its algorithm (Part 2, 10.2.2). The length of Digest is that of the algorithm.
type TPMTHA struct {
	HashAlg Alg
	Digest  []byte
}

// Unmarshal reads the digest; AlgNull is refused.
func (t *TPMTHA) Unmarshal(r *Reader) { t.unmarshal(r, TPMIAlgHash) }

// UnmarshalOrNull reads the digest; AlgNull, without a digest, is permitted.
func (t *TPMTHA) UnmarshalOrNull(r *Reader) { t.unmarshal(r, TPMIAlgHash|OrNull) }

func (t *TPMTHA) unmarshal(r *Reader, i AlgInterface) {
	t.HashAlg = r.Alg(i)
	t.Digest = r.Copy(t.HashAlg.DigestSize())
}

// Marshal writes the digest.
func (t *TPMTHA) Marshal(w *Writer) {
	t.HashAlg.Marshal(w)
	w.Raw(t.Digest)
}

// TPMSPCRSelect is TPMS_PCR_SELECT, a bit map of PCR (Part 2, 10.5.1).
type TPMSPCRSelect []byte

// Unmarshal reads the bit map; a length the TPM does not take gives RCValue.
func (t *TPMSPCRSelect) Unmarshal(r *Reader) {
	n := int(r.Uint8())
	if n < r.limits.PCRSelectMin || n > r.limits.pcrSelectMax() {
		r.Fail(RCValue)
	}
	*t = r.Copy(n)
}

// Marshal writes the bit map.
func (t TPMSPCRSelect) Marshal(w *Writer) {
	w.Uint8(uint8(len(t)))
	w.Raw(t)
}

// Has reports whether the PCR is selected.
func (t TPMSPCRSelect) Has(pcr int) bool {
	return pcr >= 0 && pcr/8 < len(t) && t[pcr/8]>>(pcr%8)&1 != 0
}

// Set selects the PCR; one beyond the length of the bit map is left out.
func (t TPMSPCRSelect) Set(pcr int) {
	if pcr >= 0 && pcr/8 < len(t) {
		t[pcr/8] |= 1 << (pcr % 8)
	}
}

// Clear deselects the PCR.
func (t TPMSPCRSelect) Clear(pcr int) {
	if pcr >= 0 && pcr/8 < len(t) {
		t[pcr/8] &^= 1 << (pcr % 8)
	}
}

// IsEmpty reports whether no PCR is selected.
func (t TPMSPCRSelect) IsEmpty() bool {
	for _, b := range t {
		if b != 0 {
			return false
		}
	}
	return true
}

// TPMSPCRSelection is TPMS_PCR_SELECTION, PCR of one bank (Part 2, 10.5.2).
type TPMSPCRSelection struct {
	Hash   Alg
	Select TPMSPCRSelect
}

// Unmarshal reads the selection.
func (t *TPMSPCRSelection) Unmarshal(r *Reader) {
	t.Hash = r.Alg(TPMIAlgHash)
	t.Select.Unmarshal(r)
}

// Marshal writes the selection.
func (t *TPMSPCRSelection) Marshal(w *Writer) {
	t.Hash.Marshal(w)
	t.Select.Marshal(w)
}
