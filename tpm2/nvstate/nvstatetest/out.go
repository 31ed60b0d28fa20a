package nvstatetest

import (
	"encoding/binary"

	"govtpm/tpm2/wire"
)

// out is a blob that grows. Numbers are big-endian.
type out struct {
	b      []byte
	later  []byte
	noEnds bool
}

func (o *out) u8(v uint8)   { o.b = append(o.b, v) }
func (o *out) u16(v uint16) { o.b = binary.BigEndian.AppendUint16(o.b, v) }
func (o *out) u32(v uint32) { o.b = binary.BigEndian.AppendUint32(o.b, v) }
func (o *out) u64(v uint64) { o.b = binary.BigEndian.AppendUint64(o.b, v) }
func (o *out) raw(v []byte) { o.b = append(o.b, v...) }

func (o *out) flags(v ...bool) {
	for _, f := range v {
		if f {
			o.u8(1)
		} else {
			o.u8(0)
		}
	}
}

// sized writes buffers, each with its size before it.
func (o *out) sized(v ...[]byte) {
	for _, b := range v {
		o.u16(uint16(len(b)))
		o.raw(b)
	}
}

func (o *out) wire(t wire.Marshaler) { o.raw(wire.Marshal(t)) }

// head is the header of a structure.
func (o *out) head(version uint16, magic uint32, minimum uint16) {
	o.u16(version)
	o.u32(magic)
	o.u16(minimum)
}

// block is a group that a reader can skip.
func (o *out) block(content func()) {
	o.u8(1)
	at := len(o.b)
	o.u16(0)
	content()
	binary.BigEndian.PutUint16(o.b[at:], uint16(len(o.b)-at-2))
}

// end is the group behind the last field of a structure, for what later versions add.
func (o *out) end() {
	if o.noEnds {
		o.absent()
		return
	}
	o.block(func() { o.raw(o.later) })
}

// absent is a group that is not there.
func (o *out) absent() { o.raw([]byte{0, 0, 0}) }
