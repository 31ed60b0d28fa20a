package wire

import (
	"fmt"
	"math/bits"
)

// Alg is TPM_ALG_ID (Part 2, 6.3, Table 8).
type Alg uint16

// Algorithm identifiers of Table 8. Those marked "registry" are not in Table 8 but are named by TPMI_ALG_HASH
// (Table 77); their values are those of the TCG Algorithm Registry.
const (
	AlgError        Alg = 0x0000
	AlgRSA          Alg = 0x0001
	AlgTDES         Alg = 0x0003
	AlgSHA1         Alg = 0x0004
	AlgHMAC         Alg = 0x0005
	AlgAES          Alg = 0x0006
	AlgMGF1         Alg = 0x0007
	AlgKeyedHash    Alg = 0x0008
	AlgXOR          Alg = 0x000A
	AlgSHA256       Alg = 0x000B
	AlgSHA384       Alg = 0x000C
	AlgSHA512       Alg = 0x000D
	AlgSHA256_192   Alg = 0x000E // registry
	AlgNull         Alg = 0x0010
	AlgSM3_256      Alg = 0x0012
	AlgSM4          Alg = 0x0013
	AlgRSASSA       Alg = 0x0014
	AlgRSAES        Alg = 0x0015
	AlgRSAPSS       Alg = 0x0016
	AlgOAEP         Alg = 0x0017
	AlgECDSA        Alg = 0x0018
	AlgECDH         Alg = 0x0019
	AlgECDAA        Alg = 0x001A
	AlgSM2          Alg = 0x001B
	AlgECSchnorr    Alg = 0x001C
	AlgECMQV        Alg = 0x001D
	AlgHKDF         Alg = 0x001F
	AlgKDF1SP80056A Alg = 0x0020
	AlgKDF2         Alg = 0x0021
	AlgKDF1SP800108 Alg = 0x0022
	AlgECC          Alg = 0x0023
	AlgSymCipher    Alg = 0x0025
	AlgCamellia     Alg = 0x0026
	AlgSHA3_256     Alg = 0x0027
	AlgSHA3_384     Alg = 0x0028
	AlgSHA3_512     Alg = 0x0029
	AlgSHAKE256_192 Alg = 0x002C // registry
	AlgSHAKE256_256 Alg = 0x002D // registry
	AlgSHAKE256_512 Alg = 0x002E // registry
	AlgCMAC         Alg = 0x003F
	AlgCTR          Alg = 0x0040
	AlgOFB          Alg = 0x0041
	AlgCBC          Alg = 0x0042
	AlgCFB          Alg = 0x0043
	AlgECB          Alg = 0x0044
	AlgEDDSA        Alg = 0x0060
	AlgHashEDDSA    Alg = 0x0061
	AlgMLKEM        Alg = 0x00A0
	AlgMLDSA        Alg = 0x00A1
	AlgHashMLDSA    Alg = 0x00A2
)

