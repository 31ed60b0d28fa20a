package ioctltool

import (
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"

	"govtpm/control"
)

// device is the control channel of a CUSE device: its ioctls.
type device struct{ f *os.File }

func openDevice(name string) (channel, error) {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("Unable to open device '%s': %s", name, cause(err))
	}
	return &device{f}, nil
}

func (d *device) Close() error { return d.f.Close() }

// Do sends a request, state in as many pieces as it takes.
func (d *device) Do(req control.Request) (control.Response, error) {
	switch r := req.(type) {
	case control.GetStateBlob:
		return d.fetch(r)
	case control.SetStateBlob:
		return d.store(r)
	}
	return d.ioctl(req)
}

func (d *device) ioctl(req control.Request) (control.Response, error) {
	c := req.Command()
	arg := control.AppendIoctl(nil, req)
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, d.f.Fd(), uintptr(c.Ioctl()), uintptr(unsafe.Pointer(&arg[0])))
	if errno != 0 {
		return nil, errno
	}
	return control.ParseIoctlResponse(c, arg)
}

// fetch collects state; its total size is that of the whole blob.
func (d *device) fetch(r control.GetStateBlob) (control.Response, error) {
	var all control.StateBlob
	for {
		rsp, err := d.ioctl(r)
		if err != nil {
			return nil, err
		}
		piece, ok := rsp.(control.StateBlob)
		if !ok || piece.Result != control.Success {
			return rsp, nil
		}
		all.Flags, all.Total = piece.Flags, piece.Total
		all.Data = append(all.Data, piece.Data...)
		r.Offset += uint32(len(piece.Data))
		if len(piece.Data) == 0 || r.Offset >= piece.Total || len(all.Data) > 4*control.MaxStateBlob {
			return all, nil
		}
	}
}

// store sends state; a piece that is not full ends it.
func (d *device) store(r control.SetStateBlob) (control.Response, error) {
	data := r.Data
	for {
		n := min(len(data), control.StateBlobSize)
		r.Data = data[:n]
		data = data[n:]
		rsp, err := d.ioctl(r)
		if err != nil || rsp.TPMResult() != 0 || n < control.StateBlobSize {
			return rsp, err
		}
	}
}
