package tpm2

import "govtpm/tpm2/wire"

// hierarchyEnabled reports whether the hierarchy may be used (Part 1, 12.3).
func (t *TPM) hierarchyEnabled(h wire.Handle) bool {
	switch h {
	case wire.RHOwner:
		return t.stateClear.shEnable
	case wire.RHEndorsement:
		return t.stateClear.ehEnable
	case wire.RHPlatform:
		return t.volatile.phEnable
	}
	return h == wire.RHNull
}

// proof is the secret of a hierarchy that makes its tickets and contexts (Part 1, 12.3.2); that of the NULL
// hierarchy for any other handle.
func (t *TPM) proof(h wire.Handle) []byte {
	switch h {
	case wire.RHOwner:
		return t.persistent.shProof
	case wire.RHEndorsement:
		return t.persistent.ehProof
	case wire.RHPlatform:
		return t.persistent.phProof
	}
	return t.stateReset.nullProof
}

// primarySeed is the seed of a hierarchy (Part 1, 12.3.2).
func (t *TPM) primarySeed(h wire.Handle) *seed {
	switch h {
	case wire.RHOwner:
		return &t.persistent.spSeed
	case wire.RHEndorsement:
		return &t.persistent.epSeed
	case wire.RHPlatform:
		return &t.persistent.ppSeed
	}
	return &t.stateReset.nullSeed
}
