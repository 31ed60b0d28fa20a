package tpm2

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	stdrsa "crypto/rsa"
	"crypto/sha256"

	"govtpm/internal/crypto/curve"
	"govtpm/internal/crypto/ecc"
	"govtpm/tpm2/wire"
)

// Rows of the commands of Part 3, clauses 14 to 16 and 19.

func rsaDecryptKey() *object { return rsaObject(wire.ObjectDecrypt, wire.AlgNull, 0) }
func exchangeKeyP256() *object {
	return eccObject(wire.CurveNISTP256, wire.ObjectDecrypt, wire.AlgNull, 0)
}

// withAttributes is a key with more attributes.
func withAttributes(key func() *object, a wire.TPMAObject) func() *object {
	return func() *object { o := key(); o.public.Attributes |= a; return o }
}

// generatorP256 is a point on P-256, offP256 one that is not.
func generatorP256() *wire.TPM2BECCPoint { return wirePoint(curve.P256().Generator()) }
func offP256() *wire.TPM2BECCPoint {
	p := generatorP256()
	return eccPoint(p.X, p.X)
}

func asymmetricRows() []commandRow {
	oaep := rsaDecryptScheme(wire.AlgOAEP, wire.AlgSHA256)
	notECC, notRSA := withKey(1, rsaDecryptKey), withKey(1, exchangeKeyP256)
	noZero := withParam(3, p2b([]byte("label")))
	otherScheme := func(key wire.Alg) rowChange {
		return withKey(1, func() *object { return rsaObject(wire.ObjectDecrypt, key, wire.AlgSHA1) })
	}
	signs := withKey(1, func() *object { return rsaObject(wire.ObjectSign, wire.AlgNull, 0) })
	return []commandRow{
		{
			code: wire.CCRSAEncrypt,
			good: func(b *testTPM) (*testCommand, func(*testResponse)) {
				return rsaEncryptCommand(b.addKey(rsaDecryptKey()), []byte("message"), oaep, "label\x00"), func(r *testResponse) {
					plain, err := stdrsa.DecryptOAEP(sha256.New(), nil, testRSAPrivate(), r.b2(), []byte("label\x00"))
					if err != nil || string(plain) != "message" {
						r.t.Errorf("%q, %v", plain, err)
					}
				}
			},
			faults: []rowFault{
				{"not RSA", notRSA, wire.RCKey.Handle(1)},
				{"a sequence", withSequence(1), wire.RCKey.Handle(1)},
				{"no decrypt", signs, wire.RCAttributes.Handle(1)},
				{"label without zero", noZero, wire.RCValue.Parameter(3)},
				{"scheme other than the key's", otherScheme(wire.AlgOAEP), wire.RCScheme.Parameter(2)},
				{"message too long", withParam(1, p2b(make([]byte, 63))), wire.RCValue},
				{"message larger than the modulus", both(withParam(1, p2b(bytes.Repeat([]byte{0xFF}, 128))), withParam(2, rsaDecryptScheme(wire.AlgNull, 0))), wire.RCValue},
				{"no decrypt and label", both(signs, noZero), wire.RCAttributes.Handle(1)},
				{"label and scheme", both(otherScheme(wire.AlgOAEP), noZero), wire.RCValue.Parameter(3)},
				{"scheme and message", both(otherScheme(wire.AlgOAEP), withParam(1, p2b(make([]byte, 63)))), wire.RCScheme.Parameter(2)},
			},
		},
		{
			code: wire.CCRSADecrypt,
			good: func(b *testTPM) (*testCommand, func(*testResponse)) {
				ct, err := stdrsa.EncryptOAEP(sha256.New(), rand.Reader, testRSAPublic(), []byte("message"), []byte("label\x00"))
				if err != nil {
					b.t.Fatal(err)
				}
				return rsaDecryptCommand(b.addKey(rsaDecryptKey()), ct, oaep, "label\x00"), func(r *testResponse) {
					if got := r.b2(); string(got) != "message" {
						r.t.Errorf("%q", got)
					}
				}
			},
			faults: []rowFault{
				{"not RSA", notRSA, wire.RCKey.Handle(1)},
				{"a sequence", withSequence(1), wire.RCKey.Handle(1)},
				{"no decrypt", signs, wire.RCAttributes.Handle(1)},
				{"restricted", withKey(1, withAttributes(rsaDecryptKey, wire.ObjectRestricted)), wire.RCAttributes.Handle(1)},
				{"label without zero", noZero, wire.RCValue.Parameter(3)},
				{"scheme other than the key's", otherScheme(wire.AlgOAEP), wire.RCScheme.Parameter(2)},
				{"cipher text of another size", withParam(1, p2b(make([]byte, 127))), wire.RCSize},
				{"cipher text that is none", spoiled(1), wire.RCValue},
				{"another label", withParam(3, p2b([]byte("other\x00"))), wire.RCValue},
				{"cipher text larger than the modulus", withParam(1, p2b(bytes.Repeat([]byte{0xFF}, 128))), wire.RCValue},
				{"public part only", withKey(1, func() *object { return public(rsaDecryptKey()) }), wire.RCAuthUnavailable},
				{"label and size", both(noZero, withParam(1, p2b(nil))), wire.RCValue.Parameter(3)},
				{"scheme and size", both(otherScheme(wire.AlgOAEP), withParam(1, p2b(nil))), wire.RCScheme.Parameter(2)},
			},
		},
		{
			code: wire.CCECDHKeyGen,
			good: func(b *testTPM) (*testCommand, func(*testResponse)) {
				key := b.addKey(exchangeKeyP256())
				d := b.object(key).sensitive.Sensitive.ECC
				return newCommand(wire.CCECDHKeyGen, key), func(r *testResponse) {
					z, ephemeral := r.sizedPoint(), r.sizedPoint()
					if want := mult(r.t, wire.CurveNISTP256, d, ephemeral); !samePoint(z, want) {
						r.t.Errorf("z %x, want %x", z, want)
					}
				}
			},
			faults: []rowFault{{"not ECC", notECC, wire.RCKey.Handle(1)}, {"a sequence", withSequence(1), wire.RCKey.Handle(1)}},
		},
		{
			code: wire.CCECDHZGen,
			good: func(b *testTPM) (*testCommand, func(*testResponse)) {
				key := b.addKey(exchangeKeyP256())
				want := b.object(key).public.Unique.ECC
				return newCommand(wire.CCECDHZGen, key).password(keyAuth).put(generatorP256()), func(r *testResponse) {
					if z := r.sizedPoint(); !samePoint(z, want) { // the private key times the generator
						r.t.Errorf("z %x, want %x", z, want)
					}
				}
			},
			faults: []rowFault{
				{"not ECC", notECC, wire.RCKey.Handle(1)},
				{"a sequence", withSequence(1), wire.RCKey.Handle(1)},
				{"restricted", withKey(1, withAttributes(exchangeKeyP256, wire.ObjectRestricted)), wire.RCAttributes.Handle(1)},
				{"no decrypt", withKey(1, notParent), wire.RCAttributes.Handle(1)},
				{"scheme of the key", withKey(1, func() *object { return eccObject(wire.CurveNISTP256, wire.ObjectDecrypt, wire.AlgSM2, wire.AlgSHA256) }), wire.RCScheme.Handle(1)},
				{"a point that is not on the curve", withParam(1, offP256()), wire.RCECCPoint.Parameter(1)},
				{"public part only", withKey(1, func() *object { return public(exchangeKeyP256()) }), wire.RCAuthUnavailable},
				{"attributes and point", both(withKey(1, notParent), withParam(1, offP256())), wire.RCAttributes.Handle(1)},
				{"scheme and point", both(withKey(1, func() *object { return eccObject(wire.CurveNISTP256, wire.ObjectDecrypt, wire.AlgSM2, wire.AlgSHA256) }), withParam(1, offP256())), wire.RCScheme.Handle(1)},
			},
		},
		{
			code: wire.CCECCParameters,
			good: func(*testTPM) (*testCommand, func(*testResponse)) {
				return newCommand(wire.CCECCParameters).put(wire.CurveNISTP256), func(r *testResponse) {
					var d wire.TPMSAlgorithmDetailECC
					d.Unmarshal(r.params())
					n := curve.P256().Parameters()
					if d.CurveID != wire.CurveNISTP256 || d.KeySize != 256 || !bytes.Equal(d.P, n.P) || !bytes.Equal(d.N, n.N) || !bytes.Equal(d.GX, n.Gx) || !bytes.Equal(d.GY, n.Gy) {
						r.t.Errorf("%+v", d)
					}
				}
			},
			plain: "it only looks up",
		},
		zGen2PhaseRow(), eccEncryptRow(), eccDecryptRow(), encapsulateRow(), decapsulateRow(),
	}
}

