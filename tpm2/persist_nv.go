package tpm2

import (
	"bytes"
	"fmt"

	"govtpm/tpm2/nvstate"
	"govtpm/tpm2/wire"
)

// NV indexes and persistent objects in saved state.

// liveNVAttributes are the attributes that change after an index is defined. Those of an orderly index are in RAM; NV keeps it as
// it was defined.
const liveNVAttributes = wire.NVWritten | wire.NVReadLocked | wire.NVWriteLocked

// state is the NV memory as saved state holds it.
func (m *nvMemory) state() (nvstate.UserNVRAM, error) {
	s := nvstate.UserNVRAM{MaxCount: m.maxCount}
	for _, h := range m.order {
		if x := m.indexes[h]; x != nil {
			s.Entries = append(s.Entries, nvstate.NVEntry{Index: x.state()})
		} else if o := m.persistent[h]; o != nil {
			any, err := objectState(o)
			if err != nil {
				return s, err
			}
			s.Entries = append(s.Entries, nvstate.NVEntry{Object: &nvstate.PersistentObject{Handle: h, AnyObject: *any}})
		}
	}
	return s, nil
}

func (x *nvIndex) state() *nvstate.NVIndex {
	s := &nvstate.NVIndex{Public: x.public, Auth: x.auth, Data: x.data}
	if x.has(wire.NVOrderly) {
		s.Public.Attributes &^= liveNVAttributes
		s.Data = nil
	}
	return s
}

// savedRAM is what NV holds of orderly indexes.
func (m *nvMemory) savedRAM() nvstate.OrderlyRAM {
	return m.ram(func(x *nvIndex) (wire.TPMANV, []byte) { return x.savedAttributes, x.savedData })
}

// liveRAM is the present content of orderly indexes.
func (m *nvMemory) liveRAM() nvstate.OrderlyRAM {
	return m.ram(func(x *nvIndex) (wire.TPMANV, []byte) { return x.public.Attributes, x.data })
}

func (m *nvMemory) ram(content func(*nvIndex) (wire.TPMANV, []byte)) (ram nvstate.OrderlyRAM) {
	for _, x := range m.ordered() {
		if x.has(wire.NVOrderly) {
			a, data := content(x)
			ram = append(ram, nvstate.OrderlyIndex{Handle: x.public.NVIndex, Attributes: a, Data: data})
		}
	}
	return ram
}

// loadNV takes in the NV memory of saved state. Of two entries with one handle the first is found, as in libtpms.
func (t *TPM) loadNV(s *nvstate.UserNVRAM, ram nvstate.OrderlyRAM) error {
	m := &t.nv
	m.maxCount = s.MaxCount
	for i := range s.Entries {
		if e := &s.Entries[i]; e.Index != nil {
			if m.indexes[e.Index.Public.NVIndex] != nil {
				continue
			}
			x, err := t.indexOfState(e.Index)
			if err != nil {
				return err
			}
			m.add(x)
		} else if err := t.loadPersistentState(e.Object); err != nil {
			return err
		}
	}
	for _, x := range m.indexes {
		if x.has(wire.NVOrderly) {
			x.savedAttributes, x.savedData = x.ofRAM(ram)
			x.public.Attributes, x.data = x.savedAttributes, bytes.Clone(x.savedData)
		}
	}
	if free := t.nvOrderlyFree(); free < 0 {
		return &nvstate.Error{Kind: nvstate.ErrSize, Structure: "USER_NVRAM",
			Detail: fmt.Sprintf("orderly indexes take %d bytes more than their RAM has", -free)}
	}
	return nil
}

// indexOfState is the index that saved state holds.
func (t *TPM) indexOfState(s *nvstate.NVIndex) (*nvIndex, error) {
	x := &nvIndex{public: s.Public, auth: s.Auth, data: s.Data}
	if !t.hasHash(x.public.NameAlg) {
		return nil, nvError("NV_INDEX", nvstate.ErrHash, x.public.NVIndex, fmt.Sprintf("has nameAlg 0x%04x", uint16(x.public.NameAlg)))
	}
	want := -1
	switch x.kind() {
	case wire.NTCounter, wire.NTBits, wire.NTPinPass, wire.NTPinFail:
		want = 8
	case wire.NTExtend:
		want = digestSize(x.public.NameAlg)
	}
	if want >= 0 && int(x.public.DataSize) != want {
		return nil, nvError("NV_INDEX", nvstate.ErrSize, x.public.NVIndex, fmt.Sprintf("has %d bytes of data, its type has %d", x.public.DataSize, want))
	}
	return x, nil
}

// ofRAM finds attributes and data of an orderly index. An index that is not there was never written; data of another size are made
// to fit.
func (x *nvIndex) ofRAM(ram nvstate.OrderlyRAM) (wire.TPMANV, []byte) {
	a, data := x.public.Attributes&^liveNVAttributes, make([]byte, x.public.DataSize)
	for _, e := range ram {
		if e.Handle == x.public.NVIndex {
			copy(data, e.Data)
			return a | e.Attributes&liveNVAttributes, data
		}
	}
	return a, data
}

// loadPersistentState takes in a persistent object.
func (t *TPM) loadPersistentState(s *nvstate.PersistentObject) error {
	if t.nv.persistent[s.Handle] != nil {
		return nil
	}
	if s.Object == nil {
		return nvError("USER_NVRAM", nvstate.ErrValue, s.Handle, "is no key or data object")
	}
	o, err := t.objectOfState(&s.AnyObject)
	if err != nil {
		return fmt.Errorf("persistent object 0x%08x: %w", uint32(s.Handle), err)
	}
	if o.publicOnly || o.public.NameAlg == wire.AlgNull {
		return nvError("USER_NVRAM", nvstate.ErrValue, s.Handle, "is an object that cannot be persistent")
	}
	o.evict = s.Handle
	t.nv.persistent[s.Handle] = o
	t.nv.order = append(t.nv.order, s.Handle)
	return nil
}

func nvError(structure string, kind nvstate.Kind, h wire.Handle, detail string) error {
	return &nvstate.Error{Kind: kind, Structure: structure, Detail: fmt.Sprintf("0x%08x %s", uint32(h), detail)}
}
