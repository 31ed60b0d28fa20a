package diff

import (
	"encoding/binary"
	"strings"

	"govtpm/tpm2/wire"
)

// Values for parameters, by the type that the engine's table names: mostly good ones, some on the edge, some wrong.

var (
	hashes = []wire.Alg{wire.AlgSHA1, wire.AlgSHA256, wire.AlgSHA384, wire.AlgSHA512}
	curves = []wire.Curve{wire.CurveNISTP256, wire.CurveNISTP384, wire.CurveNISTP256, wire.CurveNISTP521, wire.CurveNISTP224,
		wire.CurveBNP256, wire.CurveSM2P256, wire.CurveNISTP192, wire.CurveBNP638}
	odd = []wire.Alg{wire.AlgNull, wire.AlgError, wire.AlgSM3_256, wire.AlgSHA3_256, wire.AlgRSA, wire.AlgAES, wire.AlgCFB, wire.AlgHMAC,
		wire.AlgXOR, wire.AlgECC, wire.AlgTDES, wire.AlgCMAC, wire.AlgKDF2, wire.AlgMGF1, wire.AlgKDF1SP800108, wire.AlgCamellia, 0x7FFF}
	hierarchies = []wire.Handle{wire.RHOwner, wire.RHEndorsement, wire.RHPlatform, wire.RHNull}
	sizes       = []int{0, 1, 2, 7, 8, 15, 16, 20, 31, 32, 33, 48, 63, 64, 65, 127, 128, 129}
)

// hashAlg is mostly SHA-256.
func (w *world) hashAlg() wire.Alg {
	if w.chance(0.6) {
		return wire.AlgSHA256
	}
	return pick(w, hashes...)
}

func u16(v uint16) []byte { return binary.BigEndian.AppendUint16(nil, v) }
func u32(v uint32) []byte { return binary.BigEndian.AppendUint32(nil, v) }

// selection chooses PCRs.
func (w *world) selection() wire.TPMLPCRSelection {
	var l wire.TPMLPCRSelection
	for range pick(w, 0, 1, 1, 1, 2, 4) {
		s := wire.TPMSPCRSelection{Hash: w.hashAlg(), Select: []byte{0, 0, 0}}
		for range w.rng.IntN(10) {
			n := pick(w, 0, 1, 7, 16, 17, 20, 23, w.rng.IntN(24))
			s.Select[n/8] |= 1 << (n % 8)
		}
		l = append(l, s)
	}
	return l
}

// sigScheme chooses a scheme that suits the key, or not.
func (w *world) sigScheme(o *object) wire.TPMTSigScheme {
	s := wire.TPMTSigScheme{Scheme: wire.AlgNull}
	if w.chance(0.1) {
		return wire.TPMTSigScheme{Scheme: pick(w, wire.AlgRSASSA, wire.AlgECDSA, wire.AlgHMAC, wire.AlgECDAA, wire.AlgSM2), HashAlg: w.hashAlg()}
	}
	if o == nil {
		return s
	}
	s.HashAlg = w.hashAlg()
	switch o.area.Type {
	case wire.AlgRSA:
		s.Scheme = pick(w, wire.AlgRSASSA, wire.AlgRSASSA, wire.AlgRSAPSS)
		if x := o.area.Parameters.RSA.Scheme; x.Scheme != wire.AlgNull {
			s = wire.TPMTSigScheme{Scheme: x.Scheme, HashAlg: x.HashAlg}
		}
	case wire.AlgECC:
		s.Scheme = pick(w, wire.AlgECDSA, wire.AlgECDSA, wire.AlgECSchnorr, wire.AlgSM2)
		if x := o.area.Parameters.ECC.Scheme; x.Scheme != wire.AlgNull {
			s = wire.TPMTSigScheme(x)
		}
	case wire.AlgKeyedHash:
		s.Scheme = wire.AlgHMAC
		if x := o.area.Parameters.KeyedHash.Scheme; x.Scheme == wire.AlgHMAC {
			s.HashAlg = x.HashAlg
		}
	}
	if w.chance(0.2) {
		s = wire.TPMTSigScheme{Scheme: wire.AlgNull}
	}
	return s
}

// fill makes a value of the type that the engine's table names. Handles of the command say which objects it is about.
func (w *world) fill(typ string, handles []wire.Handle) two {
	if v, ok := w.fromPool(typ); ok {
		return v
	}
	if b, ok := w.fillNumber(typ); ok {
		return both(b)
	}
	return both(w.fillStructure(strings.TrimSuffix(typ, "+"), handles))
}

