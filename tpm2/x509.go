package tpm2

import (
	"encoding/asn1"
	"encoding/binary"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"govtpm/tpm2/wire"
)

// Certificates that the TPM signs over a key it holds (Part 3, 18.8). The caller brings what the TPM does not know: issuer,
// validity, subject, extensions.

// maxSerial is the size of a serial number that the TPM makes, in bytes.
const maxSerial = 20

// tbsPart is one element of a TBSCertificate with its DER header.
type tbsPart = cryptobyte.String

// partialCertificate is what the caller brings.
type partialCertificate struct {
	signature                 tbsPart // algorithm identifier, empty if the TPM is to make it
	issuer, validity, subject tbsPart
	extensions                tbsPart
}

// extensionsTag is the [3] of a TBSCertificate.
func extensionsTag() cbasn1.Tag { return cbasn1.Tag(3).ContextSpecific().Constructed() }

// certifyX509 is TPM2_CertifyX509 (Part 3, 18.8).
//
// Parameter 1: RCSize; handle 2: RCKey, RCScheme; parameter 2: RCScheme; handle 1: RCAsymmetric, RCAttributes; parameter 3: RCSize,
// RCValue, RCReservedBits.
func (t *TPM) certifyX509(c *call, p *certifyX509Parameters) error {
	object, key := c.objects[0], c.objects[1]
	if len(p.reserved) != 0 {
		return wire.RCSize.Parameter(1)
	}
	if err := t.checkSigner(key, &p.inScheme, 2, 2); err != nil {
		return err
	}
	if digestSize(key.public.NameAlg) == 0 { // of the serial number
		return wire.RCKey.Handle(2)
	}
	publicKey := marshalPublicKeyInfo(&object.public)
	if publicKey == nil {
		return wire.RCAsymmetric.Handle(1)
	}
	partial, rc := parsePartialCertificate(p.partialCertificate)
	if rc != wire.RCSuccess {
		return rc.Parameter(3)
	}
	made := []byte(nil) // the signature algorithm, if the TPM makes it
	if partial.signature.Empty() {
		if made = marshalSignatureAlgorithm(&key.public, &p.inScheme); made == nil {
			return wire.RCScheme.Handle(2)
		}
		partial.signature = made
	}
	switch rc := checkExtensions(partial.extensions, object.public.Attributes); rc {
	case wire.RCSuccess:
	case wire.RCAttributes:
		return rc.Handle(1)
	default:
		return rc.Parameter(3)
	}
	rest := [][]byte{partial.signature, partial.issuer, partial.validity, partial.subject, publicKey, partial.extensions}
	serial := serialNumber(key, object, rest)
	tbs := marshalSequence(append([][]byte{versionElement(), serial}, rest...)...)
	digest := hashOf(p.inScheme.HashAlg, tbs)
	signature, err := t.sign(key, &p.inScheme, digest)
	if err != nil {
		return err
	}
	c.out.TPM2B(marshalSequence(versionElement(), serial, made, publicKey))
	c.out.TPM2B(digest)
	signature.Marshal(&c.out)
	return nil
}

// parsePartialCertificate takes the caller's elements apart: three or four sequences and the extensions. RCSize, RCValue without
// position.
func parsePartialCertificate(der []byte) (p partialCertificate, rc wire.RC) {
	input := cryptobyte.String(der)
	var body cryptobyte.String
	if len(der) == 0 {
		return p, wire.RCValue
	}
	if !input.ReadASN1(&body, cbasn1.SEQUENCE) || !input.Empty() {
		return p, wire.RCSize
	}
	var sequences []tbsPart
	for !body.Empty() {
		var element cryptobyte.String
		var tag cbasn1.Tag
		if !body.ReadAnyASN1Element(&element, &tag) {
			return p, wire.RCValue
		}
		switch {
		case tag == cbasn1.SEQUENCE && len(sequences) < 4:
			sequences = append(sequences, element)
		case tag == extensionsTag() && p.extensions.Empty():
			p.extensions = element
		default:
			return p, wire.RCValue
		}
	}
	if len(sequences) < 3 || p.extensions.Empty() {
		return p, wire.RCValue
	}
	if len(sequences) == 4 {
		p.signature, sequences = sequences[0], sequences[1:]
	}
	p.issuer, p.validity, p.subject = sequences[0], sequences[1], sequences[2]
	return p, wire.RCSuccess
}

// Extensions that the TPM looks at (RFC 5280, 4.2.1.3; TCG OID registry).
var (
	oidKeyUsage   = asn1.ObjectIdentifier{2, 5, 29, 15}
	oidTPMAObject = asn1.ObjectIdentifier{2, 23, 133, 10, 1, 1, 1}
)

