package govtpm_test

import (
	"encoding/json"
	"strings"
	"testing"

	"govtpm"
	"govtpm/control"
	"govtpm/store"
)

func TestInfo(t *testing.T) {
	b := open(t, store.NewMemory(), govtpm.Options{Profile: "default-v1"})
	for flags, want := range map[uint64]string{
		0: "{}", 1 << 40: "{}",
		control.InfoSpecification: `{"TPMSpecification":{"family":"2.0","level": 0,"revision": 183}}`,
		control.InfoSpecification | control.InfoAttributes: `{"TPMSpecification":{"family":"2.0","level": 0,"revision": 183},` +
			`"TPMAttributes":{"manufacturer":"id:00001014","version":"id:20240125","model":"swtpm"}}`,
		control.InfoFeatures:      `{"TPMFeatures":{"RSAKeySizes":[1024,2048,3072,4096],"CamelliaKeySizes":[128,192,256]}}`,
		control.InfoActiveProfile: "{}",
	} {
		if got, err := b.Info(flags); string(got) != want || err != nil {
			t.Errorf("flags %#x: %s (%v), want %s", flags, got, err, want)
		}
	}
	members := func() map[string]map[string]any {
		t.Helper()
		text, err := b.Info(0xFF &^ control.InfoAvailableProfiles)
		if err != nil || strings.Contains(string(text), "\n") {
			t.Fatalf("%s (%v)", text, err)
		}
		var m map[string]map[string]any
		if err := json.Unmarshal(text, &m); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		return m
	}
	off := members()
	if len(off) != 6 || off["RuntimeAlgorithms"]["Enabled"] != "" || off["RuntimeCommands"]["Enabled"] != "" {
		t.Errorf("before Init: %v", off)
	}
	b.on()
	on := members()
	if on["ActiveProfile"]["Name"] != "default-v1" || on["ActiveProfile"]["StateFormatLevel"] != 7.0 {
		t.Errorf("active profile: %v", on["ActiveProfile"])
	}
	for _, name := range []string{"RuntimeAlgorithms", "RuntimeCommands"} {
		if m := on[name]; m["Enabled"] == "" || m["Disabled"] != "" || off[name]["Implemented"] != m["Implemented"] {
			t.Errorf("%s: %v", name, m)
		}
	}
	var available struct {
		AvailableProfiles []struct{ Name string }
	}
	if text, err := b.Info(control.InfoAvailableProfiles); err != nil || json.Unmarshal(text, &available) != nil {
		t.Fatalf("%s (%v)", text, err)
	}
	if n := len(available.AvailableProfiles); n != 4 {
		t.Errorf("%d profiles", n)
	}
}
