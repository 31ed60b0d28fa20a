package diff

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"govtpm/internal/require"
	"govtpm/tpm2"
	"govtpm/tpm2/wire"
)

// A generator makes a few commands; the weight says how often it is chosen.
type generator struct {
	weight int
	make   func(*world)
}

var generators = []generator{
	{10, genAny}, {6, genTyped}, {8, genCapability}, {1, genLook},
	{6, genPrimary}, {10, genCreate}, {4, genCreateLoaded}, {4, genExternal}, {3, genReadPublic}, {3, genUnseal},
	{2, genChangeAuth}, {3, genEvict}, {5, genContext},
	{8, genSign}, {4, genRSA}, {5, genECC}, {5, genCipher}, {3, genHash}, {4, genMAC}, {5, genSequence}, {4, genDuplicate}, {3, genCredential},
	{8, genPCR}, {5, genNVDefine}, {14, genNV}, {1, genNVUndefine},
	{6, genHierarchy}, {3, genLockout}, {4, genAudit}, {6, genAttest}, {2, genClock}, {3, genLocality},
	{8, genSession}, {6, genPolicy}, {2, genPower}, {1, genSignal},
	{2, genTicket}, {2, genAuthorize}, {2, genAuthorizeNV}, {3, genNarrow}, {3, genX509}, {4, genNewer}, {1, genSwap},
}

// Commands of a run, and of a sequence within it. After a sequence both start again from the common state.
const (
	shortRun    = 5_000
	longRun     = 120_000
	sequenceLen = 250
)

