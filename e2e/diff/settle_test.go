package diff

import (
	"bytes"
	"encoding/binary"
	"slices"

	"govtpm/tpm2/wire"
)

// Where a command that was answered alike leaves the two in different states, and that is meant, the generators bring them together
// again at once, so that nothing after it is hidden. Each case is a line "state" of differences.txt.

// takenBack shuts down again after a successful command that only our engine lets take back a Shutdown.
func (w *world) takenBack(cc wire.CC, r *response) {
	if w.shutdown == notShutDown {
		return
	}
	switch {
	case cc == wire.CCPCRAllocate:
		if w.shutdown == int(wire.SUState) {
			w.shutDownAgain("saved-pcrs")
		}
	case cc != wire.CCSign || bytes.HasPrefix(r.get(0)[theirs], u16(uint16(wire.AlgECDAA))):
		w.shutDownAgain("commit-counter")
	}
}

// takenBackByFailure shuts down again after a command with sessions' contexts that failed late, which libtpms lets take back a Shutdown.
func (w *world) takenBackByFailure(cc wire.CC, rc wire.RC) {
	if w.shutdown == notShutDown || cc != wire.CCContextSave && cc != wire.CCContextLoad {
		return
	}
	switch rc {
	case wire.RCSessionMemory, wire.RCContextGap, wire.RCTooManyContexts, wire.RCHandle.Parameter(1):
		w.shutDownAgain("failed-context")
	}
}

// shutDownAgain repeats the last Shutdown. After TPM2_PCR_Allocate only Shutdown(CLEAR) is left.
func (w *world) shutDownAgain(state string) {
	w.known.meant(w, state)
	for _, su := range []int{w.shutdown, int(wire.SUClear)} {
		if w.run((&command{code: wire.CCShutdown}).u16(uint16(su))).ok {
			return
		}
	}
	w.stop("no second Shutdown after " + state)
}

// allocateAgain repeats TPM2_PCR_Allocate after TPM2_Clear.
func (w *world) allocateAgain() {
	w.known.meant(w, "pending-allocation")
	if !w.run(w.passwordCommand(wire.CCPCRAllocate, wire.RHPlatform).param(both(w.allocation))).ok {
		w.stop("no second PCR_Allocate after Clear")
	}
}

// setClockAgain sets the clocks of both to what the later one shows, when TPM2_ClockSet came before the loss of power.
func (w *world) setClockAgain() {
	latest := uint64(0)
	for _, tpm := range w.tpm {
		if out, err := tpm.execute(0, []byte{0x80, 1, 0, 0, 0, 10, 0, 0, 1, 0x81}); err == nil && len(out) >= 26 { // ReadClock
			latest = max(latest, binary.BigEndian.Uint64(out[18:]))
		}
	}
	w.known.meant(w, "clock-unsaved")
	if !w.run(w.passwordCommand(wire.CCClockSet, wire.RHPlatform).u64(latest + 5000)).ok {
		w.stop("no second ClockSet after loss of power")
	}
}

// pinSize is the size of a PIN index.
const pinSize = 8

func (x *nvIndex) isPIN() bool {
	nt := x.public.Attributes.NT()
	return nt == wire.NTPinPass || nt == wire.NTPinFail
}

// settlePIN writes a PIN index as a whole after its first write was of a part, or of nothing.
func (w *world) settlePIN(x *nvIndex) {
	w.known.meant(w, "pin-remainder")
	data := append(u32(0), u32(3)...)
	for _, by := range []struct {
		auth wire.Handle
		attr wire.TPMANV
	}{{wire.RHOwner, wire.NVOwnerWrite}, {wire.RHPlatform, wire.NVPPWrite}} {
		if x.public.Attributes.Has(by.attr) &&
			w.run(w.passwordCommand(wire.CCNVWrite, by.auth, x.public.NVIndex).b2(data).u16(0)).ok {
			return
		}
	}
	w.stop("a PIN index that was written in part and cannot be written as a whole")
}

// evictLeft takes out of theirs the persistent objects that went with their hierarchy in ours.
func (w *world) evictLeft() {
	var kept [2][]wire.Handle
	for side, tpm := range w.tpm {
		out, err := tpm.execute(0, (&command{code: wire.CCGetCapability}).u32(uint32(wire.CapHandles)).u32(0x81000000).u32(1000).bytes(w, side))
		var d wire.TPMSCapabilityData
		if a := open(out, false); err != nil || len(a.params) < 1 || wire.Unmarshal(a.params[1:], nil, &d) != wire.RCSuccess {
			return
		}
		kept[side] = d.Data.Handles
	}
	for _, h := range kept[theirs] {
		if slices.Contains(kept[ours], h) {
			continue
		}
		w.known.meant(w, "kept-objects")
		w.single = true
		r := w.run(w.passwordCommand(wire.CCEvictControl, wire.RHPlatform, h).u32(uint32(h)))
		w.single = false
		if !r.ok {
			w.stop("a persistent object that outlives its hierarchy")
		}
		w.auditApart = w.auditApart || w.audited[wire.CCEvictControl]
	}
}
