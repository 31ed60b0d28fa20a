package tpm2

import (
	"govtpm/tpm2/wire"
)

// auditSessions extends the digest of the audit session with cpHash and rpHash, and keeps track of which session is
// exclusive (Part 1, 17.2).
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

// auditedCommandsDigest is the digest of the codes of the audited commands, in ascending order (Part 3, 18.6).
func (t *TPM) auditedCommandsDigest() []byte {
	h := newHash(t.persistent.auditHashAlg)
	for _, row := range t.commands {
		if row != nil && t.persistent.auditCommands.has(row.code) {
			writeUint32(h, uint32(row.code))
		}
	}
	return h.Sum(nil)
}

// setCommandCodeAuditStatus is TPM2_SetCommandCodeAuditStatus (Part 3, 21.2). RCValue parameter 1: a new algorithm together
// with lists. Codes of commands that the TPM does not have are ignored.
func (t *TPM) setCommandCodeAuditStatus(c *call, p *setCommandCodeAuditStatusParameters) error {
	if p.auditAlg != wire.AlgNull && p.auditAlg != t.persistent.auditHashAlg {
		if len(p.setList) != 0 || len(p.clearList) != 0 {
			return wire.RCValue.Parameter(1)
		}
		t.persistent.auditHashAlg = p.auditAlg
		t.stateReset.commandAuditDigest = nil
		c.skipAudit = true
		t.markPermanent()
		return nil
	}
	set := t.persistent.auditCommands
	for _, cc := range p.setList {
		// Shutdown comes too late to be reported.
		if t.lookup(cc) != nil && cc != wire.CCShutdown {
			set.set(cc, true)
		}
	}
	for _, cc := range p.clearList {
		if t.lookup(cc) != nil && cc != wire.CCSetCommandCodeAuditStatus {
			set.set(cc, false)
		}
	}
	if set != t.persistent.auditCommands {
		t.persistent.auditCommands = set
		t.markPermanent()
	}
	return nil
}
