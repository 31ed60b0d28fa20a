package decode

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
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

// maxText bounds a message that is given as text, maxLine a line of it.
const (
	maxText = 1 << 16
	maxLine = 4 * maxText
)

// textReader puts messages together from lines of digits: their headers say where they end, and a log where they begin.
type textReader struct {
	to     *Decoder
	buf    []byte
	goes   direction
	logged bool // the message is one of a log: if it is not whole, so it was sent
	count  int  // of messages
	err    error
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
		if t.err == nil && !t.logged {
			t.err = t.fault(t.buf)
		}
	}
	t.buf, t.goes, t.logged = nil, unknownDirection, false
}

// fault says why digits are not a message.
func (t *textReader) fault(msg []byte) error {
	if len(msg) < wire.HeaderSize {
		return fmt.Errorf("message %d is cut off: it has %d bytes, a header has %d", t.count, len(msg), wire.HeaderSize)
	}
	size := binary.BigEndian.Uint32(msg[2:])
	if size < wire.HeaderSize || size > maxText {
		return fmt.Errorf("message %d cannot have the size in its header, %d bytes", t.count, size)
	}
	return fmt.Errorf("message %d is cut off: it has %d bytes of %d", t.count, len(msg), size)
}

func (t *textReader) emit(msg []byte) {
	t.count++
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
}

// text decodes a log or lines of digits. Other lines end a message.
func (d *Decoder) text(r io.Reader) error {
	t := textReader{to: d}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	prefix := "" // of the lines of a log
	read := 0
	for ; lines.Scan(); read++ {
		line := lines.Text()
		if p, goes, ok := label(line); ok {
			t.flush()
			prefix, t.goes, t.logged = p, goes, true
			continue
		}
		if b, goes, ok := parseDigits(strings.TrimPrefix(line, prefix)); ok {
			t.add(b, goes)
		} else {
			t.flush()
		}
	}
	t.flush()
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return fmt.Errorf("line %d has more than %d bytes: not a log, and digits have to be on several lines", read+1, maxLine)
	case err != nil:
		return err
	case t.count == 0:
		return errNothing
	}
	return t.err
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
