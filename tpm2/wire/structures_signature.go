package wire

// Signatures and encrypted secrets (Part 2, 11.3 and 11.4).

// TPMSSignatureRSA is TPMS_SIGNATURE_RSA (Part 2, 11.3.1), for RSASSA and RSAPSS.
type TPMSSignatureRSA struct {
	Hash Alg
	Sig  TPM2BPublicKeyRSA
}

// Unmarshal reads the signature.
func (t *TPMSSignatureRSA) Unmarshal(r *Reader) {
	t.Hash = r.Alg(TPMIAlgHash)
	t.Sig.Unmarshal(r)
}

// Marshal writes the signature.
func (t *TPMSSignatureRSA) Marshal(w *Writer) {
	t.Hash.Marshal(w)
	t.Sig.Marshal(w)
}

// TPMSSignatureECC is TPMS_SIGNATURE_ECC (Part 2, 11.3.2), for ECDSA, ECDAA, SM2 and EC-Schnorr.
type TPMSSignatureECC struct {
	Hash Alg
	R, S TPM2BECCParameter
}

// Unmarshal reads the signature.
func (t *TPMSSignatureECC) Unmarshal(r *Reader) {
	t.Hash = r.Alg(TPMIAlgHash)
	t.R.Unmarshal(r)
	t.S.Unmarshal(r)
}

// Marshal writes the signature.
func (t *TPMSSignatureECC) Marshal(w *Writer) {
	t.Hash.Marshal(w)
	t.R.Marshal(w)
	t.S.Marshal(w)
}

// TPMSSignatureHashMLDSA is TPMS_SIGNATURE_HASH_MLDSA (Part 2, 11.2.7.2).
type TPMSSignatureHashMLDSA struct {
	Hash      Alg
	Signature TPM2BSignatureMLDSA
}

// Unmarshal reads the signature.
func (t *TPMSSignatureHashMLDSA) Unmarshal(r *Reader) {
	t.Hash = r.Alg(TPMIAlgHash)
	t.Signature.Unmarshal(r)
}

// Marshal writes the signature.
func (t *TPMSSignatureHashMLDSA) Marshal(w *Writer) {
	t.Hash.Marshal(w)
	t.Signature.Marshal(w)
}

// TPM2BSignatureEDDSA is TPM2B_SIGNATURE_EDDSA (Part 2, 11.3.3).
type TPM2BSignatureEDDSA []byte

// Unmarshal reads the buffer.
func (t *TPM2BSignatureEDDSA) Unmarshal(r *Reader) { *t = r.TPM2B(2 * r.limits.MaxECCKeyBytes) }

// Marshal writes the buffer.
func (t TPM2BSignatureEDDSA) Marshal(w *Writer) { w.TPM2B(t) }

// TPM2BSignatureMLDSA is TPM2B_SIGNATURE_MLDSA (Part 2, 11.3.4).
type TPM2BSignatureMLDSA []byte

// Unmarshal reads the buffer.
func (t *TPM2BSignatureMLDSA) Unmarshal(r *Reader) {
	*t = r.TPM2B(r.limits.MLParameterSets.maxSignature())
}

// Marshal writes the buffer.
func (t TPM2BSignatureMLDSA) Marshal(w *Writer) { w.TPM2B(t) }

// TPMUSignature is TPMU_SIGNATURE (Part 2, 11.3.5).
type TPMUSignature struct {
	RSA       TPMSSignatureRSA       // RSASSA, RSAPSS
	ECC       TPMSSignatureECC       // ECDSA, ECDAA, SM2, EC-Schnorr
	EDDSA     TPM2BSignatureEDDSA    // EdDSA, HashEdDSA
	MLDSA     TPM2BSignatureMLDSA    // ML-DSA
	HashMLDSA TPMSSignatureHashMLDSA // HashML-DSA
	HMAC      TPMTHA                 // HMAC
}

func (t *TPMUSignature) unmarshal(r *Reader, selector Alg) {
	switch selector {
	case AlgRSASSA, AlgRSAPSS:
		t.RSA.Unmarshal(r)
	case AlgECDSA, AlgECDAA, AlgSM2, AlgECSchnorr:
		t.ECC.Unmarshal(r)
	case AlgEDDSA, AlgHashEDDSA:
		t.EDDSA.Unmarshal(r)
	case AlgMLDSA:
		t.MLDSA.Unmarshal(r)
	case AlgHashMLDSA:
		t.HashMLDSA.Unmarshal(r)
	case AlgHMAC:
		t.HMAC.Unmarshal(r)
	case AlgNull:
	default:
		r.Fail(RCSelector)
	}
}

