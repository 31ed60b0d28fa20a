package tpm2

import (
	"bytes"
	"encoding/binary"

	"govtpm/tpm2/wire"
)

// How policy sessions collect conditions and how these are checked when the session authorizes (Part 1, 16.7;
// Part 3, 23.1 and 23.2).

// expiresOnReset marks a ticket timeout that ends with the TPM Reset: it was given without nonceTPM.
const expiresOnReset = 1 << 63

// extend adds a policy command to the policy digest: H(digest ‖ commandCode ‖ parts).
func (s *session) extend(cc wire.CC, parts ...[]byte) {
	s.digest = s.extended(cc, parts...)
}

// extended is what extend makes of the policy digest.
func (s *session) extended(cc wire.CC, parts ...[]byte) []byte {
	h := newHash(s.authHash)
	h.Write(s.digest)
	writeUint32(h, uint32(cc))
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}

// extendNamed adds a policy command that refers to an entity and carries a policyRef (Part 3, 23.2.3).
func (s *session) extendNamed(cc wire.CC, name, policyRef []byte) {
	s.extend(cc, name)
	s.digest = hashOf(s.authHash, s.digest, policyRef)
}

// restrict ties the session to a command whose hash of kind r is digest.
func (s *session) restrict(r restriction, digest []byte) {
	s.restricts, s.bound = r, bytes.Clone(digest)
}

// clearDigest sets the policy digest to zeros.
func (s *session) clearDigest() { s.digest = make([]byte, digestSize(s.authHash)) }

// policySession is the policy session of handle i.
func (t *TPM) policySession(c *call, i int) *session {
	return t.volatile.sessions.loaded(t, c.handles[i])
}

// checkPolicy checks that the conditions of the policy session i of the command hold (Part 3, 23.2.4).
// The order is that of libtpms.
func (t *TPM) checkPolicy(c *call, i int) error {
	u := &c.sessions[i]
	s := u.session
	if c.cmd.code == wire.CCPolicySecret && !s.passwordNeeded && !s.authValueNeeded {
		return wire.RCMode
	}
	if s.pcrCounter != 0 && s.pcrCounter != t.stateReset.pcrCounter {
		return wire.RCPCRChanged
	}
	want := t.authPolicy(u.entity, c.objectAt(i))
	if !bytes.Equal(s.digest, want.digest) || s.authHash != want.alg {
		return wire.RCPolicyFail
	}
	if s.timeout != 0 && (s.timeout < t.time() || s.epoch != t.persistent.timeEpoch) {
		return wire.RCExpired
	}
	if s.commandCode != 0 {
		if s.commandCode != c.cmd.code {
			return wire.RCPolicyCC
		}
	} else if role := c.cmd.role(i); role == roleAdmin || role == roleDup {
		return wire.RCPolicyFail
	}
	if !localityAllowed(s.locality, t.volatile.locality) {
		return wire.RCLocality
	}
	if s.presenceNeeded && !t.presence() {
		return wire.RCPP
	}
	if !t.restrictionHolds(c, s) {
		return wire.RCPolicyFail
	}
	if s.checkNVWritten {
		x := t.nv.index(u.entity)
		if x == nil || x.public.Attributes.Has(wire.NVWritten) != s.nvWritten {
			return wire.RCPolicyFail
		}
	}
	return t.checkChannel(s) // last, as the last of the values of Part 1, 16.7.8
}

// localityAllowed checks a locality against a TPMA_LOCALITY (Part 2, 8.5): up to 31 a bit each for localities 0 to 4, above that one
// extended locality. Zero allows all.
func localityAllowed(allowed wire.TPMALocality, locality uint8) bool {
	switch {
	case allowed == 0:
		return true
	case locality < 5:
		return allowed < 32 && allowed>>locality&1 != 0
	case locality > 31:
		return uint8(allowed) == locality
	}
	return false
}

// restrictionHolds checks the hash that a policy session ties the command to.
func (t *TPM) restrictionHolds(c *call, s *session) bool {
	var have []byte
	switch s.restricts {
	case restrictNothing:
		return true
	case restrictCPHash:
		have = c.commandHash(t, s.authHash)
	case restrictNameHash:
		h := newHash(s.authHash)
		for i, handle := range c.handles {
			h.Write(t.entityName(handle, c.objects[i]))
		}
		have = h.Sum(nil)
	case restrictParameters:
		h := newHash(s.authHash)
		writeUint32(h, uint32(c.cmd.code))
		h.Write(c.params)
		have = h.Sum(nil)
	case restrictTemplate:
		template, ok := templateOf(c)
		if !ok {
			return false
		}
		have = hashOf(s.authHash, template)
	}
	return bytes.Equal(have, s.bound)
}

