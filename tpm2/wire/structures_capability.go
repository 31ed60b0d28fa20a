package wire

// Properties and capabilities (Part 2, 10.7 and 10.9), and attached components (clause 16).

// TPMSAlgProperty is TPMS_ALG_PROPERTY (Part 2, 10.7.1).
type TPMSAlgProperty struct {
	Alg        Alg
	Properties TPMAAlgorithm
}

// Unmarshal reads the structure.
func (t *TPMSAlgProperty) Unmarshal(r *Reader) {
	t.Alg.Unmarshal(r)
	t.Properties.Unmarshal(r)
}

// Marshal writes the structure.
func (t *TPMSAlgProperty) Marshal(w *Writer) {
	t.Alg.Marshal(w)
	t.Properties.Marshal(w)
}

// TPMSTaggedProperty is TPMS_TAGGED_PROPERTY (Part 2, 10.7.2).
type TPMSTaggedProperty struct {
	Property PT
	Value    uint32
}

// Unmarshal reads the structure.
func (t *TPMSTaggedProperty) Unmarshal(r *Reader) {
	t.Property.Unmarshal(r)
	t.Value = r.Uint32()
}

// Marshal writes the structure.
func (t *TPMSTaggedProperty) Marshal(w *Writer) {
	t.Property.Marshal(w)
	w.Uint32(t.Value)
}

// TPMSTaggedPCRSelect is TPMS_TAGGED_PCR_SELECT (Part 2, 10.7.3).
type TPMSTaggedPCRSelect struct {
	Tag    PTPCR
	Select TPMSPCRSelect
}

// Unmarshal reads the structure.
func (t *TPMSTaggedPCRSelect) Unmarshal(r *Reader) {
	t.Tag.Unmarshal(r)
	t.Select.Unmarshal(r)
}

// Marshal writes the structure.
func (t *TPMSTaggedPCRSelect) Marshal(w *Writer) {
	t.Tag.Marshal(w)
	t.Select.Marshal(w)
}

// TPMSTaggedPolicy is TPMS_TAGGED_POLICY (Part 2, 10.7.4). Without a policy the hash algorithm is AlgNull.
type TPMSTaggedPolicy struct {
	Handle     Handle
	PolicyHash TPMTHA
}

// Unmarshal reads the structure.
func (t *TPMSTaggedPolicy) Unmarshal(r *Reader) {
	t.Handle.Unmarshal(r)
	t.PolicyHash.UnmarshalOrNull(r)
}

// Marshal writes the structure.
func (t *TPMSTaggedPolicy) Marshal(w *Writer) {
	t.Handle.Marshal(w)
	t.PolicyHash.Marshal(w)
}

// TPMSACTData is TPMS_ACT_DATA (Part 2, 10.7.5).
type TPMSACTData struct {
	Handle     Handle
	Timeout    uint32
	Attributes TPMAACT
}

// Unmarshal reads the structure.
func (t *TPMSACTData) Unmarshal(r *Reader) {
	t.Handle.Unmarshal(r)
	t.Timeout = r.Uint32()
	t.Attributes.Unmarshal(r)
}

// Marshal writes the structure.
func (t *TPMSACTData) Marshal(w *Writer) {
	t.Handle.Marshal(w)
	w.Uint32(t.Timeout)
	t.Attributes.Marshal(w)
}

// TPMSSPDMSessionInfo is TPMS_SPDM_SESSION_INFO (Part 2, 10.7.6).
type TPMSSPDMSessionInfo struct {
	ReqKeyName TPM2BName
	TPMKeyName TPM2BName
}

// Unmarshal reads the structure.
func (t *TPMSSPDMSessionInfo) Unmarshal(r *Reader) {
	t.ReqKeyName.Unmarshal(r)
	t.TPMKeyName.Unmarshal(r)
}

// Marshal writes the structure.
func (t *TPMSSPDMSessionInfo) Marshal(w *Writer) {
	t.ReqKeyName.Marshal(w)
	t.TPMKeyName.Marshal(w)
}

// TPMUCapabilities is TPMU_CAPABILITIES (Part 2, 10.9.1).
type TPMUCapabilities struct {
	Algorithms      TPMLAlgProperty
	Handles         TPMLHandle
	Command         TPMLCCA
	PPCommands      TPMLCC
	AuditCommands   TPMLCC
	AssignedPCR     TPMLPCRSelection
	TPMProperties   TPMLTaggedTPMProperty
	PCRProperties   TPMLTaggedPCRProperty
	ECCCurves       TPMLECCCurve
	AuthPolicies    TPMLTaggedPolicy
	ACTData         TPMLACTData
	PubKeys         TPMLPubKey
	SPDMSessionInfo TPMLSPDMSessionInfo
	VendorProperty  TPMLVendorProperty
}

