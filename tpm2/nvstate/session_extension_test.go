package nvstate_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"reflect"
	"testing"

	"govtpm/tpm2/nvstate"
	"govtpm/tpm2/wire"
)

// channelSession is a session that is used through secure channels between certain keys only.
func channelSession() *nvstate.Session {
	return &nvstate.Session{
		Attributes: nvstate.SessionIsPolicy | nvstate.SessionCheckSecureChannel | nvstate.SessionCheckReqKey | nvstate.SessionCheckTpmKey,
		Symmetric:  wire.TPMTSymDef{Algorithm: wire.AlgNull}, AuthHashAlg: wire.AlgSHA256,
		NonceTPM: bytes.Repeat([]byte{1}, 16), U2: bytes.Repeat([]byte{2}, 32),
		ChannelKeys: bytes.Repeat([]byte{0xA5}, 32),
	}
}

// channelVolatile is volatile state with that session in it.
func channelVolatile(t testing.TB) (*nvstate.Volatile, []byte) {
	t.Helper()
	v, err := nvstate.DecodeVolatile(goldens(t, "volatile-0.9.2-started")[0].blob)
	if err != nil {
		t.Fatal(err)
	}
	v.Sessions[1] = channelSession()
	blob, err := v.Encode(nvstate.LevelMax)
	if err != nil {
		t.Fatal(err)
	}
	return v, blob
}

func TestSessionExtension(t *testing.T) {
	v, blob := channelVolatile(t)
	back, err := nvstate.DecodeVolatile(blob)
	if err != nil || !reflect.DeepEqual(back.Sessions, v.Sessions) {
		t.Fatalf("%+v, %v", back.Sessions[1], err)
	}
	// The block is the one that is empty without.
	if whole := append(unhex(t, "01002a000267e7c4a100020020"), v.Sessions[1].ChannelKeys...); !bytes.Contains(blob, whole) {
		t.Errorf("no block %x", whole)
	}
	v.Sessions[1].ChannelKeys = nil
	if plain, err := v.Encode(nvstate.LevelMax); err != nil || len(blob)-len(plain) != 0x2A {
		t.Errorf("%d bytes more than without, %v", len(blob)-len(plain), err)
	}
	v.Sessions[1].ChannelKeys = make([]byte, 65)
	if _, err := v.Encode(nvstate.LevelMax); !errors.Is(err, nvstate.ErrSize) {
		t.Errorf("a hash of 65 bytes: %v", err)
	}
}

// What a later version of libtpms puts into the block is skipped, as the format wants it.
func TestSessionExtensionOfOthers(t *testing.T) {
	_, blob := channelVolatile(t)
	blob = seal(bytes.Replace(blob, unhex(t, "67e7c4a1"), unhex(t, "12345678"), 1))
	if back, err := nvstate.DecodeVolatile(blob); err != nil || back.Sessions[1].ChannelKeys != nil {
		t.Errorf("%v", err)
	}
}

func TestSessionExtensionDamaged(t *testing.T) {
	_, blob := channelVolatile(t)
	for name, test := range map[string]struct {
		from, to string
		kind     nvstate.Kind
	}{
		"newer":       {"000267e7c4a10002", "000367e7c4a10003", nvstate.ErrVersion},
		"short block": {"01002a000267e7c4a1", "010029000267e7c4a1", nvstate.ErrSize},
		"long block":  {"01002a000267e7c4a1", "01002b000267e7c4a1", nvstate.ErrSize},
		"huge block":  {"01002a000267e7c4a1", "01ffff000267e7c4a1", nvstate.ErrTruncated},
		"long hash":   {"67e7c4a100020020a5", "67e7c4a100020041a5", nvstate.ErrSize},
		"short hash":  {"67e7c4a100020020a5", "67e7c4a10002001fa5", nvstate.ErrSize},
	} {
		damaged := bytes.Replace(blob, unhex(t, test.from), unhex(t, test.to), 1)
		if _, err := nvstate.DecodeVolatile(seal(damaged)); bytes.Equal(damaged, blob) || !errors.Is(err, test.kind) {
			t.Errorf("%s: %v, want %v", name, err, test.kind)
		}
	}
	at := bytes.Index(blob, unhex(t, "67e7c4a1"))
	for n := at - 5; n < at+40; n++ {
		if err := checkVolatile(t, seal(append(bytes.Clone(blob[:n]), make([]byte, 20)...))); err == nil {
			t.Fatalf("cut to %d bytes: taken", n)
		}
	}
	flip(blob[at-5:at+40], func(int, []byte) { checkVolatile(t, seal(blob)) })
}

// In a saved context the hash stands behind what libtpms has.
func TestContextSessionExtension(t *testing.T) {
	s := channelSession()
	payload, err := nvstate.EncodeContextSession(s)
	if err != nil || len(payload) != nvstate.ContextSessionSize+34 {
		t.Fatalf("%d bytes, %v", len(payload), err)
	}
	if back, err := nvstate.DecodeContextSession(payload); err != nil || !reflect.DeepEqual(back, s) {
		t.Errorf("read again: %+v, %v", back, err)
	}
	plain := *s
	plain.ChannelKeys = nil
	if without, err := nvstate.EncodeContextSession(&plain); err != nil || !bytes.Equal(without, payload[:nvstate.ContextSessionSize]) {
		t.Errorf("without the hash the rest is another: %v", err)
	}
	for n := range payload {
		if back, err := nvstate.DecodeContextSession(payload[:n]); n == nvstate.ContextSessionSize {
			if err != nil || back.ChannelKeys != nil {
				t.Errorf("what libtpms has: %v", err)
			}
		} else if !errors.Is(err, nvstate.ErrSize) {
			t.Errorf("cut to %d bytes: %v", n, err)
		}
	}
	for _, size := range []int{0, 31, 33, 65, 0xFFFF} {
		damaged := bytes.Clone(payload)
		binary.LittleEndian.PutUint16(damaged[nvstate.ContextSessionSize:], uint16(size))
		if _, err := nvstate.DecodeContextSession(damaged); !errors.Is(err, nvstate.ErrSize) {
			t.Errorf("size %d: %v", size, err)
		}
	}
	long := append(bytes.Clone(payload[:nvstate.ContextSessionSize]), 65, 0)
	if _, err := nvstate.DecodeContextSession(append(long, make([]byte, 65)...)); !errors.Is(err, nvstate.ErrSize) {
		t.Errorf("a hash of 65 bytes: %v", err)
	}
	s.ChannelKeys = make([]byte, 65)
	if _, err := nvstate.EncodeContextSession(s); !errors.Is(err, nvstate.ErrSize) {
		t.Errorf("a hash of 65 bytes written: %v", err)
	}
}
