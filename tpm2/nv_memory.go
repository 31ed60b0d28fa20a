package tpm2

import (
	"bytes"
	"encoding/binary"
	"slices"

	"govtpm/tpm2/wire"
)

// Sizes of the NV memory, as libtpms has them: clients see them as what can be defined and what is left.
const (
	nvUserSpace       = 171200 // for indexes and persistent objects, bytes
	nvListEnd         = 12     // end of the list: a zero and the greatest count
	nvIndexSize       = 152    // of an index without its data
	nvCounterSize     = 160    // of a counter
	nvEvictObjectSize = 3320   // set aside for a persistent object
	nvReserve         = 16     // never used up by an entry
	nvOrderlySpace    = 512    // RAM for the data of orderly indexes
	nvOrderlyHeader   = 12     // before the data of each
	nvMinPersistent   = 7      // MIN_EVICT_OBJECTS: there is always room for as many persistent objects
	nvMinCounters     = 8      // MIN_COUNTER_INDICES: and for as many counters
	nvMaxBuffer       = 1024   // MAX_NV_BUFFER_SIZE: one command reads or writes no more
	nvMaxIndex        = 2048   // MAX_NV_INDEX_SIZE
	orderlyCountMask  = 1<<8 - 1
)

// nvMemory is the user part of NV: indexes and persistent objects (Part 1, 34).
type nvMemory struct {
	indexes    map[wire.Handle]*nvIndex
	persistent map[wire.Handle]*object
	order      []wire.Handle // of all entries, as they were added: the order they are saved in
	maxCount   uint64        // greatest value that a deleted counter had (Part 3, 31.8)
}

// An nvIndex is one NV index (Part 1, 34.2).
type nvIndex struct {
	public wire.TPMSNVPublic // attributes are the live ones
	auth   []byte
	data   []byte // public.DataSize bytes
	// The data and attributes of an orderly index are in RAM; these are what NV holds of them.
	savedAttributes wire.TPMANV
	savedData       []byte
}

// index returns the index of handle h, nil if it is not defined.
func (m *nvMemory) index(h wire.Handle) *nvIndex { return m.indexes[h] }

// name is the Name of the index (Part 1, 13): it follows the attributes.
func (x *nvIndex) name() []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(x.public.NameAlg)),
		hashOf(x.public.NameAlg, wire.Marshal(&x.public))...)
}

// kind is the type of the index (Part 2, 13.2).
func (x *nvIndex) kind() wire.NT { return x.public.Attributes.NT() }

func (x *nvIndex) has(a wire.TPMANV) bool { return x.public.Attributes.Has(a) }

// number is the value of a counter, bit field or PIN index.
func (x *nvIndex) number() uint64 {
	if len(x.data) != 8 {
		return 0
	}
	return binary.BigEndian.Uint64(x.data)
}

// add puts an index at the end of the list.
func (m *nvMemory) add(x *nvIndex) {
	m.indexes[x.public.NVIndex] = x
	m.order = append(m.order, x.public.NVIndex)
}

// remove takes out an entry.
func (m *nvMemory) remove(h wire.Handle) {
	delete(m.indexes, h)
	delete(m.persistent, h)
	m.order = slices.DeleteFunc(m.order, func(o wire.Handle) bool { return o == h })
}

// ordered returns the indexes in the order they were defined.
func (m *nvMemory) ordered() []*nvIndex {
	var list []*nvIndex
	for _, h := range m.order {
		if x := m.indexes[h]; x != nil {
			list = append(list, x)
		}
	}
	return list
}

// counters is the number of counters that are defined.
func (m *nvMemory) counters() (n int) {
	for _, x := range m.indexes {
		if x.kind() == wire.NTCounter {
			n++
		}
	}
	return n
}

// size is what the index takes of the user space: the data of orderly indexes is in RAM.
func (x *nvIndex) size() int {
	if x.has(wire.NVOrderly) {
		return nvIndexSize
	}
	return nvIndexSize + int(x.public.DataSize)
}

// nvFree is the free user space in bytes.
func (t *TPM) nvFree() int {
	free := nvUserSpace - nvListEnd
	for _, x := range t.nv.indexes {
		free -= x.size()
	}
	for _, o := range t.nv.persistent {
		free -= t.persistentSize(o)
	}
	return max(0, free)
}

// nvOrderlyFree is the free RAM for orderly indexes in bytes.
func (t *TPM) nvOrderlyFree() int {
	free := nvOrderlySpace
	for _, x := range t.nv.indexes {
		if x.has(wire.NVOrderly) {
			free -= nvOrderlyHeader + int(x.public.DataSize)
		}
	}
	return free
}

// reservedCounters is the space set aside so that the guaranteed counters fit.
func (t *TPM) reservedCounters() int {
	return max(0, nvMinCounters-t.nv.counters()) * nvCounterSize
}

// reservedPersistent is the space set aside so that the guaranteed persistent objects fit.
func (t *TPM) reservedPersistent() int {
	return max(0, nvMinPersistent-len(t.nv.persistent)) * nvEvictObjectSize
}

