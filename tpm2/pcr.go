package tpm2

import (
	"bytes"

	"govtpm/tpm2/wire"
)

// savedPCR is the number of PCRs, from 0 on, that Shutdown(STATE) keeps.
const savedPCR = 16

// pcrBanks holds the PCRs: a slice of digests for each hash algorithm that has a bank (Part 1, 14). PCRs that are not
// allocated are there too, and zero.
type pcrBanks map[wire.Alg]*[implementationPCR][]byte

// pcrSave is what Shutdown(STATE) keeps of the PCRs: PCR 0 to 15 of each bank, back to back.
type pcrSave map[wire.Alg][]byte

// pcrAttributes are the properties of a PCR (Part 2, 6.14), which a platform specification sets.
type pcrAttributes struct {
	save        bool  // kept by TPM Resume
	noIncrement bool  // changes leave pcrUpdateCounter alone
	policyGroup uint8 // 1 + index of persistentData.pcrPolicies, 0 for none
	authGroup   uint8 // 1 + index of stateClearData.pcrAuth, 0 for none
	reset       uint8 // localities that may reset it, bit by bit
	extend      uint8 // localities that may extend it
}

// Localities as bits of pcrAttributes.reset and extend.
const (
	locality2     = 1 << 2
	locality4     = 1 << 4
	locality1To3  = 0x0E
	locality0To3  = 0x0F
	locality2To3  = 0x0C
	locality2To4  = 0x1C
	allLocalities = 0x1F
)

// attributesOfPCR are those of the PC Client platform, as libtpms has them: no PCR belongs to a group.
func attributesOfPCR(pcr int) pcrAttributes {
	switch {
	case pcr < savedPCR:
		return pcrAttributes{save: true, extend: allLocalities}
	case pcr == 17, pcr == 18:
		return pcrAttributes{reset: locality4, extend: locality2To4}
	case pcr == 19:
		return pcrAttributes{reset: locality4, extend: locality2To3}
	case pcr == 20:
		return pcrAttributes{reset: locality2To4, extend: locality1To3}
	case pcr == 21, pcr == 22:
		return pcrAttributes{noIncrement: true, reset: locality2To4, extend: locality2}
	}
	return pcrAttributes{noIncrement: true, reset: locality0To3, extend: allLocalities} // 16 and 23
}

// isDynamic reports whether a dynamic root of trust resets the PCR (Part 1, 31.2).
func (a pcrAttributes) isDynamic() bool { return a.reset&locality4 != 0 }

// pcrPowerOn brings the allocation that TPM2_PCR_Allocate asked for into force, and makes the banks.
func (t *TPM) pcrPowerOn() {
	t.persistent.pcrActive = cloneSelection(t.persistent.pcrAllocated)
	t.volatile.pcrs = newPCRBanks(t.profile)
}

// newPCRBanks makes the banks of a TPM, all zero.
func newPCRBanks(p *Profile) pcrBanks {
	banks := make(pcrBanks)
	for _, alg := range p.hashes() {
		bank := new([implementationPCR][]byte)
		for i := range bank {
			bank[i] = make([]byte, digestSize(alg))
		}
		banks[alg] = bank
	}
	return banks
}

// pcrStartup sets the PCRs at Startup (Part 3, 9.3). PCR 0 tells the locality of Startup, unless an H-CRTM sequence set it.
func (t *TPM) pcrStartup(kind startupKind, locality uint8) {
	t.volatile.pcrReconfigured = false
	if kind == startupReset {
		t.stateReset.pcrCounter = 0
	}
	for pcr := range implementationPCR {
		a := attributesOfPCR(pcr)
		restore := kind == startupResume && a.save
		if !restore {
			t.pcrChanged(wire.Handle(pcr))
		}
		if pcr == hcrtmPCR && kind != startupResume && t.volatile.preStartupHash {
			continue
		}
		for alg := range t.volatile.pcrs {
			v := t.pcrValue(alg, pcr)
			switch {
			case v == nil:
			case restore:
				t.restorePCR(alg, pcr, v)
			default:
				fill(v, startValue(a))
				if pcr == hcrtmPCR {
					v[len(v)-1] = locality
				}
			}
		}
	}
	if kind != startupResume {
		t.pcrClearAuth()
	}
}

// startValue is what every octet of a PCR is after TPM Reset and TPM Restart (Part 1, 14.1).
func startValue(a pcrAttributes) byte {
	if a.isDynamic() {
		return 0xFF
	}
	return 0
}

func fill(b []byte, v byte) {
	for i := range b {
		b[i] = v
	}
}

