package e2e

import (
	"slices"
	"testing"
	"time"
)

// A full set-up, as libvirt wants it, takes our programs at most half of the time that Debian's take, side by side in turns. Each has
// a CA that is there already.
func TestSetupTime(t *testing.T) {
	guard(t, theirs, "swtpm_setup", "swtpm_localca")
	const turns = 7
	bins := [2]string{programs(t, theirs), programs(t, program(t))}
	var cas [2]localCA
	for side, bin := range bins {
		cas[side] = newLocalCA(t, bin)
	}
	var times [2][]time.Duration
	for turn := range turns + 1 {
		for side, bin := range bins {
			dir := t.TempDir()
			begin := time.Now()
			setup(t, bin, cas[side], dir)
			if turn > 0 { // the first makes the CA
				times[side] = append(times[side], time.Since(begin))
			}
		}
	}
	for _, all := range times {
		slices.Sort(all)
	}
	a, b := times[0][turns/2], times[1][turns/2]
	t.Logf("full set-up, median of %d: theirs %v, ours %v, ratio %.1f", turns, a.Round(time.Millisecond), b.Round(time.Millisecond), float64(a)/float64(b))
	if 2*b > a {
		t.Errorf("ours takes %v, theirs %v: %v and %v", b, a, times[1], times[0])
	}
}
