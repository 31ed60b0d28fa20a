package nvstate

// DRBG is the state of the deterministic random bit generator, a CTR_DRBG with AES-256 (SP 800-90A, 10.2.1).
type DRBG struct {
	ReseedCounter uint64
	Magic         uint32 // DRBGMagic; with another value libtpms instantiates a new generator at Startup
	Key           [32]byte
	V             [16]byte
	LastValue     [4]uint32 // previous output for the continuous self-test, otherwise zero
}

// DRBGMagic is the value of DRBG.Magic in an instantiated generator.
const DRBGMagic uint32 = 0x47425244

func (d *DRBG) code(c *coder) {
	defer c.enter(drbgStateHeader.name)()
	v := c.plain(drbgStateHeader)
	num64(c, &d.ReseedCounter)
	num32(c, &d.Magic)
	c.count16(len(d.Key)+len(d.V), ErrSize, "size of the seed")
	c.fixed(d.Key[:])
	c.fixed(d.V[:])
	c.count16(len(d.LastValue), ErrSize, "number of last values")
	for i := range d.LastValue {
		num32(c, &d.LastValue[i])
	}
	c.end(v)
}

// OrderlyData is kept over an orderly shutdown and may be stale after another: ORDERLY_DATA.
type OrderlyData struct {
	Clock         uint64 // ms
	ClockSafe     bool
	DRBG          DRBG
	SelfHealTimer uint64 // in TPM Time of the cycle that saved it, ms; may be "negative" in two's complement
	LockoutTimer  uint64
	Time          uint64 // TPM Time at the last Shutdown
}

func (d *OrderlyData) code(c *coder) {
	defer c.enter(orderlyDataHeader.name)()
	v := c.plain(orderlyDataHeader)
	num64(c, &d.Clock)
	c.boolean(&d.ClockSafe)
	d.DRBG.code(c)
	c.block(true, func() {
		num64(c, &d.SelfHealTimer)
		num64(c, &d.LockoutTimer)
		num64(c, &d.Time)
	})
	c.end(v)
}
