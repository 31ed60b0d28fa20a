package ekcert

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	_ "crypto/sha1"   // registers crypto.SHA1: certificates of a TPM 1.2
	_ "crypto/sha256" // registers crypto.SHA256
	_ "crypto/sha512" // registers crypto.SHA384 and crypto.SHA512
	"fmt"
	"io"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// Signature algorithms (RFC 8017, annex A.2.4; RFC 5758, 3.2; RFC 3279, 2.2.3; RFC 8410, 3).
var (
	rsaSignatures = map[crypto.Hash]oid{
		crypto.SHA1: {1, 2, 840, 113549, 1, 1, 5}, crypto.SHA256: {1, 2, 840, 113549, 1, 1, 11}, crypto.SHA384: {1, 2, 840, 113549, 1, 1, 12},
	}
	ecdsaSignatures = map[crypto.Hash]oid{
		crypto.SHA1: {1, 2, 840, 10045, 4, 1}, crypto.SHA256: {1, 2, 840, 10045, 4, 3, 2},
		crypto.SHA384: {1, 2, 840, 10045, 4, 3, 3}, crypto.SHA512: {1, 2, 840, 10045, 4, 3, 4},
	}
	oidEd25519 = oid{1, 3, 101, 112}
)

// signatureAlgorithm is how a CA key signs: the encoded AlgorithmIdentifier and the hash, 0 if the key signs the message itself.
type signatureAlgorithm struct {
	identifier []byte
	hash       crypto.Hash
}

// signatureAlgorithmFor picks the algorithm for a CA key. TPM 1.2 certificates are signed over SHA-1. For TPM 2 an RSA key
// of 2048 bits signs over SHA-256, any other over SHA-384; an elliptic curve takes the hash of its size.
func signatureAlgorithmFor(public crypto.PublicKey, tpm2 bool) (*signatureAlgorithm, error) {
	switch key := public.(type) {
	case *rsa.PublicKey:
		hash := crypto.SHA384
		if !tpm2 {
			hash = crypto.SHA1
		} else if key.N.BitLen() == 2048 {
			hash = crypto.SHA256
		}
		return newSignatureAlgorithm(rsaSignatures[hash], hash, true)
	case *ecdsa.PublicKey:
		hash := crypto.SHA256
		switch bits := key.Curve.Params().BitSize; {
		case !tpm2:
			hash = crypto.SHA1
		case bits >= 512:
			hash = crypto.SHA512
		case bits >= 384:
			hash = crypto.SHA384
		}
		return newSignatureAlgorithm(ecdsaSignatures[hash], hash, false)
	case ed25519.PublicKey:
		return newSignatureAlgorithm(oidEd25519, 0, false)
	}
	return nil, fmt.Errorf("keys of type %T cannot sign certificates", public)
}

func newSignatureAlgorithm(id oid, hash crypto.Hash, null bool) (*signatureAlgorithm, error) {
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(id)
		if null { // RFC 4055, 5: the parameters of RSA signatures are NULL
			b.AddASN1NULL()
		}
	})
	der, err := b.Bytes()
	return &signatureAlgorithm{der, hash}, err
}

func (a *signatureAlgorithm) sign(rand io.Reader, key crypto.Signer, message []byte) ([]byte, error) {
	return crypto.SignMessage(key, rand, message, a.hash) // keys in tokens take messages only
}
