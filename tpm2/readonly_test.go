package tpm2

import (
	"slices"
	"testing"

	"govtpm/tpm2/nvstate"
	"govtpm/tpm2/wire"
)

// Part 3, Table 207: the commands that are not permitted, and those for which an index decides.
var (
	readOnlyForbidden = []wire.CC{
		wire.CCCreate, wire.CCObjectChangeAuth, wire.CCCreateLoaded, wire.CCSetCommandCodeAuditStatus, wire.CCPCRAllocate,
		wire.CCPCRSetAuthPolicy, wire.CCPCRSetAuthValue, wire.CCCreatePrimary, wire.CCHierarchyControl, wire.CCSetPrimaryPolicy,
		wire.CCChangePPS, wire.CCChangeEPS, wire.CCClear, wire.CCClearControl, wire.CCHierarchyChangeAuth,
		wire.CCDictionaryAttackParameters, wire.CCPPCommands, wire.CCSetAlgorithmSet, wire.CCFieldUpgradeStart, wire.CCFieldUpgradeData,
		wire.CCEvictControl, wire.CCClockSet, wire.CCClockRateAdjust, wire.CCSetCapability, wire.CCNVDefineSpace, wire.CCNVUndefineSpace,
		wire.CCNVUndefineSpaceSpecial, wire.CCNVIncrement, wire.CCNVGlobalWriteLock, wire.CCNVChangeAuth, wire.CCNVDefineSpace2,
	}
	readOnlyTemporary = []wire.CC{wire.CCNVWrite, wire.CCNVExtend, wire.CCNVSetBits, wire.CCNVWriteLock, wire.CCNVReadLock}
)

func TestReadOnlyTable(t *testing.T) {
	for _, row := range commandTable() {
		if got, want := row.flags&flagNotRO != 0, slices.Contains(readOnlyForbidden, row.code); got != want {
			t.Errorf("%v: refused %t, want %t", row.code, got, want)
		}
		if got, want := row.flags&flagOnlyTemporary != 0, slices.Contains(readOnlyTemporary, row.code); got != want {
			t.Errorf("%v: by its index %t, want %t", row.code, got, want)
		}
		if row.flags&flagOnlyTemporary != 0 && (len(row.handles) != 2 || row.handles[1].name != "nvIndex") {
			t.Errorf("%v: the index is not handle 2", row.code)
		}
	}
}

func readOnlyCommand(on uint8) *testCommand {
	return newCommand(wire.CCReadOnlyControl, wire.RHPlatform).password("").u8(on)
}

// readOnly reports the mode as TPM_PT_STARTUP_CLEAR has it.
func (b *testTPM) readOnly() bool {
	b.t.Helper()
	return wire.TPMAStartupClear(b.property(wire.PTStartupClear)).Has(wire.StartupClearReadOnly)
}

func TestReadOnlyControl(t *testing.T) {
	b := newExtendedTPM(t)
	for _, tc := range []struct {
		name string
		cmd  *testCommand
		want wire.RC
		on   bool
	}{
		{"not the platform", newCommand(wire.CCReadOnlyControl, wire.RHOwner).password("").u8(1), wire.RCValue.Handle(1), false},
		{"no session", newCommand(wire.CCReadOnlyControl, wire.RHPlatform).u8(1), wire.RCAuthMissing, false},
		{"wrong password", newCommand(wire.CCReadOnlyControl, wire.RHPlatform).password("x").u8(1), wire.RCBadAuth.Session(1), false},
		{"wrong password, not yes or no", newCommand(wire.CCReadOnlyControl, wire.RHPlatform).password("x").u8(2), wire.RCBadAuth.Session(1), false},
		{"not yes or no", readOnlyCommand(2), wire.RCValue.Parameter(1), false},
		{"no parameter", newCommand(wire.CCReadOnlyControl, wire.RHPlatform).password(""), wire.RCInsufficient.Parameter(1), false},
		{"too long", readOnlyCommand(1).u8(0), wire.RCSize, false},
		{"off when off", readOnlyCommand(0), wire.RCSuccess, false},
		{"on", readOnlyCommand(1), wire.RCSuccess, true},
		{"on when on", readOnlyCommand(1), wire.RCSuccess, true},
		{"off", readOnlyCommand(0), wire.RCSuccess, false},
	} {
		b.want(tc.want, b.run(tc.cmd))
		if got := b.readOnly(); got != tc.on {
			t.Errorf("%s: read-only %t", tc.name, got)
		}
	}
	plain := newTestTPM(t)
	plain.want(wire.RCCommandCode, plain.run(readOnlyCommand(1)))
}

