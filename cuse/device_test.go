package cuse

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"govtpm/cuse/cusetest"
)

// echo is a device that returns what was written. Its ioctls are in the numbers of the requests.
type echo struct {
	mu       sync.Mutex
	data     []byte
	released int
	openErr  error
	notify   func()
	calls    []string
}

const (
	ioctlSum   = 0xc0085801 // _IOWR('X', 1, 8 bytes): swaps the halves
	ioctlWait  = 0x5802     // waits for the end of its context
	ioctlLong  = 0x80045803 // returns more than there is room for
	ioctlAsk   = 0x5804     // asks for memory
	ioctlWrong = 0x5805     // fails without a number
	ioctlCrowd = 0x5806     // asks for memory in too many parts
)

func (e *echo) Open(_ context.Context, c Call) (File, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.calls = append(e.calls, fmt.Sprintf("open %d %d %d %#x", c.UID, c.GID, c.PID, c.Flags))
	return e, e.openErr
}

func (e *echo) Read(ctx context.Context, c Call, n int) ([]byte, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.data) == 0 && c.Flags&0x800 != 0 {
		return nil, syscall.EAGAIN
	}
	if n == 666 {
		return make([]byte, n+1), nil
	}
	n = min(n, len(e.data))
	out := e.data[:n]
	e.data = e.data[n:]
	return out, nil
}

func (e *echo) Write(_ context.Context, _ Call, data []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if string(data) == "too many" {
		return len(data) + 1, nil
	}
	e.data = append(e.data, data...)
	if e.notify != nil {
		e.notify()
	}
	return len(data), nil
}

func (e *echo) Ioctl(ctx context.Context, _ Call, req *Ioctl) (IoctlReply, error) {
	switch req.Cmd {
	case ioctlSum:
		if len(req.In) != 8 {
			return IoctlReply{}, syscall.EINVAL
		}
		return IoctlReply{Result: 5, Data: append(bytes.Clone(req.In[4:]), req.In[:4]...)}, nil
	case ioctlWait:
		<-ctx.Done()
		return IoctlReply{}, ctx.Err()
	case ioctlLong:
		return IoctlReply{Data: make([]byte, 5)}, nil
	case ioctlCrowd:
		return IoctlReply{WantIn: make([]Memory, 200), WantOut: make([]Memory, 57)}, nil
	case ioctlAsk:
		if len(req.In) == 0 {
			return IoctlReply{WantIn: []Memory{{req.Arg, 4}, {req.Arg + 8, 2}}, WantOut: []Memory{{req.Arg, 3}}}, nil
		}
		return IoctlReply{Result: int32(len(req.In)), Data: []byte("out")[:min(3, req.OutSize)]}, nil
	case ioctlWrong:
		return IoctlReply{}, errors.New("no number")
	}
	return IoctlReply{}, fmt.Errorf("ioctl %#x: %w", req.Cmd, syscall.EINVAL)
}

func (e *echo) Poll(_ context.Context, _ Call, events uint32, notify func()) (uint32, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.notify = notify
	if len(e.data) > 0 {
		return events & 5, nil
	}
	return events & 4, nil
}

func (e *echo) Release() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.released++
}

