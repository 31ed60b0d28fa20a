package cusetest

import (
	"encoding/binary"
	"fmt"
	"sync"
	"syscall"
)

// Kernel is a kernel that speaks version 7.36 of the protocol.
type Kernel struct {
	Wire *Wire
	// Notified gets what Poll waits for.
	Notified chan uint64

	mu      sync.Mutex
	unique  uint64
	gone    bool
	waiting map[uint64]chan answer
}

type answer struct {
	payload []byte
	err     error
}

// NewKernel sends the request that makes a device, and serves clients once the device has answered it. The answer to that
// request is dropped.
func NewKernel() *Kernel {
	k := &Kernel{Wire: NewWire(), Notified: make(chan uint64, 64), waiting: map[uint64]chan answer{}}
	k.Start(4096, words(7, 36, 0, 1))
	go k.deliver()
	return k
}

// deliver sorts the replies, until the device closes the connection.
func (k *Kernel) deliver() {
	for m := range k.Wire.Replies {
		errno, unique := int32(binary.NativeEndian.Uint32(m[4:])), binary.NativeEndian.Uint64(m[8:])
		if unique == 0 {
			k.Notified <- binary.NativeEndian.Uint64(m[16:])
			continue
		}
		a := answer{payload: m[16:]}
		if errno != 0 {
			a.err = syscall.Errno(-errno)
		}
		k.mu.Lock()
		c := k.waiting[unique]
		delete(k.waiting, unique)
		k.mu.Unlock()
		if c != nil {
			c <- a
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.gone = true
	for unique, c := range k.waiting {
		c <- answer{err: syscall.ENOTCONN}
		delete(k.waiting, unique)
	}
}

// Request is a request under way.
type Request struct {
	k      *Kernel
	unique uint64
	done   chan answer
}

// Start sends a request.
func (k *Kernel) Start(op uint32, body []byte) *Request {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.unique += 2
	r := &Request{k, k.unique, make(chan answer, 1)}
	if k.gone {
		r.done <- answer{err: syscall.ENOTCONN}
		return r
	}
	k.waiting[r.unique] = r.done
	k.Wire.Requests <- Frame(op, r.unique, body)
	return r
}

// Wait returns the reply.
func (r *Request) Wait() ([]byte, error) {
	a := <-r.done
	return a.payload, a.err
}

// Interrupt tells the device that the client got a signal.
func (r *Request) Interrupt() {
	r.k.Wire.Requests <- Frame(36, r.unique|1, quads(r.unique))
}

// Frame makes a request from process 1001 of user 0.
func Frame(op uint32, unique uint64, body []byte) []byte {
	b := words(uint32(40+len(body)), op)
	b = append(b, quads(unique, 0)...)
	b = append(b, words(0, 0, 1001, 0)...)
	return append(b, body...)
}

// Handle is an open device.
type Handle struct {
	k  *Kernel
	fh uint64
	// Flags are the status flags of the descriptor.
	Flags uint32
}

// Open opens the device.
func (k *Kernel) Open() (*Handle, error) {
	b, err := k.Start(14, words(2, 0)).Wait()
	if err != nil {
		return nil, err
	}
	if len(b) != 16 {
		return nil, fmt.Errorf("reply to open: %x", b)
	}
	return &Handle{k: k, fh: binary.NativeEndian.Uint64(b)}, nil
}

// Close closes the last descriptor.
func (h *Handle) Close() error {
	_, err := h.k.Start(18, append(quads(h.fh), append(words(h.Flags, 0), quads(0)...)...)).Wait()
	return err
}

func (h *Handle) transfer(size int) []byte {
	b := append(quads(h.fh, 0), words(uint32(size), 0)...)
	return append(append(b, quads(0)...), words(h.Flags, 0)...)
}

// StartRead begins to read.
func (h *Handle) StartRead(n int) *Request { return h.k.Start(15, h.transfer(n)) }

// StartWrite begins to write.
func (h *Handle) StartWrite(data []byte) *Request {
	return h.k.Start(16, append(h.transfer(len(data)), data...))
}

// Read reads.
func (h *Handle) Read(b []byte) (int, error) {
	data, err := h.StartRead(len(b)).Wait()
	return copy(b, data), err
}

// Write writes.
func (h *Handle) Write(data []byte) (int, error) {
	b, err := h.StartWrite(data).Wait()
	if err != nil {
		return 0, err
	}
	return int(binary.NativeEndian.Uint32(b)), nil
}

// StartIoctl begins an ioctl as the kernel does on a restricted device: the number says how much of arg is copied in and
// out.
func (h *Handle) StartIoctl(cmd uint32, arg []byte) *Request {
	size := cmd >> 16 & 0x3fff
	in, out := uint32(0), uint32(0)
	if cmd&(1<<30) != 0 {
		in = size
	}
	if cmd&(2<<30) != 0 {
		out = size
	}
	return h.RawIoctl(cmd, 0x7000, arg[:in], out)
}

// RawIoctl begins an ioctl with any sizes.
func (h *Handle) RawIoctl(cmd uint32, arg uint64, in []byte, out uint32) *Request {
	b := append(quads(h.fh), words(0, cmd)...)
	b = append(append(b, quads(arg)...), words(uint32(len(in)), out)...)
	return h.k.Start(39, append(b, in...))
}

// Ioctl carries out an ioctl and copies back what came.
func (h *Handle) Ioctl(cmd uint32, arg []byte) error {
	b, err := h.StartIoctl(cmd, arg).Wait()
	if err != nil {
		return err
	}
	copy(arg, b[16:])
	return nil
}

// Poll asks which events are there; with wake the device shall notify changes.
func (h *Handle) Poll(events uint32, wake bool) (uint32, error) {
	var flags uint32
	if wake {
		flags = 1
	}
	b, err := h.k.Start(40, append(quads(h.fh, 7000+h.fh), words(flags, events)...)).Wait()
	if err != nil {
		return 0, err
	}
	return binary.NativeEndian.Uint32(b), nil
}

func words(v ...uint32) []byte {
	var b []byte
	for _, w := range v {
		b = binary.NativeEndian.AppendUint32(b, w)
	}
	return b
}

func quads(v ...uint64) []byte {
	var b []byte
	for _, w := range v {
		b = binary.NativeEndian.AppendUint64(b, w)
	}
	return b
}
