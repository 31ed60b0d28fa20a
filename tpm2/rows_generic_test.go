package tpm2

import (
	"bytes"
	"encoding/binary"
	"testing"

	"govtpm/tpm2/wire"
)

// Faults that follow from the command table: every command has them, at places that its row tells.

// generic runs them all.
func (row *commandRow) generic(t *testing.T, cmd *command, n rowCounts) {
	row.formatFaults(t, cmd, n)
	row.modeFaults(t, cmd, n)
	row.handleFaults(t, cmd, n)
	row.sessionFaults(t, cmd, n)
	row.entityFaults(t, cmd, n)
	row.parameterFaults(t, cmd, n)
	row.stateFaults(t, cmd, n)
}

// resize sets the size in the header.
func resize(cmd []byte, size int) []byte {
	if len(cmd) >= 6 {
		binary.BigEndian.PutUint32(cmd[2:], uint32(size))
	}
	return cmd
}

// truncated is the code that a command gives of which only the first n bytes came (Part 3, 5.2 to 5.5 and 5.8). Where the size of the
// authorization area is not right the standard has TPM_RC_AUTHSIZE; this is as libtpms does.
func (c *rowCommand) truncated(n int) wire.RC {
	at := 10
	if n < at {
		return wire.RCInsufficient
	}
	for i := range c.handles {
		if at += 4; n < at {
			return wire.RCInsufficient.Handle(i + 1)
		}
	}
	if len(c.auths) != 0 {
		if at += 4; n < at {
			return wire.RCInsufficient
		}
		for _, a := range c.auths {
			at += 4 + 2 + len(a.nonce) + 1 + 2 + len(a.hmac)
		}
		if n < at {
			return wire.RCSize
		}
	}
	for i, p := range c.parts {
		if at += len(p); n < at {
			return wire.RCInsufficient.Parameter(i + 1)
		}
	}
	return wire.RCSuccess
}

// formatFaults sends the good command cut short, with bytes too many, of a wrong size, with another tag.
func (row *commandRow) formatFaults(t *testing.T, cmd *command, n rowCounts) {
	b, c, check := row.newRow(t)
	good := c.bytes()
	before := b.trace()
	for size := range good {
		want := c.truncated(size)
		if want == wire.RCSuccess { // what is left is a command of its own
			continue
		}
		b.judge.compare(b, "cut short", resize(bytes.Clone(good[:size]), size), want)
		if r := b.runBytes(resize(bytes.Clone(good[:size]), size)); r.rc != want {
			t.Errorf("%d of %d bytes: %v, want %v", size, len(good), r.rc, want)
		}
		n[faultClass(want)]++
	}
	if !bytes.Equal(before, b.trace()) {
		t.Error("a command cut short left a trace")
	}
	tagged := func(tag uint16) []byte {
		x := bytes.Clone(good)
		binary.BigEndian.PutUint16(x, tag)
		return x
	}
	longer := resize(append(bytes.Clone(good), 0), len(good)+1)
	for _, f := range []struct {
		name string
		cmd  []byte
		want wire.RC
	}{
		{"a byte too many", longer, wire.RCSize},
		{"size one too high", resize(bytes.Clone(good), len(good)+1), wire.RCCommandSize},
		{"size one too low", resize(bytes.Clone(good), len(good)-1), wire.RCCommandSize},
		{"size beyond all buffers", resize(append(bytes.Clone(good), make([]byte, maxCommandSize)...), len(good)+maxCommandSize), wire.RCCommandSize},
		{"tag of a structure", tagged(uint16(wire.STCreation)), wire.RCBadTag},
		{"no tag", tagged(0x1234), wire.RCValue}, // as libtpms does
		{"no tag, and a wrong size", resize(tagged(0x1234), 1), wire.RCValue},
		{"tag of a structure, and a wrong size", resize(tagged(uint16(wire.STCreation)), 1), wire.RCBadTag},
	} {
		b.fails(f.name, f.cmd, f.want)
		n[faultClass(f.want)]++
	}
	// After all that the command does what it did before.
	if row.never == 0 {
		check(b.must(c.command()))
	}
}

