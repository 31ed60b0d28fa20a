package nvstate

import (
	"bytes"
	"encoding/binary"

	"govtpm/tpm2/wire"
)

// OldObjectSize is the size of the payload of an object that libtpms 0.6 or 0.7 saved: the memory of its structure. It
// is the same on every 64-bit little-endian host, and on others padded to the same size.
const OldObjectSize = 1896

// Offsets in that memory. A buffer is a 16-bit size with its largest content behind it; an area that is a union in C is
// as large as the largest of its forms.
const (
	oldPublic     = 4 // type, nameAlg (2 each), objectAttributes (4), policy
	oldParameters = 80
	oldUnique     = 100 // and the second coordinate of an ECC point behind the first
	oldUniqueY    = oldUnique + 2 + oldMaxCoordinate
	oldSensitive  = 360 // type (2)
	oldAuth       = 362
	oldSeed       = 428
	oldSecret     = 494
	oldExponents  = 1136 // four numbers
	oldQualified  = 1744
	oldEvict      = 1816
	oldName       = 1820
)

// Bounds of buffers in that memory, where they are not those of the format.
const (
	oldMaxModulus    = 256
	oldMaxCoordinate = 80
	oldMaxSecret     = 640
)

// oldNumber is how a number lies in that memory: the words allocated and used (8 bytes each), then the words, the least
// significant first.
const (
	oldNumberWords = 17
	oldNumberSize  = 8 + 8 + 8*oldNumberWords
)

// isOldObject says whether a payload is of libtpms before 0.8: it lacks the header of the later form.
func isOldObject(payload []byte) bool {
	return len(payload) >= 6 && binary.BigEndian.Uint32(payload[2:]) != anyObjectHeader.magic
}

// memory reads that memory. The first error sticks.
type memory struct {
	b   []byte
	err *Error
}

func (m *memory) fail(kind Kind, at int, detail string) {
	if m.err == nil {
		m.err = &Error{Kind: kind, Structure: "saved object of libtpms before 0.8", Offset: at, Detail: detail}
	}
}

func (m *memory) u16(at int) uint16 { return binary.LittleEndian.Uint16(m.b[at:]) }
func (m *memory) u32(at int) uint32 { return binary.LittleEndian.Uint32(m.b[at:]) }

// sized is the buffer at an offset; an empty one is nil.
func (m *memory) sized(at, limit int) []byte {
	n := int(m.u16(at))
	if n > limit {
		m.fail(ErrSize, at, "a buffer is too long")
		return nil
	}
	if n == 0 {
		return nil
	}
	return bytes.Clone(m.b[at+2 : at+2+n])
}

// decodeOldObject reads an object that libtpms 0.6 or 0.7 saved. Its seed had the level of that time. A sequence has the
// contexts of a hash library in it, with pointers: nothing can go on with that, libtpms itself neither.
func decodeOldObject(payload []byte) (*AnyObject, error) {
	m := &memory{b: payload}
	attributes := ObjectAttributes(binary.LittleEndian.Uint32(payload))
	switch {
	case attributes&objectSequences != 0:
		m.fail(ErrMagic, 0, "a sequence of that time is lost with the process that ran it; start it again")
	case len(payload) != OldObjectSize:
		m.fail(ErrSize, 0, "it is not of a 64-bit host")
	case attributes&ObjectOccupied == 0 || attributes>>18 != 0:
		m.fail(ErrValue, 0, "attributes of no object")
	}
	if m.err != nil {
		return nil, m.err
	}
	o := &Object{
		QualifiedName: m.sized(oldQualified, maxName), EvictHandle: wire.Handle(m.u32(oldEvict)), Name: m.sized(oldName, maxName),
		SeedCompat: SeedCompatOriginal, Hierarchy: attributes.hierarchy(),
	}
	m.public(&o.Public)
	if attributes&ObjectPublicOnly == 0 {
		m.sensitive(o)
	}
	if attributes&ObjectPrivateExp != 0 {
		for i, n := range []*[]byte{&o.PrivateExponent.Q, &o.PrivateExponent.DP, &o.PrivateExponent.DQ, &o.PrivateExponent.QInv} {
			*n = m.number(oldExponents + i*oldNumberSize)
		}
	}
	if m.err != nil {
		return nil, m.err
	}
	return &AnyObject{Attributes: attributes, Object: o}, nil
}