// pcrShutdown keeps the PCRs for TPM Resume.
func (t *TPM) pcrShutdown() {
	save := make(pcrSave)
	for alg, bank := range t.volatile.pcrs {
		save[alg] = bytes.Join(bank[:savedPCR], nil)
	}
	t.stateClear.pcrSave = save
}

// restorePCR puts the value that pcrShutdown kept into v.
func (t *TPM) restorePCR(alg wire.Alg, pcr int, v []byte) {
	if saved := t.stateClear.pcrSave[alg]; len(saved) == savedPCR*len(v) {
		copy(v, saved[pcr*len(v):])
	}
}

// pcrPrepareHCRTM sets PCR 0 to 00…04 before the measurement of an H-CRTM is extended (Part 1, 31.3).
func (t *TPM) pcrPrepareHCRTM() {
	for alg := range t.volatile.pcrs {
		if v := t.pcrValue(alg, hcrtmPCR); v != nil {
			fill(v, 0)
			v[len(v)-1] = 4
		}
	}
}

// pcrResetDynamic resets the PCRs of a dynamic root of trust (Part 1, 31.2).
func (t *TPM) pcrResetDynamic() {
	for pcr := range implementationPCR {
		if attributesOfPCR(pcr).isDynamic() {
			t.resetPCR(pcr)
		}
	}
}

// resetPCR sets a PCR to zero in every bank.
func (t *TPM) resetPCR(pcr int) {
	for alg := range t.volatile.pcrs {
		fill(t.pcrValue(alg, pcr), 0)
	}
}

// pcrValue is the value of a PCR, nil when the PCR is not allocated in the bank of alg.
func (t *TPM) pcrValue(alg wire.Alg, pcr int) []byte {
	bank := t.volatile.pcrs[alg]
	if bank == nil || !bankSelection(t.persistent.pcrActive, alg).Has(pcr) {
		return nil
	}
	return bank[pcr]
}

// pcrExtend extends a PCR in the bank of alg, if it is allocated there (Part 1, 14.2).
func (t *TPM) pcrExtend(h wire.Handle, alg wire.Alg, digest []byte) {
	v := t.pcrValue(alg, int(h))
	if v == nil {
		return
	}
	copy(v, hashOf(alg, v, digest))
	t.pcrChanged(h)
}

// pcrStateSaved reports whether Shutdown(STATE) saves the PCR, so that a change takes the shutdown back.
func (t *TPM) pcrStateSaved(h wire.Handle) bool { return attributesOfPCR(int(h)).save }

// pcrChanged counts a change of a PCR (Part 1, 14.9); h = 0 also stands for changes of more than one PCR.
func (t *TPM) pcrChanged(h wire.Handle) {
	if attributesOfPCR(int(h)).noIncrement {
		return
	}
	t.stateReset.pcrCounter++
	if t.stateReset.pcrCounter == 0 {
		t.fail(internalf("pcrUpdateCounter is exhausted"))
	}
}

// pcrExtendAllowed reports whether the locality of the command may extend the PCR.
func (t *TPM) pcrExtendAllowed(h wire.Handle) bool {
	return attributesOfPCR(int(h)).extend>>t.volatile.locality&1 != 0
}

// pcrResetAllowed reports whether the locality of the command may reset the PCR. Locality 4 resets by a DRTM sequence alone.
func (t *TPM) pcrResetAllowed(h wire.Handle) bool {
	return t.volatile.locality != 4 && attributesOfPCR(int(h)).reset>>t.volatile.locality&1 != 0
}

// pcrAuthValue is the authValue of a PCR, nil outside the groups that have one.
func (t *TPM) pcrAuthValue(h wire.Handle) []byte {
	if g := attributesOfPCR(int(h)).authGroup; g != 0 {
		return t.stateClear.pcrAuth[g-1]
	}
	return nil
}

// pcrPolicy is the policy of a PCR, AlgNull without.
func (t *TPM) pcrPolicy(h wire.Handle) policy {
	if g := attributesOfPCR(int(h)).policyGroup; g != 0 {
		return t.persistent.pcrPolicies[g-1]
	}
	return policy{alg: wire.AlgNull}
}

// pcrHasPolicyGroup reports whether the PCR is in a group that may have a policy.
func (t *TPM) pcrHasPolicyGroup(h wire.Handle) bool { return attributesOfPCR(int(h)).policyGroup != 0 }

// pcrClearAuth empties the authValues of PCRs.
func (t *TPM) pcrClearAuth() { clear(t.stateClear.pcrAuth[:]) }
