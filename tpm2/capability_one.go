package tpm2

import (
	"encoding/binary"

	"govtpm/tpm2/wire"
)

// oneCapability is the value of a single property as TPM2_PolicyCapability compares it (Part 3, 23.23): the element of the list that
// TPM2_GetCapability would give; nil when there is no such property.
//
// Codes: RCValue parameter 4 (no such capability), RCHandle and RCValue parameter 5 (type of the handle).
func (t *TPM) oneCapability(capability wire.Cap, property uint32) ([]byte, error) {
	number := binary.BigEndian.AppendUint32(nil, property)
	listed := func(ok bool) ([]byte, error) {
		if ok {
			return number, nil
		}
		return nil, nil
	}
	switch capability {
	case wire.CapAlgs:
		return one(t.algorithms(), func(a *wire.TPMSAlgProperty) bool { return a.Alg == wire.Alg(property) }), nil
	case wire.CapHandles:
		has, ok := t.hasHandle(wire.Handle(property))
		if !ok {
			return nil, wire.RCHandle.Parameter(5)
		}
		return listed(has)
	case wire.CapCommands:
		if row := t.lookup(wire.CC(property)); row != nil {
			return wire.Marshal(row.attributes()), nil
		}
		return nil, nil
	case wire.CapPPCommands:
		return listed(t.lookup(wire.CC(property)) != nil && t.persistent.ppList.has(wire.CC(property)))
	case wire.CapAuditCommands:
		return listed(t.lookup(wire.CC(property)) != nil && t.persistent.auditCommands.has(wire.CC(property)))
	case wire.CapPCRProperties:
		return one(t.pcrProperties(), func(s *wire.TPMSTaggedPCRSelect) bool { return s.Tag == wire.PTPCR(property) }), nil
	case wire.CapTPMProperties:
		all := append(t.fixedProperties(), t.variableProperties()...)
		return one(all, func(p *wire.TPMSTaggedProperty) bool { return p.Property == wire.PT(property) }), nil
	case wire.CapECCCurves:
		if c := wire.Curve(property); t.limits.Curves.Has(c) {
			return wire.Marshal(c), nil
		}
		return nil, nil
	case wire.CapAuthPolicies:
		if wire.Handle(property).Type() != wire.HTPermanent {
			return nil, wire.RCValue.Parameter(5)
		}
		return one(t.hierarchyPolicies(), func(p *wire.TPMSTaggedPolicy) bool { return p.Handle == wire.Handle(property) }), nil
	}
	if capability == wire.CapACT && t.limits.ACT != 0 {
		if h := wire.Handle(property); h < wire.RHACT0 || h > wire.RHACTF {
			return nil, wire.RCValue.Parameter(5)
		}
		return one(t.countdownData(), func(a *wire.TPMSACTData) bool { return a.Handle == wire.Handle(property) }), nil
	}
	return t.oneChannelCapability(capability, property)
}

// one is the encoding of the element that is wanted, nil when there is none.
func one[T any, PT interface {
	*T
	wire.Marshaler
}](list []T, wanted func(PT) bool) []byte {
	for i := range list {
		if p := PT(&list[i]); wanted(p) {
			return wire.Marshal(p)
		}
	}
	return nil
}
