package store_test

import (
	"bytes"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"govtpm/store"
	"govtpm/store/envelope"
	"govtpm/store/storetest"
)

func TestMemory(t *testing.T) {
	storetest.Run(t, func(t *testing.T) (store.Store, func() store.Store) {
		m := store.NewMemory()
		return m, func() store.Store { return m.Open() }
	})
}

// opener opens a store at an address, again and again.
func opener(t *testing.T, uri string, o store.Options) (store.Store, func() store.Store) {
	again := func() store.Store {
		s, err := store.Open(uri, o)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	return again(), again
}

func TestDirectory(t *testing.T) {
	for name, o := range map[string]store.Options{
		"plain":    {},
		"tpm12":    {TPM12: true},
		"backup":   {Backup: true},
		"mode":     {Mode: 0o600},
		"unsynced": {NoSync: true},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Run(t, func(t *testing.T) (store.Store, func() store.Store) {
				return opener(t, "dir://"+t.TempDir(), o)
			})
		})
	}
}

func TestOpenAddresses(t *testing.T) {
	for _, uri := range []string{"", "mem", "dir:/x", "dir://", "file://", "etcd://x", "/tmp"} {
		if _, err := store.Open(uri, store.Options{}); !errors.Is(err, store.ErrBackend) {
			t.Errorf("Open(%q): %v, want ErrBackend", uri, err)
		}
	}
	s, err := store.Open("mem:", store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	storetest.WantNone(t, s, store.Permanent)
}

// A directory that is missing has no state, cannot be locked, and is not made.
func TestMissingDirectory(t *testing.T) {
	s, _ := opener(t, "dir://"+filepath.Join(t.TempDir(), "none"), store.Options{})
	storetest.WantNone(t, s, store.Permanent)
	if list, err := s.List(); err != nil || len(list) != 0 {
		t.Errorf("List = %v, %v", list, err)
	}
	if err := s.Lock(0); err == nil || errors.Is(err, store.ErrLocked) {
		t.Errorf("Lock = %v", err)
	}
}

func TestSealedRefusesToOverwriteUnreadable(t *testing.T) {
	m := store.NewMemory()
	right, _ := envelope.NewKey(bytes.Repeat([]byte{1}, 32))
	wrong, _ := envelope.NewKey(bytes.Repeat([]byte{2}, 32))
	rand := strings.NewReader(strings.Repeat("random", 100))
	if err := store.Seal(m, right, rand).Save(store.Permanent, []byte("state")); err != nil {
		t.Fatal(err)
	}
	s := store.Seal(m, wrong, rand)
	if _, err := s.Load(store.Permanent); !errors.Is(err, envelope.ErrDecrypt) || store.Result(err) != 0x21 {
		t.Fatalf("Load with the wrong key: %v", err)
	}
	if err := s.Save(store.Permanent, []byte("new")); !errors.Is(err, store.ErrUnreadable) {
		t.Fatalf("Save over it: %v", err)
	}
	storetest.WantBlob(t, store.Seal(m, right, rand), store.Permanent, []byte("state"))
	if err := s.Delete(store.Permanent); err != nil {
		t.Fatal(err)
	}
	if err := s.Save(store.Permanent, []byte("new")); err != nil {
		t.Fatal(err)
	}
	storetest.WantBlob(t, s, store.Permanent, []byte("new"))
}

func TestFile(t *testing.T) {
	storetest.Run(t, func(t *testing.T) (store.Store, func() store.Store) {
		return opener(t, "file://"+filepath.Join(t.TempDir(), "state"), store.Options{Lock: store.LockOn})
	})
}
