package nvstate_test

import (
	"bytes"
	"crypto/sha1"
	"errors"
	"reflect"
	"testing"

	"govtpm/tpm2/nvstate"
	"govtpm/tpm2/nvstate/nvstatetest"
)

// checkPermanent decodes any bytes. What decodes must encode, and that must decode to the same bytes.
func checkPermanent(t testing.TB, blob []byte) error {
	p, err := nvstate.DecodePermanent(blob)
	if err != nil {
		checkError(t, err)
		return err
	}
	if level, err := p.Level(); err != nil || level < 2 && p.Profile != "" {
		return nil // libtpms never writes a profile of level 1, and loads it
	}
	again, err := p.Encode()
	if err != nil {
		// Objects take more room in the list at another level than in the blob that was read.
		if !errors.Is(err, nvstate.ErrSize) {
			t.Fatalf("decoded, but does not encode: %v", err)
		}
		return nil
	}
	// A blob may hold structures of a higher level than its profile; what only they can say is lost at the first writing.
	back, err := nvstate.DecodePermanent(again)
	if err != nil {
		t.Fatalf("does not survive writing: %v", err)
	}
	if third, err := back.Encode(); err != nil || !bytes.Equal(third, again) {
		t.Fatalf("writing does not settle: %v", err)
	}
	return nil
}

func checkVolatile(t testing.TB, blob []byte) error {
	v, err := nvstate.DecodeVolatile(blob)
	if err != nil {
		checkError(t, err)
		return err
	}
	again, err := v.Encode(nvstate.LevelMax)
	if err != nil {
		t.Fatalf("decoded, but does not encode: %v", err)
	}
	back, err := nvstate.DecodeVolatile(again)
	if err != nil {
		t.Fatalf("does not survive writing: %v", err)
	}
	back.Timer.BeforeVersion4 = v.Timer.BeforeVersion4
	if !reflect.DeepEqual(v, back) {
		a, b := reflect.ValueOf(*v), reflect.ValueOf(*back)
		for i := range a.NumField() {
			if !reflect.DeepEqual(a.Field(i).Interface(), b.Field(i).Interface()) {
				t.Errorf("%s does not survive writing: %+v, then %+v", a.Type().Field(i).Name, a.Field(i), b.Field(i))
			}
		}
	}
	return nil
}

// checkError demands an error with a place, a kind and words.
func checkError(t testing.TB, err error) {
	var e *nvstate.Error
	if !errors.As(err, &e) || e.Structure == "" || e.Detail == "" || e.Kind == 0 || e.Offset < 0 {
		t.Fatalf("not an error with structure and detail: %#v", err)
	}
}

// seal puts the right checksum behind a changed volatile blob.
func seal(blob []byte) []byte {
	end := len(blob) - sha1.Size
	sum := sha1.Sum(blob[:end])
	return append(bytes.Clone(blob[:end]), sum[:]...)
}

// few limits slow tests to the blobs that together hold everything.
func few(t *testing.T, kind string) []golden {
	names := []string{kind + "-0.9.2-shutdown-state", kind + "-0.9.2-children", kind + "-0.9.2-orderly-deleted"}
	if kind == "volatile" {
		names = []string{kind + "-0.9.2-hash-sequences", kind + "-0.9.2-contexts"}
	}
	if testing.Short() {
		names = names[:1]
	}
	var list []golden
	for _, name := range names {
		list = append(list, goldens(t, name)...)
	}
	return list
}

func TestEveryTruncationIsAnError(t *testing.T) {
	for _, g := range few(t, "permanent") {
		for n := range g.blob {
			if err := checkPermanent(t, g.blob[:n]); !errors.Is(err, nvstate.ErrTruncated) {
				t.Fatalf("%s cut to %d bytes: %v", g.name, n, err)
			}
		}
	}
	for _, g := range few(t, "volatile") {
		for n := range g.blob {
			if err := checkVolatile(t, g.blob[:n]); !errors.Is(err, nvstate.ErrTruncated) {
				t.Fatalf("%s cut to %d bytes: %v", g.name, n, err)
			}
			// With a checksum that fits what is left.
			if n >= sha1.Size {
				if err := checkVolatile(t, seal(g.blob[:n])); err == nil {
					t.Fatalf("%s cut to %d bytes and sealed is accepted", g.name, n)
				}
			}
		}
	}
}

