package tpm2

import "govtpm/tpm2/wire"

// pcrBanks holds the PCRs: a slice of digests for each hash algorithm that has a bank (Part 1, 13).
type pcrBanks map[wire.Alg]*[implementationPCR][]byte

// pcrSave is what Shutdown(STATE) keeps of the PCRs: PCR 0 to 15 of each bank, back to back.
type pcrSave map[wire.Alg][]byte

// pcrAuthValue is the authValue of a PCR, nil outside the group that has one.
func (t *TPM) pcrAuthValue(h wire.Handle) []byte { return nil }

// pcrPolicy is the policy of a PCR, AlgNull without.
func (t *TPM) pcrPolicy(h wire.Handle) policy { return policy{alg: wire.AlgNull} }

// pcrHasPolicyGroup reports whether the PCR is in a group that may have a policy.
func (t *TPM) pcrHasPolicyGroup(h wire.Handle) bool { return false }
