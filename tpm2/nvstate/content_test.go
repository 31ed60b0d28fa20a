package nvstate_test

import (
	"testing"

	"govtpm/tpm2/nvstate"
	"govtpm/tpm2/nvstate/nvstatetest"
)

// What any start changes does not change the content, and what a client changes does.
func TestContent(t *testing.T) {
	blob := goldens(t, "permanent-0.9.2-shutdown-state")[0].blob
	content := func(change func(*nvstate.Permanent)) [32]byte {
		p, err := nvstate.DecodePermanent(blob)
		if err != nil {
			t.Fatal(err)
		}
		change(p)
		b, err := p.Encode()
		if err != nil {
			t.Fatal(err)
		}
		sum, err := nvstate.Content(b)
		if err != nil {
			t.Fatal(err)
		}
		return sum
	}
	want := content(func(*nvstate.Permanent) {})
	for name, change := range map[string]func(*nvstate.Permanent){
		"firmware":   func(p *nvstate.Permanent) { p.Data.FirmwareV1++ },
		"clock":      func(p *nvstate.Permanent) { p.Orderly.Clock += 4096 },
		"generator":  func(p *nvstate.Permanent) { p.Orderly.DRBG.V[0]++ },
		"null level": func(p *nvstate.Permanent) { p.StateReset.NullSeedCompat ^= 1 },
	} {
		if content(change) != want {
			t.Errorf("%s: other content", name)
		}
	}
	for name, change := range map[string]func(*nvstate.Permanent){
		"counter":  func(p *nvstate.Permanent) { p.NV.MaxCount++ },
		"resets":   func(p *nvstate.Permanent) { p.Data.ResetCount++ },
		"auth":     func(p *nvstate.Permanent) { p.Data.OwnerAuth = []byte("x") },
		"shutdown": func(p *nvstate.Permanent) { p.Data.OrderlyState, p.StateReset, p.StateClear = 0xFFFF, nil, nil },
		"profile":  func(p *nvstate.Permanent) { p.Profile = customProfile(t) },
	} {
		if content(change) == want {
			t.Errorf("%s: the same content", name)
		}
	}
	p, err := nvstate.DecodePermanent(goldens(t, "permanent-0.9.2-nv")[0].blob)
	if err != nil {
		t.Fatal(err)
	}
	nine, old := nvstatetest.Releases()[4].Permanent(p), nvstatetest.Releases()[2].Permanent(p)
	a, err := nvstate.Content(nine)
	b, oldErr := nvstate.Content(old)
	if err != nil || oldErr != nil || a != b {
		t.Errorf("another form has another content: %v, %v", err, oldErr)
	}
	if _, err := nvstate.Content(nine[:100]); err == nil {
		t.Error("half a state has a content")
	}
}
