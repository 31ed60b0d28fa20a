package e2e

import (
	"encoding/binary"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"govtpm/e2e/rawtpm"
)

// lockStorage is CMD_LOCK_STORAGE; it gives the result and how long that took.
func lockStorage(t *testing.T, ctrl string, retries uint32) (uint32, time.Duration) {
	t.Helper()
	c, err := net.Dial("unix", ctrl)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	began := time.Now()
	var rsp [4]byte
	if _, err = c.Write(pack(uint32(0x13), retries)); err == nil {
		_, err = io.ReadFull(c, rsp[:])
	}
	if err != nil {
		t.Fatal(err)
	}
	return binary.BigEndian.Uint32(rsp[:]), time.Since(began)
}

// The lock of the state: asked for, it is tried as often as told, 10 ms apart, and had once the other side gives it up; on each kind
// of storage that is locked.
func TestLockStorage(t *testing.T) {
	guard(t)
	under := program(t)
	if under == theirs {
		t.Skip("Debian's swtpm has no CMD_LOCK_STORAGE")
	}
	for name, backend := range map[string]func(dir string) string{
		"directory": func(dir string) string { return "backend-uri=dir://" + dir },
		"file":      func(dir string) string { return "backend-uri=file://" + filepath.Join(dir, "one") + ",lock" },
	} {
		t.Run(name, func(t *testing.T) {
			backend := backend(t.TempDir())
			holder, hp := crashing(t, under, backend, "")
			m := &maker{stateTPM: &stateTPM{process: hp, Conn: holder}}
			m.do(rawtpm.NVDefine(costIndex, crashRecord))

			ctrl := filepath.Join(shortDir(t), "c")
			waiting := start(t, under, "socket", "--tpm2", "--tpmstate", backend, "--ctrl", "type=unixio,path="+ctrl, "--migration", "incoming")
			for end := time.Now().Add(startTime); ; time.Sleep(10 * time.Millisecond) {
				if _, err := os.Stat(ctrl); err == nil {
					break
				}
				if time.Now().After(end) {
					t.Fatalf("no control socket\n%s", waiting.log)
				}
			}
			if rc, took := lockStorage(t, ctrl, 0); rc == 0 || took > 5*time.Second {
				t.Errorf("without retries: result %d after %v", rc, took)
			}
			if rc, took := lockStorage(t, ctrl, 30); rc == 0 || took < 300*time.Millisecond {
				t.Errorf("with 30 retries: result %d after %v", rc, took)
			}
			time.AfterFunc(200*time.Millisecond, func() { holder.Close() }) // which ends that program
			if rc, took := lockStorage(t, ctrl, 1000); rc != 0 || took < 200*time.Millisecond {
				t.Errorf("with patience: result %d after %v\n%s", rc, took, waiting.log)
			}
			refusedStorage(t, under, backend)
		})
	}
}

// refusedStorage starts a program that cannot have the state: it has to end with a failure.
func refusedStorage(t *testing.T, under, backend string) {
	t.Helper()
	sockets := shortDir(t)
	p := start(t, under, "socket", "--tpm2", "--tpmstate", backend, "--flags", "not-need-init,startup-clear",
		"--server", "type=unixio,path="+filepath.Join(sockets, "d"), "--ctrl", "type=unixio,path="+filepath.Join(sockets, "c"))
	select {
	case err := <-p.done:
		if err == nil {
			t.Errorf("another program ended with success\n%s", p.log)
		}
	case <-time.After(startTime):
		t.Error("another program starts")
	}
}
