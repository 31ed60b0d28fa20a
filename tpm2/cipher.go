package tpm2

import (
	"bytes"

	"govtpm/internal/crypto/symmetric"
	"govtpm/tpm2/wire"
)

// symmetricBlockSize is the block size of a block cipher in bytes, 0 for what is not one.
func symmetricBlockSize(alg wire.Alg) int { return symmetric.BlockSize(symmetric.Algorithm(alg)) }

// cryptCFB encrypts or decrypts data in place with full-block feedback, the mode of everything that the TPM protects
// itself (Part 1, 8.4.7.1). key and iv must have sizes of alg; an error is an internal fault.
func (t *TPM) cryptCFB(alg wire.Alg, key, iv, data []byte, encrypt bool) error {
	_, err := cryptData(alg, wire.AlgCFB, key, iv, data, encrypt)
	return err
}

// cryptData encrypts or decrypts data in place and returns the chaining value for the data that follows
// (Part 3, 15.1). iv is left as it is.
func cryptData(alg, mode wire.Alg, key, iv, data []byte, encrypt bool) (next []byte, err error) {
	b, err := symmetric.NewCipher(symmetric.Algorithm(alg), key)
	if err != nil {
		return nil, internalf("cipher %v: %w", alg, err)
	}
	next = bytes.Clone(iv)
	if encrypt {
		err = symmetric.Encrypt(b, symmetric.Mode(mode), next, data, data)
	} else {
		err = symmetric.Decrypt(b, symmetric.Mode(mode), next, data, data)
	}
	if err != nil {
		return nil, internalf("cipher %v in mode %v: %w", alg, mode, err)
	}
	return next, nil
}
