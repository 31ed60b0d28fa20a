package tpm2

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"govtpm/tpm2/nvstate"
	"govtpm/tpm2/wire"
)

// A countdownBench is a TPM whose timers tell when they expire.
type countdownBench struct {
	*testTPM
	expired []int
}

func newCountdownBench(t *testing.T) *countdownBench {
	t.Helper()
	b := &countdownBench{testTPM: newExtendedTPM(t)}
	b.env.Countdown = func(timer int) { b.expired = append(b.expired, timer) }
	return b
}

func setTimeout(timer int, seconds uint32) *testCommand {
	return newCommand(wire.CCACTSetTimeout, wire.RHACT0+wire.Handle(timer)).password("").u32(seconds)
}

// timer is a timer as TPM_CAP_ACT has it: timeout and attributes.
func (b *testTPM) timer(n int) string {
	b.t.Helper()
	_, d := b.capabilityOf(wire.CapACT, uint32(wire.RHACT0)+uint32(n), 1)
	if len(d.ACTData) != 1 || d.ACTData[0].Handle != wire.RHACT0+wire.Handle(n) {
		b.t.Fatalf("timer %d: %+v", n, d.ACTData)
	}
	return fmt.Sprintf("%d %d", d.ACTData[0].Timeout, d.ACTData[0].Attributes)
}

// The states of Part 3, 33.2.1.
func TestACTSetTimeout(t *testing.T) {
	b := newCountdownBench(t)
	for _, step := range []struct {
		name    string
		wait    time.Duration
		set     int64 // -1: nothing
		want    string
		expired string
	}{
		{"idle", time.Hour, -1, "0 0", "[]"},
		{"zero to zero", 0, 0, "0 0", "[]"},
		{"zero to ten", 0, 10, "10 0", "[]"},
		{"a second is over", time.Second, -1, "9 0", "[]"},
		{"what began counts", 500 * time.Millisecond, -1, "9 0", "[]"},
		{"longer", 0, 20, "20 0", "[]"},
		{"shorter", 0, 2, "2 0", "[]"},
		{"just before", 1999 * time.Millisecond, -1, "1 0", "[]"},
		{"expired", time.Millisecond, -1, "0 1", "[3]"},
		{"once", time.Hour, -1, "0 1", "[3]"},
		{"zero to zero, signaled", 0, 0, "0 1", "[3]"},
		{"zero to five, signaled", 0, 5, "5 0", "[3]"},
		{"five to zero", 0, 0, "0 1", "[3 3]"},
		{"signal taken back", 0, 0xFFFFFFFF, "0 0", "[3 3]"},
		{"longest", 0, 0xFFFFFFFF, "4294967295 0", "[3 3]"},
		{"longest again", time.Second, 0xFFFFFFFF, "4294967295 0", "[3 3]"},
		{"far on", 0xFFFFFFFE * time.Second, -1, "1 0", "[3 3]"},
		{"end", time.Second, -1, "0 1", "[3 3 3]"},
	} {
		b.clock.now += step.wait
		if step.set >= 0 {
			b.must(setTimeout(3, uint32(step.set)))
		}
		if got := b.timer(3); got != step.want || fmt.Sprint(b.expired) != step.expired {
			t.Errorf("%s: %s, expired %v, want %s, %s", step.name, got, b.expired, step.want, step.expired)
		}
	}
	if got := b.timer(4); got != "0 0" {
		t.Errorf("another timer: %s", got)
	}
}

