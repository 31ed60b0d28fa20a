package logging

import (
	"bytes"
	"testing"
)

func TestLevels(t *testing.T) {
	var b bytes.Buffer
	for level := range 4 {
		l := New(&b, "p:", level)
		l.Printf("zero\n")
		l.Printf(" one")
		l.Errorf("  two\n  more")
	}
	want := "p:zero\n" + "p:zero\np: one\n" + "p:zero\np: one\np:  two\np:  more\n"
	if b.String() != want {
		t.Errorf("got %q", b.String())
	}
}

func TestConsole(t *testing.T) {
	var out, err bytes.Buffer
	l := Console(&out, &err, "swtpm: ")
	l.Printf("notice")
	l.Errorf("error")
	if out.String() != "swtpm: notice\n" || err.String() != "swtpm: error\n" {
		t.Errorf("%q, %q", out.String(), err.String())
	}
}

func TestDump(t *testing.T) {
	var b bytes.Buffer
	New(&b, "", 1).Dump("Ctrl Cmd", []byte{1})
	New(&b, "", 2).Dump("Ctrl Cmd", []byte("0123456789abcdef\xff"))
	want := " Ctrl Cmd: length 17\n 30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66 \n FF \n"
	if b.String() != want {
		t.Errorf("got %q", b.String())
	}
	b.Reset()
	New(&b, "", 2).Dump("Ctrl Rsp", make([]byte, 5000))
	if b.Len() > 4*maxDump {
		t.Errorf("dump of %d bytes", b.Len())
	}
	var none *Logger
	none.Printf("x")
	none.Dump("x", nil)
}
