package simulator_test

import (
	"testing"

	"github.com/google/go-tpm/tpm2"
)

func TestReset(t *testing.T) {
	sim := get(t)
	clock := func() tpm2.TPMSClockInfo {
		t.Helper()
		return must(t, tpm2.ReadClock{}, sim).CurrentTime.ClockInfo
	}
	before := clock()
	if err := sim.Reset(); err != nil {
		t.Fatal(err)
	}
	after := clock()
	if after.ResetCount != before.ResetCount+1 || after.RestartCount != 0 || !after.Safe {
		t.Errorf("after Reset: %+v, before: %+v", after, before)
	}
	if err := sim.ManufactureReset(); err != nil {
		t.Fatal(err)
	}
	if again := clock(); again.ResetCount != before.ResetCount {
		t.Errorf("after ManufactureReset: %+v, first: %+v", again, before)
	}
	// A TPM whose client already shut it down, and one that is off.
	must(t, tpm2.Shutdown{ShutdownType: tpm2.TPMSUClear}, sim)
	if err := sim.Reset(); err != nil {
		t.Fatal(err)
	}
	sim.TPM().Stop(t.Context())
	if err := sim.Reset(); err != nil {
		t.Fatal(err)
	}
	clock()
}
