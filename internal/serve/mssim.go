package serve

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"

	"govtpm/internal/listen"
)

// The signals of the simulator of the standard's reference code (TpmTcpProtocol.h there). All numbers are big-endian.
const (
	simPowerOn         = 1
	simPowerOff        = 2
	simPresenceOn      = 3
	simPresenceOff     = 4
	simHashStart       = 5
	simHashData        = 6
	simHashEnd         = 7
	simSendCommand     = 8
	simCancelOn        = 9
	simCancelOff       = 10
	simNVOn            = 11
	simNVOff           = 12
	simKeyCacheOn      = 13
	simKeyCacheOff     = 14
	simHandshake       = 15
	simAlternative     = 16
	simReset           = 17
	simRestart         = 18
	simSessionEnd      = 20
	simStop            = 21
	simACTSignaled     = 26
	simProtocol        = 1 // version of the protocol
	simEndpoint        = 1 // there is a platform port
	simEndpointRaw     = 4 // no resource manager is in between
	simEndpointPhysics = 8 // physical presence can be signalled
)

// Platform is what surrounds a TPM: its power, its cancel line and the interface by which a CPU measures.
type Platform interface {
	TPM
	Init(ctx context.Context, deleteVolatile bool) error
	Stop(ctx context.Context) error
	Cancel() error
	HashStart() error
	HashData(data []byte) error
	HashEnd() error
}

// Simulator serves the protocol of the simulator of the standard's reference code, which has one port for commands and
// one for signals of the platform. Up to 64 clients may be connected to each; one more, and the one that has been silent the
// longest is dropped. The TPM takes one command after the other.
type Simulator struct {
	Server   *Server // says how commands are executed
	Platform Platform
	// Presence is set while a client asserts physical presence.
	Presence *atomic.Bool

	turn      sync.Mutex  // whose command it is, so that each response follows its command in a recording
	cancelled atomic.Bool // the cancel line
	clients   sync.WaitGroup
}

// errStop is what a client's STOP comes to.
var errStop = errors.New("stop")

// Serve serves both ports until ctx is done, a client sends STOP (nil), or the TPM fails fatally. With once it also
// returns when the first client of the commands has gone.
func (s *Simulator) Serve(ctx context.Context, commands, platform net.Listener, once bool) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer s.clients.Wait()
	defer cancel(nil)
	s.clients.Go(func() {
		s.accept(ctx, platform, func(c net.Conn) { s.end(cancel, s.session(ctx, c, s.signal), false) })
	})
	s.accept(ctx, commands, func(c net.Conn) { s.end(cancel, s.session(ctx, c, s.command), once) })
	if err := context.Cause(ctx); !errors.Is(err, errStop) && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// end decides whether the end of a session is the end of the server.
func (s *Simulator) end(cancel context.CancelCauseFunc, err error, last bool) {
	switch {
	case err != nil:
		cancel(err)
	case last:
		cancel(errStop)
	}
}

// accept has every client of a port served at once, up to maxClients.
func (s *Simulator) accept(ctx context.Context, l net.Listener, serve func(net.Conn)) {
	var clients places
	// Those who were dropped while their command waits for its turn count here too.
	serving := make(chan struct{}, 2*maxClients)
	_ = listen.Each(ctx, l, func(conn net.Conn) bool {
		select {
		case serving <- struct{}{}:
		case <-ctx.Done():
			conn.Close()
			return false
		}
		client := clients.take(conn)
		s.clients.Go(func() {
			defer func() {
				client.leave()
				<-serving
			}()
			serve(client)
		})
		return true
	})
}

