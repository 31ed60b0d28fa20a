package tpm2

import (
	"encoding/binary"
	"sync"

	"govtpm/internal/crypto/curve"
	"govtpm/internal/crypto/drbg"
	"govtpm/internal/crypto/rsa"
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

// testRSA makes the RSA key of the tests, of 1024 bits, the same every time.
var testRSA = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(drbg.New([]byte("key for tests")), rsa.KeyParams{Bits: 1024, Exponent: rsa.DefaultExponent, Compat: 1})
	if err != nil {
		panic(err)
	}
	return k
})

// rsaObject is the RSA key of the tests with a scheme; a scheme of AlgNull is none.
func rsaObject(attributes wire.TPMAObject, scheme, hashAlg wire.Alg) *object {
	o := new(object)
	o.public.Type, o.public.Attributes = wire.AlgRSA, attributes
	o.public.Parameters.RSA = wire.TPMSRSAParms{
		Symmetric: wire.TPMTSymDefObject{Algorithm: wire.AlgNull}, Scheme: wire.TPMTRSAScheme{Scheme: scheme, HashAlg: hashAlg}, KeyBits: 1024,
	}
	o.public.Unique.RSA = testRSA().Modulus()
	o.sensitive.Sensitive.RSA = testRSA().Prime()
	return o
}

// eccObject is a key on a curve with a small private key and a scheme; a scheme of AlgNull is none.
func eccObject(id wire.Curve, attributes wire.TPMAObject, scheme, hashAlg wire.Alg) *object {
	c := curve.ByID(uint16(id))
	d, err := c.Scalar([]byte("private"))
	if err != nil {
		panic(err)
	}
	q, err := c.BaseMult(d)
	if err != nil {
		panic(err)
	}
	o := new(object)
	o.public.Type, o.public.Attributes = wire.AlgECC, attributes
	o.public.Parameters.ECC = wire.TPMSECCParms{
		Symmetric: wire.TPMTSymDefObject{Algorithm: wire.AlgNull}, Scheme: wire.TPMTECCScheme{Scheme: scheme, HashAlg: hashAlg},
		CurveID: id, KDF: wire.TPMTKDFScheme{Scheme: wire.AlgNull},
	}
	o.public.Unique.ECC = wire.TPMSECCPoint{X: q.X(), Y: q.Y()}
	o.sensitive.Sensitive.ECC = d.Bytes()
	return o
}

// public makes a key one of which only the public area is loaded.
func public(o *object) *object {
	o.publicOnly, o.sensitive = true, wire.TPMTSensitive{}
	return o
}