// algNames gives each known algorithm its name, in the spelling of libtpms profiles where there is one.
var algNames = [...]struct {
	alg  Alg
	name string
}{
	{AlgRSA, "rsa"}, {AlgTDES, "tdes"}, {AlgSHA1, "sha1"}, {AlgHMAC, "hmac"}, {AlgAES, "aes"}, {AlgMGF1, "mgf1"},
	{AlgKeyedHash, "keyedhash"}, {AlgXOR, "xor"}, {AlgSHA256, "sha256"}, {AlgSHA384, "sha384"}, {AlgSHA512, "sha512"},
	{AlgSHA256_192, "sha256-192"}, {AlgNull, "null"}, {AlgSM3_256, "sm3-256"}, {AlgSM4, "sm4"}, {AlgRSASSA, "rsassa"},
	{AlgRSAES, "rsaes"}, {AlgRSAPSS, "rsapss"}, {AlgOAEP, "oaep"}, {AlgECDSA, "ecdsa"}, {AlgECDH, "ecdh"},
	{AlgECDAA, "ecdaa"}, {AlgSM2, "sm2"}, {AlgECSchnorr, "ecschnorr"}, {AlgECMQV, "ecmqv"}, {AlgHKDF, "hkdf"},
	{AlgKDF1SP80056A, "kdf1-sp800-56a"}, {AlgKDF2, "kdf2"}, {AlgKDF1SP800108, "kdf1-sp800-108"}, {AlgECC, "ecc"},
	{AlgSymCipher, "symcipher"}, {AlgCamellia, "camellia"}, {AlgSHA3_256, "sha3-256"}, {AlgSHA3_384, "sha3-384"},
	{AlgSHA3_512, "sha3-512"}, {AlgSHAKE256_192, "shake256-192"}, {AlgSHAKE256_256, "shake256-256"},
	{AlgSHAKE256_512, "shake256-512"}, {AlgCMAC, "cmac"}, {AlgCTR, "ctr"}, {AlgOFB, "ofb"}, {AlgCBC, "cbc"},
	{AlgCFB, "cfb"}, {AlgECB, "ecb"}, {AlgEDDSA, "eddsa"}, {AlgHashEDDSA, "hash-eddsa"}, {AlgMLKEM, "mlkem"},
	{AlgMLDSA, "mldsa"}, {AlgHashMLDSA, "hash-mldsa"},
}

// String returns the name of the algorithm, such as "sha256".
func (a Alg) String() string {
	for _, n := range algNames {
		if n.alg == a {
			return n.name
		}
	}
	return fmt.Sprintf("alg(0x%04x)", uint16(a))
}

// AlgByName returns the algorithm that String would name so.
func AlgByName(name string) (Alg, bool) {
	for _, n := range algNames {
		if n.name == name {
			return n.alg, true
		}
	}
	return AlgError, false
}

// DigestSize returns the size in bytes of the digest of a hash algorithm (Part 2, Table 88), 0 for any other.
func (a Alg) DigestSize() int {
	switch a {
	case AlgSHA1:
		return 20
	case AlgSHA256_192, AlgSHAKE256_192:
		return 24
	case AlgSHA256, AlgSM3_256, AlgSHA3_256, AlgSHAKE256_256:
		return 32
	case AlgSHA384, AlgSHA3_384:
		return 48
	case AlgSHA512, AlgSHA3_512, AlgSHAKE256_512:
		return 64
	}
	return 0
}

// Unmarshal reads a TPM_ALG_ID without checking its value; see Reader.Alg for the interface types.
func (a *Alg) Unmarshal(r *Reader) { *a = Alg(r.Uint16()) }

// Marshal writes the identifier.
func (a Alg) Marshal(w *Writer) { w.Uint16(uint16(a)) }

// An AlgSet is a set of algorithm identifiers below 0x100; values can be compared with ==.
type AlgSet [4]uint64

// Algs returns the set of the given algorithms.
func Algs(list ...Alg) AlgSet {
	var s AlgSet
	for _, a := range list {
		s = s.With(a)
	}
	return s
}

// Has reports whether a is in the set.
func (s AlgSet) Has(a Alg) bool { return a < 0x100 && s[a>>6]>>(a&63)&1 != 0 }

// With returns the set with a added.
func (s AlgSet) With(a Alg) AlgSet {
	if a < 0x100 {
		s[a>>6] |= 1 << (a & 63)
	}
	return s
}

// Without returns the set with a removed.
func (s AlgSet) Without(a Alg) AlgSet {
	if a < 0x100 {
		s[a>>6] &^= 1 << (a & 63)
	}
	return s
}

// List returns the members in ascending order.
func (s AlgSet) List() []Alg {
	var list []Alg
	for a := Alg(0); a < 0x100; a++ {
		if s.Has(a) {
			list = append(list, a)
		}
	}
	return list
}

