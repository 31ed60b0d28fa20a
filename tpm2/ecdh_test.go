package tpm2

import (
	"bytes"
	"testing"

	"govtpm/internal/crypto/curve"
	"govtpm/internal/crypto/ecc"
	"govtpm/tpm2/wire"
)

var testCurves = []wire.Curve{
	wire.CurveNISTP192, wire.CurveNISTP224, wire.CurveNISTP256, wire.CurveNISTP384, wire.CurveNISTP521,
	wire.CurveBNP256, wire.CurveBNP638, wire.CurveSM2P256,
}

// point reads a TPM2B_ECC_POINT from the response.
func (r *testResponse) point() wire.TPMSECCPoint {
	var p wire.TPM2BECCPoint
	p.Unmarshal(r.params())
	if rc := r.r.Err(); rc != wire.RCSuccess {
		r.t.Fatalf("point: %v", rc)
	}
	return p.TPMSECCPoint
}

func eccPoint(x, y []byte) *wire.TPM2BECCPoint {
	return &wire.TPM2BECCPoint{TPMSECCPoint: wire.TPMSECCPoint{X: x, Y: y}}
}

// mult is k·p; p as it comes from a response.
func mult(t *testing.T, id wire.Curve, k []byte, p wire.TPMSECCPoint) wire.TPMSECCPoint {
	t.Helper()
	c := curve.ByID(uint16(id))
	q, err := c.Point(p.X, p.Y)
	if err != nil {
		t.Fatal(err)
	}
	s, err := c.Scalar(k)
	if err != nil {
		t.Fatal(err)
	}
	if q, err = c.Mult(s, q); err != nil {
		t.Fatal(err)
	}
	return wire.TPMSECCPoint{X: q.X(), Y: q.Y()}
}

func samePoint(p, q wire.TPMSECCPoint) bool { return bytes.Equal(p.X, q.X) && bytes.Equal(p.Y, q.Y) }

// What ECDH_KeyGen makes with the public key, ECDH_ZGen finds with the private key.
func TestECDH(t *testing.T) {
	for _, id := range testCurves {
		b := newTestTPM(t)
		key := eccObject(id, wire.ObjectDecrypt, wire.AlgNull, 0)
		pub := b.addKey(public(eccObject(id, wire.ObjectDecrypt, wire.AlgNull, 0)))
		h := b.addKey(key)
		r := b.must(newCommand(wire.CCECDHKeyGen, pub))
		z, ephemeral := r.point(), r.point()
		size := curve.ByID(uint16(id)).Size()
		if len(z.X) != size || len(ephemeral.Y) != size || r.r.Len() != 0 {
			t.Errorf("%v: points %x %x", id, z, ephemeral)
		}
		got := b.must(newCommand(wire.CCECDHZGen, h).password(keyAuth).put(eccPoint(ephemeral.X, ephemeral.Y))).point()
		if !samePoint(z, got) || !samePoint(z, mult(t, id, key.sensitive.Sensitive.ECC, ephemeral)) {
			t.Errorf("%v: %x, want %x", id, got, z)
		}
	}
}

