package control_test

import (
	"bytes"
	"context"
	"testing"

	"govtpm/control"
)

// keeper keeps what it is given, as no TPM should.
type keeper struct {
	control.TPM
	given []byte
}

func (k *keeper) Running() bool { return false }

func (k *keeper) SetStateBlob(_ uint32, _ bool, data []byte) error {
	k.given = data
	return nil
}

// State that was handed over may be plain: nothing of it stays in the buffers it came in.
func TestStateIsWiped(t *testing.T) {
	tpm := &keeper{}
	h := &control.Handler{TPM: tpm}
	data := bytes.Repeat([]byte("secret"), 100)
	if _, err := h.Handle(context.Background(), control.SetStateBlob{Kind: control.StatePermanent, Data: data}); err != nil {
		t.Fatal(err)
	}
	if len(tpm.given) != 600 || bytes.ContainsFunc(tpm.given, func(r rune) bool { return r != 0 }) {
		t.Errorf("%d bytes, %q", len(tpm.given), tpm.given)
	}
}
