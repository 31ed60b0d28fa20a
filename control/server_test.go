package control_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"govtpm/control"
	"govtpm/control/controltest"
)

// dataChannel takes one descriptor.
type dataChannel struct{ file atomic.Pointer[os.File] }

func (d *dataChannel) Free() bool { return d.file.Load() == nil }

func (d *dataChannel) Attach(f *os.File) error {
	d.file.Store(f)
	return nil
}

type rig struct {
	t    *testing.T
	tpm  *controltest.TPM
	srv  *control.Server
	data *dataChannel
	conn net.Conn
	done chan error
}

// unixPair returns the two ends of a connection on a Unix socket.
func unixPair(t testing.TB) (client, server net.Conn) {
	t.Helper()
	network, addr := "unix", filepath.Join(t.TempDir(), "s")
	if runtime.GOOS == "windows" {
		network, addr = "tcp", "127.0.0.1:0"
	}
	l, err := net.Listen(network, addr)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if client, err = net.Dial(network, l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if server, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	return client, server
}

func newRig(t *testing.T, set ...func(*control.Handler)) *rig {
	return newRigWith(t, func(s *control.Server) {
		for _, f := range set {
			f(s.Handler)
		}
	})
}

func newRigWith(t *testing.T, set func(*control.Server)) *rig {
	r := &rig{t: t, tpm: &controltest.TPM{Fail: map[string]error{}}, data: &dataChannel{}, done: make(chan error, 1)}
	r.srv = &control.Server{
		Handler:     &control.Handler{TPM: r.tpm, Caps: control.CapsSocket20, Config: 2, Data: r.data, Locality: new(atomic.Uint32)},
		MessageTime: 100 * time.Millisecond,
		DataTime:    300 * time.Millisecond,
	}
	set(r.srv)
	var server net.Conn
	r.conn, server = unixPair(t)
	ctx, cancel := context.WithCancel(context.Background())
	go func() { r.done <- r.srv.ServeConn(ctx, server) }()
	t.Cleanup(func() { cancel(); r.conn.Close() })
	return r
}

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

func (r *rig) send(s string) {
	r.t.Helper()
	if _, err := r.conn.Write(unhex(s)); err != nil {
		r.t.Fatal(err)
	}
}

// expect reads exactly the bytes of want.
func (r *rig) expect(want string) {
	r.t.Helper()
	b := make([]byte, len(unhex(want)))
	r.conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	if n, err := io.ReadFull(r.conn, b); err != nil || !bytes.Equal(b, unhex(want)) {
		r.t.Fatalf("got %x (%v), want %s", b[:n], err, want)
	}
}

func (r *rig) ask(req, rsp string) {
	r.t.Helper()
	r.send(req)
	r.expect(rsp)
}

// closed waits for the server to close the connection without another byte.
func (r *rig) closed() {
	r.t.Helper()
	r.conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	if n, err := r.conn.Read(make([]byte, 1)); n != 0 || err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		r.t.Fatalf("read %d bytes, %v; want the end", n, err)
	}
}

const (
	cmdInit   = "00000002 00000000"
	ok        = "00000000"
	badParam  = "00000003"
	failed    = "00000009"
	badOrd    = "0000000a"
	badLoc    = "0000003d"
	noneThere = "00000800 00000000 00000000 00000000"
)

