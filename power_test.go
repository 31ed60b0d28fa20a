package govtpm_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"testing"

	"govtpm"
	"govtpm/control"
	"govtpm/store"
	"govtpm/store/storetest"
)

// counters are the reset and restart counts of TPM2_ReadClock, and whether Clock is safe (Part 2, 10.10.5).
func (b *bench) counters() (resets, restarts uint32, safe bool) {
	b.t.Helper()
	rsp := b.run(readClock)
	if len(rsp) != 35 {
		b.t.Fatalf("ReadClock: %x", rsp)
	}
	return binary.BigEndian.Uint32(rsp[26:]), binary.BigEndian.Uint32(rsp[30:]), rsp[34] == 1
}

func TestStateSurvives(t *testing.T) {
	dir := t.TempDir()
	openDir := func() *bench {
		s, err := store.OpenDirectory(dir, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return open(t, store.Seal(s, nil, nil), govtpm.Options{})
	}
	b := openDir().started()
	b.want(changeOwnerAuth("", "secret"), successAuth)
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	b = openDir().started()
	b.want(changeOwnerAuth("", "x"), rcBadAuth)
	b.want(changeOwnerAuth("secret", "x"), successAuth)
}

// A response that was given is kept even if the process dies right after it.
func TestNoStopIsNeeded(t *testing.T) {
	mem := store.NewMemory()
	b := open(t, mem, govtpm.Options{}).started()
	b.want(changeOwnerAuth("", "secret"), successAuth)
	if err := mem.Unlock(); err != nil { // as when a process ends
		t.Fatal(err)
	}
	after := open(t, mem.Open(), govtpm.Options{}).started()
	after.want(changeOwnerAuth("secret", "x"), successAuth)
}

func TestAutoShutdown(t *testing.T) {
	for _, tt := range []struct {
		name     string
		disabled bool
		last     string // the client's last command
		startup  string // how the TPM is started next
		want     string
		safe     bool
	}{
		{"forgotten", false, getRandom, startupState, success, true},
		{"forgotten, disabled", true, getRandom, startupClear, success, false},
		{"disabled, state", true, getRandom, startupState, "8001 0000000a 000001c4", false},
		{"given", false, shutdownClear, startupState, "8001 0000000a 000001c4", true},
		{"given, state", false, shutdownState, startupState, success, true},
		{"failing last command", false, "8001 0000000a 00000999", startupState, success, true},
		{"short last command", false, "00", startupState, success, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := open(t, store.NewMemory(), govtpm.Options{DisableAutoShutdown: tt.disabled}).started()
			b.run(tt.last)
			if err := b.Stop(context.Background()); err != nil {
				t.Fatal(err)
			}
			b.on().want(tt.startup, tt.want)
			if tt.want != success {
				return
			}
			if _, _, safe := b.counters(); safe != tt.safe {
				t.Errorf("clock safe %v, want %v", safe, tt.safe)
			}
		})
	}
}

// Firmware powers a machine's TPM off and on several times in a row: what was shut down stays so.
func TestRepeatedReset(t *testing.T) {
	b := open(t, store.NewMemory(), govtpm.Options{}).started()
	b.want(shutdownState, success)
	for range 5 {
		if err := b.Stop(context.Background()); err != nil {
			t.Fatal(err)
		}
		b.on()
	}
	b.want(startupState, success)
	if resets, restarts, _ := b.counters(); resets != 1 || restarts != 1 {
		t.Errorf("%d resets, %d restarts", resets, restarts)
	}
	// INIT of a TPM that runs is a reset, with the same care.
	b.on()
	b.want(startupState, success)
	if resets, restarts, _ := b.counters(); resets != 1 || restarts != 2 {
		t.Errorf("%d resets, %d restarts", resets, restarts)
	}
}

// A TPM that was never started is not shut down.
func TestAutoShutdownBeforeStartup(t *testing.T) {
	b := open(t, store.NewMemory(), govtpm.Options{}).on()
	if err := b.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	if log := b.log.all(); len(log) != 0 {
		t.Errorf("log: %q", log)
	}
}

