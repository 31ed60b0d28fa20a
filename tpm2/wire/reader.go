package wire

import "encoding/binary"

// An Unmarshaler is any type of this package that can be read from a Reader.
type Unmarshaler interface{ Unmarshal(r *Reader) }

// A Reader takes TPM values from the front of a byte slice. It cannot read past the end. The first failure is kept and
// every later read returns a zero value, so that a decoder is written without a check on each line and asks Err at its
// end (Part 2, 4.15).
type Reader struct {
	buf    []byte
	rc     RC
	limits *Limits
	total  int
	algs   AlgSet
}

// NewReader reads from buf under the given limits; nil limits accept everything in Part 2 (see Everything).
// The Reader does not write to buf.
func NewReader(buf []byte, limits *Limits) *Reader {
	if limits == nil {
		limits = &everything
	}
	return &Reader{buf: buf, limits: limits, total: len(buf)}
}

// Unmarshal reads v from the whole of buf. Bytes left over give RCSize.
func Unmarshal(buf []byte, limits *Limits, v Unmarshaler) RC {
	r := NewReader(buf, limits)
	v.Unmarshal(r)
	return r.End()
}

// Err returns the first failure, or RCSuccess.
func (r *Reader) Err() RC { return r.rc }

// End returns the first failure, RCSize when input is left over, or RCSuccess.
func (r *Reader) End() RC {
	if r.rc == RCSuccess && len(r.buf) != 0 {
		r.rc = RCSize
	}
	return r.rc
}

// Fail records rc as the failure unless there is one already.
func (r *Reader) Fail(rc RC) {
	if r.rc == RCSuccess {
		r.rc = rc
		r.buf = nil
	}
}

// Limits returns what the Reader accepts; never nil.
func (r *Reader) Limits() *Limits { return r.limits }

// Algs returns the algorithms that values of interface types named so far (see Alg).
func (r *Reader) Algs() AlgSet { return r.algs }

// Len returns the number of bytes not yet read; zero after a failure.
func (r *Reader) Len() int { return len(r.buf) }

// Remaining returns the bytes not yet read without consuming them. The result shares memory with the input.
func (r *Reader) Remaining() []byte { return r.buf }

// Bytes takes the next n bytes. The result shares memory with the input; it is nil after a failure.
func (r *Reader) Bytes(n int) []byte {
	if n < 0 || n > len(r.buf) {
		r.Fail(RCInsufficient)
		return nil
	}
	p := r.buf[:n:n]
	r.buf = r.buf[n:]
	return p
}

// Copy takes the next n bytes as a copy; nil for n = 0 and after a failure.
func (r *Reader) Copy(n int) []byte {
	p := r.Bytes(n)
	if len(p) == 0 {
		return nil
	}
	return append([]byte(nil), p...)
}

// Uint8 reads one byte.
func (r *Reader) Uint8() uint8 {
	if p := r.Bytes(1); p != nil {
		return p[0]
	}
	return 0
}

// Uint16 reads a big-endian 16-bit integer.
func (r *Reader) Uint16() uint16 {
	if p := r.Bytes(2); p != nil {
		return binary.BigEndian.Uint16(p)
	}
	return 0
}

// Uint32 reads a big-endian 32-bit integer.
func (r *Reader) Uint32() uint32 {
	if p := r.Bytes(4); p != nil {
		return binary.BigEndian.Uint32(p)
	}
	return 0
}

// Uint64 reads a big-endian 64-bit integer.
func (r *Reader) Uint64() uint64 {
	if p := r.Bytes(8); p != nil {
		return binary.BigEndian.Uint64(p)
	}
	return 0
}

// TPM2B reads a sized buffer (Part 2, 10.3.1) and returns a copy, nil when it is empty. A size above max gives RCSize,
// before it is compared with what remains.
func (r *Reader) TPM2B(max int) []byte {
	n := int(r.Uint16())
	if n > max {
		r.Fail(RCSize)
		return nil
	}
	return r.Copy(n)
}

// tpm2bExact reads a sized buffer whose size shall be n.
func (r *Reader) tpm2bExact(n int) []byte {
	p := r.TPM2B(n)
	if r.rc == RCSuccess && len(p) != n {
		r.Fail(RCSize)
		return nil
	}
	return p
}

// sized reads a TPM2B that holds a structure (Part 2, 10.3.1): a size of zero, or one other than what the structure
// takes, is RCSize. The structure is read against the whole remaining input, so that a fault inside it is reported as
// itself even when size is wrong too, as libtpms does.
func (r *Reader) sized(body func(*Reader)) {
	size := int(r.Uint16())
	if r.rc == RCSuccess && size == 0 {
		r.Fail(RCSize)
		return
	}
	before := len(r.buf)
	body(r)
	if r.rc == RCSuccess && before-len(r.buf) != size {
		r.Fail(RCSize)
	}
}

// readList reads a TPML: a 32-bit count, then the elements. A count above max gives RCSize (Part 2, 10.8).
// What is allocated follows what is there to read.
func readList[T any, P interface {
	*T
	Unmarshaler
}](r *Reader, max int) []T {
	n := r.Uint32()
	if uint64(n) > uint64(max) {
		r.Fail(RCSize)
		return nil
	}
	if n == 0 || r.rc != RCSuccess {
		return nil
	}
	list := make([]T, 0, min(int(n), len(r.buf)))
	for range n {
		var v T
		P(&v).Unmarshal(r)
		if r.rc != RCSuccess {
			return nil
		}
		list = append(list, v)
	}
	return list
}
