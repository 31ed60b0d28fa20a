package control

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"
)

// Client is the end of the control channel that asks. It is not safe for
// concurrent use: the channel has one request outstanding at a time.
type Client struct {
	conn net.Conn
	buf  []byte
	// Timeout bounds the wait for a response; zero waits for ever.
	Timeout time.Duration
}

// NewClient makes a client of a connection. It owns conn.
func NewClient(conn net.Conn) *Client { return &Client{conn: conn} }

// Close closes the connection.
func (c *Client) Close() error { return c.conn.Close() }

// Do sends a request and returns the response. A result other than success is
// in the response, not an error.
func (c *Client) Do(req Request) (Response, error) {
	if err := c.write(AppendRequest(nil, req)); err != nil {
		return nil, err
	}
	return c.read(req.Command())
}

func (c *Client) write(msg []byte) error {
	_, err := c.conn.Write(msg)
	return err
}

// read collects the response to cmd.
func (c *Client) read(cmd Command) (Response, error) {
	var deadline time.Time
	if c.Timeout > 0 {
		deadline = time.Now().Add(c.Timeout)
	}
	if err := c.conn.SetReadDeadline(deadline); err != nil {
		return nil, err
	}
	chunk := make([]byte, 8192)
	for {
		rsp, n, err := ParseResponse(cmd, c.buf)
		if err != nil {
			return nil, err
		}
		if rsp != nil {
			c.buf = c.buf[n:]
			return rsp, nil
		}
		n, err = c.conn.Read(chunk)
		c.buf = append(c.buf, chunk[:n]...)
		if n == 0 && errors.Is(err, io.EOF) {
			return nil, errClosed
		} else if n == 0 && err != nil {
			return nil, err
		}
	}
}

// ResultError is the failure of a request, by the result in the response.
type ResultError struct {
	Command Command
	Result  Result
}

// Error names request and result.
func (e *ResultError) Error() string {
	return fmt.Sprintf("%v: TPM result %v", e.Command, e.Result)
}

// Unwrap is the result.
func (e *ResultError) Unwrap() error { return e.Result }

// Call sends a request and returns its response, with an error unless the
// result is success.
func (c *Client) Call(req Request) (Response, error) {
	rsp, err := c.Do(req)
	if err != nil {
		return nil, err
	}
	if r := Result(rsp.TPMResult()); r != Success {
		return rsp, &ResultError{req.Command(), r}
	}
	return rsp, nil
}

// SetDataFD hands the server one end of the data channel. The caller keeps f.
func (c *Client) SetDataFD(f *os.File) error {
	if err := send(c.conn, AppendRequest(nil, SetDataFD{}), f); err != nil {
		return err
	}
	rsp, err := c.read(CmdSetDataFD)
	if err != nil {
		return err
	}
	if r := Result(rsp.TPMResult()); r != Success {
		return &ResultError{CmdSetDataFD, r}
	}
	return nil
}

// Hash runs a whole hash sequence.
func (c *Client) Hash(data io.Reader) error {
	if _, err := c.Call(HashStart{}); err != nil {
		return err
	}
	buf := make([]byte, HashDataSize)
	for {
		n, err := io.ReadFull(data, buf)
		if n > 0 {
			if _, err := c.Call(HashData{Data: buf[:n]}); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break
		} else if err != nil {
			return err
		}
	}
	_, err := c.Call(HashEnd{})
	return err
}

// Info fetches the whole text of GET_INFO, without its final zero byte.
func (c *Client) Info(flags uint64) ([]byte, error) {
	var text []byte
	for {
		rsp, err := c.Call(GetInfo{Flags: flags, Offset: uint32(len(text))})
		if err != nil {
			return nil, err
		}
		info, ok := rsp.(Info)
		if !ok || len(info.Data) == 0 {
			return nil, fmt.Errorf("GET_INFO: empty response")
		}
		text = append(text, info.Data...)
		if uint64(len(text)) >= uint64(info.Total) {
			return trimNUL(text), nil
		}
		if len(text) > maxInfo {
			return nil, fmt.Errorf("GET_INFO: more than %d bytes", maxInfo)
		}
		// The last piece may be nothing but the final zero byte, which
		// cannot be asked for.
		if uint64(len(text))+1 == uint64(info.Total) {
			return text, nil
		}
	}
}

// maxInfo bounds what a server can make a client keep.
const maxInfo = 1 << 20

func trimNUL(b []byte) []byte {
	for len(b) > 0 && b[len(b)-1] == 0 {
		b = b[:len(b)-1]
	}
	return b
}
