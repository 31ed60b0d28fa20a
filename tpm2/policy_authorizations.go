package tpm2

import (
	"bytes"
	"crypto/hmac"
	"encoding/binary"

	"govtpm/tpm2/wire"
)

// Policy commands that bring in an authorization from outside: a signature, a secret, a ticket, an approved policy.

// policySigned is TPM2_PolicySigned (Part 3, 23.3).
//
// Parameter 1: RCNonce; 2: RCSize, 4: RCExpired; 5: RCScheme, RCSignature and what else is wrong with the signature; RCCpHash.
func (t *TPM) policySigned(c *call, p *policySignedParameters) error {
	s := t.policySession(c, 1)
	key := c.objects[0]
	a := authorization{nonceTPM: p.nonceTPM, cpHashA: p.cpHashA, policyRef: p.policyRef, expiration: p.expiration}
	if !s.trial {
		a.timeout = t.policyTimeout(s, p.expiration, p.nonceTPM)
		if err := t.checkAuthorization(s, &a, 1, 2, 4); err != nil {
			return err
		}
		alg := signatureHash(&p.auth)
		if digestSize(alg) == 0 {
			return wire.RCScheme.Parameter(5)
		}
		aHash := hashOf(alg, p.nonceTPM, binary.BigEndian.AppendUint32(nil, uint32(p.expiration)), p.cpHashA, p.policyRef)
		if err := t.verify(key, aHash, &p.auth); err != nil {
			return positioned(err, func(rc wire.RC) wire.RC { return rc.Parameter(5) })
		}
	}
	s.acceptAuthorization(wire.CCPolicySigned, key.name, &a)
	t.writeAuthTicket(c, s, wire.STAuthSigned, key.hierarchy, &a, key.name)
	return nil
}

// policySecret is TPM2_PolicySecret (Part 3, 23.4). Parameter 1: RCNonce; 2: RCSize; 4: RCExpired; RCCpHash.
func (t *TPM) policySecret(c *call, p *policySecretParameters) error {
	s := t.policySession(c, 1)
	a := authorization{nonceTPM: p.nonceTPM, cpHashA: p.cpHashA, policyRef: p.policyRef, expiration: p.expiration}
	if !s.trial {
		a.timeout = t.policyTimeout(s, p.expiration, p.nonceTPM)
		if err := t.checkAuthorization(s, &a, 1, 2, 4); err != nil {
			return err
		}
	}
	name := t.entityName(c.handles[0], c.objects[0])
	s.acceptAuthorization(wire.CCPolicySecret, name, &a)
	if x := t.nv.index(c.handles[0]); x != nil && x.kind() == wire.NTPinPass {
		a.expiration = 0 // a PIN that was used up must not live on in a ticket
	}
	t.writeAuthTicket(c, s, wire.STAuthSecret, t.entityHierarchy(c.handles[0], c.objects[0]), &a, name)
	return nil
}

// entityHierarchy is the hierarchy whose proof makes the tickets of an entity.
func (t *TPM) entityHierarchy(h wire.Handle, o *object) wire.Handle {
	switch h.Type() {
	case wire.HTPermanent:
		if h == wire.RHLockout {
			return wire.RHOwner
		}
		return h
	case wire.HTNVIndex:
		if x := t.nv.index(h); x != nil && x.public.Attributes.Has(wire.NVPlatformCreate) {
			return wire.RHPlatform
		}
		return wire.RHOwner
	case wire.HTPCR:
		return wire.RHOwner
	}
	if o != nil {
		return o.hierarchy
	}
	return wire.RHNull
}

// writeAuthTicket writes timeout and policyTicket of PolicySigned and PolicySecret: a ticket if expiration is negative, else
// an empty one.
func (t *TPM) writeAuthTicket(c *call, s *session, tag wire.ST, hierarchy wire.Handle, a *authorization, name []byte) {
	ticket := wire.TPMTTKAuth{Tag: tag, Hierarchy: wire.RHNull}
	if a.expiration >= 0 || s.trial {
		c.out.TPM2B(nil)
		ticket.Marshal(&c.out)
		return
	}
	onReset := len(a.nonceTPM) == 0
	timeout := a.timeout &^ expiresOnReset
	ticket = t.authTicket(tag, hierarchy, timeout, onReset, a.cpHashA, a.policyRef, name)
	if onReset {
		timeout |= expiresOnReset
	}
	c.out.TPM2B(binary.BigEndian.AppendUint64(nil, timeout))
	ticket.Marshal(&c.out)
}

