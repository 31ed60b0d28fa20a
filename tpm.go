package govtpm

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"govtpm/store"
	"govtpm/store/envelope"
	"govtpm/tpm2"
	"govtpm/tpm2/wire"
)

// Options are the choices for a TPM. The zero value is a good one.
type Options struct {
	// Profile is the profile that a new TPM gets, as JSON or as the name of a built-in one; empty is the null profile. If there
	// is a TPM in the store already, the first Init fails.
	Profile string
	// Seeds are the secrets of a new TPM; nil takes them from Entropy. For tests.
	Seeds *tpm2.Seeds
	// Entropy is where all randomness comes from; nil is crypto/rand. It is read under the TPM's own lock.
	Entropy io.Reader
	// Clock tells the time; nil is the system's.
	Clock tpm2.Clock
	// PhysicalPresence tells whether presence is asserted; nil means never.
	PhysicalPresence func() bool
	// Countdown is told the number of an authenticated countdown timer that expires, 0 to 15; nil means nobody is, but the log
	// of the first time since power-on. The timers are there if the profile names TPM2_ACT_SetTimeout. It must neither call the
	// TPM nor wait.
	Countdown func(timer int)
	// Components are the attached components by their handles, for a profile that names TPM2_AC_Send; nil means there is none.
	Components map[wire.Handle]tpm2.Component
	// ChannelKeys are the TPM's public keys for secure channels, which TPM2_GetCapability lists if the profile names
	// TPM2_PolicyTransportSPDM. Whoever ends the channels has the private ones: see ExecuteOver.
	ChannelKeys []wire.TPMTPublic

	// Keys are the keys of state that moves to another host. Those of stored state belong to the store (store.Seal).
	Keys envelope.Keys
	// Incoming leaves the storage unlocked until the first state or command arrives, because a TPM on another host still
	// owns it.
	Incoming bool
	// DisableAutoShutdown keeps Stop and Init from giving the TPM a TPM2_Shutdown that its client forgot.
	DisableAutoShutdown bool

	// OwnCommand takes the commands that the TPM gives to itself, with their responses, for a record; nil drops them.
	OwnCommand func(cmd, rsp []byte)
	// Log takes what is worth telling; nil drops it.
	Log func(format string, args ...any)
}

// A TPM is one TPM 2.0 with its storage. Its methods are safe for concurrent use; all but Running, Cancel and Interrupt wait for each
// other.
type TPM struct {
	store store.Store
	opts  Options

	running     atomic.Bool
	interrupted atomic.Bool // no waiting any more

	cancelMu sync.Mutex
	cancel   context.CancelFunc // of the command that runs

	mu          sync.Mutex
	engine      *tpm2.TPM // nil while the TPM is off
	closed      bool
	profile     *tpm2.Profile // of the last power cycle
	failed      bool          // the failure of the engine was logged
	lastCommand uint32        // code of the last command of the client, whatever became of it
	arrived     bool          // a migration brought the running TPM here, and no client has used or reset it yet
	established bool          // tpmEstablished of the last power cycle
	bufferSize  uint32
	incoming    incomingState
	lock        storageLock
	countdown   *time.Timer // runs while a countdown timer does
	expired     uint16      // bit n: that countdown timer n expired is logged, in this power cycle
}

// Open returns the TPM whose state is in s, powered off. It touches nothing in the store. The store is the TPM's from now on:
// Close closes it. State that swtpm is to read, or wrote, has an envelope: then s is what store.Seal returns.
func Open(s store.Store, o Options) (*TPM, error) {
	if s == nil {
		return nil, errors.New("govtpm: a TPM needs a store")
	}
	if o.Entropy == nil {
		o.Entropy = rand.Reader
	}
	if o.Clock == nil {
		o.Clock = newSystemClock()
	}
	if o.OwnCommand == nil {
		o.OwnCommand = func(_, _ []byte) {}
	}
	if o.Log == nil {
		o.Log = func(string, ...any) {}
	}
	if _, err := parseProfile(o.Profile); err != nil {
		return nil, err
	}
	t := &TPM{store: s, opts: o, bufferSize: maxBufferSize}
	t.lock.init(o.Incoming)
	return t, nil
}

// Close powers the TPM off as Shutdown does and closes its store.
func (t *TPM) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return nil
	}
	t.powerOff(context.Background())
	t.closed = true
	t.incoming.clear()
	return t.store.Close()
}

// Running tells whether the TPM is powered.
func (t *TPM) Running() bool { return t.running.Load() }
