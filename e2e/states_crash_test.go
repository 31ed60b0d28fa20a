package e2e

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"govtpm/e2e/rawtpm"
)

// traceable skips the test where processes cannot be traced.
func traceable(t *testing.T) {
	t.Helper()
	if out, err := exec.Command("strace", "-o", os.DevNull, "true").CombinedOutput(); err != nil {
		t.Skipf("processes cannot be traced here: %v\n%s", err, out)
	}
}

// crashCalls bounds how often a system call is let through before one kills.
const crashCalls = 60

// The process is killed at each of its system calls on files, one after the other: during its start, and between any two calls of a
// save. What was acknowledged is there then, in a directory, in one with a backup, and in a single file.
func TestCrashAtEachCall(t *testing.T) {
	guard(t, "strace")
	traceable(t)
	under := program(t)
	if under == theirs {
		t.Skip("another program makes other calls")
	}
	for _, storage := range []struct {
		name, option string
		calls        []string
	}{
		{"directory", "backend-uri=dir://%s", []string{"openat", "newfstatat", "pwrite64", "fsync", "close", "renameat"}},
		{"backup", "backend-uri=dir://%s,backup", []string{"openat", "newfstatat", "pwrite64", "fsync", "close", "renameat", "unlinkat", "linkat"}},
		{"file", "backend-uri=file://%s/one", []string{"openat", "lseek", "pread64", "pwrite64", "fsync", "close", "ftruncate"}},
	} {
		prepared := t.TempDir()
		c, p := crashing(t, under, fmt.Sprintf(storage.option, prepared), "")
		tpm := &maker{stateTPM: &stateTPM{process: p, Conn: c}}
		tpm.do(rawtpm.NVDefine(costIndex, crashRecord))
		tpm.do(rawtpm.NVWrite(costIndex, record(0, 0)))
		tpm.do(rawtpm.Shutdown(false))
		c.Close()
		p.wait(10 * time.Second)
		for _, call := range storage.calls {
			t.Run(storage.name+"/"+call, func(t *testing.T) {
				t.Parallel()
				killed := 0
				for n := 1; n <= crashCalls; n++ {
					dir := t.TempDir()
					if err := os.CopyFS(dir, os.DirFS(prepared)); err != nil {
						t.Fatal(err)
					}
					if !crashOnce(t, under, fmt.Sprintf(storage.option, dir), fmt.Sprintf("%s:signal=KILL:when=%d", call, n)) {
						break // it makes no more of these calls
					}
					killed++
				}
				t.Logf("killed %d times", killed)
				if killed == 0 {
					t.Error("never killed: the call is not made")
				}
			})
		}
	}
}

// crashOnce writes until the process is killed, and looks what a new one finds.
func crashOnce(t *testing.T, under, backend, inject string) (killed bool) {
	t.Helper()
	acked, sent := uint64(0), uint64(0)
	c, p := crashing(t, under, backend, inject)
	if c != nil {
		for n := uint64(1); n <= 4; n++ {
			sent = n
			if _, err := c.Do(rawtpm.NVWrite(costIndex, record(0, n))); err != nil {
				if _, refused := err.(rawtpm.RC); refused {
					t.Errorf("%s: refused: %v", inject, err)
				}
				break
			}
			acked = n
		}
		c.Close()
	}
	killed = <-p.done != nil
	c, p = crashing(t, under, backend, "")
	defer c.Close()
	got, err := c.ReadNV(costIndex, crashRecord)
	switch {
	case err != nil:
		t.Errorf("%s, then: %v\n%s", inject, err, p.log)
	case !bytes.Equal(got, record(0, acked)) && !bytes.Equal(got, record(0, sent)):
		t.Errorf("%s: %x; %d was acknowledged, %d sent", inject, got, acked, sent)
	}
	if _, err := c.Do(rawtpm.NVWrite(costIndex, record(0, 9))); err != nil {
		t.Errorf("%s: the state cannot be written any more: %v", inject, err)
	}
	return killed
}

// crashing starts a program that ends with its connection or, with inject, when strace lets it be killed; then there may be no connection.
func crashing(t *testing.T, under, backend, inject string) (*rawtpm.Conn, *process) {
	t.Helper()
	sockets := shortDir(t)
	data := filepath.Join(sockets, "d")
	args := []string{under, "socket", "--tpm2", "--tpmstate", backend, "--terminate", "--flags", "not-need-init,startup-clear",
		"--server", "type=unixio,path=" + data, "--ctrl", "type=unixio,path=" + filepath.Join(sockets, "c")}
	if inject != "" {
		call, _, _ := strings.Cut(inject, ":")
		args = append([]string{"strace", "-f", "-qq", "-o", os.DevNull, "-e", "trace=" + call, "-e", "inject=" + inject}, args...)
	}
	p := start(t, args[0], args[1:]...)
	for deadline := time.Now().Add(startTime); time.Now().Before(deadline); {
		if c, err := rawtpm.Dial("unix", data, 50*time.Millisecond); err == nil {
			t.Cleanup(func() { c.Close() })
			return c, p
		}
		select {
		case err := <-p.done:
			if inject == "" {
				t.Fatalf("it does not start: %v\n%s", err, p.log)
			}
			p.done = make(chan error, 1)
			p.done <- err
			close(p.done)
			return nil, p
		default:
		}
	}
	t.Fatalf("%s: no connection\n%s", inject, p.log)
	return nil, nil
}
