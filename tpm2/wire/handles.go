package wire

import "fmt"

// Handle is TPM_HANDLE (Part 2, 7.1).
type Handle uint32

// HT is TPM_HT, the kind of thing a handle refers to: its most significant octet (Part 2, 7.2).
type HT uint8

// Handle types of Part 2, Table 33.
const (
	HTPCR           HT = 0x00
	HTNVIndex       HT = 0x01
	HTHMACSession   HT = 0x02
	HTLoadedSession HT = 0x02 // in TPM2_GetCapability
	HTPolicySession HT = 0x03
	HTSavedSession  HT = 0x03 // in TPM2_GetCapability
	HTExternalNV    HT = 0x11
	HTPermanentNV   HT = 0x12
	HTPermanent     HT = 0x40
	HTTransient     HT = 0x80
	HTPersistent    HT = 0x81
	HTAC            HT = 0x90
)

// Permanent handles of Part 2, Table 34.
const (
	RHFirst              Handle = 0x40000000
	RHSRK                Handle = 0x40000000 // not used
	RHOwner              Handle = 0x40000001
	RHRevoke             Handle = 0x40000002 // not used
	RHTransport          Handle = 0x40000003 // not used
	RHOperator           Handle = 0x40000004 // not used
	RHAdmin              Handle = 0x40000005 // not used
	RHEK                 Handle = 0x40000006 // not used
	RHNull               Handle = 0x40000007
	RHUnassigned         Handle = 0x40000008
	RSPW                 Handle = 0x40000009
	RHLockout            Handle = 0x4000000A
	RHEndorsement        Handle = 0x4000000B
	RHPlatform           Handle = 0x4000000C
	RHPlatformNV         Handle = 0x4000000D
	RHAuth00             Handle = 0x40000010
	RHAuthFF             Handle = 0x4000010F
	RHACT0               Handle = 0x40000110
	RHACTF               Handle = 0x4000011F
	RHFWOwner            Handle = 0x40000140
	RHFWEndorsement      Handle = 0x40000141
	RHFWPlatform         Handle = 0x40000142
	RHFWNull             Handle = 0x40000143
	RHSVNOwnerBase       Handle = 0x40010000 // the low 16 bits hold the SVN, as in the next three
	RHSVNEndorsementBase Handle = 0x40020000
	RHSVNPlatformBase    Handle = 0x40030000
	RHSVNNullBase        Handle = 0x40040000
	RHLast               Handle = 0x4004FFFF
)

// Handle ranges of Part 2, Table 35. Ranges whose end depends on the TPM end where their type ends; see Limits.
const (
	HandleMask         Handle = 0x00FFFFFF // HR_HANDLE_MASK
	HRShift                   = 24         // HR_SHIFT
	PCRFirst           Handle = 0x00000000
	HMACSessionFirst   Handle = 0x02000000
	PolicySessionFirst Handle = 0x03000000
	TransientFirst     Handle = 0x80000000
	PersistentFirst    Handle = 0x81000000
	PersistentLast     Handle = 0x81FFFFFF
	PlatformPersistent Handle = 0x81800000
	NVIndexFirst       Handle = 0x01000000
	NVIndexLast        Handle = 0x01FFFFFF
	ExternalNVFirst    Handle = 0x11000000
	ExternalNVLast     Handle = 0x11FFFFFF
	PermanentNVFirst   Handle = 0x12000000
	PermanentNVLast    Handle = 0x12FFFFFF
	PermanentFirst            = RHFirst
	PermanentLast             = RHLast
	NVACFirst          Handle = 0x01D00000
	NVACLast           Handle = 0x01D0FFFF
	ACFirst            Handle = 0x90000000
	ACLast             Handle = 0x9000FFFF
)

// What savedHandle says about the object in a saved context (Part 2, Table 58).
const (
	SavedObject        Handle = 0x80000000
	SavedSequence      Handle = 0x80000001
	SavedStClearObject Handle = 0x80000002
)

// Type returns the kind of the handle.
func (h Handle) Type() HT { return HT(h >> HRShift) }

// Index returns the handle without its kind.
func (h Handle) Index() uint32 { return uint32(h & HandleMask) }

// Base returns the first handle of the kind.
func (t HT) Base() Handle { return Handle(t) << HRShift }

// handleNames names the single permanent handles.
var handleNames = [...]struct {
	handle Handle
	name   string
}{
	{RHOwner, "TPM_RH_OWNER"}, {RHNull, "TPM_RH_NULL"}, {RHUnassigned, "TPM_RH_UNASSIGNED"}, {RSPW, "TPM_RS_PW"},
	{RHLockout, "TPM_RH_LOCKOUT"}, {RHEndorsement, "TPM_RH_ENDORSEMENT"}, {RHPlatform, "TPM_RH_PLATFORM"},
	{RHPlatformNV, "TPM_RH_PLATFORM_NV"}, {RHFWOwner, "TPM_RH_FW_OWNER"},
	{RHFWEndorsement, "TPM_RH_FW_ENDORSEMENT"}, {RHFWPlatform, "TPM_RH_FW_PLATFORM"}, {RHFWNull, "TPM_RH_FW_NULL"},
}

// String returns the name of a permanent handle, such as "TPM_RH_OWNER", or the number with its kind.
func (h Handle) String() string {
	for _, n := range handleNames {
		if n.handle == h {
			return n.name
		}
	}
	if h >= RHACT0 && h <= RHACTF {
		return fmt.Sprintf("TPM_RH_ACT_%X", uint32(h-RHACT0))
	}
	return fmt.Sprintf("%s 0x%08x", h.Type(), uint32(h))
}

// String returns the kind in a word or two, such as "transient".
func (t HT) String() string {
	switch t {
	case HTPCR:
		return "PCR"
	case HTNVIndex:
		return "NV index"
	case HTHMACSession:
		return "HMAC session"
	case HTPolicySession:
		return "policy session"
	case HTExternalNV:
		return "external NV index"
	case HTPermanentNV:
		return "permanent NV index"
	case HTPermanent:
		return "permanent"
	case HTTransient:
		return "transient"
	case HTPersistent:
		return "persistent"
	case HTAC:
		return "attached component"
	}
	return "handle"
}

// Unmarshal reads a handle without checking its value; see Reader.Handle for the interface types.
func (h *Handle) Unmarshal(r *Reader) { *h = Handle(r.Uint32()) }

// Marshal writes the handle.
func (h Handle) Marshal(w *Writer) { w.Uint32(uint32(h)) }

// Unmarshal reads a handle type without checking its value.
func (t *HT) Unmarshal(r *Reader) { *t = HT(r.Uint8()) }

// Marshal writes the handle type.
func (t HT) Marshal(w *Writer) { w.Uint8(uint8(t)) }
