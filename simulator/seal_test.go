package simulator_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"testing"

	"github.com/google/go-tpm/tpm2"
	"github.com/google/go-tpm/tpm2/transport"

	"govtpm/simulator"
)

// selection selects PCRs of the SHA-256 bank.
func selection(pcrs ...uint) tpm2.TPMLPCRSelection {
	return tpm2.TPMLPCRSelection{PCRSelections: []tpm2.TPMSPCRSelection{
		{Hash: tpm2.TPMAlgSHA256, PCRSelect: tpm2.PCClientCompatible.PCRs(pcrs...)},
	}}
}

// readPCR is the value of one PCR of the SHA-256 bank.
func readPCR(t testing.TB, sim *simulator.Simulator, pcr uint) []byte {
	t.Helper()
	rsp := must(t, tpm2.PCRRead{PCRSelectionIn: selection(pcr)}, sim)
	if len(rsp.PCRValues.Digests) != 1 {
		t.Fatalf("PCR_Read: %d values", len(rsp.PCRValues.Digests))
	}
	return rsp.PCRValues.Digests[0].Buffer
}

// extend extends one PCR of the SHA-256 bank with the digest of data.
func extend(t testing.TB, sim *simulator.Simulator, pcr uint, data string) {
	t.Helper()
	digest := sha256.Sum256([]byte(data))
	must(t, tpm2.PCRExtend{
		PCRHandle: tpm2.AuthHandle{Handle: tpm2.TPMHandle(pcr), Auth: tpm2.PasswordAuth(nil)},
		Digests: tpm2.TPMLDigestValues{Digests: []tpm2.TPMTHA{
			{HashAlg: tpm2.TPMAlgSHA256, Digest: digest[:]},
		}},
	}, sim)
}

func TestPCR(t *testing.T) {
	sim := get(t)
	if got := readPCR(t, sim, 16); !bytes.Equal(got, make([]byte, 32)) {
		t.Errorf("PCR 16 at the start: %x", got)
	}
	if got := readPCR(t, sim, 17); !bytes.Equal(got, bytes.Repeat([]byte{0xFF}, 32)) {
		t.Errorf("PCR 17 at the start: %x", got)
	}
	extend(t, sim, 16, "event")
	event := sha256.Sum256([]byte("event"))
	want := sha256.Sum256(append(make([]byte, 32), event[:]...))
	if got := readPCR(t, sim, 16); !bytes.Equal(got, want[:]) {
		t.Errorf("PCR 16 extended: %x, want %x", got, want)
	}
	must(t, tpm2.PCRReset{PCRHandle: tpm2.AuthHandle{Handle: 16, Auth: tpm2.PasswordAuth(nil)}}, sim)
	if got := readPCR(t, sim, 16); !bytes.Equal(got, make([]byte, 32)) {
		t.Errorf("PCR 16 reset: %x", got)
	}
}

// policyPCR binds a policy session to the present value of PCR 16.
func policyPCR(tpm transport.TPM, session tpm2.TPMISHPolicy, _ tpm2.TPM2BNonce) error {
	_, err := tpm2.PolicyPCR{PolicySession: session, Pcrs: selection(16)}.Execute(tpm)
	return err
}

func TestSealToPCR(t *testing.T) {
	sim := get(t)
	extend(t, sim, 16, "the right software")
	trial, end, err := tpm2.PolicySession(sim, tpm2.TPMAlgSHA256, 16, tpm2.Trial())
	if err != nil {
		t.Fatal(err)
	}
	if err := policyPCR(sim, trial.Handle(), trial.NonceTPM()); err != nil {
		t.Fatal(err)
	}
	policy := must(t, tpm2.PolicyGetDigest{PolicySession: trial.Handle()}, sim).PolicyDigest
	if err := end(); err != nil {
		t.Fatal(err)
	}

	srk := primary(t, sim, tpm2.TPMRHOwner, tpm2.ECCSRKTemplate, nil)
	secret := []byte("the secret")
	sealed := child(t, sim, srk, tpm2.TPMTPublic{
		Type: tpm2.TPMAlgKeyedHash, NameAlg: tpm2.TPMAlgSHA256,
		ObjectAttributes: tpm2.TPMAObject{FixedTPM: true, FixedParent: true, NoDA: true},
		AuthPolicy:       policy,
	}, tpm2.TPMSSensitiveCreate{Data: tpm2.NewTPMUSensitiveCreate(&tpm2.TPM2BSensitiveData{Buffer: secret})})

	unseal := tpm2.Unseal{ItemHandle: sealed.auth(tpm2.Policy(tpm2.TPMAlgSHA256, 16, policyPCR, tpm2.AESEncryption(128, tpm2.EncryptOut)))}
	if got := must(t, unseal, sim).OutData.Buffer; !bytes.Equal(got, secret) {
		t.Errorf("unsealed %q", got)
	}
	if _, err := (tpm2.Unseal{ItemHandle: sealed.auth(tpm2.PasswordAuth(nil))}).Execute(sim); !errors.Is(err, tpm2.TPMRCAuthUnavailable) {
		t.Errorf("without the policy: %v", err)
	}
	extend(t, sim, 16, "something else")
	if _, err := unseal.Execute(sim); !errors.Is(err, tpm2.TPMRCPolicyFail) {
		t.Errorf("with other software: %v", err)
	}
}
