package diff

import (
	"crypto/ecdh"
	"crypto/rand"
	"crypto/rsa"
	"math/big"

	"govtpm/internal/crypto/kdf"
	"govtpm/tpm2/wire"
)

// cmd makes a command with authorizations for its handles: passwords, HMAC sessions, or a policy session if the entity has a
// policy that can be satisfied. Other sessions are added now and then, to audit or to encrypt.
func (w *world) cmd(code wire.CC, handles ...wire.Handle) *command {
	c := &command{code: code, handles: handles}
	info := w.info[code]
	used := make(map[*session]bool)
	for i, h := range handles {
		if i < len(info.Handles) && info.Handles[i].Auth {
			c.auths = append(c.auths, w.authorize(code, h, used))
		}
	}
	if w.single || info.NoSessions {
		return c
	}
	if len(c.auths) < 3 && w.chance(0.08) {
		if s := w.idle(wire.SEHMAC, used); s != nil {
			attrs := pick(w, 0, wire.SessionAudit, wire.SessionDecrypt, wire.SessionEncrypt, wire.SessionDecrypt|wire.SessionEncrypt,
				wire.SessionAudit|wire.SessionAuditReset, wire.SessionAudit|wire.SessionAuditExclusive)
			c.auths = append(c.auths, auth{session: s, attrs: attrs | wire.SessionContinue})
		}
	}
	for i := range c.auths {
		a := &c.auths[i]
		if a.session == nil || a.session.sym.Algorithm == wire.AlgNull || a.attrs != wire.SessionContinue || !w.chance(0.5) {
			continue
		}
		if info.Decrypt {
			a.attrs |= wire.SessionDecrypt
		}
		if info.Encrypt && w.chance(0.5) {
			a.attrs |= wire.SessionEncrypt
		}
		break
	}
	return c
}

// authorize chooses how to authorize the use of an entity.
func (w *world) authorize(code wire.CC, h wire.Handle, used map[*session]bool) auth {
	value := w.authValue(h)
	if !w.single {
		p, share := w.policyOf(h), 0.5
		if p != nil && p.command == code {
			share = 0.9
		}
		if p != nil && w.chance(share) && (p.command == 0 || p.command == code || w.chance(0.1)) {
			if s := w.satisfy(p); s != nil {
				used[s] = true
				return auth{session: s, value: value, entity: h, attrs: pick(w, wire.SessionContinue, 0)}
			}
		}
		if s := w.idle(wire.SEHMAC, used); s != nil && w.chance(0.35) {
			used[s] = true
			attrs := wire.SessionContinue
			if w.chance(0.1) {
				attrs = 0
			}
			return auth{session: s, value: value, entity: h, attrs: attrs}
		}
		if w.chance(0.03) {
			value = append([]byte{1}, value...)
		}
	}
	return auth{value: value, entity: h}
}

// policyOf is the policy of an entity that a session can satisfy.
func (w *world) policyOf(h wire.Handle) *policy {
	if o := w.objects[h]; o != nil {
		return o.policy
	}
	if x := w.nv[h]; x != nil {
		return x.policy
	}
	return nil
}

// idle takes a session that the command does not use yet.
func (w *world) idle(kind wire.SE, used map[*session]bool) *session {
	for _, h := range keysOf(w.sessions) {
		if s := w.sessions[h]; s.kind == kind && !used[s] && w.chance(0.6) {
			return s
		}
	}
	return nil
}

// startSession opens a session, with whatever kinds of key.
func (w *world) startSession(kind wire.SE) *session {
	w.sessionRoom()
	s := &session{kind: kind, hash: w.hashAlg(), sym: w.symDef()}
	tpmKey, bind := wire.RHNull, wire.RHNull
	var salt []byte
	var secret two
	var bindAuth []byte
	if w.chance(0.3) {
		if o := w.find(func(o *object) bool { return o.isParent() && o.persistent }); o != nil {
			if salt, secret = w.salt(o); salt != nil {
				tpmKey = o.handle
			}
		}
	}
	if w.chance(0.3) {
		bind = pick(w, append(keysOf(w.objects), append(keysOf(w.nv), wire.RHOwner, wire.RHPlatform, wire.RHEndorsement, wire.RHLockout)...)...)
		bindAuth = trim(w.authValue(bind))
	}
	nonce := w.bytes(pick(w, 16, 20, len(digest(s.hash))))
	sym := s.sym
	r := w.do((&command{code: wire.CCStartAuthSession, handles: []wire.Handle{tpmKey, bind}}).b2(nonce).param(secret.sized()).
		u8(uint8(kind)).plain(&sym).u16(uint16(s.hash)))
	if !r.ok {
		return nil
	}
	s.handle, s.nonceTPM = r.handle, r.get(0)
	if len(bindAuth)+len(salt) > 0 || bind != wire.RHNull || tpmKey != wire.RHNull {
		for side := range s.key {
			s.key[side] = kdf.KDFa(newHash(s.hash), append(append([]byte{}, bindAuth...), salt...), "ATH", s.nonceTPM[side], nonce, 8*len(digest(s.hash)))
		}
	}
	if bind != wire.RHNull && kind == wire.SEHMAC {
		s.bound = bind
	}
	w.sessions[s.handle] = s
	return s
}

