package envelope

import (
	"crypto/pbkdf2"
	"crypto/sha512"
	"fmt"
)

// Key is an AES key for state: 128 or 256 bits. A nil *Key is no key.
type Key struct{ k []byte }

// NewKey copies a key of 16 or 32 bytes.
func NewKey(k []byte) (*Key, error) {
	if len(k) != 16 && len(k) != 32 {
		return nil, fmt.Errorf("%w: %d bits instead of 128 or 256", ErrKeySize, 8*len(k))
	}
	return &Key{append([]byte{}, k...)}, nil
}

// Bits returns the length of the key: 128 or 256.
func (k *Key) Bits() int { return 8 * len(k.k) }

// Wipe forgets the key. It cannot be used afterwards.
func (k *Key) Wipe() {
	if k != nil {
		clear(k.k)
		k.k = nil
	}
}

// String keeps the key out of logs.
func (k *Key) String() string { return "[key]" }

// GoString keeps the key out of logs.
func (k *Key) GoString() string { return "[key]" }

// KDF is a way to make a key of a passphrase.
type KDF uint8

// Key derivations, as swtpm names them.
const (
	PBKDF2 KDF = iota // PBKDF2-HMAC-SHA512, salt "swtpm", 1000 iterations
	SHA512            // the first bytes of SHA-512
)

const (
	pbkdf2Salt       = "swtpm"
	pbkdf2Iterations = 1000
)

// DeriveKey makes a key of 128 or 256 bits of a passphrase. All bytes count, a newline at the end too.
func DeriveKey(passphrase []byte, f KDF, bits int) (*Key, error) {
	if bits != 128 && bits != 256 {
		return nil, fmt.Errorf("%w: %d bits instead of 128 or 256", ErrKeySize, bits)
	}
	switch f {
	case PBKDF2:
		k, err := pbkdf2.Key(sha512.New, string(passphrase), []byte(pbkdf2Salt), pbkdf2Iterations, bits/8)
		if err != nil {
			return nil, err
		}
		return &Key{k}, nil
	case SHA512:
		sum := sha512.Sum512(passphrase)
		defer clear(sum[:])
		return NewKey(sum[:bits/8])
	}
	return nil, fmt.Errorf("unknown key derivation %d", f)
}
