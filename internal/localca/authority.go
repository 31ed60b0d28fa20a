package localca

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // key identifiers (RFC 5280, 4.2.1.2), no security rests on it
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"time"

	"govtpm/internal/certtool"
	"govtpm/internal/conffile"
	"govtpm/internal/keyfile"
	"govtpm/internal/smallfile"
	"govtpm/internal/token"
	"govtpm/internal/tpmkey"
)

// authority is where a CA keeps what it needs.
type authority struct {
	stateDir, keyFile, certFile, serialFile string
	password, parentPassword                []byte   // of the signing key, and of its parent in a TPM; nil if none
	elsewhere                               bool     // the signing key is not just a file
	environ                                 []string // what reaches it then: "NAME=value"
}

// defaultPIN is the PIN of the tokens that the makers of such authorities set up.
const defaultPIN = "swtpm-tpmca"

// wipe overwrites the passwords.
func (ca *authority) wipe() {
	clear(ca.password)
	clear(ca.parentPassword)
}

// newAuthority reads the configuration.
func newAuthority(conf *conffile.File, name string, lookup func(string) (string, bool)) (*authority, error) {
	ca := &authority{}
	for _, s := range []struct {
		key string
		to  *string
	}{{"statedir", &ca.stateDir}, {"signingkey", &ca.keyFile}, {"issuercert", &ca.certFile}} {
		value, ok := conf.Value(s.key)
		if !ok || value == "" {
			return nil, fmt.Errorf("missing %s in config file %s", s.key, name)
		}
		*s.to = value
	}
	isFile, err := certtool.KeyIsFile(ca.keyFile)
	if err != nil {
		return nil, err
	}
	if ca.elsewhere = !isFile; ca.elsewhere {
		ca.keyFile = strings.ReplaceAll(ca.keyFile, `\;`, ";")
	}
	ca.environ = environOf(conf, lookup) // a file may be one that only a TPM can open
	if p, ok := conf.Value("signingkey_password"); ok && p != "" {
		ca.password = []byte(p)
	}
	if p, ok := conf.Value("parentkey_password"); ok && p != "" {
		ca.parentPassword = []byte(p)
	}
	if ca.serialFile, _ = conf.Value("certserial"); ca.serialFile == "" {
		ca.serialFile = filepath.Join(ca.stateDir, "certserial")
	}
	return ca, nil
}

// environOf returns the environment variables that the configuration has for keys in tokens and TPMs.
func environOf(conf *conffile.File, lookup func(string) (string, bool)) []string {
	pin, ok := conf.Value(token.PINVariable)
	if !ok || pin == "" {
		pin, ok = lookup(token.PINVariable)
	}
	if !ok || pin == "" {
		pin = defaultPIN
	}
	environ := []string{token.PINVariable + "=" + pin}
	for _, pair := range conf.Prefixed("env:") {
		environ = append(environ, pair[0]+"="+pair[1])
	}
	return environ
}

// Names of the root CA's files, beside the signing key, and of both CAs.
const (
	rootKeyName  = "swtpm-localca-rootca-privkey.pem"
	rootCertName = "swtpm-localca-rootca-cert.pem"
	rootCommon   = "swtpm-localca-rootca"
	localCommon  = "swtpm-localca"
)

const (
	caKeyBits = 3072
	caDays    = 36500
)

// ensure makes the CA if its key or certificate is missing. Keys that exist are never replaced: what is missing is made for them. Each
// file appears complete or not at all, so a run that was stopped halfway is finished by the next one.
func (e *env) ensure(ca *authority) error {
	if ca.elsewhere {
		if have, err := exists(ca.certFile); err != nil || have {
			return err
		}
		return fmt.Errorf("there is no issuer certificate %s, and none is made for a signing key that is in a token or a TPM", ca.certFile)
	}
	rootDir := filepath.Dir(ca.keyFile)
	e.sweep(ca.keyFile, ca.certFile, filepath.Join(rootDir, rootKeyName), filepath.Join(rootDir, rootCertName))
	haveKey, err := exists(ca.keyFile)
	if err != nil {
		return err
	}
	haveCert, err := exists(ca.certFile)
	if err != nil {
		return err
	}
	if haveKey && haveCert {
		return nil
	}
	if haveKey { // if it cannot be read, nothing is made
		if _, err := e.loadOrMakeKey(ca.keyFile, ca.password); err != nil {
			return err
		}
	}
	fmt.Fprintln(e.out, "Creating root CA and a local CA's signing key and issuer cert.")
	for _, file := range []string{ca.keyFile, ca.certFile} {
		if err := os.MkdirAll(filepath.Dir(file), 0o770); err != nil {
			return fmt.Errorf("could not create a directory for the CA: %w", err)
		}
	}
	root, rootKey, err := e.ensureRoot(rootDir)
	if err != nil {
		return err
	}
	key, err := e.loadOrMakeKey(ca.keyFile, ca.password)
	if err != nil {
		return err
	}
	der, err := e.newCACert(localCommon, key, root, rootKey)
	if err != nil {
		return err
	}
	return writeCert(ca.certFile, der)
}

// ensureRoot returns the root CA in the directory, making what is missing of it.
func (e *env) ensureRoot(dir string) (*x509.Certificate, crypto.Signer, error) {
	var password []byte
	if p, ok := e.lookup("SWTPM_ROOTCA_PASSWORD"); ok && p != "" {
		password = []byte(p)
		defer clear(password)
	}
	key, err := e.loadOrMakeKey(filepath.Join(dir, rootKeyName), password)
	if err != nil {
		return nil, nil, err
	}
	cert, err := e.ensureRootCert(filepath.Join(dir, rootCertName), key)
	return cert, key, err
}

