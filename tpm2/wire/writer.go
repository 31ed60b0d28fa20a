package wire

import (
	"encoding/binary"
	"math"
)

// A Marshaler is any type of this package that can be written to a Writer.
type Marshaler interface{ Marshal(w *Writer) }

// A Writer appends TPM values to a byte slice. The zero Writer is ready for use.
type Writer struct {
	buf  []byte
	long bool
}

// NewWriter appends to buf, which may be nil. Handing in an empty slice with capacity saves allocations.
func NewWriter(buf []byte) *Writer { return &Writer{buf: buf} }

// Marshal returns the encoding of v.
func Marshal(v Marshaler) []byte {
	var w Writer
	v.Marshal(&w)
	return w.buf
}

// Bytes returns what has been written, including the slice given to NewWriter.
func (w *Writer) Bytes() []byte { return w.buf }

// Len returns the length of Bytes.
func (w *Writer) Len() int { return len(w.buf) }

// Err is RCSize if a sized body did not fit its 16-bit size, otherwise RCSuccess. Values read under Limits always fit.
func (w *Writer) Err() RC {
	if w.long {
		return RCSize
	}
	return RCSuccess
}

// Raw appends p as it is.
func (w *Writer) Raw(p []byte) { w.buf = append(w.buf, p...) }

// Uint8 appends one byte.
func (w *Writer) Uint8(v uint8) { w.buf = append(w.buf, v) }

// Uint16 appends a big-endian 16-bit integer.
func (w *Writer) Uint16(v uint16) { w.buf = binary.BigEndian.AppendUint16(w.buf, v) }

// Uint32 appends a big-endian 32-bit integer.
func (w *Writer) Uint32(v uint32) { w.buf = binary.BigEndian.AppendUint32(w.buf, v) }

// Uint64 appends a big-endian 64-bit integer.
func (w *Writer) Uint64(v uint64) { w.buf = binary.BigEndian.AppendUint64(w.buf, v) }

// TPM2B appends p with its 16-bit size in front (Part 2, 10.3.1).
func (w *Writer) TPM2B(p []byte) {
	mark := w.Begin16()
	w.Raw(p)
	w.End16(mark)
}

// Sized appends what body writes, with its 16-bit size in front.
func (w *Writer) Sized(body func(*Writer)) {
	mark := w.Begin16()
	body(w)
	w.End16(mark)
}

// Begin16 leaves room for a 16-bit size and returns a mark for End16.
func (w *Writer) Begin16() (mark int) {
	w.Uint16(0)
	return len(w.buf)
}

// End16 fills in the size of all that was written since the mark.
func (w *Writer) End16(mark int) {
	n := len(w.buf) - mark
	if n > math.MaxUint16 {
		w.long = true
	}
	binary.BigEndian.PutUint16(w.buf[mark-2:], uint16(n))
}

// Begin32 leaves room for a 32-bit size and returns a mark for End32 (parameterSize, authorizationSize: Part 1, 15.1).
func (w *Writer) Begin32() (mark int) {
	w.Uint32(0)
	return len(w.buf)
}

// End32 fills in the size of all that was written since the mark.
func (w *Writer) End32(mark int) {
	binary.BigEndian.PutUint32(w.buf[mark-4:], uint32(len(w.buf)-mark))
}

// writeList appends a TPML: the count, then the elements (Part 2, 10.8).
func writeList[T any, P interface {
	*T
	Marshaler
}](w *Writer, list []T) {
	w.Uint32(uint32(len(list)))
	for i := range list {
		P(&list[i]).Marshal(w)
	}
}
