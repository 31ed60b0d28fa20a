package wire

// Sized buffers of octets (Part 2, 10.3). Each reads its 16-bit size, refuses more than its maximum with RCSize, and keeps
// a copy of the octets; the empty buffer is nil.

// TPM2BDigest is TPM2B_DIGEST (Part 2, 10.3.2): no longer than the largest digest.
type TPM2BDigest []byte

// Unmarshal reads the buffer.
func (t *TPM2BDigest) Unmarshal(r *Reader) { *t = r.TPM2B(r.limits.MaxDigest) }

// Marshal writes the buffer.
func (t TPM2BDigest) Marshal(w *Writer) { w.TPM2B(t) }

// TPM2BData is TPM2B_DATA (Part 2, 10.3.3): no longer than a TPMT_HA.
type TPM2BData []byte

// Unmarshal reads the buffer.
func (t *TPM2BData) Unmarshal(r *Reader) { *t = r.TPM2B(r.limits.maxHA()) }

// Marshal writes the buffer.
func (t TPM2BData) Marshal(w *Writer) { w.TPM2B(t) }

// TPM2BNonce, TPM2BAuth and TPM2BOperand are TPM2B_NONCE, TPM2B_AUTH and TPM2B_OPERAND, other names of TPM2B_DIGEST
// (Part 2, 10.3.4 to 10.3.6).
type (
	TPM2BNonce   = TPM2BDigest
	TPM2BAuth    = TPM2BDigest
	TPM2BOperand = TPM2BDigest
)

// TPM2BEvent is TPM2B_EVENT (Part 2, 10.3.7).
type TPM2BEvent []byte

// Unmarshal reads the buffer.
func (t *TPM2BEvent) Unmarshal(r *Reader) { *t = r.TPM2B(r.limits.MaxEvent) }

// Marshal writes the buffer.
func (t TPM2BEvent) Marshal(w *Writer) { w.TPM2B(t) }

// TPM2BMaxBuffer is TPM2B_MAX_BUFFER (Part 2, 10.3.8).
type TPM2BMaxBuffer []byte

// Unmarshal reads the buffer.
func (t *TPM2BMaxBuffer) Unmarshal(r *Reader) { *t = r.TPM2B(r.limits.MaxBuffer) }

// Marshal writes the buffer.
func (t TPM2BMaxBuffer) Marshal(w *Writer) { w.TPM2B(t) }

// TPM2BMaxNVBuffer is TPM2B_MAX_NV_BUFFER (Part 2, 10.3.9).
type TPM2BMaxNVBuffer []byte

// Unmarshal reads the buffer.
func (t *TPM2BMaxNVBuffer) Unmarshal(r *Reader) { *t = r.TPM2B(r.limits.MaxNVBuffer) }

// Marshal writes the buffer.
func (t TPM2BMaxNVBuffer) Marshal(w *Writer) { w.TPM2B(t) }

// TPM2BTimeout is TPM2B_TIMEOUT (Part 2, 10.3.10): 8 octets or fewer.
type TPM2BTimeout []byte

// Unmarshal reads the buffer.
func (t *TPM2BTimeout) Unmarshal(r *Reader) { *t = r.TPM2B(8) }

// Marshal writes the buffer.
func (t TPM2BTimeout) Marshal(w *Writer) { w.TPM2B(t) }

// TPM2BIV is TPM2B_IV (Part 2, 10.3.11): no longer than a cipher block.
type TPM2BIV []byte

// Unmarshal reads the buffer.
func (t *TPM2BIV) Unmarshal(r *Reader) { *t = r.TPM2B(maxSymBlock) }

// Marshal writes the buffer.
func (t TPM2BIV) Marshal(w *Writer) { w.TPM2B(t) }

// maxSymBlock is MAX_SYM_BLOCK_SIZE: the block of AES, SM4 and Camellia.
const maxSymBlock = 16

// TPM2BSharedSecret is TPM2B_SHARED_SECRET (Part 2, 10.3.12).
type TPM2BSharedSecret []byte

// Unmarshal reads the buffer.
func (t *TPM2BSharedSecret) Unmarshal(r *Reader) { *t = r.TPM2B(r.limits.MaxSharedSecret) }

// Marshal writes the buffer.
func (t TPM2BSharedSecret) Marshal(w *Writer) { w.TPM2B(t) }

// TPM2BKEMCiphertext is TPM2B_KEM_CIPHERTEXT (Part 2, 10.3.14).
type TPM2BKEMCiphertext []byte

// Unmarshal reads the buffer.
func (t *TPM2BKEMCiphertext) Unmarshal(r *Reader) { *t = r.TPM2B(r.limits.maxKEMCiphertext()) }

// Marshal writes the buffer.
func (t TPM2BKEMCiphertext) Marshal(w *Writer) { w.TPM2B(t) }

// TPM2BVendorProperty is TPM2B_VENDOR_PROPERTY (Part 2, 10.3.15).
type TPM2BVendorProperty []byte

// Unmarshal reads the buffer.
func (t *TPM2BVendorProperty) Unmarshal(r *Reader) { *t = r.TPM2B(512) }

// Marshal writes the buffer.
func (t TPM2BVendorProperty) Marshal(w *Writer) { w.TPM2B(t) }

// TPM2BName is TPM2B_NAME (Part 2, 10.4.3): empty, a handle, or a digest with its algorithm in front.
type TPM2BName []byte

// Unmarshal reads the buffer.
func (t *TPM2BName) Unmarshal(r *Reader) { *t = r.TPM2B(r.limits.maxName()) }

// Marshal writes the buffer.
func (t TPM2BName) Marshal(w *Writer) { w.TPM2B(t) }

// HandleName returns the Name of an entity without a public area: its handle (Part 2, 10.4.1).
func HandleName(h Handle) TPM2BName {
	return TPM2BName{byte(h >> 24), byte(h >> 16), byte(h >> 8), byte(h)}
}

// Alg returns the algorithm of a Name that is a digest, AlgNull for any other.
func (t TPM2BName) Alg() Alg {
	if len(t) <= 4 {
		return AlgNull
	}
	return Alg(t[0])<<8 | Alg(t[1])
}
