package wire

// Rows of the table of types for attestations, schemes, keys and NV.

func attestRows() []typeRow {
	attested := func(g *gen) map[ST]TPMUAttest {
		return map[ST]TPMUAttest{
			STAttestCertify:      {Certify: TPMSCertifyInfo{g.bytes(68), g.bytes(68)}},
			STAttestCreation:     {Creation: TPMSCreationInfo{g.bytes(68), g.bytes(64)}},
			STAttestQuote:        {Quote: TPMSQuoteInfo{g.pcrs(), g.bytes(64)}},
			STAttestCommandAudit: {CommandAudit: TPMSCommandAuditInfo{g.Uint64(), AlgSHA256, g.bytes(64), g.bytes(64)}},
			STAttestSessionAudit: {SessionAudit: TPMSSessionAuditInfo{true, g.bytes(64)}},
			STAttestTime:         {Time: TPMSTimeAttestInfo{TPMSTimeInfo{g.Uint64(), g.clock()}, g.Uint64()}},
			STAttestNV:           {NV: TPMSNVCertifyInfo{g.bytes(68), 7, g.bytes(1024)}},
			STAttestNVDigest:     {NVDigest: TPMSNVDigestCertifyInfo{g.bytes(68), g.bytes(64)}},
		}
	}
	return []typeRow{
		row("TPMSClockInfo", func(g *gen) []TPMSClockInfo { return []TPMSClockInfo{g.clock(), g.clock()} }),
		row("TPMSTimeInfo", func(g *gen) []TPMSTimeInfo { return []TPMSTimeInfo{{g.Uint64(), g.clock()}} }),
		row("TPMSTimeAttestInfo", func(g *gen) []TPMSTimeAttestInfo {
			return []TPMSTimeAttestInfo{attested(g)[STAttestTime].Time}
		}),
		row("TPMSCertifyInfo", func(g *gen) []TPMSCertifyInfo { return []TPMSCertifyInfo{{g.bytes(68), g.bytes(68)}} }),
		row("TPMSQuoteInfo", func(g *gen) []TPMSQuoteInfo { return []TPMSQuoteInfo{{g.pcrs(), g.bytes(64)}} }),
		row("TPMSCommandAuditInfo", func(g *gen) []TPMSCommandAuditInfo {
			return []TPMSCommandAuditInfo{attested(g)[STAttestCommandAudit].CommandAudit}
		}),
		row("TPMSSessionAuditInfo", func(g *gen) []TPMSSessionAuditInfo {
			return []TPMSSessionAuditInfo{{false, nil}, {true, g.bytes(64)}}
		}),
		row("TPMSCreationInfo", func(g *gen) []TPMSCreationInfo { return []TPMSCreationInfo{{g.bytes(68), g.bytes(64)}} }),
		row("TPMSNVCertifyInfo", func(g *gen) []TPMSNVCertifyInfo {
			return []TPMSNVCertifyInfo{{g.bytes(68), 3, g.bytes(1024)}}
		}),
		row("TPMSNVDigestCertifyInfo", func(g *gen) []TPMSNVDigestCertifyInfo {
			return []TPMSNVDigestCertifyInfo{{g.bytes(68), g.bytes(64)}}
		}),
		row("TPMSAttest", func(g *gen) []TPMSAttest {
			var values []TPMSAttest
			for st, u := range attested(g) {
				values = append(values, TPMSAttest{st, g.bytes(68), g.bytes(66), g.clock(), g.Uint64(), u})
			}
			return values
		}),
	}
}

func symDefObject(g *gen, a Alg) TPMTSymDefObject {
	if a == AlgNull {
		return TPMTSymDefObject{Algorithm: AlgNull}
	}
	return TPMTSymDefObject{a, 128, g.alg(TPMIAlgSymMode)}
}

func sigScheme(g *gen, a Alg) TPMTSigScheme {
	switch a {
	case AlgNull, AlgEDDSA, AlgHashEDDSA:
		return TPMTSigScheme{Scheme: a}
	case AlgECDAA:
		return TPMTSigScheme{a, g.hash(), uint16(g.Uint32())}
	}
	return TPMTSigScheme{a, g.hash(), 0}
}

func eccScheme(g *gen, a Alg) TPMTECCScheme { return TPMTECCScheme(sigScheme(g, a)) }

func rsaScheme(g *gen, a Alg) TPMTRSAScheme {
	if a == AlgNull || a == AlgRSAES {
		return TPMTRSAScheme{Scheme: a}
	}
	return TPMTRSAScheme{a, g.hash()}
}

func kdfScheme(g *gen, a Alg) TPMTKDFScheme {
	if a == AlgNull {
		return TPMTKDFScheme{Scheme: a}
	}
	return TPMTKDFScheme{a, g.hash()}
}

