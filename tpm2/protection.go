package tpm2

import (
	"crypto/hmac"

	"govtpm/internal/crypto/kdf"
	"govtpm/tpm2/wire"
)

// Protected storage: how sensitive areas, duplicates and credentials are encrypted under a storage key and kept from
// being changed (Part 1, 19 to 21).

// protector is what the wrapping of a storage key is made from: its seed, or one that was exchanged.
type protector struct {
	alg  wire.Alg // nameAlg of the storage key
	sym  wire.TPMTSymDefObject
	seed []byte
}

// storageSymmetric is the symmetric algorithm with which a storage key protects what is below it.
func storageSymmetric(pub *wire.TPMTPublic) wire.TPMTSymDefObject {
	switch pub.Type {
	case wire.AlgRSA:
		return pub.Parameters.RSA.Symmetric
	case wire.AlgECC:
		return pub.Parameters.ECC.Symmetric
	case wire.AlgSymCipher:
		return pub.Parameters.Sym.Sym
	}
	return wire.TPMTSymDefObject{Algorithm: wire.AlgNull}
}

// protector is the protection by the storage key o with a seed: its own for what is kept below it, an exchanged one for what
// comes from outside, however short that is.
func (o *object) protector(seed []byte) protector {
	return protector{alg: o.public.NameAlg, sym: storageSymmetric(&o.public), seed: seed}
}

// isStorage reports whether o is an asymmetric storage key, which can take what comes from another TPM.
func (o *object) isStorage() bool {
	a := o.public.Attributes
	return a.Has(wire.ObjectRestricted|wire.ObjectDecrypt) && !a.Has(wire.ObjectSign) &&
		(o.public.Type == wire.AlgRSA || o.public.Type == wire.AlgECC)
}

// crypt encrypts or decrypts data in place with the key for the object of this name; without iv one of zeros.
func (p *protector) crypt(t *TPM, name, iv, data []byte, encrypt bool) error {
	key := kdf.KDFa(hashFunc(p.alg), p.seed, "STORAGE", name, nil, int(p.sym.KeyBits))
	defer clear(key)
	if iv == nil {
		iv = make([]byte, symmetricBlockSize(p.sym.Algorithm))
	}
	return t.cryptCFB(p.sym.Algorithm, key, iv, data, encrypt)
}

// integrity is the HMAC over what is protected for the object of this name.
func (p *protector) integrity(name, data []byte) []byte {
	key := kdf.KDFa(hashFunc(p.alg), p.seed, "INTEGRITY", nil, nil, 8*digestSize(p.alg))
	defer clear(key)
	return hmacOf(p.alg, key, data, name)
}

// wrap encrypts data in place and puts the HMAC before it: the outer wrap of duplicates and credentials
// (Part 1, 20.3.2.3 and 21.3).
func (p *protector) wrap(t *TPM, name, data []byte) ([]byte, error) {
	if err := p.crypt(t, name, nil, data, true); err != nil {
		return nil, err
	}
	var w wire.Writer
	w.TPM2B(p.integrity(name, data))
	w.Raw(data)
	return w.Bytes(), nil
}

// checked takes the HMAC off a wrapped blob and checks it. RCIntegrity, and the codes of a digest, without position.
func (p *protector) checked(t *TPM, name, blob []byte) ([]byte, error) {
	r := wire.NewReader(blob, t.limits)
	var integrity wire.TPM2BDigest
	integrity.Unmarshal(r)
	if rc := r.Err(); rc != wire.RCSuccess {
		return nil, rc
	}
	data := r.Copy(r.Len())
	if !hmac.Equal(integrity, p.integrity(name, data)) {
		return nil, wire.RCIntegrity
	}
	return data, nil
}

// unwrap is the inverse of wrap.
func (p *protector) unwrap(t *TPM, name, blob []byte) ([]byte, error) {
	data, err := p.checked(t, name, blob)
	if err != nil {
		return nil, err
	}
	return data, p.crypt(t, name, nil, data, false)
}

// marshalSensitive is the sized sensitive area as it is encrypted: the authValue padded to the size of nameAlg's digest, so that its
// length does not show (Part 1, 23.6).
func marshalSensitive(s *wire.TPMTSensitive, nameAlg wire.Alg) []byte {
	padded := *s
	padded.AuthValue = make([]byte, max(digestSize(nameAlg), len(s.AuthValue)))
	copy(padded.AuthValue, s.AuthValue)
	var w wire.Writer
	w.Sized(padded.Marshal)
	return w.Bytes()
}

// wrapSensitive makes the private part that leaves the TPM for an object of this name below parent (Part 1, 23.6 and 23.7).
func (t *TPM) wrapSensitive(parent *object, s *wire.TPMTSensitive, name []byte, nameAlg wire.Alg) ([]byte, error) {
	p := parent.protector(parent.sensitive.SeedValue)
	iv := make([]byte, symmetricBlockSize(p.sym.Algorithm))
	if err := t.random(iv); err != nil {
		return nil, err
	}
	var w wire.Writer
	w.TPM2B(iv)
	body := marshalSensitive(s, nameAlg)
	if err := p.crypt(t, name, iv, body, true); err != nil {
		return nil, err
	}
	w.Raw(body)
	var out wire.Writer
	out.TPM2B(p.integrity(name, w.Bytes()))
	out.Raw(w.Bytes())
	return out.Bytes(), nil
}

// unwrapSensitive is the inverse of wrapSensitive.
// Without position: RCIntegrity; RCValue for an IV of another size; RCSensitive for what is inside; codes of a digest.
func (t *TPM) unwrapSensitive(parent *object, blob, name []byte) (s wire.TPMTSensitive, err error) {
	p := parent.protector(parent.sensitive.SeedValue)
	data, err := p.checked(t, name, blob)
	if err != nil {
		return s, err
	}
	r := wire.NewReader(data, t.limits)
	var iv wire.TPM2BIV
	iv.Unmarshal(r)
	if rc := r.Err(); rc != wire.RCSuccess {
		return s, rc
	}
	if len(iv) != symmetricBlockSize(p.sym.Algorithm) {
		return s, wire.RCValue
	}
	body := r.Copy(r.Len())
	defer clear(body)
	if err := p.crypt(t, name, iv, body, false); err != nil {
		return s, err
	}
	r = wire.NewReader(body, t.limits)
	size := r.Uint16()
	if rc := r.Err(); rc != wire.RCSuccess {
		return s, rc
	}
	if int(size) != r.Len() {
		return s, wire.RCSensitive
	}
	s.Unmarshal(r)
	if r.End() != wire.RCSuccess {
		return s, wire.RCSensitive
	}
	return s, nil
}
