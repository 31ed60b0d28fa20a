package wire

import "strings"

// Attribute bit fields of Part 2, clause 8, and of NV (13.4, 13.5). A field that takes more than one bit has a method of
// its own. Unmarshal refuses reserved bits with RCReservedBits (Part 2, 8.1). String lists the attributes that are set.

// TPMAAlgorithm is TPMA_ALGORITHM (Part 2, 8.2, Table 36).
type TPMAAlgorithm uint32

// Attributes of TPMA_ALGORITHM.
const (
	AlgAttrAsymmetric TPMAAlgorithm = 1 << 0
	AlgAttrSymmetric  TPMAAlgorithm = 1 << 1
	AlgAttrHash       TPMAAlgorithm = 1 << 2
	AlgAttrObject     TPMAAlgorithm = 1 << 3
	AlgAttrSigning    TPMAAlgorithm = 1 << 8
	AlgAttrEncrypting TPMAAlgorithm = 1 << 9
	AlgAttrMethod     TPMAAlgorithm = 1 << 10

	// algorithmBits are the bits that are not reserved.
	algorithmBits = AlgAttrAsymmetric | AlgAttrSymmetric | AlgAttrHash | AlgAttrObject | AlgAttrSigning | AlgAttrEncrypting | AlgAttrMethod
)

// Has reports whether all attributes of bits are set.
func (a TPMAAlgorithm) Has(bits TPMAAlgorithm) bool { return a&bits == bits }

// Unmarshal reads the attributes.
func (a *TPMAAlgorithm) Unmarshal(r *Reader) {
	*a = TPMAAlgorithm(r.Uint32())
	if *a&^algorithmBits != 0 {
		r.Fail(RCReservedBits)
	}
}

// Marshal writes the attributes.
func (a TPMAAlgorithm) Marshal(w *Writer) { w.Uint32(uint32(a)) }

// String lists the attributes that are set.
func (a TPMAAlgorithm) String() string { return bitNames(uint64(a), algorithmNames[:]) }

var algorithmNames = [...]bitName{
	{0, "asymmetric"}, {1, "symmetric"}, {2, "hash"}, {3, "object"}, {8, "signing"}, {9, "encrypting"}, {10, "method"},
}

// TPMAObject is TPMA_OBJECT (Part 2, 8.3, Table 37).
type TPMAObject uint32

// Attributes of TPMA_OBJECT.
const (
	ObjectFixedTPM             TPMAObject = 1 << 1
	ObjectStClear              TPMAObject = 1 << 2
	ObjectFixedParent          TPMAObject = 1 << 4
	ObjectSensitiveDataOrigin  TPMAObject = 1 << 5
	ObjectUserWithAuth         TPMAObject = 1 << 6
	ObjectAdminWithPolicy      TPMAObject = 1 << 7
	ObjectFirmwareLimited      TPMAObject = 1 << 8
	ObjectSVNLimited           TPMAObject = 1 << 9
	ObjectNoDA                 TPMAObject = 1 << 10
	ObjectEncryptedDuplication TPMAObject = 1 << 11
	ObjectRestricted           TPMAObject = 1 << 16
	ObjectDecrypt              TPMAObject = 1 << 17
	ObjectSign                 TPMAObject = 1 << 18
	ObjectX509Sign             TPMAObject = 1 << 19

	// objectBits are the bits that are not reserved.
	objectBits = ObjectFixedTPM | ObjectStClear | ObjectFixedParent | ObjectSensitiveDataOrigin | ObjectUserWithAuth | ObjectAdminWithPolicy | ObjectFirmwareLimited | ObjectSVNLimited | ObjectNoDA | ObjectEncryptedDuplication | ObjectRestricted | ObjectDecrypt | ObjectSign | ObjectX509Sign
)

// Has reports whether all attributes of bits are set.
func (a TPMAObject) Has(bits TPMAObject) bool { return a&bits == bits }

// Unmarshal reads the attributes; which bits are reserved is up to the TPM (Limits.ObjectAttributes).
func (a *TPMAObject) Unmarshal(r *Reader) {
	*a = TPMAObject(r.Uint32())
	if *a&^(r.limits.ObjectAttributes&objectBits) != 0 {
		r.Fail(RCReservedBits)
	}
}

// Marshal writes the attributes.
func (a TPMAObject) Marshal(w *Writer) { w.Uint32(uint32(a)) }

// String lists the attributes that are set.
func (a TPMAObject) String() string { return bitNames(uint64(a), objectNames[:]) }