// withNull lists the values of an interface type, NULL included.
func withNull(i AlgInterface) []Alg { return append(i.Algs().List(), AlgNull) }

func schemeRows() []typeRow {
	return []typeRow{
		row("TPMTSymDef", func(g *gen) []TPMTSymDef {
			return []TPMTSymDef{
				{Algorithm: AlgNull}, {Algorithm: AlgXOR, Hash: AlgSHA384}, {AlgTDES, 192, AlgCFB, 0},
				{AlgAES, 256, AlgNull, 0}, {AlgSM4, 128, AlgCTR, 0}, {AlgCamellia, 192, AlgCMAC, 0},
			}
		}),
		row("TPMTSymDefObject", func(g *gen) (v []TPMTSymDefObject) {
			for _, a := range withNull(TPMIAlgSymObject) {
				v = append(v, symDefObject(g, a))
			}
			return v
		}),
		row("TPMSSymCipherParms", func(g *gen) []TPMSSymCipherParms {
			return []TPMSSymCipherParms{{symDefObject(g, AlgAES)}}
		}),
		row("TPMSDerive", func(g *gen) []TPMSDerive { return []TPMSDerive{{}, {g.bytes(32), g.bytes(32)}} }),
		row("TPMSSensitiveCreate", func(g *gen) []TPMSSensitiveCreate {
			return []TPMSSensitiveCreate{{}, {g.bytes(64), g.bytes(128)}}
		}),
		row("TPM2BSensitiveCreate", func(g *gen) []TPM2BSensitiveCreate {
			return []TPM2BSensitiveCreate{{}, {TPMSSensitiveCreate{g.bytes(64), g.bytes(128)}}}
		}),
		row("TPMTKeyedHashScheme", func(g *gen) []TPMTKeyedHashScheme {
			return []TPMTKeyedHashScheme{{Scheme: AlgNull}, {Scheme: AlgHMAC, HashAlg: g.hash()},
				{AlgXOR, g.hash(), g.alg(TPMIAlgKDF)}, {AlgXOR, g.hash(), AlgNull}}
		}),
		row("TPMTSigScheme", func(g *gen) (v []TPMTSigScheme) {
			for _, a := range withNull(TPMIAlgSigScheme) {
				if a != AlgMLDSA && a != AlgHashMLDSA { // no arm in the union
					v = append(v, sigScheme(g, a))
				}
			}
			return v
		}),
		row("TPMTKDFScheme", func(g *gen) (v []TPMTKDFScheme) {
			for _, a := range withNull(TPMIAlgKDF) {
				v = append(v, kdfScheme(g, a))
			}
			return v
		}),
		row("TPMTRSAScheme", func(g *gen) (v []TPMTRSAScheme) {
			for _, a := range withNull(TPMIAlgRSAScheme) {
				v = append(v, rsaScheme(g, a))
			}
			return v
		}),
		row("TPMTRSADecrypt", func(g *gen) (v []TPMTRSADecrypt) {
			for _, a := range withNull(TPMIAlgRSADecrypt) {
				v = append(v, TPMTRSADecrypt{rsaScheme(g, a)})
			}
			return v
		}),
		row("TPMTECCScheme", func(g *gen) (v []TPMTECCScheme) {
			for _, a := range withNull(TPMIAlgECCScheme) {
				v = append(v, eccScheme(g, a))
			}
			return v
		}),
	}
}

func parameters(g *gen, a Alg) (u TPMUPublicParms) {
	switch a {
	case AlgKeyedHash:
		u.KeyedHash.Scheme = TPMTKeyedHashScheme{AlgXOR, g.hash(), AlgNull}
	case AlgSymCipher:
		u.Sym.Sym = symDefObject(g, AlgCamellia)
	case AlgRSA:
		u.RSA = TPMSRSAParms{symDefObject(g, AlgAES), rsaScheme(g, g.alg(TPMIAlgRSAScheme)), 2048, g.Uint32()}
	case AlgECC:
		u.ECC = TPMSECCParms{symDefObject(g, AlgNull), eccScheme(g, AlgECDAA), CurveNISTP384, kdfScheme(g, AlgHKDF)}
	case AlgMLDSA:
		u.MLDSA = TPMSMLDSAParms{MLDSA65, true}
	case AlgHashMLDSA:
		u.HashMLDSA = TPMSHashMLDSAParms{MLDSA87, g.hash()}
	case AlgMLKEM:
		u.MLKEM = TPMSMLKEMParms{symDefObject(g, AlgAES), MLKEM768}
	}
	return u
}

