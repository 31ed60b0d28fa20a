package nvstate_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"govtpm/internal/require"
	"govtpm/tpm2/nvstate"
	"govtpm/tpm2/wire"
)

// oracle is swtpm with libtpms, running on state of ours.
type oracle struct {
	t    *testing.T
	conn net.Conn
}

// envelope wraps a blob as the file backend of swtpm does.
func envelope(blob []byte) []byte {
	b := []byte{2, 1, 0, 10, 0, 0}
	b = binary.BigEndian.AppendUint32(b, uint32(16+len(blob)))
	b = append(b, 0, 1)
	b = binary.BigEndian.AppendUint32(b, uint32(len(blob)))
	return append(b, blob...)
}

// startOracle starts swtpm on a permanent and perhaps a volatile blob, and waits for it to take commands.
func startOracle(t *testing.T, permanent, volatile []byte) *oracle {
	t.Helper()
	program := require.Program(t, "swtpm")
	dir, err := os.MkdirTemp("", "nvstate") // short, for the socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	flags := "not-need-init,startup-clear"
	if volatile != nil {
		flags = "not-need-init"
		write(t, filepath.Join(dir, "tpm2-00.volatilestate"), envelope(volatile))
	}
	write(t, filepath.Join(dir, "tpm2-00.permall"), envelope(permanent))
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	socket := filepath.Join(dir, "data")
	cmd := exec.CommandContext(ctx, program, "socket", "--tpm2", "--tpmstate", "dir="+dir,
		"--ctrl", "type=unixio,path="+filepath.Join(dir, "ctrl"), "--server", "type=unixio,path="+socket, "--flags", flags)
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		cancel()
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	stop := func() { cancel(); <-ended }
	for range 300 {
		conn, err := net.Dial("unix", socket)
		if err == nil {
			t.Cleanup(func() { conn.Close(); stop() })
			conn.SetDeadline(time.Now().Add(20 * time.Second))
			return &oracle{t, conn}
		}
		select {
		case err := <-ended:
			cancel()
			t.Fatalf("swtpm refuses the state: %v\n%s", err, log.String())
		case <-time.After(10 * time.Millisecond):
		}
	}
	stop()
	t.Fatalf("swtpm does not answer\n%s", log.String())
	return nil
}

func write(t *testing.T, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// send runs a command and gives the response behind the header.
func (o *oracle) send(tag uint16, cc wire.CC, body ...[]byte) []byte {
	o.t.Helper()
	all := bytes.Join(body, nil)
	b := binary.BigEndian.AppendUint16(nil, tag)
	b = binary.BigEndian.AppendUint32(b, uint32(10+len(all)))
	b = binary.BigEndian.AppendUint32(b, uint32(cc))
	if _, err := o.conn.Write(append(b, all...)); err != nil {
		o.t.Fatal(err)
	}
	head := make([]byte, 10)
	if _, err := io.ReadFull(o.conn, head); err != nil {
		o.t.Fatal(err)
	}
	if rc := binary.BigEndian.Uint32(head[6:]); rc != 0 {
		o.t.Fatalf("%s gives 0x%03x", cc, rc)
	}
	rest := make([]byte, binary.BigEndian.Uint32(head[2:])-10)
	if _, err := io.ReadFull(o.conn, rest); err != nil {
		o.t.Fatal(err)
	}
	return rest
}

// handles lists the handles of a type.
func (o *oracle) handles(first wire.Handle) map[wire.Handle]bool {
	o.t.Helper()
	body := binary.BigEndian.AppendUint32(nil, 1) // TPM_CAP_HANDLES
	body = binary.BigEndian.AppendUint32(body, uint32(first))
	body = binary.BigEndian.AppendUint32(body, 100)
	list := o.send(0x8001, wire.CCGetCapability, body)[9:]
	set := map[wire.Handle]bool{}
	for ; len(list) >= 4; list = list[4:] {
		set[wire.Handle(binary.BigEndian.Uint32(list))] = true
	}
	return set
}

// password is an authorization area with one password.
func password(auth string) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(9+len(auth)))
	b = append(b, 0x40, 0, 0, 9, 0, 0, 1, 0, byte(len(auth)))
	return append(b, auth...)
}

func handle(h wire.Handle) []byte { return binary.BigEndian.AppendUint32(nil, uint32(h)) }

func sized(s string) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(s))), s...)
}

// libtpms loads permanent state that was read and written here, and has all that is in it.
func TestOracleLoadsPermanent(t *testing.T) {
	for _, name := range []string{"nv", "children", "auths", "shutdown-state", "orderly-489"} {
		t.Run(name, func(t *testing.T) {
			p, err := nvstate.DecodePermanent(goldens(t, "permanent-0.9.2-"+name)[0].blob)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range p.NV.Entries {
				if e.Object != nil { // libtpms computes them when it needs them
					e.Object.Object.PrivateExponent = nvstate.PrivateExponent{}
					e.Object.Attributes &^= nvstate.ObjectPrivateExp
				}
			}
			blob, err := p.Encode()
			if err != nil {
				t.Fatal(err)
			}
			o := startOracle(t, blob, nil)
			have := o.handles(0x01000000)
			for h := range o.handles(0x81000000) {
				have[h] = true
			}
			for _, e := range p.NV.Entries {
				h := wire.Handle(0)
				if e.Index != nil {
					h = e.Index.Public.NVIndex
				} else {
					h = e.Object.Handle
				}
				if !have[h] {
					t.Errorf("0x%08x is lost", uint32(h))
				}
				delete(have, h)
			}
			if len(have) != 0 {
				t.Errorf("%v are new", have)
			}
		})
	}
}

