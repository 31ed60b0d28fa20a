// Package token signs certificates with a key that lives in a PKCS #11 token: a smart card, a hardware security module, a TPM behind
// such a driver.
//
// A token's driver is a C library, which this program neither links nor loads. GnuTLS's certtool does it instead, in a process of its
// own: it finds keys by their URIs (RFC 7512) among all drivers that p11-kit knows. Of the detached CMS signature that it makes only the
// signature is taken, and only if the issuer's key verifies it. The PIN goes through the environment of that process, never through its
// arguments, which other users see. Start at New.
package token

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// PINVariable is the environment variable that holds the PIN if nothing else says it, as swtpm_cert has it.
const PINVariable = "SWTPM_PKCS11_PIN"

// timeLimit bounds one signature; tokens can be slow, people who type PINs are not waited for.
const timeLimit = time.Minute

// A Key is a private key in a token. It is a crypto.Signer that signs messages only, not digests of them: crypto.SignMessage.
type Key struct {
	uri    *uri
	pin    string
	issuer *x509.Certificate
	env    []string
	limit  time.Duration
}

// New returns the key with the URI, whose certificate is issuer. The PIN is the given one, else that of the URI, else what lookup has for
// PINVariable. env are further environment variables of the driver, "NAME=value". The token is not touched before the first signature.
func New(name string, pin []byte, issuer *x509.Certificate, lookup func(string) (string, bool), env []string) (*Key, error) {
	u, err := parseURI(name)
	if err != nil {
		return nil, err
	}
	k := &Key{uri: u, pin: string(pin), issuer: issuer, env: env, limit: timeLimit}
	if pin == nil {
		if k.pin, err = u.pin(); err != nil {
			return nil, err
		}
	}
	if k.pin == "" {
		k.pin, _ = lookup(PINVariable)
	}
	return k, nil
}

// Public returns the key of the issuer's certificate: signatures that it does not verify are refused.
func (k *Key) Public() crypto.PublicKey { return k.issuer.PublicKey }

// Sign refuses, because certtool signs messages.
func (k *Key) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return nil, errors.New("a key in a token signs messages, not digests")
}

// SignMessage returns the signature of the message: RSASSA-PKCS1-v1_5, or ECDSA as a SEQUENCE.
func (k *Key) SignMessage(_ io.Reader, message []byte, opts crypto.SignerOpts) (signature []byte, err error) {
	hash, ok := hashNames[opts.HashFunc()]
	if !ok {
		return nil, fmt.Errorf("a key in a token cannot sign with hash %v", opts.HashFunc())
	}
	switch k.issuer.PublicKey.(type) {
	case *rsa.PublicKey, *ecdsa.PublicKey:
	default:
		return nil, fmt.Errorf("a key in a token cannot be of type %T", k.issuer.PublicKey)
	}
	dir, err := os.MkdirTemp("", "swtpm_cert.")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	job := job{message: filepath.Join(dir, "message"), issuer: filepath.Join(dir, "issuer"), out: filepath.Join(dir, "out"), hash: hash}
	if err := os.WriteFile(job.message, message, 0o600); err != nil {
		return nil, err
	}
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: k.issuer.Raw})
	if err := os.WriteFile(job.issuer, cert, 0o600); err != nil {
		return nil, err
	}
	cms, err := k.run(job)
	if err != nil {
		return nil, err
	}
	if signature, err = signatureOf(cms); err != nil {
		return nil, fmt.Errorf("certtool's signature: %w", err)
	}
	if !verify(k.issuer.PublicKey, opts.HashFunc(), message, signature) {
		return nil, errors.New("the key in the token is not the key of the issuer certificate")
	}
	return signature, nil
}

var hashNames = map[crypto.Hash]string{crypto.SHA1: "sha1", crypto.SHA256: "sha256", crypto.SHA384: "sha384", crypto.SHA512: "sha512"}

func verify(public crypto.PublicKey, hash crypto.Hash, message, signature []byte) bool {
	h := hash.New()
	h.Write(message)
	digest := h.Sum(nil)
	switch key := public.(type) {
	case *rsa.PublicKey:
		return rsa.VerifyPKCS1v15(key, hash, digest, signature) == nil
	case *ecdsa.PublicKey:
		return ecdsa.VerifyASN1(key, digest, signature)
	}
	return false
}
