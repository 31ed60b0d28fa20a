package nvstate

import "govtpm/tpm2/wire"

// OrderlyState tells how the TPM was last shut down (Part 4, g_prevOrderlyState).
type OrderlyState uint16

// Values and modifiers of OrderlyState.
const (
	OrderlyClear     OrderlyState = 0x0000 // Shutdown(CLEAR) and nothing changed since; also the manufactured value
	OrderlyStateSave OrderlyState = 0x0001 // Shutdown(STATE)
	OrderlyLocality3 OrderlyState = 0x4000 // modifier: the last Startup came from locality 3
	OrderlyHCRTM     OrderlyState = 0x8000 // modifier: an H-CRTM sequence preceded the last Startup
	OrderlyDAUsed    OrderlyState = 0xFFFE // running or stopped without Shutdown, and a DA-protected object was used
	OrderlyNone      OrderlyState = 0xFFFF // running or stopped without Shutdown
)

// Saved says whether Shutdown(STATE) was the last, so that STATE_RESET_DATA and STATE_CLEAR_DATA are in the blob.
func (s OrderlyState) Saved() bool { return s&0x3FFF == OrderlyStateSave }

// PCRPolicy is the policy of the one policy group of PCR. libtpms puts no PCR in it.
type PCRPolicy struct {
	HashAlg wire.Alg
	Policy  []byte
}

func (p *PCRPolicy) code(c *coder) {
	defer c.enter(pcrPolicyHeader.name)()
	v := c.plain(pcrPolicyHeader)
	c.count16(1, ErrSize, "number of policies")
	num16(c, &p.HashAlg)
	c.digest(&p.Policy, "policy")
	c.end(v)
}

// PersistentData is what outlives everything but a change of owner: PERSISTENT_DATA.
type PersistentData struct {
	DisableClear bool

	OwnerAlg       wire.Alg // hash algorithm of the policy, AlgNull without one
	EndorsementAlg wire.Alg
	LockoutAlg     wire.Alg

	OwnerPolicy       []byte
	EndorsementPolicy []byte
	LockoutPolicy     []byte

	OwnerAuth       []byte // without trailing zeros
	EndorsementAuth []byte
	LockoutAuth     []byte

	EPSeed []byte
	SPSeed []byte
	PPSeed []byte

	PHProof []byte
	SHProof []byte
	EHProof []byte

	TotalResetCount uint64
	ResetCount      uint32

	PCRPolicy    PCRPolicy
	PCRAllocated wire.TPMLPCRSelection // takes effect at the next TPM Reset
	PPList       CommandSet            // commands that need physical presence

	FailedTries        uint32
	MaxTries           uint32
	RecoveryTime       uint32 // seconds
	LockoutRecovery    uint32 // seconds
	LockoutAuthEnabled bool

	OrderlyState  OrderlyState
	AuditCommands CommandSet
	AuditHashAlg  wire.Alg
	AuditCounter  uint64
	AlgorithmSet  uint32
	FirmwareV1    uint32 // libtpms puts its own at every start
	FirmwareV2    uint32
	TimeEpoch     uint32

	PCRActive wire.TPMLPCRSelection // the allocation in force

	EPSeedCompat SeedCompat
	SPSeedCompat SeedCompat
	PPSeedCompat SeedCompat
}

// SeedCompat says how keys are derived from a seed. A seed keeps its level for life.
type SeedCompat uint8

// The levels of seeds.
const (
	SeedCompatOriginal SeedCompat = 0 // RSA primes as libtpms before 0.8 derived them
	SeedCompatRev155   SeedCompat = 1 // the derivation of the standard since revision 155
)

func (s *SeedCompat) code(c *coder) {
	if num8(c, s); *s > SeedCompatRev155 {
		c.fail(ErrVersion, "seed compatibility level %d is not known", *s)
	}
}

