package drbg

import (
	"crypto/hmac"
	"errors"
	"hash"

	"govtpm/internal/crypto/kdf"
)

// streamBits is the length of a KDF stream and the length field in each of
// its blocks, as libtpms does.
const streamBits = 8192

// ErrExhausted is returned when a KDF stream cannot serve a request.
var ErrExhausted = errors.New("drbg: derivation stream exhausted")

// Stream is the random source of derived objects: the output of one long
// KDFa, handed out in order (Part 1, 25.4). Unlike a DRBG it does not matter how
// requests are split. It ends after 8192 bits.
type Stream struct {
	mac            hash.Hash
	label, context string
	counter        uint32
	buf            []byte // rest of the last block
	left           int    // bytes that may still be asked for
}

// NewStream begins the stream of a derivation parent with sensitive value key
// and the hash of its scheme.
func NewStream(h func() hash.Hash, key, label, context []byte) *Stream {
	return &Stream{mac: hmac.New(h, key), label: string(label), context: string(context), left: streamBits / 8}
}

// Generate fills buf with the next bytes, or fails with ErrExhausted.
func (s *Stream) Generate(buf []byte) error {
	if len(buf) > s.left {
		return ErrExhausted
	}
	s.left -= len(buf)
	for len(buf) > 0 {
		if len(s.buf) == 0 {
			s.counter++
			s.buf = kdf.AppendKDFaBlock(nil, s.mac, s.counter, s.label, []byte(s.context), nil, streamBits)
		}
		n := copy(buf, s.buf)
		clear(s.buf[:n])
		buf, s.buf = buf[n:], s.buf[n:]
	}
	return nil
}

// Read is Generate as an io.Reader.
func (s *Stream) Read(buf []byte) (int, error) {
	if err := s.Generate(buf); err != nil {
		return 0, err
	}
	return len(buf), nil
}
