package simulator_test

import (
	"bytes"
	"crypto/sha256"
	"testing"

	"github.com/google/go-tpm/tpm2"
)

func TestQuote(t *testing.T) {
	sim := get(t)
	ak := primary(t, sim, tpm2.TPMRHEndorsement, ecSigner(true), nil)
	extend(t, sim, 16, "event")
	nonce := []byte("freshness")
	rsp := must(t, tpm2.Quote{
		SignHandle:     ak.auth(tpm2.PasswordAuth(nil)),
		QualifyingData: tpm2.TPM2BData{Buffer: nonce}, PCRSelect: selection(16),
		InScheme: tpm2.TPMTSigScheme{Scheme: tpm2.TPMAlgNull},
	}, sim)
	digest := sha256.Sum256(rsp.Quoted.Bytes())
	verify(t, &ak.public, digest[:], &rsp.Signature)
	attest, err := rsp.Quoted.Contents()
	if err != nil {
		t.Fatal(err)
	}
	quote, err := attest.Attested.Quote()
	if err != nil {
		t.Fatal(err)
	}
	pcrs := sha256.Sum256(readPCR(t, sim, 16))
	if !bytes.Equal(quote.PCRDigest.Buffer, pcrs[:]) || !bytes.Equal(attest.ExtraData.Buffer, nonce) {
		t.Errorf("quote of %x with %q", quote.PCRDigest.Buffer, attest.ExtraData.Buffer)
	}
}

// A session that is salted with one key, bound to another, and encrypts in both directions.
func TestSaltedBoundSession(t *testing.T) {
	for name, template := range map[string]tpm2.TPMTPublic{"ECC": tpm2.ECCSRKTemplate, "RSA": tpm2.RSASRKTemplate} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim := get(t)
			auth := []byte("password of the key")
			srk := primary(t, sim, tpm2.TPMRHOwner, template, auth)
			for cipher, encryption := range map[string]tpm2.AuthOption{
				"in": tpm2.AESEncryption(128, tpm2.EncryptIn), "out": tpm2.AESEncryption(128, tpm2.EncryptOut),
				"both": tpm2.AESEncryption(256, tpm2.EncryptInOut),
			} {
				session, end, err := tpm2.HMACSession(sim, tpm2.TPMAlgSHA256, 16, tpm2.Salted(srk.handle, srk.public),
					tpm2.Bound(srk.handle, srk.name, auth), tpm2.Auth(auth), encryption)
				if err != nil {
					t.Fatal(err)
				}
				for range 2 {
					must(t, tpm2.Create{
						ParentHandle: srk.auth(session),
						InSensitive: tpm2.TPM2BSensitiveCreate{Sensitive: &tpm2.TPMSSensitiveCreate{
							UserAuth: tpm2.TPM2BAuth{Buffer: []byte("new")},
						}},
						InPublic: tpm2.New2B(ecSigner(false)),
					}, sim)
				}
				if err := end(); err != nil {
					t.Errorf("%s: %v", cipher, err)
				}
			}
		})
	}
}
