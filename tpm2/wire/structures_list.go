package wire

// Lists (Part 2, 10.8). A count above the maximum gives RCSize. The maximum of a list of capabilities is the number of
// elements that fit in MAX_CAP_DATA (10.9); the element sizes are those of C structures, as libtpms does.

// TPMLCC is TPML_CC (Part 2, 10.8.1).
type TPMLCC []CC

// Unmarshal reads the list.
func (t *TPMLCC) Unmarshal(r *Reader) { *t = readList[CC](r, r.limits.maxCapData()/4) }

// Marshal writes the list.
func (t TPMLCC) Marshal(w *Writer) { writeList(w, t) }

// TPMLCCA is TPML_CCA (Part 2, 10.8.2).
type TPMLCCA []TPMACC

// Unmarshal reads the list.
func (t *TPMLCCA) Unmarshal(r *Reader) { *t = readList[TPMACC](r, r.limits.maxCapData()/4) }

// Marshal writes the list.
func (t TPMLCCA) Marshal(w *Writer) { writeList(w, t) }

// TPMLAlg is TPML_ALG (Part 2, 10.8.3).
type TPMLAlg []Alg

// Unmarshal reads the list.
func (t *TPMLAlg) Unmarshal(r *Reader) { *t = readList[Alg](r, r.limits.MaxAlgList) }

// Marshal writes the list.
func (t TPMLAlg) Marshal(w *Writer) { writeList(w, t) }

// TPMLHandle is TPML_HANDLE (Part 2, 10.8.4).
type TPMLHandle []Handle

// Unmarshal reads the list.
func (t *TPMLHandle) Unmarshal(r *Reader) { *t = readList[Handle](r, r.limits.maxCapData()/4) }

// Marshal writes the list.
func (t TPMLHandle) Marshal(w *Writer) { writeList(w, t) }

// TPMLDigest is TPML_DIGEST (Part 2, 10.8.5).
type TPMLDigest []TPM2BDigest

// maxDigestList is the most digests in a TPML_DIGEST.
const maxDigestList = 8

// Unmarshal reads a list of up to eight digests.
func (t *TPMLDigest) Unmarshal(r *Reader) { *t = readList[TPM2BDigest](r, maxDigestList) }

// UnmarshalTwoOrMore reads a list of two to eight digests, for TPM2_PolicyOR; fewer give RCSize.
func (t *TPMLDigest) UnmarshalTwoOrMore(r *Reader) {
	if p := r.Remaining(); len(p) >= 4 && p[0]|p[1]|p[2] == 0 && p[3] < 2 {
		r.Fail(RCSize)
	}
	t.Unmarshal(r)
}

// Marshal writes the list.
func (t TPMLDigest) Marshal(w *Writer) { writeList(w, t) }

// TPMLDigestValues is TPML_DIGEST_VALUES (Part 2, 10.8.6).
type TPMLDigestValues []TPMTHA

// Unmarshal reads the list.
func (t *TPMLDigestValues) Unmarshal(r *Reader) { *t = readList[TPMTHA](r, r.limits.hashCount()) }

// Marshal writes the list.
func (t TPMLDigestValues) Marshal(w *Writer) { writeList(w, t) }

// TPMLPCRSelection is TPML_PCR_SELECTION (Part 2, 10.8.7).
type TPMLPCRSelection []TPMSPCRSelection

// Unmarshal reads the list.
func (t *TPMLPCRSelection) Unmarshal(r *Reader) {
	*t = readList[TPMSPCRSelection](r, r.limits.hashCount())
}

// Marshal writes the list.
func (t TPMLPCRSelection) Marshal(w *Writer) { writeList(w, t) }

// TPMLAlgProperty is TPML_ALG_PROPERTY (Part 2, 10.8.8).
type TPMLAlgProperty []TPMSAlgProperty

// Unmarshal reads the list.
func (t *TPMLAlgProperty) Unmarshal(r *Reader) {
	*t = readList[TPMSAlgProperty](r, r.limits.maxCapData()/8)
}

// Marshal writes the list.
func (t TPMLAlgProperty) Marshal(w *Writer) { writeList(w, t) }

// TPMLTaggedTPMProperty is TPML_TAGGED_TPM_PROPERTY (Part 2, 10.8.9).
type TPMLTaggedTPMProperty []TPMSTaggedProperty

