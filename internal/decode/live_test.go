package decode

import (
	"bytes"
	"encoding/hex"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-tpm/tpm2"

	"govtpm/simulator"
)

// recorder decodes what a client and a TPM say to each other.
type recorder struct {
	sim *simulator.Simulator
	d   *Decoder
}

func (r *recorder) Send(cmd []byte) ([]byte, error) {
	r.d.Command(cmd)
	rsp, err := r.sim.Send(cmd)
	if err == nil {
		r.d.Response(rsp)
	}
	return rsp, err
}

// Everything that a client and a TPM say is understood, and no secret is told.
func TestConversation(t *testing.T) {
	sim, err := simulator.Get()
	if err != nil {
		t.Fatal(err)
	}
	defer sim.Close()
	var out bytes.Buffer
	r := &recorder{sim, New(&out, Options{Full: true})}
	converse(t, r)
	text := out.String()
	if bad := regexp.MustCompile(`.*(not understood|breaks a rule|missing|of which).*`).FindAllString(text, -1); bad != nil {
		t.Errorf("%s\n%s", strings.Join(bad, "\n"), text)
	}
	for _, secret := range []string{"passphrase", "sealed data"} {
		if strings.Contains(text, secret) || strings.Contains(text, hex.EncodeToString([]byte(secret))) {
			t.Errorf("%q is told", secret)
		}
	}
	for _, want := range []string{
		"TPM2_CreatePrimary (Part 3, 24.1)", "primaryHandle: TPM_RH_OWNER", "handle: transient 0x80000000", "inSensitive: hidden",
		"outData: encrypted: ", "quoted:\n        type: TPM_ST_ATTEST_QUOTE", "authorization value: hidden, 10 bytes",
		"TPM_RC_AUTH_FAIL (session 1)", "capability: TPM_CAP_TPM_PROPERTIES", "nvIndex: NV index 0x01800001",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not said", want)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
}

func converse(t *testing.T, r *recorder) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	password := tpm2.TPM2BAuth{Buffer: []byte("passphrase")}
	primary, err := tpm2.CreatePrimary{
		PrimaryHandle: tpm2.TPMRHOwner,
		InSensitive:   tpm2.TPM2BSensitiveCreate{Sensitive: &tpm2.TPMSSensitiveCreate{UserAuth: password}},
		InPublic:      tpm2.New2B(tpm2.ECCSRKTemplate),
	}.Execute(r)
	must(err)
	parent := tpm2.AuthHandle{Handle: primary.ObjectHandle, Name: primary.Name, Auth: tpm2.PasswordAuth(password.Buffer)}
	sealed, err := tpm2.CreateLoaded{
		ParentHandle: parent,
		InSensitive: tpm2.TPM2BSensitiveCreate{Sensitive: &tpm2.TPMSSensitiveCreate{
			UserAuth: password, Data: tpm2.NewTPMUSensitiveCreate(&tpm2.TPM2BSensitiveData{Buffer: []byte("sealed data")})}},
		InPublic: tpm2.New2BTemplate(&tpm2.TPMTPublic{
			Type: tpm2.TPMAlgKeyedHash, NameAlg: tpm2.TPMAlgSHA256,
			ObjectAttributes: tpm2.TPMAObject{FixedTPM: true, FixedParent: true, UserWithAuth: true},
		}),
	}.Execute(r)
	must(err)
	item := tpm2.AuthHandle{Handle: sealed.ObjectHandle, Name: sealed.Name, Auth: tpm2.PasswordAuth(password.Buffer)}
	_, err = tpm2.Unseal{ItemHandle: item}.Execute(r)
	must(err)
	item.Auth = tpm2.HMAC(tpm2.TPMAlgSHA256, 16, tpm2.Auth(password.Buffer), tpm2.AESEncryption(128, tpm2.EncryptOut))
	_, err = tpm2.Unseal{ItemHandle: item}.Execute(r)
	must(err)
	item.Auth = tpm2.PasswordAuth([]byte("a wrong passphrase"))
	if _, err = (tpm2.Unseal{ItemHandle: item}).Execute(r); err == nil {
		t.Error("unsealed by a wrong passphrase")
	}
	flush := func(h tpm2.TPMHandle) {
		_, err := tpm2.FlushContext{FlushHandle: h}.Execute(r)
		must(err)
	}
	flush(sealed.ObjectHandle)

	ak, err := tpm2.CreatePrimary{PrimaryHandle: tpm2.TPMRHEndorsement, InPublic: tpm2.New2B(tpm2.TPMTPublic{
		Type: tpm2.TPMAlgECC, NameAlg: tpm2.TPMAlgSHA256,
		ObjectAttributes: tpm2.TPMAObject{FixedTPM: true, FixedParent: true, SensitiveDataOrigin: true, UserWithAuth: true, SignEncrypt: true, Restricted: true},
		Parameters: tpm2.NewTPMUPublicParms(tpm2.TPMAlgECC, &tpm2.TPMSECCParms{CurveID: tpm2.TPMECCNistP256,
			Scheme: tpm2.TPMTECCScheme{Scheme: tpm2.TPMAlgECDSA, Details: tpm2.NewTPMUAsymScheme(tpm2.TPMAlgECDSA, &tpm2.TPMSSigSchemeECDSA{HashAlg: tpm2.TPMAlgSHA256})}}),
	})}.Execute(r)
	must(err)
	key := tpm2.AuthHandle{Handle: ak.ObjectHandle, Name: ak.Name, Auth: tpm2.PasswordAuth(nil)}
	pcrs := tpm2.TPMLPCRSelection{PCRSelections: []tpm2.TPMSPCRSelection{{Hash: tpm2.TPMAlgSHA256, PCRSelect: tpm2.PCClientCompatible.PCRs(0, 7)}}}
	_, err = tpm2.Quote{SignHandle: key, QualifyingData: tpm2.TPM2BData{Buffer: []byte("nonce")}, InScheme: tpm2.TPMTSigScheme{Scheme: tpm2.TPMAlgNull}, PCRSelect: pcrs}.Execute(r)
	must(err)
	_, err = tpm2.ReadPublic{ObjectHandle: ak.ObjectHandle}.Execute(r)
	must(err)
	_, err = tpm2.PCRRead{PCRSelectionIn: pcrs}.Execute(r)
	must(err)
	_, err = tpm2.GetCapability{Capability: tpm2.TPMCapTPMProperties, Property: uint32(tpm2.TPMPTFamilyIndicator), PropertyCount: 60}.Execute(r)
	must(err)
	_, err = tpm2.Hash{Data: tpm2.TPM2BMaxBuffer{Buffer: []byte("data")}, HashAlg: tpm2.TPMAlgSHA256, Hierarchy: tpm2.TPMRHNull}.Execute(r)
	must(err)
	_, err = tpm2.ReadClock{}.Execute(r)
	must(err)

	public := tpm2.TPMSNVPublic{NVIndex: 0x01800001, NameAlg: tpm2.TPMAlgSHA256, DataSize: 8,
		Attributes: tpm2.TPMANV{OwnerWrite: true, OwnerRead: true, AuthRead: true, AuthWrite: true, NT: tpm2.TPMNTOrdinary}}
	_, err = tpm2.NVDefineSpace{AuthHandle: tpm2.TPMRHOwner, Auth: password, PublicInfo: tpm2.New2B(public)}.Execute(r)
	must(err)
	_, err = tpm2.NVReadPublic{NVIndex: public.NVIndex}.Execute(r)
	must(err)

	session, end, err := tpm2.PolicySession(r, tpm2.TPMAlgSHA256, 16)
	must(err)
	_, err = tpm2.PolicyPCR{PolicySession: session.Handle(), Pcrs: pcrs}.Execute(r)
	must(err)
	_, err = tpm2.PolicyGetDigest{PolicySession: session.Handle()}.Execute(r)
	must(err)
	must(end())
	saved, err := tpm2.ContextSave{SaveHandle: primary.ObjectHandle}.Execute(r)
	must(err)
	flush(primary.ObjectHandle)
	_, err = tpm2.ContextLoad{Context: saved.Context}.Execute(r)
	must(err)
}
