package tpm2

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"govtpm/internal/require"
	"govtpm/tpm2/wire"
)

// oracle is swtpm on new state, to compare answers with.
type oracle struct {
	t    *testing.T
	conn net.Conn
	stop []func() // what ends it, the last first
}

// end ends swtpm, at the end of the test at the latest.
func (o *oracle) end() {
	for len(o.stop) != 0 {
		last := len(o.stop) - 1
		o.stop[last]()
		o.stop = o.stop[:last]
	}
}

// startOracle starts swtpm, if it is installed, and does TPM2_Startup(CLEAR).
func startOracle(t *testing.T) *oracle {
	t.Helper()
	if testing.Short() {
		t.Skip("short")
	}
	return startOracleOn(t, nil, nil)
}

// oracle starts swtpm where b is now.
func (b *testTPM) oracle() *oracle {
	b.t.Helper()
	permanent, err := b.PermanentState()
	if err != nil {
		b.t.Fatal(err)
	}
	volatile, err := b.VolatileState()
	if err != nil {
		b.t.Fatal(err)
	}
	return startOracleOn(b.t, permanent, volatile)
}

// startOracleOn starts swtpm on state: a permanent blob, or nil for a new TPM, and perhaps a volatile one. Without a volatile one it
// does TPM2_Startup(CLEAR).
func startOracleOn(t *testing.T, permanent, volatile []byte) *oracle {
	t.Helper()
	program := require.Program(t, "swtpm")
	dir, err := os.MkdirTemp("", "tpm2") // short, for the socket
	if err != nil {
		t.Fatal(err)
	}
	o := &oracle{t: t, stop: []func(){func() { os.RemoveAll(dir) }}}
	t.Cleanup(o.end)
	flags := "not-need-init,startup-clear"
	if volatile != nil {
		flags = "not-need-init"
	}
	for name, blob := range map[string][]byte{"permall": permanent, "volatilestate": volatile} {
		if blob == nil {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, "tpm2-00."+name), fileEnvelope(blob), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	socket := filepath.Join(dir, "data")
	cmd := exec.CommandContext(ctx, program, "socket", "--tpm2", "--tpmstate", "dir="+dir, "--server", "type=unixio,path="+socket,
		"--ctrl", "type=unixio,path="+filepath.Join(dir, "ctrl"), "--flags", flags)
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		cancel()
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait(); close(ended) }()
	o.stop = append(o.stop, func() { cancel(); <-ended })
	for range 300 {
		if conn, err := net.Dial("unix", socket); err == nil {
			o.stop = append(o.stop, func() { conn.Close() })
			conn.SetDeadline(time.Now().Add(60 * time.Second))
			o.conn = conn
			return o
		}
		select {
		case err := <-ended:
			t.Fatalf("swtpm ends: %v\n%s", err, log.String())
		case <-time.After(10 * time.Millisecond):
		}
	}
	t.Fatal("swtpm does not answer")
	return nil
}

// fileEnvelope puts the header of swtpm's state files in front of a blob.
func fileEnvelope(blob []byte) []byte {
	b := binary.BigEndian.AppendUint32([]byte{2, 1, 0, 10, 0, 0}, uint32(16+len(blob)))
	b = binary.BigEndian.AppendUint32(append(b, 0, 1), uint32(len(blob)))
	return append(b, blob...)
}

// run executes a command.
func (o *oracle) run(cmd []byte) []byte {
	o.t.Helper()
	if _, err := o.conn.Write(cmd); err != nil {
		o.t.Fatal(err)
	}
	out := make([]byte, 10)
	if _, err := io.ReadFull(o.conn, out); err != nil {
		o.t.Fatalf("%x: %v", cmd, err)
	}
	rest := make([]byte, binary.BigEndian.Uint32(out[2:])-10)
	if _, err := io.ReadFull(o.conn, rest); err != nil {
		o.t.Fatal(err)
	}
	return append(out, rest...)
}

// variants are a command, and the command with each end cut off and each octet changed in turn; the size in the header follows.
func variants(cmd []byte, from int) [][]byte {
	list := [][]byte{cmd}
	sized := func(b []byte) []byte {
		binary.BigEndian.PutUint32(b[2:], uint32(len(b)))
		return b
	}
	for n := max(from, 10); n < len(cmd); n++ { // swtpm waits for a whole header
		list = append(list, sized(bytes.Clone(cmd[:n])))
	}
	for i := from; i < len(cmd); i++ {
		for _, change := range []byte{0x01, 0x02, 0x40, 0x80, 0xFF} {
			b := bytes.Clone(cmd)
			b[i] ^= change
			list = append(list, b)
		}
	}
	return append(list, sized(append(bytes.Clone(cmd), 0)))
}