func (t *TPMUSignature) marshal(w *Writer, selector Alg) {
	switch selector {
	case AlgRSASSA, AlgRSAPSS:
		t.RSA.Marshal(w)
	case AlgECDSA, AlgECDAA, AlgSM2, AlgECSchnorr:
		t.ECC.Marshal(w)
	case AlgEDDSA, AlgHashEDDSA:
		t.EDDSA.Marshal(w)
	case AlgMLDSA:
		t.MLDSA.Marshal(w)
	case AlgHashMLDSA:
		t.HashMLDSA.Marshal(w)
	case AlgHMAC:
		t.HMAC.Marshal(w)
	}
}

// TPMTSignature is TPMT_SIGNATURE (Part 2, 11.3.6).
type TPMTSignature struct {
	SigAlg    Alg
	Signature TPMUSignature
}

// Unmarshal reads the signature; AlgNull is refused.
func (t *TPMTSignature) Unmarshal(r *Reader) { t.unmarshal(r, TPMIAlgSigScheme) }

// UnmarshalOrNull reads the signature; AlgNull is permitted.
func (t *TPMTSignature) UnmarshalOrNull(r *Reader) { t.unmarshal(r, TPMIAlgSigScheme|OrNull) }

func (t *TPMTSignature) unmarshal(r *Reader, i AlgInterface) {
	t.SigAlg = r.Alg(i)
	t.Signature.unmarshal(r, t.SigAlg)
}

// Marshal writes the signature.
func (t *TPMTSignature) Marshal(w *Writer) {
	t.SigAlg.Marshal(w)
	t.Signature.marshal(w, t.SigAlg)
}

// Hash returns the hash algorithm the signature names, AlgNull when it names none.
func (t *TPMTSignature) Hash() Alg {
	switch t.SigAlg {
	case AlgRSASSA, AlgRSAPSS:
		return t.Signature.RSA.Hash
	case AlgECDSA, AlgECDAA, AlgSM2, AlgECSchnorr:
		return t.Signature.ECC.Hash
	case AlgHashMLDSA:
		return t.Signature.HashMLDSA.Hash
	case AlgHMAC:
		return t.Signature.HMAC.HashAlg
	}
	return AlgNull
}

// TPM2BSignatureCtx is TPM2B_SIGNATURE_CTX (Part 2, 11.3.8): a commit count, an SM2 identity or an ML-DSA context.
type TPM2BSignatureCtx []byte

// Unmarshal reads the buffer.
func (t *TPM2BSignatureCtx) Unmarshal(r *Reader) { *t = r.TPM2B(maxSignatureCtx) }

// Marshal writes the buffer.
func (t TPM2BSignatureCtx) Marshal(w *Writer) { w.TPM2B(t) }

// maxSignatureCtx is sizeof(TPMU_SIGNATURE_CTX) (Part 2, Table 220).
const maxSignatureCtx = 255

// TPM2BSignatureHint is TPM2B_SIGNATURE_HINT (Part 2, 11.3.9): R of an EdDSA signature.
type TPM2BSignatureHint []byte

// Unmarshal reads the buffer.
func (t *TPM2BSignatureHint) Unmarshal(r *Reader) { *t = r.TPM2B(r.limits.MaxSignatureHint) }

// Marshal writes the buffer.
func (t TPM2BSignatureHint) Marshal(w *Writer) { w.TPM2B(t) }

// TPM2BEncryptedSecret is TPM2B_ENCRYPTED_SECRET (Part 2, 11.4.3).
type TPM2BEncryptedSecret []byte

// Unmarshal reads the buffer.
func (t *TPM2BEncryptedSecret) Unmarshal(r *Reader) { *t = r.TPM2B(r.limits.maxEncryptedSecret()) }

// Marshal writes the buffer.
func (t TPM2BEncryptedSecret) Marshal(w *Writer) { w.TPM2B(t) }
