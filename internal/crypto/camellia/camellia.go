// Package camellia is the block cipher Camellia of RFC 3713 (ISO/IEC 18033-3)
// with keys of 128, 192 and 256 bits.
//
// It implements crypto/cipher.Block, in a time that does not depend on keys and
// data. Start at NewCipher.
package camellia

import (
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"math/bits"

	"govtpm/internal/crypto/sbox"
)

// BlockSize is in bytes.
const BlockSize = 16

// block holds the subkeys in the order of use, so that decryption only has to
// turn it round.
type block struct {
	white [4]uint64    // kw1 … kw4
	round [4][6]uint64 // k1 … k24 by groups of six; three groups for 128 bits
	layer [3][2]uint64 // ke1 … ke6, between the groups
	n     int          // groups
}

// NewCipher returns Camellia with a key of 16, 24 or 32 bytes.
func NewCipher(key []byte) (cipher.Block, error) {
	var kl, kr pair
	switch len(key) {
	case 16:
	case 24:
		kr = pair{binary.BigEndian.Uint64(key[16:]), ^binary.BigEndian.Uint64(key[16:])}
	case 32:
		kr = pair{binary.BigEndian.Uint64(key[16:]), binary.BigEndian.Uint64(key[24:])}
	default:
		return nil, errors.New("camellia: key is not 16, 24 or 32 bytes")
	}
	kl = pair{binary.BigEndian.Uint64(key), binary.BigEndian.Uint64(key[8:])}
	if len(key) == 16 {
		return schedule128(kl), nil
	}
	return schedule256(kl, kr), nil
}

// pair is a 128-bit word.
type pair struct{ hi, lo uint64 }

func (p pair) xor(q pair) pair { return pair{p.hi ^ q.hi, p.lo ^ q.lo} }

// rotate returns p rotated left by n < 128 bits, in halves.
func (p pair) rotate(n int) (hi, lo uint64) {
	if n >= 64 {
		p.hi, p.lo, n = p.lo, p.hi, n-64
	}
	return p.hi<<n | p.lo>>(64-n), p.lo<<n | p.hi>>(64-n)
}

// mixKeys makes KA and KB (RFC 3713, 2.2).
func mixKeys(kl, kr pair) (ka, kb pair) {
	d := kl.xor(kr)
	d.lo ^= f(d.hi, 0xa09e667f3bcc908b)
	d.hi ^= f(d.lo, 0xb67ae8584caa73b2)
	d = d.xor(kl)
	d.lo ^= f(d.hi, 0xc6ef372fe94f82be)
	d.hi ^= f(d.lo, 0x54ff53a5f1d36f1c)
	ka = d
	d = ka.xor(kr)
	d.lo ^= f(d.hi, 0x10e527fade682d1d)
	d.hi ^= f(d.lo, 0xb05688c2b3e6c1fd)
	return ka, d
}

// schedule128 spreads the subkeys of a 128-bit key (RFC 3713, 2.2).
func schedule128(kl pair) *block {
	ka, _ := mixKeys(kl, pair{})
	c := &block{n: 3}
	k := &c.round
	c.white[0], c.white[1] = kl.rotate(0)
	k[0][0], k[0][1] = ka.rotate(0)
	k[0][2], k[0][3] = kl.rotate(15)
	k[0][4], k[0][5] = ka.rotate(15)
	c.layer[0][0], c.layer[0][1] = ka.rotate(30)
	k[1][0], k[1][1] = kl.rotate(45)
	k[1][2], _ = ka.rotate(45)
	_, k[1][3] = kl.rotate(60)
	k[1][4], k[1][5] = ka.rotate(60)
	c.layer[1][0], c.layer[1][1] = kl.rotate(77)
	k[2][0], k[2][1] = kl.rotate(94)
	k[2][2], k[2][3] = ka.rotate(94)
	k[2][4], k[2][5] = kl.rotate(111)
	c.white[2], c.white[3] = ka.rotate(111)
	return c
}