// sizedPoint reads a TPM2B_ECC_POINT.
func (r *testResponse) sizedPoint() wire.TPMSECCPoint {
	r.t.Helper()
	var p wire.TPM2BECCPoint
	p.Unmarshal(r.params())
	if rc := r.r.Err(); rc != wire.RCSuccess {
		r.t.Fatal(rc)
	}
	return p.TPMSECCPoint
}

func zGen2PhaseRow() commandRow {
	scheme := func(s wire.Alg) rowChange { return withParam(3, s) }
	ecdhKey := withKey(1, func() *object {
		return eccObject(wire.CurveNISTP256, wire.ObjectDecrypt, wire.AlgECDH, wire.AlgSHA256)
	})
	off1, off2, number := withParam(1, offP256()), withParam(2, offP256()), withParam(4, p16(9))
	return commandRow{
		code: wire.CCZGen2Phase,
		good: func(b *testTPM) (*testCommand, func(*testResponse)) {
			key := b.addKey(exchangeKeyP256())
			own := b.object(key).public.Unique.ECC
			q, counter := b.ephemeral(wire.CurveNISTP256)
			g := generatorP256().TPMSECCPoint
			return zGen2PhaseCommand(key, g, g, wire.AlgECDH, counter), func(r *testResponse) {
				// With the generator for both points of the other side the secrets are the public keys.
				if z1, z2 := r.sizedPoint(), r.sizedPoint(); !samePoint(z1, own) || !samePoint(z2, q) {
					r.t.Errorf("%x %x, want %x %x", z1, z2, own, q)
				}
				if b.isCommitted(counter) {
					r.t.Error("the ephemeral key is still there")
				}
			}
		},
		faults: []rowFault{
			{"not ECC", withKey(1, rsaDecryptKey), wire.RCKey.Handle(1)},
			{"restricted", withKey(1, withAttributes(exchangeKeyP256, wire.ObjectRestricted)), wire.RCAttributes.Handle(1)},
			{"no decrypt", withKey(1, notParent), wire.RCAttributes.Handle(1)},
			{"scheme other than the key's", both(ecdhKey, scheme(wire.AlgECMQV)), wire.RCScheme.Parameter(3)},
			{"static key off the curve", off1, wire.RCECCPoint.Parameter(1)},
			{"ephemeral key off the curve", off2, wire.RCECCPoint.Parameter(2)},
			{"no such commitment", number, wire.RCValue.Parameter(4)},
			{"scheme and static key", both(ecdhKey, scheme(wire.AlgECMQV), off1), wire.RCScheme.Parameter(3)},
			{"static and ephemeral key", both(off1, off2), wire.RCECCPoint.Parameter(1)},
			{"ephemeral key and commitment", both(off2, number), wire.RCECCPoint.Parameter(2)},
		},
	}
}

