package tpm2

import (
	"bytes"
	"maps"
	"slices"

	"govtpm/internal/crypto/drbg"
	"govtpm/tpm2/wire"
)

// Sizes and counts that clients can observe; as libtpms has them. Those that a profile may change are in Profile.
const (
	maxLoadedObjects  = 3    // MAX_LOADED_OBJECTS
	maxLoadedSessions = 3    // MAX_LOADED_SESSIONS
	maxActiveSessions = 64   // MAX_ACTIVE_SESSIONS
	maxSessionNum     = 3    // sessions in one command
	maxHandleNum      = 3    // handles in one command
	primarySeedSize   = 64   // PRIMARY_SEED_SIZE
	proofSize         = 64   // PROOF_SIZE
	implementationPCR = 24   // IMPLEMENTATION_PCR
	maxCommandSize    = 4096 // MAX_COMMAND_SIZE and MAX_RESPONSE_SIZE
	maxContextSize    = 2680 // MAX_CONTEXT_SIZE
	contextHashAlg    = wire.AlgSHA512
	contextKeyBits    = 256 // AES-256-CFB protects saved contexts
)

// Values of persistentData.orderlyState: how the last power cycle ended.
const (
	orderlyClear        = 0x0000 // Shutdown(CLEAR) and nothing changed since
	orderlyState        = 0x0001 // Shutdown(STATE)
	orderlyNone         = 0xFFFF // no orderly shutdown
	orderlyNoneDAUsed   = 0xFFFE // none, and a DA-protected object was used
	orderlyFlagLocality = 0x4000 // the startup before came from locality 3
	orderlyFlagHCRTM    = 0x8000 // the startup before followed an H-CRTM sequence
)

// A policy is an authorization policy of an entity: Alg is AlgNull when there is none.
type policy struct {
	alg    wire.Alg
	digest []byte
}

// A seed is a primary seed with the level of the derivation that belongs to it: 0 keeps the keys of seeds made by
// libtpms before 0.8, 1 is the present one.
type seed struct {
	value  []byte
	compat uint8
}

// currentSeedCompat is the level of the derivation for new seeds.
const currentSeedCompat = 1

// persistentData stays until a command changes it.
type persistentData struct {
	disableClear                            bool
	ownerPolicy, endorsementPolicy          policy
	lockoutPolicy                           policy
	ownerAuth, endorsementAuth, lockoutAuth []byte
	epSeed, spSeed, ppSeed                  seed
	phProof, shProof, ehProof               []byte
	totalResetCount                         uint64
	resetCount                              uint32
	pcrPolicies                             [1]policy // one group of PCRs with a policy
	pcrAllocated                            wire.TPMLPCRSelection
	ppList                                  commandSet // commands that need physical presence
	failedTries, maxTries                   uint32
	recoveryTime, lockoutRecovery           uint32 // seconds
	lockoutAuthEnabled                      bool
	orderlyState                            uint16
	auditCommands                           commandSet
	auditHashAlg                            wire.Alg
	auditCounter                            uint64
	algorithmSet                            uint32
	firmwareV1, firmwareV2                  uint32
	timeEpoch                               uint32
	pcrActive                               wire.TPMLPCRSelection // allocation in force; pcrAllocated comes into force at the next TPM Reset
}

// orderlyData is kept over an orderly shutdown (ORDERLY_DATA).
type orderlyData struct {
	clock         uint64 // ms
	clockSafe     bool
	drbg          drbg.State
	selfHealTimer uint64 // ms of Time; wraps below zero as libtpms lets it
	lockoutTimer  uint64
	time          uint64 // Time at the last shutdown, ms
}

// stateResetData is kept until TPM Reset (STATE_RESET_DATA).
type stateResetData struct {
	nullProof          []byte
	nullSeed           seed
	clearCount         uint32
	objectContextID    uint64
	contextArray       [maxActiveSessions]uint16
	contextSlotMask    uint16
	contextCounter     uint64
	commandAuditDigest []byte // empty until an audited command runs
	restartCount       uint32
	pcrCounter         uint32
	commitCounter      uint64
	commitNonce        []byte
	commitArray        [16]byte
}

// stateClearData is kept until TPM Reset or TPM Restart (STATE_CLEAR_DATA).
type stateClearData struct {
	shEnable, ehEnable, phEnableNV bool
	platformPolicy                 policy
	platformAuth                   []byte
	pcrSave                        pcrSave
	pcrAuth                        [1][]byte // one group of PCRs with an authValue
	readOnly                       bool
	countdowns                     []countdown // none without TPM2_ACT_SetTimeout
}

// savedData is what NV holds of data that runs ahead in RAM.
type savedData struct {
	orderly    orderlyData
	stateReset stateResetData // meaningful after Shutdown(STATE)
	stateClear stateClearData
	pcrActive  wire.TPMLPCRSelection // allocation in force before _TPM_Init: that of a volatile state to be restored
}

// A commandSet is a set of command codes from firstCommand on.
type commandSet [3]uint64

func (s *commandSet) has(cc wire.CC) bool {
	i := uint32(cc) - firstCommand
	return i < uint32(len(s)*64) && s[i/64]>>(i%64)&1 != 0
}

func (s *commandSet) set(cc wire.CC, on bool) {
	i := uint32(cc) - firstCommand
	if i >= uint32(len(s)*64) {
		return
	}
	if on {
		s[i/64] |= 1 << (i % 64)
	} else {
		s[i/64] &^= 1 << (i % 64)
	}
}

// clone copies the data so that the copy stays as it is while the TPM runs on.
func (d stateResetData) clone() stateResetData {
	d.nullProof = bytes.Clone(d.nullProof)
	d.nullSeed.value = bytes.Clone(d.nullSeed.value)
	d.commandAuditDigest = bytes.Clone(d.commandAuditDigest)
	d.commitNonce = bytes.Clone(d.commitNonce)
	return d
}

// clone copies the data so that the copy stays as it is while the TPM runs on.
func (d stateClearData) clone() stateClearData {
	d.platformPolicy.digest = bytes.Clone(d.platformPolicy.digest)
	d.platformAuth = bytes.Clone(d.platformAuth)
	d.pcrSave = maps.Clone(d.pcrSave)
	for i := range d.pcrAuth {
		d.pcrAuth[i] = bytes.Clone(d.pcrAuth[i])
	}
	d.countdowns = slices.Clone(d.countdowns)
	for i := range d.countdowns {
		p := &d.countdowns[i].policy
		p.digest = bytes.Clone(p.digest)
	}
	return d
}
