package wire

// HandleInterface is an interface type over TPM_HANDLE (Part 2, 9.3 to 9.30). Every other value gives RCValue. Add
// OrNull where the standard writes "+".
type HandleInterface uint8

// Interface types over TPM_HANDLE. TPMHandle takes any value.
const (
	TPMHandle             HandleInterface = iota
	TPMIDHObject                          // Table 49
	TPMIDHParent                          // Table 50
	TPMIDHPersistent                      // Table 51
	TPMIDHEntity                          // Table 52
	TPMIDHPCR                             // Table 53
	TPMISHAuthSession                     // Table 54; OrNull permits TPM_RS_PW
	TPMISHHMAC                            // Table 55
	TPMISHPolicy                          // Table 56
	TPMIDHContext                         // Table 57
	TPMIDHSaved                           // Table 58
	TPMIRHHierarchy                       // Table 59
	TPMIRHEnables                         // Table 60
	TPMIRHHierarchyAuth                   // Table 61
	TPMIRHHierarchyPolicy                 // Table 62
	TPMIRHBaseHierarchy                   // Table 63
	TPMIRHPlatform                        // Table 64
	TPMIRHOwner                           // Table 65
	TPMIRHEndorsement                     // Table 66
	TPMIRHProvision                       // Table 67
	TPMIRHClear                           // Table 68
	TPMIRHNVAuth                          // Table 69
	TPMIRHLockout                         // Table 70
	TPMIRHNVIndex                         // Table 71
	TPMIRHNVDefinedIndex                  // Table 72
	TPMIRHNVLegacyIndex                   // Table 73
	TPMIRHNVExpIndex                      // Table 74
	TPMIRHAC                              // Table 75
	TPMIRHACT                             // Table 76
)

var handleInterfaceNames = [...]string{
	TPMHandle: "TPM_HANDLE", TPMIDHObject: "TPMI_DH_OBJECT", TPMIDHParent: "TPMI_DH_PARENT",
	TPMIDHPersistent: "TPMI_DH_PERSISTENT", TPMIDHEntity: "TPMI_DH_ENTITY", TPMIDHPCR: "TPMI_DH_PCR",
	TPMISHAuthSession: "TPMI_SH_AUTH_SESSION", TPMISHHMAC: "TPMI_SH_HMAC", TPMISHPolicy: "TPMI_SH_POLICY",
	TPMIDHContext: "TPMI_DH_CONTEXT", TPMIDHSaved: "TPMI_DH_SAVED", TPMIRHHierarchy: "TPMI_RH_HIERARCHY",
	TPMIRHEnables: "TPMI_RH_ENABLES", TPMIRHHierarchyAuth: "TPMI_RH_HIERARCHY_AUTH",
	TPMIRHHierarchyPolicy: "TPMI_RH_HIERARCHY_POLICY", TPMIRHBaseHierarchy: "TPMI_RH_BASE_HIERARCHY",
	TPMIRHPlatform: "TPMI_RH_PLATFORM", TPMIRHOwner: "TPMI_RH_OWNER", TPMIRHEndorsement: "TPMI_RH_ENDORSEMENT",
	TPMIRHProvision: "TPMI_RH_PROVISION", TPMIRHClear: "TPMI_RH_CLEAR", TPMIRHNVAuth: "TPMI_RH_NV_AUTH",
	TPMIRHLockout: "TPMI_RH_LOCKOUT", TPMIRHNVIndex: "TPMI_RH_NV_INDEX",
	TPMIRHNVDefinedIndex: "TPMI_RH_NV_DEFINED_INDEX", TPMIRHNVLegacyIndex: "TPMI_RH_NV_LEGACY_INDEX",
	TPMIRHNVExpIndex: "TPMI_RH_NV_EXP_INDEX", TPMIRHAC: "TPMI_RH_AC", TPMIRHACT: "TPMI_RH_ACT",
}

// String returns the name of the type, such as "TPMI_DH_OBJECT" or "TPMI_DH_OBJECT+".
func (i HandleInterface) String() string {
	base := i &^ OrNull
	if int(base) >= len(handleInterfaceNames) {
		return "TPMI_DH"
	}
	if i&OrNull != 0 {
		return handleInterfaceNames[base] + "+"
	}
	return handleInterfaceNames[base]
}

// Handle reads a value of a handle interface type; RCValue tells that the handle is not of the type.
func (r *Reader) Handle(i HandleInterface) Handle {
	h := Handle(r.Uint32())
	if r.rc != RCSuccess {
		return 0
	}
	if !i.Allows(r.limits, h) {
		r.Fail(RCValue)
		return 0
	}
	return h
}

