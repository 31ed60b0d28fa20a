package store_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"testing"

	"govtpm/store"
	"govtpm/store/envelope"
	"govtpm/store/storetest"
)

// watched remembers the bytes that it gave and was given.
type watched struct {
	store.Store
	seen [][]byte
}

func (w *watched) Load(k store.Kind) ([]byte, error) {
	b, err := w.Store.Load(k)
	w.seen = append(w.seen, b)
	return b, err
}

func (w *watched) Save(k store.Kind, b []byte) error {
	w.seen = append(w.seen, b)
	return w.Store.Save(k, b)
}

// What is put into an envelope, or taken out of one, does not stay in memory besides: without a key it is plain.
func TestSealedWipes(t *testing.T) {
	key, err := envelope.NewKey(make([]byte, 16))
	if err != nil {
		t.Fatal(err)
	}
	other, err := envelope.NewKey(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []*envelope.Key{nil, key} {
		mem := store.NewMemory()
		state := []byte("a state of a TPM")
		first := &watched{Store: mem}
		err := store.Seal(first, key, rand.Reader).Save(store.Permanent, state)
		again := &watched{Store: mem}
		s := store.Seal(again, key, rand.Reader)
		if err := errors.Join(err, s.Save(store.Permanent, state)); err != nil { // the second looks first what it would overwrite
			t.Fatal(err)
		}
		storetest.WantBlob(t, s, store.Permanent, []byte("a state of a TPM"))
		failing := &watched{Store: mem}
		if _, err := store.Seal(failing, other, rand.Reader).Load(store.Permanent); err == nil {
			t.Error("another key opens it")
		}
		for _, w := range []*watched{first, again, failing} {
			n := 0
			for _, b := range w.seen {
				n += len(b)
				if len(bytes.Trim(b, "\x00")) != 0 {
					t.Errorf("left in memory: %q", b)
				}
			}
			if n == 0 {
				t.Error("nothing was stored")
			}
		}
	}
}
