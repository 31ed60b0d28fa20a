package main

import (
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// cmdCertificate prints what a certificate says, in PEM, DER or the form that a TPM 1.2 stores; instead of its dates, which depend on
// the day, how long it is valid, and of its key only the kind and the beginning.
func cmdCertificate(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, len(args) != 1, "certificate FILE")
	c := readCert(ts, args[0])
	out := ts.Stdout()
	fmt.Fprintf(out, "version %d, serial number %v, %v\n", c.Version, c.SerialNumber, c.SignatureAlgorithm)
	fmt.Fprintf(out, "issuer %v\nsubject %v\n", c.Issuer, c.Subject)
	if age := time.Since(c.NotBefore); age < -time.Minute || age > time.Hour {
		ts.Fatalf("valid from %v", c.NotBefore)
	}
	if c.NotAfter.Year() == 9999 {
		fmt.Fprintf(out, "valid until %v\n", c.NotAfter.Format(time.RFC3339))
	} else {
		fmt.Fprintf(out, "valid for %v\n", c.NotAfter.Sub(c.NotBefore))
	}
	fmt.Fprintf(out, "key %s...\n", hex.EncodeToString(c.RawSubjectPublicKeyInfo[:min(40, len(c.RawSubjectPublicKeyInfo))]))
	for _, e := range c.Extensions {
		critical := ""
		if e.Critical {
			critical = "critical "
		}
		fmt.Fprintf(out, "%v %s%x\n", e.Id, critical, e.Value)
	}
}

func readCert(ts *testscript.TestScript, name string) *x509.Certificate {
	data := []byte(ts.ReadFile(name))
	if block, _ := pem.Decode(data); block != nil {
		data = block.Bytes
	}
	if len(data) > 7 && data[0] == 0x10 { // TCG header of TPM 1.2: tag, type, size, tag (TCG PC Client 1.2, 7.4.5)
		data = data[7:]
	}
	c, err := x509.ParseCertificate(data)
	ts.Check(err)
	return c
}

// cmdSigned checks that the second certificate's key signed the first.
func cmdSigned(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, false, len(args) != 2, "[!] signed FILE ISSUER")
	if err := readCert(ts, args[0]).CheckSignatureFrom(readCert(ts, args[1])); (err == nil) == neg {
		ts.Fatalf("%s, %s: %v", args[0], args[1], err)
	}
}

// cmdFill makes a file with as many bytes as it is told, which takes no room on the disk.
func cmdFill(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, len(args) != 2, "fill FILE SIZE")
	var size int64
	if _, err := fmt.Sscan(args[1], &size); err != nil || strings.Contains(args[0], "..") {
		ts.Fatalf("%s: %v", args[1], err)
	}
	f, err := os.Create(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Check(f.Truncate(size))
	ts.Check(f.Close())
}

// cmdUsual runs a program with the words of the file PROGRAM.args in front of its own, and checks its exit status.
func cmdUsual(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, len(args) < 2, "usual STATUS PROGRAM [ARGS...]")
	words := append(args[:2:2], strings.Fields(ts.ReadFile(args[1]+".args"))...)
	cmdExits(ts, false, append(words, args[2:]...))
}