func eccEncryptRow() commandRow {
	noKDF := withParam(2, kdfScheme(wire.AlgNull, 0))
	return commandRow{
		code: wire.CCECCEncrypt,
		good: func(b *testTPM) (*testCommand, func(*testResponse)) {
			key := b.addKey(exchangeKeyP256())
			return eccEncryptCommand(key, []byte("message"), kdfScheme(wire.AlgKDF2, wire.AlgSHA256)), func(r *testResponse) {
				c1, c2, c3 := r.sizedPoint(), r.b2(), r.b2()
				if got := b.must(eccDecryptCommand(key, c1, c2, c3, kdfScheme(wire.AlgKDF2, wire.AlgSHA256))).b2(); string(got) != "message" {
					r.t.Errorf("%q", got)
				}
			}
		},
		faults: []rowFault{
			{"not ECC", withKey(1, rsaDecryptKey), wire.RCKey.Handle(1)},
			{"a sequence", withSequence(1), wire.RCKey.Handle(1)},
			{"no KDF", noKDF, wire.RCScheme.Parameter(2)},
			{"a KDF that encrypts nothing", withParam(2, kdfScheme(wire.AlgMGF1, wire.AlgSHA256)), wire.RCScheme},
			{"not ECC and no KDF", both(withKey(1, rsaDecryptKey), noKDF), wire.RCKey.Handle(1)},
		},
	}
}

