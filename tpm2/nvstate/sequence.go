package nvstate

import "govtpm/tpm2/wire"

// Sequence is a hash, HMAC or event sequence in progress: HASH_OBJECT.
type Sequence struct {
	Type             wire.Alg // AlgNull, or 0 after libtpms has loaded and stored it
	NameAlg          wire.Alg // AlgNull
	ObjectAttributes wire.TPMAObject
	Auth             []byte

	// Hashes is the state of a hash sequence in element 0, and that of an event sequence for SHA-1, SHA-256, SHA-384 and
	// SHA-512. Event sequences of libtpms before 0.9 (most releases) came without and cannot be continued.
	Hashes [4]HashState

	// HMAC is the inner hash of an HMAC sequence, which has already taken in the key; HMACKey is the outer pad: the key,
	// padded with zeros to the block size, XOR 0x5C.
	HMAC    HashState
	HMACKey []byte
}

// maxBlock is the largest block of a hash.
const maxBlock = 128

func (s *Sequence) code(c *coder, kind ObjectAttributes) {
	defer c.enter(hashObjectHeader.name)()
	version := c.header(hashObjectHeader, 3, 1)
	num16(c, &s.Type)
	num16(c, &s.NameAlg)
	num32(c, &s.ObjectAttributes)
	c.digest(&s.Auth, "authorization")
	switch kind {
	case ObjectHMACSeq:
		s.HMAC.code(c)
		limit := maxBlock
		if newExtensionHash(s.HMAC.Hash) != nil {
			limit = maxExtensionBlock
		}
		c.sized(&s.HMACKey, limit, "HMAC key")
	case ObjectHashSeq:
		s.codeHashes(c)
	case ObjectEventSeq:
		if version >= 3 {
			s.codeHashes(c)
		}
	default:
		c.fail(ErrValue, "a sequence of more than one kind, attributes 0x%08x", uint32(kind))
	}
	c.end(version)
}

func (s *Sequence) codeHashes(c *coder) {
	c.count16(len(s.Hashes), ErrSize, "number of hash states")
	for i := range s.Hashes {
		s.Hashes[i].code(c)
	}
}

// HashStateType says what a hash state is for.
type HashStateType uint8

// The types of hash states.
const (
	HashStateEmpty HashStateType = 0
	HashStateHash  HashStateType = 1
	HashStateHMAC  HashStateType = 2
	HashStateMAC   HashStateType = 3 // MAC with a block cipher: its state is not stored, so it cannot be continued
)

// HashState is a hash computation in progress: HASH_STATE.
type HashState struct {
	Type HashStateType
	Hash wire.Alg

	Chain    []byte // chaining value, big-endian words in order
	Bits     uint64 // length of the message so far, in bits
	BitsHigh uint64 // its upper half with SHA-384 and SHA-512
	Block    []byte // buffer of one block; the first Buffered bytes count
	Buffered uint32

	Extension []byte // in place of all that, the state of a hash that libtpms does not have
}

// hashForm is how a hash stores its state.
type hashForm struct {
	header structure
	counts bool // a count of words before the chaining value, the digest size at the end
	word   int
	chain  int
	block  int
	digest uint32
}

func hashFormOf(alg wire.Alg) (hashForm, bool) {
	switch alg {
	case wire.AlgSHA1:
		return hashForm{sha1StateHeader, false, 4, 20, 64, 20}, true
	case wire.AlgSHA256:
		return hashForm{sha256StateHeader, true, 4, 32, 64, 32}, true
	case wire.AlgSHA384:
		return hashForm{sha384StateHeader, true, 8, 64, 128, 48}, true
	case wire.AlgSHA512:
		return hashForm{sha512StateHeader, true, 8, 64, 128, 64}, true
	}
	return hashForm{}, false
}

func (h *HashState) code(c *coder) {
	defer c.enter(hashStateHeader.name)()
	outer := c.plain(hashStateHeader)
	if num8(c, &h.Type); h.Type > HashStateMAC {
		c.fail(ErrValue, "hash state of type %d", h.Type)
	}
	num16(c, &h.Hash)
	inner := c.plain(anyHashStateHeader)
	if form, known := hashFormOf(h.Hash); known {
		h.codeState(c, form)
	} else if h.Type != HashStateEmpty && newExtensionHash(h.Hash) != nil {
		c.sized(&h.Extension, maxExtensionState, "hash state")
	}
	c.end(inner)
	c.end(outer)
}

func (h *HashState) codeState(c *coder, form hashForm) {
	defer c.enter(form.header.name)()
	v := c.plain(form.header)
	if form.counts {
		c.count16(form.chain/form.word, ErrParameter, "number of words")
	}
	if !c.reading && (len(h.Chain) != form.chain || len(h.Block) != form.block) {
		c.fail(ErrSize, "chaining value of %d and block of %d bytes", len(h.Chain), len(h.Block))
	}
	c.exact(&h.Chain, form.chain)
	h.codeLength(c, form.word)
	c.count16(form.block, ErrParameter, "size of the block")
	c.exact(&h.Block, form.block)
	if num32(c, &h.Buffered); h.Buffered >= uint32(form.block) {
		c.fail(ErrSize, "%d bytes buffered in a block of %d", h.Buffered, form.block)
	}
	if size := form.digest; form.counts {
		if num32(c, &size); size != form.digest {
			c.fail(ErrSize, "digest of %d bytes, not %d", size, form.digest)
		}
	}
	c.end(v)
}

// codeLength visits the length of the message: low word, then high word.
func (h *HashState) codeLength(c *coder, word int) {
	if word == 8 {
		num64(c, &h.Bits)
		num64(c, &h.BitsHigh)
		return
	}
	low, high := uint32(h.Bits), uint32(h.Bits>>32)
	num32(c, &low)
	num32(c, &high)
	h.Bits = uint64(high)<<32 | uint64(low)
}
