package inspect

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"govtpm/tpm2/nvstate"
	"govtpm/tpm2/wire"
)

// What a profile beyond libtpms adds is told, with the rest of the state.
func TestExtension(t *testing.T) {
	p, err := nvstate.DecodePermanent(payload(t, "permanent-0.9.2-shutdown-state"))
	if err != nil {
		t.Fatal(err)
	}
	all, _ := nvstate.BuiltinProfile("custom")
	profile, err := nvstate.RequestedProfile(`{"Name":"custom:x","Commands":"` + all.Commands + `,0x198,0x1a0"}`)
	if err != nil {
		t.Fatal(err)
	}
	p.Profile = profile.Text()
	e := &nvstate.StateClearExtension{ReadOnly: true}
	for i := range e.Countdowns {
		e.Countdowns[i].PolicyAlg = wire.AlgNull
	}
	e.Countdowns[1] = nvstate.Countdown{Timeout: 30, Flags: nvstate.CountdownPreserved, PolicyAlg: wire.AlgSHA1, Policy: bytes.Repeat([]byte{0xAB}, 20)}
	e.Countdowns[15] = nvstate.Countdown{Deadline: 5000, Flags: nvstate.CountdownSignaled, PolicyAlg: wire.AlgNull}
	p.StateClear.Extension = e
	blob, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	status, out, stderr := run(blob, "-")
	text := strings.Join(strings.Fields(out), " ") // lines are folded
	for _, want := range []string{
		" read-only mode on ",
		"timer 0x40000111 30 s left, signaled before the last resume, policy sha1 abababab",
		"timer 0x4000011f expires at 5000 ms of the TPM's time, signaled ",
	} {
		if status != 0 || !strings.Contains(text, want) {
			t.Errorf("status %d, %s: no %q in\n%s", status, stderr, want, out)
		}
	}
	var report Report
	status, out, _ = run(blob, "--json", "-")
	if err := json.Unmarshal([]byte(out), &report); status != 0 || err != nil || report.Permanent.Extension == nil || len(report.Permanent.Extension.Countdowns) != 2 {
		t.Errorf("status %d, %v: %s", status, err, out)
	}
}

// A bank whose hash the profile leaves out is none, as for the clients of the TPM.
func TestBanksOfProfile(t *testing.T) {
	p, err := nvstate.DecodePermanent(payload(t, "permanent-0.9.2-shutdown-state"))
	if err != nil {
		t.Fatal(err)
	}
	all, _ := nvstate.BuiltinProfile("custom")
	algorithms := strings.Replace(strings.Replace(all.Algorithms, ",sha1,", ",", 1), ",sha512,", ",", 1)
	profile, err := nvstate.RequestedProfile(`{"Name":"custom:x","Algorithms":"` + algorithms + `"}`)
	if err != nil {
		t.Fatal(err)
	}
	p.Profile = profile.Text()
	blob, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	var report Report
	status, out, stderr := run(blob, "--json", "-")
	if err := json.Unmarshal([]byte(out), &report); status != 0 || err != nil {
		t.Fatalf("status %d, %v, %s", status, err, stderr)
	}
	var banks, values []string
	for _, b := range report.Permanent.PCR.Banks {
		banks = append(banks, b.Alg)
	}
	for _, v := range report.Permanent.PCR.Values {
		values = append(values, v.Alg)
	}
	if strings.Join(banks, ",") != "sha256,sha384" || strings.Join(values, ",") != "sha256,sha384" {
		t.Errorf("banks %v, values of %v", banks, values)
	}
}

// What a policy session asks of the secure channel is told.
func TestChannelConditions(t *testing.T) {
	v, err := nvstate.DecodeVolatile(payload(t, "volatile-0.9.2-sessions"))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range v.Sessions {
		if s != nil && s.Attributes&nvstate.SessionIsPolicy != 0 {
			s.Attributes |= nvstate.SessionCheckSecureChannel | nvstate.SessionCheckReqKey | nvstate.SessionCheckTpmKey
			s.ChannelKeys = bytes.Repeat([]byte{0xAB}, 32)
		}
	}
	blob, err := v.Encode(nvstate.LevelMax)
	if err != nil {
		t.Fatal(err)
	}
	status, out, stderr := run(blob, "-")
	if text := strings.Join(strings.Fields(out), " "); status != 0 || !strings.Contains(text, "secure-channel requester-key tpm-key") {
		t.Errorf("status %d, %s:\n%s", status, stderr, out)
	}
}

// The kdf of a key that encapsulates is told (Part 2, 12.2.3.5).
func TestKDF(t *testing.T) {
	p, err := nvstate.DecodePermanent(payload(t, "permanent-0.9.2-objects"))
	if err != nil {
		t.Fatal(err)
	}
	changed := 0
	for _, e := range p.NV.Entries {
		if e.Object == nil || e.Object.Object == nil || e.Object.Object.Public.Type != wire.AlgECC {
			continue
		}
		ecc := &e.Object.Object.Public.Parameters.ECC
		ecc.Scheme = wire.TPMTECCScheme{Scheme: wire.AlgECDH, HashAlg: wire.AlgSHA256}
		ecc.KDF = wire.TPMTKDFScheme{Scheme: wire.AlgHKDF, HashAlg: wire.AlgSHA384}
		changed++
	}
	blob, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	status, out, stderr := run(blob, "-")
	if n := strings.Count(out, " ecdh-sha256 hkdf-sha384,"); status != 0 || changed == 0 || n != changed {
		t.Errorf("status %d, %s: %d of %d in\n%s", status, stderr, n, changed, out)
	}
	status, out, stderr = run(blob, "--json", "-")
	if n := strings.Count(out, `"kdf": "hkdf-sha384"`); status != 0 || n != changed {
		t.Errorf("status %d, %s: %d of %d in\n%s", status, stderr, n, changed, out)
	}
}
