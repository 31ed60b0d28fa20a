package ekcert

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// PublicKey is the key a certificate is issued for: its SubjectPublicKeyInfo and what an encryption key of its kind may do.
type PublicKey struct {
	spki  []byte
	usage byte // keyUsage bit of a key that is not for signing, or digitalSignature if it can only sign
}

// DER returns the SubjectPublicKeyInfo.
func (k *PublicKey) DER() []byte { return slices.Clone(k.spki) }

var oidRSAEncryption = oid{1, 2, 840, 113549, 1, 1, 1} // RFC 8017, annex C

// minModulusBits and maxModulusBits bound the RSA keys that are certified; those of a TPM have 1024 to 4096 bits.
const minModulusBits, maxModulusBits = 1024, 16384

// checkModulus refuses what is the modulus of no RSA key, or of none that anybody should have.
func checkModulus(n *big.Int) error {
	switch bits := n.BitLen(); {
	case bits < minModulusBits || bits > maxModulusBits:
		return fmt.Errorf("the RSA modulus has %d bits: %d to %d are possible", bits, minModulusBits, maxModulusBits)
	case n.Bit(0) == 0:
		return errors.New("the RSA modulus is even: it is not a product of two large primes")
	}
	return nil
}

// RSAPublicKey returns the key with the given big-endian modulus and exponent. It is encoded here, not by crypto/x509, because
// an EK's exponent is taken as it is.
func RSAPublicKey(modulus []byte, exponent uint32) (*PublicKey, error) {
	n := new(big.Int).SetBytes(modulus)
	if err := checkModulus(n); err != nil {
		return nil, err
	}
	if exponent == 0 {
		return nil, errors.New("the RSA exponent cannot be 0")
	}
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oidRSAEncryption)
			b.AddASN1NULL()
		})
		b.AddASN1(asn1.BIT_STRING, func(b *cryptobyte.Builder) {
			b.AddUint8(0)
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1BigInt(n)
				b.AddASN1Uint64(uint64(exponent))
			})
		})
	})
	spki, err := b.Bytes()
	return &PublicKey{spki, usageKeyEncipherment}, err
}

// curves lists the elliptic curves by their names on the command line (SEC 2).
var curves = map[string]elliptic.Curve{
	"secp256r1": elliptic.P256(), "secp384r1": elliptic.P384(), "secp521r1": elliptic.P521(),
}

// ECPublicKey returns the key with the given coordinates, which may be shorter than the curve's field, on the curve with the
// given name (secp256r1, secp384r1, secp521r1). A point that is not on the curve is refused.
func ECPublicKey(curveName string, x, y []byte) (*PublicKey, error) {
	curve, ok := curves[curveName]
	if !ok {
		return nil, fmt.Errorf("unsupported ECC curve id: %s", curveName)
	}
	size := (curve.Params().BitSize + 7) / 8
	point := []byte{4} // uncompressed (SEC 1, 2.3.3)
	for _, c := range [][]byte{x, y} {
		n := new(big.Int).SetBytes(c)
		if n.BitLen() > size*8 {
			return nil, fmt.Errorf("an ECC coordinate is too long for %s", curveName)
		}
		point = append(point, n.FillBytes(make([]byte, size))...)
	}
	key, err := ecdsa.ParseUncompressedPublicKey(curve, point)
	if err != nil {
		return nil, fmt.Errorf("the ECC point is not on %s", curveName)
	}
	return newPublicKey(key)
}

