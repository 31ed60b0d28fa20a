package diff

import (
	"encoding/binary"

	"govtpm/tpm2/wire"
)

// Generators of commands that change the state: PCRs, NV, hierarchies, dictionary attack protection, audit, clock, power.

func genPCR(w *world) {
	pcr := pick(w, wire.Handle(16), 16, 23, 0, 7, 17, 20, 21, wire.Handle(w.rng.IntN(25)))
	switch w.rng.IntN(7) {
	case 0, 1:
		var l wire.TPMLDigestValues
		for range pick(w, 1, 1, 2, 4, 0) {
			a := w.hashAlg()
			l = append(l, wire.TPMTHA{HashAlg: a, Digest: w.bytes(len(digest(a)))})
		}
		w.do(w.cmd(wire.CCPCRExtend, pick(w, pcr, pcr, pcr, wire.RHNull)).plain(l))
	case 2:
		w.do(w.cmd(wire.CCPCREvent, pick(w, pcr, pcr, pcr, wire.RHNull)).b2(w.data()))
	case 3, 4:
		w.do(w.cmd(wire.CCPCRRead).plain(w.selection()))
	case 5:
		w.do(w.cmd(wire.CCPCRReset, pcr))
	case 6:
		if pcr >= 20 && w.chance(0.8) {
			pcr = 16 // those of the group of libtpms 0.9 end the sequence
		}
		switch w.rng.IntN(3) {
		case 0:
			w.do(w.cmd(wire.CCPCRSetAuthValue, pcr).b2(nil))
		case 1:
			w.do(w.cmd(wire.CCPCRSetAuthPolicy, wire.RHPlatform).b2(nil).u16(uint16(wire.AlgNull)).u32(uint32(pcr)))
		case 2:
			if w.chance(0.3) {
				w.do(w.cmd(wire.CCPCRAllocate, wire.RHPlatform).plain(w.selection()))
			}
		}
	}
}

// nvAuth chooses who authorizes access to an index.
func (w *world) nvAuth(h wire.Handle) wire.Handle {
	return pick(w, h, h, h, wire.RHOwner, wire.RHOwner, wire.RHPlatform)
}

func genNVDefine(w *world) {
	p := w.nvTemplate()
	auth := wire.RHOwner
	if p.Attributes.Has(wire.NVPlatformCreate) || w.chance(0.05) {
		auth = wire.RHPlatform
	}
	if w.nv[p.NVIndex] != nil && w.chance(0.9) {
		genNVUndefine(w)
		return
	}
	r := w.do(w.cmd(wire.CCNVDefineSpace, auth).b2(w.newAuth()).b2(wire.Marshal(&p)))
	if r.ok {
		w.nv[p.NVIndex].policy = w.policyWith(p.AuthPolicy)
		for range 3 {
			w.nvUse(p.NVIndex)
		}
	}
}

func genNVUndefine(w *world) {
	list := keysOf(w.nv)
	if len(list) == 0 {
		return
	}
	h := pick(w, list...)
	auth := wire.RHOwner
	if w.nv[h].public.Attributes.Has(wire.NVPlatformCreate) {
		auth = wire.RHPlatform
	}
	if w.nv[h].public.Attributes.Has(wire.NVPolicyDelete) && w.chance(0.8) {
		w.do(w.cmd(wire.CCNVUndefineSpaceSpecial, h, wire.RHPlatform))
		return
	}
	w.do(w.cmd(wire.CCNVUndefineSpace, auth, h))
}

func genNV(w *world) {
	list := keysOf(w.nv)
	if len(list) == 0 {
		genNVDefine(w)
		return
	}
	if w.chance(0.02) {
		w.nvUse(0x01000000 + wire.Handle(w.rng.IntN(20)))
		return
	}
	w.nvUse(pick(w, list...))
}