func eccDecryptRow() commandRow {
	noKDF := withParam(4, kdfScheme(wire.AlgNull, 0))
	return commandRow{
		code: wire.CCECCDecrypt,
		good: func(b *testTPM) (*testCommand, func(*testResponse)) {
			key := b.addKey(exchangeKeyP256())
			o := b.object(key)
			q, err := curve.P256().Point(o.public.Unique.ECC.X, o.public.Unique.ECC.Y)
			if err != nil {
				b.t.Fatal(err)
			}
			ct, err := ecc.Encrypt(curve.P256(), q, hashFunc(wire.AlgSHA256), []byte("message"), b.volatile.rand)
			if err != nil {
				b.t.Fatal(err)
			}
			c := eccDecryptCommand(key, wirePoint(ct.C1).TPMSECCPoint, ct.C2, ct.C3, kdfScheme(wire.AlgKDF2, wire.AlgSHA256))
			return c, func(r *testResponse) {
				if got := r.b2(); string(got) != "message" {
					r.t.Errorf("%q", got)
				}
			}
		},
		faults: []rowFault{
			{"not ECC", withKey(1, rsaDecryptKey), wire.RCKey.Handle(1)},
			{"restricted", withKey(1, withAttributes(exchangeKeyP256, wire.ObjectRestricted)), wire.RCAttributes.Handle(1)},
			{"no decrypt", withKey(1, notParent), wire.RCAttributes.Handle(1)},
			{"no KDF", noKDF, wire.RCScheme.Parameter(4)},
			{"a KDF that encrypts nothing", withParam(4, kdfScheme(wire.AlgMGF1, wire.AlgSHA256)), wire.RCScheme},
			{"C1 off the curve", withParam(1, offP256()), wire.RCValue},
			{"C2 changed", spoiled(2), wire.RCValue},
			{"C3 changed", spoiled(3), wire.RCValue},
			{"no decrypt and no KDF", both(withKey(1, notParent), noKDF), wire.RCAttributes.Handle(1)},
			{"no KDF and C1", both(noKDF, withParam(1, offP256())), wire.RCScheme.Parameter(4)},
		},
	}
}

// rowCipher is a key that encrypts and decrypts.
func rowCipher() *object {
	return cipherKey(wire.AlgAES, wire.AlgNull, wire.ObjectSign|wire.ObjectDecrypt, []byte("0123456789abcdef"))
}

// encryptDecryptRow is the row of both commands; the numbers are those of the parameters.
func encryptDecryptRow(code wire.CC, decryptAt, modeAt, ivAt, dataAt int) commandRow {
	plain, iv := bytes.Repeat([]byte("sixteen bytes!!!"), 2), []byte("initialization v")
	with := func(mode wire.Alg, a wire.TPMAObject) rowChange {
		return withKey(1, func() *object { return cipherKey(wire.AlgAES, mode, a, make([]byte, 16)) })
	}
	const all = wire.ObjectSign | wire.ObjectDecrypt
	badIV, badData := withParam(ivAt, p2b(iv[1:])), withParam(dataAt, p2b(plain[1:]))
	return commandRow{
		code: code,
		good: func(b *testTPM) (*testCommand, func(*testResponse)) {
			key := b.addKey(rowCipher())
			c := &rowCommand{code: code, handles: []wire.Handle{key}, auths: []testAuth{{handle: wire.RSPW, hmac: []byte(keyAuth)}}, parts: make([][]byte, 4)}
			c.set(decryptAt, p8(0))
			c.set(modeAt, wire.AlgCBC)
			c.set(ivAt, p2b(iv))
			c.set(dataAt, p2b(plain))
			return c.command(), func(r *testResponse) {
				block, _ := aes.NewCipher([]byte("0123456789abcdef"))
				want := bytes.Clone(plain)
				cipher.NewCBCEncrypter(block, iv).CryptBlocks(want, want)
				if out, next := r.b2(), r.b2(); !bytes.Equal(out, want) || !bytes.Equal(next, want[16:]) {
					r.t.Errorf("%x, IV %x, want %x", out, next, want)
				}
			}
		},
		faults: []rowFault{
			{"not a cipher", withKey(1, notParent), wire.RCKey.Handle(1)},
			{"a sequence", withSequence(1), wire.RCKey.Handle(1)},
			{"restricted", with(wire.AlgNull, all|wire.ObjectRestricted), wire.RCAttributes.Handle(1)},
			{"encrypts, but may not", with(wire.AlgNull, wire.ObjectDecrypt), wire.RCAttributes.Handle(1)},
			{"decrypts, but may not", both(with(wire.AlgNull, wire.ObjectSign), withParam(decryptAt, p8(1))), wire.RCAttributes.Handle(1)},
			{"a MAC key", with(wire.AlgCMAC, wire.ObjectSign), wire.RCMode.Handle(1)},
			{"mode other than the key's", with(wire.AlgCFB, all), wire.RCMode.Parameter(modeAt)},
			{"no mode", withParam(modeAt, wire.AlgNull), wire.RCMode.Parameter(modeAt)},
			{"IV too short", badIV, wire.RCSize.Parameter(ivAt)},
			{"an IV for ECB", withParam(modeAt, wire.AlgECB), wire.RCSize.Parameter(ivAt)},
			{"data that is no whole blocks", badData, wire.RCSize.Parameter(dataAt)},
			{"public part only", withKey(1, func() *object { return public(rowCipher()) }), wire.RCAuthUnavailable},
			{"attributes and mode", both(with(wire.AlgNull, wire.ObjectDecrypt), withParam(modeAt, wire.AlgNull)), wire.RCAttributes.Handle(1)},
			{"mode and IV", both(withParam(modeAt, wire.AlgNull), badIV), wire.RCMode.Parameter(modeAt)},
			{"IV and data", both(badIV, badData), wire.RCSize.Parameter(ivAt)},
		},
	}
}

