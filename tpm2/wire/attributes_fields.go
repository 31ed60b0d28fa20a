package wire

// NewTPMALocality returns the attributes of one locality: a bit for 0 to 4, the number itself from 32 (Part 2, 8.5).
// Localities 5 to 31 cannot be expressed; ok is false.
func NewTPMALocality(locality uint8) (a TPMALocality, ok bool) {
	switch {
	case locality <= 4:
		return 1 << locality, true
	case locality >= 32:
		return TPMALocality(locality), true
	}
	return 0, false
}

// IsExtended reports whether the value is the number of an extended locality.
func (a TPMALocality) IsExtended() bool { return a&localityExtended != 0 }

// NewTPMACC returns the attributes of a command with the given number of handles.
func NewTPMACC(cc CC, handles int, bits TPMACC) TPMACC {
	a := TPMACC(cc)&ccIndexMask | TPMACC(handles)<<ccHandlesShift&ccHandlesMask | bits
	if cc.IsVendor() {
		a |= CCAttrV
	}
	return a
}

// CommandCode returns the command the attributes belong to.
func (a TPMACC) CommandCode() CC { return CC(a & (ccIndexMask | CCAttrV)) }

// Handles returns the number of handles in the command.
func (a TPMACC) Handles() int { return int(a & ccHandlesMask >> ccHandlesShift) }

// FIPS1403Indicator returns the FIPS 140-3 category of the last command (Part 2, 8.10).
func (a TPMAModes) FIPS1403Indicator() uint8 {
	return uint8(a & modesIndicatorMask >> modesIndicatorShift)
}

// NT is TPM_NT, the type of an NV index (Part 2, 13.2).
type NT uint8

// Types of NV index of Part 2, Table 247.
const (
	NTOrdinary NT = 0x0
	NTCounter  NT = 0x1
	NTBits     NT = 0x2
	NTExtend   NT = 0x4
	NTPinFail  NT = 0x8
	NTPinPass  NT = 0x9
)

// NT returns the type of the NV index.
func (a TPMANV) NT() NT { return NT(a & nvTypeMask >> nvTypeShift) }

// WithNT returns the attributes with another type.
func (a TPMANV) WithNT(t NT) TPMANV { return a&^nvTypeMask | TPMANV(t)<<nvTypeShift&nvTypeMask }

// NV returns the low half, which is a TPMA_NV.
func (a TPMANVExp) NV() TPMANV { return TPMANV(a & 0xFFFFFFFF) }

// String lists the attributes that are set.
func (a TPMANVExp) String() string {
	s := bitNames(uint64(a), nvExpNames[:])
	if low := a.NV().String(); low != "" && s != "" {
		return low + "|" + s
	} else if s == "" {
		return low
	}
	return s
}

var nvExpNames = [...]bitName{
	{32, "external_nv_encryption"}, {33, "external_nv_integrity"}, {34, "external_nv_antirollback"},
}
