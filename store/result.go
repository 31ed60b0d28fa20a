package store

import (
	"errors"

	"govtpm/store/envelope"
)

// Result returns the result code of the control channel for an error of this package or of package envelope: the TPM
// 1.2 code that swtpm answers. An error that says nothing better is TPM_FAIL.
func Result(err error) uint32 {
	if err == nil {
		return 0
	}
	for _, r := range results {
		if errors.Is(err, r.err) {
			return r.code
		}
	}
	return 0x09 // TPM_FAIL
}

var results = []struct {
	err  error
	code uint32
}{
	{envelope.ErrHeader, 0x03},     // TPM_BAD_PARAMETER
	{envelope.ErrNoKey, 0x0d},      // TPM_KEYNOTFOUND
	{envelope.ErrDecrypt, 0x21},    // TPM_DECRYPT_ERROR
	{envelope.ErrKeySize, 0x28},    // TPM_BAD_KEY_PROPERTY
	{envelope.ErrHeaderSize, 0x2b}, // TPM_BAD_DATASIZE
	{envelope.ErrVersion, 0x2e},    // TPM_BAD_VERSION
	{envelope.ErrForeign, 0x2e},
	{ErrNoSpace, 0x17},   // TPM_SIZE
	{ErrKind, 0x03},      // TPM_BAD_PARAMETER
	{ErrNotExist, 0x800}, // TPM_RETRY
}
