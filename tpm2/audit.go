package tpm2

import (
	"govtpm/tpm2/wire"
)

// auditSessions extends the digest of the audit session with cpHash and rpHash, and keeps track of which session is
// exclusive (Part 1, 17.7).
func (t *TPM) auditSessions(c *call, params []byte) {
	if c.auditSession < 0 {
		if c.cmd.flags&flagNoSession == 0 {
			t.volatile.exclusiveAudit = wire.RHUnassigned
		}
		return
	}
	u := &c.sessions[c.auditSession]
	if !u.session.isAudit || u.attributes.Has(wire.SessionAuditReset) {
		u.session.isAudit = true
		u.session.isBound = false
		u.session.digest = make([]byte, digestSize(u.session.authHash))
		t.volatile.exclusiveAudit = u.handle
	} else if t.volatile.exclusiveAudit != u.handle {
		t.volatile.exclusiveAudit = wire.RHUnassigned
	}
	if t.volatile.exclusiveAudit == u.handle {
		u.attributes |= wire.SessionAuditExclusive
	} else {
		u.attributes &^= wire.SessionAuditExclusive
	}
	alg := u.session.authHash
	u.session.digest = hashOf(alg, u.session.digest, c.commandHash(t, alg), c.responseHash(alg, params))
}

// commandAuditRequired reports whether the command is to be recorded in the command audit digest (Part 3, 21.1).
func (t *TPM) commandAuditRequired(cc wire.CC) bool {
	return t.persistent.auditCommands.has(cc)
}

// auditCommand extends the command audit digest; the first command of a digest counts the audit counter up.
func (t *TPM) auditCommand(c *call, params []byte) {
	if !t.commandAuditRequired(c.cmd.code) || c.skipAudit {
		return
	}
	alg := t.persistent.auditHashAlg
	digest := t.stateReset.commandAuditDigest
	if len(digest) == 0 {
		digest = make([]byte, digestSize(alg))
		t.persistent.auditCounter++
		t.markPermanent()
	}
	t.stateReset.commandAuditDigest = hashOf(alg, digest, c.commandHash(t, alg), c.responseHash(alg, params))
}
