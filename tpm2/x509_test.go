package tpm2

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"govtpm/tpm2/wire"
)

// A keyUsageExtension is the extension of this name, with bits from the highest.
func keyUsageExtension(bits ...byte) pkix.Extension {
	unused := byte(0)
	for last := bits[len(bits)-1]; unused < 8 && last&1 == 0; last >>= 1 {
		unused++
	}
	return pkix.Extension{Id: oidKeyUsage, Critical: true, Value: append([]byte{3, byte(len(bits) + 1), unused}, bits...)}
}

// partialDER makes a partial certificate with the extensions given.
func partialDER(t *testing.T, extensions ...pkix.Extension) []byte {
	t.Helper()
	marshal := func(v any, params string) []byte {
		b, err := asn1.MarshalWithParams(v, params)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	name := marshal(pkix.Name{CommonName: "a key in a TPM"}.ToRDNSequence(), "")
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	validity := marshal(struct{ From, To time.Time }{start, start.AddDate(1, 0, 0)}, "")
	body := append(append(append([]byte(nil), name...), validity...), name...)
	if extensions != nil {
		body = append(body, marshal(extensions, "explicit,tag:3")...)
	}
	return marshalSequence(body)
}

func TestCertifyX509(t *testing.T) {
	const attributes = fixedAttributes | wire.ObjectSensitiveDataOrigin | wire.ObjectUserWithAuth | wire.ObjectSign
	nullScheme := func(p *wire.TPM2BPublic) []byte { return wire.Marshal(&p.TPMTPublic) }
	ecdsa := wire.TPMTSigScheme{Scheme: wire.AlgECDSA, HashAlg: wire.AlgSHA256}
	for _, tc := range []struct {
		name     string
		template []byte
		scheme   wire.TPMTSigScheme
	}{
		{"ECDSA", nullScheme(eccTemplate(attributes, noSymmetric)), ecdsa},
		{"RSASSA", nullScheme(rsaTemplate(attributes, noSymmetric)), wire.TPMTSigScheme{Scheme: wire.AlgRSASSA, HashAlg: wire.AlgSHA384}},
		{"RSAPSS", nullScheme(rsaTemplate(attributes, noSymmetric)), wire.TPMTSigScheme{Scheme: wire.AlgRSAPSS, HashAlg: wire.AlgSHA256}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := newTestTPM(t)
			h := b.createPrimary(createPrimaryCommand(wire.RHOwner, "", nil, tc.template)).handle
			partial := partialDER(t, keyUsageExtension(0xC0))
			r := b.must(newCommand(wire.CCCertifyX509, h, h).password("").password("").b2(nil).put(&tc.scheme).b2(partial))
			added, digest := r.b2(), r.b2()
			var signature wire.TPMTSignature
			signature.Unmarshal(r.params())
			certificate := assembleCertificate(t, added, partial, &signature)
			parsed, err := x509.ParseCertificate(certificate)
			if err != nil {
				t.Fatal(err)
			}
			if err := parsed.CheckSignature(parsed.SignatureAlgorithm, parsed.RawTBSCertificate, parsed.Signature); err != nil {
				t.Error(err)
			}
			if got := string(hashOf(tc.scheme.HashAlg, parsed.RawTBSCertificate)); got != string(digest) {
				t.Error("tbsDigest is not the digest of the certificate")
			}
			if parsed.KeyUsage != x509.KeyUsageDigitalSignature|x509.KeyUsageContentCommitment || parsed.Version != 3 {
				t.Errorf("version %d, key usage %b", parsed.Version, parsed.KeyUsage)
			}
		})
	}
}

