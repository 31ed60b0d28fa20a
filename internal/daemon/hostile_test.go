//go:build unix

package daemon

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

// hostile are messages for one of the two channels, from clients that mean no good or do not know better.
var hostile = []struct{ name, channel, msg string }{
	{"nothing", "data", ""},
	{"half a header", "data", "80010000"},
	{"half a command", "data", "80010000000c00000144"},
	{"4 GiB", "data", "8001ffffffff0000017b0010"},
	{"1 MiB that does not come", "data", "8001001000000000017b0010"},
	{"size 0", "data", "8001000000000000017b0010"},
	{"half a prefix", "data", "0000000804"},
	{"locality 255", "data", "00000008ff0000000c80010000000c0000017b0010"},
	{"a response nobody reads", "data", "80010000000c0000017b0010"},
	{"nonsense", "data", "ffffffffffffffffffffffffffffffffffffffffffffffff"},
	{"zeros", "data", "000000000000000000000000000000000000000000000000"},
	{"nothing", "ctrl", ""},
	{"half a number", "ctrl", "0000"},
	{"half of INIT", "ctrl", "000000020000"},
	{"4 GiB of state", "ctrl", "0000000d0000000000000001ffffffff0102"},
	{"state that does not come", "ctrl", "0000000d00000000000000010000ffff0102"},
	{"4 GiB to hash", "ctrl", "00000007ffffffff0102"},
	{"an unknown command", "ctrl", "ffffffff"},
	{"an odd kind of state", "ctrl", "0000000cffffffffffffffffffffffff"},
	{"text", "ctrl", "474554202f20485454502f312e310d0a0d0a"},
	{"no descriptor", "ctrl", "00000010"},
}

// A victim is the program with the true engine, and a client that wants to be served whatever others do.
type victim struct {
	*proc
	null *os.File
}

func newVictim(t *testing.T) *victim {
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { null.Close() })
	v := &victim{null: null, proc: startAs(t, "real", nil, "--ctrl", ctrlArg, "--server", "type=unixio,path=DIR/data",
		"--log", "file=DIR/log", "--flags", "not-need-init,startup-clear")}
	v.serves()
	return v
}

// dialed is dial without an end at the end of the test.
func (v *victim) dialed(channel string) *net.UnixConn {
	v.t.Helper()
	conn, err := net.Dial("unix", filepath.Join(v.dir, channel))
	if err != nil {
		v.t.Fatal(err)
	}
	conn.SetDeadline(time.Now().Add(30 * time.Second))
	return conn.(*net.UnixConn)
}

// serves wants both channels to serve a client.
func (v *victim) serves() {
	v.t.Helper()
	for channel, m := range map[string]struct{ cmd, rsp string }{
		"data": {"80010000000c0000017b0010", "80010000001c000000000010"},
		"ctrl": {"00000001", "000000000001ffff"},
	} {
		conn := v.dial(channel)
		conn.SetDeadline(time.Now().Add(30 * time.Second))
		ask(v.t, conn, unhex(m.cmd), unhex(m.rsp))
		conn.Close()
	}
}

// use is what the process uses: descriptors, 0 if the system does not tell, and KiB of memory.
func (v *victim) use() (files, memory int) {
	proc := fmt.Sprintf("/proc/%d/", v.cmd.Process.Pid)
	entries, _ := os.ReadDir(proc + "fd")
	status, _ := os.ReadFile(proc + "status")
	if m := regexp.MustCompile(`VmRSS:\s*(\d+)`).FindSubmatch(status); m != nil {
		memory, _ = strconv.Atoi(string(m[1]))
	}
	return len(entries), memory
}

// send sends b, with n descriptors.
func (v *victim) send(conn *net.UnixConn, b []byte, n int) {
	var rights []byte
	if n > 0 && len(b) > 0 {
		fds := make([]int, n)
		for i := range fds {
			fds[i] = int(v.null.Fd())
		}
		rights = unix.UnixRights(fds...)
	}
	_, _, _ = conn.WriteMsgUnix(b, rights, nil) // the program may have hung up
}

// Clients that send half messages, lie about lengths, bring descriptors or hang up harm nobody but themselves.
func TestHostileClients(t *testing.T) {
	v := newVictim(t)
	rounds := 20
	if testing.Short() {
		rounds = 3
	}
	var files, memory int
	for round := range rounds {
		for _, h := range hostile {
			msg := unhex(h.msg)
			for cut := round % 4; cut <= len(msg); cut += 4 {
				conn := v.dialed(h.channel)
				v.send(conn, msg[:cut], round%3)
				conn.Close()
			}
		}
		v.serves()
		if round == 0 {
			files, memory = v.use()
		}
	}
	if f, m := v.use(); f > files+4 || m > memory+32<<10 {
		t.Errorf("%d descriptors and %d KiB, after the first round %d and %d", f, m, files, memory)
	}
	v.orderly()
}

// orderly ends the program by a signal.
func (v *victim) orderly() {
	v.t.Helper()
	_ = v.cmd.Process.Signal(os.Interrupt)
	v.ends(0)
	if log, err := os.ReadFile(filepath.Join(v.dir, "log")); err != nil || bytes.Contains(log, []byte("failure mode")) {
		v.t.Errorf("%s, %v", log, err)
	}
}

// A client that sends byte for byte, with a descriptor for each, is served like any other.
func TestSlowClient(t *testing.T) {
	v := newVictim(t)
	data, ctrl := v.dialed("data"), v.dialed("ctrl")
	for i, b := range unhex("80010000000c0000017b0010") {
		v.send(data, []byte{b}, i%2)
		time.Sleep(time.Millisecond)
	}
	if n, err := io.ReadFull(data, make([]byte, 28)); err != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
	for _, b := range unhex("00000007000000020102") { // no sequence was started: that is no fault
		v.send(ctrl, []byte{b}, 1)
		time.Sleep(time.Millisecond)
	}
	ask(t, ctrl, nil, make([]byte, 4))
	// The one channel is served while the other waits for the rest of a message.
	v.send(data, unhex("80010000"), 0)
	ask(t, ctrl, unhex("00000001"), unhex("000000000001ffff"))
	data.Close()
	ctrl.Close()
	v.serves()
	v.orderly()
}

// A thousand clients at once are served one after the other.
func TestManyClients(t *testing.T) {
	v := newVictim(t)
	n := 1000
	if testing.Short() {
		n = 100
	}
	v.serves()
	files, memory := v.use()
	var clients sync.WaitGroup
	served := make(chan error, n)
	turn := make(chan struct{}, 200) // more would be refused by a system with a short queue
	for range n {
		turn <- struct{}{}
		clients.Go(func() {
			defer func() { <-turn }()
			served <- v.random()
		})
	}
	clients.Wait()
	close(served)
	for err := range served {
		if err != nil {
			t.Fatal(err)
		}
	}
	if f, m := v.use(); f > files+4 || m > memory+32<<10 {
		t.Errorf("%d descriptors and %d KiB, before %d and %d", f, m, files, memory)
	}
	v.orderly()
}

// random is one client with one command.
func (v *victim) random() error {
	conn, err := net.Dial("unix", filepath.Join(v.dir, "data"))
	if err != nil {
		return err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(60 * time.Second))
	if _, err := conn.Write(unhex("80010000000c0000017b0010")); err != nil {
		return err
	}
	rsp := make([]byte, 28)
	if _, err := io.ReadFull(conn, rsp); err != nil {
		return err
	}
	if rc := binary.BigEndian.Uint32(rsp[6:]); rc != 0 {
		return fmt.Errorf("response code 0x%x", rc)
	}
	return nil
}
