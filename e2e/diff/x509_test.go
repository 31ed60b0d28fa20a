package diff

import (
	"encoding/asn1"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"govtpm/tpm2/wire"
)

// genX509 certifies a key with an X.509 certificate.
func genX509(w *world) {
	w.room(2)
	key := w.find(func(o *object) bool {
		return o.has(wire.ObjectSign) && (o.area.Type == wire.AlgRSA || o.area.Type == wire.AlgECC)
	})
	o := w.find(func(o *object) bool { return o.area.Type == wire.AlgRSA || o.area.Type == wire.AlgECC })
	if key == nil || o == nil {
		return
	}
	der := func(tag byte, parts ...[]byte) []byte {
		var body []byte
		for _, p := range parts {
			body = append(body, p...)
		}
		b, _ := asn1.Marshal(asn1.RawValue{Class: int(tag >> 6), Tag: int(tag & 31), IsCompound: tag&32 != 0, Bytes: body})
		return b
	}
	name := der(0x30, der(0x31, der(0x30, []byte{6, 3, 0x55, 4, 3}, der(0x0C, []byte("issuer")))))
	validity := der(0x30, der(0x17, []byte("200101000000Z")), der(0x17, []byte("300101000000Z")))
	usage := der(0x30, []byte{6, 3, 0x55, 0x1D, 0x0F}, der(1, []byte{0xFF}), der(4, der(3, pick(w, []byte{7, 0x80}, []byte{5, 0x20}, []byte{3, 0x08}, []byte{2, 0x04}, []byte{1, 0x06}, []byte{0, 0x81}))))
	other := der(0x30, []byte{6, 3, 0x55, 0x1D, 0x13}, der(4, der(0x30)))
	extensions := der(0xA3, der(0x30, pick(w, usage, append(usage, other...), other)))
	partial := der(0x30, name, validity, name, extensions)
	if w.chance(0.2) {
		algorithm := der(0x30, []byte{6, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 11}, []byte{5, 0})
		partial = der(0x30, algorithm, name, validity, name, extensions)
	}
	s := w.sigScheme(key)
	w.do(w.cmd(wire.CCCertifyX509, o.handle, key.handle).b2(nil).plain(&s).b2(partial))
}

// extensionsDER tells whether the extensions of a partial certificate are DER, and a BIT STRING in those that the TPM looks at
// (RFC 5280, 4.1).
func extensionsDER(partial cryptobyte.String) bool {
	var body, element, list cryptobyte.String
	if !partial.ReadASN1(&body, cbasn1.SEQUENCE) {
		return false
	}
	for tag := cbasn1.Tag(0); tag != cbasn1.Tag(3).ContextSpecific().Constructed(); {
		if !body.ReadAnyASN1(&element, &tag) {
			return false
		}
	}
	if !element.ReadASN1(&list, cbasn1.SEQUENCE) || !element.Empty() {
		return false
	}
	for !list.Empty() {
		var extension, value cryptobyte.String
		var oid asn1.ObjectIdentifier
		critical := true
		if !list.ReadASN1(&extension, cbasn1.SEQUENCE) || !extension.ReadASN1ObjectIdentifier(&oid) ||
			extension.PeekASN1Tag(cbasn1.BOOLEAN) && !extension.ReadASN1Boolean(&critical) ||
			!extension.ReadASN1(&value, cbasn1.OCTET_STRING) || !extension.Empty() {
			return false
		}
		var bits asn1.BitString
		if oid.Equal(asn1.ObjectIdentifier{2, 5, 29, 15}) && (!value.ReadASN1BitString(&bits) || !value.Empty()) {
			return false
		}
	}
	return true
}
