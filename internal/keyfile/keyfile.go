// Package keyfile reads and writes private keys in PEM files, plain or encrypted with a password.
//
// It reads what openssl and GnuTLS's certtool write: PKCS #8 (plain, PBES2, and the PKCS #12 scheme with Triple DES), and the
// older RSA and EC formats with their own encryption. It writes PKCS #8 with PBES2. A file is input from outside: sizes, costs and
// schemes are bounded, and no error says anything about the key or the password. Start at Parse.
package keyfile

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
)

// ErrPassword means that the key is encrypted and the password, if there was one, does not open it.
var ErrPassword = errors.New("wrong or missing password for the private key")

// MaxSize is the largest file worth reading as a key.
const MaxSize = 1 << 20

// Parse returns the first private key in the PEM data. The password is used if the key is encrypted; nil means there is none.
func Parse(data, password []byte) (crypto.Signer, error) {
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		key, err := parseBlock(block, password)
		if err != nil {
			return nil, err
		}
		if key != nil {
			signer, ok := key.(crypto.Signer)
			if !ok {
				return nil, fmt.Errorf("a private key of type %T cannot sign", key)
			}
			return signer, nil
		}
	}
	return nil, errors.New("no private key in PEM format")
}

// parseBlock returns the key of one PEM block, nil if the block is something else (EC PARAMETERS, a certificate).
func parseBlock(block *pem.Block, password []byte) (any, error) {
	der := block.Bytes
	switch block.Type {
	case "ENCRYPTED PRIVATE KEY":
		plain, err := decryptPKCS8(der, password)
		if err != nil {
			return nil, err
		}
		defer clear(plain)
		key, err := x509.ParsePKCS8PrivateKey(plain)
		if err != nil {
			return nil, ErrPassword // padding came out right by chance
		}
		return key, nil
	case "PRIVATE KEY":
		key, err := x509.ParsePKCS8PrivateKey(der)
		if err != nil {
			return nil, errors.New("the private key cannot be read, or is of an unknown kind")
		}
		return key, nil
	case "RSA PRIVATE KEY", "EC PRIVATE KEY":
		return parseTraditional(block, password)
	}
	return nil, nil
}

// parseTraditional reads the formats older than PKCS #8, with the encryption of PEM itself (RFC 1421).
func parseTraditional(block *pem.Block, password []byte) (any, error) {
	der := block.Bytes
	encrypted := x509.IsEncryptedPEMBlock(block) //nolint:staticcheck // old files exist
	if encrypted {
		if password == nil {
			return nil, ErrPassword
		}
		plain, err := x509.DecryptPEMBlock(block, password) //nolint:staticcheck // old files exist
		if err != nil {
			return nil, ErrPassword
		}
		defer clear(plain)
		der = plain
	}
	var key any
	var err error
	if block.Type == "RSA PRIVATE KEY" {
		key, err = x509.ParsePKCS1PrivateKey(der)
	} else {
		key, err = x509.ParseECPrivateKey(der)
	}
	switch {
	case err != nil && encrypted:
		return nil, ErrPassword
	case err != nil:
		return nil, errors.New("the private key cannot be read")
	}
	return key, nil
}

// Marshal returns the key as PKCS #8 in PEM, encrypted if there is a password (nil: none). Salt and IV come from rand.
func Marshal(rand io.Reader, key crypto.Signer, password []byte) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encoding the private key: %w", err)
	}
	defer clear(der)
	if password == nil {
		return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
	}
	sealed, err := encryptPKCS8(rand, der, password)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: sealed}), nil
}