// policyTicket is TPM2_PolicyTicket (Part 3, 23.5).
//
// Handle 1: RCAttributes (trial session); parameter 1: RCSize, RCExpired; 2: RCSize; 5: RCTicket; RCCpHash.
func (t *TPM) policyTicket(c *call, p *policyTicketParameters) error {
	s := t.policySession(c, 0)
	if s.trial {
		return wire.RCAttributes.Handle(1)
	}
	if len(p.timeout) != 8 {
		return wire.RCSize.Parameter(1)
	}
	timeout := binary.BigEndian.Uint64(p.timeout)
	a := authorization{cpHashA: p.cpHashA, policyRef: p.policyRef, timeout: timeout &^ expiresOnReset}
	if err := t.checkAuthorization(s, &a, 0, 2, 1); err != nil {
		return err
	}
	want := t.authTicket(p.ticket.Tag, p.ticket.Hierarchy, a.timeout, timeout&expiresOnReset != 0, p.cpHashA, p.policyRef, p.authName)
	if !hmac.Equal(want.Digest, p.ticket.Digest) {
		return wire.RCTicket.Parameter(5)
	}
	cc := wire.CCPolicySecret
	if p.ticket.Tag == wire.STAuthSigned {
		cc = wire.CCPolicySigned
	}
	s.acceptAuthorization(cc, p.authName, &a)
	return nil
}

// policyAuthorize is TPM2_PolicyAuthorize (Part 3, 23.16).
//
// Parameter 1: RCValue (not the session's digest); 3: RCSize, RCHash; 4: RCValue (ticket).
func (t *TPM) policyAuthorize(c *call, p *policyAuthorizeParameters) error {
	s := t.policySession(c, 0)
	if len(p.keySign) < 2 {
		return wire.RCSize.Parameter(3)
	}
	alg := wire.Alg(binary.BigEndian.Uint16(p.keySign))
	if wire.TPMIAlgHash.Check(t.limits, alg) != wire.RCSuccess {
		return wire.RCHash.Parameter(3)
	}
	if len(p.keySign) != 2+digestSize(alg) {
		return wire.RCSize.Parameter(3)
	}
	if !s.trial {
		if !bytes.Equal(s.digest, p.approvedPolicy) {
			return wire.RCValue.Parameter(1)
		}
		if !t.checkVerified(&p.checkTicket, alg, p.keySign, p.approvedPolicy, p.policyRef) {
			return wire.RCValue.Parameter(4)
		}
	}
	s.clearDigest()
	s.extendNamed(wire.CCPolicyAuthorize, p.keySign, p.policyRef)
	return nil
}

// policyAuthorizeNV is TPM2_PolicyAuthorizeNV (Part 3, 23.22). Codes of NV read access; RCHash, RCValue and those of TPMT_HA
// without position for the content of the index.
func (t *TPM) policyAuthorizeNV(c *call) error {
	s := t.policySession(c, 2)
	x := t.nv.index(c.handles[1])
	if !s.trial {
		if err := t.nvReadCheck(c.handles[0], x); err != nil {
			return err
		}
		var approved wire.TPMTHA
		r := wire.NewReader(x.data[:min(len(x.data), 2+64)], t.limits)
		approved.Unmarshal(r)
		if rc := r.Err(); rc != wire.RCSuccess {
			return rc
		}
		if approved.HashAlg != s.authHash {
			return wire.RCHash
		}
		if !bytes.Equal(approved.Digest, s.digest) {
			return wire.RCValue
		}
	}
	s.clearDigest()
	s.extend(wire.CCPolicyAuthorizeNV, x.name())
	return nil
}
