package serve

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"time"

	"govtpm/internal/listen"
)

// TPM executes commands.
type TPM interface {
	// Execute runs a command in a locality. An error is fatal: no response
	// may leave, and the process has to end.
	Execute(ctx context.Context, locality uint8, cmd []byte) ([]byte, error)
	// Running tells whether the TPM is powered.
	Running() bool
}

// Server serves TPM commands from connections and devices.
type Server struct {
	TPM      TPM
	TPM12    bool           // the TPM speaks version 1.2
	Locality *atomic.Uint32 // in force for commands, shared with the control channel

	RejectLocality4  bool // refuse locality 4 when a command asks for it
	AllowSetLocality bool // let the vendor command SetLocality through
	Disconnect       bool // close a connection after one response

	// MaxCommand is the largest command; zero stands for 4096 bytes.
	MaxCommand int
	// PartialTime is how long each piece of the rest of a command may be in
	// coming; zero stands for a second.
	PartialTime time.Duration

	// OnHangup, if set, is called after a client has gone, except one that
	// came by TCP: tools of which each is a client of its own come that way.
	OnHangup func()
	// Trace, if set, sees commands ("Read") and responses ("Write").
	Trace func(label string, msg []byte)
}

// Serve accepts and serves one connection after the other until ctx is done
// (nil) or an error ends the process. With once it returns nil after the first
// connection.
func (s *Server) Serve(ctx context.Context, l net.Listener, once bool) error {
	var end error
	if err := listen.Each(ctx, l, func(conn net.Conn) bool {
		end = s.ServeConn(ctx, conn)
		return end == nil && !once
	}); err != nil {
		return fmt.Errorf("data channel: %w", err)
	}
	return end
}

// ServeConn serves one connection until its client closes it (nil), or the TPM
// fails fatally. It owns conn.
func (s *Server) ServeConn(ctx context.Context, conn io.ReadWriteCloser) error {
	if _, tcp := conn.(*net.TCPConn); !tcp && s.OnHangup != nil {
		defer func() {
			if ctx.Err() == nil {
				s.OnHangup()
			}
		}()
	}
	conn = direct(conn)
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	defer conn.Close()
	f := &framer{r: conn, max: s.MaxCommand, prefix: !s.TPM12, partial: s.PartialTime}
	if f.max == 0 {
		f.max = 4096
	}
	if f.partial == 0 {
		f.partial = time.Second
	}
	for {
		m, err := f.next()
		if err != nil {
			return nil
		}
		rsp, err := s.execute(ctx, m)
		if err != nil {
			return err
		}
		// A client that is gone already has no use for the response.
		if _, err := conn.Write(rsp); err != nil || s.Disconnect {
			return nil
		}
	}
}

// execute runs one command and wraps its response as the command was wrapped.
func (s *Server) execute(ctx context.Context, m message) ([]byte, error) {
	rsp, err := s.exchange(m.cmd, func() ([]byte, error) { return s.respond(ctx, m) })
	if err != nil {
		return nil, err
	}
	if !m.prefixed {
		return rsp, nil
	}
	out := binary.BigEndian.AppendUint32(nil, uint32(len(rsp)))
	out = append(out, rsp...)
	return append(out, 0, 0, 0, 0), nil
}

// exchange shows a command and its response to Trace.
func (s *Server) exchange(cmd []byte, respond func() ([]byte, error)) ([]byte, error) {
	if s.Trace != nil {
		s.Trace("Read", cmd)
	}
	rsp, err := respond()
	if err != nil {
		return nil, fmt.Errorf("execute TPM command: %w", err)
	}
	if s.Trace != nil {
		s.Trace("Write", rsp)
	}
	return rsp, nil
}

func (s *Server) respond(ctx context.Context, m message) ([]byte, error) {
	if m.prefixed {
		// The locality stays in force for the commands that follow.
		if !s.mayEnter(m.locality) {
			return s.fault(rcLocality), nil
		}
		s.Locality.Store(uint32(m.locality))
	}
	if isSetLocality(m.cmd) && s.TPM.Running() {
		return s.setLocality(m.cmd), nil
	}
	return s.TPM.Execute(ctx, uint8(s.Locality.Load()), m.cmd)
}
