//go:build unix

package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"govtpm/store"
	"govtpm/store/storetest"
)

// locked opens the store in a directory and locks it.
func locked(t *testing.T, dir string, o store.Options) store.Store {
	t.Helper()
	s, err := store.Open("dir://"+dir, o)
	check(t, err)
	t.Cleanup(func() { s.Close() })
	check(t, s.Lock(0))
	return s
}

func modeOf(t *testing.T, name string) fs.FileMode {
	t.Helper()
	fi, err := os.Lstat(name)
	check(t, err)
	return fi.Mode()
}

func TestFileNames(t *testing.T) {
	for _, tt := range []struct {
		opt  store.Options
		want []string
	}{
		{store.Options{}, []string{".lock", "tpm2-00.permall", "tpm2-00.savestate", "tpm2-00.volatilestate"}},
		{store.Options{TPM12: true}, []string{".lock", "tpm-00.permall", "tpm-00.savestate", "tpm-00.volatilestate"}},
		{store.Options{Backup: true}, []string{".lock", "tpm2-00.permall", "tpm2-00.permall.bak", "tpm2-00.savestate", "tpm2-00.volatilestate"}},
		{store.Options{Lock: store.LockOff}, []string{"tpm2-00.permall", "tpm2-00.savestate", "tpm2-00.volatilestate"}},
	} {
		dir := t.TempDir()
		s := locked(t, dir, tt.opt)
		for _, k := range store.Kinds() {
			check(t, s.Save(k, []byte("one")))
			check(t, s.Save(k, []byte("two")))
		}
		entries, err := os.ReadDir(dir)
		check(t, err)
		var got []string
		for _, e := range entries {
			got = append(got, e.Name())
		}
		if len(got) != len(tt.want) {
			t.Errorf("%+v: files %q, want %q", tt.opt, got, tt.want)
			continue
		}
		for i := range got {
			if got[i] != tt.want[i] {
				t.Errorf("%+v: files %q, want %q", tt.opt, got, tt.want)
			}
		}
	}
}

func TestModes(t *testing.T) {
	old := unix.Umask(0o027)
	defer unix.Umask(old)
	dir := t.TempDir()
	file := filepath.Join(dir, "tpm2-00.permall")
	s := locked(t, dir, store.Options{})
	check(t, s.Save(store.Permanent, []byte("x")))
	if m := modeOf(t, file); m != 0o640 {
		t.Errorf("default mode %v", m)
	}
	if m := modeOf(t, filepath.Join(dir, ".lock")); m != 0o640 {
		t.Errorf("mode of the lock file %v", m)
	}
	check(t, os.Chmod(file, 0o440))
	storetest.WantBlob(t, s, store.Permanent, []byte("x"))
	if m := modeOf(t, file); m != 0o640 {
		t.Errorf("a file its owner could not write has mode %v after Load", m)
	}
	s.Close()

	s = locked(t, dir, store.Options{Mode: 0o606})
	storetest.WantBlob(t, s, store.Permanent, []byte("x"))
	if m := modeOf(t, file); m != 0o606 {
		t.Errorf("mode after Load %v", m)
	}
	check(t, s.Save(store.Volatile, []byte("x")))
	if m := modeOf(t, filepath.Join(dir, "tpm2-00.volatilestate")); m != 0o606 {
		t.Errorf("mode after Save %v", m)
	}

	f, err := store.Open("file://"+filepath.Join(dir, "linear"), store.Options{Mode: 0o606})
	check(t, err)
	defer f.Close()
	check(t, f.Save(store.Permanent, []byte("x")))
	if m := modeOf(t, filepath.Join(dir, "linear")); m != 0o606 {
		t.Errorf("mode of a single file %v", m)
	}
}

