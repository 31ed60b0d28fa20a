package tpm2

import (
	"errors"
	"io"
	"math/big"

	"govtpm/internal/crypto/curve"
	"govtpm/internal/crypto/drbg"
	"govtpm/internal/crypto/ecc"
	"govtpm/internal/crypto/prime"
	"govtpm/internal/crypto/rsa"
	"govtpm/internal/crypto/symmetric"
	"govtpm/tpm2/wire"
)

// Making the sensitive area and the unique field of a new object (Part 1, 24.5 to 24.7). What is drawn from the generator, and in
// which pieces and order, is that of libtpms, so that a primary seed gives the keys it gives there.

// keySource is where a new object gets its values from: the TPM's generator, that of a primary object, or a derivation.
type keySource interface {
	prime.Generator
	io.Reader
}

// A maker makes the values of one object.
type maker struct {
	source keySource
	compat uint8          // level of the derivation behind source
	proofs [][]byte       // mixed in before the seedValue: that of an endorsement primary ends with TPM2_Clear
	poll   func() error   // between candidates for primes
	data   []byte         // the caller's sensitive data, nil if the TPM makes it
	mixer  func(b []byte) // mixes a proof into source
}

// make fills unique and sensitive area of an object with the public area pub, without authValue, and its Name.
//
// RCRange, RCValue, RCKeySize, RCKey, RCSize, RCNoResult, RCCanceled, RCCurve, all without position.
func (m *maker) make(pub *wire.TPMTPublic) (*object, error) {
	o := &object{public: *pub, privateKeys: new(keyCache)}
	o.sensitive.SensitiveType = pub.Type
	o.public.Unique = wire.TPMUPublicID{}
	if err := m.fill(o); err != nil {
		o.wipe()
		return nil, generationError(err)
	}
	o.name = objectName(&o.public)
	return o, nil
}

// fill draws the values in the order of libtpms: key, proofs, seedValue.
func (m *maker) fill(o *object) error {
	var err error
	switch o.public.Type {
	case wire.AlgRSA:
		err = m.makeRSA(o)
	case wire.AlgECC:
		err = m.makeECC(o)
	case wire.AlgSymCipher:
		o.sensitive.Sensitive.Sym, err = m.symmetricKey(&o.public.Parameters.Sym.Sym)
	case wire.AlgKeyedHash:
		o.sensitive.Sensitive.Bits, err = m.keyedHashData(&o.public)
	default:
		err = wire.RCType
	}
	if err != nil {
		return err
	}
	for _, p := range m.proofs {
		m.mixer(p)
	}
	if o.sensitive.SeedValue, err = m.draw(digestSize(o.public.NameAlg)); err != nil {
		return err
	}
	switch a := o.public.Attributes; {
	case o.public.Type == wire.AlgSymCipher:
		o.public.Unique.Sym = symmetricUnique(&o.public, &o.sensitive)
	case o.public.Type == wire.AlgKeyedHash:
		o.public.Unique.KeyedHash = symmetricUnique(&o.public, &o.sensitive)
	case a.Has(wire.ObjectSign) || !a.Has(wire.ObjectRestricted):
		clear(o.sensitive.SeedValue) // only a parent needs it
		o.sensitive.SeedValue = nil
	}
	return nil
}

// draw takes n bytes in one request.
func (m *maker) draw(n int) ([]byte, error) {
	b := make([]byte, n)
	return b, m.source.Generate(b)
}

// makeRSA makes an RSA key (Part 1, 43.8). RCRange: the exponent is not a prime above 65536; RCValue.
func (m *maker) makeRSA(o *object) error {
	e, bits := rsaExponent(&o.public), int(o.public.Parameters.RSA.KeyBits)
	if e < rsa.DefaultExponent || !big.NewInt(int64(e)).ProbablyPrime(0) { // no error below 2⁶⁴
		return wire.RCRange
	}
	if bits == 0 || bits%1024 != 0 {
		return wire.RCValue
	}
	k, err := rsa.GenerateKey(m.source, rsa.KeyParams{Bits: bits, Exponent: e, Compat: int(m.compat), Poll: m.poll})
	if err != nil {
		return err
	}
	o.privateKeys.rsa = k
	o.public.Unique.RSA = k.Modulus()
	o.sensitive.Sensitive.RSA = k.Prime()
	return nil
}

