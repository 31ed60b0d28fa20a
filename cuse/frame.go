package cuse

import "encoding/binary"

// opcode is the kind of a request.
type opcode uint32

// The requests that a character device can get; see include/uapi/linux/fuse.h of the kernel.
const (
	opForget      opcode = 2
	opOpen        opcode = 14
	opRead        opcode = 15
	opWrite       opcode = 16
	opRelease     opcode = 18
	opFsync       opcode = 20
	opFlush       opcode = 25
	opInterrupt   opcode = 36
	opDestroy     opcode = 38
	opIoctl       opcode = 39
	opPoll        opcode = 40
	opBatchForget opcode = 42
	opInit        opcode = 4096
)

// Sizes of what comes before the data of a message.
const (
	inHeaderSize  = 40
	outHeaderSize = 16
	writeInSize   = 40
)

// header begins every request.
type header struct {
	op     opcode
	unique uint64
	caller Caller
}

// Caller is the process that a request is from.
type Caller struct{ UID, GID, PID uint32 }

// parseHeader splits a request into its header and the rest. The length in the header has to be that of the message.
func parseHeader(frame []byte) (h header, body []byte, ok bool) {
	r := reader{b: frame}
	length := r.uint32()
	h.op, h.unique = opcode(r.uint32()), r.uint64()
	r.skip(8) // node ID
	h.caller = Caller{UID: r.uint32(), GID: r.uint32(), PID: r.uint32()}
	r.skip(4) // length of extensions, padding
	return h, r.b, !r.failed && uint64(length) == uint64(len(frame))
}

// reader takes fields off a message, in the order of the host. Once something is missing it yields zeros.
type reader struct {
	b      []byte
	failed bool
}

func (r *reader) bytes(n uint32) []byte {
	if r.failed || uint64(n) > uint64(len(r.b)) {
		r.failed, r.b = true, nil
		return nil
	}
	out := r.b[:n:n]
	r.b = r.b[n:]
	return out
}

func (r *reader) skip(n uint32) { r.bytes(n) }

func (r *reader) uint32() uint32 {
	if b := r.bytes(4); b != nil {
		return binary.NativeEndian.Uint32(b)
	}
	return 0
}

func (r *reader) uint64() uint64 {
	if b := r.bytes(8); b != nil {
		return binary.NativeEndian.Uint64(b)
	}
	return 0
}

// message makes the message that goes to the kernel: with unique 0 a notification, whose code stands in the place of the
// error number.
func message(unique uint64, errno int32, payload []byte) []byte {
	b := make([]byte, 0, outHeaderSize+len(payload))
	b = binary.NativeEndian.AppendUint32(b, uint32(outHeaderSize+len(payload)))
	b = binary.NativeEndian.AppendUint32(b, uint32(errno))
	b = binary.NativeEndian.AppendUint64(b, unique)
	return append(b, payload...)
}

// words makes a payload of 32-bit fields.
func words(v ...uint32) []byte {
	b := make([]byte, 0, 4*len(v))
	for _, w := range v {
		b = binary.NativeEndian.AppendUint32(b, w)
	}
	return b
}