// nvUse does something with an index.
func (w *world) nvUse(h wire.Handle) {
	size, kind := 8, wire.NTOrdinary
	x := w.nv[h]
	if x != nil {
		size, kind = int(x.public.DataSize), x.public.Attributes.NT()
	}
	offset := pick(w, 0, 0, 0, 1, size/2, size, size+1)
	n := w.rng.IntN(13)
	if x != nil && !x.written && w.chance(0.7) {
		n = 0
	}
	switch n {
	case 0, 1, 2, 3:
		w.nvWrite(h, kind, size, offset)
	case 4, 5, 6:
		w.do(w.cmd(wire.CCNVRead, w.nvAuth(h), h).u16(uint16(pick(w, size, size, size-offset, 0, 1, size+1, 1024))).u16(uint16(offset)))
	case 7:
		w.do(w.cmd(wire.CCNVReadPublic, h))
	case 8:
		if w.chance(0.3) {
			w.do(w.cmd(wire.CCNVWriteLock, w.nvAuth(h), h))
		}
	case 9:
		if w.chance(0.3) {
			w.do(w.cmd(wire.CCNVReadLock, w.nvAuth(h), h))
		}
	case 10:
		w.do(w.cmd(wire.CCNVChangeAuth, h).b2(w.newAuth()))
	case 11:
		if w.chance(0.1) {
			w.do(w.cmd(wire.CCNVGlobalWriteLock, pick(w, wire.RHOwner, wire.RHPlatform)))
		}
	case 12:
		w.room(1)
		if o := w.find(func(o *object) bool { return o.has(wire.ObjectSign) && o.area.Type != wire.AlgSymCipher }); o != nil {
			s := w.sigScheme(o)
			w.do(w.cmd(wire.CCNVCertify, o.handle, w.nvAuth(h), h).b2(w.bytes(8)).plain(&s).u16(uint16(pick(w, size, 0, 4))).u16(uint16(pick(w, 0, 0, offset))))
		}
	}
}

func (w *world) nvWrite(h wire.Handle, kind wire.NT, size, offset int) {
	auth := w.nvAuth(h)
	if w.chance(0.07) {
		kind = pick(w, wire.NTOrdinary, wire.NTCounter, wire.NTBits, wire.NTExtend)
	}
	switch kind {
	case wire.NTCounter:
		w.do(w.cmd(wire.CCNVIncrement, auth, h))
	case wire.NTBits:
		w.do(w.cmd(wire.CCNVSetBits, auth, h).u64(pick(w, 0, 1, 1<<63, w.rng.Uint64())))
	case wire.NTExtend:
		w.do(w.cmd(wire.CCNVExtend, auth, h).b2(w.bytes(pick(w, 0, 1, 32, 100, 1024))))
	case wire.NTPinFail, wire.NTPinPass:
		data := append(u32(uint32(w.rng.IntN(3))), u32(uint32(w.rng.IntN(5)))...)
		w.do(w.cmd(wire.CCNVWrite, pick(w, wire.RHOwner, auth), h).b2(data).u16(uint16(pick(w, 0, 0, 0, 4))))
	default:
		w.do(w.cmd(wire.CCNVWrite, auth, h).b2(w.bytes(pick(w, size, max(0, size-offset), 0, 1, size+1) % 2049)).u16(uint16(offset)))
	}
}

