package govtpm_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"testing"

	"govtpm"
	"govtpm/control"
	"govtpm/store"
	"govtpm/store/envelope"
)

// Kinds of state on the control channel.
const (
	permanent = uint32(control.StatePermanent)
	volatile  = uint32(control.StateVolatile)
	saveState = uint32(control.StateSave)
)

// extend16 is TPM2_PCR_Extend of PCR 16 with a digest of zeros, pcrRead16 its value in the SHA-256 bank.
const (
	extend16 = "8002 00000041 00000182 00000010 00000009 40000009 0000 01 0000 00000001 000b" +
		"00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000"
	pcrRead16 = "8001 00000014 0000017e 00000001 000b 03 000001"
)

// blob fetches a state.
func (b *bench) blob(kind uint32, decrypted bool) (data []byte, encrypted bool) {
	b.t.Helper()
	data, encrypted, err := b.StateBlob(kind, decrypted)
	if err != nil {
		b.t.Fatalf("state %d: %v", kind, err)
	}
	return data, encrypted
}

// leave fetches all states, as for a migration.
func (b *bench) leave() (perm, vol []byte, encrypted bool) {
	b.t.Helper()
	perm, encrypted = b.blob(permanent, true)
	vol, e := b.blob(volatile, true)
	_, _, err := b.StateBlob(saveState, true)
	wantResult(b.t, err, control.Retry)
	if e != encrypted {
		b.t.Error("one state is encrypted and the other is not")
	}
	if err := b.UnlockStorage(); err != nil {
		b.t.Fatal(err)
	}
	return perm, vol, encrypted
}

// busy is a TPM in the middle of its work.
func busy(t *testing.T, s store.Store, o govtpm.Options) (b *bench, pcr []byte) {
	t.Helper()
	b = open(t, s, o).started()
	b.want(changeOwnerAuth("", "secret"), successAuth)
	b.want(extend16, successAuth)
	return b, b.run(pcrRead16)
}