func public(g *gen, a Alg) TPMTPublic {
	t := TPMTPublic{a, g.hash(), TPMAObject(g.Uint32()) & objectBits, g.bytes(64), parameters(g, a), TPMUPublicID{}}
	switch a {
	case AlgKeyedHash:
		t.Unique.KeyedHash = g.bytes(64)
	case AlgSymCipher:
		t.Unique.Sym = g.bytes(64)
	case AlgRSA:
		t.Unique.RSA = g.bytes(256)
	case AlgECC:
		t.Unique.ECC = g.point()
	case AlgMLDSA, AlgHashMLDSA:
		t.Unique.MLDSA = g.bytes(300)
	case AlgMLKEM:
		t.Unique.MLKEM = g.bytes(300)
	}
	return t
}

func sensitive(g *gen, a Alg) TPMTSensitive {
	t := TPMTSensitive{SensitiveType: a, AuthValue: g.bytes(64), SeedValue: g.bytes(64)}
	switch a {
	case AlgKeyedHash:
		t.Sensitive.Bits = g.bytes(128)
	case AlgSymCipher:
		t.Sensitive.Sym = g.bytes(32)
	case AlgRSA:
		t.Sensitive.RSA = g.bytes(256)
	case AlgECC:
		t.Sensitive.ECC = g.bytes(80)
	case AlgMLDSA, AlgHashMLDSA:
		t.Sensitive.MLDSA = g.exact(32)
	case AlgMLKEM:
		t.Sensitive.MLKEM = g.exact(64)
	}
	return t
}

func signature(g *gen, a Alg) TPMTSignature {
	t := TPMTSignature{SigAlg: a}
	switch a {
	case AlgRSASSA, AlgRSAPSS:
		t.Signature.RSA = TPMSSignatureRSA{g.hash(), g.bytes(256)}
	case AlgECDSA, AlgECDAA, AlgSM2, AlgECSchnorr:
		t.Signature.ECC = TPMSSignatureECC{g.hash(), g.bytes(80), g.bytes(80)}
	case AlgEDDSA, AlgHashEDDSA:
		t.Signature.EDDSA = g.bytes(114)
	case AlgMLDSA:
		t.Signature.MLDSA = g.bytes(300)
	case AlgHashMLDSA:
		t.Signature.HashMLDSA = TPMSSignatureHashMLDSA{g.hash(), g.bytes(300)}
	case AlgHMAC:
		t.Signature.HMAC = g.ha()
	}
	return t
}

func keyRows() []typeRow {
	objects := TPMIAlgPublic.Algs().List()
	param := func(g *gen, a Alg) TPMUPublicParms { return parameters(g, a) }
	return []typeRow{
		row("TPMSECCPoint", func(g *gen) []TPMSECCPoint { return []TPMSECCPoint{{}, g.point()} }),
		row("TPM2BECCPoint", func(g *gen) []TPM2BECCPoint { return []TPM2BECCPoint{{}, {g.point()}} }),
		row("TPMSAlgorithmDetailECC", func(g *gen) []TPMSAlgorithmDetailECC {
			p := func() TPM2BECCParameter { return g.bytes(80) }
			return []TPMSAlgorithmDetailECC{
				{CurveNISTP256, 256, kdfScheme(g, AlgKDF2), eccScheme(g, AlgNull), p(), p(), p(), p(), p(), p(), p()},
				{CurveBNP638, 638, kdfScheme(g, AlgNull), eccScheme(g, AlgECDSA), p(), p(), p(), p(), p(), p(), p()},
			}
		}),
		row("TPM2BPrivateKeyMLKEM", func(g *gen) []TPM2BPrivateKeyMLKEM { return []TPM2BPrivateKeyMLKEM{g.exact(64)} }),
		row("TPM2BPrivateKeyMLDSA", func(g *gen) []TPM2BPrivateKeyMLDSA { return []TPM2BPrivateKeyMLDSA{g.exact(32)} }),
		row("TPMSSignatureRSA", func(g *gen) []TPMSSignatureRSA { return []TPMSSignatureRSA{{g.hash(), g.bytes(512)}} }),
		row("TPMSSignatureECC", func(g *gen) []TPMSSignatureECC {
			return []TPMSSignatureECC{{g.hash(), g.bytes(80), g.bytes(80)}}
		}),
		row("TPMSSignatureHashMLDSA", func(g *gen) []TPMSSignatureHashMLDSA {
			return []TPMSSignatureHashMLDSA{{g.hash(), g.bytes(500)}}
		}),
		row("TPMTSignature", func(g *gen) (v []TPMTSignature) {
			for _, a := range withNull(TPMIAlgSigScheme) {
				v = append(v, signature(g, a))
			}
			return v
		}),
		row("TPMSKeyedHashParms", func(g *gen) []TPMSKeyedHashParms {
			return []TPMSKeyedHashParms{{TPMTKeyedHashScheme{Scheme: AlgNull}}, param(g, AlgKeyedHash).KeyedHash}
		}),
		row("TPMSRSAParms", func(g *gen) []TPMSRSAParms { return []TPMSRSAParms{param(g, AlgRSA).RSA} }),
		row("TPMSECCParms", func(g *gen) []TPMSECCParms { return []TPMSECCParms{param(g, AlgECC).ECC} }),
		row("TPMSMLDSAParms", func(g *gen) []TPMSMLDSAParms { return []TPMSMLDSAParms{param(g, AlgMLDSA).MLDSA} }),
		row("TPMSHashMLDSAParms", func(g *gen) []TPMSHashMLDSAParms {
			return []TPMSHashMLDSAParms{param(g, AlgHashMLDSA).HashMLDSA}
		}),
		row("TPMSMLKEMParms", func(g *gen) []TPMSMLKEMParms { return []TPMSMLKEMParms{param(g, AlgMLKEM).MLKEM} }),
		row("TPMTPublicParms", func(g *gen) (v []TPMTPublicParms) {
			for _, a := range objects {
				v = append(v, TPMTPublicParms{a, parameters(g, a)})
			}
			return v
		}),
		row("TPMTPublic", func(g *gen) (v []TPMTPublic) {
			for _, a := range objects {
				v = append(v, public(g, a))
			}
			v = append(v, public(g, AlgRSA))
			v[len(v)-1].NameAlg = AlgNull
			return v
		}),
		row("TPM2BPublic", func(g *gen) (v []TPM2BPublic) {
			for _, a := range objects {
				v = append(v, TPM2BPublic{public(g, a)})
			}
			return v
		}),
		row("TPMTSensitive", func(g *gen) (v []TPMTSensitive) {
			for _, a := range objects {
				v = append(v, sensitive(g, a))
			}
			return v
		}),
		row("TPM2BSensitive", func(g *gen) (v []TPM2BSensitive) {
			v = append(v, TPM2BSensitive{})
			for _, a := range objects {
				v = append(v, TPM2BSensitive{sensitive(g, a)})
			}
			return v
		}),
		row("TPMSIDObject", func(g *gen) []TPMSIDObject { return []TPMSIDObject{{g.bytes(64), g.bytes(64)}} }),
	}
}