// schedule256 spreads the subkeys of a 192- or 256-bit key (RFC 3713, 2.2).
func schedule256(kl, kr pair) *block {
	ka, kb := mixKeys(kl, kr)
	c := &block{n: 4}
	k := &c.round
	c.white[0], c.white[1] = kl.rotate(0)
	k[0][0], k[0][1] = kb.rotate(0)
	k[0][2], k[0][3] = kr.rotate(15)
	k[0][4], k[0][5] = ka.rotate(15)
	c.layer[0][0], c.layer[0][1] = kr.rotate(30)
	k[1][0], k[1][1] = kb.rotate(30)
	k[1][2], k[1][3] = kl.rotate(45)
	k[1][4], k[1][5] = ka.rotate(45)
	c.layer[1][0], c.layer[1][1] = kl.rotate(60)
	k[2][0], k[2][1] = kr.rotate(60)
	k[2][2], k[2][3] = kb.rotate(60)
	k[2][4], k[2][5] = kl.rotate(77)
	c.layer[2][0], c.layer[2][1] = ka.rotate(77)
	k[3][0], k[3][1] = kr.rotate(94)
	k[3][2], k[3][3] = ka.rotate(94)
	k[3][4], k[3][5] = kl.rotate(111)
	c.white[2], c.white[3] = kb.rotate(111)
	return c
}

func (c *block) BlockSize() int { return BlockSize }

// Encrypt is RFC 3713, 2.3.
func (c *block) Encrypt(dst, src []byte) {
	_, _ = src[BlockSize-1], dst[BlockSize-1]
	d1 := binary.BigEndian.Uint64(src) ^ c.white[0]
	d2 := binary.BigEndian.Uint64(src[8:]) ^ c.white[1]
	for g := range c.n {
		if g > 0 {
			d1 = fl(d1, c.layer[g-1][0])
			d2 = flInverse(d2, c.layer[g-1][1])
		}
		k := &c.round[g]
		for i := 0; i < 6; i += 2 {
			d2 ^= f(d1, k[i])
			d1 ^= f(d2, k[i+1])
		}
	}
	binary.BigEndian.PutUint64(dst, d2^c.white[2])
	binary.BigEndian.PutUint64(dst[8:], d1^c.white[3])
}

// Decrypt is Encrypt with the subkeys from the end (RFC 3713, 2.3.3).
func (c *block) Decrypt(dst, src []byte) {
	_, _ = src[BlockSize-1], dst[BlockSize-1]
	d1 := binary.BigEndian.Uint64(src) ^ c.white[2]
	d2 := binary.BigEndian.Uint64(src[8:]) ^ c.white[3]
	for g := c.n - 1; g >= 0; g-- {
		k := &c.round[g]
		for i := 5; i > 0; i -= 2 {
			d2 ^= f(d1, k[i])
			d1 ^= f(d2, k[i-1])
		}
		if g > 0 {
			d1 = fl(d1, c.layer[g-1][1])
			d2 = flInverse(d2, c.layer[g-1][0])
		}
	}
	binary.BigEndian.PutUint64(dst, d2^c.white[0])
	binary.BigEndian.PutUint64(dst[8:], d1^c.white[1])
}

// f is the F-function (RFC 3713, 2.4.1). Each byte goes through its S-box and
// is added to the bytes of the result that the P-function sends it to: those
// are the ones in its factor.
func f(x, k uint64) uint64 {
	x ^= k
	return uint64(sbox.At(&sbox1, byte(x>>56)))*0x0101010001000001 ^
		uint64(bits.RotateLeft8(sbox.At(&sbox1, byte(x>>48)), 1))*0x0001010101010000 ^
		uint64(bits.RotateLeft8(sbox.At(&sbox1, byte(x>>40)), 7))*0x0100010100010100 ^
		uint64(sbox.At(&sbox1, bits.RotateLeft8(byte(x>>32), 1)))*0x0101000100000101 ^
		uint64(bits.RotateLeft8(sbox.At(&sbox1, byte(x>>24)), 1))*0x0001010100010101 ^
		uint64(bits.RotateLeft8(sbox.At(&sbox1, byte(x>>16)), 7))*0x0100010101000101 ^
		uint64(sbox.At(&sbox1, bits.RotateLeft8(byte(x>>8), 1)))*0x0101000101010001 ^
		uint64(sbox.At(&sbox1, byte(x)))*0x0101010001010100
}

// fl is the FL-function (RFC 3713, 2.4.2).
func fl(x, k uint64) uint64 {
	x1, x2 := uint32(x>>32), uint32(x)
	x2 ^= bits.RotateLeft32(x1&uint32(k>>32), 1)
	x1 ^= x2 | uint32(k)
	return uint64(x1)<<32 | uint64(x2)
}

