package nvstate

import (
	"encoding/binary"

	"govtpm/tpm2/wire"
)

// EncodeContextObject writes the payload of a saved context of an object or sequence, at the level of the TPM.
func EncodeContextObject(o *AnyObject, level Level) ([]byte, error) {
	c := newWriter(level)
	if o.code(c); c.err != nil {
		return nil, c.err
	}
	return c.buf, nil
}

// DecodeContextObject reads the payload of a saved context of an object or sequence, also that of an object that libtpms
// 0.6 or 0.7 saved, which is the memory of its structure. A sequence of that time is refused with ErrMagic.
func DecodeContextObject(payload []byte) (*AnyObject, error) {
	if isOldObject(payload) {
		return decodeOldObject(payload)
	}
	c := newReader(payload)
	o := new(AnyObject)
	if o.code(c); c.err != nil {
		return nil, c.err
	}
	return o, nil
}

// ContextSessionSize is the size of the payload of a saved session. Behind it stands, sized like the buffers in it, Session.ChannelKeys, if there
// is such a hash.
const ContextSessionSize = 312

// Offsets in the payload of a saved session. It is the memory of the structure of libtpms on a 64-bit little-endian host.
const (
	sessionOffPCRCounter = 4
	sessionOffStart      = 8
	sessionOffTimeout    = 16
	sessionOffEpoch      = 24
	sessionOffCommand    = 28
	sessionOffHash       = 32
	sessionOffLocality   = 34
	sessionOffSymmetric  = 36
	sessionOffKey        = 42
	sessionOffNonce      = 108
	sessionOffU1         = 174
	sessionOffU2         = 244
)

// EncodeContextSession writes the payload of a saved context of a session.
func EncodeContextSession(s *Session) ([]byte, error) {
	b := make([]byte, ContextSessionSize)
	le := binary.LittleEndian
	le.PutUint32(b, uint32(s.Attributes))
	le.PutUint32(b[sessionOffPCRCounter:], s.PCRCounter)
	le.PutUint64(b[sessionOffStart:], s.StartTime)
	le.PutUint64(b[sessionOffTimeout:], s.Timeout)
	le.PutUint32(b[sessionOffEpoch:], s.Epoch)
	le.PutUint32(b[sessionOffCommand:], uint32(s.CommandCode))
	le.PutUint16(b[sessionOffHash:], uint16(s.AuthHashAlg))
	b[sessionOffLocality] = s.CommandLocality
	putSymmetric(b[sessionOffSymmetric:], &s.Symmetric)
	for _, f := range sessionBuffers(s) {
		if len(*f.buffer) > f.limit {
			return nil, sessionContextError(ErrSize, f.offset, "a buffer is too long")
		}
		le.PutUint16(b[f.offset:], uint16(len(*f.buffer)))
		copy(b[f.offset+2:], *f.buffer)
	}
	if n := len(s.ChannelKeys); n != 0 {
		if n > maxDigest {
			return nil, sessionContextError(ErrSize, ContextSessionSize, "a buffer is too long")
		}
		b = append(le.AppendUint16(b, uint16(n)), s.ChannelKeys...)
	}
	return b, nil
}

// DecodeContextSession reads the payload of a saved context of a session.
func DecodeContextSession(payload []byte) (*Session, error) {
	if len(payload) < ContextSessionSize {
		return nil, sessionContextError(ErrSize, 0, "a saved session has 312 bytes")
	}
	le := binary.LittleEndian
	payload, more := payload[:ContextSessionSize], payload[ContextSessionSize:]
	s := &Session{
		Attributes:      SessionAttributes(le.Uint32(payload)),
		PCRCounter:      le.Uint32(payload[sessionOffPCRCounter:]),
		StartTime:       le.Uint64(payload[sessionOffStart:]),
		Timeout:         le.Uint64(payload[sessionOffTimeout:]),
		Epoch:           le.Uint32(payload[sessionOffEpoch:]),
		CommandCode:     wire.CC(le.Uint32(payload[sessionOffCommand:])),
		AuthHashAlg:     wire.Alg(le.Uint16(payload[sessionOffHash:])),
		CommandLocality: payload[sessionOffLocality],
	}
	if err := getSymmetric(payload[sessionOffSymmetric:], &s.Symmetric); err != nil {
		return nil, err
	}
	for _, f := range sessionBuffers(s) {
		size := int(le.Uint16(payload[f.offset:]))
		if size > f.limit {
			return nil, sessionContextError(ErrSize, f.offset, "a buffer is too long")
		}
		if size > 0 {
			*f.buffer = append([]byte(nil), payload[f.offset+2:f.offset+2+size]...)
		}
	}
	if len(more) != 0 {
		if len(more) <= 2 || len(more) > 2+maxDigest || len(more) != 2+int(le.Uint16(more)) {
			return nil, sessionContextError(ErrSize, ContextSessionSize, "not as long as a "+channelKeysName)
		}
		s.ChannelKeys = append([]byte(nil), more[2:]...)
	}
	return s, nil
}

type sessionBuffer struct {
	offset, limit int
	buffer        *[]byte
}

func sessionBuffers(s *Session) [4]sessionBuffer {
	return [4]sessionBuffer{
		{sessionOffKey, maxDigest, &s.SessionKey}, {sessionOffNonce, maxDigest, &s.NonceTPM},
		{sessionOffU1, maxName, &s.U1}, {sessionOffU2, maxDigest, &s.U2},
	}
}

// putSymmetric writes the three words of the algorithm in host order.
func putSymmetric(b []byte, sym *wire.TPMTSymDef) {
	canonical := wire.Marshal(sym)
	for i := 0; i+2 <= len(canonical) && i < 6; i += 2 {
		b[i], b[i+1] = canonical[i+1], canonical[i]
	}
}

// getSymmetric reads them; the canonical form has as many of the words as the algorithm needs.
func getSymmetric(b []byte, sym *wire.TPMTSymDef) error {
	canonical := []byte{b[1], b[0], b[3], b[2], b[5], b[4]}
	r := wire.NewReader(canonical, nil)
	sym.UnmarshalOrNull(r)
	if rc := r.Err(); rc != wire.RCSuccess {
		return sessionContextError(Kind(rc), sessionOffSymmetric, "symmetric algorithm: "+rc.String())
	}
	return nil
}

func sessionContextError(kind Kind, offset int, detail string) error {
	return &Error{Kind: kind, Structure: "saved session", Offset: offset, Detail: detail}
}