// nvFits reports whether an entry that takes size bytes may be added when reserved bytes have to stay free.
func (t *TPM) nvFits(size, reserved int) bool {
	// The size of an entry is counted without its 4-byte link, the reserve with one: as libtpms does.
	return size-4+nvReserve+reserved <= t.nvFree()+nvListEnd
}

// nvIndexFits reports whether the index may be defined.
func (t *TPM) nvIndexFits(x *nvIndex) bool {
	reserved := t.reservedPersistent()
	if x.kind() != wire.NTCounter {
		reserved += t.reservedCounters()
	}
	if !t.nvFits(x.size(), reserved) {
		return false
	}
	return !x.has(wire.NVOrderly) || nvOrderlyHeader+int(x.public.DataSize) <= t.nvOrderlyFree()
}

// nvPersistentAvailable is how many persistent objects still fit (TPM_PT_HR_PERSISTENT_AVAIL).
func (t *TPM) nvPersistentAvailable() uint32 {
	return uint32(max(0, t.nvFree()-t.reservedCounters()) / nvEvictObjectSize)
}

// nvCountersAvailable is how many orderly counters still fit (TPM_PT_NV_COUNTERS_AVAIL).
func (t *TPM) nvCountersAvailable() uint32 {
	inNV := max(0, t.nvFree()-t.reservedPersistent()) / nvCounterSize
	return uint32(min(inNV, t.nvOrderlyFree()/(nvOrderlyHeader+8)))
}

// persistentSize is what a persistent object takes of the user space.
func (t *TPM) persistentSize(o *object) int {
	if t.profile.StateFormatLevel() < 2 {
		return 2608 // the size in memory, in releases that saved the level
	}
	b, err := t.marshalObjectContext(o)
	if err != nil {
		return nvEvictObjectSize
	}
	return 8 + len(b)
}

// nvAddPersistent makes a copy of o persistent as handle h. RCNVSpace.
func (t *TPM) nvAddPersistent(o *object, h wire.Handle) error {
	p := o.clone()
	p.evict = h
	t.setExponent(p)
	if !t.nvFits(t.persistentSize(p), t.reservedCounters()) {
		return wire.RCNVSpace
	}
	t.nv.persistent[h] = p
	t.nv.order = append(t.nv.order, h)
	return nil
}

// nvRemovePersistent removes the persistent object h.
func (t *TPM) nvRemovePersistent(h wire.Handle) {
	if o := t.nv.persistent[h]; o != nil {
		o.wipe()
	}
	t.nv.remove(h)
}

// nvFlushHierarchy removes the persistent objects of a hierarchy, and with the owner's the indexes that the platform did not
// define.
func (t *TPM) nvFlushHierarchy(h wire.Handle) {
	for handle, o := range t.nv.persistent {
		if o.hierarchy == h {
			t.nvRemovePersistent(handle)
		}
	}
	if h != wire.RHOwner {
		return
	}
	for _, x := range t.nv.ordered() {
		if !x.has(wire.NVPlatformCreate) {
			t.nvDelete(x)
		}
	}
}

// nvDelete removes an index. A counter that comes later must not count over again.
func (t *TPM) nvDelete(x *nvIndex) {
	if x.kind() == wire.NTCounter && x.has(wire.NVWritten) {
		t.nv.maxCount = max(t.nv.maxCount, x.number())
	}
	t.nv.remove(x.public.NVIndex)
	if x.has(wire.NVOrderly) {
		t.nvSaveOrderly()
	}
	x.wipe()
}

// nvSaveOrderly copies the data of all orderly indexes to what NV holds of them.
func (t *TPM) nvSaveOrderly() {
	for _, x := range t.nv.indexes {
		if x.has(wire.NVOrderly) {
			x.savedAttributes, x.savedData = x.public.Attributes, bytes.Clone(x.data)
		}
	}
	t.markPermanent()
}

// nvPowerOn takes orderly indexes back to what NV holds of them.
func (t *TPM) nvPowerOn() {
	for _, x := range t.nv.indexes {
		if x.has(wire.NVOrderly) {
			x.public.Attributes, x.data = x.savedAttributes, bytes.Clone(x.savedData)
		}
	}
}

// nvShutdown saves the data of orderly indexes (Part 3, 9.4).
func (t *TPM) nvShutdown() { t.nvSaveOrderly() }

// nvStartup sets the attributes of indexes as a start-up does (Part 3, 9.3; Part 1, 34.2). An orderly counter after a power loss goes on
// beyond every value that it may have shown.
func (t *TPM) nvStartup(kind startupKind) {
	if kind == startupResume {
		return
	}
	for _, x := range t.nv.indexes {
		a := x.public.Attributes &^ wire.NVReadLocked
		counter := x.kind() == wire.NTCounter
		if !counter && (a.Has(wire.NVClearStClear) || a.Has(wire.NVOrderly) && kind == startupReset) {
			a &^= wire.NVWritten
		}
		if !a.Has(wire.NVWritten) || !a.Has(wire.NVWriteDefine) {
			a &^= wire.NVWriteLocked
		}
		x.public.Attributes = a
		if counter && a.Has(wire.NVOrderly) && t.volatile.previousOrderly == orderlyNone && len(x.data) == 8 {
			binary.BigEndian.PutUint64(x.data, x.number()|orderlyCountMask)
		}
	}
}
