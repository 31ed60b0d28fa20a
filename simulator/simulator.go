package simulator

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"govtpm"
	"govtpm/store"
	"govtpm/tpm2/wire"
)

// ErrClosed is the error of a simulator that was closed.
var ErrClosed = errors.New("simulator: closed")

// A Simulator is a TPM whose state lives in memory. Its methods are safe for concurrent use; a Write and the Reads of its
// response are not one action, Send is.
type Simulator struct {
	options govtpm.Options
	clock   *stepClock // of a fixed seed, else nil

	mu       sync.Mutex
	tpm      *govtpm.TPM
	response bytes.Buffer // of the last Write
	closed   bool
}

// Get returns a new TPM, started with TPM2_Startup(CLEAR).
func Get() (*Simulator, error) { return Open(govtpm.Options{}) }

// GetWithFixedSeedInsecure returns a new TPM that depends on the seed alone: the same commands get the same responses, keys,
// nonces and times included, in every run and on every platform. Each command takes a millisecond. Who knows the seed
// knows all secrets of the TPM.
func GetWithFixedSeedInsecure(seed int64) (*Simulator, error) {
	clock := new(stepClock)
	s := &Simulator{options: govtpm.Options{Entropy: newSeededEntropy(seed), Clock: clock}, clock: clock}
	if err := s.manufacture(); err != nil {
		return nil, err
	}
	return s, nil
}

// Open is [Get] with options.
func Open(o govtpm.Options) (*Simulator, error) {
	s := &Simulator{options: o}
	if err := s.manufacture(); err != nil {
		return nil, err
	}
	return s, nil
}

// TPM is the TPM itself, for what a Simulator has no method for: localities, hash sequences, power, state blobs. After
// ManufactureReset it is another one.
func (s *Simulator) TPM() *govtpm.TPM {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tpm
}

// Send runs one command at locality 0 and returns its response.
func (s *Simulator) Send(command []byte) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.send(command)
}

func (s *Simulator) send(command []byte) ([]byte, error) {
	if s.closed {
		return nil, ErrClosed
	}
	if s.clock != nil {
		s.clock.step()
	}
	return s.tpm.Execute(context.Background(), 0, command)
}

// Write runs one command, which is to be written whole. Its response is there to be read; a response not read is dropped.
func (s *Simulator) Write(command []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	response, err := s.send(command)
	if err != nil {
		return 0, err
	}
	s.response.Reset()
	s.response.Write(response)
	return len(command), nil
}

// Read reads the response to the last Write; at its end the error is io.EOF.
func (s *Simulator) Read(response []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return 0, ErrClosed
	}
	return s.response.Read(response)
}

// Reset is a reboot of the machine: an orderly shutdown, power off and on, TPM2_Startup(CLEAR).
func (s *Simulator) Reset() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.off(); err != nil {
		return err
	}
	return s.on()
}

// ManufactureReset is as [Simulator.Reset] with a new TPM in the place of the old: nothing is left of that.
func (s *Simulator) ManufactureReset() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrClosed
	}
	if err := s.tpm.Close(); err != nil {
		return err
	}
	return s.manufacture()
}

// Close ends the TPM. Its state is gone.
func (s *Simulator) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	s.response.Reset()
	return s.tpm.Close()
}

// IsClosed tells whether Close was called.
func (s *Simulator) IsClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// manufacture makes a new TPM and starts it.
func (s *Simulator) manufacture() error {
	o := s.options
	if s.clock != nil {
		o.Seeds = drawSeeds(o.Entropy)
	}
	tpm, err := govtpm.Open(store.NewMemory(), o)
	if err != nil {
		return err
	}
	s.tpm = tpm
	s.response.Reset()
	return s.on()
}

// on powers the TPM on and starts it.
func (s *Simulator) on() error {
	if err := s.tpm.Init(context.Background(), true); err != nil {
		return err
	}
	return s.run(wire.CCStartup, wire.SUClear)
}

// off shuts the TPM down, if it is started.
func (s *Simulator) off() error {
	if s.closed {
		return ErrClosed
	}
	err := s.run(wire.CCShutdown, wire.SUClear)
	if errors.Is(err, wire.RCInitialize) || errors.Is(err, wire.RCFailure) {
		err = nil // not started, or in failure mode
	}
	if err != nil {
		return err
	}
	return s.tpm.Stop(context.Background())
}

// run runs TPM2_Startup or TPM2_Shutdown (Part 3, 9.3 and 9.4).
func (s *Simulator) run(cc wire.CC, kind wire.SU) error {
	var w wire.Writer
	w.Uint16(uint16(wire.STNoSessions))
	w.Uint32(12)
	w.Uint32(uint32(cc))
	w.Uint16(uint16(kind))
	response, err := s.send(w.Bytes())
	if err != nil {
		return err
	}
	if len(response) < 10 {
		return fmt.Errorf("simulator: %v: a response of %d bytes", cc, len(response))
	}
	if rc := wire.RC(binary.BigEndian.Uint32(response[6:])); rc != wire.RCSuccess {
		return fmt.Errorf("simulator: %v: %w", cc, rc)
	}
	return nil
}