func (s AlgSet) and(t AlgSet) AlgSet {
	return AlgSet{s[0] & t[0], s[1] & t[1], s[2] & t[2], s[3] & t[3]}
}

func (s AlgSet) len() int {
	return bits.OnesCount64(s[0]) + bits.OnesCount64(s[1]) + bits.OnesCount64(s[2]) + bits.OnesCount64(s[3])
}

func knownAlgs() AlgSet {
	var s AlgSet
	for _, n := range algNames {
		s = s.With(n.alg)
	}
	return s
}

// Curve is TPM_ECC_CURVE (Part 2, 6.4, Table 9).
type Curve uint16

// Curves of Table 9.
const (
	CurveNone     Curve = 0x0000
	CurveNISTP192 Curve = 0x0001
	CurveNISTP224 Curve = 0x0002
	CurveNISTP256 Curve = 0x0003
	CurveNISTP384 Curve = 0x0004
	CurveNISTP521 Curve = 0x0005
	CurveBNP256   Curve = 0x0010
	CurveBNP638   Curve = 0x0011
	CurveSM2P256  Curve = 0x0020
	CurveBPP256R1 Curve = 0x0030
	CurveBPP384R1 Curve = 0x0031
	CurveBPP512R1 Curve = 0x0032
	Curve25519    Curve = 0x0040
	Curve448      Curve = 0x0041
)

var curveNames = [...]struct {
	curve Curve
	name  string
}{
	{CurveNISTP192, "nist-p192"}, {CurveNISTP224, "nist-p224"}, {CurveNISTP256, "nist-p256"},
	{CurveNISTP384, "nist-p384"}, {CurveNISTP521, "nist-p521"}, {CurveBNP256, "bn-p256"}, {CurveBNP638, "bn-p638"},
	{CurveSM2P256, "sm2-p256"}, {CurveBPP256R1, "bp-p256-r1"}, {CurveBPP384R1, "bp-p384-r1"},
	{CurveBPP512R1, "bp-p512-r1"}, {Curve25519, "curve25519"}, {Curve448, "curve448"},
}

// String returns the name of the curve, such as "nist-p256".
func (c Curve) String() string {
	for _, n := range curveNames {
		if n.curve == c {
			return n.name
		}
	}
	if c == CurveNone {
		return "none"
	}
	return fmt.Sprintf("curve(0x%04x)", uint16(c))
}

// Unmarshal reads a TPM_ECC_CURVE without checking its value; see Reader.Curve for TPMI_ECC_CURVE.
func (c *Curve) Unmarshal(r *Reader) { *c = Curve(r.Uint16()) }

// Marshal writes the identifier.
func (c Curve) Marshal(w *Writer) { w.Uint16(uint16(c)) }

// A CurveSet is a set of curve identifiers below 0x80; values can be compared with ==.
type CurveSet [2]uint64

// Curves returns the set of the given curves.
func Curves(list ...Curve) CurveSet {
	var s CurveSet
	for _, c := range list {
		s = s.With(c)
	}
	return s
}

// Has reports whether c is in the set.
func (s CurveSet) Has(c Curve) bool { return c < 0x80 && s[c>>6]>>(c&63)&1 != 0 }

// With returns the set with c added.
func (s CurveSet) With(c Curve) CurveSet {
	if c < 0x80 {
		s[c>>6] |= 1 << (c & 63)
	}
	return s
}

// Without returns the set with c removed.
func (s CurveSet) Without(c Curve) CurveSet {
	if c < 0x80 {
		s[c>>6] &^= 1 << (c & 63)
	}
	return s
}

// List returns the members in ascending order.
func (s CurveSet) List() []Curve {
	var list []Curve
	for c := Curve(0); c < 0x80; c++ {
		if s.Has(c) {
			list = append(list, c)
		}
	}
	return list
}

func knownCurves() CurveSet {
	var s CurveSet
	for _, n := range curveNames {
		s = s.With(n.curve)
	}
	return s
}
