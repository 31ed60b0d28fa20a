package tpm2

import (
	"govtpm/tpm2/wire"
)

// symmetricCommands are the commands of Part 3, clause 15.
func symmetricCommands() []command {
	return []command{
		{
			code: wire.CCEncryptDecrypt, clause: "15.2",
			handles: []handleSpec{{"keyHandle", wire.TPMIDHObject, roleUser}},
			flags:   flagEncrypt,
			run:     with((*TPM).encryptDecrypt),
		},
		{
			code: wire.CCEncryptDecrypt2, clause: "15.3",
			handles: []handleSpec{{"keyHandle", wire.TPMIDHObject, roleUser}},
			flags:   flagDecrypt | flagEncrypt,
			run:     with((*TPM).encryptDecrypt2),
		},
		{
			code: wire.CCHash, clause: "15.4",
			flags: flagDecrypt | flagEncrypt,
			run:   with((*TPM).hash),
		},
		{
			code: wire.CCMAC, clause: "15.6",
			handles: []handleSpec{{"handle", wire.TPMIDHObject, roleUser}},
			flags:   flagDecrypt | flagEncrypt,
			run:     with((*TPM).mac),
		},
	}
}

// encryptDecryptParameters are the parameters of TPM2_EncryptDecrypt (Part 3, 15.2).
type encryptDecryptParameters struct {
	decrypt bool                // TPMI_YES_NO
	mode    wire.Alg            // TPMI_ALG_CIPHER_MODE+
	ivIn    wire.TPM2BIV        // TPM2B_IV
	inData  wire.TPM2BMaxBuffer // TPM2B_MAX_BUFFER
}

func (p *encryptDecryptParameters) fields() []field {
	return []field{
		{"decrypt", asYesNo(&p.decrypt)},
		{"mode", asAlg(&p.mode, wire.TPMIAlgCipherMode|wire.OrNull)},
		{"ivIn", &p.ivIn},
		{"inData", &p.inData},
	}
}

// encryptDecrypt2Parameters are the parameters of TPM2_EncryptDecrypt2 (Part 3, 15.3).
type encryptDecrypt2Parameters struct {
	inData  wire.TPM2BMaxBuffer // TPM2B_MAX_BUFFER
	decrypt bool                // TPMI_YES_NO
	mode    wire.Alg            // TPMI_ALG_CIPHER_MODE+
	ivIn    wire.TPM2BIV        // TPM2B_IV
}

func (p *encryptDecrypt2Parameters) fields() []field {
	return []field{
		{"inData", &p.inData},
		{"decrypt", asYesNo(&p.decrypt)},
		{"mode", asAlg(&p.mode, wire.TPMIAlgCipherMode|wire.OrNull)},
		{"ivIn", &p.ivIn},
	}
}

// hashParameters are the parameters of TPM2_Hash (Part 3, 15.4).
type hashParameters struct {
	data      wire.TPM2BMaxBuffer // TPM2B_MAX_BUFFER
	hashAlg   wire.Alg            // TPMI_ALG_HASH
	hierarchy wire.Handle         // TPMI_RH_HIERARCHY
}

func (p *hashParameters) fields() []field {
	return []field{
		{"data", &p.data},
		{"hashAlg", asAlg(&p.hashAlg, wire.TPMIAlgHash)},
		{"hierarchy", asHandle(&p.hierarchy, wire.TPMIRHHierarchy)},
	}
}

// macParameters are the parameters of TPM2_MAC (Part 3, 15.6).
type macParameters struct {
	buffer   wire.TPM2BMaxBuffer // TPM2B_MAX_BUFFER
	inScheme wire.Alg            // TPMI_ALG_MAC_SCHEME+
}

func (p *macParameters) fields() []field {
	return []field{
		{"buffer", &p.buffer},
		{"inScheme", asAlg(&p.inScheme, wire.TPMIAlgMACScheme|wire.OrNull)},
	}
}

