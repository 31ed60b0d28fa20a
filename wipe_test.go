package govtpm_test

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"govtpm"
	"govtpm/store"
	"govtpm/store/storetest"
)

// watchedStore remembers what it gave out and what it was given.
type watchedStore struct {
	store.Store
	given, taken [][]byte
}

func (s *watchedStore) Save(k store.Kind, b []byte) error {
	s.taken = append(s.taken, b)
	return s.Store.Save(k, b)
}

func (s *watchedStore) Load(k store.Kind) ([]byte, error) {
	b, err := s.Store.Load(k)
	s.given = append(s.given, b)
	return b, err
}

// The states that a TPM is made of do not stay in memory, whether it can use them or not.
func TestLoadedStatesAreWiped(t *testing.T) {
	origin := store.NewMemory()
	source, _ := busy(t, origin, govtpm.Options{})
	if err := source.StoreVolatile(); err != nil {
		t.Fatal(err)
	}
	perm, permErr := origin.Load(store.Permanent)
	vol, volErr := origin.Load(store.Volatile)
	if err := errors.Join(permErr, volErr); err != nil {
		t.Fatal(err)
	}
	half := func(b []byte) []byte { return b[:len(b)/2] }
	full := func(int) bool { return true }
	for _, tt := range []struct {
		name      string
		perm, vol []byte
		opts      govtpm.Options
		fail      func(int) bool // whether writing fails
		good      bool
		want      int // states that are read
	}{
		{name: "good", perm: perm, vol: vol, good: true, want: 2},
		{name: "damaged permanent state", perm: half(perm), want: 1},
		{name: "damaged permanent state, volatile", perm: half(perm), vol: vol, want: 2},
		{name: "damaged volatile state", perm: perm, vol: half(vol), want: 2},
		{name: "profile of a TPM that exists", perm: perm, opts: govtpm.Options{Profile: "null"}, want: 1},
		{name: "used volatile state cannot be deleted", perm: perm, vol: vol, fail: full, want: 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			mem := store.NewMemory()
			s := &watchedStore{Store: mem}
			if err := errors.Join(mem.Lock(0), mem.Save(store.Permanent, tt.perm)); err != nil {
				t.Fatal(err)
			}
			if tt.vol != nil {
				if err := mem.Save(store.Volatile, tt.vol); err != nil {
					t.Fatal(err)
				}
			}
			if tt.fail != nil {
				s.Store = storetest.NewFaulty(mem, tt.fail)
			}
			if err := open(t, s, tt.opts).Init(context.Background(), true); (err == nil) != tt.good {
				t.Fatal(err)
			}
			var states int
			for _, b := range s.given {
				if b == nil {
					continue
				}
				states++
				if len(bytes.Trim(b, "\x00")) != 0 {
					t.Errorf("state %d is left in memory", states)
				}
			}
			if states != tt.want {
				t.Errorf("%d states were read, want %d", states, tt.want)
			}
		})
	}
}

// The state that a TPM saves does not stay in memory, whether it could be saved or not.
func TestSavedStatesAreWiped(t *testing.T) {
	for name, fail := range map[string]func(int) bool{"saved": nil, "storage full": func(n int) bool { return n > 2 }} {
		mem := store.NewMemory()
		s := &watchedStore{Store: mem}
		if fail != nil {
			s.Store = storetest.NewFaulty(mem, fail)
		}
		b := open(t, s, govtpm.Options{}).started()
		if _, err := b.Execute(context.Background(), 0, unhex(changeOwnerAuth("", "x"))); err != nil {
			t.Fatal(err)
		}
		if len(s.taken) < 2 {
			t.Errorf("%s: %d states were saved", name, len(s.taken))
		}
		for i, state := range s.taken {
			if len(bytes.Trim(state, "\x00")) != 0 {
				t.Errorf("%s: state %d is left in memory", name, i+1)
			}
		}
	}
}
