// Package tpm2 is a TPM 2.0 engine: the commands of Part 3 of the TPM 2.0 Library over the structures of Part 2,
// as a Go value.
//
// A TPM is made by Manufacture or Load, powered on by Init (the _TPM_Init signal), and then runs commands with
// Execute. Randomness, time, physical presence and storage come in through Environment; the engine opens no file,
// reads no clock and keeps no package-level state, so any number of TPMs live in one process.
//
// The way of a command through the engine is the script in dispatch.go; the commands themselves are rows of the
// tables in commands_*.go, one file per chapter of Part 3.
package tpm2

import (
	"io"
	"time"

	"govtpm/internal/crypto/drbg"
	"govtpm/tpm2/wire"
)

// Environment is what a TPM needs from outside. Entropy, Clock and Storage are required.
type Environment struct {
	// Entropy seeds the TPM's generator at manufacture and at each Startup.
	Entropy io.Reader
	// Clock is the source of time (Part 1, 33).
	Clock Clock
	// Storage makes the permanent state durable.
	Storage Storage
	// PhysicalPresence reports whether presence is asserted (Part 1, 16.3); nil means never.
	PhysicalPresence func() bool
	// Countdown is told the number of a countdown timer that expires, 0 to 15 (Part 1, 40.2); nil means nobody is. It must not call the TPM.
	Countdown func(timer int)
	// Components are the attached components by their handles, from wire.ACFirst on (Part 1, 39); nil means there is none.
	Components map[wire.Handle]Component
	// ChannelKeys are the keys by which the TPM is known to the other end of secure channels, from TPM_PUB_KEY_TPM_SPDM_00 on (Part 2, 6.16).
	ChannelKeys []wire.TPMTPublic
}

// Clock tells time to a TPM.
type Clock interface {
	// Monotonic is the time since an arbitrary start; it never goes back and stands still while the host sleeps or not,
	// as the host pleases.
	Monotonic() time.Duration
	// Wall is the time of day; it is only stored in volatile state, so that time spent between save and restore counts.
	Wall() time.Time
}

// Storage keeps the permanent state of one TPM.
type Storage interface {
	// SavePermanent returns when the state is durable. On error the TPM goes into failure mode. The bytes stay the TPM's, which wipes them.
	SavePermanent(state []byte) error
	// LoadPermanent returns the state saved last, nil if none ever was: what a TPM that failed goes on with. It is the TPM's then, which wipes it.
	LoadPermanent() ([]byte, error)
}

// A TPM is one TPM 2.0. It is not safe for concurrent use.
type TPM struct {
	env     Environment
	profile *Profile
	limits  *wire.Limits
	// commands holds the enabled commands, indexed by code - firstCommand; nil where there is none.
	commands []*command

	bufferSize int // 0: maxCommandSize

	// Data by how long it lives (Part 1, 34.4 and 34.5; Part 3, 9.3).
	persistent persistentData // until changed
	orderly    orderlyData    // orderly shutdown to startup
	stateReset stateResetData // until TPM Reset
	stateClear stateClearData // until TPM Reset or TPM Restart
	saved      savedData      // what the NV copies of the three above and of orderly NV RAM hold
	nv         nvMemory       // NV indexes and persistent objects

	volatile volatileData // until _TPM_Init
}

// volatileData is lost at every _TPM_Init.
type volatileData struct {
	on      bool // _TPM_Init was signalled
	started bool // TPM2_Startup succeeded
	failure *failure

	rand *drbg.DRBG

	locality        uint8
	channel         *SecureChannel // of the command that runs, nil for none
	time            clockState
	phEnable        bool
	pcrReconfigured bool // TPM2_PCR_Allocate ran since Startup
	pcrs            pcrBanks
	objects         [maxLoadedObjects]*object
	sessions        sessionTable
	exclusiveAudit  wire.Handle // RHUnassigned when none

	drtmSequence     wire.Handle // event sequence of _TPM_Hash_Start, RHUnassigned when none
	preStartupHash   bool        // H-CRTM: a hash sequence ended before Startup
	startupLocality3 bool
	daUsed           bool
	previousOrderly  uint16 // orderlyState found at _TPM_Init
	established      bool   // tpmEstablished flag
	selfTest         selfTestState
	primaryKeys      primaryCache
	permanentDirty   bool // permanent state has to be saved before the response leaves
}
