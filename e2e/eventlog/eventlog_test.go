package eventlog

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/binary"
	"testing"
)

// sample is a log for SHA-1 and SHA-256 that starts in locality 3 and measures data into PCR 0 and 4.
func sample(data []byte) []byte {
	le := binary.LittleEndian
	header := append([]byte("Spec ID Event03\x00"), 0, 0, 0, 0, 0, 2, 0, 2)
	header = le.AppendUint32(header, 2)
	header = le.AppendUint16(le.AppendUint16(header, 0x4), 20)
	header = le.AppendUint16(le.AppendUint16(header, 0xb), 32)
	header = append(header, 0)

	log := le.AppendUint32(le.AppendUint32(nil, 0), eventNoAction)
	log = append(log, make([]byte, 20)...)
	log = append(le.AppendUint32(log, uint32(len(header))), header...)
	add := func(pcr, kind uint32, data []byte) {
		d1, d2 := sha1.Sum(data), sha256.Sum256(data)
		log = le.AppendUint32(le.AppendUint32(le.AppendUint32(log, pcr), kind), 2)
		log = append(le.AppendUint16(log, 0x4), d1[:]...)
		log = append(le.AppendUint16(log, 0xb), d2[:]...)
		log = append(le.AppendUint32(log, uint32(len(data))), data...)
	}
	add(0, eventNoAction, []byte("StartupLocality\x00\x03"))
	add(0, 8, data)
	add(4, 13, data)
	return log
}

func TestReplay(t *testing.T) {
	data := []byte("code")
	log, err := Parse(sample(data))
	if err != nil {
		t.Fatal(err)
	}
	d := sha256.Sum256(data)
	for pcr, first := range map[int]byte{0: 3, 4: 0} {
		initial := make([]byte, 32)
		initial[31] = first
		want := sha256.Sum256(append(initial, d[:]...))
		got, err := log.Replay(0xb, pcr)
		if err != nil || !bytes.Equal(got, want[:]) {
			t.Errorf("PCR %d: %x, %v, want %x", pcr, got, err, want)
		}
	}
	if _, err := log.Replay(0xc, 0); err == nil {
		t.Error("a bank that is not in the log was replayed")
	}
}

func TestParseTruncated(t *testing.T) {
	whole := sample([]byte("code"))
	complete := 0
	for n := range whole {
		if _, err := Parse(whole[:n]); err == nil {
			complete++
		}
	}
	if complete != 3 { // the ends of the header and of the first two events are the ends of shorter logs
		t.Errorf("%d truncations were taken for logs, want 3", complete)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(sample([]byte("code")))
	f.Fuzz(func(t *testing.T, data []byte) {
		log, err := Parse(data)
		if err != nil {
			return
		}
		for bank := range log.Banks {
			_, _ = log.Replay(bank, 0)
		}
	})
}

func FuzzParseMeasurements(f *testing.F) {
	le := binary.LittleEndian
	one := append(le.AppendUint32(nil, 10), make([]byte, 19)...)
	one = append(one, 1)
	one = append(le.AppendUint32(one, 6), "ima-ng"...)
	f.Add(append(le.AppendUint32(one, 4), "data"...))
	f.Fuzz(func(t *testing.T, data []byte) {
		if m, err := ParseMeasurements(data); err == nil {
			m.Replay(0xb, 10, make([]byte, 32), false)
			m.Replay(0xb, 10, make([]byte, 32), true)
		}
	})
}
