package wire

// Tickets (Part 2, 10.6). The NULL ticket has hierarchy RHNull and an empty digest.

// TPMTTKCreation is TPMT_TK_CREATION (Part 2, 10.6.3).
type TPMTTKCreation struct {
	Tag       ST
	Hierarchy Handle
	Digest    TPM2BDigest
}

// Unmarshal reads the ticket.
func (t *TPMTTKCreation) Unmarshal(r *Reader) {
	t.Tag.unmarshalIn(r, RCTag, STCreation)
	t.Hierarchy = r.Handle(TPMIRHHierarchy | OrNull)
	t.Digest.Unmarshal(r)
}

// Marshal writes the ticket.
func (t *TPMTTKCreation) Marshal(w *Writer) {
	t.Tag.Marshal(w)
	t.Hierarchy.Marshal(w)
	t.Digest.Marshal(w)
}

// TPMTTKVerified is TPMT_TK_VERIFIED (Part 2, 10.6.5). DigestAlg is the digestVerified arm of TPMU_TK_VERIFIED_META
// (10.6.4) and counts only when Tag is STDigestVerified.
type TPMTTKVerified struct {
	Tag       ST
	Hierarchy Handle
	DigestAlg Alg
	HMAC      TPM2BDigest
}

// Unmarshal reads the ticket.
func (t *TPMTTKVerified) Unmarshal(r *Reader) {
	t.Tag.unmarshalIn(r, RCTag, STVerified, STMessageVerified, STDigestVerified)
	t.Hierarchy = r.Handle(TPMIRHHierarchy | OrNull)
	if t.Tag == STDigestVerified {
		t.DigestAlg = r.Alg(TPMIAlgHash)
	}
	t.HMAC.Unmarshal(r)
}

// Marshal writes the ticket.
func (t *TPMTTKVerified) Marshal(w *Writer) {
	t.Tag.Marshal(w)
	t.Hierarchy.Marshal(w)
	if t.Tag == STDigestVerified {
		t.DigestAlg.Marshal(w)
	}
	t.HMAC.Marshal(w)
}

// TPMTTKAuth is TPMT_TK_AUTH (Part 2, 10.6.6).
type TPMTTKAuth struct {
	Tag       ST
	Hierarchy Handle
	Digest    TPM2BDigest
}

// Unmarshal reads the ticket.
func (t *TPMTTKAuth) Unmarshal(r *Reader) {
	t.Tag.unmarshalIn(r, RCTag, STAuthSigned, STAuthSecret)
	t.Hierarchy = r.Handle(TPMIRHHierarchy | OrNull)
	t.Digest.Unmarshal(r)
}

// Marshal writes the ticket.
func (t *TPMTTKAuth) Marshal(w *Writer) {
	t.Tag.Marshal(w)
	t.Hierarchy.Marshal(w)
	t.Digest.Marshal(w)
}

// TPMTTKHashCheck is TPMT_TK_HASHCHECK (Part 2, 10.6.7).
type TPMTTKHashCheck struct {
	Tag       ST
	Hierarchy Handle
	Digest    TPM2BDigest
}

// Unmarshal reads the ticket.
func (t *TPMTTKHashCheck) Unmarshal(r *Reader) {
	t.Tag.unmarshalIn(r, RCTag, STHashCheck)
	t.Hierarchy = r.Handle(TPMIRHHierarchy | OrNull)
	t.Digest.Unmarshal(r)
}

// Marshal writes the ticket.
func (t *TPMTTKHashCheck) Marshal(w *Writer) {
	t.Tag.Marshal(w)
	t.Hierarchy.Marshal(w)
	t.Digest.Marshal(w)
}
