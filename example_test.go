package govtpm_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log"
	"os"

	"govtpm"
	"govtpm/store"
)

// A TPM whose state is in a directory.
func Example() {
	dir, err := os.MkdirTemp("", "tpm")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	files, err := store.OpenDirectory(dir, store.Options{})
	if err != nil {
		log.Fatal(err)
	}
	tpm, err := govtpm.Open(store.Seal(files, nil, rand.Reader), govtpm.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer tpm.Close()

	ctx := context.Background()
	if err := tpm.Init(ctx, false); err != nil {
		log.Fatal(err)
	}
	startup := []byte("\x80\x01\x00\x00\x00\x0c\x00\x00\x01\x44\x00\x00") // TPM2_Startup(CLEAR)
	rsp, err := tpm.Execute(ctx, 0, startup)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%x\n", rsp)
	// Output: 80010000000a00000000
}