func mustKey(t *testing.T, fill byte) *envelope.Key {
	t.Helper()
	k, err := envelope.NewKey(bytes.Repeat([]byte{fill}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestMigration(t *testing.T) {
	for name, key := range map[string]*envelope.Key{"plain": nil, "migration key": mustKey(t, 1)} {
		t.Run(name, func(t *testing.T) {
			o := govtpm.Options{Keys: envelope.Keys{Migration: key}}
			source, pcr := busy(t, store.NewMemory(), o)
			perm, vol, encrypted := source.leave()

			mem := store.NewMemory()
			o.Incoming = true
			target := open(t, mem, o)
			for _, s := range []struct {
				kind uint32
				data []byte
			}{{permanent, perm}, {volatile, vol}} {
				if err := target.SetStateBlob(s.kind, encrypted, s.data); err != nil {
					t.Fatalf("state %d: %v", s.kind, err)
				}
			}
			if list, _ := mem.List(); len(list) != 0 {
				t.Errorf("written before Init: %v", list)
			}
			if err := target.Init(context.Background(), true); err != nil {
				t.Fatal(err)
			}
			if list, _ := mem.List(); len(list) != 1 || list[0].Kind != store.Permanent {
				t.Errorf("after Init there is %v", list)
			}
			if got := target.run(pcrRead16); !bytes.Equal(got, pcr) {
				t.Errorf("PCR 16 is %x, was %x", got, pcr)
			}
			target.want(changeOwnerAuth("secret", "x"), successAuth)
			// What was handed over counts for one Init.
			target.on()
			target.want(startupState, success)
			target.want(changeOwnerAuth("x", "y"), successAuth)
		})
	}
}

// A CMAC in the middle of its message moves with the TPM, though libtpms could not go on with it (RFC 4493, 4: key and example 3).
func TestMigrationOfCMAC(t *testing.T) {
	const (
		loadKey = "8001 0000003c 00000167 0018 0025 0000 0000 0010 2b7e151628aed2a6abf7158809cf4f3c" +
			"0012 0025 0010 00040040 0000 0006 0080 003f 0000 40000007"
		start  = "8002 0000001f 0000015b 80000000 00000009 40000009 0000 01 0000 0000 003f"
		update = "8002 00000031 0000015c 80000001 00000009 40000009 0000 01 0000 0014" +
			"6bc1bee22e409f96e93d7e117393172aae2d8a57"
		complete = "8002 00000035 0000013e 80000001 00000009 40000009 0000 01 0000 0014" +
			"1e03ac9c9eb76fac45af8e5130c81c46a35ce411 40000007"
		mac = "0010 dfa66747de9ae63030ca32611497c827"
	)
	source := open(t, store.NewMemory(), govtpm.Options{}).started()
	source.run(loadKey)
	source.run(start)
	source.want(update, successAuth)
	perm, vol, _ := source.leave()
	target := open(t, store.NewMemory(), govtpm.Options{Incoming: true})
	if err := errors.Join(target.SetStateBlob(permanent, false, perm), target.SetStateBlob(volatile, false, vol)); err != nil {
		t.Fatal(err)
	}
	if err := target.Init(context.Background(), true); err != nil {
		t.Fatal(err)
	}
	if got := target.run(complete); !bytes.Contains(got, unhex(mac)) {
		t.Errorf("%x, want %s in it", got, mac)
	}
}

// The source goes on when the migration failed.
func TestMigrationFails(t *testing.T) {
	mem := store.NewMemory()
	source, pcr := busy(t, mem, govtpm.Options{})
	source.leave()
	if err := source.LockStorage(300); err != nil {
		t.Fatal(err)
	}
	if got := source.run(pcrRead16); !bytes.Equal(got, pcr) {
		t.Errorf("PCR 16 is %x, was %x", got, pcr)
	}
	if list, _ := mem.List(); len(list) != 1 {
		t.Errorf("the store holds %v", list)
	}
}

// States replace what was there, also what cannot be read.
func TestIncomingOverOldState(t *testing.T) {
	source, pcr := busy(t, store.NewMemory(), govtpm.Options{})
	perm, vol, _ := source.leave()
	for name, old := range map[string][]byte{"another TPM": nil, "unreadable": []byte("no envelope")} {
		t.Run(name, func(t *testing.T) {
			mem := store.NewMemory()
			if old == nil {
				open(t, store.Seal(mem, nil, nil), govtpm.Options{}).started().Close()
			} else if err := errors.Join(mem.Lock(0), mem.Save(store.Permanent, old), mem.Unlock()); err != nil {
				t.Fatal(err)
			}
			target := open(t, store.Seal(mem.Open(), nil, nil), govtpm.Options{})
			if err := errors.Join(target.SetStateBlob(permanent, false, perm), target.SetStateBlob(volatile, false, vol)); err != nil {
				t.Fatal(err)
			}
			target.on()
			if got := target.run(pcrRead16); !bytes.Equal(got, pcr) {
				t.Errorf("PCR 16 is %x, was %x", got, pcr)
			}
			target.want(shutdownClear, success)
			target.on()
			target.want(startupClear, success)
			target.want(changeOwnerAuth("secret", "x"), successAuth)
		})
	}
}

func TestSetStateRefused(t *testing.T) {
	source, _ := busy(t, store.NewMemory(), govtpm.Options{})
	perm, vol, _ := source.leave()
	stranger := open(t, store.NewMemory(), govtpm.Options{}).started()
	_, otherVol, _ := stranger.leave()
	short := perm[:len(perm)-9]
	short = append(envelopeHeader(len(short)), short[16:]...)

	wantResult(t, stranger.SetStateBlob(permanent, false, perm), control.InvalidPostinit)
	b := open(t, store.NewMemory(), govtpm.Options{})
	for _, tt := range []struct {
		name string
		kind uint32
		enc  bool
		data []byte
		want control.Result
	}{
		{"volatile first", volatile, false, vol, control.Retry},
		{"header", permanent, false, perm[:20], control.BadParameter},
		{"encrypted", permanent, true, perm, control.KeyNotFound},
		{"savestate", saveState, false, perm, control.BadType},
		{"kind", 9, false, perm, control.Fail},
	} {
		wantResult(t, b.SetStateBlob(tt.kind, tt.enc, tt.data), tt.want)
	}
	if err := b.SetStateBlob(permanent, false, perm); err != nil {
		t.Fatal(err)
	}
	if err := b.SetStateBlob(volatile, false, otherVol); err == nil {
		t.Error("volatile state of another TPM was taken")
	}
	// All that was handed over is dropped then: this is a new TPM.
	b.started()
	b.want(changeOwnerAuth("", "x"), successAuth)

	b = open(t, store.NewMemory(), govtpm.Options{})
	if err := b.SetStateBlob(permanent, false, short); err == nil {
		t.Error("truncated state was taken")
	}
}

// envelopeHeader is the header of a plain blob with n bytes in all.
func envelopeHeader(n int) []byte {
	return []byte{2, 1, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}
}

// Empty states say that there is none, whatever is stored.
func TestSetEmptyState(t *testing.T) {
	mem := store.NewMemory()
	b, _ := busy(t, mem, govtpm.Options{})
	if err := b.StoreVolatile(); err != nil {
		t.Fatal(err)
	}
	b.Stop(context.Background())
	if err := b.SetStateBlob(volatile, false, nil); err != nil {
		t.Fatal(err)
	}
	if err := b.SetStateBlob(saveState, false, nil); err != nil {
		t.Fatal(err)
	}
	b.on()
	b.want(getRandom, rcInitialize) // not resumed
	b.want(startupClear, success)
	b.want(changeOwnerAuth("secret", "x"), successAuth)
	b.Stop(context.Background())
	if err := b.SetStateBlob(permanent, false, nil); err != nil {
		t.Fatal(err)
	}
	b.started()
	b.want(changeOwnerAuth("", "x"), successAuth)
}

func TestStoredVolatileState(t *testing.T) {
	mem := store.NewMemory()
	b, pcr := busy(t, mem, govtpm.Options{DisableAutoShutdown: true})
	if err := b.StoreVolatile(); err != nil {
		t.Fatal(err)
	}
	has := func() bool {
		_, err := mem.Load(store.Volatile)
		return err == nil
	}
	// It stays, and is used again, until an Init deletes it.
	for i, del := range []bool{false, true} {
		if !has() {
			t.Fatal("no volatile state is stored")
		}
		if err := b.Init(context.Background(), del); err != nil {
			t.Fatal(err)
		}
		if got := b.run(pcrRead16); !bytes.Equal(got, pcr) {
			t.Errorf("%d: PCR 16 is %x, was %x", i, got, pcr)
		}
		b.want(extend16, successAuth)
	}
	if has() {
		t.Error("volatile state was left")
	}
	b.on()
	b.want(getRandom, rcInitialize)

	b.want(startupClear, success)
	if err := b.StoreVolatile(); err != nil {
		t.Fatal(err)
	}
	b.blob(volatile, false)
	if has() {
		t.Error("volatile state was left by StateBlob")
	}
}

func TestDamagedVolatileState(t *testing.T) {
	mem := store.NewMemory()
	b, _ := busy(t, mem, govtpm.Options{})
	if err := b.StoreVolatile(); err != nil {
		t.Fatal(err)
	}
	if err := b.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	state, err := mem.Load(store.Volatile)
	if err != nil {
		t.Fatal(err)
	}
	state[len(state)/2] ^= 1
	if err := mem.Save(store.Volatile, state); err != nil {
		t.Fatal(err)
	}
	before, _ := mem.Load(store.Permanent)
	wantResult(t, b.Init(context.Background(), true), control.Failure2)
	if b.Running() {
		t.Error("runs")
	}
	after, _ := mem.Load(store.Permanent)
	if now, err := mem.Load(store.Volatile); !bytes.Equal(now, state) || err != nil || !bytes.Equal(before, after) {
		t.Errorf("the storage was changed (%v)", err)
	}
}

// With a file key the states leave under it, unless without was asked for.
func TestFileKey(t *testing.T) {
	file, migration := mustKey(t, 1), mustKey(t, 2)
	mem := store.NewMemory()
	keys := envelope.Keys{File: file, Migration: migration}
	b, pcr := busy(t, store.Seal(mem, file, zeros{}), govtpm.Options{Keys: keys})
	for _, decrypted := range []bool{false, true} {
		perm, encrypted := b.blob(permanent, decrypted)
		vol, _ := b.blob(volatile, decrypted)
		if encrypted == decrypted {
			t.Errorf("decrypted %v, and the state is encrypted: %v", decrypted, encrypted)
		}
		wrong := open(t, store.NewMemory(), govtpm.Options{Keys: envelope.Keys{File: file, Migration: mustKey(t, 3)}})
		wantResult(t, wrong.SetStateBlob(permanent, encrypted, perm), control.DecryptError)
		target := open(t, store.Seal(store.NewMemory(), file, zeros{}), govtpm.Options{Keys: keys})
		if err := errors.Join(target.SetStateBlob(permanent, encrypted, perm), target.SetStateBlob(volatile, encrypted, vol)); err != nil {
			t.Fatal(err)
		}
		target.on()
		if got := target.run(pcrRead16); !bytes.Equal(got, pcr) {
			t.Errorf("PCR 16 is %x, was %x", got, pcr)
		}
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	// The stored state without its key.
	wantResult(t, open(t, store.Seal(mem.Open(), nil, nil), govtpm.Options{}).Init(context.Background(), false), control.Failure2)
}

// zeros is a source of bytes for tests.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

// A migration in shared storage: the target does not touch it before a state or a command arrives.
func TestIncomingLeavesStorageAlone(t *testing.T) {
	mem := store.NewMemory()
	source, pcr := busy(t, mem, govtpm.Options{})
	target := open(t, mem.Open(), govtpm.Options{Incoming: true})
	if err := target.Init(context.Background(), false); err != nil { // the source holds the lock
		t.Fatal(err)
	}
	if err := target.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	perm, vol, _ := source.leave()
	if err := errors.Join(target.SetStateBlob(permanent, false, perm), target.SetStateBlob(volatile, false, vol)); err != nil {
		t.Fatal(err)
	}
	if err := target.Init(context.Background(), true); err != nil {
		t.Fatal(err)
	}
	if got := target.run(pcrRead16); !bytes.Equal(got, pcr) {
		t.Errorf("PCR 16 is %x, was %x", got, pcr)
	}
	target.want(changeOwnerAuth("secret", "x"), successAuth)
	kept, _ := mem.Load(store.Permanent)
	if err := source.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	if now, _ := mem.Load(store.Permanent); !bytes.Equal(now, kept) {
		t.Error("the source wrote into the state of the target")
	}
}

// The source takes its storage again when the migration failed, though the target had taken over; but not once the target has
// promised something to its client.
func TestSourceAfterTarget(t *testing.T) {
	key := mustKey(t, 1)
	for _, tt := range []struct {
		name    string
		target  func(*bench)
		opts    govtpm.Options
		refused bool
		auth    string
	}{
		{"it was started", func(*bench) {}, govtpm.Options{}, false, ""},
		{"it changed what does not last", func(b *bench) { b.want(extend16, successAuth) }, govtpm.Options{DisableAutoShutdown: true}, false, ""},
		{"it was used and ended", func(b *bench) { b.want(extend16, successAuth) }, govtpm.Options{}, true, "secret"},
		{"it changed what lasts", func(b *bench) { b.want(changeOwnerAuth("secret", "other"), successAuth) }, govtpm.Options{}, true, "other"},
		{"it was shut down", func(b *bench) { b.want(shutdownClear, success) }, govtpm.Options{}, true, "secret"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			mem := store.NewMemory()
			sealed := func() store.Store { return store.Seal(mem.Open(), key, rand.Reader) }
			source, pcr := busy(t, sealed(), govtpm.Options{})
			perm, vol, _ := source.leave()
			tt.opts.Incoming = true
			target := open(t, sealed(), tt.opts)
			if err := errors.Join(target.SetStateBlob(permanent, false, perm), target.SetStateBlob(volatile, false, vol)); err != nil {
				t.Fatal(err)
			}
			target.on()
			tt.target(target)
			if err := target.Close(); err != nil {
				t.Fatal(err)
			}
			before, err := mem.Load(store.Permanent)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				rsp, err := source.Execute(context.Background(), 0, unhex(pcrRead16))
				switch {
				case tt.refused && !errors.Is(err, store.ErrChanged):
					t.Fatalf("%x, %v", rsp, err)
				case !tt.refused && (err != nil || !bytes.Equal(rsp, pcr)):
					t.Fatalf("%x, %v; PCR 16 was %x", rsp, err, pcr)
				}
			}
			if !tt.refused {
				source.want(changeOwnerAuth("secret", "x"), successAuth)
				return
			}
			if err := source.Stop(context.Background()); err != nil {
				t.Fatal(err)
			}
			if after, err := mem.Load(store.Permanent); err != nil || !bytes.Equal(before, after) {
				t.Errorf("the state was overwritten (%v)", err)
			}
			source.on() // starts from the state there is
			source.want(startupClear, success)
			source.want(changeOwnerAuth(tt.auth, "x"), successAuth)
		})
	}
}
