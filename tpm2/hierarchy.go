package tpm2

import (
	"bytes"

	"govtpm/tpm2/wire"
)

// hierarchyEnabled reports whether the hierarchy may be used (Part 1, 10.2).
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

// proof is the secret of a hierarchy that makes its tickets and contexts (Part 1, 11.5); that of the NULL
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

// primarySeed is the seed of a hierarchy (Part 1, 11.4).
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

// hierarchyControl is TPM2_HierarchyControl (Part 3, 24.2). RCAuthType: the authorization does not go with what is to be changed.
func (t *TPM) hierarchyControl(c *call, p *hierarchyControlParameters) error {
	auth := c.handles[0]
	var enable *bool
	switch p.enable {
	case wire.RHPlatform:
		enable = &t.volatile.phEnable
	case wire.RHPlatformNV:
		enable = &t.stateClear.phEnableNV
	case wire.RHOwner:
		enable = &t.stateClear.shEnable
	case wire.RHEndorsement:
		enable = &t.stateClear.ehEnable
	}
	// A hierarchy may give itself up, but only the platform brings it back.
	if auth != wire.RHPlatform && (auth != p.enable || !*enable && p.state) {
		return wire.RCAuthType
	}
	if *enable == p.state {
		return nil
	}
	t.clearOrderly()
	*enable = p.state
	if !p.state && p.enable != wire.RHPlatformNV {
		t.flushHierarchy(p.enable)
	}
	return nil
}

// flushHierarchy removes the loaded objects of a hierarchy.
func (t *TPM) flushHierarchy(h wire.Handle) {
	t.flushObjects(func(o *object) bool { return o.hierarchy == h && !o.isSequence() })
}

// setPrimaryPolicy is TPM2_SetPrimaryPolicy (Part 3, 24.3). RCSize parameter 1: the policy has not the size of its hash.
func (t *TPM) setPrimaryPolicy(c *call, p *setPrimaryPolicyParameters) error {
	if len(p.authPolicy) != digestSize(p.hashAlg) {
		return wire.RCSize.Parameter(1)
	}
	set := policy{alg: p.hashAlg, digest: p.authPolicy}
	switch c.handles[0] {
	case wire.RHOwner:
		t.persistent.ownerPolicy = set
	case wire.RHEndorsement:
		t.persistent.endorsementPolicy = set
	case wire.RHLockout:
		t.persistent.lockoutPolicy = set
	case wire.RHPlatform:
		t.clearOrderly()
		t.stateClear.platformPolicy = set
		return nil
	default:
		t.clearOrderly()
		t.countdown(c.handles[0]).policy = set
		return nil
	}
	t.markPermanent()
	return nil
}

// secrets draws n new secrets of the size of seeds and proofs.
func (t *TPM) secrets(n int) ([][]byte, error) {
	s := make([][]byte, n)
	for i := range s {
		s[i] = make([]byte, primarySeedSize)
		if err := t.random(s[i]); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// changePPS is TPM2_ChangePPS (Part 3, 24.4).
func (t *TPM) changePPS(*call) error {
	s, err := t.secrets(2)
	if err != nil {
		return err
	}
	p := &t.persistent
	t.clearOrderly()
	p.ppSeed.renew(s[0])
	renew(&p.phProof, s[1])
	t.stateClear.platformPolicy = policy{alg: wire.AlgNull}
	for i := range p.pcrPolicies {
		p.pcrPolicies[i] = policy{alg: wire.AlgNull}
	}
	t.dropHierarchy(wire.RHPlatform)
	t.markPermanent()
	return nil
}

// changeEPS is TPM2_ChangeEPS (Part 3, 24.5).
func (t *TPM) changeEPS(*call) error {
	s, err := t.secrets(2)
	if err != nil {
		return err
	}
	p := &t.persistent
	t.clearOrderly()
	p.epSeed.renew(s[0])
	renew(&p.ehProof, s[1])
	t.stateClear.ehEnable = true
	renew(&p.endorsementAuth, nil)
	p.endorsementPolicy = policy{alg: wire.AlgNull}
	t.dropHierarchy(wire.RHEndorsement)
	t.markPermanent()
	return nil
}

// dropHierarchy removes what a hierarchy has in the TPM: loaded and persistent objects, remembered primaries, and for the
// owner its NV indexes.
func (t *TPM) dropHierarchy(h wire.Handle) {
	t.flushHierarchy(h)
	t.nvFlushHierarchy(h)
	t.forgetPrimaries(h)
}

// clear is TPM2_Clear (Part 3, 24.6). RCDisabled: TPM2_ClearControl forbids it.
func (t *TPM) clear(*call) error {
	p := &t.persistent
	if p.disableClear {
		return wire.RCDisabled
	}
	s, err := t.secrets(3)
	if err != nil {
		return err
	}
	t.clearOrderly()
	p.spSeed.renew(s[0])
	renew(&p.shProof, s[1])
	renew(&p.ehProof, s[2])
	t.stateClear.shEnable, t.stateClear.ehEnable = true, true
	for _, auth := range []*[]byte{&p.ownerAuth, &p.endorsementAuth, &p.lockoutAuth} {
		renew(auth, nil)
	}
	none := policy{alg: wire.AlgNull}
	p.ownerPolicy, p.endorsementPolicy, p.lockoutPolicy = none, none, none
	t.dropHierarchy(wire.RHOwner)
	t.dropHierarchy(wire.RHEndorsement)
	t.resetLockoutParameters()
	t.orderly.clock, t.orderly.clockSafe = 0, true
	t.saveOrderly()
	p.resetCount, t.stateReset.restartCount, t.stateReset.clearCount = 0, 0, 0
	p.auditCounter = 0
	t.pcrClearAuth()
	t.pcrChanged(0)
	t.markPermanent()
	return nil
}

// clearControl is TPM2_ClearControl (Part 3, 24.7). RCAuthFail: lockoutAuth may not enable TPM2_Clear.
func (t *TPM) clearControl(c *call, p *clearControlParameters) error {
	if c.handles[0] == wire.RHLockout && !p.disable {
		return wire.RCAuthFail
	}
	t.persistent.disableClear = p.disable
	t.markPermanent()
	return nil
}

// hierarchyChangeAuth is TPM2_HierarchyChangeAuth (Part 3, 24.8). RCSize parameter 1: longer than the largest digest.
func (t *TPM) hierarchyChangeAuth(c *call, p *hierarchyChangeAuthParameters) error {
	auth := bytes.Clone(trimZeros(p.newAuth))
	if len(auth) > digestSize(contextHashAlg) {
		return wire.RCSize.Parameter(1)
	}
	switch c.handles[0] {
	case wire.RHOwner:
		renew(&t.persistent.ownerAuth, auth)
	case wire.RHEndorsement:
		renew(&t.persistent.endorsementAuth, auth)
	case wire.RHLockout:
		renew(&t.persistent.lockoutAuth, auth)
	case wire.RHPlatform:
		t.clearOrderly()
		renew(&t.stateClear.platformAuth, auth)
		return nil
	}
	t.markPermanent()
	return nil
}