// ensureRootCert returns the root CA's certificate for its key, making it if it is missing or belongs to another key.
func (e *env) ensureRootCert(name string, key crypto.Signer) (*x509.Certificate, error) {
	if data, err := smallfile.Read(name, keyfile.MaxSize); err == nil {
		if block, _ := pem.Decode(data); block != nil {
			cert, err := x509.ParseCertificate(block.Bytes)
			if err == nil && belongs(cert, key) {
				return cert, nil
			}
		}
	}
	der, err := e.newCACert(rootCommon, key, nil, key)
	if err != nil {
		return nil, err
	}
	if err := writeCert(name, der); err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

// belongs says whether a certificate is that of a key. It may be of a kind that nothing can be done with.
func belongs(cert *x509.Certificate, key crypto.Signer) bool {
	public, ok := cert.PublicKey.(interface{ Equal(crypto.PublicKey) bool })
	return ok && public.Equal(key.Public())
}

// loadOrMakeKey reads the key, or makes one if there is no such file.
func (e *env) loadOrMakeKey(name string, password []byte) (crypto.Signer, error) {
	data, err := smallfile.Read(name, keyfile.MaxSize)
	if err == nil {
		defer clear(data)
		if tpmkey.IsFile(data) {
			return nil, fmt.Errorf("the CA key %s is in a TPM, so its certificate cannot be made here: swtpm-create-tpmca makes both", name)
		}
		key, err := keyfile.Parse(data, password)
		if err != nil {
			return nil, fmt.Errorf("could not read the CA key %s: %w", name, err)
		}
		return key, nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("could not read the CA key: %w", err)
	}
	key, err := rsa.GenerateKey(e.rand, caKeyBits)
	if err != nil {
		return nil, fmt.Errorf("could not make the CA key: %w", err)
	}
	if data, err = keyfile.Marshal(e.rand, key, password); err != nil {
		return nil, err
	}
	defer clear(data)
	return key, writeWhole(name, data, 0o640)
}

// newCACert returns the certificate of a CA, self-signed if parent is nil, with the extensions in upstream's order.
func (e *env) newCACert(common string, key crypto.Signer, parent *x509.Certificate, parentKey crypto.Signer) ([]byte, error) {
	id, err := keyID(key.Public())
	if err != nil {
		return nil, err
	}
	exts, err := caExtensions(id, parent)
	if err != nil {
		return nil, err
	}
	name, err := asn1.Marshal(pkix.RDNSequence{{{
		Type:  asn1.ObjectIdentifier{2, 5, 4, 3},
		Value: asn1.RawValue{Tag: asn1.TagUTF8String, Bytes: []byte(common)},
	}}})
	if err != nil {
		return nil, err
	}
	serial := make([]byte, 20)
	if _, err := io.ReadFull(e.rand, serial); err != nil {
		return nil, fmt.Errorf("reading random bytes: %w", err)
	}
	serial[0] = serial[0]&0x7f | 0x40 // positive, and always 20 bytes
	start := e.now().UTC().Truncate(time.Second)
	tmpl := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(serial), RawSubject: name,
		NotBefore: start, NotAfter: start.AddDate(0, 0, caDays),
		ExtraExtensions: exts,
	}
	if _, ok := parentKey.(*rsa.PrivateKey); ok {
		tmpl.SignatureAlgorithm = x509.SHA256WithRSA
	}
	if parent == nil {
		parent = tmpl
	}
	der, err := x509.CreateCertificate(e.rand, tmpl, parent, key.Public(), parentKey)
	if err != nil {
		return nil, fmt.Errorf("could not make the CA certificate: %w", err)
	}
	return der, nil
}

// caExtensions returns subject key identifier, authority key identifier, basic constraints and key usage (RFC 5280, 4.2.1).
func caExtensions(id []byte, parent *x509.Certificate) ([]pkix.Extension, error) {
	authorityID := id
	if parent != nil {
		authorityID = parent.SubjectKeyId
	}
	var exts []pkix.Extension
	for _, x := range []struct {
		id       int // below id-ce, 2.5.29
		critical bool
		value    any
	}{
		{14, false, id},
		{35, false, struct {
			ID []byte `asn1:"tag:0"`
		}{authorityID}},
		{19, true, struct{ CA bool }{true}},
		{15, true, asn1.BitString{Bytes: []byte{0x04}, BitLength: 6}}, // keyCertSign
	} {
		der, err := asn1.Marshal(x.value)
		if err != nil {
			return nil, err
		}
		exts = append(exts, pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, x.id}, Critical: x.critical, Value: der})
	}
	return exts, nil
}

// keyID returns the SHA-1 of the public key's bits (RFC 5280, 4.2.1.2, method 1).
func keyID(public crypto.PublicKey) ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return nil, err
	}
	var spki struct {
		Algorithm pkix.AlgorithmIdentifier
		Key       asn1.BitString
	}
	if _, err := asn1.Unmarshal(der, &spki); err != nil {
		return nil, err
	}
	sum := sha1.Sum(spki.Key.Bytes)
	return sum[:], nil
}

// publicPEM is a public key as a file.
func publicPEM(public crypto.PublicKey) ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), nil
}
