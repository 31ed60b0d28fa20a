package daemon

import (
	"errors"

	"govtpm/control"
	"govtpm/store"
	"govtpm/store/envelope"
)

// Instance is a TPM of this process.
type Instance interface {
	control.TPM
	// Close stops the TPM as Stop does, and releases its storage.
	Close() error
}

// Config is what the command line says about the TPM.
type Config struct {
	TPM12 bool
	// Store is where the state lives, nil if no place was given: then Init
	// fails. It is not locked and was not read yet.
	Store store.Store
	Keys  envelope.Keys
	// Incoming leaves the storage unlocked until the first state arrives, or
	// the first command, because a TPM on another host still owns it.
	Incoming bool
	// ReleaseLockOutgoing announces that the state may leave for another host.
	ReleaseLockOutgoing bool
	// DisableAutoShutdown keeps Stop and Init from sending TPM2_Shutdown.
	DisableAutoShutdown bool
	// Profile is the profile for a new TPM as JSON; RemoveDisabled edits it
	// ("check", "fips-host", or empty).
	Profile        []byte
	RemoveDisabled string
	// Log takes what is worth telling, DebugLevel is above 0 if the engine is
	// to tell more.
	Log        func(format string, args ...any)
	DebugLevel int
}

// Engine is where TPMs come from, and what can be said about them without one.
type Engine struct {
	TPM12, TPM20 bool  // versions there are
	RSAKeySizes  []int // of TPM 2.0
	// Open makes a TPM, which is off. It touches no storage.
	Open func(Config) (Instance, error)
	// ProfileCapabilities is what stands in the member "profiles" of
	// --print-capabilities, without the braces around it; nil if there are none.
	ProfileCapabilities func() string
	// AvailableProfiles is the list of profiles as a JSON array; nil if there
	// are none.
	AvailableProfiles func() ([]byte, error)
}

// DefaultEngine is the engine of this program.
func DefaultEngine() Engine {
	return Engine{
		TPM20: true,
		Open: func(Config) (Instance, error) {
			return nil, errors.New("this build has no TPM engine")
		},
	}
}
