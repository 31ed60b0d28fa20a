package tpm2

import (
	"bytes"
	"crypto/hmac"

	"govtpm/tpm2/wire"
)

// Duplication of objects to another parent, here or in another TPM (Part 1, 20.3; Part 3, 13).

// duplicate is TPM2_Duplicate (Part 3, 13.1).
//
// Handle 1: RCAttributes (fixedParent), RCType (nameAlg NULL); handle 2: RCType, RCHierarchy; parameter 1: RCSize; 2: RCSymmetric.
func (t *TPM) duplicate(c *call, p *duplicateParameters) error {
	o, parent := c.objects[0], c.objects[1]
	if err := checkDuplicate(o, parent, p); err != nil {
		return err
	}
	var encryptedSeed, seed []byte
	if parent != nil {
		var err error
		if encryptedSeed, seed, err = t.encryptSecret(parent, labelDuplicate); err != nil {
			return err
		}
		defer clear(seed)
	}
	key, made, err := t.innerKey(p)
	if err != nil {
		return err
	}
	blob, err := t.duplicateBlob(o, parent, seed, p.symmetricAlg, key)
	if err != nil {
		return err
	}
	if !made {
		key = nil // the caller knows it
	}
	c.out.TPM2B(key)
	c.out.TPM2B(blob)
	c.out.TPM2B(encryptedSeed)
	return nil
}

// checkDuplicate checks that o may be duplicated to parent, nil for none, under the protection asked for.
func checkDuplicate(o, parent *object, p *duplicateParameters) error {
	if o.public.Attributes.Has(wire.ObjectFixedParent) {
		return wire.RCAttributes.Handle(1)
	}
	if o.public.NameAlg == wire.AlgNull {
		return wire.RCType.Handle(1)
	}
	if parent != nil && !parent.isStorage() {
		return wire.RCType.Handle(2)
	}
	if o.public.Attributes.Has(wire.ObjectEncryptedDuplication) {
		if p.symmetricAlg.Algorithm == wire.AlgNull {
			return wire.RCSymmetric.Parameter(2)
		}
		if parent == nil {
			return wire.RCHierarchy.Handle(2)
		}
	}
	if len(p.encryptionKeyIn) != 0 && (p.symmetricAlg.Algorithm == wire.AlgNull ||
		len(p.encryptionKeyIn) != int(p.symmetricAlg.KeyBits)/8) {
		return wire.RCSize.Parameter(1)
	}
	return nil
}

// innerKey is the key of the inner wrap: the caller's, or a new one (made); nil without inner wrap.
func (t *TPM) innerKey(p *duplicateParameters) (key []byte, made bool, err error) {
	if p.symmetricAlg.Algorithm == wire.AlgNull || len(p.encryptionKeyIn) != 0 {
		return p.encryptionKeyIn, false, nil
	}
	key = make([]byte, p.symmetricAlg.KeyBits/8)
	return key, true, t.random(key)
}

// duplicateBlob makes the duplicate: sensitive area, inner wrap, outer wrap, as far as there is a key and a seed for them
// (Part 1, 20.3.2.2 and 20.3.2.3).
func (t *TPM) duplicateBlob(o, parent *object, seed []byte, sym wire.TPMTSymDefObject, key []byte) ([]byte, error) {
	data := marshalSensitive(&o.sensitive, o.public.NameAlg)
	if len(key) != 0 {
		var w wire.Writer
		w.TPM2B(hashOf(o.public.NameAlg, data, o.name))
		w.Raw(data)
		data = w.Bytes()
		iv := make([]byte, symmetricBlockSize(sym.Algorithm))
		if err := t.cryptCFB(sym.Algorithm, key, iv, data, true); err != nil {
			return nil, err
		}
	}
	if parent == nil {
		return data, nil
	}
	protection := parent.protector(seed)
	return protection.wrap(t, o.name, data)
}

// rewrap is TPM2_Rewrap (Part 3, 13.2).
//
// Handle 1: RCHandle (seed and parent do not go together), RCType; parameter 3: RCValue; 1: what is wrong with the duplicate, RCValue
// (too large); handle 2: RCType.
func (t *TPM) rewrap(c *call, p *rewrapParameters) error {
	oldParent, newParent := c.objects[0], c.objects[1]
	if (len(p.inSymSeed) == 0) != (oldParent == nil) {
		return wire.RCHandle.Handle(1)
	}
	data := bytes.Clone(p.inDuplicate)
	if oldParent != nil {
		if !oldParent.isStorage() {
			return wire.RCType.Handle(1)
		}
		seed, err := t.decryptSecret(oldParent, labelDuplicate, p.inSymSeed, nil)
		if err != nil {
			return wire.RCValue.Parameter(3)
		}
		defer clear(seed)
		protection := oldParent.protector(seed)
		if data, err = protection.unwrap(t, p.name, data); err != nil {
			return positioned(err, func(rc wire.RC) wire.RC { return rc.Parameter(1) })
		}
	}
	var encryptedSeed []byte
	if newParent != nil {
		if !newParent.isStorage() {
			return wire.RCType.Handle(2)
		}
		var seed []byte
		var err error
		if encryptedSeed, seed, err = t.encryptSecret(newParent, labelDuplicate); err != nil {
			return err
		}
		defer clear(seed)
		protection := newParent.protector(seed)
		if data, err = protection.wrap(t, p.name, data); err != nil {
			return err
		}
		if rc := wire.Unmarshal(sizedBytes(data), t.limits, new(wire.TPM2BPrivate)); rc != wire.RCSuccess {
			return wire.RCValue.Parameter(1)
		}
	}
	c.out.TPM2B(data)
	c.out.TPM2B(encryptedSeed)
	return nil
}

