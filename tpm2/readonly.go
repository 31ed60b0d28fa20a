package tpm2

import "govtpm/tpm2/wire"

// Read-only mode (Part 1, 42): the platform keeps everybody from changing what lasts. Which commands it refuses stands in the command table
// (Part 3, Table 207): flagNotRO for those that are refused, flagOnlyTemporary for those whose index decides.

// readOnlyControl is TPM2_ReadOnlyControl (Part 3, 24.9).
func (t *TPM) readOnlyControl(_ *call, p *readOnlyControlParameters) error {
	if t.stateClear.readOnly != p.state {
		t.clearOrderly()
		t.stateClear.readOnly = p.state
	}
	return nil
}

// checkReadOnlyMode refuses a command that read-only mode does not permit, whatever its handles are.
func (t *TPM) checkReadOnlyMode(c *call) error {
	if t.stateClear.readOnly && c.cmd.flags&flagNotRO != 0 {
		return wire.RCReadOnly
	}
	return nil
}

// checkReadOnlyHandles refuses a command that read-only mode does not permit with the handles it has. That is before any authorization
// (Part 1, 42.2), and after it is known what the handles name.
func (t *TPM) checkReadOnlyHandles(c *call) error {
	if !t.stateClear.readOnly {
		return nil
	}
	if c.cmd.flags&flagOnlyTemporary != 0 {
		if x := t.nv.index(c.handles[1]); x == nil || !x.has(wire.NVOrderly|wire.NVClearStClear) {
			return wire.RCReadOnly
		}
	}
	if c.cmd.code == wire.CCPolicySecret { // it would count the use of the PIN
		if x := t.nv.index(c.handles[0]); x != nil && x.isPIN() {
			return wire.RCReadOnly
		}
	}
	return nil
}
