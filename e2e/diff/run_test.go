package diff

import (
	"crypto/hmac"
	"encoding/binary"
	"fmt"
	"slices"

	"govtpm/tpm2/wire"
)

// run gives a command to both TPMs, compares what they answer, and takes note of what has changed.
func (w *world) run(c *command) *response {
	r := &response{}
	if w.over {
		r.rc = [2]wire.RC{wire.RCFailure, wire.RCFailure}
		return r
	}
	w.steps++
	for i := range c.auths {
		if a := &c.auths[i]; a.session != nil && a.nonce == nil {
			a.nonce = w.bytes(len(a.session.nonceTPM[theirs]))
		}
	}
	var sent two
	for side := range sent {
		sent[side] = c.bytes(w, side)
	}
	c.named = c.handles
	if h, _, ok := w.parse(sent[theirs]); ok {
		c.named = h
	}
	for side, tpm := range w.tpm {
		if w.single && side == ours {
			continue
		}
		var err error
		r.raw[side], err = tpm.execute(c.locality, sent[side])
		if err != nil {
			w.stop("no answer")
			r.rc = [2]wire.RC{wire.RCFailure, wire.RCFailure}
			kind := [2]string{ours: "silence-of-ours", theirs: "silence"}[side]
			w.differ(c, sent, r, kind, fmt.Sprintf("no answer: %v", err))
			w.log = append(w.log, fmt.Sprintf("     no answer of side %d: %v: %x", side, err, sent[side]))
			return r
		}
	}
	if w.single {
		r.raw[ours] = r.raw[theirs]
	}
	w.compared++
	w.retry(c, sent, r)
	info := w.info[c.code]
	var answers [2]answer
	for side := range answers {
		answers[side] = open(r.raw[side], info != nil && info.ReturnsHandle)
		r.rc[side] = answers[side].rc
	}
	w.note(c, sent, r)
	r.ok = r.rc[ours] == 0 && r.rc[theirs] == 0
	if r.ok {
		r.handle = answers[theirs].handle
		w.renew(c, sent, &answers)
		tainted := w.tainted(c)
		if w.spoiledSession(c) {
			w.stop("success of a command that was spoiled under a session, whose encryption may make other parameters of it")
			w.count(c.code, 0)
			return r
		}
		r.random = tainted
		w.compare(c, sent, r, &answers, tainted)
		w.update(c, sent[theirs], r)
	} else {
		w.compareCodes(c, sent, r)
	}
	w.count(c.code, max(r.rc[theirs], r.rc[ours]))
	return r
}

// retry repeats a command that libtpms before 0.10 refuses the first time after Startup, because it has to record the use of
// an object with dictionary attack protection first (TPM_RC_RETRY).
func (w *world) retry(c *command, sent two, r *response) {
	for range 2 {
		theirCode := binary.BigEndian.Uint32(r.raw[theirs][6:])
		if wire.RC(theirCode) != wire.RCRetry || binary.BigEndian.Uint32(r.raw[ours][6:]) == theirCode && !w.single {
			return
		}
		again, err := w.tpm[theirs].execute(c.locality, sent[theirs])
		if err != nil {
			w.stop("no answer")
			return
		}
		r.raw[theirs] = again
		if w.single {
			r.raw[ours] = again
		}
	}
}

// count keeps how often a command was answered with which code.
func (w *world) count(cc wire.CC, rc wire.RC) {
	if w.counts[cc] == nil {
		w.counts[cc] = make(map[wire.RC]int)
	}
	w.counts[cc][rc]++
}

// note writes the step down.
func (w *world) note(c *command, sent two, r *response) {
	line := fmt.Sprintf("%4d L%d %-28s %x", len(w.log), c.locality, fmt.Sprintf("%v %03x/%03x%s", c.code, uint32(r.rc[theirs]), uint32(r.rc[ours]), c.note), sent[theirs])
	if !sent.same() {
		line += fmt.Sprintf("\n     ours %x", sent[ours])
	}
	w.log = append(w.log, line)
}

// tainted tells whether the answer may differ because what was asked differs.
func (w *world) tainted(c *command) bool {
	for _, p := range c.params {
		if !p.same() {
			return true
		}
	}
	return slices.ContainsFunc(c.named, w.apart)
}

