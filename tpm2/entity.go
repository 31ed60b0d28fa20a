package tpm2

import (
	"encoding/binary"

	"govtpm/tpm2/wire"
)

// An entity is what a handle names: a hierarchy or other permanent handle, a PCR, an NV index, an object, a session.
// Where o is asked for it is the object of an object handle, nil for other kinds.

// entityName returns the Name of an entity (Part 1, 13): that of an object or NV index, else the handle itself.
func (t *TPM) entityName(h wire.Handle, o *object) []byte {
	switch h.Type() {
	case wire.HTTransient, wire.HTPersistent:
		if o == nil || o.isSequence() {
			return nil
		}
		return o.name
	case wire.HTNVIndex:
		if x := t.nv.index(h); x != nil {
			return x.name()
		}
		return nil
	}
	return binary.BigEndian.AppendUint32(nil, uint32(h))
}

// authValue returns the authValue of an entity without trailing zeros; nil where there is none.
func (t *TPM) authValue(h wire.Handle, o *object) []byte {
	var auth []byte
	switch h.Type() {
	case wire.HTPermanent:
		switch h {
		case wire.RHOwner:
			auth = t.persistent.ownerAuth
		case wire.RHEndorsement:
			auth = t.persistent.endorsementAuth
		case wire.RHPlatform:
			auth = t.stateClear.platformAuth
		case wire.RHLockout:
			auth = t.persistent.lockoutAuth
		default:
			if t.countdown(h) != nil { // that of the platform (Part 1, 40.2)
				auth = t.stateClear.platformAuth
			}
		}
	case wire.HTTransient, wire.HTPersistent:
		if o != nil {
			auth = o.authValue()
		}
	case wire.HTNVIndex:
		if x := t.nv.index(h); x != nil {
			auth = x.auth
		}
	case wire.HTPCR:
		auth = t.pcrAuthValue(h)
	}
	return trimZeros(auth)
}

// authPolicy returns the authorization policy of an entity; AlgNull where there is none.
func (t *TPM) authPolicy(h wire.Handle, o *object) policy {
	switch h.Type() {
	case wire.HTPermanent:
		switch h {
		case wire.RHOwner:
			return t.persistent.ownerPolicy
		case wire.RHEndorsement:
			return t.persistent.endorsementPolicy
		case wire.RHPlatform:
			return t.stateClear.platformPolicy
		case wire.RHLockout:
			return t.persistent.lockoutPolicy
		default:
			if x := t.countdown(h); x != nil {
				return x.policy
			}
		}
	case wire.HTTransient, wire.HTPersistent:
		if o != nil {
			return policy{alg: o.public.NameAlg, digest: o.public.AuthPolicy}
		}
	case wire.HTNVIndex:
		if x := t.nv.index(h); x != nil {
			return policy{alg: x.public.NameAlg, digest: x.public.AuthPolicy}
		}
	case wire.HTPCR:
		return t.pcrPolicy(h)
	}
	return policy{alg: wire.AlgNull}
}

// isDAExempt reports whether the entity is outside dictionary attack protection (Part 1, 16.8.1).
func (t *TPM) isDAExempt(h wire.Handle, o *object) bool {
	switch h.Type() {
	case wire.HTPermanent:
		return h != wire.RHLockout
	case wire.HTTransient, wire.HTPersistent:
		return o != nil && (o.isSequence() || o.public.Attributes.Has(wire.ObjectNoDA))
	case wire.HTNVIndex:
		x := t.nv.index(h)
		return x != nil && x.public.Attributes.Has(wire.NVNoDA)
	case wire.HTPCR:
		return true
	}
	return false
}

// policyRequired reports whether handle i can only be authorized by a policy session (Part 1, 16.2).
func (t *TPM) policyRequired(c *call, i int) bool {
	h := c.handles[i]
	switch c.cmd.role(i) {
	case roleDup:
		return true
	case roleAdmin:
		if o := c.objectAt(i); o != nil {
			return o.public.Attributes.Has(wire.ObjectAdminWithPolicy)
		}
		return true
	}
	return h.Type() == wire.HTPCR && t.pcrPolicy(h).alg != wire.AlgNull
}

