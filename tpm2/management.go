package tpm2

// ppCommands is TPM2_PP_Commands (Part 3, 26.2): it sets and then takes back that a command needs physical presence. Codes of
// commands that the TPM does not have, or for which that cannot be changed, are passed over.
func (t *TPM) ppCommands(_ *call, p *ppCommandsParameters) error {
	for _, cc := range p.setList {
		if row := t.lookup(cc); row != nil && row.pp != ppNever {
			t.persistent.ppList.set(cc, true)
		}
	}
	for _, cc := range p.clearList {
		if row := t.lookup(cc); row != nil && row.pp != ppRequired {
			t.persistent.ppList.set(cc, false)
		}
	}
	t.markPermanent()
	return nil
}

// setAlgorithmSet is TPM2_SetAlgorithmSet (Part 3, 26.3): the number is kept and shown, and changes nothing else.
func (t *TPM) setAlgorithmSet(_ *call, p *setAlgorithmSetParameters) error {
	t.persistent.algorithmSet = p.algorithmSet
	t.markPermanent()
	return nil
}
