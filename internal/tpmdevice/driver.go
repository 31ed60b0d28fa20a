// Package tpmdevice is a TPM as a character device in user space: commands are written, responses are read, and the
// control channel is ioctls, as swtpm's CUSE device has them. [Driver] is what package cuse serves.
//
// Several programs may have the device open at the same time. Each has its own response, and its own transfer of state;
// their commands wait for each other.
package tpmdevice

import (
	"context"
	"sync"
	"time"

	"govtpm/control"
	"govtpm/cuse"
)

// maxCommand is what one write can hold; more is cut off.
const maxCommand = 4096

// patience is how long a write waits for its command. A command that takes longer goes on, and the read waits for its
// response, so that its client can cancel it meanwhile.
const patience = 100 * time.Millisecond

// Driver serves a TPM.
type Driver struct {
	// Control carries out the ioctls.
	Control *control.Handler
	// Execute runs a TPM command. An error is fatal: the process has to end.
	Execute func(ctx context.Context, cmd []byte) ([]byte, error)
	// End is called when the process has to end: because of control.ErrShutdown, or something fatal. The request that
	// leads to it is answered first.
	End func(error)
	// Trace, if set, sees control messages ("Cmd" and "Rsp") as they would be on a socket.
	Trace func(label string, msg []byte)

	commands sync.WaitGroup
}

// Open implements cuse.Driver.
func (d *Driver) Open(context.Context, cuse.Call) (cuse.File, error) { return &client{d: d}, nil }

// Wait waits for the commands under way, which may outlive their clients.
func (d *Driver) Wait() { d.commands.Wait() }

// client is the device as one program opened it.
type client struct {
	d *Driver

	// transfers serializes the ioctls that move state.
	transfers sync.Mutex

	mu       sync.Mutex
	command  *command // the last one
	outgoing *outgoing
	incoming *incoming
	notify   func()
}

// command is a TPM command under way, or carried out.
type command struct {
	done     chan struct{}
	response []byte // what was not read yet; valid once done is closed, as err
	err      error
}

func (c *command) running() bool {
	if c == nil {
		return false
	}
	select {
	case <-c.done:
		return false
	default:
		return true
	}
}

// changed tells a client that waits by poll to look again. It is called with mu held.
func (c *client) changed() {
	if c.notify != nil {
		c.notify()
		c.notify = nil
	}
}

// Release implements cuse.File. A command under way goes on, as on a TPM.
func (c *client) Release() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.outgoing, c.incoming, c.notify = nil, nil, nil
}
