package govtpm

import "govtpm/tpm2"

// signal runs f on the engine of a running TPM that owns its storage.
func (t *TPM) signal(f func(*tpm2.TPM) error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.engine == nil {
		return withResult(errOff, resultBadOrdinal)
	}
	if err := t.takeLock(t.lock.retries); err != nil {
		return err
	}
	t.arrived = false
	err := f(t.engine)
	t.logFailure()
	return withResult(err, resultFail)
}

// HashStart begins the hash sequence of a dynamic launch, or of the H-CRTM before Startup (Part 1, 33.2 and 33.3).
func (t *TPM) HashStart() error { return t.signal((*tpm2.TPM).HashStart) }

// HashData hashes data. Without HashStart it does nothing.
func (t *TPM) HashData(data []byte) error {
	return t.signal(func(e *tpm2.TPM) error { return e.HashData(data) })
}

// HashEnd ends the sequence. Without HashStart it does nothing.
func (t *TPM) HashEnd() error { return t.signal((*tpm2.TPM).HashEnd) }

// Established reads the tpmEstablished flag: whether there was a hash sequence since it was last reset. It stays over Init.
func (t *TPM) Established() (bool, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.engine == nil {
		return false, withResult(errOff, resultBadOrdinal)
	}
	return t.engine.Established(), nil
}

// ResetEstablished clears the flag on behalf of a locality, which has to be 3 or 4.
func (t *TPM) ResetEstablished(locality uint8) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.engine == nil {
		return withResult(errOff, resultBadOrdinal)
	}
	return withResult(t.engine.ResetEstablished(locality), resultBadLocality)
}
