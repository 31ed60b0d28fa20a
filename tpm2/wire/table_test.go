package wire

import "math/rand/v2"

// The table of all types: how to make an empty one, and sample values that visit every arm of every union. Other tests
// walk it; TestTableIsComplete holds it complete.

type codec interface {
	Unmarshaler
	Marshaler
}

type orNull interface{ UnmarshalOrNull(*Reader) }

type typeRow struct {
	name    string
	new     func() codec
	samples func(g *gen) []codec
}

// gen makes random values from a fixed seed.
type gen struct{ *rand.Rand }

func newGen(seed uint64) *gen { return &gen{rand.New(rand.NewPCG(seed, 185))} }

// bytes returns up to max random octets, nil for none.
func (g *gen) bytes(max int) []byte { return g.exact(g.IntN(max + 1)) }

func (g *gen) exact(n int) []byte {
	if n == 0 {
		return nil
	}
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(g.Uint32())
	}
	return p
}

func (g *gen) alg(i AlgInterface) Alg {
	list := i.Algs().List()
	return list[g.IntN(len(list))]
}

func (g *gen) hash() Alg { return g.alg(TPMIAlgHash) }

func (g *gen) ha() TPMTHA {
	h := g.hash()
	return TPMTHA{h, g.exact(h.DigestSize())}
}

func (g *gen) pcrs() TPMLPCRSelection {
	var l TPMLPCRSelection
	for range g.IntN(4) {
		l = append(l, TPMSPCRSelection{g.hash(), g.exact(3)})
	}
	return l
}

func (g *gen) point() TPMSECCPoint { return TPMSECCPoint{g.bytes(80), g.bytes(80)} }

func (g *gen) clock() TPMSClockInfo {
	return TPMSClockInfo{g.Uint64(), g.Uint32(), g.Uint32(), g.IntN(2) == 1}
}

// all collects pointers to values as codecs.
func all[T any, P interface {
	*T
	codec
}](values ...T) []codec {
	list := make([]codec, len(values))
	for i := range values {
		list[i] = P(&values[i])
	}
	return list
}

// row describes a type by its samples.
func row[T any, P interface {
	*T
	codec
}](name string, samples func(g *gen) []T) typeRow {
	return typeRow{name, func() codec { return P(new(T)) }, func(g *gen) []codec { return all[T, P](samples(g)...) }}
}

// buffer describes a type that is a sized buffer of at most max octets under Everything.
func buffer[T ~[]byte, P interface {
	*T
	codec
}](name string, max int) typeRow {
	return row[T, P](name, func(g *gen) []T { return []T{nil, g.bytes(max), g.exact(max)} })
}

// scalar describes a type by values that are all permitted.
func scalar[T any, P interface {
	*T
	codec
}](name string, values ...T) typeRow {
	return row[T, P](name, func(*gen) []T { return values })
}

func types() []typeRow {
	var rows []typeRow
	rows = append(rows, scalarRows()...)
	rows = append(rows, bufferRows()...)
	rows = append(rows, basicRows()...)
	rows = append(rows, capabilityRows()...)
	rows = append(rows, attestRows()...)
	rows = append(rows, schemeRows()...)
	rows = append(rows, keyRows()...)
	rows = append(rows, nvRows()...)
	return rows
}

