package store

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"
)

// The header of a single-file store, little endian: magic (8 bytes), version (1), padding (1), header size (2), and 15
// entries of offset, data length and section length (4 each). Offset 0 marks an entry that is not used. The sections
// may lie anywhere behind the header and need not touch each other.
const (
	linearMagic      = 0x737774706d6c696e
	linearVersion    = 1
	linearHeaderSize = 192
	linearEntries    = 15
	linearEntrySize  = 12
	linearEntryStart = 12
)

// section is where a blob is: data of some length in a place of at least that length.
type section struct{ offset, data, length uint32 }

func (s section) used() bool { return s.offset != 0 }

func (s section) end() int64 { return int64(s.offset) + int64(s.length) }

// linearHeader is the decoded header. The zero value is that of an empty store.
type linearHeader struct{ entries [linearEntries]section }

// entry returns the place of a blob: they are in the order of their kinds.
func (h *linearHeader) entry(k Kind) *section { return &h.entries[k-Permanent] }

func (h *linearHeader) encode() []byte {
	b := make([]byte, linearHeaderSize)
	binary.LittleEndian.PutUint64(b, linearMagic)
	b[8] = linearVersion
	binary.LittleEndian.PutUint16(b[10:], linearHeaderSize)
	for i, e := range h.entries {
		at := b[linearEntryStart+i*linearEntrySize:]
		binary.LittleEndian.PutUint32(at, e.offset)
		binary.LittleEndian.PutUint32(at[4:], e.data)
		binary.LittleEndian.PutUint32(at[8:], e.length)
	}
	return b
}

// decodeLinear decodes the first bytes of a file of the given size. blank means that there is no header and nothing
// else either: the bytes are all zero, or there are none.
func decodeLinear(head []byte, size int64) (h linearHeader, blank bool, err error) {
	if !slices.ContainsFunc(head, func(b byte) bool { return b != 0 }) {
		return h, true, nil
	}
	if len(head) < 8 || binary.LittleEndian.Uint64(head) != linearMagic {
		return h, false, fmt.Errorf("%w: it holds something else; check the name, or clear its first %d bytes if that is not needed", ErrForeign, linearHeaderSize)
	}
	if len(head) < linearHeaderSize {
		return h, false, fmt.Errorf("%w: cut off in its header; restore it from a backup", ErrDamaged)
	}
	if v := head[8]; v > linearVersion {
		return h, false, fmt.Errorf("%w: layout version %d is later than %d", ErrForeign, v, linearVersion)
	}
	for i := range h.entries {
		at := head[linearEntryStart+i*linearEntrySize:]
		h.entries[i] = section{
			binary.LittleEndian.Uint32(at),
			binary.LittleEndian.Uint32(at[4:]),
			binary.LittleEndian.Uint32(at[8:]),
		}
	}
	return h, false, h.check(size)
}

// check finds entries that cannot be: outside the file, in the header, or over each other.
func (h *linearHeader) check(size int64) error {
	for _, s := range h.entries {
		if s.used() && s.data > s.length {
			return fmt.Errorf("%w: more data than its section holds; restore it from a backup", ErrDamaged)
		}
	}
	end := int64(linearHeaderSize)
	for _, s := range h.sections() {
		switch {
		case int64(s.offset) < end:
			return fmt.Errorf("%w: sections overlap; restore it from a backup", ErrDamaged)
		case int64(s.offset)+int64(s.data) > size:
			return fmt.Errorf("%w: cut off; restore it from a backup", ErrDamaged)
		}
		end = s.end()
	}
	return nil
}

// sections returns the used sections in the order of their offsets, without those of no length: they take no place, wherever they say they are.
func (h *linearHeader) sections() []section {
	var list []section
	for _, s := range h.entries {
		if s.used() && s.length > 0 {
			list = append(list, s)
		}
	}
	slices.SortFunc(list, func(a, b section) int { return cmp.Compare(a.offset, b.offset) })
	return list
}

// end returns where the last section ends.
func (h *linearHeader) end() int64 {
	end := int64(linearHeaderSize)
	for _, s := range h.sections() {
		end = max(end, s.end())
	}
	return end
}

// gap returns the first place for a section of this length that no blob is in, if it ends before limit.
func (h *linearHeader) gap(length, limit int64) (int64, bool) {
	at := int64(linearHeaderSize)
	for _, s := range h.sections() {
		if int64(s.offset)-at >= length {
			break
		}
		at = s.end()
	}
	return at, at+length <= limit
}

// trim makes every section as short as its data.
func (h *linearHeader) trim() {
	for i := range h.entries {
		if s := &h.entries[i]; s.used() && s.length > 0 {
			s.length = max(s.data, 1)
		}
	}
}

// sectionLength returns the length of the section for a blob: the next power of two, so that it can grow.
func sectionLength(n int) int64 {
	if n <= 1 {
		return 1
	}
	return 1 << bits.Len64(uint64(n-1))
}