// makeECC makes an ECC key (Part 1, 44.6).
func (m *maker) makeECC(o *object) error {
	c := curve.ByID(uint16(o.public.Parameters.ECC.CurveID))
	if c == nil {
		return wire.RCCurve
	}
	d, q, err := ecc.GenerateKey(c, m.source)
	if err != nil {
		return err
	}
	o.privateKeys.curve, o.privateKeys.scalar = c, d
	o.public.Unique.ECC = wire.TPMSECCPoint{X: q.X(), Y: q.Y()}
	o.sensitive.Sensitive.ECC = d.Bytes() // the order has the size of the field
	return nil
}

// symmetricKey is the caller's key or a new one.
func (m *maker) symmetricKey(sym *wire.TPMTSymDefObject) ([]byte, error) {
	switch {
	case len(m.data) != 0:
		return append([]byte(nil), m.data...), checkSymmetricKey(sym, m.data)
	case sym.Algorithm == wire.AlgTDES:
		return symmetric.GenerateTDESKey(m.source, int(sym.KeyBits)/8)
	}
	return m.draw(int(sym.KeyBits) / 8)
}

// checkSymmetricKey checks a key given from outside. RCKeySize, RCKey (a weak TDES key).
func checkSymmetricKey(sym *wire.TPMTSymDefObject, key []byte) error {
	if len(key) != int(sym.KeyBits)/8 {
		return wire.RCKeySize
	}
	if sym.Algorithm == wire.AlgTDES && symmetric.ValidateTDESKey(key) != nil {
		return wire.RCKey
	}
	return nil
}

// keyedHashData is the caller's data or key, or a new key of the size of the hash. RCSize: a key longer than the hash's block.
func (m *maker) keyedHashData(pub *wire.TPMTPublic) ([]byte, error) {
	alg := pub.NameAlg
	if s := &pub.Parameters.KeyedHash.Scheme; s.Scheme != wire.AlgNull {
		alg = s.HashAlg
	}
	if len(m.data) != 0 {
		if pub.Attributes&(wire.ObjectSign|wire.ObjectDecrypt) != 0 && len(m.data) > hashBlockSize(alg) {
			return nil, wire.RCSize
		}
		return append([]byte(nil), m.data...), nil
	}
	n := digestSize(alg)
	if n == 0 {
		return nil, wire.RCNoResult
	}
	return m.draw(n)
}

// hashBlockSize is the block size of a hash in bytes, 0 for AlgNull and what is not a hash.
func hashBlockSize(alg wire.Alg) int {
	if f := hashFunc(alg); f != nil {
		return f().BlockSize()
	}
	return 0
}

// symmetricUnique is the unique field that binds the sensitive area of a KEYEDHASH or SYMCIPHER object to its public area
// (Part 1, 24.5.3.2).
func symmetricUnique(pub *wire.TPMTPublic, s *wire.TPMTSensitive) []byte {
	if pub.Attributes.Has(wire.ObjectRestricted | wire.ObjectDecrypt) {
		return hmacOf(pub.NameAlg, s.SeedValue, s.Any())
	}
	return hashOf(pub.NameAlg, s.SeedValue, s.Any())
}

// generationError turns what the cryptography reports into a code; what no caller can cause stays an internal fault.
func generationError(err error) error {
	var rc wire.RC
	switch {
	case errors.As(err, &rc):
		return rc
	case errors.Is(err, drbg.ErrExhausted), errors.Is(err, rsa.ErrNoPrimes), errors.Is(err, curve.ErrInfinity),
		errors.Is(err, symmetric.ErrWeakKey):
		return wire.RCNoResult
	}
	return internalf("making a key: %w", err)
}
