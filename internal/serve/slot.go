package serve

import (
	"context"
	"io"
	"net"
	"os"
	"sync"
)

// Slot is the place for one descriptor with a data channel that arrives while
// the process runs, or is inherited. It is free again when the channel ends.
type Slot struct {
	// Context ends the channel.
	Context context.Context
	Server  *Server
	// Reserved keeps the slot from ever being free, because there is a
	// listening socket.
	Reserved bool
	// OnEnd is called when a channel has ended, with what ServeConn returned.
	OnEnd func(error)

	mu   sync.Mutex
	busy bool
}

// Free tells whether Attach would take a descriptor.
func (s *Slot) Free() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.busy && !s.Reserved
}

// Attach serves commands from f, which it owns from now on.
func (s *Slot) Attach(f *os.File) error {
	conn := Stream(f)
	s.mu.Lock()
	s.busy = true
	s.mu.Unlock()
	go func() {
		err := s.Server.ServeConn(s.Context, conn)
		s.mu.Lock()
		s.busy = false
		s.mu.Unlock()
		if s.OnEnd != nil {
			s.OnEnd(err)
		}
	}()
	return nil
}

// Stream makes a connection of a descriptor, of a socket or of anything else
// that commands can come from. It owns f.
func Stream(f *os.File) io.ReadWriteCloser {
	conn, err := net.FileConn(f)
	if err != nil {
		return newDevice(f)
	}
	f.Close()
	return conn
}
