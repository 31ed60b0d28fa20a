package inspect

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"strings"
	"testing"

	"govtpm/tpm2/nvstate"
	"govtpm/tpm2/wire"
)

// Sequences that libtpms has no form for are told like the others, and their secrets only if they are asked for.
func TestExtendedSequences(t *testing.T) {
	v, err := nvstate.DecodeVolatile(payload(t, "volatile-0.9.2-started"))
	if err != nil {
		t.Fatal(err)
	}
	running := func(kind nvstate.HashStateType, alg wire.Alg, h hash.Hash, size int) nvstate.HashState {
		h.Write(make([]byte, size))
		s, err := nvstate.CaptureHash(kind, alg, h)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	secret := bytes.Repeat([]byte{0xA5}, 16)
	pad := bytes.Repeat(secret, 4)
	extended := []nvstate.SequenceExtension{
		{Kind: nvstate.SequenceCMAC, Auth: []byte("sq"), CMAC: nvstate.CMACState{Cipher: wire.AlgAES, Key: secret, State: secret}},
		{Kind: nvstate.SequenceSign, Signature: nvstate.SignatureState{Scheme: wire.TPMTSigScheme{Scheme: wire.AlgECDSA, HashAlg: wire.AlgSHA256},
			Hash: running(nvstate.HashStateHash, wire.AlgSHA256, sha256.New(), 70)}},
		{Kind: nvstate.SequenceVerify, Auth: []byte("sq"), Signature: nvstate.SignatureState{
			Scheme: wire.TPMTSigScheme{Scheme: wire.AlgHMAC, HashAlg: wire.AlgSHA256}, OuterPad: pad,
			Hash:            running(nvstate.HashStateHMAC, wire.AlgSHA256, sha256.New(), 64+5),
			TicketHierarchy: wire.RHOwner, Ticket: running(nvstate.HashStateHMAC, wire.AlgSHA512, sha512.New(), 128)}},
	}
	for i := range extended {
		v.Objects[i] = nvstate.AnyObject{Extension: &extended[i]}
	}
	blob, err := v.Encode(nvstate.LevelNull)
	if err != nil {
		t.Fatal(err)
	}
	status, out, stderr := run(blob, "-")
	text := strings.Join(strings.Fields(out), " ") // lines are folded
	for _, want := range []string{
		"Loaded objects: 3", "0x80000000 cmac sequence, aes-128-cmac, authorization set",
		"0x80000001 signing sequence, ecdsa-sha256, 70 bytes so far, authorization empty",
		"0x80000002 verification sequence, hmac-sha256, 5 bytes so far, ticket of hierarchy owner, authorization set",
	} {
		if status != 0 || !strings.Contains(text, want) {
			t.Errorf("status %d, %s: no %q in\n%s", status, stderr, want, out)
		}
	}
	if strings.Contains(text, "a5a5a5") {
		t.Errorf("a key is told:\n%s", out)
	}
	if _, out, _ = run(blob, "--json", "--secrets", "-"); !strings.Contains(out, "a5a5a5a5a5a5") || !strings.Contains(out, `"scheme": "hmac-sha256"`) {
		t.Errorf("%s", out)
	}

	// Of SM2 the digest in front of the message does not count.
	extended[1].Signature.Scheme.Scheme = wire.AlgSM2
	if blob, err = v.Encode(nvstate.LevelNull); err != nil {
		t.Fatal(err)
	}
	if _, out, _ = run(blob, "-"); !strings.Contains(strings.Join(strings.Fields(out), " "), "signing sequence, sm2-sha256, 38 bytes so far") {
		t.Errorf("SM2: %s", out)
	}
}