// templateOf is the content of the second parameter of a command that creates an object (Part 3, 23.21).
func templateOf(c *call) ([]byte, bool) {
	switch c.cmd.code {
	case wire.CCCreate, wire.CCCreatePrimary, wire.CCCreateLoaded:
	default:
		return nil, false
	}
	r := wire.NewReader(c.params, nil)
	r.Bytes(int(r.Uint16()))
	template := r.Bytes(int(r.Uint16()))
	return template, r.Err() == wire.RCSuccess
}

// policyTimeout is the Time at which an authorization given for expiration seconds ends, 0 for never (Part 3, 23.2.3): counted from the
// start of the session with its nonceTPM, else from the start of Time.
func (t *TPM) policyTimeout(s *session, expiration int32, nonceTPM []byte) uint64 {
	if expiration == 0 {
		return 0
	}
	seconds := int64(expiration)
	if seconds < 0 {
		seconds = min(-seconds, 1<<31-1)
	}
	if len(nonceTPM) == 0 {
		return uint64(seconds)*1000 + t.time()%1000
	}
	return s.startTime + uint64(seconds)*1000
}

// An authorization is what PolicySigned, PolicySecret and PolicyTicket have in common.
type authorization struct {
	nonceTPM   []byte
	cpHashA    []byte
	policyRef  []byte
	expiration int32
	timeout    uint64
}

// checkAuthorization checks nonce, timeout and cpHash of an authorization (Part 3, 23.2.2); the arguments are the numbers of these
// parameters.
func (t *TPM) checkAuthorization(s *session, a *authorization, nonce, cpHash, timeout int) error {
	if len(a.nonceTPM) != 0 && !bytes.Equal(a.nonceTPM, s.nonceTPM) {
		return wire.RCNonce.Parameter(nonce)
	}
	if a.timeout != 0 && (a.timeout < t.time() || s.epoch != t.persistent.timeEpoch) {
		return wire.RCExpired.Parameter(timeout)
	}
	if len(a.cpHashA) != 0 {
		if len(a.cpHashA) != len(s.digest) {
			return wire.RCSize.Parameter(cpHash)
		}
		if len(s.bound) != 0 && !bytes.Equal(a.cpHashA, s.bound) {
			return wire.RCCpHash
		}
	}
	return nil
}

// acceptAuthorization adds an authorization to the session.
func (s *session) acceptAuthorization(cc wire.CC, name []byte, a *authorization) {
	s.extendNamed(cc, name, a.policyRef)
	if len(a.cpHashA) != 0 {
		s.restrict(restrictCPHash, a.cpHashA)
	}
	if a.timeout != 0 && (s.timeout == 0 || s.timeout > a.timeout) {
		s.timeout = a.timeout
	}
}

// conditionHolds compares operand A with operand B of the same size (Part 2, 6.7, TPM_EO; Part 3, 23.9).
func conditionHolds(op wire.EO, a, b []byte) bool {
	switch op {
	case wire.EOEq:
		return bytes.Equal(a, b)
	case wire.EONeq:
		return !bytes.Equal(a, b)
	case wire.EOSignedGT:
		return compareSigned(a, b) > 0
	case wire.EOUnsignedGT:
		return bytes.Compare(a, b) > 0
	case wire.EOSignedLT:
		return compareSigned(a, b) < 0
	case wire.EOUnsignedLT:
		return bytes.Compare(a, b) < 0
	case wire.EOSignedGE:
		return compareSigned(a, b) >= 0
	case wire.EOUnsignedGE:
		return bytes.Compare(a, b) >= 0
	case wire.EOSignedLE:
		return compareSigned(a, b) <= 0
	case wire.EOUnsignedLE:
		return bytes.Compare(a, b) <= 0
	case wire.EOBitSet:
		for i := range b {
			if a[i]&b[i] != b[i] {
				return false
			}
		}
		return true
	case wire.EOBitClear:
		for i := range b {
			if a[i]&b[i] != 0 {
				return false
			}
		}
		return true
	}
	return false
}

// compareSigned compares two's complement numbers of the same size.
func compareSigned(a, b []byte) int {
	if len(a) == 0 || len(b) == 0 || a[0]>>7 == b[0]>>7 {
		return bytes.Compare(a, b)
	}
	return int(b[0]>>7) - int(a[0]>>7)
}

// operandHash is the digest of the arguments of a comparison: operandB, offset, operation, and what else goes with it.
func (s *session) operandHash(operandB []byte, offset uint16, op wire.EO, more ...uint32) []byte {
	args := binary.BigEndian.AppendUint16(nil, offset)
	args = binary.BigEndian.AppendUint16(args, uint16(op))
	for _, m := range more {
		args = binary.BigEndian.AppendUint32(args, m)
	}
	return hashOf(s.authHash, operandB, args)
}