var objectNames = [...]bitName{
	{1, "fixedTPM"}, {2, "stClear"}, {4, "fixedParent"}, {5, "sensitiveDataOrigin"}, {6, "userWithAuth"}, {7, "adminWithPolicy"}, {8, "firmwareLimited"}, {9, "svnLimited"}, {10, "noDA"}, {11, "encryptedDuplication"}, {16, "restricted"}, {17, "decrypt"}, {18, "sign"}, {19, "x509sign"},
}

// TPMASession is TPMA_SESSION (Part 2, 8.4, Table 38).
type TPMASession uint8

// Attributes of TPMA_SESSION.
const (
	SessionContinue       TPMASession = 1 << 0
	SessionAuditExclusive TPMASession = 1 << 1
	SessionAuditReset     TPMASession = 1 << 2
	SessionDecrypt        TPMASession = 1 << 5
	SessionEncrypt        TPMASession = 1 << 6
	SessionAudit          TPMASession = 1 << 7

	// sessionBits are the bits that are not reserved.
	sessionBits = SessionContinue | SessionAuditExclusive | SessionAuditReset | SessionDecrypt | SessionEncrypt | SessionAudit
)

// Has reports whether all attributes of bits are set.
func (a TPMASession) Has(bits TPMASession) bool { return a&bits == bits }

// Unmarshal reads the attributes.
func (a *TPMASession) Unmarshal(r *Reader) {
	*a = TPMASession(r.Uint8())
	if *a&^sessionBits != 0 {
		r.Fail(RCReservedBits)
	}
}

// Marshal writes the attributes.
func (a TPMASession) Marshal(w *Writer) { w.Uint8(uint8(a)) }

// String lists the attributes that are set.
func (a TPMASession) String() string { return bitNames(uint64(a), sessionNames[:]) }

var sessionNames = [...]bitName{
	{0, "continueSession"}, {1, "auditExclusive"}, {2, "auditReset"}, {5, "decrypt"}, {6, "encrypt"}, {7, "audit"},
}

// TPMALocality is TPMA_LOCALITY (Part 2, 8.5, Table 39).
type TPMALocality uint8

// Attributes of TPMA_LOCALITY.
const (
	LocalityZero  TPMALocality = 1 << 0
	LocalityOne   TPMALocality = 1 << 1
	LocalityTwo   TPMALocality = 1 << 2
	LocalityThree TPMALocality = 1 << 3
	LocalityFour  TPMALocality = 1 << 4

	localityExtended TPMALocality = 0xE0
)

// Has reports whether all attributes of bits are set.
func (a TPMALocality) Has(bits TPMALocality) bool { return a&bits == bits }

// Unmarshal reads the attributes.
func (a *TPMALocality) Unmarshal(r *Reader) {
	*a = TPMALocality(r.Uint8())
}

// Marshal writes the attributes.
func (a TPMALocality) Marshal(w *Writer) { w.Uint8(uint8(a)) }

// TPMAPermanent is TPMA_PERMANENT (Part 2, 8.6, Table 40).
type TPMAPermanent uint32

// Attributes of TPMA_PERMANENT.
const (
	PermanentOwnerAuthSet       TPMAPermanent = 1 << 0
	PermanentEndorsementAuthSet TPMAPermanent = 1 << 1
	PermanentLockoutAuthSet     TPMAPermanent = 1 << 2
	PermanentDisableClear       TPMAPermanent = 1 << 8
	PermanentInLockout          TPMAPermanent = 1 << 9
	PermanentTPMGeneratedEPS    TPMAPermanent = 1 << 10

	// permanentBits are the bits that are not reserved.
	permanentBits = PermanentOwnerAuthSet | PermanentEndorsementAuthSet | PermanentLockoutAuthSet | PermanentDisableClear | PermanentInLockout | PermanentTPMGeneratedEPS
)

// Has reports whether all attributes of bits are set.
func (a TPMAPermanent) Has(bits TPMAPermanent) bool { return a&bits == bits }

// Unmarshal reads the attributes.
func (a *TPMAPermanent) Unmarshal(r *Reader) {
	*a = TPMAPermanent(r.Uint32())
	if *a&^permanentBits != 0 {
		r.Fail(RCReservedBits)
	}
}

// Marshal writes the attributes.
func (a TPMAPermanent) Marshal(w *Writer) { w.Uint32(uint32(a)) }

// String lists the attributes that are set.
func (a TPMAPermanent) String() string { return bitNames(uint64(a), permanentNames[:]) }

