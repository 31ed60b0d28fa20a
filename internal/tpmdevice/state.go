package tpmdevice

import (
	"context"

	"govtpm/control"
)

// outgoing is state that is fetched in pieces: all of it as it was at the first, because every time it is encrypted anew.
type outgoing struct {
	kind  control.StateKind
	flags uint32
	blob  control.StateBlob
	at    int // where read() goes on
}

// getState answers with the piece of the state that begins at an offset. The transfer goes on until the end was fetched,
// by this request again or by read().
func (c *client) getState(ctx context.Context, r control.GetStateBlob) control.Response {
	c.transfers.Lock()
	defer c.transfers.Unlock()
	c.mu.Lock()
	out := c.outgoing
	c.mu.Unlock()
	if out == nil || out.kind != r.Kind || out.flags != r.Flags || r.Offset == 0 {
		rsp := c.handle(ctx, control.GetStateBlob{Flags: r.Flags, Kind: r.Kind})
		blob, ok := rsp.(control.StateBlob)
		if !ok || blob.Result != control.Success {
			c.setOutgoing(nil)
			return rsp
		}
		out = &outgoing{kind: r.Kind, flags: r.Flags, blob: blob}
	}
	data := out.blob.Data
	from := int(min(uint64(r.Offset), uint64(len(data))))
	to := min(from+control.StateBlobSize, len(data))
	// A read() may go on from here at the same time, so the old value is left alone.
	c.setOutgoing(nil)
	if to < len(data) {
		c.setOutgoing(&outgoing{kind: out.kind, flags: out.flags, blob: out.blob, at: to})
	}
	return control.StateBlob{Flags: out.blob.Flags, Total: uint32(len(data)), Data: data[from:to]}
}

func (c *client) setOutgoing(o *outgoing) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.outgoing = o
	c.changed()
}

// incoming is state that is handed over in pieces.
type incoming struct {
	kind  control.StateKind
	flags uint32
	data  []byte
}

// add takes a piece, unless the state gets too large.
func (i *incoming) add(piece []byte) bool {
	if len(i.data)+len(piece) > control.MaxStateBlob {
		return false
	}
	if need := len(i.data) + len(piece); need > cap(i.data) {
		grown := append(make([]byte, 0, 2*need), i.data...)
		clear(i.data)
		i.data = grown
	}
	i.data = append(i.data, piece...)
	return true
}

// setState takes a piece of state. One that is not full ends the transfer, except an empty one at its beginning: then the
// pieces come by write().
func (c *client) setState(ctx context.Context, r control.SetStateBlob) control.Response {
	c.transfers.Lock()
	defer c.transfers.Unlock()
	result, whole := c.receive(r)
	if whole == nil {
		return result
	}
	return c.handle(ctx, control.SetStateBlob{Flags: whole.flags, Kind: whole.kind, Data: whole.data})
}

// receive adds a piece, and returns the state if that was the last.
func (c *client) receive(r control.SetStateBlob) (control.Result, *incoming) {
	c.mu.Lock()
	defer c.mu.Unlock()
	in := c.incoming
	c.incoming = nil
	if result := c.d.Control.Check(control.CmdSetStateBlob); result != control.Success {
		return result, nil
	}
	if r.Kind < control.StatePermanent || r.Kind > control.StateSave {
		return control.BadParameter, nil
	}
	first := in == nil || in.kind != r.Kind || in.flags != r.Flags
	if first {
		in = &incoming{kind: r.Kind, flags: r.Flags}
	}
	if !in.add(r.Data) {
		return control.Fail, nil
	}
	if len(r.Data) == control.StateBlobSize || first && len(r.Data) == 0 {
		c.incoming = in
		return control.Success, nil
	}
	return control.Success, in
}
