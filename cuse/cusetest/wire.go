// Package cusetest is the kernel for tests of character devices in user space: [NewWire] is the connection alone,
// [Kernel] opens, reads and writes the device like a client would.
package cusetest

import (
	"bytes"
	"io"
	"os"
	"sync"
	"time"
)

// Wire is a connection with a kernel that the test plays. It implements cuse.Conn.
type Wire struct {
	// Requests go to the device, one message each; closing the channel ends the connection. Replies come from it.
	Requests, Replies chan []byte
	// Gone, if set, is the error of a reply that is written: the client is no more.
	Gone func(reply []byte) error

	once    sync.Once
	expired chan struct{}

	mu     sync.Mutex
	closed bool
}

// NewWire returns a connection that keeps as many replies as a test could leave lying.
func NewWire() *Wire {
	return &Wire{Requests: make(chan []byte, 64), Replies: make(chan []byte, 64), expired: make(chan struct{})}
}

// Read returns one request.
func (w *Wire) Read(b []byte) (int, error) {
	select {
	case <-w.expired:
		return 0, os.ErrDeadlineExceeded
	case m, ok := <-w.Requests:
		if !ok {
			return 0, io.EOF
		}
		return copy(b, m), nil
	}
}

// Write delivers one reply.
func (w *Wire) Write(b []byte) (int, error) {
	if w.Gone != nil {
		if err := w.Gone(b); err != nil {
			return 0, err
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return 0, os.ErrClosed
	}
	w.Replies <- bytes.Clone(b)
	return len(b), nil
}

// SetReadDeadline ends the reading, whatever the time: nothing else is asked of a connection.
func (w *Wire) SetReadDeadline(time.Time) error {
	w.once.Do(func() { close(w.expired) })
	return nil
}

// Close ends the stream of replies.
func (w *Wire) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return os.ErrClosed
	}
	w.closed = true
	close(w.Replies)
	return nil
}
