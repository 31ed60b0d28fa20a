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
// A blob that was found but could not be read is not overwritten: Save fails with ErrUnreadable until the blob was
// read or deleted.
type Sealed struct {
	Store
	key  *envelope.Key
	rand io.Reader

	mu         sync.Mutex
	unreadable map[Kind]bool
}

// Seal returns s with the envelope around each blob, encrypted if there is a key. rand is for the IVs. The key stays
// the caller's, who may wipe it after Close.
func Seal(s Store, key *envelope.Key, rand io.Reader) *Sealed {
	return &Sealed{Store: s, key: key, rand: rand, unreadable: make(map[Kind]bool)}
}

// Load implements [Store].
func (s *Sealed) Load(k Kind) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	state, err := s.load(k)
	s.unreadable[k] = err != nil && !errors.Is(err, ErrNotExist)
	return state, err
}

func (s *Sealed) load(k Kind) ([]byte, error) {
	blob, err := s.Store.Load(k)
	if err != nil {
		return nil, err
	}
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
	if s.unreadable[k] {
		return fmt.Errorf("save %v: %w", k, ErrUnreadable)
	}
	blob, err := envelope.Seal(state, s.key, s.rand)
	if err != nil {
		return fmt.Errorf("save %v: %w", k, err)
	}
	return s.Store.Save(k, blob)
}

// Delete implements [Store].
func (s *Sealed) Delete(k Kind) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.Store.Delete(k)
	if err == nil {
		s.unreadable[k] = false
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
	return r.SwapBackup()
}
