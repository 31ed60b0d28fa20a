package control

import (
	"bytes"
	"encoding/hex"
	"reflect"
	"strings"
	"testing"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The messages as QEMU puts them on the wire.
var requestTable = []struct {
	hex string
	req Request
}{
	{"00000001", GetCapability{}},
	{"00000002 00000000", Init{}},
	{"00000002 00000001", Init{Flags: InitDeleteVolatile}},
	{"00000003", Shutdown{}},
	{"00000004", GetTPMEstablished{}},
	{"00000005 03 000000", SetLocality{Locality: 3}},
	{"00000006", HashStart{}},
	{"00000007 00000003 616263", HashData{Data: []byte("abc")}},
	{"00000007 00000000", HashData{Data: []byte{}}},
	{"00000008", HashEnd{}},
	{"00000009", CancelTPMCmd{}},
	{"0000000a", StoreVolatile{}},
	{"0000000b 04 000000", ResetTPMEstablished{Locality: 4}},
	{"0000000c 00000001 00000002 00000010", GetStateBlob{Flags: StateDecrypted, Kind: StateVolatile, Offset: 16}},
	{"0000000d 00000002 00000001 00000004 01020304", SetStateBlob{Flags: StateEncrypted, Kind: StatePermanent, Data: []byte{1, 2, 3, 4}}},
	{"0000000e", Stop{}},
	{"0000000f", GetConfig{}},
	{"00000010", SetDataFD{}},
	{"00000011 00000f80", SetBufferSize{Size: 3968}},
	{"00000012 0000000000000023 00000c00 00000000", GetInfo{Flags: 0x23, Offset: 3072}},
	{"00000013 0000012c", LockStorage{Retries: 300}},
}

func TestRequestBytes(t *testing.T) {
	seen := make(map[Command]bool)
	for _, row := range requestTable {
		want := unhex(t, row.hex)
		if got := AppendRequest(nil, row.req); !bytes.Equal(got, want) {
			t.Errorf("%v: got %x, want %x", row.req.Command(), got, want)
		}
		req, res := ParseRequest(want)
		if res != Success || !reflect.DeepEqual(req, row.req) {
			t.Errorf("%v: parsed as %#v, %v", row.req.Command(), req, res)
		}
		seen[row.req.Command()] = true
		for n := range want {
			// One byte of a locality's body is enough.
			if s := row.req.Command().spec(); s.extra == padExtra && n == 5 {
				continue
			}
			if _, res := ParseRequest(want[:n]); res != BadParameter {
				t.Errorf("%v cut to %d bytes: %v", row.req.Command(), n, res)
			}
		}
		if _, res := ParseRequest(append(want, 0)); res != BadParameter {
			t.Errorf("%v with a byte more: %v", row.req.Command(), res)
		}
	}
	for i := range specs {
		if specs[i].cmd != Command(i+1) {
			t.Errorf("row %d of the command table is %v", i, specs[i].cmd)
		}
		if !seen[specs[i].cmd] {
			t.Errorf("no test row for %v", specs[i].cmd)
		}
	}
}

func TestUnknownRequests(t *testing.T) {
	for _, s := range []string{"00000000", "00000014", "0000ffff", "ffffffff", "01000000"} {
		if _, res := ParseRequest(unhex(t, s)); res != BadOrdinal {
			t.Errorf("%s: %v", s, res)
		}
	}
}

var responseTable = []struct {
	cmd Command
	hex string
	rsp Response
}{
	{CmdGetCapability, "00000000 0001ffff", Capabilities{Mask: CapsSocket20}},
	{CmdInit, "00000000", Success},
	{CmdInit, "00000101", Failure2},
	{CmdGetTPMEstablished, "00000000 01 000000", Established{Bit: true}},
	{CmdGetTPMEstablished, "0000000a", BadOrdinal},
	{CmdSetLocality, "0000003d", BadLocality},
	{CmdGetStateBlob, "00000000 00000000 00000003 00000003 010203", StateBlob{Total: 3, Data: []byte{1, 2, 3}}},
	{CmdGetStateBlob, "00000000 00000002 00000001 00000001 ff", StateBlob{Flags: StateEncrypted, Total: 1, Data: []byte{255}}},
	{CmdGetStateBlob, "00000800 00000000 00000000 00000000", StateBlob{Result: Retry, Data: []byte{}}},
	{CmdGetStateBlob, "00000009 00000000 00000000 00000000", StateBlob{Result: Fail, Data: []byte{}}},
	{CmdGetStateBlob, "0000000a", BadOrdinal},
	{CmdGetConfig, "00000000 00000003", Config{Flags: ConfigFileKey | ConfigMigrationKey}},
	{CmdSetBufferSize, "00000000 00000f80 00000b50 00001000", BufferSize{0xf80, 0xb50, 0x1000}},
	{CmdSetBufferSize, "0000000a", BadOrdinal},
	{CmdGetInfo, "00000000 00000003 00000003 7b7d00", Info{Total: 3, Data: []byte("{}\x00")}},
	{CmdLockStorage, "00000009", Fail},
}

func TestResponseBytes(t *testing.T) {
	for _, row := range responseTable {
		want := unhex(t, row.hex)
		if got := AppendResponse(nil, row.rsp); !bytes.Equal(got, want) {
			t.Errorf("%v: got %x, want %x", row.cmd, got, want)
		}
		rsp, n, err := ParseResponse(row.cmd, append(want, 0xee))
		if err != nil || n != len(want) || !reflect.DeepEqual(rsp, row.rsp) {
			t.Errorf("%v: parsed as %#v, %d, %v", row.cmd, rsp, n, err)
		}
		for i := range want {
			if rsp, n, err := ParseResponse(row.cmd, want[:i]); rsp != nil || n != 0 || err != nil {
				t.Errorf("%v cut to %d bytes: %v, %d, %v", row.cmd, i, rsp, n, err)
			}
		}
	}
}

func TestResponseLengthBound(t *testing.T) {
	for cmd, s := range map[Command]string{
		CmdGetStateBlob: "00000000 00000000 ffffffff ffffffff",
		CmdGetInfo:      "00000000 00010000 00010000",
	} {
		if _, _, err := ParseResponse(cmd, unhex(t, s)); err == nil {
			t.Errorf("%v: a length without bound was taken", cmd)
		}
	}
}

// The numbers come from compiling swtpm's public header on x86-64.
var ioctlTable = map[Command]Ioctl{
	CmdGetCapability: 0x80085000, CmdInit: 0xC0045001, CmdShutdown: 0x80045002, CmdGetTPMEstablished: 0x80085003,
	CmdSetLocality: 0xC0045004, CmdHashStart: 0x80045005, CmdHashData: 0xD0045006, CmdHashEnd: 0x80045007,
	CmdCancelTPMCmd: 0x80045008, CmdStoreVolatile: 0x80045009, CmdResetTPMEstablished: 0xC004500A,
	CmdGetStateBlob: 0xCC10500B, CmdSetStateBlob: 0xCC0C500C, CmdStop: 0x8004500D, CmdGetConfig: 0x8008500E,
	CmdSetDataFD: 0x8004500F, CmdSetBufferSize: 0xC0105010, CmdGetInfo: 0xCC105011, CmdLockStorage: 0xC0045012,
}

func TestIoctlNumbers(t *testing.T) {
	for i := range specs {
		c := specs[i].cmd
		want, ok := ioctlTable[c]
		if !ok || c.Ioctl() != want {
			t.Errorf("%v: ioctl 0x%x, want 0x%x", c, c.Ioctl(), want)
		}
		if back, ok := want.Command(); !ok || back != c {
			t.Errorf("ioctl 0x%x: command %v, %v", want, back, ok)
		}
	}
	for _, n := range []Ioctl{0, 0x80085001, 0x80085013, 0xffffffff, 0x80084100} {
		if c, ok := n.Command(); ok {
			t.Errorf("ioctl 0x%x: command %v", n, c)
		}
	}
}

func TestIoctlStructures(t *testing.T) {
	for _, row := range requestTable {
		c := row.req.Command()
		arg := AppendIoctl(nil, row.req)
		if len(arg) != c.Ioctl().Size() {
			t.Errorf("%v: structure of %d bytes", c, len(arg))
		}
		if req, res := ParseIoctl(c, arg); res != Success || !reflect.DeepEqual(req, row.req) {
			t.Errorf("%v: parsed as %#v, %v", c, req, res)
		}
		for n := range arg {
			ParseIoctl(c, arg[:n]) // must not panic
		}
	}
	for _, row := range responseTable {
		arg := AppendIoctlResponse(nil, row.cmd, row.rsp)
		if len(arg) != row.cmd.Ioctl().Size() {
			t.Errorf("%v: structure of %d bytes", row.cmd, len(arg))
		}
		if rsp, err := ParseIoctlResponse(row.cmd, arg); err != nil || !reflect.DeepEqual(rsp, row.rsp) {
			t.Errorf("%v: parsed as %#v, %v", row.cmd, rsp, err)
		}
	}
	if _, res := ParseIoctl(CmdHashData, append([]byte{255, 255, 255, 255}, make([]byte, 4096)...)); res != Fail {
		t.Errorf("hash data longer than the structure: %v", res)
	}
}
