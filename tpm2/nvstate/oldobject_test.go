package nvstate_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"reflect"
	"strings"
	"testing"

	"govtpm/tpm2/nvstate"
	"govtpm/tpm2/nvstate/nvstatetest"
	"govtpm/tpm2/wire"
)

// objectsOf07 are objects as libtpms 0.7 could have them, out of the golden states.
func objectsOf07(t testing.TB) []*nvstate.AnyObject {
	var list []*nvstate.AnyObject
	add := func(a *nvstate.AnyObject) {
		if a.Object == nil || len(a.Object.Public.Unique.RSA) > 256 {
			return
		}
		a.Object.SeedCompat = nvstate.SeedCompatOriginal
		list = append(list, a)
	}
	for _, g := range goldens(t, "permanent-*") {
		p, err := nvstate.DecodePermanent(g.blob)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range p.NV.Entries {
			if e.Object != nil {
				add(&e.Object.AnyObject)
			}
		}
	}
	v, err := nvstate.DecodeVolatile(goldens(t, "volatile-0.9.2-loaded-objects")[0].blob)
	if err != nil {
		t.Fatal(err)
	}
	for i := range v.Objects {
		add(&v.Objects[i])
	}
	if len(list) < 10 {
		t.Fatalf("%d objects", len(list))
	}
	return list
}

// The memory of an object, as libtpms 0.6 and 0.7 put it into saved contexts, is read.
func TestOldContextObject(t *testing.T) {
	kinds := map[wire.Alg]int{}
	for _, want := range objectsOf07(t) {
		payload := nvstatetest.OldContextObject(want)
		if len(payload) != nvstate.OldObjectSize {
			t.Fatalf("%d bytes", len(payload))
		}
		got, err := nvstate.DecodeContextObject(payload)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%v\n%+v\nwant\n%+v", err, got.Object, want.Object)
		}
		kinds[want.Object.Public.Type]++
	}
	for _, kind := range []wire.Alg{wire.AlgRSA, wire.AlgECC, wire.AlgKeyedHash, wire.AlgSymCipher} {
		if kinds[kind] == 0 {
			t.Errorf("no %v", kind)
		}
	}
}

// Memory that is no object of that time is refused.
func TestOldContextObjectHostile(t *testing.T) {
	whole := nvstatetest.OldContextObject(objectsOf07(t)[0])
	word := func(at int, v uint16) []byte {
		b := bytes.Clone(whole)
		binary.LittleEndian.PutUint16(b[at:], v)
		return b
	}
	for _, tt := range []struct {
		name    string
		payload []byte
		kind    nvstate.Kind
	}{
		{"sequence", word(0, uint16(nvstate.ObjectOccupied|nvstate.ObjectHashSeq)), nvstate.ErrMagic},
		{"sequence of another size", word(0, uint16(nvstate.ObjectOccupied|nvstate.ObjectHMACSeq))[:900], nvstate.ErrMagic},
		{"free slot", word(0, 0), nvstate.ErrValue},
		{"unknown attributes", word(2, 0x8000), nvstate.ErrValue},
		{"cut off", whole[:len(whole)-1], nvstate.ErrSize},
		{"too long", append(bytes.Clone(whole), 0), nvstate.ErrSize},
		{"long policy", word(12, 65), nvstate.ErrSize},
		{"long modulus", word(100, 257), nvstate.ErrSize},
		{"long authorization", word(362, 65), nvstate.ErrSize},
		{"long prime", word(494, 641), nvstate.ErrSize},
		{"long number", word(1136+8, 18), nvstate.ErrSize},
		{"long name", word(1820, 69), nvstate.ErrSize},
		{"unknown type", word(4, 0x1234), nvstate.Kind(wire.RCType)},
		{"unknown sensitive type", word(360, 0x1234), nvstate.ErrValue},
		{"tiny", whole[:6], nvstate.ErrSize},
	} {
		_, err := nvstate.DecodeContextObject(tt.payload)
		var e *nvstate.Error
		if !errors.As(err, &e) || e.Kind != tt.kind || !strings.Contains(err.Error(), "before 0.8") {
			t.Errorf("%s: %v, want kind %v", tt.name, err, tt.kind)
		}
	}
	for n := range whole {
		for _, bit := range []byte{1, 0x80} {
			bad := bytes.Clone(whole)
			bad[n] ^= bit
			if o, err := nvstate.DecodeContextObject(bad); err == nil && o.Object == nil {
				t.Errorf("altered at %d: no object", n)
			}
		}
	}
}
