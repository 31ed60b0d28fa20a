package simulator_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"math/big"
	"testing"

	"github.com/google/go-tpm/tpm2"

	"govtpm/simulator"
)

// key is a loaded key.
type key struct {
	handle tpm2.TPMHandle
	name   tpm2.TPM2BName
	public tpm2.TPMTPublic
}

func (k key) auth(s tpm2.Session) tpm2.AuthHandle {
	return tpm2.AuthHandle{Handle: k.handle, Name: k.name, Auth: s}
}

// primary makes a primary key.
func primary(t testing.TB, sim *simulator.Simulator, hierarchy tpm2.TPMHandle, template tpm2.TPMTPublic, auth []byte) key {
	t.Helper()
	rsp := must(t, tpm2.CreatePrimary{
		PrimaryHandle: hierarchy,
		InSensitive:   tpm2.TPM2BSensitiveCreate{Sensitive: &tpm2.TPMSSensitiveCreate{UserAuth: tpm2.TPM2BAuth{Buffer: auth}}},
		InPublic:      tpm2.New2B(template),
	}, sim)
	public, err := rsp.OutPublic.Contents()
	if err != nil {
		t.Fatal(err)
	}
	return key{rsp.ObjectHandle, rsp.Name, *public}
}

// child makes a key below a parent without authValue and loads it.
func child(t testing.TB, sim *simulator.Simulator, parent key, template tpm2.TPMTPublic, sensitive tpm2.TPMSSensitiveCreate) key {
	t.Helper()
	made := must(t, tpm2.Create{
		ParentHandle: parent.auth(tpm2.PasswordAuth(nil)),
		InSensitive:  tpm2.TPM2BSensitiveCreate{Sensitive: &sensitive},
		InPublic:     tpm2.New2B(template),
	}, sim)
	loaded := must(t, tpm2.Load{
		ParentHandle: parent.auth(tpm2.PasswordAuth(nil)), InPrivate: made.OutPrivate, InPublic: made.OutPublic,
	}, sim)
	public, err := made.OutPublic.Contents()
	if err != nil {
		t.Fatal(err)
	}
	return key{loaded.ObjectHandle, loaded.Name, *public}
}

func flush(t testing.TB, sim *simulator.Simulator, k key) {
	t.Helper()
	must(t, tpm2.FlushContext{FlushHandle: k.handle}, sim)
}

// ecSigner is the template of a P-256 key for ECDSA with SHA-256.
func ecSigner(restricted bool) tpm2.TPMTPublic {
	return tpm2.TPMTPublic{
		Type: tpm2.TPMAlgECC, NameAlg: tpm2.TPMAlgSHA256,
		ObjectAttributes: tpm2.TPMAObject{
			FixedTPM: true, FixedParent: true, SensitiveDataOrigin: true, UserWithAuth: true, NoDA: true,
			SignEncrypt: true, Restricted: restricted,
		},
		Parameters: tpm2.NewTPMUPublicParms(tpm2.TPMAlgECC, &tpm2.TPMSECCParms{
			CurveID: tpm2.TPMECCNistP256,
			Scheme: tpm2.TPMTECCScheme{
				Scheme: tpm2.TPMAlgECDSA, Details: tpm2.NewTPMUAsymScheme(tpm2.TPMAlgECDSA, &tpm2.TPMSSigSchemeECDSA{HashAlg: tpm2.TPMAlgSHA256}),
			},
		}),
	}
}

// rsaSigner is the template of a 2048-bit key for RSASSA with SHA-256.
func rsaSigner() tpm2.TPMTPublic {
	return tpm2.TPMTPublic{
		Type: tpm2.TPMAlgRSA, NameAlg: tpm2.TPMAlgSHA256,
		ObjectAttributes: tpm2.TPMAObject{
			FixedTPM: true, FixedParent: true, SensitiveDataOrigin: true, UserWithAuth: true, NoDA: true, SignEncrypt: true,
		},
		Parameters: tpm2.NewTPMUPublicParms(tpm2.TPMAlgRSA, &tpm2.TPMSRSAParms{
			KeyBits: 2048,
			Scheme: tpm2.TPMTRSAScheme{
				Scheme: tpm2.TPMAlgRSASSA, Details: tpm2.NewTPMUAsymScheme(tpm2.TPMAlgRSASSA, &tpm2.TPMSSigSchemeRSASSA{HashAlg: tpm2.TPMAlgSHA256}),
			},
		}),
	}
}

