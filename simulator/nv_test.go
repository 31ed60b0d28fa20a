package simulator_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-tpm/tpm2"

	"govtpm/simulator"
)

const nvIndex tpm2.TPMHandle = 0x0180000F

func defineNV(t testing.TB, sim *simulator.Simulator, kind tpm2.TPMNT, size uint16, auth []byte) tpm2.NamedHandle {
	t.Helper()
	public := tpm2.TPMSNVPublic{
		NVIndex: nvIndex, NameAlg: tpm2.TPMAlgSHA256, DataSize: size,
		Attributes: tpm2.TPMANV{OwnerWrite: true, OwnerRead: true, AuthWrite: true, AuthRead: true, NoDA: true, NT: kind},
	}
	must(t, tpm2.NVDefineSpace{
		AuthHandle: tpm2.TPMRHOwner, Auth: tpm2.TPM2BAuth{Buffer: auth}, PublicInfo: tpm2.New2B(public),
	}, sim)
	return tpm2.NamedHandle{Handle: nvIndex, Name: nvName(t, sim)}
}

// nvName reads the Name of the index, which changes with the first write.
func nvName(t testing.TB, sim *simulator.Simulator) tpm2.TPM2BName {
	t.Helper()
	return must(t, tpm2.NVReadPublic{NVIndex: nvIndex}, sim).NVName
}

func TestNV(t *testing.T) {
	sim := get(t)
	auth := []byte("index")
	index := defineNV(t, sim, tpm2.TPMNTOrdinary, 16, auth)
	data := []byte("sixteen bytes...")
	read := func() ([]byte, error) {
		rsp, err := tpm2.NVRead{
			NVIndex: index, Size: 16, AuthHandle: tpm2.AuthHandle{Handle: nvIndex, Name: index.Name, Auth: tpm2.PasswordAuth(auth)},
		}.Execute(sim)
		if err != nil {
			return nil, err
		}
		return rsp.Data.Buffer, nil
	}
	if _, err := read(); !errors.Is(err, tpm2.TPMRCNVUninitialized) {
		t.Errorf("not yet written: %v", err)
	}
	must(t, tpm2.NVWrite{
		AuthHandle: tpm2.AuthHandle{Handle: nvIndex, Name: index.Name, Auth: tpm2.HMAC(tpm2.TPMAlgSHA256, 16, tpm2.Auth(auth), tpm2.AESEncryption(128, tpm2.EncryptIn))},
		NVIndex:    index, Data: tpm2.TPM2BMaxNVBuffer{Buffer: data},
	}, sim)
	index.Name = nvName(t, sim)
	if got, err := read(); err != nil || !bytes.Equal(got, data) {
		t.Errorf("read %q (%v)", got, err)
	}
	if err := sim.Reset(); err != nil {
		t.Fatal(err)
	}
	if got, err := read(); err != nil || !bytes.Equal(got, data) {
		t.Errorf("read %q after a reset (%v)", got, err)
	}
	must(t, tpm2.NVUndefineSpace{AuthHandle: tpm2.TPMRHOwner, NVIndex: index}, sim)
	if _, err := read(); !errors.Is(err, tpm2.TPMRCHandle) {
		t.Errorf("undefined: %v", err)
	}
}

func TestNVCounter(t *testing.T) {
	sim := get(t)
	index := defineNV(t, sim, tpm2.TPMNTCounter, 8, nil)
	owner := tpm2.AuthHandle{Handle: tpm2.TPMRHOwner, Auth: tpm2.PasswordAuth(nil)}
	var last []byte
	for range 3 {
		must(t, tpm2.NVIncrement{AuthHandle: owner, NVIndex: index}, sim)
		index.Name = nvName(t, sim)
		got := must(t, tpm2.NVRead{AuthHandle: owner, NVIndex: index, Size: 8}, sim).Data.Buffer
		if bytes.Compare(got, last) <= 0 {
			t.Errorf("counter %x after %x", got, last)
		}
		last = got
	}
}
