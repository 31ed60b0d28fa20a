package nvstatetest

import (
	"encoding/binary"

	"govtpm/tpm2/nvstate"
	"govtpm/tpm2/wire"
)

// ContextObject writes the payload of the saved context of an object; in the form of 0.8 and later.
func (r Release) ContextObject(a *nvstate.AnyObject) []byte {
	o := r.out()
	r.anyObject(o, a)
	return o.b
}

func (r Release) anyObject(o *out, a *nvstate.AnyObject) {
	o.head(2, 0xFE9A3974, 1)
	o.u32(uint32(a.Attributes))
	if a.Object != nil {
		r.object(o, a.Object)
	}
	if a.Sequence != nil {
		r.sequence(o, a.Attributes, a.Sequence)
	}
	if a.Extension != nil {
		o.block(func() { sequenceExtension(o, a.Extension) })
		return
	}
	o.end()
}

// sequenceExtension is what no release of libtpms has, and every one skips.
func sequenceExtension(o *out, x *nvstate.SequenceExtension) {
	o.head(2, 0x5E90C0DE, 2)
	o.u8(uint8(x.Kind))
	o.sized(x.Auth)
	if x.Kind == 1 {
		o.u16(uint16(x.CMAC.Cipher))
		o.sized(x.CMAC.Key, x.CMAC.State)
		return
	}
	s := &x.Signature
	o.wire(&s.Scheme)
	o.sized(s.KeyDigest, s.Head)
	hash(o, &s.Hash)
	o.sized(s.OuterPad)
	if x.Kind == 3 {
		if o.u32(uint32(s.TicketHierarchy)); s.TicketHierarchy != wire.RHNull {
			hash(o, &s.Ticket)
		}
	}
}

func (r Release) object(o *out, x *nvstate.Object) {
	minimum := r.Object
	if r.Object == 2 {
		minimum = 1
	}
	o.head(r.Object, 0x75BE73AF, minimum)
	o.wire(&x.Public)
	o.u16(uint16(x.SensitiveType))
	o.sized(x.Auth, x.Seed)
	if x.SensitiveType != 0 {
		o.sized(x.Sensitive)
	}
	if r.Object < 4 || x.SensitiveType == wire.AlgRSA {
		o.block(func() {
			o.head(2, 0x0854EAB2, 1)
			for _, n := range [][]byte{x.PrivateExponent.Q, x.PrivateExponent.DP, x.PrivateExponent.DQ, x.PrivateExponent.QInv} {
				number(o, n)
			}
			o.end()
		})
	} else {
		o.absent()
	}
	o.sized(x.QualifiedName)
	o.u32(uint32(x.EvictHandle))
	o.sized(x.Name)
	switch r.Object {
	case 2:
		o.end()
	case 3:
		o.block(func() {
			o.u8(uint8(x.SeedCompat))
			o.end()
		})
	default:
		o.block(func() {
			o.u8(uint8(x.SeedCompat))
			o.block(func() { o.u32(uint32(x.Hierarchy)) })
		})
	}
}

// number writes words of 64 bits, the least significant first.
func number(o *out, n []byte) {
	words := make([]byte, (len(n)+7)/8*8)
	copy(words[len(words)-len(n):], n)
	o.head(2, 0x2FE736AB, 1)
	o.u16(uint16(len(words)))
	for at := len(words) - 8; at >= 0; at -= 8 {
		o.u64(binary.BigEndian.Uint64(words[at:]))
	}
	o.end()
}

func (r Release) sequence(o *out, kind nvstate.ObjectAttributes, s *nvstate.Sequence) {
	o.head(r.HashObject, 0xB874FE38, 1)
	o.u16(uint16(s.Type))
	o.u16(uint16(s.NameAlg))
	o.u32(uint32(s.ObjectAttributes))
	o.sized(s.Auth)
	switch {
	case kind&nvstate.ObjectHMACSeq != 0:
		hash(o, &s.HMAC)
		o.sized(s.HMACKey)
	case kind&nvstate.ObjectHashSeq != 0 || r.HashObject >= 3:
		o.u16(4)
		for i := range s.Hashes {
			hash(o, &s.Hashes[i])
		}
	}
	o.end()
}

func hash(o *out, h *nvstate.HashState) {
	o.head(2, 0x562878A2, 1)
	o.u8(uint8(h.Type))
	o.u16(uint16(h.Hash))
	o.head(2, 0x349D494B, 1)
	small := func(magic uint32) {
		o.head(2, magic, 1)
		if h.Hash != wire.AlgSHA1 {
			o.u16(8)
		}
		o.raw(h.Chain)
		o.u32(uint32(h.Bits))
		o.u32(uint32(h.Bits >> 32))
		o.sized(h.Block)
		o.u32(h.Buffered)
		if h.Hash != wire.AlgSHA1 {
			o.u32(32)
		}
		o.end()
	}
	large := func(magic, size uint32) {
		o.head(2, magic, 1)
		o.u16(8)
		o.raw(h.Chain)
		o.u64(h.Bits)
		o.u64(h.BitsHigh)
		o.sized(h.Block)
		o.u32(h.Buffered)
		o.u32(size)
		o.end()
	}
	switch h.Hash {
	case wire.AlgSM3_256, wire.AlgSHA3_256, wire.AlgSHA3_384, wire.AlgSHA3_512: // not libtpms'
		o.sized(h.Extension)
	case wire.AlgSHA1:
		small(0x19D46F50)
	case wire.AlgSHA256:
		small(0x6EA059D0)
	case wire.AlgSHA384:
		large(0x14814B08, 48)
	case wire.AlgSHA512:
		large(0x269E8AE0, 64)
	}
	o.end()
	o.end()
}
