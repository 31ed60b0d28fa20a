package ekcert_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"

	"govtpm/internal/ekcert"
)

// newIssuer makes a self-signed CA certificate for the key.
func newIssuer(t testing.TB, key crypto.Signer) *x509.Certificate {
	t.Helper()
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "issuer"},
		NotBefore: time.Unix(0, 0), NotAfter: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign, SubjectKeyId: []byte{1, 2, 3, 4},
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

var rsa2048 = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

func ecKey(t testing.TB, c elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(c, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// request returns a complete request of the given type for a new P-256 key.
func request(t testing.TB, typ ekcert.Type, tpm2 bool) *ekcert.Request {
	t.Helper()
	point, err := ecKey(t, elliptic.P256()).PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	pub, err := ekcert.ECPublicKey("secp256r1", point[1:33], point[33:])
	if err != nil {
		t.Fatal(err)
	}
	return &ekcert.Request{
		Type: typ, TPM2: tpm2, PublicKey: pub, Serial: big.NewInt(0x1234),
		Subject:       []ekcert.Attribute{{Type: []int{2, 5, 4, 3}, Value: "vm"}},
		NotBefore:     time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		TPM:           ekcert.Product{Manufacturer: "id:00001014", Model: "swtpm", Version: "id:20240125"},
		Platform:      ekcert.Product{Manufacturer: "Fedora", Model: "QEMU", Version: "2.1"},
		Specification: &ekcert.Specification{Family: "2.0", Level: 0, Revision: 183},
		TPMSerial:     "IBM:01:02",
	}
}

const (
	sanEK = "3046a44430423116301406056781050201" + "0c0b69643a3030303031303134" +
		"3110300e06056781050202" + "0c05737774706d" + "3116301406056781050203" + "0c0b69643a3230323430313235"
	sda = "3019301706056781050210310e300c0c03322e30020100020200b7"
	aki = "3006800401020304"
)

// TestExtensions checks list, order, criticality and values of the extensions of each kind of certificate.
func TestExtensions(t *testing.T) {
	type ext struct {
		id       string
		critical bool
		value    string
	}
	san, bc, ku, eku := "2.5.29.17", ext{"2.5.29.19", true, "3000"}, "2.5.29.15", "2.5.29.37"
	akiExt := ext{"2.5.29.35", false, aki}
	platform2 := "303ba4393037" +
		"3112" + "3010" + "0606678105050101" + "0c06" + hex.EncodeToString([]byte("Fedora")) +
		"3110" + "300e" + "0606678105050104" + "0c04" + hex.EncodeToString([]byte("QEMU")) +
		"310f" + "300d" + "0606678105050105" + "0c03" + hex.EncodeToString([]byte("2.1"))
	platform1 := "307ea47c307a" + sanEK[8:] + "3034" + // TPM and platform, each a Name
		"3111" + "300f" + "06056781050204" + "0c06" + hex.EncodeToString([]byte("Fedora")) +
		"310f" + "300d" + "06056781050205" + "0c04" + hex.EncodeToString([]byte("QEMU")) +
		"310e" + "300c" + "06056781050206" + "0c03" + hex.EncodeToString([]byte("2.1"))
	device := "3026a4243022" + "3120301e" + "06082b06010505070804" + "3012" + "06056781050102" + "0409" + hex.EncodeToString([]byte("IBM:01:02"))
	tests := []struct {
		name string
		typ  ekcert.Type
		tpm2 bool
		want []ext
	}{
		{"ek 2.0", ekcert.EK, true, []ext{{san, true, sanEK}, bc, {"2.5.29.9", false, sda}, akiExt, {ku, true, "03020308"}, {eku, false, "300706056781050801"}}},
		{"ek 1.2", ekcert.EK, false, []ext{{san, true, sanEK}, bc, {"2.5.29.9", false, sda}, akiExt, {ku, true, "03020520"}, {eku, false, "300706056781050801"}}},
		{"platform 2.0", ekcert.Platform, true, []ext{{san, true, platform2}, bc, akiExt, {ku, true, "03020308"}, {eku, false, "300706056781050802"}}},
		{"platform 1.2", ekcert.Platform, false, []ext{{san, true, platform1}, bc, akiExt, {ku, true, "03020520"}, {eku, false, "300706056781050802"}}},
		{"iak", ekcert.IAK, true, []ext{{san, false, device}, bc, akiExt, {ku, true, "03020780"}}},
		{"idevid", ekcert.IDevID, true, []ext{{san, false, device}, bc, akiExt, {ku, true, "03020780"}}},
	}
	key := ecKey(t, elliptic.P256())
	issuer := newIssuer(t, key)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			der, err := ekcert.Create(rand.Reader, request(t, tt.typ, tt.tpm2), issuer, key)
			if err != nil {
				t.Fatal(err)
			}
			cert, err := x509.ParseCertificate(der)
			if err != nil {
				t.Fatal(err)
			}
			if len(cert.Extensions) != len(tt.want) {
				t.Fatalf("%d extensions, want %d", len(cert.Extensions), len(tt.want))
			}
			for i, e := range cert.Extensions {
				w := tt.want[i]
				if e.Id.String() != w.id || e.Critical != w.critical || hex.EncodeToString(e.Value) != w.value {
					t.Errorf("extension %d: %s critical=%t %x, want %+v", i, e.Id, e.Critical, e.Value, w)
				}
			}
			if got := cert.NotAfter; got != time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC) {
				t.Errorf("not after %v", got)
			}
			if want := map[bool]string{true: "CN=vm", false: ""}[tt.tpm2]; cert.Subject.String() != want {
				t.Errorf("subject %q, want %q", cert.Subject, want)
			}
		})
	}
}