// authValueAvailable reports whether the authValue of handle i may be used for this command (Part 1, 16.6.17).
func (t *TPM) authValueAvailable(c *call, i int) bool {
	h := c.handles[i]
	switch h.Type() {
	case wire.HTPermanent:
		switch h {
		case wire.RHOwner, wire.RHEndorsement, wire.RHPlatform, wire.RHLockout, wire.RHNull:
			return true
		}
		return t.countdown(h) != nil && t.volatile.phEnable
	case wire.HTTransient, wire.HTPersistent:
		o := c.objectAt(i)
		if o == nil {
			return false
		}
		if o.isSequence() {
			return true
		}
		a := o.public.Attributes
		return !o.publicOnly && (a.Has(wire.ObjectUserWithAuth) || c.cmd.role(i) == roleAdmin && !a.Has(wire.ObjectAdminWithPolicy))
	case wire.HTNVIndex:
		x := t.nv.index(h)
		return x != nil && x.authValueAvailable(writesNV(c.cmd.code))
	case wire.HTPCR:
		return true
	}
	return false
}

// policyAvailable reports whether a policy may authorize handle i for this command (Part 1, 16.6.17).
func (t *TPM) policyAvailable(c *call, i int) bool {
	h := c.handles[i]
	switch h.Type() {
	case wire.HTPermanent:
		return len(t.authPolicy(h, nil).digest) != 0
	case wire.HTTransient, wire.HTPersistent:
		o := c.objectAt(i)
		return o != nil && !o.publicOnly && !o.isSequence()
	case wire.HTNVIndex:
		x := t.nv.index(h)
		if x == nil || len(x.public.AuthPolicy) == 0 {
			return false
		}
		if t.policyRequired(c, i) {
			return true
		}
		if writesNV(c.cmd.code) {
			return x.public.Attributes.Has(wire.NVPolicyWrite)
		}
		return x.public.Attributes.Has(wire.NVPolicyRead)
	case wire.HTPCR:
		return t.pcrHasPolicyGroup(h)
	}
	return false
}

// writesNV reports whether a command writes the NV index that it names (Part 1, 34.2.6), or the component that it is the alias of
// (Part 1, 39.5).
func writesNV(cc wire.CC) bool {
	switch cc {
	case wire.CCNVWrite, wire.CCNVIncrement, wire.CCNVSetBits, wire.CCNVExtend, wire.CCNVWriteLock, wire.CCACSend:
		return true
	}
	return false
}

// loadStatus checks that what handle i names is there and usable (Part 3, 5.4), and loads a persistent object for
// the time of the command. The codes are without position, but for the RCReference warnings.
func (t *TPM) loadStatus(c *call, i int, h wire.Handle) error {
	switch h.Type() {
	case wire.HTPermanent:
		return t.permanentStatus(h)
	case wire.HTTransient:
		if c.objects[i] = t.object(h); c.objects[i] == nil {
			return wire.RCReferenceH0 + wire.RC(i)
		}
	case wire.HTPersistent:
		o, err := t.loadPersistent(c, h)
		if err != nil {
			return err
		}
		c.objects[i] = o
	case wire.HTHMACSession, wire.HTPolicySession:
		s := t.volatile.sessions.loaded(t, h)
		if s == nil {
			return wire.RCReferenceH0 + wire.RC(i)
		}
		if s.isPolicy != (h.Type() == wire.HTPolicySession) {
			return wire.RCHandle
		}
	case wire.HTNVIndex:
		return t.nvIndexStatus(h)
	case wire.HTPCR:
	case wire.HTAC:
		if t.env.Components[h] == nil {
			return wire.RCValue
		}
	default:
		return wire.RCValue
	}
	return nil
}

// permanentStatus checks that a hierarchy is enabled (Part 3, 5.4).
func (t *TPM) permanentStatus(h wire.Handle) error {
	switch h {
	case wire.RHOwner, wire.RHEndorsement, wire.RHPlatform, wire.RHNull:
		if !t.hierarchyEnabled(h) {
			return wire.RCHierarchy
		}
	case wire.RHPlatformNV, wire.RHLockout, wire.RSPW:
	default:
		if t.countdown(h) == nil {
			return wire.RCValue
		}
	}
	return nil
}
