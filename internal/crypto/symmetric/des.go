package symmetric

import (
	"encoding/binary"
	"math/bits"
)

// A tripleDES is TDEA (SP 800-67, 3.1) over DES (FIPS 46-3), without a memory
// access or branch that depends on key or data: what crypto/des looks up in
// tables is picked out of words here.
type tripleDES [3]desKeys

// desKeys are K1 to K16 of DES, 48 bits each.
type desKeys [16]uint64

// desBlockSize is in bytes.
const desBlockSize = 8

// newTripleDES makes the cipher with K1 ‖ K2 ‖ K3.
func newTripleDES(key []byte) *tripleDES {
	t := new(tripleDES)
	for i := range t {
		t[i] = desSchedule(binary.BigEndian.Uint64(key[8*i:]))
	}
	return t
}

func (t *tripleDES) BlockSize() int { return desBlockSize }

func (t *tripleDES) Encrypt(dst, src []byte) {
	l, r := desEnter(src)
	l, r = t[0].rounds(l, r, 0, 1)
	l, r = t[1].rounds(l, r, 15, -1)
	l, r = t[2].rounds(l, r, 0, 1)
	desLeave(dst, l, r)
}

func (t *tripleDES) Decrypt(dst, src []byte) {
	l, r := desEnter(src)
	l, r = t[2].rounds(l, r, 15, -1)
	l, r = t[1].rounds(l, r, 0, 1)
	l, r = t[0].rounds(l, r, 15, -1)
	desLeave(dst, l, r)
}

// desEnter and desLeave are IP and its inverse. Between two passes of DES they
// undo each other.
func desEnter(src []byte) (l, r uint32) {
	x := permute(binary.BigEndian.Uint64(src), 64, desIP[:])
	return uint32(x >> 32), uint32(x)
}

func desLeave(dst []byte, l, r uint32) {
	binary.BigEndian.PutUint64(dst, permute(uint64(l)<<32|uint64(r), 64, desFP[:]))
}

// rounds are the 16 rounds with the keys from number k on, in either direction;
// the halves come out swapped, as IP⁻¹ takes them.
func (keys *desKeys) rounds(l, r uint32, k, step int) (uint32, uint32) {
	for range 16 {
		l, r = r, l^desF(r, keys[k])
		k += step
	}
	return r, l
}

// desF is the cipher function f. Group i of E(r) is six bits of r in a row, the
// first one bit before the i-th four.
func desF(r uint32, key uint64) uint32 {
	var out uint32
	for i := range desS {
		six := uint64(bits.RotateLeft32(r, 4*i+5)) ^ key>>(42-6*i)
		out = out<<4 | desSelect(&desS[i], six&0x3f)
	}
	return uint32(permute(uint64(out), 32, desP[:]))
}

// desSelect is the entry of an S-box: the outer bits of six choose the row, the
// inner ones the column.
func desSelect(rows *[4]uint64, six uint64) uint32 {
	first, last := -(six >> 5), -(six & 1)
	upper := rows[0] ^ last&(rows[0]^rows[1])
	lower := rows[2] ^ last&(rows[2]^rows[3])
	row := upper ^ first&(upper^lower)
	return uint32(row>>(60-4*(six>>1&15))) & 15
}

// desSchedule is the key schedule; parity bits are left out by PC-1.
func desSchedule(key uint64) desKeys {
	const half = 1<<28 - 1
	cd := permute(key, 64, desPC1[:])
	c, d := cd>>28, cd&half
	var keys desKeys
	for i := range keys {
		n := 2
		if i == 0 || i == 1 || i == 8 || i == 15 {
			n = 1
		}
		c, d = (c<<n|c>>(28-n))&half, (d<<n|d>>(28-n))&half
		keys[i] = permute(c<<28|d, 56, desPC2[:])
	}
	return keys
}