// session serves one client with a function that carries out one signal. It returns an error if the server is to end.
func (s *Simulator) session(ctx context.Context, conn net.Conn, serve func(context.Context, uint32, io.ReadWriter) error) error {
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	defer conn.Close()
	for {
		var n [4]byte
		if _, err := io.ReadFull(conn, n[:]); err != nil {
			return nil
		}
		signal := binary.BigEndian.Uint32(n[:])
		switch signal {
		case simSessionEnd:
			return nil
		case simStop:
			return errStop
		}
		err := serve(ctx, signal, conn)
		if err == nil {
			err = writeNumbers(conn, 0)
		}
		if _, lost := err.(lostError); lost {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// A lostError ends a session and nothing else: the client is gone, or says what nobody understands.
type lostError struct{ err error }

func (e lostError) Error() string { return e.err.Error() }

// command carries out a signal of the command port.
func (s *Simulator) command(ctx context.Context, signal uint32, conn io.ReadWriter) error {
	switch signal {
	case simSendCommand:
		return s.send(ctx, conn)
	case simHandshake:
		if version, err := readNumber(conn); err != nil || version == 0 {
			return lostError{errors.New("handshake")}
		}
		return writeNumbers(conn, simProtocol, simEndpoint|simEndpointRaw|simEndpointPhysics)
	case simAlternative:
		// Means nothing to a simulator.
		_, err := readBlock(conn, 0)
		return err
	case simHashStart, simHashData, simHashEnd:
		return s.signal(ctx, signal, conn)
	}
	return lostError{fmt.Errorf("signal %d", signal)}
}

// send executes one command.
func (s *Simulator) send(ctx context.Context, conn io.ReadWriter) error {
	var locality [1]byte
	if _, err := io.ReadFull(conn, locality[:]); err != nil {
		return lostError{err}
	}
	limit := s.Server.MaxCommand
	if limit == 0 {
		limit = 4096
	}
	cmd, err := readBlock(conn, limit)
	if err != nil {
		return err
	}
	s.turn.Lock()
	rsp, err := s.Server.exchange(cmd, func() ([]byte, error) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		if s.cancelled.Load() {
			cancel()
		}
		if !s.Server.mayEnter(locality[0]) {
			return s.Server.fault(rcLocality), nil
		}
		return s.Server.TPM.Execute(ctx, locality[0], cmd)
	})
	s.turn.Unlock()
	if err != nil {
		return err
	}
	if err := writeNumbers(conn, uint32(len(rsp))); err != nil {
		return err
	}
	if _, err := conn.Write(rsp); err != nil {
		return lostError{err}
	}
	return nil
}

// signal carries out a signal of the platform port. Like in the reference code, what the TPM says to it is not told.
func (s *Simulator) signal(ctx context.Context, signal uint32, conn io.ReadWriter) error {
	p := s.Platform
	switch signal {
	case simPowerOn:
		if !p.Running() {
			_ = p.Init(ctx, false)
		}
	case simPowerOff:
		_ = p.Stop(ctx)
	case simReset, simRestart:
		if p.Running() {
			_ = p.Init(ctx, false)
		}
	case simPresenceOn, simPresenceOff:
		s.Presence.Store(signal == simPresenceOn)
	case simCancelOn:
		s.cancelled.Store(true)
		_ = p.Cancel()
	case simCancelOff:
		s.cancelled.Store(false)
	case simHashStart:
		_ = p.HashStart()
	case simHashData:
		return s.hash(conn)
	case simHashEnd:
		_ = p.HashEnd()
	case simNVOn, simNVOff, simKeyCacheOn, simKeyCacheOff:
		// NV is always there, and what is remembered of keys changes nothing that can be seen.
	case simACTSignaled:
		if _, err := readNumber(conn); err != nil {
			return err
		}
		return writeNumbers(conn, 0)
	default:
		return lostError{fmt.Errorf("signal %d", signal)}
	}
	return nil
}

// hash measures a block as it comes, so that nobody can make the server hold much.
func (s *Simulator) hash(conn io.Reader) error {
	left, err := readNumber(conn)
	if err != nil {
		return err
	}
	if left > maxSkip {
		return lostError{fmt.Errorf("block of %d bytes", left)}
	}
	var piece [4096]byte
	for left > 0 {
		n, err := conn.Read(piece[:min(int(left), len(piece))])
		if n > 0 {
			_ = s.Platform.HashData(piece[:n])
		}
		left -= uint32(n)
		if err != nil && left > 0 {
			return lostError{err}
		}
	}
	return nil
}

func readNumber(r io.Reader) (uint32, error) {
	var b [4]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return 0, lostError{err}
	}
	return binary.BigEndian.Uint32(b[:]), nil
}

func writeNumbers(w io.Writer, numbers ...uint32) error {
	var b []byte
	for _, n := range numbers {
		b = binary.BigEndian.AppendUint32(b, n)
	}
	if _, err := w.Write(b); err != nil {
		return lostError{err}
	}
	return nil
}

// readBlock reads a size and so many bytes, of which it keeps the first keep. It allocates what arrives, not what is
// announced.
func readBlock(r io.Reader, keep int) ([]byte, error) {
	size, err := readNumber(r)
	if err != nil {
		return nil, err
	}
	if size > maxSkip {
		return nil, lostError{fmt.Errorf("block of %d bytes", size)}
	}
	kept := min(int64(size), int64(keep))
	data, err := io.ReadAll(io.LimitReader(r, kept))
	if err == nil && int64(len(data)) < kept {
		err = io.ErrUnexpectedEOF
	}
	if err == nil {
		_, err = io.CopyN(io.Discard, r, int64(size)-kept)
	}
	if err != nil {
		return nil, lostError{err}
	}
	return data, nil
}