// sessionsIn tells whether the command uses a session.
func (w *world) sessionsIn(c *command) bool {
	return slices.ContainsFunc(c.auths, func(a auth) bool { return a.session != nil })
}

// renew takes the answers of the sessions: their nonces, their HMACs, and the encryption of the first parameter.
func (w *world) renew(c *command, sent two, answers *[2]answer) {
	var valid [2][]bool
	for side := range answers {
		a := &answers[side]
		if len(a.auths) != len(c.auths) {
			continue // a spoiled command
		}
		for i := range c.auths {
			u := &c.auths[i]
			if u.session == nil || c.raw != nil {
				continue
			}
			u.session.nonceTPM[side] = a.auths[i].Nonce
			valid[side] = append(valid[side], w.validResponse(c, i, a, side))
		}
		for i := range c.auths {
			u := &c.auths[i]
			if u.session != nil && c.raw == nil && u.attrs.Has(wire.SessionEncrypt) && len(a.params) > 2 {
				n := int(binary.BigEndian.Uint16(a.params))
				if 2+n <= len(a.params) {
					u.crypt(a.params[2:2+n], side, false)
				}
			}
		}
	}
	for i, v := range valid[theirs] {
		if i < len(valid[ours]) && v != valid[ours][i] {
			w.differ(c, sent, nil, "response-hmac", fmt.Sprintf("HMAC %d of the response is valid: theirs %v, ours %v", i, v, valid[ours][i]))
		}
	}
}

// validResponse checks the HMAC of a session in a response (Part 1, 16.6.8).
func (w *world) validResponse(c *command, i int, a *answer, side int) bool {
	u := c.auths[i]
	got := a.auths[i]
	if c.code == wire.CCHierarchyChangeAuth || c.code == wire.CCNVChangeAuth {
		if u.entity != 0 && i == 0 && len(c.params) > 0 && len(c.params[0][side]) >= 2 {
			u.value = c.params[0][side][2:]
		}
	}
	if u.session.needPassword && u.entity != 0 {
		return len(got.HMAC) == 0
	}
	key := u.hmacKey(side)
	if len(key) == 0 && len(got.HMAC) == 0 {
		return true
	}
	s := u.session
	want := mac(s.hash, key, rpHash(s.hash, c.code, a.params), s.nonceTPM[side], u.nonce, []byte{byte(got.Attributes)})
	return hmac.Equal(want, got.HMAC)
}

// update takes note of the effects of a successful command. Everything is read from the bytes, because they may have been spoiled.
func (w *world) update(c *command, sent []byte, r *response) {
	for i := range c.auths {
		if s := c.auths[i].session; s != nil && c.raw == nil {
			if !c.auths[i].attrs.Has(wire.SessionContinue) {
				delete(w.sessions, s.handle)
			} else if s.kind == wire.SEPolicy && c.auths[i].entity != 0 {
				s.needAuthValue, s.needPassword = false, false
			}
			if w.unlike(c) {
				s.tainted = true
			}
		}
	}
	if w.audited[c.code] && w.unlike(c) {
		w.auditApart = true
	}
	handles, params, ok := w.parse(sent)
	if !ok {
		return
	}
	if c.raw == nil {
		params = params[:0]
		for _, p := range c.params {
			params = append(params, p[theirs])
		}
	}
	w.effect(c, handles, params, r)
}

// spoiledSession tells whether a command was spoiled that a session may decrypt, or that another session may decrypt than it was
// encrypted for.
func (w *world) spoiledSession(c *command) bool {
	return c.raw != nil && w.sessionsIn(c) || slices.ContainsFunc(c.auths, func(a auth) bool {
		return a.handle != 0 && a.attrs&(wire.SessionDecrypt|wire.SessionEncrypt) != 0
	})
}

// unlike tells whether hashes of the command and of its response are not the same for both, as they are sent.
func (w *world) unlike(c *command) bool {
	return w.tainted(c) || !settled(c.code) || slices.ContainsFunc(c.auths, func(a auth) bool {
		return a.session != nil && a.session.sym.Algorithm != wire.AlgNull && a.attrs&(wire.SessionDecrypt|wire.SessionEncrypt) != 0
	})
}

// settled tells whether the response of a command is the same for the same command and state.
func settled(cc wire.CC) bool {
	switch cc {
	case wire.CCPCRRead, wire.CCPCREvent, wire.CCEventSequenceComplete, wire.CCECCParameters:
		return true
	}
	return responses[cc] == "" || responses[cc] == "digest"
}