// modeFaults sends the command to a TPM that was not started up, and to one that failed.
func (row *commandRow) modeFaults(t *testing.T, cmd *command, n rowCounts) {
	b, c, _ := row.newRow(t)
	good := c.bytes()
	if row.before {
		b.startup(wire.SUClear)
	} else {
		b.powerCycle()
		b.testedAll()
	}
	b.fails("not started up, or twice", good, wire.RCInitialize)
	n["mode"]++
	if cmd.code == wire.CCGetTestResult || cmd.code == wire.CCGetCapability {
		return
	}
	b, c, _ = row.newRow(t)
	b.fail(internalf("as in the test"))
	b.fails("failure mode", c.bytes(), wire.RCFailure)
	n["mode"]++
}

// absentHandle is a handle of the kind that h is, where nothing is.
func (b *testTPM) absentHandle(h wire.Handle) (absent wire.Handle, ok bool) {
	switch h.Type() {
	case wire.HTTransient:
		slot, ok := b.freeSlot()
		return firstTransient + wire.Handle(slot), ok
	case wire.HTPersistent, wire.HTNVIndex:
		return h | 0x00FF00, true
	case wire.HTHMACSession, wire.HTPolicySession:
		return h | 0x3F, true
	}
	return 0, false
}

// absentCode is the code for handle n, counted from 1, where nothing is (Part 3, 5.4).
func absentCode(h wire.Handle, n int) wire.RC {
	switch h.Type() {
	case wire.HTPersistent, wire.HTNVIndex:
		return wire.RCHandle.Handle(n)
	}
	return wire.RCReferenceH0 + wire.RC(n-1)
}

// handleFaults spoils one handle after the other (Part 3, 5.4).
func (row *commandRow) handleFaults(t *testing.T, cmd *command, n rowCounts) {
	for i, spec := range cmd.handles {
		b, c, _ := row.newRow(t)
		try := func(name string, h wire.Handle, want wire.RC) {
			old := c.handles[i]
			c.handles[i] = h
			b.fails(spec.name+": "+name, c.bytes(), want)
			// It comes before what is wrong with sessions and parameters.
			auths, parts := c.auths, c.parts
			c.auths, c.parts = nil, nil
			b.fails(spec.name+": "+name+", no sessions, no parameters", c.bytes(), want)
			c.auths, c.parts, c.handles[i] = auths, parts, old
			n[faultClass(want)] += 2
		}
		for _, h := range []wire.Handle{0x00000018, 0x90000000, 0x10000000, 0x40000005, 0xFFFFFFFF, 0x02000000 + maxActiveSessions, 0x80000000 + maxLoadedObjects} {
			if !spec.kind.Allows(b.limits, h) {
				try("no such handle", h, wire.RCValue.Handle(i+1))
			}
		}
		for _, h := range []wire.Handle{0x80000000, 0x81000000, 0x81800000, 0x01000000, 0x02000000, 0x03000000} {
			if absent, ok := b.absentHandle(h); ok && spec.kind.Allows(b.limits, absent) {
				if _, free := b.freeSlot(); h.Type() == wire.HTPersistent && !free {
					continue // libtpms looks for a slot first
				}
				try("nothing there", absent, absentCode(h, i+1))
			}
		}
		for _, later := range []int{i + 1} { // Of two bad handles the first is told.
			if later < len(cmd.handles) {
				old := c.handles[later]
				c.handles[later] = 0xFFFFFFFF
				try("and the next one", 0xFFFFFFFF, wire.RCValue.Handle(i+1))
				c.handles[later] = old
			}
		}
	}
	row.hierarchyFaults(t, cmd, n)
}

