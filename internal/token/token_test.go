package token

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// asCerttool makes the test binary behave as certtool, in the way the variable says.
const asCerttool = "TOKEN_TEST_CERTTOOL"

func TestMain(m *testing.M) {
	if how := os.Getenv(asCerttool); how != "" && filepath.Base(os.Args[0]) == program {
		if err := fakeCerttool(how, os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// fakeCerttool signs with the key in the driver's place.
func fakeCerttool(how string, args []string) error {
	value := func(name string) string { return args[slices.Index(args, name)+1] }
	if env := strings.Join(os.Environ(), "\n"); strings.Contains(strings.Join(args, "\n"), "geheim") || strings.Contains(env, PINVariable) ||
		!strings.Contains(env, "GNUTLS_PIN=geheim") || !strings.Contains(env, "DRIVER=conf") {
		return errors.New("the PIN is not where it belongs")
	}
	switch how {
	case "fails":
		fmt.Print("noise\n\nERROR: more\n*** Wrong PIN has been provided!\n")
		return errors.New("Cannot continue")
	case "hangs":
		time.Sleep(time.Hour)
	case "nothing":
		return nil
	}
	message, err := os.ReadFile(value("--infile"))
	if err != nil {
		return err
	}
	keyFile := value("--provider")
	data, err := os.ReadFile(keyFile)
	if err != nil {
		return err
	}
	key, err := x509.ParseECPrivateKey(data)
	if err != nil {
		return err
	}
	sig, err := crypto.SignMessage(key, rand.Reader, message, map[string]crypto.Hash{"sha1": crypto.SHA1, "sha256": crypto.SHA256}[value("--hash")])
	if err != nil {
		return err
	}
	cms := newCMS(sig)
	if how == "garbage" {
		cms = cms[1:]
	}
	return os.WriteFile(value("--outfile"), cms, 0o600)
}

// newCMS is the structure that certtool makes, without certificates.
func newCMS(sig []byte) []byte {
	type signer struct {
		Version   int
		ID        struct{ N []int }
		Hash      pkix.AlgorithmIdentifier
		Algorithm pkix.AlgorithmIdentifier
		Signature []byte
	}
	type signed struct {
		Version int
		Hashes  []pkix.AlgorithmIdentifier `asn1:"set"`
		Content struct{ ID asn1.ObjectIdentifier }
		Signers []signer `asn1:"set"`
	}
	alg := pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 3}}
	s := signed{Version: 1, Hashes: []pkix.AlgorithmIdentifier{alg}, Signers: []signer{{Version: 1, Hash: alg, Algorithm: alg, Signature: sig}}}
	s.Content.ID = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	cms, err := asn1.Marshal(struct {
		ID   asn1.ObjectIdentifier
		Data signed `asn1:"explicit,tag:0"`
	}{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}, s})
	if err != nil {
		panic(err)
	}
	return cms
}

// newIssuer makes a key, in a file that stands for the driver, and its certificate.
func newIssuer(t *testing.T) (*x509.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "ca"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	data, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "driver")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return cert, file
}

// install puts this program into the path as certtool.
func install(t *testing.T, how string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("needs symbolic links")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(self, filepath.Join(dir, program)); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	t.Setenv(asCerttool, how)
}

func none(string) (string, bool) { return "", false }