// parse takes a command apart: handles and parameters.
func (w *world) parse(b []byte) (handles []wire.Handle, params [][]byte, ok bool) {
	r := wire.NewReader(b, nil)
	tag := wire.ST(r.Uint16())
	r.Uint32()
	info := w.info[wire.CC(r.Uint32())]
	if info == nil {
		return nil, nil, false
	}
	for range info.Handles {
		handles = append(handles, wire.Handle(r.Uint32()))
	}
	if tag == wire.STSessions {
		r.Bytes(int(r.Uint32()))
	}
	if r.Err() != wire.RCSuccess {
		return nil, nil, false
	}
	list := info.Parameters()
	for i := range list {
		before := r.Remaining()
		list[i].Unmarshal(r)
		params = append(params, before[:len(before)-r.Len()])
	}
	return handles, params, true
}

// effect changes what is known of the state.
func (w *world) effect(c *command, handles []wire.Handle, params [][]byte, r *response) {
	arg := func(i int) []byte {
		if i < len(params) {
			return params[i]
		}
		return nil
	}
	switch c.code {
	case wire.CCShutdown:
		if b := arg(0); len(b) == 2 {
			w.shutdown = int(b[1])
		}
	case wire.CCStartup:
		w.shutdown, w.allocation, w.clockSet = notShutDown, nil, false
	case wire.CCClockSet:
		w.clockSet = true
	case wire.CCPCRAllocate, wire.CCECEphemeral, wire.CCCommit, wire.CCZGen2Phase, wire.CCSign:
		if c.code == wire.CCPCRAllocate {
			w.allocation = slices.Clone(arg(0))
		}
		w.takenBack(c.code, r)
	case wire.CCSetCommandCodeAuditStatus:
		var set wire.TPMLCC
		if wire.Unmarshal(arg(1), nil, &set) == wire.RCSuccess {
			for _, cc := range set {
				w.audited[cc] = true
			}
		}
	case wire.CCGetCommandAuditDigest:
		if handles[1] != wire.RHNull { // it starts a new digest (Part 3, 18.6)
			w.auditApart = w.audited[c.code]
		}
	case wire.CCFlushContext:
		if len(arg(0)) == 4 {
			w.forget(wire.Handle(binary.BigEndian.Uint32(arg(0))))
		}
	case wire.CCSequenceComplete:
		w.forget(handles[0])
	case wire.CCEventSequenceComplete:
		w.forget(handles[1])
	case wire.CCEvictControl:
		w.evicted(handles, arg(0))
	case wire.CCHierarchyChangeAuth:
		if b := arg(0); len(b) >= 2 {
			w.auths[handles[0]] = slices.Clone(trim(b[2:]))
		}
	case wire.CCNVDefineSpace:
		x := new(nvIndex)
		if len(arg(0)) < 2 || len(arg(1)) < 2 || wire.Unmarshal(arg(1)[2:], nil, &x.public) != wire.RCSuccess {
			w.stop("an index with a public area that is not known")
			return
		}
		x.auth = slices.Clone(trim(arg(0)[2:]))
		w.nv[x.public.NVIndex] = x
	case wire.CCNVUndefineSpace:
		delete(w.nv, handles[1])
	case wire.CCNVUndefineSpaceSpecial:
		delete(w.nv, handles[0])
	case wire.CCNVChangeAuth:
		if x := w.nv[handles[0]]; x != nil && len(arg(0)) >= 2 {
			x.auth = slices.Clone(trim(arg(0)[2:]))
		}
	case wire.CCNVWrite, wire.CCNVExtend, wire.CCNVIncrement, wire.CCNVSetBits:
		if x := w.nv[handles[1]]; x != nil {
			first := !x.written
			x.written = true
			if first && c.code == wire.CCNVWrite && len(arg(0)) < 2+pinSize && x.isPIN() {
				w.settlePIN(x)
			}
		}
	case wire.CCNVWriteLock:
		if x := w.nv[handles[1]]; x != nil {
			x.public.Attributes |= wire.NVWriteLocked
		}
	case wire.CCNVReadLock:
		if x := w.nv[handles[1]]; x != nil {
			x.public.Attributes |= wire.NVReadLocked
		}
	case wire.CCNVGlobalWriteLock:
		for _, x := range w.nv {
			if x.public.Attributes.Has(wire.NVGlobalLock) {
				x.public.Attributes |= wire.NVWriteLocked
			}
		}
	case wire.CCClear, wire.CCChangeEPS, wire.CCChangePPS, wire.CCHierarchyControl:
		w.hierarchyEffect(c.code, handles, params)
		if c.code == wire.CCClear && w.allocation != nil {
			w.allocateAgain()
		}
		if c.code != wire.CCHierarchyControl {
			w.evictLeft()
		}
	case wire.CCPolicyAuthValue, wire.CCPolicyPassword, wire.CCPolicyRestart, wire.CCPolicySecret, wire.CCPolicySigned,
		wire.CCPolicyTicket, wire.CCPolicyAuthorize, wire.CCPolicyNameHash, wire.CCPolicyCpHash, wire.CCPolicyTemplate,
		wire.CCPolicyDuplicationSelect:
		w.policyEffect(c, handles)
	default:
		if info := w.info[c.code]; info.ReturnsHandle {
			w.returned(c, r)
		}
	}
}