// macFaults are those of the commands that start a MAC with a key; the scheme is parameter 2.
func macFaults() []rowFault {
	notMAC := withKey(1, notParent)
	with := func(scheme wire.Alg, a wire.TPMAObject) rowChange {
		return withKey(1, func() *object { return hmacKey(scheme, a, []byte("k")) })
	}
	none := both(with(wire.AlgNull, wire.ObjectSign), withParam(2, wire.AlgNull))
	return []rowFault{
		{"not a MAC key", notMAC, wire.RCType.Handle(1)},
		{"hash other than the key's", withParam(2, wire.AlgSHA1), wire.RCValue.Parameter(2)},
		{"no hash", none, wire.RCValue.Parameter(2)},
		{"CMAC with an HMAC key", both(with(wire.AlgNull, wire.ObjectSign), withParam(2, wire.AlgCMAC)), wire.RCScheme.Parameter(2)},
		{"HMAC with a cipher", both(withKey(1, rowCipher), withParam(2, wire.AlgSHA256)), wire.RCScheme.Parameter(2)},
		{"restricted", with(wire.AlgSHA256, wire.ObjectSign|wire.ObjectRestricted), wire.RCAttributes.Handle(1)},
		{"no sign", with(wire.AlgSHA256, wire.ObjectDecrypt), wire.RCKey.Handle(1)},
		{"public part only", withKey(1, func() *object { return public(hmacKey(wire.AlgSHA256, wire.ObjectSign, nil)) }), wire.RCAuthUnavailable},
		{"not a MAC key and no hash", both(notMAC, withParam(2, wire.AlgNull)), wire.RCType.Handle(1)},
		{"no hash and restricted", both(with(wire.AlgNull, wire.ObjectSign|wire.ObjectRestricted), withParam(2, wire.AlgNull)), wire.RCValue.Parameter(2)},
		{"restricted and no sign", with(wire.AlgSHA256, wire.ObjectDecrypt|wire.ObjectRestricted), wire.RCAttributes.Handle(1)},
	}
}

// rowMAC is the HMAC key of the rows.
func rowMAC() *object { return hmacKey(wire.AlgSHA256, wire.ObjectSign, []byte("secret")) }

