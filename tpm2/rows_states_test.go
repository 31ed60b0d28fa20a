package tpm2

import (
	"bytes"
	"testing"

	"govtpm/tpm2/wire"
)

// What every command does in states of the TPM that are not its own matter: read-only mode, audit, storage that fails, entities with a
// policy.

// stateFaults runs them all.
func (row *commandRow) stateFaults(t *testing.T, cmd *command, n rowCounts) {
	row.readOnlyFaults(t, cmd, n)
	row.storageFaults(t, cmd, n)
	row.audited(t, cmd)
	for k, i := range authorized(cmd) {
		row.policyFaults(t, cmd, k, i, n)
	}
}

// readOnlyFaults runs the command in read-only mode: one that may not run there says so before it looks at handles (Part 3, Table 207;
// TestReadOnlyTable holds the flags against it), any other goes on.
func (row *commandRow) readOnlyFaults(t *testing.T, cmd *command, n rowCounts) {
	if row.judged != nil || row.before {
		return // libtpms does not have it
	}
	b, c, check := row.newRow(t)
	b.stateClear.readOnly = true
	if cmd.flags&(flagNotRO|flagOnlyTemporary) == 0 {
		if row.never == 0 {
			check(b.must(c.command()))
		}
		return
	}
	b.fails("read-only mode", c.bytes(), wire.RCReadOnly)
	n["mode"]++
	if cmd.flags&flagNotRO != 0 && len(c.handles) != 0 {
		c.handles[0] = 0xFFFFFFFF
		b.fails("read-only mode and no such handle", c.bytes(), wire.RCReadOnly)
	}
	c.auths = nil
	b.fails("read-only mode and no session", c.bytes(), wire.RCReadOnly)
}

// storageFaults runs a command that saves, while nothing can be saved: its promise does not leave the TPM.
func (row *commandRow) storageFaults(t *testing.T, cmd *command, n rowCounts) {
	if row.judged != nil || row.never != 0 {
		return
	}
	b, c, _ := row.newRow(t)
	saves := b.storage.saves
	b.must(c.command())
	if b.storage.saves == saves {
		return
	}
	b, c, _ = row.newRow(t)
	b.storage.failing = true
	if r := b.run(c.command()); r.rc != wire.RCFailure || b.Failure() == nil {
		t.Errorf("a command that could not be saved: %v, failure %v", r.rc, b.Failure())
	}
	n["mode"]++
}

// audited runs the command under audit: its failure leaves the digest as it is, its success extends it by cpHash and rpHash (Part 1, 17.3).
func (row *commandRow) audited(t *testing.T, cmd *command) {
	switch cmd.code {
	case wire.CCStartup, wire.CCShutdown, // are over before or after there is a digest to speak of
		wire.CCGetCommandAuditDigest, wire.CCSetCommandCodeAuditStatus: // have their own with the digest, see attest_test.go
		return
	}
	if row.judged != nil || row.never != 0 {
		return
	}
	b, c, _ := row.newRow(t)
	b.persistent.auditCommands.set(cmd.code, true)
	b.fails("audited, and a byte too many", resize(append(c.bytes(), 0), len(c.bytes())+1), wire.RCSize)
	old, counter := b.stateReset.commandAuditDigest, b.persistent.auditCounter
	if len(old) == 0 {
		old, counter = make([]byte, 64), counter+1
	}
	names := handleNames(b, c.handles)
	r := b.must(c.command())
	cpHash := hashOf(wire.AlgSHA512, append([][]byte{wire.Marshal(cmd.code)}, append(names, c.parts...)...)...)
	if cmd.code == wire.CCClear {
		counter = 1 // it counts from anew, and itself
	}
	rpHash := hashOf(wire.AlgSHA512, make([]byte, 4), wire.Marshal(cmd.code), r.parameters(cmd))
	if want := hashOf(wire.AlgSHA512, old, cpHash, rpHash); !bytes.Equal(b.stateReset.commandAuditDigest, want) || b.persistent.auditCounter != counter {
		t.Errorf("audit digest %x, want %x, counter %d, want %d", b.stateReset.commandAuditDigest, want, b.persistent.auditCounter, counter)
	}
}

// parameters are the response parameters as bytes.
func (r *testResponse) parameters(cmd *command) []byte {
	body := wire.NewReader(r.body, nil)
	if cmd.flags&flagRHandle != 0 {
		body.Uint32()
	}
	if r.tag == wire.STSessions {
		return body.Bytes(int(body.Uint32()))
	}
	return body.Remaining()
}

