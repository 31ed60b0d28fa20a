package nvstate

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"govtpm/tpm2/wire"
)

// coder visits the fields of structures in the order of the blob. Reading, it fills them from buf; writing, it appends
// them to buf. The first error sticks: reads after it give zeros, and nobody looks at what was written.
type coder struct {
	reading bool
	buf     []byte
	off     int // reading position
	level   Level
	// extended: the profile read names what libtpms does not know.
	extended bool
	path     []string
	err      *Error
}

func newReader(b []byte) *coder { return &coder{reading: true, buf: b} }

// newWriter writes at a level; one that does not exist is an error.
func newWriter(level Level) *coder {
	c := &coder{level: level, buf: make([]byte, 0, 2048)} // more than most blobs take
	if level < LevelNull || level > LevelMax {
		defer c.enter("state format level")()
		c.fail(ErrValue, "%d is not within %d and %d", level, LevelNull, LevelMax)
	}
	return c
}

// enter names the structure for errors; the function it returns leaves it.
func (c *coder) enter(name string) func() {
	c.path = append(c.path, name)
	return func() { c.path = c.path[:len(c.path)-1] }
}

func (c *coder) pos() int {
	if c.reading {
		return c.off
	}
	return len(c.buf)
}

// fail records the first error.
func (c *coder) fail(kind Kind, format string, args ...any) {
	if c.err == nil {
		c.err = &Error{Kind: kind, Structure: strings.Join(c.path, "/"), Offset: c.pos(), Detail: fmt.Sprintf(format, args...)}
	}
}

// result gives the error as an interface that is nil when there is none.
func (c *coder) result() error {
	if c.err == nil {
		return nil
	}
	return c.err
}

// take gives the next n bytes, or n zeros after an error; n is a small constant or already known to be available.
func (c *coder) take(n int) []byte {
	if c.err == nil && n > len(c.buf)-c.off {
		c.fail(ErrTruncated, "%d bytes needed, %d left", n, len(c.buf)-c.off)
	}
	if c.err != nil {
		return make([]byte, n)
	}
	b := c.buf[c.off : c.off+n]
	c.off += n
	return b
}

// peek32 is the next word, or 0 at the end.
func (c *coder) peek32() uint32 {
	if len(c.buf)-c.off < 4 {
		return 0
	}
	return binary.BigEndian.Uint32(c.buf[c.off:])
}

func num8[T ~uint8](c *coder, p *T) {
	if c.reading {
		*p = T(c.take(1)[0])
	} else {
		c.buf = append(c.buf, byte(*p))
	}
}

func num16[T ~uint16](c *coder, p *T) {
	if c.reading {
		*p = T(binary.BigEndian.Uint16(c.take(2)))
	} else {
		c.buf = binary.BigEndian.AppendUint16(c.buf, uint16(*p))
	}
}

func num32[T ~uint32](c *coder, p *T) {
	if c.reading {
		*p = T(binary.BigEndian.Uint32(c.take(4)))
	} else {
		c.buf = binary.BigEndian.AppendUint32(c.buf, uint32(*p))
	}
}

func num64[T ~uint64](c *coder, p *T) {
	if c.reading {
		*p = T(binary.BigEndian.Uint64(c.take(8)))
	} else {
		c.buf = binary.BigEndian.AppendUint64(c.buf, uint64(*p))
	}
}

// boolean is one byte; every value but zero reads as true.
func (c *coder) boolean(p *bool) {
	var b uint8
	if *p {
		b = 1
	}
	num8(c, &b)
	*p = b != 0
}

// count16 is a fixed count or size that the format demands.
func (c *coder) count16(want int, kind Kind, what string) {
	n := uint16(want)
	if num16(c, &n); int(n) != want {
		c.fail(kind, "%s is %d, not %d", what, n, want)
	}
}

// fixed is an array of known length.
func (c *coder) fixed(p []byte) {
	if c.reading {
		copy(p, c.take(len(p)))
	} else {
		c.buf = append(c.buf, p...)
	}
}

// sized is a buffer with a 16-bit length of at most limit bytes. An empty one reads as nil.
func (c *coder) sized(p *[]byte, limit int, what string) {
	if !c.reading && len(*p) > limit {
		c.fail(ErrSize, "%s has %d bytes, at most %d allowed", what, len(*p), limit)
		return
	}
	n := uint16(len(*p))
	if num16(c, &n); int(n) > limit {
		c.fail(ErrSize, "%s has %d bytes, at most %d allowed", what, n, limit)
	}
	c.exact(p, int(n))
}

// exact is n bytes; n is at most 65535.
func (c *coder) exact(p *[]byte, n int) {
	if !c.reading {
		c.buf = append(c.buf, *p...)
		return
	}
	*p = nil
	if b := c.take(n); c.err == nil && n > 0 {
		*p = slices.Clone(b)
	}
}

// digest is a buffer bounded by the largest digest: digests, authorization values, nonces, proofs and seeds.
func (c *coder) digest(p *[]byte, what string) { c.sized(p, maxDigest, what) }

// wireType is a structure of Part 2 in its canonical form.
type wireType interface {
	wire.Unmarshaler
	wire.Marshaler
}

// canonical visits a structure of Part 2. What it may contain is not limited here: that follows from the profile.
func (c *coder) canonical(t wireType, what string) {
	if !c.reading {
		w := wire.NewWriter(c.buf)
		t.Marshal(w)
		c.buf = w.Bytes()
		if rc := w.Err(); rc != wire.RCSuccess {
			c.fail(Kind(rc), "%s: %s", what, rc)
		}
		return
	}
	if c.err != nil {
		return
	}
	r := wire.NewReader(c.buf[c.off:], nil)
	if n, ok := t.(interface{ UnmarshalOrNull(*wire.Reader) }); ok {
		n.UnmarshalOrNull(r)
	} else {
		t.Unmarshal(r)
	}
	if rc := r.Err(); rc != wire.RCSuccess {
		c.fail(Kind(rc), "%s: %s", what, rc)
		return
	}
	c.off = len(c.buf) - r.Len()
}