func (d *PersistentData) code(c *coder) {
	defer c.enter(persistentDataHeader.name)()
	version := c.level.persistentDataVersion()
	version = c.header(persistentDataHeader, version, version)
	d.codeHierarchies(c)
	num64(c, &d.TotalResetCount)
	num32(c, &d.ResetCount)
	c.block(true, func() { d.PCRPolicy.code(c) })
	codePCRSelection(c, &d.PCRAllocated, "allocated PCR")
	d.PPList.code(c, version, 0)
	num32(c, &d.FailedTries)
	num32(c, &d.MaxTries)
	num32(c, &d.RecoveryTime)
	num32(c, &d.LockoutRecovery)
	c.boolean(&d.LockoutAuthEnabled)
	num16(c, &d.OrderlyState)
	d.AuditCommands.code(c, version, 1)
	num16(c, &d.AuditHashAlg)
	num64(c, &d.AuditCounter)
	num32(c, &d.AlgorithmSet)
	num32(c, &d.FirmwareV1)
	num32(c, &d.FirmwareV2)
	codeEpoch(c, &d.TimeEpoch)
	if c.reading {
		d.PCRActive = d.PCRAllocated // before version 3 there was one copy
	}
	if version >= 2 {
		c.extension(version >= 3, func() { d.codeVersion3(c, version) })
	}
}

func (d *PersistentData) codeHierarchies(c *coder) {
	c.boolean(&d.DisableClear)
	num16(c, &d.OwnerAlg)
	num16(c, &d.EndorsementAlg)
	num16(c, &d.LockoutAlg)
	c.digest(&d.OwnerPolicy, "owner policy")
	c.digest(&d.EndorsementPolicy, "endorsement policy")
	c.digest(&d.LockoutPolicy, "lockout policy")
	c.digest(&d.OwnerAuth, "owner authorization")
	c.digest(&d.EndorsementAuth, "endorsement authorization")
	c.digest(&d.LockoutAuth, "lockout authorization")
	codeSeeds(c, &d.EPSeed, &d.SPSeed, &d.PPSeed)
	c.digest(&d.PHProof, "platform proof")
	c.digest(&d.SHProof, "storage proof")
	c.digest(&d.EHProof, "endorsement proof")
}

func (d *PersistentData) codeVersion3(c *coder, version uint16) {
	codePCRSelection(c, &d.PCRActive, "active PCR")
	c.extension(version >= 4, func() {
		d.EPSeedCompat.code(c)
		d.SPSeedCompat.code(c)
		d.PPSeedCompat.code(c)
		c.end(version)
	})
}

func codeSeeds(c *coder, endorsement, storage, platform *[]byte) {
	c.digest(endorsement, "endorsement seed")
	c.digest(storage, "storage seed")
	c.digest(platform, "platform seed")
}

// codeEpoch visits a time epoch; its size stands before it and is always 4.
func codeEpoch(c *coder, epoch *uint32) {
	size := uint8(4)
	if num8(c, &size); size != 4 {
		c.fail(ErrParameter, "time epoch has %d bytes, not 4", size)
	}
	num32(c, epoch)
}

// codePCRSelection visits an allocation of PCR: at most four banks of 24 PCR.
func codePCRSelection(c *coder, s *wire.TPMLPCRSelection, what string) {
	banks := uint32(len(*s))
	if c.reading {
		banks = c.peek32()
	}
	if banks > maxBanks {
		c.fail(ErrSize, "%s: %d banks, at most %d allowed", what, banks, maxBanks)
	}
	if c.canonical(s, what); c.err != nil {
		return
	}
	for _, bank := range *s {
		if len(bank.Select) != pcrSelectSize {
			c.fail(ErrValue, "%s: selection of %d bytes, not %d", what, len(bank.Select), pcrSelectSize)
		}
		if bankSize(bank.Hash) == 0 {
			c.fail(ErrHash, "%s: a bank of algorithm 0x%04x, of which no PCR can be stored", what, uint16(bank.Hash))
		}
	}
}