func genHierarchy(w *world) {
	h := pick(w, wire.RHOwner, wire.RHEndorsement, wire.RHPlatform, wire.RHLockout)
	switch w.rng.IntN(8) {
	case 0, 1, 2:
		w.do(w.cmd(wire.CCHierarchyChangeAuth, h).b2(w.newAuth()))
	case 3, 4:
		p := two{nil, nil}
		alg := wire.AlgNull
		if len(w.policies) > 0 && w.chance(0.7) {
			q := pick(w, w.policies...)
			p, alg = both(q.digest), q.hash
		}
		w.do(w.cmd(wire.CCSetPrimaryPolicy, h).param(p.sized()).u16(uint16(alg)))
	case 5:
		if w.chance(0.4) {
			enable := pick(w, wire.RHOwner, wire.RHEndorsement, wire.RHPlatformNV, wire.RHPlatform)
			w.do(w.cmd(wire.CCHierarchyControl, pick(w, wire.RHPlatform, enable)).u32(uint32(enable)).u8(0))
			w.do(w.cmd(wire.CCHierarchyControl, wire.RHPlatform).u32(uint32(enable)).u8(1))
		}
	case 6:
		w.do(w.cmd(wire.CCClearControl, pick(w, wire.RHLockout, wire.RHPlatform)).u8(byte(w.rng.IntN(2))))
	case 7:
		if w.chance(0.25) {
			switch w.rng.IntN(3) {
			case 0:
				w.do(w.cmd(wire.CCClear, pick(w, wire.RHLockout, wire.RHPlatform)))
			case 1:
				w.do(w.cmd(wire.CCChangeEPS, wire.RHPlatform))
			case 2:
				w.do(w.cmd(wire.CCChangePPS, wire.RHPlatform))
			}
		}
	}
}

func genLockout(w *world) {
	switch w.rng.IntN(3) {
	case 0:
		w.do(w.cmd(wire.CCDictionaryAttackLockReset, wire.RHLockout))
	case 1:
		w.do(w.cmd(wire.CCDictionaryAttackParameters, wire.RHLockout).u32(pick[uint32](w, 0, 1, 5, 32)).u32(pick[uint32](w, 0, 1000, 86400)).u32(pick[uint32](w, 0, 1000)))
	case 2: // wrong authorization of something protected
		if o := w.find(func(o *object) bool { return !o.sequence && !o.has(wire.ObjectNoDA) }); o != nil {
			w.room(1)
			c := w.passwordCommand(wire.CCUnseal, o.handle)
			c.auths[0].value = w.bytes(5)
			w.run(c)
		}
	}
}

func genAudit(w *world) {
	w.room(1)
	switch w.rng.IntN(3) {
	case 0:
		set, clear := wire.TPMLCC{pick(w, w.infos...).Code}, wire.TPMLCC{pick(w, w.infos...).Code}
		alg := wire.AlgNull
		if w.chance(0.2) {
			alg, set, clear = w.hashAlg(), nil, nil
		}
		w.do(w.cmd(wire.CCSetCommandCodeAuditStatus, pick(w, wire.RHOwner, wire.RHPlatform)).u16(uint16(alg)).plain(set, clear))
	case 1:
		w.attest(wire.CCGetCommandAuditDigest, wire.RHEndorsement)
	case 2:
		w.auditedSession()
	}
}

// auditedSession has a session audit some commands, and asks for its digest.
func (w *world) auditedSession() {
	s := w.idle(wire.SEHMAC, nil)
	if s == nil {
		if s = w.startSession(wire.SEHMAC); s == nil {
			return
		}
	}
	for range w.rng.IntN(4) {
		c := pick(w, (&command{code: wire.CCPCRRead}).plain(w.selection()), (&command{code: wire.CCReadClock}),
			(&command{code: wire.CCGetRandom}).u16(8), (&command{code: wire.CCPolicyRestart, handles: []wire.Handle{0x03000000}}))
		c.auths = []auth{{session: s, attrs: wire.SessionContinue | wire.SessionAudit | pick(w, 0, 0, wire.SessionAuditReset, wire.SessionAuditExclusive)}}
		w.do(c)
		if w.chance(0.2) {
			genCapability(w)
		}
	}
	w.attest(wire.CCGetSessionAuditDigest, wire.RHEndorsement, s.handle)
}

// attest asks for an attestation by a key, or by none. The key comes after the first of the handles.
func (w *world) attest(code wire.CC, handles ...wire.Handle) *response {
	o := w.find(func(o *object) bool { return o.has(wire.ObjectSign) && o.area.Type != wire.AlgSymCipher && !o.sequence })
	sign := wire.RHNull
	if o != nil && w.chance(0.9) {
		sign = o.handle
	} else {
		o = nil
	}
	all := append([]wire.Handle{handles[0], sign}, handles[1:]...)
	s := w.sigScheme(o)
	return w.do(w.cmd(code, all...).b2(w.bytes(pick(w, 0, 8, 32, 64))).plain(&s))
}

