package tpm2

import (
	"context"
	"encoding/hex"
	"errors"
	"testing"

	"govtpm/tpm2/wire"
)

// toDo runs TPM2_IncrementalSelfTest and returns the list of untested algorithms in hexadecimal.
func (b *testTPM) toDo(test ...wire.Alg) string {
	b.t.Helper()
	r := b.must(newCommand(wire.CCIncrementalSelfTest).put(wire.TPMLAlg(test)))
	return hex.EncodeToString(r.body[4:])
}

func TestKnownAnswers(t *testing.T) {
	for _, alg := range selfTested() {
		if err := knownAnswer(alg); err != nil {
			t.Errorf("%v: %v", alg, err)
		}
	}
}

func TestSelfTest(t *testing.T) {
	b := newTestTPM(t)
	if got := b.toDo(); got != "000300040006000b000c000d00140015001600170018001900"+"1c002200260043" {
		t.Errorf("untested after Startup: %s", got)
	}
	if got := b.toDo(wire.AlgRSASSA, wire.AlgAES, wire.AlgHMAC); got != "00030004000b000c00150016001700180019001c00220026" {
		t.Errorf("untested after some tests: %s", got)
	}
	if got := b.toDo(wire.AlgECDSA, wire.AlgECDSA, wire.AlgMGF1); got != "00030004000b000c001500160017001c00220026" {
		t.Errorf("untested after some more tests: %s", got)
	}
	b.must(newCommand(wire.CCSelfTest).u8(0))
	if got := b.toDo(); got != "" {
		t.Errorf("untested after SelfTest: %s", got)
	}
	b.must(newCommand(wire.CCSelfTest).u8(1))
	b.powerCycle()
	b.startup(wire.SUClear)
	if got := len(b.untested()); got != 16 {
		t.Errorf("%d algorithms are untested after a power cycle", got)
	}
	b.must(newCommand(wire.CCHash).b2([]byte("x")).u16(uint16(wire.AlgSHA512)).u32(uint32(wire.RHNull)))
	if b.volatile.selfTest.done.Has(wire.AlgSHA1) || !b.volatile.selfTest.done.Has(wire.AlgSHA512) {
		t.Error("use of SHA-512 did not test it alone")
	}
}

func TestSelfTestErrors(t *testing.T) {
	b := newTestTPM(t)
	for _, tc := range []struct {
		name string
		cmd  *testCommand
		want wire.RC
	}{
		{"neither yes nor no", newCommand(wire.CCSelfTest).u8(2), wire.RCValue.Parameter(1)},
		{"no parameter", newCommand(wire.CCSelfTest), wire.RCInsufficient.Parameter(1)},
		{"no algorithm of this TPM", newCommand(wire.CCIncrementalSelfTest).put(wire.TPMLAlg{wire.AlgSHA1, wire.AlgSM3_256}), wire.RCValue.Parameter(1)},
		{"no algorithm", newCommand(wire.CCIncrementalSelfTest).put(wire.TPMLAlg{wire.AlgNull}), wire.RCValue.Parameter(1)},
		{"algorithm out of range", newCommand(wire.CCIncrementalSelfTest).put(wire.TPMLAlg{0xFFFF}), wire.RCValue.Parameter(1)},
		{"too many", newCommand(wire.CCIncrementalSelfTest).put(make(wire.TPMLAlg, 65)), wire.RCSize.Parameter(1)},
		{"result", newCommand(wire.CCGetTestResult), wire.RCSuccess},
		{"result with a parameter", newCommand(wire.CCGetTestResult).u8(0), wire.RCSize},
	} {
		if got := b.run(tc.cmd).rc; got != tc.want {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
		}
	}
	if n := len(b.untested()); n != 16 {
		t.Errorf("refused commands tested %d algorithms", 16-n)
	}
	if got := hex.EncodeToString(b.must(newCommand(wire.CCGetTestResult)).body); got != "000000000000" {
		t.Errorf("result %s", got)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	out := b.Execute(ctx, 0, newCommand(wire.CCSelfTest).u8(1).bytes())
	if got := hex.EncodeToString(out); got != "80010000000a00000909" {
		t.Errorf("a cancelled self-test: %s", got)
	}
}

func TestSelfTestFailure(t *testing.T) {
	for name, cmd := range map[string]*testCommand{
		"asked for": newCommand(wire.CCSelfTest).u8(1),
		"in part":   newCommand(wire.CCIncrementalSelfTest).put(wire.TPMLAlg{wire.AlgSHA384}),
		"by use":    newCommand(wire.CCHash).b2([]byte("x")).u16(uint16(wire.AlgSHA384)).u32(uint32(wire.RHNull)),
	} {
		b := newTestTPM(t)
		b.volatile.selfTest.answer = func(alg wire.Alg) error {
			if alg == wire.AlgSHA384 {
				return errWrongAnswer
			}
			return nil
		}
		b.want(wire.RCFailure, b.run(cmd))
		if !errors.Is(b.Failure(), errWrongAnswer) {
			t.Errorf("%s: failure %v", name, b.Failure())
		}
		b.want(wire.RCFailure, b.run(newCommand(wire.CCGetRandom).u16(4)))
		r := b.must(newCommand(wire.CCGetTestResult))
		if got := hex.EncodeToString(r.body); got != "000c0000000000000000000000010000"+"0101" {
			t.Errorf("%s: test result %s", name, got)
		}
		b.powerCycle()
		b.startup(wire.SUClear)
		b.must(newCommand(wire.CCGetRandom).u16(4))
	}
}

func BenchmarkSelfTest(b *testing.B) {
	for range b.N {
		for _, alg := range selfTested() {
			if err := knownAnswer(alg); err != nil {
				b.Fatal(err)
			}
		}
	}
}
