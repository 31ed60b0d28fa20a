package tpm2

import (
	"bytes"

	"govtpm/tpm2/wire"
)

// maxPCRRead is the number of digests that fit into TPML_DIGEST (Part 2, 10.8.5).
const maxPCRRead = 8

// pcrExtendCommand is TPM2_PCR_Extend (Part 3, 22.2). RCLocality: the locality may not extend the PCR.
func (t *TPM) pcrExtendCommand(c *call, p *pcrExtendParameters) error {
	h := c.handles[0]
	if h == wire.RHNull {
		return nil
	}
	if !t.pcrExtendAllowed(h) {
		return wire.RCLocality
	}
	if t.pcrStateSaved(h) {
		t.clearOrderly()
	}
	for i := range p.digests {
		t.pcrExtend(h, p.digests[i].HashAlg, p.digests[i].Digest)
	}
	return nil
}

// pcrEvent is TPM2_PCR_Event (Part 3, 22.3): it returns the digest of every bank, allocated or not.
// RCLocality: the locality may not extend the PCR.
func (t *TPM) pcrEvent(c *call, p *pcrEventParameters) error {
	h := c.handles[0]
	if h != wire.RHNull {
		if !t.pcrExtendAllowed(h) {
			return wire.RCLocality
		}
		if t.pcrStateSaved(h) {
			t.clearOrderly()
		}
	}
	var digests wire.TPMLDigestValues
	for _, alg := range t.profile.hashes() {
		digest := hashOf(alg, p.eventData)
		digests = append(digests, wire.TPMTHA{HashAlg: alg, Digest: digest})
		if h != wire.RHNull {
			t.pcrExtend(h, alg, digest)
		}
	}
	digests.Marshal(&c.out)
	return nil
}

// pcrRead is TPM2_PCR_Read (Part 3, 22.4): the selection that is returned names the PCRs whose values are returned.
func (t *TPM) pcrRead(c *call, p *pcrReadParameters) error {
	t.filterPCR(&p.pcrSelectionIn)
	var values wire.TPMLDigest
	for _, s := range p.pcrSelectionIn {
		for pcr := range implementationPCR {
			switch {
			case !s.Select.Has(pcr):
			case len(values) < maxPCRRead:
				values = append(values, bytes.Clone(t.pcrValue(s.Hash, pcr)))
			default:
				s.Select.Clear(pcr)
			}
		}
	}
	c.out.Uint32(t.stateReset.pcrCounter)
	p.pcrSelectionIn.Marshal(&c.out)
	values.Marshal(&c.out)
	return nil
}

// pcrReset is TPM2_PCR_Reset (Part 3, 22.8). RCLocality: the locality may not reset the PCR.
func (t *TPM) pcrReset(c *call) error {
	h := c.handles[0]
	if !t.pcrResetAllowed(h) {
		return wire.RCLocality
	}
	if t.pcrStateSaved(h) {
		t.clearOrderly()
	}
	t.resetPCR(int(h))
	t.pcrChanged(h)
	return nil
}
