package tpm2

import (
	"bytes"
	"context"
	"testing"

	"govtpm/tpm2/wire"
)

func TestWipe(t *testing.T) {
	seeds := vectorSeeds()
	b := newTestTPMWith(t, Options{Seeds: seeds}).startup(wire.SUClear)
	b.want(wire.RCSuccess, b.run(newCommand(wire.CCHierarchyChangeAuth, wire.RHOwner).password("").b2([]byte("secret"))))
	p := b.persistent
	null, saved := b.stateReset.nullSeed.value, b.storage.state
	b.Wipe()
	for name, secret := range map[string][]byte{
		"seed": p.epSeed.value, "proof": p.shProof, "authValue": p.ownerAuth, "null seed": null,
	} {
		if len(secret) == 0 || !bytes.Equal(secret, make([]byte, len(secret))) {
			t.Errorf("%s: %x", name, secret)
		}
	}
	if !bytes.Equal(seeds.Endorsement, vectorSeeds().Endorsement) {
		t.Error("the caller's seeds were wiped")
	}
	if rsp := b.Execute(context.Background(), 0, newCommand(wire.CCReadClock).bytes()); !bytes.Equal(rsp, errorResponse(wire.RCFailure)) {
		t.Errorf("after Wipe: %x", rsp)
	}
	if _, err := Load(b.env, saved); err == nil {
		t.Error("the environment outlived the TPM")
	}
	again, err := Load(Environment{Entropy: new(countingEntropy), Clock: b.clock, Storage: b.storage}, saved)
	if err != nil || !bytes.Equal(again.persistent.epSeed.value, seeds.Endorsement) {
		t.Errorf("the saved state was wiped: %v", err)
	}
}
