//go:build unix

package vfs

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

const helperEnv = "GOVTPM_TEST_TRY_LOCK"

func TestMain(m *testing.M) {
	if name := os.Getenv(helperEnv); name != "" {
		os.Exit(tryFromOutside(name))
	}
	os.Exit(m.Run())
}

// tryFromOutside tells whether this process gets a record lock: 0, or 3 if not.
func tryFromOutside(name string) int {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return 4
	}
	if setPosix(f, unix.F_WRLCK) != nil {
		return 3
	}
	return 0
}

func free(t *testing.T, name string) bool {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), helperEnv+"="+name)
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 3) {
		t.Fatal(err)
	}
	return err == nil
}

// posixFile is an osFile as it is where there are only record locks.
type posixFile struct {
	*os.File
	lock posixLock
}

func openPosix(t *testing.T, name string) *posixFile {
	t.Helper()
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	return &posixFile{File: f}
}

// Record locks of the process, and our table beside them: two files exclude each other, and closing one that has no
// lock does not give the other's away.
func TestPosixLocks(t *testing.T) {
	name := filepath.Join(t.TempDir(), "f")
	a, b, c := openPosix(t, name), openPosix(t, name), openPosix(t, name)
	want := func(err, want error, what string) {
		t.Helper()
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", what, err, want)
		}
	}
	if !free(t, name) {
		t.Fatal("locked before anybody locked it")
	}
	want(a.lock.tryLock(a.File), nil, "first lock")
	want(a.lock.tryLock(a.File), nil, "the same again")
	want(b.lock.tryLock(b.File), ErrLocked, "second lock")
	want(b.lock.close(b.File), nil, "close of the second")
	if free(t, name) {
		t.Error("closing another file gave the lock away")
	}
	want(a.lock.unlock(a.File), nil, "unlock")
	want(a.lock.unlock(a.File), nil, "unlock again")
	if b.File.Close() == nil {
		t.Error("the second file was not closed after the unlock")
	}
	if !free(t, name) {
		t.Error("still locked after the unlock")
	}
	want(c.lock.tryLock(c.File), nil, "third lock")
	want(a.lock.close(a.File), nil, "close of the first")
	if free(t, name) {
		t.Error("closing another file gave the lock away")
	}
	want(c.lock.close(c.File), nil, "close of the third")
	if a.File.Close() == nil {
		t.Error("the first file was not closed with the lock")
	}
	if !free(t, name) {
		t.Error("still locked after the close")
	}
	if len(posixLocks.held) != 0 {
		t.Error("the table is not empty")
	}
}

func TestLockFileThatIsReplaced(t *testing.T) {
	name := filepath.Join(t.TempDir(), "lock")
	a, err := OS{}.LockFile(name, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if _, err := (OS{}).LockFile(name, 0o600); !errors.Is(err, ErrLocked) {
		t.Errorf("second lock: %v", err)
	}
	if free(t, name) {
		t.Error("another process gets the lock")
	}
}
