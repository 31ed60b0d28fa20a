package tpm2

import (
	"encoding/binary"

	"govtpm/tpm2/wire"
)

// Keys for tests of commands that use keys, put into object slots without the commands that make keys.

const keyAuth = "key auth" // of every key below

// addKey puts a key into a slot.
func (b *testTPM) addKey(o *object) wire.Handle {
	b.t.Helper()
	o.sensitive.SensitiveType = o.public.Type
	o.sensitive.AuthValue = []byte(keyAuth)
	if o.public.NameAlg == 0 {
		o.public.NameAlg = wire.AlgSHA256
	}
	o.public.Attributes |= wire.ObjectUserWithAuth
	o.name = binary.BigEndian.AppendUint16(nil, uint16(o.public.NameAlg))
	if o.public.NameAlg != wire.AlgNull {
		o.name = append(o.name, hashOf(o.public.NameAlg, wire.Marshal(&o.public))...)
	}
	if o.hierarchy == 0 {
		o.hierarchy = wire.RHOwner
	}
	h, err := b.addObject(o)
	if err != nil {
		b.t.Fatal(err)
	}
	return h
}

// flushKey removes the object of a slot.
func (b *testTPM) flushKey(h wire.Handle) { b.volatile.objects[h-firstTransient] = nil }

// hmacKey is a KEYEDHASH key with an HMAC scheme, or without scheme for AlgNull.
func hmacKey(hashAlg wire.Alg, attributes wire.TPMAObject, key []byte) *object {
	o := new(object)
	o.public.Type, o.public.Attributes = wire.AlgKeyedHash, attributes
	o.public.Parameters.KeyedHash.Scheme.Scheme = wire.AlgNull
	if hashAlg != wire.AlgNull {
		o.public.Parameters.KeyedHash.Scheme = wire.TPMTKeyedHashScheme{Scheme: wire.AlgHMAC, HashAlg: hashAlg}
	}
	o.sensitive.Sensitive.Bits = key
	return o
}

// cipherKey is a SYMCIPHER key.
func cipherKey(alg, mode wire.Alg, attributes wire.TPMAObject, key []byte) *object {
	o := new(object)
	o.public.Type, o.public.Attributes = wire.AlgSymCipher, attributes
	o.public.Parameters.Sym.Sym = wire.TPMTSymDefObject{Algorithm: alg, KeyBits: uint16(8 * len(key)), Mode: mode}
	o.sensitive.Sensitive.Sym = key
	return o
}