func scalarRows() []typeRow {
	return []typeRow{
		scalar[Alg]("Alg", AlgSHA256, AlgNull, 0xFFFF),
		scalar[Curve]("Curve", CurveNISTP256, 0xFFFF),
		scalar[CC]("CC", CCCreate, 0xFFFFFFFF),
		scalar[RC]("RC", RCSuccess, RCValue.Parameter(15)),
		scalar[ClockAdjust]("ClockAdjust", -3, -2, -1, 0, 1, 2, 3),
		scalar[EO]("EO", EOEq, EOBitClear),
		scalar[ST]("ST", STRspCommand, STNull, STSessions, STFUManifest),
		scalar[SU]("SU", SUClear, SUState),
		scalar[SE]("SE", SEHMAC, SEPolicy, SETrial),
		scalar[Cap]("Cap", CapAlgs, CapLast, CapVendorProperty, CapSettable|0x01000005),
		scalar[PT]("PT", PTNone, PTAuditCounter1, 0xFFFFFFFF),
		scalar[PTPCR]("PTPCR", PTPCRSave, 0xFFFFFFFF),
		scalar[AT]("AT", ATAny, ATVendor),
		scalar[Handle]("Handle", RHOwner, 0xFFFFFFFF),
		scalar[HT]("HT", HTPCR, 0xFF),
		scalar[MLKEMParms]("MLKEMParms", MLKEM512, MLKEM768, MLKEM1024),
		scalar[MLDSAParms]("MLDSAParms", MLDSA44, MLDSA65, MLDSA87),
		scalar[TPMAAlgorithm]("TPMAAlgorithm", 0, algorithmBits),
		scalar[TPMAObject]("TPMAObject", 0, objectBits),
		scalar[TPMASession]("TPMASession", 0, sessionBits),
		scalar[TPMALocality]("TPMALocality", 0, 0xFF),
		scalar[TPMAPermanent]("TPMAPermanent", 0, permanentBits),
		scalar[TPMAStartupClear]("TPMAStartupClear", 0, startupClearBits),
		scalar[TPMAMemory]("TPMAMemory", 0, memoryBits),
		scalar[TPMACC]("TPMACC", 0, ccBits),
		scalar[TPMAModes]("TPMAModes", 0, modesBits),
		scalar[TPMAX509KeyUsage]("TPMAX509KeyUsage", 0, keyUsageBits),
		scalar[TPMAACT]("TPMAACT", 0, actBits),
		scalar[TPMAMLParameterSet]("TPMAMLParameterSet", 0, mlParameterSetBits),
		scalar[TPMANV]("TPMANV", 0, nvBits),
		scalar[TPMANVExp]("TPMANVExp", 0, nvExpBits),
	}
}

// bufferRows also states the maxima under Everything.
func bufferRows() []typeRow {
	return []typeRow{
		buffer[TPM2BDigest]("TPM2BDigest", 64),
		buffer[TPM2BData]("TPM2BData", 66),
		buffer[TPM2BEvent]("TPM2BEvent", 1024),
		buffer[TPM2BMaxBuffer]("TPM2BMaxBuffer", 1024),
		buffer[TPM2BMaxNVBuffer]("TPM2BMaxNVBuffer", 1024),
		buffer[TPM2BTimeout]("TPM2BTimeout", 8),
		buffer[TPM2BIV]("TPM2BIV", 16),
		buffer[TPM2BSharedSecret]("TPM2BSharedSecret", 64),
		buffer[TPM2BKEMCiphertext]("TPM2BKEMCiphertext", 1568),
		buffer[TPM2BVendorProperty]("TPM2BVendorProperty", 512),
		buffer[TPM2BName]("TPM2BName", 68),
		buffer[TPM2BAttest]("TPM2BAttest", 1267),
		buffer[TPM2BSymKey]("TPM2BSymKey", 32),
		buffer[TPM2BLabel]("TPM2BLabel", 32),
		buffer[TPM2BDerive]("TPM2BDerive", 68),
		buffer[TPM2BSensitiveData]("TPM2BSensitiveData", 128),
		buffer[TPM2BPublicKeyRSA]("TPM2BPublicKeyRSA", 512),
		buffer[TPM2BPrivateKeyRSA]("TPM2BPrivateKeyRSA", 1280),
		buffer[TPM2BECCParameter]("TPM2BECCParameter", 80),
		buffer[TPM2BPublicKeyMLKEM]("TPM2BPublicKeyMLKEM", 1568),
		buffer[TPM2BPublicKeyMLDSA]("TPM2BPublicKeyMLDSA", 2592),
		buffer[TPM2BSignatureEDDSA]("TPM2BSignatureEDDSA", 160),
		buffer[TPM2BSignatureMLDSA]("TPM2BSignatureMLDSA", 4627),
		buffer[TPM2BSignatureCtx]("TPM2BSignatureCtx", 255),
		buffer[TPM2BSignatureHint]("TPM2BSignatureHint", 57),
		buffer[TPM2BEncryptedSecret]("TPM2BEncryptedSecret", 1568),
		buffer[TPM2BTemplate]("TPM2BTemplate", 2692),
		buffer[TPM2BPrivate]("TPM2BPrivate", 1550),
		buffer[TPM2BIDObject]("TPM2BIDObject", 132),
		buffer[TPM2BContextSensitive]("TPM2BContextSensitive", 8192),
		buffer[TPM2BContextData]("TPM2BContextData", 8260),
	}
}

