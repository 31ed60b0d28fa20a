package ioctltool

import (
	"fmt"
	"io"
	"strconv"

	"govtpm/control"
)

// node is an open character device.
type node interface {
	io.ReadWriteCloser
	// Ioctl makes a request with a structure that is read and written.
	Ioctl(number uint32, arg []byte) error
}

// device is the control channel of a CUSE device: its ioctls.
type device struct {
	node
	// chunk is the size of the pieces in which state moves by read() and write(); with 0 it moves by ioctls.
	chunk int
}

// chunkSize reads the environment variable SWTPM_IOCTL_BUFFERSIZE.
func chunkSize(text string) int {
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		n = 1
	}
	return min(max(n, 1), control.MaxStateBlob)
}

// Do sends a request, state in as many pieces as it takes.
func (d *device) Do(req control.Request) (control.Response, error) {
	switch r := req.(type) {
	case control.GetStateBlob:
		return d.fetch(r)
	case control.SetStateBlob:
		if d.chunk > 0 || len(r.Data) == 0 {
			return d.write(r)
		}
		return d.store(r)
	}
	return d.ask(req)
}

func (d *device) ask(req control.Request) (control.Response, error) {
	c := req.Command()
	arg := control.AppendIoctl(nil, req)
	if err := d.Ioctl(uint32(c.Ioctl()), arg); err != nil {
		return nil, err
	}
	return control.ParseIoctlResponse(c, arg)
}

// maxState bounds what a device can make this program keep.
const maxState = 4 * control.MaxStateBlob

// fetch collects state; the total size that the device tells is that of the whole blob.
func (d *device) fetch(r control.GetStateBlob) (control.Response, error) {
	var all control.StateBlob
	for {
		rsp, err := d.ask(r)
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
		switch {
		case r.Offset >= piece.Total:
			return all, nil
		case len(piece.Data) == 0 || piece.Total > maxState:
			return nil, fmt.Errorf("%d bytes of %d came", r.Offset, piece.Total)
		case d.chunk > 0:
			return d.read(all)
		}
	}
}

// read collects the rest of state by read(). Less than was asked for is the end.
func (d *device) read(all control.StateBlob) (control.Response, error) {
	buf := make([]byte, d.chunk)
	for {
		n, err := d.Read(buf)
		if err != nil && err != io.EOF {
			return nil, err
		}
		all.Data = append(all.Data, buf[:n]...)
		if n < len(buf) || len(all.Data) > maxState {
			break
		}
	}
	if len(all.Data) != int(all.Total) {
		return nil, fmt.Errorf("%d bytes of %d came", len(all.Data), all.Total)
	}
	return all, nil
}

// store sends state by ioctls; a piece that is not full ends it.
func (d *device) store(r control.SetStateBlob) (control.Response, error) {
	data := r.Data
	for {
		n := min(len(data), control.StateBlobSize)
		r.Data = data[:n]
		data = data[n:]
		rsp, err := d.ask(r)
		if err != nil || rsp.TPMResult() != 0 || n < control.StateBlobSize {
			return rsp, err
		}
	}
}

// write sends state by write(), between two ioctls without data.
func (d *device) write(r control.SetStateBlob) (control.Response, error) {
	data := r.Data
	r.Data = nil
	rsp, err := d.ask(r)
	if err != nil || rsp.TPMResult() != 0 {
		return rsp, err
	}
	for len(data) > 0 {
		n, err := d.Write(data[:min(len(data), d.chunk)])
		if err != nil {
			return nil, err
		}
		if n <= 0 {
			return nil, io.ErrShortWrite
		}
		data = data[n:]
	}
	return d.ask(r)
}