// Nothing that is not a regular file is read, written or replaced, and nothing is written through a second name.
func TestOddFiles(t *testing.T) {
	dir := t.TempDir()
	victim := filepath.Join(t.TempDir(), "victim")
	check(t, os.WriteFile(victim, []byte("precious"), 0o600))
	file := filepath.Join(dir, "tpm2-00.permall")
	temp := filepath.Join(dir, "TMP2-00.permall")
	s := locked(t, dir, store.Options{})

	for what, put := range map[string]func(name string) error{
		"symlink":          func(n string) error { return os.Symlink(victim, n) },
		"dangling symlink": func(n string) error { return os.Symlink(victim+"2", n) },
		"directory":        func(n string) error { return os.MkdirAll(filepath.Join(n, "sub"), 0o700) },
		"FIFO":             func(n string) error { return unix.Mkfifo(n, 0o600) },
	} {
		check(t, put(file))
		if _, err := s.Load(store.Permanent); err == nil || errors.Is(err, store.ErrNotExist) {
			t.Errorf("%s: Load: %v", what, err)
		}
		if err := s.Save(store.Permanent, []byte("x")); !errors.Is(err, store.ErrIrregular) {
			t.Errorf("%s: Save: %v", what, err)
		}
		if err := s.Delete(store.Permanent); !errors.Is(err, store.ErrIrregular) {
			t.Errorf("%s: Delete: %v", what, err)
		}
		if _, err := os.Lstat(file); err != nil {
			t.Errorf("%s: it was removed", what)
		}
		f, err := store.Open("file://"+file, store.Options{Lock: store.LockOn})
		check(t, err)
		if err := f.Lock(0); err == nil {
			t.Errorf("%s: it is locked as a single file", what)
		}
		f.Close()
		check(t, os.RemoveAll(file))
	}
	for what, put := range map[string]func() error{
		"symlink":   func() error { return os.Symlink(victim, temp) },
		"hard link": func() error { return os.Link(victim, temp) },
		"left over": func() error { return os.WriteFile(temp, make([]byte, 5000), 0o600) },
	} {
		if err := put(); err != nil {
			t.Logf("%s: %v", what, err)
			continue
		}
		check(t, s.Save(store.Permanent, []byte("new")))
		storetest.WantBlob(t, s, store.Permanent, []byte("new"))
	}
	if b, err := os.ReadFile(victim); err != nil || string(b) != "precious" {
		t.Errorf("the victim holds %q, %v", b, err)
	}
	check(t, s.Close())

	lock := filepath.Join(dir, ".lock")
	check(t, os.Remove(lock))
	check(t, os.Symlink(victim, lock))
	s, err := store.Open("dir://"+dir, store.Options{})
	check(t, err)
	if err := s.Lock(0); err == nil || errors.Is(err, store.ErrLocked) {
		t.Errorf("Lock through a symlink: %v", err)
	}
}

// limitedSave is the process of saveLimited.
const limitedSave = "limited save"

// saveLimited saves more than a file of this process may hold. It is a process of its own, for the limit counts for all its files.
func saveLimited(dir string) int {
	var limit unix.Rlimit
	err := unix.Getrlimit(unix.RLIMIT_FSIZE, &limit)
	if limit.Cur = 4096; err == nil {
		err = unix.Setrlimit(unix.RLIMIT_FSIZE, &limit)
	}
	s, openErr := store.Open("dir://"+dir, store.Options{})
	if err = errors.Join(err, openErr); err == nil {
		err = s.Lock(0)
	}
	if err == nil {
		err = s.Save(store.Permanent, bytes.Repeat([]byte("new"), 3000))
	}
	if !errors.Is(err, unix.EFBIG) {
		fmt.Println(err)
		return 1
	}
	return 0
}

// A file that cannot be written to its end: an error, the old state, nothing left behind.
func TestSaveFails(t *testing.T) {
	dir := t.TempDir()
	s := locked(t, dir, store.Options{})
	check(t, s.Save(store.Permanent, []byte("old")))
	check(t, s.Unlock())
	cmd := exec.Command(os.Args[0], dir)
	cmd.Env = append(os.Environ(), helperEnv+"="+limitedSave)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("Save: %v\n%s", err, out)
	}
	storetest.WantBlob(t, s, store.Permanent, []byte("old"))
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 2 {
		t.Errorf("%v, %v; want the state and the lock file", entries, err)
	}
}

