package symmetric

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"

	"govtpm/internal/crypto/camellia"
	"govtpm/internal/crypto/sm4"
)

// Algorithm is a block cipher by its TPM_ALG_ID (Part 2, 6.3).
type Algorithm uint16

// The block ciphers.
const (
	TDES     Algorithm = 0x0003
	AES      Algorithm = 0x0006
	SM4      Algorithm = 0x0013
	Camellia Algorithm = 0x0026
)

// Errors of this package.
var (
	ErrAlgorithm = errors.New("symmetric: unknown algorithm or mode")
	ErrKeySize   = errors.New("symmetric: key size not supported")
	ErrWeakKey   = errors.New("symmetric: weak key")
	ErrIVSize    = errors.New("symmetric: wrong size of IV")
	ErrDataSize  = errors.New("symmetric: data not a multiple of the block size")
	ErrBuffer    = errors.New("symmetric: output buffer too short")
)

// BlockSize returns the block size of alg in bytes, 0 if it is unknown.
func BlockSize(alg Algorithm) int {
	switch alg {
	case TDES:
		return desBlockSize
	case AES, SM4, Camellia:
		return aes.BlockSize
	}
	return 0
}

// NewCipher returns the cipher with a key. A TDES key of 16 bytes is K1 ‖ K2,
// with K3 = K1; TDES keys are not tested for weakness here.
func NewCipher(alg Algorithm, key []byte) (cipher.Block, error) {
	if !keySizeKnown(alg, len(key)) {
		if BlockSize(alg) == 0 {
			return nil, ErrAlgorithm
		}
		return nil, ErrKeySize
	}
	switch alg {
	case AES:
		return aes.NewCipher(key)
	case TDES:
		var k [24]byte
		defer clear(k[:])
		copy(k[copy(k[:], key):], key)
		return newTripleDES(k[:]), nil
	case SM4:
		return sm4.NewCipher(key)
	default:
		return camellia.NewCipher(key)
	}
}

func keySizeKnown(alg Algorithm, n int) bool {
	switch alg {
	case AES, Camellia:
		return n == 16 || n == 24 || n == 32
	case TDES:
		return n == 16 || n == 24
	case SM4:
		return n == 16
	}
	return false
}
