// Package certtool is the program swtpm_cert: it issues one certificate for a key of a TPM, without needing the private key.
//
// The options, files and exit codes are those of swtpm_cert 0.11, the content of the certificates is package ekcert's. Signing keys
// are in PEM files, in PKCS #11 tokens (package token) or in another TPM (package tpmkey). Start at Main.
package certtool

import (
	"crypto/rand"
	"fmt"
	"io"
	"math/big"
	"os"
	"slices"
	"strings"
	"time"

	"govtpm/internal/ekcert"
)

// Name is the name of the program.
const Name = "swtpm_cert"

// Version is the version of swtpm whose behaviour the program has.
const Version = "0.11.0"

const capabilities = `{ "type": "swtpm_cert", "features": [ "cmdarg-signkey-pwd", "cmdarg-tpm-serial-num", ` +
	`"supports-iak-idevid", "cmdarg-public", "cmdarg-keyalgo" ], "version": "` + Version + `" }`

// env is what the program takes from its surroundings, replaced in tests.
type env struct {
	stdout, stderr io.Writer
	lookup         func(string) (string, bool) // environment variables
	environ        []string                    // further ones, for what reaches the signing key: "NAME=value"
	now            func() time.Time
	rand           io.Reader
}

// Main runs the program with the arguments behind its name and returns its exit code.
func Main(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	return Run(args, nil, stdout, stderr)
}

// Run is Main with environment variables, "NAME=value", in front of the process's own.
func Run(args, environ []string, stdout, stderr io.Writer) int {
	e := &env{stdout: stdout, stderr: stderr, lookup: overlay(environ), environ: environ, now: time.Now, rand: rand.Reader}
	if err := e.run(args); err != nil {
		fmt.Fprintf(stderr, "%v\n", err)
		return 1
	}
	return 0
}

func overlay(environ []string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for _, s := range slices.Backward(environ) { // the last counts
			if value, ok := strings.CutPrefix(s, name+"="); ok {
				return value, true
			}
		}
		return os.LookupEnv(name)
	}
}

// run is the program.
func (e *env) run(args []string) error {
	given, _, err := grammar().Parse(args)
	o := defaults()
	for _, g := range given {
		switch g.Name {
		case "version":
			fmt.Fprintln(e.stdout, banner)
			return nil
		case "help":
			fmt.Fprint(e.stdout, usage)
			return nil
		case "print-capabilities":
			fmt.Fprintln(e.stdout, capabilities)
			return nil
		}
		if err := o.set(g.Name, g.Arg); err != nil {
			return err
		}
	}
	if err != nil {
		return fmt.Errorf("%w\nTry '%s --help' for the options there are.", err, Name) //nolint:staticcheck // a sentence for people
	}
	return e.issue(o)
}

// issue makes the certificate the options ask for.
func (e *env) issue(o *options) error {
	if err := o.check(); err != nil {
		return err
	}
	req, err := e.request(o)
	if err != nil {
		return err
	}
	issuer, err := readCertificate(o.text["issuercert"])
	if err != nil {
		return err
	}
	key, err := e.signingKey(o, issuer)
	if err != nil {
		return err
	}
	if k, ok := key.(interface{ Wipe() }); ok {
		defer k.Wipe()
	}
	if !samePublicKey(issuer.PublicKey, key.Public()) {
		fmt.Fprintln(e.stderr, "Warning: the signing key is not the key of the issuer certificate.")
	}
	der, err := ekcert.Create(e.rand, req, issuer, key)
	if err != nil {
		return fmt.Errorf("could not create the certificate: %w", err)
	}
	return e.write(o, der)
}

// request turns the options into what ekcert wants.
func (e *env) request(o *options) (*ekcert.Request, error) {
	key, err := o.publicKey()
	if err != nil {
		return nil, err
	}
	subject, err := ekcert.ParseSubject(o.text["subject"])
	if err != nil && o.flags["tpm2"] {
		return nil, err
	}
	req := &ekcert.Request{
		Type: o.certType, TPM2: o.flags["tpm2"], PublicKey: key, Subject: subject, Serial: o.serial,
		TPM:          ekcert.Product{Manufacturer: o.text["tpm-manufacturer"], Model: o.text["tpm-model"], Version: o.text["tpm-version"]},
		Platform:     ekcert.Product{Manufacturer: o.text["platform-manufacturer"], Model: o.text["platform-model"], Version: o.text["platform-version"]},
		TPMSerial:    o.text["tpm-serial-num"],
		AllowSigning: o.flags["allow-signing"], Decryption: o.flags["decryption"],
	}
	if o.certType == ekcert.EK {
		req.Specification = &ekcert.Specification{Family: o.text["tpm-spec-family"], Level: o.specLevel, Revision: o.specRevision}
	}
	req.NotBefore = e.now().UTC().Truncate(time.Second)
	if o.days >= 0 {
		req.NotAfter = req.NotBefore.AddDate(0, 0, o.days)
	}
	return req, nil
}

// newSerial reads a decimal serial number of at most 20 bytes.
func newSerial(s string) (*big.Int, bool) {
	const maxDigits = 49 // 2^160 has 49 digits
	if s == "" || len(s) > maxDigits || strings.Trim(s, "0123456789") != "" {
		return nil, false
	}
	n, ok := new(big.Int).SetString(s, 10)
	return n, ok && len(n.Bytes()) <= 20
}
