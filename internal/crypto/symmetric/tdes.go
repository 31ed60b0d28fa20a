package symmetric

import (
	"crypto/subtle"
	"io"
	"math/bits"
)

// GenerateTDESKey reads size bytes (16 or 24) from rand, sets odd parity and
// draws again as long as ValidateTDESKey refuses the key (as libtpms does).
func GenerateTDESKey(rand io.Reader, size int) ([]byte, error) {
	if !keySizeKnown(TDES, size) {
		return nil, ErrKeySize
	}
	key := make([]byte, size)
	for range 16 { // a refusal is a matter of 2⁻⁵⁰
		if _, err := io.ReadFull(rand, key); err != nil {
			return nil, err
		}
		SetOddParity(key)
		if ValidateTDESKey(key) == nil {
			return key, nil
		}
	}
	return nil, ErrWeakKey
}

// SetOddParity sets the low bit of every byte so that it has an odd number of
// ones (SP 800-67, 3.2).
func SetOddParity(key []byte) {
	for i, b := range key {
		key[i] = b&^1 | ^byte(bits.OnesCount8(b&^1))&1
	}
}

// ValidateTDESKey returns ErrWeakKey if a component is one of the 64 weak,
// semi-weak and possibly weak DES keys (SP 800-67, 3.4.2), or if K1 = K2 or
// K2 = K3. Parity bits do not matter. Equal K1 and K3 are accepted.
func ValidateTDESKey(key []byte) error {
	if !keySizeKnown(TDES, len(key)) {
		return ErrKeySize
	}
	var buf [24]byte
	defer clear(buf[:])
	k := buf[:copy(buf[:], key)]
	SetOddParity(k)
	weak := subtle.ConstantTimeCompare(k[:8], k[8:16])
	if len(k) == 24 {
		weak |= subtle.ConstantTimeCompare(k[8:16], k[16:])
	}
	for ; len(k) > 0; k = k[8:] {
		weak |= weakDES(k[:8])
	}
	if weak != 0 {
		return ErrWeakKey
	}
	return nil
}

// weakDES returns 1 if a DES key with odd parity is weak, semi-weak or possibly
// weak. Each half of such a key's schedule is made from one bit of each byte:
// the high bits of a byte are one value, the low bits another, and in both
// sequences the second four bytes repeat the first four, whose sum is even.
// That leaves eight sequences for each half, 64 keys in all.
func weakDES(k []byte) int {
	diff := k[0] ^ k[1] ^ k[2] ^ k[3] // even sums cancel in all bits
	for i := range 4 {
		hi, lo := -(k[i] >> 7), -(k[i] >> 1 & 1)
		diff |= k[i] ^ (hi&0xe0 | lo&0x1e | k[i]&1)
		diff |= k[i+4] ^ (hi&0xf0 | lo&0x0e | k[i+4]&1)
	}
	return subtle.ConstantTimeByteEq(diff, 0)
}
