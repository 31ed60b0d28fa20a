package pcap

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"time"
)

// record makes a recording of two messages, twice.
func record() []byte {
	var b bytes.Buffer
	for range 2 {
		r := New(&b, Options{ClientPort: 50001, Now: func() time.Time { return time.Unix(5, 6000) }})
		r.Command([]byte("ask"))
		r.Response([]byte("answer"))
		r.Close()
	}
	return b.Bytes()
}

func read(data []byte) (said string, err error) {
	var all []string
	for m, e := range Messages(bytes.NewReader(data)) {
		if e != nil {
			return strings.Join(all, " "), e
		}
		who := "<"
		if m.FromClient {
			who = ">"
		}
		all = append(all, who+string(m.Data))
	}
	return strings.Join(all, " "), nil
}

func TestMessages(t *testing.T) {
	data := record()
	if got, err := read(data); got != ">ask <answer >ask <answer" || err != nil {
		t.Errorf("%s, %v", got, err)
	}
	for m := range Messages(bytes.NewReader(data)) {
		if !m.Time.Equal(time.Unix(5, 6000)) {
			t.Errorf("time %v", m.Time)
		}
		break
	}
	// A recording of a processor with the other byte order.
	if got, err := read(swap(data)); got != ">ask <answer >ask <answer" || err != nil {
		t.Errorf("swapped: %s, %v", got, err)
	}
	ends := 0
	for n := range data {
		if _, err := read(data[:n]); err == nil {
			ends++ // at the end of a block
		} else if !errors.Is(err, errDamaged) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
	if want := 2 * (2 + 8); ends != want {
		t.Errorf("%d prefixes are whole, want %d", ends, want)
	}
	for _, bad := range []string{"\x06\x00\x00\x00\x0c\x00\x00\x00", Magic + "\x1c\x00\x00\x00abcd", Magic + "\xff\xff\xff\xff\x4d\x3c\x2b\x1a"} {
		if _, err := read([]byte(bad)); !errors.Is(err, errDamaged) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// swap turns the fields of a recording's blocks around.
func swap(data []byte) []byte {
	out := bytes.Clone(data)
	turn := func(b []byte) { binary.BigEndian.PutUint32(b, binary.NativeEndian.Uint32(b)) }
	for len(data) > 0 {
		size := binary.NativeEndian.Uint32(data[4:])
		block := out[len(out)-len(data):][:size]
		fields := 3 // type, size, magic
		if binary.NativeEndian.Uint32(data) == 6 {
			fields = 7
		}
		for i := range fields {
			turn(block[4*i:])
		}
		data = data[size:]
	}
	return out
}

func FuzzMessages(f *testing.F) {
	f.Add(record())
	f.Add(swap(record()))
	f.Fuzz(func(t *testing.T, data []byte) { read(data) })
}