func genAttest(w *world) {
	w.room(2)
	switch w.rng.IntN(5) {
	case 0:
		w.attest(wire.CCCertify, w.anyObject())
	case 1:
		w.attest(wire.CCGetTime, wire.RHEndorsement)
	case 2, 3:
		o := w.find(func(o *object) bool { return o.has(wire.ObjectSign) && o.area.Type != wire.AlgSymCipher && !o.sequence })
		if o == nil {
			return
		}
		s := w.sigScheme(o)
		r := w.do(w.cmd(wire.CCQuote, o.handle).b2(w.bytes(8)).plain(&s).plain(w.selection()))
		if r.ok {
			var d two
			var sig wire.TPMTSignature
			sig.UnmarshalOrNull(wire.NewReader(r.get(1)[theirs], nil))
			for side := range d {
				d[side] = digest(sig.Hash(), r.get(0)[side])
			}
			w.do(w.cmd(wire.CCVerifySignature, o.handle).param(d.sized(), r.get(1)))
		}
	case 4:
		o := w.find(func(o *object) bool { return len(o.ticket[ours]) > 0 })
		k := w.find(func(o *object) bool { return o.has(wire.ObjectSign) && o.area.Type != wire.AlgSymCipher && !o.sequence })
		if o != nil && k != nil {
			s := w.sigScheme(k)
			w.do(w.cmd(wire.CCCertifyCreation, k.handle, o.handle).b2(w.bytes(8)).param(o.creation.sized()).plain(&s).param(o.ticket))
		}
	}
}

func genClock(w *world) {
	switch w.rng.IntN(4) {
	case 0:
		w.do(w.cmd(wire.CCReadClock))
	case 1:
		w.do(w.cmd(wire.CCClockSet, pick(w, wire.RHOwner, wire.RHPlatform)).u64(pick[uint64](w, 0, 1<<40, 1<<41, 0xFFFF000000000000, 0xFFFF000000000001)))
	case 2:
		w.do(w.cmd(wire.CCClockRateAdjust, pick(w, wire.RHOwner, wire.RHPlatform)).u8(pick[byte](w, 0, 1, 3, 4, 0xFD, 0xFC)))
	case 3:
		w.do(w.cmd(wire.CCPPCommands, wire.RHPlatform).plain(wire.TPMLCC{wire.CCClear}, wire.TPMLCC{}))
	}
}

func genLocality(w *world) { w.locality = uint8(pick(w, 0, 0, 0, 1, 2, 3, 4)) }

// genSession opens sessions and makes policies.
func genSession(w *world) {
	switch w.rng.IntN(6) {
	case 0, 1, 2:
		w.startSession(wire.SEHMAC)
	case 3:
		w.startSession(wire.SEPolicy)
	case 4:
		w.makePolicy()
	case 5:
		if list := keysOf(w.sessions); len(list) > 0 {
			w.flush(pick(w, list...))
		}
	}
}

// genPolicy puts policy commands to a session that happens to be there.
func genPolicy(w *world) {
	s := w.idle(pick(w, wire.SEPolicy, wire.SETrial), nil)
	if s == nil {
		s = w.openPolicy(pick(w, wire.SEPolicy, wire.SETrial), w.hashAlg())
	}
	if s == nil {
		return
	}
	for range w.rng.IntN(4) {
		if c := w.policyStep(s)(w, s); c != nil {
			w.do(c)
		}
	}
	w.do(w.cmd(wire.CCPolicyGetDigest, s.handle))
}

// genPower shuts down, or does not, and powers on again.
func genPower(w *world) {
	kind := pick(w, 0, 1, 1, 2)
	if kind < 2 {
		if !w.do((&command{code: wire.CCShutdown}).u16(uint16(kind))).ok {
			kind = 2
		}
		if w.chance(0.1) {
			genAny(w) // and something that undoes it
			kind = 2
		}
	}
	if w.over {
		return
	}
	reload := w.chance(0.5)
	for side, tpm := range w.tpm {
		if err := tpm.powerCycle(reload); err != nil {
			w.report("power cycle of side %d: %v", side, err)
			w.stop("no power cycle")
			return
		}
	}
	w.log = append(w.log, "     power cycle")
	w.startAgain(kind)
}

