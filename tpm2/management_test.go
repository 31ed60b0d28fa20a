package tpm2

import (
	"fmt"
	"testing"

	"govtpm/tpm2/wire"
)

func TestPPCommands(t *testing.T) {
	b := newTestTPM(t)
	list := func(ccs ...wire.CC) wire.TPMLCC { return ccs }
	command := func(set, clear wire.TPMLCC) *testCommand {
		return newCommand(wire.CCPPCommands, wire.RHPlatform).password("").put(set, clear)
	}
	check := func(want string) {
		t.Helper()
		_, d := b.capabilityOf(wire.CapPPCommands, 0, 100)
		got := ""
		for _, cc := range d.PPCommands {
			got += fmt.Sprintf("%x ", uint32(cc))
		}
		if got != want {
			t.Errorf("commands that need presence: %s", got)
		}
	}
	b.want(wire.RCPP.Session(1), b.run(command(nil, nil)))
	b.presence = true
	b.want(wire.RCAuthMissing, b.run(newCommand(wire.CCPPCommands, wire.RHPlatform).u32(0).u32(0)))
	b.want(wire.RCValue.Handle(1), b.run(newCommand(wire.CCPPCommands, wire.RHOwner).password("").u32(0).u32(0)))
	b.want(wire.RCSize.Parameter(1), b.run(newCommand(wire.CCPPCommands, wire.RHPlatform).password("").u32(255).u32(0)))
	b.want(wire.RCInsufficient.Parameter(2), b.run(newCommand(wire.CCPPCommands, wire.RHPlatform).password("").u32(0)))
	// GetRandom can never need presence, there is no command 123, and PP_Commands always does.
	b.must(command(list(wire.CCClear, wire.CCPCRAllocate, wire.CCGetRandom, 0x123), list(wire.CCPPCommands)))
	check("126 12b 12d ")
	b.must(command(list(wire.CCClear, wire.CCClockSet), list(wire.CCClear, wire.CCGetRandom, 0xFFFFFFFF)))
	check("128 12b 12d ")

	b.presence = false
	b.want(wire.RCPP.Session(1), b.run(newCommand(wire.CCPCRAllocate, wire.RHPlatform).password("").u32(0)))
	b.powerCycle()
	b.startup(wire.SUClear)
	check("128 12b 12d ")
	b.presence = true
	b.must(newCommand(wire.CCPCRAllocate, wire.RHPlatform).password("").u32(0))
}

func TestSetAlgorithmSet(t *testing.T) {
	b := newTestTPM(t)
	b.want(wire.RCValue.Handle(1), b.run(newCommand(wire.CCSetAlgorithmSet, wire.RHOwner).password("").u32(5)))
	b.want(wire.RCAuthMissing, b.run(newCommand(wire.CCSetAlgorithmSet, wire.RHPlatform).u32(5)))
	b.want(wire.RCInsufficient.Parameter(1), b.run(newCommand(wire.CCSetAlgorithmSet, wire.RHPlatform).password("")))
	saves := b.storage.saves
	b.must(newCommand(wire.CCSetAlgorithmSet, wire.RHPlatform).password("").u32(0x12345678))
	if b.storage.saves != saves+1 {
		t.Error("the change was not saved")
	}
	if got := b.property(wire.PTAlgorithmSet); got != 0x12345678 {
		t.Errorf("algorithm set %#x", got)
	}
}
