package wire

// Clocks and attestations (Part 2, 10.10 and 10.11).

// TPMSClockInfo is TPMS_CLOCK_INFO (Part 2, 10.10.1).
type TPMSClockInfo struct {
	Clock        uint64
	ResetCount   uint32
	RestartCount uint32
	Safe         bool
}

// Unmarshal reads the structure.
func (t *TPMSClockInfo) Unmarshal(r *Reader) {
	t.Clock = r.Uint64()
	t.ResetCount = r.Uint32()
	t.RestartCount = r.Uint32()
	t.Safe = r.YesNo()
}

// Marshal writes the structure.
func (t *TPMSClockInfo) Marshal(w *Writer) {
	w.Uint64(t.Clock)
	w.Uint32(t.ResetCount)
	w.Uint32(t.RestartCount)
	w.YesNo(t.Safe)
}

// TPMSTimeInfo is TPMS_TIME_INFO (Part 2, 10.10.6).
type TPMSTimeInfo struct {
	Time      uint64
	ClockInfo TPMSClockInfo
}

// Unmarshal reads the structure.
func (t *TPMSTimeInfo) Unmarshal(r *Reader) {
	t.Time = r.Uint64()
	t.ClockInfo.Unmarshal(r)
}

// Marshal writes the structure.
func (t *TPMSTimeInfo) Marshal(w *Writer) {
	w.Uint64(t.Time)
	t.ClockInfo.Marshal(w)
}

// TPMSTimeAttestInfo is TPMS_TIME_ATTEST_INFO (Part 2, 10.11.2).
type TPMSTimeAttestInfo struct {
	Time            TPMSTimeInfo
	FirmwareVersion uint64
}

// Unmarshal reads the structure.
func (t *TPMSTimeAttestInfo) Unmarshal(r *Reader) {
	t.Time.Unmarshal(r)
	t.FirmwareVersion = r.Uint64()
}

// Marshal writes the structure.
func (t *TPMSTimeAttestInfo) Marshal(w *Writer) {
	t.Time.Marshal(w)
	w.Uint64(t.FirmwareVersion)
}

// TPMSCertifyInfo is TPMS_CERTIFY_INFO (Part 2, 10.11.3).
type TPMSCertifyInfo struct {
	Name          TPM2BName
	QualifiedName TPM2BName
}

// Unmarshal reads the structure.
func (t *TPMSCertifyInfo) Unmarshal(r *Reader) {
	t.Name.Unmarshal(r)
	t.QualifiedName.Unmarshal(r)
}

// Marshal writes the structure.
func (t *TPMSCertifyInfo) Marshal(w *Writer) {
	t.Name.Marshal(w)
	t.QualifiedName.Marshal(w)
}

// TPMSQuoteInfo is TPMS_QUOTE_INFO (Part 2, 10.11.4).
type TPMSQuoteInfo struct {
	PCRSelect TPMLPCRSelection
	PCRDigest TPM2BDigest
}

// Unmarshal reads the structure.
func (t *TPMSQuoteInfo) Unmarshal(r *Reader) {
	t.PCRSelect.Unmarshal(r)
	t.PCRDigest.Unmarshal(r)
}

// Marshal writes the structure.
func (t *TPMSQuoteInfo) Marshal(w *Writer) {
	t.PCRSelect.Marshal(w)
	t.PCRDigest.Marshal(w)
}

// TPMSCommandAuditInfo is TPMS_COMMAND_AUDIT_INFO (Part 2, 10.11.5).
type TPMSCommandAuditInfo struct {
	AuditCounter  uint64
	DigestAlg     Alg
	AuditDigest   TPM2BDigest
	CommandDigest TPM2BDigest
}

// Unmarshal reads the structure.
func (t *TPMSCommandAuditInfo) Unmarshal(r *Reader) {
	t.AuditCounter = r.Uint64()
	t.DigestAlg.Unmarshal(r)
	t.AuditDigest.Unmarshal(r)
	t.CommandDigest.Unmarshal(r)
}

// Marshal writes the structure.
func (t *TPMSCommandAuditInfo) Marshal(w *Writer) {
	w.Uint64(t.AuditCounter)
	t.DigestAlg.Marshal(w)
	t.AuditDigest.Marshal(w)
	t.CommandDigest.Marshal(w)
}

// TPMSSessionAuditInfo is TPMS_SESSION_AUDIT_INFO (Part 2, 10.11.6).
type TPMSSessionAuditInfo struct {
	ExclusiveSession bool
	SessionDigest    TPM2BDigest
}

// Unmarshal reads the structure.
func (t *TPMSSessionAuditInfo) Unmarshal(r *Reader) {
	t.ExclusiveSession = r.YesNo()
	t.SessionDigest.Unmarshal(r)
}

// Marshal writes the structure.
func (t *TPMSSessionAuditInfo) Marshal(w *Writer) {
	w.YesNo(t.ExclusiveSession)
	t.SessionDigest.Marshal(w)
}

// TPMSCreationInfo is TPMS_CREATION_INFO (Part 2, 10.11.7).
type TPMSCreationInfo struct {
	ObjectName   TPM2BName
	CreationHash TPM2BDigest
}

// Unmarshal reads the structure.
func (t *TPMSCreationInfo) Unmarshal(r *Reader) {
	t.ObjectName.Unmarshal(r)
	t.CreationHash.Unmarshal(r)
}