// checkExtensions checks that key usage, which must be there, and TPMA_OBJECT, which may be, agree with the attributes of the object.
// RCValue, RCAttributes, RCReservedBits without position.
func checkExtensions(element tbsPart, attributes wire.TPMAObject) wire.RC {
	var outer, list cryptobyte.String
	if !element.ReadASN1(&outer, extensionsTag()) || !outer.ReadASN1(&list, cbasn1.SEQUENCE) {
		return wire.RCValue
	}
	usage, hasUsage := uint32(0), false
	for !list.Empty() {
		var extension, value cryptobyte.String
		var oid asn1.ObjectIdentifier
		if !list.ReadASN1(&extension, cbasn1.SEQUENCE) || !extension.ReadASN1ObjectIdentifier(&oid) {
			return wire.RCValue
		}
		if !oid.Equal(oidKeyUsage) && !oid.Equal(oidTPMAObject) {
			continue
		}
		if !extension.SkipOptionalASN1(cbasn1.BOOLEAN) || !extension.ReadASN1(&value, cbasn1.OCTET_STRING) {
			return wire.RCValue
		}
		bits, ok := readBits(value)
		if !ok {
			return wire.RCValue
		}
		if oid.Equal(oidKeyUsage) {
			usage, hasUsage = bits, true
		} else if bits != uint32(attributes) {
			return wire.RCAttributes
		}
	}
	if !hasUsage {
		return wire.RCValue
	}
	return checkKeyUsage(wire.TPMAX509KeyUsage(usage), attributes)
}

// readBits reads a BIT STRING of at most 32 bits; the first bit is the highest.
func readBits(der cryptobyte.String) (uint32, bool) {
	var bits asn1.BitString
	if !der.ReadASN1BitString(&bits) || len(bits.Bytes) > 4 {
		return 0, false
	}
	var word [4]byte
	copy(word[:], bits.Bytes)
	return binary.BigEndian.Uint32(word[:]), true
}

// checkKeyUsage checks that a key with these attributes may be used as a certificate says (Part 2, 8.11).
func checkKeyUsage(usage wire.TPMAX509KeyUsage, attributes wire.TPMAObject) wire.RC {
	const (
		signing = wire.KeyUsageDigitalSignature | wire.KeyUsageKeyCertSign | wire.KeyUsageCRLSign
		secrecy = wire.KeyUsageKeyEncipherment | wire.KeyUsageDataEncipherment | wire.KeyUsageKeyAgreement |
			wire.KeyUsageEncipherOnly | wire.KeyUsageDecipherOnly
	)
	if usage&^(signing|secrecy|wire.KeyUsageNonRepudiation) != 0 {
		return wire.RCReservedBits
	}
	for _, need := range []struct {
		usage     wire.TPMAX509KeyUsage
		attribute wire.TPMAObject
	}{
		{signing, wire.ObjectSign},
		{secrecy, wire.ObjectDecrypt},
		{wire.KeyUsageNonRepudiation, wire.ObjectFixedTPM},
		{wire.KeyUsageKeyEncipherment, wire.ObjectRestricted},
	} {
		if usage&need.usage != 0 && !attributes.Has(need.attribute) {
			return wire.RCValue
		}
	}
	return wire.RCSuccess
}

// serialNumber is the INTEGER made from what is certified and by whom.
func serialNumber(key, object *object, rest [][]byte) []byte {
	h := newHash(key.public.NameAlg)
	for _, part := range rest {
		h.Write(part)
	}
	h.Write(key.name)
	h.Write(object.name)
	digest := h.Sum(nil)
	var b cryptobyte.Builder
	b.AddASN1BigInt(new(big.Int).SetBytes(digest[:min(len(digest), maxSerial)]))
	return b.BytesOrPanic()
}

// versionElement is [0] with version 3.
func versionElement() []byte {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.Tag(0).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) { b.AddASN1Int64(2) })
	return b.BytesOrPanic()
}

// marshalSequence puts elements into a SEQUENCE.
func marshalSequence(elements ...[]byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		for _, e := range elements {
			b.AddBytes(e)
		}
	})
	return b.BytesOrPanic()
}

// algorithm is an AlgorithmIdentifier: the OID, and NULL for parameters if null is set.
func algorithm(b *cryptobyte.Builder, oid asn1.ObjectIdentifier, null bool) {
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(oid)
		if null {
			b.AddASN1NULL()
		}
	})
}

var (
	oidRSA  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
	oidMGF1 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 8}
	oidPSS  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10}
	oidECC  = asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}
)

