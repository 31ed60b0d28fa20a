package tpm2

import (
	"bytes"
	"fmt"

	"govtpm/internal/crypto/drbg"
	"govtpm/tpm2/nvstate"
	"govtpm/tpm2/wire"
)

// The permanent state, as Environment.Storage gets it: in the format of libtpms, see package nvstate.

// PermanentState is all that the TPM keeps without power, as of now.
func (t *TPM) PermanentState() ([]byte, error) {
	p := nvstate.Permanent{
		Profile:    t.profile.stateText(),
		Data:       t.persistent.state(),
		Orderly:    t.saved.orderly.state(),
		OrderlyRAM: t.nv.savedRAM(),
	}
	if p.Data.OrderlyState.Saved() {
		reset, clear := t.saved.stateReset.state(), t.stateClearState(&t.saved.stateClear, false)
		p.StateReset, p.StateClear = &reset, &clear
	}
	var err error
	if p.NV, err = t.nv.state(); err != nil {
		return nil, internalf("permanent state: %w", err)
	}
	blob, err := p.EncodeAt(nvstate.Level(t.profile.StateFormatLevel()))
	if err != nil {
		return nil, internalf("permanent state: %w", err)
	}
	return blob, nil
}

// Load makes a TPM from its permanent state, which it or libtpms saved. It is powered off: call Init. Errors of the format are
// *nvstate.Error; state with which libtpms would start and then fail at some command is refused, unless the fault has an evident
// remedy. Nothing of permanent is kept: the caller may wipe it.
func Load(env Environment, permanent []byte) (*TPM, error) {
	t, err := load(env, permanent)
	if err != nil {
		return nil, fmt.Errorf("tpm2: loading the permanent state: %w", err)
	}
	return t, nil
}

func load(env Environment, permanent []byte) (loaded *TPM, err error) {
	p, err := nvstate.DecodePermanent(permanent)
	if err != nil {
		return nil, err
	}
	profile, err := loadProfile(p.Profile)
	if err != nil {
		return nil, err
	}
	t, err := newTPM(env, profile)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			t.Wipe()
		}
	}()
	if err := t.checkPersistent(&p.Data); err != nil {
		return nil, err
	}
	t.persistent = persistentOfState(&p.Data)
	if t.saved.orderly, err = t.orderlyOfState(&p.Orderly); err != nil {
		return nil, err
	}
	t.orderly = t.saved.orderly
	none := stateClearData{platformPolicy: policy{alg: wire.AlgNull}, countdowns: t.idleCountdowns()}
	t.stateClear, t.saved.stateClear = none, none.clone()
	t.stateReset.contextSlotMask, t.saved.stateReset.contextSlotMask = nvstate.SlotMask16, nvstate.SlotMask16
	if p.StateReset != nil && p.StateClear != nil {
		// libtpms loses the level of the null seed when it loads and saves such state.
		if d := &p.Data; d.EPSeedCompat&d.SPSeedCompat&d.PPSeedCompat == nvstate.SeedCompatRev155 {
			p.StateReset.NullSeedCompat = nvstate.SeedCompatRev155
		}
		t.saved.stateReset = stateResetOfState(p.StateReset)
		if t.saved.stateClear, err = t.stateClearOfState(p.StateClear); err != nil {
			return nil, err
		}
	}
	if err := t.loadNV(&p.NV, p.OrderlyRAM); err != nil {
		return nil, err
	}
	return t, nil
}

// state is the data as saved state holds them.
func (d *persistentData) state() nvstate.PersistentData {
	return nvstate.PersistentData{
		DisableClear: d.disableClear,
		OwnerAlg:     d.ownerPolicy.alg, OwnerPolicy: d.ownerPolicy.digest,
		EndorsementAlg: d.endorsementPolicy.alg, EndorsementPolicy: d.endorsementPolicy.digest,
		LockoutAlg: d.lockoutPolicy.alg, LockoutPolicy: d.lockoutPolicy.digest,
		OwnerAuth: d.ownerAuth, EndorsementAuth: d.endorsementAuth, LockoutAuth: d.lockoutAuth,
		EPSeed: d.epSeed.value, SPSeed: d.spSeed.value, PPSeed: d.ppSeed.value,
		EPSeedCompat: nvstate.SeedCompat(d.epSeed.compat), SPSeedCompat: nvstate.SeedCompat(d.spSeed.compat),
		PPSeedCompat: nvstate.SeedCompat(d.ppSeed.compat),
		PHProof:      d.phProof, SHProof: d.shProof, EHProof: d.ehProof,
		TotalResetCount: d.totalResetCount, ResetCount: d.resetCount,
		PCRPolicy:    nvstate.PCRPolicy{HashAlg: d.pcrPolicies[0].alg, Policy: d.pcrPolicies[0].digest},
		PCRAllocated: d.pcrAllocated, PCRActive: d.pcrActive,
		PPList:      stateOfCommands(d.ppList),
		FailedTries: d.failedTries, MaxTries: d.maxTries, RecoveryTime: d.recoveryTime, LockoutRecovery: d.lockoutRecovery,
		LockoutAuthEnabled: d.lockoutAuthEnabled,
		OrderlyState:       nvstate.OrderlyState(d.orderlyState),
		AuditCommands:      stateOfCommands(d.auditCommands), AuditHashAlg: d.auditHashAlg, AuditCounter: d.auditCounter,
		AlgorithmSet: d.algorithmSet,
		FirmwareV1:   d.firmwareV1, FirmwareV2: d.firmwareV2,
		TimeEpoch: d.timeEpoch,
	}
}