// permute picks bits out of x, which has size of them, by their numbers; bit 1 is
// the first.
func permute(x uint64, size int, numbers []uint8) uint64 {
	var y uint64
	for _, n := range numbers {
		y = y<<1 | x>>(size-int(n))&1
	}
	return y
}

// The tables of FIPS 46-3, IP and IP⁻¹, P, PC-1, PC-2; in desS a row of an S-box is
// a word, its columns from the left on.
var (
	desIP = [64]uint8{
		58, 50, 42, 34, 26, 18, 10, 2, 60, 52, 44, 36, 28, 20, 12, 4, 62, 54, 46, 38, 30, 22, 14, 6, 64, 56, 48, 40, 32, 24, 16, 8,
		57, 49, 41, 33, 25, 17, 9, 1, 59, 51, 43, 35, 27, 19, 11, 3, 61, 53, 45, 37, 29, 21, 13, 5, 63, 55, 47, 39, 31, 23, 15, 7,
	}
	desFP = [64]uint8{
		40, 8, 48, 16, 56, 24, 64, 32, 39, 7, 47, 15, 55, 23, 63, 31, 38, 6, 46, 14, 54, 22, 62, 30, 37, 5, 45, 13, 53, 21, 61, 29,
		36, 4, 44, 12, 52, 20, 60, 28, 35, 3, 43, 11, 51, 19, 59, 27, 34, 2, 42, 10, 50, 18, 58, 26, 33, 1, 41, 9, 49, 17, 57, 25,
	}
	desP = [32]uint8{
		16, 7, 20, 21, 29, 12, 28, 17, 1, 15, 23, 26, 5, 18, 31, 10, 2, 8, 24, 14, 32, 27, 3, 9, 19, 13, 30, 6, 22, 11, 4, 25,
	}
	desPC1 = [56]uint8{
		57, 49, 41, 33, 25, 17, 9, 1, 58, 50, 42, 34, 26, 18, 10, 2, 59, 51, 43, 35, 27, 19, 11, 3, 60, 52, 44, 36,
		63, 55, 47, 39, 31, 23, 15, 7, 62, 54, 46, 38, 30, 22, 14, 6, 61, 53, 45, 37, 29, 21, 13, 5, 28, 20, 12, 4,
	}
	desPC2 = [48]uint8{
		14, 17, 11, 24, 1, 5, 3, 28, 15, 6, 21, 10, 23, 19, 12, 4, 26, 8, 16, 7, 27, 20, 13, 2,
		41, 52, 31, 37, 47, 55, 30, 40, 51, 45, 33, 48, 44, 49, 39, 56, 34, 53, 46, 42, 50, 36, 29, 32,
	}
	desS = [8][4]uint64{
		{0xe4d12fb83a6c5907, 0x0f74e2d1a6cb9538, 0x41e8d62bfc973a50, 0xfc8249175b3ea06d},
		{0xf18e6b34972dc05a, 0x3d47f28ec01a69b5, 0x0e7ba4d158c6932f, 0xd8a13f42b67c05e9},
		{0xa09e63f51dc7b428, 0xd709346a285ecbf1, 0xd6498f30b12c5ae7, 0x1ad069874fe3b52c},
		{0x7de3069a1285bc4f, 0xd8b56f03472c1ae9, 0xa690cb7df13e5284, 0x3f06a1d8945bc72e},
		{0x2c417ab6853fd0e9, 0xeb2c47d150fa3986, 0x421bad78f9c5630e, 0xb8c71e2d6f09a453},
		{0xc1af92680d34e75b, 0xaf427c9561de0b38, 0x9ef528c3704a1db6, 0x432c95fabe17608d},
		{0x4b2ef08d3c975a61, 0xd0b7491ae35c2f86, 0x14bdc37eaf680592, 0x6bd814a7950fe23c},
		{0xd2846fb1a93e50c7, 0x1fd8a374c56b0e92, 0x7b419ce206adf358, 0x21e74a8dfc90356b},
	}
)