// TestSignature checks which algorithm each kind of CA key signs with, and the signature itself.
func TestSignature(t *testing.T) {
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		key  crypto.Signer
		tpm2 bool
		want x509.SignatureAlgorithm
	}{
		{"rsa 2048", rsa2048(), true, x509.SHA256WithRSA},
		{"rsa 2048, TPM 1.2", rsa2048(), false, x509.SHA1WithRSA},
		{"p-256", ecKey(t, elliptic.P256()), true, x509.ECDSAWithSHA256},
		{"p-384", ecKey(t, elliptic.P384()), true, x509.ECDSAWithSHA384},
		{"p-521", ecKey(t, elliptic.P521()), true, x509.ECDSAWithSHA512},
		{"p-256, TPM 1.2", ecKey(t, elliptic.P256()), false, x509.ECDSAWithSHA1},
		{"ed25519", ed, true, x509.PureEd25519},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			issuer := newIssuer(t, tt.key)
			der, err := ekcert.Create(rand.Reader, request(t, ekcert.EK, tt.tpm2), issuer, tt.key)
			if err != nil {
				t.Fatal(err)
			}
			cert, err := x509.ParseCertificate(der)
			if err != nil {
				t.Fatal(err)
			}
			if cert.SignatureAlgorithm != tt.want {
				t.Errorf("signed with %v, want %v", cert.SignatureAlgorithm, tt.want)
			}
			if !tt.tpm2 { // crypto/x509 does not verify SHA-1; TestToolAgreement has openssl do it
				return
			}
			if err := cert.CheckSignatureFrom(issuer); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestKeyUsage(t *testing.T) {
	rsaPub, err := ekcert.RSAPublicKey(rsa2048().N.Bytes(), 65537)
	if err != nil {
		t.Fatal(err)
	}
	kem, err := ekcert.PQPublicKey("ml-kem-768", make([]byte, 1184))
	if err != nil {
		t.Fatal(err)
	}
	dsa, err := ekcert.PQPublicKey("ml-dsa-44", make([]byte, 1312))
	if err != nil {
		t.Fatal(err)
	}
	ec := request(t, ekcert.EK, true).PublicKey
	const sign, encipher, agree = x509.KeyUsageDigitalSignature, x509.KeyUsageKeyEncipherment, x509.KeyUsageKeyAgreement
	tests := []struct {
		name                string
		key                 *ekcert.PublicKey
		tpm2, sign, decrypt bool
		want                x509.KeyUsage
	}{
		{"rsa", rsaPub, true, false, false, encipher},
		{"rsa decrypt", rsaPub, true, false, true, encipher},
		{"rsa sign", rsaPub, true, true, false, sign},
		{"rsa both", rsaPub, true, true, true, sign | encipher},
		{"rsa 1.2 sign", rsaPub, false, true, false, encipher},
		{"ecc", ec, true, false, false, agree},
		{"ecc sign", ec, true, true, false, sign},
		{"ecc both", ec, true, true, true, sign | agree},
		{"ml-kem", kem, true, false, false, encipher},
		{"ml-dsa", dsa, true, false, false, sign},
	}
	key := ecKey(t, elliptic.P256())
	issuer := newIssuer(t, key)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			req := request(t, ekcert.EK, tt.tpm2)
			req.PublicKey, req.AllowSigning, req.Decryption = tt.key, tt.sign, tt.decrypt
			der, err := ekcert.Create(rand.Reader, req, issuer, key)
			if err != nil {
				t.Fatal(err)
			}
			cert, err := x509.ParseCertificate(der)
			if err != nil {
				t.Fatal(err)
			}
			if cert.KeyUsage != tt.want {
				t.Errorf("key usage %b, want %b", cert.KeyUsage, tt.want)
			}
		})
	}
}