// Each row is one request and the exact bytes of its response, to a TPM that is
// off, and to one that runs. An empty response is the end of the connection.
func TestMessages(t *testing.T) {
	rows := []struct{ name, req, off, on string }{
		{"capability", "00000001", "00000000 0001ffff", "00000000 0001ffff"},
		{"capability and more", "00000001 ff", "00000000 0001ffff", "00000000 0001ffff"},
		{"init", cmdInit, ok, ok},
		{"init without flags", "00000002", "", ""},
		{"init with a byte more", "00000002 00000000 00", badParam, badParam},
		{"established", "00000004", badOrd, "00000000 00 000000"},
		{"established and a byte", "00000004 00", badOrd, badParam},
		{"established and another byte", "00000004 07", badOrd, badParam},
		{"locality, one byte", "00000005 04", ok, ok},
		{"locality, four bytes", "00000005 04 000000", ok, ok},
		{"locality, padding not zero", "00000005 04 a5a5a5", ok, ok},
		{"locality and more", "00000005 04 000000 00000000 00", ok, ok},
		{"locality out of range", "00000005 05", badLoc, badLoc},
		{"locality missing", "00000005", "", ""},
		{"hash start", "00000006", badOrd, ok},
		{"hash data", "00000007 00000001 61", badOrd, "0000001a"},
		{"hash nothing", "00000007 00000000", badOrd, "0000001a"},
		{"hash data without length", "00000007 0000", "", ""},
		{"hash end", "00000008", badOrd, "0000001a"},
		{"cancel", "00000009", badOrd, ok},
		{"store volatile", "0000000a", badOrd, ok},
		{"reset established, locality 2", "0000000b 02 000000", badOrd, badLoc},
		{"reset established, locality 3", "0000000b 03", badOrd, ok},
		{"reset established, locality 5", "0000000b 05 000000", badOrd, badLoc},
		{"reset established, padding not zero", "0000000b 03 010203", badOrd, ok},
		{"fetch permanent", "0000000c 00000001 00000001 00000000", badOrd, "00000000 00000000 00000003 00000003 616263"},
		{"fetch permanent encrypted", "0000000c 00000000 00000001 00000000", badOrd, "00000000 00000002 00000004 00000004 45616263"},
		{"fetch from an offset", "0000000c 00000001 00000001 00000002", badOrd, "00000000 00000000 00000001 00000001 63"},
		{"fetch from the end", "0000000c 00000001 00000001 00000003", badOrd, "00000000 00000000 00000000 00000000"},
		{"fetch from far behind", "0000000c 00000001 00000001 ffffffff", badOrd, "00000000 00000000 00000000 00000000"},
		{"fetch savestate", "0000000c 00000001 00000003 00000000", badOrd, noneThere},
		{"fetch unknown state", "0000000c 00000000 00000004 00000000", badOrd, "00000009 00000000 00000000 00000000"},
		{"fetch, cut short", "0000000c 00000000 00000001", "", ""},
		{"set state", "0000000d 00000000 00000001 00000002 7878", ok, badOrd},
		{"set no state", "0000000d 00000000 00000002 00000000", ok, badOrd},
		{"set unknown state", "0000000d 00000000 00000009 00000001 78", badParam, badOrd},
		{"set too much state", "0000000d 00000000 00000001 00080001 78", failed, badOrd},
		{"set endless state", "0000000d 00000000 00000001 ffffffff 78", failed, badOrd},
		{"set state, cut short", "0000000d 00000000 00000001 00000002 78", "", badOrd},
		{"stop", "0000000e", ok, ok},
		{"stop and a byte", "0000000e 00", badParam, badParam},
		{"config", "0000000f", "00000000 00000002", "00000000 00000002"},
		{"data descriptor missing", "00000010", badParam, badParam},
		{"buffer size, ask", "00000011 00000000", "00000000 00001000 00000b50 00001000", "00000000 00001000 00000b50 00001000"},
		{"buffer size, small", "00000011 00000064", "00000000 00000b50 00000b50 00001000", badOrd},
		{"buffer size, between", "00000011 00000f80", "00000000 00000f80 00000b50 00001000", badOrd},
		{"buffer size, large", "00000011 0001869f", "00000000 00001000 00000b50 00001000", badOrd},
		{"buffer size missing", "00000011", badParam, badParam},
		{"info, nothing", "00000012 0000000000000000 00000000 00000000", "00000000 00000003 00000003 7b7d00", "00000000 00000003 00000003 7b7d00"},
		{"info, offset at the zero byte", "00000012 0000000000000000 00000002 00000000", badParam, badParam},
		{"info, offset within", "00000012 0000000000000000 00000001 00000000", "00000000 00000003 00000002 7d00", "00000000 00000003 00000002 7d00"},
		{"info, cut short", "00000012 00000000", badParam, badParam},
		{"lock", "00000013 0000012c", ok, ok},
		{"lock, cut short", "00000013 00", badParam, badParam},
		{"command 0", "00000000", badOrd, badOrd},
		{"command 20", "00000014", badOrd, badOrd},
		{"unknown command and more", "0000ffff 00000004", badOrd, badOrd},
		{"half a command", "0000", "", ""},
	}
	for _, row := range rows {
		for _, running := range []bool{false, true} {
			want := row.off
			if running {
				want = row.on
			}
			t.Run(fmt.Sprintf("%s/%v", row.name, running), func(t *testing.T) {
				t.Parallel()
				r := newRig(t)
				r.tpm.SetState(control.StatePermanent, []byte("abc"))
				if running {
					r.ask(cmdInit, ok)
				}
				r.send(row.req)
				if want == "" {
					r.closed()
					return
				}
				r.expect(want)
				// The next message is understood.
				r.ask("0000000f", "00000000 00000002")
			})
		}
	}
}