// Marshal writes the structure.
func (t *TPMSCreationInfo) Marshal(w *Writer) {
	t.ObjectName.Marshal(w)
	t.CreationHash.Marshal(w)
}

// TPMSNVCertifyInfo is TPMS_NV_CERTIFY_INFO (Part 2, 10.11.8).
type TPMSNVCertifyInfo struct {
	IndexName  TPM2BName
	Offset     uint16
	NVContents TPM2BMaxNVBuffer
}

// Unmarshal reads the structure.
func (t *TPMSNVCertifyInfo) Unmarshal(r *Reader) {
	t.IndexName.Unmarshal(r)
	t.Offset = r.Uint16()
	t.NVContents.Unmarshal(r)
}

// Marshal writes the structure.
func (t *TPMSNVCertifyInfo) Marshal(w *Writer) {
	t.IndexName.Marshal(w)
	w.Uint16(t.Offset)
	t.NVContents.Marshal(w)
}

// TPMSNVDigestCertifyInfo is TPMS_NV_DIGEST_CERTIFY_INFO (Part 2, 10.11.9).
type TPMSNVDigestCertifyInfo struct {
	IndexName TPM2BName
	NVDigest  TPM2BDigest
}

// Unmarshal reads the structure.
func (t *TPMSNVDigestCertifyInfo) Unmarshal(r *Reader) {
	t.IndexName.Unmarshal(r)
	t.NVDigest.Unmarshal(r)
}

// Marshal writes the structure.
func (t *TPMSNVDigestCertifyInfo) Marshal(w *Writer) {
	t.IndexName.Marshal(w)
	t.NVDigest.Marshal(w)
}

// TPMUAttest is TPMU_ATTEST (Part 2, 10.11.11).
type TPMUAttest struct {
	Certify      TPMSCertifyInfo
	Creation     TPMSCreationInfo
	Quote        TPMSQuoteInfo
	CommandAudit TPMSCommandAuditInfo
	SessionAudit TPMSSessionAuditInfo
	Time         TPMSTimeAttestInfo
	NV           TPMSNVCertifyInfo
	NVDigest     TPMSNVDigestCertifyInfo
}

func (t *TPMUAttest) unmarshal(r *Reader, selector ST) {
	switch selector {
	case STAttestCertify:
		t.Certify.Unmarshal(r)
	case STAttestCreation:
		t.Creation.Unmarshal(r)
	case STAttestQuote:
		t.Quote.Unmarshal(r)
	case STAttestCommandAudit:
		t.CommandAudit.Unmarshal(r)
	case STAttestSessionAudit:
		t.SessionAudit.Unmarshal(r)
	case STAttestTime:
		t.Time.Unmarshal(r)
	case STAttestNV:
		t.NV.Unmarshal(r)
	case STAttestNVDigest:
		t.NVDigest.Unmarshal(r)
	default:
		r.Fail(RCSelector)
	}
}

func (t *TPMUAttest) marshal(w *Writer, selector ST) {
	switch selector {
	case STAttestCertify:
		t.Certify.Marshal(w)
	case STAttestCreation:
		t.Creation.Marshal(w)
	case STAttestQuote:
		t.Quote.Marshal(w)
	case STAttestCommandAudit:
		t.CommandAudit.Marshal(w)
	case STAttestSessionAudit:
		t.SessionAudit.Marshal(w)
	case STAttestTime:
		t.Time.Marshal(w)
	case STAttestNV:
		t.NV.Marshal(w)
	case STAttestNVDigest:
		t.NVDigest.Marshal(w)
	}
}

// TPMSAttest is TPMS_ATTEST (Part 2, 10.11.12). Its magic, GeneratedValue, is written and checked but not kept.
type TPMSAttest struct {
	Type            ST
	QualifiedSigner TPM2BName
	ExtraData       TPM2BData
	ClockInfo       TPMSClockInfo
	FirmwareVersion uint64
	Attested        TPMUAttest
}

// Unmarshal reads the attestation; another magic, or a tag that is not in Table 152, gives RCValue.
func (t *TPMSAttest) Unmarshal(r *Reader) {
	if r.Uint32() != GeneratedValue {
		r.Fail(RCValue)
	}
	t.Type.unmarshalIn(r, RCValue, STAttestCertify, STAttestQuote, STAttestSessionAudit, STAttestCommandAudit,
		STAttestTime, STAttestCreation, STAttestNV, STAttestNVDigest)
	t.QualifiedSigner.Unmarshal(r)
	t.ExtraData.Unmarshal(r)
	t.ClockInfo.Unmarshal(r)
	t.FirmwareVersion = r.Uint64()
	t.Attested.unmarshal(r, t.Type)
}

// Marshal writes the attestation.
func (t *TPMSAttest) Marshal(w *Writer) {
	w.Uint32(GeneratedValue)
	t.Type.Marshal(w)
	t.QualifiedSigner.Marshal(w)
	t.ExtraData.Marshal(w)
	t.ClockInfo.Marshal(w)
	w.Uint64(t.FirmwareVersion)
	t.Attested.marshal(w, t.Type)
}

// TPM2BAttest is TPM2B_ATTEST (Part 2, 10.11.13): the octets of a TPMS_ATTEST, which are what is signed.
type TPM2BAttest []byte

// Unmarshal reads the buffer.
func (t *TPM2BAttest) Unmarshal(r *Reader) { *t = r.TPM2B(r.limits.maxAttest()) }

// Marshal writes the buffer.
func (t TPM2BAttest) Marshal(w *Writer) { w.TPM2B(t) }
