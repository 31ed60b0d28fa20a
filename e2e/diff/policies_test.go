package diff

import "govtpm/tpm2/wire"

// Generators of the policy commands that take tickets, signatures and hashes of commands.

// genTicket makes a ticket with a signature or a secret, and uses it.
func genTicket(w *world) {
	s := w.openPolicy(wire.SEPolicy, w.hashAlg())
	if s == nil {
		return
	}
	ref := w.bytes(pick(w, 0, 4))
	expiration := pick[uint32](w, 0xFFFFFF00, 0xFFFFFF00, 0xFFFFFFFF, 0)
	entity := pick(w, wire.RHOwner, wire.RHEndorsement, wire.RHPlatform, macKey)
	if w.objects[entity] == nil && entity == macKey {
		return
	}
	nonce := two{}
	if w.chance(0.5) {
		nonce = s.nonceTPM
	}
	w.room(1)
	r := w.do(w.cmd(wire.CCPolicySecret, entity, s.handle).param(nonce.sized()).b2(nil).b2(ref).u32(expiration))
	if !r.ok {
		return
	}
	timeout, ticket := r.get(0), r.get(1)
	w.do(w.cmd(wire.CCPolicyGetDigest, s.handle))
	w.do(w.cmd(wire.CCPolicyRestart, s.handle))
	name := w.name(entity)
	w.do(w.cmd(wire.CCPolicyTicket, s.handle).param(timeout.sized()).b2(nil).b2(ref).param(name.sized()).param(ticket))
	w.do(w.cmd(wire.CCPolicyGetDigest, s.handle))
}

// genAuthorize approves a policy with a signature.
func genAuthorize(w *world) {
	s := w.openPolicy(pick(w, wire.SEPolicy, wire.SETrial), wire.AlgSHA256)
	key := w.objects[signingRSA]
	if s == nil || key == nil {
		return
	}
	w.room(1)
	if w.chance(0.5) {
		w.do(w.cmd(wire.CCPolicyAuthValue, s.handle))
	}
	r := w.do(w.cmd(wire.CCPolicyGetDigest, s.handle))
	if !r.ok {
		return
	}
	approved, ref := r.get(0), w.bytes(pick(w, 0, 4))
	var hashed two
	for side := range hashed {
		hashed[side] = digest(wire.AlgSHA256, approved[side], ref)
	}
	scheme := wire.TPMTSigScheme{Scheme: wire.AlgRSASSA, HashAlg: wire.AlgSHA256}
	signed := w.do(w.passwordCommand(wire.CCSign, key.handle).param(hashed.sized()).plain(&scheme).param(both(noTicket(0x8024))))
	if !signed.ok {
		return
	}
	verified := w.do(w.cmd(wire.CCVerifySignature, key.handle).param(hashed.sized(), signed.get(0)))
	if !verified.ok {
		return
	}
	w.do(w.cmd(wire.CCPolicyAuthorize, s.handle).param(approved.sized()).b2(ref).param(key.name.sized(), verified.get(0)))
	w.do(w.cmd(wire.CCPolicyGetDigest, s.handle))
}

// genAuthorizeNV approves a policy by what an index holds.
func genAuthorizeNV(w *world) {
	s := w.openPolicy(pick(w, wire.SEPolicy, wire.SETrial), w.hashAlg())
	if s == nil {
		return
	}
	h := 0x01000020 + wire.Handle(w.rng.IntN(3))
	r := w.do(w.cmd(wire.CCPolicyGetDigest, s.handle))
	if !r.ok || !r.get(0).same() {
		return
	}
	content := append(u16(uint16(s.hash)), r.get(0)[ours]...)
	if w.nv[h] == nil {
		p := wire.TPMSNVPublic{NVIndex: h, NameAlg: w.hashAlg(), DataSize: uint16(len(content)),
			Attributes: wire.NVAuthRead | wire.NVAuthWrite | wire.NVOwnerRead | wire.NVOwnerWrite | wire.NVNoDA}
		w.do(w.cmd(wire.CCNVDefineSpace, wire.RHOwner).b2(nil).b2(wire.Marshal(&p)))
	}
	w.do(w.cmd(wire.CCNVWrite, pick(w, h, wire.RHOwner), h).b2(content).u16(0))
	w.do(w.cmd(wire.CCPolicyAuthorizeNV, pick(w, h, wire.RHOwner), h, s.handle))
	w.do(w.cmd(wire.CCPolicyGetDigest, s.handle))
}

// genNarrow narrows a policy to hashes of commands, and runs a command with it now and then.
func genNarrow(w *world) {
	s := w.openPolicy(pick(w, wire.SEPolicy, wire.SEPolicy, wire.SETrial), w.hashAlg())
	if s == nil {
		return
	}
	w.room(1)
	key := w.find(func(o *object) bool { return o.area.Type == wire.AlgKeyedHash && o.policy != nil })
	for range pick(w, 1, 1, 2) {
		hash := both(digest(s.hash, w.bytes(4)))
		if key != nil && w.chance(0.5) {
			for side := range hash {
				hash[side] = digest(s.hash, u32(uint32(wire.CCUnseal)), key.name[side])
			}
		}
		switch w.rng.IntN(6) {
		case 0:
			w.do(w.cmd(wire.CCPolicyCpHash, s.handle).param(hash.sized()))
		case 1:
			w.do(w.cmd(wire.CCPolicyNameHash, s.handle).param(hash.sized()))
		case 2:
			w.do(w.cmd(wire.CCPolicyTemplate, s.handle).param(hash.sized()))
		case 3:
			w.do(w.cmd(wire.CCPolicyPhysicalPresence, s.handle))
		case 4:
			w.do(w.cmd(wire.CCPolicyDuplicationSelect, s.handle).param(hash.sized()).param(w.name(storageECC).sized()).u8(byte(w.rng.IntN(2))))
		case 5:
			w.do(w.cmd(wire.CCPolicyCounterTimer, s.handle).b2(w.bytes(pick(w, 0, 1, 4, 8))).u16(uint16(pick(w, 16, 20, 24, 25))).u16(uint16(w.rng.IntN(13))))
		}
	}
	w.do(w.cmd(wire.CCPolicyGetDigest, s.handle))
	if key != nil && w.objects[key.handle] != nil && w.sessions[s.handle] != nil {
		c := &command{code: wire.CCUnseal, handles: []wire.Handle{key.handle}}
		c.auths = []auth{{session: s, value: key.auth, entity: key.handle, attrs: wire.SessionContinue}}
		w.do(c)
	}
}
