package wire

// Attributes that describe the TPM and its commands (Part 2, 8.6 to 8.13).

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
	permanentBits = PermanentOwnerAuthSet | PermanentEndorsementAuthSet | PermanentLockoutAuthSet |
		PermanentDisableClear | PermanentInLockout | PermanentTPMGeneratedEPS
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
	{0, "ownerAuthSet"}, {1, "endorsementAuthSet"}, {2, "lockoutAuthSet"}, {8, "disableClear"}, {9, "inLockout"},
	{10, "tpmGeneratedEPS"},
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
	startupClearBits = StartupClearPHEnable | StartupClearSHEnable | StartupClearEHEnable |
		StartupClearPHEnableNV | StartupClearReadOnly | StartupClearOrderly
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

// FIPS1403Indicator returns the FIPS 140-3 category of the last command (Part 2, 8.10).
func (a TPMAModes) FIPS1403Indicator() uint8 {
	return uint8(a & modesIndicatorMask >> modesIndicatorShift)
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
	keyUsageBits = KeyUsageDecipherOnly | KeyUsageEncipherOnly | KeyUsageCRLSign | KeyUsageKeyCertSign |
		KeyUsageKeyAgreement | KeyUsageDataEncipherment | KeyUsageKeyEncipherment | KeyUsageNonRepudiation |
		KeyUsageDigitalSignature
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
	{23, "decipherOnly"}, {24, "encipherOnly"}, {25, "cRLSign"}, {26, "keyCertSign"}, {27, "keyAgreement"},
	{28, "dataEncipherment"}, {29, "keyEncipherment"}, {30, "nonRepudiation"}, {31, "digitalSignature"},
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
	{0, "mlKem_512"}, {1, "mlKem_768"}, {2, "mlKem_1024"}, {3, "mlDsa_44"}, {4, "mlDsa_65"}, {5, "mlDsa_87"},
	{6, "extMu"},
}
