package setup

import (
	"encoding/hex"
	"fmt"
	"strings"

	"govtpm/tpm2/wire"
)

// algorithm is a kind of key that --ek1keyalgo and its like can name. The zero value is no key.
type algorithm struct {
	name  string // in messages, file names and certificates: rsa2048, secp384r1
	title string // in messages: RSA 2048, secp384r1
	bits  uint16 // of an RSA key
	curve wire.Curve
}

var algorithms = map[string]algorithm{
	"rsa2048":       {"rsa2048", "RSA 2048", 2048, 0},
	"rsa3072":       {"rsa3072", "RSA 3072", 3072, 0},
	"rsa4096":       {"rsa4096", "RSA 4096", 4096, 0},
	"ecc_nist_p256": {"secp256r1", "secp256r1", 0, wire.CurveNISTP256},
	"ecc_nist_p384": {"secp384r1", "secp384r1", 0, wire.CurveNISTP384},
	"ecc_nist_p521": {"secp521r1", "secp521r1", 0, wire.CurveNISTP521},
}

// parseAlgorithm returns the algorithm with the name, whatever its case.
func parseAlgorithm(name string) (algorithm, error) {
	lower := strings.ToLower(name)
	if a, ok := algorithms[lower]; ok {
		return a, nil
	}
	for _, a := range algorithms {
		if a.name == lower {
			return a, nil
		}
	}
	return algorithm{}, fmt.Errorf("unsupported key algorithm '%s'", name)
}

func (a algorithm) rsa() bool { return a.bits != 0 }

// ekPlace says where an endorsement key and what belongs to it are kept (TCG EK Credential Profile, 2.2.1.4; TCG Registry of
// Reserved TPM 2.0 Handles, 2.3.1).
type ekPlace struct {
	handle, cert, template wire.Handle
}

var ekPlaces = map[string]ekPlace{
	"rsa2048":   {0x81010001, 0x01c00002, 0x01c00004},
	"rsa3072":   {0x8101001c, 0x01c0001c, 0x01c0001d},
	"rsa4096":   {0x8101001e, 0x01c0001e, 0x01c0001f},
	"secp256r1": {0x8101000a, 0x01c0000a, 0x01c0000b},
	"secp384r1": {0x81010016, 0x01c00016, 0x01c00017},
	"secp521r1": {0x81010018, 0x01c00018, 0x01c00019},
}

// Handles and indexes of the other keys and certificates.
const (
	spkHandle       wire.Handle = 0x81000001
	idevidHandle    wire.Handle = 0x81020000
	iakHandle       wire.Handle = 0x81020001
	platformCertNV  wire.Handle = 0x01c08000
	iakCertNV       wire.Handle = 0x01c90100
	idevidCertNV    wire.Handle = 0x01c90200
	ekBase                      = wire.TPMAObject(0x000000b2) // fixedTPM, fixedParent, sensitiveDataOrigin, adminWithPolicy
	userWithAuth                = wire.TPMAObject(0x00000040)
	restrictedDecr              = wire.TPMAObject(0x00030000) // restricted, decrypt
	decrypts                    = wire.TPMAObject(0x00020000)
	signs                       = wire.TPMAObject(0x00040000)
	restrictedSigns             = wire.TPMAObject(0x00050000)
	spkAttributes               = wire.TPMAObject(0x00030472)
)

// Policy digests: those of EK templates (TCG EK Credential Profile, annex B.3 and B.6) and of device identity keys (TCG TPM 2.0 Keys
// for Device Identity and Attestation, 7.3).
var policies = map[string]string{
	"A-256":      "837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa",
	"B-384":      "b26e7d28d11a50bc53d882bcf5fd3a1a074148bb35d3b4e4cb1c0ad9bde419cacb47ba09699646150f9fc000f3f80e12",
	"B-512":      "b8221ca69e8550a4914de3faa6a18c072cc01208073a928d5d66d59ef79e49a429c41a6b269571d57edb25fbdb1838425608b413cd616a5f6db5b6071af99bea",
	"iak-256":    "5437182326e414fca797d5f174615a1641f61255797c3a2b22c21d120b2d1e07",
	"iak-384":    "129d94ebf84556652c6eef43bbb757512ac87e52be7b349ca6ce4d826f749fcf672f51716c5cbb605f313bf345aab312",
	"iak-512":    "8060d1fb31716a29e48a6e5fece088bcfc1b278fc162255e81c3eca3544cd44af94410c3715d561cccd9e39a6cb2646d43535bb54ea88710deb5f7836bd9b586",
	"idevid-256": "ad6b3a2284fd698a0710bf5cc1b9bdf15e2532e3f601fa4b93a6a8fa8de579ea",
	"idevid-384": "4db1aa836d0b5615df6ee53a40ef70c61c217f4303d44695925972bc927006cfa5cbdf6dc18c4dbe329b2f1542c3dd33",
	"idevid-512": "7dd7500fd6c1b94f97a6af910da147301ef28f662fee06f225a4ccadda3b4e6b38e66b2f3ad5dee1a0503cd2daedb1e68cfe4f84b03a8cd22bb6a976f071a72f",
}

// policy returns a policy digest for the name algorithm.
func policy(kind string, nameAlg wire.Alg) wire.TPM2BDigest {
	size := map[wire.Alg]string{wire.AlgSHA256: "256", wire.AlgSHA384: "384", wire.AlgSHA512: "512"}[nameAlg]
	digest, err := hex.DecodeString(policies[kind+"-"+size])
	if err != nil {
		return nil // a typing error in the table: TestTemplates finds it
	}
	return digest
}