func TestACTErrors(t *testing.T) {
	b := newCountdownBench(t)
	b.must(newCommand(wire.CCHierarchyChangeAuth, wire.RHPlatform).password("").b2([]byte("pw")))
	good := func() *testCommand { return newCommand(wire.CCACTSetTimeout, wire.RHACT0).password("pw") }
	for _, tc := range []struct {
		name string
		cmd  *testCommand
		want wire.RC
	}{
		{"handle below", newCommand(wire.CCACTSetTimeout, wire.RHACT0-1).password("pw").u32(1), wire.RCValue.Handle(1)},
		{"handle above", newCommand(wire.CCACTSetTimeout, wire.RHACTF+1).password("pw").u32(1), wire.RCValue.Handle(1)},
		{"platform", newCommand(wire.CCACTSetTimeout, wire.RHPlatform).password("pw").u32(1), wire.RCValue.Handle(1)},
		{"no session", newCommand(wire.CCACTSetTimeout, wire.RHACT0).u32(1), wire.RCAuthMissing},
		{"wrong password", newCommand(wire.CCACTSetTimeout, wire.RHACT0).password("").u32(1), wire.RCBadAuth.Session(1)},
		{"wrong password, no parameter", newCommand(wire.CCACTSetTimeout, wire.RHACT0).password(""), wire.RCBadAuth.Session(1)},
		{"no parameter", good(), wire.RCInsufficient.Parameter(1)},
		{"too long", good().u32(1).u8(0), wire.RCSize},
		{"good", good().u32(1), wire.RCSuccess},
		{"capability below", getCapability(wire.CapACT, uint32(wire.RHACT0)-1, 1), wire.RCValue.Parameter(2)},
		{"capability above", getCapability(wire.CapACT, uint32(wire.RHACTF)+1, 1), wire.RCValue.Parameter(2)},
	} {
		if got := b.run(tc.cmd).rc; got != tc.want {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
		}
	}
	// The authValue is the platform's, and goes with it; a policy does not (Part 1, 40.2).
	b.must(newCommand(wire.CCSetPrimaryPolicy, wire.RHACT0).password("pw").b2(chain(zeroPolicy, wire.CCPolicyLocality, []byte{1})).put(wire.AlgSHA256))
	s := b.policy(wire.SEPolicy)
	b.must(newCommand(wire.CCHierarchyControl, wire.RHPlatform).password("pw").put(wire.RHPlatform).u8(0))
	b.want(wire.RCAuthUnavailable.Session(1), b.run(good().u32(1)))
	b.want(wire.RCPolicyFail.Session(1), s.run(newCommand(wire.CCACTSetTimeout, wire.RHACT0).u32(7), nil))
	b.must(newCommand(wire.CCPolicyLocality, s.handle).u8(1))
	b.want(wire.RCSuccess, s.run(newCommand(wire.CCACTSetTimeout, wire.RHACT0).u32(7), nil))
	b.want(wire.RCAuthUnavailable.Session(1), s.run(newCommand(wire.CCACTSetTimeout, wire.RHACT0+1).u32(7), nil))
	if got := b.timer(0); got != "7 0" {
		t.Errorf("set with a policy: %s", got)
	}
	plain := newTestTPM(t)
	plain.want(wire.RCCommandCode, plain.run(setTimeout(0, 1)))
	plain.want(wire.RCValue.Handle(1), plain.run(newCommand(wire.CCSetPrimaryPolicy, wire.RHACT0).password("").b2(nil).put(wire.AlgNull)))
	if more, d := plain.capabilityOf(wire.CapACT, uint32(wire.RHACT0), 16); more || len(d.ACTData) != 0 {
		t.Errorf("TPM_CAP_ACT of a TPM without timers: %v", d.ACTData)
	}
}

func TestACTCapabilities(t *testing.T) {
	b := newCountdownBench(t)
	b.must(setTimeout(15, 60))
	policy := digestOf("policy")
	b.must(newCommand(wire.CCSetPrimaryPolicy, wire.RHACTF).password("").b2(policy).put(wire.AlgSHA256))
	b.want(wire.RCSize.Parameter(1), b.run(newCommand(wire.CCSetPrimaryPolicy, wire.RHACTF).password("").b2(policy[1:]).put(wire.AlgSHA256)))
	more, d := b.capabilityOf(wire.CapACT, uint32(wire.RHACT0), 100)
	if more || len(d.ACTData) != 16 || d.ACTData[15] != (wire.TPMSACTData{Handle: wire.RHACTF, Timeout: 60}) {
		t.Errorf("%v, %+v", more, d.ACTData)
	}
	if more, d = b.capabilityOf(wire.CapACT, uint32(wire.RHACT0)+14, 1); !more || len(d.ACTData) != 1 {
		t.Errorf("%v, %+v", more, d.ACTData)
	}
	_, d = b.capabilityOf(wire.CapHandles, uint32(wire.RHACT0), 100)
	if len(d.Handles) != 16 || d.Handles[0] != wire.RHACT0 {
		t.Errorf("handles %v", d.Handles)
	}
	_, d = b.capabilityOf(wire.CapAuthPolicies, uint32(wire.RHACTF), 1)
	if len(d.AuthPolicies) != 1 || !bytes.Equal(d.AuthPolicies[0].PolicyHash.Digest, policy) {
		t.Errorf("policies %+v", d.AuthPolicies)
	}
	s := b.policy(wire.SEPolicy)
	compare := func(property wire.Handle, signaled byte) *testCommand {
		return newCommand(wire.CCPolicyCapability, s.handle).b2([]byte{0, 0, 0, signaled}).u16(8).put(wire.EOEq, wire.CapACT).u32(uint32(property))
	}
	b.must(compare(wire.RHACTF, 0))
	b.want(wire.RCPolicy, b.run(compare(wire.RHACTF, 1)))
	b.must(setTimeout(15, 0))
	b.must(compare(wire.RHACTF, 1))
	b.want(wire.RCValue.Parameter(5), b.run(compare(wire.RHPlatform, 1)))
}

