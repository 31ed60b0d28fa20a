package tpm2

// presence reports whether physical presence is asserted (Part 1, 16.3).
func (t *TPM) presence() bool {
	return t.env.PhysicalPresence != nil && t.env.PhysicalPresence()
}

// presenceRequired reports whether the command, authorized with the platform, needs physical presence (Part 3, 26.2).
func (t *TPM) presenceRequired(c *command) bool {
	return c.pp == ppRequired || c.pp == ppOptional && t.persistent.ppList.has(c.code)
}
