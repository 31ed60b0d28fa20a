package wire

import "fmt"

// Values of TPM_SPEC for version 185 (Part 2, 6.1, Table 6).
const (
	SpecFamily  uint32 = 0x322E3000 // "2.0" with its terminator
	SpecLevel   uint32 = 0
	SpecVersion uint32 = 185
	SpecYear    uint32 = 0
	SpecErrata  uint32 = 0
)

// TPM_CONSTANTS32 (Part 2, 6.2, Table 7).
const (
	GeneratedValue    uint32 = 0xFF544347 // starts every structure the TPM made itself
	MaxDerivationBits uint32 = 8192
)

// ClockAdjust is TPM_CLOCK_ADJUST (Part 2, 6.7).
type ClockAdjust int8

// Adjustments of Part 2, Table 19.
const (
	ClockCoarseSlower ClockAdjust = -3
	ClockMediumSlower ClockAdjust = -2
	ClockFineSlower   ClockAdjust = -1
	ClockNoChange     ClockAdjust = 0
	ClockFineFaster   ClockAdjust = 1
	ClockMediumFaster ClockAdjust = 2
	ClockCoarseFaster ClockAdjust = 3
)

// Unmarshal reads an adjustment; a value outside Table 19 gives RCValue.
func (c *ClockAdjust) Unmarshal(r *Reader) {
	*c = ClockAdjust(r.Uint8())
	if *c < ClockCoarseSlower || *c > ClockCoarseFaster {
		r.Fail(RCValue)
	}
}

// Marshal writes the adjustment.
func (c ClockAdjust) Marshal(w *Writer) { w.Uint8(uint8(c)) }

// EO is TPM_EO, a comparison (Part 2, 6.8).
type EO uint16

// Comparisons of Part 2, Table 20.
const (
	EOEq         EO = 0x0000
	EONeq        EO = 0x0001
	EOSignedGT   EO = 0x0002
	EOUnsignedGT EO = 0x0003
	EOSignedLT   EO = 0x0004
	EOUnsignedLT EO = 0x0005
	EOSignedGE   EO = 0x0006
	EOUnsignedGE EO = 0x0007
	EOSignedLE   EO = 0x0008
	EOUnsignedLE EO = 0x0009
	EOBitSet     EO = 0x000A
	EOBitClear   EO = 0x000B
)

// Unmarshal reads a comparison; a value outside Table 20 gives RCValue.
func (e *EO) Unmarshal(r *Reader) {
	*e = EO(r.Uint16())
	if *e > EOBitClear {
		r.Fail(RCValue)
	}
}

// Marshal writes the comparison.
func (e EO) Marshal(w *Writer) { w.Uint16(uint16(e)) }

// ST is TPM_ST, a structure tag (Part 2, 6.9).
type ST uint16

// Structure tags of Part 2, Table 21.
const (
	STRspCommand         ST = 0x00C4
	STNull               ST = 0x8000
	STNoSessions         ST = 0x8001
	STSessions           ST = 0x8002
	STAttestNV           ST = 0x8014
	STAttestCommandAudit ST = 0x8015
	STAttestSessionAudit ST = 0x8016
	STAttestCertify      ST = 0x8017
	STAttestQuote        ST = 0x8018
	STAttestTime         ST = 0x8019
	STAttestCreation     ST = 0x801A
	STAttestNVDigest     ST = 0x801C
	STCreation           ST = 0x8021
	STVerified           ST = 0x8022
	STAuthSecret         ST = 0x8023
	STHashCheck          ST = 0x8024
	STAuthSigned         ST = 0x8025
	STMessageVerified    ST = 0x8026
	STDigestVerified     ST = 0x8027
	STFUManifest         ST = 0x8029
)

var stNames = [...]struct {
	st   ST
	name string
}{
	{STRspCommand, "TPM_ST_RSP_COMMAND"}, {STNull, "TPM_ST_NULL"}, {STNoSessions, "TPM_ST_NO_SESSIONS"},
	{STSessions, "TPM_ST_SESSIONS"}, {STAttestNV, "TPM_ST_ATTEST_NV"},
	{STAttestCommandAudit, "TPM_ST_ATTEST_COMMAND_AUDIT"}, {STAttestSessionAudit, "TPM_ST_ATTEST_SESSION_AUDIT"},
	{STAttestCertify, "TPM_ST_ATTEST_CERTIFY"}, {STAttestQuote, "TPM_ST_ATTEST_QUOTE"},
	{STAttestTime, "TPM_ST_ATTEST_TIME"}, {STAttestCreation, "TPM_ST_ATTEST_CREATION"},
	{STAttestNVDigest, "TPM_ST_ATTEST_NV_DIGEST"}, {STCreation, "TPM_ST_CREATION"}, {STVerified, "TPM_ST_VERIFIED"},
	{STAuthSecret, "TPM_ST_AUTH_SECRET"}, {STHashCheck, "TPM_ST_HASHCHECK"}, {STAuthSigned, "TPM_ST_AUTH_SIGNED"},
	{STMessageVerified, "TPM_ST_MESSAGE_VERIFIED"}, {STDigestVerified, "TPM_ST_DIGEST_VERIFIED"},
	{STFUManifest, "TPM_ST_FU_MANIFEST"},
}