func nvRows() []typeRow {
	nv := func(g *gen, h Handle) TPMSNVPublic {
		return TPMSNVPublic{h, g.hash(), TPMANV(g.Uint32()) & nvBits, g.bytes(64), uint16(g.IntN(2049))}
	}
	external := func(g *gen) TPMSNVPublicExpAttr {
		return TPMSNVPublicExpAttr{0x11000001, g.hash(), TPMANVExp(g.Uint64()) & nvExpBits, g.bytes(64), 2048}
	}
	public2 := func(g *gen) []TPMTNVPublic2 {
		return []TPMTNVPublic2{
			{HandleType: HTNVIndex, NV: nv(g, 0x01800001)}, {HandleType: HTPermanentNV, NV: nv(g, 0x12000001)},
			{HandleType: HTExternalNV, External: external(g)},
		}
	}
	creation := func(g *gen) TPMSCreationData {
		return TPMSCreationData{g.pcrs(), g.bytes(64), 1, AlgSHA256, g.bytes(68), g.bytes(68), g.bytes(66)}
	}
	return []typeRow{
		row("TPMSNVPinCounterParameters", func(g *gen) []TPMSNVPinCounterParameters {
			return []TPMSNVPinCounterParameters{{g.Uint32(), g.Uint32()}}
		}),
		row("TPMSNVPublic", func(g *gen) []TPMSNVPublic { return []TPMSNVPublic{nv(g, 0x01C00002)} }),
		row("TPM2BNVPublic", func(g *gen) []TPM2BNVPublic { return []TPM2BNVPublic{{nv(g, 0x01C00002)}} }),
		row("TPMSNVPublicExpAttr", func(g *gen) []TPMSNVPublicExpAttr { return []TPMSNVPublicExpAttr{external(g)} }),
		row("TPMTNVPublic2", public2),
		row("TPM2BNVPublic2", func(g *gen) (v []TPM2BNVPublic2) {
			for _, p := range public2(g) {
				v = append(v, TPM2BNVPublic2{p})
			}
			return v
		}),
		row("TPMSContextData", func(g *gen) []TPMSContextData { return []TPMSContextData{{g.bytes(64), g.bytes(900)}} }),
		row("TPMSContext", func(g *gen) []TPMSContext {
			return []TPMSContext{{g.Uint64(), SavedStClearObject, RHNull, g.bytes(900)}, {1, 0x02000001, RHOwner, nil}}
		}),
		row("TPMSCreationData", func(g *gen) []TPMSCreationData { return []TPMSCreationData{creation(g)} }),
		row("TPM2BCreationData", func(g *gen) []TPM2BCreationData { return []TPM2BCreationData{{creation(g)}} }),
	}
}
