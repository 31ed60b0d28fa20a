package tpm2

import (
	"bytes"

	"govtpm/tpm2/wire"
)

// Policy commands that set a condition on the command to be authorized or on the state of the TPM.

// policyOR is TPM2_PolicyOR (Part 3, 23.6). RCValue parameter 1: the session's digest is not in the list.
func (t *TPM) policyOR(c *call, p *policyORParameters) error {
	s := t.policySession(c, 0)
	found := s.trial
	all := make([][]byte, len(p.pHashList))
	for i, d := range p.pHashList {
		all[i] = d
		found = found || bytes.Equal(d, s.digest)
	}
	if !found {
		return wire.RCValue.Parameter(1)
	}
	s.clearDigest()
	s.extend(wire.CCPolicyOR, all...)
	return nil
}

// policyPCR is TPM2_PolicyPCR (Part 3, 23.7). RCPCRChanged; RCValue parameter 1: the PCRs have another digest.
func (t *TPM) policyPCR(c *call, p *policyPCRParameters) error {
	s := t.policySession(c, 0)
	t.filterPCR(&p.pcrs)
	digest := t.pcrDigest(s.authHash, &p.pcrs)
	if s.trial {
		if len(p.pcrDigest) != 0 {
			digest = p.pcrDigest
		}
	} else {
		if s.pcrCounter != 0 && s.pcrCounter != t.stateReset.pcrCounter {
			return wire.RCPCRChanged
		}
		if len(p.pcrDigest) != 0 && !bytes.Equal(digest, p.pcrDigest) {
			return wire.RCValue.Parameter(1)
		}
		s.pcrCounter = t.stateReset.pcrCounter
	}
	s.extend(wire.CCPolicyPCR, wire.Marshal(&p.pcrs), digest)
	return nil
}

// policyLocality is TPM2_PolicyLocality (Part 3, 23.8). RCRange parameter 1: zero, or nothing is left with what was set before.
func (t *TPM) policyLocality(c *call, p *policyLocalityParameters) error {
	s := t.policySession(c, 0)
	locality, before := p.locality, s.locality
	if locality == 0 || before != 0 && (before < 32) != (locality < 32) {
		return wire.RCRange.Parameter(1)
	}
	if locality < 32 {
		if before != 0 {
			locality &= before
		}
		if locality == 0 {
			return wire.RCRange.Parameter(1)
		}
	} else if before != 0 && before != locality {
		return wire.RCRange.Parameter(1)
	}
	s.extend(wire.CCPolicyLocality, []byte{byte(p.locality)})
	s.locality = locality
	return nil
}

// policyNV is TPM2_PolicyNV (Part 3, 23.9). Codes of NV read access; parameter 1: RCSize; 2: RCValue; RCPolicy.
func (t *TPM) policyNV(c *call, p *policyNVParameters) error {
	s := t.policySession(c, 2)
	x := t.nv.index(c.handles[1])
	if !s.trial {
		if err := t.nvReadCheck(c.handles[0], x); err != nil {
			return err
		}
		size, offset := int(x.public.DataSize), int(p.offset)
		if offset > size {
			return wire.RCValue.Parameter(2)
		}
		if size-offset < len(p.operandB) {
			return wire.RCSize.Parameter(1)
		}
		if !conditionHolds(p.operation, x.data[offset:offset+len(p.operandB)], p.operandB) {
			return wire.RCPolicy
		}
	}
	s.extend(wire.CCPolicyNV, s.operandHash(p.operandB, p.offset, p.operation), x.name())
	return nil
}

