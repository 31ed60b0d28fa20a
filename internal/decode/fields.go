package decode

import (
	"strings"
	"sync"

	"govtpm/tpm2"
	"govtpm/tpm2/wire"
)

// A field is a parameter of a command or response.
type field struct {
	name   string
	value  any // a pointer to what into fills
	into   wire.Unmarshaler
	secret bool
}

// secretParameters are parameters of commands that hold what only the caller and the TPM should know: authorization values,
// plain texts, keys, seeds.
func secretParameters(code wire.CC) []string {
	switch code {
	case wire.CCCreate, wire.CCCreatePrimary, wire.CCCreateLoaded:
		return []string{"inSensitive"}
	case wire.CCLoadExternal:
		return []string{"inPrivate"}
	case wire.CCMakeCredential:
		return []string{"credential"}
	case wire.CCObjectChangeAuth, wire.CCHierarchyChangeAuth, wire.CCNVChangeAuth:
		return []string{"newAuth"}
	case wire.CCHMACStart, wire.CCHashSequenceStart, wire.CCSignSequenceStart, wire.CCVerifySequenceStart,
		wire.CCPCRSetAuthValue, wire.CCNVDefineSpace, wire.CCNVDefineSpace2:
		return []string{"auth"}
	case wire.CCDuplicate:
		return []string{"encryptionKeyIn"}
	case wire.CCImport:
		return []string{"encryptionKey", "duplicate"}
	case wire.CCRewrap:
		return []string{"inDuplicate"}
	case wire.CCRSAEncrypt:
		return []string{"message"}
	case wire.CCECCEncrypt:
		return []string{"plainText"}
	case wire.CCEncryptDecrypt, wire.CCEncryptDecrypt2, wire.CCStirRandom:
		return []string{"inData"}
	}
	return nil
}

// commandFields are the parameters of a command, from the table that the engine works with.
func commandFields(info *tpm2.CommandInfo) []field {
	var all []field
	for _, p := range info.Parameters() {
		f := field{name: p.Name, value: p.Value, into: &p}
		for _, s := range secretParameters(info.Code) {
			f.secret = f.secret || s == p.Name
		}
		all = append(all, f)
	}
	return all
}

// responseTable describes the parameters of responses (Part 3): the command, and behind it a name and a type for each. A "!"
// stands behind the name of a secret.
const responseTable = `
IncrementalSelfTest         toDoList:LIST_ALG
GetTestResult               outData:BUFFER testResult:RC
StartAuthSession            nonceTPM:DIGEST
Create                      outPrivate:PRIVATE outPublic:PUBLIC creationData:CREATION creationHash:DIGEST creationTicket:TK_CREATION
Load                        name:NAME
LoadExternal                name:NAME
ReadPublic                  outPublic:PUBLIC name:NAME qualifiedName:NAME
ActivateCredential          certInfo!:DIGEST
MakeCredential              credentialBlob:ID_OBJECT secret:SECRET
Unseal                      outData!:SENSITIVE
ObjectChangeAuth            outPrivate:PRIVATE
CreateLoaded                outPrivate:PRIVATE outPublic:PUBLIC name:NAME
Duplicate                   encryptionKeyOut!:DATA duplicate!:PRIVATE outSymSeed:SECRET
Rewrap                      outDuplicate!:PRIVATE outSymSeed:SECRET
Import                      outPrivate:PRIVATE
RSA_Encrypt                 outData:RSA
RSA_Decrypt                 message!:RSA
ECDH_KeyGen                 zPoint!:POINT pubPoint:POINT
ECDH_ZGen                   outPoint!:POINT
ECC_Parameters              parameters:ECC_DETAIL
ZGen_2Phase                 outZ1!:POINT outZ2!:POINT
ECC_Encrypt                 C1:POINT C2:BUFFER C3:DIGEST
ECC_Decrypt                 plainText!:BUFFER
Encapsulate                 sharedSecret!:SHARED ciphertext:CIPHERTEXT
Decapsulate                 sharedSecret!:SHARED
EncryptDecrypt              outData!:BUFFER ivOut:IV
EncryptDecrypt2             outData!:BUFFER ivOut:IV
Hash                        outHash:DIGEST validation:TK_HASH
HMAC                        outHMAC:DIGEST
GetRandom                   randomBytes:DIGEST
SequenceComplete            result:DIGEST validation:TK_HASH
EventSequenceComplete       results:LIST_HA
Certify                     certifyInfo:ATTEST signature:SIGNATURE
CertifyCreation             certifyInfo:ATTEST signature:SIGNATURE
Quote                       quoted:ATTEST signature:SIGNATURE
GetSessionAuditDigest       auditInfo:ATTEST signature:SIGNATURE
GetCommandAuditDigest       auditInfo:ATTEST signature:SIGNATURE
GetTime                     timeInfo:ATTEST signature:SIGNATURE
CertifyX509                 addedToCertificate:BUFFER tbsDigest:DIGEST signature:SIGNATURE
Commit                      K:POINT L:POINT E:POINT counter:UINT16
EC_Ephemeral                Q:POINT counter:UINT16
VerifySignature             validation:TK_VERIFIED
VerifySequenceComplete      validation:TK_VERIFIED
VerifyDigestSignature       validation:TK_VERIFIED
Sign                        signature:SIGNATURE
SignSequenceComplete        signature:SIGNATURE
SignDigest                  signature:SIGNATURE
PCR_Event                   digests:LIST_HA
PCR_Read                    pcrUpdateCounter:UINT32 pcrSelectionOut:LIST_PCR pcrValues:LIST_DIGEST
PCR_Allocate                allocationSuccess:YES_NO maxPCR:UINT32 sizeNeeded:UINT32 sizeAvailable:UINT32
PolicySigned                timeout:TIMEOUT policyTicket:TK_AUTH
PolicySecret                timeout:TIMEOUT policyTicket:TK_AUTH
PolicyGetDigest             policyDigest:DIGEST
CreatePrimary               outPublic:PUBLIC creationData:CREATION creationHash:DIGEST creationTicket:TK_CREATION name:NAME
ContextSave                 context:CONTEXT
ReadClock                   currentTime:TIME
GetCapability               moreData:YES_NO capabilityData:CAPABILITY
NV_ReadPublic               nvPublic:NV_PUBLIC nvName:NAME
NV_Read                     data:NV_BUFFER
NV_Certify                  certifyInfo:ATTEST signature:SIGNATURE
NV_ReadPublic2              nvPublic:NV_PUBLIC_2 nvName:NAME
`

