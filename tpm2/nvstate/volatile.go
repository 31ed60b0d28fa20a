package nvstate

import (
	"bytes"
	"crypto/sha1"
	"math"

	"govtpm/tpm2/wire"
)

// Numbers of slots.
const (
	MaxLoadedObjects  = 3
	MaxLoadedSessions = 3
	maxCommandSession = 3
)

// NoOldestSession is the value of Volatile.OldestSavedSession without a saved session.
const NoOldestSession uint32 = MaxActiveSessions + 1

// Volatile is a running TPM without what is in its NV memory: the blob libtpms calls volatilestate. It belongs to a
// permanent blob with the same seeds.
type Volatile struct {
	ExclusiveAuditSession wire.Handle // RHUnassigned for none, 0 before Startup
	Time                  uint64      // TPM Time, ms
	PHEnable              bool
	PCRReConfig           bool        // TPM2_PCR_Allocate since the last reset
	DRTMHandle            wire.Handle // of the DRTM or H-CRTM event sequence, RHUnassigned for none
	DRTMPreStartup        bool
	StartupLocality3      bool
	DAUsed                bool
	PowerWasLost          bool         // until the first Startup
	PrevOrderlyState      OrderlyState // as found by the last Startup
	NVOk                  bool
	PlatformUnique        []byte // 64 constant bytes up to libtpms 0.9, empty since; ignored

	Orderly    OrderlyData
	StateClear StateClear
	StateReset StateReset

	Manufactured bool
	Initialized  bool         // Startup has run
	LastCommand  *LastCommand // nil for none

	NVMemorySize uint32 // 0 on writing gives the usual NVMemorySize; state of libtpms before 0.8 has 131072
	OrderlyRAM   OrderlyRAM
	MaxCounter   uint64

	Objects            [MaxLoadedObjects]AnyObject // by handle less 0x80000000
	PCRs               []PCRBank
	Sessions           [MaxLoadedSessions]*Session
	OldestSavedSession uint32 // index into StateReset.ContextArray; NoOldestSession for none; 0 before Startup
	FreeSessionSlots   uint32

	InFailureMode  bool
	TPMEstablished bool
	FailFunction   uint32
	FailLine       uint32
	FailCode       uint32

	Timer Timer

	// The seeds of the permanent state. Blobs before version 3 have none.
	EPSeed []byte
	SPSeed []byte
	PPSeed []byte
}

// Timer is the clock of libtpms below TPM Time, in ms.
//
// On resume TPM Time and Clock go on from their saved values plus the wall-clock time spent suspended. For that to hold
// in libtpms, all of Monotonic, LastSystemTime, LastReported, RealTimePrevious and TPMTime must equal Volatile.Time when
// Suspended is 0.
type Timer struct {
	RealTimePrevious uint64
	TPMTime          uint64
	Reset            bool
	Stopped          bool   // the next update of the time starts a new epoch
	AdjustRate       uint32 // AdjustNominal if the clock runs neither fast nor slow
	WallClock        uint64 // when the blob was made, since 1970

	// Before version 4 a blob had wall-clock times in place of the others, and none of these.
	BeforeVersion4 bool
	Monotonic      uint64
	Suspended      uint64
	LastSystemTime uint64
	LastReported   uint64
}

// AdjustNominal is the rate of a clock that has not been adjusted.
const AdjustNominal uint32 = 30000

// DecodeVolatile reads a volatile blob. The checksum comes last, as in libtpms, but a blob that fails it is refused
// whatever else it holds. Nothing of the result is part of the blob.
func DecodeVolatile(blob []byte) (*Volatile, error) {
	c := newReader(blob)
	v := new(Volatile)
	v.code(c)
	defer c.enter(volatileHeader.name)()
	v.checkSum(c, blob)
	if c.err != nil {
		return nil, c.err
	}
	return v, nil
}

