package nvstate

import (
	"encoding/binary"

	"govtpm/tpm2/wire"
)

const (
	orderlyRAMSize  = 512
	orderlyRAMEntry = 12 // bytes an entry takes beside its data
)

// OrderlyIndex is the live part of an NV index with TPMA_NV_ORDERLY: its attributes (the copy in the index itself stays
// as it was defined) and its data. Counters, bit fields and PIN indices have 8 bytes, big-endian.
type OrderlyIndex struct {
	Handle     wire.Handle
	Attributes wire.TPMANV
	Data       []byte
}

// OrderlyRAM is the RAM of orderly indices in memory order. The permanent blob holds a copy that may lag behind; the
// volatile blob holds the area itself.
type OrderlyRAM []OrderlyIndex

// Size is the number of bytes the list takes of the 512 that libtpms has.
func (l OrderlyRAM) Size() int {
	size := 0
	for i := range l {
		size += orderlyRAMEntry + len(l[i].Data)
	}
	return size
}

// code visits the copy in the permanent blob: INDEX_ORDERLY_RAM.
func (l *OrderlyRAM) code(c *coder) {
	defer c.enter(indexOrderlyRAMHeader.name)()
	v := c.plain(indexOrderlyRAMHeader)
	area := uint32(orderlyRAMSize)
	num32(c, &area)
	if c.reading {
		l.read(c, int64(area))
	} else {
		l.write(c)
	}
	c.end(v)
}

// read takes entries to the end mark. The writer left the mark out when no entry fitted behind the last one in its area.
func (l *OrderlyRAM) read(c *coder, area int64) {
	*l = nil
	for used := 0; int64(used)+orderlyRAMEntry <= area && c.err == nil; {
		var size uint32 // not trusted: it follows from the length of the data
		if num32(c, &size); size == 0 {
			return
		}
		var e OrderlyIndex
		num32(c, &e.Handle)
		num32(c, &e.Attributes)
		c.sized(&e.Data, orderlyRAMSize-orderlyRAMEntry, "orderly data")
		if used += orderlyRAMEntry + len(e.Data); used > orderlyRAMSize {
			c.fail(ErrSize, "orderly indices take more than %d bytes", orderlyRAMSize)
			return
		}
		*l = append(*l, e)
	}
}

func (l *OrderlyRAM) write(c *coder) {
	used := 0
	for i := range *l {
		e := &(*l)[i]
		size := uint32(orderlyRAMEntry + len(e.Data))
		num32(c, &size)
		num32(c, &e.Handle)
		num32(c, &e.Attributes)
		c.sized(&e.Data, orderlyRAMSize-orderlyRAMEntry, "orderly data")
		used += int(size)
	}
	if used > orderlyRAMSize {
		c.fail(ErrSize, "orderly indices take %d bytes of %d", used, orderlyRAMSize)
	}
	if used+orderlyRAMEntry <= orderlyRAMSize {
		c.buf = append(c.buf, 0, 0, 0, 0)
	}
}

// codeImage visits the area in the volatile blob. It is the memory of the C program, so its words have the byte order of
// the machine that wrote it: little-endian unless the first size makes no sense that way. Bytes behind the end mark are
// leftovers of deleted indices and are dropped.
func (l *OrderlyRAM) codeImage(c *coder) {
	c.count16(orderlyRAMSize, ErrParameter, "size of the orderly RAM")
	var image [orderlyRAMSize]byte
	if !c.reading {
		l.writeImage(c, image[:])
		return
	}
	c.fixed(image[:])
	l.readImage(c, image[:])
}

func (l *OrderlyRAM) readImage(c *coder, image []byte) {
	*l = nil
	var order binary.ByteOrder = binary.LittleEndian
	if order.Uint32(image) > orderlyRAMSize {
		order = binary.BigEndian
	}
	for len(image) >= 4 {
		size := order.Uint32(image)
		if size == 0 {
			return
		}
		if size < orderlyRAMEntry || uint64(size) > uint64(len(image)) {
			c.fail(ErrSize, "orderly index of %d bytes with %d left", size, len(image))
			return
		}
		e := OrderlyIndex{
			Handle:     wire.Handle(order.Uint32(image[4:])),
			Attributes: wire.TPMANV(order.Uint32(image[8:])),
		}
		e.Data = append(e.Data, image[orderlyRAMEntry:size]...)
		*l = append(*l, e)
		image = image[size:]
	}
}

func (l *OrderlyRAM) writeImage(c *coder, image []byte) {
	if l.Size() > len(image) {
		c.fail(ErrSize, "orderly indices take %d bytes of %d", l.Size(), len(image))
		return
	}
	rest := image
	for _, e := range *l {
		size := orderlyRAMEntry + len(e.Data)
		binary.LittleEndian.PutUint32(rest, uint32(size))
		binary.LittleEndian.PutUint32(rest[4:], uint32(e.Handle))
		binary.LittleEndian.PutUint32(rest[8:], uint32(e.Attributes))
		copy(rest[orderlyRAMEntry:], e.Data)
		rest = rest[size:]
	}
	c.fixed(image)
}
