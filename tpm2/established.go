package tpm2

import "errors"

// errLocality is the refusal of a signal because of its locality.
var errLocality = errors.New("tpm2: not allowed in this locality")

// Established reads the tpmEstablished flag of the interface: a hash sequence was begun since it was last reset. The flag is
// lost at Init; a platform that keeps it calls SetEstablished.
func (t *TPM) Established() bool { return t.volatile.established }

// SetEstablished sets the flag.
func (t *TPM) SetEstablished() { t.volatile.established = true }

// ResetEstablished clears the flag on behalf of a locality: 3 or 4, else nothing is changed.
func (t *TPM) ResetEstablished(locality uint8) error {
	if locality != 3 && locality != 4 {
		return errLocality
	}
	t.volatile.established = false
	return nil
}
