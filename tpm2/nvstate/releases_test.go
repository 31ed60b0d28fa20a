package nvstate_test

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"govtpm/tpm2/nvstate"
	"govtpm/tpm2/nvstate/nvstatetest"
)

// profileAt is a profile of each level that has one.
func profileAt(t *testing.T, level nvstate.Level) string {
	t.Helper()
	if level == nvstate.LevelNull {
		return ""
	}
	text := strings.Replace(customProfile(t), `"StateFormatLevel":8`, fmt.Sprintf(`"StateFormatLevel":%d`, level), 1)
	last := map[nvstate.Level]string{2: "", 3: ",0x199-0x19a", 4: ",0x199-0x19a"}
	if commands, less := last[level]; less {
		text = strings.Replace(text, ",0x199-0x19c", commands, 1)
	}
	for _, size := range []string{"rsa-min-size=1024,", "aes-min-size=128,", "camellia-min-size=128,"} {
		text = strings.Replace(text, size, "", 1)
	}
	return text
}

// Permanent state in the form of each release and each state format level is read, and from 0.9 on written so again, byte for byte.
// The form of 0.9 is what libtpms 0.9.2 wrote.
func TestPermanentOfEachRelease(t *testing.T) {
	for _, r := range nvstatetest.Releases() {
		for _, g := range goldens(t, "permanent-*") {
			t.Run(r.Name+"/"+g.name, func(t *testing.T) {
				content, err := nvstate.DecodePermanent(g.blob)
				if err != nil {
					t.Fatal(err)
				}
				content.Profile = profileAt(t, r.Level)
				blob := r.Permanent(content)
				if r.Name == "0.9" {
					sameBytes(t, blob, g.blob)
				}
				got, err := nvstate.DecodePermanent(blob)
				if err != nil {
					t.Fatal(err)
				}
				if r.AsRead(content); !reflect.DeepEqual(got, content) {
					t.Errorf("%+v\nwant\n%+v", got, content)
				}
				again, err := got.Encode()
				if err != nil {
					t.Fatal(err)
				}
				want := blob
				if r.Constants < 3 { // 0.9 is the oldest form that is written
					want = nvstatetest.Releases()[4].Permanent(content)
				}
				sameBytes(t, again, want)
			})
		}
	}
}

// The same of volatile state.
func TestVolatileOfEachRelease(t *testing.T) {
	for _, r := range nvstatetest.Releases() {
		for _, g := range goldens(t, "volatile-*") {
			t.Run(r.Name+"/"+g.name, func(t *testing.T) {
				content, err := nvstate.DecodeVolatile(g.blob)
				if err != nil {
					t.Fatal(err)
				}
				blob := r.Volatile(content)
				if r.Name == "0.9" {
					sameBytes(t, blob, g.blob)
				}
				got, err := nvstate.DecodeVolatile(blob)
				if err != nil {
					t.Fatal(err)
				}
				if r.AsReadVolatile(content); !reflect.DeepEqual(got, content) {
					t.Errorf("%+v\nwant\n%+v", got, content)
				}
				again, err := got.Encode(r.Level)
				if err != nil {
					t.Fatal(err)
				}
				want := blob
				if r.Constants < 3 {
					nine := nvstatetest.Releases()[4]
					nine.MemorySize = r.MemorySize
					want = nine.Volatile(content)
				}
				sameBytes(t, again, want)
			})
		}
	}
}

// What a later version adds to any structure is skipped, and the place for it may be missing.
func TestLaterFieldsOfEachRelease(t *testing.T) {
	for _, r := range nvstatetest.Releases() {
		for name, changed := range map[string]func() nvstatetest.Release{
			"later":   func() nvstatetest.Release { r := r; r.Later = []byte("later"); return r },
			"missing": func() nvstatetest.Release { r := r; r.NoEnds = true; return r },
		} {
			for _, state := range []string{"shutdown-state", "children", "nv"} {
				p, err := nvstate.DecodePermanent(goldens(t, "permanent-0.9.2-"+state)[0].blob)
				if err != nil {
					t.Fatal(err)
				}
				p.Profile = profileAt(t, r.Level)
				got, err := nvstate.DecodePermanent(changed().Permanent(p))
				if r.AsRead(p); err != nil || !reflect.DeepEqual(got, p) {
					t.Errorf("%s, %s, %s: %v", r.Name, name, state, err)
				}
			}
			for _, state := range []string{"hash-sequences", "hmac-sequence", "loaded-objects", "sessions"} {
				v, err := nvstate.DecodeVolatile(goldens(t, "volatile-0.9.2-"+state)[0].blob)
				if err != nil {
					t.Fatal(err)
				}
				got, err := nvstate.DecodeVolatile(changed().Volatile(v))
				if r.AsReadVolatile(v); err != nil || !reflect.DeepEqual(got, v) {
					t.Errorf("%s, %s, %s: %v", r.Name, name, state, err)
				}
			}
		}
	}
}