func basicRows() []typeRow {
	return []typeRow{
		row("CommandHeader", func(g *gen) []CommandHeader {
			return []CommandHeader{{STNoSessions, HeaderSize, CCGetRandom}, {STSessions, HeaderSize, CC(g.Uint32())}}
		}),
		row("ResponseHeader", func(g *gen) []ResponseHeader {
			return []ResponseHeader{{STNoSessions, HeaderSize, RCFailure}, {STSessions, g.Uint32(), RCSuccess}}
		}),
		row("TPMSAuthCommand", func(g *gen) []TPMSAuthCommand {
			return []TPMSAuthCommand{
				{RSPW, nil, SessionContinue, g.bytes(64)},
				{0x02000000, g.bytes(64), SessionAudit, g.bytes(64)},
				{0x03000000, g.bytes(64), SessionDecrypt, g.bytes(64)},
			}
		}),
		row("TPMSAuthResponse", func(g *gen) []TPMSAuthResponse {
			return []TPMSAuthResponse{{g.bytes(64), SessionContinue, g.bytes(64)}}
		}),
		row("TPMTHA", func(g *gen) []TPMTHA {
			values := []TPMTHA{{AlgNull, nil}}
			for _, h := range TPMIAlgHash.Algs().List() {
				values = append(values, TPMTHA{h, g.exact(h.DigestSize())})
			}
			return values
		}),
		row("TPMSPCRSelect", func(g *gen) []TPMSPCRSelect { return []TPMSPCRSelect{g.exact(3)} }),
		row("TPMSPCRSelection", func(g *gen) []TPMSPCRSelection { return []TPMSPCRSelection{{g.hash(), g.exact(3)}} }),
		row("TPMTTKCreation", func(g *gen) []TPMTTKCreation {
			return []TPMTTKCreation{{STCreation, RHNull, nil}, {STCreation, RHOwner, g.bytes(64)}}
		}),
		row("TPMTTKVerified", func(g *gen) []TPMTTKVerified {
			return []TPMTTKVerified{
				{STVerified, RHNull, 0, nil}, {STMessageVerified, RHOwner, 0, g.bytes(64)},
				{STDigestVerified, RHEndorsement, AlgSHA256, g.bytes(64)},
			}
		}),
		row("TPMTTKAuth", func(g *gen) []TPMTTKAuth {
			return []TPMTTKAuth{{STAuthSigned, RHNull, nil}, {STAuthSecret, RHPlatform, g.bytes(64)}}
		}),
		row("TPMTTKHashCheck", func(g *gen) []TPMTTKHashCheck {
			return []TPMTTKHashCheck{{STHashCheck, RHNull, nil}, {STHashCheck, RHFWOwner, g.bytes(64)}}
		}),
	}
}

