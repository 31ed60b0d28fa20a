package envelope

import (
	"encoding/binary"
	"fmt"
)

// header is the 10 bytes before every stored or migrated state, big endian:
//
//	0 version      2, or 1 for bodies that are only read
//	1 min_version  the lowest version a reader must know
//	2 size         of the header
//	4 flags
//	6 total        length of header and body
type header struct {
	version uint8
	flags   flags
}

const (
	headerSize     = 10
	currentVersion = 2
	minVersion     = 1
	// plausibleVersion is the highest version that is not taken for a sign of something else altogether, such as a text.
	plausibleVersion = 8
)

type flags uint16

const (
	flagFileKey      flags = 1 << iota // encrypted with the file key
	flagMigrationKey                   // encrypted with the migration key
	flagMigration                      // the body is a migration body
	flagFile256                        // the file key has 256 bits
	flagMigration256                   // the migration key has 256 bits
)

// addHeader puts the header of the current version before a body.
func addHeader(f flags, body []byte) []byte {
	b := make([]byte, headerSize, headerSize+len(body))
	b[0], b[1] = currentVersion, minVersion
	binary.BigEndian.PutUint16(b[2:], headerSize)
	binary.BigEndian.PutUint16(b[4:], uint16(f))
	binary.BigEndian.PutUint32(b[6:], uint32(headerSize+len(body)))
	return append(b, body...)
}

// splitHeader checks the header of a blob and returns it and the body.
func splitHeader(blob []byte) (header, []byte, error) {
	if len(blob) < headerSize {
		return header{}, nil, fmt.Errorf("%w: %d bytes are less than its header; restore it from a backup", ErrHeader, len(blob))
	}
	h := header{version: blob[0], flags: flags(binary.BigEndian.Uint16(blob[4:]))}
	if blob[1] > plausibleVersion {
		return h, nil, fmt.Errorf("%w: check the name of the file; if it is the right one, restore it from a backup", ErrForeign)
	}
	if m := blob[1]; m > currentVersion {
		return h, nil, fmt.Errorf("%w: a program that knows version %d is needed", ErrVersion, m)
	}
	if n := binary.BigEndian.Uint16(blob[2:]); n != headerSize {
		return h, nil, fmt.Errorf("%w: %d instead of %d; restore it from a backup", ErrHeaderSize, n, headerSize)
	}
	if n := binary.BigEndian.Uint32(blob[6:]); uint64(n) != uint64(len(blob)) {
		return h, nil, fmt.Errorf("%w: it should have %d bytes and has %d; restore it from a backup", ErrHeader, n, len(blob))
	}
	if h.version == 0 {
		return h, nil, fmt.Errorf("%w: version 0; restore it from a backup", ErrHeader)
	}
	return h, blob[headerSize:], nil
}
