package serve

import (
	"encoding/binary"
	"errors"
	"io"
	"os"
	"time"
)

const (
	headerSize = 10 // tag, size, code of a command (Part 1, 18.1)
	prefixSize = 9  // TCG software interface header: 8, locality, size
	// maxSkip is the largest size that a header is believed. What is beyond
	// the largest command is read and forgotten; beyond this the size is a lie.
	maxSkip = 1 << 20
)

// message is one command as it came.
type message struct {
	cmd      []byte
	prefixed bool  // a TCG software interface header came before it
	locality uint8 // the locality in that
}

// deadliner is what sockets and most files have.
type deadliner interface {
	SetReadDeadline(t time.Time) error
}

// framer finds commands in a stream by the size in their header.
type framer struct {
	r       io.Reader
	max     int  // largest command
	prefix  bool // look for the TCG software interface header
	partial time.Duration
	buf     []byte
	chunk   [4096 + prefixSize]byte

	hasDeadline bool // a deadline is set
}

// fill reads once. With a patience of 0 it waits for ever.
func (f *framer) fill(patience time.Duration) error {
	if d, ok := f.r.(deadliner); ok && (patience > 0 || f.hasDeadline) {
		var t time.Time
		if patience > 0 {
			t = time.Now().Add(patience)
		}
		// A device without deadlines delivers whole commands anyway.
		_ = d.SetReadDeadline(t)
		f.hasDeadline = patience > 0
	}
	n, err := f.r.Read(f.chunk[:])
	f.buf = append(f.buf, f.chunk[:n]...)
	if n > 0 {
		return nil
	}
	if err == nil {
		err = io.EOF
	}
	return err
}

// need reads until n bytes are there.
func (f *framer) need(n int) error {
	for len(f.buf) < n {
		if err := f.fill(0); err != nil {
			return err
		}
	}
	return nil
}

// next returns the next command. If its header's size is impossible, or the
// bytes that it promises do not come, the command is what there is, for the TPM
// to refuse. A command that is too long is cut, with the same effect.
func (f *framer) next() (message, error) {
	var m message
	if err := f.need(headerSize); err != nil {
		return m, err
	}
	if f.prefix && binary.BigEndian.Uint32(f.buf) == 8 {
		m.prefixed, m.locality = true, f.buf[4]
		f.buf = f.buf[prefixSize:]
		if err := f.need(headerSize); err != nil {
			return m, err
		}
	}
	size := binary.BigEndian.Uint32(f.buf[2:])
	if size < headerSize || size > maxSkip {
		m.cmd = clip(f.buf, f.max)
		f.buf = nil
		return m, nil
	}
	var err error
	m.cmd, err = f.collect(int(size))
	return m, err
}

// collect takes a command of size bytes off the stream.
func (f *framer) collect(size int) ([]byte, error) {
	got, keep := 0, min(size, f.max)
	cmd := make([]byte, 0, min(keep, len(f.buf)))
	for {
		n := min(len(f.buf), size-got)
		got += n
		cmd = append(cmd, f.buf[:min(n, keep-len(cmd))]...)
		f.buf = f.buf[n:]
		if got == size {
			return cmd, nil
		}
		f.buf = f.buf[:0]
		if err := f.fill(f.partial); errors.Is(err, os.ErrDeadlineExceeded) {
			return cmd, nil
		} else if err != nil {
			return nil, err
		}
	}
}

func clip(b []byte, n int) []byte { return append([]byte(nil), b[:min(len(b), n)]...) }
