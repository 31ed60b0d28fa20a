package tpm2

import (
	"bytes"
	"crypto/hmac"
	"crypto/subtle"

	"govtpm/tpm2/wire"
)

// A sessionUse is one entry of the authorization area (Part 1, 15.6) and what became of it.
type sessionUse struct {
	handle     wire.Handle
	session    *session // nil for a password
	nonce      []byte   // nonceCaller
	attributes wire.TPMASession
	hmac       []byte // HMAC or password

	authorizes  bool        // whether it authorizes a handle
	entity      wire.Handle // the handle it authorizes
	includeAuth bool        // whether the entity's authValue is in the HMAC key
}

func (u *sessionUse) isPassword() bool { return u.handle == wire.RSPW }

// parseSessions reads the authorization area and checks what can be checked before any authorization
// (Part 3, 5.5). Codes carry the session number.
func (t *TPM) parseSessions(c *call, area []byte) error {
	r := wire.NewReader(area, t.limits)
	for i := 0; r.Len() > 0; i++ {
		if i == maxSessionNum {
			return wire.RCSize.Session(i + 1)
		}
		u, rc := readSession(r)
		if rc != wire.RCSuccess {
			return rc.Session(i + 1)
		}
		if rc := t.checkSession(c, i, &u); rc != wire.RCSuccess {
			return rc
		}
		c.sessions = append(c.sessions, u)
	}
	return nil
}

// readSession reads one TPMS_AUTH_COMMAND.
func readSession(r *wire.Reader) (u sessionUse, rc wire.RC) {
	u.entity = wire.RHUnassigned
	u.handle = r.Handle(wire.TPMISHAuthSession | wire.OrNull)
	var nonce wire.TPM2BNonce
	nonce.Unmarshal(r)
	u.attributes.Unmarshal(r)
	var auth wire.TPM2BAuth
	auth.Unmarshal(r)
	u.nonce, u.hmac = nonce, auth
	return u, r.Err()
}

// checkSession checks entry i against the TPM's sessions and the command, and notes its part in decryption,
// encryption and audit.
func (t *TPM) checkSession(c *call, i int, u *sessionUse) wire.RC {
	a := u.attributes
	if u.isPassword() {
		if a.Has(wire.SessionEncrypt) || a.Has(wire.SessionDecrypt) || a.Has(wire.SessionAudit) || a.Has(wire.SessionAuditExclusive) || a.Has(wire.SessionAuditReset) {
			return wire.RCAttributes.Session(i + 1)
		}
		if len(u.nonce) != 0 {
			return wire.RCNonce.Session(i + 1)
		}
		return wire.RCSuccess
	}
	if u.session = t.volatile.sessions.loaded(t, u.handle); u.session == nil {
		return wire.RCReferenceS0 + wire.RC(i)
	}
	if u.session.isPolicy != (u.handle.Type() == wire.HTPolicySession) {
		return wire.RCHandle.Session(i + 1)
	}
	for j := range c.sessions {
		if c.sessions[j].handle == u.handle {
			return wire.RCHandle.Session(i + 1)
		}
	}
	if a.Has(wire.SessionDecrypt) {
		if rc := claim(&c.decryptSession, i, c.cmd.flags&flagDecrypt != 0, u.session); rc != wire.RCSuccess {
			return rc.Session(i + 1)
		}
	}
	if a.Has(wire.SessionEncrypt) {
		if rc := claim(&c.encryptSession, i, c.cmd.flags&flagEncrypt != 0, u.session); rc != wire.RCSuccess {
			return rc.Session(i + 1)
		}
	}
	if a.Has(wire.SessionAudit) {
		if c.auditSession >= 0 || u.session.isPolicy {
			return wire.RCAttributes.Session(i + 1)
		}
		if !a.Has(wire.SessionAuditReset) && u.session.isAudit && a.Has(wire.SessionAuditExclusive) && t.volatile.exclusiveAudit != u.handle {
			return wire.RCExclusive
		}
		c.auditSession = i
	}
	return wire.RCSuccess
}

