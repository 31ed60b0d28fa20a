package store

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// A store that is opened for reading only gives its blobs and changes nothing, not even the mode of a file.
func TestReadOnly(t *testing.T) {
	dir := t.TempDir()
	for _, uri := range []string{"dir://" + dir, "file://" + filepath.Join(dir, "state")} {
		s, err := Open(uri, Options{Lock: LockOff})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Save(Permanent, []byte("state")); err != nil {
			t.Fatal(err)
		}
		s.Close()
	}
	files := map[string][]byte{}
	for _, name := range []string{"tpm2-00.permall", "state"} {
		name = filepath.Join(dir, name)
		if err := os.Chmod(name, 0o400); err != nil {
			t.Fatal(err)
		}
		files[name], _ = os.ReadFile(name)
	}
	for _, uri := range []string{"dir://" + dir, "file://" + filepath.Join(dir, "state")} {
		for _, lock := range []Locking{LockOn, LockOff} {
			s, err := Open(uri, Options{ReadOnly: true, Lock: lock, Mode: 0o600})
			if err != nil {
				t.Fatal(err)
			}
			if blob, err := s.Load(Permanent); err != nil || string(blob) != "state" {
				t.Errorf("%s: %q, %v", uri, blob, err)
			}
			if list, err := s.List(); err != nil || len(list) != 1 {
				t.Errorf("%s: %v, %v", uri, list, err)
			}
			for what, err := range map[string]error{"save": s.Save(Permanent, nil), "delete": s.Delete(Permanent)} {
				if !errors.Is(err, ErrReadOnly) {
					t.Errorf("%s: %s: %v", uri, what, err)
				}
			}
			if err := s.Lock(0); lock == LockOn && !errors.Is(err, ErrReadOnly) {
				t.Errorf("%s: lock: %v", uri, err)
			}
			s.Close()
		}
	}
	for name, want := range files {
		got, err := os.ReadFile(name)
		fi, _ := os.Stat(name)
		if err != nil || !bytes.Equal(got, want) || fi.Mode().Perm() != 0o400 {
			t.Errorf("%s was changed: %v", name, fi)
		}
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 2 {
		t.Errorf("%d files, not 2", len(entries))
	}
}