// TPM Reset and TPM Restart end the timers without a signal; over TPM Resume they keep their time, or half of it.
func TestACTStartup(t *testing.T) {
	for _, load := range []bool{false, true} {
		next := func(b *countdownBench, start wire.SU) {
			t.Helper()
			if load {
				b.testTPM = b.reload()
				b.env.Countdown = func(timer int) { b.expired = append(b.expired, timer) }
			} else {
				b.powerCycle()
			}
			b.clock.now += time.Hour // power was off
			b.startup(start)
		}
		b := newCountdownBench(t)
		policy := digestOf("policy")
		b.must(setTimeout(0, 100))
		b.must(setTimeout(2, 5))
		b.must(newCommand(wire.CCSetPrimaryPolicy, wire.RHACT0+2).password("").b2(policy).put(wire.AlgSHA256))
		b.clock.now += 10 * time.Second
		if got := b.timer(2); got != "0 1" {
			t.Errorf("timer 2: %s", got)
		}
		b.shutdown(wire.SUState)
		next(b, wire.SUState)
		for timer, want := range []string{"90 0", "0 0", "0 3"} {
			if got := b.timer(timer); got != want {
				t.Errorf("loaded %t: timer %d after resume: %s, want %s", load, timer, got, want)
			}
		}
		if got := b.authPolicy(wire.RHACT0+2, nil); got.alg != wire.AlgSHA256 || !bytes.Equal(got.digest, policy) {
			t.Errorf("policy %v", got)
		}
		// Not set since: half of it, and again.
		b.shutdown(wire.SUState)
		next(b, wire.SUState)
		if got := b.timer(0); got != "45 0" {
			t.Errorf("loaded %t: timer 0 after another resume: %s", load, got)
		}
		b.must(setTimeout(2, 0)) // takes preserveSignaled, and leaves signaled
		if got := b.timer(2); got != "0 1" {
			t.Errorf("timer 2: %s", got)
		}
		// Setting a timer takes the shutdown back.
		b.shutdown(wire.SUState)
		b.must(setTimeout(0, 30))
		b.powerCycle()
		b.want(wire.RCValue.Parameter(1), b.run(newCommand(wire.CCStartup).u16(uint16(wire.SUState))))
		b.startup(wire.SUClear)
		b.must(setTimeout(0, 30))
		b.must(newCommand(wire.CCSetPrimaryPolicy, wire.RHACT0+2).password("").b2(policy).put(wire.AlgSHA256))
		b.shutdown(wire.SUState)
		next(b, wire.SUClear)
		for timer := range 3 {
			if got := b.timer(timer); got != "0 0" {
				t.Errorf("loaded %t: timer %d after restart: %s", load, timer, got)
			}
		}
		if got := b.authPolicy(wire.RHACT0+2, nil); got.alg != wire.AlgNull || len(got.digest) != 0 {
			t.Errorf("policy after restart %v", got)
		}
		if fmt.Sprint(b.expired) != "[2]" {
			t.Errorf("expired: %v", b.expired)
		}
	}
}

// A TPM that moves goes on counting, with the time in between.
func TestACTVolatileState(t *testing.T) {
	b := newCountdownBench(t)
	b.clock.now += 3 * time.Second
	b.must(setTimeout(0, 10))
	b.must(setTimeout(1, 30))
	state, err := b.VolatileState()
	if err != nil {
		t.Fatal(err)
	}
	b.clock.now += 20 * time.Second
	b.testTPM = b.reload()
	b.env.Countdown = func(timer int) { b.expired = append(b.expired, timer) }
	if err := b.RestoreVolatile(state); err != nil {
		t.Fatal(err)
	}
	if first, second := b.timer(0), b.timer(1); first != "0 1" || second != "10 0" || fmt.Sprint(b.expired) != "[0]" {
		t.Errorf("%s, %s, expired %v", first, second, b.expired)
	}
}

