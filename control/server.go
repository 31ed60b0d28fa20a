package control

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"govtpm/internal/listen"
)

// Server serves control connections, one at a time.
type Server struct {
	Handler *Handler

	// OnLost, if set, is called after a connection has ended.
	OnLost func()
	// Trace, if set, sees what was received ("Cmd") and sent ("Rsp").
	Trace func(label string, msg []byte)

	// MessageTime bounds the wait for the rest of a message of fixed size,
	// DataTime the wait between two pieces of the data that follow it, and
	// ExtraTime that to see whether a stray byte behind a message is the
	// beginning of the next. Zero stands for 500 ms, 2 s and 50 ms.
	MessageTime, DataTime, ExtraTime time.Duration
}

// Serve accepts and serves one connection after the other until ctx is done
// (nil), or an error ends the process: ErrShutdown, or something fatal. With
// once it returns nil after the first connection.
func (s *Server) Serve(ctx context.Context, l net.Listener, once bool) error {
	var end error
	if err := listen.Each(ctx, l, func(conn net.Conn) bool {
		end = s.ServeConn(ctx, conn)
		return end == nil && !once
	}); err != nil {
		return fmt.Errorf("control channel: %w", err)
	}
	return end
}

// ServeConn serves one connection until the client closes it, or does what
// makes going on impossible (nil), or an error ends the process.
func (s *Server) ServeConn(ctx context.Context, conn net.Conn) error {
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	defer conn.Close()
	st := &stream{conn: conn,
		messageTime: cmp.Or(s.MessageTime, 500*time.Millisecond),
		dataTime:    cmp.Or(s.DataTime, 2*time.Second),
		extraTime:   cmp.Or(s.ExtraTime, 50*time.Millisecond),
	}
	if s.Trace != nil {
		st.trace = func(b []byte) { s.Trace("Cmd", b) }
	}
	defer func() { closeAll(st.takeFiles()) }()
	if s.OnLost != nil {
		defer s.OnLost()
	}
	for {
		rsp, end, err := s.serveMessage(ctx, st)
		if err != nil {
			return nil
		}
		msg := AppendResponse(nil, rsp)
		if s.Trace != nil {
			s.Trace("Rsp", msg)
		}
		// A client that is gone already does not change what it asked for.
		_, err = conn.Write(msg)
		if state, ok := rsp.(StateBlob); ok {
			clear(state.Data)
			clear(msg)
		}
		if err != nil || end != nil {
			return end
		}
	}
}

// serveMessage reads one message and carries it out. end tells that the process
// has to end after the response, err that there can be none.
func (s *Server) serveMessage(ctx context.Context, st *stream) (rsp Response, end, err error) {
	cmd, deadline, err := st.command()
	if err != nil {
		return nil, nil, err
	}
	sp := cmd.spec()
	if sp == nil {
		st.dropAll()
		closeAll(st.takeFiles())
		return BadOrdinal, nil, nil
	}
	if err := st.need(sp.body, deadline); errors.Is(err, errStalled) && sp.answerStalled {
		st.dropAll()
		return BadParameter, nil, nil
	} else if err != nil {
		return nil, nil, err
	}
	body := append([]byte(nil), st.take(sp.body)...)
	files := st.takeFiles()
	if cmd != CmdSetDataFD {
		closeAll(files)
	}
	if sp.data {
		rsp, end, err = s.serveData(ctx, st, cmd, body)
		if err == nil {
			st.rest(sp.extra)
		}
		return rsp, end, err
	}
	wellFormed := st.rest(sp.extra)
	if r := s.Handler.Check(cmd); r != Success {
		return r, nil, nil
	}
	if !wellFormed {
		return BadParameter, nil, nil
	}
	if cmd == CmdSetDataFD {
		return s.Handler.setDataFD(files), nil, nil
	}
	rsp, end = s.Handler.Handle(ctx, decodeBody(cmd, body, nil, binary.BigEndian))
	return rsp, end, nil
}

// serveData carries out a message with data of any length: they are hashed as
// they come, and collected up to the largest possible blob.
func (s *Server) serveData(ctx context.Context, st *stream, cmd Command, body []byte) (Response, error, error) {
	n := binary.BigEndian.Uint32(body[len(body)-4:])
	result := s.Handler.Check(cmd)
	if result == Success && cmd == CmdSetStateBlob && n > MaxStateBlob {
		result = Fail
	}
	if result != Success {
		return result, nil, st.skip(n)
	}
	if cmd == CmdHashData {
		hash := func(piece []byte) Result {
			rsp, _ := s.Handler.Handle(ctx, HashData{Data: piece})
			return Result(rsp.TPMResult())
		}
		if n == 0 {
			return hash(nil), nil, nil
		}
		result, err := st.data(n, HashDataSize, hash)
		return result, nil, err
	}
	blob := make([]byte, 0, n) // so that it does not move and leave secrets behind; at most MaxStateBlob
	defer clear(blob[:n])
	_, err := st.data(n, chunkSize, func(piece []byte) Result {
		blob = append(blob, piece...)
		return Success
	})
	if err != nil {
		return nil, nil, err
	}
	rsp, end := s.Handler.Handle(ctx, decodeBody(cmd, body, blob, binary.BigEndian))
	return rsp, end, nil
}

// errNoDescriptor is returned for a descriptor that cannot travel.
var errNoDescriptor = errors.New("descriptors travel only on unix sockets")

// errClosed tells a client that the server closed the connection.
var errClosed = fmt.Errorf("control channel: %w", io.ErrUnexpectedEOF)