// hierarchyFaults disables the hierarchy of each handle that may be one (Part 3, 5.4).
func (row *commandRow) hierarchyFaults(t *testing.T, cmd *command, n rowCounts) {
	for i, spec := range cmd.handles {
		for h, enable := range map[wire.Handle]func(b *testTPM) *bool{
			wire.RHOwner:       func(b *testTPM) *bool { return &b.stateClear.shEnable },
			wire.RHEndorsement: func(b *testTPM) *bool { return &b.stateClear.ehEnable },
			wire.RHPlatform:    func(b *testTPM) *bool { return &b.volatile.phEnable },
		} {
			b, c, _ := row.newRow(t)
			if !spec.kind.Allows(b.limits, h) || i > 0 {
				continue // a hierarchy that is off may take the handles before with it
			}
			*enable(b) = false
			c.handles[i] = h
			b.fails("disabled: "+h.String(), c.bytes(), wire.RCHierarchy.Handle(i+1))
			n["handle"]++
		}
	}
}

// protected reports whether an entity is under dictionary attack protection (Part 1, 16.8.1).
func (b *testTPM) protected(h wire.Handle) bool {
	switch h.Type() {
	case wire.HTPermanent:
		return h == wire.RHLockout
	case wire.HTTransient:
		o := b.object(h)
		return o.sequence == nil && o.public.Attributes&wire.ObjectNoDA == 0
	case wire.HTPersistent:
		return b.nv.persistent[h].public.Attributes&wire.ObjectNoDA == 0
	case wire.HTNVIndex:
		return b.nv.indexes[h].public.Attributes&wire.NVNoDA == 0
	}
	return false
}

// sessionFaults spoils the authorization area as such (Part 3, 5.5).
func (row *commandRow) sessionFaults(t *testing.T, cmd *command, n rowCounts) {
	b, c, _ := row.newRow(t)
	good := c.auths
	last := len(good) + 1 // number of a session more than there are
	password := testAuth{handle: wire.RSPW}
	try := func(name string, auths []testAuth, want wire.RC) {
		c.auths = auths
		b.fails(name, c.bytes(), want)
		if len(cmd.handles) == 0 || len(c.parts) != 0 {
			// It comes before what is wrong with the parameters.
			parts := c.parts
			c.parts = nil
			b.fails(name+", no parameters", c.bytes(), want)
			c.parts = parts
		}
		c.auths = good
		n[faultClass(want)] += 2
	}
	more := func(a ...testAuth) []testAuth { return append(append([]testAuth(nil), good...), a...) }
	if cmd.flags&flagNoSession != 0 {
		try("a session", []testAuth{password}, wire.RCAuthContext)
		return
	}
	for i := range good {
		if i < len(authorized(cmd)) {
			try("a session too few", good[:i], wire.RCAuthMissing)
		}
	}
	try("a password for nothing", more(password), wire.RCHandle.Session(last))
	try("reserved attributes", more(testAuth{handle: wire.RSPW, attributes: 0x08}), wire.RCReservedBits.Session(last))
	try("an audit password", more(testAuth{handle: wire.RSPW, attributes: wire.SessionAudit}), wire.RCAttributes.Session(last))
	try("a password with nonce", more(testAuth{handle: wire.RSPW, nonce: []byte{1}}), wire.RCNonce.Session(last))
	try("a session that is none", more(testAuth{handle: 0x80000000}), wire.RCValue.Session(last))
	try("an HMAC session that is not there", more(testAuth{handle: 0x0200003F}), wire.RCReferenceS0+wire.RC(last-1))
	try("a policy session that is not there", more(testAuth{handle: 0x0300003F}), wire.RCReferenceS0+wire.RC(last-1))
	four := more(password, password, password, password)[:4]
	try("four sessions", four, wire.RCSize.Session(4))
	if _, free := b.volatile.sessions.free(); free == 0 {
		return
	}
	row.useFaults(b, cmd, good, try)
}

