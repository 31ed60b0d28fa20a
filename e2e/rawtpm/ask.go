package rawtpm

import "fmt"

// A Bank is an allocated PCR bank.
type Bank struct {
	Hash uint16
	PCRs []int
}

// Banks lists the allocated PCR banks.
func (c *Conn) Banks() ([]Bank, error) {
	f, err := c.Do(GetCapability(CapPCRs, 0, 64))
	if err != nil {
		return nil, err
	}
	f.Raw(5) // moreData, capability
	var banks []Bank
	for range f.U32() {
		b := Bank{Hash: f.U16()}
		for i, bits := range f.Raw(int(f.U8())) {
			for bit := range 8 {
				if bits>>bit&1 == 1 {
					b.PCRs = append(b.PCRs, 8*i+bit)
				}
			}
		}
		if len(b.PCRs) > 0 {
			banks = append(banks, b)
		}
		if f.Err() != nil {
			break
		}
	}
	return banks, f.Err()
}

// PCR reads one PCR of one bank.
func (c *Conn) PCR(bank uint16, pcr int) ([]byte, error) {
	f, err := c.Do(PCRRead(bank, pcr))
	if err != nil {
		return nil, err
	}
	f.Raw(4 + 4 + 2 + 1 + 3) // update counter, one selection
	if n := f.U32(); n != 1 {
		return nil, fmt.Errorf("PCR_Read gave %d digests", n)
	}
	return f.Sized(), f.Err()
}

// Random asks for n random bytes.
func (c *Conn) Random(n int) ([]byte, error) {
	f, err := c.Do(GetRandom(n))
	if err != nil {
		return nil, err
	}
	return f.Sized(), f.Err()
}

// Primary makes a primary key and gives its handle and its public area.
func (c *Conn) Primary(hierarchy uint32, t Template) (handle uint32, public []byte, err error) {
	f, err := c.Do(CreatePrimary(hierarchy, t))
	if err != nil {
		return 0, nil, err
	}
	handle = f.Handle()
	public = f.Params().Sized()
	return handle, public, f.Err()
}

// NewKey makes a key under a parent and loads it.
func (c *Conn) NewKey(parent uint32, t Template) (uint32, error) {
	f, err := c.Do(Create(parent, t))
	if err != nil {
		return 0, err
	}
	private := f.Params().Sized()
	public := f.Sized()
	if err := f.Err(); err != nil {
		return 0, err
	}
	f, err = c.Do(Load(parent, private, public))
	if err != nil {
		return 0, err
	}
	return f.Handle(), f.Err()
}

// Handles lists the handles in use from first on, within its type.
func (c *Conn) Handles(first uint32) ([]uint32, error) {
	f, err := c.Do(GetCapability(CapHandles, first, 254))
	if err != nil {
		return nil, err
	}
	f.Raw(5)
	var all []uint32
	for range min(f.U32(), 254) {
		all = append(all, f.U32())
	}
	return all, f.Err()
}

// ReadNV reads an ordinary index.
func (c *Conn) ReadNV(index uint32, size int) ([]byte, error) {
	f, err := c.Do(NVRead(index, size))
	if err != nil {
		return nil, err
	}
	return f.Params().Sized(), f.Err()
}
