package diff

import "govtpm/tpm2/wire"

// Generators of the commands that came with libtpms 0.10. An older one gets commands about policies instead.

func genNewer(w *world) {
	possible := []func(*world){genNarrow}
	if w.info[wire.CCECCEncrypt] != nil && w.info[wire.CCECCDecrypt] != nil {
		possible = append(possible[:0], genECCEncryption)
	}
	if w.info[wire.CCPolicyCapability] != nil && w.info[wire.CCPolicyParameters] != nil {
		possible = append(possible, genCapabilityPolicy, genCapabilityPolicy, genParametersPolicy)
	}
	pick(w, possible...)(w)
}

// kdfScheme is a TPMT_KDF_SCHEME+, mostly one that encrypts.
func (w *world) kdfScheme() two {
	scheme := pick(w, wire.AlgKDF2, wire.AlgKDF2, wire.AlgKDF2, wire.AlgNull, wire.AlgMGF1, wire.AlgKDF1SP80056A)
	if scheme == wire.AlgNull {
		return both(u16(uint16(scheme)))
	}
	return both(append(u16(uint16(scheme)), u16(uint16(w.hashAlg()))...))
}

// genECCEncryption encrypts, and decrypts what came out or something near it.
func genECCEncryption(w *world) {
	w.room(1)
	o := w.find(func(o *object) bool {
		return o.area.Type == wire.AlgECC && (!o.has(wire.ObjectRestricted) || w.chance(0.1))
	})
	if o == nil {
		return
	}
	scheme := w.kdfScheme()
	r := w.do(w.cmd(wire.CCECCEncrypt, o.handle).b2(w.bytes(pick(w, 0, 1, 32, 100, 1024))).param(scheme))
	if !r.ok {
		return
	}
	c1, c2, c3 := r.get(0), r.get(1), r.get(2)
	switch w.rng.IntN(6) {
	case 0:
		c3 = both(w.bytes(32))
	case 1:
		c1 = both(append(sized(w.bytes(32)), sized(w.bytes(32))...))
	case 2:
		scheme = w.kdfScheme()
	}
	w.do(w.cmd(wire.CCECCDecrypt, o.handle).param(c1.sized(), c2.sized(), c3.sized(), scheme))
}

// genCapabilityPolicy compares capabilities of all kinds in a policy.
func genCapabilityPolicy(w *world) {
	s := w.openPolicy(pick(w, wire.SEPolicy, wire.SEPolicy, wire.SETrial), w.hashAlg())
	if s == nil {
		return
	}
	for range 4 {
		capability := wire.Cap(w.rng.IntN(14))
		property := w.property(capability)
		operand := pick(w, u32(property), u16(uint16(property)), w.bytes(1+w.rng.IntN(9)))
		offset, operation := pick(w, 0, 0, 0, 1, 2, 4, 5, 8, 70), w.rng.IntN(13)
		w.do(w.cmd(wire.CCPolicyCapability, s.handle).b2(operand).u16(uint16(offset)).u16(uint16(operation)).u32(uint32(capability)).u32(property))
	}
	w.do(w.cmd(wire.CCPolicyGetDigest, s.handle))
}

// property is one of a capability, or nearly so; none that says how many of something there are or which version this is.
func (w *world) property(capability wire.Cap) uint32 {
	switch capability {
	case wire.CapHandles:
		return pick(w, uint32(w.rng.IntN(26)), uint32(0x40000001+w.rng.IntN(16)), uint32(storageRSA)+uint32(w.rng.IntN(16)),
			0x01000020, 0x05000000, 0x90000000, uint32(wire.RHACT0))
	case wire.CapCommands, wire.CapPPCommands, wire.CapAuditCommands:
		return pick(w, uint32(0x11F+w.rng.IntN(0x90)), uint32(wire.CCPPCommands), uint32(wire.CCSetCommandCodeAuditStatus), 0x2000012D)
	case wire.CapTPMProperties:
		return pick(w, 0x106+uint32(w.rng.IntN(5)), 0x10D+uint32(w.rng.IntN(0x14)), 0x128+uint32(w.rng.IntN(9)), 0x20D+uint32(w.rng.IntN(9)), 0, 0x300)
	case wire.CapAuthPolicies:
		return pick(w, uint32(wire.RHOwner), uint32(wire.RHLockout), uint32(wire.RHNull), 0x40000000, 0x80000000)
	case wire.CapACT:
		return pick(w, uint32(wire.RHACT0), uint32(wire.RHACTF), uint32(wire.RHACTF)+1)
	}
	return pick(w, uint32(w.rng.IntN(0x48)), 0x10000+uint32(w.rng.IntN(0x20)))
}

// genParametersPolicy ties a policy to the parameters of a command, and runs it with the policy now and then.
func genParametersPolicy(w *world) {
	s := w.openPolicy(pick(w, wire.SEPolicy, wire.SEPolicy, wire.SETrial), w.hashAlg())
	if s == nil {
		return
	}
	w.room(1)
	key := w.find(func(o *object) bool { return o.area.Type == wire.AlgKeyedHash && o.policy != nil })
	hash := digest(s.hash, u32(uint32(wire.CCUnseal)))
	if w.chance(0.2) {
		hash = w.bytes(pick(w, 0, 20, 32))
	}
	w.do(w.cmd(wire.CCPolicyParameters, s.handle).b2(hash))
	if w.chance(0.3) {
		w.do(w.cmd(pick(w, wire.CCPolicyParameters, wire.CCPolicyCpHash, wire.CCPolicyTemplate, wire.CCPolicyNameHash), s.handle).b2(hash))
	}
	w.do(w.cmd(wire.CCPolicyGetDigest, s.handle))
	if key != nil && w.objects[key.handle] != nil && w.sessions[s.handle] != nil {
		c := &command{code: wire.CCUnseal, handles: []wire.Handle{key.handle}}
		c.auths = []auth{{session: s, value: key.auth, entity: key.handle, attrs: wire.SessionContinue}}
		w.do(c)
	}
}
