package tpm2

import (
	"bytes"

	"govtpm/tpm2/wire"
)

// pcrAllocate is TPM2_PCR_Allocate (Part 3, 22.5): the allocation comes into force at the next power cycle. Banks that the command
// does not name keep what they have, and of a bank named twice the last counts.
//
// RCPCR: no bank would have the PCR of the H-CRTM or that of the DRTM.
func (t *TPM) pcrAllocate(c *call, p *pcrAllocateParameters) error {
	next := cloneSelection(t.persistent.pcrActive)
	for _, s := range p.pcrAllocation {
		bank := bankSelection(next, s.Hash)
		if bank == nil {
			return wire.RCPCR
		}
		fill(bank, 0)
		copy(bank, s.Select)
	}
	needed, available := 0, 0
	var hcrtm, drtm bool
	for _, s := range next {
		size := digestSize(s.Hash)
		available += implementationPCR * size
		for pcr := range implementationPCR {
			if s.Select.Has(pcr) {
				needed += size
			}
		}
		hcrtm = hcrtm || s.Select.Has(hcrtmPCR)
		drtm = drtm || s.Select.Has(drtmPCR)
	}
	if !hcrtm || !drtm {
		return wire.RCPCR
	}
	// The PCRs that Shutdown(STATE) saved are those of the old allocation (Part 3, 22.5.1); Shutdown(CLEAR) saved none.
	if t.persistent.orderlyState&^(orderlyFlagLocality|orderlyFlagHCRTM) == orderlyState {
		t.clearOrderly()
	}
	t.persistent.pcrAllocated = next
	t.volatile.pcrReconfigured = true
	t.markPermanent()
	c.out.Uint8(1) // allocationSuccess
	c.out.Uint32(implementationPCR)
	c.out.Uint32(uint32(needed))
	c.out.Uint32(uint32(available))
	return nil
}

// pcrSetAuthPolicy is TPM2_PCR_SetAuthPolicy (Part 3, 22.6). RCSize parameter 1: the size is not that of hashAlg; RCValue parameter 3:
// the PCR is in no group that may have a policy.
func (t *TPM) pcrSetAuthPolicy(_ *call, p *pcrSetAuthPolicyParameters) error {
	if len(p.authPolicy) != digestSize(p.hashAlg) {
		return wire.RCSize.Parameter(1)
	}
	g := attributesOfPCR(int(p.pcrNum)).policyGroup
	if g == 0 {
		return wire.RCValue.Parameter(3)
	}
	t.persistent.pcrPolicies[g-1] = policy{p.hashAlg, bytes.Clone(p.authPolicy)}
	t.markPermanent()
	return nil
}

// pcrSetAuthValue is TPM2_PCR_SetAuthValue (Part 3, 22.7). RCValue, without position as libtpms does: the PCR is in no group that has an
// authValue.
func (t *TPM) pcrSetAuthValue(c *call, p *pcrSetAuthValueParameters) error {
	g := attributesOfPCR(int(c.handles[0])).authGroup
	if g == 0 {
		return wire.RCValue
	}
	t.clearOrderly()
	t.stateClear.pcrAuth[g-1] = bytes.Clone(trimZeros(p.auth))
	return nil
}