// The mode refuses before handles, authorizations and parameters are looked at, but not before Startup.
func TestReadOnlyOrder(t *testing.T) {
	b := newExtendedTPM(t)
	b.must(readOnlyCommand(1))
	for name, cmd := range map[string]*testCommand{
		"good":              newCommand(wire.CCClockSet, wire.RHOwner).password("").u64(1),
		"bad handle":        newCommand(wire.CCClockSet, 0x81000000).password("").u64(1),
		"bad password":      newCommand(wire.CCClockSet, wire.RHOwner).password("x").u64(1),
		"no session":        newCommand(wire.CCClockSet, wire.RHOwner).u64(1),
		"bad parameter":     newCommand(wire.CCClockSet, wire.RHOwner).password("").u8(1),
		"no loaded object":  newCommand(wire.CCEvictControl, wire.RHOwner, 0x80000000).password("").u32(0x81000000),
		"not there, object": newCommand(wire.CCObjectChangeAuth, 0x80000000, 0x80000001).password("").b2(nil),
	} {
		if r := b.run(cmd); r.rc != wire.RCReadOnly || len(r.body) != 0 {
			t.Errorf("%s: %v", name, r.rc)
		}
	}
	b.must(newCommand(wire.CCDictionaryAttackLockReset, wire.RHLockout).password(""))
	b.must(newCommand(wire.CCStirRandom).b2([]byte("x")))
	b.powerCycle()
	b.want(wire.RCInitialize, b.run(newCommand(wire.CCClockSet, wire.RHOwner).password("").u64(1)))
}

// What lasts no longer than the power cycle may be written; an index that is not there is the first fault, then the mode, then the
// authorization.
func TestReadOnlyIndex(t *testing.T) {
	const ordinary, temporary, orderly, missing = wire.Handle(0x01000001), wire.Handle(0x01000002), wire.Handle(0x01000003), wire.Handle(0x01000009)
	b := newExtendedTPM(t)
	locks := nvOpen | wire.NVWriteStClear | wire.NVReadStClear
	b.define(nvPublic(ordinary, locks, 8))
	b.define(nvPublic(temporary, locks|wire.NVOrderly|wire.NVClearStClear, 8))
	b.define(nvPublic(orderly, locks|wire.NVOrderly, 8))
	b.must(nvCommand(wire.CCNVWrite, ordinary).b2([]byte("12345678")).u16(0))
	b.must(readOnlyCommand(1))
	for _, tc := range []struct {
		cc     wire.CC
		params func(*testCommand) *testCommand
		want   wire.RC // for the temporary index
	}{
		{wire.CCNVWrite, func(c *testCommand) *testCommand { return c.b2([]byte("abcdefgh")).u16(0) }, wire.RCSuccess},
		{wire.CCNVExtend, func(c *testCommand) *testCommand { return c.b2([]byte("x")) }, wire.RCAttributes.Handle(2)},
		{wire.CCNVSetBits, func(c *testCommand) *testCommand { return c.u64(1) }, wire.RCAttributes.Handle(2)},
		{wire.CCNVReadLock, func(c *testCommand) *testCommand { return c }, wire.RCSuccess},
		{wire.CCNVWriteLock, func(c *testCommand) *testCommand { return c }, wire.RCSuccess},
	} {
		b.want(wire.RCHandle.Handle(1), b.run(tc.params(nvCommand(tc.cc, missing))))
		b.want(wire.RCReadOnly, b.run(tc.params(nvCommand(tc.cc, ordinary))))
		b.want(wire.RCReadOnly, b.run(tc.params(nvCommand(tc.cc, orderly))))
		b.want(wire.RCReadOnly, b.run(tc.params(newCommand(tc.cc, ordinary, ordinary).password("wrong"))))
		b.want(tc.want, b.run(tc.params(nvCommand(tc.cc, temporary))))
	}
	b.want(wire.RCReadOnly, b.run(nvCommand(wire.CCNVIncrement, temporary)))
	if got := string(b.nvData(ordinary, 8)); got != "12345678" {
		t.Errorf("content %q", got)
	}
}