// pooled names the values of responses that suit a type.
var pooled = map[string]string{
	"TPM2BPrivate": "private", "TPM2BPublic": "public", "TPM2BPublic+": "public", "TPM2BName": "name", "TPM2BDigest": "digest",
	"TPM2BECCPoint": "point", "TPM2BIDObject": "idobject", "TPM2BEncryptedSecret": "secret", "TPMTSignature": "signature",
	"TPMTTKCreation": "ticket", "TPMTTKVerified": "verified", "TPMTTKHashCheck": "hashcheck", "TPMTTKAuth": "auth",
	"TPMSContext": "context", "TPM2BTimeout": "timeout", "TPM2BNonce": "nonce", "TPM2BPublicKeyRSA": "2B", "TPM2BIV": "iv",
}

func (w *world) fromPool(typ string) (two, bool) {
	kind, ok := pooled[typ]
	list := w.pool[kind]
	if !ok || len(list) == 0 || w.chance(0.25) {
		return two{}, false
	}
	v := pick(w, list...)
	if strings.HasPrefix(typ, "TPM2B") {
		v = v.sized()
	}
	return v, true
}

func (w *world) fillNumber(typ string) ([]byte, bool) {
	if kind, ok := strings.CutPrefix(typ, "TPMI_ALG_"); ok {
		return u16(uint16(w.alg(strings.TrimSuffix(kind, "+")))), true
	}
	if strings.HasPrefix(typ, "TPMI_RH") || strings.HasPrefix(typ, "TPMI_DH") {
		return u32(uint32(w.anyHandle())), true
	}
	switch typ {
	case "UINT16", "EO":
		return u16(uint16(pick(w, 0, 1, 2, 4, 8, 9, 16, 32, 64, w.rng.IntN(1<<16)))), true
	case "UINT32", "INT32", "Cap", "CC":
		return u32(pick(w, 0, 1, 2, 3, 5, 6, 7, 8, 9, 16, 0x100, 0x17A, 0x80000000, 0x81000000, 0xFFFFFFFF, w.rng.Uint32())), true
	case "UINT64":
		return binary.BigEndian.AppendUint64(nil, pick(w, 0, 1, 1000, 1<<63, w.rng.Uint64(), 1<<64-1)), true
	case "TPMI_YES_NO":
		return []byte{pick[byte](w, 0, 1, 1, 0, 2)}, true
	case "SU":
		return u16(pick[uint16](w, 0, 1, 0, 1, 2)), true
	case "SE", "ClockAdjust", "TPMALocality":
		return []byte{pick(w, 0, 1, 3, 2, 0xFD, 4, 8, 16, 31, 32, 0xFC, byte(w.rng.Uint32()))}, true
	case "TPMI_ECC_CURVE":
		return u16(uint16(pick(w, append(curves, 0, 0x11, 0x40)...))), true
	case "TPMI_ECC_KEY_EXCHANGE":
		return u16(uint16(pick(w, wire.AlgECDH, wire.AlgECDH, wire.AlgSM2, wire.AlgNull))), true
	}
	return nil, false
}

// alg chooses a value for an interface type over algorithms.
func (w *world) alg(kind string) wire.Alg {
	switch {
	case w.chance(0.1):
		return pick(w, odd...)
	case kind == "HASH" || kind == "MAC_SCHEME":
		return pick(w, wire.AlgSHA1, wire.AlgSHA256, wire.AlgSHA256, wire.AlgSHA384, wire.AlgSHA512, wire.AlgNull)
	case kind == "CIPHER_MODE":
		return pick(w, wire.AlgCFB, wire.AlgCTR, wire.AlgOFB, wire.AlgCBC, wire.AlgECB, wire.AlgNull)
	}
	return pick(w, odd...)
}