// String returns the name of the tag, such as "TPM_ST_SESSIONS".
func (s ST) String() string {
	for i := range stNames {
		if stNames[i].st == s {
			return stNames[i].name
		}
	}
	return fmt.Sprintf("tag 0x%04x", uint16(s))
}

// known reports whether a TPM with limits l has the tag.
func (s ST) known(l *Limits) bool {
	if s >= STMessageVerified && !l.NewTags {
		return false
	}
	for i := range stNames {
		if stNames[i].st == s {
			return true
		}
	}
	return false
}

// Unmarshal reads a structure tag; a value outside Table 21, or that the TPM does not have, gives RCValue, as
// libtpms does.
func (s *ST) Unmarshal(r *Reader) {
	*s = ST(r.Uint16())
	if r.Err() == RCSuccess && !s.known(r.limits) {
		r.Fail(RCValue)
	}
}

// unmarshalIn reads a structure tag that has to be one of allowed; another tag of Table 21 gives rc.
func (s *ST) unmarshalIn(r *Reader, rc RC, allowed ...ST) {
	s.Unmarshal(r)
	for _, a := range allowed {
		if *s == a {
			return
		}
	}
	r.Fail(rc)
}

// Marshal writes the tag.
func (s ST) Marshal(w *Writer) { w.Uint16(uint16(s)) }

// SU is TPM_SU, a kind of startup or shutdown (Part 2, 6.10).
type SU uint16

// Kinds of startup of Part 2, Table 22.
const (
	SUClear SU = 0x0000
	SUState SU = 0x0001
)

// Unmarshal reads a kind of startup; a value outside Table 22 gives RCValue.
func (s *SU) Unmarshal(r *Reader) {
	*s = SU(r.Uint16())
	if *s > SUState {
		r.Fail(RCValue)
	}
}

// Marshal writes the kind of startup.
func (s SU) Marshal(w *Writer) { w.Uint16(uint16(s)) }

// SE is TPM_SE, a kind of session (Part 2, 6.11).
type SE uint8

// Kinds of session of Part 2, Table 23.
const (
	SEHMAC   SE = 0x00
	SEPolicy SE = 0x01
	SETrial  SE = 0x03
)

// Unmarshal reads a kind of session; a value outside Table 23 gives RCValue.
func (s *SE) Unmarshal(r *Reader) {
	*s = SE(r.Uint8())
	if *s != SEHMAC && *s != SEPolicy && *s != SETrial {
		r.Fail(RCValue)
	}
}

// Marshal writes the kind of session.
func (s SE) Marshal(w *Writer) { w.Uint8(uint8(s)) }

// Cap is TPM_CAP, a group of capabilities (Part 2, 6.12).
type Cap uint32

// Groups of capabilities of Part 2, Table 24.
const (
	CapFirst           Cap = 0x00000000
	CapAlgs            Cap = 0x00000000
	CapHandles         Cap = 0x00000001
	CapCommands        Cap = 0x00000002
	CapPPCommands      Cap = 0x00000003
	CapAuditCommands   Cap = 0x00000004
	CapPCRs            Cap = 0x00000005
	CapTPMProperties   Cap = 0x00000006
	CapPCRProperties   Cap = 0x00000007
	CapECCCurves       Cap = 0x00000008
	CapAuthPolicies    Cap = 0x00000009
	CapACT             Cap = 0x0000000A
	CapPubKeys         Cap = 0x0000000B
	CapSPDMSessionInfo Cap = 0x0000000C
	CapLast            Cap = 0x0000000C
	CapVendorProperty  Cap = 0x00000100
	CapSettable        Cap = 0x80000000 // bit S: settable capabilities (Part 2, Table 26)
)

// IsSettable reports whether TPM2_SetCapability can set the capability (Part 2, 6.12.1).
func (c Cap) IsSettable() bool { return c&CapSettable != 0 }

// Unmarshal reads a capability; one that is neither in Table 24 nor settable, or newer than the TPM, gives RCValue.
func (c *Cap) Unmarshal(r *Reader) {
	*c = Cap(r.Uint32())
	newer := *c > CapACT && *c <= CapLast || c.IsSettable()
	if *c > CapACT && *c != CapVendorProperty && (!newer || !r.limits.NewCapabilities) {
		r.Fail(RCValue)
	}
}

// Marshal writes the capability.
func (c Cap) Marshal(w *Writer) { w.Uint32(uint32(c)) }
