package envelope

import (
	"fmt"
	"io"
)

// Keys are the keys of a TPM process. Either may be nil.
type Keys struct {
	File      *Key // around state in storage
	Migration *Key // around state that moves
}

// Export returns a state as a migration blob, and whether the layer of the file key is in it, as the reader must know.
// decrypted leaves that layer out; the migration key's layer is there whenever there is a migration key.
func (k Keys) Export(state []byte, decrypted bool, rand io.Reader) (blob []byte, encrypted bool, err error) {
	fileKey := k.File
	if decrypted {
		fileKey = nil
	}
	inner, f, err := sealInner(state, fileKey, rand)
	if err != nil {
		return nil, false, err
	}
	defer clear(inner) // without the file key it is plain
	var outer []byte
	if k.Migration == nil {
		outer = appendRecord(nil, tagMigrationPlain, inner)
	} else {
		outer, err = k.Migration.encrypt(migrationTags, inner, rand)
		if err != nil {
			return nil, false, err
		}
		f |= flagMigrationKey | k.Migration.sizeFlag(flagMigration256)
	}
	defer clear(outer)
	return addHeader(f|flagMigration, outer), fileKey != nil, nil
}

// Import returns the state in a migration blob. encrypted is what the sender said about the file key's layer. An empty
// blob, or a header alone, is ErrEmpty.
func (k Keys) Import(blob []byte, encrypted bool) ([]byte, error) {
	if len(blob) == 0 {
		return nil, ErrEmpty
	}
	h, body, err := splitHeader(blob)
	if err != nil {
		return nil, err
	}
	if len(body) == 0 {
		return nil, ErrEmpty
	}
	inner, err := k.openOuter(h, body)
	if err != nil {
		return nil, fmt.Errorf("migration blob: %w", err)
	}
	if h.flags&flagMigrationKey != 0 {
		defer clear(inner)
	}
	state, err := openInner(h, inner, encrypted || h.flags&flagFileKey != 0, k.File)
	if err != nil {
		return nil, fmt.Errorf("migration blob: %w", err)
	}
	return state, nil
}

// openOuter opens the layer of the migration key.
func (k Keys) openOuter(h header, body []byte) ([]byte, error) {
	encrypted := h.flags&flagMigrationKey != 0
	if encrypted {
		if err := checkKey(k.Migration, h.flags, flagMigration256, "--migration-key"); err != nil {
			return nil, err
		}
	}
	if h.version == 1 {
		if encrypted {
			return k.Migration.decryptV1(body)
		}
		return body, nil
	}
	r, err := parseRecords(body)
	if err != nil {
		return nil, err
	}
	if encrypted {
		return k.Migration.decrypt(migrationTags, r)
	}
	inner, ok := r[tagMigrationPlain]
	if !ok {
		return nil, damaged("there is no migration data in it")
	}
	return inner, nil
}
