package nvstatetest

import (
	"crypto/sha1"
	"encoding/binary"

	"govtpm/tpm2/nvstate"
)

// Volatile writes volatile state in the form of the release.
func (r Release) Volatile(v *nvstate.Volatile) []byte {
	o := r.out()
	o.head(4, 0x45637889, 1)
	o.u32(uint32(v.ExclusiveAuditSession))
	o.u64(v.Time)
	o.flags(v.PHEnable, v.PCRReConfig)
	o.u32(uint32(v.DRTMHandle))
	o.flags(v.DRTMPreStartup, v.StartupLocality3)
	o.block(func() { o.flags(v.DAUsed) })
	o.flags(v.PowerWasLost)
	o.u16(uint16(v.PrevOrderlyState))
	o.flags(v.NVOk)
	o.sized(v.PlatformUnique)
	orderly(o, &v.Orderly)
	clearData(o, &v.StateClear)
	r.reset(o, &v.StateReset)
	o.flags(v.Manufactured, v.Initialized)
	o.block(func() { lastCommand(o, v.LastCommand) })
	o.absent()
	o.block(func() {
		o.u32(r.MemorySize)
		o.sized(memory(v.OrderlyRAM))
		o.u64(v.MaxCounter)
	})
	o.block(func() {
		o.u16(3)
		for i := range v.Objects {
			r.anyObject(o, &v.Objects[i])
		}
	})
	o.block(func() {
		o.u16(24)
		for i := range 24 {
			o.head(2, 0xE95F0387, 1)
			banks(o, v.PCRs, i, i+1)
			o.end()
		}
	})
	o.block(func() {
		o.u16(3)
		for _, s := range v.Sessions {
			o.head(2, 0x3664AEBC, 1)
			if o.flags(s != nil); s != nil {
				session(o, s)
				o.end()
			}
		}
		o.u32(v.OldestSavedSession)
		o.u32(v.FreeSessionSlots)
	})
	o.flags(v.InFailureMode, v.TPMEstablished)
	o.block(func() {
		o.u32(v.FailFunction)
		o.u32(v.FailLine)
		o.u32(v.FailCode)
	})
	timer(o, v)
	o.u32(0x45637889)
	sum := sha1.Sum(o.b)
	return append(o.b, sum[:]...)
}

func timer(o *out, v *nvstate.Volatile) {
	t := &v.Timer
	o.block(func() {
		o.u64(t.RealTimePrevious)
		o.u64(t.TPMTime)
	})
	o.flags(t.Reset, t.Stopped)
	o.u32(t.AdjustRate)
	o.u64(t.WallClock)
	o.block(func() {
		o.sized(v.EPSeed, v.SPSeed, v.PPSeed)
		o.block(func() {
			o.u64(t.Monotonic)
			o.u64(t.Suspended)
			o.u64(t.LastSystemTime)
			o.u64(t.LastReported)
			o.end()
		})
	})
}

func lastCommand(o *out, l *nvstate.LastCommand) {
	o.u16(3)
	for _, s := range l.Sessions {
		o.u32(uint32(s.Handle))
		o.u8(s.Attributes)
		o.u32(uint32(s.AssociatedHandle))
		o.sized(s.NonceCaller, s.AuthValue)
	}
	o.u32(l.EncryptSession)
	o.u32(l.DecryptSession)
	o.u32(l.AuditSession)
	o.block(func() { o.sized(l.CpHashForAudit) })
	o.flags(l.DAPendingOnNV)
}

// memory is the RAM of orderly indexes of a little-endian host.
func memory(list nvstate.OrderlyRAM) []byte {
	var b []byte
	for _, e := range list {
		b = binary.LittleEndian.AppendUint32(b, uint32(12+len(e.Data)))
		b = binary.LittleEndian.AppendUint32(b, uint32(e.Handle))
		b = binary.LittleEndian.AppendUint32(b, uint32(e.Attributes))
		b = append(b, e.Data...)
	}
	return append(b, make([]byte, 512-len(b))...)
}

func session(o *out, s *nvstate.Session) {
	o.head(2, 0x44BE9F45, 1)
	o.u32(uint32(s.Attributes))
	o.u32(s.PCRCounter)
	o.u64(s.StartTime)
	o.u64(s.Timeout)
	o.u8(4)
	o.u32(s.Epoch)
	o.u32(uint32(s.CommandCode))
	o.u16(uint16(s.AuthHashAlg))
	o.u8(s.CommandLocality)
	o.wire(&s.Symmetric)
	o.sized(s.SessionKey, s.NonceTPM, s.U1, s.U2)
	o.end()
}
