package tpm2

import (
	"testing"

	"govtpm/tpm2/wire"
)

func TestBeforeStartup(t *testing.T) {
	b := newTestTPMWith(t, Options{Seeds: vectorSeeds()})
	for _, tc := range []struct {
		name string
		cmd  []byte
		want wire.RC
	}{
		{"read clock", newCommand(wire.CCReadClock).bytes(), wire.RCInitialize},
		{"unknown command", newCommand(0x1234).bytes(), wire.RCCommandCode},
		{"no tag of a TPM", []byte{0x00, 0xC1, 0, 0, 0, 10, 0, 0, 0, 0x50}, wire.RCValue},
		{"tag of a ticket", []byte{0x80, 0x21, 0, 0, 0, 10, 0, 0, 0, 0x50}, wire.RCBadTag},
		{"only a tag", []byte{0x80, 0x01}, wire.RCInsufficient},
		{"one byte", []byte{0x80}, wire.RCInsufficient},
		{"size too small", []byte{0x80, 0x01, 0, 0, 0, 9, 0, 0, 1, 0x81}, wire.RCCommandSize},
		{"no command code", []byte{0x80, 0x01, 0, 0, 0, 8, 0, 0}, wire.RCInsufficient},
		{"startup of another type", newCommand(wire.CCStartup).u16(2).bytes(), wire.RCValue.Parameter(1)},
		{"startup with state, but none saved", newCommand(wire.CCStartup).u16(1).bytes(), wire.RCValue.Parameter(1)},
		{"startup with a session", newCommand(wire.CCStartup).password("").u16(0).bytes(), wire.RCAuthContext},
		{"startup", newCommand(wire.CCStartup).u16(0).bytes(), wire.RCSuccess},
		{"startup again", newCommand(wire.CCStartup).u16(0).bytes(), wire.RCInitialize},
	} {
		if got := b.runBytes(tc.cmd).rc; got != tc.want {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
		}
	}
}

func TestStartupCounters(t *testing.T) {
	type counters struct{ reset, restart, clear uint32 }
	b := newTestTPM(t)
	check := func(step string, want counters) {
		t.Helper()
		got := counters{b.persistent.resetCount, b.stateReset.restartCount, b.stateReset.clearCount}
		if got != want {
			t.Errorf("%s: %+v, want %+v", step, got, want)
		}
	}
	check("first start", counters{reset: 1})
	b.shutdown(wire.SUClear)
	b.powerCycle()
	b.startup(wire.SUClear)
	check("reset", counters{reset: 2})
	b.shutdown(wire.SUState)
	b.powerCycle()
	b.startup(wire.SUState)
	check("resume", counters{reset: 2, restart: 1})
	b.shutdown(wire.SUState)
	b.powerCycle()
	b.startup(wire.SUClear)
	check("restart", counters{reset: 2, restart: 2, clear: 1})
	b.powerCycle()
	b.want(wire.RCValue.Parameter(1), b.run(newCommand(wire.CCStartup).u16(uint16(wire.SUState))))
	b.startup(wire.SUClear)
	check("reset without shutdown", counters{reset: 3})
	if b.orderly.clockSafe {
		t.Error("clock is safe after a start without shutdown before")
	}
}
