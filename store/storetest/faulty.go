package storetest

import (
	"errors"
	"sync"

	"govtpm/store"
)

// ErrInjected is the error of a [Faulty] store.
var ErrInjected = errors.New("injected failure")

// Faulty is a store whose writes fail on demand.
type Faulty struct {
	store.Store
	mu    sync.Mutex
	saves int
	fail  func(n int) bool
}

// NewFaulty returns a store that passes everything on to s, except that Save number n (from 1) and the Deletes after
// it fail with ErrInjected, without effect, when fail(n) is true.
func NewFaulty(s store.Store, fail func(n int) bool) *Faulty { return &Faulty{Store: s, fail: fail} }

// Save implements store.Store.
func (f *Faulty) Save(k store.Kind, b []byte) error {
	f.mu.Lock()
	f.saves++
	bad := f.fail(f.saves)
	f.mu.Unlock()
	if bad {
		return ErrInjected
	}
	return f.Store.Save(k, b)
}

// Delete implements store.Store.
func (f *Faulty) Delete(k store.Kind) error {
	f.mu.Lock()
	bad := f.fail(f.saves)
	f.mu.Unlock()
	if bad {
		return ErrInjected
	}
	return f.Store.Delete(k)
}

// Saves returns how often Save was called.
func (f *Faulty) Saves() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.saves
}