// Sets of commands have the length that their writer gave them: 0.10 always wrote 17 bytes from level 3 on, and below a profile with
// fewer commands has fewer. They keep it.
func TestCommandSetSizes(t *testing.T) {
	for _, tt := range []struct {
		level nvstate.Level
		size  int
	}{{2, 12}, {2, 14}, {3, 17}, {7, 16}, {7, 17}, {8, 16}} {
		r := nvstatetest.Releases()[3+tt.level]
		r.SetSize = tt.size
		content, err := nvstate.DecodePermanent(goldens(t, "permanent-0.9.2-manufactured")[0].blob)
		if err != nil {
			t.Fatal(err)
		}
		content.Profile = profileAt(t, tt.level)
		blob := r.Permanent(content)
		got, err := nvstate.DecodePermanent(blob)
		if err != nil {
			t.Fatalf("level %d, %d bytes: %v", tt.level, tt.size, err)
		}
		if r.AsRead(content); r.Level != tt.level || !reflect.DeepEqual(got, content) {
			t.Errorf("level %d, %d bytes: %+v", tt.level, tt.size, got.Data)
		}
		again, err := got.Encode()
		if err != nil {
			t.Fatal(err)
		}
		sameBytes(t, again, blob)
	}
}

// State of each form that is cut off anywhere is refused.
func TestEachReleaseCutOff(t *testing.T) {
	permanent, err := nvstate.DecodePermanent(goldens(t, "permanent-0.9.2-shutdown-state")[0].blob)
	if err != nil {
		t.Fatal(err)
	}
	volatile, err := nvstate.DecodeVolatile(goldens(t, "volatile-0.9.2-hash-sequences")[0].blob)
	if err != nil {
		t.Fatal(err)
	}
	step := 7
	if testing.Short() {
		step = 61
	}
	for _, r := range nvstatetest.Releases() {
		permanent.Profile = profileAt(t, r.Level)
		blob := r.Permanent(permanent)
		for n := 0; n < len(blob); n += step {
			if _, err := nvstate.DecodePermanent(blob[:n]); err == nil {
				t.Errorf("%s: permanent state cut at 0x%04x is read", r.Name, n)
			}
		}
		blob = r.Volatile(volatile)
		for n := 0; n < len(blob); n += step {
			if _, err := nvstate.DecodeVolatile(blob[:n]); err == nil {
				t.Errorf("%s: volatile state cut at 0x%04x is read", r.Name, n)
			}
		}
	}
}

// Every structure of a form later than all that are known is refused, in words that name it and its version; and read if its writer says
// that it can be.
func TestNewerStructures(t *testing.T) {
	p, err := nvstate.DecodePermanent(goldens(t, "permanent-0.9.2-shutdown-state")[0].blob)
	if err != nil {
		t.Fatal(err)
	}
	v, err := nvstate.DecodeVolatile(goldens(t, "volatile-0.9.2-sessions")[0].blob)
	if err != nil {
		t.Fatal(err)
	}
	releases := nvstatetest.Releases()
	newest := releases[len(releases)-1]
	p.Profile = profileAt(t, newest.Level)
	for name, blob := range map[string][]byte{"permanent": newest.Permanent(p), "volatile": newest.Volatile(v)} {
		read := func(b []byte) error {
			if name == "permanent" {
				_, err := nvstate.DecodePermanent(b)
				return err
			}
			_, err := nvstate.DecodeVolatile(seal(b))
			return err
		}
		found := 0
		for magic, known := range map[string]byte{"ab364723": 4, "c9ea6431": 3, "12213443": 5, "56657887": 2, "6fe83ea1": 2, "176be626": 2,
			"01102332": 4, "98897667": 2, "7372eabc": 2, "6be82eaf": 2, "5346feab": 2, "094f22c3": 2, "2547265a": 2, "45637889": 4,
			"e95f0387": 2, "3664aebc": 2, "44be9f45": 2, "fe9a3974": 2} {
			at := bytes.Index(blob, unhex(t, magic))
			if at < 2 {
				continue
			}
			found++
			later := bytes.Clone(blob)
			later[at-1], later[at+5] = known+1, known+1
			err := read(later)
			var e *nvstate.Error
			if !errors.As(err, &e) || e.Kind != nvstate.ErrVersion || !strings.Contains(err.Error(), fmt.Sprintf("a reader of version %d, this one knows %d", known+1, known)) {
				t.Errorf("%s: %s needing version %d: %v", name, magic, known+1, err)
			}
			later[at+5] = known
			if err := read(later); err != nil && magic != "c9ea6431" {
				t.Errorf("%s: %s of version %d that one of %d can read: %v", name, magic, known+1, known, err)
			}
		}
		if found < 9 {
			t.Errorf("%s: %d structures", name, found)
		}
	}
}
