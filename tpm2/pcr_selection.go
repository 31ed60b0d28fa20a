package tpm2

import (
	"bytes"

	"govtpm/tpm2/wire"
)

// bankSelection is the bit map of a bank, nil when the list has none for alg.
func bankSelection(list wire.TPMLPCRSelection, alg wire.Alg) wire.TPMSPCRSelect {
	for i := range list {
		if list[i].Hash == alg {
			return list[i].Select
		}
	}
	return nil
}

// cloneSelection copies a list so that its bit maps can be changed.
func cloneSelection(list wire.TPMLPCRSelection) wire.TPMLPCRSelection {
	c := make(wire.TPMLPCRSelection, len(list))
	for i := range list {
		c[i].Hash = list[i].Hash
		c[i].Select = bytes.Clone(list[i].Select)
	}
	return c
}

// filterPCR clears the bits of PCRs that are not allocated.
func (t *TPM) filterPCR(sel *wire.TPMLPCRSelection) {
	for _, s := range *sel {
		allocated := bankSelection(t.persistent.pcrActive, s.Hash)
		for i := range s.Select {
			if i < len(allocated) {
				s.Select[i] &= allocated[i]
			} else {
				s.Select[i] = 0
			}
		}
	}
}

// pcrDigest is the digest of the selected PCRs that are allocated, in the order of Part 1, 14.5.
func (t *TPM) pcrDigest(alg wire.Alg, sel *wire.TPMLPCRSelection) []byte {
	h := newHash(alg)
	for _, s := range *sel {
		for pcr := range implementationPCR {
			if s.Select.Has(pcr) {
				h.Write(t.pcrValue(s.Hash, pcr))
			}
		}
	}
	return h.Sum(nil)
}
