package curve

import (
	"encoding/hex"
	"strings"
	"sync"

	"filippo.io/nistec"
)

// Numbers of the curves as in TPM_ECC_CURVE (Part 2, 6.4).
const (
	NISTP192 = 0x0001
	NISTP224 = 0x0002
	NISTP256 = 0x0003
	NISTP384 = 0x0004
	NISTP521 = 0x0005
	BNP256   = 0x0010
	BNP638   = 0x0011
	SM2P256  = 0x0020
)

// ByID returns the curve with a TPM_ECC_CURVE number, or nil if it is unknown.
func ByID(id uint16) *Curve {
	if f, ok := byID[id]; ok {
		return f()
	}
	return nil
}

var byID = map[uint16]func() *Curve{
	NISTP192: P192, NISTP224: P224, NISTP256: P256, NISTP384: P384, NISTP521: P521,
	BNP256: BN256, BNP638: BN638, SM2P256: SM2,
}

// P192 is NIST P-192 (FIPS 186-4, D.1.2.1).
func P192() *Curve { return p192() }

// P224 is NIST P-224 (SP 800-186, 3.2.1.2).
func P224() *Curve { return p224() }

// P256 is NIST P-256 (SP 800-186, 3.2.1.3).
func P256() *Curve { return p256() }

// P384 is NIST P-384 (SP 800-186, 3.2.1.4).
func P384() *Curve { return p384() }

// P521 is NIST P-521 (SP 800-186, 3.2.1.5).
func P521() *Curve { return p521() }

// BN256 is the Barreto-Naehrig curve TPM_ECC_BN_P256 (TCG Algorithm Registry).
func BN256() *Curve { return bn256() }

// BN638 is the Barreto-Naehrig curve TPM_ECC_BN_P638 (TCG Algorithm Registry).
func BN638() *Curve { return bn638() }

// SM2 is TPM_ECC_SM2_P256 (GB/T 32918.5-2017).
func SM2() *Curve { return sm2() }

var (
	p192 = sync.OnceValue(func() *Curve { return newCurve(NISTP192, "P-192", 192, p192Hex, nil) })
	p224 = sync.OnceValue(func() *Curve {
		return newCurve(NISTP224, "P-224", 224, p224Hex, nist[*nistec.P224Point]{nistec.NewP224Point})
	})
	p256 = sync.OnceValue(func() *Curve {
		return newCurve(NISTP256, "P-256", 256, p256Hex, nist[*nistec.P256Point]{nistec.NewP256Point})
	})
	p384 = sync.OnceValue(func() *Curve {
		return newCurve(NISTP384, "P-384", 384, p384Hex, nist[*nistec.P384Point]{nistec.NewP384Point})
	})
	p521 = sync.OnceValue(func() *Curve {
		return newCurve(NISTP521, "P-521", 521, p521Hex, nist[*nistec.P521Point]{nistec.NewP521Point})
	})
	bn256 = sync.OnceValue(func() *Curve { return newCurve(BNP256, "BN P-256", 256, bn256Hex, nil) })
	bn638 = sync.OnceValue(func() *Curve { return newCurve(BNP638, "BN P-638", 638, bn638Hex, nil) })
	sm2   = sync.OnceValue(func() *Curve { return newCurve(SM2P256, "SM2 P-256", 256, sm2Hex, nil) })
)

// newCurve makes a curve of cofactor 1 from p, a, b, Gx, Gy and n; a nil
// arithmetic means the generic one.
func newCurve(id uint16, name string, bits int, params [6]string, a arithmetic) *Curve {
	p := Parameters{
		P: unhex(params[0]), A: unhex(params[1]), B: unhex(params[2]),
		Gx: unhex(params[3]), Gy: unhex(params[4]), N: unhex(params[5]),
		H: []byte{1},
	}
	c := &Curve{id: id, name: name, bits: bits, params: p, order: newModulus(p.N), arith: a}
	if a == nil {
		c.arith = newGeneric(p, c.order)
	}
	return c
}

// unhex decodes one of the constants below.
func unhex(s string) []byte {
	b, _ := hex.DecodeString(strings.ReplaceAll(s, " ", "")) // a test reads every curve
	return b
}

