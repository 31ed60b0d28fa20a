package cuse

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"syscall"
)

// errMalformed is the answer to a request that is not as the protocol says.
var errMalformed = fmt.Errorf("malformed request: %w", syscall.EINVAL)

// open is FUSE_OPEN: fuse_open_in, fuse_open_out.
func (d *Device) open(ctx context.Context, h header, body []byte) (payload []byte, handle uint64, err error) {
	r := reader{b: body}
	flags := r.uint32()
	r.skip(4)
	if r.failed {
		return nil, 0, errMalformed
	}
	f, err := d.driver.Open(ctx, Call{h.caller, flags})
	if err != nil {
		return nil, 0, err
	}
	d.mu.Lock()
	d.last++
	handle = d.last
	d.files[handle] = f
	d.mu.Unlock()
	return append(binary.NativeEndian.AppendUint64(nil, handle), words(0, 0)...), handle, nil
}

// release is FUSE_RELEASE: fuse_release_in.
func (d *Device) release(body []byte) error {
	r := reader{b: body}
	handle := r.uint64()
	r.skip(16) // flags, lock owner
	if r.failed {
		return errMalformed
	}
	return d.releaseHandle(handle)
}

// transfer is what fuse_read_in and fuse_write_in have in common.
type transfer struct {
	file File
	call Call
	size uint32
	rest []byte
}

func (d *Device) transfer(h header, body []byte) (t transfer, err error) {
	r := reader{b: body}
	handle := r.uint64()
	r.skip(8) // offset: the device is a stream
	t.size = r.uint32()
	r.skip(12) // flags of the transfer, lock owner
	t.call = Call{h.caller, r.uint32()}
	r.skip(4)
	t.rest = r.b
	if r.failed || t.size > MaxTransfer {
		return t, errMalformed
	}
	t.file, err = d.file(handle)
	return t, err
}

// read is FUSE_READ.
func (d *Device) read(ctx context.Context, h header, body []byte) ([]byte, error) {
	t, err := d.transfer(h, body)
	if err != nil {
		return nil, err
	}
	data, err := t.file.Read(ctx, t.call, int(t.size))
	if err == nil && len(data) > int(t.size) {
		err = errors.New("the driver reads more than was asked for")
	}
	return data, err
}

// write is FUSE_WRITE; fuse_write_out is the reply.
func (d *Device) write(ctx context.Context, h header, body []byte) ([]byte, error) {
	t, err := d.transfer(h, body)
	if err != nil {
		return nil, err
	}
	if int(t.size) != len(t.rest) {
		return nil, errMalformed
	}
	n, err := t.file.Write(ctx, t.call, t.rest)
	if err != nil {
		return nil, err
	}
	if n < 0 || n > int(t.size) {
		return nil, errors.New("the driver wrote more than it was given")
	}
	return words(uint32(n), 0), nil
}

// ioctl is FUSE_IOCTL: fuse_ioctl_in, fuse_ioctl_out.
func (d *Device) ioctl(ctx context.Context, h header, body []byte) ([]byte, error) {
	r := reader{b: body}
	handle, flags := r.uint64(), r.uint32()
	req := &Ioctl{Cmd: r.uint32(), Arg: r.uint64(), Compat: flags&ioctlCompat != 0}
	inSize, outSize := r.uint32(), r.uint32()
	req.In = r.bytes(inSize)
	if r.failed || len(r.b) != 0 || outSize > MaxTransfer {
		return nil, errMalformed
	}
	req.OutSize = int(outSize)
	f, err := d.file(handle)
	if err != nil {
		return nil, err
	}
	rsp, err := f.Ioctl(ctx, Call{Caller: h.caller}, req)
	if err != nil {
		return nil, err
	}
	if n := len(rsp.WantIn) + len(rsp.WantOut); n > 0 {
		if !d.unrestricted || n > maxMemory {
			return nil, errors.New("the driver asks for memory that it cannot have")
		}
		b := words(0, ioctlRetry, uint32(len(rsp.WantIn)), uint32(len(rsp.WantOut)))
		for _, m := range append(rsp.WantIn[:len(rsp.WantIn):len(rsp.WantIn)], rsp.WantOut...) {
			b = binary.NativeEndian.AppendUint64(b, m.Base)
			b = binary.NativeEndian.AppendUint64(b, m.Len)
		}
		return b, nil
	}
	if len(rsp.Data) > req.OutSize {
		return nil, errors.New("the driver returns more than the caller has room for")
	}
	return append(words(uint32(rsp.Result), 0, 0, 0), rsp.Data...), nil
}

const (
	pollSchedule = 1 << 0 // flag of FUSE_POLL: a notification is wanted
	notifyPoll   = 1      // code of the notification
)

// poll is FUSE_POLL: fuse_poll_in, fuse_poll_out.
func (d *Device) poll(ctx context.Context, h header, body []byte) ([]byte, error) {
	r := reader{b: body}
	handle, kernelHandle := r.uint64(), r.uint64()
	flags, events := r.uint32(), r.uint32()
	if r.failed {
		return nil, errMalformed
	}
	f, err := d.file(handle)
	if err != nil {
		return nil, err
	}
	p, ok := f.(Poller)
	if !ok {
		return nil, syscall.ENOSYS
	}
	var notify func()
	if flags&pollSchedule != 0 {
		notify = sync.OnceFunc(func() {
			// Nobody waits any more if this fails.
			_, _ = d.conn.Write(message(0, notifyPoll, binary.NativeEndian.AppendUint64(nil, kernelHandle)))
		})
	}
	ready, err := p.Poll(ctx, Call{Caller: h.caller}, events, notify)
	if err != nil {
		return nil, err
	}
	return words(ready, 0), nil
}
