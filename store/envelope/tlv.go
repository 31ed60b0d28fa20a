package envelope

import "encoding/binary"

// A body of version 2 is a sequence of records: tag (2 bytes), length (4 bytes), data; big endian.
type tag uint16

const (
	tagPlain              tag = 1 + iota // the state
	tagEncrypted                         // the state, encrypted with the file key
	tagHMAC                              // over the encrypted data and the IV record of the same sequence
	tagMigrationPlain                    // a sequence of records with tags 1, or 2, 3 and 6
	tagMigrationEncrypted                // the same, encrypted with the migration key
	tagIV                                // for tagEncrypted
	tagMigrationIV                       // for tagMigrationEncrypted
)

const recordHeader = 6

func appendRecord(b []byte, t tag, data []byte) []byte {
	b = binary.BigEndian.AppendUint16(b, uint16(t))
	b = binary.BigEndian.AppendUint32(b, uint32(len(data)))
	return append(b, data...)
}

// records are the records of a body by tag. They alias the body.
type records map[tag][]byte

// parseRecords fails unless the body is a sequence of whole records. Of two with the same tag the first counts, and
// unknown ones are kept, that is, ignored.
func parseRecords(body []byte) (records, error) {
	r := make(records)
	for len(body) > 0 {
		if len(body) < recordHeader {
			return nil, damaged("the last record is cut off")
		}
		t, n := tag(binary.BigEndian.Uint16(body)), binary.BigEndian.Uint32(body[2:])
		body = body[recordHeader:]
		if uint64(n) > uint64(len(body)) {
			return nil, damaged("a record is longer than the rest")
		}
		if _, twice := r[t]; !twice {
			r[t] = body[:n:n]
		}
		body = body[n:]
	}
	return r, nil
}
