package tpm2

import (
	"bytes"
	"crypto/subtle"

	"govtpm/internal/crypto/kdf"
	"govtpm/tpm2/nvstate"
	"govtpm/tpm2/wire"
)

// A session is an authorization session loaded in the TPM (Part 1, 16.5).
type session struct {
	isPolicy  bool // policy or trial
	trial     bool
	authHash  wire.Alg
	symmetric wire.TPMTSymDef
	key       []byte
	nonceTPM  []byte

	isAudit        bool
	isBound        bool
	isDABound      bool // bound to an entity that is subject to dictionary attack protection
	isLockoutBound bool

	// digest is policyDigest for a policy session, and the audit digest for an audit session.
	digest []byte
	// bound is shared as in libtpms: the bound entity of an HMAC session, or what restricts a policy session; restricts tells
	// which hash it is.
	bound     []byte
	restricts restriction

	// Conditions collected by policy commands (Part 1, 16.7.8).
	commandCode     wire.CC
	locality        wire.TPMALocality
	startTime       uint64 // Time of the session's start, ms
	timeout         uint64 // Time at which it expires, 0 never
	epoch           uint32 // timeEpoch that startTime and timeout belong to
	pcrCounter      uint32 // pcrUpdateCounter at PolicyPCR, 0 without
	authValueNeeded bool
	passwordNeeded  bool
	presenceNeeded  bool
	checkNVWritten  bool
	nvWritten       bool
	channel         channelCondition
}

// restriction tells which hash of the command a policy session is restricted to (session.bound holds the hash).
type restriction uint8

const (
	restrictNothing restriction = iota
	restrictCPHash
	restrictNameHash
	restrictTemplate
	restrictParameters
)

// boundEntitySize is the size of the value that identifies a bound entity: as libtpms has it, for saved state holds it.
const boundEntitySize = nvstate.BoundEntitySize

// sessionTable holds the loaded sessions; which session sits in which slot is stateReset.contextArray:
// 0 free, 1 to maxLoadedSessions loaded in slot value-1, greater: saved, the value being the low bits of the
// context's sequence number (Part 1, 27.5).
type sessionTable struct {
	slots [maxLoadedSessions]*session
}

// index is the place of a session handle in the context array; ok is false when it is outside.
func sessionIndex(h wire.Handle) (int, bool) {
	i := int(h & 0x00FFFFFF)
	return i, i < maxActiveSessions
}

// loaded returns the loaded session of handle h, whatever its type byte, nil if there is none.
func (st *sessionTable) loaded(t *TPM, h wire.Handle) *session {
	i, ok := sessionIndex(h)
	if !ok {
		return nil
	}
	v := t.stateReset.contextArray[i]
	if v == 0 || v > maxLoadedSessions {
		return nil
	}
	return st.slots[v-1]
}

// saved reports whether h names a saved session context.
func (st *sessionTable) saved(t *TPM, h wire.Handle) bool {
	i, ok := sessionIndex(h)
	return ok && t.stateReset.contextArray[i] > maxLoadedSessions
}

// free returns the index of a free slot and the number of free slots.
func (st *sessionTable) free() (slot, count int) {
	slot = -1
	for i := len(st.slots) - 1; i >= 0; i-- {
		if st.slots[i] == nil {
			slot = i
			count++
		}
	}
	return slot, count
}

// oldestSaved returns the index of the saved session with the oldest context, -1 when no session is saved.
func (st *sessionTable) oldestSaved(t *TPM) int {
	oldest, age := -1, uint16(0)
	for i, v := range t.stateReset.contextArray {
		if v <= maxLoadedSessions {
			continue
		}
		if a := (uint16(t.stateReset.contextCounter) - v - 1) & t.stateReset.contextSlotMask; oldest < 0 || a > age {
			oldest, age = i, a
		}
	}
	return oldest
}