func TestShutdownIsAnswered(t *testing.T) {
	r := newRig(t)
	r.ask(cmdInit, ok)
	r.ask("00000003", ok)
	if err := <-r.done; !errors.Is(err, control.ErrShutdown) {
		t.Errorf("server ended with %v", err)
	}
	if r.tpm.Running() {
		t.Error("the TPM still runs")
	}
}

func TestShutdownBySomebodyGone(t *testing.T) {
	r := newRig(t)
	r.send("00000003")
	r.conn.Close()
	if err := <-r.done; !errors.Is(err, control.ErrShutdown) {
		t.Errorf("server ended with %v", err)
	}
}

type fatalError struct{}

func (fatalError) Error() string     { return "no lock" }
func (fatalError) TPMResult() uint32 { return uint32(control.IOError) }
func (fatalError) Fatal() bool       { return true }

func TestStateWithoutLockEndsProcess(t *testing.T) {
	r := newRig(t)
	r.tpm.Order("SetStateBlob", fmt.Errorf("wrapped: %w", fatalError{}))
	r.ask("0000000d 00000000 00000001 00000001 78", "0000001f")
	if err := <-r.done; err == nil || errors.Is(err, control.ErrShutdown) {
		t.Errorf("server ended with %v", err)
	}
}

func TestResultsOfTheTPM(t *testing.T) {
	r := newRig(t)
	r.tpm.Order("Init", control.Failure2)
	r.ask(cmdInit, "00000101")
	r.ask("00000004", badOrd)
	r.tpm.Order("Init", errors.New("locked by another"))
	r.ask(cmdInit, failed)
	r.tpm.Order("Init", nil)
	r.ask(cmdInit, ok)
	r.tpm.Order("LockStorage", control.Fail)
	r.ask("00000013 00000001", failed)
}

// A machine that is reset and a process that is to end are told apart.
func TestStopAndShutdown(t *testing.T) {
	r := newRig(t)
	r.ask("0000000e", ok)
	r.ask("00000003", ok)
	if got, want := r.tpm.Calls(), []string{"Stop", "Shutdown"}; !reflect.DeepEqual(got, want) {
		t.Errorf("calls %q", got)
	}
}

// The storage is given up before the response to the last blob of a migration.
func TestMigrationGivesStorageUp(t *testing.T) {
	r := newRig(t)
	r.ask(cmdInit, ok)
	r.ask("0000000c 00000001 00000001 00000000", noneThere)
	if !r.tpm.Locked() {
		t.Fatal("storage given up after the permanent state")
	}
	r.ask("0000000c 00000001 00000003 00000000", noneThere)
	if r.tpm.Locked() {
		t.Fatal("storage still locked after the savestate blob")
	}
	r.ask("00000013 0000012c", ok)
	want := []string{"Init false", "StateBlob 1 true", "StateBlob 3 true", "UnlockStorage", "LockStorage 300"}
	if got := r.tpm.Calls(); !reflect.DeepEqual(got, want) {
		t.Errorf("calls %q", got)
	}
}

// transcript is what QEMU does, with each response, and where the client could
// also send a locality as one byte.
var transcript = []struct{ req, rsp string }{
	{"00000001", "00000000 0001ffff"},
	{"0000000e", ok},
	{"00000011 00000000", "00000000 00001000 00000b50 00001000"},
	{"0000000e", ok},
	{"00000011 00000f80", "00000000 00000f80 00000b50 00001000"},
	{"0000000d 00000000 00000001 00000003 616263", ok},
	{"0000000d 00000000 00000002 00000005 0000000000", ok},
	{"00000002 00000001", ok},
	{"00000004", "00000000 00 000000"},
	{"00000005 00 000000", ok},
	{"00000005 03", ok},
	{"00000005 02 000000", ok},
	{"0000000b 03 000000", ok},
	{"00000006", ok},
	{"00000007 00000004 00000000", ok},
	{"00000007 00000003 000007", ok},
	{"00000008", ok},
	{"00000004", "00000000 01 000000"},
	{"0000000c 00000001 00000001 00000000", "00000000 00000000 00000003 00000003 616263"},
	{"00000012 0000000000000000 00000000 00000000", "00000000 00000003 00000003 7b7d00"},
	{"00000013 0000012c", ok},
	{"0000000f", "00000000 00000002"},
}

