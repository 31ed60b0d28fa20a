package symmetric

import (
	"crypto/cipher"
	"crypto/subtle"
)

// Mode is a mode of operation by its TPM_ALG_ID (Part 2, 6.3).
type Mode uint16

// The modes of operation.
const (
	CTR Mode = 0x0040
	OFB Mode = 0x0041
	CBC Mode = 0x0042
	CFB Mode = 0x0043
	ECB Mode = 0x0044
)

// IVSize returns the size of the IV of mode m over cipher b: one block, or
// nothing for ECB.
func IVSize(b cipher.Block, m Mode) int {
	if m == ECB {
		return 0
	}
	return b.BlockSize()
}

// check holds the rules of Part 3, 15.1: the IV is a block (empty for ECB), and
// CBC and ECB take whole blocks.
func check(b cipher.Block, m Mode, iv, dst, src []byte) error {
	switch {
	case m < CTR || m > ECB:
		return ErrAlgorithm
	case len(iv) != IVSize(b, m):
		return ErrIVSize
	case (m == CBC || m == ECB) && len(src)%b.BlockSize() != 0:
		return ErrDataSize
	case len(dst) < len(src):
		return ErrBuffer
	}
	return nil
}

// Encrypt encrypts src to dst, which may be the same, and replaces iv by the
// chaining value for the data that follows. In CTR that is the next counter;
// otherwise the last block fed back. After a partial last block of CFB or OFB
// the bytes behind the data are those of the key stream, as libtpms does.
func Encrypt(b cipher.Block, m Mode, iv, dst, src []byte) error {
	if err := check(b, m, iv, dst, src); err != nil {
		return err
	}
	switch m {
	case CBC:
		if len(src) > 0 {
			cipher.NewCBCEncrypter(b, iv).CryptBlocks(dst, src)
			copy(iv, dst[len(src)-len(iv):])
		}
	case CFB:
		encryptCFB(b, iv, dst, src)
	case ECB:
		for n := b.BlockSize(); len(src) > 0; src, dst = src[n:], dst[n:] {
			b.Encrypt(dst, src)
		}
	default:
		stream(b, m, iv, dst, src)
	}
	return nil
}

// Decrypt undoes Encrypt and replaces iv by the same rules.
func Decrypt(b cipher.Block, m Mode, iv, dst, src []byte) error {
	if err := check(b, m, iv, dst, src); err != nil {
		return err
	}
	switch m {
	case CBC:
		if len(src) > 0 {
			d := cipher.NewCBCDecrypter(b, iv)
			copy(iv, src[len(src)-len(iv):])
			d.CryptBlocks(dst, src)
		}
	case CFB:
		decryptCFB(b, iv, dst, src)
	case ECB:
		for n := b.BlockSize(); len(src) > 0; src, dst = src[n:], dst[n:] {
			b.Decrypt(dst, src)
		}
	default:
		stream(b, m, iv, dst, src)
	}
	return nil
}

// stream is the modes whose two directions are one.
func stream(b cipher.Block, m Mode, iv, dst, src []byte) {
	if m == OFB {
		for len(src) > 0 {
			b.Encrypt(iv, iv)
			n := subtle.XORBytes(dst, src, iv)
			src, dst = src[n:], dst[n:]
		}
		return
	}
	cipher.NewCTR(b, iv).XORKeyStream(dst[:len(src)], src)
	advance(iv, (len(src)+len(iv)-1)/len(iv))
}

// advance adds n to a big-endian counter that wraps around.
func advance(counter []byte, n int) {
	carry := uint64(n)
	for i := len(counter) - 1; i >= 0 && carry > 0; i-- {
		carry += uint64(counter[i])
		counter[i] = byte(carry)
		carry >>= 8
	}
}

func encryptCFB(b cipher.Block, iv, dst, src []byte) {
	for len(src) > 0 {
		b.Encrypt(iv, iv)
		n := subtle.XORBytes(iv, iv, src)
		copy(dst, iv[:n])
		src, dst = src[n:], dst[n:]
	}
}

func decryptCFB(b cipher.Block, iv, dst, src []byte) {
	var in [16]byte
	for len(src) > 0 {
		b.Encrypt(iv, iv)
		n := copy(in[:len(iv)], src)
		subtle.XORBytes(dst, iv, in[:n])
		copy(iv, in[:n])
		src, dst = src[n:], dst[n:]
	}
}