func (w *world) fillStructure(typ string, handles []wire.Handle) []byte {
	marshal := func(m wire.Marshaler) []byte { return wire.Marshal(m) }
	var key *object
	for _, h := range handles {
		if o := w.objects[h]; o != nil {
			key = o
		}
	}
	switch typ {
	case "TPMTSymDef":
		d := w.symDef()
		return marshal(&d)
	case "TPMTSymDefObject":
		d := w.symObject()
		return marshal(&d)
	case "TPMTSigScheme":
		s := w.sigScheme(key)
		return marshal(&s)
	case "TPMTRSADecrypt":
		return marshal(&wire.TPMTRSAScheme{Scheme: pick(w, wire.AlgNull, wire.AlgOAEP, wire.AlgRSAES), HashAlg: w.hashAlg()})
	case "TPMTKDFScheme":
		return marshal(&wire.TPMTKDFScheme{Scheme: pick(w, wire.AlgNull, wire.AlgKDF2, wire.AlgKDF1SP80056A), HashAlg: w.hashAlg()})
	case "TPM2BSensitiveCreate":
		return sized(marshal(&wire.TPMSSensitiveCreate{UserAuth: w.bytes(pick(w, 0, 4, 32, 33)), Data: w.bytes(pick(w, 0, 16, 32, 128))}))
	case "TPM2BPublic":
		p := w.template()
		return sized(marshal(&p))
	case "TPM2BTemplate":
		p := w.template()
		return sized(marshal(&p))
	case "TPMTPublicParms":
		p := w.template()
		return marshal(&wire.TPMTPublicParms{Type: p.Type, Parameters: p.Parameters})
	case "TPM2BNVPublic":
		p := w.nvTemplate()
		return sized(marshal(&p))
	case "TPMLPCRSelection":
		return marshal(w.selection())
	case "TPMLDigest":
		l := u32(uint32(2))
		return append(append(l, sized(w.bytes(32))...), sized(w.bytes(32))...)
	case "TPMLDigestValues":
		a := w.hashAlg()
		return marshal(wire.TPMLDigestValues{{HashAlg: a, Digest: w.bytes(len(digest(a)))}})
	case "TPMLAlg":
		return marshal(wire.TPMLAlg{w.hashAlg(), pick(w, odd...)})
	case "TPMLCC":
		var l wire.TPMLCC
		for range w.rng.IntN(4) {
			l = append(l, pick(w, w.infos...).Code)
		}
		return marshal(l)
	case "TPMTSignature":
		return marshal(&wire.TPMTSignature{SigAlg: wire.AlgRSASSA, Signature: wire.TPMUSignature{RSA: wire.TPMSSignatureRSA{Hash: w.hashAlg(), Sig: w.bytes(pick(w, 128, 256))}}})
	case "TPMTTKCreation", "TPMTTKVerified", "TPMTTKHashCheck", "TPMTTKAuth":
		tag := map[string]uint16{"TPMTTKCreation": 0x8021, "TPMTTKVerified": 0x8022, "TPMTTKHashCheck": 0x8024, "TPMTTKAuth": 0x8023}[typ]
		return append(append(u16(tag), u32(uint32(pick(w, hierarchies...)))...), sized(w.bytes(pick(w, 0, 0, 0, 64, 32)))...)
	case "TPM2BECCPoint":
		return sized(append(sized(w.bytes(32)), sized(w.bytes(32))...))
	case "TPM2BSensitive":
		return pick(w, u16(0), sized(marshal(&wire.TPMTSensitive{SensitiveType: wire.AlgKeyedHash, SeedValue: w.bytes(32),
			Sensitive: wire.TPMUSensitiveComposite{Bits: w.bytes(32)}})))
	case "TPMSContext":
		return append(append(make([]byte, 8), u32(0x80000000)...), append(u32(0x40000001), sized(w.bytes(100))...)...)
	}
	return sized(w.bytes(pick(w, sizes...)))
}

// symDef chooses a cipher for parameters.
func (w *world) symDef() wire.TPMTSymDef {
	switch w.rng.IntN(4) {
	case 0:
		return wire.TPMTSymDef{Algorithm: wire.AlgXOR, Hash: w.hashAlg()}
	case 1:
		return wire.TPMTSymDef{Algorithm: wire.AlgNull}
	}
	return wire.TPMTSymDef{Algorithm: wire.AlgAES, KeyBits: pick[uint16](w, 128, 128, 256), Mode: wire.AlgCFB}
}

// symObject chooses a cipher of an object.
func (w *world) symObject() wire.TPMTSymDefObject {
	if w.chance(0.2) {
		return wire.TPMTSymDefObject{Algorithm: wire.AlgNull}
	}
	return wire.TPMTSymDefObject{Algorithm: pick(w, wire.AlgAES, wire.AlgAES, wire.AlgAES, wire.AlgCamellia, wire.AlgTDES),
		KeyBits: pick[uint16](w, 128, 128, 256), Mode: pick(w, wire.AlgCFB, wire.AlgCFB, wire.AlgCFB, wire.AlgCBC, wire.AlgNull)}
}

// anyHandle takes a handle from everything there is, and some that are not.
func (w *world) anyHandle() wire.Handle {
	list := []wire.Handle{wire.RHOwner, wire.RHEndorsement, wire.RHPlatform, wire.RHLockout, wire.RHNull, wire.RHPlatformNV, wire.RSPW}
	if w.chance(0.8) {
		list = append(list, keysOf(w.objects)...)
		list = append(list, keysOf(w.nv)...)
		list = append(list, keysOf(w.sessions)...)
	} else {
		list = append(list, 0, 7, 16, 23, 24, 0x01000000, 0x01FFFFFF, 0x02000000, 0x02000003, 0x0200003F, 0x02000040, 0x03000000,
			0x03000002, 0x40000002, 0x40000010, 0x4000010A, 0x4000010F, 0x40000110, 0x80000000, 0x80000002, 0x80000003, 0x80FFFFFF,
			0x81000099, 0x81800099, 0x82000000, 0x90000000, 0xFFFFFFFF, 0x11000000, 0x12000000)
	}
	return pick(w, list...)
}
