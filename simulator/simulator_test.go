package simulator_test

import (
	"bytes"
	"errors"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/google/go-tpm/tpm2"
	"github.com/google/go-tpm/tpm2/transport"

	"govtpm/simulator"
)

var (
	_ transport.TPMCloser = (*simulator.Simulator)(nil)
	_ io.ReadWriteCloser  = (*simulator.Simulator)(nil)
)

// get returns a simulator that is closed when the test ends.
func get(t testing.TB) *simulator.Simulator {
	t.Helper()
	sim, err := simulator.Get()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sim.Close() })
	return sim
}

// must runs a go-tpm command that has to succeed.
func must[R any](t testing.TB, cmd interface {
	Execute(transport.TPM, ...tpm2.Session) (*R, error)
}, tpm transport.TPM, s ...tpm2.Session) *R {
	t.Helper()
	rsp, err := cmd.Execute(tpm, s...)
	if err != nil {
		t.Fatalf("%T: %v", cmd, err)
	}
	return rsp
}

var getRandom = []byte("\x80\x01\x00\x00\x00\x0c\x00\x00\x01\x7b\x00\x10")

func TestReadWrite(t *testing.T) {
	sim := get(t)
	for range 3 {
		if n, err := sim.Write(getRandom); n != len(getRandom) || err != nil {
			t.Fatalf("Write: %d, %v", n, err)
		}
		head := make([]byte, 10)
		if _, err := io.ReadFull(sim, head); err != nil || !bytes.Equal(head, []byte("\x80\x01\x00\x00\x00\x1c\x00\x00\x00\x00")) {
			t.Fatalf("Read: %x, %v", head, err)
		}
		if rest, err := io.ReadAll(sim); len(rest) != 18 || err != nil {
			t.Fatalf("Read: %x, %v", rest, err)
		}
	}
	must(t, tpm2.GetRandom{BytesRequested: 16}, transport.FromReadWriter(sim))
}

func TestClose(t *testing.T) {
	sim := get(t)
	if sim.IsClosed() {
		t.Error("closed from the start")
	}
	if err := errors.Join(sim.Close(), sim.Close()); err != nil || !sim.IsClosed() {
		t.Errorf("Close: %v", err)
	}
	_, sendErr := sim.Send(getRandom)
	_, writeErr := sim.Write(getRandom)
	_, readErr := sim.Read(make([]byte, 10))
	for _, err := range []error{sendErr, writeErr, readErr, sim.Reset(), sim.ManufactureReset()} {
		if !errors.Is(err, simulator.ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
	}
}

// transcript runs commands of all kinds that have random or timed responses.
func transcript(t *testing.T, sim *simulator.Simulator) []byte {
	t.Helper()
	var all []byte
	for _, cmd := range []string{
		"\x80\x01\x00\x00\x00\x0c\x00\x00\x01\x7b\x00\x20", // GetRandom
		"\x80\x01\x00\x00\x00\x0a\x00\x00\x01\x81",         // ReadClock
		// StartAuthSession
		"\x80\x01\x00\x00\x00\x2b\x00\x00\x01\x76\x40\x00\x00\x07\x40\x00\x00\x07\x00\x100123456789abcdef\x00\x00\x00\x00\x10\x00\x0b",
	} {
		rsp, err := sim.Send([]byte(cmd))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(rsp[6:10], make([]byte, 4)) {
			t.Fatalf("%x: %x", cmd, rsp)
		}
		all = append(all, rsp...)
	}
	return all
}

func TestFixedSeed(t *testing.T) {
	fixed := func(seed int64) *simulator.Simulator {
		sim, err := simulator.GetWithFixedSeedInsecure(seed)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { sim.Close() })
		return sim
	}
	a, b, other := fixed(7), fixed(7), fixed(8)
	first := transcript(t, a)
	if !bytes.Equal(first, transcript(t, b)) {
		t.Error("the same seed gives different transcripts")
	}
	if bytes.Equal(first, transcript(t, other)) {
		t.Error("different seeds give the same transcript")
	}
	for _, sim := range []*simulator.Simulator{a, b} {
		if err := sim.ManufactureReset(); err != nil {
			t.Fatal(err)
		}
	}
	second := transcript(t, a)
	if !bytes.Equal(second, transcript(t, b)) {
		t.Error("the same seed gives different transcripts after ManufactureReset")
	}
	if bytes.Equal(first, second) {
		t.Error("ManufactureReset gives the same TPM again")
	}
}

func TestAdvance(t *testing.T) {
	sim, err := simulator.GetWithFixedSeedInsecure(1)
	if err != nil {
		t.Fatal(err)
	}
	defer sim.Close()
	before := must(t, tpm2.ReadClock{}, sim).CurrentTime.Time
	sim.Advance(time.Hour)
	after := must(t, tpm2.ReadClock{}, sim).CurrentTime.Time
	if got := after - before; got != uint64(time.Hour/time.Millisecond)+1 {
		t.Errorf("an hour and a command took %d ms", got)
	}
}

// Fifty TPMs at once, each with its own work and its own randomness.
func TestParallel(t *testing.T) {
	var work sync.WaitGroup
	var mu sync.Mutex
	seen := map[string]bool{}
	for range 50 {
		work.Go(func() {
			sim, err := simulator.Get()
			if err != nil {
				t.Error(err)
				return
			}
			defer sim.Close()
			for range 5 {
				rsp, err := tpm2.GetRandom{BytesRequested: 16}.Execute(sim)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				if seen[string(rsp.RandomBytes.Buffer)] {
					t.Error("two TPMs gave the same random bytes")
				}
				seen[string(rsp.RandomBytes.Buffer)] = true
				mu.Unlock()
			}
			parallelWork(t, sim)
		})
	}
	work.Wait()
}
