package nvstate_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"hash"
	"reflect"
	"testing"

	"govtpm/tpm2/nvstate"
	"govtpm/tpm2/wire"
)

var hashes = []struct {
	alg wire.Alg
	new func() hash.Hash
}{
	{wire.AlgSHA1, sha1.New}, {wire.AlgSHA256, sha256.New}, {wire.AlgSHA384, sha512.New384}, {wire.AlgSHA512, sha512.New},
}

// Sequences in progress inside libtpms end here with the right digests.
func TestHashStateOfLibtpms(t *testing.T) {
	v, err := nvstate.DecodeVolatile(goldens(t, "volatile-0.9.2-hash-sequences")[0].blob)
	if err != nil {
		t.Fatal(err)
	}
	finish := func(name string, s *nvstate.HashState, fresh hash.Hash, message string) {
		t.Helper()
		h, err := s.Resume()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		h.Write([]byte("end"))
		fresh.Write([]byte(message + "end"))
		if got, want := h.Sum(nil), fresh.Sum(nil); !bytes.Equal(got, want) {
			t.Errorf("%s: %x, want %x", name, got, want)
		}
	}
	finish("SHA-256", &v.Objects[0].Sequence.Hashes[0], sha256.New(), "abc")
	finish("SHA-512", &v.Objects[1].Sequence.Hashes[0], sha512.New(), string(bytes.Repeat([]byte("a"), 200)))
	event := v.Objects[2].Sequence
	if v.Objects[2].Attributes&nvstate.ObjectEventSeq == 0 {
		t.Fatal("slot 2 is no event sequence")
	}
	for i, h := range hashes {
		if event.Hashes[i].Hash != h.alg {
			t.Errorf("element %d is %s", i, event.Hashes[i].Hash)
		}
		finish("event", &event.Hashes[i], h.new(), "event data")
	}
}

func TestHMACStateOfLibtpms(t *testing.T) {
	v, err := nvstate.DecodeVolatile(goldens(t, "volatile-0.9.2-hmac-sequence")[0].blob)
	if err != nil {
		t.Fatal(err)
	}
	p, err := nvstate.DecodePermanent(goldens(t, "permanent-0.9.2-children")[0].blob)
	if err != nil {
		t.Fatal(err)
	}
	var key []byte
	for _, e := range p.NV.Entries {
		if e.Object != nil && e.Object.Handle == 0x81000005 {
			key = e.Object.Object.Sensitive
		}
	}
	for _, slot := range v.Objects {
		if slot.Attributes&nvstate.ObjectHMACSeq == 0 {
			continue
		}
		inner, err := slot.Sequence.HMAC.Resume()
		if err != nil {
			t.Fatal(err)
		}
		outer := sha256.New()
		outer.Write(slot.Sequence.HMACKey)
		outer.Write(inner.Sum(nil))
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte("mac me"))
		if got, want := outer.Sum(nil), mac.Sum(nil); !hmac.Equal(got, want) {
			t.Errorf("%x, want %x", got, want)
		}
		return
	}
	t.Fatal("no HMAC sequence")
}

// A computation stopped after any number of bytes goes on where it was.
func TestHashStateCaptureAndResume(t *testing.T) {
	message := bytes.Repeat([]byte("0123456789"), 30)
	for _, h := range hashes {
		want := h.new()
		want.Write(message)
		for n := range message {
			part := h.new()
			part.Write(message[:n])
			state, err := nvstate.CaptureHash(nvstate.HashStateHash, h.alg, part)
			if err != nil {
				t.Fatal(err)
			}
			if state.Bits != uint64(n)*8 || int(state.Buffered) != n%part.BlockSize() {
				t.Fatalf("%s after %d bytes: %d bits, %d buffered", h.alg, n, state.Bits, state.Buffered)
			}
			rest, err := state.Resume()
			if err != nil {
				t.Fatal(err)
			}
			rest.Write(message[n:])
			if !bytes.Equal(rest.Sum(nil), want.Sum(nil)) {
				t.Fatalf("%s stopped after %d bytes", h.alg, n)
			}
		}
	}
}

// The captured state is what libtpms writes for the same computation.
func TestHashStateCaptureIsThatOfLibtpms(t *testing.T) {
	v, err := nvstate.DecodeVolatile(goldens(t, "volatile-0.9.2-hash-sequences")[0].blob)
	if err != nil {
		t.Fatal(err)
	}
	h := sha256.New()
	h.Write([]byte("abc"))
	state, err := nvstate.CaptureHash(nvstate.HashStateHash, wire.AlgSHA256, h)
	if err != nil || !reflect.DeepEqual(state, v.Objects[0].Sequence.Hashes[0]) {
		t.Errorf("%+v, %v", state, err)
	}
}

func TestHashStateRefusals(t *testing.T) {
	good := func() nvstate.HashState {
		s, err := nvstate.CaptureHash(nvstate.HashStateHash, wire.AlgSHA256, sha256.New())
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	for name, test := range map[string]struct {
		change func(*nvstate.HashState)
		kind   nvstate.Kind
	}{
		"empty":             {func(s *nvstate.HashState) { s.Type = nvstate.HashStateEmpty }, nvstate.ErrHash},
		"block cipher MAC":  {func(s *nvstate.HashState) { s.Type = nvstate.HashStateMAC }, nvstate.ErrHash},
		"unknown hash":      {func(s *nvstate.HashState) { s.Hash = wire.AlgSM3_256 }, nvstate.ErrHash},
		"short chain":       {func(s *nvstate.HashState) { s.Chain = s.Chain[1:] }, nvstate.ErrSize},
		"short block":       {func(s *nvstate.HashState) { s.Block = nil }, nvstate.ErrSize},
		"bits, not bytes":   {func(s *nvstate.HashState) { s.Bits = 3 }, nvstate.ErrValue},
		"buffered too many": {func(s *nvstate.HashState) { s.Buffered = 1 }, nvstate.ErrValue},
		"too long":          {func(s *nvstate.HashState) { s.BitsHigh = 1 }, nvstate.ErrValue},
	} {
		s := good()
		test.change(&s)
		if _, err := s.Resume(); !errors.Is(err, test.kind) {
			t.Errorf("%s: %v, want %v", name, err, test.kind)
		}
	}
	if _, err := nvstate.CaptureHash(nvstate.HashStateHash, wire.AlgSHA1, sha256.New()); !errors.Is(err, nvstate.ErrHash) {
		t.Errorf("SHA-256 as SHA-1: %v", err)
	}
}
