package daemon

import (
	"strings"
	"testing"

	"govtpm/tpm2"
)

func TestRemoveDisabled(t *testing.T) {
	for _, tt := range []struct{ how, profile, want string }{
		{"", `{"Name":"custom"}`, `{"Name":"custom"}`},
		{"check", `{"Name":"custom"}`, `{"Name":"custom"}`},
		{"fips-host", ``, ``},
		{"fips-host", `{"Name":"default-v1"}`, `{"Name":"default-v1"}`},
		{"fips-host", `{"Name":"custom:x","Algorithms":"rsa,rsa-min-size=1024,tdes,tdes-min-size=128,rsaes,ecc,sha1","Attributes":"pct"}`,
			`{"Algorithms":"rsa,rsa-min-size=2048,ecc,sha1,ecc-min-size=224","Attributes":"pct,no-sha1-signing,no-sha1-verification,no-unpadded-encryption","Name":"custom:x"}`},
		{"fips-host", `{"Name":"custom:x","Algorithms":"rsa","Attributes":"fips-host"}`,
			`{"Algorithms":"rsa,ecc-min-size=224,rsa-min-size=2048","Attributes":"fips-host","Name":"custom:x"}`},
	} {
		got, err := removeDisabled([]byte(tt.profile), tt.how)
		if string(got) != tt.want || err != nil {
			t.Errorf("%s %s: %s (%v), want %s", tt.how, tt.profile, got, err, tt.want)
		}
	}
	if _, err := removeDisabled([]byte("no JSON"), "fips-host"); err == nil {
		t.Error("what is not JSON was taken")
	}
	edited, err := removeDisabled([]byte(`{"Name":"custom"}`), "fips-host")
	if err != nil {
		t.Fatal(err)
	}
	p, err := tpm2.ParseProfile(string(edited))
	if err != nil {
		t.Fatalf("%s: %v", edited, err)
	}
	if l := p.AlgorithmLists(); strings.Contains(l.Enabled, "camellia") || strings.Contains(l.Enabled, "p192") || !strings.Contains(l.Enabled, "rsa-min-size=2048") {
		t.Errorf("enabled: %s", l.Enabled)
	}
}
