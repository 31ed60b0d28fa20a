//go:build unix

package control_test

import (
	"encoding/binary"
	"net"
	"os"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// openFiles counts the descriptors of this process.
func openFiles(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/dev/fd")
	if err != nil {
		t.Skip(err)
	}
	return len(entries)
}

// sendFiles sends text with n descriptors of one file.
func (r *rig) sendFiles(text string, n int) {
	r.t.Helper()
	null, err := os.Open(os.DevNull)
	if err != nil {
		r.t.Fatal(err)
	}
	defer null.Close()
	fds := make([]int, n)
	for i := range fds {
		fds[i] = int(null.Fd())
	}
	if _, _, err := r.conn.(*net.UnixConn).WriteMsgUnix(unhex(text), unix.UnixRights(fds...), nil); err != nil {
		r.t.Fatal(err)
	}
}

// Descriptors that come where none is expected are closed at once, not when the message is complete: a client may take
// hours for that.
func TestDescriptorsNobodyAskedFor(t *testing.T) {
	runtime.GC() // files of other tests
	before := openFiles(t)
	r := newRig(t)
	r.ask(cmdInit, ok)
	r.ask("00000006", ok)
	const pieces = 64
	length := binary.BigEndian.AppendUint32(nil, pieces)
	r.send("00000007")
	for _, b := range length {
		r.sendFiles(string("0123456789abcdef"[b>>4])+string("0123456789abcdef"[b&15]), 8)
	}
	for i := range pieces {
		r.sendFiles("aa", 8)
		if i == pieces-1 {
			break
		}
		time.Sleep(time.Millisecond)
		if now := openFiles(t); now > before+8 {
			t.Fatalf("%d descriptors are open, %d were before", now, before)
		}
	}
	r.expect(ok)
	r.sendFiles("00000001", 3) // of a message that wants none
	r.expect(ok + "0001ffff")
	r.sendFiles("00000099", 3) // of an unknown one
	r.expect(badOrd)
	r.sendFiles("00000010", 3) // of one that wants one
	r.expect(badParam)
	r.sendFiles("000000", 8) // of half a message
	r.closed()
	if now := openFiles(t); now > before+4 {
		t.Errorf("%d descriptors are open, %d were before", now, before)
	}
	if r.data.file.Load() != nil {
		t.Error("a descriptor became the data channel")
	}
}