// TestRefused takes something from a complete request and expects words about it.
func TestRefused(t *testing.T) {
	tests := []struct {
		name string
		typ  ekcert.Type
		spot func(*ekcert.Request)
		want string
	}{
		{"no key", ekcert.EK, func(r *ekcert.Request) { r.PublicKey = nil }, "public key"},
		{"no serial", ekcert.EK, func(r *ekcert.Request) { r.Serial = nil }, "serial number"},
		{"negative serial", ekcert.EK, func(r *ekcert.Request) { r.Serial = big.NewInt(-1) }, "serial number"},
		{"long serial", ekcert.EK, func(r *ekcert.Request) { r.Serial = new(big.Int).Lsh(big.NewInt(1), 160) }, "serial number"},
		{"no model", ekcert.EK, func(r *ekcert.Request) { r.TPM.Model = "" }, "of the TPM must"},
		{"no platform", ekcert.Platform, func(r *ekcert.Request) { r.Platform.Version = "" }, "of the platform must"},
		{"no specification", ekcert.EK, func(r *ekcert.Request) { r.Specification = nil }, "specification"},
		{"no device serial", ekcert.IAK, func(r *ekcert.Request) { r.TPMSerial = "" }, "an iak certificate"},
		{"year 10000", ekcert.EK, func(r *ekcert.Request) { r.NotAfter = r.NotBefore.AddDate(9000, 0, 0) }, "9999"},
		{"bad text", ekcert.EK, func(r *ekcert.Request) { r.TPM.Model = "\xff" }, "UTF-8"},
		{"bad PrintableString", ekcert.IDevID, func(r *ekcert.Request) {
			r.Subject = []ekcert.Attribute{{Type: []int{2, 5, 4, 5}, Value: "a_b"}}
		}, "PrintableString"},
	}
	key := ecKey(t, elliptic.P256())
	issuer := newIssuer(t, key)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			req := request(t, tt.typ, true)
			tt.spot(req)
			_, err := ekcert.Create(rand.Reader, req, issuer, key)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q in it", err, tt.want)
			}
		})
	}
	issuer.SubjectKeyId = nil
	if _, err := ekcert.Create(rand.Reader, request(t, ekcert.EK, true), issuer, key); err == nil {
		t.Error("an issuer without key identifier was accepted")
	}
}

func TestStoredFormat(t *testing.T) {
	got, err := ekcert.StoredFormat([]byte{0x30, 0})
	if err != nil || hex.EncodeToString(got) != "10010000041002"+"3000" {
		t.Errorf("%x, %v", got, err)
	}
	if _, err := ekcert.StoredFormat(make([]byte, 65534)); err == nil {
		t.Error("a certificate of 65534 bytes was accepted")
	}
}
