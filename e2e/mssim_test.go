package e2e

import (
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-tpm/tpm2"
	"github.com/google/go-tpm/tpm2/transport/tcp"
)

// Clients of the simulator of the reference code find one: tools with libtss2's mssim module, and go-tpm.
func TestSimulatorProtocol(t *testing.T) {
	guard(t, "tpm2_getrandom")
	port := freePorts(t)
	dir := t.TempDir()
	p := start(t, program(t), "socket", "--tpm2", "--tpmstate", "dir="+dir, "--server", fmt.Sprintf("type=mssim,port=%d", port))
	commands, platform := fmt.Sprintf("127.0.0.1:%d", port), fmt.Sprintf("127.0.0.1:%d", port+1)
	for until := time.Now().Add(startTime); ; time.Sleep(20 * time.Millisecond) {
		conn, err := net.Dial("tcp", platform)
		if err == nil {
			conn.Close()
			break
		}
		if time.Now().After(until) {
			t.Fatal(err)
		}
	}

	s := newSession(t)
	s.env = append(os.Environ(), fmt.Sprintf("TPM2TOOLS_TCTI=mssim:host=127.0.0.1,port=%d", port))
	s.run("tpm2_startup -c")
	if got := strings.TrimSpace(s.run("tpm2_getrandom --hex 16")); len(got) != 32 {
		t.Errorf("random bytes %q", got)
	}
	s.run("tpm2_createprimary -C o -G ecc -c primary.ctx")
	s.write("data", "to be sealed")
	s.run("tpm2_create -C primary.ctx -i data -u seal.pub -r seal.priv")
	s.run("tpm2_flushcontext -t")
	s.run("tpm2_load -C primary.ctx -u seal.pub -r seal.priv -c seal.ctx")
	if got := s.run("tpm2_unseal -c seal.ctx"); got != "to be sealed" {
		t.Errorf("unsealed %q", got)
	}
	s.run("tpm2_pcrextend 16:sha256=" + strings.Repeat("01", 32))
	s.run("tpm2_shutdown -c")

	c, err := tcp.Open(tcp.Config{CommandAddress: commands, PlatformAddress: platform})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.PowerOff(); err != nil {
		t.Error(err)
	}
	if err := c.PowerOn(); err != nil {
		t.Error(err)
	}
	if _, err := (tpm2.Startup{StartupType: tpm2.TPMSUClear}).Execute(c); err != nil {
		t.Error(err)
	}
	if rsp, err := (tpm2.GetRandom{BytesRequested: 12}).Execute(c); err != nil || len(rsp.RandomBytes.Buffer) != 12 {
		t.Errorf("%v, %v", rsp, err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	// The power cycle took the keys and the measurements.
	if got := s.run("tpm2_pcrread sha256:16"); !strings.Contains(got, "0x"+strings.Repeat("0", 64)) {
		t.Errorf("PCR 16 is %s", got)
	}
	p.end()
}
