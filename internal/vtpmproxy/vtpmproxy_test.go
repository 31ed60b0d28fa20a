package vtpmproxy

import (
	"encoding/binary"
	"testing"
)

func TestStructure(t *testing.T) {
	if b := request(true); binary.NativeEndian.Uint32(b[:]) != 1 {
		t.Errorf("%x", b)
	}
	if b := request(false); b != [20]byte{} {
		t.Errorf("%x", b)
	}
	var b [20]byte
	for i := range 5 {
		binary.NativeEndian.PutUint32(b[4*i:], uint32(100*i))
	}
	d, fd := parse(b)
	if fd != 200 || *d != (Device{Number: 100, Major: 300, Minor: 400}) {
		t.Errorf("%+v, %d", d, fd)
	}
	if got := d.String(); got != "New TPM device: /dev/tpm100 (major/minor = 300/400)" {
		t.Error(got)
	}
}