// served is a device under a kernel that the test plays.
func served(t *testing.T, e *echo, o Options) (*cusetest.Kernel, context.CancelFunc) {
	t.Helper()
	k := cusetest.NewKernel()
	o.Name = "echo"
	d, err := New(k.Wire, o, e)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- d.Serve(ctx) }()
	end := sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(10 * time.Second):
			t.Error("the device does not end")
		}
	})
	t.Cleanup(end)
	return k, end
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The bytes are those of Linux on little-endian machines.
func TestBytes(t *testing.T) {
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		t.Skip("the recorded messages are little endian")
	}
	const (
		head   = "0000000000000000 00000000 00000000 e9030000 00000000" // node, user, group, process, padding
		handle = "0100000000000000"
	)
	rows := []struct{ name, request, reply string }{
		{"CUSE_INIT", "38000000 00100000 0200000000000000" + head + "07000000 26000000 00000000 01000000",
			"65000000 00000000 0200000000000000 07000000 1f000000 00000000 01000000 00000200 00000200 0a000000 e0000000" +
				strings.Repeat("00000000", 10) + hex.EncodeToString([]byte("DEVNAME=echo\x00"))},
		{"open", "30000000 0e000000 0400000000000000" + head + "02800000 00000000",
			"20000000 00000000 0400000000000000" + handle + "00000000 00000000"},
		{"write", "53000000 10000000 0600000000000000" + head + handle + "0000000000000000 03000000 00000000 0000000000000000 02800000 00000000 616263",
			"18000000 00000000 0600000000000000 03000000 00000000"},
		{"read", "50000000 0f000000 0800000000000000" + head + handle + "0000000000000000 02000000 00000000 0000000000000000 02800000 00000000",
			"12000000 00000000 0800000000000000 6162"},
		{"read the rest", "50000000 0f000000 0a00000000000000" + head + handle + "0200000000000000 00100000 00000000 0000000000000000 02800000 00000000",
			"11000000 00000000 0a00000000000000 63"},
		{"read without waiting", "50000000 0f000000 0c00000000000000" + head + handle + "0000000000000000 02000000 00000000 0000000000000000 02880000 00000000",
			"10000000 f5ffffff 0c00000000000000"},
		{"ioctl", "50000000 27000000 0e00000000000000" + head + handle + "00000000 010808c0 0070000000000000 08000000 08000000 0102030405060708",
			"10000000 eaffffff 0e00000000000000"},
		{"ioctl that is known", "50000000 27000000 1000000000000000" + head + handle + "00000000 015808c0 0070000000000000 08000000 08000000 0102030405060708",
			"28000000 00000000 1000000000000000 05000000 00000000 00000000 00000000 0506070801020304"},
		{"ioctl that asks", "48000000 27000000 1200000000000000" + head + handle + "02000000 04580000 0070000000000000 00000000 00000000",
			"50000000 00000000 1200000000000000 00000000 04000000 02000000 01000000" +
				"0070000000000000 0400000000000000 0870000000000000 0200000000000000 0070000000000000 0300000000000000"},
		{"ioctl that got", "4e000000 27000000 1400000000000000" + head + handle + "02000000 04580000 0070000000000000 06000000 03000000 000102030405",
			"23000000 00000000 1400000000000000 06000000 00000000 00000000 00000000 6f7574"},
		{"poll", "40000000 28000000 1600000000000000" + head + handle + "5500000000000000 00000000 05000000",
			"18000000 00000000 1600000000000000 04000000 00000000"},
		{"flush", "40000000 19000000 1800000000000000" + head + handle + "00000000 00000000 0000000000000000",
			"10000000 00000000 1800000000000000"},
		{"another file", "40000000 28000000 1a00000000000000" + head + "0200000000000000 5500000000000000 00000000 05000000",
			"10000000 f7ffffff 1a00000000000000"},
		{"what is no request of a device", "28000000 01000000 1c00000000000000" + head, "10000000 daffffff 1c00000000000000"},
		{"release", "40000000 12000000 1e00000000000000" + head + handle + "02800000 00000000 0000000000000000",
			"10000000 00000000 1e00000000000000"},
	}
	w := cusetest.NewWire()
	w.Requests <- unhex(t, rows[0].request)
	e := &echo{}
	d, err := New(w, Options{Name: "echo", Major: 10, Minor: 224, Unrestricted: true}, e)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	ctx, cancel := context.WithCancel(context.Background())
	go func() { done <- d.Serve(ctx) }()
	for i, row := range rows {
		if i > 0 {
			w.Requests <- unhex(t, row.request)
		}
		if got, want := <-w.Replies, unhex(t, row.reply); !bytes.Equal(got, want) {
			t.Errorf("%s:\n%x, want\n%x", row.name, got, want)
		}
	}
	cancel()
	if err := <-done; err != nil || e.released != 1 || strings.Join(e.calls, ",") != "open 0 0 1001 0x8002" {
		t.Errorf("%v, released %d times, %v", err, e.released, e.calls)
	}
}

func TestNames(t *testing.T) {
	for name, want := range map[string]bool{
		"vtpm0": true, "tpm/one": true, "": false, "a b": false, "a\nDEVNAME=b": false, "../x": false, "/x": false, "x/": false,
		"a\x00b": false, strings.Repeat("x", 1025): false,
	} {
		k := cusetest.NewKernel()
		d, err := New(k.Wire, Options{Name: name}, &echo{})
		if (err == nil) != want {
			t.Errorf("%q: %v", name, err)
		}
		if err == nil {
			d.Close()
		}
	}
}

