package nvstatetest

import (
	"slices"

	"govtpm/tpm2/nvstate"
	"govtpm/tpm2/wire"
)

// Permanent writes permanent state in the form of the release.
func (r Release) Permanent(p *nvstate.Permanent) []byte {
	o := r.out()
	o.head(r.All, 0xAB364723, r.All)
	if r.All >= 4 {
		o.sized(append([]byte(p.Profile), 0))
	}
	r.constants(o)
	r.data(o, &p.Data)
	orderly(o, &p.Orderly)
	if p.Data.OrderlyState&0x3FFF == 1 {
		r.reset(o, p.StateReset)
		clearData(o, p.StateClear)
	}
	orderlyRAM(o, p.OrderlyRAM)
	r.userNVRAM(o, &p.NV)
	o.end()
	o.u32(0xAB364723)
	return o.b
}

func (r Release) constants(o *out) {
	list := nvstate.CompileConstants()
	if r.Constants < 3 {
		list = list[:88]
	}
	o.head(r.Constants, 0xC9EA6431, 1)
	o.u32(uint32(len(list)))
	for i, c := range list {
		value := c.Value
		if lower, ok := map[int]uint32{34: 2048, 63: 2474, 68: 131072}[i]; ok && r.OldLimits {
			value = lower
		}
		o.u32(value)
	}
	o.end()
}

func (r Release) data(o *out, d *nvstate.PersistentData) {
	minimum := r.Data
	if r.Data == 3 {
		minimum = 1
	}
	o.head(r.Data, 0x12213443, minimum)
	o.flags(d.DisableClear)
	o.u16(uint16(d.OwnerAlg))
	o.u16(uint16(d.EndorsementAlg))
	o.u16(uint16(d.LockoutAlg))
	o.sized(d.OwnerPolicy, d.EndorsementPolicy, d.LockoutPolicy, d.OwnerAuth, d.EndorsementAuth, d.LockoutAuth,
		d.EPSeed, d.SPSeed, d.PPSeed, d.PHProof, d.SHProof, d.EHProof)
	o.u64(d.TotalResetCount)
	o.u32(d.ResetCount)
	o.block(func() {
		o.head(2, 0x176BE626, 1)
		o.u16(1)
		o.u16(uint16(d.PCRPolicy.HashAlg))
		o.sized(d.PCRPolicy.Policy)
		o.end()
	})
	allocation(o, d.PCRAllocated)
	o.sized(r.set(&d.PPList))
	o.u32(d.FailedTries)
	o.u32(d.MaxTries)
	o.u32(d.RecoveryTime)
	o.u32(d.LockoutRecovery)
	o.flags(d.LockoutAuthEnabled)
	o.u16(uint16(d.OrderlyState))
	o.sized(r.set(&d.AuditCommands))
	o.u16(uint16(d.AuditHashAlg))
	o.u64(d.AuditCounter)
	o.u32(d.AlgorithmSet)
	o.u32(d.FirmwareV1)
	o.u32(d.FirmwareV2)
	o.u8(4)
	o.u32(d.TimeEpoch)
	o.block(func() {
		allocation(o, d.PCRActive)
		if r.Data < 4 {
			o.end()
			return
		}
		o.block(func() {
			o.u8(uint8(d.EPSeedCompat))
			o.u8(uint8(d.SPSeedCompat))
			o.u8(uint8(d.PPSeedCompat))
			o.end()
		})
	})
}

func allocation(o *out, list wire.TPMLPCRSelection) {
	o.u32(uint32(len(list)))
	for _, s := range list {
		o.u16(uint16(s.Hash))
		o.u8(uint8(len(s.Select)))
		o.raw(s.Select)
	}
}

func orderly(o *out, d *nvstate.OrderlyData) {
	o.head(2, 0x56657887, 1)
	o.u64(d.Clock)
	o.flags(d.ClockSafe)
	o.head(2, 0x6FE83EA1, 1)
	o.u64(d.DRBG.ReseedCounter)
	o.u32(d.DRBG.Magic)
	o.sized(slices.Concat(d.DRBG.Key[:], d.DRBG.V[:]))
	o.u16(4)
	for _, word := range d.DRBG.LastValue {
		o.u32(word)
	}
	o.end()
	o.block(func() {
		o.u64(d.SelfHealTimer)
		o.u64(d.LockoutTimer)
		o.u64(d.Time)
	})
	o.end()
}