// persistentOfState is the reverse of state.
func persistentOfState(s *nvstate.PersistentData) persistentData {
	return persistentData{
		disableClear:      s.DisableClear,
		ownerPolicy:       policy{s.OwnerAlg, s.OwnerPolicy},
		endorsementPolicy: policy{s.EndorsementAlg, s.EndorsementPolicy},
		lockoutPolicy:     policy{s.LockoutAlg, s.LockoutPolicy},
		ownerAuth:         s.OwnerAuth, endorsementAuth: s.EndorsementAuth, lockoutAuth: s.LockoutAuth,
		epSeed:  seed{s.EPSeed, uint8(s.EPSeedCompat)},
		spSeed:  seed{s.SPSeed, uint8(s.SPSeedCompat)},
		ppSeed:  seed{s.PPSeed, uint8(s.PPSeedCompat)},
		phProof: s.PHProof, shProof: s.SHProof, ehProof: s.EHProof,
		totalResetCount: s.TotalResetCount, resetCount: s.ResetCount,
		pcrPolicies:  [1]policy{{s.PCRPolicy.HashAlg, s.PCRPolicy.Policy}},
		pcrAllocated: s.PCRAllocated, pcrActive: s.PCRActive,
		ppList:      commandsOfState(s.PPList),
		failedTries: s.FailedTries, maxTries: s.MaxTries, recoveryTime: s.RecoveryTime, lockoutRecovery: s.LockoutRecovery,
		lockoutAuthEnabled: s.LockoutAuthEnabled,
		orderlyState:       uint16(s.OrderlyState),
		auditCommands:      commandsOfState(s.AuditCommands), auditHashAlg: s.AuditHashAlg, auditCounter: s.AuditCounter,
		algorithmSet: s.AlgorithmSet,
		firmwareV1:   s.FirmwareV1, firmwareV2: s.FirmwareV2,
		timeEpoch: s.TimeEpoch,
	}
}

// checkPersistent refuses algorithms of policies and audit that the TPM does not have.
func (t *TPM) checkPersistent(s *nvstate.PersistentData) error {
	for _, alg := range [...]wire.Alg{s.OwnerAlg, s.EndorsementAlg, s.LockoutAlg, s.PCRPolicy.HashAlg} {
		if alg != wire.AlgNull && !t.hasHash(alg) {
			return persistentError(nvstate.ErrHash, fmt.Sprintf("a policy of algorithm 0x%04x", uint16(alg)))
		}
	}
	// Every TPM is made with the hash of contexts for its audit, whether or not its profile lets clients use it.
	if !t.hasHash(s.AuditHashAlg) && s.AuditHashAlg != contextHashAlg {
		return persistentError(nvstate.ErrHash, fmt.Sprintf("audit with algorithm 0x%04x", uint16(s.AuditHashAlg)))
	}
	return nil
}

func persistentError(kind nvstate.Kind, detail string) error {
	return &nvstate.Error{Kind: kind, Structure: "PERSISTENT_DATA", Detail: detail}
}

// state is the data as saved state holds them.
func (d *orderlyData) state() nvstate.OrderlyData {
	s := nvstate.OrderlyData{
		Clock: d.clock, ClockSafe: d.clockSafe, SelfHealTimer: d.selfHealTimer, LockoutTimer: d.lockoutTimer, Time: d.time,
		DRBG: nvstate.DRBG{ReseedCounter: d.drbg.ReseedCounter, Magic: nvstate.DRBGMagic, LastValue: d.drbg.LastValue},
	}
	copy(s.DRBG.V[:], d.drbg.Seed[copy(s.DRBG.Key[:], d.drbg.Seed[:]):])
	return s
}

// orderlyOfState is the reverse of state. A generator that was never instantiated is.
func (t *TPM) orderlyOfState(s *nvstate.OrderlyData) (orderlyData, error) {
	d := orderlyData{
		clock: s.Clock, clockSafe: s.ClockSafe, selfHealTimer: s.SelfHealTimer, lockoutTimer: s.LockoutTimer, time: s.Time,
		drbg: drbg.State{ReseedCounter: s.DRBG.ReseedCounter, LastValue: s.DRBG.LastValue},
	}
	if s.DRBG.Magic == nvstate.DRBGMagic {
		copy(d.drbg.Seed[copy(d.drbg.Seed[:], s.DRBG.Key[:]):], s.DRBG.V[:])
		return d, nil
	}
	g, err := drbg.Instantiate(t.env.Entropy, nil)
	if err != nil {
		return d, fmt.Errorf("seeding the generator: %w", err)
	}
	d.drbg = g.State()
	return d, nil
}