// gap reports whether the next context number would collide with that of the oldest saved session (Part 1, 27.5).
func (st *sessionTable) gap(t *TPM) bool {
	oldest := st.oldestSaved(t)
	return oldest >= 0 && t.stateReset.contextArray[oldest] == uint16(t.stateReset.contextCounter)&t.stateReset.contextSlotMask
}

// add puts s into a free slot and returns its handle. Codes: RCSessionMemory, RCContextGap, RCSessionHandles.
func (st *sessionTable) add(t *TPM, s *session) (wire.Handle, error) {
	slot, count := st.free()
	if count == 0 {
		return 0, wire.RCSessionMemory
	}
	// The last slot is kept for recycling the oldest context.
	if count == 1 && st.gap(t) {
		return 0, wire.RCContextGap
	}
	for i, v := range t.stateReset.contextArray {
		if v == 0 {
			t.stateReset.contextArray[i] = uint16(slot + 1)
			st.slots[slot] = s
			return s.handle(i), nil
		}
	}
	return 0, wire.RCSessionHandles
}

// handle is the handle of s at index i of the context array.
func (s *session) handle(i int) wire.Handle {
	if s.isPolicy {
		return wire.Handle(uint32(wire.HTPolicySession)<<24 | uint32(i))
	}
	return wire.Handle(uint32(wire.HTHMACSession)<<24 | uint32(i))
}

// flush ends a loaded or saved session.
func (st *sessionTable) flush(t *TPM, h wire.Handle) {
	i, ok := sessionIndex(h)
	if !ok {
		return
	}
	if v := t.stateReset.contextArray[i]; v >= 1 && v <= maxLoadedSessions {
		st.emptySlot(int(v - 1))
	}
	t.stateReset.contextArray[i] = 0
	if t.volatile.exclusiveAudit == h {
		t.volatile.exclusiveAudit = wire.RHUnassigned
	}
}

// emptySlot takes the session out of a slot and overwrites its secrets.
func (st *sessionTable) emptySlot(slot int) {
	if s := st.slots[slot]; s != nil {
		clear(s.key)
		clear(s.bound) // of a bound session: the authValue of an entity
	}
	st.slots[slot] = nil
}

// wipe empties all slots.
func (st *sessionTable) wipe() {
	for slot := range st.slots {
		st.emptySlot(slot)
	}
}

// save frees the slot of loaded session h and returns the sequence number of its context.
// Codes: RCContextGap, RCTooManyContexts.
func (st *sessionTable) save(t *TPM, h wire.Handle) (uint64, error) {
	if st.gap(t) {
		return 0, wire.RCContextGap
	}
	sr := &t.stateReset
	if sr.contextCounter == ^uint64(0) {
		return 0, wire.RCTooManyContexts
	}
	i, _ := sessionIndex(h)
	sequence := sr.contextCounter
	st.emptySlot(int(sr.contextArray[i] - 1))
	sr.contextArray[i] = uint16(sequence) & sr.contextSlotMask
	sr.contextCounter++
	if uint16(sr.contextCounter)&sr.contextSlotMask == 0 {
		sr.contextCounter += maxLoadedSessions + 1
	}
	return sequence, nil
}

// savedSequenceCurrent reports whether sequence is that of the context last saved for h.
func (st *sessionTable) savedSequenceCurrent(t *TPM, h wire.Handle, sequence uint64) bool {
	sr := &t.stateReset
	i, ok := sessionIndex(h)
	return ok && sr.contextArray[i] > maxLoadedSessions &&
		sr.contextArray[i] == uint16(sequence)&sr.contextSlotMask &&
		sequence <= sr.contextCounter && sr.contextCounter-sequence <= uint64(sr.contextSlotMask)+1
}

// load puts a saved session back into a slot. Codes: RCSessionMemory, RCContextGap.
func (st *sessionTable) load(t *TPM, h wire.Handle, s *session) error {
	slot, count := st.free()
	if count == 0 {
		return wire.RCSessionMemory
	}
	i, _ := sessionIndex(h)
	if count == 1 && st.gap(t) && st.oldestSaved(t) != i {
		return wire.RCContextGap
	}
	t.stateReset.contextArray[i] = uint16(slot + 1)
	st.slots[slot] = s
	return nil
}

