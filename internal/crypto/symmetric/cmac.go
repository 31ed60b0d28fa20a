package symmetric

import (
	"bytes"
	"crypto/cipher"
	"crypto/subtle"
)

// CMAC is the cipher-based message authentication code of SP 800-38B
// (TPM_ALG_CMAC), as a hash.Hash.
type CMAC struct {
	b     cipher.Block
	chain []byte // value chained from the blocks before
	buf   []byte // bytes not yet processed: the last block is special
	n     int    // how many of them
}

// NewCMAC starts a CMAC with cipher b.
func NewCMAC(b cipher.Block) *CMAC {
	return &CMAC{b: b, chain: make([]byte, b.BlockSize()), buf: make([]byte, b.BlockSize())}
}

// Size returns the size of the MAC, one block.
func (c *CMAC) Size() int { return c.b.BlockSize() }

// BlockSize returns the block size of the cipher.
func (c *CMAC) BlockSize() int { return c.b.BlockSize() }

// Reset starts again with the same key.
func (c *CMAC) Reset() {
	clear(c.chain)
	clear(c.buf)
	c.n = 0
}

// State returns what the CMAC has taken in so far: the chained value, then the
// bytes not yet processed.
func (c *CMAC) State() []byte { return append(bytes.Clone(c.chain), c.buf[:c.n]...) }

// SetState goes on from a state. It reports whether the state can be one of
// this cipher: once there is a chained value, the last block waits.
func (c *CMAC) SetState(state []byte) bool {
	size := c.b.BlockSize()
	if len(state) < size || len(state) > 2*size {
		return false
	}
	if len(state) == size && subtle.ConstantTimeCompare(state, make([]byte, size)) == 0 {
		return false
	}
	copy(c.chain, state)
	c.n = copy(c.buf, state[size:])
	return true
}

// Write absorbs p. It never fails.
func (c *CMAC) Write(p []byte) (int, error) {
	written := len(p)
	for len(p) > 0 {
		if c.n == len(c.buf) {
			subtle.XORBytes(c.chain, c.chain, c.buf)
			c.b.Encrypt(c.chain, c.chain)
			c.n = 0
		}
		n := copy(c.buf[c.n:], p)
		c.n += n
		p = p[n:]
	}
	return written, nil
}

// Sum appends the MAC of what was written to in; more may be written after.
func (c *CMAC) Sum(in []byte) []byte {
	size := c.b.BlockSize()
	k := make([]byte, size) // K1, or K2 for a partial last block
	c.b.Encrypt(k, k)
	double(k)
	last := make([]byte, size)
	if copy(last, c.buf[:c.n]) < size {
		double(k)
		last[c.n] = 0x80
	}
	subtle.XORBytes(last, last, k)
	subtle.XORBytes(last, last, c.chain)
	c.b.Encrypt(last, last)
	clear(k)
	return append(in, last...)
}

// double multiplies by x in the field of SP 800-38B, 5.3.
func double(k []byte) {
	poly := byte(0x87)
	if len(k) == 8 {
		poly = 0x1b
	}
	carry := byte(0)
	for i := len(k) - 1; i >= 0; i-- {
		k[i], carry = k[i]<<1|carry, k[i]>>7
	}
	k[len(k)-1] ^= poly & -carry
}
