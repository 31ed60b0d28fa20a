package govtpm_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"testing"

	"govtpm"
	"govtpm/control"
	"govtpm/store"
)

var _ control.TPM = (*govtpm.TPM)(nil)

// A bench is a TPM under test.
type bench struct {
	*govtpm.TPM
	t   *testing.T
	log *lines
}

// lines collects what a TPM logs.
type lines struct {
	mu   sync.Mutex
	text []string
}

func (l *lines) add(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, fmt.Sprintf(format, args...))
}

func (l *lines) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.text...)
}

// open opens a TPM on a store.
func open(t *testing.T, s store.Store, o govtpm.Options) *bench {
	t.Helper()
	b := &bench{t: t, log: new(lines)}
	o.Log = b.log.add
	var err error
	if b.TPM, err = govtpm.Open(s, o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

// on powers the TPM on.
func (b *bench) on() *bench {
	b.t.Helper()
	if err := b.Init(context.Background(), false); err != nil {
		b.t.Fatal(err)
	}
	return b
}

// started powers the TPM on and starts it.
func (b *bench) started() *bench {
	b.t.Helper()
	b.on()
	b.want(startupClear, success)
	return b
}

// run executes a command given in hexadecimal digits.
func (b *bench) run(cmd string) []byte {
	b.t.Helper()
	rsp, err := b.Execute(context.Background(), 0, unhex(cmd))
	if err != nil {
		b.t.Fatalf("%s: %v", cmd, err)
	}
	if len(rsp) < 10 || uint64(binary.BigEndian.Uint32(rsp[2:])) != uint64(len(rsp)) {
		b.t.Fatalf("%s: response %x", cmd, rsp)
	}
	return rsp
}

// want executes a command and wants exactly this response.
func (b *bench) want(cmd, rsp string) {
	b.t.Helper()
	if got := b.run(cmd); !bytes.Equal(got, unhex(rsp)) {
		b.t.Fatalf("%s: got %x, want %s", cmd, got, rsp)
	}
}

func unhex(s string) []byte {
	var b []byte
	for _, part := range bytes.Fields([]byte(s)) {
		d := make([]byte, hex.DecodedLen(len(part)))
		if _, err := hex.Decode(d, part); err != nil {
			panic(err)
		}
		b = append(b, d...)
	}
	return b
}

// Commands and responses.
const (
	startupClear  = "8001 0000000c 00000144 0000"
	startupState  = "8001 0000000c 00000144 0001"
	shutdownClear = "8001 0000000c 00000145 0000"
	shutdownState = "8001 0000000c 00000145 0001"
	readClock     = "8001 0000000a 00000181"
	getRandom     = "8001 0000000c 0000017b 0008"
	getTestResult = "8001 0000000a 0000017c"

	successAuth   = "8002 00000013 00000000 00000000 0000 01 0000"
	rcBadAuth     = "8001 0000000a 000009a2"
	success       = "8001 0000000a 00000000"
	rcFailure     = "8001 0000000a 00000101"
	rcInitialize  = "8001 0000000a 00000100"
	rcCommandSize = "8001 0000000a 00000142"
)

// changeOwnerAuth is TPM2_HierarchyChangeAuth of the owner with a password.
func changeOwnerAuth(old, new string) string {
	return fmt.Sprintf("8002 %08x 00000129 40000001 %08x 40000009 0000 01 %04x%x %04x%x",
		29+len(old)+len(new), 9+len(old), len(old), old, len(new), new)
}

// wantResult wants the code that the control channel gives an error.
func wantResult(t *testing.T, err error, want control.Result) {
	t.Helper()
	if got := control.ResultOf(err); got != want {
		t.Errorf("result %v (%v), want %v", got, err, want)
	}
}

func TestOpenWithoutStore(t *testing.T) {
	if _, err := govtpm.Open(nil, govtpm.Options{}); err == nil {
		t.Error("a TPM without a store")
	}
	if _, err := govtpm.Open(store.NewMemory(), govtpm.Options{Profile: "no such profile"}); err == nil {
		t.Error("a TPM of an unknown profile")
	}
}

func TestOff(t *testing.T) {
	mem := store.NewMemory()
	b := open(t, mem, govtpm.Options{})
	if b.Running() {
		t.Error("runs before Init")
	}
	b.want(readClock, rcFailure)
	b.want("00", rcFailure)
	wantResult(t, b.HashStart(), control.BadOrdinal)
	wantResult(t, b.HashData(nil), control.BadOrdinal)
	wantResult(t, b.HashEnd(), control.BadOrdinal)
	wantResult(t, b.StoreVolatile(), control.BadOrdinal)
	wantResult(t, b.ResetEstablished(3), control.BadOrdinal)
	_, err := b.Established()
	wantResult(t, err, control.BadOrdinal)
	for range 3 {
		wantResult(t, b.Stop(context.Background()), control.Success)
	}
	wantResult(t, b.Cancel(), control.Success)
	if list, err := mem.List(); err != nil || len(list) != 0 {
		t.Errorf("the store holds %v (%v) before Init", list, err)
	}
}

func TestPower(t *testing.T) {
	mem := store.NewMemory()
	b := open(t, mem, govtpm.Options{}).on()
	if !b.Running() {
		t.Error("does not run after Init")
	}
	if list, _ := mem.List(); len(list) != 1 || list[0].Kind != store.Permanent {
		t.Errorf("the store holds %v after Init", list)
	}
	b.want(getRandom, rcInitialize)
	b.want(startupClear, success)
	b.want(startupClear, rcInitialize)
	b.want("8001 0000000b 0000017b 0008", rcCommandSize)
	if rsp := b.run(getRandom); len(rsp) != 20 {
		t.Errorf("GetRandom: %x", rsp)
	}
	if err := b.Stop(context.Background()); err != nil || b.Running() {
		t.Errorf("Stop: %v, running %v", err, b.Running())
	}
	b.want(getRandom, rcFailure)
}

func TestClose(t *testing.T) {
	mem := store.NewMemory()
	b := open(t, mem, govtpm.Options{}).started()
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
	if b.Running() {
		t.Error("runs after Close")
	}
	b.want(getRandom, rcFailure)
	wantResult(t, b.Init(context.Background(), false), control.Fail)
	wantResult(t, b.LockStorage(0), control.Fail)
	wantResult(t, b.UnlockStorage(), control.Success)
	if err := mem.Lock(0); !errors.Is(err, store.ErrClosed) {
		t.Errorf("the store is still open: %v", err)
	}
}

func TestBufferSize(t *testing.T) {
	b := open(t, store.NewMemory(), govtpm.Options{})
	for _, tt := range []struct{ set, want uint32 }{{0, 0x1000}, {100, 0xb50}, {99999, 0x1000}, {3968, 3968}, {0, 3968}} {
		current, least, most, err := b.SetBufferSize(tt.set)
		if err != nil || current != tt.want || least != 0xb50 || most != 0x1000 {
			t.Errorf("%d: %d, %d to %d (%v)", tt.set, current, least, most, err)
		}
	}
	b.started()
	_, _, _, err := b.SetBufferSize(4000)
	wantResult(t, err, control.BadOrdinal)
	if current, _, _, err := b.SetBufferSize(0); current != 3968 || err != nil {
		t.Errorf("after Init: %d (%v)", current, err)
	}
	// TPM_PT_MAX_COMMAND_SIZE and TPM_PT_MAX_RESPONSE_SIZE (Part 2, 6.13)
	b.want("8001 00000016 0000017a 00000006 0000011e 00000002", "8001 00000023 00000000 01 00000006 00000002 0000011e 00000f80 0000011f 00000f80")
	// A command of 3969 bytes is too large, one of 3968 is only wrong.
	stirRandom := append(unhex("8001 00000f81 00000146"), make([]byte, 3969-10)...)
	if rsp, _ := b.Execute(context.Background(), 0, stirRandom); !bytes.Equal(rsp, unhex(rcCommandSize)) {
		t.Errorf("large command: %x", rsp)
	}
	stirRandom = stirRandom[:3968]
	stirRandom[5] = 0x80
	if rsp, _ := b.Execute(context.Background(), 0, stirRandom); bytes.Equal(rsp, unhex(rcCommandSize)) {
		t.Errorf("largest command: %x", rsp)
	}
}

func TestEstablished(t *testing.T) {
	b := open(t, store.NewMemory(), govtpm.Options{}).started()
	want := func(want bool) {
		t.Helper()
		if got, err := b.Established(); got != want || err != nil {
			t.Fatalf("established %v (%v), want %v", got, err, want)
		}
	}
	want(false)
	for _, err := range []error{b.HashStart(), b.HashData([]byte("launch")), b.HashEnd()} {
		if err != nil {
			t.Fatal(err)
		}
	}
	want(true)
	for locality := range uint8(3) {
		wantResult(t, b.ResetEstablished(locality), control.BadLocality)
	}
	want(true)
	wantResult(t, b.ResetEstablished(4), control.Success)
	want(false)
	if err := b.HashStart(); err != nil {
		t.Fatal(err)
	}
	want(true)
	b.on() // the flag stays
	want(true)
	wantResult(t, b.ResetEstablished(3), control.Success)
	want(false)
}

// Many callers at once: the race detector looks on.
func TestConcurrentUse(t *testing.T) {
	b := open(t, store.NewMemory(), govtpm.Options{}).started()
	var work sync.WaitGroup
	for range 8 {
		work.Go(func() {
			for range 20 {
				if rsp, err := b.Execute(context.Background(), 0, unhex(getRandom)); err != nil || len(rsp) < 10 {
					t.Errorf("%x (%v)", rsp, err)
				}
				b.Cancel()
				b.Running()
				b.Established()
				b.SetBufferSize(0)
			}
		})
	}
	work.Wait()
}
