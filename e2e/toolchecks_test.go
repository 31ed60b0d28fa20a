package e2e

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"encoding/pem"
	"fmt"
	"strings"

	"github.com/google/go-tpm/tpm2"
)

// is wants a file of the tools to hold certain bytes.
func (b *toolbox) is(name string, want []byte) {
	b.t.Helper()
	if got := b.file(name); !bytes.Equal(got, want) {
		b.t.Errorf("%s holds %x, want %x", name, got, want)
	}
}

// says wants a tool's output to contain every one of some words.
func (b *toolbox) says(line string, want ...string) string {
	b.t.Helper()
	out := b.run(line)
	for _, w := range want {
		if !strings.Contains(out, w) {
			b.t.Errorf("%s does not say %q but\n%s", line, w, out[:min(len(out), 2000)])
		}
	}
	return out
}

// public reads a public key in PEM.
func (b *toolbox) public(name string) crypto.PublicKey {
	b.t.Helper()
	block, _ := pem.Decode(b.file(name))
	if block == nil {
		b.t.Fatalf("%s is no PEM: %q", name, b.file(name))
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		b.t.Fatalf("%s: %v", name, err)
	}
	return key
}

// signed wants a plain signature of a file's bytes to be that of a key in PEM; pss chooses between the RSA schemes.
func (b *toolbox) signed(key, message, signature string, hash crypto.Hash, pss bool) {
	b.t.Helper()
	h := hash.New()
	h.Write(b.file(message))
	if err := verify(b.public(key), hash, h.Sum(nil), b.file(signature), pss); err != nil {
		b.t.Errorf("%s of %s by %s: %v", signature, message, key, err)
	}
}

func verify(key crypto.PublicKey, hash crypto.Hash, digest, signature []byte, pss bool) error {
	switch key := key.(type) {
	case *rsa.PublicKey:
		if pss {
			return rsa.VerifyPSS(key, hash, digest, signature, nil)
		}
		return rsa.VerifyPKCS1v15(key, hash, digest, signature)
	case *ecdsa.PublicKey:
		if !ecdsa.VerifyASN1(key, digest, signature) {
			return fmt.Errorf("no ECDSA signature of %x", digest)
		}
		return nil
	}
	return fmt.Errorf("a key of type %T", key)
}

// attest reads an attestation, wants its signature to be good and its qualification the one given, and gives it.
func (b *toolbox) attest(kind tpm2.TPMST, key, message, signature string, qualification []byte) *tpm2.TPMSAttest {
	b.t.Helper()
	b.signed(key, message, signature, crypto.SHA256, false)
	a, err := tpm2.Unmarshal[tpm2.TPMSAttest](b.file(message))
	if err != nil {
		b.t.Fatalf("%s: %v", message, err)
	}
	if err := a.Magic.Check(); err != nil {
		b.t.Errorf("%s: %v", message, err)
	}
	if a.Type != kind {
		b.t.Errorf("%s has type %#x, want %#x", message, a.Type, kind)
	}
	if !bytes.Equal(a.ExtraData.Buffer, qualification) {
		b.t.Errorf("%s has qualifying data %x, want %x", message, a.ExtraData.Buffer, qualification)
	}
	return a
}

// must takes a result that has to be there.
func must[T any](b *toolbox) func(v T, err error) T {
	return func(v T, err error) T {
		b.t.Helper()
		if err != nil {
			b.t.Fatal(err)
		}
		return v
	}
}

// sum256 is SHA-256 of the concatenation.
func sum256(parts ...[]byte) []byte {
	h := sha256.Sum256(bytes.Join(parts, nil))
	return h[:]
}

func be16(v int) []byte { return binary.BigEndian.AppendUint16(nil, uint16(v)) }

func be32(v int64) []byte { return binary.BigEndian.AppendUint32(nil, uint32(v)) }

func be64(v uint64) []byte { return binary.BigEndian.AppendUint64(nil, v) }

func sized(v []byte) []byte { return append(be16(len(v)), v...) }

// name256 is the Name of a marshalled public area with name algorithm SHA-256 (Part 1, 14).
func name256(public []byte) []byte { return append(be16(0x000b), sum256(public)...) }

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func repeat(v byte, n int) []byte { return bytes.Repeat([]byte{v}, n) }

// hashed is the digest of the concatenation.
func hashed(hash crypto.Hash, parts ...[]byte) []byte {
	h := hash.New()
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}