// sizedBytes puts the size before b.
func sizedBytes(b []byte) []byte {
	var w wire.Writer
	w.TPM2B(b)
	return w.Bytes()
}

// importObject is TPM2_Import (Part 3, 13.3).
//
// Parameter 2: RCAttributes (fixedTPM, fixedParent), RCHash and what else is wrong with the public area; handle 1: RCType; 1: RCSize,
// RCAttributes; 4: what is wrong with the seed, RCAttributes; 3: what is wrong with the duplicate.
func (t *TPM) importObject(c *call, p *importParameters) error {
	parent := c.objects[0]
	if err := checkImport(parent, p); err != nil {
		return err
	}
	var seed []byte
	if len(p.inSymSeed) != 0 {
		if parent.public.Type == wire.AlgSymCipher {
			return wire.RCType.Handle(1)
		}
		var err error
		if seed, err = t.decryptSecret(parent, labelDuplicate, p.inSymSeed, nil); err != nil {
			return positioned(err, func(rc wire.RC) wire.RC { return rc.Parameter(4) })
		}
		defer clear(seed)
	} else if p.objectPublic.Attributes.Has(wire.ObjectEncryptedDuplication) {
		return wire.RCAttributes.Parameter(4)
	}
	pub := &p.objectPublic.TPMTPublic
	name := objectName(pub)
	if len(name) == 0 {
		return wire.RCHash.Parameter(2)
	}
	sensitive, err := t.openDuplicate(parent, seed, name, p)
	if err != nil {
		return positioned(err, func(rc wire.RC) wire.RC { return rc.Parameter(3) })
	}
	defer sensitive.Wipe()
	if parent.public.Attributes.Has(wire.ObjectFixedTPM) {
		if err := t.checkLoadable(nil, pub, &sensitive, 2, 3); err != nil {
			return err
		}
	}
	private, err := t.wrapSensitive(parent, &sensitive, name, pub.NameAlg)
	if err != nil {
		return err
	}
	c.out.TPM2B(private)
	return nil
}

// checkImport checks what does not need the secrets.
func checkImport(parent *object, p *importParameters) error {
	a := p.objectPublic.Attributes
	if a.Has(wire.ObjectFixedTPM) || a.Has(wire.ObjectFixedParent) {
		return wire.RCAttributes.Parameter(2)
	}
	if !parent.isParent() {
		return wire.RCType.Handle(1)
	}
	if p.symmetricAlg.Algorithm != wire.AlgNull {
		if len(p.encryptionKey) != int(p.symmetricAlg.KeyBits)/8 {
			return wire.RCSize.Parameter(1)
		}
		return nil
	}
	if len(p.encryptionKey) != 0 {
		return wire.RCSize.Parameter(1)
	}
	if a.Has(wire.ObjectEncryptedDuplication) {
		return wire.RCAttributes.Parameter(1)
	}
	return nil
}

// openDuplicate takes outer and inner wrap off a duplicate. Codes are without position.
func (t *TPM) openDuplicate(parent *object, seed, name []byte, p *importParameters) (s wire.TPMTSensitive, err error) {
	data := bytes.Clone(p.duplicate)
	if len(p.inSymSeed) != 0 {
		protection := parent.protector(seed)
		if data, err = protection.unwrap(t, name, data); err != nil {
			return s, err
		}
	}
	if sym := p.symmetricAlg; sym.Algorithm != wire.AlgNull {
		iv := make([]byte, symmetricBlockSize(sym.Algorithm))
		if err := t.cryptCFB(sym.Algorithm, p.encryptionKey, iv, data, false); err != nil {
			return s, err
		}
		r := wire.NewReader(data, t.limits)
		var integrity wire.TPM2BDigest
		integrity.Unmarshal(r)
		if rc := r.Err(); rc != wire.RCSuccess {
			return s, rc
		}
		data = r.Bytes(r.Len())
		if !hmac.Equal(integrity, hashOf(p.objectPublic.NameAlg, data, name)) {
			return s, wire.RCIntegrity
		}
	}
	r := wire.NewReader(data, t.limits)
	size := r.Uint16()
	if rc := r.Err(); rc != wire.RCSuccess {
		return s, rc
	}
	if int(size) != r.Len() {
		return s, wire.RCSize
	}
	s.Unmarshal(r)
	if rc := r.End(); rc != wire.RCSuccess {
		return s, rc
	}
	return s, nil
}