func TestNegotiationFails(t *testing.T) {
	init := func(major, minor, flags uint32) []byte { return cusetest.Frame(4096, 2, words(major, minor, 0, flags)) }
	rows := []struct {
		name    string
		request []byte
	}{
		{"old", init(7, 15, 1)},
		{"other", init(8, 0, 1)},
		{"restricted", init(7, 31, 0)},
		{"no init", cusetest.Frame(14, 2, words(0, 0))},
		{"short", cusetest.Frame(4096, 2, words(7, 31, 0))},
		{"empty", nil},
		{"wrong length", append(init(7, 31, 1), 0)},
	}
	for _, row := range rows {
		w := cusetest.NewWire()
		w.Requests <- row.request
		if _, err := New(w, Options{Name: "x", Unrestricted: true}, &echo{}); err == nil {
			t.Errorf("%s: no error", row.name)
		}
		if _, open := <-w.Replies; open {
			t.Errorf("%s: the connection stays open, or was answered", row.name)
		}
	}
	w := cusetest.NewWire()
	close(w.Requests)
	if _, err := New(w, Options{Name: "x"}, &echo{}); err == nil {
		t.Error("no error without a kernel")
	}
	w = cusetest.NewWire()
	w.Requests <- init(7, 31, 1)
	w.Gone = func([]byte) error { return syscall.EEXIST }
	if _, err := New(w, Options{Name: "x"}, &echo{}); !errors.Is(err, syscall.EEXIST) {
		t.Error(err)
	}
}

func TestDriverFaults(t *testing.T) {
	e := &echo{}
	k, _ := served(t, e, Options{})
	h, err := k.Open()
	if err != nil {
		t.Fatal(err)
	}
	rows := []struct {
		name string
		r    *cusetest.Request
		want syscall.Errno
	}{
		{"reads more than asked", h.StartRead(666), syscall.EIO},
		{"writes more than given", h.StartWrite([]byte("too many")), syscall.EIO},
		{"returns more than fits", h.StartIoctl(ioctlLong, nil), syscall.EIO},
		{"asks for memory on a restricted device", h.StartIoctl(ioctlAsk, nil), syscall.EIO},
		{"asks for too much memory", h.StartIoctl(ioctlCrowd, nil), syscall.EIO},
		{"fails without a number", h.StartIoctl(ioctlWrong, nil), syscall.EIO},
		{"refuses", h.StartIoctl(0x5807, nil), syscall.EINVAL},
	}
	for _, row := range rows {
		if _, err := row.r.Wait(); err != row.want {
			t.Errorf("%s: %v, want %v", row.name, err, row.want)
		}
	}
	e.mu.Lock()
	e.openErr = syscall.EBUSY
	e.mu.Unlock()
	if _, err := k.Open(); err != syscall.EBUSY {
		t.Error(err)
	}
}

// Every request, cut anywhere, is refused, and the device goes on.
func TestTruncatedRequests(t *testing.T) {
	k, _ := served(t, &echo{}, Options{})
	h, err := k.Open()
	if err != nil {
		t.Fatal(err)
	}
	one := make([]byte, 8)
	binary.NativeEndian.PutUint64(one, 1)
	rows := []struct {
		op   uint32
		body []byte
	}{
		{14, words(2, 0)}, {15, append(one, make([]byte, 32)...)},
		{16, append(append(one, append(make([]byte, 8), words(3, 0, 0, 0, 0, 0)...)...), "abc"...)},
		{39, append(append(one, words(0, ioctlSum, 0, 0, 8, 8)...), make([]byte, 8)...)},
		{40, append(one, make([]byte, 16)...)},
		{18, append(one, make([]byte, 16)...)},
	}
	for _, row := range rows {
		for n := range row.body {
			if _, err := k.Start(row.op, row.body[:n]).Wait(); err != syscall.EINVAL {
				t.Errorf("request %d with %d bytes: %v", row.op, n, err)
			}
		}
	}
	if _, err := k.Start(39, append(rows[3].body, 0)).Wait(); err != syscall.EINVAL {
		t.Errorf("more than the size says: %v", err)
	}
	if _, err := h.StartRead(MaxTransfer + 1).Wait(); err != syscall.EINVAL {
		t.Errorf("a read of any size: %v", err)
	}
	if _, err := h.RawIoctl(ioctlSum, 0, make([]byte, 8), MaxTransfer+1).Wait(); err != syscall.EINVAL {
		t.Errorf("an ioctl of any size: %v", err)
	}
	k.Wire.Requests <- []byte("x")
	k.Wire.Requests <- make([]byte, 39)
	k.Wire.Requests <- cusetest.Frame(36, 99, words(1))      // half an interrupt
	k.Wire.Requests <- cusetest.Frame(36, 99, words(1, 777)) // of nothing
	k.Wire.Requests <- cusetest.Frame(2, 101, nil)           // has no reply
	if err := h.Close(); err != nil {
		t.Error(err)
	}
	if err := h.Close(); err != syscall.EBADF {
		t.Errorf("closed twice: %v", err)
	}
}

