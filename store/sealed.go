package store

import (
	"errors"
	"fmt"
	"io"
	"sync"

	"govtpm/store/envelope"
)

// Sealed is a Store that puts the envelope around each blob: Load and Save take and give the TPM's own bytes.
//
// A blob that is there but cannot be read is not overwritten: Save fails with ErrUnreadable until the blob could be read
// or was deleted. Before the first Save it is looked whether there is one.
type Sealed struct {
	Store
	key  *envelope.Key
	rand io.Reader

	mu   sync.Mutex
	safe map[Kind]bool // to overwrite
}

// Seal returns s with the envelope around each blob, encrypted if there is a key. rand is for the IVs. The key stays
// the caller's, who may wipe it after Close.
func Seal(s Store, key *envelope.Key, rand io.Reader) *Sealed {
	return &Sealed{Store: s, key: key, rand: rand, safe: make(map[Kind]bool)}
}

// Load implements [Store].
func (s *Sealed) Load(k Kind) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.load(k)
}

func (s *Sealed) load(k Kind) ([]byte, error) {
	state, err := s.open(k)
	s.safe[k] = err == nil || errors.Is(err, ErrNotExist)
	return state, err
}

func (s *Sealed) open(k Kind) ([]byte, error) {
	blob, err := s.Store.Load(k)
	if err != nil {
		return nil, err
	}
	defer clear(blob) // without a key it is plain
	state, err := envelope.Open(blob, s.key)
	if err != nil {
		return nil, fmt.Errorf("load %v: %w", k, err)
	}
	return state, nil
}

// Save implements [Store].
func (s *Sealed) Save(k Kind, state []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.safe[k] {
		old, err := s.load(k)
		clear(old)
		if !s.safe[k] {
			return fmt.Errorf("save %v: %w (%w)", k, ErrUnreadable, err)
		}
	}
	blob, err := envelope.Seal(state, s.key, s.rand)
	if err != nil {
		return fmt.Errorf("save %v: %w", k, err)
	}
	defer clear(blob)
	return s.Store.Save(k, blob)
}

// Delete implements [Store].
func (s *Sealed) Delete(k Kind) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.Store.Delete(k)
	if err == nil {
		s.safe[k] = true
	}
	return err
}

// SwapBackup implements [Rewinder], if the Store below does.
func (s *Sealed) SwapBackup() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.Store.(Rewinder)
	if !ok {
		return fmt.Errorf("no backup is kept: %w", ErrNotExist)
	}
	s.safe[Permanent] = false
	return r.SwapBackup()
}
