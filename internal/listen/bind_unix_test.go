//go:build unix

package listen

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// A socket is never open to more than its mode says: not when it appears, whatever the process's mask, and not while it
// belongs to the wrong group.
func TestModes(t *testing.T) {
	defer unix.Umask(unix.Umask(0))
	mode := func(path string) fs.FileMode {
		st, err := os.Lstat(path)
		if err != nil {
			t.Fatal(err)
		}
		return st.Mode().Perm()
	}
	for _, row := range []struct {
		umask                   int
		gid                     int
		mode, atFirst, atTheEnd fs.FileMode
	}{
		{0, -1, 0o600, 0o600, 0o600},
		{0, -1, 0, 0, 0},
		{0, -1, 0o770, 0o770, 0o770},
		{0o077, -1, 0o770, 0o700, 0o770},
		{0o777, -1, 0o666, 0, 0o666},
		{0, os.Getgid(), 0o660, 0o600, 0o660},
		{0, os.Getgid(), 0o077, 0, 0o077},
	} {
		path := filepath.Join(t.TempDir(), "s")
		unix.Umask(row.umask)
		e := Endpoint{Network: "unix", Path: path, Mode: row.mode, UID: -1, GID: row.gid}
		l, err := bind(path, e.narrow())
		if err != nil {
			t.Skip(err)
		}
		if got := mode(path); got&^row.atFirst != 0 || row.umask != 0o777 && got != row.atFirst {
			t.Errorf("%+v: %v when it appears", row, got)
		}
		l.Close()
		if l, err = e.Listen(); err != nil {
			t.Fatal(err)
		}
		if got := mode(path); got != row.atTheEnd {
			t.Errorf("%+v: %v at the end", row, got)
		}
		l.Close()
		unix.Umask(0)
	}
}

func TestForeignOwner(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root gives files away")
	}
	path := filepath.Join(t.TempDir(), "s")
	e := Endpoint{Network: "unix", Path: path, Mode: 0o660, UID: 12345, GID: 23456}
	l, err := e.Listen()
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var st unix.Stat_t
	if err := unix.Lstat(path, &st); err != nil || st.Uid != 12345 || st.Gid != 23456 || st.Mode&0o777 != 0o660 {
		t.Errorf("%+v, %v", st, err)
	}
}
