package store_test

import (
	"bytes"
	"errors"
	"fmt"
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
	if err := s.Save(store.Permanent, []byte("new")); !errors.Is(err, store.ErrUnreadable) || store.Result(err) != 0x21 {
		t.Fatalf("Save without having tried to read: %v", err)
	}
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

// A closed or unlockable store is not mistaken for an unreadable blob for ever.
func TestSealedRecovers(t *testing.T) {
	m := store.NewMemory()
	other := m.Open()
	if err := other.Lock(0); err != nil {
		t.Fatal(err)
	}
	s := store.Seal(m, nil, nil)
	if err := s.Save(store.Permanent, []byte("x")); !errors.Is(err, store.ErrNotLocked) {
		t.Fatalf("Save while another holds the lock: %v", err)
	}
	if err := other.Unlock(); err != nil {
		t.Fatal(err)
	}
	if err := s.Save(store.Permanent, []byte("x")); err != nil {
		t.Fatal(err)
	}
	storetest.WantBlob(t, s, store.Permanent, []byte("x"))
	if err := s.SwapBackup(); !errors.Is(err, store.ErrNotExist) {
		t.Errorf("SwapBackup in memory: %v", err)
	}
}

func TestFaulty(t *testing.T) {
	s := storetest.NewFaulty(store.NewMemory(), func(n int) bool { return n == 2 })
	save := func(b string) error { return s.Save(store.Permanent, []byte(b)) }
	if err := save("one"); err != nil {
		t.Fatal(err)
	}
	if err := save("two"); !errors.Is(err, storetest.ErrInjected) {
		t.Fatalf("Save: %v", err)
	}
	if err := s.Delete(store.Permanent); !errors.Is(err, storetest.ErrInjected) {
		t.Fatalf("Delete: %v", err)
	}
	storetest.WantBlob(t, s, store.Permanent, []byte("one"))
	if err := save("three"); err != nil || s.Saves() != 3 {
		t.Fatalf("Save: %v, %d", err, s.Saves())
	}
}

func TestResult(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want uint32
	}{
		{nil, 0},
		{errors.New("any"), 0x09},
		{store.ErrLocked, 0x09},
		{fmt.Errorf("load: %w", store.ErrNotExist), 0x800},
		{envelope.ErrDamaged, 0x09},
		{envelope.ErrNoKey, 0x0d},
		{fmt.Errorf("x: %w", envelope.ErrDecrypt), 0x21},
		{envelope.ErrKeySize, 0x28},
		{envelope.ErrHeaderSize, 0x2b},
		{envelope.ErrVersion, 0x2e},
		{envelope.ErrForeign, 0x2e},
		{envelope.ErrHeader, 0x03},
		{store.ErrKind, 0x03},
		{store.ErrNoSpace, 0x17},
	} {
		if got := store.Result(tt.err); got != tt.want {
			t.Errorf("Result(%v) = %#x, want %#x", tt.err, got, tt.want)
		}
	}
}
