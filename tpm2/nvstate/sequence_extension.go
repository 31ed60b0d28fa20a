package nvstate

import "govtpm/tpm2/wire"

// SequenceExtension is a sequence in progress for which the format of libtpms has no place: a CMAC, of which libtpms stores no state, or a
// signature, which libtpms does not have. It stands in the block that the format keeps empty for later versions at the end of ANY_OBJECT, in a
// slot that is free otherwise: libtpms skips the block and finds the slot free. It begins with a header of its own, by which it is told from
// what a later version may put there.
type SequenceExtension struct {
	Kind      SequenceKind
	Auth      []byte
	CMAC      CMACState      // of SequenceCMAC
	Signature SignatureState // of the other kinds
}

// SequenceKind is the kind of such a sequence.
type SequenceKind uint8

// The kinds.
const (
	SequenceCMAC   SequenceKind = 1 + iota
	SequenceSign                // TPM2_SignSequenceStart
	SequenceVerify              // TPM2_VerifySequenceStart
)

// CMACState is a CMAC in progress.
type CMACState struct {
	Cipher wire.Alg
	Key    []byte
	State  []byte // the chained value, one block, and the bytes of the message that wait for the next one
}

// SignatureState is a signature in progress.
type SignatureState struct {
	Scheme    wire.TPMTSigScheme
	KeyDigest []byte // digest of the key's public area
	Head      []byte // the first bytes of the message, at most as many as TPM_GENERATED_VALUE has

	// Hash is the running hash, with HMAC the inner one, and OuterPad as HMACKey of Sequence.
	Hash     HashState
	OuterPad []byte

	// Ticket is, of a verification, the inner hash of the HMAC that makes its ticket, whose key is the proof of TicketHierarchy. There is no
	// ticket with RHNull.
	TicketHierarchy wire.Handle
	Ticket          HashState
}

// sequenceExtensionHeader is of this package alone: libtpms has no such structure.
var sequenceExtensionHeader = structure{"SEQUENCE_EXTENSION", 0x5E90C0DE, 2}

const (
	maxCipherKey     = 32
	maxCMACState     = 2 * 16
	maxGeneratedHead = 4
)

func (x *SequenceExtension) code(c *coder) {
	defer c.enter(sequenceExtensionHeader.name)()
	c.header(sequenceExtensionHeader, 2, 2)
	num8(c, &x.Kind)
	c.digest(&x.Auth, "authorization")
	switch x.Kind {
	case SequenceCMAC:
		x.CMAC.code(c)
	case SequenceSign, SequenceVerify:
		x.Signature.code(c, x.Kind)
	default:
		c.fail(ErrValue, "a sequence of kind %d", x.Kind)
	}
}

func (m *CMACState) code(c *coder) {
	num16(c, &m.Cipher)
	c.sized(&m.Key, maxCipherKey, "key of a CMAC")
	c.sized(&m.State, maxCMACState, "state of a CMAC")
}

func (s *SignatureState) code(c *coder, kind SequenceKind) {
	c.canonical(&s.Scheme, "scheme")
	c.digest(&s.KeyDigest, "digest of a key")
	c.sized(&s.Head, maxGeneratedHead, "head of a message")
	s.Hash.code(c)
	c.sized(&s.OuterPad, maxExtensionBlock, "HMAC key")
	if kind != SequenceVerify {
		return
	}
	if codeHierarchy(c, &s.TicketHierarchy); s.TicketHierarchy != wire.RHNull {
		s.Ticket.code(c)
	}
}