// checkSum compares the SHA-1 over everything else, which is the last 20 bytes; what stands between it and the end magic
// is ignored.
func (v *Volatile) checkSum(c *coder, blob []byte) {
	if c.err != nil {
		return
	}
	c.take(sha1.Size)
	if c.err != nil {
		return
	}
	end := len(blob) - sha1.Size
	if sum := sha1.Sum(blob[:end]); !bytes.Equal(sum[:], blob[end:]) {
		c.fail(ErrHash, "the checksum does not match")
	}
}

// Encode writes the blob at a level, which is that of the permanent state it belongs to.
func (v *Volatile) Encode(level Level) ([]byte, error) {
	c := newWriter(level)
	v.code(c)
	defer c.enter(volatileHeader.name)()
	if size := len(c.buf) + sha1.Size; size > math.MaxUint16 {
		c.fail(ErrSize, "a volatile blob of %d bytes", size)
	}
	if c.err != nil {
		return nil, c.err
	}
	sum := sha1.Sum(c.buf)
	return append(c.buf, sum[:]...), nil
}

// CheckAgainst refuses a volatile blob that does not belong to the permanent one: other seeds, or PCR banks missing that
// are allocated there.
func (v *Volatile) CheckAgainst(p *Permanent) error {
	c := &coder{path: []string{volatileHeader.name}}
	d := &p.Data
	if v.EPSeed != nil || v.SPSeed != nil || v.PPSeed != nil {
		same := bytes.Equal(v.EPSeed, d.EPSeed) && bytes.Equal(v.SPSeed, d.SPSeed) && bytes.Equal(v.PPSeed, d.PPSeed)
		if !same {
			c.fail(ErrValue, "the seeds are not those of the permanent state")
		}
	}
	checkBanks(c, v.PCRs, d.PCRActive)
	checkBanks(c, v.StateClear.PCRSave, d.PCRActive)
	return c.result()
}

func (v *Volatile) code(c *coder) {
	defer c.enter(volatileHeader.name)()
	version := c.header(volatileHeader, 4, 1)
	v.codeFlags(c)
	v.Orderly.code(c)
	v.StateClear.code(c)
	v.StateReset.code(c)
	c.boolean(&v.Manufactured)
	c.boolean(&v.Initialized)
	c.block(true, func() { codeLastCommand(c, &v.LastCommand) })
	c.block(false, nil) // DA timers of a build that libtpms never was
	c.block(true, func() { v.codeNV(c) })
	c.block(true, func() { v.codeObjects(c) })
	c.block(true, func() { codeAllPCRs(c, &v.PCRs) })
	c.block(true, func() { v.codeSessions(c) })
	c.boolean(&v.InFailureMode)
	c.boolean(&v.TPMEstablished)
	c.block(true, func() {
		num32(c, &v.FailFunction)
		num32(c, &v.FailLine)
		num32(c, &v.FailCode)
	})
	v.Timer.code(c)
	if c.reading {
		v.Timer.BeforeVersion4 = version < 4
	}
	if version >= 2 {
		c.extension(version >= 3, func() { v.codeVersion3(c, version) })
	}
	c.trailer(volatileHeader)
}

func (v *Volatile) codeFlags(c *coder) {
	num32(c, &v.ExclusiveAuditSession)
	num64(c, &v.Time)
	c.boolean(&v.PHEnable)
	c.boolean(&v.PCRReConfig)
	num32(c, &v.DRTMHandle)
	c.boolean(&v.DRTMPreStartup)
	c.boolean(&v.StartupLocality3)
	c.block(true, func() { c.boolean(&v.DAUsed) })
	c.boolean(&v.PowerWasLost)
	num16(c, &v.PrevOrderlyState)
	c.boolean(&v.NVOk)
	c.digest(&v.PlatformUnique, "platform unique value")
}

