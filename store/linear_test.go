package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"govtpm/store/envelope"
)

func openLinear(t testing.TB, content []byte, o Options) (Store, string) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "state")
	if content != nil {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := OpenFile(name, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s, name
}

func goldenLinear(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func fileIs(t *testing.T, name string, want []byte) {
	t.Helper()
	got, err := os.ReadFile(name)
	if err != nil || !bytes.Equal(got, want) {
		t.Fatalf("the file has %d bytes (%v), not the wanted %d", len(got), err, len(want))
	}
}

// What swtpm wrote is read.
func TestLinearGolden(t *testing.T) {
	for _, tt := range []struct {
		name      string
		permanent int // sizes, 0 for none
		volatile  int
	}{
		{"fresh", 1315, 0},
		{"volatile", 1315, 8794},
		{"grown", 2854, 8794},
		{"shrunk", 2854, 0},
	} {
		s, name := openLinear(t, goldenLinear(t, tt.name+".linear"), Options{})
		list, err := s.List()
		if err != nil {
			t.Fatal(err)
		}
		sizes := map[Kind]int64{}
		for _, i := range list {
			sizes[i.Kind] = i.Size
			blob, err := s.Load(i.Kind)
			if err != nil || int64(len(blob)) != i.Size {
				t.Fatalf("%s: Load(%v): %d bytes, %v", tt.name, i.Kind, len(blob), err)
			}
			if _, err := envelope.Open(blob, nil); err != nil {
				t.Errorf("%s: %v: %v", tt.name, i.Kind, err)
			}
		}
		if sizes[Permanent] != int64(tt.permanent) || sizes[Volatile] != int64(tt.volatile) || sizes[SaveState] != 0 {
			t.Errorf("%s: sizes %v", tt.name, sizes)
		}
		fileIs(t, name, goldenLinear(t, tt.name+".linear")) // reading changed nothing
	}
}

// A new file, and a blob added to a file, are to the byte what swtpm makes.
func TestLinearWritesAsSwtpm(t *testing.T) {
	source, _ := openLinear(t, goldenLinear(t, "volatile.linear"), Options{})
	s, name := openLinear(t, nil, Options{})
	for _, step := range []struct {
		kind   Kind
		golden string
	}{{Permanent, "fresh.linear"}, {Volatile, "volatile.linear"}} {
		blob, err := source.Load(step.kind)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Save(step.kind, blob); err != nil {
			t.Fatal(err)
		}
		fileIs(t, name, goldenLinear(t, step.golden))
	}
	if err := s.Delete(Volatile); err != nil {
		t.Fatal(err)
	}
	fileIs(t, name, goldenLinear(t, "fresh.linear"))
}

// linearFile makes a file of this length with these entries and data of 0xee.
func linearFile(size int, entries ...section) []byte {
	var h linearHeader
	copy(h.entries[:], entries)
	b := append(h.encode(), bytes.Repeat([]byte{0xee}, max(0, size-linearHeaderSize))...)
	return b[:size]
}

func patched(b []byte, at int, to ...byte) []byte {
	b = append([]byte{}, b...)
	copy(b[at:], to)
	return b
}

func TestLinearHostile(t *testing.T) {
	good := linearFile(300, section{192, 100, 100})
	for _, tt := range []struct {
		name string
		file []byte
		want error // of Load and Save; nil: the blob loads
	}{
		{"good", good, nil},
		{"behind a gap", linearFile(400, section{300, 100, 100}), nil},
		{"section beyond the end", linearFile(300, section{192, 100, 4096}), nil},
		{"other first", linearFile(500, section{300, 100, 100}, section{192, 10, 108}), nil},
		{"unused entries used", linearFile(500, section{192, 100, 100}, section{}, section{}, section{300, 9, 10}), nil},
		{"something else", []byte("#!/bin/sh\n"), ErrForeign},
		{"something long", bytes.Repeat([]byte("text"), 100), ErrForeign},
		{"zero and more", patched(make([]byte, 400), 191, 1), ErrForeign},
		{"version 2", patched(good, 8, 2), ErrForeign},
		{"cut in the header", good[:191], ErrDamaged},
		{"cut in the data", good[:291], ErrDamaged},
		{"no data", good[:192], ErrDamaged},
		{"in the header", linearFile(300, section{191, 100, 100}), ErrDamaged},
		{"far away", linearFile(300, section{0xffffffff, 100, 100}), ErrDamaged},
		{"wraps around", linearFile(300, section{0xffffff00, 0x200, 0x200}), ErrDamaged},
		{"longer than its section", linearFile(300, section{192, 100, 99}), ErrDamaged},
		{"endless", linearFile(300, section{192, 0xffffffff, 0xffffffff}), ErrDamaged},
		{"overlap", linearFile(500, section{192, 100, 100}, section{291, 10, 10}), ErrDamaged},
		{"overlap of one with itself", linearFile(500, section{192, 100, 100}, section{192, 100, 100}), ErrDamaged},
		{"overlap with an unused entry", linearFile(500, section{192, 100, 100}, section{}, section{}, section{200, 9, 10}), ErrDamaged},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, name := openLinear(t, tt.file, Options{})
			blob, err := s.Load(Permanent)
			if !errors.Is(err, tt.want) || (err == nil) != bytes.Equal(blob, bytes.Repeat([]byte{0xee}, 100)) {
				t.Fatalf("Load: %d bytes, %v; want %v", len(blob), err, tt.want)
			}
			err = s.Save(Permanent, []byte("new"))
			if !errors.Is(err, tt.want) {
				t.Fatalf("Save: %v; want %v", err, tt.want)
			}
			if err != nil {
				if err := s.Delete(Permanent); !errors.Is(err, tt.want) {
					t.Fatalf("Delete: %v; want %v", err, tt.want)
				}
				fileIs(t, name, tt.file) // what cannot be read is not touched
			}
		})
	}
}

