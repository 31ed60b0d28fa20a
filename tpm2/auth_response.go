package tpm2

import "govtpm/tpm2/wire"

// What a response brings of its sessions: new nonces, HMACs, and the end of those that do not continue.

// renewNonces gives every session of a successful command a new nonceTPM (Part 1, 16.6.3).
func (t *TPM) renewNonces(c *call) error {
	for i := range c.sessions {
		if s := c.sessions[i].session; s != nil {
			nonce := make([]byte, len(s.nonceTPM))
			if err := t.random(nonce); err != nil {
				return err
			}
			s.nonceTPM = nonce
		}
	}
	return nil
}

// responseSessions appends the response authorization area (Part 1, 15.6.2) and ends sessions that do not continue.
func (t *TPM) responseSessions(c *call, params []byte, w *wire.Writer) {
	for i := range c.sessions {
		u := &c.sessions[i]
		if u.isPassword() {
			w.Uint16(0)
			w.Uint8(byte(u.attributes | wire.SessionContinue))
			w.Uint16(0)
			continue
		}
		auth := t.responseHMAC(c, i, params)
		w.TPM2B(u.session.nonceTPM)
		w.Uint8(byte(u.attributes))
		w.TPM2B(auth)
		switch {
		case !u.attributes.Has(wire.SessionContinue):
			t.volatile.sessions.flush(t, u.handle)
		case u.session.isPolicy:
			u.session.resetPolicy()
			t.setSessionStart(u.session)
		}
	}
}

// responseHMAC computes the HMAC of the response for session i, empty where there is no key and the caller sent none.
func (t *TPM) responseHMAC(c *call, i int, params []byte) []byte {
	u := &c.sessions[i]
	if u.session.isPolicy && u.session.passwordNeeded {
		return nil
	}
	key := t.sessionKey(c, i, u.includeAuth)
	if len(key) == 0 && len(u.hmac) == 0 {
		return nil
	}
	h := newHMAC(u.session.authHash, key)
	h.Write(c.responseHash(u.session.authHash, params))
	h.Write(u.session.nonceTPM)
	h.Write(u.nonce)
	h.Write([]byte{byte(u.attributes)})
	return h.Sum(nil)
}

// responseHash is rpHash (Part 1, 15.8).
func (c *call) responseHash(alg wire.Alg, params []byte) []byte {
	if d, ok := c.rpHash[alg]; ok {
		return d
	}
	h := newHash(alg)
	writeUint32(h, uint32(wire.RCSuccess))
	writeUint32(h, uint32(c.cmd.code))
	h.Write(params)
	d := h.Sum(nil)
	if c.rpHash == nil {
		c.rpHash = make(map[wire.Alg][]byte)
	}
	c.rpHash[alg] = d
	return d
}