// useFaults gives the command a session more that is not good for what it says.
func (row *commandRow) useFaults(b *testTPM, cmd *command, good []testAuth, try func(string, []testAuth, wire.RC)) {
	s := b.startSession(wire.SEHMAC, wire.AlgSHA256, wire.RHNull, nil, plainSession)
	last := len(good) + 1
	more := func(h wire.Handle, a ...wire.TPMASession) []testAuth {
		all := append([]testAuth(nil), good...)
		for _, x := range a {
			all = append(all, testAuth{handle: h, attributes: x | wire.SessionContinue})
		}
		return all
	}
	try("a session for nothing", more(s.handle, 0), wire.RCAttributes.Session(last))
	try("an HMAC session as policy session", more(s.handle|0x01000000, wire.SessionAudit), wire.RCHandle.Session(last))
	allowed := func(flag commandFlags) wire.RC {
		if cmd.flags&flag != 0 {
			return wire.RCSymmetric.Session(last) // the session has no algorithm
		}
		return wire.RCAttributes.Session(last)
	}
	try("decrypt", more(s.handle, wire.SessionDecrypt), allowed(flagDecrypt))
	try("encrypt", more(s.handle, wire.SessionEncrypt), allowed(flagEncrypt))
	if len(good) <= 1 {
		try("the same session twice", more(s.handle, wire.SessionAudit, wire.SessionAudit), wire.RCHandle.Session(last+1))
	}
	bound := more(s.handle, wire.SessionAudit)
	bound[len(bound)-1].hmac = []byte("no HMAC")
	try("a wrong HMAC of a session that authorizes nothing", bound, wire.RCBadAuth.Session(last))
}

// entityFaults authorizes the entities of the handles wrongly (Part 3, 5.6).
func (row *commandRow) entityFaults(t *testing.T, cmd *command, n rowCounts) {
	roles := authorized(cmd)
	for k, i := range roles {
		b, c, _ := row.newRow(t)
		h, good := c.handles[i], c.auths[k]
		if good.handle != wire.RSPW {
			// Only a policy authorizes: no password, and no policy session that has nothing in it.
			c.auths[k] = testAuth{handle: wire.RSPW}
			b.fails(cmd.handles[i].name+": a password", c.bytes(), wire.RCAuthType)
			n["session"]++
			if s := b.volatile.sessions.loaded(b.TPM, good.handle); s != nil {
				s.resetPolicy()
				c.auths[k] = good
				b.fails(cmd.handles[i].name+": an empty policy", c.bytes(), wire.RCPolicyFail.Session(k+1))
				n["session"]++
			}
			continue
		}
		wrong := testAuth{handle: wire.RSPW, hmac: append(bytes.Clone(good.hmac), 'x')}
		want := wire.RCBadAuth.Session(k + 1)
		if b.protected(h) {
			want = wire.RCAuthFail.Session(k + 1)
		}
		c.auths[k] = wrong
		b.fails(cmd.handles[i].name+": wrong password", c.bytes(), want)
		if k+1 < len(roles) && c.auths[k+1].handle == wire.RSPW { // Of two wrong passwords the first is told, and counts.
			next := c.auths[k+1]
			c.auths[k+1] = wrong
			b.fails(cmd.handles[i].name+": wrong passwords", c.bytes(), want)
			c.auths[k+1] = next
			n["session"]++
		}
		parts := c.parts
		c.parts = nil
		b.fails(cmd.handles[i].name+": wrong password, no parameters", c.bytes(), want)
		c.parts = parts
		n["session"] += 2
		row.lockedOut(b, c, k, n)
		row.otherMeans(t, cmd, k, n)
	}
	row.presenceFaults(t, cmd, n)
}

// lockedOut tries the right and the wrong password while the TPM is in lockout: it does not look at it (Part 3, 5.6).
func (row *commandRow) lockedOut(b *testTPM, c *rowCommand, k int, n rowCounts) {
	h := c.handles[authorized(b.lookup(c.code))[k]]
	if !b.protected(h) {
		return
	}
	if h == wire.RHLockout {
		b.persistent.lockoutAuthEnabled = false
	} else {
		b.persistent.failedTries = b.persistent.maxTries
	}
	b.fails("lockout", c.bytes(), wire.RCLockout)
	c.auths[k].hmac = nil
	b.fails("lockout and no password", c.bytes(), wire.RCLockout)
	n["session"] += 2
}

