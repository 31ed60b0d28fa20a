package simulator_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/google/go-tpm/tpm2"

	"govtpm"
	"govtpm/control"
	"govtpm/simulator"
)

// beyondLibtpms is a profile with TPM2_SignDigest and SHA3-256, which libtpms does not have.
const beyondLibtpms = `{"Name":"custom:beyond","Commands":"0x11f-0x122,0x124-0x12e,0x130-0x140,0x142-0x159,0x15b-0x15e,0x160-0x165,` +
	`0x167-0x174,0x176-0x178,0x17a-0x193,0x197,0x199-0x19c,0x1a6","Algorithms":"rsa,sha1,hmac,aes,mgf1,keyedhash,xor,sha256,sha384,` +
	`sha512,null,rsassa,rsaes,rsapss,oaep,ecdsa,ecdh,kdf1-sp800-56a,kdf2,kdf1-sp800-108,ecc,ecc-nist,symcipher,cmac,ctr,ofb,cbc,cfb,` +
	`ecb,sha3-256","Description":"beyond"}`

// signDigest is TPM2_SignDigest (Part 3, 20.7) with a key without authValue; nil if the TPM does not have it.
func signDigest(t *testing.T, sim *simulator.Simulator, key uint32, digest []byte) *tpm2.TPMTSignature {
	t.Helper()
	var c []byte
	u16 := func(v ...uint16) {
		for _, v := range v {
			c = binary.BigEndian.AppendUint16(c, v)
		}
	}
	u32 := func(v ...uint32) {
		for _, v := range v {
			c = binary.BigEndian.AppendUint32(c, v)
		}
	}
	u16(0x8002)
	u32(0, 0x1A6, key, 9, 0x40000009)
	c = append(c, 0, 0, 0, 0, 0) // nonce, attributes, authValue
	u16(0, uint16(len(digest)))  // context
	c = append(c, digest...)     // digest
	u16(0x8024)                  // validation: a NULL ticket
	u32(0x40000007)
	u16(0)
	binary.BigEndian.PutUint32(c[2:], uint32(len(c)))
	rsp, err := sim.Send(c)
	if err != nil {
		t.Fatal(err)
	}
	switch rc := binary.BigEndian.Uint32(rsp[6:]); rc {
	case 0:
	case uint32(tpm2.TPMRCCommandCode):
		return nil
	default:
		t.Fatalf("response code 0x%x", rc)
	}
	sig, err := tpm2.Unmarshal[tpm2.TPMTSignature](rsp[14 : len(rsp)-5])
	if err != nil {
		t.Fatal(err)
	}
	return sig
}

// A TPM with a command beyond libtpms runs it, and goes on with it when its state was saved and loaded.
func TestProfileBeyondLibtpms(t *testing.T) {
	plain := get(t)
	if signDigest(t, plain, 0x81000001, nil) != nil {
		t.Error("TPM2_SignDigest without a profile that names it")
	}

	sim, err := simulator.Open(govtpm.Options{Profile: beyondLibtpms})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sim.Close() })
	signer := primary(t, sim, tpm2.TPMRHOwner, ecSigner(false), nil)
	must(t, tpm2.EvictControl{
		Auth: tpm2.TPMRHOwner, ObjectHandle: &tpm2.NamedHandle{Handle: signer.handle, Name: signer.name}, PersistentHandle: 0x81000001,
	}, sim)
	digest := sha256.Sum256([]byte("message"))
	check := func(what string) {
		t.Helper()
		sig := signDigest(t, sim, 0x81000001, digest[:])
		if sig == nil {
			t.Fatalf("%s: no TPM2_SignDigest", what)
		}
		verify(t, &signer.public, digest[:], sig)
		hash := must(t, tpm2.Hash{Data: tpm2.TPM2BMaxBuffer{Buffer: []byte("x")}, HashAlg: tpm2.TPMAlgSHA3256, Hierarchy: tpm2.TPMRHNull}, sim)
		if len(hash.OutHash.Buffer) != 32 {
			t.Errorf("%s: SHA3-256 gives %x", what, hash.OutHash.Buffer)
		}
	}
	check("new")
	state, _, err := sim.TPM().StateBlob(uint32(control.StatePermanent), true)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(state, []byte(`{"Name":"custom:beyond","StateFormatLevel":8,`)) || !bytes.Contains(state, []byte("0x1a6")) {
		t.Error("the state does not name its profile")
	}
	if err := sim.Reset(); err != nil {
		t.Fatal(err)
	}
	check("after a reboot")
}

// What the engine has no action for cannot be had.
func TestProfileWithoutAction(t *testing.T) {
	for _, change := range []struct{ from, to, want string }{
		{"0x1a6", "0x179", "TPM2_FirmwareRead"},
		{"0x1a6", "0x12f", "TPM2_FieldUpgradeStart"},
		{"0x1a6", "0x1ab", "0x1ab"},
		{"sha3-256", "shake256-256", "shake256-256"},
		{"custom:beyond", "default-v2", "customization"},
	} {
		profile := strings.Replace(beyondLibtpms, change.from, change.to, 1)
		if _, err := simulator.Open(govtpm.Options{Profile: profile}); err == nil || !strings.Contains(err.Error(), change.want) {
			t.Errorf("%s: %v", change.to, err)
		}
	}
}
