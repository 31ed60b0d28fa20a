package tpm2

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"govtpm/internal/crypto/drbg"
	"govtpm/tpm2/wire"
)

// Options says how a new TPM is made.
type Options struct {
	// Profile is what the TPM offers; nil is the null profile.
	Profile *Profile
	// Seeds are the secrets the TPM starts with; nil takes them from Environment.Entropy. For tests and for derivations that
	// have to be repeated: who knows the seeds knows every primary key.
	Seeds *Seeds
}

// Seeds are the primary seeds and proofs of a TPM, 64 bytes each (Part 1, 11.4 and 11.5).
type Seeds struct {
	Endorsement, Storage, Platform                []byte
	EndorsementProof, StorageProof, PlatformProof []byte
}

// Manufacture makes a new TPM. It is powered off: call Init. Its state is not saved before that.
func Manufacture(env Environment, o Options) (*TPM, error) {
	if o.Profile == nil {
		o.Profile = NullProfile()
	}
	t, err := newTPM(env, o.Profile)
	if err != nil {
		return nil, err
	}
	g, err := drbg.Instantiate(env.Entropy, nil)
	if err != nil {
		return nil, fmt.Errorf("seeding the generator: %w", err)
	}
	t.orderly.drbg = g.State()
	if o.Seeds == nil {
		if o.Seeds, err = newSeeds(g); err != nil {
			return nil, err
		}
	}
	t.manufacture(o.Seeds)
	t.orderly.drbg = g.State()
	t.saved.orderly = t.orderly
	t.volatile.permanentDirty = true
	return t, nil
}

// newTPM checks the environment and makes a TPM without data.
func newTPM(env Environment, p *Profile) (*TPM, error) {
	if env.Entropy == nil || env.Clock == nil || env.Storage == nil {
		return nil, errors.New("tpm2: the environment lacks entropy, clock or storage")
	}
	t := &TPM{env: env, profile: p, limits: p.limits, commands: p.enabled}
	t.nv.indexes = make(map[wire.Handle]*nvIndex)
	t.nv.persistent = make(map[wire.Handle]*object)
	return t, nil
}

// newSeeds draws the secrets of a new TPM.
func newSeeds(random io.Reader) (*Seeds, error) {
	s := new(Seeds)
	for _, b := range []*[]byte{&s.Endorsement, &s.Storage, &s.Platform, &s.PlatformProof, &s.StorageProof, &s.EndorsementProof} {
		*b = make([]byte, primarySeedSize)
		if _, err := io.ReadFull(random, *b); err != nil {
			return nil, fmt.Errorf("drawing seeds: %w", err)
		}
	}
	return s, nil
}

// manufacture sets the values of a TPM as it leaves the factory.
func (t *TPM) manufacture(s *Seeds) {
	p := &t.persistent
	none := policy{alg: wire.AlgNull}
	p.ownerPolicy, p.endorsementPolicy, p.lockoutPolicy = none, none, none
	p.epSeed = seed{bytes.Clone(s.Endorsement), currentSeedCompat}
	p.spSeed = seed{bytes.Clone(s.Storage), currentSeedCompat}
	p.ppSeed = seed{bytes.Clone(s.Platform), currentSeedCompat}
	p.ehProof, p.shProof, p.phProof = bytes.Clone(s.EndorsementProof), bytes.Clone(s.StorageProof), bytes.Clone(s.PlatformProof)
	for i := range p.pcrPolicies {
		p.pcrPolicies[i] = none
	}
	p.pcrAllocated = t.profile.allPCRs()
	p.pcrActive = t.profile.allPCRs()
	p.ppList.set(wire.CCPPCommands, true)
	p.auditCommands.set(wire.CCSetCommandCodeAuditStatus, true)
	p.auditHashAlg = contextHashAlg
	p.orderlyState = orderlyClear
	t.resetLockoutParameters()
	t.orderly.clockSafe = true
	t.stateClear.platformPolicy = none
	t.stateClear.countdowns, t.saved.stateClear.countdowns = t.idleCountdowns(), t.idleCountdowns()
	t.stateReset.contextSlotMask = 0xFFFF
	t.saved.stateClear.platformPolicy = none
	t.saved.stateReset.contextSlotMask = 0xFFFF
}

// Init is the _TPM_Init signal (Part 1, 9.2.2; Part 3, 9.2): power comes on. Everything volatile is lost, failure mode is left, and
// nothing but TPM2_Startup is accepted. What NV holds of data that runs ahead in RAM comes back. A TPM that failed goes on with the
// state that was saved last, for what a fault left in memory is not to be trusted; if that cannot be loaded, it remains in failure mode.
func (t *TPM) Init() error {
	if t.volatile.failure != nil {
		if err := t.revert(); err != nil {
			return fmt.Errorf("tpm2: leaving failure mode: %w", err)
		}
	}
	t.forgetRAM()
	dirty := t.volatile.permanentDirty
	t.wipeObjects()
	t.volatile.sessions.wipe()
	t.volatile = volatileData{on: true, exclusiveAudit: wire.RHUnassigned, drtmSequence: wire.RHUnassigned, permanentDirty: dirty}
	t.volatile.time.last = t.env.Clock.Monotonic()
	t.volatile.time.timerReset = true
	t.orderly = t.saved.orderly
	t.persistent.firmwareV1, t.persistent.firmwareV2 = firmwareV1, firmwareV2
	t.volatile.rand = t.generator(t.orderly.drbg)
	t.saved.pcrActive = t.persistent.pcrActive
	t.pcrPowerOn()
	t.nvPowerOn()
	t.settle()
	return t.Failure()
}

// revert makes the TPM the one of the state saved last.
func (t *TPM) revert() error {
	state, err := t.env.Storage.LoadPermanent()
	if err != nil || state == nil { // with nothing saved no command ever ran
		return err
	}
	defer clear(state)
	saved, err := load(t.env, state)
	if err != nil {
		return err
	}
	saved.bufferSize = t.bufferSize
	t.Wipe()
	*t = *saved
	return nil
}

// forgetRAM is what the loss of power does to the data that Shutdown(STATE) saves a copy of.
func (t *TPM) forgetRAM() {
	clear(t.stateReset.nullProof)
	clear(t.stateReset.nullSeed.value)
	clear(t.stateReset.commitNonce)
	clear(t.stateClear.platformAuth)
	for _, auth := range t.stateClear.pcrAuth {
		clear(auth)
	}
	t.stateReset = stateResetData{contextSlotMask: t.stateReset.contextSlotMask}
	t.stateClear = stateClearData{platformPolicy: policy{alg: wire.AlgNull}, countdowns: t.idleCountdowns()}
}

// generator goes on from a state.
func (t *TPM) generator(s drbg.State) *drbg.DRBG {
	d := drbg.Restore(s, t.env.Entropy)
	d.SetContinuousTest(t.profile.demands(continuousDRBGTest))
	return d
}

// startGenerator mixes fresh entropy into the generator (Part 1, 8.4.11).
func (t *TPM) startGenerator() error {
	if err := t.volatile.rand.Reseed(nil); err != nil {
		return internalf("seeding the generator: %w", err)
	}
	return nil
}
