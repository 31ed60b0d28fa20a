package e2e

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"govtpm/e2e/rawtpm"
)

const (
	crashIndexes = 6
	crashRecord  = 64
	crashFirst   = rawtpm.HandlesNV + 0x500100
	crashExtra   = crashFirst + 0x80 // the index that comes and goes
	crashFiles   = 8                 // a state directory does not fill up with what crashes leave
)

// A ledger is what the clients of a TPM were promised: for each index the number that was acknowledged last, and the
// number that was sent last, which may be written or not.
type ledger struct {
	acked, sent [crashIndexes]uint64
	writes      int
}

// record is the content of an index for a number; no part of two records fits together.
func record(index int, n uint64) []byte {
	head := binary.BigEndian.AppendUint64([]byte{byte(index)}, n)
	sum := sha256.Sum256(head)
	return append(append(head, sum[:]...), bytes.Repeat(sum[:1], crashRecord-len(head)-len(sum))...)
}

// kill -9 at any moment, during start, load or idleness: what was acknowledged is there, and the state loads.
func TestCrash(t *testing.T) {
	guard(t)
	swtpm := program(t)
	rounds := 200
	if long() {
		rounds = 2000
	}
	random := rand.New(rand.NewPCG(seed(t), 0))
	dir := t.TempDir()
	var l ledger
	tpm := startSocket(t, swtpm, dir, runNow)
	for i := range uint32(crashIndexes) {
		tpm.must(rawtpm.NVDefine(crashFirst+i, crashRecord))
		tpm.must(rawtpm.NVWrite(crashFirst+i, record(int(i), 0)))
	}
	tpm.must(rawtpm.Shutdown(false))
	tpm.end()

	for round := range rounds {
		port := startSocket(t, swtpm, dir, runNow)
		l.check(t, port, round)
		delay := time.Duration(random.IntN(40_000)) * time.Microsecond
		timer := time.AfterFunc(delay, func() { _ = port.cmd.Process.Kill() })
		l.load(port, random)
		timer.Stop()
		port.kill()
		port.Close()
		if round%4 == 3 { // and at some moment of the next start
			p := start(t, swtpm, port.cmd.Args[1:]...)
			time.Sleep(time.Duration(random.IntN(20_000)) * time.Microsecond)
			p.kill()
		}
		if t.Failed() {
			t.Fatalf("round %d, state:\n%s", round, stateFiles(dir))
		}
	}
	tpm = startSocket(t, swtpm, dir, runNow)
	l.check(t, tpm, rounds)
	files, err := os.ReadDir(dir)
	if err != nil || len(files) > crashFiles {
		t.Errorf("%d files in the state directory (%v):\n%s", len(files), err, stateFiles(dir))
	}
	t.Logf("%d rounds, %d writes acknowledged", rounds, l.writes)
}

// load writes until the process is gone. The TPM itself has no reason to refuse anything.
func (l *ledger) load(tpm *socketTPM, random *rand.Rand) {
	gone := func(cmd rawtpm.Command) bool {
		_, err := tpm.Do(cmd)
		if rc, refused := err.(rawtpm.RC); refused {
			tpm.t.Errorf("refused: %v", rc)
		}
		return err != nil
	}
	for {
		i := random.IntN(crashIndexes)
		l.sent[i]++
		if gone(rawtpm.NVWrite(crashFirst+uint32(i), record(i, l.sent[i]))) {
			return
		}
		l.acked[i] = l.sent[i]
		l.writes++
		if random.IntN(8) != 0 {
			continue
		}
		// The structure of the NV memory changes, too.
		if gone(rawtpm.NVDefine(crashExtra, 100)) || gone(rawtpm.NVUndefine(crashExtra)) {
			return
		}
	}
}

// check reads every index: it holds what was acknowledged, or what was sent after that, and nothing in between.
func (l *ledger) check(t *testing.T, tpm *socketTPM, round int) {
	t.Helper()
	for i := range l.acked {
		got, err := tpm.ReadNV(crashFirst+uint32(i), crashRecord)
		if err != nil {
			t.Fatalf("round %d, index %d: %v\n%s", round, i, err, tpm.log)
		}
		switch {
		case bytes.Equal(got, record(i, l.acked[i])):
		case bytes.Equal(got, record(i, l.sent[i])):
			l.acked[i] = l.sent[i]
		default:
			t.Errorf("round %d, index %d: %x; %d was acknowledged, %d sent", round, i, got, l.acked[i], l.sent[i])
		}
		l.sent[i] = l.acked[i]
	}
	if _, err := tpm.Do(rawtpm.NVUndefine(crashExtra)); err != nil {
		if _, isRC := err.(rawtpm.RC); !isRC {
			t.Fatal(err)
		}
	}
}
