package tpmdevice

import (
	"bytes"
	"encoding/binary"
	"syscall"
	"testing"

	"govtpm/control"
	"govtpm/control/controltest"
	"govtpm/cuse/cusetest"
)

// pattern is state in which every piece looks different.
func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i + i>>8)
	}
	return b
}

// fetch asks for state from an offset on.
func (r *rig) fetch(h *cusetest.Handle, offset uint32) (total uint32, piece []byte) {
	r.Helper()
	arg := append(words(1, 1, offset), make([]byte, 3088-12)...)
	if err := h.Ioctl(ptmGetStateBlob, arg); err != nil {
		r.Fatal(err)
	}
	if result := binary.NativeEndian.Uint32(arg); result != 0 {
		r.Fatalf("result %#x", result)
	}
	n := binary.NativeEndian.Uint32(arg[12:])
	return binary.NativeEndian.Uint32(arg[8:]), arg[16 : 16+n]
}

func TestFetchByIoctl(t *testing.T) {
	for _, size := range []int{1, 3071, 3072, 3073, 6144, 10000} {
		r := newRig(t)
		h := r.open()
		r.ioctl(h, ptmInit, nil, words(0)...)
		r.tpm.SetState(control.StatePermanent, pattern(size))
		r.tpm.Calls()
		var got []byte
		for len(got) < size {
			total, piece := r.fetch(h, uint32(len(got)))
			if int(total) != size || len(piece) == 0 || len(piece) > 3072 {
				t.Fatalf("%d of %d bytes", len(piece), total)
			}
			got = append(got, piece...)
		}
		if !bytes.Equal(got, pattern(size)) {
			t.Errorf("%d bytes came wrong", size)
		}
		if calls := r.tpm.Calls(); len(calls) != 1 {
			t.Errorf("%d bytes: the TPM was asked %d times", size, len(calls))
		}
		r.exchange(h, controltest.Echo(), controltest.EchoResponse(0))
	}
}

func TestFetchAtOffset(t *testing.T) {
	r := newRig(t)
	h := r.open()
	r.ioctl(h, ptmInit, nil, words(0)...)
	state := pattern(7000)
	r.tpm.SetState(control.StatePermanent, state)
	if total, piece := r.fetch(h, 5000); total != 7000 || !bytes.Equal(piece, state[5000:]) {
		t.Errorf("%d of %d", len(piece), total)
	}
	if total, piece := r.fetch(h, 7000); total != 7000 || len(piece) != 0 {
		t.Errorf("%d of %d", len(piece), total)
	}
	if total, piece := r.fetch(h, 0xffffffff); total != 7000 || len(piece) != 0 {
		t.Errorf("%d of %d", len(piece), total)
	}
	// The beginning again is new state, not what was kept.
	r.fetch(h, 0)
	r.tpm.SetState(control.StatePermanent, []byte("new"))
	if total, piece := r.fetch(h, 3072); total != 7000 || !bytes.Equal(piece, state[3072:6144]) {
		t.Errorf("%d of %d", len(piece), total)
	}
	if total, piece := r.fetch(h, 0); total != 3 || string(piece) != "new" {
		t.Errorf("%q of %d", piece, total)
	}
}

func TestFetchByRead(t *testing.T) {
	for _, chunk := range []int{1000, 1, 976, 100000} {
		r := newRig(t)
		h, other := r.open(), r.open()
		r.ioctl(h, ptmInit, nil, words(0)...)
		state := pattern(7000)
		r.tpm.SetState(control.StatePermanent, state)
		_, got := r.fetch(h, 100)
		buf := make([]byte, chunk)
		for {
			n, err := h.Read(buf)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, buf[:n]...)
			if n < chunk {
				break
			}
		}
		if !bytes.Equal(got, state[100:]) {
			t.Errorf("pieces of %d bytes: %d bytes came, not all right", chunk, len(got))
		}
		r.exchange(h, controltest.Echo(), controltest.EchoResponse(0))
		r.exchange(other, controltest.Echo(), controltest.EchoResponse(0))
	}
}

// A command ends a transfer that was not carried through.
func TestFetchGivenUp(t *testing.T) {
	r := newRig(t)
	h := r.open()
	r.ioctl(h, ptmInit, nil, words(0)...)
	r.tpm.SetState(control.StatePermanent, pattern(7000))
	r.fetch(h, 0)
	r.exchange(h, controltest.Echo(), controltest.EchoResponse(0))
	r.fetch(h, 0)
	r.ioctl(h, ptmGetStateBlob, words(0, 3, 0), words(0x800)...)
	r.read(h, 100, nil)
}

