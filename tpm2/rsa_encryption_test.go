package tpm2

import (
	"bytes"
	stdrsa "crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"math/big"
	"math/rand/v2"
	"testing"

	"govtpm/tpm2/wire"
)

func rsaDecryptScheme(scheme, hashAlg wire.Alg) *wire.TPMTRSADecrypt {
	return &wire.TPMTRSADecrypt{TPMTRSAScheme: wire.TPMTRSAScheme{Scheme: scheme, HashAlg: hashAlg}}
}

func rsaEncryptCommand(h wire.Handle, message []byte, s *wire.TPMTRSADecrypt, label string) *testCommand {
	return newCommand(wire.CCRSAEncrypt, h).b2(message).put(s).b2([]byte(label))
}

func rsaDecryptCommand(h wire.Handle, cipherText []byte, s *wire.TPMTRSADecrypt, label string) *testCommand {
	return newCommand(wire.CCRSADecrypt, h).password(keyAuth).b2(cipherText).put(s).b2([]byte(label))
}

// testRSAPrivate is the RSA key of the tests for another implementation.
func testRSAPrivate() *stdrsa.PrivateKey {
	k := &stdrsa.PrivateKey{PublicKey: *testRSAPublic()}
	one := big.NewInt(1)
	p := new(big.Int).SetBytes(testRSA().Prime())
	q := new(big.Int).Div(k.N, p)
	k.Primes = []*big.Int{p, q}
	phi := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
	k.D = new(big.Int).ModInverse(big.NewInt(int64(k.E)), phi)
	k.Precompute()
	return k
}

// What one side encrypts the other decrypts, for every scheme and the greatest message.
func TestRSAEncryptDecrypt(t *testing.T) {
	decrypt := wire.ObjectDecrypt
	none := rsaDecryptScheme(wire.AlgNull, 0)
	k := testRSAPrivate()
	seed := rand.NewChaCha8([32]byte{})
	for _, c := range []struct {
		name   string
		key    *object
		scheme *wire.TPMTRSADecrypt
		label  string
		most   int
		open   func([]byte) ([]byte, error)
		seal   func([]byte) ([]byte, error)
	}{
		{"RSAES of the key", rsaObject(decrypt, wire.AlgRSAES, 0), none, "", 117,
			func(c []byte) ([]byte, error) { return stdrsa.DecryptPKCS1v15(nil, k, c) },
			func(m []byte) ([]byte, error) { return stdrsa.EncryptPKCS1v15(seed, &k.PublicKey, m) }},
		{"OAEP, asked for", rsaObject(decrypt, wire.AlgNull, 0), rsaDecryptScheme(wire.AlgOAEP, wire.AlgSHA256), "label\x00", 62,
			func(c []byte) ([]byte, error) {
				return stdrsa.DecryptOAEP(sha256.New(), nil, k, c, []byte("label\x00"))
			},
			func(m []byte) ([]byte, error) {
				return stdrsa.EncryptOAEP(sha256.New(), seed, &k.PublicKey, m, []byte("label\x00"))
			}},
		{"OAEP of the key, asked for as well", rsaObject(decrypt, wire.AlgOAEP, wire.AlgSHA1), rsaDecryptScheme(wire.AlgOAEP, wire.AlgSHA1), "", 86,
			func(c []byte) ([]byte, error) { return stdrsa.DecryptOAEP(sha1.New(), nil, k, c, nil) },
			func(m []byte) ([]byte, error) { return stdrsa.EncryptOAEP(sha1.New(), seed, &k.PublicKey, m, nil) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newTestTPM(t)
			h := b.addKey(c.key)
			for _, size := range []int{0, 1, c.most} {
				message := bytes.Repeat([]byte{0x5A}, size)
				sealed := b.must(rsaEncryptCommand(h, message, c.scheme, c.label)).b2()
				if got, err := c.open(sealed); err != nil || !bytes.Equal(got, message) {
					t.Errorf("%d bytes encrypted: %v %x", size, err, got)
				}
				sealed, err := c.seal(message)
				if err != nil {
					t.Fatal(err)
				}
				if got := b.must(rsaDecryptCommand(h, sealed, c.scheme, c.label)).b2(); !bytes.Equal(got, message) {
					t.Errorf("%d bytes decrypted: %x", size, got)
				}
			}
			b.want(wire.RCValue, b.run(rsaEncryptCommand(h, make([]byte, c.most+1), c.scheme, c.label)))
			sealed, _ := c.seal([]byte("message"))
			sealed[5] ^= 1
			b.want(wire.RCValue, b.run(rsaDecryptCommand(h, sealed, c.scheme, c.label)))
			if b.Failure() != nil {
				t.Error(b.Failure())
			}
		})
	}
}