func TestSign(t *testing.T) {
	install(t, "signs")
	t.Setenv(PINVariable, "geheim")
	cert, driver := newIssuer(t)
	pinFile := filepath.Join(t.TempDir(), "pin")
	if err := os.WriteFile(pinFile, []byte("geheim\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	name := "pkcs11:token=a%20b;object=k;type=private?module-path=" + driver
	for _, tt := range []struct {
		uri string
		pin []byte
	}{
		{name, []byte("geheim")}, {name, nil}, {name + "&pin-value=geheim", nil}, {name + "&pin-value=%67eheim&x-y=z", nil},
		{name + "&pin-source=file:" + pinFile, nil}, {name + "&pin-source=" + pinFile, nil}, {"PKCS11" + name[6:], nil},
	} {
		k, err := New(tt.uri, tt.pin, cert, os.LookupEnv, []string{"DRIVER=conf"})
		if err != nil {
			t.Fatal(err)
		}
		for _, hash := range []crypto.Hash{crypto.SHA1, crypto.SHA256} {
			sig, err := crypto.SignMessage(k, nil, []byte("message"), hash)
			if err != nil || !verify(cert.PublicKey, hash, []byte("message"), sig) {
				t.Errorf("%s: %x, %v", tt.uri, sig, err)
			}
		}
		if _, err := k.Sign(nil, make([]byte, 32), crypto.SHA256); err == nil {
			t.Error("a digest was signed")
		}
		if _, err := k.SignMessage(nil, nil, crypto.SHA512_256); err == nil {
			t.Error("an unknown hash was taken")
		}
	}
}

func TestSignFails(t *testing.T) {
	cert, driver := newIssuer(t)
	other, _ := newIssuer(t)
	for _, tt := range []struct {
		how, want string
		issuer    *x509.Certificate
	}{
		{"fails", "certtool could not sign: exit status 1\nERROR: more\n*** Wrong PIN has been provided!\nCannot continue", cert},
		{"hangs", "certtool gave no signature in 300ms", cert},
		{"nothing", "certtool made no signature", cert},
		{"garbage", "certtool's signature: not a CMS structure", cert},
		{"signs", "the key in the token is not the key of the issuer certificate", other},
	} {
		t.Run(tt.how, func(t *testing.T) {
			install(t, tt.how)
			temp := t.TempDir()
			t.Setenv("TMPDIR", temp)
			k, err := New("pkcs11:id=%01?module-path="+driver, []byte("geheim"), tt.issuer, none, []string{"DRIVER=conf"})
			if err != nil {
				t.Fatal(err)
			}
			if tt.how == "hangs" {
				k.limit = 300 * time.Millisecond
			}
			if _, err := k.SignMessage(nil, []byte("message"), crypto.SHA256); err == nil || !strings.HasPrefix(err.Error(), tt.want) || strings.Contains(err.Error(), "geheim") {
				t.Errorf("%v, want %s", err, tt.want)
			}
			if left, err := os.ReadDir(temp); err != nil || len(left) != 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
	t.Setenv("PATH", t.TempDir())
	k, err := New("pkcs11:id=%01", nil, cert, none, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.SignMessage(nil, nil, crypto.SHA256); err == nil || !strings.Contains(err.Error(), "need GnuTLS's program certtool") {
		t.Error(err)
	}
}

func TestURIErrors(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "pin")
	for name, want := range map[string]string{
		"file.pem": "not a pkcs11: URI", "pkcs11:": "id= or object=", "pkcs11:token=x": "id= or object=", "pkcs11:?module-path=/x": "id= or object=",
		"pkcs11:object": "name=value", "pkcs11:object=a;": "name=value", "pkcs11:=x": "name=value", "pkcs11:object=%": "cannot be decoded",
		"pkcs11:object=%zz": "cannot be decoded", "pkcs11:object=a%00": "cannot be decoded", "pkcs11:object=a;object=b": "object twice",
		"pkcs11:object=a;type=public": "not a private key", "pkcs11:object=a;pin-value=1": "behind a question mark",
		"pkcs11:object=a?module-path=x.so": "absolute", "pkcs11:object=a?pin-value=1&pin-source=/x": "both", "pkcs11:object=a?&": "name=value",
		"pkcs11:object=a?pin-source=|cat": "must be a file", "pkcs11:object=a?pin-source=pin": "must be a file", "pkcs11:object=a?pin-source=" + missing: "could not read the PIN",
		"pkcs11:object=" + strings.Repeat("a", maxURI): "too long",
	} {
		if _, err := New(name, nil, nil, none, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.80s: %v, want %s", name, err, want)
		}
	}
}

// TestSignatureOf reads a structure that GnuTLS made, and every damage to it.
func TestSignatureOf(t *testing.T) {
	data, err := os.ReadFile("testdata/gnutls.pem")
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(data)
	sig, err := signatureOf(block.Bytes)
	if err != nil || len(sig) != 256 || !bytes.HasSuffix(block.Bytes, sig) {
		t.Errorf("%x, %v", sig, err)
	}
	for n := range block.Bytes {
		if _, err := signatureOf(block.Bytes[:n]); err == nil {
			t.Errorf("truncated to %d: taken", n)
		}
	}
	for i := range block.Bytes {
		damaged := slices.Clone(block.Bytes)
		damaged[i] ^= 0x40
		signatureOf(damaged)
	}
	if _, err := signatureOf(append(slices.Clone(block.Bytes), 0)); err == nil {
		t.Error("trailing bytes: taken")
	}
}

func FuzzSignatureOf(f *testing.F) {
	f.Add(newCMS([]byte{1, 2, 3}))
	f.Add([]byte{0x30, 0x80})
	f.Fuzz(func(t *testing.T, b []byte) {
		if sig, err := signatureOf(b); err == nil && !bytes.Contains(b, sig) {
			t.Errorf("%x from %x", sig, b)
		}
	})
}

func FuzzURI(f *testing.F) {
	for _, s := range []string{"pkcs11:token=a;object=b?pin-value=secret", "pkcs11:id=%01?module-path=/x&a=b", "PKCS11:object=?pin-source=/x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		u, err := parseURI(s)
		if err != nil {
			return
		}
		again, err := parseURI(u.text())
		if err != nil || again.text() != u.text() || again.pinValue != "" || again.pinSource != "" || again.module != "" {
			t.Errorf("%q gives %q, %+v, %v", s, u.text(), again, err)
		}
	})
}
