package diff

import (
	"encoding/binary"
	"strings"

	"govtpm/tpm2/wire"
)

// responses tells of what the parameters of a response consist, in the order of Part 3. A field that holds something random is
// marked: "~" with the same length in both, "?" with any length. What a command without a line here answers is the same.
var responses = map[wire.CC]string{
	wire.CCStartAuthSession:      "nonce~",
	wire.CCCreate:                "private~ public% creation digest~ ticket~",
	wire.CCCreatePrimary:         "public creation digest ticket name",
	wire.CCCreateLoaded:          "private~ public name",
	wire.CCLoad:                  "name",
	wire.CCLoadExternal:          "name",
	wire.CCReadPublic:            "public name qualified",
	wire.CCActivateCredential:    "digest",
	wire.CCMakeCredential:        "idobject~ secret?",
	wire.CCUnseal:                "2B",
	wire.CCObjectChangeAuth:      "private~",
	wire.CCDuplicate:             "data~ private~ secret?",
	wire.CCRewrap:                "private~ secret?",
	wire.CCImport:                "private~",
	wire.CCRSAEncrypt:            "2B~",
	wire.CCRSADecrypt:            "2B",
	wire.CCECDHKeyGen:            "point? point?",
	wire.CCECDHZGen:              "point",
	wire.CCZGen2Phase:            "point point?",
	wire.CCECCEncrypt:            "point? 2B~ digest~",
	wire.CCECCDecrypt:            "2B",
	wire.CCEncryptDecrypt:        "2B iv",
	wire.CCEncryptDecrypt2:       "2B iv",
	wire.CCHash:                  "digest hashcheck",
	wire.CCHMAC:                  "digest",
	wire.CCGetRandom:             "2B~",
	wire.CCSequenceComplete:      "digest hashcheck",
	wire.CCCertify:               "attest signature",
	wire.CCCertifyCreation:       "attest signature",
	wire.CCQuote:                 "attest signature",
	wire.CCGetSessionAuditDigest: "attest signature",
	wire.CCGetCommandAuditDigest: "attest signature",
	wire.CCGetTime:               "attest signature",
	wire.CCNVCertify:             "attest signature",
	wire.CCCertifyX509:           "2B 2B signature",
	wire.CCCommit:                "point? point? point? counter",
	wire.CCECEphemeral:           "point? counter",
	wire.CCVerifySignature:       "verified",
	wire.CCSign:                  "signature",
	wire.CCPolicySigned:          "timeout auth",
	wire.CCPolicySecret:          "timeout auth",
	wire.CCPolicyGetDigest:       "digest",
	wire.CCReadClock:             "time",
	wire.CCContextSave:           "context",
	wire.CCGetCapability:         "capability",
	wire.CCNVReadPublic:          "nvpublic name",
	wire.CCNVRead:                "2B",
	wire.CCPCRRead:               "rest",
	wire.CCPCREvent:              "rest",
	wire.CCEventSequenceComplete: "rest",
	wire.CCGetTestResult:         "2B rest",
	wire.CCIncrementalSelfTest:   "rest",
	wire.CCPCRAllocate:           "rest",
	wire.CCECCParameters:         "rest",
}

// A value is one parameter of a response.
type value struct {
	kind  string // as in responses, without mark
	mark  byte   // '~', '?', '%' or 0
	data  two    // without the size of a TPM2B
	sized bool
}

// A response is what both answered.
type response struct {
	rc     [2]wire.RC
	raw    two
	handle wire.Handle
	values []value
	random bool // something in it is random, so that exact comparison does not say anything
	ok     bool // both succeeded
}

// get is parameter i.
func (r *response) get(i int) two { return r.values[i].data }

// split takes the parameters of one response apart.
func split(schema string, b []byte) ([]value, [][]byte, bool) {
	r := wire.NewReader(b, nil)
	var kinds []value
	var data [][]byte
	for _, f := range strings.Fields(schema) {
		v := value{kind: strings.TrimRight(f, "~?%")}
		if v.kind != f {
			v.mark = f[len(f)-1]
		}
		before := r.Remaining()
		switch v.kind {
		case "rest":
			r.Bytes(r.Len())
		case "counter":
			r.Uint16()
		case "time":
			new(wire.TPMSTimeInfo).Unmarshal(r)
		case "signature":
			new(wire.TPMTSignature).UnmarshalOrNull(r)
		case "ticket", "auth", "verified", "hashcheck":
			r.Uint16()
			r.Uint32()
			r.TPM2B(64)
		case "context":
			r.Bytes(16)
			r.TPM2B(1 << 15)
		case "capability":
			r.Bytes(r.Len())
		default:
			r.TPM2B(1 << 15)
			v.sized = true
		}
		used := before[:len(before)-r.Len()]
		if v.sized && len(used) >= 2 {
			used = used[2:]
		}
		kinds, data = append(kinds, v), append(data, used)
		if r.Err() != wire.RCSuccess {
			return kinds, data, false
		}
	}
	return kinds, data, r.Len() == 0
}

// An answer is one response taken apart.
type answer struct {
	tag    wire.ST
	rc     wire.RC
	handle wire.Handle
	params []byte
	auths  []wire.TPMSAuthResponse
	sound  bool
}

// open takes the framework of a response apart (Part 1, 15.9).
func open(b []byte, handle bool) (a answer) {
	r := wire.NewReader(b, nil)
	a.tag = wire.ST(r.Uint16())
	size := r.Uint32()
	a.rc = wire.RC(r.Uint32())
	if int(size) != len(b) || r.Err() != wire.RCSuccess {
		return a
	}
	if a.rc != wire.RCSuccess {
		a.sound = len(b) == 10
		return a
	}
	if handle {
		a.handle = wire.Handle(r.Uint32())
	}
	if a.tag != wire.STSessions {
		a.params = r.Bytes(r.Len())
		a.sound = r.Err() == wire.RCSuccess
		return a
	}
	a.params = r.Copy(int(r.Uint32()))
	for r.Len() > 0 {
		var s wire.TPMSAuthResponse
		s.Unmarshal(r)
		a.auths = append(a.auths, s)
	}
	a.sound = r.Err() == wire.RCSuccess
	return a
}

// rpHash is the hash of a successful response (Part 1, 15.9).
func rpHash(a wire.Alg, code wire.CC, params []byte) []byte {
	head := binary.BigEndian.AppendUint32(make([]byte, 4), uint32(code))
	return digest(a, head, params)
}