// Allows reports whether a TPM with limits l takes h as a value of the interface type. Nil limits stand for Everything.
func (i HandleInterface) Allows(l *Limits, h Handle) bool {
	if l == nil {
		l = &everything
	}
	if i&OrNull != 0 {
		null := RHNull
		if i == TPMISHAuthSession|OrNull {
			null = RSPW
		}
		if h == null {
			return true
		}
	}
	switch i &^ OrNull {
	case TPMHandle:
		return true
	case TPMIDHObject, TPMIDHParent, TPMIDHPersistent, TPMIDHEntity, TPMIDHPCR, TPMIDHContext, TPMIDHSaved:
		return i.allowsEntity(l, h)
	case TPMISHAuthSession:
		return l.isHMACSession(h) || l.isPolicySession(h)
	case TPMISHHMAC:
		return l.isHMACSession(h)
	case TPMISHPolicy:
		return l.isPolicySession(h)
	case TPMIRHNVAuth, TPMIRHNVIndex, TPMIRHNVDefinedIndex, TPMIRHNVLegacyIndex, TPMIRHNVExpIndex:
		return i.allowsNV(l, h)
	}
	return i.allowsPermanent(l, h)
}

// allowsEntity decides the TPMI_DH types.
func (i HandleInterface) allowsEntity(l *Limits, h Handle) bool {
	persistent := h.Type() == HTPersistent
	switch i &^ OrNull {
	case TPMIDHObject:
		return persistent || l.isTransient(h)
	case TPMIDHParent:
		return persistent || l.isTransient(h) || l.isHierarchy(h)
	case TPMIDHPersistent:
		return persistent
	case TPMIDHEntity:
		return persistent || l.isTransient(h) || h.Type() == HTNVIndex || l.isPCR(h) ||
			h == RHOwner || h == RHEndorsement || h == RHPlatform || h == RHLockout || h >= RHAuth00 && h <= RHAuthFF
	case TPMIDHPCR:
		return l.isPCR(h)
	case TPMIDHContext:
		return l.isHMACSession(h) || l.isPolicySession(h) || l.isTransient(h)
	case TPMIDHSaved:
		return l.isHMACSession(h) || l.isPolicySession(h) ||
			h == SavedObject || h == SavedSequence || h == SavedStClearObject
	}
	return false
}

// allowsNV decides the TPMI_RH_NV types.
func (i HandleInterface) allowsNV(l *Limits, h Handle) bool {
	legacy := h.Type() == HTNVIndex
	external := l.ExpandedNV && h.Type() == HTExternalNV
	permanent := l.ExpandedNV && h.Type() == HTPermanentNV
	switch i &^ OrNull {
	case TPMIRHNVAuth:
		return legacy || h == RHPlatform || h == RHOwner
	case TPMIRHNVIndex:
		return legacy || external || permanent
	case TPMIRHNVDefinedIndex:
		return legacy || external
	case TPMIRHNVLegacyIndex:
		return legacy
	case TPMIRHNVExpIndex:
		return external
	}
	return false
}

// allowsPermanent decides the other TPMI_RH types.
func (i HandleInterface) allowsPermanent(l *Limits, h Handle) bool {
	base := h == RHOwner || h == RHPlatform || h == RHEndorsement
	switch i &^ OrNull {
	case TPMIRHHierarchy:
		return l.isHierarchy(h)
	case TPMIRHEnables:
		return base || h == RHPlatformNV
	case TPMIRHHierarchyAuth:
		return base || h == RHLockout
	case TPMIRHHierarchyPolicy:
		return base || h == RHLockout || l.isACT(h)
	case TPMIRHBaseHierarchy:
		return base
	case TPMIRHPlatform:
		return h == RHPlatform
	case TPMIRHOwner:
		return h == RHOwner
	case TPMIRHEndorsement:
		return h == RHEndorsement
	case TPMIRHProvision:
		return h == RHOwner || h == RHPlatform
	case TPMIRHClear:
		return h == RHLockout || h == RHPlatform
	case TPMIRHLockout:
		return h == RHLockout
	case TPMIRHAC:
		return h >= ACFirst && h <= ACLast
	case TPMIRHACT:
		return l.isACT(h)
	}
	return false
}

func (l *Limits) isPCR(h Handle) bool {
	return h.Type() == HTPCR && h.Index() < uint32(l.PCRCount)
}

func (l *Limits) isTransient(h Handle) bool {
	return h.Type() == HTTransient && (l.MaxLoadedObjects == 0 || h.Index() < uint32(l.MaxLoadedObjects))
}

func (l *Limits) isHMACSession(h Handle) bool {
	return h.Type() == HTHMACSession && (l.MaxActiveSessions == 0 || h.Index() < uint32(l.MaxActiveSessions))
}

func (l *Limits) isPolicySession(h Handle) bool {
	return h.Type() == HTPolicySession && (l.MaxActiveSessions == 0 || h.Index() < uint32(l.MaxActiveSessions))
}

func (l *Limits) isACT(h Handle) bool {
	return h >= RHACT0 && h <= RHACTF && l.ACT>>(h-RHACT0)&1 != 0
}

// isHierarchy reports whether h is a value of TPMI_RH_HIERARCHY (Part 2, Table 59).
func (l *Limits) isHierarchy(h Handle) bool {
	switch h {
	case RHOwner, RHPlatform, RHEndorsement, RHNull:
		return true
	case RHFWOwner, RHFWPlatform, RHFWEndorsement, RHFWNull:
		return l.LimitedHierarchies
	}
	return l.LimitedHierarchies && h >= RHSVNOwnerBase && h <= RHSVNNullBase|0xFFFF
}
