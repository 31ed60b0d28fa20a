package nvstate

import (
	"encoding/binary"
	"math"
)

// Bounds of TPM2B buffers in the format.
const (
	maxDigest = 64
	maxName   = 68 // as libtpms does: the size of its union, not of the largest name
)

// structure describes one kind of header: the magic that tells it and the newest version this package understands.
type structure struct {
	name  string
	magic uint32
	known uint16
}

// The structures that begin with a header.
var (
	persistentAllHeader   = structure{"PERSISTENT_ALL", MagicPermanent, 4}
	compileHeader         = structure{"PA_COMPILE_CONSTANTS", 0xC9EA6431, 3}
	persistentDataHeader  = structure{"PERSISTENT_DATA", 0x12213443, 5}
	orderlyDataHeader     = structure{"ORDERLY_DATA", 0x56657887, 2}
	drbgStateHeader       = structure{"DRBG_STATE", 0x6FE83EA1, 2}
	pcrPolicyHeader       = structure{"PCR_POLICY", 0x176BE626, 2}
	stateResetHeader      = structure{"STATE_RESET_DATA", 0x01102332, 4}
	stateClearHeader      = structure{"STATE_CLEAR_DATA", 0x98897667, 2}
	pcrSaveHeader         = structure{"PCR_SAVE", 0x7372EABC, 2}
	pcrAuthHeader         = structure{"PCR_AUTHVALUE", 0x6BE82EAF, 2}
	indexOrderlyRAMHeader = structure{"INDEX_ORDERLY_RAM", 0x5346FEAB, 2}
	userNVRAMHeader       = structure{"USER_NVRAM", 0x094F22C3, 2}
	nvIndexHeader         = structure{"NV_INDEX", 0x2547265A, 2}
	anyObjectHeader       = structure{"ANY_OBJECT", 0xFE9A3974, 2}
	objectHeader          = structure{"OBJECT", 0x75BE73AF, 4}
	privateExponentHeader = structure{"PRIVATE_EXPONENT_T", 0x0854EAB2, 2}
	primeHeader           = structure{"BN_PRIME_T", 0x2FE736AB, 2}
	hashObjectHeader      = structure{"HASH_OBJECT", 0xB874FE38, 3}
	hashStateHeader       = structure{"HASH_STATE", 0x562878A2, 2}
	anyHashStateHeader    = structure{"ANY_HASH_STATE", 0x349D494B, 2}
	sha1StateHeader       = structure{"SHA1_STATE", 0x19D46F50, 2}
	sha256StateHeader     = structure{"SHA256_STATE", 0x6EA059D0, 2}
	sha384StateHeader     = structure{"SHA384_STATE", 0x14814B08, 2}
	sha512StateHeader     = structure{"SHA512_STATE", 0x269E8AE0, 2}
	volatileHeader        = structure{"VOLATILE_STATE", MagicVolatile, 4}
	pcrHeader             = structure{"PCR", 0xE95F0387, 2}
	sessionSlotHeader     = structure{"SESSION_SLOT", 0x3664AEBC, 2}
	sessionHeader         = structure{"SESSION", 0x44BE9F45, 2}
)

// header visits the header of a structure. Writing, it puts version and minimum; reading, it gives the version found.
// A version above the known one is fine as long as its minimum is known: what is new then sits in blocks to be skipped.
func (c *coder) header(s structure, version, minimum uint16) uint16 {
	magic := s.magic
	num16(c, &version)
	if num32(c, &magic); magic != s.magic {
		c.fail(ErrMagic, "magic 0x%08x, not 0x%08x of %s", magic, s.magic, s.name)
	}
	if version >= 2 {
		if num16(c, &minimum); minimum > s.known {
			c.fail(ErrVersion, "%s needs a reader of version %d, this one knows %d", s.name, minimum, s.known)
		}
	}
	return version
}

// plain visits the header of a structure whose form never changed.
func (c *coder) plain(s structure) uint16 { return c.header(s, 2, 1) }

// block visits a group of fields that can be skipped as a whole. Reading a needed group that is absent is an error; one
// that is present and not needed is skipped.
func (c *coder) block(needed bool, fields func()) {
	if !c.reading {
		c.writeBlock(needed, fields)
		return
	}
	var present bool
	var size uint16
	c.boolean(&present)
	num16(c, &size)
	switch {
	case present && needed: // the size is for readers that do not know the content
		fields()
	case present:
		c.take(int(size))
	case needed:
		c.fail(ErrParameter, "a required block is absent")
	}
}

func (c *coder) writeBlock(present bool, fields func()) {
	c.boolean(&present)
	at := len(c.buf)
	c.buf = append(c.buf, 0, 0)
	if present && fields != nil {
		fields()
	}
	size := len(c.buf) - at - 2
	if size > math.MaxUint16 {
		c.fail(ErrSize, "a block of %d bytes", size)
	}
	c.buf[at], c.buf[at+1] = byte(size>>8), byte(size)
}

// extension visits the fields a later version added. In a version without them an empty block stands in their place.
func (c *coder) extension(needed bool, fields func()) {
	if !c.reading && !needed {
		c.writeBlock(true, nil)
		return
	}
	c.block(needed, fields)
}

// end visits the block reserved for later versions at the end of a structure.
func (c *coder) end(version uint16) {
	if version >= 2 {
		c.extension(false, nil)
	}
}

// ownEnd visits that block where it may hold a structure of this package's own, whose fields begin with header s. Reading, anything else in it is
// skipped.
func (c *coder) ownEnd(version uint16, s structure, present bool, fields func()) {
	if !c.reading {
		if present {
			c.writeBlock(true, fields)
		} else {
			c.end(version)
		}
		return
	}
	if version < 2 {
		return
	}
	var has bool
	var size uint16
	c.boolean(&has)
	if num16(c, &size); !has {
		return
	}
	start := c.pos()
	block := c.take(int(size))
	if c.err != nil || len(block) < 6 || binary.BigEndian.Uint32(block[2:]) != s.magic {
		return
	}
	c.off = start
	if fields(); c.err == nil && c.pos() != start+int(size) {
		c.fail(ErrSize, "%s is not as long as its block", s.name)
	}
}
