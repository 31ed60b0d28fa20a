//go:build linux

package e2e

import (
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"govtpm/e2e/rawtpm"
)

// State files belong to the account that the program changes to, with the mode that was asked for or swtpm's; both programs alike,
// from the first file on and when it is replaced.
func TestStateOwner(t *testing.T) {
	guard(t, theirs)
	account, err := user.Lookup("nobody")
	if err != nil || os.Getuid() != 0 {
		t.Skipf("a change of account needs root and an account to change to (%v)", err)
	}
	uid, err := strconv.Atoi(account.Uid)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		option string
		mode   os.FileMode
	}{{"", 0o640}, {",mode=0604", 0o604}} {
		for _, under := range []string{program(t), theirs} {
			dir, sockets := shortDir(t), shortDir(t)
			for _, d := range []string{dir, sockets} {
				if err := os.Chown(d, uid, -1); err != nil {
					t.Fatal(err)
				}
			}
			data := filepath.Join(sockets, "d")
			p := start(t, under, "socket", "--tpm2", "--tpmstate", "dir="+dir+tt.option, "--terminate", "--runas", "nobody",
				"--flags", "not-need-init,startup-clear", "--server", "type=unixio,path="+data, "--ctrl", "type=unixio,path="+filepath.Join(sockets, "c"))
			c, err := rawtpm.Dial("unix", data, startTime)
			if err != nil {
				t.Fatalf("%v\n%s", err, p.log)
			}
			m := &maker{stateTPM: &stateTPM{process: p, Conn: c}}
			look := func(when string) {
				info, err := os.Lstat(filepath.Join(dir, "tpm2-00.permall"))
				if err != nil {
					t.Fatal(err)
				}
				if owner := info.Sys().(*syscall.Stat_t).Uid; int(owner) != uid || info.Mode() != tt.mode {
					t.Errorf("%s%s, %s: owner %d, mode %v; want %d, %v", under, tt.option, when, owner, info.Mode(), uid, tt.mode)
				}
			}
			m.do(rawtpm.GetRandom(8)) // it is there once the TPM answers
			look("new")
			m.do(rawtpm.NVDefine(costIndex, crashRecord))
			look("replaced")
			c.Close()
			p.wait(10 * time.Second)
		}
	}
}