func TestECDHFaults(t *testing.T) {
	decrypt := wire.ObjectDecrypt
	p256 := func(a wire.TPMAObject, scheme wire.Alg) *object {
		return eccObject(wire.CurveNISTP256, a, scheme, wire.AlgSHA256)
	}
	g := curve.P256().Generator()
	good := eccPoint(g.X(), g.Y())
	off := eccPoint(g.X(), g.X())
	offKey := p256(decrypt, wire.AlgNull)
	offKey.public.Unique.ECC.Y = offKey.public.Unique.ECC.X
	for _, c := range []struct {
		name         string
		key          *object
		point        *wire.TPM2BECCPoint
		keyGen, zGen wire.RC
	}{
		{"ECDH", p256(decrypt, wire.AlgECDH), good, 0, 0},
		{"sign and decrypt", p256(decrypt|wire.ObjectSign, wire.AlgNull), good, 0, 0},
		{"leading zeros", p256(decrypt, wire.AlgNull), eccPoint(append([]byte{0}, g.X()...), g.Y()), 0, 0},
		{"not ECC", rsaObject(decrypt, wire.AlgNull, 0), good, wire.RCKey.Handle(1), wire.RCKey.Handle(1)},
		{"restricted", p256(decrypt|wire.ObjectRestricted, wire.AlgNull), good, 0, wire.RCAttributes.Handle(1)},
		{"no decrypt", p256(wire.ObjectSign, wire.AlgNull), good, 0, wire.RCAttributes.Handle(1)},
		{"other scheme", p256(decrypt, wire.AlgECMQV), good, 0, wire.RCScheme.Handle(1)},
		{"not on the curve", p256(decrypt, wire.AlgNull), off, 0, wire.RCECCPoint.Parameter(1)},
		{"Empty Point", p256(decrypt, wire.AlgNull), eccPoint(nil, nil), 0, wire.RCECCPoint.Parameter(1)},
		{"coordinate too long", p256(decrypt, wire.AlgNull), eccPoint(make([]byte, 81), nil), 0, wire.RCSize.Parameter(1)},
		{"key not on the curve", offKey, good, wire.RCKey.Handle(1), 0},
		// Two faults: the first one is told.
		{"type and attributes", rsaObject(wire.ObjectSign, wire.AlgNull, 0), good, wire.RCKey.Handle(1), wire.RCKey.Handle(1)},
		{"attributes and scheme", p256(wire.ObjectSign, wire.AlgECDSA), good, 0, wire.RCAttributes.Handle(1)},
		{"scheme and point", p256(decrypt, wire.AlgSM2), off, 0, wire.RCScheme.Handle(1)},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newTestTPM(t)
			h := b.addKey(c.key)
			b.want(c.keyGen, b.run(newCommand(wire.CCECDHKeyGen, h)))
			b.want(c.zGen, b.run(newCommand(wire.CCECDHZGen, h).password(keyAuth).put(c.point)))
		})
	}
}

func TestECCParameters(t *testing.T) {
	b := newTestTPM(t)
	for _, c := range []struct {
		id      wire.Curve
		keySize uint16
		kdf     wire.TPMTKDFScheme
		sizes   [7]int
	}{
		{wire.CurveNISTP192, 192, wire.TPMTKDFScheme{Scheme: wire.AlgKDF1SP80056A, HashAlg: wire.AlgSHA256}, [7]int{24, 24, 24, 24, 24, 24, 1}},
		{wire.CurveNISTP224, 224, wire.TPMTKDFScheme{Scheme: wire.AlgKDF1SP80056A, HashAlg: wire.AlgSHA256}, [7]int{28, 28, 28, 28, 28, 28, 1}},
		{wire.CurveNISTP256, 256, wire.TPMTKDFScheme{Scheme: wire.AlgKDF1SP80056A, HashAlg: wire.AlgSHA256}, [7]int{32, 32, 32, 32, 32, 32, 1}},
		{wire.CurveNISTP384, 384, wire.TPMTKDFScheme{Scheme: wire.AlgKDF1SP80056A, HashAlg: wire.AlgSHA384}, [7]int{48, 48, 48, 48, 48, 48, 1}},
		{wire.CurveNISTP521, 521, wire.TPMTKDFScheme{Scheme: wire.AlgKDF1SP80056A, HashAlg: wire.AlgSHA512}, [7]int{66, 66, 66, 66, 66, 66, 1}},
		{wire.CurveBNP256, 256, wire.TPMTKDFScheme{Scheme: wire.AlgNull}, [7]int{32, 1, 32, 32, 32, 32, 1}},
		{wire.CurveBNP638, 638, wire.TPMTKDFScheme{Scheme: wire.AlgNull}, [7]int{80, 1, 80, 80, 80, 80, 1}},
		{wire.CurveSM2P256, 256, wire.TPMTKDFScheme{Scheme: wire.AlgKDF1SP80056A, HashAlg: wire.AlgSM3_256}, [7]int{32, 32, 32, 32, 32, 32, 1}},
	} {
		r := b.must(newCommand(wire.CCECCParameters).put(c.id))
		var d wire.TPMSAlgorithmDetailECC
		d.Unmarshal(r.params())
		sizes := [7]int{len(d.P), len(d.A), len(d.B), len(d.GX), len(d.GY), len(d.N), len(d.H)}
		if d.CurveID != c.id || d.KeySize != c.keySize || d.KDF != c.kdf || d.Sign.Scheme != wire.AlgNull || sizes != c.sizes || r.r.Len() != 0 {
			t.Errorf("%v: %+v", c.id, d)
		}
	}
	b.want(wire.RCCurve.Parameter(1), b.run(newCommand(wire.CCECCParameters).u16(0)))
	b.want(wire.RCCurve.Parameter(1), b.run(newCommand(wire.CCECCParameters).u16(0x1234)))
}

