package nvstate_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"errors"
	"reflect"
	"testing"

	"govtpm/tpm2/nvstate"
	"govtpm/tpm2/wire"
)

// openContext decrypts a saved context of libtpms with the proof of its hierarchy and gives the payload. Key and IV come
// from KDFa with the sequence and the saved handle in little-endian order; the plain text begins with the sequence.
func openContext(t *testing.T, name string, p *nvstate.Permanent, v *nvstate.Volatile) []byte {
	t.Helper()
	blob := goldens(t, name)[0].blob
	sequence, handle := binary.BigEndian.Uint64(blob), binary.BigEndian.Uint32(blob[8:])
	var proof []byte
	switch wire.Handle(binary.BigEndian.Uint32(blob[12:])) {
	case wire.RHOwner:
		proof = p.Data.SHProof
	case wire.RHNull:
		proof = v.StateReset.NullProof
	default:
		t.Fatal("unexpected hierarchy")
	}
	body := blob[18+66:]
	mac := hmac.New(sha512.New, proof)
	mac.Write([]byte{0, 0, 0, 1})
	mac.Write([]byte("CONTEXT\x00"))
	mac.Write(binary.LittleEndian.AppendUint64(nil, sequence))
	mac.Write(binary.LittleEndian.AppendUint32(nil, handle))
	mac.Write([]byte{0, 0, 1, 0x80})
	key := mac.Sum(nil)
	block, err := aes.NewCipher(key[:32])
	if err != nil {
		t.Fatal(err)
	}
	plain := make([]byte, len(body))
	//lint:ignore SA1019 the standard prescribes CFB
	cipher.NewCFBDecrypter(block, key[32:48]).XORKeyStream(plain, body)
	if binary.LittleEndian.Uint64(plain) != sequence {
		t.Fatalf("the context does not decrypt")
	}
	return plain[8:]
}

func contextState(t *testing.T) (*nvstate.Permanent, *nvstate.Volatile) {
	t.Helper()
	p, err := nvstate.DecodePermanent(goldens(t, "permanent-0.9.2-contexts")[0].blob)
	if err != nil {
		t.Fatal(err)
	}
	v, err := nvstate.DecodeVolatile(goldens(t, "volatile-0.9.2-contexts")[0].blob)
	if err != nil {
		t.Fatal(err)
	}
	return p, v
}

// The payloads of contexts saved by libtpms 0.9.2 are written again as they were.
func TestContextObjectGolden(t *testing.T) {
	p, v := contextState(t)
	for _, name := range []string{"context-0.9.2-object", "context-0.9.2-sequence"} {
		payload := openContext(t, name, p, v)
		object, err := nvstate.DecodeContextObject(payload)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		again, err := nvstate.EncodeContextObject(object, nvstate.LevelNull)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		sameBytes(t, again, payload)
		for n := range payload {
			if _, err := nvstate.DecodeContextObject(payload[:n]); !errors.Is(err, nvstate.ErrTruncated) {
				t.Fatalf("%s cut to %d bytes: %v", name, n, err)
			}
		}
	}
	// The contexts are of the objects that are in the slots.
	object, err := nvstate.DecodeContextObject(openContext(t, "context-0.9.2-object", p, v))
	if err != nil || !reflect.DeepEqual(*object, v.Objects[0]) {
		t.Errorf("the saved object is not the one in slot 0: %v", err)
	}
	sequence, err := nvstate.DecodeContextObject(openContext(t, "context-0.9.2-sequence", p, v))
	if err != nil || !reflect.DeepEqual(*sequence, v.Objects[1]) {
		t.Errorf("the saved sequence is not the one in slot 1: %v", err)
	}
}

func TestContextSessionGolden(t *testing.T) {
	p, v := contextState(t)
	policy, err := nvstate.DecodeContextSession(openContext(t, "context-0.9.2-policy-session", p, v))
	if err != nil {
		t.Fatal(err)
	}
	digest := policyCommandCode(0x131)
	if policy.Attributes != nvstate.SessionIsPolicy || policy.CommandCode != 0x131 || policy.AuthHashAlg != wire.AlgSHA256 ||
		!bytes.Equal(policy.U2, digest) || len(policy.NonceTPM) != 16 || policy.Epoch != 1 ||
		policy.Symmetric != (wire.TPMTSymDef{Algorithm: wire.AlgAES, KeyBits: 128, Mode: wire.AlgCFB}) {
		t.Errorf("policy session %+v", policy)
	}
	payload := openContext(t, "context-0.9.2-bound-session", p, v)
	bound, err := nvstate.DecodeContextSession(payload)
	if err != nil {
		t.Fatal(err)
	}
	entity := append([]byte{0x40, 0, 0, 0x0A}, make([]byte, 64)...)
	if bound.Attributes&nvstate.SessionIsBound == 0 || !bytes.Equal(bound.U1, entity) || len(bound.NonceTPM) != 32 ||
		len(bound.SessionKey) != 48 || bound.Symmetric != (wire.TPMTSymDef{Algorithm: wire.AlgXOR, Hash: wire.AlgSHA256}) {
		t.Errorf("bound session %+v", bound)
	}
	for _, s := range []*nvstate.Session{policy, bound} {
		again, err := nvstate.EncodeContextSession(s)
		if err != nil {
			t.Fatal(err)
		}
		back, err := nvstate.DecodeContextSession(again)
		if err != nil || !reflect.DeepEqual(back, s) {
			t.Errorf("written and read again: %+v, %v", back, err)
		}
	}
	again, _ := nvstate.EncodeContextSession(bound)
	sameBytes(t, again, payload)
}

// policyCommandCode is the policy digest of TPM2_PolicyCommandCode alone with SHA-256 (Part 3, 23.11).
func policyCommandCode(cc uint32) []byte {
	message := binary.BigEndian.AppendUint32(make([]byte, 32), uint32(wire.CCPolicyCommandCode))
	digest := sha256.Sum256(binary.BigEndian.AppendUint32(message, cc))
	return digest[:]
}

func TestContextSessionErrors(t *testing.T) {
	valid, err := nvstate.EncodeContextSession(&nvstate.Session{Symmetric: wire.TPMTSymDef{Algorithm: wire.AlgNull}})
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		change func([]byte) []byte
		kind   nvstate.Kind
	}{
		"short":       {func(b []byte) []byte { return b[:311] }, nvstate.ErrSize},
		"long":        {func(b []byte) []byte { return append(b, 0) }, nvstate.ErrSize},
		"session key": {func(b []byte) []byte { b[42] = 65; return b }, nvstate.ErrSize},
		"nonce":       {func(b []byte) []byte { b[109] = 1; return b }, nvstate.ErrSize},
		"u1":          {func(b []byte) []byte { b[174] = 69; return b }, nvstate.ErrSize},
		"u2":          {func(b []byte) []byte { b[244] = 65; return b }, nvstate.ErrSize},
	} {
		if _, err := nvstate.DecodeContextSession(test.change(bytes.Clone(valid))); !errors.Is(err, test.kind) {
			t.Errorf("%s: %v, want %v", name, err, test.kind)
		}
	}
	bad := bytes.Clone(valid)
	bad[36] = 0xEE
	if _, err := nvstate.DecodeContextSession(bad); err == nil {
		t.Error("unknown symmetric algorithm accepted")
	}
	if _, err := nvstate.EncodeContextSession(&nvstate.Session{U1: make([]byte, 69)}); !errors.Is(err, nvstate.ErrSize) {
		t.Errorf("long u1: %v", err)
	}
}
