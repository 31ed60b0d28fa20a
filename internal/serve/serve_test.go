package serve

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"govtpm/control"
	"govtpm/control/controltest"
)

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

type rig struct {
	t    *testing.T
	tpm  *controltest.TPM
	srv  *Server
	conn net.Conn
	done chan error
}

func newRig(t *testing.T, running bool, set func(*Server)) *rig {
	r := &rig{t: t, tpm: &controltest.TPM{Fail: map[string]error{}}, done: make(chan error, 1)}
	r.srv = &Server{TPM: r.tpm, Locality: new(atomic.Uint32), PartialTime: 300 * time.Millisecond}
	if set != nil {
		set(r.srv)
	}
	if running {
		r.tpm.Init(context.Background(), false)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Skip(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() { r.done <- r.srv.Serve(ctx, l, false) }()
	if r.conn, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); r.conn.Close() })
	return r
}

func (r *rig) expect(want []byte) {
	r.t.Helper()
	b := make([]byte, len(want))
	r.conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	if n, err := io.ReadFull(r.conn, b); err != nil || !bytes.Equal(b, want) {
		r.t.Fatalf("got %x (%v), want %x", b[:n], err, want)
	}
}

func (r *rig) ask(req, rsp []byte) {
	r.t.Helper()
	if _, err := r.conn.Write(req); err != nil {
		r.t.Fatal(err)
	}
	r.expect(rsp)
}

func TestFramingOfCommands(t *testing.T) {
	echo := controltest.Echo([]byte("hello")...)
	answer := controltest.EchoResponse(0, []byte("hello")...)
	size := controltest.Response(0x142) // TPM_RC_COMMAND_SIZE
	long := controltest.Echo(make([]byte, 5000)...)
	full := controltest.Echo(make([]byte, 4086)...)
	rows := []struct {
		name     string
		req, rsp []byte
	}{
		{"one", echo, answer},
		{"two in one piece", append(append([]byte{}, echo...), echo...), append(append([]byte{}, answer...), answer...)},
		{"largest", full, controltest.EchoResponse(0, make([]byte, 4086)...)},
		{"too large", long, size},
		{"size of zero", unhex("8001 00000000 00000144 0000"), size},
		{"size below a header", unhex("8001 00000009 00000144 0000"), size},
		{"size above what comes", unhex("8001 00000020 00000144 0000"), size},
		{"size without bound", unhex("8001 ffffffff 00000144 0000"), size},
		{"in locality 2", append(unhex("00000008 02 0000000f"), controltest.Echo()...),
			append(append(unhex("0000001 5"), controltest.EchoResponse(2)...), 0, 0, 0, 0)},
		{"in locality 5", append(unhex("00000008 05 0000000f"), controltest.Echo()...), unhex("0000000a 8001 0000000a 00000107 00000000")},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			r := newRig(t, true, nil)
			r.ask(row.req, row.rsp)
			r.srv.Locality.Store(0)
			r.ask(echo, answer)
		})
	}
}

func TestSplitCommands(t *testing.T) {
	stream := append(controltest.Echo([]byte("abc")...), unhex("00000008 03 0000000f")...)
	stream = append(stream, controltest.Echo([]byte("def")...)...)
	stream = append(stream, controltest.Echo()...)
	want := controltest.EchoResponse(0, []byte("abc")...)
	in3 := controltest.EchoResponse(3, []byte("def")...)
	want = append(append(want, 0, 0, 0, byte(len(in3))), in3...)
	want = append(append(want, 0, 0, 0, 0), controltest.EchoResponse(3)...)
	for cut := 1; cut < len(stream); cut++ {
		r := newRig(t, true, nil)
		r.conn.Write(stream[:cut])
		time.Sleep(time.Millisecond)
		r.ask(stream[cut:], want)
	}
}

func TestNotRunning(t *testing.T) {
	r := newRig(t, false, nil)
	r.ask(unhex("8001 0000000a 00000181"), unhex("8001 0000000a 00000101"))
	r.ask(unhex("00000008 00 0000000a 8001 0000000a 00000181"), unhex("0000000a 8001 0000000a 00000101 00000000"))
}

func TestSetLocality(t *testing.T) {
	allow := func(s *Server) { s.AllowSetLocality, s.RejectLocality4 = true, true }
	allow12 := func(s *Server) { s.AllowSetLocality, s.TPM12 = true, true }
	rows := []struct {
		name     string
		set      func(*Server)
		req, rsp string
		locality uint32
	}{
		{"set", allow, "8002 0000000b 20001000 03", "8001 0000000a 00000000", 3},
		{"not allowed", nil, "8002 0000000b 20001000 03", "8001 0000000a 00000101", 0},
		{"rejected", allow, "8002 0000000b 20001000 04", "8001 0000000a 00000107", 0},
		{"out of range", allow, "8002 0000000b 20001000 05", "8001 0000000a 00000107", 0},
		{"short", allow, "8002 0000000a 20001000", "8001 0000000a 0000009a", 0},
		{"1.2", allow12, "00c1 0000000b 20001000 04", "00c4 0000000a 00000000", 4},
		{"1.2, out of range", allow12, "00c1 0000000b 20001000 05", "00c4 0000000a 0000003d", 0},
		{"1.2, short", allow12, "00c1 0000000a 20001000", "00c4 0000000a 00000019", 0},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			r := newRig(t, true, row.set)
			r.ask(unhex(row.req), unhex(row.rsp))
			if got := r.srv.Locality.Load(); got != row.locality {
				t.Errorf("locality %d", got)
			}
		})
	}
}

