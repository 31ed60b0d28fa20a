package tpmkey

import (
	"bytes"
	"encoding/asn1"
	"encoding/binary"
	"encoding/pem"
	"errors"

	"govtpm/tpm2/wire"
)

// pemType is the type of a key's PEM block.
const pemType = "TSS2 PRIVATE KEY"

// IsFile says whether the content of a file is a key of a TPM.
func IsFile(data []byte) bool { return bytes.Contains(data, []byte("-----BEGIN "+pemType+"-----")) }

// keyFile is what a file says about a key.
type keyFile struct {
	parent          wire.Handle
	rsaParent       bool
	public, private []byte // TPM2B_PUBLIC and TPM2B_PRIVATE
}

// oidLoadableKey marks a key that TPM2_Load takes (ASN.1 Specification for TPM 2.0 Key Files, 3.1).
var oidLoadableKey = asn1.ObjectIdentifier{2, 23, 133, 10, 1, 3}

// tpmKey is TPMKey of that specification.
type tpmKey struct {
	Type        asn1.ObjectIdentifier
	EmptyAuth   asn1.RawValue `asn1:"optional,explicit,tag:0"` // tpm2_encodeobject says the contrary, and not in DER
	Policy      asn1.RawValue `asn1:"optional,explicit,tag:1"`
	Secret      []byte        `asn1:"optional,explicit,tag:2"`
	AuthPolicy  asn1.RawValue `asn1:"optional,explicit,tag:3"`
	Description string        `asn1:"optional,explicit,tag:4,utf8"`
	RSAParent   bool          `asn1:"optional,explicit,tag:5"`
	Parent      int64
	Public      []byte
	Private     []byte
}

func parseFile(data []byte) (*keyFile, error) {
	block, rest := pem.Decode(data)
	for block != nil && block.Type != pemType {
		block, rest = pem.Decode(rest)
	}
	if block == nil {
		return nil, errors.New("the file with the TPM's key is damaged")
	}
	var k tpmKey
	if rest, err := asn1.Unmarshal(block.Bytes, &k); err != nil || len(rest) != 0 {
		return nil, errors.New("the file with the TPM's key cannot be read")
	}
	switch {
	case !k.Type.Equal(oidLoadableKey):
		return nil, errors.New("the file holds no key that a TPM can load; keys to import are not supported")
	case len(k.Policy.FullBytes) != 0 || len(k.AuthPolicy.FullBytes) != 0:
		return nil, errors.New("keys of a TPM whose use needs a policy are not supported")
	case k.Parent < 0 || k.Parent > 0xffffffff:
		return nil, errors.New("the parent of the TPM's key is no handle")
	}
	if len(k.Private) < 2 || int(binary.BigEndian.Uint16(k.Private)) != len(k.Private)-2 {
		return nil, errors.New("the private part of the TPM's key cannot be read")
	}
	f := &keyFile{wire.Handle(k.Parent), k.RSAParent, k.Public, k.Private}
	switch {
	case f.parent>>24 == 0x81 || f.primaryParent():
	case f.parent == 0: // as openssl's provider of old wrote it
		f.parent = wire.RHOwner
	default:
		return nil, errors.New("the parent of the TPM's key is neither persistent nor a hierarchy")
	}
	return f, nil
}

// primaryParent says whether the parent is to be made anew, in the hierarchy that stands for it.
func (f *keyFile) primaryParent() bool {
	switch f.parent {
	case wire.RHOwner, wire.RHEndorsement, wire.RHPlatform, wire.RHNull:
		return true
	}
	return false
}

// parentTemplate is the template of a parent that is a primary key: the storage key of TCG TPM v2.0 Provisioning Guidance, 7.5.1, with an
// empty unique field.
func (f *keyFile) parentTemplate() *wire.TPMTPublic {
	t := &wire.TPMTPublic{Type: wire.AlgECC, NameAlg: wire.AlgSHA256,
		Attributes: wire.ObjectFixedTPM | wire.ObjectFixedParent | wire.ObjectSensitiveDataOrigin | wire.ObjectUserWithAuth | wire.ObjectNoDA |
			wire.ObjectRestricted | wire.ObjectDecrypt}
	aes := wire.TPMTSymDefObject{Algorithm: wire.AlgAES, KeyBits: 128, Mode: wire.AlgCFB}
	if f.rsaParent {
		t.Type = wire.AlgRSA
		t.Parameters.RSA = wire.TPMSRSAParms{Symmetric: aes, Scheme: wire.TPMTRSAScheme{Scheme: wire.AlgNull}, KeyBits: 2048}
		return t
	}
	t.Parameters.ECC = wire.TPMSECCParms{Symmetric: aes, Scheme: wire.TPMTECCScheme{Scheme: wire.AlgNull},
		CurveID: wire.CurveNISTP256, KDF: wire.TPMTKDFScheme{Scheme: wire.AlgNull}}
	return t
}