// What is empty is made a store; what is something else only if that is asked for.
func TestLinearFormat(t *testing.T) {
	for name, file := range map[string][]byte{"empty": {}, "short": make([]byte, 10), "long": make([]byte, 5000)} {
		s, _ := openLinear(t, file, Options{})
		if _, err := s.Load(Permanent); !errors.Is(err, ErrNotExist) {
			t.Errorf("%s: Load: %v", name, err)
		}
		if err := s.Save(Permanent, []byte("new")); err != nil {
			t.Errorf("%s: Save: %v", name, err)
		}
	}
	s, _ := openLinear(t, bytes.Repeat([]byte("text"), 100), Options{Format: true})
	if _, err := s.Load(Permanent); !errors.Is(err, ErrNotExist) {
		t.Errorf("Load: %v", err)
	}
	if err := s.Save(Permanent, []byte("new")); err != nil {
		t.Errorf("Save: %v", err)
	}
	if b, err := s.Load(Permanent); err != nil || string(b) != "new" {
		t.Errorf("Load = %q, %v", b, err)
	}
	// A store that is damaged is not something else.
	s, _ = openLinear(t, linearFile(300, section{191, 100, 100}), Options{Format: true})
	if err := s.Save(Permanent, []byte("new")); !errors.Is(err, ErrDamaged) {
		t.Errorf("Save: %v", err)
	}
}

// Old data do not stay behind in the file, and the file does not grow without end.
func TestLinearScrubs(t *testing.T) {
	s, name := openLinear(t, nil, Options{})
	for i := range 50 {
		for _, k := range Kinds() {
			if err := s.Save(k, bytes.Repeat([]byte{byte('A' + i)}, 500+i*int(k))); err != nil {
				t.Fatal(err)
			}
		}
	}
	b, err := os.ReadFile(name)
	if err != nil || len(b) > 8192 {
		t.Fatalf("%d bytes, %v", len(b), err)
	}
	for i := range 49 {
		if bytes.Contains(b, bytes.Repeat([]byte{byte('A' + i)}, 10)) {
			t.Errorf("data of round %d are still there", i)
		}
	}
	for _, k := range Kinds() {
		if err := s.Delete(k); err != nil {
			t.Fatal(err)
		}
	}
	fileIs(t, name, linearFile(192))
}

// A device that is too small for old and new state refuses the new one and keeps the old.
func TestSmallDevice(t *testing.T) {
	s := openOn(t, withDevice(4096), "file:///f", Options{})
	blob := bytes.Repeat([]byte("x"), 1900)
	for range 3 { // there is no room for two sections of 2048 bytes
		if err := s.Save(Permanent, blob); err != nil {
			t.Fatal(err)
		}
	}
	err := s.Save(Permanent, bytes.Repeat([]byte("y"), 2100))
	if !errors.Is(err, ErrNoSpace) || Result(err) != 0x17 {
		t.Errorf("Save: %v", err)
	}
	if got, err := s.Load(Permanent); err != nil || !bytes.Equal(got, blob) {
		t.Errorf("Load: %d bytes, %v", len(got), err)
	}
	if err := s.Save(Volatile, []byte("z")); err != nil {
		t.Errorf("Save of a small one: %v", err)
	}
}

func FuzzLinear(f *testing.F) {
	for _, n := range []string{"fresh", "grown", "shrunk"} {
		f.Add(goldenLinear(f, n+".linear"))
	}
	f.Add(linearFile(500, section{300, 100, 100}, section{192, 10, 108}))
	f.Add(linearFile(500, section{300, 100, 100}, section{192, 0, 0})) // a section of no length takes no place
	f.Add(make([]byte, 100))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) >= 12 && b[0] != 0 { // get past the magic
			binary.LittleEndian.PutUint64(b, linearMagic)
		}
		s, name := openLinear(t, b, Options{NoSync: true})
		old := map[Kind][]byte{}
		for _, k := range Kinds() {
			blob, err := s.Load(k)
			if len(blob) > len(b) {
				t.Fatal("a blob longer than the file")
			}
			if err == nil {
				old[k] = blob
			}
		}
		if err := s.Save(Permanent, []byte("new")); err != nil {
			fileIs(t, name, b)
			return
		}
		old[Permanent] = []byte("new")
		for k, want := range old {
			if got, err := s.Load(k); err != nil || !bytes.Equal(got, want) {
				t.Fatalf("after a Save %v is %d bytes (%v), not %d", k, len(got), err, len(want))
			}
		}
	})
}