// otherMeans authorizes with an empty policy session, a trial session and an HMAC session of the wrong HMAC what a password authorizes.
func (row *commandRow) otherMeans(t *testing.T, cmd *command, k int, n rowCounts) {
	i := authorized(cmd)[k]
	for _, kind := range []wire.SE{wire.SEPolicy, wire.SETrial, wire.SEHMAC} {
		b, c, _ := row.newRow(t)
		if _, free := b.volatile.sessions.free(); free == 0 {
			return
		}
		h := c.handles[i]
		s := b.startSession(kind, wire.AlgSHA256, wire.RHNull, nil, plainSession)
		c.auths[k] = testAuth{handle: s.handle, attributes: wire.SessionContinue}
		var want wire.RC
		switch kind {
		case wire.SETrial:
			want = wire.RCAttributes.Session(k + 1)
		case wire.SEPolicy:
			want = wire.RCPolicyFail.Session(k + 1)
			if cmd.code == wire.CCPolicySecret {
				want = wire.RCMode.Session(k + 1) // Part 3, 23.4: only with the authValue
			}
			if !b.mayHavePolicy(h) {
				want = wire.RCAuthUnavailable
			}
		default:
			c.auths[k].hmac = make([]byte, 32)
			want = wire.RCBadAuth.Session(k + 1)
			if b.protected(h) {
				want = wire.RCAuthFail.Session(k + 1)
			}
		}
		b.fails(cmd.handles[i].name+": session of type "+kindName(kind), c.bytes(), want)
		n["session"]++
	}
}

func kindName(k wire.SE) string {
	return map[wire.SE]string{wire.SEHMAC: "HMAC", wire.SEPolicy: "policy", wire.SETrial: "trial"}[k]
}

// mayHavePolicy reports whether a policy session can authorize the entity at all (Part 1, 16.6.17): an object, or what has a policy.
func (b *testTPM) mayHavePolicy(h wire.Handle) bool {
	switch h.Type() {
	case wire.HTTransient:
		return b.object(h).sequence == nil
	case wire.HTPersistent:
		return true
	}
	return false // the good commands give none to hierarchies, indexes and PCRs
}

// presenceFaults makes the command require physical presence of the platform, where it may (Part 3, 5.6 and 26.2).
func (row *commandRow) presenceFaults(t *testing.T, cmd *command, n rowCounts) {
	if cmd.pp == ppNever {
		return
	}
	b, c, _ := row.newRow(t)
	b.persistent.ppList.set(cmd.code, true)
	b.presence = false
	k := -1
	for j, i := range authorized(cmd) {
		if cmd.handles[i].kind.Allows(b.limits, wire.RHPlatform) {
			k = j
			c.handles[i] = wire.RHPlatform
			break
		}
	}
	if k < 0 {
		t.Fatal("no platform in a command that presence applies to")
	}
	c.auths[k] = testAuth{handle: wire.RSPW, hmac: []byte("wrong")}
	b.fails("no presence, and a wrong password", c.bytes(), wire.RCPP.Session(k+1))
	c.auths[k].hmac = nil
	b.fails("no presence", c.bytes(), wire.RCPP.Session(k+1))
	n["session"] += 2
}