func kdfScheme(scheme, hashAlg wire.Alg) *wire.TPMTKDFScheme {
	return &wire.TPMTKDFScheme{Scheme: scheme, HashAlg: hashAlg}
}

func eccEncryptCommand(h wire.Handle, plain []byte, s *wire.TPMTKDFScheme) *testCommand {
	return newCommand(wire.CCECCEncrypt, h).b2(plain).put(s)
}

func eccDecryptCommand(h wire.Handle, c1 wire.TPMSECCPoint, c2, c3 []byte, s *wire.TPMTKDFScheme) *testCommand {
	return newCommand(wire.CCECCDecrypt, h).password(keyAuth).put(eccPoint(c1.X, c1.Y)).b2(c2).b2(c3).put(s)
}

func TestECCEncryptDecrypt(t *testing.T) {
	for _, id := range testCurves {
		b := newTestTPM(t)
		key := eccObject(id, wire.ObjectDecrypt, wire.AlgNull, 0)
		h := b.addKey(key)
		s := kdfScheme(wire.AlgKDF2, wire.AlgSHA256)
		for _, size := range []int{0, 1, 32, 1024} {
			plain := bytes.Repeat([]byte{0xA5}, size)
			r := b.must(eccEncryptCommand(h, plain, s))
			c1, c2, c3 := r.point(), r.b2(), r.b2()
			z := mult(t, id, key.sensitive.Sensitive.ECC, c1)
			if want := hashOf(wire.AlgSHA256, z.X, plain, z.Y); !bytes.Equal(c3, want) || len(c2) != size {
				t.Errorf("%v, %d bytes: C3 %x, want %x", id, size, c3, want)
			}
			if size > 0 && size <= 32 {
				stream := hashOf(wire.AlgSHA256, z.X, z.Y, []byte{0, 0, 0, 1})
				if c2[0] != plain[0]^stream[0] {
					t.Errorf("%v: C2 %x", id, c2)
				}
			}
			if got := b.must(eccDecryptCommand(h, c1, c2, c3, s)).b2(); !bytes.Equal(got, plain) {
				t.Errorf("%v: %x", id, got)
			}
			c3[3] ^= 1
			b.want(wire.RCValue, b.run(eccDecryptCommand(h, c1, c2, c3, s)))
			c3[3] ^= 1
			b.want(wire.RCValue, b.run(eccDecryptCommand(h, c1, c2, c3[1:], s)))
		}
	}
}