// Every message may come in two pieces, cut anywhere.
func TestSplitMessages(t *testing.T) {
	for cut := 1; cut < 20; cut++ {
		t.Run(fmt.Sprint(cut), func(t *testing.T) {
			t.Parallel()
			r := newRigWith(t, patient)
			for _, m := range transcript {
				b := unhex(m.req)
				if cut < len(b) {
					r.conn.Write(b[:cut])
					time.Sleep(2 * time.Millisecond)
					b = b[cut:]
				}
				r.conn.Write(b)
				r.expect(m.rsp)
			}
		})
	}
}

// patient waits as long for the rest of a message as a busy machine may need to send it.
func patient(s *control.Server) {
	s.MessageTime, s.DataTime, s.ExtraTime = 10*time.Second, 10*time.Second, 10*time.Second
}

// Nor does it matter how a stream of many messages is cut.
func TestStreamOfMessages(t *testing.T) {
	var req, rsp string
	for _, m := range transcript {
		req += m.req
		rsp += m.rsp
	}
	for _, size := range []int{1, 2, 3, 4, 5, 7, 16, 61, 1000} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			t.Parallel()
			r := newRigWith(t, patient)
			for b := unhex(req); len(b) > 0; {
				n := min(size, len(b))
				r.conn.Write(b[:n])
				b = b[n:]
				time.Sleep(time.Millisecond)
			}
			r.expect(rsp)
			if got := r.tpm.Hashed(); !bytes.Equal(got, unhex("00000000 000007")) {
				t.Errorf("hashed %x", got)
			}
		})
	}
}

