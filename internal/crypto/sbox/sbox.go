// Package sbox substitutes bytes by a table in a time, and with accesses to
// memory, that do not depend on the bytes: for block ciphers whose S-boxes have
// no short formula.
//
// Start at At.
package sbox

import "encoding/binary"

// At returns entry i of a table, all of which it reads, as words of eight
// entries. Each bit of i, from the first one on, halves the words that are left;
// a shift takes the byte out of the last.
func At(table *[256]byte, i byte) byte {
	var w [16]uint64
	m := -uint64(i >> 7)
	for j := range w {
		a, b := binary.LittleEndian.Uint64(table[8*j:]), binary.LittleEndian.Uint64(table[128+8*j:])
		w[j] = a ^ m&(a^b)
	}
	m = -uint64(i >> 6 & 1)
	for j := range 8 {
		w[j] ^= m & (w[j] ^ w[j+8])
	}
	m = -uint64(i >> 5 & 1)
	for j := range 4 {
		w[j] ^= m & (w[j] ^ w[j+4])
	}
	m = -uint64(i >> 4 & 1)
	w[0] ^= m & (w[0] ^ w[2])
	w[1] ^= m & (w[1] ^ w[3])
	m = -uint64(i >> 3 & 1)
	w[0] ^= m & (w[0] ^ w[1])
	return byte(w[0] >> (8 * (i & 7)))
}
