package envelope

// Info is what the header of a stored or migrated state tells without a key.
type Info struct {
	Version       int  // of the format: 2, or 1 as long ago
	Migration     bool // the blob was on its way to another TPM
	FileKey       int  // bits of the file key the state is encrypted with, 0 without
	MigrationKey  int  // bits of the migration key, 0 without
	PayloadLength int  // bytes behind the header
}

// Describe reads the header of a blob. Its errors are those of [Open].
func Describe(blob []byte) (Info, error) {
	h, body, err := splitHeader(blob)
	if err != nil {
		return Info{}, err
	}
	return Info{
		Version: int(h.version), Migration: h.flags&flagMigration != 0,
		FileKey:       h.flags.keyBits(flagFileKey, flagFile256),
		MigrationKey:  h.flags.keyBits(flagMigrationKey, flagMigration256),
		PayloadLength: len(body),
	}, nil
}

func (f flags) keyBits(encrypted, big flags) int {
	switch {
	case f&encrypted == 0:
		return 0
	case f&big != 0:
		return 256
	}
	return 128
}
