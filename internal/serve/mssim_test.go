package serve

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"govtpm/control/controltest"
)

// simRig is a simulator with a client on each port.
type simRig struct {
	t                  *testing.T
	tpm                *controltest.TPM
	sim                *Simulator
	addrs              [2]string
	commands, platform net.Conn
	done               chan error
}

func newSimRig(t *testing.T, once bool) *simRig {
	r := &simRig{t: t, tpm: &controltest.TPM{}, done: make(chan error, 1)}
	r.sim = &Simulator{Server: &Server{TPM: r.tpm, Locality: new(atomic.Uint32), RejectLocality4: true}, Platform: r.tpm, Presence: new(atomic.Bool)}
	var ls [2]net.Listener
	var err error
	for i := range ls {
		if ls[i], err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			t.Skip(err)
		}
		r.addrs[i] = ls[i].Addr().String()
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() { r.done <- r.sim.Serve(ctx, ls[0], ls[1], once) }()
	t.Cleanup(cancel)
	r.commands, r.platform = r.dial(0), r.dial(1)
	return r
}

func (r *simRig) dial(port int) net.Conn {
	r.t.Helper()
	conn, err := net.Dial("tcp", r.addrs[port])
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(5 * time.Second))
	return conn
}

func (r *simRig) ask(conn net.Conn, req, rsp string) {
	r.t.Helper()
	want := unhex(rsp)
	got := make([]byte, len(want))
	if _, err := conn.Write(unhex(req)); err != nil {
		r.t.Fatal(err)
	}
	if n, err := io.ReadFull(conn, got); err != nil || !bytes.Equal(got, want) {
		r.t.Fatalf("%s: got %x (%v), want %x", req, got[:n], err, want)
	}
}

// ends waits for the end of the server.
func (r *simRig) ends() error {
	r.t.Helper()
	select {
	case err := <-r.done:
		return err
	case <-time.After(5 * time.Second):
		r.t.Fatal("the server does not end")
		return nil
	}
}

// closed says whether the server closed a connection.
func closed(conn net.Conn) bool {
	n, err := conn.Read(make([]byte, 1))
	return n == 0 && err != nil && !strings.Contains(err.Error(), "timeout")
}

func TestSimulatorSignals(t *testing.T) {
	r := newSimRig(t, false)
	for _, row := range []struct{ signal, calls string }{
		{"00000001", "Init false"},
		{"00000001", ""}, // it is on
		{"0000000b", ""},
		{"0000000c", ""},
		{"0000000d", ""},
		{"0000000e", ""},
		{"00000005", "HashStart"},
		{"00000006 00000002 abcd", ""},
		{"00000007", "HashEnd"},
		{"00000009", "Cancel"},
		{"0000000a", ""},
		{"00000011", "Init false"},
		{"00000012", "Init false"},
		{"00000002", "Stop"},
		{"00000011", ""}, // it is off
	} {
		r.ask(r.platform, row.signal, "00000000")
		if got := strings.Join(r.tpm.Calls(), ";"); got != row.calls {
			t.Errorf("%s: called %q, want %q", row.signal, got, row.calls)
		}
	}
	if got := r.tpm.Hashed(); !bytes.Equal(got, []byte{0xab, 0xcd}) {
		t.Errorf("hashed %x", got)
	}
	for signal, want := range map[string]bool{"00000003": true, "00000004": false} {
		if r.ask(r.platform, signal, "00000000"); r.sim.Presence.Load() != want {
			t.Errorf("signal %s: presence %v", signal, !want)
		}
	}
	r.ask(r.platform, "0000001a 40000110", "00000000 00000000")
}

// sent is a command as it goes to the simulator, received what comes back.
func sent(locality byte, cmd []byte) []byte {
	b := append(unhex("00000008"), locality)
	return append(binary.BigEndian.AppendUint32(b, uint32(len(cmd))), cmd...)
}

func received(rsp []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(rsp)))
	return append(append(b, rsp...), 0, 0, 0, 0)
}

func TestSimulatorCommands(t *testing.T) {
	r := newSimRig(t, false)
	var traced [][]byte
	r.sim.Server.Trace = func(_ string, msg []byte) { traced = append(traced, slices.Clone(msg)) }
	ask := func(req, rsp []byte) {
		t.Helper()
		got := make([]byte, len(rsp))
		if _, err := r.commands.Write(req); err != nil {
			t.Fatal(err)
		}
		if n, err := io.ReadFull(r.commands, got); err != nil || !bytes.Equal(got, rsp) {
			t.Fatalf("got %x (%v), want %x", got[:n], err, rsp)
		}
	}
	r.ask(r.commands, "0000000f 00000001", "00000001 0000000d 00000000")
	ask(sent(0, controltest.Echo(1)), received(controltest.Response(0x101))) // it is off
	r.ask(r.platform, "00000001", "00000000")
	ask(sent(0, controltest.Echo(1)), received(controltest.EchoResponse(0, 1)))
	ask(sent(3, controltest.Echo(2)), received(controltest.EchoResponse(3, 2)))
	ask(sent(4, controltest.Echo(2)), received(controltest.Response(0x107)))
	ask(sent(0, nil), received(controltest.Response(0x142)))
	ask(sent(0, controltest.Echo(make([]byte, 5000)...)), received(controltest.Response(0x142)))
	ask(append(unhex("00000010 00000003"), 1, 2, 3), make([]byte, 4))
	if len(traced) != 12 || !bytes.Equal(traced[2], controltest.Echo(1)) {
		t.Errorf("traced %x", traced)
	}
	// Another client, at the same time.
	other := r.dial(0)
	r.ask(other, "0000000f 00000001", "00000001 0000000d 00000000")
	// The end of a session is no end for others.
	other.Write(unhex("00000014"))
	if !closed(other) {
		t.Error("the session goes on")
	}
	ask(sent(0, controltest.Echo(1)), received(controltest.EchoResponse(0, 1)))
}