// assembleCertificate puts together what the caller brought, what the TPM added, and the signature.
func assembleCertificate(t *testing.T, added, partial []byte, s *wire.TPMTSignature) []byte {
	t.Helper()
	elements := func(der []byte) (list [][]byte) {
		in, body := cryptobyte.String(der), cryptobyte.String(nil)
		if !in.ReadASN1(&body, cbasn1.SEQUENCE) {
			t.Fatalf("not a sequence: %x", der)
		}
		for !body.Empty() {
			var e cryptobyte.String
			var tag cbasn1.Tag
			if !body.ReadAnyASN1Element(&e, &tag) {
				t.Fatalf("not elements: %x", der)
			}
			list = append(list, e)
		}
		return list
	}
	a, p := elements(added), elements(partial)
	if len(a) != 4 || len(p) != 4 {
		t.Fatalf("%d elements added to %d", len(a), len(p))
	}
	tbs := marshalSequence(a[0], a[1], a[2], p[0], p[1], p[2], a[3], p[3])
	value := []byte(s.Signature.RSA.Sig)
	if s.SigAlg == wire.AlgECDSA {
		var b cryptobyte.Builder
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			for _, n := range [][]byte{s.Signature.ECC.R, s.Signature.ECC.S} {
				b.AddASN1BigInt(new(big.Int).SetBytes(n))
			}
		})
		value = b.BytesOrPanic()
	}
	var b cryptobyte.Builder
	b.AddASN1BitString(value)
	return marshalSequence(tbs, a[2], b.BytesOrPanic())
}

func TestCertifyX509Errors(t *testing.T) {
	const attributes = fixedAttributes | wire.ObjectSensitiveDataOrigin | wire.ObjectUserWithAuth | wire.ObjectSign
	b := newTestTPM(t)
	h := b.createPrimary(createPrimaryCommand(wire.RHOwner, "", nil, wire.Marshal(&eccTemplate(attributes, noSymmetric).TPMTPublic))).handle
	parent := b.storagePrimary().handle
	good := partialDER(t, keyUsageExtension(0x80))
	ecdsa := wire.TPMTSigScheme{Scheme: wire.AlgECDSA, HashAlg: wire.AlgSHA256}
	object := pkix.Extension{Id: oidTPMAObject, Value: []byte{3, 5, 0, 0, 0, 0, 0}}
	for _, tc := range []struct {
		name     string
		sign     wire.Handle
		reserved []byte
		scheme   wire.TPMTSigScheme
		partial  []byte
		want     wire.RC
	}{
		{"reserved", h, []byte{1}, ecdsa, good, wire.RCSize.Parameter(1)},
		{"not a signing key", parent, nil, ecdsa, good, wire.RCKey.Handle(2)},
		{"reserved before key", parent, []byte{1}, ecdsa, good, wire.RCSize.Parameter(1)},
		{"scheme", h, nil, wire.TPMTSigScheme{Scheme: wire.AlgRSASSA, HashAlg: wire.AlgSHA256}, good, wire.RCScheme.Parameter(2)},
		{"scheme without name", h, nil, wire.TPMTSigScheme{Scheme: wire.AlgECSchnorr, HashAlg: wire.AlgSHA256}, good, wire.RCScheme.Handle(2)},
		{"empty", h, nil, ecdsa, nil, wire.RCValue.Parameter(3)},
		{"cut short", h, nil, ecdsa, good[:len(good)-1], wire.RCSize.Parameter(3)},
		{"without extensions", h, nil, ecdsa, partialDER(t), wire.RCValue.Parameter(3)},
		{"without key usage", h, nil, ecdsa, partialDER(t, pkix.Extension{Id: oidMGF1, Value: []byte{5, 0}}), wire.RCValue.Parameter(3)},
		{"usage that the key is not for", h, nil, ecdsa, partialDER(t, keyUsageExtension(0x20)), wire.RCValue.Parameter(3)},
		{"reserved usage", h, nil, ecdsa, partialDER(t, keyUsageExtension(0x80, 0x40)), wire.RCReservedBits.Parameter(3)},
		{"other attributes", h, nil, ecdsa, partialDER(t, object, keyUsageExtension(0x80)), wire.RCAttributes.Handle(1)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b.t = t
			b.want(tc.want, b.run(newCommand(wire.CCCertifyX509, h, tc.sign).password("").password("").
				b2(tc.reserved).put(&tc.scheme).b2(tc.partial)))
		})
	}
}
