// Package tpmkey signs with a key that lives in a TPM 2: one of this machine's, or a software TPM on a socket.
//
// The key is a file in the format "TSS2 PRIVATE KEY", which tpm2-tools and openssl's provider write and only its TPM can open, or it is
// persistent and named by its handle, "handle:0x81000010". The TPM is spoken to directly; it is found as tpm2-tools find it, by the
// environment variables of Address. Nothing stays in the TPM. Start at Named and Parse.
package tpmkey

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	_ "crypto/sha1"   // registers crypto.SHA1
	_ "crypto/sha256" // registers crypto.SHA256
	_ "crypto/sha512" // registers crypto.SHA384 and crypto.SHA512
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strconv"
	"strings"

	"govtpm/tpm2/wire"
)

// Auth holds the passwords of a key and of its parent; nil is empty. If the parent is a primary key it is the password of the hierarchy.
type Auth struct{ Key, Parent []byte }

// A Key is a private key in a TPM. It is a crypto.Signer of digests; each signature opens the TPM and closes it.
type Key struct {
	address string
	auth    Auth
	handle  wire.Handle // 0 for a key that must be loaded
	file    *keyFile
	area    *wire.TPMTPublic
	public  crypto.PublicKey
}

// Prefixes of the names of keys: of persistent ones, and GnuTLS's old one, of which the form for files is understood.
const (
	handlePrefix = "handle:"
	oldPrefix    = "tpmkey:"
)

// FileOf returns the file that the name of a key stands for: the name itself, or what is behind "tpmkey:file=".
func FileOf(name string) (file string, err error) {
	if len(name) < len(oldPrefix) || !strings.EqualFold(name[:len(oldPrefix)], oldPrefix) {
		return name, nil
	}
	file, ok := strings.CutPrefix(name[len(oldPrefix):], "file=")
	if file, _, _ = strings.Cut(file, ";"); !ok || file == "" {
		return "", errors.New("of tpmkey: URIs only tpmkey:file=<file> is supported, for a TPM 2; a key of a TPM 2 is also named by its handle: handle:0x81...")
	}
	return file, nil
}

// IsHandle says whether a name is that of a persistent key.
func IsHandle(name string) bool {
	return len(name) >= len(handlePrefix) && strings.EqualFold(name[:len(handlePrefix)], handlePrefix)
}

// Named returns the persistent key with the name "handle:<number>", asking the TPM at the address for its public part.
func Named(name, address string, auth Auth) (*Key, error) {
	n, err := strconv.ParseUint(name[len(handlePrefix):], 0, 32)
	if err != nil || n>>24 != 0x81 {
		return nil, fmt.Errorf("%s is not the handle of a persistent key, 0x81000000 to 0x81ffffff", name)
	}
	conn, err := dial(address)
	if err != nil {
		return nil, err
	}
	k := &Key{address: address, auth: auth.clone(), handle: wire.Handle(n)}
	defer conn.Close()
	if k.area, err = (tpm{conn}).readPublic(k.handle); err == nil {
		err = k.check()
	}
	return k.orWiped(err)
}

// orWiped returns the key, or the error that it cannot be used for.
func (k *Key) orWiped(err error) (*Key, error) {
	if err != nil {
		k.Wipe()
		return nil, err
	}
	return k, nil
}

// Parse returns the key in a file, whose content IsFile has recognized. The TPM at the address is not asked yet.
func Parse(data []byte, address string, auth Auth) (*Key, error) {
	f, err := parseFile(data)
	if err != nil {
		return nil, err
	}
	k := &Key{address: address, auth: auth.clone(), file: f}
	var public wire.TPM2BPublic
	if rc := wire.Unmarshal(f.public, nil, &public); rc != wire.RCSuccess {
		return k.orWiped(errors.New("the public part of the TPM's key cannot be read"))
	}
	k.area = &public.TPMTPublic
	return k.orWiped(k.check())
}

// Wipe overwrites the passwords.
func (a Auth) Wipe() {
	clear(a.Key)
	clear(a.Parent)
}

// Wipe overwrites the key's passwords; it cannot sign any more.
func (k *Key) Wipe() { k.auth.Wipe() }

func (a Auth) clone() Auth { return Auth{bytes.Clone(a.Key), bytes.Clone(a.Parent)} }

