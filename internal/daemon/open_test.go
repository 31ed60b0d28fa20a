package daemon

import (
	"context"
	"strings"
	"testing"

	"govtpm/control"
	"govtpm/store"
)

func TestDefaultEngine(t *testing.T) {
	e := DefaultEngine()
	if got, want := e.ProfileCapabilities(), `"names": [ "default-v2", "default-v1", "null", "custom" ], "algorithms": { "canbedisabled": "tdes,sha1,`; !strings.HasPrefix(got, want) {
		t.Errorf("capabilities of profiles: %s", got)
	}
	without, err := e.Open(Config{})
	if err != nil {
		t.Fatal(err)
	}
	if err := without.Init(context.Background(), false); control.ResultOf(err) != control.Fail || without.Running() {
		t.Errorf("Init without a place for the state: %v", err)
	}
	if _, err := without.Info(1); err != nil {
		t.Errorf("Info without a place for the state: %v", err)
	}
	mem := store.NewMemory()
	tpm, err := e.Open(Config{Store: mem})
	if err != nil {
		t.Fatal(err)
	}
	if err := tpm.Init(context.Background(), false); err != nil {
		t.Fatal(err)
	}
	blob, err := mem.Load(store.Permanent)
	if err != nil || len(blob) < 16 || blob[0] != 2 {
		t.Errorf("the state is stored without the envelope: %x (%v)", blob, err)
	}
	if err := tpm.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestRemoveDisabledReachesTheTPM(t *testing.T) {
	for _, how := range []string{"check", "fips-host"} {
		tpm, err := DefaultEngine().Open(Config{Store: store.NewMemory(), Profile: []byte(`{"Name":"custom"}`), RemoveDisabled: how})
		if err != nil {
			t.Fatal(err)
		}
		if err := tpm.Init(context.Background(), false); err != nil {
			t.Fatal(err)
		}
		info, err := tpm.Info(control.InfoActiveProfile)
		if err != nil || strings.Contains(string(info), "camellia") != (how == "check") {
			t.Errorf("%s: %s, %v", how, info, err)
		}
		if err := tpm.Close(); err != nil {
			t.Error(err)
		}
	}
}

// A TPM that could not be made is no Instance, not one around a nil pointer.
func TestUnknownProfileMakesNoTPM(t *testing.T) {
	if tpm, err := DefaultEngine().Open(Config{Store: store.NewMemory(), Profile: []byte(`{"Name":"foo"}`)}); tpm != nil || err == nil {
		t.Errorf("%v, %v", tpm, err)
	}
	var stdout, stderr strings.Builder
	args := strings.Fields("socket --tpm2 --tpmstate backend-uri=mem: --profile name=foo --server type=unixio,path=" + t.TempDir() + "/data")
	if status := Main(args, strings.NewReader(""), &stdout, &stderr); status != 1 || !strings.Contains(stderr.String(), ": profile: no profile has this name; there are ") {
		t.Errorf("%d, %q, %q", status, stdout.String(), stderr.String())
	}
}

// Durability is given up only with a warning.
func TestSyncOffIsSaid(t *testing.T) {
	for sync, warned := range map[string]bool{"": false, ",fsync": false, ",sync=on": false, ",sync=off": true} {
		var stdout, stderr strings.Builder
		args := []string{"socket", "--tpm2", "--tpmstate", "dir=" + t.TempDir() + sync, "--print-info", "0x1"}
		if status := Main(args, strings.NewReader(""), &stdout, &stderr); status != 0 || strings.Contains(stderr.String(), "not synced") != warned {
			t.Errorf("%q: %d, %q, %q", sync, status, stdout.String(), stderr.String())
		}
	}
}
