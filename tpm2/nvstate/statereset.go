package nvstate

// MaxActiveSessions is the number of sessions that can exist at a time, loaded or saved.
const MaxActiveSessions = 64

// Masks of context slots.
const (
	SlotMask8  uint16 = 0x00FF // state that came from libtpms before 0.9 keeps 8-bit slots until the next TPM Reset
	SlotMask16 uint16 = 0xFFFF
)

// StateReset lives until TPM Reset: STATE_RESET_DATA.
type StateReset struct {
	NullProof       []byte // empty before the first Startup
	NullSeed        []byte
	ClearCount      uint32
	ObjectContextID uint64

	// ContextArray says by the low bits of a session handle where the session is: 0 nowhere, 1 to 3 loaded in that slot
	// less 1, above 3 saved with these low bits of its context ID.
	ContextArray       [MaxActiveSessions]uint16
	ContextSlotMask    uint16
	ContextCounter     uint64
	CommandAuditDigest []byte // empty unless a digest is being accumulated
	RestartCount       uint32
	PCRCounter         uint32

	CommitCounter uint64
	CommitNonce   []byte
	CommitArray   [16]byte

	// NullSeedCompat may be 0 in a permanent blob although the seed is of level 1: libtpms loses it when it loads and
	// stores such a blob.
	NullSeedCompat SeedCompat
}

func (d *StateReset) code(c *coder) {
	defer c.enter(stateResetHeader.name)()
	version := c.header(stateResetHeader, 4, 4)
	c.digest(&d.NullProof, "null proof")
	c.digest(&d.NullSeed, "null seed")
	num32(c, &d.ClearCount)
	num64(c, &d.ObjectContextID)
	d.codeContextArray(c, version)
	num64(c, &d.ContextCounter)
	c.digest(&d.CommandAuditDigest, "command audit digest")
	num32(c, &d.RestartCount)
	num32(c, &d.PCRCounter)
	c.block(true, func() {
		num64(c, &d.CommitCounter)
		c.digest(&d.CommitNonce, "commit nonce")
		c.count16(len(d.CommitArray), ErrParameter, "size of the commit array")
		c.fixed(d.CommitArray[:])
	})
	if version >= 2 {
		c.extension(version >= 3, func() {
			d.NullSeedCompat.code(c)
			c.end(version)
		})
	}
}

// codeContextArray visits the array, of bytes before version 4 and of words since.
func (d *StateReset) codeContextArray(c *coder, version uint16) {
	c.count16(len(d.ContextArray), ErrParameter, "number of context slots")
	if version < 4 {
		for i, slot := range c.take(len(d.ContextArray)) {
			d.ContextArray[i] = uint16(slot)
		}
		d.ContextSlotMask = SlotMask8
		return
	}
	for i := range d.ContextArray {
		num16(c, &d.ContextArray[i])
	}
	if num16(c, &d.ContextSlotMask); d.ContextSlotMask != SlotMask8 && d.ContextSlotMask != SlotMask16 {
		c.fail(ErrParameter, "context slot mask 0x%04x", d.ContextSlotMask)
	}
}
