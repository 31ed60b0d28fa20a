package pcap

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"
)

type segment struct {
	toServer bool
	flags    byte
	seq, ack uint32
	payload  string
}

// parse reads a recording, checking lengths and, if asked, checksums.
func parse(t *testing.T, b []byte, sums bool) (out []segment) {
	t.Helper()
	for len(b) > 0 {
		kind, size := binary.NativeEndian.Uint32(b), binary.NativeEndian.Uint32(b[4:])
		if size%4 != 0 || int(size) > len(b) || binary.NativeEndian.Uint32(b[size-4:]) != size {
			t.Fatalf("block of %d bytes in %d", size, len(b))
		}
		block := b[:size]
		b = b[size:]
		if kind != 6 {
			continue
		}
		if ts := uint64(binary.NativeEndian.Uint32(block[12:]))<<32 | uint64(binary.NativeEndian.Uint32(block[16:])); ts != 1700000000000001 {
			t.Errorf("time %d", ts)
		}
		n := binary.NativeEndian.Uint32(block[20:])
		ip := block[28+14 : 28+n]
		if int(binary.BigEndian.Uint16(ip[2:])) != len(ip) {
			t.Errorf("IP length %d of %d", binary.BigEndian.Uint16(ip[2:]), len(ip))
		}
		tcp := ip[20:]
		if sums {
			pseudo := uint32(6+len(tcp)) + 2*(0x7f00+1)
			if checksum(0, ip[:20]) != 0 || checksum(pseudo, tcp) != 0 {
				t.Error("wrong checksum")
			}
		}
		out = append(out, segment{binary.BigEndian.Uint16(tcp[2:]) == 2321, tcp[13], binary.BigEndian.Uint32(tcp[4:]), binary.BigEndian.Uint32(tcp[8:]), string(tcp[20:])})
	}
	return out
}

func TestRecording(t *testing.T) {
	for _, sums := range []bool{false, true} {
		var b bytes.Buffer
		r := New(&b, Options{Checksums: sums, ClientPort: 50001, ClientSeq: 100, ServerSeq: 200,
			Now: func() time.Time { return time.UnixMicro(1700000000000001) }})
		r.Command([]byte("hello"))
		r.Response([]byte("you"))
		r.Close()
		want := []segment{
			{true, syn, 100, 0, ""}, {false, syn | ack, 200, 101, ""}, {true, ack, 101, 201, ""},
			{true, 0, 101, 201, "hello"}, {false, 0, 201, 106, "you"},
			{true, fin, 106, 204, ""}, {false, fin | ack, 204, 107, ""}, {true, ack, 107, 205, ""},
		}
		got := parse(t, b.Bytes(), sums)
		if len(got) != len(want) {
			t.Fatalf("%d segments", len(got))
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("%d: %+v, want %+v", i, got[i], want[i])
			}
		}
	}
}

func TestLongMessage(t *testing.T) {
	var b bytes.Buffer
	New(&b, Options{Now: func() time.Time { return time.UnixMicro(1700000000000001) }}).Command(make([]byte, 1<<17))
	if got := parse(t, b.Bytes(), false); len(got[3].payload) != maxPayload {
		t.Errorf("%d bytes", len(got[3].payload))
	}
}

func TestBlocks(t *testing.T) {
	if len(sectionHeader()) != 28 || len(interfaceDescription()) != 20 {
		t.Error(len(sectionHeader()), len(interfaceDescription()))
	}
}
