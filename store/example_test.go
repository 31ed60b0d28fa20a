package store_test

import (
	"crypto/rand"
	"errors"
	"fmt"

	"govtpm/store"
)

// A TPM opens its store, locks it before it reads anything, and saves when its state has changed.
func Example() {
	raw, err := store.Open("mem:", store.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	s := store.Seal(raw, nil, rand.Reader)
	defer s.Close()
	if err := s.Lock(0); err != nil {
		fmt.Println(err)
		return
	}
	state, err := s.Load(store.Permanent)
	if errors.Is(err, store.ErrNotExist) {
		state, err = []byte("a new TPM"), nil
	}
	if err != nil {
		fmt.Println(err) // there is a state: do not make a new one
		return
	}
	if err := s.Save(store.Permanent, state); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(s.List())
	// Output: [{permall 25}] <nil>
}