func (m *memory) sensitive(o *Object) {
	o.SensitiveType = wire.Alg(m.u16(oldSensitive))
	o.Auth, o.Seed = m.sized(oldAuth, maxDigest), m.sized(oldSeed, maxDigest)
	if o.Sensitive = m.sized(oldSecret, oldMaxSecret); m.err != nil {
		return
	}
	c := newWriter(LevelNull) // has the bounds of each type
	if o.codeSensitive(c); c.err != nil {
		m.fail(c.err.Kind, oldSensitive, c.err.Detail)
	}
}

func (m *memory) number(at int) []byte {
	words := binary.LittleEndian.Uint64(m.b[at+8:])
	if words > oldNumberWords {
		m.fail(ErrSize, at, "a number is too long")
		return nil
	}
	var n []byte
	for i := int(words) - 1; i >= 0; i-- {
		n = binary.BigEndian.AppendUint64(n, binary.LittleEndian.Uint64(m.b[at+16+8*i:]))
	}
	return trimZeros(n)
}

// public reads the public area by way of its form on the wire: the same words in the same order, without those that the
// chosen algorithms leave out.
func (m *memory) public(p *wire.TPMTPublic) {
	w := words{m: m}
	kind := wire.Alg(w.word(oldPublic))
	w.word(oldPublic + 2)
	w.out = binary.BigEndian.AppendUint32(w.out, m.u32(oldPublic+4))
	w.buffer(oldPublic+8, maxDigest)
	switch kind {
	case wire.AlgKeyedHash:
		w.scheme(oldParameters)
		w.buffer(oldUnique, maxDigest)
	case wire.AlgSymCipher:
		w.symmetric(oldParameters)
		w.buffer(oldUnique, maxDigest)
	case wire.AlgRSA:
		w.symmetric(oldParameters)
		w.scheme(oldParameters + 6)
		w.word(oldParameters + 12)
		w.out = binary.BigEndian.AppendUint32(w.out, m.u32(oldParameters+16)) // the exponent is aligned
		w.buffer(oldUnique, oldMaxModulus)
	case wire.AlgECC:
		w.symmetric(oldParameters)
		w.scheme(oldParameters + 6)
		w.word(oldParameters + 12)
		w.scheme(oldParameters + 14)
		w.buffer(oldUnique, oldMaxCoordinate)
		w.buffer(oldUniqueY, oldMaxCoordinate)
	}
	if m.err != nil {
		return
	}
	r := wire.NewReader(w.out, nil)
	p.UnmarshalOrNull(r)
	if rc := r.End(); rc != wire.RCSuccess {
		m.fail(Kind(rc), oldPublic, "public area: "+rc.String())
	}
}

// words takes numbers and buffers out of that memory and puts them in the order of the wire.
type words struct {
	m   *memory
	out []byte
}

func (w *words) word(at int) uint16 {
	v := w.m.u16(at)
	w.out = binary.BigEndian.AppendUint16(w.out, v)
	return v
}

func (w *words) buffer(at, limit int) {
	b := w.m.sized(at, limit)
	w.out = append(binary.BigEndian.AppendUint16(w.out, uint16(len(b))), b...)
}

// symmetric is an algorithm with the size of its key and its mode, unless it is AlgNull.
func (w *words) symmetric(at int) {
	if wire.Alg(w.word(at)) != wire.AlgNull {
		w.word(at + 2)
		w.word(at + 4)
	}
}

// scheme is a scheme of signing, encryption or key derivation with its hash, and a second word where it has one.
func (w *words) scheme(at int) {
	switch wire.Alg(w.word(at)) {
	case wire.AlgNull, wire.AlgRSAES:
	case wire.AlgECDAA, wire.AlgXOR:
		w.word(at + 2)
		w.word(at + 4)
	default:
		w.word(at + 2)
	}
}
