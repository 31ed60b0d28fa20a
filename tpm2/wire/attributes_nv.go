package wire

// Attributes of NV indices (Part 2, 13.2, 13.4, 13.5).

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

// TPMANV is TPMA_NV (Part 2, 13.4, Table 249).
type TPMANV uint32

// Attributes of TPMA_NV.
const (
	NVPPWrite        TPMANV = 1 << 0
	NVOwnerWrite     TPMANV = 1 << 1
	NVAuthWrite      TPMANV = 1 << 2
	NVPolicyWrite    TPMANV = 1 << 3
	NVPolicyDelete   TPMANV = 1 << 10
	NVWriteLocked    TPMANV = 1 << 11
	NVWriteAll       TPMANV = 1 << 12
	NVWriteDefine    TPMANV = 1 << 13
	NVWriteStClear   TPMANV = 1 << 14
	NVGlobalLock     TPMANV = 1 << 15
	NVPPRead         TPMANV = 1 << 16
	NVOwnerRead      TPMANV = 1 << 17
	NVAuthRead       TPMANV = 1 << 18
	NVPolicyRead     TPMANV = 1 << 19
	NVNoDA           TPMANV = 1 << 25
	NVOrderly        TPMANV = 1 << 26
	NVClearStClear   TPMANV = 1 << 27
	NVReadLocked     TPMANV = 1 << 28
	NVWritten        TPMANV = 1 << 29
	NVPlatformCreate TPMANV = 1 << 30
	NVReadStClear    TPMANV = 1 << 31

	nvTypeMask  TPMANV = 0xF << nvTypeShift
	nvTypeShift        = 4

	// nvBits are the bits that are not reserved.
	nvBits = NVPPWrite | NVOwnerWrite | NVAuthWrite | NVPolicyWrite | NVPolicyDelete | NVWriteLocked |
		NVWriteAll | NVWriteDefine | NVWriteStClear | NVGlobalLock | NVPPRead | NVOwnerRead | NVAuthRead |
		NVPolicyRead | NVNoDA | NVOrderly | NVClearStClear | NVReadLocked | NVWritten | NVPlatformCreate |
		NVReadStClear | nvTypeMask
)

// Has reports whether all attributes of bits are set.
func (a TPMANV) Has(bits TPMANV) bool { return a&bits == bits }

// Unmarshal reads the attributes.
func (a *TPMANV) Unmarshal(r *Reader) {
	*a = TPMANV(r.Uint32())
	if *a&^nvBits != 0 {
		r.Fail(RCReservedBits)
	}
}

// Marshal writes the attributes.
func (a TPMANV) Marshal(w *Writer) { w.Uint32(uint32(a)) }

// String lists the attributes that are set.
func (a TPMANV) String() string { return bitNames(uint64(a), nvNames[:]) }

var nvNames = [...]bitName{
	{0, "ppwrite"}, {1, "ownerwrite"}, {2, "authwrite"}, {3, "policywrite"}, {10, "policydelete"},
	{11, "writelocked"}, {12, "writeall"}, {13, "writedefine"}, {14, "write_stclear"}, {15, "globallock"},
	{16, "ppread"}, {17, "ownerread"}, {18, "authread"}, {19, "policyread"}, {25, "no_da"}, {26, "orderly"},
	{27, "clear_stclear"}, {28, "readlocked"}, {29, "written"}, {30, "platformcreate"}, {31, "read_stclear"},
}

// NT returns the type of the NV index.
func (a TPMANV) NT() NT { return NT(a & nvTypeMask >> nvTypeShift) }

// WithNT returns the attributes with another type.
func (a TPMANV) WithNT(t NT) TPMANV { return a&^nvTypeMask | TPMANV(t)<<nvTypeShift&nvTypeMask }

// TPMANVExp is TPMA_NV_EXP (Part 2, 13.5, Table 250).
type TPMANVExp uint64

// Attributes of TPMA_NV_EXP.
const (
	NVExpExternalEncryption   TPMANVExp = 1 << 32
	NVExpExternalIntegrity    TPMANVExp = 1 << 33
	NVExpExternalAntiRollback TPMANVExp = 1 << 34

	// nvExpBits are the bits that are not reserved.
	nvExpBits = NVExpExternalEncryption | NVExpExternalIntegrity | NVExpExternalAntiRollback | TPMANVExp(nvBits)
)

// Has reports whether all attributes of bits are set.
func (a TPMANVExp) Has(bits TPMANVExp) bool { return a&bits == bits }

// Unmarshal reads the attributes.
func (a *TPMANVExp) Unmarshal(r *Reader) {
	*a = TPMANVExp(r.Uint64())
	if *a&^nvExpBits != 0 {
		r.Fail(RCReservedBits)
	}
}

// Marshal writes the attributes.
func (a TPMANVExp) Marshal(w *Writer) { w.Uint64(uint64(a)) }

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