// state is the data as saved state holds them.
func (d *stateResetData) state() nvstate.StateReset {
	return nvstate.StateReset{
		NullProof: d.nullProof, NullSeed: d.nullSeed.value, NullSeedCompat: nvstate.SeedCompat(d.nullSeed.compat),
		ClearCount: d.clearCount, ObjectContextID: d.objectContextID,
		ContextArray: d.contextArray, ContextSlotMask: d.contextSlotMask, ContextCounter: d.contextCounter,
		CommandAuditDigest: d.commandAuditDigest, RestartCount: d.restartCount, PCRCounter: d.pcrCounter,
		CommitCounter: d.commitCounter, CommitNonce: d.commitNonce, CommitArray: d.commitArray,
	}
}

// stateResetOfState is the reverse of state. Numbers of contexts that mean loaded sessions are skipped, as libtpms never uses them.
func stateResetOfState(s *nvstate.StateReset) stateResetData {
	d := stateResetData{
		nullProof: s.NullProof, nullSeed: seed{s.NullSeed, uint8(s.NullSeedCompat)},
		clearCount: s.ClearCount, objectContextID: s.ObjectContextID,
		contextArray: s.ContextArray, contextSlotMask: s.ContextSlotMask, contextCounter: s.ContextCounter,
		commandAuditDigest: nonEmpty(s.CommandAuditDigest), restartCount: s.RestartCount, pcrCounter: s.PCRCounter,
		commitCounter: s.CommitCounter, commitNonce: s.CommitNonce, commitArray: s.CommitArray,
	}
	if low := uint16(d.contextCounter) & d.contextSlotMask; low <= maxLoadedSessions && len(s.NullProof) != 0 {
		d.contextCounter += maxLoadedSessions + 1 - uint64(low)
	}
	return d
}

// stateClearState is the data as saved state holds them; running tells whether the TPM goes on, or begins with a start-up.
func (t *TPM) stateClearState(d *stateClearData, running bool) nvstate.StateClear {
	return nvstate.StateClear{
		SHEnable: d.shEnable, EHEnable: d.ehEnable, PHEnableNV: d.phEnableNV,
		PlatformAlg: d.platformPolicy.alg, PlatformPolicy: d.platformPolicy.digest, PlatformAuth: d.platformAuth,
		PCRSave: d.pcrSave.state(), PCRAuth: d.pcrAuth[0],
		Extension: t.extensionState(d, running),
	}
}

// stateClearOfState is the reverse of state.
func (t *TPM) stateClearOfState(s *nvstate.StateClear) (stateClearData, error) {
	d := stateClearData{
		shEnable: s.SHEnable, ehEnable: s.EHEnable, phEnableNV: s.PHEnableNV,
		platformPolicy: policy{s.PlatformAlg, s.PlatformPolicy}, platformAuth: s.PlatformAuth,
		pcrSave: make(pcrSave), pcrAuth: [1][]byte{s.PCRAuth}, countdowns: t.idleCountdowns(),
	}
	if err := t.resumeExtension(&d, s.Extension); err != nil {
		return d, err
	}
	if s.PlatformAlg == wire.AlgError && len(s.PlatformPolicy) == 0 { // before the first Startup
		d.platformPolicy.alg = wire.AlgNull
	}
	for _, bank := range s.PCRSave {
		d.pcrSave[bank.Hash] = bytes.Join(bank.Values, nil)
	}
	if alg := d.platformPolicy.alg; alg != wire.AlgNull && !t.hasHash(alg) {
		return d, &nvstate.Error{Kind: nvstate.ErrHash, Structure: "STATE_CLEAR_DATA", Detail: fmt.Sprintf("a policy of algorithm 0x%04x", uint16(alg))}
	}
	return d, nil
}

// state is the saved PCRs as saved state holds them: every bank of the format, of zeros where there is none.
func (p pcrSave) state() []nvstate.PCRBank {
	var banks []nvstate.PCRBank
	for _, alg := range storedHashes {
		size := digestSize(alg)
		bank := nvstate.PCRBank{Hash: alg, Values: make([][]byte, nvstate.NumPCRSaved)}
		values := p[alg]
		if len(values) != size*nvstate.NumPCRSaved {
			values = make([]byte, size*nvstate.NumPCRSaved)
		}
		for i := range bank.Values {
			bank.Values[i] = values[i*size : (i+1)*size]
		}
		banks = append(banks, bank)
	}
	return banks
}
