package daemon

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	"govtpm"
	"govtpm/control"
	"govtpm/store"
	"govtpm/store/envelope"
	"govtpm/tpm2"
	"govtpm/tpm2/nvstate"
)

// Instance is a TPM of this process.
type Instance interface {
	control.TPM
	// Interrupt ends a command that runs, and all waiting for the storage's lock: the process is to end.
	Interrupt()
	// Close stops the TPM as Shutdown does, and releases its storage.
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
	// PhysicalPresence tells whether somebody asserts it at the platform.
	PhysicalPresence func() bool
	// OwnCommand takes commands that the TPM gives to itself.
	OwnCommand func(cmd, rsp []byte)
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
		TPM20: true, RSAKeySizes: []int{1024, 2048, 3072, 4096}, Open: openTPM,
		ProfileCapabilities: profileCapabilities,
		AvailableProfiles: func() ([]byte, error) {
			return []byte("[" + strings.Join(tpm2.BuiltinProfiles(), ",") + "]"), nil
		},
	}
}

// profileCapabilities tells which profiles there are and what they can be made of.
func profileCapabilities() string {
	var names []string
	for _, p := range nvstate.BuiltinProfiles() {
		names = append(names, `"`+p.Name+`"`)
	}
	lists := func(l nvstate.Lists) string {
		return fmt.Sprintf(`{ "canbedisabled": "%s", "implemented": "%s" }`, l.CanBeDisabled, l.Implemented)
	}
	all := tpm2.NullProfile()
	return fmt.Sprintf(`"names": [ %s ], "algorithms": %s, "commands": %s`,
		strings.Join(names, ", "), lists(all.AlgorithmLists()), lists(all.CommandLists()))
}

// openTPM makes a TPM 2.0.
func openTPM(c Config) (Instance, error) {
	var s store.Store = missingStore{}
	if c.Store != nil {
		s = store.Seal(c.Store, c.Keys.File, rand.Reader)
	}
	profile, err := removeDisabled(c.Profile, c.RemoveDisabled)
	if err != nil {
		return nil, err
	}
	t, err := govtpm.Open(s, govtpm.Options{
		Profile: string(profile), Keys: c.Keys, Incoming: c.Incoming, DisableAutoShutdown: c.DisableAutoShutdown, Log: c.Log,
		PhysicalPresence: c.PhysicalPresence, OwnCommand: c.OwnCommand,
	})
	if err != nil {
		return nil, err // and no TPM: a nil *govtpm.TPM would be an Instance
	}
	return t, nil
}

// missingStore is the storage of a TPM that was given no place for its state.
type missingStore struct{}

var errMissingStore = errors.New("no place for the state was given")

func (missingStore) Load(store.Kind) ([]byte, error) { return nil, errMissingStore }
func (missingStore) Save(store.Kind, []byte) error   { return errMissingStore }
func (missingStore) Delete(store.Kind) error         { return errMissingStore }
func (missingStore) List() ([]store.Info, error)     { return nil, errMissingStore }
func (missingStore) Lock(int) error                  { return errMissingStore }
func (missingStore) Unlock() error                   { return nil }
func (missingStore) Close() error                    { return nil }
