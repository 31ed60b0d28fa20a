// Package sm3 is the hash SM3 of GB/T 32905-2016 (ISO/IEC 10118-3:2018;
// Part 1, 45.3), 256 bits from blocks of 512.
//
// A running hash can be written down and taken up again: New returns a value
// that is also an encoding.BinaryMarshaler, BinaryAppender and
// BinaryUnmarshaler. The format is that of crypto/sha256 with another magic.
// Start at New and Sum.
package sm3

import (
	"encoding/binary"
	"errors"
	"hash"
	"math/bits"
)

// Size and BlockSize are in bytes.
const (
	Size      = 32
	BlockSize = 64
)

const (
	magic         = "sm3\x01"
	marshaledSize = len(magic) + Size + BlockSize + 8
)

// initial is the IV of GB/T 32905, 4.1.
var initial = [8]uint32{
	0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600, 0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e,
}

type digest struct {
	v   [8]uint32
	buf [BlockSize]byte
	n   int    // bytes in buf
	len uint64 // bytes in all
}

// New starts an SM3 hash.
func New() hash.Hash { return &digest{v: initial} }

// Sum returns the SM3 hash of data.
func Sum(data []byte) [Size]byte {
	d := digest{v: initial}
	d.Write(data)
	return d.finish()
}

func (d *digest) Size() int      { return Size }
func (d *digest) BlockSize() int { return BlockSize }
func (d *digest) Reset()         { *d = digest{v: initial} }

func (d *digest) Write(p []byte) (int, error) {
	written := len(p)
	d.len += uint64(written)
	if d.n > 0 {
		k := copy(d.buf[d.n:], p)
		d.n += k
		p = p[k:]
		if d.n < BlockSize {
			return written, nil
		}
		d.blocks(d.buf[:])
		d.n = 0
	}
	whole := len(p) &^ (BlockSize - 1)
	d.blocks(p[:whole])
	d.n = copy(d.buf[:], p[whole:])
	return written, nil
}

func (d *digest) Sum(in []byte) []byte {
	end := *d
	sum := end.finish()
	return append(in, sum[:]...)
}

// finish pads (GB/T 32905, 5.2) and returns the hash.
func (d *digest) finish() [Size]byte {
	pad := [BlockSize + 8]byte{0x80}
	zeros := (BlockSize + 56 - 1 - d.n) % BlockSize
	binary.BigEndian.PutUint64(pad[1+zeros:], d.len<<3)
	d.Write(pad[:1+zeros+8])
	var out [Size]byte
	for i, v := range d.v {
		binary.BigEndian.PutUint32(out[4*i:], v)
	}
	return out
}

// blocks runs the compression function over whole blocks (GB/T 32905, 5.3).
func (d *digest) blocks(p []byte) {
	var w [68]uint32
	for ; len(p) >= BlockSize; p = p[BlockSize:] {
		for i := range 16 {
			w[i] = binary.BigEndian.Uint32(p[4*i:])
		}
		for i := 16; i < 68; i++ {
			x := w[i-16] ^ w[i-9] ^ bits.RotateLeft32(w[i-3], 15)
			x ^= bits.RotateLeft32(x, 15) ^ bits.RotateLeft32(x, 23) // P1
			w[i] = x ^ bits.RotateLeft32(w[i-13], 7) ^ w[i-6]
		}
		d.compress(&w)
	}
}

func (d *digest) compress(w *[68]uint32) {
	a, b, c, dd, e, f, g, h := d.v[0], d.v[1], d.v[2], d.v[3], d.v[4], d.v[5], d.v[6], d.v[7]
	for j := range 64 {
		var ff, gg, t uint32
		if j < 16 {
			ff, gg, t = a^b^c, e^f^g, 0x79cc4519
		} else {
			ff, gg, t = a&b|a&c|b&c, e&f|^e&g, 0x7a879d8a
		}
		a12 := bits.RotateLeft32(a, 12)
		ss1 := bits.RotateLeft32(a12+e+bits.RotateLeft32(t, j%32), 7)
		tt1 := ff + dd + (ss1 ^ a12) + (w[j] ^ w[j+4])
		tt2 := gg + h + ss1 + w[j]
		a, b, c, dd = tt1, a, bits.RotateLeft32(b, 9), c
		e, f, g, h = tt2^bits.RotateLeft32(tt2, 9)^bits.RotateLeft32(tt2, 17), e, bits.RotateLeft32(f, 19), g
	}
	for i, v := range [8]uint32{a, b, c, dd, e, f, g, h} {
		d.v[i] ^= v
	}
}

// AppendBinary appends the running state to b.
func (d *digest) AppendBinary(b []byte) ([]byte, error) {
	b = append(b, magic...)
	for _, v := range d.v {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	b = append(b, d.buf[:d.n]...)
	b = append(b, make([]byte, BlockSize-d.n)...)
	return binary.BigEndian.AppendUint64(b, d.len), nil
}

// MarshalBinary returns the running state.
func (d *digest) MarshalBinary() ([]byte, error) {
	return d.AppendBinary(make([]byte, 0, marshaledSize))
}

// UnmarshalBinary takes up the state that MarshalBinary wrote.
func (d *digest) UnmarshalBinary(b []byte) error {
	if len(b) != marshaledSize || string(b[:len(magic)]) != magic {
		return errors.New("sm3: not a hash state")
	}
	b = b[len(magic):]
	for i := range d.v {
		d.v[i] = binary.BigEndian.Uint32(b[4*i:])
	}
	b = b[Size:]
	copy(d.buf[:], b)
	d.len = binary.BigEndian.Uint64(b[BlockSize:])
	d.n = int(d.len % BlockSize)
	return nil
}
