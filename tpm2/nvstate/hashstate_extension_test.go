package nvstate_test

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha3"
	"errors"
	"hash"
	"testing"

	"govtpm/internal/crypto/sm3"
	"govtpm/tpm2/nvstate"
	"govtpm/tpm2/wire"
)

var extensionHashes = []struct {
	alg  wire.Alg
	new  func() hash.Hash
	size int
}{
	{wire.AlgSM3_256, sm3.New, 108},
	{wire.AlgSHA3_256, func() hash.Hash { return sha3.New256() }, 201},
	{wire.AlgSHA3_384, func() hash.Hash { return sha3.New384() }, 201},
	{wire.AlgSHA3_512, func() hash.Hash { return sha3.New512() }, 201},
}

func TestHashStateExtensionCaptureAndResume(t *testing.T) {
	message := bytes.Repeat([]byte("0123456789"), 30)
	for _, h := range extensionHashes {
		want := h.new()
		want.Write(message)
		for n := range message {
			part := h.new()
			part.Write(message[:n])
			state, err := nvstate.CaptureHash(nvstate.HashStateHash, h.alg, part)
			if err != nil || len(state.Extension) != h.size {
				t.Fatalf("%v: %d bytes, %v", h.alg, len(state.Extension), err)
			}
			rest, err := throughContext(t, state).Resume()
			if err != nil {
				t.Fatal(err)
			}
			rest.Write(message[n:])
			if !bytes.Equal(rest.Sum(nil), want.Sum(nil)) {
				t.Fatalf("%v stopped after %d bytes", h.alg, n)
			}
		}
	}
}

// throughContext writes a state and reads it again.
func throughContext(t *testing.T, state nvstate.HashState) *nvstate.HashState {
	t.Helper()
	o := nvstate.AnyObject{Attributes: nvstate.ObjectOccupied | nvstate.ObjectHashSeq, Sequence: &nvstate.Sequence{}}
	o.Sequence.Hashes[0] = state
	blob, err := nvstate.EncodeContextObject(&o, nvstate.LevelMax)
	if err != nil {
		t.Fatal(err)
	}
	back, err := nvstate.DecodeContextObject(blob)
	if err != nil {
		t.Fatal(err)
	}
	return &back.Sequence.Hashes[0]
}

func TestHashStateExtensionRefusals(t *testing.T) {
	for _, h := range extensionHashes {
		for name, change := range map[string]func(*nvstate.HashState){
			"empty":     func(s *nvstate.HashState) { s.Type = nvstate.HashStateEmpty },
			"no state":  func(s *nvstate.HashState) { s.Extension = nil },
			"truncated": func(s *nvstate.HashState) { s.Extension = s.Extension[1:] },
			"too long":  func(s *nvstate.HashState) { s.Extension = append(s.Extension, 0) },
		} {
			s, err := nvstate.CaptureHash(nvstate.HashStateHash, h.alg, h.new())
			if err != nil {
				t.Fatal(err)
			}
			change(&s)
			if _, err := s.Resume(); !errors.Is(err, nvstate.ErrHash) {
				t.Errorf("%v, %s: %v", h.alg, name, err)
			}
		}
	}
	overfull := nvstate.HashState{Type: nvstate.HashStateHash, Hash: wire.AlgSHA3_512, Extension: append(make([]byte, 200), 73)}
	if _, err := overfull.Resume(); !errors.Is(err, nvstate.ErrHash) {
		t.Errorf("more bytes taken in than a block has: %v", err)
	}
	if _, err := nvstate.CaptureHash(nvstate.HashStateHash, wire.AlgSHA3_256, sha3.New512()); !errors.Is(err, nvstate.ErrHash) {
		t.Errorf("SHA3-512 as SHA3-256: %v", err)
	}
	if _, err := nvstate.CaptureHash(nvstate.HashStateHash, wire.AlgSHA3_256, sha256.New()); !errors.Is(err, nvstate.ErrHash) {
		t.Errorf("SHA-256 as SHA3-256: %v", err)
	}
}
