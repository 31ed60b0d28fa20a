package ekcert_test

import (
	"bytes"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"testing"

	"govtpm/internal/ekcert"
)

// TestPublicKeyEncoding compares our SubjectPublicKeyInfo with crypto/x509's and reads it back from PEM.
func TestPublicKeyEncoding(t *testing.T) {
	r, err := ekcert.RSAPublicKey(rsa2048().N.Bytes(), 65537)
	if err != nil {
		t.Fatal(err)
	}
	wantRSA, _ := x509.MarshalPKIXPublicKey(&rsa2048().PublicKey)
	if !bytes.Equal(r.DER(), wantRSA) {
		t.Errorf("RSA key %x, want %x", r.DER(), wantRSA)
	}
	ec := ecKey(t, elliptic.P521())
	point, err := ec.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	// A coordinate without its leading zeros is padded again.
	e, err := ekcert.ECPublicKey("secp521r1", bytes.TrimLeft(point[1:67], "\x00"), bytes.TrimLeft(point[67:], "\x00"))
	if err != nil {
		t.Fatal(err)
	}
	wantEC, _ := x509.MarshalPKIXPublicKey(&ec.PublicKey)
	if !bytes.Equal(e.DER(), wantEC) {
		t.Errorf("EC key %x, want %x", e.DER(), wantEC)
	}
	kem, err := ekcert.PQPublicKey("ml-kem-512", make([]byte, 800))
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []*ekcert.PublicKey{r, e, kem} {
		again, err := ekcert.ParsePublicKeyPEM(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: k.DER()}))
		if err != nil || !bytes.Equal(again.DER(), k.DER()) {
			t.Errorf("PEM gives %v, %v", again, err)
		}
	}
	pkcs1 := pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(&rsa2048().PublicKey)})
	if again, err := ekcert.ParsePublicKeyPEM(pkcs1); err != nil || !bytes.Equal(again.DER(), wantRSA) {
		t.Errorf("PKCS #1 gives %v, %v", again, err)
	}
}

// A modulus has the size of a key that is in use, and is odd, wherever it comes from.
func TestModulus(t *testing.T) {
	number := func(bits, last int) []byte {
		n := new(big.Int).Lsh(big.NewInt(1), uint(bits-1))
		return n.SetBit(n, 0, uint(last)).Bytes()
	}
	for _, tt := range []struct {
		modulus []byte
		want    string
	}{
		{number(1024, 1), ""}, {number(2048, 1), ""}, {number(16384, 1), ""}, {append([]byte{0, 0}, number(1024, 1)...), ""},
		{nil, "the RSA modulus has 0 bits: 1024 to 16384 are possible"},
		{number(1023, 1), "the RSA modulus has 1023 bits: 1024 to 16384 are possible"},
		{number(16385, 1), "the RSA modulus has 16385 bits: 1024 to 16384 are possible"},
		{number(2048, 0), "the RSA modulus is even: it is not a product of two large primes"},
	} {
		_, err := ekcert.RSAPublicKey(tt.modulus, 65537)
		errs := []error{err}
		if len(tt.modulus) > 0 {
			block := &pem.Block{Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(&rsa.PublicKey{N: new(big.Int).SetBytes(tt.modulus), E: 65537})}
			_, err = ekcert.ParsePublicKeyPEM(pem.EncodeToMemory(block))
			errs = append(errs, err)
		}
		for i, err := range errs {
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || err.Error() != tt.want) {
				t.Errorf("%d bytes, way %d: %v, want %q", len(tt.modulus), i, err, tt.want)
			}
		}
	}
}

func TestPublicKeyRefused(t *testing.T) {
	for name, f := range map[string]func() (*ekcert.PublicKey, error){
		"empty modulus": func() (*ekcert.PublicKey, error) { return ekcert.RSAPublicKey(nil, 3) },
		"zero modulus":  func() (*ekcert.PublicKey, error) { return ekcert.RSAPublicKey(make([]byte, 256), 3) },
		"huge modulus":  func() (*ekcert.PublicKey, error) { return ekcert.RSAPublicKey(bytes.Repeat([]byte{1}, 4096), 3) },
		"zero exponent": func() (*ekcert.PublicKey, error) { return ekcert.RSAPublicKey(bytes.Repeat([]byte{0xc3}, 256), 0) },
		"unknown curve": func() (*ekcert.PublicKey, error) { return ekcert.ECPublicKey("secp192r1", []byte{1}, []byte{1}) },
		"off the curve": func() (*ekcert.PublicKey, error) { return ekcert.ECPublicKey("secp256r1", []byte{1}, []byte{1}) },
		"long coordinate": func() (*ekcert.PublicKey, error) {
			return ekcert.ECPublicKey("secp256r1", bytes.Repeat([]byte{1}, 33), []byte{1})
		},
		"unknown pq": func() (*ekcert.PublicKey, error) { return ekcert.PQPublicKey("ml-kem-1", nil) },
		"short pq":   func() (*ekcert.PublicKey, error) { return ekcert.PQPublicKey("ml-kem-512", make([]byte, 799)) },
		"no PEM":     func() (*ekcert.PublicKey, error) { return ekcert.ParsePublicKeyPEM([]byte("nothing")) },
		"bad PEM": func() (*ekcert.PublicKey, error) {
			return ekcert.ParsePublicKeyPEM(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: []byte{0x30, 1}}))
		},
	} {
		if k, err := f(); err == nil {
			t.Errorf("%s: accepted as %x", name, k.DER())
		}
	}
}