func TestSetLocalityNeedsPower(t *testing.T) {
	r := newRig(t, false, func(s *Server) { s.AllowSetLocality = true })
	r.ask(unhex("8002 0000000b 20001000 03"), unhex("8001 0000000a 00000101"))
	if r.srv.Locality.Load() != 0 {
		t.Error("locality changed")
	}
}

func TestDisconnect(t *testing.T) {
	r := newRig(t, true, func(s *Server) { s.Disconnect = true })
	r.ask(controltest.Echo(), controltest.EchoResponse(0))
	if n, err := r.conn.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("read %d bytes, %v", n, err)
	}
}

// The end of a client is told, but not that of a server, nor of one of many short connections by TCP.
func TestHangup(t *testing.T) {
	for _, row := range []struct {
		network, address string
		cancels          bool
		want             int32
	}{
		{"unix", filepath.Join(t.TempDir(), "s"), false, 1},
		{"unix", filepath.Join(t.TempDir(), "t"), true, 0},
		{"tcp", "127.0.0.1:0", false, 0},
	} {
		l, err := net.Listen(row.network, row.address)
		if err != nil {
			t.Skip(err)
		}
		var told atomic.Int32
		s := &Server{TPM: &controltest.TPM{}, Locality: new(atomic.Uint32), OnHangup: func() { told.Add(1) }}
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- s.Serve(ctx, l, true) }()
		conn, err := net.Dial(row.network, l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		r := &rig{t: t, conn: conn}
		r.ask(unhex("8001 0000000a 00000181"), unhex("8001 0000000a 00000101"))
		if row.cancels {
			cancel()
		} else {
			conn.Close()
		}
		if err := <-done; err != nil || told.Load() != row.want {
			t.Errorf("%+v: told %d times, %v", row, told.Load(), err)
		}
		conn.Close()
		cancel()
	}
}

func TestFatalErrorIsNotAnswered(t *testing.T) {
	r := newRig(t, true, nil)
	r.tpm.Order("Execute", errors.New("no lock"))
	r.conn.Write(controltest.Echo())
	if b, _ := io.ReadAll(r.conn); len(b) != 0 {
		t.Errorf("answered %x", b)
	}
	if err := <-r.done; err == nil {
		t.Error("no error")
	}
}

func TestSlot(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Skip(err)
	}
	client, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	f, err := server.(*net.UnixConn).File()
	if err != nil {
		t.Skip(err)
	}
	server.Close()
	tpm := &controltest.TPM{}
	tpm.Init(context.Background(), false)
	ended := make(chan error, 1)
	s := &Slot{Context: context.Background(), Server: &Server{TPM: tpm, Locality: new(atomic.Uint32)}, OnEnd: func(err error) { ended <- err }}
	var _ control.DataChannel = s
	if !s.Free() {
		t.Fatal("not free at first")
	}
	if err := s.Attach(f); err != nil || s.Free() {
		t.Fatal(err, s.Free())
	}
	r := &rig{t: t, conn: client}
	r.ask(controltest.Echo(), controltest.EchoResponse(0))
	client.Close()
	if err := <-ended; err != nil || !s.Free() {
		t.Error(err, s.Free())
	}
}

func FuzzStream(f *testing.F) {
	f.Add(controltest.Echo(), byte(3))
	f.Add(unhex("00000008 02 0000000a 8001 0000000a 00000181"), byte(1))
	f.Add(unhex("8001 ffffffff 00000144 0000"), byte(9))
	f.Add(unhex("8001 00000000 00000144 0000"), byte(0))
	f.Add(unhex("8002 0000000b 20001000 03"), byte(0))
	f.Fuzz(func(t *testing.T, stream []byte, size byte) {
		tpm := &controltest.TPM{}
		tpm.Init(context.Background(), false)
		s := &Server{TPM: tpm, Locality: new(atomic.Uint32), PartialTime: 5 * time.Millisecond, AllowSetLocality: true}
		client, server := net.Pipe()
		done := make(chan error, 1)
		go func() { done <- s.ServeConn(context.Background(), server) }()
		go io.Copy(io.Discard, client)
		client.SetWriteDeadline(time.Now().Add(time.Second))
		for n := int(size) + 1; len(stream) > 0; stream = stream[min(n, len(stream)):] {
			if _, err := client.Write(stream[:min(n, len(stream))]); err != nil {
				break
			}
		}
		client.Close()
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(5 * time.Second):
			t.Fatal(fmt.Errorf("the server hangs"))
		}
	})
}