// givePolicy gives an entity a policy of SHA-256; ok is false for one that can have none.
func (b *testTPM) givePolicy(h wire.Handle, digest []byte) (ok bool) {
	p := policy{alg: wire.AlgSHA256, digest: digest}
	switch h.Type() {
	case wire.HTPermanent:
		switch h {
		case wire.RHOwner:
			b.persistent.ownerPolicy = p
		case wire.RHEndorsement:
			b.persistent.endorsementPolicy = p
		case wire.RHPlatform:
			b.stateClear.platformPolicy = p
		case wire.RHLockout:
			b.persistent.lockoutPolicy = p
		default:
			return false
		}
		return true
	case wire.HTTransient:
		if o := b.object(h); o.sequence == nil {
			o.public.AuthPolicy = digest
			return true
		}
	case wire.HTNVIndex:
		x := b.nv.index(h)
		x.public.AuthPolicy = digest
		x.public.Attributes |= wire.NVPolicyRead | wire.NVPolicyWrite
		return true
	}
	return false
}

// policyFaults authorizes the entity of handle i, which session k does, with its policy: PolicyCommandCode of the command. Then it breaks
// each condition that a policy session can have, and pairs of them in the order in which they are looked at (Part 3, 5.6 and 23.2.4).
func (row *commandRow) policyFaults(t *testing.T, cmd *command, k, i int, n rowCounts) {
	// PolicySecret takes a policy only with the authValue; the sequence of SignSequenceComplete knows its key by the public area.
	if cmd.code == wire.CCPolicySecret || cmd.code == wire.CCSignSequenceComplete || row.never != 0 || row.judged != nil {
		return
	}
	b, c, check := row.newRow(t)
	if _, free := b.volatile.sessions.free(); free == 0 {
		return
	}
	digest := chain(zeroPolicy, wire.CCPolicyCommandCode, wire.Marshal(cmd.code))
	h := c.handles[i]
	if c.auths[k].handle == wire.RSPW {
		if !b.givePolicy(h, digest) {
			return
		}
		c.auths[k] = testAuth{handle: b.policy(wire.SEPolicy).handle, attributes: wire.SessionContinue}
	}
	b.settle()
	s := b.volatile.sessions.loaded(b.TPM, c.auths[k].handle)
	good := *s
	good.digest, good.commandCode = b.authPolicy(h, b.object(h)).digest, cmd.code
	other := digestOf("other")
	inSession := func(rc wire.RC) wire.RC { return rc.Session(k + 1) }
	conditions := []struct {
		name  string
		spoil func(s *session)
		want  wire.RC
	}{
		{"PCRs changed", func(s *session) { s.pcrCounter = b.stateReset.pcrCounter + 1 }, wire.RCPCRChanged},
		{"another digest", func(s *session) { s.digest = other }, inSession(wire.RCPolicyFail)},
		{"expired", func(s *session) { s.timeout, s.epoch = 1, s.epoch+1 }, inSession(wire.RCExpired)},
		{"another command", func(s *session) { s.commandCode = wire.CCSelfTest }, inSession(wire.RCPolicyCC)},
		{"another locality", func(s *session) { s.locality = 2 }, wire.RCLocality},
		{"no presence", func(s *session) { s.presenceNeeded = !b.presence }, inSession(wire.RCPP)},
		{"another cpHash", func(s *session) { s.restricts, s.bound = restrictCPHash, other }, inSession(wire.RCPolicyFail)},
	}
	for x, f := range conditions {
		*s = good
		f.spoil(s)
		if f.name == "no presence" && b.presence {
			continue
		}
		b.fails(cmd.handles[i].name+": policy, "+f.name, c.bytes(), f.want)
		n["session"]++
		if x+1 < len(conditions) {
			conditions[x+1].spoil(s)
			b.fails(cmd.handles[i].name+": policy, "+f.name+" and "+conditions[x+1].name, c.bytes(), f.want)
			n["session"]++
		}
	}
	for name, restricts := range map[string]restriction{"Names": restrictNameHash, "parameters": restrictParameters, "template": restrictTemplate} {
		*s = good
		s.restricts, s.bound = restricts, other
		b.fails(cmd.handles[i].name+": policy, other "+name, c.bytes(), inSession(wire.RCPolicyFail))
		n["session"]++
	}
	row.passwordInPolicy(b, c, k, &good, s, n)
	*s = good
	if tries := b.persistent.failedTries; len(c.auths) == 1 && b.protected(h) && h != wire.RHLockout { // Lockout is for authValues, not for policies.
		b.persistent.failedTries = b.persistent.maxTries
		r := b.must(c.command())
		b.persistent.failedTries = tries
		check(r)
	} else {
		check(b.must(c.command()))
	}
	n["good"]++
}

// passwordInPolicy breaks a policy that asks for the password.
func (row *commandRow) passwordInPolicy(b *testTPM, c *rowCommand, k int, good, s *session, n rowCounts) {
	i := authorized(b.lookup(c.code))[k]
	*s = *good
	s.passwordNeeded = true
	c.auths[k].hmac = []byte("wrong password")
	want := wire.RCBadAuth.Session(k + 1)
	if b.protected(c.handles[i]) {
		want = wire.RCAuthFail.Session(k + 1)
	}
	b.fails("policy with password, wrong password", c.bytes(), want)
	c.auths[k].hmac = nil
	n["session"]++
}