// returned takes care of handles that spoiled commands have made.
func (w *world) returned(c *command, r *response) {
	if c.note != "" {
		w.flush(r.handle)
	}
}

func (w *world) forget(h wire.Handle) {
	delete(w.objects, h)
	delete(w.sessions, h)
}

func (w *world) evicted(handles []wire.Handle, param []byte) {
	if len(param) != 4 {
		return
	}
	h := wire.Handle(binary.BigEndian.Uint32(param))
	if handles[1] == h {
		delete(w.objects, h)
		return
	}
	if o := w.objects[handles[1]]; o != nil {
		kept := *o
		kept.handle, kept.persistent = h, true
		w.objects[h] = &kept
	}
}

// hierarchyEffect drops what goes with a hierarchy (Part 3, 24).
func (w *world) hierarchyEffect(cc wire.CC, handles []wire.Handle, params [][]byte) {
	var gone []wire.Handle
	persistent := true
	switch cc {
	case wire.CCClear:
		gone = []wire.Handle{wire.RHOwner, wire.RHEndorsement}
		for _, h := range []wire.Handle{wire.RHOwner, wire.RHEndorsement, wire.RHLockout} {
			delete(w.auths, h)
		}
		w.fresh[wire.RHOwner], w.fresh[wire.RHEndorsement] = true, true
		for h, x := range w.nv {
			if !x.public.Attributes.Has(wire.NVPlatformCreate) {
				delete(w.nv, h)
			}
		}
	case wire.CCChangeEPS:
		gone = []wire.Handle{wire.RHEndorsement}
		delete(w.auths, wire.RHEndorsement)
		w.fresh[wire.RHEndorsement] = true
	case wire.CCChangePPS:
		gone = []wire.Handle{wire.RHPlatform}
		w.fresh[wire.RHPlatform] = true
	case wire.CCHierarchyControl:
		persistent = false
		if len(params) > 1 && len(params[0]) == 4 && len(params[1]) == 1 && params[1][0] == 0 {
			gone = []wire.Handle{wire.Handle(binary.BigEndian.Uint32(params[0]))}
		}
	}
	for h, o := range w.objects {
		if slices.Contains(gone, o.hierarchy) && (persistent || !o.persistent) {
			delete(w.objects, h)
		}
	}
}

func (w *world) policyEffect(c *command, handles []wire.Handle) {
	s := w.sessions[handles[len(handles)-1]]
	if s == nil {
		return
	}
	switch c.code {
	case wire.CCPolicyAuthValue:
		s.needAuthValue, s.needPassword = true, false
	case wire.CCPolicyPassword:
		s.needAuthValue, s.needPassword = false, true
	case wire.CCPolicyRestart:
		s.needAuthValue, s.needPassword, s.tainted = false, false, false
	default:
		// The digest takes in a Name; the nonce in the parameters is always another.
		for _, h := range handles {
			if w.apart(h) {
				s.tainted = true
			}
		}
		for i, p := range c.params {
			if !p.same() && (i > 0 || c.code != wire.CCPolicySecret && c.code != wire.CCPolicySigned) {
				s.tainted = true
			}
		}
	}
}
