package tpmkey

import (
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"govtpm/tpm2/wire"
)

// algorithms are the kinds of keys that can be made.
func algorithms() map[string]func(*wire.TPMTPublic) {
	rsa := func(bits uint16) func(*wire.TPMTPublic) {
		return func(t *wire.TPMTPublic) {
			t.Type = wire.AlgRSA
			t.Parameters.RSA = wire.TPMSRSAParms{Symmetric: wire.TPMTSymDefObject{Algorithm: wire.AlgNull}, Scheme: wire.TPMTRSAScheme{Scheme: wire.AlgNull}, KeyBits: bits}
		}
	}
	ecc := func(curve wire.Curve) func(*wire.TPMTPublic) {
		return func(t *wire.TPMTPublic) {
			t.Type = wire.AlgECC
			t.Parameters.ECC = wire.TPMSECCParms{Symmetric: wire.TPMTSymDefObject{Algorithm: wire.AlgNull}, Scheme: wire.TPMTECCScheme{Scheme: wire.AlgNull},
				CurveID: curve, KDF: wire.TPMTKDFScheme{Scheme: wire.AlgNull}}
		}
	}
	return map[string]func(*wire.TPMTPublic){
		"rsa2048": rsa(2048), "rsa3072": rsa(3072), "ecc256": ecc(wire.CurveNISTP256), "ecc384": ecc(wire.CurveNISTP384),
	}
}

// Create makes a signing key in the TPM at the address, below the storage key of its owner hierarchy, and returns it as a file. Only this
// TPM can open it, until its owner hierarchy is cleared. algorithm is rsa2048, rsa3072, ecc256 or ecc384; auth holds the password that the
// key gets, and that of the owner hierarchy.
func Create(address, algorithm string, auth Auth) ([]byte, error) {
	kinds := algorithms()
	set, ok := kinds[algorithm]
	if !ok {
		return nil, fmt.Errorf("'%s' is not an algorithm of keys: %s", algorithm, strings.Join(slices.Sorted(maps.Keys(kinds)), ", "))
	}
	template := &wire.TPMTPublic{NameAlg: wire.AlgSHA256, Attributes: wire.ObjectFixedTPM | wire.ObjectFixedParent |
		wire.ObjectSensitiveDataOrigin | wire.ObjectUserWithAuth | wire.ObjectSign}
	set(template)
	conn, err := dial(address)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	f := &keyFile{parent: wire.RHOwner}
	if err := (tpm{conn}).create(f, template, auth); err != nil {
		return nil, err
	}
	k := tpmKey{Type: oidLoadableKey, Parent: int64(f.parent), Public: f.public, Private: f.private}
	if len(auth.Key) == 0 {
		k.EmptyAuth = asn1.RawValue{FullBytes: []byte{0xa0, 3, 1, 1, 0xff}}
	}
	der, err := asn1.Marshal(k)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: pemType, Bytes: der}), nil
}

// create makes a key below the parent (Part 3, 12.1) and puts its two parts into the file.
func (t tpm) create(f *keyFile, template *wire.TPMTPublic, auth Auth) error {
	parent, err := t.primary(f, auth.Parent)
	if err != nil {
		return err
	}
	defer t.flush(parent)
	_, r, err := t.command(wire.CCCreate, parent, nil, false, func(w *wire.Writer) {
		w.Sized(func(w *wire.Writer) { w.TPM2B(auth.Key); w.TPM2B(nil) }) // inSensitive: no data
		w.Sized(template.Marshal)
		w.TPM2B(nil) // outsideInfo
		w.Uint32(0)  // creationPCR
	})
	if err != nil {
		return fmt.Errorf("making the TPM's key: %w", err)
	}
	var private wire.TPM2BPrivate
	var public wire.TPM2BPublic
	private.Unmarshal(r)
	public.Unmarshal(r)
	if r.Err() != wire.RCSuccess || public.Type != template.Type {
		return errors.New("the TPM's new key cannot be read")
	}
	f.private, f.public = wire.Marshal(private), wire.Marshal(&public)
	return nil
}
