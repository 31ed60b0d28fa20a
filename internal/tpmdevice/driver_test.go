package tpmdevice

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"govtpm/control"
	"govtpm/control/controltest"
	"govtpm/cuse"
	"govtpm/cuse/cusetest"
	"govtpm/internal/serve"
)

type rig struct {
	*testing.T
	tpm    *controltest.TPM
	kernel *cusetest.Kernel
	driver *Driver
	done   chan error // what the device was ended with
	served chan error
}

// newRig serves a TPM under a kernel that the test plays.
func newRig(t *testing.T) *rig {
	r := &rig{T: t, tpm: &controltest.TPM{}, kernel: cusetest.NewKernel(), done: make(chan error, 10), served: make(chan error, 1)}
	locality := new(atomic.Uint32)
	data := &serve.Server{TPM: r.tpm, Locality: locality}
	ctx, cancel := context.WithCancel(context.Background())
	r.driver = &Driver{
		Control: &control.Handler{TPM: r.tpm, Caps: control.CapsCUSE, Locality: locality, Config: control.ConfigMigrationKey},
		Execute: data.Execute,
		End:     func(err error) { r.done <- err; cancel() },
	}
	d, err := cuse.New(r.kernel.Wire, cuse.Options{Name: "vtpm"}, r.driver)
	if err != nil {
		t.Fatal(err)
	}
	go func() { r.served <- d.Serve(ctx) }()
	t.Cleanup(func() {
		_ = r.tpm.Cancel()
		cancel()
		r.driver.Wait()
	})
	return r
}

func (r *rig) open() *cusetest.Handle {
	r.Helper()
	h, err := r.kernel.Open()
	if err != nil {
		r.Fatal(err)
	}
	return h
}

// ioctl makes a request and wants its structure back.
func (r *rig) ioctl(h *cusetest.Handle, number uint32, arg []byte, want ...byte) {
	r.Helper()
	size := int(number >> 16 & 0x3fff)
	arg = append(bytes.Clone(arg), make([]byte, size-len(arg))...)
	if err := h.Ioctl(number, arg); err != nil {
		r.Fatalf("ioctl %#x: %v", number, err)
	}
	if !bytes.Equal(arg[:len(want)], want) || len(bytes.Trim(arg[len(want):], "\x00")) != 0 {
		r.Errorf("ioctl %#x: %x, want %x", number, arg[:min(len(arg), len(want)+16)], want)
	}
}

// words are 32-bit fields in the order of the host.
func words(v ...uint32) []byte {
	var b []byte
	for _, w := range v {
		b = binary.NativeEndian.AppendUint32(b, w)
	}
	return b
}

func (r *rig) exchange(h io.ReadWriter, cmd, want []byte) {
	r.Helper()
	if n, err := h.Write(cmd); n != len(cmd) || err != nil {
		r.Fatalf("write: %d, %v", n, err)
	}
	r.read(h, 4096, want)
}

func (r *rig) read(h io.Reader, n int, want []byte) {
	r.Helper()
	b := make([]byte, n)
	n, err := h.Read(b)
	if err != nil || !bytes.Equal(b[:n], want) {
		r.Fatalf("read: %x, %v; want %x", b[:n], err, want)
	}
}

const (
	ptmGetCapability       = 0x80085000
	ptmInit                = 0xC0045001
	ptmShutdown            = 0x80045002
	ptmGetTPMEstablished   = 0x80085003
	ptmSetLocality         = 0xC0045004
	ptmHashStart           = 0x80045005
	ptmHashData            = 0xD0045006
	ptmHashEnd             = 0x80045007
	ptmCancelTPMCmd        = 0x80045008
	ptmStoreVolatile       = 0x80045009
	ptmResetTPMEstablished = 0xC004500A
	ptmGetStateBlob        = 0xCC10500B
	ptmSetStateBlob        = 0xCC0C500C
	ptmStop                = 0x8004500D
	ptmGetConfig           = 0x8008500E
	ptmSetDataFD           = 0x8004500F
	ptmSetBufferSize       = 0xC0105010
	ptmGetInfo             = 0xCC105011
	ptmLockStorage         = 0xC0045012
)

