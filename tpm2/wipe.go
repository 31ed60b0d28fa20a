package tpm2

// Wipe overwrites the secrets of a TPM that is given up. It is off from then on and cannot be powered on again.
func (t *TPM) Wipe() {
	p, v := &t.persistent, &t.volatile
	for _, b := range [][]byte{
		p.ownerAuth, p.endorsementAuth, p.lockoutAuth, p.epSeed.value, p.spSeed.value, p.ppSeed.value, p.phProof, p.shProof, p.ehProof,
	} {
		clear(b)
	}
	for _, d := range []*stateResetData{&t.stateReset, &t.saved.stateReset} {
		clear(d.nullProof)
		clear(d.nullSeed.value)
		clear(d.commitNonce)
	}
	for _, d := range []*stateClearData{&t.stateClear, &t.saved.stateClear} {
		clear(d.platformAuth)
		for _, b := range d.pcrAuth {
			clear(b)
		}
	}
	for _, o := range v.objects {
		if o != nil {
			o.wipe()
		}
	}
	for _, e := range v.primaryKeys.entries {
		e.object.wipe()
	}
	for _, s := range v.sessions.slots {
		if s != nil {
			clear(s.key)
		}
	}
	t.nv.wipe()
	if v.rand != nil {
		v.rand.Wipe()
	}
	*t = TPM{}
}

// wipe overwrites the secrets in NV: any data may be one.
func (m *nvMemory) wipe() {
	for _, x := range m.indexes {
		clear(x.auth)
		clear(x.data)
		clear(x.savedData)
	}
	for _, o := range m.persistent {
		o.wipe()
	}
}