// policyCounterTimer is TPM2_PolicyCounterTimer (Part 3, 23.10). RCValue parameter 2: offset; RCRange: beyond the end; RCPolicy.
//
// TPM_EO_UNSIGNED_LT with Time compares like any other, as libtpms does, and sets no end of the session.
func (t *TPM) policyCounterTimer(c *call, p *policyCounterTimerParameters) error {
	s := t.policySession(c, 0)
	info := t.timeInfo()
	data := wire.Marshal(&info)
	offset := int(p.offset)
	if offset > len(data) {
		return wire.RCValue.Parameter(2)
	}
	if offset+len(p.operandB) > len(data) {
		return wire.RCRange
	}
	if !s.trial && !conditionHolds(p.operation, data[offset:offset+len(p.operandB)], p.operandB) {
		return wire.RCPolicy
	}
	s.extend(wire.CCPolicyCounterTimer, s.operandHash(p.operandB, p.offset, p.operation))
	return nil
}

// policyCommandCode is TPM2_PolicyCommandCode (Part 3, 23.11). Parameter 1: RCValue (another code is set), RCPolicyCC (no such
// command).
func (t *TPM) policyCommandCode(c *call, p *policyCommandCodeParameters) error {
	s := t.policySession(c, 0)
	if s.commandCode != 0 && s.commandCode != p.code {
		return wire.RCValue.Parameter(1)
	}
	if t.lookup(p.code) == nil {
		return wire.RCPolicyCC.Parameter(1)
	}
	s.extend(wire.CCPolicyCommandCode, wire.Marshal(p.code))
	s.commandCode = p.code
	return nil
}

// policyPhysicalPresence is TPM2_PolicyPhysicalPresence (Part 3, 23.12).
func (t *TPM) policyPhysicalPresence(c *call) error {
	s := t.policySession(c, 0)
	s.extend(wire.CCPolicyPhysicalPresence)
	s.presenceNeeded = true
	return nil
}

// policyCpHash is TPM2_PolicyCpHash (Part 3, 23.13). RCSize parameter 1; RCCpHash.
func (t *TPM) policyCpHash(c *call, p *policyCpHashParameters) error {
	s := t.policySession(c, 0)
	if len(p.cpHashA) != digestSize(s.authHash) {
		return wire.RCSize.Parameter(1)
	}
	if s.restricts != restrictNothing && (s.restricts != restrictCPHash || !bytes.Equal(p.cpHashA, s.bound)) {
		return wire.RCCpHash
	}
	s.extend(wire.CCPolicyCpHash, p.cpHashA)
	s.restrict(restrictCPHash, p.cpHashA)
	return nil
}

// policyNameHash is TPM2_PolicyNameHash (Part 3, 23.14). RCSize parameter 1; RCCpHash.
func (t *TPM) policyNameHash(c *call, p *policyNameHashParameters) error {
	return t.restrictOnce(c, wire.CCPolicyNameHash, restrictNameHash, p.nameHash)
}

// policyParameters is TPM2_PolicyParameters (Part 3, 23.24). RCSize parameter 1; RCCpHash.
func (t *TPM) policyParameters(c *call, p *policyParametersParameters) error {
	return t.restrictOnce(c, wire.CCPolicyParameters, restrictParameters, p.pHash)
}

// restrictOnce sets a restriction that may not be set again.
func (t *TPM) restrictOnce(c *call, cc wire.CC, r restriction, digest []byte) error {
	s := t.policySession(c, 0)
	if len(digest) != digestSize(s.authHash) {
		return wire.RCSize.Parameter(1)
	}
	if s.restricts != restrictNothing {
		return wire.RCCpHash
	}
	s.extend(cc, digest)
	s.restrict(r, digest)
	return nil
}

// policyTemplate is TPM2_PolicyTemplate (Part 3, 23.21). RCCpHash, also for another template, as libtpms does; RCSize parameter 1.
func (t *TPM) policyTemplate(c *call, p *policyTemplateParameters) error {
	s := t.policySession(c, 0)
	if s.restricts != restrictNothing && (s.restricts != restrictTemplate || !bytes.Equal(p.templateHash, s.bound)) {
		return wire.RCCpHash
	}
	if len(p.templateHash) != digestSize(s.authHash) {
		return wire.RCSize.Parameter(1)
	}
	s.extend(wire.CCPolicyTemplate, p.templateHash)
	s.restrict(restrictTemplate, p.templateHash)
	return nil
}

