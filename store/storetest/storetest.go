// Package storetest has what tests of stores and of their users need: a conformance suite that every store.Store has
// to pass, and a store that fails on demand.
package storetest

import (
	"bytes"
	"errors"
	"testing"

	"govtpm/store"
)

// Run tests a kind of store. open returns a store on a place that is new for each test; calling the function it also
// returns opens the same place once more.
func Run(t *testing.T, open func(t *testing.T) (store.Store, func() store.Store)) {
	for _, tt := range []struct {
		name string
		test func(*testing.T, store.Store, func() store.Store)
	}{
		{"empty", testEmpty},
		{"keeps", testKeeps},
		{"replaces", testReplaces},
		{"deletes", testDeletes},
		{"sizes", testSizes},
		{"copies", testCopies},
		{"excludes", testExcludes},
		{"closed", testClosed},
		{"bad kind", testBadKind},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, again := open(t)
			defer s.Close()
			tt.test(t, s, again)
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// WantBlob fails the test unless the store holds exactly this blob.
func WantBlob(t *testing.T, s store.Store, k store.Kind, want []byte) {
	t.Helper()
	got, err := s.Load(k)
	if err != nil || !bytes.Equal(got, want) {
		t.Fatalf("Load(%v) = %d bytes, %v; want %d bytes", k, len(got), err, len(want))
	}
}

// WantNone fails the test unless the store says that there is no such blob.
func WantNone(t *testing.T, s store.Store, k store.Kind) {
	t.Helper()
	if b, err := s.Load(k); !errors.Is(err, store.ErrNotExist) {
		t.Fatalf("Load(%v) = %d bytes, %v; want ErrNotExist", k, len(b), err)
	}
}

func wantErr(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error %v, want %v", err, want)
	}
}

func testEmpty(t *testing.T, s store.Store, _ func() store.Store) {
	must(t, s.Lock(0))
	for _, k := range store.Kinds() {
		WantNone(t, s, k)
		must(t, s.Delete(k))
	}
	list, err := s.List()
	if err != nil || len(list) != 0 {
		t.Fatalf("List = %v, %v; want none", list, err)
	}
}

// pattern returns bytes that differ from those of another seed or length at every place that matters.
func pattern(seed byte, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = seed + byte(i*7) + byte(i>>8)
	}
	return b
}

func testKeeps(t *testing.T, s store.Store, again func() store.Store) {
	must(t, s.Lock(0))
	for i, k := range store.Kinds() {
		must(t, s.Save(k, pattern(byte(k), 1000*(i+1))))
	}
	must(t, s.Close())
	s = again()
	defer s.Close()
	for i, k := range store.Kinds() {
		WantBlob(t, s, k, pattern(byte(k), 1000*(i+1)))
	}
	list, err := s.List()
	must(t, err)
	want := []store.Info{{Kind: store.Permanent, Size: 1000}, {Kind: store.Volatile, Size: 2000}, {Kind: store.SaveState, Size: 3000}}
	if len(list) != 3 || list[0] != want[0] || list[1] != want[1] || list[2] != want[2] {
		t.Fatalf("List = %v, want %v", list, want)
	}
}

func testReplaces(t *testing.T, s store.Store, _ func() store.Store) {
	must(t, s.Lock(0))
	must(t, s.Save(store.Volatile, pattern(9, 700)))
	for i, n := range []int{10, 5000, 4999, 100, 70000, 1, 2048, 2049} {
		must(t, s.Save(store.Permanent, pattern(byte(i), n)))
		WantBlob(t, s, store.Permanent, pattern(byte(i), n))
		WantBlob(t, s, store.Volatile, pattern(9, 700))
	}
}

func testDeletes(t *testing.T, s store.Store, _ func() store.Store) {
	must(t, s.Lock(0))
	for _, k := range store.Kinds() {
		must(t, s.Save(k, pattern(byte(k), 300)))
	}
	must(t, s.Delete(store.Permanent))
	must(t, s.Delete(store.Permanent))
	WantNone(t, s, store.Permanent)
	WantBlob(t, s, store.Volatile, pattern(2, 300))
	WantBlob(t, s, store.SaveState, pattern(3, 300))
	must(t, s.Save(store.Permanent, pattern(7, 9)))
	WantBlob(t, s, store.Permanent, pattern(7, 9))
}

func testSizes(t *testing.T, s store.Store, _ func() store.Store) {
	must(t, s.Lock(0))
	must(t, s.Save(store.Permanent, pattern(1, 5)))
	wantErr(t, s.Save(store.Permanent, make([]byte, store.MaxBlob+1)), store.ErrNoSpace)
	WantBlob(t, s, store.Permanent, pattern(1, 5))
}

// testCopies wipes what was saved and what was loaded, as a TPM does.
func testCopies(t *testing.T, s store.Store, again func() store.Store) {
	must(t, s.Lock(0))
	for _, k := range store.Kinds() {
		b := pattern(1, 50)
		must(t, s.Save(k, b))
		clear(b)
		for range 2 {
			got, err := s.Load(k)
			must(t, err)
			clear(got)
		}
		WantBlob(t, s, k, pattern(1, 50))
	}
	must(t, s.Unlock())
	other := again()
	defer other.Close()
	for _, k := range store.Kinds() {
		WantBlob(t, other, k, pattern(1, 50))
	}
}

func testExcludes(t *testing.T, s store.Store, again func() store.Store) {
	b := again()
	defer b.Close()
	must(t, s.Lock(0))
	must(t, s.Lock(3)) // it is held: a success
	must(t, s.Save(store.Permanent, pattern(1, 5)))
	wantErr(t, b.Lock(2), store.ErrLocked)
	wantErr(t, b.Save(store.Permanent, pattern(2, 5)), store.ErrNotLocked)
	wantErr(t, b.Delete(store.Permanent), store.ErrNotLocked)
	WantBlob(t, b, store.Permanent, pattern(1, 5))

	c := again() // opening and closing a third one must not give the lock of the first away
	c.Load(store.Permanent)
	must(t, c.Close())
	wantErr(t, b.Lock(0), store.ErrLocked)

	must(t, s.Unlock())
	must(t, s.Unlock())
	must(t, b.Lock(0))
	wantErr(t, s.Lock(0), store.ErrLocked)
	must(t, b.Save(store.Permanent, pattern(2, 5)))
	must(t, b.Close()) // gives the lock back
	must(t, s.Lock(0))
	WantBlob(t, s, store.Permanent, pattern(2, 5))
}

func testClosed(t *testing.T, s store.Store, _ func() store.Store) {
	must(t, s.Close())
	must(t, s.Close())
	_, err := s.Load(store.Permanent)
	wantErr(t, err, store.ErrClosed)
	wantErr(t, s.Save(store.Permanent, nil), store.ErrClosed)
	wantErr(t, s.Delete(store.Permanent), store.ErrClosed)
	wantErr(t, s.Lock(0), store.ErrClosed)
	_, err = s.List()
	wantErr(t, err, store.ErrClosed)
}

func testBadKind(t *testing.T, s store.Store, _ func() store.Store) {
	must(t, s.Lock(0))
	for _, k := range []store.Kind{0, 4, 255} {
		_, err := s.Load(k)
		wantErr(t, err, store.ErrKind)
		wantErr(t, s.Save(k, nil), store.ErrKind)
		wantErr(t, s.Delete(k), store.ErrKind)
	}
}