// manufactured is the state of a new TPM, with an index.
func manufactured() *nvstate.Permanent {
	all := wire.TPMLPCRSelection{}
	for _, hash := range []wire.Alg{wire.AlgSHA1, wire.AlgSHA256, wire.AlgSHA384, wire.AlgSHA512} {
		all = append(all, wire.TPMSPCRSelection{Hash: hash, Select: wire.TPMSPCRSelect{0xFF, 0xFF, 0xFF}})
	}
	value := func(b byte) []byte { return bytes.Repeat([]byte{b}, 64) }
	p := &nvstate.Permanent{
		Data: nvstate.PersistentData{
			OwnerAlg: wire.AlgNull, EndorsementAlg: wire.AlgNull, LockoutAlg: wire.AlgNull,
			EPSeed: value(1), SPSeed: value(2), PPSeed: value(3), PHProof: value(4), SHProof: value(5), EHProof: value(6),
			PCRPolicy:    nvstate.PCRPolicy{HashAlg: wire.AlgNull},
			PCRAllocated: all, PCRActive: all,
			MaxTries: 3, RecoveryTime: 1000, LockoutRecovery: 1000, LockoutAuthEnabled: true,
			AuditHashAlg: wire.AlgSHA512, FirmwareV1: 0x20191023, FirmwareV2: 0x00163636,
			EPSeedCompat: nvstate.SeedCompatRev155, SPSeedCompat: nvstate.SeedCompatRev155,
			PPSeedCompat: nvstate.SeedCompatRev155,
		},
		Orderly: nvstate.OrderlyData{ClockSafe: true, DRBG: nvstate.DRBG{ReseedCounter: 8, Magic: nvstate.DRBGMagic}},
	}
	p.Data.PPList.Set(wire.CCPPCommands, true)
	p.Data.AuditCommands.Set(wire.CCSetCommandCodeAuditStatus, true)
	p.NV.Entries = []nvstate.NVEntry{{Index: &nvstate.NVIndex{
		Public: wire.TPMSNVPublic{NVIndex: 0x01500001, NameAlg: wire.AlgSHA256, DataSize: 6,
			Attributes: wire.NVOwnerRead | wire.NVOwnerWrite | wire.NVAuthRead | wire.NVNoDA | wire.NVWritten},
		Auth: []byte("nv"), Data: []byte("abcdef"),
	}}}
	return p
}

// libtpms loads state that no libtpms made.
func TestOracleLoadsManufactured(t *testing.T) {
	blob, err := manufactured().Encode()
	if err != nil {
		t.Fatal(err)
	}
	o := startOracle(t, blob, nil)
	got := o.send(0x8002, wire.CCNVRead, handle(0x01500001), handle(0x01500001), password("nv"), []byte{0, 6, 0, 0})
	if data := got[6:12]; string(data) != "abcdef" {
		t.Errorf("the index holds %q", data)
	}
}

// libtpms resumes a volatile blob that was read and written here, and finishes the hash sequence in it.
func TestOracleResumesVolatile(t *testing.T) {
	p, err := nvstate.DecodePermanent(goldens(t, "permanent-0.9.2-children")[0].blob)
	if err != nil {
		t.Fatal(err)
	}
	v, err := nvstate.DecodeVolatile(goldens(t, "volatile-0.9.2-hash-sequences")[0].blob)
	if err != nil {
		t.Fatal(err)
	}
	if err := v.CheckAgainst(p); err != nil {
		t.Fatal(err)
	}
	// What a TPM that is not libtpms has no reason to keep.
	v.LastCommand, v.PlatformUnique, v.NVMemorySize = nil, nil, 0
	permanent, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	volatile, err := v.Encode(nvstate.LevelNull)
	if err != nil {
		t.Fatal(err)
	}
	o := startOracle(t, permanent, volatile)
	got := o.send(0x8002, wire.CCSequenceComplete, handle(0x80000000), password("sq"), sized("def"), handle(wire.RHNull))
	if want := sha256.Sum256([]byte("abcdef")); !bytes.Equal(got[6:38], want[:]) {
		t.Errorf("the sequence ends with %x, want %x", got[6:38], want)
	}
}

// libtpms resumes a volatile blob whose object slots hold sequences of ours, at whatever length, and finds them free.
func TestOracleSkipsSequences(t *testing.T) {
	v, _ := extendedSlots(t)
	v.LastCommand, v.PlatformUnique, v.NVMemorySize = nil, nil, 0
	volatile, err := v.Encode(nvstate.LevelNull)
	if err != nil {
		t.Fatal(err)
	}
	o := startOracle(t, goldens(t, "permanent-0.9.2-started")[0].blob, volatile)
	if have := o.handles(0x80000000); len(have) != 0 {
		t.Errorf("libtpms has %v", have)
	}
	for i := range wire.Handle(nvstate.MaxLoadedObjects) {
		got := o.send(0x8001, wire.CCHashSequenceStart, sized("sq"), []byte{0, 0x0B})
		if !bytes.Equal(got, handle(0x80000000+i)) {
			t.Errorf("sequence %d has handle %x", i, got)
		}
	}
}