func symmetricRows() []commandRow {
	return []commandRow{
		encryptDecryptRow(wire.CCEncryptDecrypt, 1, 2, 3, 4),
		encryptDecryptRow(wire.CCEncryptDecrypt2, 2, 3, 4, 1),
		{
			code: wire.CCHash,
			good: func(b *testTPM) (*testCommand, func(*testResponse)) {
				return newCommand(wire.CCHash).b2([]byte("message")).put(wire.AlgSHA256).u32(uint32(wire.RHOwner)), func(r *testResponse) {
					digest := r.b2()
					var ticket wire.TPMTTKHashCheck
					ticket.Unmarshal(r.params())
					if !bytes.Equal(digest, digestOf("message")) || !b.checkHashCheck(&ticket, wire.AlgSHA256, digest) {
						r.t.Errorf("digest %x, ticket %+v", digest, ticket)
					}
				}
			},
			plain: "every value that its types have is good",
		},
		{
			code: wire.CCMAC,
			good: func(b *testTPM) (*testCommand, func(*testResponse)) {
				return newCommand(wire.CCMAC, b.addKey(rowMAC())).password(keyAuth).b2([]byte("message")).put(wire.AlgSHA256), func(r *testResponse) {
					if got := r.b2(); !bytes.Equal(got, hmacOf(wire.AlgSHA256, []byte("secret"), []byte("message"))) {
						r.t.Errorf("%x", got)
					}
				}
			},
			faults: macFaults(),
		},
		{
			code: wire.CCGetRandom,
			good: func(b *testTPM) (*testCommand, func(*testResponse)) {
				return newCommand(wire.CCGetRandom).u16(100), func(r *testResponse) {
					one := r.b2()
					two := b.must(newCommand(wire.CCGetRandom).u16(32)).b2()
					if len(one) != 64 || len(two) != 32 || bytes.Equal(one[:32], two) { // the largest digest
						r.t.Errorf("%x, %x", one, two)
					}
				}
			},
			plain: "more than it can give is cut down",
		},
		{
			code: wire.CCStirRandom,
			good: func(b *testTPM) (*testCommand, func(*testResponse)) {
				before := b.volatile.rand.State()
				return newCommand(wire.CCStirRandom).b2([]byte("noise")), func(r *testResponse) {
					if b.volatile.rand.State() == before {
						r.t.Error("the generator is as before")
					}
				}
			},
			plain: "every noise is good",
		},
		commitRow(),
		{
			code: wire.CCECEphemeral,
			good: func(b *testTPM) (*testCommand, func(*testResponse)) {
				return newCommand(wire.CCECEphemeral).put(wire.CurveNISTP256), func(r *testResponse) {
					q, counter := r.sizedPoint(), r.params().Uint16()
					d, err := b.committedScalar(curve.P256(), counter, nil)
					if err != nil {
						r.t.Fatal(err)
					}
					if want := mult(r.t, wire.CurveNISTP256, d.Bytes(), generatorP256().TPMSECCPoint); !samePoint(q, want) || counter != 0 {
						r.t.Errorf("counter %d, %x, want %x", counter, q, want)
					}
				}
			},
			plain: "every curve of the TPM is good",
		},
	}
}

func commitRow() commandRow {
	noScheme := withKey(1, notParent)
	return commandRow{
		code: wire.CCCommit,
		good: func(b *testTPM) (*testCommand, func(*testResponse)) {
			key := b.addKey(eccObject(wire.CurveNISTP256, wire.ObjectSign, wire.AlgECDAA, wire.AlgSHA256))
			s2, y2, p2 := basePoint(b.t)
			return commitCommand(key, generatorP256(), s2, y2), func(r *testResponse) {
				k, l, e, counter := r.sizedPoint(), r.sizedPoint(), r.sizedPoint(), r.params().Uint16()
				o := b.object(key)
				d, err := b.committedScalar(curve.P256(), counter, o.name)
				if err != nil {
					r.t.Fatal(err)
				}
				if !samePoint(k, mult(r.t, wire.CurveNISTP256, o.sensitive.Sensitive.ECC, p2)) || !samePoint(l, mult(r.t, wire.CurveNISTP256, d.Bytes(), p2)) ||
					!samePoint(e, mult(r.t, wire.CurveNISTP256, d.Bytes(), generatorP256().TPMSECCPoint)) {
					r.t.Errorf("%x %x %x", k, l, e)
				}
			}
		},
		faults: []rowFault{
			{"not ECC", withKey(1, rsaDecryptKey), wire.RCKey.Handle(1)},
			{"a sequence", withSequence(1), wire.RCKey.Handle(1)},
			{"not anonymous", noScheme, wire.RCScheme.Handle(1)},
			{"s2 without y2", withParam(3, p2b(nil)), wire.RCSize.Parameter(3)},
			{"y2 without s2", withParam(2, p2b(nil)), wire.RCSize.Parameter(3)},
			{"P1 off the curve", withParam(1, offP256()), wire.RCECCPoint.Parameter(1)},
			{"y2 that does not fit", spoiled(3), wire.RCECCPoint.Parameter(2)},
			{"public part only", withKey(1, func() *object { return public(notParent()) }), wire.RCAuthUnavailable},
			{"not anonymous and no y2", both(noScheme, withParam(3, p2b(nil))), wire.RCScheme.Handle(1)},
			{"no y2 and P1", both(withParam(3, p2b(nil)), withParam(1, offP256())), wire.RCSize.Parameter(3)},
			{"P1 and y2", both(withParam(1, offP256()), spoiled(3)), wire.RCECCPoint.Parameter(2)},
		},
	}
}