// sessionRoom keeps a session slot free.
func (w *world) sessionRoom() {
	if list := keysOf(w.sessions); len(list) >= 3 {
		w.flush(pick(w, list...))
	}
}

// salt encrypts a salt to a storage key (Part 1, Annexes B and C).
func (w *world) salt(o *object) ([]byte, two) {
	hash := o.area.NameAlg
	switch o.area.Type {
	case wire.AlgRSA:
		salt := w.bytes(len(digest(hash)))
		key := &rsa.PublicKey{N: new(big.Int).SetBytes(o.area.Unique.RSA), E: 65537}
		out, err := rsa.EncryptOAEP(newHash(hash)(), rand.Reader, key, salt, []byte("SECRET\x00"))
		if err != nil {
			return nil, two{}
		}
		return salt, both(out)
	case wire.AlgECC:
		if o.area.Parameters.ECC.CurveID != wire.CurveNISTP256 || !o.public.same() {
			return nil, two{}
		}
		point := append([]byte{4}, append(o.area.Unique.ECC.X, o.area.Unique.ECC.Y...)...)
		peer, err := ecdh.P256().NewPublicKey(point)
		if err != nil {
			return nil, two{}
		}
		key, err := ecdh.P256().GenerateKey(rand.Reader)
		if err != nil {
			return nil, two{}
		}
		z, err := key.ECDH(peer)
		if err != nil {
			return nil, two{}
		}
		mine := key.PublicKey().Bytes()
		salt := kdf.KDFe(newHash(hash), z, "SECRET", mine[1:33], o.area.Unique.ECC.X, 8*len(digest(hash)))
		return salt, both(append(sized(mine[1:33]), sized(mine[33:])...))
	}
	return nil, two{}
}

// A policy is an authorization policy that has been made in a trial session, and how to satisfy it.
type policy struct {
	hash    wire.Alg
	digest  []byte
	steps   []policyStep
	command wire.CC // the only one that it authorizes, if it is so simple
}

// A policyStep makes a policy command for a session.
type policyStep func(*world, *session) *command

// satisfy runs a policy in a policy session; nil if that failed.
func (w *world) satisfy(p *policy) *session {
	s := w.openPolicy(wire.SEPolicy, p.hash)
	if s == nil {
		return nil
	}
	for _, step := range p.steps {
		c := step(w, s)
		if c == nil || !w.do(c).ok {
			return nil
		}
	}
	return s
}

// openPolicy starts a policy session without key.
func (w *world) openPolicy(kind wire.SE, hash wire.Alg) *session {
	w.sessionRoom()
	s := &session{kind: kind, hash: hash, sym: w.symDef()}
	nonce := w.bytes(16)
	sym := s.sym
	r := w.do((&command{code: wire.CCStartAuthSession, handles: []wire.Handle{wire.RHNull, wire.RHNull}}).b2(nonce).b2(nil).
		u8(uint8(kind)).plain(&sym).u16(uint16(hash)))
	if !r.ok {
		return nil
	}
	s.handle, s.nonceTPM = r.handle, r.get(0)
	w.sessions[s.handle] = s
	return s
}

// makePolicy makes a policy in a trial session.
func (w *world) makePolicy() {
	p := &policy{hash: w.hashAlg()}
	s := w.openPolicy(wire.SETrial, p.hash)
	if s == nil {
		return
	}
	for range pick(w, 1, 1, 2, 3) {
		step := w.policyStep(s)
		if c := step(w, s); c == nil || !w.do(c).ok {
			break
		}
		p.steps = append(p.steps, step)
	}
	r := w.do(w.cmd(wire.CCPolicyGetDigest, s.handle))
	if r.ok && r.get(0).same() && len(p.steps) > 0 {
		p.digest = r.get(0)[ours]
		w.policies = append(w.policies, p)
	}
	w.flush(s.handle)
}