func TestInterruptAndConcurrency(t *testing.T) {
	e := &echo{}
	k, end := served(t, e, Options{})
	h, err := k.Open()
	if err != nil {
		t.Fatal(err)
	}
	var waits []*cusetest.Request
	for range 20 {
		waits = append(waits, h.StartIoctl(ioctlWait, nil))
	}
	if _, err := h.Write([]byte("abc")); err != nil {
		t.Fatal("others cannot go on:", err)
	}
	waits[7].Interrupt()
	if _, err := waits[7].Wait(); err != syscall.EINTR {
		t.Error(err)
	}
	end()
	for i, w := range waits {
		if i != 7 {
			if _, err := w.Wait(); err != syscall.EINTR {
				t.Errorf("request %d at the end: %v", i, err)
			}
		}
	}
	if e.released != 1 {
		t.Errorf("released %d times", e.released)
	}
}

func TestPoll(t *testing.T) {
	k, _ := served(t, &echo{}, Options{})
	h, err := k.Open()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := h.Poll(5, true); got != 4 || err != nil {
		t.Error(got, err)
	}
	for range 2 { // two changes, one notification
		if _, err := h.Write([]byte("abc")); err != nil {
			t.Fatal(err)
		}
	}
	if got := <-k.Notified; got != 7001 {
		t.Error(got)
	}
	if got, err := h.Poll(5, false); got != 5 || err != nil || len(k.Notified) != 0 {
		t.Error(got, err)
	}
}

// plain is a file that is always ready.
type plain struct{ File }

type plainDriver struct{ e *echo }

func (d plainDriver) Open(ctx context.Context, c Call) (File, error) { return plain{d.e}, nil }

func TestPollIsOptional(t *testing.T) {
	k := cusetest.NewKernel()
	d, err := New(k.Wire, Options{Name: "x"}, plainDriver{&echo{}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- d.Serve(ctx) }()
	h, err := k.Open()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Poll(5, false); err != syscall.ENOSYS {
		t.Error(err)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// A client that is killed while it opens the device leaves nothing open.
func TestOpenerGone(t *testing.T) {
	w := cusetest.NewWire()
	w.Requests <- cusetest.Frame(4096, 2, words(7, 31, 0, 1))
	e := &echo{}
	d, err := New(w, Options{Name: "x"}, e)
	if err != nil {
		t.Fatal(err)
	}
	<-w.Replies
	w.Gone = func(b []byte) error {
		if binary.NativeEndian.Uint64(b[8:]) == 4 {
			return syscall.ENOENT
		}
		return nil
	}
	done := make(chan error, 1)
	go func() { done <- d.Serve(context.Background()) }()
	w.Requests <- cusetest.Frame(14, 4, words(2, 0))
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		e.mu.Lock()
		n := e.released
		e.mu.Unlock()
		if n == 1 {
			break
		}
	}
	close(w.Requests)
	if err := <-done; err == nil {
		t.Error("the kernel ended the connection without an error")
	}
	if e.released != 1 {
		t.Errorf("released %d times", e.released)
	}
}

func FuzzRequests(f *testing.F) {
	one := make([]byte, 8)
	binary.NativeEndian.PutUint64(one, 1)
	f.Add(uint32(16), append(append(one, append(make([]byte, 8), words(3, 0, 0, 0, 0, 0)...)...), "abc"...))
	f.Add(uint32(39), append(append(one, words(0, ioctlSum, 0, 0, 8, 8)...), make([]byte, 8)...))
	f.Add(uint32(40), append(one, make([]byte, 16)...))
	f.Add(uint32(36), one)
	f.Add(uint32(18), append(one, make([]byte, 16)...))
	f.Fuzz(func(t *testing.T, op uint32, body []byte) {
		k := cusetest.NewKernel()
		d, err := New(k.Wire, Options{Name: "x"}, &echo{})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- d.Serve(ctx) }()
		h, err := k.Open()
		if err != nil {
			t.Fatal(err)
		}
		k.Start(op, body)
		if op != 18 {
			if _, err := h.Write([]byte("on")); err != nil {
				t.Error(err)
			}
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
