package tpm2

import (
	"govtpm/internal/crypto/curve"
	"govtpm/tpm2/wire"
)

// asymmetricCommands are the commands of Part 3, clause 14.
func asymmetricCommands() []command {
	return []command{
		{
			code: wire.CCRSAEncrypt, clause: "14.2",
			handles: []handleSpec{{"keyHandle", wire.TPMIDHObject, roleNone}},
			flags:   flagDecrypt | flagEncrypt,
			run:     with((*TPM).rsaEncrypt),
		},
		{
			code: wire.CCRSADecrypt, clause: "14.3",
			handles: []handleSpec{{"keyHandle", wire.TPMIDHObject, roleUser}},
			flags:   flagDecrypt | flagEncrypt,
			run:     with((*TPM).rsaDecrypt),
		},
		{
			code: wire.CCECDHKeyGen, clause: "14.4",
			handles: []handleSpec{{"keyHandle", wire.TPMIDHObject, roleNone}},
			flags:   flagEncrypt,
			run:     bare((*TPM).ecdhKeyGen),
		},
		{
			code: wire.CCECDHZGen, clause: "14.5",
			handles: []handleSpec{{"keyHandle", wire.TPMIDHObject, roleUser}},
			flags:   flagDecrypt | flagEncrypt,
			run:     with((*TPM).ecdhZGen),
		},
		{
			code: wire.CCECCParameters, clause: "14.6",
			run: with((*TPM).eccParameters),
		},
		{
			code: wire.CCZGen2Phase, clause: "14.7",
			handles: []handleSpec{{"keyA", wire.TPMIDHObject, roleUser}},
			flags:   flagDecrypt | flagEncrypt,
			run:     with((*TPM).zGen2Phase),
		},
		{
			code: wire.CCECCEncrypt, clause: "14.8",
			handles: []handleSpec{{"keyHandle", wire.TPMIDHObject, roleNone}},
			flags:   flagDecrypt | flagEncrypt,
			run:     with((*TPM).eccEncrypt),
		},
		{
			code: wire.CCECCDecrypt, clause: "14.9",
			handles: []handleSpec{{"keyHandle", wire.TPMIDHObject, roleUser}},
			flags:   flagDecrypt | flagEncrypt,
			run:     with((*TPM).eccDecrypt),
		},
		{
			code: wire.CCEncapsulate, clause: "14.10",
			handles: []handleSpec{{"keyHandle", wire.TPMIDHObject, roleNone}},
			flags:   flagEncrypt | flagByProfile,
			run:     bare((*TPM).encapsulate),
		},
		{
			code: wire.CCDecapsulate, clause: "14.11",
			handles: []handleSpec{{"keyHandle", wire.TPMIDHObject, roleUser}},
			flags:   flagDecrypt | flagEncrypt | flagByProfile,
			run:     with((*TPM).decapsulate),
		},
	}
}

// rsaEncryptParameters are the parameters of TPM2_RSA_Encrypt (Part 3, 14.2).
type rsaEncryptParameters struct {
	message  wire.TPM2BPublicKeyRSA // TPM2B_PUBLIC_KEY_RSA
	inScheme wire.TPMTRSADecrypt    // TPMT_RSA_DECRYPT+
	label    wire.TPM2BData         // TPM2B_DATA
}

func (p *rsaEncryptParameters) fields() []field {
	return []field{
		{"message", &p.message},
		{"inScheme", orNull(&p.inScheme)},
		{"label", &p.label},
	}
}

// rsaDecryptParameters are the parameters of TPM2_RSA_Decrypt (Part 3, 14.3).
type rsaDecryptParameters struct {
	cipherText wire.TPM2BPublicKeyRSA // TPM2B_PUBLIC_KEY_RSA
	inScheme   wire.TPMTRSADecrypt    // TPMT_RSA_DECRYPT+
	label      wire.TPM2BData         // TPM2B_DATA
}

func (p *rsaDecryptParameters) fields() []field {
	return []field{
		{"cipherText", &p.cipherText},
		{"inScheme", orNull(&p.inScheme)},
		{"label", &p.label},
	}
}

// ecdhzGenParameters are the parameters of TPM2_ECDH_ZGen (Part 3, 14.5).
type ecdhzGenParameters struct {
	inPoint wire.TPM2BECCPoint // TPM2B_ECC_POINT
}