// parameterFaults gives each parameter the values that its type does not have (Part 3, 5.8; Part 2).
func (row *commandRow) parameterFaults(t *testing.T, cmd *command, n rowCounts) {
	b, c, _ := row.newRow(t)
	good := c.parts
	for i, f := range cmd.run.new().fields() {
		for _, v := range badValues(fieldType(f), good[i]) {
			c.parts = append(append([][]byte(nil), good[:i]...), append([][]byte{v.value}, good[i+1:]...)...)
			want := v.want.Parameter(i + 1)
			b.fails(f.name+": "+v.name, c.bytes(), want)
			// It comes before what is wrong with the parameters behind it, and before bytes too many.
			c.parts = c.parts[:i+1]
			if !v.open {
				b.fails(f.name+": "+v.name+", and no more", c.bytes(), want)
			}
			c.parts = append(append([][]byte(nil), good[:i]...), append([][]byte{v.value}, append(append([][]byte(nil), good[i+1:]...), []byte{0})...)...)
			b.fails(f.name+": "+v.name+", and a byte too many", c.bytes(), want)
			n["parameter"] += 3
			// Authorization comes before parameters.
			if row.before || len(c.auths) == 0 || c.auths[0].handle != wire.RSPW {
				continue
			}
			keep := c.auths[0]
			c.auths[0].hmac = []byte("wrong password")
			wrong := wire.RCBadAuth.Session(1)
			if b.protected(c.handles[authorized(cmd)[0]]) {
				wrong = wire.RCAuthFail.Session(1)
			}
			judge := b.judge
			b.judge = nil // a process for each would be too many
			b.fails(f.name+": "+v.name+", and a wrong password", c.bytes(), wrong)
			c.auths[0], b.judge = keep, judge
			n["session"]++
		}
	}
}

// fieldType is the name of a parameter's type.
func fieldType(f field) string {
	if d, ok := f.into.(decoder); ok {
		return d.name
	}
	return typeName(f.into)
}

// hasFalsifiable reports whether the command has a parameter that can be wrong.
func hasFalsifiable(cmd *command) bool { return len(cmd.run.new().fields()) != 0 }

// A badValue is an encoding that a type does not have, and the code for it.
type badValue struct {
	name  string
	value []byte
	want  wire.RC
	open  bool // the code depends on what comes behind
}

// badValues are encodings that a type of Part 2 does not have.
func badValues(typ string, good []byte) []badValue {
	typ = cutPlus(typ)
	switch typ {
	case "UINT16", "UINT32", "UINT64", "INT32", "CC", "AT", "TPMALocality":
		return nil // every value is one
	case "TPM2BSensitiveCreate", "TPM2BPublic", "TPM2BECCPoint", "TPM2BNVPublic", "TPM2BNVPublic2":
		return sizedFaults(good)
	case "TPM2BSetCapabilityData": // octets of any number, after the capability
		return []badValue{
			{"shorter than a capability", append([]byte{0, 3}, good[2:]...), wire.RCSize, false},
			{"longer than the command", append([]byte{0xFF, 0xFF}, good[2:]...), wire.RCInsufficient, false},
		}
	case "TPM2BSensitive":
		if len(good) == 2 {
			return nil
		}
		return sizedFaults(good)[1:]
	}
	if len(typ) > 5 && typ[:5] == "TPM2B" {
		return []badValue{{"larger than its type", append([]byte{0xFF, 0xFF}, good[2:]...), wire.RCSize, false}}
	}
	return scalarFaults(typ, good)
}

func cutPlus(typ string) string {
	if typ[len(typ)-1] == '+' {
		return typ[:len(typ)-1]
	}
	return typ
}

// sizedFaults are those of a structure behind its size.
func sizedFaults(good []byte) []badValue {
	longer := append(bytes.Clone(good), 0)
	binary.BigEndian.PutUint16(longer, uint16(len(good)-1))
	return []badValue{
		{"of size 0", append([]byte{0, 0}, good[2:]...), wire.RCSize, false},
		{"a byte too long", longer, wire.RCSize, false},
	}
}

