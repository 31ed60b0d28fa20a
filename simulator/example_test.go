package simulator_test

import (
	"bytes"
	"context"
	"fmt"
	"log"

	"github.com/google/go-tpm/tpm2"

	"govtpm/simulator"
	"govtpm/store"
	engine "govtpm/tpm2"
	"govtpm/tpm2/wire"
)

func Example() {
	sim, err := simulator.Get()
	if err != nil {
		log.Fatal(err)
	}
	defer sim.Close()

	rsp, err := tpm2.GetRandom{BytesRequested: 16}.Execute(sim)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(rsp.RandomBytes.Buffer), "bytes")
	// Output: 16 bytes
}

// The same seed makes the same keys, in every run and on every platform.
func ExampleGetWithFixedSeedInsecure() {
	sim, err := simulator.GetWithFixedSeedInsecure(1)
	if err != nil {
		log.Fatal(err)
	}
	defer sim.Close()

	srk, err := tpm2.CreatePrimary{PrimaryHandle: tpm2.TPMRHOwner, InPublic: tpm2.New2B(tpm2.ECCSRKTemplate)}.Execute(sim)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%x\n", srk.Name.Buffer)
	// Output: 000b967f2886d9c6cb0b07dcec67773731adf25f03c839c874b88ac191112c56a8db
}

// A TPM that goes on in another simulator where the first one was, keys in its slots included, as over a migration. Without the
// volatile state it would go on as after a power loss, and need TPM2_Startup.
func ExampleSimulator_TPM() {
	sim, err := simulator.Get()
	if err != nil {
		log.Fatal(err)
	}
	defer sim.Close()
	srk, err := tpm2.CreatePrimary{PrimaryHandle: tpm2.TPMRHOwner, InPublic: tpm2.New2B(tpm2.ECCSRKTemplate)}.Execute(sim)
	if err != nil {
		log.Fatal(err)
	}

	other, err := simulator.Get()
	if err != nil {
		log.Fatal(err)
	}
	defer other.Close()
	ctx := context.Background()
	if err := other.TPM().Stop(ctx); err != nil {
		log.Fatal(err)
	}
	for _, kind := range []store.Kind{store.Permanent, store.Volatile} { // in this order
		blob, encrypted, err := sim.TPM().StateBlob(uint32(kind), false)
		if err == nil {
			err = other.TPM().SetStateBlob(uint32(kind), encrypted, blob)
		}
		if err != nil {
			log.Fatal(err)
		}
	}
	if err := other.TPM().Init(ctx, true); err != nil {
		log.Fatal(err)
	}
	found, err := tpm2.ReadPublic{ObjectHandle: srk.ObjectHandle}.Execute(other)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(bytes.Equal(found.Name.Buffer, srk.Name.Buffer))
	// Output: true
}

// overChannel is a transport.TPM whose commands come through a secure channel.
type overChannel struct {
	sim     *simulator.Simulator
	channel engine.SecureChannel
}

func (x overChannel) Send(command []byte) ([]byte, error) {
	return x.sim.TPM().ExecuteOver(context.Background(), &x.channel, 0, command)
}

// Commands of go-tpm through a secure channel that the program ends itself.
func ExampleSimulator_TPM_secureChannel() {
	sim, err := simulator.Get()
	if err != nil {
		log.Fatal(err)
	}
	defer sim.Close()

	name := make(wire.TPM2BName, 34) // of the key that stands for the TPM in the channel
	tpm := overChannel{sim: sim, channel: engine.SecureChannel{TPMKey: name}}
	rsp, err := tpm2.GetRandom{BytesRequested: 16}.Execute(tpm)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(rsp.RandomBytes.Buffer), "bytes")
	// Output: 16 bytes
}
