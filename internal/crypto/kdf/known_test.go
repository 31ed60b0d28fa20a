package kdf

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"hash"
	"testing"
)

// CAVP, KBKDF (SP 800-108), CounterMode, KDFCTR_gen.rsp: CTRLOCATION=BEFORE_FIXED, RLEN=32_BITS. The fixed input of these is random, so
// it is cut to fit the blocks of KDFa: up to its first zero octet it is the label, its last four octets are the length.
func TestKDFaCAVP(t *testing.T) {
	for _, v := range []struct {
		name           string
		h              func() hash.Hash
		ki, fixed, out string
	}{
		{"HMAC_SHA1, COUNT=31", sha1.New, "70ea0ffe1cd76df86b78150993abcf5f86e2deee",
			"af780b1f4c00b555761937fc569533710dc6c6b76c1b956c9b02acf8727677d36c396ed1f3aa6671105c8f16c8dc75c1f7262bfb3ddeb80b96b3df81",
			"780bb40a387abf54a92ab91d24f3151236e9afb8e826866f4433c32f0c6be4ea347a78e2335f282d"},
		{"HMAC_SHA256, COUNT=34", sha256.New, "617f1b6810c551aa5c21878b00656351466069d41adc7fee1ced3f2f3432435c",
			"2113f7005c580b77060990c2a3f9e8c8825f0d7e93a3f69f208ebb5b97c488dabd0de7c7f00e08b4515db2c02e1824f96e71c9a21a18079c4b649d81",
			"0325b1c85f3d25ad5ebc2e7b380cfede6b3c8ada1af0d0d5bcd9d2b34c29083115168b8aef54c584"},
		{"HMAC_SHA384, COUNT=22", sha512.New384, "0000d9b7ec6fbefdf256fd68220b5205ac65a2001145118c50ba6b657032198b8b7ce3b2f7068a780dc17c22459af2b7",
			"d857541c62b85756dc73de7dc2d86f5d5e8b28338bb0a945b5c4fd7c81f71961b9705d3d153b19195d003b74212068ed10f96c53438653087a0152cf",
			"793ef113f96397ab0031eaa0faa777c107e7d03c"},
		{"HMAC_SHA512, COUNT=31", sha512.New,
			"244356be9b327964732eb4a7c09b04b420712396eb57f72bc94924066c687e878e798e0a033a1ee1a4d8cdc2da0443ecd77401d0460cd906eaab02656c1edc98",
			"d806e2df8c85d3baf5d67e9c97b746ee6bbb1bc10dcdf6c7a6075c311cf34752acbe60e68f23c7f890b5ea7300a1ad32178254885246f0493987a6e8",
			"f0b5bc749eb300ca217ca82fdffed89b1bf2c8afc2b36ee2b48695e5085b893a6daad5474f74ef0f"},
	} {
		fixed, want := unhex(t, v.fixed), unhex(t, v.out)
		label, rest, _ := bytes.Cut(fixed[:len(fixed)-4], []byte{0})
		var length uint32
		for _, b := range fixed[len(fixed)-4:] {
			length = length<<8 | uint32(b)
		}
		var got []byte
		for i := uint32(1); len(got) < len(want); i++ {
			got = AppendKDFaBlock(got, hmac.New(v.h, unhex(t, v.ki)), i, string(label), rest[:5], rest[5:], length)
		}
		if !bytes.Equal(got[:len(want)], want) {
			t.Errorf("%s: %x", v.name, got)
		}
	}
}

// The examples of NIST for SP 800-56A (KS_ECC_Prime, Full MQV without key confirmation), and RFC 7518, Appendix C.
func TestConcatKnownAnswers(t *testing.T) {
	for _, v := range []struct {
		name         string
		h            func() hash.Hash
		z, info, out string
	}{
		{"KS_ECC_Prime, FullMQV(P-192)", sha1.New, "ae64ab2b2b75a94cf8ef24da2456bd3aa36db61429ea5521",
			"123456789abcdef0414c494345313233424f424259343536",
			"cc965a52d05c949e52c035fd03530db7eaa408702c9d35211e67215412459151ba2262bd1e28e56b"},
		{"KS_ECC_Prime, FullMQV(P-256)", sha256.New, "83050b731021fdbdb13ffe9fde0373a8c917c6fa8106636c1e1f7d1564566219",
			"123456789abcdef0414c494345313233424f424259343536",
			"d71e0f55d4ef4431816ee299715ea93dd116bdc8803d66eafef37a075db6a2a46aef2bc5d38a77ee40d3428358580e8799a4f70ae7353d69ad2c964a113abfdd"},
		{"RFC 7518", sha256.New, hex.EncodeToString(z7518), hex.EncodeToString(info7518), hex.EncodeToString(key7518)},
	} {
		want := unhex(t, v.out)
		if got := Concat(v.h, unhex(t, v.z), unhex(t, v.info), len(want)); !bytes.Equal(got, want) {
			t.Errorf("%s: %x", v.name, got)
		}
	}
}