// pqAlgorithms lists the post-quantum keys: object identifier (NIST CSOR, as in RFC 9881 and RFC 9935), length of the public
// key (FIPS 203 table 3, FIPS 204 table 2) and key usage.
var pqAlgorithms = map[string]struct {
	id    oid
	size  int
	usage byte
}{
	"ml-kem-512":  {oid{2, 16, 840, 1, 101, 3, 4, 4, 1}, 800, usageKeyEncipherment},
	"ml-kem-768":  {oid{2, 16, 840, 1, 101, 3, 4, 4, 2}, 1184, usageKeyEncipherment},
	"ml-kem-1024": {oid{2, 16, 840, 1, 101, 3, 4, 4, 3}, 1568, usageKeyEncipherment},
	"ml-dsa-44":   {oid{2, 16, 840, 1, 101, 3, 4, 3, 17}, 1312, usageDigitalSignature},
	"ml-dsa-65":   {oid{2, 16, 840, 1, 101, 3, 4, 3, 18}, 1952, usageDigitalSignature},
	"ml-dsa-87":   {oid{2, 16, 840, 1, 101, 3, 4, 3, 19}, 2592, usageDigitalSignature},
}

// PQPublicKey returns the post-quantum key with the given algorithm (ml-kem-512, -768, -1024, ml-dsa-44, -65, -87) and bytes.
func PQPublicKey(algorithm string, public []byte) (*PublicKey, error) {
	alg, ok := pqAlgorithms[algorithm]
	if !ok {
		return nil, fmt.Errorf("unsupported key algorithm: %s", algorithm)
	}
	if len(public) != alg.size {
		return nil, fmt.Errorf("a public key of %s has %d bytes, not %d", algorithm, alg.size, len(public))
	}
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(alg.id) })
		b.AddASN1BitString(public)
	})
	spki, err := b.Bytes()
	return &PublicKey{spki, alg.usage}, err
}

// ParsePublicKeyPEM reads a PEM file with a public key (PUBLIC KEY or RSA PUBLIC KEY).
func ParsePublicKeyPEM(data []byte) (*PublicKey, error) {
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		switch block.Type {
		case "PUBLIC KEY":
			return parseSPKI(block.Bytes)
		case "RSA PUBLIC KEY":
			key, err := x509.ParsePKCS1PublicKey(block.Bytes)
			if err != nil {
				return nil, fmt.Errorf("reading the public key: %w", err)
			}
			return newPublicKey(key)
		}
	}
	return nil, errors.New("the file holds no public key in PEM format")
}

// parseSPKI reads a SubjectPublicKeyInfo of any kind of key that a certificate can be made for.
func parseSPKI(der []byte) (*PublicKey, error) {
	if k, ok := parsePQ(der); ok {
		return k, nil
	}
	key, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, fmt.Errorf("reading the public key: %w", err)
	}
	return newPublicKey(key)
}

// parsePQ recognises the post-quantum keys, which crypto/x509 does not know.
func parsePQ(der []byte) (*PublicKey, bool) {
	var seq, algID cryptobyte.String
	var id oid
	var public []byte
	s := cryptobyte.String(der)
	if !s.ReadASN1(&seq, asn1.SEQUENCE) || !seq.ReadASN1(&algID, asn1.SEQUENCE) || !algID.ReadASN1ObjectIdentifier(&id) ||
		!algID.Empty() || !seq.ReadASN1BitStringAsBytes(&public) || !seq.Empty() || !s.Empty() {
		return nil, false
	}
	for name, alg := range pqAlgorithms {
		if alg.id.Equal(id) {
			k, err := PQPublicKey(name, public)
			return k, err == nil
		}
	}
	return nil, false
}

func newPublicKey(key any) (*PublicKey, error) {
	usage := byte(usageKeyEncipherment)
	switch key := key.(type) {
	case *rsa.PublicKey:
		if err := checkModulus(key.N); err != nil {
			return nil, err
		}
	case *ecdsa.PublicKey, *ecdh.PublicKey:
		usage = usageKeyAgreement
	case ed25519.PublicKey:
		usage = usageDigitalSignature
	default:
		return nil, fmt.Errorf("keys of type %T cannot be certified", key)
	}
	spki, err := x509.MarshalPKIXPublicKey(key)
	return &PublicKey{spki, usage}, err
}
