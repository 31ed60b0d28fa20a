package control

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"time"
)

// chunkSize is how much one read takes from a connection: the largest message
// with a body of bounded size.
const chunkSize = 4 + 4100

// errStalled ends a connection whose client began a message and does not go on.
var errStalled = errors.New("control message is incomplete")

// stream finds the messages in what a connection delivers. Since nothing on the
// wire tells where a message ends, it goes by the length that belongs to the
// command; and because clients differ in how much they append to a one-byte
// body, bytes that can only be the rest of the last message are passed over:
// no message begins with a zero word.
type stream struct {
	conn  net.Conn
	buf   []byte     // received, not consumed
	files []*os.File // received, not consumed
	pad   int        // up to so many bytes may still belong to the last message
	trace func(chunk []byte)
	chunk [chunkSize]byte

	messageTime time.Duration // from the first byte of a message to the end of its fixed part
	dataTime    time.Duration // between two pieces of the data that follow
	extraTime   time.Duration // between a message and bytes that make it too long
}

// fill reads once, until the deadline; the zero time is no deadline.
func (s *stream) fill(deadline time.Time) error {
	if err := s.conn.SetReadDeadline(deadline); err != nil {
		return err
	}
	n, files, err := receive(s.conn, s.chunk[:])
	s.keep(files)
	s.buf = append(s.buf, s.chunk[:n]...)
	if n > 0 {
		if s.trace != nil {
			s.trace(s.chunk[:n])
		}
		clear(s.chunk[:n])
		return nil
	}
	if err == nil {
		err = io.EOF
	}
	return err
}

// keptFiles is how many descriptors are kept until their message is complete: one is what a message may bring, and the
// second tells that there were too many.
const keptFiles = 2

// keep keeps descriptors and closes those beyond: a message can bring some with each of its bytes.
func (s *stream) keep(files []*os.File) {
	n := min(len(files), keptFiles-len(s.files))
	s.files = append(s.files, files[:n]...)
	closeAll(files[n:])
}

// need reads until n bytes are there.
func (s *stream) need(n int, deadline time.Time) error {
	for len(s.buf) < n {
		if err := s.fill(deadline); err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) {
				return errStalled
			}
			return err
		}
	}
	return nil
}

// command reads the number that begins a message and returns by when its fixed
// part has to be there.
func (s *stream) command() (Command, time.Time, error) {
	for len(s.buf) <= s.pad {
		if err := s.fill(time.Time{}); err != nil {
			return 0, time.Time{}, err
		}
	}
	deadline := time.Now().Add(s.messageTime)
	for {
		if err := s.need(4, deadline); err != nil {
			return 0, deadline, err
		}
		cmd := Command(binary.BigEndian.Uint32(s.buf))
		pad := s.pad
		s.pad = 0
		if pad == 0 || cmd.Known() || !zero(s.buf[:pad]) {
			s.take(4)
			return cmd, deadline, nil
		}
		s.take(pad)
	}
}

// take consumes n bytes and returns them until the next read.
func (s *stream) take(n int) []byte {
	b := s.buf[:n:n]
	s.buf = s.buf[n:]
	return b
}

// dropAll forgets what was received.
func (s *stream) dropAll() { s.buf, s.pad = s.buf[:0], 0 }

// takeFiles hands out the descriptors that came with the last message.
func (s *stream) takeFiles() []*os.File {
	f := s.files
	s.files = nil
	return f
}

// rest decides about the bytes that arrived together with a message, behind
// its end. They are the next message if they begin with a known command.
// Otherwise they belong to this one: they are dropped, and the result tells
// whether the message is well formed.
func (s *stream) rest(kind extra) bool {
	if s.begins() {
		return true
	}
	if kind == padExtra {
		if len(s.buf) < 4 && zero(s.buf) {
			s.pad = 3
			return true
		}
		s.take(min(3, len(s.buf)))
		if s.begins() {
			return true
		}
	}
	switch {
	case len(s.buf) == 0:
		return true
	case kind != refuseExtra && len(s.buf) < 4 && zero(s.buf):
		s.pad = len(s.buf)
		return true
	case len(s.buf) < 4 && zero(s.buf):
		// The beginning of a message that comes in pieces, or a byte too many?
		if s.need(4, time.Now().Add(s.extraTime)) == nil && s.begins() {
			return true
		}
	}
	s.dropAll()
	return kind != refuseExtra
}

// begins tells whether a whole known command number is next.
func (s *stream) begins() bool {
	return len(s.buf) >= 4 && Command(binary.BigEndian.Uint32(s.buf)).Known()
}

// data hands the n bytes that follow to f in pieces of at most limit bytes, and
// wipes them: they may be state. If f fails it goes on reading, for the response
// comes after the data.
func (s *stream) data(n uint32, limit int, f func([]byte) Result) (Result, error) {
	result := Success
	for left := uint64(n); left > 0; {
		if len(s.buf) == 0 {
			if err := s.need(1, time.Now().Add(s.dataTime)); err != nil {
				return result, err
			}
		}
		piece := s.take(int(min(left, uint64(len(s.buf)), uint64(limit))))
		left -= uint64(len(piece))
		if result == Success {
			result = f(piece)
		}
		clear(piece)
	}
	return result, nil
}

// skip passes over data of a message that is refused: n bytes, or fewer if
// the client does not send them in time, for it may not want to send them.
func (s *stream) skip(n uint32) error {
	for left := uint64(n); left > 0; {
		if err := s.need(1, time.Now().Add(s.messageTime)); errors.Is(err, errStalled) {
			return nil
		} else if err != nil {
			return err
		}
		left -= uint64(len(s.take(int(min(left, uint64(len(s.buf)))))))
	}
	return nil
}

func zero(b []byte) bool {
	for _, v := range b {
		if v != 0 {
			return false
		}
	}
	return true
}
