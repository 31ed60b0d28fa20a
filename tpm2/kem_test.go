package tpm2

import (
	"bytes"
	"crypto/ecdh"
	"crypto/hkdf"
	"encoding/binary"
	"errors"
	"hash"
	"slices"
	"testing"

	"govtpm/tpm2/wire"
)

// kemSuite is a row of RFC 9180, 7.1, by what Go's library has of it.
type kemSuite struct {
	curve wire.Curve
	hash  wire.Alg
	of    ecdh.Curve
	id    uint16
}

func kemSuites() []kemSuite {
	return []kemSuite{
		{wire.CurveNISTP256, wire.AlgSHA256, ecdh.P256(), 0x0010},
		{wire.CurveNISTP384, wire.AlgSHA384, ecdh.P384(), 0x0011},
		{wire.CurveNISTP521, wire.AlgSHA512, ecdh.P521(), 0x0012},
	}
}

// secret is the shared secret of DHKEM (RFC 9180, 4 and 4.1) by one private key and the other side's public one.
func (s *kemSuite) secret(t *testing.T, private *ecdh.PrivateKey, public *ecdh.PublicKey, enc []byte, recipient *ecdh.PublicKey) []byte {
	t.Helper()
	dh, err := private.ECDH(public)
	if err != nil {
		t.Fatal(err)
	}
	var h func() hash.Hash = hashFunc(s.hash)
	suite := binary.BigEndian.AppendUint16([]byte("HPKE-v1KEM"), s.id)
	prk, err := hkdf.Extract(h, slices.Concat(suite, []byte("eae_prk"), dh), nil)
	if err != nil {
		t.Fatal(err)
	}
	info := slices.Concat([]byte{0, byte(h().Size())}, suite, []byte("shared_secret"), enc, recipient.Bytes())
	secret, err := hkdf.Expand(h, prk, string(info), h().Size())
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

// goKey is the private key of an object as Go's library has it.
func (s *kemSuite) goKey(t *testing.T, o *object) *ecdh.PrivateKey {
	t.Helper()
	k, err := s.of.NewPrivateKey(o.sensitive.Sensitive.ECC)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// template is that of a key of the suite.
func (s *kemSuite) template(a wire.TPMAObject) *wire.TPM2BPublic {
	p := withScheme(eccTemplate(a, noSymmetric), wire.AlgECDH)
	p.Parameters.ECC.CurveID, p.Parameters.ECC.KDF = s.curve, *kdfScheme(wire.AlgHKDF, s.hash)
	return p
}

const kemAttributes = origin | wire.ObjectUserWithAuth | wire.ObjectDecrypt

func encapsulateCommand(h wire.Handle) *testCommand { return newCommand(wire.CCEncapsulate, h) }

func decapsulateCommand(h wire.Handle, auth string, enc []byte) *testCommand {
	return newCommand(wire.CCDecapsulate, h).password(auth).b2(enc)
}

// encapsulates checks that a key, without authValue or with keyAuth, decapsulates what it encapsulated.
func (b *testTPM) encapsulates(h wire.Handle, auth string) {
	b.t.Helper()
	r := b.must(encapsulateCommand(h))
	secret, enc := r.b2(), r.b2()
	if got := b.must(decapsulateCommand(h, auth, enc)).b2(); len(secret) == 0 || !bytes.Equal(got, secret) {
		b.t.Errorf("secret %x, decapsulated %x", secret, got)
	}
}

// Keys that the TPM made do with each command what Go's library does with them.
func TestEncapsulation(t *testing.T) {
	for _, s := range kemSuites() {
		b := newExtendedTPM(t)
		template := s.template(kemAttributes)
		h := b.createPrimary(createPrimaryCommand(wire.RHOwner, "", nil, wire.Marshal(&template.TPMTPublic))).handle
		key := s.goKey(t, b.object(h))

		r := b.must(encapsulateCommand(h))
		secret, enc := r.b2(), r.b2()
		ephemeral, err := s.of.NewPublicKey(enc)
		if err != nil {
			t.Fatalf("%v: %x: %v", s.curve, enc, err)
		}
		if want := s.secret(t, key, ephemeral, enc, key.PublicKey()); !bytes.Equal(secret, want) {
			t.Errorf("%v: encapsulated %x, want %x", s.curve, secret, want)
		}
		r = b.must(encapsulateCommand(h))
		if again := r.b2(); bytes.Equal(again, secret) {
			t.Errorf("%v: the same secret twice", s.curve)
		}

		private, err := s.of.NewPrivateKey(slices.Concat(make([]byte, len(key.Bytes())-1), []byte{77}))
		if err != nil {
			t.Fatal(err)
		}
		enc = private.PublicKey().Bytes()
		got := b.must(decapsulateCommand(h, "", enc)).b2()
		if want := s.secret(t, private, key.PublicKey(), enc, key.PublicKey()); !bytes.Equal(got, want) {
			t.Errorf("%v: decapsulated %x, want %x", s.curve, got, want)
		}
		for _, bit := range []int{0, 8, 8 * len(enc) / 2, 8*len(enc) - 1} {
			enc[bit/8] ^= 1 << (bit % 8)
			b.want(wire.RCECCPoint.Parameter(1), b.run(decapsulateCommand(h, "", enc)))
			enc[bit/8] ^= 1 << (bit % 8)
		}
		b.want(wire.RCSize.Parameter(1), b.run(decapsulateCommand(h, "", enc[1:])))
	}
}

// A key to encapsulate with is an ECDH key like any other (Part 2, 12.2.3.5).
func TestEncapsulationKeyAgrees(t *testing.T) {
	b := newExtendedTPM(t)
	h := b.addKey(kemP256())
	r := b.must(newCommand(wire.CCECDHKeyGen, h))
	z, ephemeral := r.sizedPoint(), r.sizedPoint()
	got := b.must(newCommand(wire.CCECDHZGen, h).password(keyAuth).put(eccPoint(ephemeral.X, ephemeral.Y))).sizedPoint()
	if !samePoint(got, z) {
		t.Errorf("ZGen gives %x, KeyGen %x", got, z)
	}
	_, counter := b.ephemeral(wire.CurveNISTP256)
	b.must(zGen2PhaseCommand(h, ephemeral, ephemeral, wire.AlgECDH, counter))
	// HKDF encrypts nothing.
	b.want(wire.RCScheme, b.run(eccEncryptCommand(h, []byte("text"), kdfScheme(wire.AlgNull, 0))))
	b.want(wire.RCScheme, b.run(eccEncryptCommand(h, []byte("text"), kdfScheme(wire.AlgHKDF, wire.AlgSHA256))))
	b.want(wire.RCScheme.Parameter(2), b.run(eccEncryptCommand(h, []byte("text"), kdfScheme(wire.AlgKDF2, wire.AlgSHA256))))
}

// Without the algorithm in the profile no key has it, and there is none to encapsulate with.
func TestEncapsulationByProfile(t *testing.T) {
	template := wire.Marshal(&kemSuites()[0].template(kemAttributes).TPMTPublic)
	for _, alg := range []string{"", ",sha3-256"} {
		p, err := ParseProfile(extendedJSON(extensionCommands(), alg))
		if err != nil {
			t.Fatal(err)
		}
		b := newTestTPMWith(t, Options{Seeds: vectorSeeds(), Profile: p}).startup(wire.SUClear)
		b.want(wire.RCKDF.Parameter(2), b.run(createPrimaryCommand(wire.RHOwner, "", nil, template)))
		if one(b.algorithms(), func(a *wire.TPMSAlgProperty) bool { return a.Alg == wire.AlgHKDF }) != nil {
			t.Error("HKDF is listed")
		}
		if slices.Contains(b.untested(), wire.AlgHKDF) {
			t.Error("HKDF is to be tested")
		}
	}
	b := newTestTPMWith(t, Options{Seeds: vectorSeeds(), Profile: testProfile(t, extendedJSON("", ",hkdf"))}).startup(wire.SUClear)
	h := b.createPrimary(createPrimaryCommand(wire.RHOwner, "", nil, template)).handle
	b.want(wire.RCCommandCode, b.run(encapsulateCommand(h)))
	b.must(newCommand(wire.CCECDHKeyGen, h))
	other := changed(kemSuites()[0].template(kemAttributes), func(p *wire.TPM2BPublic) { p.Parameters.ECC.KDF.HashAlg = wire.AlgSHA3_256 })
	b.want(wire.RCHash.Parameter(2), b.run(createPrimaryCommand(wire.RHOwner, "", nil, wire.Marshal(&other.TPMTPublic))))
	// "H" and "M" in the table of the TCG Algorithm Registry.
	listed := one(b.algorithms(), func(a *wire.TPMSAlgProperty) bool { return a.Alg == wire.AlgHKDF })
	if want := wire.Marshal(&wire.TPMSAlgProperty{Alg: wire.AlgHKDF, Properties: wire.AlgAttrHash | wire.AlgAttrMethod}); !bytes.Equal(listed, want) {
		t.Errorf("HKDF is listed as %x, want %x", listed, want)
	}
}

// HKDF is tested before the first use, also of a key that was there before.
func TestEncapsulationSelfTest(t *testing.T) {
	b := newExtendedTPM(t)
	h := b.addKey(kemP256())
	if !slices.Contains(b.untested(), wire.AlgHKDF) {
		t.Error("HKDF needs no test")
	}
	b.encapsulates(h, keyAuth)
	if slices.Contains(b.untested(), wire.AlgHKDF) {
		t.Error("use of HKDF did not test it")
	}
	b.volatile.selfTest = selfTestState{answer: func(alg wire.Alg) error {
		if alg == wire.AlgHKDF {
			return errWrongAnswer
		}
		return nil
	}}
	b.want(wire.RCFailure, b.run(encapsulateCommand(h)))
	if !errors.Is(b.Failure(), errWrongAnswer) {
		t.Errorf("failure %v", b.Failure())
	}
}