// strength returns the name algorithm that goes with an algorithm.
func (a algorithm) strength() wire.Alg {
	switch {
	case a.bits == 2048 || a.curve == wire.CurveNISTP256:
		return wire.AlgSHA256
	case a.curve == wire.CurveNISTP521:
		return wire.AlgSHA512
	}
	return wire.AlgSHA384
}

// aes returns AES in CFB mode for storage keys.
func aes(bits uint16) wire.TPMTSymDefObject {
	return wire.TPMTSymDefObject{Algorithm: wire.AlgAES, KeyBits: bits, Mode: wire.AlgCFB}
}

var noSymmetric = wire.TPMTSymDefObject{Algorithm: wire.AlgNull}

// newTemplate returns a template without scheme: algorithm, name algorithm, attributes and symmetric cipher are set.
func newTemplate(a algorithm, nameAlg wire.Alg, attributes wire.TPMAObject, symmetric wire.TPMTSymDefObject) *wire.TPMTPublic {
	t := &wire.TPMTPublic{Type: wire.AlgECC, NameAlg: nameAlg, Attributes: attributes}
	if a.rsa() {
		t.Type = wire.AlgRSA
		t.Parameters.RSA = wire.TPMSRSAParms{Symmetric: symmetric, Scheme: wire.TPMTRSAScheme{Scheme: wire.AlgNull}, KeyBits: a.bits}
		return t
	}
	t.Parameters.ECC = wire.TPMSECCParms{
		Symmetric: symmetric, Scheme: wire.TPMTECCScheme{Scheme: wire.AlgNull},
		CurveID: a.curve, KDF: wire.TPMTKDFScheme{Scheme: wire.AlgNull},
	}
	return t
}

// ekTemplate returns the template of an endorsement key: of the low range (L-1, L-2) for RSA 2048 and P-256, else of the high
// range (TCG EK Credential Profile, annex B). A key that may sign has no symmetric cipher and is not restricted.
func ekTemplate(a algorithm, allowSigning, decryption bool) *wire.TPMTPublic {
	nameAlg := a.strength()
	low := nameAlg == wire.AlgSHA256
	attributes, symmetric := ekBase|restrictedDecr, aes(256)
	if low {
		symmetric = aes(128)
	}
	if allowSigning {
		attributes, symmetric = ekBase|signs, noSymmetric
		if decryption {
			attributes |= decrypts
		}
	}
	kind := "A"
	if !low {
		attributes |= userWithAuth
		kind = "B"
	}
	t := newTemplate(a, nameAlg, attributes, symmetric)
	t.AuthPolicy = policy(kind, nameAlg)
	switch {
	case low && a.rsa():
		t.Unique.RSA = make([]byte, 256)
	case low:
		t.Unique.ECC = wire.TPMSECCPoint{X: make([]byte, 32), Y: make([]byte, 32)}
	}
	return t
}

// spkTemplate returns the template of the storage primary key: P-384 or RSA 3072.
func spkTemplate(ecc bool) *wire.TPMTPublic {
	if ecc {
		t := newTemplate(algorithms["ecc_nist_p384"], wire.AlgSHA384, spkAttributes, aes(256))
		t.Unique.ECC = wire.TPMSECCPoint{X: make([]byte, 48), Y: make([]byte, 48)}
		return t
	}
	t := newTemplate(algorithms["rsa3072"], wire.AlgSHA384, spkAttributes, aes(256))
	t.Unique.RSA = make([]byte, 384)
	return t
}

// iakTemplate returns the template of the initial attestation key (TCG TPM 2.0 Keys for Device Identity and Attestation, 7.3.2).
func iakTemplate(a algorithm) *wire.TPMTPublic {
	nameAlg := a.strength()
	t := newTemplate(a, nameAlg, ekBase|userWithAuth|restrictedSigns, noSymmetric)
	t.AuthPolicy = policy("iak", nameAlg)
	t.Parameters.RSA.Scheme = wire.TPMTRSAScheme{Scheme: wire.AlgRSAPSS, HashAlg: nameAlg}
	t.Parameters.ECC.Scheme = wire.TPMTECCScheme{Scheme: wire.AlgECDSA, HashAlg: nameAlg}
	setUnique(t, "IAK")
	return t
}

// idevidTemplate returns the template of the initial device identity key (7.3.3 there).
func idevidTemplate(a algorithm) *wire.TPMTPublic {
	nameAlg := a.strength()
	t := newTemplate(a, nameAlg, ekBase|userWithAuth|signs, noSymmetric)
	t.AuthPolicy = policy("idevid", nameAlg)
	t.Parameters.ECC.Scheme = wire.TPMTECCScheme{Scheme: wire.AlgECDSA, HashAlg: nameAlg}
	setUnique(t, "IDEVID")
	return t
}

func setUnique(t *wire.TPMTPublic, text string) {
	if t.Type == wire.AlgRSA {
		t.Unique.RSA = []byte(text)
		return
	}
	t.Unique.ECC.X = []byte(text)
}

// keyParameter returns a public key as the certificate tool takes it: an RSA modulus in hexadecimal, or coordinates and curve.
func keyParameter(p *wire.TPMTPublic, a algorithm) string {
	if p.Type == wire.AlgRSA {
		return hex.EncodeToString(p.Unique.RSA)
	}
	return fmt.Sprintf("x=%x,y=%x,id=%s", []byte(p.Unique.ECC.X), []byte(p.Unique.ECC.Y), a.name)
}
