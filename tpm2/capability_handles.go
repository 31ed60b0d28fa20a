package tpm2

import (
	"slices"

	"govtpm/tpm2/wire"
)

// handlesOf lists the handles of the type of first, from first on (Part 3, 30.2); ok is false for types without a list.
func (t *TPM) handlesOf(first wire.Handle) (list wire.TPMLHandle, ok bool) {
	const number = 0x00FFFFFF
	switch first.Type() {
	case wire.HTPCR:
		for h := range wire.Handle(implementationPCR) {
			list = append(list, h)
		}
	case wire.HTNVIndex:
		for h := range t.nv.indexes {
			list = append(list, h)
		}
	case wire.HTLoadedSession:
		return t.sessionHandles(first&number, func(v uint16) bool { return v != 0 && v <= maxLoadedSessions }), true
	case wire.HTSavedSession:
		return t.sessionHandles(first&number, func(v uint16) bool { return v > maxLoadedSessions }), true
	case wire.HTPermanent:
		list = append(list, wire.RHOwner, wire.RHNull, wire.RSPW, wire.RHLockout, wire.RHEndorsement, wire.RHPlatform, wire.RHPlatformNV)
		list = append(list, t.countdownHandles()...)
	case wire.HTTransient:
		for i, o := range t.volatile.objects {
			if o != nil {
				list = append(list, firstTransient+wire.Handle(i))
			}
		}
	case wire.HTPersistent:
		for h := range t.nv.persistent {
			list = append(list, h)
		}
	case wire.HTAC:
		if list = t.componentHandles(); t.componentCommands() {
			break
		}
		return nil, false
	default:
		return nil, false
	}
	slices.Sort(list)
	return from(list, uint32(first), func(h wire.Handle) uint32 { return uint32(h) }), true
}

// sessionHandles lists the sessions, from an index of the context array on, whose entry there is wanted. A session that is not loaded
// appears as an HMAC session: what it is only its context tells.
func (t *TPM) sessionHandles(first wire.Handle, wanted func(uint16) bool) (list wire.TPMLHandle) {
	for i, v := range t.stateReset.contextArray {
		if wire.Handle(i) < first || !wanted(v) {
			continue
		}
		h := wire.Handle(uint32(wire.HTHMACSession)<<24 | uint32(i))
		if s := t.volatile.sessions.loaded(t, h); s != nil {
			h = s.handle(i)
		}
		list = append(list, h)
	}
	return list
}

// hasHandle reports whether TPM2_GetCapability lists the handle; ok is false for types without a list.
func (t *TPM) hasHandle(h wire.Handle) (has, ok bool) {
	list, ok := t.handlesOf(h)
	if h.Type() == wire.HTLoadedSession || h.Type() == wire.HTSavedSession {
		i, inside := sessionIndex(h)
		return inside && t.stateReset.contextArray[i] != 0, ok // either, as libtpms does
	}
	return len(list) != 0 && list[0] == h, ok
}