func TestECCEncryptionFaults(t *testing.T) {
	decrypt := wire.ObjectDecrypt
	kdf2 := kdfScheme(wire.AlgKDF2, wire.AlgSHA256)
	g := curve.P256().Generator()
	good := wire.TPMSECCPoint{X: g.X(), Y: g.Y()}
	p256 := func(a wire.TPMAObject, kdf *wire.TPMTKDFScheme) *object {
		o := eccObject(wire.CurveNISTP256, a, wire.AlgNull, 0)
		if kdf != nil {
			o.public.Parameters.ECC.KDF = *kdf
		}
		return o
	}
	offKey := p256(decrypt, nil)
	offKey.public.Unique.ECC.Y = offKey.public.Unique.ECC.X
	for _, c := range []struct {
		name          string
		key           *object
		scheme        *wire.TPMTKDFScheme
		encrypt, open wire.RC
	}{
		{"KDF2 of the key", p256(decrypt, kdf2), kdfScheme(wire.AlgNull, 0), 0, wire.RCValue},
		{"not ECC", rsaObject(decrypt, wire.AlgNull, 0), kdf2, wire.RCKey.Handle(1), wire.RCKey.Handle(1)},
		{"no decrypt", p256(wire.ObjectSign, nil), kdf2, 0, wire.RCAttributes.Handle(1)},
		{"restricted", p256(decrypt|wire.ObjectRestricted, nil), kdf2, 0, wire.RCAttributes.Handle(1)},
		{"no scheme", p256(decrypt, nil), kdfScheme(wire.AlgNull, 0), wire.RCScheme.Parameter(2), wire.RCScheme.Parameter(4)},
		{"other scheme", p256(decrypt, kdf2), kdfScheme(wire.AlgKDF2, wire.AlgSHA1), wire.RCScheme.Parameter(2), wire.RCScheme.Parameter(4)},
		{"not KDF2", p256(decrypt, nil), kdfScheme(wire.AlgMGF1, wire.AlgSHA256), wire.RCScheme, wire.RCScheme},
		{"not KDF2, of the key", p256(decrypt, kdfScheme(wire.AlgKDF1SP80056A, wire.AlgSHA256)), kdfScheme(wire.AlgNull, 0), wire.RCScheme, wire.RCScheme},
		{"key not on the curve", offKey, kdf2, wire.RCNoResult, wire.RCValue},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newTestTPM(t)
			h := b.addKey(c.key)
			b.want(c.encrypt, b.run(eccEncryptCommand(h, []byte("m"), c.scheme)))
			b.want(c.open, b.run(eccDecryptCommand(h, good, []byte("m"), make([]byte, 32), c.scheme)))
		})
	}
	b := newTestTPM(t)
	h := b.addKey(p256(decrypt, nil))
	b.want(wire.RCValue, b.run(eccDecryptCommand(h, wire.TPMSECCPoint{X: g.X(), Y: g.X()}, nil, nil, kdf2)))
	b.want(wire.RCValue, b.run(eccDecryptCommand(h, wire.TPMSECCPoint{}, nil, nil, kdf2)))
	b.want(wire.RCSize.Parameter(1), b.run(eccEncryptCommand(h, make([]byte, 1025), kdf2)))
	b.want(wire.RCSize.Parameter(2), b.run(eccDecryptCommand(h, good, make([]byte, 1025), nil, kdf2)))
}

// ephemeral runs EC_Ephemeral.
func (b *testTPM) ephemeral(id wire.Curve) (wire.TPMSECCPoint, uint16) {
	b.t.Helper()
	r := b.must(newCommand(wire.CCECEphemeral).put(id))
	return r.point(), r.params().Uint16()
}

func zGen2PhaseCommand(h wire.Handle, static, ephemeral wire.TPMSECCPoint, scheme wire.Alg, counter uint16) *testCommand {
	return newCommand(wire.CCZGen2Phase, h).password(keyAuth).put(eccPoint(static.X, static.Y), eccPoint(ephemeral.X, ephemeral.Y), scheme).u16(counter)
}

// The TPM and another party find the same point.
func TestZGen2Phase(t *testing.T) {
	for _, scheme := range []wire.Alg{wire.AlgECDH, wire.AlgECMQV, wire.AlgSM2} {
		for _, id := range []wire.Curve{wire.CurveNISTP256, wire.CurveNISTP521, wire.CurveSM2P256} {
			b := newTestTPM(t)
			c := curve.ByID(uint16(id))
			key := eccObject(id, wire.ObjectDecrypt, wire.AlgNull, 0)
			h := b.addKey(key)
			q, counter := b.ephemeral(id)
			var other ecc.Party
			other.Static, _ = c.Scalar([]byte("static"))
			other.Ephemeral, _ = c.Scalar([]byte("ephemeral"))
			static, _ := c.BaseMult(other.Static)
			eph, _ := c.BaseMult(other.Ephemeral)
			command := zGen2PhaseCommand(h, wirePoint(static).TPMSECCPoint, wirePoint(eph).TPMSECCPoint, scheme, counter)
			r := b.must(command)
			z1, z2 := r.point(), r.point()

			staticA, _ := c.Point(key.public.Unique.ECC.X, key.public.Unique.ECC.Y)
			ephA, err := c.Point(q.X, q.Y)
			if err != nil {
				t.Fatal(err)
			}
			var want1, want2 curve.Point
			switch scheme {
			case wire.AlgECDH:
				want1, want2, err = other.FullUnified(c, staticA, ephA)
			case wire.AlgECMQV:
				want1, err = other.MQV(c, staticA, ephA)
			case wire.AlgSM2:
				want1, err = other.SM2(c, staticA, ephA)
			}
			if err != nil || !samePoint(z1, wirePoint(want1).TPMSECCPoint) || !samePoint(z2, wirePoint(want2).TPMSECCPoint) {
				t.Errorf("%v on %v: %v, %x %x", scheme, id, err, z1, z2)
			}
			b.want(wire.RCValue.Parameter(4), b.run(command)) // only once
		}
	}
}