// The use of a PIN is counted, so it is refused; another secret is not.
func TestReadOnlyPIN(t *testing.T) {
	const pin, plain = wire.Handle(0x01000001), wire.Handle(0x01000002)
	b := newExtendedTPM(t)
	for _, kind := range []wire.NT{wire.NTPinPass, wire.NTPinFail} {
		b.must(readOnlyCommand(0))
		b.must(defineCommand(wire.RHOwner, "pin", nvPublic(pin, nvType(kind)|wire.NVNoDA|wire.NVOwnerWrite|wire.NVAuthRead, 8)))
		b.must(newCommand(wire.CCNVWrite, wire.RHOwner, pin).password("").b2([]byte{0, 0, 0, 0, 0, 0, 0, 9}).u16(0))
		b.define(nvPublic(plain, nvOpen, 8))
		s := b.policy(wire.SEPolicy)
		secret := func(h wire.Handle, auth string) *testCommand {
			return newCommand(wire.CCPolicySecret, h, s.handle).password(auth).b2(nil).b2(nil).b2(nil).u32(0)
		}
		b.must(secret(pin, "pin"))
		b.must(readOnlyCommand(1))
		count, _ := b.nv.index(pin).pin()
		b.want(wire.RCReadOnly, b.run(secret(pin, "pin")))
		b.want(wire.RCReadOnly, b.run(secret(pin, "wrong")))
		if again, _ := b.nv.index(pin).pin(); again != count {
			t.Errorf("pinCount %d, before %d", again, count)
		}
		b.must(secret(plain, ""))
		b.must(secret(wire.RHOwner, ""))
		b.must(readOnlyCommand(0))
		b.flush(s.handle)
		for _, h := range []wire.Handle{pin, plain} {
			b.must(newCommand(wire.CCNVUndefineSpace, wire.RHOwner, h).password(""))
		}
	}
}

// TPM Resume keeps the mode, TPM Restart and TPM Reset end it (Part 2, 8.7), whether power was lost or the state was moved.
func TestReadOnlyStartup(t *testing.T) {
	for _, tc := range []struct {
		name            string
		shutdown, start wire.SU
		want            bool
	}{
		{"resume", wire.SUState, wire.SUState, true},
		{"restart", wire.SUState, wire.SUClear, false},
		{"reset", wire.SUClear, wire.SUClear, false},
	} {
		for _, load := range []bool{false, true} {
			b := newExtendedTPM(t)
			b.must(readOnlyCommand(1))
			b.shutdown(tc.shutdown)
			if load {
				b = b.reload()
			} else {
				b.powerCycle()
			}
			b.startup(tc.start)
			if got := b.readOnly(); got != tc.want {
				t.Errorf("%s, loaded %t: read-only %t", tc.name, load, got)
			}
		}
	}
	b := newExtendedTPM(t)
	b.must(readOnlyCommand(1))
	state, err := b.VolatileState()
	if err != nil {
		t.Fatal(err)
	}
	b = b.reload()
	if err := b.RestoreVolatile(state); err != nil || !b.readOnly() {
		t.Errorf("volatile state: %t, %v", b.readOnly(), err)
	}
	// A change takes the shutdown back; none does not.
	b.shutdown(wire.SUState)
	b.must(readOnlyCommand(1))
	b.powerCycle()
	b.startup(wire.SUState)
	b.shutdown(wire.SUState)
	b.must(readOnlyCommand(0))
	b.powerCycle()
	b.want(wire.RCValue.Parameter(1), b.run(newCommand(wire.CCStartup).u16(uint16(wire.SUState))))
}

// A TPM without timers saves the mode alone; one without the mode and timers saves what libtpms would.
func TestReadOnlyWithoutTimers(t *testing.T) {
	for commands, want := range map[string]bool{",0x1a0": true, ",0x1a6": false} {
		b := newTestTPMWith(t, Options{Seeds: vectorSeeds(), Profile: testProfile(t, extendedJSON(commands, ""))}).startup(wire.SUClear)
		if want {
			b.must(readOnlyCommand(1))
		}
		b.shutdown(wire.SUState)
		p, err := nvstate.DecodePermanent(b.storage.state)
		if err != nil {
			t.Fatal(err)
		}
		e := p.StateClear.Extension
		if (e != nil) != want || want && !e.ReadOnly {
			t.Errorf("%s: %+v", commands, e)
		}
		for i := range nvstate.NumCountdowns {
			if want && !e.Countdowns[i].IsIdle() {
				t.Errorf("timer %d: %+v", i, e.Countdowns[i])
			}
		}
		if b = b.reload().startup(wire.SUState); b.readOnly() != want {
			t.Errorf("%s: read-only %t", commands, b.readOnly())
		}
	}
}