func TestHandOver(t *testing.T) {
	piece := func(b []byte) []byte { return append(words(0, 1, uint32(len(b))), b...) }
	for _, size := range []int{1, 3071, 3072, 3073, 6144, 9999} {
		r := newRig(t)
		h := r.open()
		state := pattern(size)
		for rest := state; ; rest = rest[3072:] {
			n := min(len(rest), 3072)
			r.ioctl(h, ptmSetStateBlob, piece(rest[:n]), words(0)...)
			if n < 3072 {
				break
			}
			if r.tpm.State(control.StatePermanent) != nil {
				t.Error("handed over too early")
			}
		}
		if !bytes.Equal(r.tpm.State(control.StatePermanent), state) {
			t.Errorf("%d bytes came wrong", size)
		}
		r.exchange(h, controltest.Echo(), controltest.Response(0x101))
	}
}

func TestHandOverByWrite(t *testing.T) {
	r := newRig(t)
	h, other := r.open(), r.open()
	state := pattern(7000)
	r.ioctl(h, ptmSetStateBlob, words(2, 2, 0), words(0)...)
	for rest := state[:6900]; len(rest) > 0; {
		n := min(len(rest), 1000)
		if m, err := h.Write(rest[:n]); m != n || err != nil {
			t.Fatal(m, err)
		}
		rest = rest[n:]
	}
	if _, err := h.Read(make([]byte, 10)); err != syscall.EIO {
		t.Errorf("read meanwhile: %v", err)
	}
	r.exchange(other, controltest.Echo(), controltest.Response(0x101)) // is no part of it
	r.ioctl(h, ptmSetStateBlob, append(words(2, 2, 100), state[6900:]...), words(0)...)
	if !bytes.Equal(r.tpm.State(control.StateVolatile), state) {
		t.Error("came wrong")
	}
	if calls := r.tpm.Calls(); len(calls) == 0 || calls[len(calls)-1] != "SetStateBlob 2 true 7000" {
		t.Errorf("%q", calls)
	}
	r.exchange(h, controltest.Echo(), controltest.Response(0x101))

	// None at all: that there is no such state.
	r.ioctl(h, ptmSetStateBlob, words(0, 2, 0), words(0)...)
	r.ioctl(h, ptmSetStateBlob, words(0, 2, 0), words(0)...)
	if calls := r.tpm.Calls(); calls[len(calls)-1] != "SetStateBlob 2 false 0" {
		t.Errorf("%q", calls)
	}
}

func TestHandOverTooMuch(t *testing.T) {
	r := newRig(t)
	h := r.open()
	full := append(words(0, 1, 3072), make([]byte, 3072)...)
	for n := 3072; n <= control.MaxStateBlob; n += 3072 {
		r.ioctl(h, ptmSetStateBlob, full, 0, 0, 0, 0)
	}
	r.ioctl(h, ptmSetStateBlob, full, words(9)...)
	r.ioctl(h, ptmSetStateBlob, words(0, 1, 0), words(0)...)
	for n := 0; n < control.MaxStateBlob; n += 65536 {
		if _, err := h.Write(make([]byte, 65536)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := h.Write([]byte{1}); err != syscall.EFBIG {
		t.Error(err)
	}
	r.exchange(h, controltest.Echo(), controltest.Response(0x101))
}

// State of another kind, and a TPM that was started meanwhile, end a transfer.
func TestHandOverGivenUp(t *testing.T) {
	r := newRig(t)
	h := r.open()
	full := append(words(0, 1, 3072), make([]byte, 3072)...)
	r.ioctl(h, ptmSetStateBlob, full, 0)
	r.ioctl(h, ptmSetStateBlob, append(words(0, 2, 1), 9), words(0)...)
	r.ioctl(h, ptmSetStateBlob, append(words(0, 1, 1), 8), words(0)...)
	if got := r.tpm.State(control.StatePermanent); len(got) != 1 {
		t.Errorf("%d bytes", len(got))
	}
	r.ioctl(h, ptmSetStateBlob, full, 0)
	r.ioctl(h, ptmInit, nil, words(0)...)
	r.ioctl(h, ptmSetStateBlob, append(words(0, 1, 1), 7), words(0xa)...)
	r.exchange(h, controltest.Echo(), controltest.EchoResponse(0))
}