func (v *Volatile) codeNV(c *coder) {
	if v.NVMemorySize == 0 {
		v.NVMemorySize = NVMemorySize
	}
	size := v.NVMemorySize
	num32(c, &size)
	if c.reading && size != 0 {
		v.NVMemorySize = size
	}
	v.OrderlyRAM.codeImage(c)
	num64(c, &v.MaxCounter)
}

func (v *Volatile) codeObjects(c *coder) {
	c.count16(len(v.Objects), ErrParameter, "number of object slots")
	for i := range v.Objects {
		v.Objects[i].code(c)
	}
}

func (v *Volatile) codeSessions(c *coder) {
	c.count16(len(v.Sessions), ErrParameter, "number of session slots")
	for i := range v.Sessions {
		codeSessionSlot(c, &v.Sessions[i])
	}
	num32(c, &v.OldestSavedSession)
	num32(c, &v.FreeSessionSlots)
}

func (v *Volatile) codeVersion3(c *coder, version uint16) {
	codeSeeds(c, &v.EPSeed, &v.SPSeed, &v.PPSeed)
	c.extension(version >= 4, func() {
		num64(c, &v.Timer.Monotonic)
		num64(c, &v.Timer.Suspended)
		num64(c, &v.Timer.LastSystemTime)
		num64(c, &v.Timer.LastReported)
		c.end(version)
	})
}

func (t *Timer) code(c *coder) {
	c.block(true, func() {
		num64(c, &t.RealTimePrevious)
		num64(c, &t.TPMTime)
	})
	c.boolean(&t.Reset)
	c.boolean(&t.Stopped)
	num32(c, &t.AdjustRate)
	num64(c, &t.WallClock)
}

// trailer visits the magic at the end of a blob.
func (c *coder) trailer(s structure) {
	magic := s.magic
	if num32(c, &magic); magic != s.magic {
		c.fail(ErrMagic, "end magic 0x%08x, not 0x%08x", magic, s.magic)
	}
}

// noSession stands for no session in the indices of LastCommand.
const noSession uint32 = 0xFFFF

// LastCommand is what the processing of the last command with sessions left behind, with its authorization values. It
// has no use after the command, so there is no need to store any.
type LastCommand struct {
	Sessions       [maxCommandSession]CommandSession
	EncryptSession uint32 // index into Sessions, 0xFFFF for none
	DecryptSession uint32
	AuditSession   uint32
	CpHashForAudit []byte
	DAPendingOnNV  bool
}

// CommandSession is a session of the last command.
type CommandSession struct {
	Handle           wire.Handle
	Attributes       uint8 // TPMA_SESSION
	AssociatedHandle wire.Handle
	NonceCaller      []byte
	AuthValue        []byte
}

// codeLastCommand visits the leftovers; nil writes as leftovers that say nothing.
func codeLastCommand(c *coder, last **LastCommand) {
	l := LastCommand{EncryptSession: noSession, DecryptSession: noSession, AuditSession: noSession}
	if !c.reading && *last != nil {
		l = **last
	}
	l.code(c)
	if c.reading {
		*last = &l
	}
}

func (l *LastCommand) code(c *coder) {
	defer c.enter("sessions of the last command")()
	c.count16(len(l.Sessions), ErrParameter, "number of command sessions")
	for i := range l.Sessions {
		l.Sessions[i].code(c)
	}
	num32(c, &l.EncryptSession)
	num32(c, &l.DecryptSession)
	num32(c, &l.AuditSession)
	c.block(true, func() { c.digest(&l.CpHashForAudit, "cpHash for audit") })
	c.boolean(&l.DAPendingOnNV)
}

func (s *CommandSession) code(c *coder) {
	num32(c, &s.Handle)
	if num8(c, &s.Attributes); s.Attributes&0x18 != 0 {
		c.fail(ErrReservedBits, "session attributes 0x%02x", s.Attributes)
	}
	num32(c, &s.AssociatedHandle)
	c.digest(&s.NonceCaller, "caller's nonce")
	c.digest(&s.AuthValue, "authorization")
}
