package serve

import "encoding/binary"

const maxLocality = 4

// ordinalSetLocality is the vendor command by which the Linux vTPM proxy
// chooses the locality: a header and one byte.
const ordinalSetLocality = 0x20001000

// rc is a response code in both versions of the TPM.
type rc struct{ tpm2, tpm12 uint32 }

// Codes of Part 2, 6.6, and of TPM 1.2.
var (
	rcSuccess      = rc{0, 0}
	rcFailure      = rc{0x101, 0x09}
	rcLocality     = rc{0x107, 0x3d}
	rcInsufficient = rc{0x9a, 0x19}
)

// fault is a response that has nothing but a code.
func (s *Server) fault(c rc) []byte {
	tag, code := uint16(0x8001), c.tpm2
	if s.TPM12 {
		tag, code = 0x00c4, c.tpm12
	}
	b := binary.BigEndian.AppendUint16(nil, tag)
	b = binary.BigEndian.AppendUint32(b, headerSize)
	return binary.BigEndian.AppendUint32(b, code)
}

func (s *Server) mayEnter(locality uint8) bool {
	return locality < maxLocality || locality == maxLocality && !s.RejectLocality4
}

func isSetLocality(cmd []byte) bool {
	return len(cmd) >= headerSize && binary.BigEndian.Uint32(cmd[6:]) == ordinalSetLocality
}

// setLocality carries the vendor command out.
func (s *Server) setLocality(cmd []byte) []byte {
	switch {
	case !s.AllowSetLocality:
		return s.fault(rcFailure)
	case len(cmd) < headerSize+1:
		return s.fault(rcInsufficient)
	case !s.mayEnter(cmd[headerSize]):
		return s.fault(rcLocality)
	}
	s.Locality.Store(uint32(cmd[headerSize]))
	return s.fault(rcSuccess)
}