var permanentNames = [...]bitName{
	{0, "ownerAuthSet"}, {1, "endorsementAuthSet"}, {2, "lockoutAuthSet"}, {8, "disableClear"}, {9, "inLockout"}, {10, "tpmGeneratedEPS"},
}

// TPMAStartupClear is TPMA_STARTUP_CLEAR (Part 2, 8.7, Table 41).
type TPMAStartupClear uint32

// Attributes of TPMA_STARTUP_CLEAR.
const (
	StartupClearPHEnable   TPMAStartupClear = 1 << 0
	StartupClearSHEnable   TPMAStartupClear = 1 << 1
	StartupClearEHEnable   TPMAStartupClear = 1 << 2
	StartupClearPHEnableNV TPMAStartupClear = 1 << 3
	StartupClearReadOnly   TPMAStartupClear = 1 << 4
	StartupClearOrderly    TPMAStartupClear = 1 << 31

	// startupClearBits are the bits that are not reserved.
	startupClearBits = StartupClearPHEnable | StartupClearSHEnable | StartupClearEHEnable | StartupClearPHEnableNV | StartupClearReadOnly | StartupClearOrderly
)

// Has reports whether all attributes of bits are set.
func (a TPMAStartupClear) Has(bits TPMAStartupClear) bool { return a&bits == bits }

// Unmarshal reads the attributes.
func (a *TPMAStartupClear) Unmarshal(r *Reader) {
	*a = TPMAStartupClear(r.Uint32())
	if *a&^startupClearBits != 0 {
		r.Fail(RCReservedBits)
	}
}

// Marshal writes the attributes.
func (a TPMAStartupClear) Marshal(w *Writer) { w.Uint32(uint32(a)) }

// String lists the attributes that are set.
func (a TPMAStartupClear) String() string { return bitNames(uint64(a), startupClearNames[:]) }

var startupClearNames = [...]bitName{
	{0, "phEnable"}, {1, "shEnable"}, {2, "ehEnable"}, {3, "phEnableNV"}, {4, "readOnly"}, {31, "orderly"},
}

// TPMAMemory is TPMA_MEMORY (Part 2, 8.8, Table 42).
type TPMAMemory uint32

// Attributes of TPMA_MEMORY.
const (
	MemorySharedRAM         TPMAMemory = 1 << 0
	MemorySharedNV          TPMAMemory = 1 << 1
	MemoryObjectCopiedToRAM TPMAMemory = 1 << 2

	// memoryBits are the bits that are not reserved.
	memoryBits = MemorySharedRAM | MemorySharedNV | MemoryObjectCopiedToRAM
)

// Has reports whether all attributes of bits are set.
func (a TPMAMemory) Has(bits TPMAMemory) bool { return a&bits == bits }

// Unmarshal reads the attributes.
func (a *TPMAMemory) Unmarshal(r *Reader) {
	*a = TPMAMemory(r.Uint32())
	if *a&^memoryBits != 0 {
		r.Fail(RCReservedBits)
	}
}

// Marshal writes the attributes.
func (a TPMAMemory) Marshal(w *Writer) { w.Uint32(uint32(a)) }

// String lists the attributes that are set.
func (a TPMAMemory) String() string { return bitNames(uint64(a), memoryNames[:]) }

var memoryNames = [...]bitName{
	{0, "sharedRAM"}, {1, "sharedNV"}, {2, "objectCopiedToRam"},
}

// TPMACC is TPMA_CC (Part 2, 8.9, Table 43).
type TPMACC uint32

// Attributes of TPMA_CC.
const (
	CCAttrNV        TPMACC = 1 << 22
	CCAttrExtensive TPMACC = 1 << 23
	CCAttrFlushed   TPMACC = 1 << 24
	CCAttrRHandle   TPMACC = 1 << 28
	CCAttrV         TPMACC = 1 << 29

	ccIndexMask    TPMACC = 0x0000FFFF
	ccHandlesMask  TPMACC = 7 << ccHandlesShift
	ccHandlesShift        = 25

	// ccBits are the bits that are not reserved.
	ccBits = CCAttrNV | CCAttrExtensive | CCAttrFlushed | CCAttrRHandle | CCAttrV | ccIndexMask | ccHandlesMask
)

// Has reports whether all attributes of bits are set.
func (a TPMACC) Has(bits TPMACC) bool { return a&bits == bits }