// policyDuplicationSelect is TPM2_PolicyDuplicationSelect (Part 3, 23.15). RCCpHash; RCCommandCode.
func (t *TPM) policyDuplicationSelect(c *call, p *policyDuplicationSelectParameters) error {
	s := t.policySession(c, 0)
	if s.restricts != restrictNothing {
		return wire.RCCpHash
	}
	if s.commandCode != 0 {
		return wire.RCCommandCode
	}
	if p.includeObject {
		s.extend(wire.CCPolicyDuplicationSelect, p.objectName, p.newParentName, []byte{1})
	} else {
		s.extend(wire.CCPolicyDuplicationSelect, p.newParentName, []byte{0})
	}
	s.restrict(restrictNameHash, hashOf(s.authHash, p.objectName, p.newParentName))
	s.commandCode = wire.CCDuplicate
	return nil
}

// policyAuthValue is TPM2_PolicyAuthValue (Part 3, 23.17).
func (t *TPM) policyAuthValue(c *call) error {
	s := t.policySession(c, 0)
	s.extend(wire.CCPolicyAuthValue)
	s.authValueNeeded, s.passwordNeeded = true, false
	return nil
}

// policyPassword is TPM2_PolicyPassword (Part 3, 23.18). It goes into the digest as PolicyAuthValue does.
func (t *TPM) policyPassword(c *call) error {
	s := t.policySession(c, 0)
	s.extend(wire.CCPolicyAuthValue)
	s.authValueNeeded, s.passwordNeeded = false, true
	return nil
}

// policyGetDigest is TPM2_PolicyGetDigest (Part 3, 23.19).
func (t *TPM) policyGetDigest(c *call) error {
	c.out.TPM2B(t.policySession(c, 0).digest)
	return nil
}

// policyNvWritten is TPM2_PolicyNvWritten (Part 3, 23.20). RCValue parameter 1: the opposite was asked for before.
func (t *TPM) policyNvWritten(c *call, p *policyNvWrittenParameters) error {
	s := t.policySession(c, 0)
	if s.checkNVWritten && s.nvWritten != p.writtenSet {
		return wire.RCValue.Parameter(1)
	}
	var w wire.Writer
	w.YesNo(p.writtenSet)
	s.extend(wire.CCPolicyNVWritten, w.Bytes())
	s.checkNVWritten, s.nvWritten = true, p.writtenSet
	return nil
}

// policyCapability is TPM2_PolicyCapability (Part 3, 23.23).
//
// RCPolicy; parameter 1: RCSize; 2: RCValue (offset); 4: RCValue (capability); 5: RCHandle, RCValue (property).
func (t *TPM) policyCapability(c *call, p *policyCapabilityParameters) error {
	s := t.policySession(c, 0)
	if !s.trial {
		value, err := t.oneCapability(p.capability, p.property)
		if err != nil {
			return err
		}
		if err := capabilityCondition(value, p); err != nil {
			return err
		}
	}
	s.extend(wire.CCPolicyCapability, s.operandHash(p.operandB, p.offset, p.operation, uint32(p.capability), p.property))
	return nil
}

// capabilityCondition compares the value of a property; one that does not exist is only ever unequal.
func capabilityCondition(value []byte, p *policyCapabilityParameters) error {
	offset := int(p.offset)
	switch {
	case len(value) == 0:
		if p.operation != wire.EONeq {
			return wire.RCPolicy
		}
		return nil
	case offset > len(value):
		return wire.RCValue.Parameter(2)
	case len(value)-offset < len(p.operandB):
		return wire.RCSize.Parameter(1)
	case !conditionHolds(p.operation, value[offset:offset+len(p.operandB)], p.operandB):
		return wire.RCPolicy
	}
	return nil
}
