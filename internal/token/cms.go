package token

import (
	"encoding/asn1"
	"errors"

	"golang.org/x/crypto/cryptobyte"
	tags "golang.org/x/crypto/cryptobyte/asn1"
)

var errCMS = errors.New("not a CMS structure with one signature of the message itself")

// signatureOf returns the signature in a SignedData with one signer and without signed attributes (RFC 5652, 5.3 and 5.4): then the
// signature is that of the message.
func signatureOf(cms []byte) ([]byte, error) {
	der := cryptobyte.String(cms)
	var info, signed, signers, signer, signature cryptobyte.String
	var id asn1.ObjectIdentifier
	context0 := tags.Tag(0).ContextSpecific().Constructed()
	ok := der.ReadASN1(&info, tags.SEQUENCE) && der.Empty() &&
		info.ReadASN1ObjectIdentifier(&id) && id.Equal(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}) &&
		info.ReadASN1(&info, context0) && info.ReadASN1(&signed, tags.SEQUENCE) &&
		signed.SkipASN1(tags.INTEGER) && signed.SkipASN1(tags.SET) && signed.SkipASN1(tags.SEQUENCE) && // version, hashes, content
		signed.SkipOptionalASN1(context0) && signed.SkipOptionalASN1(tags.Tag(1).ContextSpecific().Constructed()) && // certificates, lists
		signed.ReadASN1(&signers, tags.SET) && signers.ReadASN1(&signer, tags.SEQUENCE) && signers.Empty() &&
		signer.SkipASN1(tags.INTEGER) && skipAny(&signer) && signer.SkipASN1(tags.SEQUENCE) && // version, who, hash
		signer.SkipASN1(tags.SEQUENCE) && signer.ReadASN1(&signature, tags.OCTET_STRING)
	if !ok || len(signature) == 0 {
		return nil, errCMS
	}
	return signature, nil
}

// skipAny skips an element whatever its tag.
func skipAny(s *cryptobyte.String) bool {
	var out cryptobyte.String
	var tag tags.Tag
	return s.ReadAnyASN1(&out, &tag)
}
