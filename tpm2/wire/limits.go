package wire

// Limits says what a TPM accepts while it reads: which algorithms, curves and key sizes exist and how large buffers may
// be. Part 2 calls these values implementation-dependent; here they are data of a TPM. Start from Everything and narrow.
//
// An interface type accepts a value when both its table in Part 2 and Limits name it.
type Limits struct {
	Algs   AlgSet   // implemented algorithms; AlgNull needs no mention
	Curves CurveSet // implemented curves; CurveNone needs no mention

	RSAKeyBits      []uint16 // Part 2, Table 195
	TDESKeyBits     []uint16 // Part 2, Table 158, and the next three
	AESKeyBits      []uint16
	SM4KeyBits      []uint16
	CamelliaKeyBits []uint16
	MLParameterSets TPMAMLParameterSet // ML-KEM and ML-DSA sets (Part 2, Table 47)

	ObjectAttributes   TPMAObject // bits of TPMA_OBJECT that are not reserved in this TPM
	LimitedHierarchies bool       // firmware-limited and SVN-limited hierarchies exist (since 1.83)
	ExpandedNV         bool       // external and permanent NV index handles exist (since 1.83)
	NewTags            bool       // structure tags from TPM_ST_MESSAGE_VERIFIED on exist
	NewCapabilities    bool       // capabilities from TPM_CAP_PUB_KEYS on exist, and settable ones
	ACT                uint16     // bit n: TPM_RH_ACT_n exists

	PCRCount          int // IMPLEMENTATION_PCR
	PCRSelectMin      int // PCR_SELECT_MIN; the maximum follows from PCRCount
	MaxLoadedObjects  int // highest transient handle is 0x80000000 + this - 1; 0: the whole range
	MaxActiveSessions int // highest session handle index is this - 1; 0: the whole range

	MaxCommandSize   int // largest commandSize
	MaxDigest        int // sizeof(TPMU_HA)
	MaxSymKeyBytes   int // TPM2B_SYM_KEY
	MaxSymData       int // MAX_SYM_DATA: TPM2B_SENSITIVE_DATA
	MaxLabel         int // LABEL_MAX_BUFFER
	MaxRSAKeyBytes   int // MAX_RSA_KEY_BYTES
	MaxECCKeyBytes   int // MAX_ECC_KEY_BYTES
	MaxSharedSecret  int // MAX_SHARED_SECRET_SIZE
	MaxEvent         int // TPM2B_EVENT
	MaxBuffer        int // MAX_2B_BUFFER_SIZE: TPM2B_MAX_BUFFER
	MaxNVBuffer      int // MAX_NV_BUFFER_SIZE
	MaxNVIndexSize   int // MAX_NV_INDEX_SIZE
	MaxCapBuffer     int // MAX_CAP_BUFFER
	MaxAlgList       int // MAX_ALG_LIST_SIZE
	MaxContextSize   int // MAX_CONTEXT_SIZE
	MaxSignatureHint int // MAX_SIGNATURE_HINT_SIZE
}

// Everything returns limits that accept all of Part 2: every algorithm and handle, with the buffer sizes of libtpms
// grown where an algorithm needs more.
func Everything() *Limits {
	l := everything
	return &l
}

// everything is read only.
var everything = Limits{
	Algs:               knownAlgs(),
	Curves:             knownCurves(),
	RSAKeyBits:         []uint16{1024, 2048, 3072, 4096},
	TDESKeyBits:        []uint16{128, 192},
	AESKeyBits:         []uint16{128, 192, 256},
	SM4KeyBits:         []uint16{128},
	CamelliaKeyBits:    []uint16{128, 192, 256},
	MLParameterSets:    mlParameterSetBits,
	ObjectAttributes:   objectBits,
	LimitedHierarchies: true,
	ExpandedNV:         true,
	NewTags:            true,
	NewCapabilities:    true,
	ACT:                0xFFFF,
	PCRCount:           24,
	PCRSelectMin:       3,
	MaxCommandSize:     8192, // an ML-DSA-87 signature has to fit
	MaxDigest:          64,
	MaxSymKeyBytes:     32,
	MaxSymData:         128,
	MaxLabel:           32,
	MaxRSAKeyBytes:     512,
	MaxECCKeyBytes:     80, // BN P-638
	MaxSharedSecret:    64, // DHKEM with HKDF-SHA512 (RFC 9180, 7.1)
	MaxEvent:           1024,
	MaxBuffer:          1024,
	MaxNVBuffer:        1024,
	MaxNVIndexSize:     2048,
	MaxCapBuffer:       1024,
	MaxAlgList:         64,
	MaxContextSize:     8192,
	MaxSignatureHint:   57, // R of Ed448
}

