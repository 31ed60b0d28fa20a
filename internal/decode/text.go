package decode

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"io"
	"strings"

	"govtpm/tpm2/wire"
)

// direction says where a message goes, if that is known.
type direction byte

const (
	unknownDirection direction = 0
	toTPM            direction = '>'
	fromTPM          direction = '<'
	elsewhere        direction = '-' // on the control channel
)

// maxText bounds a message that is given as text.
const maxText = 1 << 16

// textReader puts messages together from lines of digits: their headers say where they end.
type textReader struct {
	to    *Decoder
	buf   []byte
	goes  direction
	found bool
}

// add takes bytes of a message, or of several.
func (t *textReader) add(b []byte, d direction) {
	if d != unknownDirection {
		t.flush()
		t.goes = d
	}
	t.buf = append(t.buf, b...)
	for len(t.buf) >= wire.HeaderSize {
		size := binary.BigEndian.Uint32(t.buf[2:])
		if size < wire.HeaderSize || size > maxText {
			t.flush()
			return
		}
		if uint64(size) > uint64(len(t.buf)) {
			return
		}
		t.emit(t.buf[:size])
		t.buf = t.buf[size:]
	}
}

// flush is the end of a message, even if it is not whole.
func (t *textReader) flush() {
	if len(t.buf) > 0 {
		t.emit(t.buf)
	}
	t.buf, t.goes = nil, unknownDirection
}

func (t *textReader) emit(msg []byte) {
	switch t.goes {
	case elsewhere:
		return
	case toTPM:
		t.to.Command(msg)
	case fromTPM:
		t.to.Response(msg)
	default:
		t.to.Message(msg)
	}
	t.found = true
}

// text decodes a log or lines of digits. Other lines end a message.
func (d *Decoder) text(r io.Reader) error {
	t := textReader{to: d}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 4*maxText)
	prefix := "" // of the lines of a log
	for lines.Scan() {
		line := lines.Text()
		if p, goes, ok := label(line); ok {
			t.flush()
			prefix, t.goes = p, goes
			continue
		}
		if b, goes, ok := parseDigits(strings.TrimPrefix(line, prefix)); ok {
			t.add(b, goes)
		} else {
			t.flush()
		}
	}
	t.flush()
	if err := lines.Err(); err != nil {
		return err
	}
	if !t.found {
		return errNothing
	}
	return nil
}

// label recognizes the line before a dump in a log.
func label(line string) (prefix string, goes direction, ok bool) {
	for _, l := range []struct {
		text string
		goes direction
	}{{" SWTPM_IO_Read: length ", toTPM}, {" SWTPM_IO_Write: length ", fromTPM}, {" Ctrl Cmd: length ", elsewhere}, {" Ctrl Rsp: length ", elsewhere}} {
		if i := strings.Index(line, l.text); i >= 0 {
			return line[:i], l.goes, true
		}
	}
	return "", unknownDirection, false
}

// parseDigits reads hexadecimal digits with blanks between them, and a direction before them.
func parseDigits(s string) (b []byte, goes direction, ok bool) {
	s = strings.TrimSpace(s)
	if s != "" && (direction(s[0]) == toTPM || direction(s[0]) == fromTPM) {
		goes, s = direction(s[0]), s[1:]
	}
	s = strings.Join(strings.Fields(s), "")
	s = strings.TrimPrefix(s, "0x")
	b, err := hex.DecodeString(s)
	return b, goes, err == nil && len(b) > 0
}
