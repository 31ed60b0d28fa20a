package wire

// RSA and ECC structures (Part 2, 11.2.4 and 11.2.5).

// TPM2BPublicKeyRSA is TPM2B_PUBLIC_KEY_RSA (Part 2, 11.2.4.6).
type TPM2BPublicKeyRSA []byte

// Unmarshal reads the buffer.
func (t *TPM2BPublicKeyRSA) Unmarshal(r *Reader) { *t = r.TPM2B(r.limits.MaxRSAKeyBytes) }

// Marshal writes the buffer.
func (t TPM2BPublicKeyRSA) Marshal(w *Writer) { w.TPM2B(t) }

// TPM2BPrivateKeyRSA is TPM2B_PRIVATE_KEY_RSA (Part 2, 11.2.4.8): a prime, or what the TPM keeps in its place.
type TPM2BPrivateKeyRSA []byte

// Unmarshal reads the buffer.
func (t *TPM2BPrivateKeyRSA) Unmarshal(r *Reader) { *t = r.TPM2B(r.limits.maxRSAPrivate()) }

// Marshal writes the buffer.
func (t TPM2BPrivateKeyRSA) Marshal(w *Writer) { w.TPM2B(t) }

// TPM2BECCParameter is TPM2B_ECC_PARAMETER (Part 2, 11.2.5.1).
type TPM2BECCParameter []byte

// Unmarshal reads the buffer.
func (t *TPM2BECCParameter) Unmarshal(r *Reader) { *t = r.TPM2B(r.limits.MaxECCKeyBytes) }

// Marshal writes the buffer.
func (t TPM2BECCParameter) Marshal(w *Writer) { w.TPM2B(t) }

// TPMSECCPoint is TPMS_ECC_POINT (Part 2, 11.2.5.2).
type TPMSECCPoint struct {
	X, Y TPM2BECCParameter
}

// Unmarshal reads the point; it does not ask whether the point is on a curve.
func (t *TPMSECCPoint) Unmarshal(r *Reader) {
	t.X.Unmarshal(r)
	t.Y.Unmarshal(r)
}

// Marshal writes the point.
func (t *TPMSECCPoint) Marshal(w *Writer) {
	t.X.Marshal(w)
	t.Y.Marshal(w)
}

// TPM2BECCPoint is TPM2B_ECC_POINT (Part 2, 11.2.5.3).
type TPM2BECCPoint struct{ TPMSECCPoint }

// Unmarshal reads the sized point.
func (t *TPM2BECCPoint) Unmarshal(r *Reader) { r.sized(t.TPMSECCPoint.Unmarshal) }

// Marshal writes the sized point.
func (t *TPM2BECCPoint) Marshal(w *Writer) { w.Sized(t.TPMSECCPoint.Marshal) }

// TPMSAlgorithmDetailECC is TPMS_ALGORITHM_DETAIL_ECC, the parameters of a curve (Part 2, 11.2.5.8).
type TPMSAlgorithmDetailECC struct {
	CurveID Curve
	KeySize uint16
	KDF     TPMTKDFScheme
	Sign    TPMTECCScheme
	P, A, B TPM2BECCParameter
	GX, GY  TPM2BECCParameter
	N, H    TPM2BECCParameter
}

// Unmarshal reads the parameters.
func (t *TPMSAlgorithmDetailECC) Unmarshal(r *Reader) {
	t.CurveID.Unmarshal(r)
	t.KeySize = r.Uint16()
	t.KDF.UnmarshalOrNull(r)
	t.Sign.UnmarshalOrNull(r)
	t.P.Unmarshal(r)
	t.A.Unmarshal(r)
	t.B.Unmarshal(r)
	t.GX.Unmarshal(r)
	t.GY.Unmarshal(r)
	t.N.Unmarshal(r)
	t.H.Unmarshal(r)
}

// Marshal writes the parameters.
func (t *TPMSAlgorithmDetailECC) Marshal(w *Writer) {
	t.CurveID.Marshal(w)
	w.Uint16(t.KeySize)
	t.KDF.Marshal(w)
	t.Sign.Marshal(w)
	t.P.Marshal(w)
	t.A.Marshal(w)
	t.B.Marshal(w)
	t.GX.Marshal(w)
	t.GY.Marshal(w)
	t.N.Marshal(w)
	t.H.Marshal(w)
}
