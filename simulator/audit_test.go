package simulator_test

import (
	"bytes"
	"crypto/sha256"
	"testing"

	"github.com/google/go-tpm/tpm2"
)

func TestAuditSession(t *testing.T) {
	sim := get(t)
	session, end, err := tpm2.HMACSession(sim, tpm2.TPMAlgSHA256, 16, tpm2.Audit())
	if err != nil {
		t.Fatal(err)
	}
	defer end()
	ak := primary(t, sim, tpm2.TPMRHEndorsement, ecSigner(true), nil)
	audit, err := tpm2.NewAudit(tpm2.TPMAlgSHA256)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		cmd := tpm2.GetCapability{Capability: tpm2.TPMCapTPMProperties, Property: uint32(tpm2.TPMPTManufacturer), PropertyCount: 1}
		if err := tpm2.AuditCommand(audit, cmd, must(t, cmd, sim, session)); err != nil {
			t.Fatal(err)
		}
	}
	rsp := must(t, tpm2.GetSessionAuditDigest{
		PrivacyAdminHandle: tpm2.TPMRHEndorsement, SignHandle: ak.auth(tpm2.PasswordAuth(nil)), SessionHandle: session.Handle(),
		QualifyingData: tpm2.TPM2BData{Buffer: []byte("nonce")},
	}, sim)
	attest, err := rsp.AuditInfo.Contents()
	if err != nil {
		t.Fatal(err)
	}
	info, err := attest.Attested.SessionAudit()
	if err != nil {
		t.Fatal(err)
	}
	if want := audit.Digest(); !bytes.Equal(info.SessionDigest.Buffer, want) {
		t.Errorf("audit digest %x, want %x", info.SessionDigest.Buffer, want)
	}
	digest := sha256.Sum256(rsp.AuditInfo.Bytes())
	verify(t, &ak.public, digest[:], &rsp.Signature)
}
