package wire

// ML-KEM and ML-DSA structures (Part 2, 11.2.6 and 11.2.7).

// MLKEMParms is TPMI_MLKEM_PARMS, a parameter set of ML-KEM (Part 2, Table 205).
type MLKEMParms uint16

// Parameter sets of Part 2, Table 205.
const (
	MLKEM512  MLKEMParms = 0x0001
	MLKEM768  MLKEMParms = 0x0002
	MLKEM1024 MLKEMParms = 0x0003
)

// mlkemSeedSize is the size of the private seed d||z, and mldsaSeedSize that of the private seed xi (Tables 207, 211).
const (
	mlkemSeedSize = 64
	mldsaSeedSize = 32
)

// mlkemSets holds the sizes of Table 205.
var mlkemSets = [...]struct {
	bit                TPMAMLParameterSet
	public, ciphertext int
}{
	MLKEM512:  {MLKEM512Set, 800, 768},
	MLKEM768:  {MLKEM768Set, 1184, 1088},
	MLKEM1024: {MLKEM1024Set, 1568, 1568},
}

// PublicKeySize returns the size of a public key of the set, 0 if there is no such set.
func (p MLKEMParms) PublicKeySize() int {
	if int(p) >= len(mlkemSets) {
		return 0
	}
	return mlkemSets[p].public
}

// CiphertextSize returns the size of a ciphertext of the set, 0 if there is no such set.
func (p MLKEMParms) CiphertextSize() int {
	if int(p) >= len(mlkemSets) {
		return 0
	}
	return mlkemSets[p].ciphertext
}

// Unmarshal reads a parameter set; one the TPM does not have gives RCParms.
func (p *MLKEMParms) Unmarshal(r *Reader) {
	*p = MLKEMParms(r.Uint16())
	if p.PublicKeySize() == 0 || r.limits.MLParameterSets&mlkemSets[*p].bit == 0 {
		r.Fail(RCParms)
	}
}

// Marshal writes the parameter set.
func (p MLKEMParms) Marshal(w *Writer) { w.Uint16(uint16(p)) }

// TPM2BPublicKeyMLKEM is TPM2B_PUBLIC_KEY_MLKEM (Part 2, 11.2.6.2).
type TPM2BPublicKeyMLKEM []byte

// Unmarshal reads the buffer.
func (t *TPM2BPublicKeyMLKEM) Unmarshal(r *Reader) {
	*t = r.TPM2B(r.limits.MLParameterSets.maxMLKEMPublic())
}

// Marshal writes the buffer.
func (t TPM2BPublicKeyMLKEM) Marshal(w *Writer) { w.TPM2B(t) }

// TPM2BPrivateKeyMLKEM is TPM2B_PRIVATE_KEY_MLKEM (Part 2, 11.2.6.3): exactly 64 octets.
type TPM2BPrivateKeyMLKEM []byte

// Unmarshal reads the buffer.
func (t *TPM2BPrivateKeyMLKEM) Unmarshal(r *Reader) { *t = r.tpm2bExact(mlkemSeedSize) }

// Marshal writes the buffer.
func (t TPM2BPrivateKeyMLKEM) Marshal(w *Writer) { w.TPM2B(t) }

// MLDSAParms is TPMI_MLDSA_PARMS, a parameter set of ML-DSA (Part 2, Table 208).
type MLDSAParms uint16

// Parameter sets of Part 2, Table 208.
const (
	MLDSA44 MLDSAParms = 0x0001
	MLDSA65 MLDSAParms = 0x0002
	MLDSA87 MLDSAParms = 0x0003
)

// mldsaSets holds the sizes of Table 208.
var mldsaSets = [...]struct {
	bit               TPMAMLParameterSet
	public, signature int
}{
	MLDSA44: {MLDSA44Set, 1312, 2420},
	MLDSA65: {MLDSA65Set, 1952, 3309},
	MLDSA87: {MLDSA87Set, 2592, 4627},
}

// PublicKeySize returns the size of a public key of the set, 0 if there is no such set.
func (p MLDSAParms) PublicKeySize() int {
	if int(p) >= len(mldsaSets) {
		return 0
	}
	return mldsaSets[p].public
}

// SignatureSize returns the size of a signature of the set, 0 if there is no such set.
func (p MLDSAParms) SignatureSize() int {
	if int(p) >= len(mldsaSets) {
		return 0
	}
	return mldsaSets[p].signature
}

// Unmarshal reads a parameter set; one the TPM does not have gives RCParms.
func (p *MLDSAParms) Unmarshal(r *Reader) {
	*p = MLDSAParms(r.Uint16())
	if p.PublicKeySize() == 0 || r.limits.MLParameterSets&mldsaSets[*p].bit == 0 {
		r.Fail(RCParms)
	}
}

// Marshal writes the parameter set.
func (p MLDSAParms) Marshal(w *Writer) { w.Uint16(uint16(p)) }

// TPM2BPublicKeyMLDSA is TPM2B_PUBLIC_KEY_MLDSA (Part 2, 11.2.7.3).
type TPM2BPublicKeyMLDSA []byte

// Unmarshal reads the buffer.
func (t *TPM2BPublicKeyMLDSA) Unmarshal(r *Reader) {
	*t = r.TPM2B(r.limits.MLParameterSets.maxMLDSAPublic())
}

// Marshal writes the buffer.
func (t TPM2BPublicKeyMLDSA) Marshal(w *Writer) { w.TPM2B(t) }

// TPM2BPrivateKeyMLDSA is TPM2B_PRIVATE_KEY_MLDSA (Part 2, 11.2.7.4): exactly 32 octets.
type TPM2BPrivateKeyMLDSA []byte

// Unmarshal reads the buffer.
func (t *TPM2BPrivateKeyMLDSA) Unmarshal(r *Reader) { *t = r.tpm2bExact(mldsaSeedSize) }

// Marshal writes the buffer.
func (t TPM2BPrivateKeyMLDSA) Marshal(w *Writer) { w.TPM2B(t) }

// The largest sizes over the parameter sets that a TPM has: MAX_MLKEM_PUB_SIZE and so on.

func (a TPMAMLParameterSet) maxMLKEMPublic() (n int) {
	for _, s := range mlkemSets {
		if a&s.bit != 0 {
			n = max(n, s.public)
		}
	}
	return n
}

func (a TPMAMLParameterSet) maxCiphertext() (n int) {
	for _, s := range mlkemSets {
		if a&s.bit != 0 {
			n = max(n, s.ciphertext)
		}
	}
	return n
}

func (a TPMAMLParameterSet) maxMLDSAPublic() (n int) {
	for _, s := range mldsaSets {
		if a&s.bit != 0 {
			n = max(n, s.public)
		}
	}
	return n
}

func (a TPMAMLParameterSet) maxSignature() (n int) {
	for _, s := range mldsaSets {
		if a&s.bit != 0 {
			n = max(n, s.signature)
		}
	}
	return n
}
