package eventlog

import (
	"bytes"
	"crypto/sha1"
	"errors"
)

// Measurements are what the integrity subsystem extended: for each entry the PCR and the data that is hashed for
// every bank.
type Measurements []struct {
	PCR  int
	Data []byte
}

// ParseMeasurements reads binary_runtime_measurements of a little-endian machine with the template ima-ng: PCR, a
// SHA-1 digest, the template's name and its data.
func ParseMeasurements(data []byte) (Measurements, error) {
	r := &reader{b: data}
	var all Measurements
	for len(r.b) > 0 {
		pcr := r.u32()
		digest := r.raw(20)
		name := r.sized()
		body := r.sized()
		if r.short {
			return nil, errors.New("measurement is too short")
		}
		if string(name) == "ima" {
			return nil, errors.New("measurement of the old template")
		}
		if bytes.Equal(digest, make([]byte, 20)) {
			body = nil // a violation: every bank was extended with ones
		}
		all = append(all, struct {
			PCR  int
			Data []byte
		}{int(pcr), body})
	}
	return all, nil
}

// Replay extends value, a PCR's content before the kernel, with the measurements of that PCR. A kernel that lacks a
// bank's hash function extends the bank with the SHA-1 digest, filled up with zeros; padded asks for that.
func (m Measurements) Replay(bank uint16, pcr int, value []byte, padded bool) []byte {
	sum, size := Hash(bank)
	for _, e := range m {
		if e.PCR != pcr {
			continue
		}
		d := bytes.Repeat([]byte{0xff}, size)
		switch {
		case e.Data != nil && padded:
			short := sha1.Sum(e.Data)
			d = append(short[:], make([]byte, size-len(short))...)
		case e.Data != nil:
			d = sum(e.Data)
		}
		value = sum(append(append([]byte(nil), value...), d...))
	}
	return value
}