// encryptDecrypt is TPM2_EncryptDecrypt (Part 3, 15.2).
func (t *TPM) encryptDecrypt(c *call, p *encryptDecryptParameters) error {
	return t.cryptWithKey(c, cipherRequest{
		decrypt: p.decrypt, mode: p.mode, iv: p.ivIn, data: p.inData,
		modeNumber: 2, ivNumber: 3, dataNumber: 4,
	})
}

// encryptDecrypt2 is TPM2_EncryptDecrypt2 (Part 3, 15.3): the same with the data first, where a session can encrypt it.
func (t *TPM) encryptDecrypt2(c *call, p *encryptDecrypt2Parameters) error {
	return t.cryptWithKey(c, cipherRequest{
		decrypt: p.decrypt, mode: p.mode, iv: p.ivIn, data: p.inData,
		dataNumber: 1, modeNumber: 3, ivNumber: 4,
	})
}

// cipherRequest is what both commands ask for, and the parameter numbers of its fields.
type cipherRequest struct {
	decrypt                          bool
	mode                             wire.Alg
	iv, data                         []byte
	modeNumber, ivNumber, dataNumber int
}

// cryptWithKey encrypts or decrypts with the symmetric key of handle 1.
func (t *TPM) cryptWithKey(c *call, q cipherRequest) error {
	key := c.objects[0]
	if key.public.Type != wire.AlgSymCipher {
		return wire.RCKey.Handle(1)
	}
	use := wire.ObjectSign // stands for encrypt in a symmetric key (Part 2, 8.3.3.14)
	if q.decrypt {
		use = wire.ObjectDecrypt
	}
	if key.public.Attributes.Has(wire.ObjectRestricted) || !key.public.Attributes.Has(use) {
		return wire.RCAttributes.Handle(1)
	}
	def := &key.public.Parameters.Sym.Sym
	if def.Mode == wire.AlgCMAC {
		return wire.RCMode.Handle(1)
	}
	mode := def.Mode
	if mode == wire.AlgNull {
		mode = q.mode
	} else if q.mode != wire.AlgNull && q.mode != mode {
		return wire.RCMode.Parameter(q.modeNumber)
	}
	if mode == wire.AlgNull {
		return wire.RCMode.Parameter(q.modeNumber)
	}
	block := symmetricBlockSize(def.Algorithm)
	ivSize := block
	if mode == wire.AlgECB {
		ivSize = 0
	}
	if len(q.iv) != ivSize {
		return wire.RCSize.Parameter(q.ivNumber)
	}
	if (mode == wire.AlgCBC || mode == wire.AlgECB) && len(q.data)%block != 0 {
		return wire.RCSize.Parameter(q.dataNumber)
	}
	ivOut, err := cryptData(def.Algorithm, mode, key.sensitive.Sensitive.Sym, q.iv, q.data, !q.decrypt)
	if err != nil {
		return err
	}
	c.out.TPM2B(q.data)
	c.out.TPM2B(ivOut)
	return nil
}

// hash is TPM2_Hash (Part 3, 15.4). Here data shorter than TPM_GENERATED_VALUE is safe.
func (t *TPM) hash(c *call, p *hashParameters) error {
	digest := hashOf(p.hashAlg, p.data)
	ticket := t.hashCheckTicket(p.hierarchy, p.hashAlg, digest, !isGenerated(p.data))
	c.out.TPM2B(digest)
	ticket.Marshal(&c.out)
	return nil
}

// mac is TPM2_MAC (Part 3, 15.6), and TPM2_HMAC, which differs only in its name (Part 3, 15.5).
func (t *TPM) mac(c *call, p *macParameters) error {
	alg, err := t.macAlgorithm(c.objects[0], p.inScheme)
	if err != nil {
		return err
	}
	s, err := newMACSequence(c.objects[0], alg)
	if err != nil {
		return err
	}
	s.write(p.buffer)
	c.out.TPM2B(s.mac())
	return nil
}
