package tpm2

import (
	"govtpm/tpm2/wire"
)

// maxCapData is MAX_CAP_DATA: what a list of capabilities may take (Part 2, 10.9).
const maxCapData = 1024 - 8

// page is the part of a list that a response takes: count elements, and no more than fit when each takes size bytes. More tells that
// elements are left.
func page[T any](all []T, count uint32, size int) (part []T, more bool) {
	n := min(uint64(count), uint64(maxCapData/size))
	if uint64(len(all)) > n {
		return all[:n], true
	}
	return all, false
}

// from drops the elements of an ascending list whose key is below first.
func from[T any](all []T, first uint32, key func(T) uint32) []T {
	for i, v := range all {
		if key(v) >= first {
			return all[i:]
		}
	}
	return nil
}

// getCapability is TPM2_GetCapability (Part 3, 30.2).
//
// Parameter 1: RCValue (the TPM does not have the capability); parameter 2: RCHandle (type of handles), RCValue (property that must be 0,
// or a handle of another type).
func (t *TPM) getCapability(c *call, p *getCapabilityParameters) error {
	var d wire.TPMUCapabilities
	var more bool
	switch p.capability {
	case wire.CapAlgs:
		first := uint32(uint16(p.property)) // a TPM_ALG_ID, as libtpms takes it
		all := from(t.algorithms(), first, func(a wire.TPMSAlgProperty) uint32 { return uint32(a.Alg) })
		d.Algorithms, more = page(all, p.propertyCount, 8)
	case wire.CapHandles:
		all, ok := t.handlesOf(wire.Handle(p.property))
		if !ok {
			return wire.RCHandle.Parameter(2)
		}
		d.Handles, more = page(all, p.propertyCount, 4)
	case wire.CapCommands:
		d.Command, more = page(t.commandAttributes(p.property), p.propertyCount, 4)
	case wire.CapPPCommands:
		d.PPCommands, more = page(t.commandsIn(&t.persistent.ppList, p.property), p.propertyCount, 4)
	case wire.CapAuditCommands:
		d.AuditCommands, more = page(t.commandsIn(&t.persistent.auditCommands, p.property), p.propertyCount, 4)
	case wire.CapPCRs:
		if p.property != 0 {
			return wire.RCValue.Parameter(2)
		}
		if more = p.propertyCount == 0; !more {
			d.AssignedPCR = t.visibleBanks()
		}
	case wire.CapTPMProperties:
		d.TPMProperties, more = page(t.propertiesFrom(wire.PT(p.property)), p.propertyCount, 8)
	case wire.CapPCRProperties:
		all := from(t.pcrProperties(), p.property, func(s wire.TPMSTaggedPCRSelect) uint32 { return uint32(s.Tag) })
		d.PCRProperties, more = page(all, p.propertyCount, 8)
	case wire.CapECCCurves:
		all := from(t.limits.Curves.List(), uint32(uint16(p.property)), func(c wire.Curve) uint32 { return uint32(c) })
		d.ECCCurves, more = page(all, p.propertyCount, 2)
	case wire.CapAuthPolicies:
		if wire.Handle(p.property).Type() != wire.HTPermanent {
			return wire.RCValue.Parameter(2)
		}
		all := from(t.hierarchyPolicies(), p.property, func(q wire.TPMSTaggedPolicy) uint32 { return uint32(q.Handle) })
		d.AuthPolicies, more = page(all, p.propertyCount, 72)
	case wire.CapACT:
		if h := wire.Handle(p.property); h < wire.RHACT0 || h > wire.RHACTF {
			return wire.RCValue.Parameter(2)
		}
		all := from(t.countdownData(), p.property, func(a wire.TPMSACTData) uint32 { return uint32(a.Handle) })
		d.ACTData, more = page(all, p.propertyCount, 12)
	default:
		var err error
		if more, err = t.channelCapability(p, &d); err != nil {
			return err
		}
	}
	c.out.YesNo(more)
	(&wire.TPMSCapabilityData{Capability: p.capability, Data: d}).Marshal(&c.out)
	return nil
}

// commandAttributes are the attributes of the commands from first on.
func (t *TPM) commandAttributes(first uint32) wire.TPMLCCA {
	var list wire.TPMLCCA
	for _, row := range t.commands {
		if row != nil && uint32(row.code) >= first {
			list = append(list, row.attributes())
		}
	}
	return list
}

// commandsIn are the commands of a set, from first on, that the TPM has.
func (t *TPM) commandsIn(set *commandSet, first uint32) wire.TPMLCC {
	var list wire.TPMLCC
	for _, row := range t.commands {
		if row != nil && uint32(row.code) >= first && set.has(row.code) {
			list = append(list, row.code)
		}
	}
	return list
}

// visibleBanks is the PCR allocation in force without the banks whose algorithm the profile hides.
func (t *TPM) visibleBanks() wire.TPMLPCRSelection {
	var list wire.TPMLPCRSelection
	for _, s := range t.persistent.pcrActive {
		if t.limits.Algs.Has(s.Hash) {
			list = append(list, s)
		}
	}
	return list
}

// hierarchyPolicies are the policies of the permanent handles that may have one.
func (t *TPM) hierarchyPolicies() wire.TPMLTaggedPolicy {
	var list wire.TPMLTaggedPolicy
	for _, h := range append([]wire.Handle{wire.RHOwner, wire.RHLockout, wire.RHEndorsement, wire.RHPlatform}, t.countdownHandles()...) {
		p := t.authPolicy(h, nil)
		list = append(list, wire.TPMSTaggedPolicy{Handle: h, PolicyHash: wire.TPMTHA{HashAlg: p.alg, Digest: p.digest}})
	}
	return list
}

// testParms is TPM2_TestParms (Part 3, 30.3): the parameters were judged when they were read, one by one, and as libtpms does not together.
// RCKDF parameter 1: HKDF, which libtpms does not have, makes no key encapsulation with the rest (Part 2, 12.2.3.5).
func (t *TPM) testParms(_ *call, p *testParmsParameters) error {
	if ecc := &p.parameters.Parameters.ECC; p.parameters.Type == wire.AlgECC && ecc.KDF.Scheme == wire.AlgHKDF {
		return positioned(checkKDF(ecc), func(rc wire.RC) wire.RC { return rc.Parameter(1) })
	}
	return nil
}

// setCapability is TPM2_SetCapability (Part 3, 30.4). RCValue parameter 1: the TPM has no capability that can be set.
func (t *TPM) setCapability(*call, *setCapabilityParameters) error { return wire.RCValue.Parameter(1) }
