package tpm2

import (
	"bytes"
	"encoding/hex"
	"errors"

	"govtpm/internal/crypto/curve"
	"govtpm/internal/crypto/ecc"
	"govtpm/internal/crypto/kdf"
	"govtpm/internal/crypto/rsa"
	"govtpm/internal/crypto/symmetric"
	"govtpm/tpm2/wire"
)

// errWrongAnswer is the failure of a known-answer test.
var errWrongAnswer = errors.New("self-test: wrong answer")

// knownAnswer runs the test of an algorithm of selfTested.
func knownAnswer(alg wire.Alg) error {
	switch alg {
	case wire.AlgTDES, wire.AlgCamellia, wire.AlgSM4:
		return answerCipher(alg)
	case wire.AlgAES, wire.AlgCFB:
		return errors.Join(answerCipher(wire.AlgAES), answerMAC())
	case wire.AlgRSASSA, wire.AlgRSAES, wire.AlgRSAPSS, wire.AlgOAEP:
		return answerRSA(alg)
	case wire.AlgECDSA:
		return answerSignature()
	case wire.AlgECDH:
		return answerAgreement()
	case wire.AlgECSchnorr:
		return answerSchnorr()
	case wire.AlgHKDF:
		return answerEncapsulation()
	case wire.AlgKDF1SP800108:
		out := kdf.KDFa(hashFunc(wire.AlgSHA256), known(answerKDFaKey), "STORAGE", []byte("uu"), []byte("vv"), 128)
		return expect(out, answerKDFa)
	}
	return answerHash(alg)
}

// known decodes a constant.
func known(constant string) []byte {
	b, _ := hex.DecodeString(constant)
	return b
}

func expect(got []byte, want string) error {
	if !bytes.Equal(got, known(want)) {
		return errWrongAnswer
	}
	return nil
}

func answerHash(alg wire.Alg) error {
	for _, a := range hashAnswers {
		if a.alg == alg {
			return expect(hmacOf(alg, bytes.Repeat([]byte{0x0B}, 20), []byte("Hi There")), a.hmac)
		}
	}
	return nil
}

func answerCipher(alg wire.Alg) error {
	for _, a := range cipherAnswers {
		if a.alg != alg {
			continue
		}
		data := known(cipherText)
		if _, err := cryptData(alg, a.mode, known(a.key), known(a.iv), data, true); err != nil {
			return err
		}
		if err := expect(data, a.to); err != nil {
			return err
		}
		if _, err := cryptData(alg, a.mode, known(a.key), known(a.iv), data, false); err != nil {
			return err
		}
		if err := expect(data, cipherText); err != nil {
			return err
		}
	}
	return nil
}

func answerMAC() error {
	b, err := symmetric.NewCipher(symmetric.AES, known(answerCMACKey))
	if err != nil {
		return err
	}
	m := symmetric.NewCMAC(b)
	m.Write(known(cipherText)[:16])
	return expect(m.Sum(nil), answerCMAC)
}

// fixedRandom is a source of random numbers that are none, for tests that have to give one answer: value, right-aligned.
type fixedRandom []byte

func (f fixedRandom) Read(b []byte) (int, error) {
	clear(b)
	copy(b[max(0, len(b)-len(f)):], f)
	return len(b), nil
}

func answerRSA(scheme wire.Alg) error {
	k, err := rsa.NewPrivateKey(known(answerModulus), rsa.DefaultExponent, known(answerPrime))
	if err != nil {
		return err
	}
	defer k.Wipe()
	digest, hash := known(answerDigest), hashFunc(wire.AlgSHA256)
	var out []byte
	switch scheme {
	case wire.AlgRSASSA:
		if out, err = k.SignPKCS1v15(rsa.PrefixSHA256, digest); err == nil {
			err = errors.Join(expect(out, answerRSASSA), k.VerifyPKCS1v15(rsa.PrefixSHA256, digest, out))
		}
	case wire.AlgRSAPSS:
		if out, err = k.SignPSS(fixedRandom(nil), hash, digest); err == nil {
			err = errors.Join(k.VerifyPSS(hash, digest, out), k.VerifyPSS(hash, digest, known(answerRSAPSS)))
		}
	case wire.AlgRSAES:
		if out, err = k.DecryptPKCS1v15(known(answerRSAES)); err == nil {
			err = expect(out, answerDigest)
		}
	case wire.AlgOAEP:
		if out, err = k.DecryptOAEP(hash, []byte("TEST\x00"), known(answerOAEP)); err == nil {
			err = expect(out, answerDigest)
		}
	}
	return err
}

func answerSignature() error {
	c := curve.P256()
	d, err := c.Scalar(known(answerECDSAKey))
	if err != nil {
		return err
	}
	q, err := c.Point(known(answerECDSAX), known(answerECDSAY))
	if err != nil {
		return err
	}
	// The nonce is a random number, reduced, plus one.
	nonce := known(answerECDSANonce)
	nonce[len(nonce)-1]--
	digest := hashOf(wire.AlgSHA256, []byte("sample"))
	s, err := ecc.SignECDSA(c, d, digest, fixedRandom(nonce))
	if err != nil {
		return err
	}
	if !ecc.VerifyECDSA(c, q, digest, s) {
		return errWrongAnswer
	}
	return errors.Join(expect(s.R, answerECDSAR), expect(s.S, answerECDSAS))
}

func answerAgreement() error {
	c := curve.P256()
	d, err := c.Scalar(known(answerECDHKey))
	if err != nil {
		return err
	}
	q, err := c.Point(known(answerECDHX), known(answerECDHY))
	if err != nil {
		return err
	}
	z, err := ecc.ECDH(c, d, q)
	if err != nil {
		return err
	}
	return expect(z.X(), answerECDHZ)
}

func answerSchnorr() error {
	c := curve.P256()
	q, err := c.Point(known(answerSchnorrX), known(answerSchnorrY))
	if err != nil {
		return err
	}
	s := ecc.Signature{R: known(answerSchnorrR), S: known(answerSchnorrS)}
	if !ecc.VerifySchnorr(c, q, hashFunc(wire.AlgSHA256), known(answerSchnorrDigest), s) {
		return errWrongAnswer
	}
	return nil
}

// answerEncapsulation tests HKDF by what alone uses it.
func answerEncapsulation() error {
	c := curve.P256()
	kem, _ := ecc.KEMOf(c)
	d, err := c.Scalar(known(answerKEMKey))
	if err != nil {
		return err
	}
	secret, err := kem.Decapsulate(d, known(answerKEMCiphertext))
	if err != nil {
		return err
	}
	return expect(secret, answerKEM)
}