// scalarFaults are those of selectors, lists and tickets: the value begins with what is wrong.
func scalarFaults(typ string, good []byte) []badValue {
	at := func(offset int, name string, value []byte, want wire.RC) badValue {
		x := bytes.Clone(good)
		copy(x[offset:], value)
		return badValue{name, x, want, false}
	}
	first := func(name string, value []byte, want wire.RC) badValue {
		x := bytes.Clone(good)
		return badValue{name, append(x[:0:0], append(bytes.Clone(value), x[min(len(x), len(value)):]...)...), want, false}
	}
	const aes, rsa, unknown = 0x0006, 0x0001, 0x7FFF
	algs := func(want wire.RC, list ...uint16) (all []badValue) {
		for _, alg := range list {
			all = append(all, first("another algorithm", p16(alg), want))
		}
		return all
	}
	switch typ {
	case "SU", "EO":
		return []badValue{first("unknown", p16(unknown), wire.RCValue)}
	case "SE":
		return []badValue{first("unknown", p8(2), wire.RCValue), first("unknown", p8(0xFF), wire.RCValue)}
	case "ClockAdjust":
		return []badValue{first("too high", p8(4), wire.RCValue), first("too low", p8(0xFC), wire.RCValue)}
	case "Cap":
		return []badValue{first("unknown", p32(unknown), wire.RCValue)}
	case "TPMI_YES_NO":
		return []badValue{first("2", p8(2), wire.RCValue), first("255", p8(255), wire.RCValue)}
	case "TPMI_RH_HIERARCHY", "TPMI_RH_ENABLES", "TPMI_DH_PERSISTENT", "TPMI_DH_CONTEXT", "TPMI_DH_PCR":
		return []badValue{first("no such handle", p32(0x7FFFFFFF), wire.RCValue), first("of another kind", p32(uint32(wire.RHLockout)), wire.RCValue)}
	case "TPMI_ALG_HASH":
		return algs(wire.RCHash, aes, rsa, unknown)
	case "TPMI_ALG_MAC_SCHEME", "TPMTSymDef", "TPMTSymDefObject":
		return algs(wire.RCSymmetric, rsa, unknown)
	case "TPMI_ALG_CIPHER_MODE":
		return algs(wire.RCMode, aes, unknown)
	case "TPMI_ECC_KEY_EXCHANGE", "TPMTSigScheme", "TPMTSignature":
		return algs(wire.RCScheme, aes, unknown)
	case "TPMTRSADecrypt":
		return algs(wire.RCValue, aes, unknown)
	case "TPMTKDFScheme":
		return algs(wire.RCKDF, aes, unknown)
	case "TPMTPublicParms":
		return algs(wire.RCType, aes, unknown)
	case "TPMI_ECC_CURVE":
		return []badValue{first("unknown", p16(unknown), wire.RCCurve), first("none", p16(0), wire.RCCurve)}
	case "TPMTTKCreation", "TPMTTKHashCheck", "TPMTTKVerified", "TPMTTKAuth":
		return []badValue{
			at(0, "another tag", p16(uint16(wire.STNoSessions)), wire.RCTag),
			at(2, "no hierarchy", p32(uint32(wire.RHLockout)), wire.RCValue),
			at(0, "another tag, and no hierarchy", append(p16(uint16(wire.STNoSessions)), p32(0)...), wire.RCTag),
		}
	case "TPMLAlg", "TPMLCC", "TPMLDigest", "TPMLDigestValues", "TPMLPCRSelection":
		list := []badValue{first("too many", p32(0xFFFF), wire.RCSize)}
		switch typ {
		case "TPMLPCRSelection":
			list = append(list,
				badValue{"unknown bank", append(p32(1), 0, aes, 3, 0, 0, 0), wire.RCHash, false},
				badValue{"selection of two octets", append(p32(1), 0, 0x0B, 2, 0, 0), wire.RCValue, false},
				badValue{"selection of four octets", append(p32(1), 0, 0x0B, 4, 0, 0, 0, 0), wire.RCValue, false})
		case "TPMLDigestValues":
			list = append(list, badValue{"unknown hash", append(p32(1), 0, aes), wire.RCHash, false})
		}
		return list
	case "TPMSContext":
		return []badValue{
			at(8, "of nothing that is saved", p32(0x81000000), wire.RCValue),
			at(12, "of no hierarchy", p32(uint32(wire.RHLockout)), wire.RCValue),
		}
	}
	return []badValue{{"no faults known for type " + typ, good, wire.RCFailure, false}}
}
