package cuse

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"syscall"
	"time"
)

// A Device is a character device that this process serves.
type Device struct {
	conn         Conn
	driver       Driver
	unrestricted bool
	work         sync.WaitGroup

	mu    sync.Mutex
	files map[uint64]File   // by the handle that the kernel knows
	last  uint64            // handle
	calls map[uint64]func() // how to interrupt the requests under way
}

// Serve serves the device until ctx is done (nil), or the kernel ends the connection. It lets the requests under way
// finish, with an ended context, before it returns. The device stays, without answers, until it is closed.
func (d *Device) Serve(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer context.AfterFunc(ctx, func() {
		// An old deadline wakes the reader; that files without deadlines exist is of no concern for /dev/cuse.
		_ = d.conn.SetReadDeadline(time.Unix(1, 0))
	})()
	err := d.receive(ctx)
	cancel()
	d.work.Wait()
	d.releaseAll()
	return err
}

// Close removes the device, once it is not served any more.
func (d *Device) Close() error { return d.conn.Close() }

func (d *Device) receive(ctx context.Context) error {
	buf := make([]byte, bufferSize)
	for {
		n, err := d.conn.Read(buf)
		switch {
		case ctx.Err() != nil:
			return nil
		case err == nil:
			d.begin(ctx, bytes.Clone(buf[:n]))
		case errors.Is(err, syscall.ENOENT) || errors.Is(err, syscall.EINTR) || errors.Is(err, syscall.EAGAIN):
			// The client was faster gone than its request read.
		default:
			return fmt.Errorf("cuse: connection with the kernel: %w", err)
		}
	}
}

// begin starts what a request asks for. Interrupts are looked at here, so that none can overtake its request.
func (d *Device) begin(ctx context.Context, frame []byte) {
	h, body, ok := parseHeader(frame)
	switch {
	case !ok:
		if h.unique != 0 {
			d.reply(h.unique, nil, syscall.EIO)
		}
		return
	case h.op == opInterrupt:
		d.interrupt(body)
		return
	case h.op == opForget || h.op == opBatchForget: // have no reply
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	d.mu.Lock()
	d.calls[h.unique] = cancel
	d.mu.Unlock()
	d.work.Go(func() {
		d.carryOut(ctx, h, body)
		cancel()
	})
}

// interrupt ends the context of a request. One that is not under way has its reply already.
func (d *Device) interrupt(body []byte) {
	r := reader{b: body}
	unique := r.uint64()
	d.mu.Lock()
	defer d.mu.Unlock()
	if cancel := d.calls[unique]; cancel != nil {
		cancel()
	}
}

// carryOut carries one request out and answers it.
func (d *Device) carryOut(ctx context.Context, h header, body []byte) {
	var payload []byte
	var err error
	var opened uint64
	switch h.op {
	case opOpen:
		payload, opened, err = d.open(ctx, h, body)
	case opRelease:
		err = d.release(body)
	case opRead:
		payload, err = d.read(ctx, h, body)
	case opWrite:
		payload, err = d.write(ctx, h, body)
	case opIoctl:
		payload, err = d.ioctl(ctx, h, body)
	case opPoll:
		payload, err = d.poll(ctx, h, body)
	case opFlush, opFsync, opDestroy: // nothing is kept back
	default:
		err = syscall.ENOSYS
	}
	d.mu.Lock()
	delete(d.calls, h.unique)
	d.mu.Unlock()
	if d.reply(h.unique, payload, err) != nil && opened != 0 {
		// The client is gone, and the kernel does not know of a file to release.
		_ = d.releaseHandle(opened)
	}
}

// reply answers a request. The error is of no use for the request: the client is gone.
func (d *Device) reply(unique uint64, payload []byte, err error) error {
	var errno int32
	if err != nil {
		errno, payload = -int32(errnoOf(err)), nil
	}
	_, err = d.conn.Write(message(unique, errno, payload))
	return err
}

// errnoOf is the error number that stands for an error.
func errnoOf(err error) syscall.Errno {
	var errno syscall.Errno
	switch {
	case errors.As(err, &errno) && errno > 0 && errno < 4096:
		return errno
	case errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
		return syscall.EINTR
	}
	return syscall.EIO
}

func (d *Device) file(handle uint64) (File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if f := d.files[handle]; f != nil {
		return f, nil
	}
	return nil, syscall.EBADF
}

// releaseHandle forgets an open file.
func (d *Device) releaseHandle(handle uint64) error {
	d.mu.Lock()
	f := d.files[handle]
	delete(d.files, handle)
	d.mu.Unlock()
	if f == nil {
		return syscall.EBADF
	}
	f.Release()
	return nil
}

func (d *Device) releaseAll() {
	d.mu.Lock()
	files := d.files
	d.files = map[uint64]File{}
	d.mu.Unlock()
	for _, f := range files {
		f.Release()
	}
}
