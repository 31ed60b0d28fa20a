package ekcert

import (
	encodingasn1 "encoding/asn1"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

type oid = encodingasn1.ObjectIdentifier

// Object identifiers of extensions (RFC 5280, 4.2.1) and of the TCG (TCG EK Credential Profile, annex A; TCG OID registry).
var (
	oidSubjectDirectoryAttributes = oid{2, 5, 29, 9}
	oidKeyUsage                   = oid{2, 5, 29, 15}
	oidSubjectAltName             = oid{2, 5, 29, 17}
	oidBasicConstraints           = oid{2, 5, 29, 19}
	oidAuthorityKeyIdentifier     = oid{2, 5, 29, 35}
	oidExtendedKeyUsage           = oid{2, 5, 29, 37}

	oidHWType                = oid{2, 23, 133, 1, 2} // hardware type: TPM 2.0
	oidTPMManufacturer       = oid{2, 23, 133, 2, 1}
	oidTPMModel              = oid{2, 23, 133, 2, 2}
	oidTPMVersion            = oid{2, 23, 133, 2, 3}
	oidPlatformManufacturer1 = oid{2, 23, 133, 2, 4} // platform attributes of the TPM 1.2 profiles
	oidPlatformModel1        = oid{2, 23, 133, 2, 5}
	oidPlatformVersion1      = oid{2, 23, 133, 2, 6}
	oidTPMSpecification      = oid{2, 23, 133, 2, 16}
	oidPlatformManufacturer2 = oid{2, 23, 133, 5, 1, 1} // platform attributes of the TPM 2.0 profiles
	oidPlatformModel2        = oid{2, 23, 133, 5, 1, 4}
	oidPlatformVersion2      = oid{2, 23, 133, 5, 1, 5}
	oidEKCertificate         = oid{2, 23, 133, 8, 1} // tcg-kp-EKCertificate
	oidPlatformCertificate   = oid{2, 23, 133, 8, 2} // tcg-kp-PlatformAttributeCertificate

	oidHardwareModuleName = oid{1, 3, 6, 1, 5, 5, 7, 8, 4} // id-on-hardwareModuleName (RFC 4108, 5)
)

// extension is one X.509 extension with its encoded value.
type extension struct {
	id       oid
	critical bool
	value    []byte
}

func (e extension) add(b *cryptobyte.Builder) {
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(e.id)
		if e.critical {
			b.AddASN1Boolean(true)
		}
		b.AddASN1OctetString(e.value)
	})
}

// extensions returns the extensions of the certificate in the order swtpm_cert 0.11 writes them.
func (req *Request) extensions(issuerKeyID []byte) ([]extension, error) {
	var exts []extension
	var failed error
	add := func(id oid, critical bool, content func(*cryptobyte.Builder)) {
		var b cryptobyte.Builder
		content(&b)
		value, err := b.Bytes()
		if err != nil && failed == nil {
			failed = err
		}
		exts = append(exts, extension{id, critical, value})
	}
	// A subject alternative name is critical where the subject may be empty (RFC 5280, 4.2.1.6).
	add(oidSubjectAltName, !req.Type.deviceIdentity(), req.addSubjectAltName)
	add(oidBasicConstraints, true, func(b *cryptobyte.Builder) { b.AddASN1(asn1.SEQUENCE, func(*cryptobyte.Builder) {}) })
	if req.Type == EK {
		add(oidSubjectDirectoryAttributes, false, req.Specification.add)
	}
	add(oidAuthorityKeyIdentifier, false, func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.Tag(0).ContextSpecific(), func(b *cryptobyte.Builder) { b.AddBytes(issuerKeyID) })
		})
	})
	add(oidKeyUsage, true, func(b *cryptobyte.Builder) { addNamedBits(b, req.keyUsage()) })
	switch req.Type {
	case EK:
		add(oidExtendedKeyUsage, false, addPurpose(oidEKCertificate))
	case Platform:
		add(oidExtendedKeyUsage, false, addPurpose(oidPlatformCertificate))
	}
	return exts, failed
}

func addPurpose(id oid) func(*cryptobyte.Builder) {
	return func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(id) })
	}
}

// Bits of the keyUsage extension, counted from the left as RFC 5280, 4.2.1.3 does.
const (
	usageDigitalSignature = 0x80 >> 0
	usageKeyEncipherment  = 0x80 >> 2
	usageKeyAgreement     = 0x80 >> 4
)

// keyUsage returns what the certified key may be used for. A TPM 1.2 key only ever enciphers keys. Keys whose algorithm
// can do one thing only are marked for that thing, whatever the flags say.
func (req *Request) keyUsage() byte {
	switch {
	case !req.TPM2:
		return usageKeyEncipherment
	case req.Type.deviceIdentity(), req.PublicKey.usage == usageDigitalSignature:
		return usageDigitalSignature
	}
	var usage byte
	if req.AllowSigning {
		usage |= usageDigitalSignature
	}
	if req.Decryption || !req.AllowSigning {
		usage |= req.PublicKey.usage
	}
	return usage
}

// addNamedBits adds a BIT STRING of named bits: trailing zero bits are not encoded (X.690, 11.2.2).
func addNamedBits(b *cryptobyte.Builder, bits byte) {
	unused := byte(0)
	for unused < 8 && bits>>unused&1 == 0 {
		unused++
	}
	b.AddASN1(asn1.BIT_STRING, func(b *cryptobyte.Builder) { b.AddBytes([]byte{unused, bits}) })
}

// add adds the TPM specification as subject directory attribute (TCG EK Credential Profile, 3.1.2).
func (s *Specification) add(b *cryptobyte.Builder) {
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oidTPMSpecification)
			b.AddASN1(asn1.SET, func(b *cryptobyte.Builder) {
				b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
					addUTF8(b, s.Family)
					b.AddASN1Int64(int64(s.Level))
					b.AddASN1Int64(int64(s.Revision))
				})
			})
		})
	})
}

// addSubjectAltName adds the subject alternative name: one directoryName that describes TPM, platform or device.
func (req *Request) addSubjectAltName(b *cryptobyte.Builder) {
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.Tag(4).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) {
			switch {
			case req.Type.deviceIdentity():
				addHardwareModule(b, req.TPMSerial)
			case req.Type == Platform && req.TPM2:
				addProduct(b, req.Platform, oidPlatformManufacturer2, oidPlatformModel2, oidPlatformVersion2)
			case req.Type == Platform:
				b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
					addProduct(b, req.TPM, oidTPMManufacturer, oidTPMModel, oidTPMVersion)
					addProduct(b, req.Platform, oidPlatformManufacturer1, oidPlatformModel1, oidPlatformVersion1)
				})
			default:
				addProduct(b, req.TPM, oidTPMManufacturer, oidTPMModel, oidTPMVersion)
			}
		})
	})
}

// addProduct adds a Name of three relative distinguished names.
func addProduct(b *cryptobyte.Builder, p Product, manufacturer, model, version oid) {
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		addRDN(b, manufacturer, func(b *cryptobyte.Builder) { addUTF8(b, p.Manufacturer) })
		addRDN(b, model, func(b *cryptobyte.Builder) { addUTF8(b, p.Model) })
		addRDN(b, version, func(b *cryptobyte.Builder) { addUTF8(b, p.Version) })
	})
}

// addHardwareModule adds the hardware module name of a device identity (RFC 4108, 5), in a Name as swtpm_cert does.
func addHardwareModule(b *cryptobyte.Builder, serial string) {
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		addRDN(b, oidHardwareModuleName, func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1ObjectIdentifier(oidHWType)
				b.AddASN1OctetString([]byte(serial))
			})
		})
	})
}