// startup clears the sessions: on a TPM Reset all of them, else those that were loaded (Part 3, 9.3).
func (st *sessionTable) startup(t *TPM, reset bool) {
	st.wipe()
	sr := &t.stateReset
	if reset {
		sr.contextArray = [maxActiveSessions]uint16{}
		sr.contextCounter = maxLoadedSessions + 1
		sr.contextSlotMask = 0xFFFF
		return
	}
	for i, v := range sr.contextArray {
		if v <= maxLoadedSessions {
			sr.contextArray[i] = 0
		}
	}
}

// newSession describes a session to be started by createSession.
type newSession struct {
	kind        wire.SE
	authHash    wire.Alg
	symmetric   wire.TPMTSymDef
	nonceCaller []byte
	bind        wire.Handle // RHNull when unbound
	bindObject  *object     // the object that bind names, if it names one
	salt        []byte
}

// createSession starts a session (Part 1, 16.6.7; Part 3, 11.1) and returns its handle.
func (t *TPM) createSession(n newSession) (wire.Handle, *session, error) {
	s := &session{
		isPolicy:  n.kind != wire.SEHMAC,
		trial:     n.kind == wire.SETrial,
		authHash:  n.authHash,
		symmetric: n.symmetric,
		nonceTPM:  make([]byte, len(n.nonceCaller)),
	}
	h, err := t.volatile.sessions.add(t, s)
	if err != nil {
		return 0, nil, err
	}
	if err := t.random(s.nonceTPM); err != nil {
		return 0, nil, err
	}
	size := digestSize(n.authHash)
	if s.isPolicy {
		s.digest = make([]byte, size)
		t.setSessionStart(s)
	}
	if n.bind != wire.RHNull || len(n.salt) != 0 {
		key := append(bytes.Clone(t.authValue(n.bind, n.bindObject)), n.salt...)
		s.key = kdf.KDFa(hashFunc(n.authHash), key, "ATH", s.nonceTPM, n.nonceCaller, 8*size)
		clear(key)
	}
	if n.bind != wire.RHNull {
		if !s.isPolicy {
			s.isBound = true
			s.bound = t.boundEntity(n.bind, n.bindObject)
		}
		s.isDABound = !t.isDAExempt(n.bind, n.bindObject)
		s.isLockoutBound = s.isDABound && n.bind == wire.RHLockout
	}
	return h, s, nil
}

// setSessionStart starts the time of a policy session.
func (t *TPM) setSessionStart(s *session) {
	s.startTime = t.time()
	s.epoch = t.persistent.timeEpoch
	s.timeout = 0
}

// resetPolicy brings a policy session back to its start (Part 3, 11.2): digest zero, no conditions.
func (s *session) resetPolicy() {
	*s = session{
		isPolicy: true, trial: s.trial, authHash: s.authHash, symmetric: s.symmetric, key: s.key, nonceTPM: s.nonceTPM,
		isDABound: s.isDABound, isLockoutBound: s.isLockoutBound,
		digest:    make([]byte, digestSize(s.authHash)),
		startTime: s.startTime, epoch: s.epoch,
	}
}

// boundEntity identifies an entity together with its authValue, so that a change of the authValue unbinds a session
// (Part 1, 16.6.10).
func (t *TPM) boundEntity(h wire.Handle, o *object) []byte {
	b := make([]byte, boundEntitySize)
	copy(b, t.entityName(h, o))
	auth := t.authValue(h, o)
	for i, x := range auth {
		b[boundEntitySize-len(auth)+i] ^= x
	}
	return b
}

// isBindEntity reports whether session s is bound to the entity of handle i.
func (t *TPM) isBindEntity(s *session, c *call, i int) bool {
	return s.isBound && subtle.ConstantTimeCompare(t.boundEntity(c.handles[i], c.objectAt(i)), s.bound) == 1
}
