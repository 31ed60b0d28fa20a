package nvstate_test

import (
	"bytes"
	"errors"
	"reflect"
	"testing"

	"govtpm/tpm2/nvstate"
	"govtpm/tpm2/wire"
)

// extended is saved state with read-only mode and two countdown timers.
func extended(t testing.TB) (*nvstate.Permanent, []byte) {
	t.Helper()
	p, err := nvstate.DecodePermanent(goldens(t, "permanent-0.9.2-shutdown-state")[0].blob)
	if err != nil {
		t.Fatal(err)
	}
	profile, err := nvstate.RequestedProfile(`{"Name":"custom:x","Commands":"` + allCommandList + `,0x198,0x1a0"}`)
	if err != nil {
		t.Fatal(err)
	}
	p.Profile = profile.Text()
	e := &nvstate.StateClearExtension{ReadOnly: true}
	for i := range e.Countdowns {
		e.Countdowns[i].PolicyAlg = wire.AlgNull
	}
	e.Countdowns[0] = nvstate.Countdown{Timeout: 30, Deadline: 1 << 40, Flags: nvstate.CountdownSignaled | nvstate.CountdownSet,
		PolicyAlg: wire.AlgSHA256, Policy: bytes.Repeat([]byte{0xA5}, 32)}
	e.Countdowns[15].Flags = nvstate.CountdownPreserved
	p.StateClear.Extension = e
	blob, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return p, blob
}

func TestStateClearExtension(t *testing.T) {
	p, blob := extended(t)
	back, err := nvstate.DecodePermanent(blob)
	if err != nil || !reflect.DeepEqual(back.StateClear, p.StateClear) {
		t.Fatalf("%+v, %v\nwant %+v", back.StateClear, err, p.StateClear)
	}
	// The block is the one that is empty without.
	const whole = "01004d" + "0002" + "67e7c0de" + "0002" + "01" + "8001" +
		"0000001e" + "0000010000000000" + "05" + "000b" + "0020"
	if !bytes.Contains(blob, unhex(t, whole)) {
		t.Errorf("no block %s", whole)
	}
	p.StateClear.Extension = nil
	plain, err := p.Encode()
	if err != nil || len(blob)-len(plain) != 0x4D {
		t.Errorf("%d bytes more than without, %v", len(blob)-len(plain), err)
	}
	v, err := nvstate.DecodeVolatile(goldens(t, "volatile-0.9.2-started")[0].blob)
	if err != nil {
		t.Fatal(err)
	}
	v.StateClear.Extension = back.StateClear.Extension
	if blob, err = v.Encode(nvstate.LevelMax); err != nil {
		t.Fatal(err)
	}
	if err := checkVolatile(t, blob); err != nil {
		t.Error(err)
	}
}

// What a later version of libtpms puts into the block is skipped, as the format wants it.
func TestStateClearExtensionOfOthers(t *testing.T) {
	_, blob := extended(t)
	blob = bytes.Replace(blob, unhex(t, "67e7c0de"), unhex(t, "12345678"), 1)
	if back, err := nvstate.DecodePermanent(blob); err != nil || back.StateClear.Extension != nil {
		t.Errorf("%v", err)
	}
}

func TestStateClearExtensionDamaged(t *testing.T) {
	_, blob := extended(t)
	for name, test := range map[string]struct {
		from, to string
		kind     nvstate.Kind
	}{
		"newer":       {"000267e7c0de0002", "000367e7c0de0003", nvstate.ErrVersion},
		"short block": {"01004d000267e7c0de", "01004c000267e7c0de", nvstate.ErrSize},
		"long policy": {"05000b0020a5", "05000b0041a5", nvstate.ErrSize},
		"flags":       {"05000b0020a5", "08000b0020a5", nvstate.ErrReservedBits},
		"more timers": {"67e7c0de0002018001", "67e7c0de0002018101", nvstate.ErrSize},
	} {
		damaged := bytes.Replace(blob, unhex(t, test.from), unhex(t, test.to), 1)
		if _, err := nvstate.DecodePermanent(damaged); bytes.Equal(damaged, blob) || !errors.Is(err, test.kind) {
			t.Errorf("%s: %v, want %v", name, err, test.kind)
		}
	}
	at := bytes.Index(blob, unhex(t, "67e7c0de"))
	for n := at; n < len(blob); n++ {
		if err := checkPermanent(t, blob[:n]); !errors.Is(err, nvstate.ErrTruncated) {
			t.Fatalf("cut to %d bytes: %v", n, err)
		}
	}
	flip(blob[at-5:at+80], func(int, []byte) { checkPermanent(t, blob) })
}
