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
	algorithmBits = AlgAttrAsymmetric | AlgAttrSymmetric | AlgAttrHash | AlgAttrObject | AlgAttrSigning |
		AlgAttrEncrypting | AlgAttrMethod
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
	{0, "asymmetric"}, {1, "symmetric"}, {2, "hash"}, {3, "object"}, {8, "signing"}, {9, "encrypting"},
	{10, "method"},
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
	objectBits = ObjectFixedTPM | ObjectStClear | ObjectFixedParent | ObjectSensitiveDataOrigin |
		ObjectUserWithAuth | ObjectAdminWithPolicy | ObjectFirmwareLimited | ObjectSVNLimited | ObjectNoDA |
		ObjectEncryptedDuplication | ObjectRestricted | ObjectDecrypt | ObjectSign | ObjectX509Sign
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
	{1, "fixedTPM"}, {2, "stClear"}, {4, "fixedParent"}, {5, "sensitiveDataOrigin"}, {6, "userWithAuth"},
	{7, "adminWithPolicy"}, {8, "firmwareLimited"}, {9, "svnLimited"}, {10, "noDA"}, {11, "encryptedDuplication"},
	{16, "restricted"}, {17, "decrypt"}, {18, "sign"}, {19, "x509sign"},
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
	sessionBits = SessionContinue | SessionAuditExclusive | SessionAuditReset | SessionDecrypt |
		SessionEncrypt | SessionAudit
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