// Unmarshal reads the attributes.
func (a *TPMACC) Unmarshal(r *Reader) {
	*a = TPMACC(r.Uint32())
	if *a&^ccBits != 0 {
		r.Fail(RCReservedBits)
	}
}

// Marshal writes the attributes.
func (a TPMACC) Marshal(w *Writer) { w.Uint32(uint32(a)) }

// String lists the attributes that are set.
func (a TPMACC) String() string { return bitNames(uint64(a), ccAttrNames[:]) }

var ccAttrNames = [...]bitName{
	{22, "nv"}, {23, "extensive"}, {24, "flushed"}, {28, "rHandle"}, {29, "V"},
}

// TPMAModes is TPMA_MODES (Part 2, 8.10, Table 44).
type TPMAModes uint32

// Attributes of TPMA_MODES.
const (
	ModesFIPS140_2 TPMAModes = 1 << 0
	ModesFIPS140_3 TPMAModes = 1 << 1

	modesIndicatorMask  TPMAModes = 3 << modesIndicatorShift
	modesIndicatorShift           = 2

	// modesBits are the bits that are not reserved.
	modesBits = ModesFIPS140_2 | ModesFIPS140_3 | modesIndicatorMask
)

// Has reports whether all attributes of bits are set.
func (a TPMAModes) Has(bits TPMAModes) bool { return a&bits == bits }

// Unmarshal reads the attributes.
func (a *TPMAModes) Unmarshal(r *Reader) {
	*a = TPMAModes(r.Uint32())
	if *a&^modesBits != 0 {
		r.Fail(RCReservedBits)
	}
}

// Marshal writes the attributes.
func (a TPMAModes) Marshal(w *Writer) { w.Uint32(uint32(a)) }

// String lists the attributes that are set.
func (a TPMAModes) String() string { return bitNames(uint64(a), modesNames[:]) }

var modesNames = [...]bitName{
	{0, "FIPS_140_2"}, {1, "FIPS_140_3"},
}

// TPMAX509KeyUsage is TPMA_X509_KEY_USAGE (Part 2, 8.11, Table 45).
type TPMAX509KeyUsage uint32

// Attributes of TPMA_X509_KEY_USAGE.
const (
	KeyUsageDecipherOnly     TPMAX509KeyUsage = 1 << 23
	KeyUsageEncipherOnly     TPMAX509KeyUsage = 1 << 24
	KeyUsageCRLSign          TPMAX509KeyUsage = 1 << 25
	KeyUsageKeyCertSign      TPMAX509KeyUsage = 1 << 26
	KeyUsageKeyAgreement     TPMAX509KeyUsage = 1 << 27
	KeyUsageDataEncipherment TPMAX509KeyUsage = 1 << 28
	KeyUsageKeyEncipherment  TPMAX509KeyUsage = 1 << 29
	KeyUsageNonRepudiation   TPMAX509KeyUsage = 1 << 30
	KeyUsageDigitalSignature TPMAX509KeyUsage = 1 << 31

	// keyUsageBits are the bits that are not reserved.
	keyUsageBits = KeyUsageDecipherOnly | KeyUsageEncipherOnly | KeyUsageCRLSign | KeyUsageKeyCertSign | KeyUsageKeyAgreement | KeyUsageDataEncipherment | KeyUsageKeyEncipherment | KeyUsageNonRepudiation | KeyUsageDigitalSignature
)

// Has reports whether all attributes of bits are set.
func (a TPMAX509KeyUsage) Has(bits TPMAX509KeyUsage) bool { return a&bits == bits }

// Unmarshal reads the attributes.
func (a *TPMAX509KeyUsage) Unmarshal(r *Reader) {
	*a = TPMAX509KeyUsage(r.Uint32())
	if *a&^keyUsageBits != 0 {
		r.Fail(RCReservedBits)
	}
}

// Marshal writes the attributes.
func (a TPMAX509KeyUsage) Marshal(w *Writer) { w.Uint32(uint32(a)) }

// String lists the attributes that are set.
func (a TPMAX509KeyUsage) String() string { return bitNames(uint64(a), keyUsageNames[:]) }

var keyUsageNames = [...]bitName{
	{23, "decipherOnly"}, {24, "encipherOnly"}, {25, "cRLSign"}, {26, "keyCertSign"}, {27, "keyAgreement"}, {28, "dataEncipherment"}, {29, "keyEncipherment"}, {30, "nonRepudiation"}, {31, "digitalSignature"},
}

// TPMAACT is TPMA_ACT (Part 2, 8.12, Table 46).
type TPMAACT uint32

