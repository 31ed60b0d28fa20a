package drbg

import (
	"crypto/cipher"
	"crypto/subtle"
	"encoding/binary"
)

// derive condenses material of any length into a seed.
//
// It resembles Block_Cipher_df of SP 800-90A, 10.3.2 but differs in three
// places, as libtpms does and as the keys of existing TPMs demand: the value
// to encrypt is carried over from one of the three chains to the next, the
// chain numbers go in as a block of their own, and the chaining values are
// the result without a second pass.
func derive(material ...[]byte) [SeedSize]byte {
	var key [keySize]byte
	for i := range key {
		key[i] = byte(i)
	}
	f := chains{block: newCipher(key[:])}
	for i := range f.iv {
		f.iv[i][3] = byte(i)
	}
	f.absorb()

	total := 0
	for _, m := range material {
		total += len(m)
	}
	// The two lengths replace chain bytes instead of being absorbed.
	binary.BigEndian.PutUint32(f.iv[0][0:], uint32(total))
	binary.BigEndian.PutUint32(f.iv[0][4:], SeedSize)

	f.write([]byte{0, 0, 0, 0}) // where SP 800-90A has the chain number
	for _, m := range material {
		f.write(m)
	}
	f.write([]byte{0x80})
	if f.n > 0 {
		f.absorb() // the rest of in is zero
	}

	var out [SeedSize]byte
	for i := range f.iv {
		copy(out[i*blockSize:], f.iv[i][:])
	}
	return out
}

// chains are the three CBC-MAC-like chains of the derivation function and
// their common input block.
type chains struct {
	block cipher.Block
	iv    [3][blockSize]byte
	in    [blockSize]byte
	n     int // bytes of in that are filled
}

func (f *chains) write(p []byte) {
	for len(p) > 0 {
		c := copy(f.in[f.n:], p)
		f.n, p = f.n+c, p[c:]
		if f.n == blockSize {
			f.absorb()
		}
	}
}

// absorb takes in one block. The running value t is not reset between the
// chains.
func (f *chains) absorb() {
	var t [blockSize]byte
	for i := range f.iv {
		subtle.XORBytes(t[:], t[:], f.iv[i][:])
		subtle.XORBytes(t[:], t[:], f.in[:])
		f.block.Encrypt(f.iv[i][:], t[:])
	}
	clear(f.in[:])
	f.n = 0
}