// claim makes session i the one for parameter encryption or decryption, if the command allows it, no other session
// has the part, and the session has a symmetric algorithm (Part 1, 18.1).
func claim(part *int, i int, allowed bool, s *session) wire.RC {
	if !allowed || *part >= 0 {
		return wire.RCAttributes
	}
	if s.symmetric.Algorithm == wire.AlgNull {
		return wire.RCSymmetric
	}
	*part = i
	return wire.RCSuccess
}

// authorize associates the sessions with the handles that need authorization and checks each
// (Part 3, 5.6; Part 1, 16).
func (t *TPM) authorize(c *call) error {
	for i, h := range c.handles {
		if c.cmd.role(i) == roleNone {
			continue
		}
		if i >= len(c.sessions) {
			return wire.RCAuthMissing
		}
		c.sessions[i].authorizes, c.sessions[i].entity = true, h
	}
	for i := range c.sessions {
		u := &c.sessions[i]
		if u.isPassword() && !u.authorizes {
			return wire.RCHandle.Session(i + 1)
		}
		if !u.isPassword() {
			if u.session.trial {
				return wire.RCAttributes.Session(i + 1)
			}
			if u.session.isDABound {
				if err := t.checkLockedOut(u.session.isLockoutBound); err != nil {
					return err
				}
			}
			if u.attributes.Has(wire.SessionAudit) {
				c.commandHash(t, u.session.authHash)
			}
		}
		if err := t.authorizeSession(c, i); err != nil {
			return positioned(err, func(rc wire.RC) wire.RC { return rc.Session(i + 1) })
		}
	}
	return nil
}

// authorizeSession checks session i of the command.
func (t *TPM) authorizeSession(c *call, i int) error {
	u := &c.sessions[i]
	if !u.authorizes {
		if !u.attributes.Has(wire.SessionAudit) && !u.attributes.Has(wire.SessionEncrypt) && !u.attributes.Has(wire.SessionDecrypt) {
			return wire.RCAttributes
		}
		u.includeAuth = false
		return t.checkHMAC(c, i)
	}
	if u.entity == wire.RHPlatform && t.presenceRequired(c.cmd) && !t.presence() {
		return wire.RCPP
	}
	authUsed := true
	if !u.isPassword() {
		if u.session.isPolicy {
			u.includeAuth = u.session.authValueNeeded || u.session.passwordNeeded
		} else {
			u.includeAuth = !t.isBindEntity(u.session, c, i)
		}
		authUsed = u.includeAuth
	}
	if authUsed && !t.isDAExempt(u.entity, c.objectAt(i)) {
		if err := t.checkLockedOut(u.entity == wire.RHLockout); err != nil {
			return err
		}
	}
	if err := t.checkMeans(c, i); err != nil {
		return err
	}
	err := t.checkSecret(c, i)
	if authUsed && u.entity.Type() == wire.HTNVIndex {
		if e := t.countPIN(u.entity, err == nil); e != nil {
			return e
		}
	}
	return err
}

// checkMeans checks that the entity may be authorized by what the session offers: authValue or policy
// (Part 1, 16.6.17).
func (t *TPM) checkMeans(c *call, i int) error {
	u := &c.sessions[i]
	if u.session == nil || !u.session.isPolicy {
		if t.policyRequired(c, i) {
			return wire.RCAuthType
		}
		if !t.authValueAvailable(c, i) {
			return wire.RCAuthUnavailable
		}
		return nil
	}
	if !t.policyAvailable(c, i) {
		return wire.RCAuthUnavailable
	}
	if err := t.checkPolicy(c, i); err != nil {
		return err
	}
	// A policy that asks for the authValue of a PIN index is no way round its limit (Part 1, 34.2.6), though libtpms lets it be one.
	if x := t.nv.index(u.entity); x != nil && u.includeAuth && !x.pinAvailable() {
		return wire.RCAuthUnavailable
	}
	return nil
}

// checkSecret compares the password or the HMAC; a failure counts against dictionary attacks.
func (t *TPM) checkSecret(c *call, i int) error {
	u := &c.sessions[i]
	if !u.isPassword() && !u.session.passwordNeeded {
		return t.checkHMAC(c, i)
	}
	if sameAuth(u.hmac, t.authValue(u.entity, c.objectAt(i))) {
		return nil
	}
	return t.authorizationFailed(c, i)
}

