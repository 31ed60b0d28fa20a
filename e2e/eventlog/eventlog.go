// Package eventlog reads the firmware's TCG event log in its crypto-agile form and the binary measurement list of
// Linux's integrity subsystem, and computes from them what the PCRs should hold. It takes any bytes and answers with
// an error where they are no log. Start at Parse and Log.Replay.
package eventlog

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"errors"
	"fmt"
)

const (
	eventNoAction = 3
	maxBanks      = 16
)

// An Event is one measurement; Digests has a value for each bank.
type Event struct {
	PCR     int
	Type    uint32
	Digests map[uint16][]byte
	Data    []byte
}

// A Log is a sequence of events for the banks that its header declares.
type Log struct {
	Banks  map[uint16]int // hash algorithm to digest size
	Events []Event
}

// reader reads little-endian fields; after the first that is not there all are zero.
type reader struct {
	b     []byte
	short bool
}

func (r *reader) raw(n int) []byte {
	if n < 0 || n > len(r.b) {
		r.short, r.b = true, nil
		return nil
	}
	v := r.b[:n]
	r.b = r.b[n:]
	return v
}

func (r *reader) u16() uint16 {
	if v := r.raw(2); v != nil {
		return binary.LittleEndian.Uint16(v)
	}
	return 0
}

func (r *reader) u32() uint32 {
	if v := r.raw(4); v != nil {
		return binary.LittleEndian.Uint32(v)
	}
	return 0
}

// sized reads a 32-bit length and so many bytes.
func (r *reader) sized() []byte {
	n := r.u32()
	if uint64(n) > uint64(len(r.b)) {
		r.short, r.b = true, nil
		return nil
	}
	return r.raw(int(n))
}

// Parse reads a log that begins with a Spec ID event 03 (PC Client Platform Firmware Profile, 10.4.5.1).
func Parse(data []byte) (*Log, error) {
	r := &reader{b: data}
	log, err := parseHeader(r)
	if err != nil {
		return nil, err
	}
	for len(r.b) > 0 {
		e, err := parseEvent(r, log.Banks)
		if err != nil {
			return nil, fmt.Errorf("event %d: %w", len(log.Events)+1, err)
		}
		log.Events = append(log.Events, e)
	}
	return log, nil
}

func parseHeader(r *reader) (*Log, error) {
	r.u32() // PCR
	kind := r.u32()
	r.raw(sha1.Size)
	h := &reader{b: r.sized()}
	if r.short || kind != eventNoAction || !bytes.Equal(h.raw(16), []byte("Spec ID Event03\x00")) {
		return nil, errors.New("not a crypto-agile event log")
	}
	h.raw(8) // platform class, version, errata, size of UINTN
	n := h.u32()
	if n == 0 || n > maxBanks {
		return nil, fmt.Errorf("event log of %d banks", n)
	}
	log := &Log{Banks: map[uint16]int{}}
	for range n {
		alg := h.u16()
		log.Banks[alg] = int(h.u16())
	}
	if h.short {
		return nil, errors.New("header of the event log is too short")
	}
	return log, nil
}

func parseEvent(r *reader, banks map[uint16]int) (Event, error) {
	e := Event{PCR: int(r.u32()), Type: r.u32(), Digests: map[uint16][]byte{}}
	n := r.u32()
	if n > maxBanks {
		return e, fmt.Errorf("%d digests", n)
	}
	for range n {
		alg := r.u16()
		size, ok := banks[alg]
		if !ok {
			return e, fmt.Errorf("bank 0x%x is not in the header", alg)
		}
		e.Digests[alg] = r.raw(size)
	}
	e.Data = r.sized()
	if r.short {
		return e, errors.New("too short")
	}
	return e, nil
}

// Replay gives the value that a PCR of a bank has after the events of the log.
func (l *Log) Replay(bank uint16, pcr int) ([]byte, error) {
	sum, size := Hash(bank)
	if sum == nil {
		return nil, fmt.Errorf("hash 0x%x is unknown here", bank)
	}
	value := Initial(pcr, size)
	for _, e := range l.Events {
		if e.PCR != pcr {
			continue
		}
		if e.Type == eventNoAction {
			if locality, ok := bytes.CutPrefix(e.Data, []byte("StartupLocality\x00")); ok && len(locality) == 1 {
				value[size-1] = locality[0]
			}
			continue
		}
		d := e.Digests[bank]
		if len(d) != size {
			return nil, fmt.Errorf("event of PCR %d has no digest for bank 0x%x", pcr, bank)
		}
		value = sum(append(value, d...))
	}
	return value, nil
}

// Initial is the value of a PCR after a reset: zeros, or ones for 17 to 22 (PC Client Platform TPM Profile, 4.6.2).
func Initial(pcr, size int) []byte {
	if pcr >= 17 && pcr <= 22 {
		return bytes.Repeat([]byte{0xff}, size)
	}
	return make([]byte, size)
}

// Hash gives the hash function of a bank and its digest size, or nil.
func Hash(bank uint16) (func([]byte) []byte, int) {
	switch bank {
	case 0x0004:
		return func(b []byte) []byte { v := sha1.Sum(b); return v[:] }, sha1.Size
	case 0x000b:
		return func(b []byte) []byte { v := sha256.Sum256(b); return v[:] }, sha256.Size
	case 0x000c:
		return func(b []byte) []byte { v := sha512.Sum384(b); return v[:] }, sha512.Size384
	case 0x000d:
		return func(b []byte) []byte { v := sha512.Sum512(b); return v[:] }, sha512.Size
	}
	return nil, 0
}