// check refuses keys that cannot sign what they are given.
func (k *Key) check() (err error) {
	if !k.area.Attributes.Has(wire.ObjectSign) {
		return errors.New("the TPM's key cannot sign")
	}
	if k.area.Attributes.Has(wire.ObjectRestricted) {
		return errors.New("the TPM's key is restricted: it signs what the TPM says, not certificates")
	}
	k.public, err = publicKey(k.area)
	return err
}

// publicKey turns a public area into a key of Go's.
func publicKey(area *wire.TPMTPublic) (crypto.PublicKey, error) {
	switch area.Type {
	case wire.AlgRSA:
		e := area.Parameters.RSA.Exponent
		if e == 0 { // Part 2, 12.2.3.5
			e = 65537
		}
		return &rsa.PublicKey{N: new(big.Int).SetBytes(area.Unique.RSA), E: int(e)}, nil
	case wire.AlgECC:
		curve := map[wire.Curve]elliptic.Curve{
			wire.CurveNISTP256: elliptic.P256(), wire.CurveNISTP384: elliptic.P384(), wire.CurveNISTP521: elliptic.P521(),
		}[area.Parameters.ECC.CurveID]
		if curve == nil {
			return nil, fmt.Errorf("certificates cannot be signed on the curve %v", area.Parameters.ECC.CurveID)
		}
		size := (curve.Params().BitSize + 7) / 8
		x, y := area.Unique.ECC.X, area.Unique.ECC.Y
		if len(x) > size || len(y) > size {
			return nil, errors.New("the TPM's public key is not on its curve")
		}
		point := make([]byte, 1+2*size)
		point[0] = 4 // uncompressed
		copy(point[1+size-len(x):], x)
		copy(point[1+2*size-len(y):], y)
		public, err := ecdsa.ParseUncompressedPublicKey(curve, point)
		if err != nil {
			return nil, errors.New("the TPM's public key is not on its curve")
		}
		return public, nil
	}
	return nil, fmt.Errorf("certificates cannot be signed with a TPM's key of type %v", area.Type)
}

// Public returns the public key.
func (k *Key) Public() crypto.PublicKey { return k.public }

var hashes = map[crypto.Hash]wire.Alg{
	crypto.SHA1: wire.AlgSHA1, crypto.SHA256: wire.AlgSHA256, crypto.SHA384: wire.AlgSHA384, crypto.SHA512: wire.AlgSHA512,
}

// Sign has the TPM sign the digest: RSASSA-PKCS1-v1_5, or ECDSA as a SEQUENCE. The signature is verified before it is returned.
func (k *Key) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) (signature []byte, err error) {
	hash, ok := hashes[opts.HashFunc()]
	if !ok || len(digest) != opts.HashFunc().Size() {
		return nil, fmt.Errorf("a TPM cannot sign %d bytes as a digest of %v", len(digest), opts.HashFunc())
	}
	conn, err := dial(k.address)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	t := tpm{conn}
	handle := k.handle
	if k.file != nil {
		if handle, err = t.load(k.file, k.auth.Parent); err != nil {
			return nil, err
		}
		defer t.flush(handle)
	}
	sig, err := t.sign(handle, k.auth.Key, digest, k.scheme(hash))
	if err != nil {
		return nil, err
	}
	if signature, ok = k.encode(sig, digest, opts.HashFunc()); !ok {
		return nil, errors.New("the TPM's signature is wrong")
	}
	return signature, nil
}

func (k *Key) scheme(hash wire.Alg) wire.TPMTSigScheme {
	if k.area.Type == wire.AlgRSA {
		return wire.TPMTSigScheme{Scheme: wire.AlgRSASSA, HashAlg: hash}
	}
	return wire.TPMTSigScheme{Scheme: wire.AlgECDSA, HashAlg: hash}
}

// encode gives the signature the form that certificates have it in, if it is right.
func (k *Key) encode(sig *wire.TPMTSignature, digest []byte, hash crypto.Hash) ([]byte, bool) {
	switch public := k.public.(type) {
	case *rsa.PublicKey:
		s := sig.Signature.RSA.Sig
		return s, sig.SigAlg == wire.AlgRSASSA && rsa.VerifyPKCS1v15(public, hash, digest, s) == nil
	case *ecdsa.PublicKey:
		s, err := asn1.Marshal(struct{ R, S *big.Int }{
			new(big.Int).SetBytes(sig.Signature.ECC.R), new(big.Int).SetBytes(sig.Signature.ECC.S),
		})
		return s, err == nil && sig.SigAlg == wire.AlgECDSA && ecdsa.VerifyASN1(public, digest, s)
	}
	return nil, false
}
