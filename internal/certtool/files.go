package certtool

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"govtpm/internal/ekcert"
	"govtpm/internal/keyfile"
	"govtpm/internal/smallfile"
	"govtpm/internal/token"
	"govtpm/internal/tpmkey"
)

// readFile reads a key or certificate file; a file that is far too long for one is refused.
func readFile(name string) ([]byte, error) { return smallfile.Read(name, keyfile.MaxSize) }

// readCertificate reads the first certificate of a PEM file.
func readCertificate(name string) (*x509.Certificate, error) {
	data, err := readFile(name)
	if err != nil {
		return nil, fmt.Errorf("could not read the issuer certificate: %w", err)
	}
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" && block.Type != "X509 CERTIFICATE" && block.Type != "TRUSTED CERTIFICATE" {
			continue
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("could not read the issuer certificate %s: %w", name, err)
		}
		return cert, nil
	}
	return nil, fmt.Errorf("could not read the issuer certificate: no certificate in PEM format in %s", name)
}

// signingKey reads the CA's key, or reaches it where it is.
func (e *env) signingKey(o *options, issuer *x509.Certificate) (crypto.Signer, error) {
	name := o.text["signkey"]
	password, err := e.password(o, "signkey")
	if err != nil {
		return nil, err
	}
	defer clear(password)
	parent, err := e.password(o, "parentkey")
	if err != nil {
		return nil, err
	}
	defer clear(parent)
	auth := tpmkey.Auth{Key: password, Parent: parent}
	switch {
	case token.IsURI(name):
		return token.New(name, password, issuer, e.lookup, e.environ)
	case tpmkey.IsHandle(name):
		return tpmkey.Named(name, tpmkey.Address(e.lookup), auth)
	}
	if name, err = tpmkey.FileOf(name); err != nil {
		return nil, err
	}
	data, err := readFile(name)
	if err != nil {
		return nil, fmt.Errorf("could not read the signing key: %w", err)
	}
	defer clear(data)
	if tpmkey.IsFile(data) {
		return tpmkey.Parse(data, tpmkey.Address(e.lookup), auth)
	}
	key, err := keyfile.Parse(data, password)
	if err != nil {
		return nil, fmt.Errorf("could not read the signing key from %s: %w", name, err)
	}
	return key, nil
}

// KeyIsFile says whether the name of a signing key is just that of a file. It refuses names that nothing is known about.
func KeyIsFile(name string) (bool, error) {
	file, err := tpmkey.FileOf(name)
	return file == name && !token.IsURI(name) && !tpmkey.IsHandle(name), err
}

// maxPassword is the longest password taken from a file or descriptor.
const maxPassword = 255

// password returns the password of the signing key, or of its parent, nil if none is given.
func (e *env) password(o *options, which string) ([]byte, error) {
	if o.has(which + "-password") {
		return []byte(o.text[which+"-password"]), nil
	}
	if !o.has(which + "-pwd") {
		return nil, nil
	}
	spec := o.text[which+"-pwd"]
	kind, arg, ok := strings.Cut(spec, ":")
	if !ok {
		return []byte(spec), nil
	}
	switch kind {
	case "pass":
		return []byte(arg), nil
	case "env":
		value, ok := e.lookup(arg)
		if !ok {
			return nil, errors.New("could not get the password from the environment variable")
		}
		return []byte(value), nil
	case "file":
		f, err := smallfile.Open(arg)
		if err != nil {
			return nil, fmt.Errorf("could not open the password file: %w", err)
		}
		defer f.Close()
		return readPassword(f)
	case "fd":
		n, err := strconv.ParseUint(arg, 10, 31)
		if err != nil {
			return nil, fmt.Errorf("'%s' is not a file descriptor", arg)
		}
		f := os.NewFile(uintptr(n), "password")
		if f == nil {
			return nil, fmt.Errorf("'%s' is not a file descriptor", arg)
		}
		defer f.Close()
		return readPassword(f)
	}
	return []byte(spec), nil
}

// readPassword reads once; all that comes is the password, a newline at the end too.
func readPassword(f *os.File) ([]byte, error) {
	buf := make([]byte, maxPassword)
	n, err := f.Read(buf)
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("could not read the password: %w", err)
	}
	return buf[:n], nil
}

// samePublicKey compares two public keys of any kind; a kind crypto/x509 does not know is taken as the same.
func samePublicKey(a, b crypto.PublicKey) bool {
	k, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return !ok || k.Equal(b)
}

// write puts the certificate where and how the options say.
func (e *env) write(o *options, der []byte) error {
	data := der
	switch {
	case o.flags["pem"]:
		data = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	case o.flags["add-header"]:
		var err error
		if data, err = ekcert.StoredFormat(der); err != nil {
			return err
		}
	}
	if !o.has("out-cert") {
		_, err := e.stdout.Write(data)
		return err
	}
	name := o.text["out-cert"]
	if err := writeFile(name, data); err != nil {
		return fmt.Errorf("could not write the certificate: %w", err)
	}
	return nil
}

// writeFile writes the file with mode 0600, never through a symbolic link; a file half written is removed. What is there and is no file,
// such as a device, is written to and left as it is.
func writeFile(name string, data []byte) (err error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|noFollow|smallfile.NonBlock, 0o600)
	if err != nil {
		return err
	}
	st, err := f.Stat()
	isFile := err == nil && st.Mode().IsRegular()
	defer func() {
		if cerr := f.Close(); err == nil {
			err = cerr
		}
		if err != nil && isFile {
			os.Remove(name)
		}
	}()
	if isFile {
		err = f.Chmod(0o600)
	}
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return err
}
