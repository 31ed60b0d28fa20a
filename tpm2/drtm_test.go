package tpm2

import (
	"bytes"
	"errors"
	"testing"

	"govtpm/tpm2/wire"
)

func (b *testTPM) signal(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *testTPM) hashSequence(data ...string) {
	b.t.Helper()
	b.signal(b.HashStart())
	for _, d := range data {
		b.signal(b.HashData([]byte(d)))
	}
	b.signal(b.HashEnd())
}

// An H-CRTM sequence before Startup goes into PCR 0, upon the number of the locality.
func TestHCRTM(t *testing.T) {
	b := newTestTPMWith(t, Options{Seeds: vectorSeeds()})
	b.hashSequence("firm", "ware")
	b.locality = 3 // counts as 0 after a sequence
	b.startup(wire.SUClear)
	start := append(make([]byte, 31), 4)
	want := hashOf(wire.AlgSHA256, start, hashOf(wire.AlgSHA256, []byte("firmware")))
	if got := b.pcrValue(wire.AlgSHA256, 0); !bytes.Equal(got, want) {
		t.Errorf("PCR 0 is %x, want %x", got, want)
	}
	b.locality = 0
	b.shutdown(wire.SUState)
	b.powerCycle()
	b.want(wire.RCValue.Parameter(1), b.run(newCommand(wire.CCStartup).u16(uint16(wire.SUState))))
	b.powerCycle()
	b.hashSequence("firmware")
	b.startup(wire.SUState)
}

// A sequence after Startup resets the dynamic PCRs and goes into PCR 17.
func TestDRTM(t *testing.T) {
	b := newTestTPM(t)
	restarts := b.stateReset.restartCount
	b.hashSequence("launch")
	want := hashOf(wire.AlgSHA256, make([]byte, 32), hashOf(wire.AlgSHA256, []byte("launch")))
	if got := b.pcrValue(wire.AlgSHA256, 17); !bytes.Equal(got, want) {
		t.Errorf("PCR 17 is %x, want %x", got, want)
	}
	for pcr := 18; pcr <= 22; pcr++ {
		if got := b.pcrValue(wire.AlgSHA1, pcr); !bytes.Equal(got, make([]byte, 20)) {
			t.Errorf("PCR %d is %x", pcr, got)
		}
	}
	if b.stateReset.restartCount != restarts+1 {
		t.Error("the restart count did not grow")
	}
}

// A command ends a sequence; a loaded object gives way to one; data and end without start do nothing.
func TestSequenceOfSignals(t *testing.T) {
	b := newTestTPM(t)
	before := bytes.Clone(b.pcrValue(wire.AlgSHA256, 17))
	b.signal(b.HashStart())
	b.must(newCommand(wire.CCReadClock))
	b.signal(b.HashData([]byte("x")))
	b.signal(b.HashEnd())
	if !bytes.Equal(b.pcrValue(wire.AlgSHA256, 17), before) {
		t.Error("a sequence that a command ended reached PCR 17")
	}
	for range maxLoadedObjects {
		b.signingKey(wire.RHOwner)
	}
	b.hashSequence("x")
	if bytes.Equal(b.pcrValue(wire.AlgSHA256, 17), before) {
		t.Error("no sequence while all slots were taken")
	}
	off := newTestTPMWith(t, Options{Seeds: vectorSeeds()})
	off.fail(errInternal)
	if err := off.HashStart(); !errors.Is(err, errNotRunning) {
		t.Errorf("signal to a TPM in failure mode: %v", err)
	}
}
