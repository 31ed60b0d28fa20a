package tpm2

import (
	"testing"

	"govtpm/tpm2/wire"
)

// A session that cannot be saved leaves no trace: a Shutdown(STATE) still holds.
func TestContextSaveGapLeavesNoTrace(t *testing.T) {
	b := newTestTPM(t)
	first := b.policy(wire.SEPolicy)
	second := b.policy(wire.SEPolicy)
	b.must(newCommand(wire.CCContextSave, first.handle))
	b.stateReset.contextCounter += uint64(b.stateReset.contextSlotMask)
	b.shutdown(wire.SUState)
	b.want(wire.RCContextGap, b.run(newCommand(wire.CCContextSave, second.handle)))
	b.powerCycle()
	b.startup(wire.SUState)
}