func (t *TPMUCapabilities) unmarshal(r *Reader, selector Cap) {
	switch selector {
	case CapAlgs:
		t.Algorithms.Unmarshal(r)
	case CapHandles:
		t.Handles.Unmarshal(r)
	case CapCommands:
		t.Command.Unmarshal(r)
	case CapPPCommands:
		t.PPCommands.Unmarshal(r)
	case CapAuditCommands:
		t.AuditCommands.Unmarshal(r)
	case CapPCRs:
		t.AssignedPCR.Unmarshal(r)
	case CapTPMProperties:
		t.TPMProperties.Unmarshal(r)
	case CapPCRProperties:
		t.PCRProperties.Unmarshal(r)
	case CapECCCurves:
		t.ECCCurves.Unmarshal(r)
	case CapAuthPolicies:
		t.AuthPolicies.Unmarshal(r)
	case CapACT:
		t.ACTData.Unmarshal(r)
	case CapPubKeys:
		t.PubKeys.Unmarshal(r)
	case CapSPDMSessionInfo:
		t.SPDMSessionInfo.Unmarshal(r)
	case CapVendorProperty:
		t.VendorProperty.Unmarshal(r)
	default:
		r.Fail(RCSelector)
	}
}

func (t *TPMUCapabilities) marshal(w *Writer, selector Cap) {
	switch selector {
	case CapAlgs:
		t.Algorithms.Marshal(w)
	case CapHandles:
		t.Handles.Marshal(w)
	case CapCommands:
		t.Command.Marshal(w)
	case CapPPCommands:
		t.PPCommands.Marshal(w)
	case CapAuditCommands:
		t.AuditCommands.Marshal(w)
	case CapPCRs:
		t.AssignedPCR.Marshal(w)
	case CapTPMProperties:
		t.TPMProperties.Marshal(w)
	case CapPCRProperties:
		t.PCRProperties.Marshal(w)
	case CapECCCurves:
		t.ECCCurves.Marshal(w)
	case CapAuthPolicies:
		t.AuthPolicies.Marshal(w)
	case CapACT:
		t.ACTData.Marshal(w)
	case CapPubKeys:
		t.PubKeys.Marshal(w)
	case CapSPDMSessionInfo:
		t.SPDMSessionInfo.Marshal(w)
	case CapVendorProperty:
		t.VendorProperty.Marshal(w)
	}
}

// TPMSCapabilityData is TPMS_CAPABILITY_DATA (Part 2, 10.9.2).
type TPMSCapabilityData struct {
	Capability Cap
	Data       TPMUCapabilities
}

// Unmarshal reads the capability.
func (t *TPMSCapabilityData) Unmarshal(r *Reader) {
	t.Capability.Unmarshal(r)
	t.Data.unmarshal(r, t.Capability)
}

// Marshal writes the capability.
func (t *TPMSCapabilityData) Marshal(w *Writer) {
	t.Capability.Marshal(w)
	t.Data.marshal(w, t.Capability)
}

// TPM2BSetCapabilityData is TPM2B_SET_CAPABILITY_DATA with TPMS_SET_CAPABILITY_DATA (Part 2, 10.9.3, 10.9.4). What Data
// holds is left to a registry (TPMU_SET_CAPABILITIES), so it stays octets here.
type TPM2BSetCapabilityData struct {
	SetCapability Cap
	Data          []byte
}

// Unmarshal reads the sized structure.
func (t *TPM2BSetCapabilityData) Unmarshal(r *Reader) {
	n := int(r.Uint16())
	if n < 4 {
		r.Fail(RCSize)
	}
	t.SetCapability.Unmarshal(r)
	t.Data = r.Copy(n - 4)
}

// Marshal writes the sized structure.
func (t *TPM2BSetCapabilityData) Marshal(w *Writer) {
	mark := w.Begin16()
	t.SetCapability.Marshal(w)
	w.Raw(t.Data)
	w.End16(mark)
}

// AT is TPM_AT, what a value from an attached component means (Part 2, 16.1).
type AT uint32

// Tags of Part 2, Table 263.
const (
	ATAny    AT = 0x00000000
	ATError  AT = 0x00000001
	ATPV1    AT = 0x00000002
	ATVendor AT = 0x80000000 // TPM_AT_VEND
)

// Unmarshal reads a tag; any value is allowed.
func (a *AT) Unmarshal(r *Reader) { *a = AT(r.Uint32()) }

// Marshal writes the tag.
func (a AT) Marshal(w *Writer) { w.Uint32(uint32(a)) }

// AE is TPM_AE, an error of an attached component (Part 2, 16.2).
type AE uint32

// AENone is the only error of Part 2, Table 264.
const AENone AE = 0x00000000

// TPMSACOutput is TPMS_AC_OUTPUT (Part 2, 16.3).
type TPMSACOutput struct {
	Tag  AT
	Data uint32
}

// Unmarshal reads the structure.
func (t *TPMSACOutput) Unmarshal(r *Reader) {
	t.Tag.Unmarshal(r)
	t.Data = r.Uint32()
}

// Marshal writes the structure.
func (t *TPMSACOutput) Marshal(w *Writer) {
	t.Tag.Marshal(w)
	w.Uint32(t.Data)
}