// A life of the device, as its clients see it, structure by structure.
func TestIoctls(t *testing.T) {
	r := newRig(t)
	h := r.open()
	ok, badOrdinal := words(0), words(0xa)
	capabilities := binary.NativeEndian.AppendUint64(nil, 0x16fff)
	rows := []struct {
		name   string
		number uint32
		arg    []byte
		want   []byte
	}{
		{"capabilities", ptmGetCapability, nil, capabilities},
		{"off: established", ptmGetTPMEstablished, nil, badOrdinal},
		{"off: hash", ptmHashStart, nil, badOrdinal},
		{"off: cancel", ptmCancelTPMCmd, nil, badOrdinal},
		{"off: store", ptmStoreVolatile, nil, badOrdinal},
		{"off: reset", ptmResetTPMEstablished, []byte{3}, badOrdinal},
		{"off: fetch", ptmGetStateBlob, words(0, 1, 0), badOrdinal},
		{"buffer size", ptmSetBufferSize, words(1), words(0, 0xb50, 0xb50, 0x1000)},
		{"largest buffer size", ptmSetBufferSize, words(1 << 31), words(0, 0x1000, 0xb50, 0x1000)},
		{"init", ptmInit, words(1), ok},
		{"size of a running TPM", ptmSetBufferSize, words(0xc00), badOrdinal},
		{"size asked of a running TPM", ptmSetBufferSize, nil, words(0, 0x1000, 0xb50, 0x1000)},
		{"locality", ptmSetLocality, []byte{4}, ok},
		{"locality and padding", ptmSetLocality, []byte{2, 0xff, 0xff, 0xff}, ok},
		{"no locality", ptmSetLocality, []byte{5}, words(0x3d)},
		{"hash", ptmHashStart, nil, ok},
		{"data", ptmHashData, append(words(3), "abc"...), ok},
		{"all data", ptmHashData, append(words(4096), make([]byte, 4096)...), ok},
		{"too much data", ptmHashData, words(4097), words(9)},
		{"data of any size", ptmHashData, words(0xffffffff), words(9)},
		{"end", ptmHashEnd, nil, ok},
		{"end again", ptmHashEnd, nil, words(0x1a)},
		{"established", ptmGetTPMEstablished, nil, append(words(0), 1)},
		{"reset in locality 2", ptmResetTPMEstablished, []byte{2}, words(0x3d)},
		{"reset in locality 5", ptmResetTPMEstablished, []byte{5}, words(0x3d)},
		{"reset", ptmResetTPMEstablished, []byte{4}, ok},
		{"not established", ptmGetTPMEstablished, nil, ok},
		{"cancel", ptmCancelTPMCmd, nil, ok},
		{"store", ptmStoreVolatile, nil, ok},
		{"fetch", ptmGetStateBlob, words(1, 2, 0), append(words(0, 0, 8, 8), "volatile"...)},
		{"fetch encrypted", ptmGetStateBlob, words(0, 2, 0), append(words(0, 2, 9, 9), "Evolatile"...)},
		{"fetch what there is not", ptmGetStateBlob, words(1, 3, 0), words(0x800)},
		{"fetch what there cannot be", ptmGetStateBlob, words(1, 4, 0), words(9)},
		{"hand over to a running TPM", ptmSetStateBlob, append(words(0, 1, 1), 7), badOrdinal},
		{"config", ptmGetConfig, nil, words(0, 2)},
		{"info", ptmGetInfo, append(binary.NativeEndian.AppendUint64(nil, 0), words(0, 0)...), append(words(0, 3, 3), "{}\x00"...)},
		{"info at its end", ptmGetInfo, append(binary.NativeEndian.AppendUint64(nil, 0), words(1, 0)...), append(words(0, 3, 2), "}\x00"...)},
		{"info behind its end", ptmGetInfo, append(binary.NativeEndian.AppendUint64(nil, 0), words(2, 0)...), words(3)},
		{"lock", ptmLockStorage, words(3), ok},
		{"stop", ptmStop, nil, ok},
		{"stop again", ptmStop, nil, ok},
		{"hand over", ptmSetStateBlob, append(words(0, 1, 1), 7), ok},
		{"hand over what there cannot be", ptmSetStateBlob, append(words(0, 0, 1), 7), words(3)},
		{"hand over too much", ptmSetStateBlob, words(0, 1, 3073), words(9)},
		{"init again", ptmInit, nil, ok},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			r := *r
			r.T = t
			r.ioctl(h, row.number, row.arg, row.want...)
		})
	}
	if got := r.tpm.Hashed(); len(got) != 3+4096 {
		t.Errorf("hashed %d bytes", len(got))
	}
}

func TestUnknownIoctls(t *testing.T) {
	r := newRig(t)
	h := r.open()
	for _, number := range []uint32{ptmSetDataFD, 0x5401, 0x80045000, 0x80085013, 0xC0045002, 0x80085100} {
		if err := h.Ioctl(number, make([]byte, 4096)); err != syscall.EINVAL {
			t.Errorf("ioctl %#x: %v", number, err)
		}
	}
	// What the kernel does not send, either.
	for size := range 3084 {
		if size%97 == 0 {
			if _, err := h.RawIoctl(ptmSetStateBlob, 0, make([]byte, size), 3084).Wait(); err != syscall.EINVAL {
				t.Errorf("%d bytes: %v", size, err)
			}
		}
	}
	if _, err := h.RawIoctl(ptmInit, 0, make([]byte, 4), 3).Wait(); err != syscall.EINVAL {
		t.Error(err)
	}
}

