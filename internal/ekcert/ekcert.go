// Package ekcert builds the X.509 certificates that vouch for a TPM: endorsement key, platform, IAK and IDevID certificates.
//
// The content follows the TCG EK Credential Profile (TPM 1.2 and 2.0), the TCG Platform Certificate Profile and the TCG
// "TPM 2.0 Keys for Device Identity and Attestation", in the exact bytes swtpm_cert writes: which extensions, in which order,
// which are critical, and how each is encoded. crypto/x509 cannot fix that order, so the certificate is assembled here.
//
// The package reads no file, no clock and no configuration: everything comes in through a Request. Start at Create.
package ekcert

import (
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// Type says what a certificate vouches for.
type Type int

// The kinds of certificates.
const (
	EK       Type = iota // endorsement key (TCG EK Credential Profile)
	Platform             // platform the TPM is part of (TCG Platform Certificate Profile)
	IAK                  // initial attestation key
	IDevID               // initial device identity
)

var typeNames = [...]string{EK: "ek", Platform: "platform", IAK: "iak", IDevID: "idevid"}

// ParseType returns the type with the given name ("ek", "platform", "iak", "idevid"), whatever its case.
func ParseType(name string) (Type, error) {
	for t, n := range typeNames {
		if strings.EqualFold(n, name) {
			return Type(t), nil
		}
	}
	return 0, fmt.Errorf("unknown certificate type '%s'", name)
}

// String returns the name ParseType knows.
func (t Type) String() string {
	if t < 0 || int(t) >= len(typeNames) {
		return fmt.Sprintf("Type(%d)", int(t))
	}
	return typeNames[t]
}

// deviceIdentity says whether the certificate is for a device identity key, which names hardware instead of a TPM model.
func (t Type) deviceIdentity() bool { return t == IAK || t == IDevID }

// Product names a TPM or a platform: manufacturer ("id:" and the hex vendor id for a TPM), model and version.
type Product struct {
	Manufacturer, Model, Version string
}

func (p Product) complete() bool { return p.Manufacturer != "" && p.Model != "" && p.Version != "" }

// Specification names the TPM specification a TPM follows, e.g. "2.0", 0, 183.
type Specification struct {
	Family          string
	Level, Revision int
}

// Request is everything that goes into one certificate. The zero NotAfter means that the certificate never expires
// (RFC 5280, 4.1.2.5: 99991231235959Z).
type Request struct {
	Type          Type
	TPM2          bool           // follow the rules for TPM 2.0; else those for TPM 1.2
	PublicKey     *PublicKey     // the certified key
	Subject       []Attribute    // left out for TPM 1.2
	Serial        *big.Int       // at most 20 bytes (RFC 5280, 4.1.2.2)
	NotBefore     time.Time      //
	NotAfter      time.Time      //
	TPM           Product        // needed for EK and Platform
	Platform      Product        // needed for Platform
	Specification *Specification // needed for EK
	TPMSerial     string         // needed for IAK and IDevID
	AllowSigning  bool           // TPM 2: the key may sign
	Decryption    bool           // TPM 2: the key may decrypt, also when it may sign
}

// maxSerialBytes is the longest serial number RFC 5280, 4.1.2.2 allows.
const maxSerialBytes = 20

// Create returns the DER encoding of the requested certificate, signed with the issuer's key.
// The issuer's certificate must have a subject key identifier: the new certificate refers to it.
func Create(rand io.Reader, req *Request, issuer *x509.Certificate, key crypto.Signer) ([]byte, error) {
	if err := req.check(); err != nil {
		return nil, err
	}
	if len(issuer.SubjectKeyId) == 0 {
		return nil, errors.New("the issuer certificate has no subject key identifier")
	}
	alg, err := signatureAlgorithmFor(key.Public(), req.TPM2)
	if err != nil {
		return nil, err
	}
	tbs, err := req.tbsCertificate(issuer, alg)
	if err != nil {
		return nil, fmt.Errorf("encoding the certificate: %w", err)
	}
	sig, err := alg.sign(rand, key, tbs)
	if err != nil {
		return nil, fmt.Errorf("signing the certificate: %w", err)
	}
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(tbs)
		b.AddBytes(alg.identifier)
		b.AddASN1BitString(sig)
	})
	return b.Bytes()
}

// check refuses a request that lacks what its type needs.
func (req *Request) check() error {
	switch {
	case req.PublicKey == nil:
		return errors.New("a certificate needs a public key")
	case req.Serial == nil || req.Serial.Sign() < 0 || len(req.Serial.Bytes()) > maxSerialBytes:
		return errors.New("the serial number must be a positive number of at most 20 bytes")
	case !req.NotAfter.IsZero() && req.NotAfter.Before(req.NotBefore):
		return errors.New("the certificate would expire before it is valid")
	case req.NotAfter.UTC().Year() > 9999 || req.NotBefore.UTC().Year() > 9999:
		return errors.New("the certificate would be valid beyond the year 9999")
	case req.Type.deviceIdentity() && req.TPMSerial == "":
		return fmt.Errorf("an %s certificate needs the serial number of the TPM", req.Type)
	case !req.Type.deviceIdentity() && !req.TPM.complete():
		return errors.New("manufacturer, model and version of the TPM must all be given")
	case req.Type == Platform && !req.Platform.complete():
		return errors.New("manufacturer, model and version of the platform must all be given")
	case req.Type == EK && req.Specification == nil:
		return errors.New("family, level and revision of the TPM specification must all be given")
	}
	return nil
}

// tbsCertificate encodes the part of the certificate that is signed (RFC 5280, 4.1).
func (req *Request) tbsCertificate(issuer *x509.Certificate, alg *signatureAlgorithm) ([]byte, error) {
	notAfter := req.NotAfter
	if notAfter.IsZero() {
		notAfter = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	}
	subject := req.Subject
	if !req.TPM2 {
		subject = nil
	}
	exts, err := req.extensions(issuer.SubjectKeyId)
	if err != nil {
		return nil, err
	}
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.Tag(0).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) {
			b.AddASN1Int64(2) // version 3
		})
		b.AddASN1BigInt(req.Serial)
		b.AddBytes(alg.identifier)
		b.AddBytes(issuer.RawSubject)
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			addTime(b, req.NotBefore)
			addTime(b, notAfter)
		})
		addName(b, subject)
		b.AddBytes(req.PublicKey.spki)
		b.AddASN1(asn1.Tag(3).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
				for _, e := range exts {
					e.add(b)
				}
			})
		})
	})
	return b.Bytes()
}

// addTime adds a date: UTCTime through 2049, GeneralizedTime from 2050 on (RFC 5280, 4.1.2.5).
func addTime(b *cryptobyte.Builder, t time.Time) {
	t = t.UTC()
	if t.Year() >= 1950 && t.Year() < 2050 {
		b.AddASN1UTCTime(t)
		return
	}
	b.AddASN1GeneralizedTime(t)
}