func TestRSAWithoutPadding(t *testing.T) {
	b := newTestTPM(t)
	h := b.addKey(rsaObject(wire.ObjectDecrypt, wire.AlgNull, 0))
	none := rsaDecryptScheme(wire.AlgNull, 0)
	n := testRSA().Modulus()
	for _, c := range []struct {
		name    string
		message []byte
		want    wire.RC
	}{
		{"one", []byte{1}, 0},
		{"nothing", nil, 0},
		{"full size", append([]byte{0}, n[1:]...), 0},
		{"leading zeros", append(make([]byte, 40), n[1:]...), 0},
		{"the modulus", n, wire.RCValue},
		{"greater", bytes.Repeat([]byte{0xFF}, 128), wire.RCValue},
		{"too long", append([]byte{1}, make([]byte, 128)...), wire.RCValue},
	} {
		t.Run(c.name, func(t *testing.T) {
			b.t = t
			r := b.run(rsaEncryptCommand(h, c.message, none, ""))
			b.want(c.want, r)
			if c.want != 0 {
				return
			}
			sealed := r.b2()
			m := new(big.Int).SetBytes(c.message)
			if want := new(big.Int).Exp(m, big.NewInt(0x10001), new(big.Int).SetBytes(n)); len(sealed) != 128 || new(big.Int).SetBytes(sealed).Cmp(want) != 0 {
				t.Errorf("encrypted %x", sealed)
			}
			if got := b.must(rsaDecryptCommand(h, sealed, none, "")).b2(); !bytes.Equal(got, m.FillBytes(make([]byte, 128))) {
				t.Errorf("decrypted %x", got)
			}
		})
	}
	b.t = t
	b.want(wire.RCValue, b.run(rsaDecryptCommand(h, n, none, "")))
	b.want(wire.RCSize, b.run(rsaDecryptCommand(h, n[1:], none, "")))
	b.want(wire.RCSize, b.run(rsaDecryptCommand(h, append([]byte{0}, n...), none, "")))
	b.want(wire.RCSize.Parameter(1), b.run(rsaDecryptCommand(h, make([]byte, 513), none, "")))
}

func TestRSAEncryptionFaults(t *testing.T) {
	decrypt := wire.ObjectDecrypt
	none := rsaDecryptScheme(wire.AlgNull, 0)
	oaep := rsaDecryptScheme(wire.AlgOAEP, wire.AlgSHA256)
	message := make([]byte, 128)
	for _, c := range []struct {
		name          string
		key           *object
		scheme        *wire.TPMTRSADecrypt
		label         string
		encrypt, open wire.RC
	}{
		{"not RSA", eccObject(wire.CurveNISTP256, decrypt, wire.AlgNull, 0), none, "", wire.RCKey.Handle(1), wire.RCKey.Handle(1)},
		{"no decrypt", rsaObject(wire.ObjectSign, wire.AlgNull, 0), none, "", wire.RCAttributes.Handle(1), wire.RCAttributes.Handle(1)},
		{"restricted", rsaObject(decrypt|wire.ObjectRestricted, wire.AlgNull, 0), none, "", wire.RCSuccess, wire.RCAttributes.Handle(1)},
		{"label without end", rsaObject(decrypt, wire.AlgNull, 0), none, "label", wire.RCValue.Parameter(3), wire.RCValue.Parameter(3)},
		{"label too long", rsaObject(decrypt, wire.AlgNull, 0), none, string(make([]byte, 67)), wire.RCSize.Parameter(3), wire.RCSize.Parameter(3)},
		{"other scheme", rsaObject(decrypt, wire.AlgRSAES, 0), oaep, "", wire.RCScheme.Parameter(2), wire.RCScheme.Parameter(2)},
		{"other hash", rsaObject(decrypt, wire.AlgOAEP, wire.AlgSHA1), oaep, "", wire.RCScheme.Parameter(2), wire.RCScheme.Parameter(2)},
		{"signing scheme", rsaObject(decrypt, wire.AlgNull, 0), rsaDecryptScheme(wire.AlgRSASSA, wire.AlgSHA256), "", wire.RCValue.Parameter(2), wire.RCValue.Parameter(2)},
		{"signing scheme of the key", rsaObject(decrypt, wire.AlgRSASSA, wire.AlgSHA256), none, "", wire.RCScheme, wire.RCScheme},
		{"public part only", public(rsaObject(decrypt, wire.AlgNull, 0)), none, "", wire.RCSuccess, wire.RCAuthUnavailable},
		// Two faults: the first one is told.
		{"type and attributes", eccObject(wire.CurveNISTP256, wire.ObjectSign, wire.AlgNull, 0), none, "", wire.RCKey.Handle(1), wire.RCKey.Handle(1)},
		{"attributes and label", rsaObject(wire.ObjectSign, wire.AlgNull, 0), none, "label", wire.RCAttributes.Handle(1), wire.RCAttributes.Handle(1)},
		{"label and scheme", rsaObject(decrypt, wire.AlgRSAES, 0), oaep, "label", wire.RCValue.Parameter(3), wire.RCValue.Parameter(3)},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newTestTPM(t)
			h := b.addKey(c.key)
			b.want(c.encrypt, b.run(rsaEncryptCommand(h, message, c.scheme, c.label)))
			b.want(c.open, b.run(rsaDecryptCommand(h, message, c.scheme, c.label)))
		})
	}
}

func TestNoUnpaddedEncryption(t *testing.T) {
	p := testProfile(t, `{"Name":"custom:x","Attributes":"no-unpadded-encryption"}`)
	b := newTestTPMWith(t, Options{Seeds: vectorSeeds(), Profile: p}).startup(wire.SUClear)
	h := b.addKey(rsaObject(wire.ObjectDecrypt, wire.AlgNull, 0))
	none, rsaes := rsaDecryptScheme(wire.AlgNull, 0), rsaDecryptScheme(wire.AlgRSAES, 0)
	b.want(wire.RCScheme, b.run(rsaEncryptCommand(h, []byte{1}, none, "")))
	sealed := b.must(rsaEncryptCommand(h, []byte{1}, rsaes, "")).b2()
	b.want(wire.RCSize, b.run(rsaDecryptCommand(h, sealed[1:], none, "")))
	b.want(wire.RCScheme, b.run(rsaDecryptCommand(h, sealed, none, "")))
	b.must(rsaDecryptCommand(h, sealed, rsaes, ""))
}