func (r Release) reset(o *out, s *nvstate.StateReset) {
	minimum := r.Reset
	if r.Reset == 2 {
		minimum = 1
	}
	o.head(r.Reset, 0x01102332, minimum)
	o.sized(s.NullProof, s.NullSeed)
	o.u32(s.ClearCount)
	o.u64(s.ObjectContextID)
	o.u16(64)
	for _, slot := range s.ContextArray {
		if r.Reset >= 4 {
			o.u16(slot)
		} else {
			o.u8(uint8(slot))
		}
	}
	if r.Reset >= 4 {
		o.u16(s.ContextSlotMask)
	}
	o.u64(s.ContextCounter)
	o.sized(s.CommandAuditDigest)
	o.u32(s.RestartCount)
	o.u32(s.PCRCounter)
	o.block(func() {
		o.u64(s.CommitCounter)
		o.sized(s.CommitNonce, s.CommitArray[:])
	})
	if r.Reset < 3 {
		o.end()
		return
	}
	o.block(func() {
		o.u8(uint8(s.NullSeedCompat))
		o.end()
	})
}

func clearData(o *out, s *nvstate.StateClear) {
	o.head(2, 0x98897667, 1)
	o.flags(s.SHEnable, s.EHEnable, s.PHEnableNV)
	o.u16(uint16(s.PlatformAlg))
	o.sized(s.PlatformPolicy, s.PlatformAuth)
	o.head(2, 0x7372EABC, 1)
	o.u16(16)
	banks(o, s.PCRSave, 0, 16)
	o.end()
	o.head(2, 0x6BE82EAF, 1)
	o.u16(1)
	o.sized(s.PCRAuth)
	o.end()
	o.end()
}

// banks writes the values of some PCR, bank by bank.
func banks(o *out, list []nvstate.PCRBank, first, last int) {
	for _, bank := range list {
		o.u16(uint16(bank.Hash))
		o.sized(slices.Concat(bank.Values[first:last]...))
	}
	o.u16(0x0010)
}

func orderlyRAM(o *out, list nvstate.OrderlyRAM) {
	o.head(2, 0x5346FEAB, 1)
	o.u32(512)
	used := 0
	for _, e := range list {
		o.u32(uint32(12 + len(e.Data)))
		o.u32(uint32(e.Handle))
		o.u32(uint32(e.Attributes))
		o.sized(e.Data)
		used += 12 + len(e.Data)
	}
	if used+12 <= 512 {
		o.u32(0)
	}
	o.end()
}

func (r Release) userNVRAM(o *out, n *nvstate.UserNVRAM) {
	o.head(2, 0x094F22C3, 1)
	o.u64(r.UserArea)
	for _, e := range n.Entries {
		if e.Index != nil {
			index(o, e.Index)
			continue
		}
		object := r.out()
		r.anyObject(object, &e.Object.AnyObject)
		size := r.EntrySize
		if size == 0 {
			size = uint32(8 + len(object.b))
		}
		o.u32(size)
		o.u32(uint32(e.Object.Handle))
		o.raw(object.b)
	}
	o.u32(0)
	o.u64(n.MaxCount)
	o.end()
}

func index(o *out, x *nvstate.NVIndex) {
	o.u32(uint32(152 + len(x.Data)))
	o.u32(uint32(x.Public.NVIndex))
	o.head(2, 0x2547265A, 1)
	o.u32(uint32(x.Public.NVIndex))
	o.u16(uint16(x.Public.NameAlg))
	o.u32(uint32(x.Public.Attributes))
	o.sized(x.Public.AuthPolicy)
	o.u16(x.Public.DataSize)
	o.sized(x.Auth)
	o.end()
	o.u32(uint32(len(x.Data)))
	o.raw(x.Data)
}
