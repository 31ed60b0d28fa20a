package tpm2

import (
	"cmp"
	"slices"

	"govtpm/tpm2/wire"
)

// Attached components (Part 1, 39; Part 3, 32): the TPM hands objects to what the platform attached to it. There is none unless
// Environment.Components has it.

// A Component is an attached component. Its methods are called while a command runs, and must not call the TPM.
type Component interface {
	// Values are what the component tells of itself (Part 3, 32.2), in any order.
	Values() []wire.TPMSACOutput
	// Receive takes an object with its secret, and what the caller of the command sent along (Part 3, 32.3). The areas are the TPM's: what the
	// component keeps it copies. It answers with data of its own or an error of its own, which the caller gets; the command has succeeded.
	Receive(public *wire.TPMTPublic, sensitive *wire.TPMTSensitive, data []byte) wire.TPMSACOutput
}

// acGetCapability is TPM2_AC_GetCapability (Part 3, 32.2).
func (t *TPM) acGetCapability(c *call, p *acGetCapabilityParameters) error {
	values := slices.Clone(t.env.Components[c.handles[0]].Values())
	slices.SortStableFunc(values, func(a, b wire.TPMSACOutput) int { return cmp.Compare(a.Tag, b.Tag) })
	all := from(values, uint32(p.capability), func(v wire.TPMSACOutput) uint32 { return uint32(v.Tag) })
	list, more := page(all, p.count, 8)
	c.out.YesNo(more)
	wire.TPMLACCapabilities(list).Marshal(&c.out)
	return nil
}

// acSend is TPM2_AC_Send (Part 3, 32.3).
//
// Handle 1: RCAttributes (the object may not leave its TPM, its parent, or go out unencrypted); 2: RCHandle (an index, and the component has
// no alias); RCNVAuthorization (the alias does not allow it).
func (t *TPM) acSend(c *call, p *acSendParameters) error {
	o := c.objects[0]
	if o.public.Attributes&(wire.ObjectFixedTPM|wire.ObjectFixedParent|wire.ObjectEncryptedDuplication) != 0 {
		return wire.RCAttributes.Handle(1)
	}
	auth := c.handles[1]
	if alias := t.nv.index(wire.NVACFirst + c.handles[2] - wire.ACFirst); alias != nil {
		if !alias.authorizedBy(auth, wire.NVOwnerWrite, wire.NVPPWrite) {
			return wire.RCNVAuthorization
		}
	} else if auth != wire.RHOwner && auth != wire.RHPlatform {
		return wire.RCHandle.Handle(2)
	}
	out := t.env.Components[c.handles[2]].Receive(&o.public, &o.sensitive, p.acDataIn)
	out.Marshal(&c.out)
	return nil
}

// policyACSendSelect is TPM2_Policy_AC_SendSelect (Part 3, 32.4). RCCpHash; RCCommandCode, as with TPM2_PolicyDuplicationSelect.
func (t *TPM) policyACSendSelect(c *call, p *policyACSendSelectParameters) error {
	s := t.policySession(c, 0)
	if s.restricts != restrictNothing {
		return wire.RCCpHash
	}
	if s.commandCode != 0 {
		return wire.RCCommandCode
	}
	if p.includeObject {
		s.extend(wire.CCPolicyACSendSelect, p.objectName, p.authHandleName, p.acName, []byte{1})
	} else {
		s.extend(wire.CCPolicyACSendSelect, p.authHandleName, p.acName, []byte{0})
	}
	s.restrict(restrictNameHash, hashOf(s.authHash, p.objectName, p.authHandleName, p.acName))
	s.commandCode = wire.CCACSend
	return nil
}

// componentCommands reports whether the TPM has a command for attached components, and so knows handles of them.
func (t *TPM) componentCommands() bool {
	return t.lookup(wire.CCACGetCapability) != nil || t.lookup(wire.CCACSend) != nil
}

// componentHandles are the handles of the attached components.
func (t *TPM) componentHandles() (list []wire.Handle) {
	for h := range t.env.Components {
		list = append(list, h)
	}
	return list
}
