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
	v.sessions.wipe()
	t.nv.wipe()
	if v.rand != nil {
		v.rand.Wipe()
	}
	*t = TPM{}
}

// wipe overwrites the secrets in NV: any data may be one.
func (m *nvMemory) wipe() {
	for _, x := range m.indexes {
		x.wipe()
	}
	for _, o := range m.persistent {
		o.wipe()
	}
}

// wipe overwrites the secrets of x.
func (x *nvIndex) wipe() {
	clear(x.auth)
	clear(x.data)
	clear(x.savedData)
}

// renew overwrites a secret that counts no longer, and puts the next in its place.
func renew(secret *[]byte, next []byte) {
	clear(*secret)
	*secret = next
}

// renew makes s a new seed.
func (s *seed) renew(value []byte) {
	renew(&s.value, value)
	s.compat = currentSeedCompat
}
