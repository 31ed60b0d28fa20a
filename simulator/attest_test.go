package simulator_test

import (
	"bytes"
	"crypto/sha256"
	"testing"

	"github.com/google/go-tpm/tpm2"
)

// attestation reads an attestation and checks its signature.
func attestation(t *testing.T, signer key, info *tpm2.TPM2BAttest, sig *tpm2.TPMTSignature) *tpm2.TPMSAttest {
	t.Helper()
	digest := sha256.Sum256(info.Bytes())
	verify(t, &signer.public, digest[:], sig)
	a, err := info.Contents()
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// An index that is larger than one command reads is attested by its digest (Part 3, 31.16).
func TestNVCertifyDigest(t *testing.T) {
	sim := get(t)
	index := defineNV(t, sim, tpm2.TPMNTOrdinary, 2048, nil)
	content := bytes.Repeat([]byte("abcdefgh"), 256)
	for offset := 0; offset < len(content); offset += 1024 {
		must(t, tpm2.NVWrite{
			AuthHandle: tpm2.AuthHandle{Handle: nvIndex, Name: index.Name, Auth: tpm2.PasswordAuth(nil)}, NVIndex: index,
			Data: tpm2.TPM2BMaxNVBuffer{Buffer: content[offset : offset+1024]}, Offset: uint16(offset),
		}, sim)
		index.Name = nvName(t, sim)
	}
	ak := primary(t, sim, tpm2.TPMRHEndorsement, ecSigner(true), nil)
	rsp := must(t, tpm2.NVCertify{
		SignHandle: ak.auth(tpm2.PasswordAuth(nil)), NVIndex: index,
		AuthHandle: tpm2.AuthHandle{Handle: nvIndex, Name: index.Name, Auth: tpm2.PasswordAuth(nil)},
	}, sim)
	info, err := attestation(t, ak, &rsp.CertifyInfo, &rsp.Signature).Attested.NVDigest()
	if err != nil {
		t.Fatal(err)
	}
	if want := sha256.Sum256(content); !bytes.Equal(info.NVDigest.Buffer, want[:]) || !bytes.Equal(info.IndexName.Buffer, index.Name.Buffer) {
		t.Errorf("digest %x of %x, want %x of %x", info.NVDigest.Buffer, info.IndexName.Buffer, want, index.Name.Buffer)
	}
}

// Outside the endorsement and platform hierarchies an attestation hides the counters and the version, always by the same amounts for one
// key and by others for another; its time stands there as it is (Part 1, 33.7; Part 3, 18.7).
func TestTimeObfuscated(t *testing.T) {
	sim := get(t)
	type amounts struct {
		version       uint64
		reset, resume uint32
	}
	hidden := func(signer key) amounts {
		rsp := must(t, tpm2.GetTime{PrivacyAdminHandle: tpm2.TPMRHEndorsement, SignHandle: signer.auth(tpm2.PasswordAuth(nil))}, sim)
		a := attestation(t, signer, &rsp.TimeInfo, &rsp.Signature)
		info, err := a.Attested.Time()
		if err != nil {
			t.Fatal(err)
		}
		clock := info.Time.ClockInfo
		if a.ClockInfo.Clock != clock.Clock || a.ClockInfo.Safe != clock.Safe {
			t.Errorf("clock %+v, and %+v in the clear", a.ClockInfo, clock)
		}
		return amounts{a.FirmwareVersion - info.FirmwareVersion, a.ClockInfo.ResetCount - clock.ResetCount, a.ClockInfo.RestartCount - clock.RestartCount}
	}
	for _, hierarchy := range []tpm2.TPMHandle{tpm2.TPMRHEndorsement, tpm2.TPMRHPlatform} {
		if got := hidden(primary(t, sim, hierarchy, ecSigner(true), nil)); got != (amounts{}) {
			t.Errorf("a key of %#x hides %+v", hierarchy, got)
		}
	}
	if err := sim.Reset(); err != nil {
		t.Fatal(err)
	}
	one, other := primary(t, sim, tpm2.TPMRHOwner, ecSigner(true), nil), primary(t, sim, tpm2.TPMRHOwner, rsaSigner(), nil)
	first := hidden(one)
	if first.version == 0 || first.reset == 0 || first.resume == 0 {
		t.Errorf("hidden by %+v", first)
	}
	if again := hidden(one); again != first {
		t.Errorf("hidden by %+v, then by %+v", first, again)
	}
	if of := hidden(other); of == first {
		t.Errorf("two keys hide by %+v", of)
	}
}