// Attributes of TPMA_ACT.
const (
	ACTSignaled         TPMAACT = 1 << 0
	ACTPreserveSignaled TPMAACT = 1 << 1

	// actBits are the bits that are not reserved.
	actBits = ACTSignaled | ACTPreserveSignaled
)

// Has reports whether all attributes of bits are set.
func (a TPMAACT) Has(bits TPMAACT) bool { return a&bits == bits }

// Unmarshal reads the attributes.
func (a *TPMAACT) Unmarshal(r *Reader) {
	*a = TPMAACT(r.Uint32())
	if *a&^actBits != 0 {
		r.Fail(RCReservedBits)
	}
}

// Marshal writes the attributes.
func (a TPMAACT) Marshal(w *Writer) { w.Uint32(uint32(a)) }

// String lists the attributes that are set.
func (a TPMAACT) String() string { return bitNames(uint64(a), actNames[:]) }

var actNames = [...]bitName{
	{0, "signaled"}, {1, "preserveSignaled"},
}

// TPMAMLParameterSet is TPMA_ML_PARAMETER_SET (Part 2, 8.13, Table 47).
type TPMAMLParameterSet uint32

// Attributes of TPMA_ML_PARAMETER_SET.
const (
	MLKEM512Set  TPMAMLParameterSet = 1 << 0
	MLKEM768Set  TPMAMLParameterSet = 1 << 1
	MLKEM1024Set TPMAMLParameterSet = 1 << 2
	MLDSA44Set   TPMAMLParameterSet = 1 << 3
	MLDSA65Set   TPMAMLParameterSet = 1 << 4
	MLDSA87Set   TPMAMLParameterSet = 1 << 5
	MLExtMuSet   TPMAMLParameterSet = 1 << 6

	// mlParameterSetBits are the bits that are not reserved.
	mlParameterSetBits = MLKEM512Set | MLKEM768Set | MLKEM1024Set | MLDSA44Set | MLDSA65Set | MLDSA87Set | MLExtMuSet
)

// Has reports whether all attributes of bits are set.
func (a TPMAMLParameterSet) Has(bits TPMAMLParameterSet) bool { return a&bits == bits }

// Unmarshal reads the attributes.
func (a *TPMAMLParameterSet) Unmarshal(r *Reader) {
	*a = TPMAMLParameterSet(r.Uint32())
	if *a&^mlParameterSetBits != 0 {
		r.Fail(RCReservedBits)
	}
}

// Marshal writes the attributes.
func (a TPMAMLParameterSet) Marshal(w *Writer) { w.Uint32(uint32(a)) }

// String lists the attributes that are set.
func (a TPMAMLParameterSet) String() string { return bitNames(uint64(a), mlParameterSetNames[:]) }

var mlParameterSetNames = [...]bitName{
	{0, "mlKem_512"}, {1, "mlKem_768"}, {2, "mlKem_1024"}, {3, "mlDsa_44"}, {4, "mlDsa_65"}, {5, "mlDsa_87"}, {6, "extMu"},
}

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
	nvBits = NVPPWrite | NVOwnerWrite | NVAuthWrite | NVPolicyWrite | NVPolicyDelete | NVWriteLocked | NVWriteAll | NVWriteDefine | NVWriteStClear | NVGlobalLock | NVPPRead | NVOwnerRead | NVAuthRead | NVPolicyRead | NVNoDA | NVOrderly | NVClearStClear | NVReadLocked | NVWritten | NVPlatformCreate | NVReadStClear | nvTypeMask
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
	{0, "ppwrite"}, {1, "ownerwrite"}, {2, "authwrite"}, {3, "policywrite"}, {10, "policydelete"}, {11, "writelocked"}, {12, "writeall"}, {13, "writedefine"}, {14, "write_stclear"}, {15, "globallock"}, {16, "ppread"}, {17, "ownerread"}, {18, "authread"}, {19, "policyread"}, {25, "no_da"}, {26, "orderly"}, {27, "clear_stclear"}, {28, "readlocked"}, {29, "written"}, {30, "platformcreate"}, {31, "read_stclear"},
}

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

type bitName struct {
	bit  uint8
	name string
}

// bitNames joins the names of the bits set in v.
func bitNames(v uint64, names []bitName) string {
	var set []string
	for _, n := range names {
		if v>>n.bit&1 != 0 {
			set = append(set, n.name)
		}
	}
	return strings.Join(set, "|")
}
