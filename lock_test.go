package govtpm_test

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"govtpm"
	"govtpm/store"
)

// What could not be read when the source gave it up may be another's when the source takes it again.
func TestSourceCannotTell(t *testing.T) {
	failure := errors.New("input/output error")
	for _, tt := range []struct {
		name          string
		then, now     error // of reading the permanent state when the storage is given up, and when it is taken again
		remove        bool  // the state is taken away in between
		refused, goes bool
	}{
		{name: "readable", goes: true},
		{name: "unreadable then", then: failure, refused: true},
		{name: "damaged then", then: store.ErrDamaged, refused: true},
		{name: "not there then", then: store.ErrNotExist, refused: true},
		{name: "unreadable now", now: failure, refused: true},
		{name: "unreadable then and now", then: failure, now: failure, refused: true},
		{name: "unreadable then, taken away", then: failure, remove: true, goes: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			mem := store.NewMemory()
			disk := &unreadable{Store: mem.Open()}
			source := open(t, disk, govtpm.Options{}).started()
			disk.err = tt.then
			if err := source.UnlockStorage(); err != nil {
				t.Fatal(err)
			}
			other := mem.Open()
			if tt.remove {
				if err := errors.Join(other.Lock(0), other.Delete(store.Permanent), other.Unlock()); err != nil {
					t.Fatal(err)
				}
			}
			disk.err = tt.now
			before, _ := mem.Load(store.Permanent)
			for range 2 {
				_, err := source.Execute(context.Background(), 0, unhex(changeOwnerAuth("", "x")))
				if errors.Is(err, store.ErrChanged) != tt.refused || (err == nil) != tt.goes {
					t.Fatal(err)
				}
				if tt.goes {
					return
				}
			}
			for _, err := range []error{source.LockStorage(0), source.HashStart(), source.StoreVolatile()} {
				if !errors.Is(err, store.ErrChanged) {
					t.Errorf("the storage is taken: %v", err)
				}
			}
			if err := errors.Join(other.Lock(0), other.Unlock()); err != nil {
				t.Errorf("the lock is kept: %v", err)
			}
			disk.err = nil
			if err := source.Stop(context.Background()); err != nil {
				t.Fatal(err)
			}
			if after, err := mem.Load(store.Permanent); err != nil || !bytes.Equal(before, after) {
				t.Errorf("the state was overwritten (%v)", err)
			}
			source.started() // from the state there is
		})
	}
}