func TestZGen2PhaseFaults(t *testing.T) {
	decrypt := wire.ObjectDecrypt
	g := curve.P256().Generator()
	good := wire.TPMSECCPoint{X: g.X(), Y: g.Y()}
	off := wire.TPMSECCPoint{X: g.X(), Y: g.X()}
	p256 := func(a wire.TPMAObject, scheme wire.Alg) *object {
		return eccObject(wire.CurveNISTP256, a, scheme, wire.AlgSHA256)
	}
	for _, c := range []struct {
		name              string
		key               *object
		static, ephemeral wire.TPMSECCPoint
		scheme            wire.Alg
		counter           uint16
		want              wire.RC
	}{
		{"not ECC", rsaObject(decrypt, wire.AlgNull, 0), good, good, wire.AlgECDH, 0, wire.RCKey.Handle(1)},
		{"restricted", p256(decrypt|wire.ObjectRestricted, wire.AlgNull), good, good, wire.AlgECDH, 0, wire.RCAttributes.Handle(1)},
		{"no decrypt", p256(wire.ObjectSign, wire.AlgNull), good, good, wire.AlgECDH, 0, wire.RCAttributes.Handle(1)},
		{"other scheme", p256(decrypt, wire.AlgECDH), good, good, wire.AlgECMQV, 0, wire.RCScheme.Parameter(3)},
		{"not an exchange", p256(decrypt, wire.AlgNull), good, good, wire.AlgECDSA, 0, wire.RCScheme.Parameter(3)},
		{"static key off the curve", p256(decrypt, wire.AlgNull), off, good, wire.AlgECDH, 0, wire.RCECCPoint.Parameter(1)},
		{"ephemeral key off the curve", p256(decrypt, wire.AlgNull), good, off, wire.AlgECDH, 0, wire.RCECCPoint.Parameter(2)},
		{"next counter", p256(decrypt, wire.AlgNull), good, good, wire.AlgECDH, 1, wire.RCValue.Parameter(4)},
		{"counter of another round", p256(decrypt, wire.AlgNull), good, good, wire.AlgECDH, 128, wire.RCValue.Parameter(4)},
		{"scheme and points", p256(decrypt, wire.AlgECDH), off, off, wire.AlgSM2, 9, wire.RCScheme.Parameter(3)},
		{"both points and counter", p256(decrypt, wire.AlgECDH), off, off, wire.AlgECDH, 9, wire.RCECCPoint.Parameter(1)},
		{"point and counter", p256(decrypt, wire.AlgECDH), good, off, wire.AlgECDH, 9, wire.RCECCPoint.Parameter(2)},
		{"all well", p256(decrypt, wire.AlgECDH), good, good, wire.AlgECDH, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newTestTPM(t)
			h := b.addKey(c.key)
			b.ephemeral(wire.CurveNISTP256)
			b.want(c.want, b.run(zGen2PhaseCommand(h, c.static, c.ephemeral, c.scheme, c.counter)))
			// A failed command leaves the ephemeral key.
			if open := b.stateReset.commitArray[0] != 0; open != (c.want != 0) {
				t.Errorf("ephemeral key open: %v", open)
			}
		})
	}
}