func TestBackup(t *testing.T) {
	dir := t.TempDir()
	s := locked(t, dir, store.Options{Backup: true})
	swap := s.(store.Rewinder).SwapBackup
	if err := swap(); !errors.Is(err, store.ErrNotExist) {
		t.Errorf("swap of nothing: %v", err)
	}
	check(t, s.Save(store.Permanent, []byte("one")))
	if err := swap(); !errors.Is(err, store.ErrNotExist) {
		t.Errorf("swap without a backup: %v", err)
	}
	check(t, s.Save(store.Permanent, []byte("two")))
	check(t, s.Save(store.Volatile, []byte("other")))
	check(t, swap())
	storetest.WantBlob(t, s, store.Permanent, []byte("one"))
	check(t, swap())
	storetest.WantBlob(t, s, store.Permanent, []byte("two"))

	// swtpm may have been stopped between its two steps: the backup is all there is.
	check(t, os.Remove(filepath.Join(dir, "tpm2-00.permall")))
	storetest.WantBlob(t, s, store.Permanent, []byte("one"))
	if list, err := s.List(); err != nil || len(list) != 2 || list[0].Size != 3 {
		t.Errorf("List = %v, %v", list, err)
	}
	check(t, s.Save(store.Permanent, []byte("three")))
	check(t, swap())
	storetest.WantBlob(t, s, store.Permanent, []byte("one"))
	check(t, s.Delete(store.Permanent))
	storetest.WantNone(t, s, store.Permanent) // and the backup does not come back

	plain := t.TempDir()
	s = locked(t, plain, store.Options{})
	if err := s.(store.Rewinder).SwapBackup(); !errors.Is(err, store.ErrNotExist) {
		t.Errorf("swap where none is kept: %v", err)
	}
	if _, err := store.Open("file:///x", store.Options{Backup: true}); !errors.Is(err, store.ErrBackend) {
		t.Errorf("backup in a single file: %v", err)
	}
}

// A backup that is all there is becomes the state when the storage is locked, with or without a lock; but not where nothing is to be
// changed, or no backups are kept, or a state is there.
func TestBackupAlone(t *testing.T) {
	for _, tt := range []struct {
		name  string
		files []string
		opts  store.Options
		want  string // the files afterwards, each with its content
	}{
		{"backup", []string{"permall.bak"}, store.Options{Backup: true}, "permall=permall.bak"},
		{"no lock", []string{"permall.bak"}, store.Options{Backup: true, Lock: store.LockOff}, "permall=permall.bak"},
		{"backup and state", []string{"permall", "permall.bak"}, store.Options{Backup: true}, "permall=permall permall.bak=permall.bak"},
		{"unfinished exchange", []string{"permall.bak", "permall.tmp"}, store.Options{Backup: true}, "permall.bak=permall.bak permall.tmp=permall.tmp"},
		{"no backups", []string{"permall.bak"}, store.Options{}, "permall.bak=permall.bak"},
		{"read only", []string{"permall.bak"}, store.Options{Backup: true, ReadOnly: true, Lock: store.LockOff}, "permall.bak=permall.bak"},
		{"nothing", nil, store.Options{Backup: true}, ""},
	} {
		dir := t.TempDir()
		for _, name := range tt.files {
			check(t, os.WriteFile(filepath.Join(dir, "tpm2-00."+name), []byte(name), 0o640))
		}
		s, err := store.OpenDirectory(dir, tt.opts)
		check(t, err)
		check(t, s.Lock(0))
		var got []string
		entries, err := os.ReadDir(dir)
		check(t, err)
		for _, e := range entries {
			if name, ok := strings.CutPrefix(e.Name(), "tpm2-00."); ok {
				b, err := os.ReadFile(filepath.Join(dir, e.Name()))
				check(t, err)
				got = append(got, name+"="+string(b))
			}
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s: %v, want %s", tt.name, got, tt.want)
		}
		check(t, s.Close())
	}
}

func TestOversizedFile(t *testing.T) {
	dir := t.TempDir()
	s := locked(t, dir, store.Options{})
	name := filepath.Join(dir, "tpm2-00.permall")
	check(t, os.WriteFile(name, nil, 0o600))
	check(t, os.Truncate(name, store.MaxBlob+1))
	if _, err := s.Load(store.Permanent); !errors.Is(err, store.ErrDamaged) {
		t.Errorf("Load: %v", err)
	}
	check(t, os.Truncate(name, 0))
	storetest.WantBlob(t, s, store.Permanent, nil) // there, and empty: not the same as none
	sealed := store.Seal(s, nil, ivSource())
	if _, err := sealed.Load(store.Permanent); err == nil || errors.Is(err, store.ErrNotExist) {
		t.Errorf("an empty state file: %v", err)
	}
}
