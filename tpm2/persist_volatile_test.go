package tpm2

import (
	"strings"
	"testing"
	"time"

	"govtpm/tpm2/nvstate"
	"govtpm/tpm2/wire"
)

// permanentOf names the permanent state that a volatile one of the golden files belongs to.
func permanentOf(volatile string) string {
	switch v := strings.TrimPrefix(volatile, "volatile-0.9.2-"); v {
	case "hcrtm", "hcrtm-started":
		return "permanent-0.9.2-startup-state"
	case "before-startup":
		return "permanent-0.9.2-manufactured"
	case "loaded-objects", "hash-sequences", "hmac-sequence", "sessions", "saved-sessions":
		return "permanent-0.9.2-children"
	default:
		return "permanent-0.9.2-" + v
	}
}

// resumeTest makes a TPM from permanent and volatile state of the golden files, at the moment the volatile state was taken.
func resumeTest(t testing.TB, name string) *testTPM {
	t.Helper()
	blob := goldenState(t, name)[name]
	v, err := nvstate.DecodeVolatile(blob)
	if err != nil {
		t.Fatal(err)
	}
	b, err := loadTest(t, remake(t, permanentOf(name), func(p *nvstate.Permanent) {
		if strings.Contains(name, "hcrtm") || strings.Contains(name, "before") { // whose permanent state is not among the files
			p.Data.EPSeed, p.Data.SPSeed, p.Data.PPSeed = v.EPSeed, v.SPSeed, v.PPSeed
		}
	}))
	if err != nil {
		t.Fatal(err)
	}
	b.clock.now = time.UnixMilli(int64(v.Timer.WallClock)).Sub(new(fakeClock).Wall())
	if err := b.TPM.Init(); err != nil {
		t.Fatal(err)
	}
	if err := b.RestoreVolatile(blob); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return b
}

// Volatile state of libtpms goes through the engine unchanged but for leftovers that mean nothing.
func TestRestoreGolden(t *testing.T) {
	for name, blob := range goldenState(t, "volatile-*") {
		b := resumeTest(t, name)
		again, err := b.VolatileState()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		v, err := nvstate.DecodeVolatile(blob)
		if err != nil {
			t.Fatal(err)
		}
		forgetLeftovers(v)
		want, err := v.Encode(nvstate.LevelNull)
		if err != nil {
			t.Fatal(err)
		}
		firstDifference(t, name, again, want)
	}
}

// forgetLeftovers takes out what the engine does not keep.
func forgetLeftovers(v *nvstate.Volatile) {
	v.Manufactured = true // false in a process that found the TPM manufactured
	if v.Initialized && v.ExclusiveAuditSession == 0 {
		v.ExclusiveAuditSession = wire.RHUnassigned // which is how libtpms says it after the first command with a session
	}
	if !v.Initialized {
		v.StateClear.PlatformAlg = wire.AlgNull // nothing is set yet
	}
	v.LastCommand = nil    // of the last command with sessions, for the rest of that command
	v.PlatformUnique = nil // constant in libtpms 0.9, not there in later ones
	for i := range v.Objects {
		if v.Objects[i].Attributes&nvstate.ObjectOccupied == 0 {
			v.Objects[i].Attributes = 0 // of an object that was there before
		}
	}
	for _, s := range v.Sessions {
		if s != nil {
			s.Attributes &^= nvstate.SessionIncludeAuth // computed anew for each command
		}
	}
	// The chain of clocks below Time: only their differences count, and only until the next reading.
	v.Timer = nvstate.Timer{
		RealTimePrevious: v.Time, TPMTime: v.Time, Monotonic: v.Time, LastSystemTime: v.Time, LastReported: v.Time,
		Reset: v.Timer.Reset, Stopped: v.Timer.Stopped, AdjustRate: v.Timer.AdjustRate, WallClock: v.Timer.WallClock,
	}
}