func TestEveryFlippedByteIsAnErrorOrValid(t *testing.T) {
	for _, g := range few(t, "permanent") {
		flip(g.blob, func(int, []byte) { checkPermanent(t, g.blob) })
	}
	for _, g := range few(t, "volatile") {
		flip(g.blob, func(at int, blob []byte) {
			if err := checkVolatile(t, blob); err == nil {
				t.Fatalf("%s with byte 0x%04x changed is accepted", g.name, at)
			}
			checkVolatile(t, seal(blob))
		})
	}
}

// flip hands out the blob with one byte changed, for every byte (every fifth in a short run) and some changes.
func flip(blob []byte, check func(int, []byte)) {
	step := 1
	if testing.Short() {
		step = 5
	}
	for at := 0; at < len(blob); at += step {
		for _, change := range []byte{0x01, 0xFF} {
			blob[at] ^= change
			check(at, blob)
			blob[at] ^= change
		}
	}
}

// A length or count from the blob must not reserve memory the blob does not fill.
func TestAllocationIsBounded(t *testing.T) {
	blob := goldens(t, "permanent-0.9.2-nv")[0].blob
	run := func(b []byte) float64 {
		return testing.AllocsPerRun(5, func() { nvstate.DecodePermanent(b) })
	}
	whole := run(blob)
	for n := 8; n < len(blob); n += 64 {
		b := append(bytes.Clone(blob[:n]), bytes.Repeat([]byte{0xFF}, 64)...)
		if got := run(b); got > whole+20 {
			t.Fatalf("%.0f allocations for a damaged blob, %.0f for the whole", got, whole)
		}
	}
}

func FuzzDecodePermanent(f *testing.F) {
	for _, g := range goldens(f, "permanent-*") {
		f.Add(g.blob)
	}
	f.Fuzz(func(t *testing.T, blob []byte) { checkPermanent(t, blob) })
}

func FuzzDecodeVolatile(f *testing.F) {
	for _, g := range goldens(f, "volatile-*") {
		f.Add(g.blob[:len(g.blob)-sha1.Size])
	}
	_, blob := channelVolatile(f)
	f.Add(blob[:len(blob)-sha1.Size])
	f.Fuzz(func(t *testing.T, blob []byte) {
		sum := sha1.Sum(blob)
		checkVolatile(t, append(bytes.Clone(blob), sum[:]...))
	})
}

func FuzzDecodeContext(f *testing.F) {
	for _, g := range goldens(f, "context-*") {
		f.Add(g.blob)
	}
	v, _ := extendedSlots(f)
	for i := range v.Objects {
		payload, err := nvstate.EncodeContextObject(&v.Objects[i], nvstate.LevelMax)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(payload)
	}
	_, blob := extendedSlots(f)
	f.Add(blob)
	for _, o := range objectsOf07(f) {
		f.Add(nvstatetest.OldContextObject(o))
	}
	if payload, err := nvstate.EncodeContextSession(channelSession()); err == nil {
		f.Add(payload)
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		if s, err := nvstate.DecodeContextSession(payload); err == nil {
			again, err := nvstate.EncodeContextSession(s)
			if err != nil {
				t.Fatal(err)
			}
			if back, err := nvstate.DecodeContextSession(again); err != nil || !reflect.DeepEqual(s, back) {
				t.Fatalf("a session does not survive writing: %v", err)
			}
		}
		o, err := nvstate.DecodeContextObject(payload)
		if err != nil {
			checkError(t, err)
			return
		}
		again, err := nvstate.EncodeContextObject(o, nvstate.LevelMax)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := nvstate.DecodeContextObject(again); err != nil || !reflect.DeepEqual(o, back) {
			t.Fatalf("does not survive writing: %v", err)
		}
	})
}

func FuzzParseProfile(f *testing.F) {
	for _, name := range []string{"null", "default-v1", "default-v2", "custom:x"} {
		p, _ := nvstate.BuiltinProfile(name)
		f.Add(p.Text())
		f.Add(`{"Name":"` + name + `","StateFormatLevel":0}`)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := nvstate.ParseProfile(text)
		if err != nil {
			checkError(t, err)
			return
		}
		want := p
		want.Description = p.Description[:min(len(p.Description), 250)] // that of null is longer, but a text may not have more
		if again, err := nvstate.ParseProfile(p.Text()); err != nil || again != want {
			t.Fatalf("%q is read as %+v, written and read again as %+v: %v", text, p, again, err)
		}
	})
}