func TestProfileOfExistingTPM(t *testing.T) {
	mem := store.NewMemory()
	first := open(t, mem, govtpm.Options{Profile: `{"Name":"default-v1"}`}).started()
	first.on() // the profile counts for the first Init alone
	if err := first.UnlockStorage(); err != nil {
		t.Fatal(err)
	}
	second := open(t, mem.Open(), govtpm.Options{Profile: "null"})
	wantResult(t, second.Init(context.Background(), false), control.Fail)
	if second.Running() {
		t.Error("runs")
	}
	third := open(t, mem.Open(), govtpm.Options{})
	wantResult(t, third.LockStorage(0), control.Fail)
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
	third.on()
	if got, err := third.Info(control.InfoActiveProfile); err != nil || !bytes.Contains(got, []byte(`"Name":"default-v1"`)) {
		t.Errorf("profile %s (%v)", got, err)
	}
}

// damagedStore is a store with a backup whose permanent state is damaged on demand.
type damagedStore struct {
	store.Store
	damaged, backup bool // the present state, the backup
	swaps           int
}

func (s *damagedStore) Load(k store.Kind) ([]byte, error) {
	if k == store.Permanent && s.damaged {
		return nil, store.ErrDamaged
	}
	return s.Store.Load(k)
}

func (s *damagedStore) SwapBackup() error {
	s.swaps++
	s.damaged, s.backup = s.backup, s.damaged
	return nil
}

func TestBackup(t *testing.T) {
	for _, tt := range []struct {
		name    string
		backup  bool
		want    control.Result
		swaps   int
		damaged bool // afterwards
	}{{"good backup", false, control.Success, 1, false}, {"damaged backup", true, control.Failure2, 2, true}} {
		t.Run(tt.name, func(t *testing.T) {
			mem := store.NewMemory()
			if err := open(t, mem, govtpm.Options{}).started().Close(); err != nil {
				t.Fatal(err)
			}
			s := &damagedStore{Store: mem.Open(), damaged: true, backup: tt.backup}
			b := open(t, s, govtpm.Options{})
			wantResult(t, b.Init(context.Background(), false), tt.want)
			if s.swaps != tt.swaps || s.damaged != tt.damaged {
				t.Errorf("%d swaps, damaged %v", s.swaps, s.damaged)
			}
			if tt.want == control.Success {
				b.want(startupState, success)
			}
		})
	}
}

// Init on a TPM that runs, with a lock somebody else took meanwhile, leaves it off.
func TestInitAfterHandover(t *testing.T) {
	mem := store.NewMemory()
	other := mem.Open()
	b := open(t, mem, govtpm.Options{}).started()
	if err := errors.Join(b.UnlockStorage(), other.Lock(0)); err != nil {
		t.Fatal(err)
	}
	wantResult(t, b.setRetries(0), control.Fail)
	wantResult(t, b.Init(context.Background(), false), control.Fail)
	if b.Running() {
		t.Error("runs")
	}
}

// A crash at every write of a start: the state is always whole, and the next start comes up.
func TestFailureAtEveryWrite(t *testing.T) {
	for fail := 1; fail <= 4; fail++ {
		mem := store.NewMemory()
		st := storetest.NewFaulty(mem, func(n int) bool { return n == fail })
		b := open(t, st, govtpm.Options{})
		if b.Init(context.Background(), false) == nil {
			b.run(startupClear)
			b.run(changeOwnerAuth("", "secret"))
			b.Stop(context.Background())
		}
		if err := b.Init(context.Background(), false); err != nil {
			t.Fatalf("write %d: %v", fail, err)
		}
		b.want(startupClear, success)
	}
}

// A misspelt member takes nothing from a new TPM; who made the profile is told so.
func TestProfileWithIgnoredMember(t *testing.T) {
	b := open(t, store.NewMemory(), govtpm.Options{Profile: `{"Name":"custom","Command":"0x144"}`}).started()
	if got := b.log.all(); len(got) != 1 || got[0] != `the profile's member "Command" is ignored: it is none that profiles have` {
		t.Errorf("%q", got)
	}
}
