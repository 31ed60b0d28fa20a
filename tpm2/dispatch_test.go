package tpm2

import (
	"strings"
	"testing"

	"govtpm/tpm2/wire"
)

// A command that meets a fault of the engine is not answered as if it had succeeded, and what it left behind is not saved.
func TestFaultIsNotSaved(t *testing.T) {
	b := newTestTPM(t)
	b.shutdown(wire.SUState)
	saves := b.storage.saves
	b.stateReset.pcrCounter = ^uint32(0)
	b.want(wire.RCFailure, b.run(extendCommand(0, wire.AlgSHA256)))
	if b.Failure() == nil {
		t.Fatal("not in failure mode")
	}
	if b.storage.saves != saves {
		t.Error("the state was saved")
	}
}

// A signal that meets a fault of the engine saves nothing either.
func TestFaultOfSignalIsNotSaved(t *testing.T) {
	b := newTestTPM(t)
	b.shutdown(wire.SUState)
	saves := b.storage.saves
	b.stateReset.pcrCounter = ^uint32(0)
	if err := b.HashStart(); err != nil {
		t.Fatal(err)
	}
	if err := b.HashEnd(); err == nil || b.Failure() == nil {
		t.Errorf("HashEnd: %v, failure: %v", err, b.Failure())
	}
	if b.storage.saves != saves {
		t.Error("the state was saved")
	}
}

// A panic in an action puts the TPM into failure mode and goes no further.
func TestPanicIsFault(t *testing.T) {
	b := newTestTPM(t)
	h := b.addKey(hmacKey(wire.AlgNull, wire.ObjectSign, []byte("key")))
	b.object(h).sequence = &sequence{kind: sequenceHash, hashes: []sequenceState{{}}}
	b.want(wire.RCFailure, b.run(newCommand(wire.CCSequenceUpdate, h).password("").b2([]byte("data"))))
	if err := b.Failure(); err == nil || !strings.Contains(err.Error(), "panic at sequence.go:") {
		t.Errorf("failure: %v", err)
	}
	b.powerCycle()
	b.startup(wire.SUClear)
}

func extendCommand(pcr wire.Handle, alg wire.Alg) *testCommand {
	return newCommand(wire.CCPCRExtend, pcr).password("").u32(1).put(alg).raw(make([]byte, digestSize(alg)))
}
