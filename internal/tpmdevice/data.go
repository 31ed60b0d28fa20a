package tpmdevice

import (
	"context"
	"syscall"
	"time"

	"govtpm/control"
	"govtpm/cuse"
)

// Status flags and events of Linux, where the device is.
const (
	nonBlock = 0x800 // O_NONBLOCK
	pollIn   = 0x001 | 0x040
	pollOut  = 0x004 | 0x100
)

// Write implements cuse.File: it takes one TPM command, or a piece of state while that is handed over. What was not read
// of the last response is dropped.
func (c *client) Write(_ context.Context, _ cuse.Call, data []byte) (int, error) {
	cmd, n, err := c.begin(data)
	if cmd == nil {
		return n, err
	}
	wait := time.NewTimer(patience)
	defer wait.Stop()
	// A signal does not end the wait: the client would write its command again.
	select {
	case <-cmd.done:
		if cmd.err != nil {
			return 0, syscall.EIO
		}
	case <-wait.C:
	}
	return n, nil
}

// begin starts the execution of a command; it returns nil for it if data is state.
func (c *client) begin(data []byte) (*command, int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.incoming != nil {
		if !c.incoming.add(data) {
			c.incoming = nil
			return nil, 0, syscall.EFBIG
		}
		return nil, len(data), nil
	}
	if c.command.running() {
		return nil, 0, syscall.EBUSY
	}
	c.outgoing = nil
	data = data[:min(len(data), maxCommand)]
	cmd := &command{done: make(chan struct{})}
	c.command = cmd
	c.d.commands.Go(func() {
		// The command outlives the call, and the client: only CANCEL_TPM_CMD ends it early.
		rsp, err := c.d.Execute(context.Background(), data)
		c.mu.Lock()
		cmd.response, cmd.err = rsp, err
		close(cmd.done)
		c.changed()
		c.mu.Unlock()
		if err != nil {
			c.d.End(err)
		}
	})
	return cmd, len(data), nil
}

// Read implements cuse.File: it returns the response, in as many parts as the client likes, or state that is fetched.
// Without either there is nothing to read.
func (c *client) Read(ctx context.Context, call cuse.Call, n int) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.incoming != nil {
		return nil, syscall.EIO
	}
	if c.outgoing != nil {
		return c.readState(n), nil
	}
	cmd := c.command
	if cmd.running() {
		if call.Flags&nonBlock != 0 {
			return nil, syscall.EAGAIN
		}
		c.mu.Unlock()
		select {
		case <-cmd.done:
			c.mu.Lock()
		case <-ctx.Done():
			c.mu.Lock()
			return nil, syscall.EINTR
		}
	}
	switch {
	case cmd == nil:
		return nil, nil
	case cmd.err != nil:
		return nil, syscall.EIO
	}
	n = min(n, len(cmd.response))
	out := cmd.response[:n]
	cmd.response = cmd.response[n:]
	return out, nil
}

// readState takes the next bytes of state; fewer than asked for end the transfer.
func (c *client) readState(n int) []byte {
	rest := c.outgoing.blob.Data[c.outgoing.at:]
	if len(rest) < n {
		c.outgoing = nil
		return rest
	}
	c.outgoing.at += n
	return rest[:n]
}

// Poll implements cuse.Poller.
func (c *client) Poll(_ context.Context, _ cuse.Call, events uint32, notify func()) (uint32, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if notify != nil {
		c.notify = notify
	}
	if c.command.running() {
		return 0, nil
	}
	ready := uint32(pollOut)
	if c.outgoing != nil || c.command != nil && (len(c.command.response) > 0 || c.command.err != nil) {
		ready |= pollIn
	}
	return ready & events, nil
}

// Ioctl implements cuse.File.
func (c *client) Ioctl(ctx context.Context, _ cuse.Call, req *cuse.Ioctl) (cuse.IoctlReply, error) {
	number := control.Ioctl(req.Cmd)
	cmd, ok := number.Command()
	if !ok || cmd == control.CmdSetDataFD {
		return cuse.IoctlReply{}, syscall.EINVAL
	}
	if number.Reads() && len(req.In) != number.Size() || req.OutSize != number.Size() {
		return cuse.IoctlReply{}, syscall.EINVAL
	}
	var rsp control.Response
	r, result := control.ParseIoctl(cmd, req.In)
	if rsp = result; result == control.Success {
		// A signal to the client must not leave the TPM half started.
		rsp = c.control(context.WithoutCancel(ctx), r)
	}
	if c.d.Trace != nil {
		c.d.Trace("Rsp", control.AppendResponse(nil, rsp))
	}
	return cuse.IoctlReply{Data: control.AppendIoctlResponse(nil, cmd, rsp)}, nil
}

// control carries a request out.
func (c *client) control(ctx context.Context, r control.Request) control.Response {
	if c.d.Trace != nil {
		c.d.Trace("Cmd", control.AppendRequest(nil, r))
	}
	switch r := r.(type) {
	case control.GetStateBlob:
		return c.getState(ctx, r)
	case control.SetStateBlob:
		return c.setState(ctx, r)
	}
	return c.handle(ctx, r)
}

// handle has a request carried out by the rules that all forms of the control channel share.
func (c *client) handle(ctx context.Context, r control.Request) control.Response {
	rsp, err := c.d.Control.Handle(ctx, r)
	if err != nil {
		c.d.End(err)
	}
	return rsp
}