// Unmarshal reads the list.
func (t *TPMLTaggedTPMProperty) Unmarshal(r *Reader) {
	*t = readList[TPMSTaggedProperty](r, r.limits.maxCapData()/8)
}

// Marshal writes the list.
func (t TPMLTaggedTPMProperty) Marshal(w *Writer) { writeList(w, t) }

// TPMLTaggedPCRProperty is TPML_TAGGED_PCR_PROPERTY (Part 2, 10.8.10).
type TPMLTaggedPCRProperty []TPMSTaggedPCRSelect

// Unmarshal reads the list.
func (t *TPMLTaggedPCRProperty) Unmarshal(r *Reader) {
	*t = readList[TPMSTaggedPCRSelect](r, r.limits.maxCapData()/roundUp4(5+r.limits.pcrSelectMax()))
}

// Marshal writes the list.
func (t TPMLTaggedPCRProperty) Marshal(w *Writer) { writeList(w, t) }

// TPMLECCCurve is TPML_ECC_CURVE (Part 2, 10.8.11).
type TPMLECCCurve []Curve

// Unmarshal reads the list.
func (t *TPMLECCCurve) Unmarshal(r *Reader) { *t = readList[Curve](r, r.limits.maxCapData()/2) }

// Marshal writes the list.
func (t TPMLECCCurve) Marshal(w *Writer) { writeList(w, t) }

// TPMLTaggedPolicy is TPML_TAGGED_POLICY (Part 2, 10.8.12).
type TPMLTaggedPolicy []TPMSTaggedPolicy

// Unmarshal reads the list.
func (t *TPMLTaggedPolicy) Unmarshal(r *Reader) {
	*t = readList[TPMSTaggedPolicy](r, r.limits.maxCapData()/roundUp4(4+r.limits.maxHA()))
}

// Marshal writes the list.
func (t TPMLTaggedPolicy) Marshal(w *Writer) { writeList(w, t) }

// TPMLACTData is TPML_ACT_DATA (Part 2, 10.8.13).
type TPMLACTData []TPMSACTData

// Unmarshal reads the list.
func (t *TPMLACTData) Unmarshal(r *Reader) { *t = readList[TPMSACTData](r, r.limits.maxCapData()/12) }

// Marshal writes the list.
func (t TPMLACTData) Marshal(w *Writer) { writeList(w, t) }

// TPMLPubKey is TPML_PUB_KEY (Part 2, 10.8.14).
type TPMLPubKey []TPM2BPublic

// Unmarshal reads the list. At least one key is permitted, however large the TPM's keys may be.
func (t *TPMLPubKey) Unmarshal(r *Reader) {
	*t = readList[TPM2BPublic](r, max(1, r.limits.maxCapData()/(2+r.limits.maxTemplate())))
}

// Marshal writes the list.
func (t TPMLPubKey) Marshal(w *Writer) { writeList(w, t) }

// TPMLSPDMSessionInfo is TPML_SPDM_SESSION_INFO (Part 2, 10.8.15).
type TPMLSPDMSessionInfo []TPMSSPDMSessionInfo

// Unmarshal reads the list.
func (t *TPMLSPDMSessionInfo) Unmarshal(r *Reader) {
	*t = readList[TPMSSPDMSessionInfo](r, r.limits.maxCapData()/(2*(2+r.limits.maxName())))
}

// Marshal writes the list.
func (t TPMLSPDMSessionInfo) Marshal(w *Writer) { writeList(w, t) }

// TPMLVendorProperty is TPML_VENDOR_PROPERTY (Part 2, 10.8.16).
type TPMLVendorProperty []TPM2BVendorProperty

// Unmarshal reads the list.
func (t *TPMLVendorProperty) Unmarshal(r *Reader) {
	*t = readList[TPM2BVendorProperty](r, r.limits.maxCapData()/(2+512))
}

// Marshal writes the list.
func (t TPMLVendorProperty) Marshal(w *Writer) { writeList(w, t) }

// TPMLACCapabilities is TPML_AC_CAPABILITIES (Part 2, 16.4).
type TPMLACCapabilities []TPMSACOutput

// Unmarshal reads the list.
func (t *TPMLACCapabilities) Unmarshal(r *Reader) {
	*t = readList[TPMSACOutput](r, r.limits.maxCapData()/8)
}

// Marshal writes the list.
func (t TPMLACCapabilities) Marshal(w *Writer) { writeList(w, t) }
