package tpm2

import (
	"bytes"
	"hash"

	"govtpm/internal/crypto/symmetric"
	"govtpm/tpm2/wire"
)

// macAlgorithm settles the algorithm of a MAC with key, the object of handle 1: a hash for HMAC, or CMAC. in is what the
// caller asks for in parameter 2, AlgNull for the key's own (Part 3, 15.6, 17.3).
func (t *TPM) macAlgorithm(key *object, in wire.Alg) (wire.Alg, error) {
	own := wire.AlgNull
	switch p := &key.public.Parameters; key.public.Type {
	case wire.AlgKeyedHash:
		if p.KeyedHash.Scheme.Scheme != wire.AlgNull {
			own = p.KeyedHash.Scheme.HashAlg
		}
	case wire.AlgSymCipher:
		own = p.Sym.Sym.Mode
	default:
		return 0, wire.RCType.Handle(1)
	}
	alg := in
	if alg == wire.AlgNull {
		alg = own
	}
	if alg == wire.AlgNull || own != wire.AlgNull && alg != own {
		return 0, wire.RCValue.Parameter(2)
	}
	if (key.public.Type == wire.AlgSymCipher) != (alg == wire.AlgCMAC) || alg != wire.AlgCMAC && digestSize(alg) == 0 {
		return 0, wire.RCScheme.Parameter(2)
	}
	if alg == wire.AlgSHA1 && t.profile.demands(noSHA1HMACCreation) {
		return 0, wire.RCHash.Parameter(2)
	}
	if key.public.Attributes.Has(wire.ObjectRestricted) {
		return 0, wire.RCAttributes.Handle(1)
	}
	if !key.public.Attributes.Has(wire.ObjectSign) {
		return 0, wire.RCKey.Handle(1)
	}
	return alg, nil
}

// newMACSequence starts a MAC with an algorithm from macAlgorithm.
//
// HMAC is taken apart into its two hashes (RFC 2104), because only a plain hash can be saved in the middle of the data.
func newMACSequence(key *object, alg wire.Alg) (*sequence, error) {
	s := &sequence{kind: sequenceHMAC}
	if alg != wire.AlgCMAC {
		s.startHMAC(alg, key.sensitive.Sensitive.Bits)
		return s, nil
	}
	k := &cmacKey{key.public.Parameters.Sym.Sym.Algorithm, bytes.Clone(key.sensitive.Sensitive.Sym)}
	if err := s.startCMAC(k); err != nil {
		return nil, internalf("CMAC: %w", err)
	}
	return s, nil
}

// A cmacKey is the key of a CMAC, which saved contexts of its sequence need.
type cmacKey struct {
	alg wire.Alg
	key []byte
}

// startCMAC makes s a CMAC.
func (s *sequence) startCMAC(k *cmacKey) error {
	b, err := symmetric.NewCipher(symmetric.Algorithm(k.alg), k.key)
	if err != nil {
		return err
	}
	s.hashes = []sequenceState{{wire.AlgCMAC, symmetric.NewCMAC(b)}}
	s.cmac = k
	return nil
}

// startHMAC makes s an HMAC: the hash that runs is the inner one, the outer one waits in outerPad.
func (s *sequence) startHMAC(alg wire.Alg, key []byte) {
	h, pad := splitHMAC(alg, key)
	s.hashes = []sequenceState{{alg, h}}
	s.outerPad = pad
}

// splitHMAC takes an HMAC apart: its inner hash, begun with the key, and what the outer one begins with.
func splitHMAC(alg wire.Alg, key []byte) (inner hash.Hash, outerPad []byte) {
	inner = newHash(alg)
	pad := make([]byte, inner.BlockSize())
	if len(key) > len(pad) {
		key = hashOf(alg, key)
	}
	copy(pad, key)
	xorByte(pad, 0x36)
	inner.Write(pad)
	xorByte(pad, 0x36^0x5C)
	return inner, pad
}

// mac ends a MAC. The sequence can take in more afterwards.
func (s *sequence) mac() []byte {
	inner := s.hashes[0].hash.Sum(nil)
	if s.outerPad == nil { // CMAC
		return inner
	}
	return hashOf(s.hashes[0].alg, s.outerPad, inner)
}

// xorByte adds x to every byte of b.
func xorByte(b []byte, x byte) {
	for i := range b {
		b[i] ^= x
	}
}