func TestLargeState(t *testing.T) {
	r := newRig(t)
	blob := bytes.Repeat([]byte{0, 0, 0, 14, 1}, control.MaxStateBlob/5+1)[:control.MaxStateBlob]
	c := control.NewClient(r.conn)
	if _, err := c.Call(control.SetStateBlob{Kind: control.StatePermanent, Data: blob}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Call(control.Init{}); err != nil {
		t.Fatal(err)
	}
	rsp, err := c.Call(control.GetStateBlob{Flags: control.StateDecrypted, Kind: control.StatePermanent})
	if err != nil {
		t.Fatal(err)
	}
	if got := rsp.(control.StateBlob); !bytes.Equal(got.Data, blob) || got.Total != uint32(len(blob)) {
		t.Errorf("fetched %d of %d bytes", len(got.Data), got.Total)
	}
	if err := c.Hash(bytes.NewReader(blob)); err != nil || !bytes.Equal(r.tpm.Hashed(), blob) {
		t.Errorf("hash: %v", err)
	}
}

func TestRefusedDataArePassedOver(t *testing.T) {
	r := newRig(t)
	r.ask(cmdInit, ok)
	c := control.NewClient(r.conn)
	blob := bytes.Repeat([]byte{0, 0, 0, 3}, 1<<18)
	for _, want := range []control.Result{control.BadOrdinal, control.BadOrdinal} {
		rsp, err := c.Do(control.SetStateBlob{Kind: control.StatePermanent, Data: blob})
		if err != nil || rsp.TPMResult() != uint32(want) {
			t.Fatalf("%v, %v", rsp, err)
		}
	}
	if _, err := c.Call(control.Stop{}); err != nil {
		t.Fatal(err)
	}
	if rsp, err := c.Do(control.SetStateBlob{Kind: control.StatePermanent, Data: blob}); err != nil || rsp != control.Fail {
		t.Fatalf("%v, %v", rsp, err)
	}
}

func TestInfoInPieces(t *testing.T) {
	r := newRig(t)
	text, err := control.NewClient(r.conn).Info(1 << 63)
	if err != nil || len(text) < 2*control.InfoSize || text[len(text)-1] != '}' {
		t.Errorf("%d bytes, %v", len(text), err)
	}
}

func TestLocalityRules(t *testing.T) {
	r := newRig(t, func(h *control.Handler) { h.RejectLocality4 = true })
	r.ask("00000005 03", ok)
	r.ask("00000005 04", badLoc)
	if got := r.srv.Handler.Locality.Load(); got != 3 {
		t.Errorf("locality %d", got)
	}
}

func TestOneClientAfterTheOther(t *testing.T) {
	r := newRig(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Skip(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	end := make(chan error, 1)
	go func() { end <- r.srv.Serve(ctx, l, false) }()
	var conns []net.Conn
	for range 3 {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		c.Write(unhex("0000000f"))
		conns = append(conns, c)
	}
	for i, c := range conns {
		if i+1 < len(conns) {
			conns[i+1].SetReadDeadline(time.Now().Add(20 * time.Millisecond))
			if n, _ := conns[i+1].Read(make([]byte, 1)); n != 0 {
				t.Error("a second client was served")
			}
		}
		c.SetReadDeadline(time.Now().Add(5 * time.Second))
		if _, err := io.ReadFull(c, make([]byte, 8)); err != nil {
			t.Fatal(i, err)
		}
		c.Close()
	}
	cancel()
	if err := <-end; err != nil {
		t.Error(err)
	}
	if _, err := net.Dial("tcp", l.Addr().String()); err == nil {
		t.Error("still listening")
	}
}

func TestOnceEndsWithItsClient(t *testing.T) {
	r := newRig(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Skip(err)
	}
	defer l.Close()
	end := make(chan error, 1)
	go func() { end <- r.srv.Serve(context.Background(), l, true) }()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	if err := <-end; err != nil {
		t.Error(err)
	}
}

func TestDataDescriptor(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("descriptors do not travel on Windows")
	}
	r := newRig(t)
	c := control.NewClient(r.conn)
	f, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := c.SetDataFD(f); err != nil {
		t.Fatal(err)
	}
	if r.data.Free() {
		t.Fatal("no descriptor arrived")
	}
	if err := c.SetDataFD(f); !errors.Is(err, control.IOError) {
		t.Errorf("a second descriptor: %v", err)
	}
	r.data.file.Swap(nil).Close()
	if err := c.SetDataFD(f); err != nil {
		t.Errorf("after the first was lost: %v", err)
	}
}

func TestCancelDoesNotWait(t *testing.T) {
	r := newRig(t)
	r.tpm.Hold(make(chan struct{}))
	r.ask(cmdInit, ok)
	rsp := make(chan []byte)
	go func() {
		b, _ := r.tpm.Execute(context.Background(), 0, controltest.Command(0x131))
		rsp <- b
	}()
	for !strings.Contains(strings.Join(r.tpm.Calls(), " "), "Execute") {
		time.Sleep(time.Millisecond)
	}
	r.ask("00000009", ok)
	if got := <-rsp; !bytes.Equal(got, controltest.Response(0x909)) {
		t.Errorf("response %x", got)
	}
}

// FuzzServer feeds a server any stream; it must neither panic nor hang, and
// answer a proper message afterwards or close the connection.
func FuzzServer(f *testing.F) {
	for _, m := range transcript {
		f.Add(unhex(m.req), byte(3))
	}
	f.Add(unhex("00000007 ffffffff 6162"), byte(1))
	f.Add(unhex("0000000d 00000000 00000001 ffffffff 6162"), byte(9))
	f.Add(unhex("00000005 00 0000 00000005 01 00000000 0e 0000 0005"), byte(2))
	f.Fuzz(func(t *testing.T, stream []byte, size byte) {
		tpm := &controltest.TPM{}
		s := &control.Server{
			Handler:     &control.Handler{TPM: tpm, Locality: new(atomic.Uint32)},
			MessageTime: 5 * time.Millisecond, DataTime: 5 * time.Millisecond,
		}
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
		case <-done:
		case <-time.After(5 * time.Second):
			t.Fatal("the server hangs")
		}
	})
}

// FuzzResponse feeds a client any response.
func FuzzResponse(f *testing.F) {
	f.Add(uint32(control.CmdGetStateBlob), unhex("00000000 00000000 00000003 00000003 616263"))
	f.Add(uint32(control.CmdGetInfo), unhex("00000000 00000003 00000003 7b7d00"))
	f.Fuzz(func(t *testing.T, cmd uint32, b []byte) {
		rsp, n, err := control.ParseResponse(control.Command(cmd), b)
		if err == nil && n > 0 && rsp != nil {
			again, m, err := control.ParseResponse(control.Command(cmd), control.AppendResponse(nil, rsp))
			if err != nil || m > n || !reflect.DeepEqual(again, rsp) {
				t.Errorf("%#v became %#v (%v)", rsp, again, err)
			}
		}
		control.ParseIoctl(control.Command(cmd), b)
		control.ParseIoctlResponse(control.Command(cmd), b)
	})
}
