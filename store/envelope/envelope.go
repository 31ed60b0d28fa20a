// Package envelope puts around the state of a TPM what swtpm puts around it: a header, records, and encryption with a
// file key and a migration key. Its functions turn bytes into bytes, exactly as swtpm writes and reads them; they open
// no file and take random bytes from their caller.
//
// [Seal] and [Open] are for stored state, [Keys.Export] and [Keys.Import] for state that moves to another TPM. No
// input makes them panic or allocate more than a small multiple of its size.
package envelope

import (
	"errors"
	"fmt"
	"io"
)

// Errors of this package, to be told apart with errors.Is. Each comes with words that say what to do.
var (
	// ErrHeader: the header is not one, or says another length.
	ErrHeader = errors.New("the state has a bad header")
	// ErrHeaderSize: the header is of another size.
	ErrHeaderSize = errors.New("the state's header has an unknown size")
	// ErrVersion: written by a later version that an old reader must not read.
	ErrVersion = errors.New("the state has a later format")
	// ErrForeign: something that no version of any TPM wrote.
	ErrForeign = errors.New("this is not the state of a TPM")
	// ErrNoKey: encrypted, and the key was not given.
	ErrNoKey = errors.New("the state is encrypted and the key is missing")
	// ErrNotEncrypted: a key was given and the state is plain.
	ErrNotEncrypted = errors.New("a key was given but the state is not encrypted")
	// ErrKeySize: the key has another length than the one it was encrypted with.
	ErrKeySize = errors.New("wrong length of key")
	// ErrDecrypt: wrong key, or altered.
	ErrDecrypt = errors.New("the state cannot be decrypted")
	// ErrDamaged: the header is good and what follows is not.
	ErrDamaged = errors.New("the state is damaged")
	// ErrEmpty: a blob that says that the state does not exist.
	ErrEmpty = errors.New("the blob holds no state")
)

func damaged(why string) error {
	return fmt.Errorf("%w: %s; restore it from a backup", ErrDamaged, why)
}

// Seal returns what is stored for a state: with a key encrypted, with nil plain. rand is for the IV.
func Seal(state []byte, key *Key, rand io.Reader) ([]byte, error) {
	body, f, err := sealInner(state, key, rand)
	if err != nil {
		return nil, err
	}
	defer clear(body) // without a key it is plain
	return addHeader(f, body), nil
}

func sealInner(state []byte, key *Key, rand io.Reader) ([]byte, flags, error) {
	if key == nil {
		return appendRecord(nil, tagPlain, state), 0, nil
	}
	body, err := key.encrypt(fileTags, state, rand)
	return body, flagFileKey | key.sizeFlag(flagFile256), err
}

func (k *Key) sizeFlag(f flags) flags {
	if k.Bits() == 256 {
		return f
	}
	return 0
}

// Open returns the state in what was stored. It must be encrypted exactly if there is a key.
func Open(blob []byte, key *Key) ([]byte, error) {
	h, body, err := splitHeader(blob)
	if err != nil {
		return nil, err
	}
	encrypted := h.flags&flagFileKey != 0
	if key != nil && !encrypted {
		return nil, fmt.Errorf("%w: run without --key, or make the state new with it", ErrNotEncrypted)
	}
	return openInner(h, body, encrypted, key)
}

// openInner opens the layer of the file key.
func openInner(h header, body []byte, encrypted bool, key *Key) ([]byte, error) {
	if encrypted {
		if err := checkKey(key, h.flags, flagFile256, "--key"); err != nil {
			return nil, err
		}
	}
	if h.version == 1 {
		if encrypted {
			return key.decryptV1(body)
		}
		return append([]byte{}, body...), nil
	}
	r, err := parseRecords(body)
	if err != nil {
		return nil, err
	}
	if encrypted {
		return key.decrypt(fileTags, r)
	}
	state, ok := r[tagPlain]
	if !ok {
		return nil, damaged("there is no plain state in it")
	}
	return append([]byte{}, state...), nil
}

// checkKey checks that a key is there and of the length that the flags tell.
func checkKey(key *Key, f, big flags, option string) error {
	if key == nil {
		return fmt.Errorf("%w: give the key it was written with, with %s", ErrNoKey, option)
	}
	want := 128
	if f&big != 0 {
		want = 256
	}
	if key.Bits() != want {
		return fmt.Errorf("%w: the state was encrypted with %d bits and the key has %d; set the mode of %s", ErrKeySize, want, key.Bits(), option)
	}
	return nil
}
