package tpm2

// What follows is still to come from persist_volatile.go.

// VolatileState is the volatile state of a TPM that is on.
func (t *TPM) VolatileState() ([]byte, error) { return nil, errInternal }

// RestoreVolatile makes a TPM go on where VolatileState was taken. It is called after Init and before any command.
func (t *TPM) RestoreVolatile(state []byte) error { return errInternal }
