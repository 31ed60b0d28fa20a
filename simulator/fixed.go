package simulator

import (
	"encoding/binary"
	"io"
	"math/rand/v2"
	"sync"
	"time"

	"govtpm/tpm2"
)

// newSeededEntropy is an endless stream that depends on the seed alone.
func newSeededEntropy(seed int64) io.Reader {
	var key [32]byte
	copy(key[:], "govtpm simulator, fixed seed")
	copy(key[24:], binary.BigEndian.AppendUint64(nil, uint64(seed)))
	return rand.NewChaCha8(key)
}

// drawSeeds takes the secrets of a TPM right from the stream: keys then do not depend on what else the engine draws, and stay
// the same from version to version.
func drawSeeds(stream io.Reader) *tpm2.Seeds {
	s := new(tpm2.Seeds)
	for _, b := range []*[]byte{&s.Endorsement, &s.Storage, &s.Platform, &s.EndorsementProof, &s.StorageProof, &s.PlatformProof} {
		*b = make([]byte, 64)
		io.ReadFull(stream, *b) // a stream without end or error
	}
	return s
}

// stepClock is a clock that moves only by steps.
type stepClock struct {
	mu  sync.Mutex
	now time.Duration
}

func (c *stepClock) step() { c.advance(time.Millisecond) }

func (c *stepClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now += d
}

// Monotonic implements tpm2.Clock.
func (c *stepClock) Monotonic() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Wall implements tpm2.Clock.
func (c *stepClock) Wall() time.Time { return time.Unix(1_000_000_000, 0).Add(c.Monotonic()) }

// Advance lets time pass for a simulator with a fixed seed; others have the machine's time.
func (s *Simulator) Advance(d time.Duration) {
	if s.clock != nil && d > 0 {
		s.clock.advance(d)
	}
}
