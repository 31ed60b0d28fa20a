package tpm2

import (
	"encoding/binary"

	"govtpm/tpm2/wire"
)

// nvMemory is the user part of NV: indexes and persistent objects (Part 1, 35).
type nvMemory struct {
	indexes    map[wire.Handle]*nvIndex
	persistent map[wire.Handle]*object
	maxCount   uint64 // greatest value that a deleted counter had (Part 3, 31.8)
}

// An nvIndex is one NV index (Part 1, 35.2).
type nvIndex struct {
	public wire.TPMSNVPublic // attributes are the live ones
	auth   []byte
	data   []byte
	// For an orderly index data and attributes are in RAM; these are what NV holds of them.
	savedAttributes wire.TPMANV
	savedData       []byte
}

// index returns the index of handle h, nil if it is not defined.
func (m *nvMemory) index(h wire.Handle) *nvIndex { return m.indexes[h] }

// name is the Name of the index (Part 1, 14.2): it follows the attributes.
func (x *nvIndex) name() []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(x.public.NameAlg)),
		hashOf(x.public.NameAlg, wire.Marshal(&x.public))...)
}
