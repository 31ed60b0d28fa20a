package nvstate

import "crypto/sha256"

// Content is a digest of what permanent state promises to clients: keys, indexes, authorizations, counters. It is the same
// for two blobs that differ only in what any start of a TPM may change: versions of the program, clock and generator as
// they were saved last, and the form in which the state is written.
func Content(blob []byte) ([sha256.Size]byte, error) {
	p, err := DecodePermanent(blob)
	if err != nil {
		return [sha256.Size]byte{}, err
	}
	d := &p.Data
	d.FirmwareV1, d.FirmwareV2 = 0, 0
	d.PPList.Length, d.AuditCommands.Length = 0, 0
	p.Orderly = OrderlyData{}
	if p.StateReset != nil {
		p.StateReset.NullSeedCompat = 0 // libtpms loses it
	}
	plain, err := p.Encode()
	if err != nil {
		return [sha256.Size]byte{}, err
	}
	defer clear(plain)
	return sha256.Sum256(plain), nil
}
