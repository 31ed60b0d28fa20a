package nvstate

import "govtpm/tpm2/wire"

// NumCountdowns is the number of authenticated countdown timers that there are handles for.
const NumCountdowns = 16

// StateClearExtension is what STATE_CLEAR_DATA has besides in a TPM whose profile goes beyond libtpms. It stands in the block that the
// format keeps empty for later versions, so that state without it is that of libtpms; it begins with a header of its own, by which it is told
// from what a later version may put there.
type StateClearExtension struct {
	ReadOnly   bool
	Countdowns [NumCountdowns]Countdown // of TPM_RH_ACT_0 to TPM_RH_ACT_F
}

// stateClearExtensionHeader is of this package alone: libtpms has no such structure.
var stateClearExtensionHeader = structure{"STATE_CLEAR_EXTENSION", 0x67E7C0DE, 2}

// Countdown is an authenticated countdown timer (Part 1, 40.2).
type Countdown struct {
	Timeout   uint32 // seconds left when the state was saved by Shutdown
	Deadline  uint64 // TPM Time at which it expires, ms; 0 for never, and in permanent state
	Flags     CountdownFlags
	PolicyAlg wire.Alg // AlgNull without a policy
	Policy    []byte
}

// CountdownFlags is the state of a timer.
type CountdownFlags uint8

// What a timer can be.
const (
	CountdownSignaled  CountdownFlags = 1 << iota // TPMA_ACT signaled
	CountdownPreserved                            // TPMA_ACT preserveSignaled
	CountdownSet                                  // TPM2_ACT_SetTimeout ran since Startup
)

// IsIdle reports whether the timer is as TPM Reset leaves it.
func (t *Countdown) IsIdle() bool {
	return t.Timeout == 0 && t.Deadline == 0 && t.Flags == 0 && t.PolicyAlg == wire.AlgNull && len(t.Policy) == 0
}

func (e *StateClearExtension) code(c *coder) {
	defer c.enter(stateClearExtensionHeader.name)()
	c.header(stateClearExtensionHeader, 2, 2)
	c.boolean(&e.ReadOnly)
	var present uint16 // bit n: timer n is not idle
	for i := range e.Countdowns {
		if t := &e.Countdowns[i]; c.reading {
			t.PolicyAlg = wire.AlgNull
		} else if !t.IsIdle() {
			present |= 1 << i
		}
	}
	num16(c, &present)
	for i := range e.Countdowns {
		if present>>i&1 != 0 {
			e.Countdowns[i].code(c)
		}
	}
}

func (t *Countdown) code(c *coder) {
	num32(c, &t.Timeout)
	num64(c, &t.Deadline)
	if num8(c, &t.Flags); t.Flags > CountdownSignaled|CountdownPreserved|CountdownSet {
		c.fail(ErrReservedBits, "countdown timer with flags 0x%02x", uint8(t.Flags))
	}
	num16(c, &t.PolicyAlg)
	c.digest(&t.Policy, "policy of a countdown timer")
}

// codeExtension visits the block at the end of STATE_CLEAR_DATA.
func (d *StateClear) codeExtension(c *coder, version uint16) {
	c.ownEnd(version, stateClearExtensionHeader, d.Extension != nil, func() {
		if c.reading {
			d.Extension = new(StateClearExtension)
		}
		d.Extension.code(c)
	})
}
