package tpm2

import (
	"bytes"
	"encoding/binary"
	"testing"

	"govtpm/tpm2/wire"
)

// A rowJudge runs what fails in the rows on libtpms too, from the same state, and wants the same code.
type rowJudge struct {
	row   *commandRow
	o     *oracle
	state []byte // that o has
	calls int
}

// compare gives a command that has to fail with a code to libtpms. Nothing is done where there is no judge, or where libtpms cannot be
// brought into the state of b: it takes locality and presence from elsewhere.
func (j *rowJudge) compare(b *testTPM, name string, cmd []byte, want wire.RC) {
	if j == nil || b.locality != 0 || b.presence || b.Failure() != nil || !b.volatile.started {
		return
	}
	if len(cmd) < 10 || len(cmd) > maxCommandSize || int(binary.BigEndian.Uint32(cmd[2:])) != len(cmd) {
		return // swtpm waits for more, or takes them for two
	}
	b.t.Helper()
	if state := b.trace(); j.o == nil || !bytes.Equal(state, j.state) {
		j.start(b)
		j.state = state
	}
	j.calls++
	rsp := j.o.run(cmd)
	got := wire.RC(binary.BigEndian.Uint32(rsp[6:]))
	if got != want && knownDifference(j.row.code, want, got) == "" {
		b.t.Errorf("%s: libtpms says %v (%#x), not %v (%#x)", name, got, uint32(got), want, uint32(want))
	}
	if got == wire.RCSuccess || got == wire.RCFailure || got.Base() == wire.RCAuthFail {
		j.o.end()
		j.o = nil
	}
}

// start brings libtpms into the state of b.
func (j *rowJudge) start(b *testTPM) {
	b.t.Helper()
	if j.o != nil {
		j.o.end()
	}
	j.o = b.oracle()
}

// knownDifference is why libtpms 0.9 gives another code; empty if it should not.
func knownDifference(cc wire.CC, want, got wire.RC) string {
	switch {
	case cc == wire.CCCertifyX509 && got.Base() == want.Base():
		return "libtpms counts the handles the other way round"
	case cc == wire.CCCertifyX509 && want == wire.RCReservedBits.Parameter(3):
		return "libtpms does not look at reserved usage"
	case cc == wire.CCSequenceUpdate && want == wire.RCMode.Handle(1) && got == wire.RCMode.Parameter(1):
		return "libtpms counts the handle as a parameter"
	case (cc == wire.CCRSAEncrypt || cc == wire.CCRSADecrypt) && want == wire.RCValue && got == wire.RCFailure:
		return "libtpms fails with what its library refuses"
	case cc == wire.CCPCRSetAuthPolicy || cc == wire.CCPCRSetAuthValue:
		return "the groups of PCR 20 to 22 are gone since libtpms 0.10"
	case cc == wire.CCNVDefineSpace && want == wire.RCNVSpace:
		return "libtpms 0.9 has room for two indexes more"
	case cc == wire.CCEvictControl && want == wire.RCHierarchy.Handle(2) && got == wire.RCHandle.Handle(2):
		return "libtpms compares the handles first"
	case cc == wire.CCGetTime && want == wire.RCLockout:
		return "libtpms counts the time since the state was made, and the lockout is over"
	case cc == wire.CCPolicyAuthorize && want == wire.RCSize.Parameter(3) && got == wire.RCHash.Parameter(3):
		return "libtpms 0.9 reads a hash that is not there"
	}
	return ""
}

// TestCommandRowsOracle runs what fails in the rows on Debian's libtpms.
func TestCommandRowsOracle(t *testing.T) {
	if testing.Short() {
		t.Skip("short")
	}
	commands := make(map[wire.CC]command)
	for _, cmd := range commandTable() {
		commands[cmd.code] = cmd
	}
	rows := commandRows(t)
	for _, fact := range commandFacts(t) {
		row, cmd := rows[fact.code], commands[fact.code]
		if row == nil || row.before || fact.offered != "libtpms" {
			continue
		}
		t.Run(fact.name, func(t *testing.T) {
			t.Parallel()
			judged := *row
			judged.judged = &rowJudge{row: row}
			judged.test(t, &cmd)
			t.Logf("%d calls compared", judged.judged.calls)
		})
	}
}
