package tpm2

import (
	"bytes"
	"crypto/ecdh"
	"crypto/rand"
	"slices"

	"govtpm/internal/crypto/curve"
	"govtpm/tpm2/wire"
)

// Rows of TPM2_Encapsulate and TPM2_Decapsulate (Part 3, 14.10 and 14.11).

// kdfParms makes the parameter of TPM2_TestParms for an ECC key with a kdf.
func kdfParms(scheme wire.Alg, id wire.Curve, kdf, hash wire.Alg) rowChange {
	return withParam(1, wire.AlgECC, wire.AlgNull, scheme, wire.AlgSHA256, id, kdf, hash)
}

// kemObject is a key that encapsulates.
func kemObject(id wire.Curve, hash wire.Alg, a wire.TPMAObject) *object {
	o := eccObject(id, a, wire.AlgECDH, wire.AlgSHA256)
	o.public.Parameters.ECC.KDF = *kdfScheme(wire.AlgHKDF, hash)
	return o
}

func kemP256() *object { return kemObject(wire.CurveNISTP256, wire.AlgSHA256, wire.ObjectDecrypt) }

// The faults of a key that both commands have.
func kemKeyFaults() []rowFault {
	with := func(id wire.Curve, kdf, hash wire.Alg) rowChange {
		return withKey(1, func() *object {
			o := kemObject(id, hash, wire.ObjectDecrypt)
			o.public.Parameters.ECC.KDF.Scheme = kdf
			return o
		})
	}
	return []rowFault{
		{"not ECC", withKey(1, rsaDecryptKey), wire.RCKey.Handle(1)},
		{"a sequence", withSequence(1), wire.RCKey.Handle(1)},
		{"no KDF", withKey(1, exchangeKeyP256), wire.RCKey.Handle(1)},
		{"a KDF of another kind", with(wire.CurveNISTP256, wire.AlgKDF2, wire.AlgSHA256), wire.RCKey.Handle(1)},
		{"a hash that makes no KEM of the curve", with(wire.CurveNISTP256, wire.AlgHKDF, wire.AlgSHA512), wire.RCKey.Handle(1)},
		{"a curve without KEM", with(wire.CurveNISTP224, wire.AlgHKDF, wire.AlgSHA256), wire.RCKey.Handle(1)},
	}
}

func encapsulateRow() commandRow {
	suites := kemSuites()
	return commandRow{
		code: wire.CCEncapsulate,
		good: func(b *testTPM) (*testCommand, func(*testResponse)) {
			key := b.addKey(public(kemP256()))
			private := suites[0].goKey(b.t, kemP256())
			return newCommand(wire.CCEncapsulate, key), func(r *testResponse) {
				secret, enc := r.b2(), r.b2()
				ephemeral, err := ecdh.P256().NewPublicKey(enc)
				if err != nil {
					r.t.Fatalf("%x: %v", enc, err)
				}
				if want := suites[0].secret(r.t, private, ephemeral, enc, private.PublicKey()); !bytes.Equal(secret, want) {
					r.t.Errorf("secret %x, want %x", secret, want)
				}
			}
		},
		faults: append(kemKeyFaults(), rowFault{"a key that is not on the curve", withKey(1, func() *object {
			o := public(kemP256())
			o.public.Unique.ECC.Y = o.public.Unique.ECC.X
			return o
		}), wire.RCKey.Handle(1)}),
	}
}

func decapsulateRow() commandRow {
	suites := kemSuites()
	point := func(first byte, x, y []byte) rowChange { return withParam(1, p2b(slices.Concat([]byte{first}, x, y))) }
	g := curve.P256().Generator()
	p := curve.P256().Parameters().P
	short, off := withParam(1, p2b(make([]byte, 64))), point(4, g.X(), g.X())
	signs := withKey(1, func() *object { return kemObject(wire.CurveNISTP256, wire.AlgSHA256, wire.ObjectSign) })
	return commandRow{
		code: wire.CCDecapsulate,
		good: func(b *testTPM) (*testCommand, func(*testResponse)) {
			ephemeral, err := ecdh.P256().GenerateKey(rand.Reader)
			if err != nil {
				b.t.Fatal(err)
			}
			recipient, enc := suites[0].goKey(b.t, kemP256()).PublicKey(), ephemeral.PublicKey().Bytes()
			return newCommand(wire.CCDecapsulate, b.addKey(kemP256())).password(keyAuth).b2(enc), func(r *testResponse) {
				if got, want := r.b2(), suites[0].secret(r.t, ephemeral, recipient, enc, recipient); !bytes.Equal(got, want) {
					r.t.Errorf("secret %x, want %x", got, want)
				}
			}
		},
		faults: append(kemKeyFaults(), []rowFault{
			{"no decrypt", signs, wire.RCAttributes.Handle(1)},
			{"restricted", withKey(1, withAttributes(kemP256, wire.ObjectRestricted)), wire.RCAttributes.Handle(1)},
			{"public part only", withKey(1, func() *object { return public(kemP256()) }), wire.RCAuthUnavailable},
			{"nothing encapsulated", withParam(1, p2b(nil)), wire.RCSize.Parameter(1)},
			{"a byte too few", short, wire.RCSize.Parameter(1)},
			{"a byte too many", withParam(1, p2b(append(make([]byte, 65), 0))), wire.RCSize.Parameter(1)},
			{"a compressed point", withParam(1, p2b(append([]byte{3}, g.X()...))), wire.RCSize.Parameter(1)},
			{"as large as the type", withParam(1, p2b(make([]byte, 164))), wire.RCSize.Parameter(1)},
			{"larger than the type", withParam(1, p2b(make([]byte, 165))), wire.RCSize.Parameter(1)},
			{"a point off the curve", off, wire.RCECCPoint.Parameter(1)},
			{"a point in another form", point(6, g.X(), g.Y()), wire.RCECCPoint.Parameter(1)},
			{"a point at infinity", withParam(1, p2b(make([]byte, 65))), wire.RCECCPoint.Parameter(1)},
			{"a coordinate that is not reduced", point(4, p, g.Y()), wire.RCECCPoint.Parameter(1)},
			{"no KDF and no decrypt", withKey(1, notParent), wire.RCKey.Handle(1)},
			{"no KDF and a byte too few", both(withKey(1, exchangeKeyP256), short), wire.RCKey.Handle(1)},
			{"no decrypt and a byte too few", both(signs, short), wire.RCAttributes.Handle(1)},
			{"no decrypt and a point off the curve", both(signs, off), wire.RCAttributes.Handle(1)},
			{"another form and a byte too few", point(6, g.X(), g.Y()[1:]), wire.RCSize.Parameter(1)},
		}...),
	}
}