// flInverse is the FLINV-function (RFC 3713, 2.4.3).
func flInverse(y, k uint64) uint64 {
	y1, y2 := uint32(y>>32), uint32(y)
	y1 ^= y2 | uint32(k)
	y2 ^= bits.RotateLeft32(y1&uint32(k>>32), 1)
	return uint64(y1)<<32 | uint64(y2)
}

// sbox1 is SBOX1; the other three are it with input or output rotated.
var sbox1 = [256]byte{
	0x70, 0x82, 0x2c, 0xec, 0xb3, 0x27, 0xc0, 0xe5, 0xe4, 0x85, 0x57, 0x35, 0xea, 0x0c, 0xae, 0x41,
	0x23, 0xef, 0x6b, 0x93, 0x45, 0x19, 0xa5, 0x21, 0xed, 0x0e, 0x4f, 0x4e, 0x1d, 0x65, 0x92, 0xbd,
	0x86, 0xb8, 0xaf, 0x8f, 0x7c, 0xeb, 0x1f, 0xce, 0x3e, 0x30, 0xdc, 0x5f, 0x5e, 0xc5, 0x0b, 0x1a,
	0xa6, 0xe1, 0x39, 0xca, 0xd5, 0x47, 0x5d, 0x3d, 0xd9, 0x01, 0x5a, 0xd6, 0x51, 0x56, 0x6c, 0x4d,
	0x8b, 0x0d, 0x9a, 0x66, 0xfb, 0xcc, 0xb0, 0x2d, 0x74, 0x12, 0x2b, 0x20, 0xf0, 0xb1, 0x84, 0x99,
	0xdf, 0x4c, 0xcb, 0xc2, 0x34, 0x7e, 0x76, 0x05, 0x6d, 0xb7, 0xa9, 0x31, 0xd1, 0x17, 0x04, 0xd7,
	0x14, 0x58, 0x3a, 0x61, 0xde, 0x1b, 0x11, 0x1c, 0x32, 0x0f, 0x9c, 0x16, 0x53, 0x18, 0xf2, 0x22,
	0xfe, 0x44, 0xcf, 0xb2, 0xc3, 0xb5, 0x7a, 0x91, 0x24, 0x08, 0xe8, 0xa8, 0x60, 0xfc, 0x69, 0x50,
	0xaa, 0xd0, 0xa0, 0x7d, 0xa1, 0x89, 0x62, 0x97, 0x54, 0x5b, 0x1e, 0x95, 0xe0, 0xff, 0x64, 0xd2,
	0x10, 0xc4, 0x00, 0x48, 0xa3, 0xf7, 0x75, 0xdb, 0x8a, 0x03, 0xe6, 0xda, 0x09, 0x3f, 0xdd, 0x94,
	0x87, 0x5c, 0x83, 0x02, 0xcd, 0x4a, 0x90, 0x33, 0x73, 0x67, 0xf6, 0xf3, 0x9d, 0x7f, 0xbf, 0xe2,
	0x52, 0x9b, 0xd8, 0x26, 0xc8, 0x37, 0xc6, 0x3b, 0x81, 0x96, 0x6f, 0x4b, 0x13, 0xbe, 0x63, 0x2e,
	0xe9, 0x79, 0xa7, 0x8c, 0x9f, 0x6e, 0xbc, 0x8e, 0x29, 0xf5, 0xf9, 0xb6, 0x2f, 0xfd, 0xb4, 0x59,
	0x78, 0x98, 0x06, 0x6a, 0xe7, 0x46, 0x71, 0xba, 0xd4, 0x25, 0xab, 0x42, 0x88, 0xa2, 0x8d, 0xfa,
	0x72, 0x07, 0xb9, 0x55, 0xf8, 0xee, 0xac, 0x0a, 0x36, 0x49, 0x2a, 0x68, 0x3c, 0x38, 0xf1, 0xa4,
	0x40, 0x28, 0xd3, 0x7b, 0xbb, 0xc9, 0x43, 0xc1, 0x15, 0xe3, 0xad, 0xf4, 0x77, 0xc7, 0x80, 0x9e,
}