// checkHMAC verifies the HMAC of session i (Part 1, 16.6.5).
func (t *TPM) checkHMAC(c *call, i int) error {
	u := &c.sessions[i]
	key := t.sessionKey(c, i, u.includeAuth)
	if len(key) == 0 && len(u.hmac) == 0 {
		return nil
	}
	if hmac.Equal(t.commandHMAC(c, i, key), u.hmac) {
		return nil
	}
	return t.authorizationFailed(c, i)
}

// sessionKey is sessionKey ‖ authValue, the authValue only if asked for.
func (t *TPM) sessionKey(c *call, i int, includeAuth bool) []byte {
	u := &c.sessions[i]
	key := bytes.Clone(u.session.key)
	if includeAuth && u.authorizes {
		key = append(key, t.authValue(u.entity, c.objectAt(i))...)
	}
	return key
}

// commandHMAC computes the HMAC that the caller must have sent (Part 1, 16.6.5). The first session, if it authorizes
// a handle, also covers the nonces of separate decrypt and encrypt sessions.
func (t *TPM) commandHMAC(c *call, i int, key []byte) []byte {
	u := &c.sessions[i]
	h := newHMAC(u.session.authHash, key)
	h.Write(c.commandHash(t, u.session.authHash))
	h.Write(u.nonce)
	h.Write(u.session.nonceTPM)
	if i == 0 && u.authorizes {
		if d := c.decryptSession; d > 0 {
			h.Write(c.sessions[d].session.nonceTPM)
		}
		if e := c.encryptSession; e > 0 && e != c.decryptSession {
			h.Write(c.sessions[e].session.nonceTPM)
		}
	}
	h.Write([]byte{byte(u.attributes)})
	return h.Sum(nil)
}

// commandHash is cpHash (Part 1, 15.7) over the parameters as received; it is kept, because decryption changes them.
func (c *call) commandHash(t *TPM, alg wire.Alg) []byte {
	if d, ok := c.cpHash[alg]; ok {
		return d
	}
	h := newHash(alg)
	writeUint32(h, uint32(c.cmd.code))
	for i, handle := range c.handles {
		h.Write(t.entityName(handle, c.objects[i]))
	}
	h.Write(c.params)
	d := h.Sum(nil)
	if c.cpHash == nil {
		c.cpHash = make(map[wire.Alg][]byte)
	}
	c.cpHash[alg] = d
	return d
}

// objectAt returns the object that handle i names, nil if it names something else.
func (c *call) objectAt(i int) *object {
	if i < len(c.objects) {
		return c.objects[i]
	}
	return nil
}

// authorizationFailed records a failed authorization and returns the code for it (Part 1, 16.8):
// RCAuthFail where it counts against dictionary attacks, else RCBadAuth.
func (t *TPM) authorizationFailed(c *call, i int) error {
	u := &c.sessions[i]
	entity := u.entity
	if u.isPassword() {
		if t.isDAExempt(entity, c.objectAt(i)) {
			return wire.RCBadAuth
		}
	} else {
		if u.session.isLockoutBound {
			entity = wire.RHLockout
		}
		if !u.session.isDABound && (!u.includeAuth || t.isDAExempt(entity, c.objectAt(i))) {
			return wire.RCBadAuth
		}
	}
	t.registerAuthFailure(entity)
	return wire.RCAuthFail
}

// sameAuth compares authValues in a time that tells nothing of them, not even their length: trailing zeros do not count.
func sameAuth(a, b []byte) bool {
	const size = 64 // of the largest digest, which no authValue exceeds
	if len(a) > size || len(b) > size {
		return false
	}
	var x, y [size]byte
	copy(x[:], a)
	copy(y[:], b)
	same := subtle.ConstantTimeCompare(x[:], y[:]) == 1
	clear(y[:])
	return same
}

// trimZeros removes trailing zero bytes, which do not count in an authValue (Part 1, 16.6.4.3).
func trimZeros(b []byte) []byte { return bytes.TrimRight(b, "\x00") }
