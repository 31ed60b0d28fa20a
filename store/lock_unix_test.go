//go:build unix

package store_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"govtpm/store"
)

// helperEnv makes the test binary a process that holds a lock until its standard input ends, or one that saves under a limit.
const helperEnv = "GOVTPM_TEST_HOLD_LOCK"

func TestMain(m *testing.M) {
	if how := os.Getenv(helperEnv); how == limitedSave {
		os.Exit(saveLimited(os.Args[1]))
	} else if how != "" {
		os.Exit(holdLock(how, os.Args[1]))
	}
	os.Exit(m.Run())
}

func holdLock(how, where string) int {
	var err error
	if how == "record lock" { // as swtpm takes it
		var f *os.File
		if f, err = os.OpenFile(where, os.O_WRONLY|os.O_CREATE, 0o660); err == nil {
			lk := unix.Flock_t{Type: unix.F_WRLCK}
			err = unix.FcntlFlock(f.Fd(), unix.F_SETLK, &lk)
			defer f.Close()
		}
	} else {
		var s store.Store
		if s, err = store.Open(where, store.Options{Lock: store.LockOn}); err == nil {
			err = s.Lock(0)
			defer s.Close()
		}
	}
	switch {
	case errors.Is(err, store.ErrLocked) || errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EACCES):
		fmt.Println("busy")
	case err != nil:
		fmt.Println(err)
	default:
		fmt.Println("held")
	}
	io.Copy(io.Discard, os.Stdin)
	return 0
}

// holder starts another process that tries to lock, and returns what came of it and a function to end it.
func holder(t *testing.T, how, where string) (result string, end func()) {
	t.Helper()
	cmd := exec.Command(os.Args[0], where)
	cmd.Env = append(os.Environ(), helperEnv+"="+how)
	in, err := cmd.StdinPipe()
	check(t, err)
	out, err := cmd.StdoutPipe()
	check(t, err)
	check(t, cmd.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	check(t, err)
	return line[:len(line)-1], func() { in.Close(); cmd.Wait() }
}

// A lock of ours keeps other processes away, whether they are ours or lock as swtpm does, and theirs us.
func TestLockBetweenProcesses(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "linear")
	for _, tt := range []struct{ uri, lockFile string }{
		{"dir://" + dir, filepath.Join(dir, ".lock")},
		{"file://" + file, file},
	} {
		s, err := store.Open(tt.uri, store.Options{Lock: store.LockOn})
		check(t, err)
		for how, where := range map[string]string{"store": tt.uri, "record lock": tt.lockFile} {
			check(t, s.Lock(0))
			check(t, s.Save(store.Permanent, []byte("x")))
			got, end := holder(t, how, where)
			end()
			if got != "busy" {
				t.Errorf("%s: %s while we hold the lock: %s", tt.uri, how, got)
			}
			check(t, s.Unlock())

			got, end = holder(t, how, where)
			if got != "held" {
				t.Errorf("%s: %s while nobody holds the lock: %s", tt.uri, how, got)
			}
			start := time.Now()
			if err := s.Lock(5); !errors.Is(err, store.ErrLocked) {
				t.Errorf("%s: Lock while %s holds it: %v", tt.uri, how, err)
			}
			if d := time.Since(start); d < 50*time.Millisecond {
				t.Errorf("five retries took %v", d)
			}
			time.AfterFunc(100*time.Millisecond, end)
			if err := s.Lock(1000); err != nil {
				t.Errorf("%s: Lock with patience: %v", tt.uri, err)
			}
			check(t, s.Unlock())
		}
		check(t, s.Close())
	}
}

// A lock file that was removed while somebody held it does not let two in, nor does it stop us.
func TestLockFileRemoved(t *testing.T) {
	dir := t.TempDir()
	a := locked(t, dir, store.Options{})
	check(t, a.Unlock())
	check(t, os.Remove(filepath.Join(dir, ".lock")))
	check(t, a.Lock(0))
	b, err := store.Open("dir://"+dir, store.Options{})
	check(t, err)
	defer b.Close()
	if err := b.Lock(0); !errors.Is(err, store.ErrLocked) {
		t.Errorf("second lock: %v", err)
	}
}