func TestDifferential(t *testing.T) {
	if os.Getenv("GOVTPM_E2E") == "" {
		t.Skip("compares with an installed swtpm: set GOVTPM_E2E=1")
	}
	require.Program(t, swtpmPath)
	total := shortRun
	if os.Getenv("GOVTPM_E2E_LONG") != "" {
		total = longRun
	}
	if n, err := strconv.Atoi(os.Getenv("GOVTPM_E2E_COMMANDS")); err == nil {
		total = n
	}
	seed := uint64(1)
	if text := os.Getenv("GOVTPM_E2E_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("repeat with GOVTPM_E2E_SEED=%d", seed)
	w := newWorld(t)
	defer w.close()
	state, err := w.provision()
	if err != nil {
		t.Fatal(err)
	}
	w.steps, w.compared, w.counts = 0, 0, make(map[wire.CC]map[wire.RC]int)
	base := *w
	only, err := strconv.ParseUint(os.Getenv("GOVTPM_E2E_SEQUENCE"), 10, 64)
	alone := err == nil
	for n := uint64(0); w.steps < total; n++ {
		if alone {
			n = only
		}
		w.sequence(t, &base, state, seed, n)
		if alone {
			break
		}
	}
	w.conclude(t)
}

// newWorld starts both.
func newWorld(t *testing.T) *world {
	t.Helper()
	known := readDifferences(t)
	s, err := startSWTPM()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{tpm: [2]device{newEngine(), s}, rng: rand.New(rand.NewPCG(1, 1)), info: make(map[wire.CC]*tpm2.CommandInfo),
		known: known, counts: make(map[wire.CC]map[wire.RC]int), ends: make(map[string]int), report: t.Errorf}
	w.reset()
	if err := s.powerCycle(false); err != nil {
		t.Fatal(err)
	}
	// What theirs has, and our engine has with its state.
	listed := commandsOf(t, s)
	for _, c := range tpm2.Commands() {
		if c.Implemented && listed[c.Code] {
			w.infos = append(w.infos, c)
		}
	}
	slices.SortFunc(w.infos, func(a, b tpm2.CommandInfo) int { return int(a.Code) - int(b.Code) })
	for i := range w.infos {
		w.info[w.infos[i].Code] = &w.infos[i]
	}
	return w
}

// commandsOf asks a TPM that was just made which commands it has, and switches it off and on.
func commandsOf(t *testing.T, s *swtpm) map[wire.CC]bool {
	t.Helper()
	listed := make(map[wire.CC]bool)
	for _, c := range []*command{
		(&command{code: wire.CCStartup}).u16(0),
		(&command{code: wire.CCGetCapability}).u32(uint32(wire.CapCommands)).u32(0).u32(1000),
	} {
		out, err := s.execute(0, c.bytes(nil, theirs))
		a := open(out, false)
		if err != nil || !a.sound || a.rc != wire.RCSuccess {
			t.Fatalf("%v: %v, %v", c.code, a.rc, err)
		}
		var d wire.TPMSCapabilityData
		if len(a.params) > 1 && wire.Unmarshal(a.params[1:], nil, &d) == wire.RCSuccess {
			for _, x := range d.Data.Command {
				listed[wire.CC(x&0xFFFF)] = true
			}
		}
	}
	if err := s.powerCycle(false); err != nil {
		t.Fatal(err)
	}
	return listed
}

// restart replaces an swtpm that has ended; that is not what is tested here.
func (w *world) restart(t *testing.T, state []byte) {
	t.Helper()
	w.tpm[theirs].close()
	s, err := startSWTPM()
	if err != nil {
		t.Fatal(err)
	}
	w.tpm[theirs] = s
	if err := s.powerCycle(false); err != nil {
		t.Fatal(err)
	}
	if err := s.load(state); err != nil {
		t.Fatal(err)
	}
}

func (w *world) close() {
	for _, tpm := range w.tpm {
		tpm.close()
	}
}

// sequence is one run of commands from the common state on.
func (w *world) sequence(t *testing.T, base *world, state []byte, seed, n uint64) {
	t.Helper()
	w.sequences++
	before := w.log
	w.reset()
	w.rng = rand.New(rand.NewPCG(seed, n))
	copies := make(map[*object]*object)
	var copied func(*object) *object
	copied = func(o *object) *object {
		if o == nil || copies[o] != nil {
			return copies[o]
		}
		kept := *o
		copies[o] = &kept
		kept.parent = copied(o.parent)
		return &kept
	}
	for h, o := range base.objects {
		w.objects[h] = copied(o)
	}
	maps.Copy(w.auths, base.auths)
	found := len(w.known.order)
	w.report = func(format string, args ...any) {
		t.Errorf("GOVTPM_E2E_SEED=%d GOVTPM_E2E_SEQUENCE=%d, step %d: %s", seed, n, len(w.log), fmt.Sprintf(format, args...))
	}
	if err := w.tpm[theirs].load(state); err != nil {
		t.Logf("swtpm has ended: %v; the last commands before sequence %d:\n%s", err, n, strings.Join(before[max(0, len(before)-5):], "\n"))
		w.restart(t, state)
	}
	if err := w.tpm[ours].load(state); err != nil {
		t.Fatalf("our engine does not load the common state: %v", err)
	}
	w.run((&command{code: wire.CCStartup}).u16(0))
	w.askFirmware()
	weights := 0
	for _, g := range generators {
		weights += g.weight
	}
	for len(w.log) < sequenceLen && !w.over {
		k := w.rng.IntN(weights)
		for _, g := range generators {
			if k -= g.weight; k < 0 {
				g.make(w)
				break
			}
		}
	}
	if os.Getenv("GOVTPM_E2E_TRACE") != "" || len(w.known.order) > found && found < 10 {
		t.Logf("the sequence:\n%s", strings.Join(w.log, "\n"))
	}
}

// leastSuccesses is how often every command has to succeed in a long run, lest the run prove nothing of it.
const leastSuccesses = 5

// conclude tells what was compared.
func (w *world) conclude(t *testing.T) {
	t.Helper()
	var b strings.Builder
	succeeded := 0
	for _, c := range w.infos {
		cc, n, all := c.Code, w.counts[c.Code], 0
		for _, k := range n {
			all += k
		}
		good := n[wire.RCSuccess]
		succeeded += good
		fmt.Fprintf(&b, "\n%-34v %6d, %6d succeeded (%2d%%); ", cc, all, good, 100*good/max(1, all))
		if _, excused := w.known.never[cc]; good < leastSuccesses && w.compared >= longRun && !excused {
			t.Errorf("%v succeeded only %d times in %d commands", cc, good, w.compared)
		}
		codes := slices.SortedFunc(maps.Keys(n), func(a, b wire.RC) int { return n[b] - n[a] })
		for _, rc := range codes[:min(8, len(codes))] {
			fmt.Fprintf(&b, " %03x×%d", uint32(rc), n[rc])
		}
	}
	t.Logf("%d commands sent to both in %d sequences, %d response codes compared, %d%% of the commands succeeded%s",
		w.steps, w.sequences, w.compared, 100*succeeded/max(1, w.steps), b.String())
	for _, k := range w.known.known {
		if k.seen > 0 {
			t.Logf("known, %d times: %s %s %s %s: %s", k.seen, k.name, k.theirs, k.ours, k.condition, k.reason)
		}
	}
	for _, s := range w.known.states {
		if s.seen > 0 {
			t.Logf("known, %d times: other state after %s: %s", s.seen, s.name, s.reason)
		}
	}
	for _, why := range slices.Sorted(maps.Keys(w.ends)) {
		t.Logf("%d sequences ended early: %s", w.ends[why], why)
	}
	if len(w.known.order) > 0 {
		t.Logf("differences:\n%s", w.known.summary())
	}
}