// startAgain signals and starts up after the power came back; shutdown is 2 when there was none.
func (w *world) startAgain(shutdown int) {
	locality := pick[uint8](w, 0, 0, 0, 0, 3, 4)
	if w.chance(0.1) {
		w.signal()
	}
	if w.chance(0.1) {
		w.run(w.cmd(wire.CCGetRandom).u16(4))
	}
	w.locality = 0
	start := 0
	if shutdown == 1 && w.chance(0.7) {
		start = 1
	}
	lost := w.clockSet && shutdown == 2
	for n := range 2 {
		r := w.run(&command{code: wire.CCStartup, locality: locality, params: []two{both(u16(uint16(start)))}})
		if r.rc[ours] == 0 || r.rc[theirs] == 0 {
			if n > 0 && shutdown == 2 {
				w.known.meant(w, "refused-startup")
				if !w.run(w.passwordCommand(wire.CCDictionaryAttackLockReset, wire.RHLockout)).ok {
					w.stop("failed tries that cannot be reset after a refused Startup")
				}
			}
			if lost {
				w.setClockAgain()
			}
			break
		}
		locality, start = 0, 0
	}
	w.powered(shutdown, start)
}

// powered forgets what a power cycle takes.
func (w *world) powered(shutdown, start int) {
	for h, o := range w.objects {
		if !o.persistent {
			delete(w.objects, h)
		}
	}
	for h := range w.sessions {
		delete(w.sessions, h)
	}
	if start == 0 {
		delete(w.auths, wire.RHPlatform)
		for _, x := range w.nv {
			if !x.public.Attributes.Has(wire.NVWriteDefine) || !x.written {
				x.public.Attributes &^= wire.NVWriteLocked
			}
			x.public.Attributes &^= wire.NVReadLocked
			if x.public.Attributes.Has(wire.NVClearStClear) {
				x.written = false
			}
		}
	}
	for h, x := range w.nv {
		if x.public.Attributes.Has(wire.NVOrderly) && shutdown == 2 && x.public.Attributes.NT() != wire.NTCounter {
			x.written = false
		}
		w.refresh(h, x)
	}
	if shutdown != 1 {
		w.contexts = nil
	}
}

// refresh reads the public area of an index, as theirs has it.
func (w *world) refresh(h wire.Handle, x *nvIndex) {
	r := w.run(w.passwordCommand(wire.CCNVReadPublic, h))
	if !r.ok || len(r.get(0)[theirs]) < 14 {
		return
	}
	attributes := wire.TPMANV(binary.BigEndian.Uint32(r.get(0)[theirs][6:]))
	x.written = attributes.Has(wire.NVWritten)
	x.public.Attributes = attributes &^ wire.NVWritten
}

// signal is a sequence of _TPM_Hash_Start, _TPM_Hash_Data and _TPM_Hash_End.
func (w *world) signal() {
	data := w.bytes(pick(w, 0, 1, 64, 1000))
	for side, tpm := range w.tpm {
		if err := tpm.hashSequence(data); err != nil {
			w.report("hash sequence on side %d: %v", side, err)
			w.stop("no hash sequence")
		}
	}
	w.log = append(w.log, "     hash sequence")
	if !w.over {
		var bit [2]bool
		for side, tpm := range w.tpm {
			bit[side], _ = tpm.established()
		}
		if bit[ours] != bit[theirs] {
			w.report("tpmEstablished: theirs %v, ours %v", bit[theirs], bit[ours])
		}
	}
}

func genSignal(w *world) {
	if w.chance(0.2) {
		// A slot is taken from an object when there is none.
		w.room(1)
		w.signal()
		genLook(w)
	}
}
