package nvstate

import (
	"encoding/binary"

	"govtpm/tpm2/wire"
)

// Sizes of the NV memory of libtpms. It keeps entries in a linear list in an area of 171200 bytes, and a blob whose
// entries do not fit there cannot be loaded.
const (
	NVMemorySize   = 176832 // the whole memory
	NVUserSize     = 171200 // the part for indices and persistent objects
	MaxNVData      = 2048   // data of an index
	nvIndexCost    = 152    // an index without data
	nvObjectCost   = 2608   // an object at level 1, where libtpms stores its memory
	nvListEnd      = 12
	reservedNVBits = 0x01F00300
)

// NVIndex is an NV index.
type NVIndex struct {
	Public wire.TPMSNVPublic
	Auth   []byte

	// Data has Public.DataSize bytes, and none when the index is orderly: then it lives in the OrderlyRAM. An index that
	// was never written holds anything.
	Data []byte
}

// PersistentObject is an object made persistent by TPM2_EvictControl.
type PersistentObject struct {
	Handle wire.Handle
	AnyObject
}

// NVEntry is an NV index or a persistent object; one of the two is set.
type NVEntry struct {
	Index  *NVIndex
	Object *PersistentObject
}

// UserNVRAM is what users keep in NV, in memory order: USER_NVRAM.
type UserNVRAM struct {
	Entries  []NVEntry
	MaxCount uint64 // the highest value of any deleted counter
}

// Size is the number of bytes the entries take at a level, with the end of the list. It must be below NVUserSize.
func (n *UserNVRAM) Size(level Level) int {
	size := nvListEnd
	for i := range n.Entries {
		size += n.Entries[i].Size(level)
	}
	return size
}

// Size is the number of bytes an entry takes in the memory of libtpms at a level.
func (e *NVEntry) Size(level Level) int {
	if e.Index != nil {
		return nvIndexCost + len(e.Index.Data)
	}
	if level < 2 || e.Object == nil {
		return nvObjectCost
	}
	w := newWriter(level)
	e.Object.code(w)
	return 8 + len(w.buf)
}

func (n *UserNVRAM) code(c *coder) {
	defer c.enter(userNVRAMHeader.name)()
	v := c.plain(userNVRAMHeader)
	area := uint64(NVUserSize)
	num64(c, &area) // of the writer; says nothing about the entries
	used := nvListEnd
	if c.reading {
		n.Entries = nil
		for {
			var e NVEntry
			size := e.read(c)
			if size == 0 || c.err != nil {
				break
			}
			n.Entries = append(n.Entries, e)
			used += size
		}
	} else {
		for i := range n.Entries {
			used += n.Entries[i].write(c)
		}
		c.buf = append(c.buf, 0, 0, 0, 0)
	}
	// libtpms crashes when the list fills the area exactly.
	if used >= NVUserSize {
		c.fail(ErrSize, "entries take %d bytes, less than %d allowed", used, NVUserSize)
	}
	num64(c, &n.MaxCount)
	c.end(v)
}

// read takes one entry and gives its size in memory, or 0 at the end of the list.
func (e *NVEntry) read(c *coder) int {
	var stored uint32
	if num32(c, &stored); stored == 0 {
		return 0
	}
	var handle wire.Handle
	num32(c, &handle)
	begin := c.off
	switch handle >> 24 {
	case 0x01:
		e.Index = new(NVIndex)
		e.Index.code(c)
		// libtpms walks its list by the stored size when no data follow, and crashes at a wrong one.
		if len(e.Index.Data) == 0 && stored != nvIndexCost {
			c.fail(ErrSize, "entry size %d of an index without data, not %d", stored, nvIndexCost)
		}
		return nvIndexCost + len(e.Index.Data)
	case 0x81:
		e.Object = &PersistentObject{Handle: handle}
		e.Object.codeKey(c)
		if c.level < 2 {
			return nvObjectCost
		}
		return 8 + c.off - begin
	}
	c.fail(ErrHandle, "0x%08x is neither an NV index nor a persistent object", uint32(handle))
	return 0
}

// write puts one entry and gives its size in memory.
func (e *NVEntry) write(c *coder) int {
	at := len(c.buf)
	size := uint32(nvObjectCost)
	num32(c, &size)
	switch {
	case e.Index != nil && e.Object == nil:
		num32(c, &e.Index.Public.NVIndex)
		e.Index.code(c)
		size = uint32(nvIndexCost + len(e.Index.Data))
	case e.Object != nil && e.Index == nil:
		if e.Object.Handle>>24 != 0x81 {
			c.fail(ErrHandle, "0x%08x is not the handle of a persistent object", uint32(e.Object.Handle))
		}
		num32(c, &e.Object.Handle)
		e.Object.codeKey(c)
		if c.level >= 2 {
			size = uint32(len(c.buf) - at)
		}
	default:
		c.fail(ErrHandle, "an entry is an index or an object, one of the two")
	}
	binary.BigEndian.PutUint32(c.buf[at:], size)
	return int(size)
}

// codeKey visits the object, which cannot be a sequence of ours.
func (o *PersistentObject) codeKey(c *coder) {
	if o.code(c); o.Extension != nil {
		c.fail(ErrValue, "a sequence as persistent object 0x%08x", uint32(o.Handle))
	}
}

func (x *NVIndex) code(c *coder) {
	defer c.enter(nvIndexHeader.name)()
	v := c.plain(nvIndexHeader)
	c.canonical(&x.Public, "public area")
	x.check(c)
	c.digest(&x.Auth, "authorization")
	c.end(v)
	size := uint32(len(x.Data))
	num32(c, &size)
	if want := x.storedSize(); size != want {
		c.fail(ErrSize, "%d bytes of data for an index that stores %d", size, want)
		return
	}
	c.exact(&x.Data, int(size))
}

// storedSize is the number of data bytes beside the index.
func (x *NVIndex) storedSize() uint32 {
	if x.Public.Attributes&wire.NVOrderly != 0 {
		return 0
	}
	return uint32(x.Public.DataSize)
}

func (x *NVIndex) check(c *coder) {
	if x.Public.DataSize > MaxNVData {
		c.fail(ErrSize, "an index of %d bytes, at most %d allowed", x.Public.DataSize, MaxNVData)
	}
	if x.Public.Attributes&reservedNVBits != 0 {
		c.fail(ErrReservedBits, "attributes 0x%08x", uint32(x.Public.Attributes))
	}
	if c.err == nil && x.Public.NVIndex>>24 != 0x01 {
		c.fail(ErrHandle, "0x%08x is not an NV index", uint32(x.Public.NVIndex))
	}
}