func TestSimulatorCancel(t *testing.T) {
	r := newSimRig(t, false)
	r.ask(r.platform, "00000001", "00000000")
	block := make(chan struct{})
	r.tpm.Hold(block)
	r.commands.Write(sent(0, controltest.Echo(1)))
	// The command may not have begun: the line is up until it is taken down.
	r.ask(r.platform, "00000009", "00000000")
	want := received(controltest.Response(0x909))
	got := make([]byte, len(want))
	if _, err := io.ReadFull(r.commands, got); err != nil || !bytes.Equal(got, want) {
		t.Errorf("got %x, %v", got, err)
	}
	close(block)
	r.ask(r.platform, "0000000a", "00000000")
}

func TestSimulatorNonsenseClosesTheSession(t *testing.T) {
	for _, row := range []struct {
		port int
		text string
	}{
		{0, "00000063"}, {1, "00000063"}, {0, "00000001"}, {0, "0000000f 00000000"},
		{1, "00000006 00100001"}, {0, "00000008 00 ffffffff"}, {1, "00000008 00 00000000"},
	} {
		r := newSimRig(t, false)
		conn := []net.Conn{r.commands, r.platform}[row.port]
		conn.Write(unhex(row.text))
		if !closed(conn) {
			t.Errorf("port %d, %s: the session goes on", row.port, row.text)
		}
		r.ask(r.dial(1), "0000000b", "00000000")
	}
}

func TestSimulatorEnds(t *testing.T) {
	for port := range 2 {
		r := newSimRig(t, false)
		[]net.Conn{r.commands, r.platform}[port].Write(unhex("00000015"))
		if err := r.ends(); err != nil {
			t.Error(err)
		}
	}
	r := newSimRig(t, true)
	r.platform.Close()
	r.ask(r.dial(1), "0000000b", "00000000")
	r.commands.Close()
	if err := r.ends(); err != nil {
		t.Error(err)
	}
	r = newSimRig(t, false)
	r.tpm.Order("Execute", errors.New("no lock"))
	r.commands.Write(sent(0, controltest.Echo()))
	if err := r.ends(); err == nil || !strings.Contains(err.Error(), "no lock") {
		t.Error(err)
	}
}

// No stream of bytes panics, hangs or allocates without bound.
func FuzzSimulator(f *testing.F) {
	f.Add(sent(0, controltest.Echo(1)), true)
	f.Add(unhex("00000008 00 ffffffff 8001"), true)
	f.Add(unhex("0000000f 00000001 00000010 00000001 ff 00000014"), true)
	f.Add(unhex("00000001 00000006 00000002 abcd 0000001a 40000110 00000015"), false)
	f.Fuzz(func(t *testing.T, stream []byte, commands bool) {
		tpm := &controltest.TPM{}
		s := &Simulator{Server: &Server{TPM: tpm, Locality: new(atomic.Uint32)}, Platform: tpm, Presence: new(atomic.Bool)}
		serve := s.signal
		if commands {
			serve = s.command
		}
		client, server := net.Pipe()
		go io.Copy(io.Discard, client)
		go func() {
			client.Write(stream)
			client.Close()
		}()
		if err := s.session(context.Background(), server, serve); err != nil && err != errStop {
			t.Error(err)
		}
	})
}

// One client more than a port serves, and the one that has been silent the longest is dropped: half a signal does not keep a place.
func TestSimulatorFull(t *testing.T) {
	r := newSimRig(t, false)
	gone := func(c net.Conn) bool {
		c.SetReadDeadline(time.Now().Add(5 * time.Second))
		_, err := c.Read(make([]byte, 1))
		return err != nil && !errors.Is(err, os.ErrDeadlineExceeded)
	}
	for i := range r.addrs {
		var all []net.Conn
		for range maxClients {
			c := r.dial(i)
			r.ask(c, "00000005", "00000000") // it has its place
			if _, err := c.Write(unhex("0000")); err != nil {
				t.Fatal(err)
			}
			all = append(all, c)
		}
		r.ask(all[0], "0005", "00000000")
		for n := range 3 {
			r.ask(r.dial(i), "00000005", "00000000")
			if !gone(all[1+n]) {
				t.Errorf("port %d: client %d was silent the longest and is not dropped", i, 1+n)
			}
		}
		r.ask(all[0], "00000005", "00000000")
	}
	// A server that is full ends, too.
	last := r.dial(0)
	r.ask(last, "00000005", "00000000")
	last.Write(unhex("00000015"))
	if err := r.ends(); err != nil {
		t.Error(err)
	}
}
