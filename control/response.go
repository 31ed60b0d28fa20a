package control

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Response is a message from the TPM. On a socket a response that carries an
// error is the result alone, except that of GET_STATEBLOB on a running TPM.
type Response interface {
	// TPMResult is the first word of the message.
	TPMResult() uint32
	append(b []byte, o Order) []byte
}

// The responses that are more than a [Result].
type (
	// Capabilities answers GET_CAPABILITY.
	Capabilities struct{ Mask Capability }
	// Established answers GET_TPMESTABLISHED.
	Established struct{ Bit bool }
	// StateBlob answers GET_STATEBLOB. Total is what there was to fetch from
	// the offset of the request on; on a socket all of it is in Data.
	StateBlob struct {
		Result Result
		Flags  uint32
		Total  uint32
		Data   []byte
	}
	// Config answers GET_CONFIG.
	Config struct{ Flags uint32 }
	// BufferSize answers SET_BUFFERSIZE.
	BufferSize struct{ Current, Min, Max uint32 }
	// Info answers GET_INFO: a piece of a text of Total bytes, its final zero
	// byte included.
	Info struct {
		Total uint32
		Data  []byte
	}
)

// TPMResult of a response that exists only with success.
func (Capabilities) TPMResult() uint32 { return 0 }

// TPMResult of a response that exists only with success.
func (Established) TPMResult() uint32 { return 0 }

// TPMResult is the result of the fetch.
func (r StateBlob) TPMResult() uint32 { return uint32(r.Result) }

// TPMResult of a response that exists only with success.
func (Config) TPMResult() uint32 { return 0 }

// TPMResult of a response that exists only with success.
func (BufferSize) TPMResult() uint32 { return 0 }

// TPMResult of a response that exists only with success.
func (Info) TPMResult() uint32 { return 0 }

// AppendResponse appends the message of a socket.
func AppendResponse(b []byte, r Response) []byte { return r.append(b, binary.BigEndian) }

func (r Result) append(b []byte, o Order) []byte { return o.AppendUint32(b, uint32(r)) }

func (r Capabilities) append(b []byte, o Order) []byte {
	return o.AppendUint32(o.AppendUint32(b, 0), uint32(r.Mask))
}

func (r Established) append(b []byte, o Order) []byte {
	var bit byte
	if r.Bit {
		bit = 1
	}
	return append(o.AppendUint32(b, 0), bit, 0, 0, 0)
}

func (r StateBlob) append(b []byte, o Order) []byte {
	for _, v := range [...]uint32{uint32(r.Result), r.Flags, r.Total, uint32(len(r.Data))} {
		b = o.AppendUint32(b, v)
	}
	return append(b, r.Data...)
}

func (r Config) append(b []byte, o Order) []byte {
	return o.AppendUint32(o.AppendUint32(b, 0), r.Flags)
}

func (r BufferSize) append(b []byte, o Order) []byte {
	for _, v := range [...]uint32{0, r.Current, r.Min, r.Max} {
		b = o.AppendUint32(b, v)
	}
	return b
}

func (r Info) append(b []byte, o Order) []byte {
	for _, v := range [...]uint32{0, r.Total, uint32(len(r.Data))} {
		b = o.AppendUint32(b, v)
	}
	return append(b, r.Data...)
}

// errShort is the answer of ParseResponse while bytes are missing.
var errShort = errors.New("response is cut short")

// ParseResponse decodes the response to cmd from the beginning of b and returns
// how many bytes it took. While b does not hold the whole response the count
// is 0, without an error. The response is a Result, if that is not Success.
func ParseResponse(cmd Command, b []byte) (Response, int, error) {
	r := responseReader{b: b, order: binary.BigEndian}
	rsp := r.read(cmd)
	switch {
	case errors.Is(r.err, errShort):
		return nil, 0, nil
	case r.err != nil:
		return nil, 0, r.err
	}
	return rsp, len(b) - len(r.b), nil
}

// responseReader takes words off a message. After a failure it yields zeros.
type responseReader struct {
	b     []byte
	order Order
	err   error
}

func (r *responseReader) bytes(n uint32) []byte {
	if r.err == nil && uint64(n) > uint64(len(r.b)) {
		r.err = errShort
	}
	if r.err != nil {
		return nil
	}
	out := r.b[:n:n]
	r.b = r.b[n:]
	return out
}

func (r *responseReader) word() uint32 {
	if b := r.bytes(4); b != nil {
		return r.order.Uint32(b)
	}
	return 0
}

// length reads the length of data, with a bound on what a server may make a
// client keep.
func (r *responseReader) length(limit uint32) uint32 {
	n := r.word()
	if r.err == nil && n > limit {
		r.err = fmt.Errorf("response claims %d bytes of data, at most %d are possible", n, limit)
	}
	return n
}

// maxStateResponse bounds a fetched blob: encryption makes it a little larger
// than what was stored.
const maxStateResponse = 4 * MaxStateBlob

func (r *responseReader) read(cmd Command) Response {
	result := Result(r.word())
	if cmd == CmdGetStateBlob && result != BadOrdinal {
		return r.stateBlob(result)
	}
	if result != Success {
		return result
	}
	switch cmd {
	case CmdGetCapability:
		return Capabilities{Mask: Capability(r.word())}
	case CmdGetTPMEstablished:
		b := r.bytes(4)
		return Established{Bit: b != nil && b[0] != 0}
	case CmdGetConfig:
		return Config{Flags: r.word()}
	case CmdSetBufferSize:
		return BufferSize{Current: r.word(), Min: r.word(), Max: r.word()}
	case CmdGetInfo:
		total := r.word()
		return Info{Total: total, Data: r.bytes(r.length(InfoSize))}
	}
	return result
}

func (r *responseReader) stateBlob(result Result) Response {
	rsp := StateBlob{Result: result, Flags: r.word(), Total: r.word()}
	rsp.Data = r.bytes(r.length(maxStateResponse))
	return rsp
}
