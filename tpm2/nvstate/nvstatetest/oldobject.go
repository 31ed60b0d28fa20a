package nvstatetest

import (
	"encoding/binary"

	"govtpm/tpm2/nvstate"
	"govtpm/tpm2/wire"
)

// cMemory lays out a C structure on a 64-bit little-endian host: each field at a multiple of its size.
type cMemory struct{ b []byte }

func (c *cMemory) align(n int) {
	for len(c.b)%n != 0 {
		c.b = append(c.b, 0)
	}
}

func (c *cMemory) u16(v ...uint16) {
	c.align(2)
	for _, w := range v {
		c.b = binary.LittleEndian.AppendUint16(c.b, w)
	}
}

func (c *cMemory) u32(v uint32) {
	c.align(4)
	c.b = binary.LittleEndian.AppendUint32(c.b, v)
}

func (c *cMemory) u64(v uint64) {
	c.align(8)
	c.b = binary.LittleEndian.AppendUint64(c.b, v)
}

// sized is a buffer with room for so many bytes.
func (c *cMemory) sized(v []byte, room int) {
	c.u16(uint16(len(v)))
	c.b = append(append(c.b, v...), make([]byte, room-len(v))...)
}

// union is an area of a size, of which one form fills a part. All forms begin with a word.
func (c *cMemory) union(size, alignment int, fill func(*cMemory)) {
	c.align(alignment)
	form := &cMemory{}
	fill(form)
	c.b = append(append(c.b, form.b...), make([]byte, size-len(form.b))...)
}

// OldContextObject is the payload of the saved context of an object in libtpms 0.6 and 0.7: the memory of the structure.
func OldContextObject(a *nvstate.AnyObject) []byte {
	x := a.Object
	c := &cMemory{}
	c.u32(uint32(a.Attributes))
	c.u16(uint16(x.Public.Type), uint16(x.Public.NameAlg))
	c.u32(uint32(x.Public.Attributes))
	c.sized(x.Public.AuthPolicy, 64)
	c.union(20, 4, func(c *cMemory) { cParameters(c, &x.Public) })
	c.union(258, 2, func(c *cMemory) { cUnique(c, &x.Public) })
	c.align(4) // the public area ends
	c.u16(uint16(x.SensitiveType))
	c.sized(x.Auth, 64)
	c.sized(x.Seed, 64)
	c.union(642, 2, func(c *cMemory) { c.sized(x.Sensitive, 640) })
	for _, n := range [][]byte{x.PrivateExponent.Q, x.PrivateExponent.DP, x.PrivateExponent.DQ, x.PrivateExponent.QInv} {
		padded := append(make([]byte, (8-len(n)%8)%8), n...)
		c.u64(17)
		c.u64(uint64(len(padded) / 8))
		for at := len(padded) - 8; at >= 0; at -= 8 {
			c.u64(binary.BigEndian.Uint64(padded[at:]))
		}
		for range 17 - len(padded)/8 {
			c.u64(0)
		}
	}
	c.sized(x.QualifiedName, 68)
	c.u32(uint32(x.EvictHandle))
	c.sized(x.Name, 68)
	c.u32(0)
	c.align(8)
	return c.b
}

func cParameters(c *cMemory, p *wire.TPMTPublic) {
	symmetric := func(s *wire.TPMTSymDefObject) {
		b := append(wire.Marshal(s), 0, 0, 0, 0)
		c.u16(binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:]), binary.BigEndian.Uint16(b[4:]))
	}
	asymmetric := func(scheme wire.Marshaler) {
		b := append(wire.Marshal(scheme), 0, 0, 0, 0)
		c.u16(binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:]), binary.BigEndian.Uint16(b[4:]))
	}
	switch p.Type {
	case wire.AlgKeyedHash:
		asymmetric(&p.Parameters.KeyedHash)
	case wire.AlgSymCipher:
		symmetric(&p.Parameters.Sym.Sym)
	case wire.AlgRSA:
		symmetric(&p.Parameters.RSA.Symmetric)
		asymmetric(&p.Parameters.RSA.Scheme)
		c.u16(p.Parameters.RSA.KeyBits)
		c.u32(p.Parameters.RSA.Exponent)
	case wire.AlgECC:
		symmetric(&p.Parameters.ECC.Symmetric)
		asymmetric(&p.Parameters.ECC.Scheme)
		c.u16(uint16(p.Parameters.ECC.CurveID))
		b := append(wire.Marshal(&p.Parameters.ECC.KDF), 0, 0)
		c.u16(binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:]))
	}
}

func cUnique(c *cMemory, p *wire.TPMTPublic) {
	switch p.Type {
	case wire.AlgKeyedHash:
		c.sized(p.Unique.KeyedHash, 64)
	case wire.AlgSymCipher:
		c.sized(p.Unique.Sym, 64)
	case wire.AlgRSA:
		c.sized(p.Unique.RSA, 256)
	case wire.AlgECC:
		c.sized(p.Unique.ECC.X, 80)
		c.sized(p.Unique.ECC.Y, 80)
	}
}
