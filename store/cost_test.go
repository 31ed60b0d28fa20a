package store

import (
	"io"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"govtpm/store/internal/vfs"
)

// recorder is a file system that writes down what is asked of it.
type recorder struct {
	vfs.FS
	calls []string
}

func (r *recorder) note(call string) { r.calls = append(r.calls, call) }

func (r *recorder) OpenFile(name string, flag int, perm fs.FileMode) (vfs.File, error) {
	r.note("open")
	f, err := r.FS.OpenFile(name, flag, perm)
	if err != nil {
		return nil, err
	}
	return &recordedFile{f, r}, nil
}

func (r *recorder) Lstat(name string) (fs.FileInfo, error) {
	r.note("lstat")
	return r.FS.Lstat(name)
}

func (r *recorder) Rename(from, to string) error {
	r.note("rename")
	return r.FS.Rename(from, to)
}

func (r *recorder) Link(from, to string) error {
	r.note("link")
	return r.FS.Link(from, to)
}

func (r *recorder) Remove(name string) error {
	r.note("remove")
	return r.FS.Remove(name)
}

func (r *recorder) SyncDir(name string) error {
	r.note("syncdir")
	return r.FS.SyncDir(name)
}

func (r *recorder) LockFile(name string, perm fs.FileMode) (io.Closer, error) {
	r.note("lock")
	return r.FS.LockFile(name, perm)
}

type recordedFile struct {
	vfs.File
	r *recorder
}

func (f *recordedFile) ReadAt(b []byte, at int64) (int, error) {
	f.r.note("read")
	return f.File.ReadAt(b, at)
}

func (f *recordedFile) WriteAt(b []byte, at int64) (int, error) {
	f.r.note("write")
	return f.File.WriteAt(b, at)
}

func (f *recordedFile) Size() (int64, error) {
	f.r.note("size")
	return f.File.Size()
}

func (f *recordedFile) Stat() (fs.FileInfo, error) {
	f.r.note("stat")
	return f.File.Stat()
}

func (f *recordedFile) Chmod(m fs.FileMode) error {
	f.r.note("chmod")
	return f.File.Chmod(m)
}

func (f *recordedFile) Truncate(size int64) error {
	f.r.note("truncate")
	return f.File.Truncate(size)
}

func (f *recordedFile) Sync() error {
	f.r.note("sync")
	return f.File.Sync()
}

func (f *recordedFile) Close() error {
	f.r.note("close")
	return f.File.Close()
}

// Every save after the first makes these calls and no other. A directory syncs the file and the directory once each. A single
// file has no journal: its data must be on the disk before the header points to them, so it is synced twice, and no directory.
func TestSaveCost(t *testing.T) {
	dir := t.TempDir()
	const plain = "lstat open write sync close rename syncdir"
	for _, tt := range []struct {
		name, uri string
		opt       Options
		kind      Kind
		want      string
	}{
		{"directory", "dir://" + dir, Options{}, Permanent, plain},
		{"volatile", "dir://" + dir, Options{}, Volatile, plain},
		{"mode", "dir://" + dir, Options{Mode: 0o600}, Permanent, "lstat open chmod write sync close rename syncdir"},
		{"no lock", "dir://" + dir, Options{Lock: LockOff}, Permanent, plain},
		{"no sync", "dir://" + dir, Options{NoSync: true}, Permanent, "lstat open write close rename"},
		{"backup", "dir://" + dir, Options{Backup: true}, Permanent, "lstat open write sync close remove link rename syncdir"},
		{"volatile with backup", "dir://" + dir, Options{Backup: true}, Volatile, plain},
		{"file", "file://" + filepath.Join(dir, "file"), Options{}, Permanent, "size read write sync write sync write"},
		{"locked file", "file://" + filepath.Join(dir, "file"), Options{Lock: LockOn}, Permanent, "size read write sync write sync write"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := &recorder{FS: vfs.OS{}}
			tt.opt.fs = r
			s, err := Open(tt.uri, tt.opt)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if err := s.Lock(0); err != nil {
				t.Fatal(err)
			}
			// Another state behind it, which fits into no gap, lets a single file keep its size.
			for _, err := range []error{s.Save(tt.kind, make([]byte, 1000)), s.Save(tt.kind, make([]byte, 1000)),
				s.Save(SaveState, make([]byte, 2000))} {
				if err != nil {
					t.Fatal(err)
				}
			}
			for n := range 4 {
				r.calls = nil
				if err := s.Save(tt.kind, make([]byte, 1000+n)); err != nil {
					t.Fatal(err)
				}
				if got := strings.Join(r.calls, " "); got != tt.want {
					t.Errorf("save %d: %s\nwant %s", n, got, tt.want)
				}
			}
		})
	}
}