var p192Hex = [6]string{
	"fffffffffffffffffffffffffffffffeffffffffffffffff",
	"fffffffffffffffffffffffffffffffefffffffffffffffc",
	"64210519e59c80e70fa7e9ab72243049feb8deecc146b9b1",
	"188da80eb03090f67cbf20eb43a18800f4ff0afd82ff1012",
	"07192b95ffc8da78631011ed6b24cdd573f977a11e794811",
	"ffffffffffffffffffffffff99def836146bc9b1b4d22831",
}

var p224Hex = [6]string{
	"ffffffffffffffffffffffffffffffff000000000000000000000001",
	"fffffffffffffffffffffffffffffffefffffffffffffffffffffffe",
	"b4050a850c04b3abf54132565044b0b7d7bfd8ba270b39432355ffb4",
	"b70e0cbd6bb4bf7f321390b94a03c1d356c21122343280d6115c1d21",
	"bd376388b5f723fb4c22dfe6cd4375a05a07476444d5819985007e34",
	"ffffffffffffffffffffffffffff16a2e0b8f03e13dd29455c5c2a3d",
}

var p256Hex = [6]string{
	"ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
	"ffffffff00000001000000000000000000000000fffffffffffffffffffffffc",
	"5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b",
	"6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
	"4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
	"ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
}

var p384Hex = [6]string{
	"fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe" +
		"ffffffff0000000000000000ffffffff",
	"fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe" +
		"ffffffff0000000000000000fffffffc",
	"b3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875a" +
		"c656398d8a2ed19d2a85c8edd3ec2aef",
	"aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a38" +
		"5502f25dbf55296c3a545e3872760ab7",
	"3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c0" +
		"0a60b1ce1d7e819d7a431d7c90ea0e5f",
	"ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf" +
		"581a0db248b0a77aecec196accc52973",
}

var p521Hex = [6]string{
	"01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff" +
		"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff" +
		"ffff",
	"01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff" +
		"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff" +
		"fffc",
	"0051953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef1" +
		"09e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b50" +
		"3f00",
	"00c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d" +
		"3dbaa14b5e77efe75928fe1dc127a2ffa8de3348b3c1856a429bf97e7e31c2e5" +
		"bd66",
	"011839296a789a3bc0045c8a5fb42c7d1bd998f54449579b446817afbd17273e" +
		"662c97ee72995ef42640c550b9013fad0761353c7086a272c24088be94769fd1" +
		"6650",
	"01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff" +
		"fffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e9138" +
		"6409",
}

var sm2Hex = [6]string{
	"fffffffeffffffffffffffffffffffffffffffff00000000ffffffffffffffff",
	"fffffffeffffffffffffffffffffffffffffffff00000000fffffffffffffffc",
	"28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93",
	"32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7",
	"bc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0",
	"fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123",
}

var bn256Hex = [6]string{
	"fffffffffffcf0cd46e5f25eee71a49f0cdc65fb12980a82d3292ddbaed33013",
	"00",
	"0000000000000000000000000000000000000000000000000000000000000003",
	"0000000000000000000000000000000000000000000000000000000000000001",
	"0000000000000000000000000000000000000000000000000000000000000002",
	"fffffffffffcf0cd46e5f25eee71a49e0cdc65fb1299921af62d536cd10b500d",
}

var bn638Hex = [6]string{
	"23fffffdc000000d7fffffb8000001d3fffff942d000165e3fff94870000d52f" +
		"fffdd0e00008de55c00086520021e55bfffff51ffff4eb800000004c80015acd" +
		"ffffffffffffece00000000000000067",
	"00",
	"0000000000000000000000000000000000000000000000000000000000000000" +
		"0000000000000000000000000000000000000000000000000000000000000000" +
		"00000000000000000000000000000101",
	"23fffffdc000000d7fffffb8000001d3fffff942d000165e3fff94870000d52f" +
		"fffdd0e00008de55c00086520021e55bfffff51ffff4eb800000004c80015acd" +
		"ffffffffffffece00000000000000066",
	"0000000000000000000000000000000000000000000000000000000000000000" +
		"0000000000000000000000000000000000000000000000000000000000000000" +
		"00000000000000000000000000000010",
	"23fffffdc000000d7fffffb8000001d3fffff942d000165e3fff94870000d52f" +
		"fffdd0e00008de55600086550021e555fffff54ffff4eac000000049800154d9" +
		"ffffffffffffeda00000000000000061",
}