func (p *ecdhzGenParameters) fields() []field {
	return []field{
		{"inPoint", &p.inPoint},
	}
}

// eccParametersParameters are the parameters of TPM2_ECC_Parameters (Part 3, 14.6).
type eccParametersParameters struct {
	curveID wire.Curve // TPMI_ECC_CURVE
}

func (p *eccParametersParameters) fields() []field {
	return []field{
		{"curveID", asCurve(&p.curveID)},
	}
}

// zGen2PhaseParameters are the parameters of TPM2_ZGen_2Phase (Part 3, 14.7).
type zGen2PhaseParameters struct {
	inQsB    wire.TPM2BECCPoint // TPM2B_ECC_POINT
	inQeB    wire.TPM2BECCPoint // TPM2B_ECC_POINT
	inScheme wire.Alg           // TPMI_ECC_KEY_EXCHANGE
	counter  uint16             // UINT16
}

func (p *zGen2PhaseParameters) fields() []field {
	return []field{
		{"inQsB", &p.inQsB},
		{"inQeB", &p.inQeB},
		{"inScheme", asAlg(&p.inScheme, wire.TPMIECCKeyExchange)},
		{"counter", asUint16(&p.counter)},
	}
}

// eccEncryptParameters are the parameters of TPM2_ECC_Encrypt (Part 3, 14.8).
type eccEncryptParameters struct {
	plainText wire.TPM2BMaxBuffer // TPM2B_MAX_BUFFER
	inScheme  wire.TPMTKDFScheme  // TPMT_KDF_SCHEME+
}

func (p *eccEncryptParameters) fields() []field {
	return []field{
		{"plainText", &p.plainText},
		{"inScheme", orNull(&p.inScheme)},
	}
}

// eccDecryptParameters are the parameters of TPM2_ECC_Decrypt (Part 3, 14.9).
type eccDecryptParameters struct {
	c1       wire.TPM2BECCPoint  // TPM2B_ECC_POINT
	c2       wire.TPM2BMaxBuffer // TPM2B_MAX_BUFFER
	c3       wire.TPM2BDigest    // TPM2B_DIGEST
	inScheme wire.TPMTKDFScheme  // TPMT_KDF_SCHEME+
}

func (p *eccDecryptParameters) fields() []field {
	return []field{
		{"C1", &p.c1},
		{"C2", &p.c2},
		{"C3", &p.c3},
		{"inScheme", orNull(&p.inScheme)},
	}
}

// decapsulateParameters are the parameters of TPM2_Decapsulate (Part 3, 14.11).
type decapsulateParameters struct {
	ciphertext wire.TPM2BKEMCiphertext // TPM2B_KEM_CIPHERTEXT
}

func (p *decapsulateParameters) fields() []field {
	return []field{
		{"ciphertext", &p.ciphertext},
	}
}

// eccParameters is TPM2_ECC_Parameters (Part 3, 14.6).
func (t *TPM) eccParameters(c *call, p *eccParametersParameters) error {
	crv := curve.ByID(uint16(p.curveID))
	if crv == nil {
		return wire.RCValue.Parameter(1)
	}
	n := crv.Parameters()
	detail := wire.TPMSAlgorithmDetailECC{
		CurveID: p.curveID, KeySize: uint16(crv.BitSize()),
		KDF: curveKDF(p.curveID), Sign: wire.TPMTECCScheme{Scheme: wire.AlgNull},
		P: n.P, A: n.A, B: n.B, GX: n.Gx, GY: n.Gy, N: n.N, H: n.H,
	}
	detail.Marshal(&c.out)
	return nil
}

// curveKDF is the KDF that goes with a curve (TCG Algorithm Registry).
func curveKDF(id wire.Curve) wire.TPMTKDFScheme {
	hash := wire.AlgSHA256
	switch id {
	case wire.CurveBNP256, wire.CurveBNP638:
		return wire.TPMTKDFScheme{Scheme: wire.AlgNull}
	case wire.CurveNISTP384:
		hash = wire.AlgSHA384
	case wire.CurveNISTP521:
		hash = wire.AlgSHA512
	case wire.CurveSM2P256:
		hash = wire.AlgSM3_256
	}
	return wire.TPMTKDFScheme{Scheme: wire.AlgKDF1SP80056A, HashAlg: hash}
}
