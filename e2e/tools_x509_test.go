package e2e

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/asn1"
)

// toolsX509: the partial certificate that a tool makes, completed by the TPM (Part 3, 18.8) through tpm2_send, and the
// whole of it verified as the certificate that it is.
func toolsX509(b *toolbox) {
	b.do(`
		tpm2_certifyX509certutil -o partial.der -d 30 -s CN=subject -i CN=issuer
		tpm2_createprimary -Q -C o -G ecc -c primary.ctx
		tpm2_create -Q -C primary.ctx -G ecc256 -a fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign -u key.pub -r key.priv
		tpm2_load -Q -C primary.ctx -u key.pub -r key.priv -c key.ctx
		tpm2_evictcontrol -Q -C o -c key.ctx 0x81000010
		tpm2_readpublic -Q -c key.ctx -f pem -o key.pem
		tpm2_create -Q -C primary.ctx -G ecc256 -a fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign -u ca.pub -r ca.priv
		tpm2_load -Q -C primary.ctx -u ca.pub -r ca.priv -c ca.ctx
		tpm2_evictcontrol -Q -C o -c ca.ctx 0x81000011
		tpm2_readpublic -Q -c ca.ctx -f pem -o ca.pem`)
	password := join(be32(0x40000009), be16(0), []byte{1}, be16(0))
	body := join(be32(0x81000010), be32(0x81000011), be32(int64(2*len(password))), password, password,
		be16(0), be16(0x18), be16(0x0b), sized(b.file("partial.der")))
	b.put("command", join([]byte{0x80, 2}, be32(int64(10+len(body))), be32(0x197), body))
	b.run("tpm2_send -o response command")
	response := b.file("response")
	if len(response) < 14 || !bytes.Equal(response[6:10], be32(0)) {
		b.t.Fatalf("TPM2_CertifyX509 answers %x", response)
	}
	added, rest := cut(response[14:])
	digest, rest := cut(rest)
	r, rest := cut(rest[4:])
	s, _ := cut(rest)

	have, partial := b.elements(added), b.elements(b.file("partial.der"))
	if len(have) != 4 || len(partial) != 4 {
		b.t.Fatalf("the TPM adds %d elements to %d", len(have), len(partial))
	}
	sequence := func(parts ...[]byte) []byte {
		return must[[]byte](b)(asn1.Marshal(asn1.RawValue{Tag: asn1.TagSequence, IsCompound: true, Bytes: join(parts...)}))
	}
	tbs := sequence(have[0], have[1], have[2], partial[0], partial[1], partial[2], have[3], partial[3])
	if !bytes.Equal(digest, sum256(tbs)) {
		b.t.Errorf("the digest is %x, want %x", digest, sum256(tbs))
	}
	signature := sequence(integer(b, r), integer(b, s))
	bits := must[[]byte](b)(asn1.Marshal(asn1.BitString{Bytes: signature, BitLength: 8 * len(signature)}))
	certificate := must[*x509.Certificate](b)(x509.ParseCertificate(sequence(tbs, have[2], bits)))
	ca := &x509.Certificate{PublicKey: b.public("ca.pem"), PublicKeyAlgorithm: x509.ECDSA}
	if err := ca.CheckSignature(certificate.SignatureAlgorithm, certificate.RawTBSCertificate, certificate.Signature); err != nil {
		b.t.Error(err)
	}
	if !certificate.PublicKey.(*ecdsa.PublicKey).Equal(b.public("key.pem")) {
		b.t.Errorf("the certificate is for %v", certificate.PublicKey)
	}
	if got := certificate.Subject.String() + ", " + certificate.Issuer.String(); got != "CN=subject, CN=issuer" {
		b.t.Errorf("the certificate is for %s", got)
	}
}

// cut takes a sized buffer from the front.
func cut(data []byte) (buffer, rest []byte) {
	n := int(data[0])<<8 | int(data[1])
	return data[2 : 2+n], data[2+n:]
}

// elements splits a DER sequence.
func (b *toolbox) elements(der []byte) (all [][]byte) {
	b.t.Helper()
	var outer asn1.RawValue
	must[[]byte](b)(asn1.Unmarshal(der, &outer))
	for rest := outer.Bytes; len(rest) > 0; {
		var e asn1.RawValue
		rest = must[[]byte](b)(asn1.Unmarshal(rest, &e))
		all = append(all, e.FullBytes)
	}
	return all
}

// integer is a positive number in DER.
func integer(b *toolbox, v []byte) []byte {
	v = bytes.TrimLeft(v, "\x00")
	if len(v) > 0 && v[0] >= 0x80 {
		v = append([]byte{0}, v...)
	}
	return must[[]byte](b)(asn1.Marshal(asn1.RawValue{Tag: asn1.TagInteger, Bytes: v}))
}