// verify checks a signature over digest with the cryptography of Go.
func verify(t testing.TB, public *tpm2.TPMTPublic, digest []byte, sig *tpm2.TPMTSignature) {
	t.Helper()
	pub, err := tpm2.Pub(*public)
	if err != nil {
		t.Fatal(err)
	}
	switch pub := pub.(type) {
	case *ecdsa.PublicKey:
		s, err := sig.Signature.ECDSA()
		if err != nil {
			t.Fatal(err)
		}
		if !ecdsa.Verify(pub, digest, new(big.Int).SetBytes(s.SignatureR.Buffer), new(big.Int).SetBytes(s.SignatureS.Buffer)) {
			t.Error("bad ECDSA signature")
		}
	case *rsa.PublicKey:
		s, err := sig.Signature.RSASSA()
		if err != nil {
			t.Fatal(err)
		}
		if err := rsa.VerifyPKCS1v15(pub, crypto.SHA256, digest, s.Sig.Buffer); err != nil {
			t.Errorf("bad RSASSA signature: %v", err)
		}
	default:
		t.Fatalf("a key of type %T", pub)
	}
}

func TestSignVerify(t *testing.T) {
	for name, template := range map[string]tpm2.TPMTPublic{"ECC": ecSigner(false), "RSA": rsaSigner()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim := get(t)
			srk := primary(t, sim, tpm2.TPMRHOwner, tpm2.ECCSRKTemplate, nil)
			auth := []byte("pass")
			signer := child(t, sim, srk, template, tpm2.TPMSSensitiveCreate{UserAuth: tpm2.TPM2BAuth{Buffer: auth}})
			digest := sha256.Sum256([]byte("message"))
			sign := tpm2.Sign{
				KeyHandle:  signer.auth(tpm2.PasswordAuth(auth)),
				Digest:     tpm2.TPM2BDigest{Buffer: digest[:]},
				Validation: tpm2.TPMTTKHashCheck{Tag: tpm2.TPMSTHashCheck, Hierarchy: tpm2.TPMRHNull},
			}
			sig := must(t, sign, sim).Signature
			verify(t, &signer.public, digest[:], &sig)
			check := tpm2.VerifySignature{KeyHandle: signer.handle, Digest: sign.Digest, Signature: sig}
			must(t, check, sim)

			other := sha256.Sum256([]byte("another message"))
			check.Digest.Buffer = other[:]
			if _, err := check.Execute(sim); !errors.Is(err, tpm2.TPMRCSignature) {
				t.Errorf("another message: %v", err)
			}
			sign.KeyHandle = signer.auth(tpm2.PasswordAuth([]byte("wrong")))
			if _, err := sign.Execute(sim); !errors.Is(err, tpm2.TPMRCBadAuth) && !errors.Is(err, tpm2.TPMRCAuthFail) {
				t.Errorf("wrong password: %v", err)
			}
		})
	}
}

// parallelWork is what each of many TPMs does at the same time.
func parallelWork(t testing.TB, sim *simulator.Simulator) {
	k := primary(t, sim, tpm2.TPMRHNull, ecSigner(false), nil)
	digest := sha256.Sum256([]byte("message"))
	sig := must(t, tpm2.Sign{
		KeyHandle: k.auth(tpm2.PasswordAuth(nil)), Digest: tpm2.TPM2BDigest{Buffer: digest[:]},
		Validation: tpm2.TPMTTKHashCheck{Tag: tpm2.TPMSTHashCheck, Hierarchy: tpm2.TPMRHNull},
	}, sim).Signature
	verify(t, &k.public, digest[:], &sig)
}
