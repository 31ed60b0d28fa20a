package diff

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"time"

	"govtpm/tpm2"
)

// engine is a TPM of package tpm2 in this process.
type engine struct {
	tpm   *tpm2.TPM
	saved []byte
	start time.Time
}

func (e *engine) Monotonic() time.Duration { return time.Since(e.start) }
func (e *engine) Wall() time.Time          { return time.Now() }

func (e *engine) SavePermanent(state []byte) error {
	e.saved = bytes.Clone(state)
	return nil
}

func (e *engine) LoadPermanent() ([]byte, error) { return bytes.Clone(e.saved), nil }

func (e *engine) environment() tpm2.Environment {
	return tpm2.Environment{Entropy: rand.Reader, Clock: e, Storage: e}
}

// newEngine makes a TPM that has no state yet.
func newEngine() *engine { return &engine{start: time.Now()} }

func (e *engine) execute(locality uint8, command []byte) ([]byte, error) {
	return e.tpm.Execute(context.Background(), locality, command), nil
}

func (e *engine) powerCycle(reload bool) error {
	if !reload {
		return e.tpm.Init()
	}
	return e.load(e.saved)
}

func (e *engine) hashSequence(data []byte) error {
	return errors.Join(e.tpm.HashStart(), e.tpm.HashData(data), e.tpm.HashEnd())
}

func (e *engine) established() (bool, error) { return e.tpm.Established(), nil }

func (e *engine) permanent() ([]byte, error) { return e.tpm.PermanentState() }

func (e *engine) load(state []byte) (err error) {
	if e.tpm, err = tpm2.Load(e.environment(), state); err != nil {
		return err
	}
	e.saved = bytes.Clone(state)
	return e.tpm.Init()
}

func (e *engine) close() {}
