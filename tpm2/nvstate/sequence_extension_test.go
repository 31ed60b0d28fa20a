package nvstate_test

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"errors"
	"hash"
	"reflect"
	"testing"

	"govtpm/tpm2/nvstate"
	"govtpm/tpm2/nvstate/nvstatetest"
	"govtpm/tpm2/wire"
)

// extendedSlots is volatile state with a sequence of each kind that libtpms has no form for.
func extendedSlots(t testing.TB) (*nvstate.Volatile, []byte) {
	t.Helper()
	v, err := nvstate.DecodeVolatile(goldens(t, "volatile-0.9.2-started")[0].blob)
	if err != nil {
		t.Fatal(err)
	}
	running := func(kind nvstate.HashStateType, alg wire.Alg, h hash.Hash) nvstate.HashState {
		h.Write([]byte("the message so far"))
		s, err := nvstate.CaptureHash(kind, alg, h)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	for i, x := range []nvstate.SequenceExtension{
		{Kind: nvstate.SequenceCMAC, Auth: []byte("sq"), CMAC: nvstate.CMACState{
			Cipher: wire.AlgAES, Key: bytes.Repeat([]byte{0xA5}, 16), State: bytes.Repeat([]byte{0x5A}, 19)}},
		{Kind: nvstate.SequenceSign, Signature: nvstate.SignatureState{
			Scheme: wire.TPMTSigScheme{Scheme: wire.AlgECDAA, HashAlg: wire.AlgSHA256, Count: 7}, KeyDigest: bytes.Repeat([]byte{1}, 64),
			Head: []byte("the "), Hash: running(nvstate.HashStateHash, wire.AlgSHA256, sha256.New())}},
		{Kind: nvstate.SequenceVerify, Auth: []byte("sq"), Signature: nvstate.SignatureState{
			Scheme: wire.TPMTSigScheme{Scheme: wire.AlgHMAC, HashAlg: wire.AlgSHA3_256}, KeyDigest: bytes.Repeat([]byte{2}, 64), Head: []byte("t"),
			Hash: running(nvstate.HashStateHMAC, wire.AlgSHA3_256, sha3.New256()), OuterPad: bytes.Repeat([]byte{3}, 136),
			TicketHierarchy: wire.RHOwner, Ticket: running(nvstate.HashStateHMAC, wire.AlgSHA512, sha512.New())}},
	} {
		v.Objects[i] = nvstate.AnyObject{Extension: &x}
	}
	blob, err := v.Encode(nvstate.LevelMax)
	if err != nil {
		t.Fatal(err)
	}
	return v, blob
}

func TestSequenceExtension(t *testing.T) {
	v, blob := extendedSlots(t)
	back, err := nvstate.DecodeVolatile(blob)
	if err != nil || !reflect.DeepEqual(back.Objects, v.Objects) {
		t.Fatalf("%+v, %v\nwant %+v", back.Objects, err, v.Objects)
	}
	if err := checkVolatile(t, blob); err != nil {
		t.Error(err)
	}
	sameBytes(t, blob, goldens(t, "extended-slots")[0].blob)
	// The slot is free, and the block the one that is empty without.
	const slot = "0002" + "fe9a3974" + "0001" + "00000000" + "010036" + "0002" + "5e90c0de" + "0002" + "01" + "00027371" + "0006" +
		"0010" + "a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5" + "0013" + "5a5a5a5a"
	if !bytes.Contains(blob, unhex(t, slot)) {
		t.Errorf("no slot %s in %x", slot, blob)
	}
	// The other writer agrees, at each level.
	for _, r := range nvstatetest.Releases()[4:] {
		got, err := v.Encode(r.Level)
		if err != nil {
			t.Fatal(err)
		}
		sameBytes(t, got, r.Volatile(v))
	}
	for i := range v.Objects {
		payload, err := nvstate.EncodeContextObject(&v.Objects[i], nvstate.LevelMax)
		if err != nil {
			t.Fatal(err)
		}
		o, err := nvstate.DecodeContextObject(payload)
		if err != nil || !reflect.DeepEqual(*o, v.Objects[i]) {
			t.Errorf("context of slot %d: %+v, %v", i, o, err)
		}
		for n := range payload {
			if _, err := nvstate.DecodeContextObject(payload[:n]); !errors.Is(err, nvstate.ErrTruncated) {
				t.Fatalf("context of slot %d cut to %d bytes: %v", i, n, err)
			}
		}
	}
}

// What a later version of libtpms puts into the block is skipped, and so is anything behind an object.
func TestSequenceExtensionOfOthers(t *testing.T) {
	v, _ := extendedSlots(t)
	blob, err := nvstate.EncodeContextObject(&v.Objects[0], nvstate.LevelMax)
	if err != nil {
		t.Fatal(err)
	}
	other := bytes.Replace(blob, unhex(t, "5e90c0de"), unhex(t, "12345678"), 1)
	if o, err := nvstate.DecodeContextObject(other); err != nil || o.Extension != nil {
		t.Errorf("another structure: %v", err)
	}
	object, err := nvstate.DecodeVolatile(goldens(t, "volatile-0.9.2-loaded-objects")[0].blob)
	if err != nil {
		t.Fatal(err)
	}
	taken := object.Objects[0]
	plain, err := nvstate.EncodeContextObject(&taken, nvstate.LevelMax)
	if err != nil {
		t.Fatal(err)
	}
	both := append(bytes.Clone(plain[:len(plain)-3]), blob[12:]...)
	if o, err := nvstate.DecodeContextObject(both); err != nil || !reflect.DeepEqual(*o, taken) {
		t.Errorf("an object with a sequence behind it: %v", err)
	}
	taken.Extension = v.Objects[0].Extension
	if _, err := nvstate.EncodeContextObject(&taken, nvstate.LevelMax); !errors.Is(err, nvstate.ErrValue) {
		t.Errorf("a slot with an object and a sequence is written: %v", err)
	}
}

func TestSequenceExtensionDamaged(t *testing.T) {
	_, blob := extendedSlots(t)
	for name, test := range map[string]struct {
		from, to string
		kind     nvstate.Kind
	}{
		"newer":             {"00025e90c0de0002", "00035e90c0de0003", nvstate.ErrVersion},
		"short block":       {"01003600025e90c0de", "01003500025e90c0de", nvstate.ErrSize},
		"long block":        {"01003600025e90c0de", "01003700025e90c0de", nvstate.ErrSize},
		"no kind":           {"5e90c0de000201", "5e90c0de000200", nvstate.ErrValue},
		"unknown kind":      {"5e90c0de000201", "5e90c0de000204", nvstate.ErrValue},
		"another kind":      {"5e90c0de000201", "5e90c0de000202", nvstate.Kind(wire.RCScheme)},
		"long auth":         {"5e90c0de00020100027371", "5e90c0de00020100417371", nvstate.ErrSize},
		"long key":          {"00060010a5a5", "00060021a5a5", nvstate.ErrSize},
		"long state":        {"a5a500135a5a", "a5a500215a5a", nvstate.ErrSize},
		"scheme":            {"001a000b000700400101", "0044000b000700400101", nvstate.Kind(wire.RCScheme)},
		"long digest":       {"001a000b000700400101", "001a000b000700410101", nvstate.ErrSize},
		"long head":         {"01010004746865", "01010005746865", nvstate.ErrSize},
		"type of hash":      {"0002562878a2000101000b", "0002562878a2000104000b", nvstate.ErrValue},
		"long pad":          {"00880303", "00890303", nvstate.ErrSize},
		"ticket of nothing": {"40000001" + "0002562878a2", "40000002" + "0002562878a2", nvstate.ErrValue},
	} {
		damaged := bytes.Replace(blob, unhex(t, test.from), unhex(t, test.to), 1)
		if bytes.Equal(damaged, blob) {
			t.Errorf("%s: there is no %s", name, test.from)
			continue
		}
		if _, err := nvstate.DecodeVolatile(seal(damaged)); !errors.Is(err, test.kind) {
			t.Errorf("%s: %v, want %v", name, err, test.kind)
		}
	}
	first := bytes.Index(blob, unhex(t, "5e90c0de")) - 20
	last := bytes.LastIndex(blob, unhex(t, "5e90c0de")) + 900
	flip(blob[first:last], func(int, []byte) { checkVolatile(t, seal(blob)) })
	for n := first; n < last; n++ {
		if err := checkVolatile(t, seal(blob[:n])); err == nil {
			t.Fatalf("cut to %d bytes and sealed it is accepted", n)
		}
	}
}

// A persistent object is no sequence.
func TestSequenceExtensionInNV(t *testing.T) {
	v, _ := extendedSlots(t)
	p, err := nvstate.DecodePermanent(goldens(t, "permanent-0.9.2-children")[0].blob)
	if err != nil {
		t.Fatal(err)
	}
	for i := range p.NV.Entries {
		if e := p.NV.Entries[i].Object; e != nil {
			e.AnyObject = v.Objects[0]
		}
	}
	if _, err := p.Encode(); !errors.Is(err, nvstate.ErrValue) {
		t.Errorf("written: %v", err)
	}
	if _, err := nvstate.DecodePermanent(nvstatetest.Releases()[4].Permanent(p)); !errors.Is(err, nvstate.ErrValue) {
		t.Errorf("read: %v", err)
	}
}
