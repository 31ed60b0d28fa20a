package rawtpm

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// maxResponse bounds what is taken for a response.
const maxResponse = 64 << 10

// A Conn sends commands and receives responses: a socket or a device.
type Conn struct {
	io.ReadWriteCloser
	buf [maxResponse]byte
}

// Dial connects to a TPM's data channel, trying again until it is there or the time is over.
func Dial(network, address string, wait time.Duration) (*Conn, error) {
	end := time.Now().Add(wait)
	for {
		c, err := net.Dial(network, address)
		if err == nil {
			return New(c), nil
		}
		if time.Now().After(end) {
			return nil, err
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// New talks over what is open already.
func New(rw io.ReadWriteCloser) *Conn { return &Conn{ReadWriteCloser: rw} }

// Exchange sends the command and returns the whole response, which is valid until the next call.
func (c *Conn) Exchange(cmd Command) ([]byte, error) {
	if _, err := c.Write(cmd); err != nil {
		return nil, err
	}
	n := 0
	for n < 10 || n < int(binary.BigEndian.Uint32(c.buf[2:])) {
		if n == len(c.buf) {
			return nil, errors.New("response without end")
		}
		more, err := c.Read(c.buf[n:])
		n += more
		if err != nil {
			return nil, fmt.Errorf("after %d bytes of the response: %w", n, err)
		}
	}
	if size := binary.BigEndian.Uint32(c.buf[2:]); n != int(size) {
		return nil, fmt.Errorf("response of %d bytes says it has %d", n, size)
	}
	return c.buf[:n], nil
}

// Do sends the command and returns what follows the response code: handles and parameters, with the parameter size
// field and the sessions taken off. A response code other than success comes as an RC.
func (c *Conn) Do(cmd Command) (*Fields, error) {
	resp, err := c.Exchange(cmd)
	if err != nil {
		return nil, err
	}
	if rc := binary.BigEndian.Uint32(resp[6:]); rc != 0 {
		return nil, RC(rc)
	}
	return &Fields{b: append([]byte(nil), resp[10:]...), sessions: binary.BigEndian.Uint16(resp) == tagSessions}, nil
}

// Fields reads the parts of a response; what is not there reads as zero, and Err says so.
type Fields struct {
	b        []byte
	sessions bool
	short    bool
}

// Handle reads the response's handle.
func (f *Fields) Handle() uint32 { return f.U32() }

// Params steps over the parameter size that follows the handles where there are sessions, and cuts the sessions off.
func (f *Fields) Params() *Fields {
	if f.sessions {
		n := f.U32()
		f.b = f.b[:min(int(n), len(f.b))]
		f.sessions = false
	}
	return f
}

// Raw reads n bytes.
func (f *Fields) Raw(n int) []byte {
	if n > len(f.b) {
		f.short = true
		return make([]byte, min(n, maxResponse))
	}
	v := f.b[:n]
	f.b = f.b[n:]
	return v
}

// U8 reads a byte.
func (f *Fields) U8() byte { return f.Raw(1)[0] }

// U16 reads two bytes.
func (f *Fields) U16() uint16 { return binary.BigEndian.Uint16(f.Raw(2)) }

// U32 reads four bytes.
func (f *Fields) U32() uint32 { return binary.BigEndian.Uint32(f.Raw(4)) }

// Sized reads a TPM2B.
func (f *Fields) Sized() []byte { return f.Raw(int(f.U16())) }

// Rest is what has not been read.
func (f *Fields) Rest() []byte { return f.b }

// Err says whether something was read that was not there.
func (f *Fields) Err() error {
	if f.short {
		return errors.New("response is too short")
	}
	return nil
}