// A deadline that no command can have set, in a state that was tampered with, neither overflows nor has anybody call without end.
func TestACTFarDeadline(t *testing.T) {
	b := newCountdownBench(t)
	b.must(setTimeout(0, 10))
	good, err := b.VolatileState()
	if err != nil {
		t.Fatal(err)
	}
	const longest = 0xFFFFFFFF * time.Second
	for _, deadline := range []uint64{1 << 62, 1<<63 - 1, 1 << 63, 1<<63 + 1, 9223372036855, 13835058055282, 1<<64 - 1} {
		s, err := nvstate.DecodeVolatile(good)
		if err != nil {
			t.Fatal(err)
		}
		s.StateClear.Extension.Countdowns[0].Deadline = deadline
		state, err := s.Encode(b.level())
		if err != nil {
			t.Fatal(err)
		}
		x := &countdownBench{testTPM: b.reload()}
		if err := x.RestoreVolatile(state); err != nil {
			t.Fatal(err)
		}
		if d := x.CountDown(); d != longest {
			t.Errorf("deadline %d: %v", deadline, d)
		}
		if got := x.timer(0); got != "4294967295 0" {
			t.Errorf("deadline %d: %s", deadline, got)
		}
	}
}

// Nobody has to send commands for a timer to expire, and failure mode does not keep it.
func TestCountDown(t *testing.T) {
	b := newCountdownBench(t)
	if d := b.CountDown(); d != 0 {
		t.Errorf("no timer: %v", d)
	}
	b.must(setTimeout(0, 10))
	b.must(setTimeout(1, 3))
	if d := b.CountDown(); d != 3*time.Second {
		t.Errorf("two timers: %v", d)
	}
	b.clock.now += 3 * time.Second
	if d := b.CountDown(); d != 7*time.Second || fmt.Sprint(b.expired) != "[1]" {
		t.Errorf("one is left: %v, expired %v", d, b.expired)
	}
	b.fail(errStorage)
	b.clock.now += 8 * time.Second
	if d := b.CountDown(); d != 0 || fmt.Sprint(b.expired) != "[1 0]" {
		t.Errorf("in failure mode: %v, expired %v", d, b.expired)
	}
	b.want(wire.RCFailure, b.run(setTimeout(0, 1)))
	b.powerCycle()
	if d := b.CountDown(); d != 0 {
		t.Errorf("before Startup: %v", d)
	}
	plain := newTestTPM(t)
	if d := plain.CountDown(); d != 0 {
		t.Errorf("without timers: %v", d)
	}
}

// A timer that expires after Shutdown(STATE) is found signaled by the TPM Resume, though no command came in between; what is not of the saved
// state is not written out for it.
func TestCountDownAfterShutdown(t *testing.T) {
	for _, byCommand := range []bool{false, true} {
		b := newCountdownBench(t)
		b.must(setTimeout(0, 4))
		b.must(setTimeout(1, 10))
		b.clock.now += 2 * time.Second
		saves := b.storage.saves
		b.CountDown()
		if b.storage.saves != saves {
			t.Error("saved though nothing expired")
		}
		b.shutdown(wire.SUState)
		saves = b.storage.saves
		b.clock.now += time.Second
		b.InterruptTime()
		b.CountDown()
		if b.storage.saves != saves {
			t.Error("saved though nothing expired after Shutdown")
		}
		b.clock.now += time.Second
		for range 2 {
			if byCommand {
				b.must(newCommand(wire.CCReadClock))
			} else {
				b.CountDown()
			}
		}
		if b.storage.saves != saves+1 || fmt.Sprint(b.expired) != "[0]" {
			t.Errorf("by command %t: %d saves, expired %v", byCommand, b.storage.saves-saves, b.expired)
		}
		b.testTPM = b.reload()
		b.startup(wire.SUState)
		for timer, want := range []string{"2 3", "8 0"} {
			if got := b.timer(timer); got != want {
				t.Errorf("by command %t: timer %d after resume: %s, want %s", byCommand, timer, got, want)
			}
		}
	}
	// Without Shutdown there is nothing to resume, and nothing to save.
	b := newCountdownBench(t)
	b.must(setTimeout(0, 1))
	saves := b.storage.saves
	b.clock.now += time.Second
	b.CountDown()
	if b.storage.saves != saves || fmt.Sprint(b.expired) != "[0]" {
		t.Errorf("%d saves, expired %v", b.storage.saves-saves, b.expired)
	}
	// What cannot be saved is told.
	b = newCountdownBench(t)
	b.must(setTimeout(0, 1))
	b.shutdown(wire.SUState)
	b.clock.now += time.Second
	b.storage.failing = true
	b.CountDown()
	if b.Failure() == nil || fmt.Sprint(b.expired) != "[0]" {
		t.Errorf("failure %v, expired %v", b.Failure(), b.expired)
	}
}