// curveOID names a curve (RFC 5480, 2.1.1.1; GM/T 0006), nil for one without name.
func curveOID(c wire.Curve) asn1.ObjectIdentifier {
	switch c {
	case wire.CurveNISTP192:
		return asn1.ObjectIdentifier{1, 2, 840, 10045, 3, 1, 1}
	case wire.CurveNISTP224:
		return asn1.ObjectIdentifier{1, 3, 132, 0, 33}
	case wire.CurveNISTP256:
		return asn1.ObjectIdentifier{1, 2, 840, 10045, 3, 1, 7}
	case wire.CurveNISTP384:
		return asn1.ObjectIdentifier{1, 3, 132, 0, 34}
	case wire.CurveNISTP521:
		return asn1.ObjectIdentifier{1, 3, 132, 0, 35}
	case wire.CurveSM2P256:
		return asn1.ObjectIdentifier{1, 2, 156, 10197, 1, 301}
	}
	return nil
}

// hashOIDs are the names of a hash and of the signatures with it (RFC 8017, B.1 and A.2.4; RFC 5758, 3.2); nil for one without.
func hashOIDs(alg wire.Alg) (hash, rsassa, ecdsa asn1.ObjectIdentifier) {
	switch alg {
	case wire.AlgSHA1:
		return asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26},
			asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 5}, asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 1}
	case wire.AlgSHA256:
		return asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1},
			asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11}, asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}
	case wire.AlgSHA384:
		return asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 2},
			asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 12}, asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 3}
	case wire.AlgSHA512:
		return asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 3},
			asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 13}, asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 4}
	}
	return nil, nil, nil
}

// marshalSignatureAlgorithm is the AlgorithmIdentifier of signatures with a key and scheme, nil where there is none.
func marshalSignatureAlgorithm(key *wire.TPMTPublic, s *wire.TPMTSigScheme) []byte {
	hash, rsassa, ecdsa := hashOIDs(s.HashAlg)
	if hash == nil {
		return nil
	}
	var b cryptobyte.Builder
	switch s.Scheme {
	case wire.AlgRSASSA:
		algorithm(&b, rsassa, true)
	case wire.AlgECDSA:
		algorithm(&b, ecdsa, false)
	case wire.AlgRSAPSS:
		marshalPSS(&b, hash, pssSaltSize(s.HashAlg, len(key.Unique.RSA)), s.HashAlg == wire.AlgSHA1)
	default:
		return nil
	}
	return b.BytesOrPanic()
}

// pssSaltSize is the size of the salt in RSAPSS signatures (Part 1, 43.7).
func pssSaltSize(alg wire.Alg, modulus int) int {
	return max(0, min(digestSize(alg), modulus-digestSize(alg)-2))
}

// marshalPSS is the AlgorithmIdentifier of RSAPSS (RFC 8017, A.2.3); without parameters where the defaults hold, as libtpms has it.
func marshalPSS(b *cryptobyte.Builder, hash asn1.ObjectIdentifier, salt int, defaults bool) {
	if defaults {
		algorithm(b, oidPSS, true)
		return
	}
	tagged := func(b *cryptobyte.Builder, tag uint8, body func(*cryptobyte.Builder)) {
		b.AddASN1(cbasn1.Tag(tag).ContextSpecific().Constructed(), body)
	}
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(oidPSS)
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			tagged(b, 0, func(b *cryptobyte.Builder) { algorithm(b, hash, true) })
			tagged(b, 1, func(b *cryptobyte.Builder) {
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
					b.AddASN1ObjectIdentifier(oidMGF1)
					algorithm(b, hash, true)
				})
			})
			tagged(b, 2, func(b *cryptobyte.Builder) { b.AddASN1Int64(int64(salt)) })
		})
	})
}

// marshalPublicKeyInfo is the SubjectPublicKeyInfo of a key (RFC 3279, 2.3.1; RFC 5480, 2), nil where there is none.
func marshalPublicKeyInfo(pub *wire.TPMTPublic) []byte {
	var b cryptobyte.Builder
	switch pub.Type {
	case wire.AlgRSA:
		e := pub.Parameters.RSA.Exponent
		if e == 0 {
			e = 65537
		}
		var key cryptobyte.Builder
		key.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1BigInt(new(big.Int).SetBytes(pub.Unique.RSA))
			b.AddASN1Uint64(uint64(e))
		})
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			algorithm(b, oidRSA, true)
			b.AddASN1BitString(key.BytesOrPanic())
		})
	case wire.AlgECC:
		curve := curveOID(pub.Parameters.ECC.CurveID)
		if curve == nil {
			return nil
		}
		point := append([]byte{4}, pub.Unique.ECC.X...)
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1ObjectIdentifier(oidECC)
				b.AddASN1ObjectIdentifier(curve)
			})
			b.AddASN1BitString(append(point, pub.Unique.ECC.Y...))
		})
	default:
		return nil
	}
	return b.BytesOrPanic()
}