// number reads a plain number or truth value.
type number struct{ read func(*wire.Reader) }

func (n number) Unmarshal(r *wire.Reader) { n.read(r) }

// newValue makes a place for a type of the response table, and tells how to fill it.
func newValue(kind string) (value any, into wire.Unmarshaler) {
	switch kind {
	case "UINT16":
		v := new(uint16)
		return v, number{func(r *wire.Reader) { *v = r.Uint16() }}
	case "UINT32":
		v := new(uint32)
		return v, number{func(r *wire.Reader) { *v = r.Uint32() }}
	case "YES_NO":
		v := new(bool)
		return v, number{func(r *wire.Reader) { *v = r.YesNo() }}
	}
	if u := structure(kind); u != nil {
		return u, u
	}
	return nil, nil
}

// structure makes a structure of Part 2; nil for a name that is none.
func structure(kind string) wire.Unmarshaler {
	types := map[string]wire.Unmarshaler{
		"RC": new(wire.RC), "DIGEST": new(wire.TPM2BDigest), "DATA": new(wire.TPM2BData), "BUFFER": new(wire.TPM2BMaxBuffer),
		"NV_BUFFER": new(wire.TPM2BMaxNVBuffer), "NAME": new(wire.TPM2BName), "IV": new(wire.TPM2BIV), "TIMEOUT": new(wire.TPM2BTimeout),
		"PRIVATE": new(wire.TPM2BPrivate), "PUBLIC": new(wire.TPM2BPublic), "CREATION": new(wire.TPM2BCreationData),
		"ID_OBJECT": new(wire.TPM2BIDObject), "SECRET": new(wire.TPM2BEncryptedSecret), "SENSITIVE": new(wire.TPM2BSensitiveData),
		"RSA": new(wire.TPM2BPublicKeyRSA), "POINT": new(wire.TPM2BECCPoint), "ECC_DETAIL": new(wire.TPMSAlgorithmDetailECC),
		"SHARED": new(wire.TPM2BSharedSecret), "CIPHERTEXT": new(wire.TPM2BKEMCiphertext), "ATTEST": new(wire.TPM2BAttest),
		"SIGNATURE": new(wire.TPMTSignature), "CONTEXT": new(wire.TPMSContext), "TIME": new(wire.TPMSTimeInfo),
		"CAPABILITY": new(wire.TPMSCapabilityData), "NV_PUBLIC": new(wire.TPM2BNVPublic), "NV_PUBLIC_2": new(wire.TPM2BNVPublic2),
		"TK_CREATION": new(wire.TPMTTKCreation), "TK_HASH": new(wire.TPMTTKHashCheck), "TK_VERIFIED": new(wire.TPMTTKVerified),
		"TK_AUTH": new(wire.TPMTTKAuth), "LIST_ALG": new(wire.TPMLAlg), "LIST_HA": new(wire.TPMLDigestValues),
		"LIST_PCR": new(wire.TPMLPCRSelection), "LIST_DIGEST": new(wire.TPMLDigest),
	}
	if v, ok := types[kind]; ok {
		return v
	}
	return nil
}

// responseLists is the response table by command; read only.
var responseLists = sync.OnceValue(func() map[wire.CC][]string {
	all := make(map[wire.CC][]string)
	for line := range strings.Lines(responseTable) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		if code, ok := wire.CCByName("TPM2_" + words[0]); ok {
			all[code] = words[1:]
		}
	}
	return all
})

// responseFields are the parameters of the response to a command.
func responseFields(code wire.CC) []field {
	var all []field
	for _, word := range responseLists()[code] {
		name, kind, _ := strings.Cut(word, ":")
		f := field{name: strings.TrimSuffix(name, "!"), secret: strings.HasSuffix(name, "!")}
		if f.value, f.into = newValue(kind); f.into != nil {
			all = append(all, f)
		}
	}
	return all
}
