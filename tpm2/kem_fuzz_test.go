package tpm2

import (
	"bytes"
	"crypto/ecdh"
	"slices"
	"testing"

	"govtpm/internal/crypto/curve"
	"govtpm/tpm2/wire"
)

// kemSeed loads a key to encapsulate with, and uses it in both directions.
func kemSeed() []byte {
	o := kemP256()
	o.public.NameAlg, o.sensitive.SensitiveType = wire.AlgSHA256, wire.AlgECC
	o.public.Attributes |= wire.ObjectUserWithAuth
	load := newCommand(wire.CCLoadExternal).put(&wire.TPM2BSensitive{TPMTSensitive: o.sensitive}, &wire.TPM2BPublic{TPMTPublic: o.public}).u32(uint32(wire.RHNull))
	return slices.Concat(load.bytes(), encapsulateCommand(firstTransient).bytes(), decapsulateCommand(firstTransient, "", goodCiphertext()).bytes())
}

// goodCiphertext is something encapsulated for a key on P-256: any point.
func goodCiphertext() []byte {
	g := curve.P256().Generator()
	return slices.Concat([]byte{4}, g.X(), g.Y())
}

// FuzzDecapsulate decapsulates any bytes: they are a point in the form that Go's library takes, or refused.
func FuzzDecapsulate(f *testing.F) {
	good := goodCiphertext()
	f.Add(good)
	f.Add(good[:33])
	f.Add(append([]byte{6}, good[1:]...))
	f.Add(make([]byte, 65))
	f.Add(make([]byte, 165))
	f.Fuzz(func(t *testing.T, enc []byte) {
		if len(enc) > maxCommandSize-64 {
			return
		}
		b := newExtendedTPM(t)
		h := b.addKey(kemP256())
		r := b.run(decapsulateCommand(h, keyAuth, enc))
		want := wire.RCSuccess
		point, err := ecdh.P256().NewPublicKey(enc)
		if err != nil {
			want = wire.RCECCPoint.Parameter(1)
		}
		if len(enc) != 65 {
			want = wire.RCSize.Parameter(1)
		}
		if b.want(want, r); want != wire.RCSuccess || r.rc != want {
			return
		}
		s := &kemSuites()[0]
		key := s.goKey(t, b.object(h))
		if got := r.b2(); !bytes.Equal(got, s.secret(t, key, point, enc, key.PublicKey())) {
			t.Errorf("%x: secret %x", enc, got)
		}
	})
}