// The derived sizes below are what sizeof() of a structure of Part 2 means for the TPM at hand (Part 2, 4.14).

// maxHA is sizeof(TPMT_HA).
func (l *Limits) maxHA() int { return 2 + l.MaxDigest }

// maxName is sizeof(TPMU_NAME), rounded up to four because the union also holds a handle, as libtpms does.
func (l *Limits) maxName() int { return roundUp4(l.maxHA()) }

// pcrSelectMax is PCR_SELECT_MAX (Part 2, 10.5.1).
func (l *Limits) pcrSelectMax() int { return (l.PCRCount + 7) / 8 }

// hashCount is HASH_COUNT, the number of hash algorithms implemented.
func (l *Limits) hashCount() int { return l.Algs.and(algInterfaces[TPMIAlgHash].set).len() }

// maxPoint is sizeof(TPMS_ECC_POINT).
func (l *Limits) maxPoint() int { return 2 * (2 + l.MaxECCKeyBytes) }

// maxRSAPrivate is RSA_PRIVATE_SIZE in its larger form (Part 2, 11.2.4.8).
func (l *Limits) maxRSAPrivate() int { return l.MaxRSAKeyBytes / 2 * 5 }

// maxKEMCiphertext is sizeof(TPMU_KEM_CIPHERTEXT).
func (l *Limits) maxKEMCiphertext() int {
	n := l.maxPoint()
	if l.Algs.Has(AlgMLKEM) {
		n = max(n, l.MLParameterSets.maxCiphertext())
	}
	return n
}

// maxEncryptedSecret is sizeof(TPMU_ENCRYPTED_SECRET) (Part 2, Table 223).
func (l *Limits) maxEncryptedSecret() int {
	return max(l.maxKEMCiphertext(), l.MaxRSAKeyBytes, 2+l.MaxDigest)
}

// maxSensitiveData is sizeof(TPMU_SENSITIVE_CREATE) (Part 2, Table 169).
func (l *Limits) maxSensitiveData() int { return max(l.MaxSymData, l.maxDerive()) }

// maxDerive is sizeof(TPMS_DERIVE).
func (l *Limits) maxDerive() int { return 2 * (2 + l.MaxLabel) }

// maxTemplate is sizeof(TPMT_PUBLIC): 96 bytes with the alignment of C in front of the largest unique field, as libtpms
// does.
func (l *Limits) maxTemplate() int {
	unique := max(2+l.MaxRSAKeyBytes, l.maxPoint(), l.maxDerive())
	if l.Algs.Has(AlgMLKEM) {
		unique = max(unique, 2+l.MLParameterSets.maxMLKEMPublic())
	}
	if l.Algs.Has(AlgMLDSA) || l.Algs.Has(AlgHashMLDSA) {
		unique = max(unique, 2+l.MLParameterSets.maxMLDSAPublic())
	}
	return roundUp4(96 + unique)
}

// maxPrivate is sizeof(_PRIVATE) (Part 2, Table 242): two integrity values and a TPM2B_SENSITIVE.
func (l *Limits) maxPrivate() int {
	composite := 2 + max(l.maxRSAPrivate(), l.MaxECCKeyBytes, l.maxSensitiveData(), l.MaxSymKeyBytes, mlkemSeedSize)
	return 2*(2+l.MaxDigest) + 2 + 2 + 2*(2+l.MaxDigest) + composite
}

// maxCapData is MAX_CAP_DATA (Part 2, 10.9).
func (l *Limits) maxCapData() int { return l.MaxCapBuffer - 8 }

func roundUp4(n int) int { return (n + 3) &^ 3 }

// maxAttest is sizeof(TPMS_ATTEST); the largest arm is TPMS_NV_CERTIFY_INFO or TPMS_QUOTE_INFO.
func (l *Limits) maxAttest() int {
	head := 4 + 2 + 2 + l.maxName() + 2 + l.maxHA() + 17 + 8
	nv := 2 + l.maxName() + 2 + 2 + l.MaxNVBuffer
	quote := 4 + l.hashCount()*(3+l.pcrSelectMax()) + 2 + l.MaxDigest
	return head + max(nv, quote)
}
