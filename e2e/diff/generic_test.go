package diff

import (
	"govtpm/tpm2"
	"govtpm/tpm2/wire"
)

// genAny makes a command from the engine's table: handles of the kinds it asks for, authorizations, parameters of their types.
func genAny(w *world) {
	info := pick(w, w.infos...)
	switch info.Code {
	case wire.CCStartup, wire.CCShutdown, wire.CCClear, wire.CCChangeEPS, wire.CCChangePPS:
		if w.chance(0.8) {
			return
		}
	}
	w.room(pick(w, 1, 1, 2))
	w.generic(&info)
}

func (w *world) generic(info *tpm2.CommandInfo) {
	var handles []wire.Handle
	for _, h := range info.Handles {
		handles = append(handles, w.suitable(h.Kind))
	}
	c := w.cmd(info.Code, handles...)
	for _, p := range info.Parameters() {
		c.param(w.fill(p.Type, handles))
	}
	c.note = " generic"
	w.do(c)
}

// suitable takes a handle of a kind.
func (w *world) suitable(kind wire.HandleInterface) wire.Handle {
	if kind&wire.OrNull != 0 && w.chance(0.15) {
		return wire.RHNull
	}
	for range 200 {
		if h := w.anyHandle(); kind.Allows(nil, h) {
			return h
		}
	}
	return w.anyHandle()
}

// genTyped makes commands that need no objects, with parameters that mostly suit.
func genTyped(w *world) {
	cc := pick(w, wire.CCGetRandom, wire.CCStirRandom, wire.CCHash, wire.CCTestParms, wire.CCECCParameters, wire.CCECEphemeral, wire.CCReadClock,
		wire.CCIncrementalSelfTest, wire.CCGetTestResult, wire.CCTestParms, wire.CCSelfTest)
	w.generic(w.info[cc])
}

// genCapability asks for what can be seen from outside; that is also the check that the two are in the same state.
func genCapability(w *world) {
	property := uint32(0)
	kind := wire.Cap(w.rng.IntN(11))
	count := pick[uint32](w, 0, 1, 5, 64, 127, 128, 1000)
	switch kind {
	case wire.CapHandles:
		property = pick[uint32](w, 0, 0x01000000, 0x02000000, 0x03000000, 0x40000000, 0x80000000, 0x81000000, 0x81000003, 0x81800000, 0x01000003, 0x90000000)
	case wire.CapTPMProperties:
		property = pick[uint32](w, 0, 0x100, 0x10D, 0x128, 0x200, 0x201, 0x208, 0x300)
	case wire.CapCommands, wire.CapPPCommands, wire.CapAuditCommands:
		property = pick[uint32](w, 0, 0x11F, 0x150, 0x197, 0x20000000)
	case wire.CapAuthPolicies:
		property = pick[uint32](w, 0x40000000, 0x40000001, 0x4000000C)
	case wire.CapAlgs, wire.CapECCCurves, wire.CapPCRProperties:
		property = uint32(w.rng.IntN(40))
	case wire.CapPCRs:
		if w.chance(0.1) {
			property = 1
		}
	}
	w.do(w.cmd(wire.CCGetCapability).u32(uint32(kind)).u32(property).u32(count))
}

// genLook compares the state as seen from outside.
func genLook(w *world) {
	for _, q := range [][2]uint32{{1, 0x01000000}, {1, 0x02000000}, {1, 0x03000000}, {1, 0x80000000}, {1, 0x81000000}, {6, 0x200}, {5, 0}} {
		w.run(w.cmd(wire.CCGetCapability).u32(q[0]).u32(q[1]).u32(100))
	}
	w.run(w.cmd(wire.CCReadClock))
	all := wire.TPMLPCRSelection{{Hash: wire.AlgSHA256, Select: []byte{1, 0, 0xFF}}}
	w.run(w.cmd(wire.CCPCRRead).plain(all))
}