// RFC 7518, Appendix C: Z, OtherInfo and the derived key.
var (
	z7518 = []byte{158, 86, 217, 29, 129, 113, 53, 211, 114, 131, 66, 131, 191, 132, 38, 156, 251, 49, 110, 163, 218, 128, 106, 72, 246,
		218, 167, 121, 140, 254, 144, 196}
	info7518 = []byte("\x00\x00\x00\x07A128GCM\x00\x00\x00\x05Alice\x00\x00\x00\x03Bob\x00\x00\x00\x80")
	key7518  = []byte{86, 170, 141, 234, 248, 35, 109, 32, 92, 34, 40, 205, 113, 167, 16, 26}
)

// KDFe is the same function with OtherInfo made of a label, a zero octet and two names (Part 1, 8.4.10.3). No standard has values for
// that form; those of libtpms are in testdata. But OtherInfo of RFC 7518, Appendix C, begins with a zero octet: the empty label.
func TestKDFeKnownAnswer(t *testing.T) {
	if got := KDFe(sha256.New, z7518, "", info7518[1:20], info7518[20:], 128); !bytes.Equal(got, key7518) {
		t.Errorf("%x", got)
	}
}

// CAVP, SP 800-135 components, ansx963_2001.rsp: the function of ANSI X9.63 is KDF2. COUNT = 0 of two groups.
func TestKDF2CAVP(t *testing.T) {
	for _, v := range []struct {
		name         string
		h            func() hash.Hash
		z, info, out string
	}{
		{"SHA-1, no SharedInfo", sha1.New, "1c7d7b5f0597b03d06a018466ed1a93e30ed4b04dc64ccdd", "", "bf71dffd8f4d99223936beb46fee8ccc"},
		{"SHA-256", sha256.New, "22518b10e70f2a3f243810ae3254139efbee04aa57c7af7d", "75eef81aa3041e33b80971203d2c0c52",
			"c498af77161cc59f2962b9a713e2b215152d139766ce34a776df11866a69bf2e52a13d9c7c6fc878c50c5ea0bc7b00e0da2447cfd874f6cf92f30d0097111485" +
				"500c90c3af8b487872d04685d14c8d1dc8d7fa08beb0ce0ababc11f0bd496269142d43525a78e5bc79a17f59676a5706dc54d54d4d1f0bd7e386128ec26afc21"},
	} {
		want := unhex(t, v.out)
		if got := KDF2(v.h, unhex(t, v.z), unhex(t, v.info), len(want)); !bytes.Equal(got, want) {
			t.Errorf("%s: %x", v.name, got)
		}
	}
}

// ISO/IEC 18033-2, C.6.1: KDF1 with SHA-1, which is MGF1. From its second block on it is KDF2.
func TestMGF1KnownAnswer(t *testing.T) {
	seed := unhex(t, "032e45326fa859a72ec235acff929b15d1372e30b207255f0611b8f785d764374152e0ac009e509e7ba30cd2f1778e113b64e135cf4e2292c75efe5288edfda4")
	want := unhex(t, "5f8de105b5e96b2e490ddecbd147dd1def7e3b8e0e6a26eb7b956ccb8b3bdc1ca975bc57c3989e8fbad31a224655d800c46954840ff32052cdf0d640562bdfad"+
		"fa263cfccf3c52b29f2af4a1869959bc77f854cf15bd7a25192985a842dbff8e13efee5b7e7e55bbe4d389647c686a9a9ab3fb889b2d7767d3837eea4e0a2f04")
	if got := MGF1(sha1.New, seed, len(want)); !bytes.Equal(got, want) {
		t.Errorf("MGF1: %x", got)
	}
	if got := KDF2(sha1.New, seed, nil, len(want)-sha1.Size); !bytes.Equal(got, want[sha1.Size:]) {
		t.Errorf("KDF2: %x", got)
	}
}