func capabilityRows() []typeRow {
	properties := func(g *gen) TPMLTaggedTPMProperty {
		return TPMLTaggedTPMProperty{{PTFamilyIndicator, g.Uint32()}, {PTLevel, g.Uint32()}}
	}
	policies := func(g *gen) TPMLTaggedPolicy {
		return TPMLTaggedPolicy{{RHOwner, g.ha()}, {RHPlatform, TPMTHA{AlgNull, nil}}}
	}
	acts := func(g *gen) TPMLACTData { return TPMLACTData{{RHACT0, g.Uint32(), ACTSignaled}} }
	infos := func(g *gen) TPMLSPDMSessionInfo { return TPMLSPDMSessionInfo{{nil, g.bytes(68)}} }
	ccs := func(g *gen) TPMLCC { return TPMLCC{CCClear, CC(g.Uint32())} }
	capability := func(g *gen, c Cap) TPMSCapabilityData {
		return TPMSCapabilityData{c, map[Cap]TPMUCapabilities{
			CapAlgs:            {Algorithms: TPMLAlgProperty{{AlgRSA, AlgAttrAsymmetric | AlgAttrObject}}},
			CapHandles:         {Handles: TPMLHandle{RHOwner, Handle(g.Uint32())}},
			CapCommands:        {Command: TPMLCCA{NewTPMACC(CCClear, 1, CCAttrNV|CCAttrExtensive)}},
			CapPPCommands:      {PPCommands: ccs(g)},
			CapAuditCommands:   {AuditCommands: ccs(g)},
			CapPCRs:            {AssignedPCR: g.pcrs()},
			CapTPMProperties:   {TPMProperties: properties(g)},
			CapPCRProperties:   {PCRProperties: TPMLTaggedPCRProperty{{PTPCRSave, g.exact(3)}}},
			CapECCCurves:       {ECCCurves: TPMLECCCurve{CurveNISTP256, CurveNISTP384}},
			CapAuthPolicies:    {AuthPolicies: policies(g)},
			CapACT:             {ACTData: acts(g)},
			CapPubKeys:         {PubKeys: TPMLPubKey{{public(g, AlgECC)}}},
			CapSPDMSessionInfo: {SPDMSessionInfo: infos(g)},
			CapVendorProperty:  {VendorProperty: TPMLVendorProperty{g.bytes(512)}},
		}[c]}
	}
	return []typeRow{
		row("TPMLCC", func(g *gen) []TPMLCC { return []TPMLCC{nil, ccs(g)} }),
		row("TPMLCCA", func(g *gen) []TPMLCCA { return []TPMLCCA{nil, {ccBits, 0}} }),
		row("TPMLAlg", func(g *gen) []TPMLAlg { return []TPMLAlg{nil, {AlgRSA, AlgNull, 0xFFFF}} }),
		row("TPMLHandle", func(g *gen) []TPMLHandle { return []TPMLHandle{nil, {RHOwner, Handle(g.Uint32())}} }),
		row("TPMLDigest", func(g *gen) []TPMLDigest {
			return []TPMLDigest{nil, {nil}, {g.bytes(64), g.bytes(64)}, make(TPMLDigest, 8)}
		}),
		row("TPMLDigestValues", func(g *gen) []TPMLDigestValues { return []TPMLDigestValues{nil, {g.ha(), g.ha()}} }),
		row("TPMLPCRSelection", func(g *gen) []TPMLPCRSelection { return []TPMLPCRSelection{nil, g.pcrs(), g.pcrs()} }),
		row("TPMLAlgProperty", func(g *gen) []TPMLAlgProperty {
			return []TPMLAlgProperty{nil, {{AlgSHA1, AlgAttrHash}}}
		}),
		row("TPMLTaggedTPMProperty", func(g *gen) []TPMLTaggedTPMProperty { return []TPMLTaggedTPMProperty{properties(g)} }),
		row("TPMLTaggedPCRProperty", func(g *gen) []TPMLTaggedPCRProperty {
			return []TPMLTaggedPCRProperty{nil, {{PTPCRAuth, g.exact(3)}}}
		}),
		row("TPMLECCCurve", func(g *gen) []TPMLECCCurve { return []TPMLECCCurve{nil, {CurveBNP638, 0xFFFF}} }),
		row("TPMLTaggedPolicy", func(g *gen) []TPMLTaggedPolicy { return []TPMLTaggedPolicy{policies(g)} }),
		row("TPMLACTData", func(g *gen) []TPMLACTData { return []TPMLACTData{acts(g)} }),
		row("TPMLPubKey", func(g *gen) []TPMLPubKey { return []TPMLPubKey{nil, {{public(g, AlgRSA)}}} }),
		row("TPMLSPDMSessionInfo", func(g *gen) []TPMLSPDMSessionInfo { return []TPMLSPDMSessionInfo{infos(g)} }),
		row("TPMLVendorProperty", func(g *gen) []TPMLVendorProperty { return []TPMLVendorProperty{nil, {g.bytes(512)}} }),
		row("TPMLACCapabilities", func(g *gen) []TPMLACCapabilities {
			return []TPMLACCapabilities{nil, {{ATPV1, g.Uint32()}}}
		}),
		row("TPMSAlgProperty", func(g *gen) []TPMSAlgProperty { return []TPMSAlgProperty{{AlgECC, AlgAttrObject}} }),
		row("TPMSTaggedProperty", func(g *gen) []TPMSTaggedProperty { return properties(g) }),
		row("TPMSTaggedPCRSelect", func(g *gen) []TPMSTaggedPCRSelect {
			return []TPMSTaggedPCRSelect{{PTPCRResetL4, g.exact(3)}}
		}),
		row("TPMSTaggedPolicy", func(g *gen) []TPMSTaggedPolicy { return policies(g) }),
		row("TPMSACTData", func(g *gen) []TPMSACTData { return acts(g) }),
		row("TPMSSPDMSessionInfo", func(g *gen) []TPMSSPDMSessionInfo { return infos(g) }),
		row("TPMSACOutput", func(g *gen) []TPMSACOutput { return []TPMSACOutput{{ATError, g.Uint32()}} }),
		row("TPMSCapabilityData", func(g *gen) []TPMSCapabilityData {
			values := []TPMSCapabilityData{capability(g, CapVendorProperty)}
			for c := CapFirst; c <= CapLast; c++ {
				values = append(values, capability(g, c))
			}
			return values
		}),
		row("TPM2BSetCapabilityData", func(g *gen) []TPM2BSetCapabilityData {
			return []TPM2BSetCapabilityData{{CapSettable, nil}, {CapSettable | 1<<24, g.bytes(40)}}
		}),
	}
}
