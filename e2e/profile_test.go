package e2e

import (
	"bytes"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"govtpm/e2e/rawtpm"
)

// profileBeyond is a profile with commands that libtpms does not have: ReadOnlyControl, ACT_SetTimeout.
const profileBeyond = `{"Name":"custom:beyond","Commands":"0x11f-0x122,0x124-0x12e,0x130-0x140,0x142-0x159,0x15b-0x15e,0x160-0x165,` +
	`0x167-0x174,0x176-0x178,0x17a-0x193,0x197-0x19c,0x1a0"}`

var (
	// readOnlyOn is TPM2_ReadOnlyControl(YES), setTimer TPM2_ACT_SetTimeout of the first timer with a second, both of the platform.
	readOnlyOn = rawtpm.Command("\x80\x02\x00\x00\x00\x1c\x00\x00\x01\xa0\x40\x00\x00\x0c\x00\x00\x00\x09\x40\x00\x00\x09\x00\x00\x00\x00\x00\x01")
	setTimer   = rawtpm.Command("\x80\x02\x00\x00\x00\x1f\x00\x00\x01\x98\x40\x00\x01\x10\x00\x00\x00\x09\x40\x00\x00\x09\x00\x00\x00\x00\x00\x00\x00\x00\x01")
)

// A TPM with commands beyond libtpms keeps what they did; the other implementation refuses its state and leaves it alone.
func TestProfileBeyond(t *testing.T) {
	guard(t, theirs)
	under, dir, port := program(t), t.TempDir(), freePorts(t)
	profile := filepath.Join(t.TempDir(), "profile.json")
	if err := os.WriteFile(profile, []byte(profileBeyond), 0o600); err != nil {
		t.Fatal(err)
	}
	logFile := filepath.Join(t.TempDir(), "log")
	tpm := &socketTPM{port: port}
	tpm.process = start(t, under, "socket", "--tpm2", "--tpmstate", "dir="+dir, "--flags", runNow, "--profile", "file="+profile,
		"--log", "file="+logFile,
		"--server", "type=tcp,port="+strconv.Itoa(port), "--ctrl", "type=tcp,port="+strconv.Itoa(port+1))
	tpm.connect()
	tpm.must(setTimer)
	expired := func() bool {
		log, _ := os.ReadFile(logFile)
		return strings.Contains(string(log), "countdown timer 0 has expired")
	}
	for end := time.Now().Add(startTime); !expired() && time.Now().Before(end); {
		time.Sleep(50 * time.Millisecond)
	}
	if !expired() {
		t.Error("the timer does not expire without a command")
	}
	tpm.must(readOnlyOn)
	tpm.must(rawtpm.Shutdown(true))
	tpm.end()

	file := filepath.Join(dir, "tpm2-00.permall")
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	other := start(t, theirs, "socket", "--tpm2", "--tpmstate", "dir="+dir, "--flags", "not-need-init",
		"--server", "type=tcp,port="+strconv.Itoa(port), "--ctrl", "type=tcp,port="+strconv.Itoa(port+1))
	refused(t, other, port)
	other.kill()
	if after, err := os.ReadFile(file); err != nil || !bytes.Equal(after, before) {
		t.Errorf("the other implementation changed the state (%v)", err)
	}

	tpm = startSocket(t, under, dir, "not-need-init")
	tpm.must(rawtpm.Startup(true))
	var rc rawtpm.RC
	if _, err := tpm.Do(rawtpm.NVDefine(firstIndex, nvSize)); !errors.As(err, &rc) || rc != 0x156 {
		t.Errorf("read-only mode after TPM Resume: %v", err)
	}
	tpm.end()
}

// refused wants an emulator to end with a failure, or to answer commands with nothing but TPM_RC_FAILURE.
func refused(t *testing.T, p *process, port int) {
	t.Helper()
	for end := time.Now().Add(startTime); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		select {
		case err := <-p.done:
			if err == nil {
				t.Error("the other implementation ended well")
			}
			return
		default:
		}
		c, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			continue
		}
		defer c.Close()
		var rc rawtpm.RC
		if _, err := rawtpm.New(c).Do(rawtpm.Startup(false)); !errors.As(err, &rc) || rc != 0x101 {
			t.Errorf("the other implementation starts: %v", err)
		}
		return
	}
	t.Error("the other implementation neither ends nor serves")
}
