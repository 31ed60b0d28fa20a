package tpm2

// random fills b from the TPM's generator.
func (t *TPM) random(b []byte) error {
	if err := t.volatile.rand.Generate(b); err != nil {
		return internalf("generator: %w", err)
	}
	return nil
}