// TestOracle gives commands of PCRs, capabilities, management and testing, right and wrong ones, to swtpm and to a TPM of the same
// profile, and wants the same answers.
func TestOracle(t *testing.T) {
	o := startOracle(t)
	b := newTestTPMWith(t, Options{Seeds: vectorSeeds()}).startup(wire.SUClear)
	digest := wire.TPMLDigestValues{{HashAlg: wire.AlgSHA256, Digest: bytes.Repeat([]byte{3}, 32)}}
	all := wire.TPMLPCRSelection{allOf(wire.AlgSHA1), allOf(wire.AlgSHA256), allOf(wire.AlgSHA384), allOf(wire.AlgSHA512)}
	commands := []*testCommand{
		extend(3, wire.AlgSHA1, bytes.Repeat([]byte{1}, 20)),
		newCommand(wire.CCPCRExtend, 16).password("").put(digest),
		newCommand(wire.CCPCRExtend, wire.RHNull).password("").put(digest),
		newCommand(wire.CCPCREvent, 5).password("").b2([]byte("event")),
		newCommand(wire.CCPCREvent, 23).password("").b2(nil),
		newCommand(wire.CCPCRRead).put(wire.TPMLPCRSelection{selection(wire.AlgSHA1, 3, 5, 16), selection(wire.AlgSHA512, 5, 17)}),
		newCommand(wire.CCPCRRead).put(all),
		newCommand(wire.CCPCRReset, 16).password(""),
		newCommand(wire.CCPCRAllocate, wire.RHPlatform).password("").put(wire.TPMLPCRSelection{selection(wire.AlgSHA1, 0, 17)}),
		newCommand(wire.CCPCRAllocate, wire.RHPlatform).password("").put(all),
		newCommand(wire.CCPCRSetAuthPolicy, wire.RHPlatform).password("").b2(make([]byte, 20)).u16(4).u32(1),
		newCommand(wire.CCPCRSetAuthValue, 1).password("").b2([]byte("x")),
		newCommand(wire.CCPPCommands, wire.RHPlatform).password("").u32(1).u32(uint32(wire.CCClear)).u32(0),
		newCommand(wire.CCSetAlgorithmSet, wire.RHPlatform).password("").u32(7),
		newCommand(wire.CCSelfTest).u8(0),
		newCommand(wire.CCGetTestResult),
		newCommand(wire.CCTestParms).u16(1).u16(6).u16(128).u16(0x43).u16(0x10).u16(2048).u32(0),
		newCommand(wire.CCTestParms).u16(0x23).u16(0x10).u16(0x18).u16(0xB).u16(3).u16(0x10),
		newCommand(wire.CCTestParms).u16(8).u16(5).u16(0xB),
		newCommand(wire.CCTestParms).u16(0x25).u16(6).u16(256).u16(0x43),
	}
	for capability := range uint32(0xE) {
		for _, property := range []uint32{0, 1, 3, 0x18, 0x120, 0x199, 0x01000000, 0x02000000, 0x03000000, 0x40000000, 0x4000000A, 0x40000110, 0x80000000, 0x81000000} {
			if capability == uint32(wire.CapTPMProperties) && property >= 0x200 {
				continue // all the same
			}
			commands = append(commands, newCommand(wire.CCGetCapability).u32(capability).u32(property).u32(3))
		}
	}
	for i, c := range commands {
		for _, cmd := range variants(c.bytes(), 6) {
			got, want := b.Execute(context.Background(), 0, cmd), o.run(cmd)
			if !bytes.Equal(got, want) && !differsFromOracle(cmd, got, want) {
				t.Errorf("command %d: %x\ngives %s\nwant  %s", i, cmd, hex.EncodeToString(got), hex.EncodeToString(want))
			}
		}
	}
	if b.Failure() != nil {
		t.Error(b.Failure())
	}
}

// differsFromOracle knows what the libtpms that comes with swtpm 0.7 does in another way than later ones.
func differsFromOracle(cmd, got, want []byte) bool {
	switch wire.CC(binary.BigEndian.Uint32(cmd[6:])) {
	case wire.CCGetCapability: // other fixed properties, other attributes of PCR 20 to 22
		c := wire.Cap(binary.BigEndian.Uint32(cmd[10:]))
		return len(got) > 10 && len(want) > 10 && (c == wire.CapTPMProperties || c == wire.CapPCRProperties)
	}
	return false
}