func TestCommands(t *testing.T) {
	r := newRig(t)
	h, other := r.open(), r.open()
	r.read(h, 10, nil)
	r.exchange(h, controltest.Echo(), controltest.Response(0x101))
	r.ioctl(h, ptmInit, nil, words(0)...)
	r.exchange(h, controltest.Echo(1, 2), controltest.EchoResponse(0, 1, 2))
	r.read(h, 10, nil)

	// In parts; the next command drops the rest. Clients do not see each other's responses.
	rsp := controltest.EchoResponse(0, 3)
	h.Write(controltest.Echo(3))
	r.read(h, 4, rsp[:4])
	r.exchange(other, controltest.Echo(4), controltest.EchoResponse(0, 4))
	r.read(h, 4, rsp[4:8])
	r.exchange(h, controltest.Echo(5), controltest.EchoResponse(0, 5))
	h.Write(controltest.Echo(6))
	r.exchange(h, controltest.Echo(7), controltest.EchoResponse(0, 7))

	// One locality for all.
	r.ioctl(other, ptmSetLocality, []byte{3}, words(0)...)
	r.exchange(h, controltest.Echo(), controltest.EchoResponse(3))

	if n, err := h.Write(controltest.Echo(make([]byte, 5000)...)); n != 4096 || err != nil {
		t.Errorf("a command that is too long: %d, %v", n, err)
	}
	r.read(h, 4096, controltest.Response(0x142))
	if err := other.Close(); err != nil {
		t.Error(err)
	}
}

func TestLongCommand(t *testing.T) {
	r := newRig(t)
	h, other := r.open(), r.open()
	r.ioctl(h, ptmInit, nil, words(0)...)
	r.tpm.Hold(make(chan struct{}))
	if n, err := h.Write(controltest.Echo()); n != 10 || err != nil {
		t.Fatal(n, err)
	}
	if _, err := h.Write(controltest.Echo()); err != syscall.EBUSY {
		t.Errorf("second command: %v", err)
	}
	h.Flags = nonBlock
	if _, err := h.Read(make([]byte, 10)); err != syscall.EAGAIN {
		t.Errorf("read without waiting: %v", err)
	}
	h.Flags = 0
	interrupted := h.StartRead(10)
	time.Sleep(10 * time.Millisecond)
	interrupted.Interrupt()
	if _, err := interrupted.Wait(); err != syscall.EINTR {
		t.Errorf("interrupted read: %v", err)
	}
	if ready, err := h.Poll(pollIn|pollOut, true); ready != 0 || err != nil {
		t.Errorf("poll: %#x, %v", ready, err)
	}
	waiting := h.StartRead(100)
	r.ioctl(other, ptmGetConfig, nil, words(0, 2)...)
	r.ioctl(other, ptmCancelTPMCmd, nil, words(0)...)
	if rsp, err := waiting.Wait(); err != nil || !bytes.Equal(rsp, controltest.Response(0x909)) {
		t.Errorf("canceled: %x, %v", rsp, err)
	}
	<-r.kernel.Notified
	if ready, err := h.Poll(pollIn|pollOut, false); ready != pollOut || err != nil {
		t.Errorf("poll: %#x, %v", ready, err)
	}
	r.tpm.Hold(nil)
	h.Write(controltest.Echo())
	if ready, err := h.Poll(1, false); ready != 1 || err != nil {
		t.Errorf("poll with a response: %#x, %v", ready, err)
	}
	r.read(h, 100, controltest.EchoResponse(0))
}

// A client that dies leaves its command running, and the device in order.
func TestClientDies(t *testing.T) {
	r := newRig(t)
	h := r.open()
	r.ioctl(h, ptmInit, nil, words(0)...)
	block := make(chan struct{})
	r.tpm.Hold(block)
	h.Write(controltest.Echo())
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	close(block)
	r.tpm.Hold(nil)
	h = r.open()
	r.read(h, 10, nil)
	r.exchange(h, controltest.Echo(), controltest.EchoResponse(0))
}

func TestShutdown(t *testing.T) {
	r := newRig(t)
	h := r.open()
	r.ioctl(h, ptmInit, nil, words(0)...)
	r.ioctl(h, ptmShutdown, nil, words(0)...) // is answered
	if err := <-r.done; !errors.Is(err, control.ErrShutdown) {
		t.Error(err)
	}
	if err := <-r.served; err != nil {
		t.Error(err)
	}
}

func TestFatal(t *testing.T) {
	r := newRig(t)
	h := r.open()
	r.ioctl(h, ptmInit, nil, words(0)...)
	r.tpm.Order("Execute", errors.New("no lock"))
	if _, err := h.Write(controltest.Echo()); err != syscall.EIO {
		t.Error(err)
	}
	if err := <-r.done; err == nil {
		t.Error("no error")
	}
	<-r.served
}

func TestTrace(t *testing.T) {
	r := newRig(t)
	var got []string
	r.driver.Trace = func(label string, msg []byte) { got = append(got, label+" "+string(msg)) }
	r.ioctl(r.open(), ptmInit, words(1), words(0)...)
	want := []string{"Cmd \x00\x00\x00\x02\x00\x00\x00\x01", "Rsp \x00\x00\x00\x00"}
	if len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("%q", got)
	}
}
