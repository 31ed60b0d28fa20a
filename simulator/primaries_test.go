package simulator_test

import (
	"bytes"
	"testing"

	"github.com/google/go-tpm/tpm2"
)

func TestPrimaries(t *testing.T) {
	for name, tt := range map[string]struct {
		hierarchy tpm2.TPMHandle
		template  tpm2.TPMTPublic
	}{
		"RSA SRK": {tpm2.TPMRHOwner, tpm2.RSASRKTemplate}, "ECC SRK": {tpm2.TPMRHOwner, tpm2.ECCSRKTemplate},
		"RSA EK": {tpm2.TPMRHEndorsement, tpm2.RSAEKTemplate}, "ECC EK": {tpm2.TPMRHEndorsement, tpm2.ECCEKTemplate},
		"ECC platform": {tpm2.TPMRHPlatform, tpm2.ECCSRKTemplate}, "ECC null": {tpm2.TPMRHNull, tpm2.ECCSRKTemplate},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim := get(t)
			first := primary(t, sim, tt.hierarchy, tt.template, nil)
			read := must(t, tpm2.ReadPublic{ObjectHandle: first.handle}, sim)
			if !bytes.Equal(read.Name.Buffer, first.name.Buffer) {
				t.Errorf("name %x, and by ReadPublic %x", first.name.Buffer, read.Name.Buffer)
			}
			computed, err := tpm2.ObjectName(&first.public)
			if err != nil || !bytes.Equal(computed.Buffer, first.name.Buffer) {
				t.Errorf("name %x, computed %x (%v)", first.name.Buffer, computed, err)
			}
			flush(t, sim, first)
			if err := sim.Reset(); err != nil {
				t.Fatal(err)
			}
			second := primary(t, sim, tt.hierarchy, tt.template, nil)
			same := bytes.Equal(first.name.Buffer, second.name.Buffer)
			if want := tt.hierarchy != tpm2.TPMRHNull; same != want {
				t.Errorf("the same key after a reset: %v, want %v", same, want)
			}
		})
	}
}