// policyStep chooses a policy command.
func (w *world) policyStep(trial *session) policyStep {
	plain := func(cc wire.CC, params ...two) policyStep {
		return func(w *world, s *session) *command {
			c := w.cmd(cc, s.handle)
			return c.param(params...)
		}
	}
	switch w.rng.IntN(12) {
	case 0:
		return plain(wire.CCPolicyPassword)
	case 1:
		cc := pick(w, wire.CCUnseal, wire.CCSign, wire.CCNVWrite, wire.CCNVRead, wire.CCDuplicate, wire.CCObjectChangeAuth, wire.CCCertify, wire.CCNVChangeAuth,
			wire.CCNVUndefineSpaceSpecial, wire.CCActivateCredential)
		return plain(wire.CCPolicyCommandCode, both(u32(uint32(cc))))
	case 2:
		sel := w.selection()
		return plain(wire.CCPolicyPCR, both(sized(nil)), both(wire.Marshal(sel)))
	case 3:
		return plain(wire.CCPolicyLocality, both([]byte{pick[byte](w, 1, 3, 31, 32)}))
	case 4:
		return plain(wire.CCPolicyNVWritten, both([]byte{byte(w.rng.IntN(2))}))
	case 5:
		// resetCount, unsigned, not below 0
		return plain(wire.CCPolicyCounterTimer, both(sized(make([]byte, 4))), both(u16(16)), both(u16(uint16(wire.EOUnsignedGE))))
	case 6:
		return w.secretStep()
	case 7:
		if d := w.do(w.cmd(wire.CCPolicyGetDigest, trial.handle)); d.ok && d.get(0).same() {
			l := append(u32(2), sized(d.get(0)[ours])...)
			return plain(wire.CCPolicyOR, both(append(l, sized(w.bytes(len(d.get(0)[ours])))...)))
		}
	case 8:
		return w.signedStep()
	case 9:
		if list := keysOf(w.nv); len(list) > 0 {
			h := pick(w, list...)
			operand := w.bytes(pick(w, 0, 1, 2, 8))
			op := uint16(w.rng.IntN(12))
			return func(w *world, s *session) *command {
				return w.cmd(wire.CCPolicyNV, pick(w, h, wire.RHOwner), h, s.handle).b2(operand).u16(0).u16(op)
			}
		}
	case 10:
		return plain(wire.CCPolicyDuplicationSelect, both(sized(nil)), both(sized(append([]byte{0, 11}, w.bytes(32)...))), both([]byte{0}))
	}
	return plain(wire.CCPolicyAuthValue)
}

// secretStep is TPM2_PolicySecret with a hierarchy.
func (w *world) secretStep() policyStep {
	h := pick(w, wire.RHOwner, wire.RHPlatform, wire.RHEndorsement, wire.RHLockout)
	ref := w.bytes(pick(w, 0, 4))
	withNonce := w.chance(0.5)
	expiration := pick[uint32](w, 0, 0, 1000, 0xFFFFFF00)
	return func(w *world, s *session) *command {
		nonce := two{}
		if withNonce {
			nonce = s.nonceTPM
		}
		return w.cmd(wire.CCPolicySecret, h, s.handle).param(nonce.sized()).b2(nil).b2(ref).u32(expiration)
	}
}

// signedStep is TPM2_PolicySigned with a key of the TPM, which signs for both.
func (w *world) signedStep() policyStep {
	ref := w.bytes(pick(w, 0, 4))
	withNonce := w.chance(0.5)
	expiration := pick[uint32](w, 0, 0, 1000, 0xFFFFFF00)
	return func(w *world, s *session) *command {
		key := w.objects[signingRSA]
		if key == nil {
			return nil
		}
		nonce := two{}
		if withNonce {
			nonce = s.nonceTPM
		}
		var hashed two
		for side := range hashed {
			hashed[side] = digest(wire.AlgSHA256, nonce[side], u32(expiration), ref)
		}
		scheme := wire.TPMTSigScheme{Scheme: wire.AlgRSASSA, HashAlg: wire.AlgSHA256}
		r := w.run(w.passwordCommand(wire.CCSign, key.handle).param(hashed.sized()).plain(&scheme).param(both(noTicket(0x8024))))
		if !r.ok {
			return nil
		}
		return w.cmd(wire.CCPolicySigned, key.handle, s.handle).param(nonce.sized()).b2(nil).b2(ref).u32(expiration).param(r.get(0))
	}
}

// passwordCommand is a command with passwords only.
func (w *world) passwordCommand(code wire.CC, handles ...wire.Handle) *command {
	c := &command{code: code, handles: handles, locality: w.locality}
	for i, h := range handles {
		if i < len(w.info[code].Handles) && w.info[code].Handles[i].Auth {
			c.auths = append(c.auths, auth{value: w.authValue(h), entity: h})
		}
	}
	return c
}

// noTicket is the ticket that says nothing.
func noTicket(tag uint16) []byte { return append(append(u16(tag), u32(uint32(wire.RHNull))...), 0, 0) }
