package simulator_test

import (
	"fmt"
	"log"

	"github.com/google/go-tpm/tpm2"

	"govtpm/simulator"
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
